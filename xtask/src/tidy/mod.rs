//! The rules of this repository that the compiler does not know.

mod allows;
mod duplicates;
mod edges;
mod finding;
mod licences;
mod links;
mod longest;
mod manifest;
mod manifests;
mod markdown;
mod markers;
mod module_docs;
mod names;
mod orphans;
mod outside;
mod packages;
mod requirements;
mod source;
mod test_names;
mod tree;

use anyhow::{Result, bail};

use crate::say::say;
use crate::shell;
use finding::Finding;
use packages::Package;
use tree::Tree;

type TextRule = fn(&Tree) -> Vec<Finding>;
type PackageRule = fn(&Tree, &[Package]) -> Vec<Finding>;

/// The rules that look only at the text of the tree.
const TEXT_RULES: &[TextRule] = &[
    allows::check,
    edges::check,
    links::check,
    manifests::check,
    markers::check,
    module_docs::check,
    names::check,
    orphans::check,
    outside::check,
    requirements::check,
];

/// The rules that also look at every package the workspace is built from.
const PACKAGE_RULES: &[PackageRule] = &[duplicates::check, licences::check];

/// Prints every finding, sorted, then what is longest; fails if there was a finding.
pub(crate) fn run() -> Result<()> {
    let tree = tree::of_checkout(shell::root())?;
    let mut findings: Vec<Finding> = TEXT_RULES.iter().flat_map(|rule| rule(&tree)).collect();
    findings.extend(judge_packages(&tree));
    findings.sort();
    for finding in &findings {
        say(&finding.to_string());
    }
    say(&longest::report(&tree));
    match findings.len() {
        0 => Ok(()),
        1 => bail!("1 finding"),
        count => bail!("{count} findings"),
    }
}

fn judge_packages(tree: &Tree) -> Vec<Finding> {
    match packages::of_workspace() {
        Ok(packages) => PACKAGE_RULES.iter().flat_map(|rule| rule(tree, &packages)).collect(),
        Err(error) => {
            let message = format!("{error:#}; `cargo fetch` brings what is missing");
            vec![Finding::new("Cargo.lock", 1, "packages", message)]
        }
    }
}

/// The rules spell out what they refuse, so the rules about words do not judge them.
fn is_a_rule(path: &str) -> bool {
    path.starts_with("xtask/src/tidy/")
}
