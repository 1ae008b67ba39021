//! No case is forgotten, and no name is used twice.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn written() -> BTreeSet<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cases");
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("the cases") {
        let path = entry.expect("a file").path();
        let module = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("a source file");
        let names = text.lines().filter_map(|line| line.strip_prefix("pub async fn ")?.split('(').next());
        found.extend(names.map(|name| (module.clone(), name.to_owned())));
    }
    found
}

#[test]
fn every_case_is_in_the_list() {
    let listed: BTreeSet<_> = tenure_store_testkit::cases()
        .into_iter()
        .map(|case| (case.module.to_owned(), case.name.to_owned()))
        .collect();
    assert_eq!(written(), listed);
}

#[test]
fn every_case_is_listed_once() {
    let cases = tenure_store_testkit::cases();
    let names: BTreeSet<_> = cases.iter().map(|case| case.name).collect();
    assert_eq!(names.len(), cases.len());
}
