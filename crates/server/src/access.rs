//! The door: who is let in, and to what, as the API's own description says.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{MatchedPath, RawPathParams, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tenure_core::access::{Role, Token, Validity};
use tenure_core::id::Namespace;
use tenure_engine::Secret;
use tenure_words::Problem;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::Operation;

use crate::answer::{Answer, Failure};
use crate::audit::{self, Asked, Line};
use crate::caller::Caller;
use crate::given;
use crate::headers::text;
use crate::setup::Served;

/// What every operation asks of who calls it. One that the description does not name is open to nobody.
#[derive(Debug)]
pub(crate) struct Doors(HashMap<(Method, String), Option<Role>>);

/// The name of the security scheme in the description.
pub(crate) const SCHEME: &str = "token";

impl Doors {
    /// As the description says.
    pub(crate) fn of(description: &OpenApi) -> Self {
        let mut doors = HashMap::new();
        for (path, item) in &description.paths.paths {
            let methods = [
                (Method::GET, &item.get),
                (Method::POST, &item.post),
                (Method::PUT, &item.put),
                (Method::PATCH, &item.patch),
                (Method::DELETE, &item.delete),
            ];
            for (method, operation) in methods {
                if let Some(operation) = operation {
                    doors.insert((method, path.clone()), needed(operation));
                }
            }
        }
        Self(doors)
    }

    fn needed(&self, method: &Method, path: &str) -> Option<Option<Role>> {
        // Whoever asks for the head alone asks for the whole.
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        self.0.get(&(method.clone(), path.to_owned())).copied()
    }
}

/// The role that an operation is for: its scope; `None`: everybody. One that says nothing is for administrators.
fn needed(operation: &Operation) -> Option<Role> {
    let scopes = operation.security.iter().flatten().filter_map(|requirement| {
        let document = serde_json::to_value(requirement).ok()?;
        Some(document.get(SCHEME)?.get(0)?.as_str()?.to_owned())
    });
    let names: Vec<_> = scopes.collect();
    match (&operation.security, names.first()) {
        (Some(_), None) => None,
        (_, Some(name)) => Some(Role::parse(name).unwrap_or(Role::Admin)),
        (None, None) => Some(Role::Admin),
    }
}

/// Lets in who may do what is asked.
pub(crate) async fn guard(
    State((served, doors)): State<(Arc<Served>, Arc<Doors>)>,
    (path, names): (MatchedPath, Result<RawPathParams, RawPathParamsRejection>),
    mut request: Request,
    next: Next,
) -> Response {
    let needed = doors.needed(request.method(), path.as_str());
    let asked = Asked::of(&request, path, names.as_ref().ok());
    match admitted(&served, needed, request.headers()).await {
        Ok(Some(caller)) => {
            let mut line = Line::begin(&caller, asked);
            request.extensions_mut().insert(caller);
            let response = next.run(request).await;
            if let Some(line) = &mut line {
                line.answered(&response);
            }
            response
        }
        Ok(None) => next.run(request).await,
        Err(Turned { failure, caller }) => {
            let response = refused(failure);
            audit::refused(caller.as_deref(), &asked, &response);
            response
        }
    }
}

/// Somebody who is not let in.
#[derive(Debug)]
struct Turned {
    failure: Failure,
    /// Who it is, where that is known.
    caller: Option<Box<Caller>>,
}

impl<E: Into<Failure>> From<E> for Turned {
    fn from(error: E) -> Self {
        Self { failure: error.into(), caller: None }
    }
}

fn refused(failure: Failure) -> Response {
    let is_unknown = failure.0.code == "UNAUTHENTICATED";
    let mut response = failure.into_response();
    if is_unknown {
        let scheme = HeaderValue::from_static("Bearer realm=\"tenure\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
    }
    response
}

async fn admitted(
    served: &Served,
    needed: Option<Option<Role>>,
    headers: &HeaderMap,
) -> Result<Option<Caller>, Turned> {
    let needed = match needed {
        Some(None) => return Ok(None),
        Some(Some(role)) => role,
        None => Role::Admin,
    };
    let caller = caller(served, headers).await?;
    if caller.role < needed {
        return Err(Turned { failure: forbidden(caller.role, needed), caller: Some(Box::new(caller)) });
    }
    Ok(Some(caller))
}

async fn caller(served: &Served, headers: &HeaderMap) -> Result<Caller, Turned> {
    let named = text(headers, "tenure-namespace")?;
    let named = named.map(Namespace::parse).transpose().map_err(given::name("namespace"))?;
    match secret(headers)? {
        Some(secret) => of_token(served, secret, named).await,
        None if served.setup.is_open => {
            not_from_elsewhere(headers)?;
            let namespace = named.unwrap_or_else(|| served.setup.namespace.clone());
            Ok(Caller { namespace, principal: None, token: None, role: Role::Admin })
        }
        None => Err(unauthenticated("this server asks for a token").into()),
    }
}

async fn of_token(served: &Served, secret: &str, named: Option<Namespace>) -> Result<Caller, Turned> {
    let store = served.setup.engine.store();
    let unknown = || unauthenticated("that token is not known here, or not valid any more");
    let secret = Secret::parse(secret).ok_or_else(unknown)?;
    let token = store.token_by_hash(secret.hash()).await?.ok_or_else(unknown)?;
    let now = store.now().await?;
    let (validity, is_news) = (token.validity(&now), now.wall.is_some_and(|now| token.is_use_news(now)));
    let Token { id, namespace, principal, role, .. } = token;
    let caller = Caller { namespace, principal: Some(principal), token: Some(id.clone()), role };
    if named.is_some_and(|named| named != caller.namespace) {
        let failure = Problem::refused("FORBIDDEN", "that token is for another namespace").into();
        return Err(Turned { failure, caller: Some(Box::new(caller)) });
    }
    if validity.map_err(Failure::refused)? != Validity::Valid {
        return Err(Turned { failure: unknown(), caller: Some(Box::new(caller)) });
    }
    if is_news && let Err(error) = store.touch_token(id).await {
        // Whether it is noted or not, the caller may.
        tracing::warn!(%error, "the use of a token was not noted");
    }
    Ok(caller)
}

/// Refuses what a browser sends for a page of somebody else's: whoever may open this server's address is not everybody
/// whose page is looked at on this machine. Neither is whoever had a name of its own point at this address.
fn not_from_elsewhere(headers: &HeaderMap) -> Answer<()> {
    let host = text(headers, "host")?.unwrap_or_default();
    let origin = text(headers, "origin")?;
    let is_own = origin.is_none_or(|origin| origin.split_once("://").is_some_and(|(_, of)| of == host));
    if is_own && is_loopback(host) {
        return Ok(());
    }
    let problem =
        Problem::refused("FORBIDDEN", "this server serves this machine alone, and no page from elsewhere");
    Err(problem.hint("ask at 127.0.0.1, or with a token: tenure serve --require-token").into())
}

/// Whether that is a name of this machine to itself, with or without a port.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn secret(headers: &HeaderMap) -> Answer<Option<&str>> {
    let Some(value) = text(headers, "authorization")? else { return Ok(None) };
    match value.split_once(' ') {
        Some((scheme, secret)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(secret.trim())),
        Some(_) | None => Err(unauthenticated("that is no bearer token")),
    }
}

fn unauthenticated(statement: &str) -> Failure {
    Problem::refused("UNAUTHENTICATED", statement)
        .hint("Authorization: Bearer <token>")
        .hint("an administrator makes one: tenure token create --principal <name> --role <role>")
        .into()
}

fn forbidden(role: Role, needed: Role) -> Failure {
    Problem::refused(
        "FORBIDDEN",
        format!("this is for the role {}, and the token's is {}", needed.name(), role.name()),
    )
    .fact("role", role.name())
    .fact("needed_role", needed.name())
    .into()
}
