//! Spans, sent to a collector of OpenTelemetry.
//!
//! The form is OTLP over HTTP, as protobuf: <https://opentelemetry.io/docs/specs/otlp/#otlphttp>. How spans are sampled,
//! batched and named, and what headers go with them, is said by the standard's own variables, which the SDK reads:
//! <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>.
#![deny(missing_docs)]

mod post;

use std::time::Duration;

use opentelemetry::global::BoxedTracer;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{Key, KeyValue};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tenure_client::Address;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use post::Post;

/// How long the last spans may take once the server is to stop.
const FINISH_WITHIN: Duration = Duration::from_secs(5);

/// Names of what is said of a program, by the standard.
const NAME: &str = "service.name";
const VERSION: &str = "service.version";
const INSTANCE: &str = "service.instance.id";
/// How the standard calls a program that is not named.
const UNNAMED: &str = "unknown_service";

/// Where spans are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collector {
    base: Address,
    path: &'static str,
}

impl Collector {
    /// The collector at a base URL: it takes spans at `/v1/traces` below that.
    #[must_use]
    pub const fn below(base: Address) -> Self {
        Self { base, path: "/v1/traces" }
    }

    /// The collector that takes spans at exactly this URL.
    #[must_use]
    pub const fn at(url: Address) -> Self {
        Self { base: url, path: "" }
    }

    /// Where it takes spans.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}{}", self.base, self.path)
    }
}

/// Why spans cannot be sent at all.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// What this machine trusts cannot be read.
    #[error("cannot read the certificates that this machine trusts")]
    Certificates(#[source] tenure_client::ClientError),
    /// A variable of the standard's asks for what this program has not.
    #[error(transparent)]
    Settings(#[from] opentelemetry_otlp::ExporterBuildError),
}

/// Sends spans, in batches, beside whatever makes them. What a collector does not take is lost, and the log says so.
#[derive(Debug)]
pub struct Exporter(SdkTracerProvider);

impl Exporter {
    /// Begins to send to a collector, over the runtime of whoever begins it. Nothing is sent before there is a span.
    ///
    /// `instance` tells this start of the program from every other.
    ///
    /// # Errors
    /// [`ExportError`].
    pub fn begin(collector: &Collector, instance: &str, runtime: Handle) -> Result<Self, ExportError> {
        let post = Post::to(&collector.base, runtime).map_err(ExportError::Certificates)?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(post)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(collector.url())
            .build()?;
        let resource = resource(instance);
        let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource);
        Ok(Self(provider.build()))
    }

    /// What makes spans.
    #[must_use]
    pub fn tracer(&self) -> BoxedTracer {
        BoxedTracer::new(Box::new(self.0.tracer("tenure")))
    }

    /// Sends what was not sent yet, for a while.
    pub async fn finish(self) {
        // Its own thread sends over this runtime, which must go on meanwhile.
        let finished = spawn_blocking(move || self.0.shutdown_with_timeout(FINISH_WITHIN)).await;
        if !matches!(finished, Ok(Ok(()))) {
            tracing::warn!("the last spans were not sent");
        }
    }
}

/// What all spans are of: what the variables say, and this program where they do not.
fn resource(instance: &str) -> Resource {
    let own = [
        KeyValue::new(VERSION, env!("CARGO_PKG_VERSION")),
        KeyValue::new(INSTANCE, instance.to_owned()),
        KeyValue::new(NAME, "tenure"),
    ];
    let said = Resource::builder().build();
    let is_said = |key: &Key| said.get(key).is_some_and(|value| !value.as_str().starts_with(UNNAMED));
    let own = own.into_iter().filter(|attribute| !is_said(&attribute.key));
    Resource::builder().with_attributes(own).build()
}
