//! Commands send a token, and the files of users and tokens are checked.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use super::*;

fn command(daemon: &Daemon, folder: &Path, arguments: &[&str]) -> (bool, String) {
    let at = format!("127.0.0.1:{}", daemon.web);
    let output = fleetgauge()
        .current_dir(folder)
        .args(arguments)
        .args(["--at", &at])
        .output()
        .unwrap();
    (
        output.status.success(),
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
    )
}

#[test]
fn commands_send_a_token() {
    let folder = TempDir::new("access-commands");
    let mut settings = accounts(folder.path()).to_vec();
    settings.push(("web.require_login", "true"));
    let daemon = Daemon::start(folder.path(), &settings);
    std::fs::write(folder.path().join("desk.token"), format!("{OPERATOR}\n")).unwrap();
    std::fs::write(folder.path().join("grafana.token"), VIEWER).unwrap();
    let silence = ["alerts", "silence", "site=A", "--for", "1h", "--by", "bob"];
    for (arguments, token, good, want) in [
        (
            &["alerts", "list"][..],
            "",
            false,
            "hint: name a file with a token",
        ),
        (&["alerts", "list"], "grafana.token", true, "no alerts"),
        (
            &["counters", "list"],
            "grafana.token",
            true,
            "nothing has happened",
        ),
        (&silence, "grafana.token", false, "needs the role operator"),
        (&silence, "desk.token", true, "silence 1 holds"),
        (&["alerts", "list"], "desk.token", true, "bob (desk)"),
        (&["counters", "undo", "7"], "desk.token", false, "7"),
        (
            &["alerts", "list"],
            "nothing.token",
            false,
            "--token-file: nothing.token",
        ),
    ] {
        let further: &[&str] = if token.is_empty() {
            &[]
        } else {
            &["--token-file", token]
        };
        let (worked, text) = command(&daemon, folder.path(), &[arguments, further].concat());
        assert!(
            worked == good && text.contains(want),
            "{arguments:?} {token}: {text}"
        );
    }
    daemon.stop();
}

#[test]
fn faulty_files_of_users_and_tokens_are_reported() {
    let folder = TempDir::new("access-files");
    let good = hash("x");
    let cases = [
        (
            "users_file",
            format!("ann:operator:{good}\n\nvic:admin:{good}\n"),
            "users.txt line 3: the role is neither viewer nor operator\n  hint: a line is `name:role:hash`",
        ),
        (
            "users_file",
            "ann:secret\n".to_owned(),
            "users.txt line 1: there are not three parts",
        ),
        (
            "users_file",
            "ann:viewer:secret\n".to_owned(),
            "is not a person's hash\n  hint: `fleetgauge hash-password --user`",
        ),
        (
            "users_file",
            format!("ann:viewer:{}\n", good.replace("t=5", "t=4")),
            "the hash is too fast",
        ),
        (
            "users_file",
            format!("ann:viewer:{good}\nann:viewer:{good}\n"),
            "line 2: the user stands in the file twice",
        ),
        (
            "users_file",
            "# nobody\n".to_owned(),
            "there is nobody in it",
        ),
        (
            "tokens_file",
            "ann:viewer:secret\n".to_owned(),
            "`web.tokens_file`: users.txt line 1: what follows the second colon is not a token's hash",
        ),
    ];
    for (key, text, want) in cases {
        std::fs::write(folder.path().join("users.txt"), text).unwrap();
        std::fs::write(
            folder.path().join("fleetgauge.toml"),
            format!("[web]\n{key} = \"users.txt\"\n"),
        )
        .unwrap();
        let mut check = fleetgauge();
        let output = check
            .current_dir(folder.path())
            .args(["check-config", "fleetgauge.toml"])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && text.contains(want),
            "{want}: {text}"
        );
    }
}
