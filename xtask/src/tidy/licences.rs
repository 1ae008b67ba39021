//! Every package may be used under a licence that `deny.toml` allows.

use toml_edit::{Document, Item};

use super::finding::Finding;
use super::packages::{Package, locked_line};
use super::tree::Tree;

pub(super) fn check(tree: &Tree, packages: &[Package]) -> Vec<Finding> {
    let allowed = tree.file("deny.toml").map(|file| allowed(&file.text)).unwrap_or_default();
    let refused = packages.iter().filter(|package| !is_allowed(package, &allowed));
    let findings = refused.map(|package| {
        let licence = package.licence.as_deref().unwrap_or("no licence");
        let message = format!("`{}` has {licence}, which deny.toml does not allow", package.name);
        Finding::new("Cargo.lock", locked_line(tree, &package.name), "licence", message)
    });
    findings.collect()
}

/// The list `licenses.allow` of `deny.toml`.
fn allowed(text: &str) -> Vec<String> {
    let Ok(document) = Document::parse(text) else { return Vec::new() };
    let list = document.get("licenses").and_then(|item| item.get("allow")).and_then(Item::as_array);
    list.into_iter().flatten().filter_map(|licence| licence.as_str()).map(str::to_owned).collect()
}

fn is_allowed(package: &Package, allowed: &[String]) -> bool {
    let Some(expression) = package.licence.as_deref() else { return false };
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = Words { rest: spaced.split_whitespace().collect(), allowed };
    words.any() && words.rest.is_empty()
}

/// A licence expression being read, word by word: `MIT OR (Apache-2.0 AND ISC)`.
struct Words<'a> {
    rest: Vec<&'a str>,
    allowed: &'a [String],
}

impl Words<'_> {
    /// One alternative is enough.
    fn any(&mut self) -> bool {
        let mut allowed = self.all();
        while self.take("OR") {
            allowed |= self.all();
        }
        allowed
    }

    /// Each part must be allowed.
    fn all(&mut self) -> bool {
        let mut allowed = self.one();
        while self.take("AND") {
            allowed &= self.one();
        }
        allowed
    }

    fn one(&mut self) -> bool {
        if self.take("(") {
            let allowed = self.any();
            return self.take(")") && allowed;
        }
        if self.rest.is_empty() {
            return false;
        }
        let mut licence = self.rest.remove(0).to_owned();
        if self.take("WITH") && !self.rest.is_empty() {
            licence = format!("{licence} WITH {}", self.rest.remove(0));
        }
        self.allowed.contains(&licence)
    }

    fn take(&mut self, word: &str) -> bool {
        let is_next = self.rest.first() == Some(&word);
        if is_next {
            self.rest.remove(0);
        }
        is_next
    }
}

#[cfg(test)]
mod tests {
    use super::{check, is_allowed};
    use crate::tidy::finding::lines;
    use crate::tidy::packages::package_of;
    use crate::tidy::tree::tree;

    fn allows(expression: &str) -> bool {
        let allowed = ["MIT", "Apache-2.0", "Unicode-3.0"].map(str::to_owned);
        is_allowed(&package_of("a", "1.0.0", Some(expression)), &allowed)
    }

    #[test]
    fn one_allowed_alternative_is_enough() {
        assert!(allows("MIT"));
        assert!(allows("GPL-3.0 OR MIT"));
        assert!(allows("LGPL-2.1/Apache-2.0"));
        assert!(allows("Apache-2.0 WITH LLVM-exception OR MIT"));
    }

    #[test]
    fn every_part_of_a_conjunction_must_be_allowed() {
        assert!(allows("(MIT OR Apache-2.0) AND Unicode-3.0"));
        assert!(!allows("(MIT OR Apache-2.0) AND MPL-2.0"));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        assert!(!allows("Apache-2.0 WITH LLVM-exception"));
        assert!(!allows(""));
        assert!(!allows("MIT MIT"));
        assert!(!allows("(MIT"));
    }

    #[test]
    fn a_package_under_another_licence_is_refused() {
        let files = [("deny.toml", "[licenses]\nallow = [\"MIT\"]"), ("Cargo.lock", "\nname = \"b\"\n")];
        let packages = [package_of("a", "1.0.0", Some("MIT")), package_of("b", "1.0.0", Some("MPL-2.0"))];
        let found = lines(check(&tree(&files), &packages));
        assert_eq!(found, ["Cargo.lock:2: `b` has MPL-2.0, which deny.toml does not allow (licence)"]);
    }
}
