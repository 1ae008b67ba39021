//! Whether the server answers as its description says.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use anyhow::{Context, Result, bail};

use crate::say::say;
use crate::shell::{cargo, output, program, root, succeed, succeeds};

/// The program that makes requests up, from the Python package index.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";
/// Without these: a cursor, a version or a name has a form that a schema does not say.
const LEFT_OUT: &str = "positive_data_acceptance,unsupported_method,negative_data_rejection";

/// The session that is there for those requests that are to find one.
const KNOWN: &str = "known";

/// Builds the server, starts it over an empty store, and has everything asked that its description allows, and more.
pub(crate) fn run() -> Result<()> {
    let tool = tool()?;
    succeed(&mut cargo(&["build", "--package", "tenure-cli"]))?;
    let home = root().join("target/conformance");
    if home.exists() {
        std::fs::remove_dir_all(&home).with_context(|| format!("empty {}", home.display()))?;
    }
    std::fs::create_dir_all(&home)?;
    std::fs::write(home.join("tenure.toml"), "[serve]\naudit = false\n")?;
    let tenure = root().join("target/debug/tenure");
    let storage = format!("--storage-dir={}", home.display());
    let made = |words: &[&str]| {
        output(&mut program(&tenure, &[&[storage.as_str(), "--output=json"], words].concat()))
    };
    let secret = made(&["token", "create", "--principal=root", "--role=admin"])?;
    let secret = field(&secret, "secret").context("make a token")?;
    made(&["create", "--id", KNOWN])?;
    let known = home.join("known.toml");
    std::fs::write(&known, format!("[parameters]\n\"path.name\" = \"{KNOWN}\"\n"))?;
    let mut server =
        program(&tenure, &[&storage, "--output=json", "serve", "--listen=127.0.0.1:0", "--require-token"])
            .stdout(Stdio::piped())
            .spawn()
            .context("start the server")?;
    let asked = address(&mut server).and_then(|url| {
        ask(&tool, (&url, &secret), (&[], &[]))?;
        say("asking of a session that is there");
        let known = format!("--config-file={}", known.display());
        let stream = "--exclude-path=/v1/sessions/{name}/events";
        ask(&tool, (&url, &secret), (&[&known], &[stream, "--exclude-method=DELETE"]))
    });
    server.kill().context("end the server")?;
    server.wait().context("end the server")?;
    asked
}

/// Where the server serves.
fn address(server: &mut Child) -> Result<String> {
    let mut line = String::new();
    let stdout = server.stdout.take().context("hear from the server")?;
    BufReader::new(stdout).read_line(&mut line)?;
    field(&line, "url").with_context(|| format!("the server said: {line}"))
}

fn ask(tool: &PathBuf, (url, secret): (&str, &str), (before, after): (&[&str], &[&str])) -> Result<()> {
    say(&format!("asking {url}"));
    let bearer = format!("Authorization: Bearer {secret}");
    let description = format!("{url}/openapi.json");
    let run = [
        "run",
        &description,
        "--url",
        url,
        "-H",
        &bearer,
        "--max-examples=50",
        "--phases=coverage,fuzzing",
        "--seed=1",
        "--request-timeout=40",
        // A stream without an end: one heartbeat after the other keeps it from being given up.
        "--exclude-path=/v1/events",
        "--exclude-checks",
        LEFT_OUT,
        "--no-color",
    ];
    let words = [before, &run, after].concat();
    succeed(&mut program(tool, &words)).context("the server does not answer as it says")
}

/// The program, installed for this repository alone where it is missing.
fn tool() -> Result<PathBuf> {
    let place = root().join("target/schemathesis");
    let tool = place.join("bin/schemathesis");
    if tool.exists() {
        return Ok(tool);
    }
    say(&format!("installing {SCHEMATHESIS}"));
    let path = place.to_string_lossy().into_owned();
    if !succeeds(&mut program("python3", &["-m", "venv", &path])) {
        bail!("python3 makes no virtual environment here: install the package python3-venv");
    }
    succeed(&mut program(place.join("bin/pip"), &["install", "--quiet", SCHEMATHESIS]))?;
    Ok(tool)
}

/// A text field of a JSON document, as far as these documents need it.
fn field(document: &str, name: &str) -> Option<String> {
    let (_, rest) = document.split_once(&format!("\"{name}\":\""))?;
    Some(rest.split_once('"')?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn a_field_is_found_in_a_document() {
        assert_eq!(field(r#"{"ok":true,"url":"http://x:1","db":"y"}"#, "url").as_deref(), Some("http://x:1"));
        assert_eq!(field("{}", "url"), None);
    }
}
