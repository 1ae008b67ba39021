//! Words for what is wrong with an exported session.

use tenure_core::escape::Escaped;
use tenure_portable::{Flaw, FlawKind, VERSION};

use tenure_words::Problem;

/// Where it is, what it is, and what to do.
pub(super) fn words(flaw: &Flaw) -> Problem {
    let (what, hint) = match &flaw.what {
        FlawKind::Foreign => (
            "it is not the beginning of an exported session".to_owned(),
            "name a file that `tenure export` wrote, or a record of an earlier tool",
        ),
        FlawKind::Newer { version } => (
            format!("it is of version {version}, and this program knows version {VERSION}"),
            "take it in with the program that wrote it, or a newer one",
        ),
        FlawKind::CutOff => ("the file ends here, before its last line".to_owned(), AGAIN),
        FlawKind::Altered => ("it was altered: its checksum is another one".to_owned(), AGAIN),
        FlawKind::TooLong => ("it is longer than any line of an exported session".to_owned(), AGAIN),
        FlawKind::Form { why } => (format!("it cannot be understood: {}", Escaped(why)), AGAIN),
        FlawKind::Misplaced { found } => {
            (format!("a line of kind `{}` does not belong here", Escaped(found)), AGAIN)
        }
        FlawKind::Unknown { kind } => (
            format!("lines of kind `{}` are not known", Escaped(kind)),
            "take it in with the program that wrote it, or a newer one",
        ),
        FlawKind::Position { expected, found } => {
            (format!("event {expected} belongs here, and it is event {found}"), AGAIN)
        }
        FlawKind::Stranger => ("it is about another session than the first line".to_owned(), AGAIN),
        FlawKind::Miscounted => ("it counts other events or lines than there are".to_owned(), AGAIN),
        FlawKind::Exchanged => ("the lines before it are not those that were written".to_owned(), AGAIN),
        FlawKind::AfterEnd => ("it comes after the end".to_owned(), AGAIN),
    };
    Problem::failure("IMPORT", format!("take in line {}: {what}", flaw.line))
        .detail("nothing was taken in")
        .hint(hint)
        .fact("line", flaw.line)
        .fact("flaw", name(&flaw.what))
}

const AGAIN: &str = "copy the file again, or export the session again";

const fn name(what: &FlawKind) -> &'static str {
    match what {
        FlawKind::Foreign => "foreign",
        FlawKind::Newer { .. } | FlawKind::Unknown { .. } => "newer",
        FlawKind::CutOff => "cut_off",
        FlawKind::Altered | FlawKind::TooLong => "altered",
        FlawKind::Form { .. } => "form",
        FlawKind::Misplaced { .. }
        | FlawKind::Position { .. }
        | FlawKind::Exchanged
        | FlawKind::AfterEnd
        | FlawKind::Stranger => "order",
        FlawKind::Miscounted => "count",
    }
}
