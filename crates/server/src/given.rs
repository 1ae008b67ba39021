//! What was given in a request, checked by the rules' own limits.

use std::time::Duration;

use tenure_core::id::InvalidName;
use tenure_core::lease::Ttl;
use tenure_core::limits;
use tenure_core::refusal::LimitRefusal;
use tenure_core::workspace::parse_reason;

use crate::answer::{Answer, Failure};

/// What is wrong with a name for `what`.
pub(crate) fn name(what: &'static str) -> impl Fn(InvalidName) -> Failure {
    move |why| LimitRefusal::Name { what, why }.into()
}

/// Why something is done, if it was said.
pub(crate) fn reason(text: Option<&str>, otherwise: &str) -> Answer<String> {
    match text {
        Some(text) => Ok(parse_reason(text)?),
        None => Ok(otherwise.to_owned()),
    }
}

/// How long a lease holds after each renewal.
pub(crate) fn ttl(ms: Option<u64>, otherwise: Duration) -> Answer<Ttl> {
    let (min, max) = (limits::RUN_TTL_MIN, limits::RUN_TTL_MAX);
    let length = ms.map_or(otherwise, Duration::from_millis);
    Ttl::run(length).ok_or_else(|| LimitRefusal::Length { what: "lease", min, max }.into())
}
