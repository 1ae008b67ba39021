//! The dependencies that a manifest names.

use std::ops::Range;

use toml_edit::{Document, Item, TableLike};

use super::source::line_at;

/// Which table of a member's manifest names a dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Normal,
    Dev,
    Build,
}

/// One line of a dependency table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) inherited: bool,
    /// Where the value stands in the text.
    pub(super) value: Range<usize>,
}

/// What a member's manifest names, platform by platform included.
///
/// A manifest that does not parse names nothing here: cargo has refused it before.
pub(super) fn of_member(text: &str) -> Vec<(Table, Dependency)> {
    let Ok(document) = Document::parse(text) else { return Vec::new() };
    let platforms = document.get("target").and_then(Item::as_table_like);
    let platforms =
        platforms.into_iter().flat_map(|table| table.iter().filter_map(|(_, item)| item.as_table_like()));
    let owners = platforms.chain([document.as_table() as &dyn TableLike]);
    owners.flat_map(|owner| tables_of(owner, text)).collect()
}

/// What `[workspace.dependencies]` of the root manifest names.
pub(super) fn of_workspace(text: &str) -> Vec<Dependency> {
    let Ok(document) = Document::parse(text) else { return Vec::new() };
    let table = document.get("workspace").and_then(|item| item.get("dependencies"));
    table.and_then(Item::as_table_like).map_or_else(Vec::new, |table| dependencies(table, text))
}

fn tables_of(owner: &dyn TableLike, text: &str) -> Vec<(Table, Dependency)> {
    let tables = [
        ("dependencies", Table::Normal),
        ("dev-dependencies", Table::Dev),
        ("build-dependencies", Table::Build),
    ];
    let present = tables.into_iter().filter_map(|(key, kind)| Some((owner.get(key)?.as_table_like()?, kind)));
    present
        .flat_map(|(table, kind)| dependencies(table, text).into_iter().map(move |found| (kind, found)))
        .collect()
}

fn dependencies(table: &dyn TableLike, text: &str) -> Vec<Dependency> {
    let named = table.iter().map(|(name, item)| {
        let key = table.key(name).and_then(toml_edit::Key::span).unwrap_or_default();
        Dependency {
            name: name.to_owned(),
            line: line_at(text, key.start),
            inherited: item.get("workspace").and_then(Item::as_bool) == Some(true),
            value: item.span().unwrap_or(key),
        }
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::{Table, of_member, of_workspace};

    #[test]
    fn a_member_names_dependencies_in_every_table() {
        let text = "[dependencies]\na.workspace = true\n[dev-dependencies]\nb = \"1\"\n\
                    [target.'cfg(unix)'.dependencies]\nc = { workspace = true }\n";
        let found = of_member(text);
        let mut named: Vec<_> = found
            .iter()
            .map(|(table, named)| (named.name.as_str(), *table, named.line, named.inherited))
            .collect();
        named.sort_by_key(|(name, ..)| *name);
        assert_eq!(
            named,
            [("a", Table::Normal, 2, true), ("b", Table::Dev, 4, false), ("c", Table::Normal, 6, true)]
        );
    }

    #[test]
    fn the_workspace_gives_the_place_of_each_value() {
        let text = "[workspace.dependencies]\na = { version = \"1\" } # why\n";
        let found = of_workspace(text);
        assert_eq!(&text[found[0].value.clone()], "{ version = \"1\" }");
    }
}
