//! The examples do what they say.

use std::time::Duration;

use tenure::WorkerOptions;
use tokio::sync::mpsc;

use crate::approval::{Decision, office, three_requests};
use crate::fan_out_report::{four_parts, library};
use crate::fixture::{Home, both_ways};
use crate::order_saga::{Ledger, shop, three_orders};

/// What the ledger says of an item.
fn deeds(ledger: &Ledger, item: &str) -> Vec<String> {
    let ledger = ledger.lock().unwrap();
    let of_item = ledger.iter().filter_map(|deed| deed.strip_suffix(item));
    of_item.map(|deed| deed.trim_end().to_owned()).collect()
}

#[tokio::test]
async fn what_an_order_did_is_undone_in_reverse_when_it_fails_or_is_cancelled() {
    both_ways(async |home: Home| {
        let ledger = Ledger::default();
        let options = WorkerOptions { cancel_grace: Duration::from_secs(20), ..home.options() };
        let tenure = shop(home.tenure(), &ledger).options(options).start().await.unwrap();
        let ended = three_orders(&tenure).await.unwrap();
        let expected =
            ["book is on its way", "the vase is broken", "cancelled: it does not fit through the door"];
        assert_eq!(ended, expected);
        assert_eq!(deeds(&ledger, "book"), ["reserve", "charge", "charge", "ship"]);
        let vase = ["reserve", "charge", "charge", "ship", "refund", "release"];
        assert_eq!(deeds(&ledger, "vase"), vase);
        // Wherever the wish to end met it: nothing is shipped, and what may have been done is undone.
        let piano = deeds(&ledger, "piano");
        let undone: Vec<_> =
            piano.iter().filter(|deed| matches!(deed.as_str(), "refund" | "release")).collect();
        assert!(undone.ends_with(&[&"release".to_owned()]), "{piano:?}");
        assert!(!piano.contains(&"ship".to_owned()), "{piano:?}");
        assert!(!piano.contains(&"charge".to_owned()) || undone.len() == 2, "{piano:?}");
        tenure.stop().await;
    })
    .await;
}

#[tokio::test]
async fn an_approval_is_answered_or_escalated_or_runs_out_of_people() {
    both_ways(async |home: Home| {
        let (letters, box_of_letters) = mpsc::unbounded_channel();
        let tenure = office(home.tenure(), letters).start().await.unwrap();
        // Longer than a busy machine takes to answer.
        let patience = Duration::from_secs(2);
        let decisions = three_requests(&tenure, box_of_letters, patience).await.unwrap();
        let (ada, boss) = ("Ada".to_owned(), "the boss".to_owned());
        let expected =
            [Decision::Approved { by: ada }, Decision::Refused { by: boss }, Decision::NobodyAnswered];
        assert_eq!(decisions, expected);
        tenure.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_report_comes_together_from_parts_that_fail_at_first_or_for_good() {
    both_ways(async |home: Home| {
        let tenure = library(home.tenure()).start().await.unwrap();
        let (report, status) = four_parts(&tenure).await.unwrap();
        assert_eq!((report.total, status.as_deref()), (16, Some("4 of 4 parts")));
        let words: Vec<_> = report.words.iter().map(|(part, words)| (part.as_str(), *words)).collect();
        assert_eq!(words, [("end", 2), ("middle", 6), ("opening", 8)]);
        let missing: Vec<_> =
            report.missing.iter().map(|(part, why)| (part.as_str(), why.as_str())).collect();
        assert_eq!(missing, [("appendix", "there is no such part")]);
        tenure.stop().await;
    })
    .await;
}
