//! Which of our crates may depend on which.

use super::finding::Finding;
use super::manifest::{Dependency, Table, of_member};
use super::tree::{File, Tree};

/// A crate, what it may depend on, and what only its tests may depend on.
struct Row {
    folder: &'static str,
    uses: &'static [&'static str],
    tests_use: &'static [&'static str],
}

/// The allowed edges, by folder. Every other edge is refused; a new one is argued in a design note first.
const EDGES: &[Row] = &[
    Row { folder: "core", uses: &[], tests_use: &[] },
    Row { folder: "replay", uses: &["core"], tests_use: &[] },
    Row { folder: "store", uses: &["core"], tests_use: &[] },
    Row { folder: "store-sqlite", uses: &["core", "store"], tests_use: &["store-testkit"] },
    Row { folder: "store-testkit", uses: &["core", "store"], tests_use: &[] },
    Row { folder: "engine", uses: &["core", "replay", "store"], tests_use: &["store-testkit"] },
    Row {
        folder: "tenure",
        uses: &["core", "replay", "store", "store-sqlite", "engine"],
        tests_use: &["store-testkit"],
    },
    Row { folder: "api", uses: &["core"], tests_use: &[] },
    Row { folder: "portable", uses: &["core"], tests_use: &[] },
    Row { folder: "words", uses: &["core", "store", "engine", "api"], tests_use: &[] },
    Row {
        folder: "server",
        uses: &["core", "store", "engine", "api", "words"],
        tests_use: &["store-sqlite", "client"],
    },
    Row { folder: "client", uses: &["api"], tests_use: &[] },
    Row { folder: "traces", uses: &["client"], tests_use: &[] },
    Row { folder: "remote", uses: &["core", "store", "engine", "api", "words", "client"], tests_use: &[] },
    Row { folder: "guard", uses: &[], tests_use: &[] },
    Row {
        folder: "cli",
        uses: &[
            "core",
            "store",
            "store-sqlite",
            "engine",
            "api",
            "words",
            "server",
            "portable",
            "client",
            "remote",
            "traces",
            "guard",
        ],
        tests_use: &[],
    },
    Row { folder: "xtask", uses: &[], tests_use: &[] },
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.member_manifests().flat_map(|(folder, file)| check_member(folder, file)).collect()
}

fn check_member(folder: &str, file: &File) -> Vec<Finding> {
    let Some(row) = EDGES.iter().find(|row| row.folder == folder) else {
        let message = format!("`{folder}` has no row in EDGES of xtask/src/tidy/edges.rs");
        return vec![Finding::new(&file.path, 1, "edge", message)];
    };
    of_member(&file.text).iter().filter_map(|(table, named)| check_edge(row, *table, named, file)).collect()
}

fn check_edge(row: &Row, table: Table, named: &Dependency, file: &File) -> Option<Finding> {
    let to = named.name.strip_prefix("tenure-")?;
    let allowed = row.uses.contains(&to) || (table == Table::Dev && row.tests_use.contains(&to));
    let message =
        format!("`{}` must not depend on `{to}`: not in EDGES of xtask/src/tidy/edges.rs", row.folder);
    (!allowed).then(|| Finding::new(&file.path, named.line, "edge", message))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::finding::lines;
    use crate::tidy::tree::tree;

    #[test]
    fn an_edge_that_is_not_in_the_table_is_refused() {
        let core = "[dependencies]\ntenure-store.workspace = true\nserde.workspace = true\n";
        let found = lines(check(&tree(&[("crates/core/Cargo.toml", core)])));
        let refused = "must not depend on `store`: not in EDGES of xtask/src/tidy/edges.rs (edge)";
        assert_eq!(found, [format!("crates/core/Cargo.toml:2: `core` {refused}")]);
    }

    #[test]
    fn the_testkit_is_for_tests() {
        let as_dev = "[dev-dependencies]\ntenure-store-testkit.workspace = true\n";
        assert!(check(&tree(&[("crates/engine/Cargo.toml", as_dev)])).is_empty());
        let as_normal = "[dependencies]\ntenure-store-testkit.workspace = true\n";
        assert_eq!(check(&tree(&[("crates/engine/Cargo.toml", as_normal)])).len(), 1);
    }

    #[test]
    fn a_crate_without_a_row_is_refused() {
        let found = lines(check(&tree(&[("crates/extra/Cargo.toml", "")])));
        let message = "`extra` has no row in EDGES of xtask/src/tidy/edges.rs (edge)";
        assert_eq!(found, [format!("crates/extra/Cargo.toml:1: {message}")]);
    }
}
