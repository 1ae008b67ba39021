//! Every package the workspace is built from, as cargo knows it without a network.

use anyhow::{Context, Result};
use serde_json::Value;

use super::tree::Tree;
use crate::shell::{cargo, output};

/// A package of the lock file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) licence: Option<String>,
}

pub(super) fn of_workspace() -> Result<Vec<Package>> {
    parse(&output(&mut cargo(&["metadata", "--offline", "--locked", "--format-version", "1"]))?)
}

fn parse(metadata: &str) -> Result<Vec<Package>> {
    let metadata: Value =
        serde_json::from_str(metadata).context("cannot read what `cargo metadata` printed")?;
    let packages = metadata["packages"].as_array().context("`cargo metadata` printed no packages")?;
    packages.iter().map(package).collect()
}

fn package(value: &Value) -> Result<Package> {
    let text = |key: &str| value[key].as_str().map(str::to_owned);
    let name = text("name").context("a package without a name")?;
    let version = text("version").with_context(|| format!("package {name} has no version"))?;
    Ok(Package { name, version, licence: text("license") })
}

/// Where the lock file names a package, for a finding about it.
pub(super) fn locked_line(tree: &Tree, name: &str) -> usize {
    let entry = format!("name = \"{name}\"");
    let lines = tree.file("Cargo.lock").and_then(|lock| lock.text.lines().position(|line| line == entry));
    lines.map_or(1, |at| at + 1)
}

#[cfg(test)]
pub(super) fn package_of(name: &str, version: &str, licence: Option<&str>) -> Package {
    Package { name: name.to_owned(), version: version.to_owned(), licence: licence.map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::{package_of, parse};

    #[test]
    fn packages_are_read_from_the_metadata() {
        let metadata = r#"{"packages":[{"name":"a","version":"1.0.0","license":null}]}"#;
        assert_eq!(parse(metadata).unwrap(), [package_of("a", "1.0.0", None)]);
        assert!(parse("{}").is_err());
    }
}
