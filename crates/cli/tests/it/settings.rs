//! Where settings come from, and how answers look.

use std::fs;

use crate::home::{Home, answer, document};

#[test]
fn doctor_tells_each_value_and_where_it_came_from() {
    let home = Home::new();
    fs::create_dir(home.storage()).unwrap();
    fs::write(home.storage().join("tenure.toml"), "namespace = \"team\"\nprofile = \"main\"\n").unwrap();
    let told = |command: &mut std::process::Command| {
        document(&answer(command.args(["doctor", "--output", "json"])).out)
    };
    let settings = told(&mut home.command())["settings"].clone();
    let origin = |name: &str| settings[name]["origin"].as_str().unwrap().to_owned();
    assert_eq!(settings["namespace"]["value"], "team");
    assert_eq!((origin("namespace").as_str(), origin("profile").as_str()), ("tenure.toml", "tenure.toml"));
    assert_eq!((origin("storage-dir").as_str(), origin("db").as_str()), ("TENURE_HOME", "default"));
    assert_eq!((origin("output").as_str(), origin("color").as_str()), ("--output", "default"));

    let variable = told(home.command().env("TENURE_NAMESPACE", "other"))["settings"]["namespace"].clone();
    assert_eq!((&variable["value"], &variable["origin"]), (&"other".into(), &"TENURE_NAMESPACE".into()));
    let flag = told(home.command().env("TENURE_NAMESPACE", "other").args(["--namespace", "mine"]));
    assert_eq!(flag["settings"]["namespace"]["origin"], "--namespace");
}

#[test]
fn doctor_tells_how_a_server_would_serve() {
    let home = Home::new();
    fs::create_dir(home.storage()).unwrap();
    fs::write(home.storage().join("tenure.toml"), "[serve]\ndrain = \"90s\"\nlog = \"json\"\n").unwrap();
    let settings =
        document(&answer(home.command().args(["doctor", "--output", "json"])).out)["settings"].clone();
    let said = |name: &str| {
        let text = |part: &str| settings[name][part].as_str().unwrap().to_owned();
        (text("value"), text("origin"))
    };
    let of = |value: &str, origin: &str| (value.to_owned(), origin.to_owned());
    assert_eq!(said("serve.drain"), of("1m 30s", "tenure.toml"));
    assert_eq!(said("serve.log"), of("json", "tenure.toml"));
    assert_eq!(said("serve.connections"), of("4096", "default"));
    let text = answer(home.command().args(["doctor", "--output", "text"])).out;
    assert!(
        text.contains("serve.drain") && !text.contains("serve.connections"),
        "only what was said: {text}"
    );
}

#[test]
fn a_flag_a_variable_and_the_file_each_name_the_store() {
    let home = Home::new();
    home.ok(&["start"]);
    let elsewhere = home.workspace().join("other.db");
    let status = |command: &mut std::process::Command| {
        document(&answer(command.args(["status", "--output", "json"])).out)["path"].clone()
    };
    assert_eq!(status(&mut home.command()), home.db().to_str().unwrap());
    assert_eq!(status(home.command().env("TENURE_DB", "other.db")), elsewhere.to_str().unwrap());
    assert_eq!(status(home.command().args(["--db", "other.db"])), elsewhere.to_str().unwrap());
    fs::write(home.storage().join("tenure.toml"), "db = \"named.db\"\n").unwrap();
    assert_eq!(status(&mut home.command()), home.storage().join("named.db").to_str().unwrap());
}

#[test]
fn a_wrong_configuration_is_told_with_its_path() {
    let home = Home::new();
    fs::create_dir(home.storage()).unwrap();
    for content in ["colour = \"never\"\n", "db = \n", "output = \"xml\"\n", "\u{1b}[2J = 1\n"] {
        fs::write(home.storage().join("tenure.toml"), content).unwrap();
        let failed = home.ask(&["list"]);
        assert!(matches!(failed.code, 1 | 2), "{failed:?}");
        assert!(failed.err.contains("tenure.toml"), "{failed:?}");
        assert!(!failed.err.contains('\u{1b}'), "{failed:?}");
    }
}

#[test]
fn wrong_usage_exits_with_2_and_is_json_when_asked_for() {
    let home = Home::new();
    for words in [&["no-such-verb"][..], &["list", "--limit", "0"], &["show"], &["start", "--mode", "other"]]
    {
        let failed = home.ask(words);
        assert_eq!((failed.code, failed.out.as_str()), (2, ""), "{words:?}: {failed:?}");
        let failed = home.ask(&[words, &["--output", "json"]].concat());
        let told = document(&failed.out);
        assert_eq!(
            (failed.code, &told["ok"], &told["code"]),
            (2, &false.into(), &"USAGE".into()),
            "{failed:?}"
        );
    }
    for ask in [&["-ojson"][..], &["-o", "json"], &["--output=json"]] {
        assert_eq!(document(&home.ask(&[ask, &["no-such-verb"]].concat()).out)["code"], "USAGE");
    }
    let wanted = answer(home.command().env("TENURE_OUTPUT", "json").arg("no-such-verb"));
    assert_eq!(document(&wanted.out)["code"], "USAGE");
    let nobody = home.ask(&["heartbeat"]);
    assert_eq!(nobody.code, 2, "{nobody:?}");
}

#[test]
fn colours_are_for_terminals_and_for_who_asks() {
    let home = Home::new();
    home.ok(&["start"]);
    assert!(!home.ok(&["status"]).contains('\u{1b}'), "a pipe is no terminal");
    assert!(home.ok(&["status", "--color", "always"]).contains('\u{1b}'));
    let unwanted = answer(home.command().env("NO_COLOR", "1").args(["status"]));
    assert!(!unwanted.out.contains('\u{1b}'));
    let on_a_terminal = |no_color: Option<&str>| {
        let mut script = std::process::Command::new("script");
        script.args(["-qec", &format!("{} status", env!("CARGO_BIN_EXE_tenure")), "/dev/null"]);
        script.current_dir(home.workspace()).env("TENURE_HOME", home.storage()).env_remove("NO_COLOR");
        answer(script.envs(no_color.map(|value| ("NO_COLOR", value)))).out
    };
    assert!(on_a_terminal(None).contains('\u{1b}'));
    assert!(!on_a_terminal(Some("1")).contains('\u{1b}'));
}

#[test]
fn the_version_and_the_completions_are_printed() {
    let home = Home::new();
    assert_eq!(home.ok(&["--version"]), format!("tenure {}\n", env!("CARGO_PKG_VERSION")));
    for shell in ["bash", "zsh", "fish"] {
        let script = home.ok(&["completions", shell]);
        assert!(script.contains("takeover"), "{shell}");
        assert!(!script.contains("__guard\n"), "{shell}");
    }
}

#[test]
fn profiles_are_created_once_and_have_safe_names() {
    let home = Home::new();
    assert_eq!(home.json(&["profile", "create", "review"])["created"], true);
    assert_eq!(home.json(&["profile", "create", "review"])["created"], false);
    for name in ["../x", "", ".hidden", "a/b", "a\nb", &"x".repeat(65)] {
        let failed = home.ask(&["profile", "create", name]);
        assert_eq!(failed.code, 2, "{name}: {failed:?}");
    }
    assert_eq!(home.json(&["profile", "list"])["data"], serde_json::json!(["main", "review"]));
}
