//! The newest events of a log are found from its end.

use tenure_core::id::Seq;
use tenure_engine::Kept;
use tenure_store::AppendRequest;
use tenure_store_testkit::Verb;
use tenure_store_testkit::fixture::{self, given};

use crate::bench::Bench;

/// A log with an event of type `rare` at each of these positions, and others between them.
async fn log(length: u64, rare: &[u64]) -> (Bench, Kept) {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    for seqs in (3..=length).collect::<Vec<_>>().chunks(1000) {
        let kind = |seq: &u64| if rare.contains(seq) { "rare" } else { "note" };
        let events = seqs.iter().map(|seq| given(kind(seq), &seq.to_string()).into()).collect();
        let request = AppendRequest { events, ..fixture::append(kept.handle, None, 1) };
        bench.engine.append(request).await.unwrap();
    }
    (bench, kept)
}

async fn newest(bench: &Bench, kept: Kept, count: u64, types: &[&str]) -> Vec<u64> {
    let types: Vec<_> = types.iter().map(|name| (*name).to_owned()).collect();
    let after = bench.engine.before_newest(kept.handle, count, &types).await.unwrap();
    let mut tail = bench.engine.tail(kept.handle, after, types);
    let mut seqs = Vec::new();
    loop {
        let events = tail.page().await.unwrap();
        if events.is_empty() {
            return seqs;
        }
        seqs.extend(events.into_iter().map(|event| event.seq.0));
    }
}

#[tokio::test]
async fn the_newest_are_the_last_ones_in_order() {
    let (bench, kept) = log(2500, &[]).await;
    assert_eq!(newest(&bench, kept, 3, &[]).await, [2498, 2499, 2500]);
    assert_eq!(newest(&bench, kept, 2500, &[]).await.len(), 2500);
    assert_eq!(newest(&bench, kept, 9999, &[]).await.len(), 2500, "all, if there are fewer");
    bench.engine.compact(kept.handle, Seq(2400)).await.unwrap();
    assert_eq!(newest(&bench, kept, 200, &[]).await, (2400..=2500).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_newest_of_a_type_are_found_however_far_back_they_are() {
    let rare = [5, 700, 701, 1500, 20_300, 20_400];
    let (bench, kept) = log(20_500, &rare).await;
    for count in 1..=rare.len() {
        let expected = &rare[rare.len() - count..];
        assert_eq!(newest(&bench, kept, count as u64, &["rare"]).await, expected);
    }
    assert_eq!(newest(&bench, kept, 50, &["rare"]).await, rare);
    assert_eq!(newest(&bench, kept, 5, &["no.such.type"]).await, [0_u64; 0]);
    let both = newest(&bench, kept, 3, &["rare", "note"]).await;
    assert_eq!(both, [20_498, 20_499, 20_500]);
    bench.engine.compact(kept.handle, Seq(701)).await.unwrap();
    assert_eq!(newest(&bench, kept, 50, &["rare"]).await, &rare[2..]);
}

#[tokio::test]
async fn what_is_near_the_end_is_found_by_looking_there_only() {
    let (bench, kept) = log(20_500, &[20_300, 20_400]).await;
    let before = bench.faults.count(Verb::Read);
    bench.engine.before_newest(kept.handle, 2, &["rare".to_owned()]).await.unwrap();
    assert_eq!(bench.faults.count(Verb::Read) - before, 1);
    // Without types nothing is looked at.
    bench.engine.before_newest(kept.handle, 2, &[]).await.unwrap();
    assert_eq!(bench.faults.count(Verb::Read) - before, 1);
}
