//! Each outside dependency is named once, with its reason, and used.

use std::collections::BTreeSet;

use super::finding::Finding;
use super::manifest::{Dependency, of_member, of_workspace};
use super::tree::{File, Tree};

const ROOT: &str = "Cargo.toml";
const RULE: &str = "dependency";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(root) = tree.file(ROOT) else { return Vec::new() };
    let members = tree.member_manifests().flat_map(|(_, file)| check_member(file));
    members.chain(check_root(tree, root)).collect()
}

fn check_member(file: &File) -> Vec<Finding> {
    let own = of_member(&file.text).into_iter().filter(|(_, named)| !named.inherited);
    let message = |name: &str| format!("`{name}` must be inherited: `{name}.workspace = true`");
    own.map(|(_, named)| Finding::new(&file.path, named.line, RULE, message(&named.name))).collect()
}

fn check_root(tree: &Tree, root: &File) -> Vec<Finding> {
    let used: BTreeSet<String> = tree
        .member_manifests()
        .flat_map(|(_, file)| of_member(&file.text))
        .map(|(_, named)| named.name)
        .collect();
    let mut findings = Vec::new();
    for named in of_workspace(&root.text) {
        if !used.contains(&named.name) {
            findings.push(finding(&named, "no member uses it"));
        }
        if !is_ours(&named, &root.text) && !has_reason(&named, &root.text) {
            findings.push(finding(&named, "say on its line why it is here: `# reason`"));
        }
    }
    findings
}

fn finding(named: &Dependency, message: &str) -> Finding {
    Finding::new(ROOT, named.line, RULE, format!("`{}`: {message}", named.name))
}

fn is_ours(named: &Dependency, text: &str) -> bool {
    text[named.value.clone()].contains("path =")
}

fn has_reason(named: &Dependency, text: &str) -> bool {
    let after = text[named.value.end..].lines().next().unwrap_or_default();
    after.trim_start().strip_prefix('#').is_some_and(|reason| !reason.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use crate::tidy::finding::lines;
    use crate::tidy::tree::tree;

    #[test]
    fn a_dependency_needs_a_reason_a_user_and_one_home() {
        let root = "[workspace.dependencies]\nours = { path = \"crates/ours\" }\n\
                    good = \"1\" # a reason with \"# marks\"\nbare = \"1\" #\nidle = { version = \"1#2\" }\n";
        let member = "[dependencies]\nours.workspace = true\ngood.workspace = true\n\
                      bare = { workspace = true, features = [\"a\"] }\nlone = \"2\"\n";
        let found = lines(super::check(&tree(&[("Cargo.toml", root), ("crates/a/Cargo.toml", member)])));
        assert_eq!(
            found,
            [
                "Cargo.toml:4: `bare`: say on its line why it is here: `# reason` (dependency)",
                "Cargo.toml:5: `idle`: no member uses it (dependency)",
                "Cargo.toml:5: `idle`: say on its line why it is here: `# reason` (dependency)",
                "crates/a/Cargo.toml:5: `lone` must be inherited: `lone.workspace = true` (dependency)",
            ]
        );
    }
}
