//! The tests that exist, by crate and module.

use super::source::{Item, items, prelude};
use super::tree::{File, Tree};

/// Conformance cases are plain functions, which each store runs as tests.
const CASES: &str = "crates/store-testkit/src/cases/";

/// Every test function of the tree.
pub(super) struct Tests<'a> {
    tests: Vec<Test<'a>>,
}

struct Test<'a> {
    name: &'a str,
    /// The crate's folder, then the modules, as the path of the file and the inline modules give them.
    path: Vec<&'a str>,
}

impl<'a> Tests<'a> {
    pub(super) fn of(tree: &'a Tree) -> Self {
        Self { tests: tree.rust().flat_map(tests_of).collect() }
    }

    /// Whether `name`, or `crate::module::name` with any modules left out, is a test.
    pub(super) fn has(&self, qualified: &str) -> bool {
        let mut wanted: Vec<&str> = qualified.split("::").collect();
        let name = wanted.pop().unwrap_or_default();
        self.tests.iter().any(|test| test.name == name && test.lies_under(&wanted))
    }
}

impl Test<'_> {
    fn lies_under(&self, wanted: &[&str]) -> bool {
        let Some((folder, modules)) = wanted.split_first() else { return true };
        let mut path = self.path.iter();
        path.next() == Some(folder) && modules.iter().all(|module| path.any(|part| part == module))
    }
}

fn tests_of(file: &File) -> Vec<Test<'_>> {
    let items = items(&file.code);
    let inline: Vec<&str> = items.iter().filter(|item| item.keyword == "mod").map(|item| item.name).collect();
    let path: Vec<&str> = path_of(file).into_iter().chain(inline).collect();
    let tests = items.iter().filter(|item| item.keyword == "fn" && is_test(file, item));
    tests.map(|item| Test { name: item.name, path: path.clone() }).collect()
}

fn is_test(file: &File, item: &Item<'_>) -> bool {
    let before = prelude(&file.code, item);
    let is_case = file.path.starts_with(CASES) && before.split_whitespace().any(|word| word == "pub");
    is_case || before.contains("#[test]") || before.contains("#[tokio::test")
}

/// `crates/core/src/lease/tests.rs` is core, lease, tests.
fn path_of(file: &File) -> Vec<&str> {
    let path = file.path.strip_prefix("crates/").unwrap_or(&file.path);
    let parts = path.trim_end_matches(".rs").split('/');
    parts.filter(|part| !["src", "mod", "lib", "main"].contains(part)).collect()
}

#[cfg(test)]
mod tests {
    use super::Tests;
    use crate::tidy::tree::tree;

    const RULES: &str = "#[test]\nfn plain() {}\nfn no_test() {}\n\
        proptest! { #![config(C { n: 1 })]\n/// Doc.\n#[test]\nfn any_input(a in b) {} }\n\
        #[tokio::test(flavor = \"x\")]\n#[should_panic]\nasync fn later() {}\n// #[test]\nfn remark() {}";

    #[test]
    fn tests_are_functions_under_a_test_attribute() {
        let tree = tree(&[("crates/core/src/lease/tests.rs", RULES)]);
        let tests = Tests::of(&tree);
        assert!(["plain", "any_input", "later"].iter().all(|name| tests.has(name)));
        assert!(!["no_test", "remark", "absent"].iter().any(|name| tests.has(name)));
    }

    #[test]
    fn a_qualified_name_must_lie_where_it_says() {
        let tree = tree(&[("crates/core/src/lease/tests.rs", RULES)]);
        let tests = Tests::of(&tree);
        assert!(tests.has("core::lease::tests::plain"));
        assert!(tests.has("core::plain"));
        assert!(!tests.has("store::lease::tests::plain"));
        assert!(!tests.has("core::session::plain"));
    }

    #[test]
    fn conformance_cases_are_tests() {
        let text = "pub async fn holds(h: &H) {}\nfn private() {}";
        let tree = tree(&[("crates/store-testkit/src/cases/lease.rs", text)]);
        let tests = Tests::of(&tree);
        assert!(tests.has("store-testkit::cases::lease::holds"));
        assert!(!tests.has("private"));
    }
}
