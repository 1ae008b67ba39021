//! `tenure profile`: create profiles, list them.

use serde_json::{Value, json};

use crate::app::App;
use crate::args::chores::{ProfileArgs, ProfileVerb};
use crate::exit::Exit;
use crate::render::{Look, Report};
use crate::workspace::{ProfileName, Profiles};
use tenure_words::shown;

/// Creates a profile, or lists all.
pub(super) fn execute(app: &App, args: &ProfileArgs) -> anyhow::Result<Exit> {
    let profiles = Profiles::of(&app.options.home.value);
    match &args.verb {
        ProfileVerb::Create { name } => {
            let name = ProfileName::parse(name)?;
            let created = name != ProfileName::main() && profiles.create(&name)?;
            let path = profiles.path(&name).to_string_lossy().into_owned();
            app.out.report(&Created { name, path, created })?;
        }
        ProfileVerb::List => app.out.report(&Profile(profiles.list()?))?,
    }
    Ok(Exit::Success)
}

/// A profile is there.
struct Created {
    name: ProfileName,
    path: String,
    created: bool,
}

impl Report for Created {
    fn text(&self, _: &Look) -> String {
        if self.created {
            return format!("Created profile `{}` at {}\n", self.name, shown(self.path.as_ref()));
        }
        format!("Profile `{}` is there already.\n", self.name)
    }

    fn json(&self) -> Value {
        json!({ "command": "profile-create", "ok": true, "profile": self.name.to_string(), "path": self.path, "created": self.created })
    }
}

/// The names of all.
struct Profile(Vec<ProfileName>);

impl Report for Profile {
    fn text(&self, _: &Look) -> String {
        self.0.iter().map(|name| format!("{name}\n")).collect()
    }

    fn json(&self) -> Value {
        json!({ "data": self.0.iter().map(ToString::to_string).collect::<Vec<_>>(), "next_cursor": null })
    }
}
