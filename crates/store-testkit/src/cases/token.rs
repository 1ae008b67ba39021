//! Cases about tokens: whom a secret stands for, and for how long.

use std::time::Duration;

use tenure_core::access::{Role, Token, Validity};
use tenure_core::id::{Namespace, TokenId};
use tenure_core::limits;
use tenure_store::{
    CreateToken, CreateTokenOutcome, RevokeToken, RevokeTokenOutcome, RotateToken, RotateTokenOutcome,
    SecretHash, TokensPage, TokensRequest,
};

use crate::fixture::{Bench, other_namespace, principal};
use crate::{Capability, Harness};

const HOUR: Duration = Duration::from_secs(3600);
const TICK: Duration = Duration::from_millis(1);

fn token_id(text: &str) -> TokenId {
    TokenId::parse(text).expect("a name")
}

const fn secret(number: u8) -> SecretHash {
    SecretHash([number; 32])
}

fn wanted(id: &str, number: u8) -> CreateToken {
    CreateToken {
        id: token_id(id),
        namespace: Namespace::default_name(),
        principal: principal("ann"),
        role: Role::Owner,
        note: "ci '; --".to_owned(),
        hash: secret(number),
        expires_in: None,
    }
}

async fn created(bench: &Bench, request: CreateToken) -> Token {
    match bench.store.create_token(request).await.expect("an outcome") {
        CreateTokenOutcome::Created(token) => *token,
        CreateTokenOutcome::Taken => panic!("it is new"),
    }
}

async fn shown(bench: &Bench, number: u8) -> Option<Token> {
    bench.store.token_by_hash(secret(number)).await.expect("an answer")
}

fn revoking(id: &str) -> RevokeToken {
    RevokeToken { namespace: None, id: token_id(id) }
}

fn rotating(id: &str, number: u8) -> RotateToken {
    RotateToken { namespace: None, id: token_id(id), hash: secret(number), grace: HOUR }
}

async fn rotated(bench: &Bench, request: RotateToken) -> Token {
    match bench.store.rotate_token(request).await.expect("an outcome") {
        RotateTokenOutcome::Rotated(token) => *token,
        other => panic!("it is rotated, not {other:?}"),
    }
}

/// A token is found by its secret, as it was made; no other secret finds anything.
pub async fn a_token_is_found_by_its_secret(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    assert_eq!(shown(&bench, 1).await, None);
    let at = bench.clock.wall();
    let plain = created(&bench, wanted("tok_a", 1)).await;
    let expected = Token {
        id: token_id("tok_a"),
        namespace: Namespace::default_name(),
        principal: principal("ann"),
        role: Role::Owner,
        note: "ci '; --".to_owned(),
        created_at: at,
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
        previous_until: None,
    };
    assert_eq!(plain, expected);
    for (number, role) in (10..).zip(Role::ALL) {
        let namespace = other_namespace();
        let request = CreateToken {
            namespace: namespace.clone(),
            role,
            principal: principal("ben"),
            expires_in: Some(HOUR),
            ..wanted(&format!("tok_{number}"), number)
        };
        let token = created(&bench, request).await;
        let facts = (&token.namespace, &token.principal, token.role, token.expires_at);
        assert_eq!(facts, (&namespace, &principal("ben"), role, Some(at.after(HOUR))));
        assert_eq!(shown(&bench, number).await, Some(token));
    }
    assert_eq!(shown(&bench, 1).await, Some(expected));
    assert_eq!(shown(&bench, 2).await, None);
}

/// Whoever did not hear that it was made asks again, and it is made once.
pub async fn a_token_is_made_once(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let first = created(&bench, wanted("tok_a", 1)).await;
    bench.clock.advance(HOUR);
    assert_eq!(created(&bench, wanted("tok_a", 1)).await, first);
    for other in [wanted("tok_a", 2), wanted("tok_b", 1)] {
        let outcome = bench.store.create_token(other).await.expect("an outcome");
        assert_eq!(outcome, CreateTokenOutcome::Taken);
    }
    assert_eq!(all(&bench, 10).await.tokens, [first]);
    assert_eq!(shown(&bench, 2).await, None);
}

/// A token that expired is shown as it is: whether it is valid, its own rules say.
pub async fn a_token_expires_by_the_stores_clock(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let token = created(&bench, CreateToken { expires_in: Some(HOUR), ..wanted("tok_a", 1) }).await;
    let validity = async || {
        let now = bench.store.now().await.expect("the time");
        shown(&bench, 1).await.expect("it is there").validity(&now)
    };
    bench.clock.advance(HOUR.saturating_sub(TICK));
    assert_eq!(validity().await, Ok(Validity::Valid));
    bench.clock.advance(TICK);
    assert_eq!(validity().await, Ok(Validity::Expired { at: token.created_at.after(HOUR) }));
}

/// What was taken back stays so, and is still listed.
pub async fn a_revoked_token_is_not_valid_any_more(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let token = created(&bench, wanted("tok_a", 1)).await;
    bench.clock.advance(HOUR);
    let revoked = Token { revoked_at: Some(bench.clock.wall()), ..token };
    let revoke = async |request| bench.store.revoke_token(request).await.expect("an outcome");
    let elsewhere = RevokeToken { namespace: Some(other_namespace()), ..revoking("tok_a") };
    assert_eq!(revoke(elsewhere).await, RevokeTokenOutcome::NotFound);
    assert_eq!(revoke(revoking("tok_b")).await, RevokeTokenOutcome::NotFound);
    let here = RevokeToken { namespace: Some(Namespace::default_name()), ..revoking("tok_a") };
    assert_eq!(revoke(here).await, RevokeTokenOutcome::Revoked(Box::new(revoked.clone())));
    bench.clock.advance(HOUR);
    let again = RevokeTokenOutcome::AlreadyRevoked(Box::new(revoked.clone()));
    assert_eq!(revoke(revoking("tok_a")).await, again);
    assert_eq!(shown(&bench, 1).await, Some(revoked.clone()));
    assert_eq!(all(&bench, 10).await.tokens, [revoked]);
}

/// After a rotation the new secret is good at once, and the one before for the grace.
pub async fn a_rotated_token_takes_both_secrets_for_a_while(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let token = created(&bench, wanted("tok_a", 1)).await;
    let until = Some(bench.clock.wall().after(HOUR));
    let now = rotated(&bench, rotating("tok_a", 2)).await;
    assert_eq!(now, Token { previous_until: until, ..token });
    for number in [1, 2] {
        assert_eq!(shown(&bench, number).await.as_ref(), Some(&now));
    }
    bench.clock.advance(HOUR.saturating_sub(TICK));
    assert!(shown(&bench, 1).await.is_some());
    bench.clock.advance(TICK);
    assert_eq!(shown(&bench, 1).await, None);
    assert_eq!(shown(&bench, 2).await, Some(now));
    let at_once = RotateToken { grace: Duration::ZERO, ..rotating("tok_a", 3) };
    rotated(&bench, at_once).await;
    assert_eq!((shown(&bench, 2).await, shown(&bench, 3).await.is_some()), (None, true));
}

/// There are two secrets at most: a second rotation ends the grace of the first one.
pub async fn a_second_rotation_ends_the_first_ones_grace(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    created(&bench, wanted("tok_a", 1)).await;
    rotated(&bench, rotating("tok_a", 2)).await;
    rotated(&bench, rotating("tok_a", 3)).await;
    let good = [shown(&bench, 1).await, shown(&bench, 2).await, shown(&bench, 3).await];
    assert_eq!(good.map(|token| token.is_some()), [false, true, true]);
}

/// Whoever did not hear that it was rotated asks again: the grace is what it was.
pub async fn a_rotation_that_is_asked_for_again_changes_nothing(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    created(&bench, wanted("tok_a", 1)).await;
    let first = rotated(&bench, rotating("tok_a", 2)).await;
    bench.clock.advance(Duration::from_secs(60));
    assert_eq!(rotated(&bench, rotating("tok_a", 2)).await, first);
    assert!(shown(&bench, 1).await.is_some());
}

/// No secret is two tokens', and what has ended, or is not there, gets none.
pub async fn a_rotation_is_refused_where_it_makes_no_sense(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    created(&bench, wanted("tok_a", 1)).await;
    created(&bench, wanted("tok_b", 2)).await;
    let rotate = async |request| bench.store.rotate_token(request).await.expect("an outcome");
    assert_eq!(rotate(rotating("tok_a", 2)).await, RotateTokenOutcome::Taken);
    assert_eq!(rotate(rotating("tok_c", 9)).await, RotateTokenOutcome::NotFound);
    let elsewhere = RotateToken { namespace: Some(other_namespace()), ..rotating("tok_a", 9) };
    assert_eq!(rotate(elsewhere).await, RotateTokenOutcome::NotFound);
    bench.store.revoke_token(revoking("tok_a")).await.expect("an outcome");
    let ended = |outcome| matches!(outcome, RotateTokenOutcome::Ended(_));
    assert!(ended(rotate(rotating("tok_a", 9)).await), "it is revoked");
    created(&bench, CreateToken { expires_in: Some(HOUR), ..wanted("tok_d", 4) }).await;
    bench.clock.advance(HOUR);
    assert!(ended(rotate(rotating("tok_d", 9)).await), "it has expired");
    assert_eq!(shown(&bench, 9).await, None);
}

/// That a token is used is written down at most once in an interval.
pub async fn a_use_is_noted_once_in_an_interval(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    created(&bench, wanted("tok_a", 1)).await;
    let used = async |length| {
        bench.clock.advance(length);
        bench.store.touch_token(token_id("tok_a")).await.expect("an answer");
        shown(&bench, 1).await.expect("it is there").last_used_at
    };
    let first = bench.clock.wall().after(TICK);
    assert_eq!(used(TICK).await, Some(first));
    assert_eq!(used(limits::TOKEN_TOUCH_INTERVAL.saturating_sub(TICK)).await, Some(first));
    assert_eq!(used(TICK).await, Some(first.after(limits::TOKEN_TOUCH_INTERVAL)));
    bench.store.touch_token(token_id("tok_b")).await.expect("nothing is there, and nothing is done");
}

async fn all(bench: &Bench, limit: usize) -> TokensPage {
    bench.store.tokens(TokensRequest { namespace: None, past: None, limit }).await.expect("a page")
}

/// Tokens are listed newest first, page by page, of one tenant or of all.
pub async fn tokens_are_listed_in_pages(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    assert_eq!(all(&bench, 10).await, TokensPage::default());
    for number in 1..=7 {
        let namespace = if number % 3 == 0 { other_namespace() } else { Namespace::default_name() };
        created(&bench, CreateToken { namespace, ..wanted(&format!("tok_{number}"), number) }).await;
    }
    let of_all = ["tok_7", "tok_6", "tok_5", "tok_4", "tok_3", "tok_2", "tok_1"];
    let default = ["tok_7", "tok_5", "tok_4", "tok_2", "tok_1"];
    let other = ["tok_6", "tok_3"];
    let lists: [(Option<Namespace>, &[&str]); 3] =
        [(None, &of_all), (Some(Namespace::default_name()), &default), (Some(other_namespace()), &other)];
    for (namespace, expected) in lists {
        for limit in [1, 2, 5, 7, 100] {
            let (mut past, mut seen) = (None, Vec::new());
            loop {
                let request = TokensRequest { namespace: namespace.clone(), past, limit };
                let page = bench.store.tokens(request).await.expect("a page");
                assert!(page.tokens.len() <= limit && (!page.tokens.is_empty() || page.next.is_none()));
                seen.extend(page.tokens.into_iter().map(|token| token.id.as_str().to_owned()));
                past = page.next;
                if past.is_none() {
                    break;
                }
            }
            assert_eq!(seen, expected, "in pages of {limit}");
        }
    }
    let past = Some(token_id("tok_none"));
    let page = bench.store.tokens(TokensRequest { namespace: None, past, limit: 10 }).await.expect("a page");
    assert_eq!(page, TokensPage::default());
}

/// What is known of a token outlives whoever wrote it, and other instances see it at once.
pub async fn a_token_is_there_for_every_instance(harness: &dyn Harness) {
    if !harness.has(Capability::SecondInstance) || !harness.has(Capability::Reopen) {
        return;
    }
    let bench = Bench::new(harness).await;
    let second = bench.second().await;
    created(&bench, wanted("tok_a", 1)).await;
    assert!(second.token_by_hash(secret(1)).await.expect("an answer").is_some());
    second.rotate_token(rotating("tok_a", 2)).await.expect("an outcome");
    second.revoke_token(revoking("tok_a")).await.expect("an outcome");
    let shown_here = shown(&bench, 1).await.expect("it is there");
    assert!(shown_here.revoked_at.is_some() && shown_here.previous_until.is_some());
    drop(second);
    let bench = bench.reopen().await;
    assert_eq!(shown(&bench, 2).await, Some(shown_here));
}
