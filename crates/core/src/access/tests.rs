//! Tests of roles and tokens.

use std::time::Duration;

use super::{Action, Role, Token, Validity, note};
use crate::fixture::{moment, no_wall, principal, wall};
use crate::id::{Namespace, TokenId};
use crate::limits;

#[test]
fn each_role_may_what_the_ones_before_it_may_and_more() {
    use Action::{Administer, Observe, Own, Send, Work};
    let all = [Observe, Send, Own, Work, Administer];
    let may = |role: Role| all.into_iter().filter(|action| role.may(*action)).collect::<Vec<_>>();
    assert_eq!(may(Role::Observer), [Observe, Send]);
    assert_eq!(may(Role::Owner), [Observe, Send, Own]);
    assert_eq!(may(Role::Worker), [Observe, Send, Own, Work]);
    assert_eq!(may(Role::Admin), all);
}

#[test]
fn only_an_admin_has_to_do_with_what_is_not_its_principals() {
    let (ann, ben) = (principal("ann"), principal("ben"));
    for role in Role::ALL {
        let is_admin = role == Role::Admin;
        assert!(role.reaches(&ann, Some(&ann)));
        assert_eq!(role.reaches(&ann, Some(&ben)), is_admin);
        assert_eq!(role.reaches(&ann, None), is_admin);
    }
}

#[test]
fn a_role_has_a_name() {
    for role in Role::ALL {
        assert_eq!(Role::parse(role.name()), Some(role));
    }
    assert_eq!(Role::parse("Admin"), None);
}

fn token() -> Token {
    Token {
        id: TokenId::parse("tok_1").unwrap(),
        namespace: Namespace::default_name(),
        principal: principal("ann"),
        role: Role::Owner,
        note: String::new(),
        created_at: wall(0),
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
        previous_until: None,
    }
}

#[test]
fn a_token_is_valid_until_it_expires_or_is_revoked() {
    let expiring = Token { expires_at: Some(wall(10)), ..token() };
    assert_eq!(token().validity(&moment(u64::from(u32::MAX))), Ok(Validity::Valid));
    assert_eq!(expiring.validity(&moment(9)), Ok(Validity::Valid));
    assert_eq!(expiring.validity(&moment(10)), Ok(Validity::Expired { at: wall(10) }));
    let revoked = Token { revoked_at: Some(wall(5)), ..expiring };
    for now in [moment(0), moment(20), no_wall(0)] {
        assert_eq!(revoked.validity(&now), Ok(Validity::Revoked { at: wall(5) }));
    }
}

#[test]
fn without_a_usable_clock_nothing_counts_as_not_yet_over() {
    let expiring = Token { expires_at: Some(wall(10)), previous_until: Some(wall(10)), ..token() };
    assert!(expiring.validity(&no_wall(0)).is_err());
    assert!(!expiring.takes_previous(&no_wall(0)));
    assert_eq!(token().validity(&no_wall(0)), Ok(Validity::Valid));
}

#[test]
fn the_secret_before_is_good_for_its_grace() {
    let rotated = Token { previous_until: Some(wall(10)), ..token() };
    assert!(rotated.takes_previous(&moment(9)) && !rotated.takes_previous(&moment(10)));
    assert!(!token().takes_previous(&moment(0)));
}

#[test]
fn a_use_is_news_once_in_an_interval() {
    let interval = limits::TOKEN_TOUCH_INTERVAL;
    assert!(token().is_use_news(wall(0)));
    let used = Token { last_used_at: Some(wall(0)), ..token() };
    assert!(!used.is_use_news(wall(0).after(interval.saturating_sub(Duration::from_millis(1)))));
    assert!(used.is_use_news(wall(0).after(interval)));
}

#[test]
fn a_note_is_bounded_and_trimmed() {
    assert_eq!(note("  ci \n").as_deref(), Ok("ci"));
    assert!(note(&"ä".repeat(256)).is_ok());
    assert!(note(&"a".repeat(257)).is_err());
}
