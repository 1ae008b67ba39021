//! The built `tenure`, from the outside.
#![expect(clippy::unwrap_used, reason = "a test that cannot be arranged fails")]
#![expect(clippy::duplicate_mod, reason = "what is told of a file is told of a server as well")]

mod autosaves;
mod checkpoints;
mod deploy;
mod doctor;
mod events;
mod files;
mod guards;
mod home;
mod hostile_input;
mod imports;
mod keeping;
mod lifecycle;
mod logs;
mod looking;
mod names;
mod narratives;
mod principals;
mod processes;
mod reference;
mod runs;
mod sessions;
mod settings;
mod stores;
mod tokens;
mod wall_clock;
mod workers;
mod workspace_refusals;
mod workspace_reports;

/// The same stories where a server keeps the store: every verb does there what it does with a file.
#[path = "."]
mod served {
    mod autosaves;
    mod checkpoints;
    mod events;
    mod files;
    mod guards;
    mod lifecycle;
    mod narratives;
    mod principals;
    mod runs;
    mod sessions;
    mod tokens;
    mod workers;
}
