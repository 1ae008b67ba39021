//! The server that keeps the store, if one does.

use std::path::Path;

use tenure_client::{Address, Caller};
use tenure_core::id::Namespace;
use tenure_core::trace::TraceParent;
use tenure_words::Problem;

use super::{Origin, Setting, Sources, utf8};

/// A server, and what it knows the caller by.
#[derive(Debug, Clone)]
pub(crate) struct ServerSettings {
    /// Where it is.
    pub(crate) address: Address,
    /// Who asks it.
    pub(crate) caller: Caller,
}

impl Sources<'_> {
    /// The strongest that says where sessions are decides: a flag, a variable, the file.
    pub(super) fn server(&self) -> Result<Option<Setting<ServerSettings>>, Problem> {
        let flag = self.global.server.as_deref().map(|text| ("--server", text));
        let file = self.file.server.as_deref();
        let Some(said) = self.text(flag, "TENURE_SERVER", file)? else { return Ok(None) };
        let names_a_file = match said.origin {
            Origin::Flag(_) => false,
            Origin::Environment(_) if self.global.db.is_none() => match self.environment.get("TENURE_DB") {
                Some(_) => return Err(both()),
                None => false,
            },
            Origin::Environment(_) => true,
            Origin::File | Origin::Default => {
                self.global.db.is_some() || self.environment.get("TENURE_DB").is_some()
            }
        };
        if names_a_file {
            return Ok(None);
        }
        // What was said may hold a secret: it is not repeated.
        let address = Address::parse(&said.text).map_err(|why| {
            Problem::usage(format!("{} does not say where a server is: {why}", said.origin))
        })?;
        let token =
            self.environment.get("TENURE_TOKEN").map(|value| utf8("TENURE_TOKEN", value)).transpose()?;
        if token.as_deref().is_some_and(|token| !token.bytes().all(|byte| byte.is_ascii_graphic())) {
            // It is not to be repeated.
            return Err(Problem::usage("TENURE_TOKEN is not a token's secret").hint("tenure token create"));
        }
        Ok(Some(Setting {
            value: ServerSettings { address, caller: Caller { token, traceparent: self.traceparent() } },
            origin: said.origin,
        }))
    }

    /// The span that this process was started under, if whoever started it says so. What is no such thing is passed over,
    /// as its standard asks.
    fn traceparent(&self) -> Option<String> {
        let said = self.environment.get("TRACEPARENT")?.to_str()?;
        TraceParent::parse(said).map(|parent| parent.to_string())
    }
}

fn both() -> Problem {
    Problem::usage("TENURE_DB and TENURE_SERVER both say where the sessions are")
        .hint("unset one of them, or say `--db FILE` or `--server URL`")
}

impl Setting<ServerSettings> {
    /// Where a store's file would be whose sessions this server keeps: locks of runs on this machine stand beside it.
    pub(super) fn beside(
        &self,
        home: &Path,
        namespace: &Setting<Namespace>,
    ) -> Result<Setting<std::path::PathBuf>, Problem> {
        if namespace.origin != Origin::Default {
            let statement = format!("{} names a tenant, which a server's token does", namespace.origin);
            return Err(Problem::usage(statement).hint("leave it away, and use a token of that tenant"));
        }
        let text = self.value.address.as_str();
        let safe = |letter: char| if letter.is_ascii_alphanumeric() || letter == '.' { letter } else { '_' };
        let name: String = text.chars().map(safe).collect();
        Ok(Setting { value: home.join("servers").join(name).join("tenure.db"), origin: self.origin.clone() })
    }
}
