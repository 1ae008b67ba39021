//! Many processes that open a store which is not there yet.

use crate::support::{Home, Probe};
use tenure_store_sqlite::Depth;

/// Rounds in which a fresh file is opened by everybody at once.
const ROUNDS: usize = 200;
const PROCESSES: usize = 20;

#[test]
fn twenty_processes_open_a_fresh_file_at_once() {
    for round in 0..ROUNDS {
        let home = Home::new();
        let mut probes: Vec<Probe> = (0..PROCESSES).map(|_| home.probe("open", &[])).collect();
        for probe in &mut probes {
            let ended = probe.child.wait().unwrap();
            assert!(ended.success(), "round {round}: {ended}");
        }
        assert_eq!(home.open().verify(Depth::Quick).unwrap(), [], "round {round}");
    }
}
