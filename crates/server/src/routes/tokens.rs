//! Tokens: who may. Each administrator sees and makes those of its namespace.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json as Answered};
use tenure_api::requests::{CreateToken as Wish, RotateToken};
use tenure_api::{IssuedToken, Page, Problem, Token};
use tenure_core::access::Role;
use tenure_core::id::{Principal, TokenId};
use tenure_core::limits;
use tenure_engine::{Rotation, TokenWish};
use tenure_store::{RevokeToken, RevokeTokenOutcome, TokensRequest};

use super::Here;
use crate::answer::{Answer, Failure};
use crate::audit::About;
use crate::body::{Json, Optional};
use crate::caller::Caller;
use crate::given;
use crate::query::Query;

/// Longest time for which a secret that was replaced stays valid.
const GRACE_MAX: Duration = Duration::from_secs(7 * 24 * 3600);

/// Lists tokens, newest first, without their secrets
#[utoipa::path(get, path = "/v1/tokens", tag = "tokens", security(("token" = ["admin"])),
    params(("limit" = Option<u64>, Query, description = "At most this many: 1 to 1,000", minimum = 1, maximum = 1000),
        ("cursor" = Option<String>, Query, description = "Where the page before ended")),
    responses((status = 200, body = Page<Token>),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn list(
    State(served): Here,
    caller: Caller,
    mut query: Query,
) -> Answer<Answered<Page<Token>>> {
    let limit = query.number("limit", (1, limits::LIST_MAX as u64))?.unwrap_or(100);
    let past =
        query.one("cursor")?.as_deref().map(TokenId::parse).transpose().map_err(given::name("cursor"))?;
    query.end()?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let request = TokensRequest { namespace: Some(caller.namespace), past, limit };
    let page = served.setup.engine.store().tokens(request).await?;
    let next_cursor = page.next.map(|id| id.as_str().to_owned());
    Ok(Answered(Page { data: page.tokens.iter().map(Token::of).collect(), next_cursor }))
}

/// Makes a token
///
/// Its secret is told in the answer, and nowhere else, ever. An `Idempotency-Key` is not honoured here: the answer would
/// have to be kept.
#[utoipa::path(post, path = "/v1/tokens", tag = "tokens", request_body = Wish, security(("token" = ["admin"])),
    responses((status = 201, body = IssuedToken),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn create(
    State(served): Here,
    caller: Caller,
    Json(wish): Json<Wish>,
) -> Answer<(StatusCode, Extension<About>, Answered<IssuedToken>)> {
    let role = Role::parse(&wish.role)
        .ok_or_else(|| Failure::usage("`role` is `observer`, `owner`, `worker` or `admin`"))?;
    let wish = TokenWish {
        namespace: caller.namespace,
        principal: Principal::parse(&wish.principal).map_err(given::name("principal"))?,
        role,
        note: wish.note,
        expires_in: wish.expires_in_ms.map(Duration::from_millis),
    };
    let (token, secret) = served.setup.engine.create_token(wish).await?;
    Ok((
        StatusCode::CREATED,
        Extension(About::Other(token.id.as_str().to_owned())),
        Answered(IssuedToken { secret: secret.reveal().to_owned(), token: Token::of(&token) }),
    ))
}

/// Takes a token back, for good
#[utoipa::path(delete, path = "/v1/tokens/{token}", tag = "tokens", security(("token" = ["admin"])),
    params(("token" = String, Path, description = "The token's id")),
    responses((status = 200, body = Token),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn revoke(
    State(served): Here,
    caller: Caller,
    Path(token): Path<String>,
) -> Answer<Answered<Token>> {
    let request = RevokeToken { namespace: Some(caller.namespace), id: id(&token)? };
    match served.setup.engine.store().revoke_token(request).await? {
        RevokeTokenOutcome::Revoked(token) | RevokeTokenOutcome::AlreadyRevoked(token) => {
            Ok(Answered(Token::of(&token)))
        }
        RevokeTokenOutcome::NotFound => Err(none()),
    }
}

fn id(text: &str) -> Answer<TokenId> {
    TokenId::parse(text).map_err(given::name("token's id"))
}

fn none() -> Failure {
    tenure_words::Problem::missing("NOT_FOUND", "there is no such token").into()
}

/// Gives a token another secret
///
/// The old one stays valid for a while, if that is wished.
#[utoipa::path(post, path = "/v1/tokens/{token}/rotate", tag = "tokens", request_body = Option<RotateToken>,
    security(("token" = ["admin"])),
    params(("token" = String, Path, description = "The token's id")),
    responses((status = 200, body = IssuedToken),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn rotate(
    State(served): Here,
    caller: Caller,
    Path(token): Path<String>,
    Optional(wish): Optional<RotateToken>,
) -> Answer<Answered<IssuedToken>> {
    let grace = Duration::from_millis(wish.grace_ms.unwrap_or(0)).min(GRACE_MAX);
    let id = id(&token)?;
    match served.setup.engine.rotate_token(&caller.namespace, &id, grace).await? {
        Rotation::Rotated(token, secret) => {
            Ok(Answered(IssuedToken { secret: secret.reveal().to_owned(), token: Token::of(&token) }))
        }
        Rotation::Ended(_) => {
            Err(tenure_words::Problem::refused("TOKEN_ENDED", "that token is not valid any more").into())
        }
        Rotation::NotFound => Err(none()),
    }
}
