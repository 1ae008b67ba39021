//! No package is built in two versions, except where `deny.toml` says why.

use std::collections::{BTreeMap, BTreeSet};

use toml_edit::{Document, Value};

use super::finding::Finding;
use super::packages::{Package, locked_line};
use super::tree::Tree;

const RULE: &str = "duplicate";

/// An entry of `bans.skip`: the package before the `@`, and why it is there twice.
struct Exception {
    name: String,
    reason: String,
}

pub(super) fn check(tree: &Tree, packages: &[Package]) -> Vec<Finding> {
    let exceptions = tree.file("deny.toml").map(|file| exceptions(&file.text)).unwrap_or_default();
    let duplicates = duplicates(packages);
    let excepted = |name: &str| exceptions.iter().any(|exception| exception.name == name);
    let unexcepted = duplicates.iter().filter(|(name, _)| !excepted(name)).map(|(name, versions)| {
        let versions: Vec<&str> = versions.iter().copied().collect();
        let message = format!("`{name}` is built in versions {}", versions.join(" and "));
        Finding::new("Cargo.lock", locked_line(tree, name), RULE, message)
    });
    let exceptions = exceptions.iter().filter_map(|exception| {
        let message = judge(exception, duplicates.contains_key(exception.name.as_str()))?;
        Some(Finding::new("deny.toml", 1, RULE, format!("`{}`: {message}", exception.name)))
    });
    unexcepted.chain(exceptions).collect()
}

fn judge(exception: &Exception, is_duplicate: bool) -> Option<&'static str> {
    match (is_duplicate, exception.reason.trim().is_empty()) {
        (false, _) => Some("no longer built in two versions; remove it from bans.skip"),
        (true, true) => Some("bans.skip gives no reason"),
        (true, false) => None,
    }
}

fn duplicates(packages: &[Package]) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in packages {
        versions.entry(&package.name).or_default().insert(&package.version);
    }
    versions.retain(|_, versions| versions.len() > 1);
    versions
}

fn exceptions(text: &str) -> Vec<Exception> {
    let Ok(document) = Document::parse(text) else { return Vec::new() };
    let list = document.get("bans").and_then(|bans| bans.get("skip")).and_then(|skip| skip.as_array());
    list.into_iter().flatten().filter_map(exception).collect()
}

fn exception(value: &Value) -> Option<Exception> {
    let table = value.as_inline_table()?;
    let text = |key: &str| table.get(key).and_then(Value::as_str);
    let name = text("crate")?.split('@').next()?;
    Some(Exception { name: name.to_owned(), reason: text("reason").unwrap_or_default().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::finding::lines;
    use crate::tidy::packages::package_of;
    use crate::tidy::tree::tree;

    #[test]
    fn a_second_version_needs_a_reason_that_still_holds() {
        let deny = "[bans]\nskip = [{ crate = \"b@1\", reason = \"why\" }, { crate = \"c@1\" }, { crate = \"d@1\" }]";
        let packages =
            ["a", "b", "c"].map(|name| [package_of(name, "1.0.0", None), package_of(name, "2.0.0", None)]);
        let found = lines(check(&tree(&[("deny.toml", deny)]), packages.as_flattened()));
        assert_eq!(
            found,
            [
                "Cargo.lock:1: `a` is built in versions 1.0.0 and 2.0.0 (duplicate)",
                "deny.toml:1: `c`: bans.skip gives no reason (duplicate)",
                "deny.toml:1: `d`: no longer built in two versions; remove it from bans.skip (duplicate)",
            ]
        );
    }
}
