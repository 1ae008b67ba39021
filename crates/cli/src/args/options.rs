//! One value for every setting, with where it came from.

mod limits;
mod serve;
mod server;

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use tenure_core::escape::Escaped;
use tenure_core::id::{Fence, Namespace, SessionId};

use super::file::{self, File};
use super::lifecycle::Span;
use super::{Color, Environment, Form, Global};
use crate::workspace::ProfileName;
pub(crate) use limits::DRAIN;
pub(crate) use serve::ServeSettings;
pub(crate) use server::ServerSettings;
use tenure_words::Problem;

/// Where a setting's value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// This flag.
    Flag(&'static str),
    /// This variable.
    Environment(&'static str),
    /// The configuration file.
    File,
    /// Nothing was said.
    Default,
}

/// A setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting<T> {
    /// Its value.
    pub(crate) value: T,
    /// Where that came from.
    pub(crate) origin: Origin,
}

/// What the environment says that this process was started to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    /// The session.
    pub(crate) session: Option<SessionId>,
    /// The fence it is held under.
    pub(crate) fence: Option<Fence>,
}

/// When created sessions expire.
#[derive(Debug, Clone)]
pub(crate) struct ExpirySettings {
    /// Without activity.
    pub(crate) idle_timeout: Setting<Option<Span>>,
    /// In any case.
    pub(crate) expires_in: Setting<Option<Span>>,
    /// Without a start.
    pub(crate) pending_timeout: Setting<Option<Span>>,
}

/// Every setting.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// The directory of everything.
    pub(crate) home: Setting<PathBuf>,
    /// The store's file, absolute. Where a server keeps the store: what is kept here of sessions that are run here
    /// stands beside this path, and no file is there.
    pub(crate) db: Setting<PathBuf>,
    /// The server that keeps the store, if one does.
    pub(crate) server: Option<Setting<ServerSettings>>,
    /// The tenant.
    pub(crate) namespace: Setting<Namespace>,
    /// How to answer.
    pub(crate) output: Setting<Form>,
    /// When to use colours.
    pub(crate) color: Setting<Color>,
    /// The profile of workspaces where none is named.
    pub(crate) profile: Setting<ProfileName>,
    /// When created sessions expire, where they do not say so themselves. Nothing: as their kind says.
    pub(crate) expiry: ExpirySettings,
    /// How a server serves.
    pub(crate) serve: ServeSettings,
    /// What this process was started to hold.
    pub(crate) held: Held,
    /// Where the configuration file is, or would be.
    pub(crate) file: PathBuf,
    /// The working directory.
    pub(crate) directory: Option<PathBuf>,
}

impl Options {
    /// Puts flags, environment, file and defaults together.
    pub(crate) fn resolve(global: &Global, environment: &Environment) -> Result<Self, Problem> {
        let directory = environment.directory().cloned();
        let home = home(global, environment)?;
        let path = home.value.join("tenure.toml");
        let file = file::read(&path)?.unwrap_or_default();
        let sources = Sources { global, environment, file };
        let server = sources.server()?;
        let namespace = sources.namespace()?;
        Ok(Self {
            db: match &server {
                Some(server) => server.beside(&home.value, &namespace)?,
                None => sources.db(&home.value)?,
            },
            server,
            namespace,
            output: sources.output()?,
            color: sources.color()?,
            profile: sources.profile()?,
            expiry: sources.expiry()?,
            serve: ServeSettings::of(&sources)?,
            held: held(environment)?,
            home,
            file: path,
            directory,
        })
    }
}

/// Everything that can say something, strongest first.
struct Sources<'a> {
    global: &'a Global,
    environment: &'a Environment,
    file: File,
}

impl Sources<'_> {
    fn db(&self, home: &Path) -> Result<Setting<PathBuf>, Problem> {
        let directory = self.environment.directory();
        let from = |path: &Path, origin| Ok(Setting { value: absolute(path, directory)?, origin });
        if let Some(path) = &self.global.db {
            return from(path, Origin::Flag("--db"));
        }
        if let Some(path) = self.environment.get("TENURE_DB") {
            return from(Path::new(path), Origin::Environment("TENURE_DB"));
        }
        if let Some(path) = &self.file.db {
            return Ok(Setting { value: home.join(path), origin: Origin::File });
        }
        Ok(Setting { value: home.join("tenure.db"), origin: Origin::Default })
    }

    fn namespace(&self) -> Result<Setting<Namespace>, Problem> {
        let said = self.text(
            self.global.namespace.as_deref().map(|text| ("--namespace", text)),
            "TENURE_NAMESPACE",
            self.file.namespace.as_deref(),
        )?;
        said.map_or_else(
            || Ok(Setting { value: Namespace::default_name(), origin: Origin::Default }),
            |said| said.parse(|text| Namespace::parse(text).ok(), "1 to 64 letters, digits, `-`, `_` or `.`"),
        )
    }

    fn output(&self) -> Result<Setting<Form>, Problem> {
        if let Some(value) = self.global.output {
            return Ok(Setting { value, origin: Origin::Flag("--output") });
        }
        let said = self.text(None, "TENURE_OUTPUT", self.file.output.as_deref())?;
        said.map_or_else(
            || Ok(Setting { value: Form::Text, origin: Origin::Default }),
            |said| said.parse(|text| Form::from_str(text, false).ok(), "`text` or `json`"),
        )
    }

    fn color(&self) -> Result<Setting<Color>, Problem> {
        if let Some(value) = self.global.color {
            return Ok(Setting { value, origin: Origin::Flag("--color") });
        }
        if let Some(said) = self.text(None, "TENURE_COLOR", self.file.color.as_deref())? {
            return said.parse(|text| Color::from_str(text, false).ok(), "`auto`, `always` or `never`");
        }
        Ok(match self.environment.get("NO_COLOR") {
            Some(_) => Setting { value: Color::Never, origin: Origin::Environment("NO_COLOR") },
            None => Setting { value: Color::Auto, origin: Origin::Default },
        })
    }

    fn profile(&self) -> Result<Setting<ProfileName>, Problem> {
        let said = self.text(None, "TENURE_PROFILE", self.file.profile.as_deref())?;
        said.map_or_else(
            || Ok(Setting { value: ProfileName::main(), origin: Origin::Default }),
            |said| said.parse(|text| ProfileName::parse(text).ok(), ProfileName::FORM),
        )
    }

    fn expiry(&self) -> Result<ExpirySettings, Problem> {
        let file = &self.file;
        Ok(ExpirySettings {
            idle_timeout: self.span("TENURE_IDLE_TIMEOUT", file.idle_timeout.as_deref())?,
            expires_in: self.span("TENURE_EXPIRES_IN", file.expires_in.as_deref())?,
            pending_timeout: self.span("TENURE_PENDING_TIMEOUT", file.pending_timeout.as_deref())?,
        })
    }

    fn span(&self, variable: &'static str, file: Option<&str>) -> Result<Setting<Option<Span>>, Problem> {
        self.text(None, variable, file)?.map_or_else(
            || Ok(Setting { value: None, origin: Origin::Default }),
            |said| {
                said.parse(
                    |text| Span::parse(text).map(Some),
                    "a length of time like 90s or 1h30m, or `never`",
                )
            },
        )
    }

    /// The strongest of a flag, a variable and the file.
    fn text(
        &self,
        flag: Option<(&'static str, &str)>,
        variable: &'static str,
        file: Option<&str>,
    ) -> Result<Option<Said>, Problem> {
        if let Some((name, text)) = flag {
            return Ok(Some(Said { text: text.to_owned(), origin: Origin::Flag(name) }));
        }
        if let Some(value) = self.environment.get(variable) {
            let text = utf8(variable, value)?;
            return Ok(Some(Said { text, origin: Origin::Environment(variable) }));
        }
        Ok(file.map(|text| Said { text: text.to_owned(), origin: Origin::File }))
    }
}

/// What somebody said a setting should be.
struct Said {
    text: String,
    origin: Origin,
}

impl Said {
    fn parse<T>(self, parse: impl Fn(&str) -> Option<T>, form: &str) -> Result<Setting<T>, Problem> {
        match parse(&self.text) {
            Some(value) => Ok(Setting { value, origin: self.origin }),
            None => Err(wrong(&self.origin, &self.text, form)),
        }
    }
}

fn home(global: &Global, environment: &Environment) -> Result<Setting<PathBuf>, Problem> {
    let directory = environment.directory();
    if let Some(path) = &global.storage_dir {
        let value = absolute(path, directory)?;
        return Ok(Setting { value, origin: Origin::Flag("--storage-dir") });
    }
    if let Some(path) = environment.get("TENURE_HOME") {
        let value = absolute(Path::new(path), directory)?;
        return Ok(Setting { value, origin: Origin::Environment("TENURE_HOME") });
    }
    // A relative XDG_DATA_HOME is to be ignored, says the specification that defines it.
    let kept = environment.get("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let kept = kept.or_else(|| Some(Path::new(environment.get("HOME")?).join(".local/share")));
    match kept {
        Some(kept) => Ok(Setting { value: kept.join("tenure"), origin: Origin::Default }),
        None => Err(Problem::failure("CONFIGURATION", "find a place for the store: HOME is not set")
            .hint("give one with `--storage-dir DIR`")),
    }
}

fn held(environment: &Environment) -> Result<Held, Problem> {
    let session =
        variable(environment, "TENURE_SESSION_ID", |text| SessionId::parse(text).ok(), "a session id")?;
    let fence = variable(environment, "TENURE_FENCE", |text| text.parse().ok().map(Fence), "a whole number")?;
    Ok(Held { session, fence })
}

fn variable<T>(
    environment: &Environment,
    name: &'static str,
    parse: impl Fn(&str) -> Option<T>,
    form: &str,
) -> Result<Option<T>, Problem> {
    let Some(value) = environment.get(name) else {
        return Ok(None);
    };
    let text = utf8(name, value)?;
    match parse(&text) {
        Some(value) => Ok(Some(value)),
        None => Err(wrong(&Origin::Environment(name), &text, form)),
    }
}

fn utf8(name: &'static str, value: &OsStr) -> Result<String, Problem> {
    let text = value.to_str().map(str::to_owned);
    text.ok_or_else(|| wrong(&Origin::Environment(name), &value.to_string_lossy(), "UTF-8 text"))
}

fn wrong(origin: &Origin, text: &str, form: &str) -> Problem {
    Problem::usage(format!("{origin} says `{}`, which is not {form}", Escaped(text)))
}

/// Without following symbolic links: a link to the store may be changed while it is in use.
fn absolute(path: &Path, directory: Option<&PathBuf>) -> Result<PathBuf, Problem> {
    if path.is_absolute() {
        return Ok(path.to_owned());
    }
    match directory {
        Some(directory) => Ok(directory.join(path)),
        None => Err(Problem::failure("CONFIGURATION", "find the working directory")),
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flag(name) | Self::Environment(name) => name,
            Self::File => "tenure.toml",
            Self::Default => "default",
        })
    }
}

#[cfg(test)]
mod tests;
