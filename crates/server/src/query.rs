//! Queries, in which a name may be repeated.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tenure_core::time::WallTime;
use tenure_words::Problem;

use crate::answer::{Answer, Failure};

/// A query's names and values, which are taken out one by one: what is left is not known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Answer<Self> {
        Self::parse(parts.uri.query().unwrap_or_default())
    }
}

impl Query {
    fn parse(text: &str) -> Answer<Self> {
        let pairs: Vec<_> = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
        // What is not UTF-8 is read as if it said something else.
        if pairs.iter().any(|(name, value)| name.contains('\u{FFFD}') || value.contains('\u{FFFD}')) {
            return Err(Failure::usage("the query is not UTF-8 text"));
        }
        Ok(Self(pairs))
    }

    /// Every value of a name.
    pub(crate) fn all(&mut self, name: &str) -> Vec<String> {
        let (taken, left) = std::mem::take(&mut self.0).into_iter().partition(|(each, _)| each == name);
        self.0 = left;
        let taken: Vec<(String, String)> = taken;
        taken.into_iter().map(|(_, value)| value).collect()
    }

    /// Every name that begins so, without that beginning, and its value.
    pub(crate) fn beginning(&mut self, prefix: &str) -> Vec<(String, String)> {
        let (taken, left) =
            std::mem::take(&mut self.0).into_iter().partition(|(each, _)| each.starts_with(prefix));
        self.0 = left;
        let taken: Vec<(String, String)> = taken;
        taken.into_iter().map(|(name, value)| (name[prefix.len()..].to_owned(), value)).collect()
    }

    /// The value of a name that is given at most once.
    pub(crate) fn one(&mut self, name: &str) -> Answer<Option<String>> {
        let mut all = self.all(name);
        if all.len() > 1 {
            return Err(Failure::usage(format!("`{name}` is given more than once")));
        }
        Ok(all.pop())
    }

    /// A number within bounds.
    pub(crate) fn number(&mut self, name: &str, (least, most): (u64, u64)) -> Answer<Option<u64>> {
        let Some(text) = self.one(name)? else { return Ok(None) };
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        number
            .map(Some)
            .ok_or_else(|| Failure::usage(format!("`{name}` is not a number from {least} to {most}")))
    }

    /// A yes or no; no where nothing is said.
    pub(crate) fn flag(&mut self, name: &str) -> Answer<bool> {
        match self.one(name)?.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Failure::usage(format!("`{name}` is `true` or `false`"))),
        }
    }

    /// An instant, as RFC 3339.
    pub(crate) fn instant(&mut self, name: &str) -> Answer<Option<WallTime>> {
        let Some(text) = self.one(name)? else { return Ok(None) };
        let at = tenure_api::parse_rfc3339(&text);
        at.map(Some)
            .ok_or_else(|| Failure::usage(format!("`{name}` is not an instant like 2026-01-31T08:00:00Z")))
    }

    /// Refuses what nobody asked for: it would have been passed over.
    pub(crate) fn end(self) -> Answer<()> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => {
                let name = tenure_core::escape::Escaped(name);
                let problem = Problem::usage(format!("the query's `{name}` is not known here"));
                Err(problem.hint("what each request takes is described at /openapi.json").into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_taken_apart_and_what_is_left_is_refused() {
        let mut query = Query::parse("state=active&state=paused&label.a=1&limit=20&odd=").unwrap();
        assert_eq!(query.all("state"), ["active", "paused"]);
        assert_eq!(query.beginning("label."), [("a".to_owned(), "1".to_owned())]);
        assert_eq!(query.number("limit", (1, 1000)).unwrap(), Some(20));
        assert!(query.end().is_err(), "`odd` is left");
        assert!(Query::parse("limit=0").unwrap().number("limit", (1, 1000)).is_err());
        assert!(Query::parse("a=1&a=2").unwrap().one("a").is_err());
        assert!(Query::parse("a=%ff").is_err());
    }
}
