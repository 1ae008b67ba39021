//! Each error code has a page, and the API its description.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use tenure_words::Blame;

/// While this file exists, the tests write the pages instead of judging them. `cargo xtask fix` makes it.
const REWRITE: &str = "target/update-references";

fn in_repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The rows of the table: code, exit, when, more facts.
fn rows() -> Vec<[String; 4]> {
    let table = fs::read_to_string(in_repository("docs/reference/errors.md")).unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let cells = |line: &str| {
        let mut cells = line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned());
        std::array::from_fn(|_| cells.next().unwrap_or_default())
    };
    rows.map(cells).collect()
}

fn page([code, exit, when, facts]: &[String; 4]) -> String {
    let code = code.trim_matches('`');
    let blame = match exit.split(' ').next() {
        Some("1") => Blame::Failure,
        Some("2") => Blame::Usage,
        _ => Blame::Refusal,
    };
    let (status, after) = tenure_server::status(code, blame);
    let mut page = format!("# {code}\n\nWhen {when}.\n\n");
    writeln!(page, "- Status over HTTP: {status}.").unwrap();
    match after {
        Some(ms) => writeln!(page, "- The same request may succeed later: ask again after {ms} ms.").unwrap(),
        None => page.push_str("- The same request will not succeed by being repeated.\n"),
    }
    writeln!(page, "- Exit code of a command: {exit}.").unwrap();
    if !facts.is_empty() {
        writeln!(page, "- More facts: {facts}.").unwrap();
    }
    page.push_str("\nAll codes: [errors](../reference/errors.md).\n");
    page
}

#[test]
fn the_page_of_every_error_is_what_the_table_and_the_server_say() {
    let directory = in_repository("docs/errors");
    let is_rewritten = in_repository(REWRITE).exists();
    let mut expected = Vec::new();
    for row in rows() {
        let name = format!("{}.md", row[0].trim_matches('`'));
        if is_rewritten {
            fs::create_dir_all(&directory).unwrap();
            fs::write(directory.join(&name), page(&row)).unwrap();
        }
        let written = fs::read_to_string(directory.join(&name)).unwrap_or_default();
        assert_eq!(written, page(&row), "`cargo xtask fix` rewrites docs/errors/{name}");
        expected.push(name);
    }
    let mut there: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    there.sort();
    expected.sort();
    assert_eq!(there, expected, "a page of a code that is no more is removed by hand");
}

#[test]
fn the_description_of_the_api_is_what_was_looked_at() {
    let path = in_repository("docs/reference/openapi.json");
    let told = format!("{:#}\n", serde_json::to_value(tenure_server::describe()).unwrap());
    if in_repository(REWRITE).exists() {
        fs::write(&path, &told).unwrap();
    }
    assert_eq!(fs::read_to_string(path).unwrap_or_default(), told, "`cargo xtask fix` rewrites it");
}
