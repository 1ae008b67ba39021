//! Lists by every filter, figures and sweeps, among few and among many sessions.

use std::path::Path;
use std::time::{Duration, Instant};

use bench::{Spread, cpu, directory, many, print_disk};
use tenure_core::id::{ActorId, Namespace};
use tenure_core::kind::Kind;
use tenure_core::session::StateName;
use tenure_core::time::WallTime;
use tenure_store::{FiguresRequest, Filter, Handle, ListRequest, Order, Period};

const SIZES: [usize; 2] = [10_000, 1_000_000];
const PAGE: usize = 100;
const ROUNDS: usize = 100;
const LONGEST: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let home = directory();
    println!(
        "Lists of {PAGE} (goal: at most 20 ms), figures (at most 200 ms) and a sweep's look, in one process"
    );
    print_disk(home.path());
    for size in SIZES {
        measure(&home.path().join(format!("{size}.db")), size).await;
    }
}

async fn measure(path: &Path, size: usize) {
    let store = many::open(path);
    let start = Instant::now();
    many::fill(&store, size).await;
    let (seconds, bytes) = (start.elapsed().as_secs_f64(), path.metadata().map_or(0, |file| file.len()));
    println!("\n{size} sessions, filled in {seconds:.0} s, {} bytes each", bytes / size as u64);
    println!("{:<58} {:>5} {:>9} {:>9} {:>7}", "", "shown", "p50 ms", "p99 ms", "CPU ms");
    for (name, request) in requests(size) {
        let mut shown = 0;
        let spread = rounds(async || {
            let page = store.list(request.clone()).await.expect("a page");
            shown = page.sessions.len();
            assert!(shown == PAGE || page.next.is_none(), "no page is cut short: {name}");
        })
        .await;
        print(name, shown, &spread);
    }
    let request = FiguresRequest {
        namespace: Namespace::default_name(),
        quiet_after: Duration::from_secs(1800),
        quiet_max: 1000,
    };
    let spread = rounds(async || drop(store.figures(request.clone()).await.expect("figures"))).await;
    print("stats", 1, &spread);
    let spread = rounds(async || drop(store.due(PAGE).await.expect("what is due"))).await;
    print("sweep: what is due", PAGE, &spread);
}

fn print(name: &str, shown: usize, (spread, cpu): &(Spread, f64)) {
    println!("{name:<58} {shown:>5} {:>9.3} {:>9.3} {cpu:>7.3}", spread.at(0.5), spread.at(0.99));
}

/// How long each round took, and how much processor time they took in the mean, in milliseconds.
async fn rounds(mut round: impl AsyncFnMut()) -> (Spread, f64) {
    let (mut lengths, begun, cpu_before) = (Vec::new(), Instant::now(), cpu());
    while lengths.len() < ROUNDS && begun.elapsed() < LONGEST {
        let start = Instant::now();
        round().await;
        lengths.push(start.elapsed());
    }
    let cpu = cpu().saturating_sub(cpu_before).as_secs_f64() * 1000.0 / lengths.len() as f64;
    (Spread::of(lengths), cpu)
}

fn requests(size: usize) -> Vec<(&'static str, ListRequest)> {
    let days_ago = |days: u64| Some(WallTime::from_epoch_ms(bench::now().epoch_ms() - days * 86_400_000));
    let label = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    let text = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let of = |filter| ListRequest { filter, ..ListRequest::newest(Namespace::default_name(), PAGE) };
    let base = Filter::default;
    let states = |states: &[StateName]| states.to_vec();
    use StateName::{Active, Completed, Failed, Paused};
    vec![
        ("newest", of(base())),
        ("oldest", ListRequest { order: Order::Oldest, ..of(base()) }),
        ("newest, from the middle on", ListRequest { past: Some(Handle(size as i64 / 2)), ..of(base()) }),
        ("state: active (1 %)", of(Filter { states: states(&[Active]), ..base() })),
        ("state: failed or active (5 %)", of(Filter { states: states(&[Active, Failed]), ..base() })),
        ("state: paused (none)", of(Filter { states: states(&[Paused]), ..base() })),
        ("kind: workspace (none)", of(Filter { kinds: vec![Kind::Workspace], ..base() })),
        ("label: team=web (20 %)", of(Filter { labels: label("team", "web"), ..base() })),
        ("label: release=v0 (one)", of(Filter { labels: label("release", "v0"), ..base() })),
        ("label: team=none (none)", of(Filter { labels: label("team", "none"), ..base() })),
        (
            "holder (1 in 3700, all open)",
            of(Filter { holder: Some(ActorId::parse("owner/0").expect("a name")), ..base() }),
        ),
        ("holder (none)", of(Filter { holder: Some(ActorId::parse("nobody").expect("a name")), ..base() })),
        ("key: web-job-1… (2 %)", of(Filter { key_prefix: Some("web-job-1".to_owned()), ..base() })),
        ("key: web-job-777…", of(Filter { key_prefix: Some("web-job-777".to_owned()), ..base() })),
        ("key: none", of(Filter { key_prefix: Some("nothing".to_owned()), ..base() })),
        ("directory: checkout-7 (2.5 %)", of(Filter { directory: Some("checkout-7".to_owned()), ..base() })),
        (
            "created: one day, 45 days ago",
            of(Filter { created: Period { from: days_ago(45), to: days_ago(44) }, ..base() }),
        ),
        (
            "started: in the last day",
            of(Filter { started: Period { from: days_ago(1), to: None }, ..base() }),
        ),
        (
            "created: before all (none)",
            of(Filter { created: Period { from: None, to: days_ago(100) }, ..base() }),
        ),
        ("search: nextest (all)", of(Filter { terms: text(&["nextest"]), ..base() })),
        ("search: web prod (10 %)", of(Filter { terms: text(&["web", "prod"]), ..base() })),
        ("search: 4711 (a key's number, by its beginning)", of(Filter { terms: text(&["4711"]), ..base() })),
        ("search: nothing", of(Filter { terms: text(&["nothing"]), ..base() })),
        ("search: ses_01 (the beginning of all ids)", of(Filter { terms: text(&["ses_01"]), ..base() })),
        (
            "team=data and state active (20 % and 1 %, none both)",
            of(Filter { labels: label("team", "data"), states: states(&[Active]), ..base() }),
        ),
        (
            "env=ci and search: production (90 % and 10 %, none both)",
            of(Filter { labels: label("env", "ci"), terms: text(&["production"]), ..base() }),
        ),
        (
            "completed, ci, nextest, web-…, checkout-5, 60 days",
            of(Filter {
                states: states(&[Completed]),
                labels: label("env", "ci"),
                key_prefix: Some("web-".to_owned()),
                directory: Some("checkout-5".to_owned()),
                created: Period { from: days_ago(60), to: None },
                terms: text(&["nextest"]),
                ..base()
            }),
        ),
    ]
}
