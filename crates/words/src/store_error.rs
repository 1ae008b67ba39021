//! Words for a store that gave no trustworthy answer.

use std::error::Error;

use serde_json::Value;
use tenure_core::escape::{Escaped, is_hostile};
use tenure_store::{Said, StoreError};

use crate::problem::{Problem, causes};

/// Words for `error`.
pub fn words(error: &StoreError) -> Problem {
    let problem = |code| failure(code, error);
    match error {
        StoreError::Unavailable { .. } => problem("STORE_UNAVAILABLE").hint("tenure doctor"),
        StoreError::Full { .. } => {
            problem("STORE_FULL").hint("nothing was changed; free some space where the store is")
        }
        StoreError::Blocked { pid } => blocked(problem("STORE_BLOCKED"), *pid),
        StoreError::Unknown { .. } => problem("STORE_UNKNOWN").hint("look whether it was kept: tenure list"),
        StoreError::Corrupt { .. } => problem("STORE_CORRUPT").hint("tenure doctor --deep"),
        StoreError::Closed => problem("STORE_CLOSED"),
        StoreError::Unreachable { is_sent, .. } => unreachable(problem("SERVER_UNREACHABLE"), *is_sent),
        StoreError::Said(said) => repeated(said),
        StoreError::NotOverTheWire { what } => {
            Problem::refused("NOT_OVER_THE_WIRE", format!("a server does not let others {what}"))
                .hint("do it where the store is: leave `--server` and TENURE_SERVER away, or give `--db`")
        }
    }
}

fn unreachable(problem: Problem, is_sent: bool) -> Problem {
    let problem = match is_sent {
        true => problem.detail("the request may have arrived: look whether it was carried out"),
        false => problem,
    };
    problem.hint("see that it runs, and that `--server` or TENURE_SERVER names it")
}

/// A server's no, in its own words, which it has escaped: whatever else is in them, it is no server of ours.
fn repeated(said: &Said) -> Problem {
    let (code, statement) = (said.code.clone(), tamed(&said.statement));
    let problem = match said.status {
        400 => Problem::usage(statement),
        404 | 410 | 500.. => Problem::missing(code, statement),
        _ => Problem::refused(code, statement),
    };
    let problem = problem.details(said.details.iter().map(|detail| tamed(detail)));
    let problem = said.hints.iter().map(|hint| tamed(hint)).fold(problem, Problem::hint);
    said.facts.iter().fold(problem, |problem, (name, json)| {
        let value: Value = serde_json::from_str(json).unwrap_or_else(|_no_json| json.as_str().into());
        problem.fact(name, value)
    })
}

/// A failure that is said by an error and its causes.
pub fn failure(code: &'static str, error: &dyn Error) -> Problem {
    let mut said = causes(error);
    Problem::failure(code, said.remove(0)).details(said)
}

/// What to do where somebody keeps others from writing.
pub fn blocked(problem: Problem, pid: Option<u32>) -> Problem {
    let problem =
        problem.hint("nothing was changed; if that process is stopped, continue or end it: tenure doctor");
    match pid {
        Some(pid) => problem.fact("pid", pid),
        None => problem,
    }
}

/// A text that is escaped already, without what a terminal would obey.
fn tamed(text: &str) -> String {
    let tame = |letter: char| match is_hostile(letter) {
        true => Escaped(letter.encode_utf8(&mut [0; 4])).to_string(),
        false => letter.to_string(),
    };
    text.chars().map(tame).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_words_are_shown_and_not_obeyed() {
        for status in [400, 404, 409, 503] {
            let said = Said {
                code: "HELD".to_owned(),
                status,
                is_passing: false,
                statement: "k\\n is \u{1b}[2Jheld".to_owned(),
                details: vec!["by\u{7}".to_owned()],
                hints: vec!["wait\u{202e}".to_owned()],
                facts: Vec::new(),
            };
            let problem = repeated(&said);
            assert_eq!(problem.primary, "k\\n is \\x1B[2Jheld", "what was escaped stays as it is");
            let all = format!("{:?} {:?}", problem.details, problem.hints);
            assert!(all.contains("x07") && all.contains("202E") && !all.contains(is_hostile), "{all}");
        }
    }
}
