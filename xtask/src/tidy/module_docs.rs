//! Every Rust file opens by saying, briefly, what lives there.

use super::finding::Finding;
use super::tree::{File, Tree};

const WORDS_MAX: usize = 15;

/// Folders of input for tests, which are not modules.
const TEST_INPUT: [&str; 3] = ["/data/", "/fixtures/", "/snapshots/"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let modules = tree.rust().filter(|file| !TEST_INPUT.iter().any(|folder| file.path.contains(folder)));
    modules.filter_map(check_file).collect()
}

fn check_file(file: &File) -> Option<Finding> {
    let message = match first_sentence(&file.text) {
        None => "a file starts with `//!` and what lives here".to_owned(),
        Some(sentence) => match sentence.split_whitespace().count() {
            0..=WORDS_MAX => return None,
            words => format!("the first sentence has {words} words; at most {WORDS_MAX}"),
        },
    };
    Some(Finding::new(&file.path, 1, "module docs", message))
}

/// The first sentence of the leading `//!` paragraph.
fn first_sentence(text: &str) -> Option<String> {
    let paragraph: Vec<&str> =
        text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
    let paragraph = paragraph.split(|line| line.is_empty()).next()?.join(" ");
    let end = [". ", "! ", "? "].iter().filter_map(|end| paragraph.find(end)).min();
    let sentence = &paragraph[..end.unwrap_or(paragraph.len())];
    (!sentence.is_empty()).then(|| sentence.to_owned())
}

#[cfg(test)]
mod tests {
    use crate::tidy::finding::lines;
    use crate::tidy::tree::tree;

    fn check(text: &str) -> Vec<String> {
        lines(super::check(&tree(&[("a.rs", text)])))
    }

    #[test]
    fn a_file_without_module_docs_is_refused() {
        let found = ["a.rs:1: a file starts with `//!` and what lives here (module docs)"];
        assert_eq!(check("use a;\n//! Late."), found);
        assert_eq!(check("//!\n//! Late."), found);
        assert_eq!(check(""), found);
    }

    #[test]
    fn a_long_first_sentence_is_refused() {
        let long = format!("//! {}\n//! {}.", "word ".repeat(8), "word ".repeat(8));
        let found = ["a.rs:1: the first sentence has 17 words; at most 15 (module docs)"];
        assert_eq!(check(&long), found);
    }

    #[test]
    fn only_the_first_sentence_is_counted() {
        assert_eq!(check(&format!("//! Short. {}", "word ".repeat(20))), Vec::<String>::new());
        assert_eq!(check(&format!("//! Short\n//!\n//! {}", "word ".repeat(20))), Vec::<String>::new());
    }

    #[test]
    fn input_of_tests_is_not_judged() {
        let input = tree(&[("crates/a/tests/data/b.rs", "use c;")]);
        assert!(super::check(&input).is_empty());
    }
}
