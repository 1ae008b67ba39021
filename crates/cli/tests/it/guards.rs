//! The snippets by which side effects guard themselves do what they say.

use std::process::Command;

use crate::home::{Home, Running, answer, document, keys};

/// What SQLite answers to the snippet for a fence.
fn guarded(home: &Home, fence: u64) -> String {
    let snippet = home.ok(&["guard", "--sql"]);
    // What begins with a dash would be an option.
    let sql = format!("\n{snippet}").replace(":session", "'ses_1'").replace(":fence", &fence.to_string());
    let told = Command::new("sqlite3").arg(home.workspace().join("own.db")).arg(sql).output().unwrap();
    assert!(told.status.success(), "{told:?}");
    String::from_utf8(told.stdout).unwrap()
}

#[test]
fn the_sql_snippet_gives_a_row_to_the_newest_fence_only() {
    let home = Home::new();
    assert_eq!(guarded(&home, 1), "1\n");
    assert_eq!(guarded(&home, 1), "1\n", "the same holder writes again");
    assert_eq!(guarded(&home, 3), "3\n");
    assert_eq!(guarded(&home, 2), "", "a former holder gets no row");
}

#[test]
fn the_shell_snippet_lets_the_holder_pass_and_nobody_else() {
    let home = Home::new();
    let running = Running::start(&home, "job", "sleep 60");
    let id = home.json(&["show", "job"])["id"].as_str().unwrap().to_owned();
    let guarded = |fence: &str| {
        let bin = std::path::Path::new(env!("CARGO_BIN_EXE_tenure")).parent().unwrap();
        let snippet = home.ok(&["guard", "--shell"]);
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{snippet}\necho done")]).env("TENURE_HOME", home.storage());
        shell.env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
        answer(shell.env("TENURE_SESSION_ID", &id).env("TENURE_FENCE", fence))
    };
    let holder = guarded("1");
    assert!(holder.code == 0 && holder.out.ends_with("done\n"), "{holder:?}");
    let other = guarded("2");
    assert!(other.code == 3 && !other.out.contains("done"), "{other:?}");
    drop(running);
}

#[test]
fn all_snippets_are_printed_unless_one_is_chosen() {
    let home = Home::new();
    assert_eq!(keys(&document(&home.ok(&["guard", "--output", "json"]))), ["sql", "http", "shell"]);
    assert_eq!(keys(&document(&home.ok(&["guard", "--http", "--output", "json"]))), ["http"]);
    assert!(home.ok(&["guard"]).contains("== shell =="));
}
