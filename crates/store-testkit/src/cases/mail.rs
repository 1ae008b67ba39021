//! Cases about messages for instances, and attention to them.

use std::collections::BTreeSet;
use std::sync::Arc;

use tenure_core::id::{Namespace, Operation};
use tenure_core::orchestration::{Mail, MessageId, Payload};
use tenure_store::{Attention, MailRequest, NoticeId, PostOutcome, PostRequest, TurnRequest, Wake};

use tokio::task::JoinSet;

use crate::fixture::{
    Bench, Driven, done, first_turn, opening, other_namespace, registered, session_id, signal, start_of,
    worker,
};
use crate::{Capability, Harness};

fn posted(outcome: PostOutcome) -> MessageId {
    match outcome {
        PostOutcome::Posted(id) => id,
        refused => panic!("it is posted, not {refused:?}"),
    }
}

async fn wanted(bench: &Bench, attention: &mut Attention) {
    bench.soon(attention.wanted()).await.expect("the store is open");
}

/// Messages wait in the order in which they were sent, until a turn takes them.
pub async fn messages_wait_in_order_until_they_are_taken(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let one = bench.worker("one").await;
    let mut driven = bench.driven("ses_a", one).await;
    let mut sent = Vec::new();
    for name in ["a", "b", "c"] {
        sent.push(posted(bench.post(&driven.session.id, signal(name)).await));
    }
    assert!(sent.is_sorted());
    let mailed = bench.mail(one).await;
    assert!(mailed.messages.iter().all(|(handle, _)| *handle == driven.handle));
    let read: Vec<_> = mailed.messages.into_iter().map(|(_, message)| (message.id, message.mail)).collect();
    let expected: Vec<_> = sent.iter().copied().zip(["a", "b", "c"].map(signal)).collect();
    assert_eq!(read, expected);
    assert_eq!(mailed.read_to, sent[2]);
    let request = TurnRequest { taken: vec![sent[0], sent[1]], ..driven.turn() };
    bench.drive(&mut driven, request).await;
    let left: Vec<_> = bench.mail(one).await.messages.into_iter().map(|(_, message)| message.id).collect();
    assert_eq!(left, [sent[2]]);
}

/// Messages are read page by page, and those for others are passed over.
pub async fn messages_for_others_are_passed_over(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (one, two) = (bench.worker("one").await, bench.worker("two").await);
    let (mine, theirs) = (bench.driven("ses_a", one).await, bench.driven("ses_b", two).await);
    done(bench.turn(opening("ses_c", Wake::Never)).await);
    let mut sent = Vec::new();
    for _ in 0..2 {
        bench.post(&theirs.session.id, signal("b")).await;
        sent.push(posted(bench.post(&mine.session.id, signal("a")).await));
        bench.post(&session_id("ses_c"), signal("c")).await;
    }
    let read = async |after, limit| {
        let request = MailRequest { worker: one, after, noticed: NoticeId(0), limit };
        let mailed = bench.store.mail(request).await.expect("messages");
        (mailed.messages.iter().map(|(_, message)| message.id).collect::<Vec<_>>(), mailed.read_to)
    };
    assert_eq!(read(MessageId(0), 1).await, (vec![sent[0]], sent[0]));
    let (rest, read_to) = read(sent[0], 10).await;
    assert_eq!(rest, [sent[1]]);
    assert!(read_to >= sent[1]);
    assert_eq!(read(read_to, 10).await, (Vec::new(), read_to));
}

/// What is sent to nobody is not found, and what has ended takes nothing more.
pub async fn only_open_instances_take_messages(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let one = bench.worker("one").await;
    let driven = bench.driven("ses_a", one).await;
    assert_eq!(bench.post(&session_id("ses_b"), signal("a")).await, PostOutcome::NotFound);
    let elsewhere = PostRequest { namespace: other_namespace(), id: session_id("ses_a"), mail: signal("a") };
    assert_eq!(bench.store.post(elsewhere).await.expect("an outcome"), PostOutcome::NotFound);
    let run = bench.hold("a", 1).await;
    let id = bench.session(run.handle).await.id;
    assert_eq!(bench.post(&id, signal("a")).await, PostOutcome::NotFound);
    posted(bench.post(&driven.session.id, signal("a")).await);
    done(bench.turn(driven.last_turn()).await);
    assert_eq!(bench.mail(one).await.messages, [], "what waited for it is dropped");
    assert_eq!(bench.post(&driven.session.id, signal("a")).await, PostOutcome::Ended);
}

/// A message brings back what nobody holds, and comes with it.
pub async fn a_message_wakes_what_nobody_holds(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let one = bench.worker("one").await;
    done(bench.turn(opening("ses_a", Wake::Never)).await);
    assert_eq!(bench.claim(one, 10).await, []);
    let sent = [signal("a"), signal("b")];
    for mail in &sent {
        posted(bench.post(&session_id("ses_a"), mail.clone()).await);
    }
    let claimed = bench.claim(one, 10).await;
    let waiting: Vec<_> = claimed[0].messages.iter().map(|message| message.mail.clone()).collect();
    assert_eq!(waiting, sent);
    let taken = claimed[0].messages.iter().map(|message| message.id).collect();
    done(bench.turn(TurnRequest { taken, ..Driven::claimed(&claimed[0], one).turn() }).await);
    assert_eq!(bench.mail(one).await.messages, []);
}

/// The end of a child is told to its parent in the same commit, and to nobody once that has ended.
pub async fn an_end_is_told_to_the_parent(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let one = bench.worker("one").await;
    let mut parent = bench.driven("ses_a", one).await;
    let starts = vec![start_of("ses_b", "ses_a"), start_of("ses_c", "ses_a")];
    let request = TurnRequest { starts, ..parent.turn() };
    bench.drive(&mut parent, request).await;
    let children = bench.claim(one, 2).await;
    let result = Ok(Payload(b"done".to_vec()));
    let mail = Mail::ChildEnded { execution: 1, op: Operation(1), result };
    let ends = |child: &Driven| TurnRequest {
        sends: vec![(session_id("ses_a"), mail.clone())],
        ..child.last_turn()
    };
    done(bench.turn(ends(&Driven::claimed(&children[0], one))).await);
    let told = bench.mail(one).await.messages;
    assert_eq!((told.len(), told[0].0, &told[0].1.mail), (1, parent.handle, &mail));
    done(bench.turn(TurnRequest { taken: vec![told[0].1.id], ..parent.last_turn() }).await);
    done(bench.turn(ends(&Driven::claimed(&children[1], one))).await);
    assert_eq!(bench.mail(one).await.messages, []);
}

/// Attention wakes on messages, on what is started and on what is let go.
pub async fn attention_wakes_on_everything_for_workers(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut attention = bench.store.attend().await.expect("attention");
    done(bench.turn(opening("ses_a", Wake::Now)).await);
    wanted(&bench, &mut attention).await;
    let one = bench.worker("one").await;
    let claimed = bench.claim(one, 1).await;
    let mut driven = Driven::claimed(&claimed[0], one);
    let mut attention = bench.store.attend().await.expect("attention");
    bench.post(&driven.session.id, signal("a")).await;
    wanted(&bench, &mut attention).await;
    let mut attention = bench.store.attend().await.expect("attention");
    let request = TurnRequest { starts: vec![start_of("ses_b", "ses_a")], ..driven.turn() };
    bench.drive(&mut driven, request).await;
    wanted(&bench, &mut attention).await;
    let mut attention = bench.store.attend().await.expect("attention");
    bench.free(driven.free(Wake::Now)).await;
    wanted(&bench, &mut attention).await;
}

/// Attention wakes on what another instance of the store writes, and on who is gone there.
pub async fn attention_wakes_on_another_instances_writes(harness: &dyn Harness) {
    if !harness.has(Capability::SecondInstance) {
        return;
    }
    let bench = Bench::new(harness).await;
    let one = bench.worker("one").await;
    let driven = bench.driven("ses_a", one).await;
    let second = bench.second().await;
    for round in 0..3 {
        let mut attention = bench.store.attend().await.expect("attention");
        let (namespace, id) = (Namespace::default_name(), driven.session.id.clone());
        let request = PostRequest { namespace, id, mail: signal(&round.to_string()) };
        posted(second.post(request).await.expect("an outcome"));
        wanted(&bench, &mut attention).await;
        assert_eq!(bench.mail(one).await.messages.len(), round + 1);
    }
    let two = registered(second.as_ref(), worker("two", 2)).await;
    done(second.commit_turn(first_turn("ses_b", two)).await.expect("an outcome"));
    let mut attention = bench.store.attend().await.expect("attention");
    second.retire(two).await.expect("it is retired");
    wanted(&bench, &mut attention).await;
    assert_eq!(bench.claim(one, 10).await.len(), 1);
}

/// Messages that are sent while turns take others are each taken once.
pub async fn messages_and_turns_at_once_lose_nothing(harness: &dyn Harness) {
    const MESSAGES: usize = 50;
    let bench = Bench::new(harness).await;
    let one = bench.worker("one").await;
    let mut driven = bench.driven("ses_a", one).await;
    let store =
        if harness.has(Capability::SecondInstance) { bench.second().await } else { Arc::clone(&bench.store) };
    let id = driven.session.id.clone();
    let mut sender = JoinSet::new();
    sender.spawn(async move {
        let mut sent = BTreeSet::new();
        for number in 0..MESSAGES {
            let mail = signal(&number.to_string());
            let request = PostRequest { namespace: Namespace::default_name(), id: id.clone(), mail };
            sent.insert(posted(store.post(request).await.expect("an outcome")));
        }
        sent
    });
    let (mut attention, mut taken) = (bench.store.attend().await.expect("attention"), Vec::new());
    while taken.len() < MESSAGES {
        let mail: Vec<_> =
            bench.mail(one).await.messages.into_iter().map(|(_, message)| message.id).collect();
        if mail.is_empty() {
            wanted(&bench, &mut attention).await;
            continue;
        }
        taken.extend(&mail);
        let request = TurnRequest { taken: mail, ..driven.turn() };
        bench.drive(&mut driven, request).await;
    }
    let distinct: BTreeSet<_> = taken.iter().copied().collect();
    assert_eq!((distinct.len(), vec![distinct]), (MESSAGES, sender.join_all().await));
}
