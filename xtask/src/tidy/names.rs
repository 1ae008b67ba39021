//! Words that say nothing are refused in the names of types, modules and files.

use super::finding::Finding;
use super::source::{Item, items, line_at};
use super::tree::{File, Tree};

const REFUSED: [&str; 14] = [
    "base", "common", "data", "enhanced", "helper", "impl", "info", "manager", "new", "service", "unified",
    "util", "utils", "v2",
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let files = tree.rust().filter_map(check_path);
    files.chain(tree.rust().flat_map(check_items)).collect()
}

fn check_path(file: &File) -> Option<Finding> {
    let path = file.path.trim_end_matches(".rs");
    let name = path.split('/').find(|part| refused_word(part).is_some())?;
    Some(finding(file, 1, name))
}

fn check_items(file: &File) -> impl Iterator<Item = Finding> {
    let named = items(&file.code).into_iter().filter(|item| item.keyword != "fn");
    let refused = named.filter(|item: &Item<'_>| refused_word(item.name).is_some());
    refused.map(|item| finding(file, line_at(&file.code, item.offset), item.name))
}

fn finding(file: &File, line: usize, name: &str) -> Finding {
    let word = refused_word(name).unwrap_or_default();
    Finding::new(
        &file.path,
        line,
        "name",
        format!("`{name}`: the word `{word}` says nothing; say what it is"),
    )
}

/// The refused word in a name of either form, `CamelCase` or `snake_case`.
fn refused_word(name: &str) -> Option<String> {
    let words = name.split(['_', '-']).flat_map(camel_words).map(str::to_lowercase);
    words.into_iter().find(|word| REFUSED.contains(&word.as_str()))
}

/// `HttpV2Info` is Http, V2, Info; a digit belongs to the letters before it.
fn camel_words(name: &str) -> Vec<&str> {
    let chars: Vec<(usize, char)> = name.char_indices().collect();
    let begins = |at: usize| {
        let (previous, this) = (chars[at - 1].1, chars[at].1);
        let next_is_lower = chars.get(at + 1).is_some_and(|(_, next)| next.is_lowercase());
        this.is_uppercase() && (!previous.is_uppercase() || next_is_lower)
    };
    let starts = (1..chars.len()).filter(|at| begins(*at)).map(|at| chars[at].0);
    let bounds: Vec<usize> = [0].into_iter().chain(starts).chain([name.len()]).collect();
    bounds.windows(2).map(|pair| &name[pair[0]..pair[1]]).collect()
}

#[cfg(test)]
mod tests {
    use super::{camel_words, check, refused_word};
    use crate::tidy::finding::lines;
    use crate::tidy::tree::tree;

    #[test]
    fn camel_case_splits_at_capitals() {
        assert_eq!(camel_words("HTTPInfoV2"), ["HTTP", "Info", "V2"]);
        assert_eq!(camel_words("snake"), ["snake"]);
    }

    #[test]
    fn only_whole_words_are_refused() {
        let refused = ["SessionManager", "NewLease", "CommitV2", "Impl", "row_utils", "data"];
        assert!(refused.iter().all(|name| refused_word(name).is_some()));
        let fine = ["Database", "Renewal", "Information", "base64", "V1", "newest", "Utility"];
        assert!(fine.iter().all(|name| refused_word(name).is_none()));
    }

    #[test]
    fn types_modules_and_files_are_judged_and_functions_are_not() {
        let text = "fn new() {}\nstruct LeaseInfo;\nmod data {}\n// struct Data;";
        let found = lines(check(&tree(&[("src/a.rs", text), ("src/util/b.rs", "")])));
        assert_eq!(
            found,
            [
                "src/a.rs:2: `LeaseInfo`: the word `info` says nothing; say what it is (name)",
                "src/a.rs:3: `data`: the word `data` says nothing; say what it is (name)",
                "src/util/b.rs:1: `util`: the word `util` says nothing; say what it is (name)",
            ]
        );
    }
}
