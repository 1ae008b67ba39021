//! `tenure list`: many sessions, page by page.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tenure_store::{Filter, Handle, ListRequest};

use super::show::shown;
use crate::app::App;
use crate::args::session::ListArgs;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::session::Sessions;

/// Lists what the filters let through. Creates nothing.
pub(super) async fn execute(app: &App, args: &ListArgs) -> anyhow::Result<Exit> {
    let filter = Filter {
        states: args.states.clone(),
        kinds: args.kinds.clone(),
        labels: args.labels.clone(),
        ..Filter::default()
    };
    let past = args.cursor.as_deref().map(decode).transpose()?;
    let namespace = app.options.namespace.value.clone();
    let request = ListRequest { filter, past, ..ListRequest::newest(namespace, usize::from(args.limit)) };
    let Some(engine) = app.existing()? else {
        app.out.report(&Sessions::default())?;
        return Ok(Exit::Success);
    };
    let page = engine.store().list(request).await?;
    let next = page.next.map(encode);
    let now = engine.store().now().await?;
    let rows = page.sessions.into_iter().map(|listed| shown(app, listed, now)).collect();
    app.out.report(&Sessions { rows, next })?;
    Ok(Exit::Success)
}

/// Callers are not to rely on what a cursor looks like, so it looks like nothing.
fn encode(handle: Handle) -> String {
    URL_SAFE_NO_PAD.encode(format!("1:{}", handle.0))
}

fn decode(cursor: &str) -> Result<Handle, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let handle = text.and_then(|text| text.strip_prefix("1:")?.parse().ok());
    handle.map(Handle).ok_or_else(|| {
        Problem::usage("that cursor was not given out").hint("a page ends with the cursor of the next one")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_and_anything_else_is_refused() {
        assert_eq!(decode(&encode(Handle(42))).unwrap(), Handle(42));
        for wrong in ["", "42", "MTo", "Mjo0Mg", "not base64!"] {
            assert!(decode(wrong).is_err(), "{wrong}");
        }
    }
}
