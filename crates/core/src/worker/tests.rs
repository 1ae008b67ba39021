//! Idle keys, shares, queues.

use super::*;
use crate::time::BootId;

fn ttl() -> Ttl {
    Ttl::run(Duration::from_secs(15)).expect("fifteen seconds are allowed")
}

#[test]
fn keys_may_be_idle_no_shorter_than_two_renewals() {
    let serving = |idle_after| Serving { idle_after, ..Serving::default() };
    let needed = Duration::from_secs(10);
    let refused = serving(Duration::from_millis(9_999)).check(ttl());
    assert_eq!(refused, Err(ServingRefusal::IdleTooShort { needed }));
    assert_eq!(serving(needed).check(ttl()), Ok(()));
}

#[test]
fn what_is_busy_must_fit_what_is_held() {
    let serving = Serving { busy_max: 3, held_max: 2, ..Serving::default() };
    assert_eq!(serving.check(ttl()), Err(ServingRefusal::HeldBelowBusy));
}

#[test]
fn a_worker_of_one_tenant_serves_no_other_in_whatever_queue() {
    let (a, b) = (Namespace::parse("a").unwrap(), Namespace::parse("b").unwrap());
    let gpu = QueueName::parse("gpu").unwrap();
    let of = |queues: &Queues, namespace: Option<&Namespace>| Serving {
        queues: queues.clone(),
        namespace: namespace.cloned(),
        ..Serving::default()
    };
    for queues in [Queues::All, Queues::default_only(), Queues::These(BTreeSet::from([Some(gpu.clone())]))] {
        for queue in [None, Some(&gpu)] {
            for tenant in [&a, &b] {
                let anybodys = of(&queues, None);
                assert_eq!(anybodys.serves(tenant, queue), queues.have(queue));
                let of_a = of(&queues, Some(&a));
                assert_eq!(of_a.serves(tenant, queue), *tenant == a && queues.have(queue));
            }
        }
    }
}

#[test]
fn a_key_is_idle_after_its_time_and_what_may_not_have_been_recorded() {
    let idle_after = Duration::from_secs(160);
    assert!(!records_use(idle_after, Duration::from_millis(9_999)));
    assert!(records_use(idle_after, Duration::from_secs(10)));
    assert!(!is_idle(idle_after, Duration::from_millis(169_999)));
    assert!(is_idle(idle_after, Duration::from_secs(170)));
}

#[test]
fn a_worker_is_above_its_share_from_a_tenth_over_the_mean_on() {
    // Alone, nobody else could have them.
    assert!(!is_above_share(1_000, 1_000, 1));
    assert!(!is_above_share(1, 1, 2));
    assert!(!is_above_share(110, 200, 2));
    assert!(is_above_share(112, 200, 2));
    assert!(is_above_share(u64::MAX, 0, 2));
}

#[test]
fn a_loop_is_given_up_when_it_stood_still_for_its_limit_and_not_when_it_went_on() {
    let (ttl, mut stillness) = (ttl(), Stillness::default());
    let limit = limits::WORKER_STILL_TTLS_MAX * 3;
    let tick = |number: u32| renew_interval(ttl) * number;
    assert!(stillness.look(ttl, 7, tick(0)), "nothing was seen before");
    for number in 1..limit {
        assert!(!stillness.look(ttl, 7, tick(number)) && !stillness.is_given_up(ttl), "{number}");
    }
    assert!(!stillness.look(ttl, 7, tick(limit)) && stillness.is_given_up(ttl));
    assert!(stillness.look(ttl, 8, tick(limit + 1)) && !stillness.is_given_up(ttl));
}

#[test]
fn a_process_that_was_stopped_for_long_is_not_given_up_for_that() {
    let (ttl, mut stillness) = (ttl(), Stillness::default());
    stillness.look(ttl, 7, Duration::ZERO);
    assert!(!stillness.look(ttl, 7, ttl.length() * 1000) && !stillness.is_given_up(ttl));
}

#[test]
fn progress_is_known_by_the_boot_clock_and_another_boot_is_progress() {
    let at = |boot, ms| BootMoment { boot: BootId([boot; 16]), ms };
    let begun = Progress { rounds: 3, grew_at: at(1, 1_000) };
    let still = begun.told(3, at(1, 16_000));
    assert_eq!((still, still.still_for(at(1, 16_000))), (begun, Duration::from_secs(15)));
    assert_eq!(begun.told(4, at(1, 16_000)), Progress { rounds: 4, grew_at: at(1, 16_000) });
    assert_eq!(begun.told(3, at(2, 5)), Progress { rounds: 3, grew_at: at(2, 5) });
}

#[test]
fn a_worker_without_queues_has_nothing_and_one_with_all_has_everything() {
    let gpu = QueueName::parse("gpu").expect("a name");
    assert!(Queues::All.have(Some(&gpu)) && Queues::All.have(None));
    assert!(Queues::default_only().have(None) && !Queues::default_only().have(Some(&gpu)));
    assert!(!Queues::These(BTreeSet::new()).have(None));
}
