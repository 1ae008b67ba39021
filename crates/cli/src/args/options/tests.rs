//! Tests of the options module.

use super::*;

fn resolve(global: &Global, environment: &[(&'static str, &str)]) -> Result<Options, Problem> {
    Options::resolve(global, &Environment::of(environment))
}

fn home(directory: &tempfile::TempDir) -> Vec<(&'static str, &str)> {
    vec![("TENURE_HOME", directory.path().to_str().unwrap())]
}

#[test]
fn a_flag_wins_over_the_environment_over_the_file_over_the_default() {
    let directory = tempfile::tempdir().unwrap();
    let mut environment = home(&directory);
    let db = |global: &Global, environment: &[(&'static str, &str)]| {
        let Setting { value, origin } = resolve(global, environment).unwrap().db;
        (value, origin)
    };
    let flag = Global { db: Some("f.db".into()), ..Global::default() };

    let default = directory.path().join("tenure.db");
    assert_eq!(db(&Global::default(), &environment), (default, Origin::Default));

    std::fs::write(directory.path().join("tenure.toml"), "db = \"other.db\"\n").unwrap();
    let other = directory.path().join("other.db");
    assert_eq!(db(&Global::default(), &environment), (other, Origin::File));

    environment.push(("TENURE_DB", "e.db"));
    let variable = Origin::Environment("TENURE_DB");
    assert_eq!(db(&Global::default(), &environment), ("/work/e.db".into(), variable));
    assert_eq!(db(&flag, &environment), ("/work/f.db".into(), Origin::Flag("--db")));
}

#[test]
fn the_storage_directory_follows_the_xdg_rules() {
    let of =
        |environment: &[(&'static str, &str)]| resolve(&Global::default(), environment).unwrap().home.value;
    assert_eq!(of(&[("HOME", "/home/me")]), Path::new("/home/me/.local/share/tenure"));
    assert_eq!(of(&[("HOME", "/home/me"), ("XDG_DATA_HOME", "/data")]), Path::new("/data/tenure"));
    let relative = [("HOME", "/home/me"), ("XDG_DATA_HOME", "data")];
    assert_eq!(of(&relative), Path::new("/home/me/.local/share/tenure"));
    assert_eq!(resolve(&Global::default(), &[]).unwrap_err().code, "CONFIGURATION");
}

#[test]
fn what_makes_no_sense_is_refused_with_its_origin() {
    let directory = tempfile::tempdir().unwrap();
    let with = |name, value| {
        let mut environment = home(&directory);
        environment.push((name, value));
        resolve(&Global::default(), &environment).unwrap_err()
    };
    let fence = with("TENURE_FENCE", "seven\n");
    assert_eq!(fence.primary, "TENURE_FENCE says `seven\\n`, which is not a whole number");
    assert!(with("TENURE_OUTPUT", "xml").primary.starts_with("TENURE_OUTPUT says `xml`"));
    assert!(with("TENURE_NAMESPACE", "../x").primary.starts_with("TENURE_NAMESPACE says `../x`"));
    assert!(with("TENURE_PROFILE", "..").primary.starts_with("TENURE_PROFILE says `..`"));

    std::fs::write(directory.path().join("tenure.toml"), "colour = \"never\"\n").unwrap();
    let unknown = resolve(&Global::default(), &home(&directory)).unwrap_err();
    assert!(unknown.details.iter().any(|line| line.contains("colour")), "{unknown:?}");
}

#[test]
fn no_color_is_respected_unless_a_colour_setting_says_otherwise() {
    let of = |environment: &[(&'static str, &str)]| resolve(&Global::default(), environment).unwrap().color;
    let base = ("HOME", "/nowhere");
    assert_eq!(of(&[base]).value, Color::Auto);
    assert_eq!(of(&[base, ("NO_COLOR", "1")]).value, Color::Never);
    assert_eq!(of(&[base, ("NO_COLOR", "")]).value, Color::Auto, "an empty variable is unset");
    assert_eq!(of(&[base, ("NO_COLOR", "1"), ("TENURE_COLOR", "always")]).value, Color::Always);
}
