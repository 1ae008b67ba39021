//! The client behind a line that breaks: nothing is lost, or done twice.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tenure_api::requests::{AppendEvents, Complete, EventDraft};
use tenure_client::{Address, Caller, Client, Heard, Patience};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use crate::support::Server;

const EVENTS: u64 = 2000;
/// An answer is cut off after this many bytes of it at most, and the first words of a stream are longer.
const CUT_MAX: u64 = 40_000;

/// Numbers that look random and are the same each time (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

/// A line to a server. Each connection over it is cut when so many bytes of answers have passed.
struct Line {
    address: Address,
    cuts: Arc<AtomicUsize>,
}

impl Line {
    async fn to(server: &Server, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = Address::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let (cuts, dice) = (Arc::new(AtomicUsize::new(0)), Mutex::new(Dice(seed)));
        let (counted, target) = (Arc::clone(&cuts), server.address.clone());
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let (cuts, most) = (Arc::clone(&counted), dice.lock().unwrap().below(CUT_MAX));
                let Ok(far) = TcpStream::connect(&target).await else { continue };
                tokio::spawn(async move {
                    let ((asks, answers), (back, forth)) = (near.into_split(), far.into_split());
                    let up = tokio::spawn(passes(asks, forth, u64::MAX));
                    if passes(back, answers, most).await {
                        cuts.fetch_add(1, Ordering::Relaxed);
                    }
                    up.abort();
                });
            }
        });
        Self { address, cuts }
    }

    fn client(&self) -> Client {
        let drawn = AtomicUsize::new(0);
        let draw = move || {
            let number = drawn.fetch_add(1, Ordering::Relaxed);
            let mut key = [0; 16];
            key[..8].copy_from_slice(&number.to_be_bytes());
            key
        };
        let patience = Patience { total: Duration::from_secs(60), ..Patience::default() };
        Client::new(self.address.clone(), Caller::default(), Arc::new(draw), patience).unwrap()
    }
}

/// Passes on at most that many bytes; whether that was not all.
async fn passes(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, most: u64) -> bool {
    let (mut left, mut bytes) = (most, [0; 4096]);
    while left > 0 {
        let Ok(length @ 1..) = from.read(&mut bytes).await else { return false };
        let some = length.min(usize::try_from(left).unwrap_or(usize::MAX));
        if to.write_all(&bytes[..some]).await.is_err() {
            return false;
        }
        left -= u64::try_from(some).unwrap();
    }
    true
}

fn number(n: u64) -> AppendEvents {
    AppendEvents { events: vec![EventDraft { id: None, kind: "x.n".to_owned(), data: json!({ "n": n }) }] }
}

#[tokio::test]
async fn what_is_followed_over_a_line_that_breaks_comes_once_and_in_order() {
    let server = Server::open().await;
    let fence = server.held("s").await;
    let (broken, steady) =
        (Line::to(&server, 7).await, Address::parse(&format!("http://{}", server.address)).unwrap());
    let mut follow = broken.client().follow("s", 0, Vec::new());
    let writing = tokio::spawn(async move {
        let client =
            Client::new(steady, Caller::default(), Arc::new(|| [0; 16]), Patience::default()).unwrap();
        for n in (0..EVENTS).step_by(20) {
            let events = (n..n + 20).flat_map(|n| number(n).events).collect();
            client.append_once(("s", fence), &AppendEvents { events }, format!("from-{n}")).await.unwrap();
        }
        client.complete("s", Some(fence), &Complete::default()).await.unwrap();
    });
    let (mut seqs, mut numbers) = (Vec::new(), Vec::new());
    loop {
        match follow.next().await.unwrap() {
            Heard::Event(event) => {
                seqs.push(event.seq);
                numbers.extend(event.data["n"].as_u64().filter(|_| event.type_ == "x.n"));
            }
            Heard::Snapshot(_) => {}
            Heard::End => break,
        }
    }
    writing.await.unwrap();
    assert_eq!(numbers, (0..EVENTS).collect::<Vec<_>>());
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "no gap, nothing twice");
    assert!(broken.cuts.load(Ordering::Relaxed) > 5, "{} cuts", broken.cuts.load(Ordering::Relaxed));
}

#[tokio::test]
async fn what_is_written_over_a_line_that_breaks_is_done_once() {
    let server = Server::open().await;
    let fence = server.held("s").await;
    let line = Line::to(&server, 11).await;
    let client = line.client();
    let mut seqs = Vec::new();
    for n in 0..500 {
        seqs.extend(client.append("s", fence, &number(n)).await.unwrap().seqs);
    }
    let mut log = Vec::new();
    let mut after = 0;
    loop {
        let page = client.events("s", (after, 100), &["x.n".to_owned()]).await.unwrap();
        let Some(last) = page.data.last() else { break };
        after = last.seq;
        log.extend(page.data.iter().map(|event| (event.seq, event.data["n"].as_u64().unwrap())));
    }
    assert_eq!(log, seqs.into_iter().zip(0..500).collect::<Vec<_>>());
    assert!(line.cuts.load(Ordering::Relaxed) > 3, "{} cuts", line.cuts.load(Ordering::Relaxed));
}
