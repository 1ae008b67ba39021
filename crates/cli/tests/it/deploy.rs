//! What `tenure serve` is deployed with says what the program takes.

use std::fs;
use std::path::Path;

use tenure_server::Limits;

use crate::home::Home;

fn deployed(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(name);
    fs::read_to_string(path).unwrap()
}

/// What follows a name at the beginning of a line.
fn setting<'t>(text: &'t str, name: &str) -> &'t str {
    let mut all = text.lines().filter_map(|line| line.strip_prefix(name));
    all.next().unwrap_or_else(|| panic!("there is no {name}"))
}

/// Options are read up to the one that asks for help, and one that is not known is refused.
fn is_taken(words: &[&str]) -> bool {
    let told = Home::new().ask(&[words, &["--help"]].concat());
    told.code == 0 && told.out.contains("Usage: tenure serve")
}

#[test]
fn the_unit_starts_what_the_program_takes_and_waits_until_it_has_stopped() {
    let unit = deployed("tenure.service");
    let words: Vec<_> = setting(&unit, "ExecStart=").split(' ').collect();
    assert_eq!(words[0], "/usr/local/bin/tenure");
    assert!(is_taken(&words[1..]), "{words:?}");
    assert!(!is_taken(&["serve", "--no-such-option"]));
    assert!(words.contains(&"--require-token"), "a proxy beside it asks from this machine, too");
    let patience: u64 = setting(&unit, "TimeoutStopSec=").parse().unwrap();
    assert!(patience > Limits::default().drain.as_secs(), "{patience}");
    let connections: usize = setting(&unit, "LimitNOFILE=").parse().unwrap();
    assert!(connections > Limits::default().connections + 1024, "{connections}");
    assert_eq!(setting(&unit, "Environment="), "TENURE_HOME=%S/tenure");
    assert_eq!(setting(&unit, "StateDirectory="), "tenure");
}

#[test]
fn the_image_starts_what_the_program_takes() {
    let image = deployed("Containerfile");
    let words: Vec<String> = serde_json::from_str(setting(&image, "CMD ")).unwrap();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    assert!(is_taken(&words), "{words:?}");
    let toolchain = setting(&image, "FROM docker.io/library/rust:");
    let manifest =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml")).unwrap();
    let needed = setting(&manifest, "rust-version = ").trim_matches('"');
    assert!(toolchain.starts_with(needed), "{toolchain}: the product needs {needed}");
}
