//! What the tests need beyond a Rust toolchain, installed where it is missing.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::say::say;
use crate::shell::{cargo, output, program, succeed, succeeds};

/// A program the tests start, and the Debian package that brings it.
struct Need {
    program: &'static str,
    package: &'static str,
}

/// Terminals, editors and clocks that the process tests drive; Python and SQLite look on from outside.
const NEEDS: &[Need] = &[
    Need { program: "faketime", package: "faketime" },
    Need { program: "ip", package: "iproute2" },
    Need { program: "git", package: "git" },
    Need { program: "python3", package: "python3" },
    Need { program: "sqlite3", package: "sqlite3" },
    Need { program: "tmux", package: "tmux" },
    Need { program: "top", package: "procps" },
    Need { program: "vim", package: "vim" },
];

/// Installs what is missing; does nothing where nothing is.
pub(crate) fn provide() -> Result<()> {
    provide_programs()?;
    provide_nextest()
}

fn provide_nextest() -> Result<()> {
    if succeeds(&mut cargo(&["nextest", "--version"])) {
        return Ok(());
    }
    say("installing cargo-nextest");
    succeed(&mut cargo(&["install", "cargo-nextest", "--locked"]))
        .context("the tests run under cargo-nextest: install it by hand, see https://nexte.st")
}

fn provide_programs() -> Result<()> {
    let packages = missing(NEEDS, is_there);
    if packages.is_empty() {
        return Ok(());
    }
    say(&format!("installing {}", packages.join(" ")));
    install(&packages).with_context(|| {
        format!(
            "the tests need programs that are not here; install these packages by hand: {}",
            packages.join(" ")
        )
    })
}

fn missing(needs: &[Need], is_there: impl Fn(&str) -> bool) -> Vec<&'static str> {
    needs.iter().filter(|need| !is_there(need.program)).map(|need| need.package).collect()
}

fn is_there(name: &str) -> bool {
    succeeds(&mut program("sh", &["-c", "command -v \"$0\"", name]))
}

fn install(packages: &[&'static str]) -> Result<()> {
    if !is_there("apt-get") {
        bail!("this machine has no apt-get");
    }
    let as_root = output(&mut program("id", &["-u"]))?.trim() == "0";
    if !as_root && !is_there("sudo") {
        bail!("neither root nor sudo");
    }
    succeed(&mut apt_get(as_root, &["update", "-qq"]))?;
    let install = ["install", "-y", "-qq", "--no-install-recommends"];
    succeed(&mut apt_get(as_root, &[&install, packages].concat()))?;
    let still = missing(NEEDS, is_there);
    if !still.is_empty() {
        bail!("installed, yet not on the PATH: {}", still.join(" "));
    }
    Ok(())
}

/// Waits for another apt-get rather than failing beside it, and asks no questions.
fn apt_get(as_root: bool, arguments: &[&str]) -> Command {
    let quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300"];
    let words = [&quiet, arguments].concat();
    if as_root {
        program(words[0], &words[1..])
    } else {
        program("sudo", &[&["-n"], words.as_slice()].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::{NEEDS, missing};

    #[test]
    fn only_packages_of_absent_programs_are_installed() {
        let packages = missing(NEEDS, |program| program != "top" && program != "vim");
        assert_eq!(packages, ["procps", "vim"]);
    }
}
