//! Tables without rules between their cells.
//!
//! Every row is on one line, however long, because ids and keys are there to be copied.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use super::{Look, Tone};

/// Where the columns of a table stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Columns {
    /// All to the left.
    Left,
    /// All but the first to the right: they are figures.
    Figures,
}

/// A table's lines: the header as it is shown, then one for each row.
pub(super) fn lines<const N: usize>(
    look: &Look,
    (header, columns): ([&str; N], Columns),
    rows: impl Iterator<Item = [String; N]>,
) -> (Option<String>, Vec<String>) {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty().set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header);
    table.add_rows(rows);
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if at > 0 && columns == Columns::Figures {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut lines = table.lines().map(|line| line.trim_end().to_owned());
    let header = lines.next().map(|line| look.paint(Tone::Dim, &line));
    (header, lines.collect())
}

/// A whole table of rows that are shown as they are.
pub(super) fn table<const N: usize>(
    look: &Look,
    header: ([&str; N], Columns),
    rows: impl Iterator<Item = [String; N]>,
) -> String {
    let (header, lines) = lines(look, header, rows);
    header.into_iter().chain(lines).map(|line| line + "\n").collect()
}
