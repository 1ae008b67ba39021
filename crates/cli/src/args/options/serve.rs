//! Settings of `tenure serve`: a flag, a variable, the file's `[serve]`, a default.

use std::net::{Ipv4Addr, SocketAddr};

use clap::ValueEnum as _;
use tenure_client::Address;
use tenure_traces::Collector;

use super::limits::LimitSettings;
use super::{Origin, Said, Setting, Sources};
use crate::args::serve::{LogForm, LogLevel, ServeArgs};
use tenure_words::Problem;

/// Where the server listens when nothing is said.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 7433);

/// What the environment and the file say; flags win over it.
#[derive(Debug, Clone)]
pub(crate) struct ServeSettings {
    /// Where to listen.
    pub(crate) listen: Setting<SocketAddr>,
    /// Whether everybody needs a token, wherever it asks.
    pub(crate) require_token: Setting<bool>,
    /// How to write the log.
    pub(crate) log: Setting<LogForm>,
    /// How much of it.
    pub(crate) log_level: Setting<LogLevel>,
    /// Whether it tells who did what.
    pub(crate) audit: Setting<bool>,
    /// Which collector gets spans, if one does.
    pub(crate) traces: Setting<Option<Collector>>,
    /// How much of anything is too much.
    pub(crate) limits: LimitSettings,
}

impl ServeSettings {
    pub(super) fn of(sources: &Sources<'_>) -> Result<Self, Problem> {
        let file = sources.file.serve.as_ref();
        let listen = sources.text(None, "TENURE_LISTEN", file.and_then(|file| file.listen.as_deref()))?;
        let log = sources.text(None, "TENURE_LOG", file.and_then(|file| file.log.as_deref()))?;
        let level =
            sources.text(None, "TENURE_LOG_LEVEL", file.and_then(|file| file.log_level.as_deref()))?;
        Ok(Self {
            listen: listen.map_or_else(
                || Ok(Setting { value: LISTEN, origin: Origin::Default }),
                |said| said.parse(|text| text.parse().ok(), "an address and a port like 127.0.0.1:7433"),
            )?,
            require_token: switch(file.and_then(|file| file.require_token), false),
            log: log.map_or_else(
                || Ok(Setting { value: LogForm::Text, origin: Origin::Default }),
                |said| said.parse(|text| LogForm::from_str(text, false).ok(), "`text` or `json`"),
            )?,
            log_level: level.map_or_else(
                || Ok(Setting { value: LogLevel::Info, origin: Origin::Default }),
                |said| {
                    said.parse(
                        |text| LogLevel::from_str(text, false).ok(),
                        "`error`, `warn`, `info` or `debug`",
                    )
                },
            )?,
            audit: switch(file.and_then(|file| file.audit), true),
            traces: sources.collector(file.and_then(|file| file.otlp.as_deref()))?,
            limits: LimitSettings::of(file)?,
        })
    }

    /// With what was typed.
    pub(crate) fn with(self, args: &ServeArgs) -> Result<Self, Problem> {
        let flag = Origin::Flag;
        Ok(Self {
            listen: args.listen.map_or(self.listen, |value| Setting { value, origin: flag("--listen") }),
            require_token: if args.require_token {
                Setting { value: true, origin: flag("--require-token") }
            } else {
                self.require_token
            },
            log: args.log.map_or(self.log, |value| Setting { value, origin: flag("--log") }),
            log_level: args
                .log_level
                .map_or(self.log_level, |value| Setting { value, origin: flag("--log-level") }),
            audit: self.audit,
            traces: match &args.otlp {
                Some(text) => collector(&Said { text: text.clone(), origin: flag("--otlp") })?,
                None => self.traces,
            },
            limits: LimitSettings {
                drain: args
                    .drain
                    .map_or(self.limits.drain, |value| Setting { value, origin: flag("--drain") }),
                ..self.limits
            },
        })
    }
}

/// Variables of the standard's, for those who say it once for every program.
const STANDARD_EXACT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
const STANDARD_BASE: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
/// Variables by which those keep every program from it.
const STANDARD_OFF: &str = "OTEL_SDK_DISABLED";
const STANDARD_EXPORTER: &str = "OTEL_TRACES_EXPORTER";

impl Sources<'_> {
    /// What is said here wins over what is said for every program.
    fn collector(&self, file: Option<&str>) -> Result<Setting<Option<Collector>>, Problem> {
        if let Some(said) = self.text(None, "TENURE_OTLP", file)? {
            return collector(&said);
        }
        let exact = self.standard(STANDARD_EXACT, Collector::at);
        let said = exact.or_else(|| self.standard(STANDARD_BASE, Collector::below));
        let said = said.filter(|_| !self.has(STANDARD_OFF, "true") && !self.has(STANDARD_EXPORTER, "none"));
        Ok(said.unwrap_or(Setting { value: None, origin: Origin::Default }))
    }

    /// What a variable says that is not for this program alone. Where that is nothing of use here, it is no collector.
    fn standard(
        &self,
        variable: &'static str,
        take: fn(Address) -> Collector,
    ) -> Option<Setting<Option<Collector>>> {
        let said = self.environment.get(variable)?;
        let url = said.to_str().and_then(|text| Address::parse(text).ok());
        Some(Setting { value: url.map(take), origin: Origin::Environment(variable) })
    }

    /// Whether a variable says exactly this.
    fn has(&self, variable: &'static str, value: &str) -> bool {
        self.environment.get(variable).is_some_and(|said| said.eq_ignore_ascii_case(value))
    }
}

/// What was said may hold a secret: it is not repeated.
fn collector(said: &Said) -> Result<Setting<Option<Collector>>, Problem> {
    let url = Address::parse(&said.text).map_err(|why| {
        Problem::usage(format!("{} does not say where a collector is: {why}", said.origin))
            .hint("say its base, such as http://127.0.0.1:4318; OTEL_EXPORTER_OTLP_HEADERS says headers")
    })?;
    Ok(Setting { value: Some(Collector::below(url)), origin: said.origin.clone() })
}

/// A yes or no of the file's.
fn switch(said: Option<bool>, otherwise: bool) -> Setting<bool> {
    match said {
        Some(value) => Setting { value, origin: Origin::File },
        None => Setting { value: otherwise, origin: Origin::Default },
    }
}
