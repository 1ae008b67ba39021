//! Tests of the options module.

use tenure_server::Limits;

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

#[test]
fn a_servers_limits_are_the_files_or_defaults_and_within_bounds() {
    let directory = tempfile::tempdir().unwrap();
    let with = |said: &str| {
        std::fs::write(directory.path().join("tenure.toml"), format!("[serve]\n{said}\n")).unwrap();
        resolve(&Global::default(), &home(&directory)).map(|options| options.serve)
    };
    let Limits { connections, drain, .. } = Limits::default();
    let default = with("").unwrap().limits;
    assert_eq!(default.connections, Setting { value: connections, origin: Origin::Default });
    assert_eq!(default.drain, Setting { value: drain, origin: Origin::Default });

    let said = "connections = 7\nbody_bytes = 65536\nhead_timeout = \"2s\"\nbody_timeout = \"3s\"\n\
        write_timeout = \"1m\"\nheartbeat = \"1h\"\ndrain = \"0s\"\naudit = false";
    let serve = with(said).unwrap();
    let limits = serve.limits.limits();
    assert_eq!((limits.connections, limits.body_bytes, serve.audit.value), (7, 65_536, false));
    let times =
        [limits.head_timeout, limits.body_timeout, limits.write_timeout, limits.heartbeat, limits.drain];
    assert_eq!(times.map(|time| time.as_secs()), [2, 3, 60, 3600, 0]);
    assert_eq!(serve.limits.heartbeat.origin, Origin::File);

    let words = with("connections = 0").unwrap_err().primary.clone();
    let expected = "tenure.toml says `0`, which is not a number from 1 to 1000000 for `serve.connections`";
    assert_eq!(words, expected);
    let words = with("drain = \"2h\"").unwrap_err().primary.clone();
    assert_eq!(
        words,
        "tenure.toml says `2h`, which is not a length of time from 0ms to 1h for `serve.drain`"
    );
    for wrong in
        ["body_bytes = 1", "head_timeout = \"soon\"", "write_timeout = \"100ms\"", "heartbeat = \"0s\""]
    {
        assert_eq!(with(wrong).unwrap_err().code, "USAGE", "{wrong}");
    }
    assert_eq!(with("connections = -1").unwrap_err().code, "CONFIGURATION");
    assert_eq!(with("patience = \"1s\"").unwrap_err().code, "CONFIGURATION");
}

const STANDARD: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

#[test]
fn what_is_said_of_traces_here_wins_over_what_is_said_for_every_program() {
    let directory = tempfile::tempdir().unwrap();
    let mut environment = home(&directory);
    let of = |environment: &[(&'static str, &str)]| {
        let Setting { value, origin } = resolve(&Global::default(), environment).unwrap().serve.traces;
        (value.map(|collector| collector.url()), origin)
    };
    let to = |url: &str, origin| (Some(url.to_owned()), origin);
    assert_eq!(of(&environment), (None, Origin::Default));
    let (base, exact) = (STANDARD, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    environment.push((base, "http://a:1/"));
    assert_eq!(of(&environment), to("http://a:1/v1/traces", Origin::Environment(base)));
    environment.push((exact, "http://b:2/spans"));
    assert_eq!(of(&environment), to("http://b:2/spans", Origin::Environment(exact)));
    for off in [("OTEL_SDK_DISABLED", "true"), ("OTEL_TRACES_EXPORTER", "none")] {
        let mut environment = environment.clone();
        environment.push(off);
        assert_eq!(of(&environment), (None, Origin::Default), "{off:?}");
    }
    std::fs::write(directory.path().join("tenure.toml"), "[serve]\notlp = \"https://c\"\n").unwrap();
    assert_eq!(of(&environment), to("https://c/v1/traces", Origin::File));
    environment.push(("TENURE_OTLP", "http://d"));
    assert_eq!(of(&environment), to("http://d/v1/traces", Origin::Environment("TENURE_OTLP")));
    environment.push(("TENURE_OTLP", "http://me:s3cret@d"));
    let wrong = resolve(&Global::default(), &environment).unwrap_err();
    assert!(wrong.primary.starts_with("TENURE_OTLP does not say where a collector is"), "{wrong:?}");
    assert!(!format!("{wrong:?}").contains("s3cret"), "{wrong:?}");
}

#[test]
fn what_another_program_makes_of_traces_keeps_nobody_from_anything() {
    let directory = tempfile::tempdir().unwrap();
    for text in ["localhost:4317", "unix:///run/collector", "http://me:s3cret@a", "https://a?key=s3cret"] {
        let mut environment = home(&directory);
        environment.push((STANDARD, text));
        let traces = resolve(&Global::default(), &environment).unwrap().serve.traces;
        assert_eq!(traces, Setting { value: None, origin: Origin::Environment(STANDARD) }, "{text}");
    }
}

#[test]
fn a_trace_that_makes_no_sense_is_passed_over() {
    let directory = tempfile::tempdir().unwrap();
    let told = |parent: &str| {
        let mut environment = home(&directory);
        environment.extend([("TENURE_SERVER", "http://a"), ("TRACEPARENT", parent)]);
        resolve(&Global::default(), &environment).unwrap().server.unwrap().value.caller.traceparent
    };
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    assert_eq!(told(parent).as_deref(), Some(parent));
    assert_eq!(told("00-nothing-01"), None);
}
