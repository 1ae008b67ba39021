//! `tenure token`: who may use a server over this store.

use tenure_core::escape::Escaped;
use tenure_core::id::TokenId;
use tenure_engine::{Rotation, TokenWish};
use tenure_store::{RevokeToken, RevokeTokenOutcome, TokensRequest};
use tenure_words::Problem;

use super::given;
use crate::app::App;
use crate::args::token::{CreateArgs, ListArgs, RevokeArgs, RotateArgs, TokenVerb};
use crate::exit::Exit;
use crate::render::token::{Revoked, Secretive, Tokens};

/// Makes a token, lists tokens, takes one back, or gives one another secret.
pub(super) async fn execute(app: &App, verb: &TokenVerb) -> anyhow::Result<Exit> {
    match verb {
        TokenVerb::Create(args) => create(app, args).await?,
        TokenVerb::List(args) => list(app, args).await?,
        TokenVerb::Revoke(args) => revoke(app, args).await?,
        TokenVerb::Rotate(args) => rotate(app, args).await?,
    }
    Ok(Exit::Success)
}

async fn create(app: &App, args: &CreateArgs) -> anyhow::Result<()> {
    let wish = TokenWish {
        namespace: app.options.namespace.value.clone(),
        principal: given::principal(&args.principal)?,
        role: args.role,
        note: args.note.clone(),
        expires_in: args.expires,
    };
    let (token, secret) = app.engine()?.create_token(wish).await?;
    app.out.report(&Secretive { token, secret, is_rotated: false })
}

async fn list(app: &App, args: &ListArgs) -> anyhow::Result<()> {
    let past = args.cursor.as_deref().map(token_id).transpose()?;
    let Some(engine) = app.existing()? else {
        return app.out.report(&Tokens::default());
    };
    let namespace = Some(app.options.namespace.value.clone());
    let request = TokensRequest { namespace, past, limit: usize::from(args.limit) };
    let page = engine.store().tokens(request).await?;
    app.out.report(&Tokens { page, now: Some(engine.store().now().await?) })
}

async fn revoke(app: &App, args: &RevokeArgs) -> anyhow::Result<()> {
    let id = token_id(&args.id)?;
    let engine = app.existing()?.ok_or_else(|| unknown(&id))?;
    let namespace = Some(app.options.namespace.value.clone());
    let outcome = engine.store().revoke_token(RevokeToken { namespace, id: id.clone() }).await?;
    let (token, was_revoked) = match outcome {
        RevokeTokenOutcome::Revoked(token) => (token, false),
        RevokeTokenOutcome::AlreadyRevoked(token) => (token, true),
        RevokeTokenOutcome::NotFound => return Err(unknown(&id)),
    };
    app.out.report(&Revoked { token: *token, was_revoked })
}

async fn rotate(app: &App, args: &RotateArgs) -> anyhow::Result<()> {
    let id = token_id(&args.id)?;
    let engine = app.existing()?.ok_or_else(|| unknown(&id))?;
    match engine.rotate_token(&app.options.namespace.value, &id, args.grace).await? {
        Rotation::Rotated(token, secret) => {
            app.out.report(&Secretive { token: *token, secret, is_rotated: true })
        }
        Rotation::Ended(token) => {
            let how = if token.revoked_at.is_some() { "was revoked" } else { "has expired" };
            let statement = format!("token `{id}` {how}");
            Err(Problem::refused("TOKEN_ENDED", statement)
                .hint("tenure token create --principal <name> --role <role>")
                .into())
        }
        Rotation::NotFound => Err(unknown(&id)),
    }
}

fn token_id(text: &str) -> anyhow::Result<TokenId> {
    // A secret in its place is not to be repeated in an answer, nor in a log of it.
    if text.starts_with("tnr_") {
        return Err(Problem::usage("that is a secret; a token is named by its id")
            .hint("tenure token list")
            .into());
    }
    TokenId::parse(text).map_err(given::name("token id"))
}

fn unknown(id: &TokenId) -> anyhow::Error {
    let statement = format!("there is no token `{}` in this namespace", Escaped(id.as_str()));
    Problem::missing("NOT_FOUND", statement).hint("tenure token list").into()
}
