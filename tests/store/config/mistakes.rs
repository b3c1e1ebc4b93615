//! Every mistake is named at once, with its line.

use crate::config::*;

/// Configurations, and what their error must contain.
const MISTAKES: &[(&str, &str)] = &[
    (
        "[ocpp]\nlisten = \"9000\"\n",
        "error: `ocpp.listen` in test.toml line 2: `9000` has no address\n  hint: write host:port",
    ),
    ("[ocpp]\nlisten = \"host:99999\"\n", "has no port"),
    (
        "[ocpp]\nlistn = \"x\"\n",
        "`ocpp.listn` in test.toml line 2: is not a key of this section\n  hint: did you mean `listen`?",
    ),
    (
        "[ocp]\n",
        "`ocp` in test.toml line 1: is not a section\n  hint: did you mean `ocpp`?",
    ),
    ("[store]\ncommit_interval = 250\n", "`250` has no unit"),
    (
        "[store]\ncommit_interval = \"soon\"\n",
        "`soon` is not a duration",
    ),
    ("[store]\ncommit_interval = \"11s\"\n", "must be from"),
    ("[store]\noutbox_max = \"2 potatoes\"\n", "is not a size"),
    ("[store]\ncommit_batch = 0\n", "is out of range"),
    ("[store]\ndirectory = 5\n", "is a whole number, not a text"),
    (
        "[engine]\nprofile = \"green\"\n",
        "one of: nhs_sdu, ulev_or_better, zev_only",
    ),
    ("[target]\nshare = 90\n", "is not from 0 to 1"),
    ("[target]\ndue = 2028-03-31\n", "write it in quotes"),
    (
        "[target]\nstart = \"2022-04-01\"\n",
        "needs both `start` and `start_share`",
    ),
    (
        "[target]\nstart = \"2029-04-01\"\nstart_share = 0.5\n",
        "is not before `due`",
    ),
    (
        "[listener]\nlisten = \"0.0.0.0:1883\"\n",
        "devices need no password",
    ),
    (
        "[listener]\nallow_anonymous = false\n",
        "nobody could connect",
    ),
    (
        "[web]\nlisten = \"0.0.0.0:8310\"\n",
        "`web.listen` in test.toml line 2: `0.0.0.0:8310` is open to the network, and nobody needs a login\n  hint: name a `users_file`",
    ),
    ("[web]\nlisten = \"0.0.0.0:8310\"\n", "reverse proxy"),
    (
        "[web]\nlisten = \"0.0.0.0:8310\"\nusers_file = \"u\"\n",
        "would send passwords over the network unencrypted",
    ),
    (
        "[web]\ntls_listen = \"0.0.0.0:8311\"\nusers_file = \"u\"\n",
        "needs `certificate_file` and `key_file`",
    ),
    (
        "[web]\ntls_listen = \"0.0.0.0:8311\"\ncertificate_file = \"c\"\nkey_file = \"k\"\n",
        "nobody could log in",
    ),
    (
        "[web]\nenabled = true\nrequire_login = true\n",
        "`web.require_login` in test.toml line 3: is true, but nobody could log in",
    ),
    (
        "[web]\nsession_idle = \"13h\"\n",
        "is shorter than `session_idle`",
    ),
    ("[web]\nmax_failed_logins = 0\n", "is out of range"),
    (
        "[influx]\nurl = \"localhost:8086\"\norg = \"o\"\nbucket = \"b\"\n",
        "is not a URL",
    ),
    (
        "[influx]\nurl = \"https://x\"\norg = \"o\"\nbucket = \"b\"\n",
        "influx-tls",
    ),
    ("[influx]\nurl = \"http://x\"\n", "has no `org`"),
    (
        "[broker]\nhost = \"x\"\n",
        "write [[broker]] with two brackets",
    ),
    (
        "[[broker]]\nport = 1883\n",
        "`broker[0]` in test.toml line 1: has no `host`",
    ),
    ("[[broker]]\nhost = \"a\"\nqos = 2\n", "is out of range"),
    (
        "[[broker]]\nhost = \"a\"\nname = \"x\"\n[[broker]]\nhost = \"b\"\nname = \"x\"\n",
        "is the name of two brokers",
    ),
    (
        "[[broker]]\nhost = \"a\"\npassword_file = \"x\"\n",
        "has a `password_file` but no `username`",
    ),
    (
        "[[broker]]\nhost = \"a\"\ntopics = [\"fleet/#\", \"fleet/#/x\"]\n",
        "`broker[0].topics` in test.toml line 3: `fleet/#/x` has a wildcard that is not a level of its own",
    ),
    (
        "[[broker]]\nhost = \"a\"\ntopics = [\"$share/depot\"]\n",
        "`$share/depot` has a group and no topics",
    ),
    (
        "[[broker]]\nhost = \"a\"\ntopics = [\"$share/+/fleet/#\"]\n",
        "has no name for its group",
    ),
    (
        "[publish]\nbroker = \"depot\"\n",
        "there is no [[broker]] section",
    ),
    (
        "[[broker]]\nhost = \"a\"\nname = \"depot\"\n[publish]\nbroker = \"depo\"\n",
        "`publish.broker` in test.toml line 5: `depo` is not the name of a [[broker]]\n  hint: did you mean `depot`?",
    ),
    (
        "[publish]\nprefix = \"fleet/+\"\n",
        "`publish.prefix` in test.toml line 2: `fleet/+` is not the beginning of a topic",
    ),
    ("[publish]\ninterval = \"0s\"\n", "must be from"),
    (
        "[home_assistant]\nenabled = true\n",
        "`home_assistant.enabled` in test.toml line 2: `true` needs a broker to publish to",
    ),
    (
        "[home_assistant]\nprefix = \"fleetgauge\"\n",
        "is the prefix of [publish] too",
    ),
    (
        "[home_assistant]\nvehicles = [\"A\", \"B C\"]\n",
        "`home_assistant.vehicles` in test.toml line 2: `B C` holds ' '",
    ),
    ("[home_assistant]\nmax_devices = 0\n", "is out of range"),
    ("[home_asistant]\n", "did you mean `home_assistant`?"),
    (
        "[factors]\nyear_policy = \"fiscal\"\n",
        "one of: majority, blended, calendar",
    ),
    (
        "[factors]\nresidual_kgco2e_per_kwh = -1\n",
        "`factors.residual_kgco2e_per_kwh` in test.toml line 2: `-1` is out of range",
    ),
    (
        "[air]\nurban_share = 0.5\n",
        "`air` in test.toml line 1: `urban_share`, `rural_share` and `motorway_share` do not add up",
    ),
    (
        "[air]\ntracked = [\"nox\", \"soot\"]\n",
        "has `soot`, which is not known",
    ),
    (
        "[air]\nbase_from = \"2019-04-01\"\n",
        "are not the two ends of a stretch",
    ),
    ("[air]\ntarget_change = 0.2\n", "is out of range"),
    (
        "[alerts]\ncharger_offlin = { for = \"1m\" }\n",
        "did you mean `charger_offline`?",
    ),
    (
        "[alerts]\ncharger_offline = { raise = 1 }\n",
        "`alerts.charger_offline.raise` in test.toml line 2: is not a key",
    ),
    (
        "[alerts]\nuptime_low = { raise = 0.9, clear = 0.8 }\n",
        "`0.8` is a `clear` on the wrong side of the level",
    ),
    (
        "[alerts]\nquiet_hours = \"night\"\n",
        "cannot be read: `night` is not days and hours",
    ),
    (
        "[alert]\nname = \"a\"\n",
        "write [[alert]] with two brackets",
    ),
    (
        "[[alert]]\nname = \"a\"\nmeasurement = \"meter_value\"\nfield = \"power_w\"\nabove = 1\n",
        "did you mean `meter_values`?",
    ),
    (
        "[[alert]]\nname = \"a\"\nmeasurement = \"alerts\"\nfield = \"value\"\nabove = 1\n",
        "would raise itself",
    ),
    (
        "[[alert]]\nname = \"a\"\nmeasurement = \"meter_values\"\nfield = \"power\"\nabove = 1\n",
        "did you mean `power_w`?",
    ),
    (
        "[[alert]]\nname = \"a\"\nmeasurement = \"charge_point_status\"\nfield = \"status\"\nabove = 1\n",
        "is a text, which has no level\n  hint: numbers are status_code, occupied",
    ),
    (
        "[[alert]]\nname = \"a\"\nmeasurement = \"meter_values\"\nfield = \"power_w\"\nabove = 1\nwhere = { sit = \"A\" }\n",
        "`sit` is not a tag of `meter_values`\n  hint: its tags are site, charge_point_id, connector_id",
    ),
    (
        "[[alert]]\nname = \"a\"\nmeasurement = \"meter_values\"\nfield = \"power_w\"\n",
        "needs either `above` or `below`",
    ),
    (
        "[[alert]]\nname = \"uptime_low\"\nabove = 1\n",
        "is the name of another rule",
    ),
    (
        "[[notify]]\nname = \"a\"\nkind = \"pigeon\"\nurl = \"http://a\"\n",
        "one of: alertmanager, webhook",
    ),
    (
        "[[notify]]\nname = \"a\"\nkind = \"webhook\"\n",
        "needs either `url` or `url_file`",
    ),
    (
        "[[notify]]\nname = \"a\"\nkind = \"webhook\"\nurl = \"a\"\n",
        "`a` is not a URL",
    ),
    (
        "[[notify]]\nname = \"a\"\nkind = \"ntfy\"\nurl = \"http://a\"\n",
        "has no `topic`",
    ),
    (
        "[[notify]]\nname = \"a\"\nkind = \"smtp\"\nhost = \"m\"\nfrom = \"a@b>\"\nto = [\"c@d\"]\n",
        "`a@b>` is no mail address",
    ),
    (
        "[[notify]]\nname = \"a\"\nkind = \"smtp\"\nhost = \"m\"\nfrom = \"a@b\"\nto = [\"c@d\"]\ntls = \"none\"\nusername = \"u\"\n\
             password_file = \"p\"\n",
        "would send the password readable for everybody",
    ),
    ("[log]\nlevel = \"loud\"\n", "one of: error, warn"),
    (
        "[exempt]\nreason = \"closed\"\n",
        "write [[exempt]] with two brackets",
    ),
    (
        "[[exempt]]\nweekly = \"Sun 02:00-04:00\"\n",
        "`exempt[0]` in test.toml line 1: has no `reason`",
    ),
    (
        "[[exempt]]\nreason = \"holiday\"\nweekly = \"Sun 02:00-04:00\"\n",
        "one of: maintenance, closed",
    ),
    (
        "[[exempt]]\nreason = \"closed\"\n",
        "needs either `weekly`, or `from` and `to`",
    ),
    (
        "[[exempt]]\nreason = \"closed\"\nweekly = \"Sunday\"\n",
        "`exempt[0].weekly` in test.toml line 3: `Sunday` cannot be read: `Sunday` is not days and hours\n  hint: write days",
    ),
    (
        "[[exempt]]\nreason = \"closed\"\nfrom = \"2026-12-01T08:00:00Z\"\n",
        "needs either `weekly`, or `from` and `to`",
    ),
    (
        "[[exempt]]\nreason = \"closed\"\nfrom = \"2026-12-01T08:00:00Z\"\nto = \"2026-12-01 08:00\"\n",
        "`2026-12-01 08:00` is not an RFC 3339 time",
    ),
    (
        "[[exempt]]\nreason = \"closed\"\nfrom = \"2026-12-01T08:00:00Z\"\nto = \"2026-12-01T08:00:00Z\"\n",
        "`to` is not after `from`",
    ),
    (
        "[[exempt]]\nsite = \"A\"\ncharge_point = \"B\"\nreason = \"closed\"\nweekly = \"Sun 02:00-04:00\"\n",
        "has both `site`",
    ),
    (
        "[[exempt]]\nsit = \"A\"\nreason = \"closed\"\nweekly = \"Sun 02:00-04:00\"\n",
        "did you mean `site`?",
    ),
    ("[engine]\noffline_grace = \"8d\"\n", "must be from"),
    (
        "[intensity]\nurl = \"api.carbonintensity.org.uk\"\n",
        "is not an address of an API",
    ),
    ("[intensity]\nrefresh = \"1s\"\n", "must be from"),
    ("log = 5\n", "write [log] on a line of its own"),
    ("[ocpp\n", "line 1"),
    ("[ocpp]\nlisten = \"a:1\"\nlisten = \"b:1\"\n", "line 3"),
];

#[test]
fn every_mistake_is_named_with_its_line_and_a_way_out() {
    for (text, want) in MISTAKES {
        let errors = parse(text, &[]).expect_err(text);
        assert!(errors.contains(want), "{text}\n{errors}");
    }
    let both = parse("[ocpp]\nlisten = \"x\"\n[web]\nenabled = 1\n", &[]).unwrap_err();
    assert_eq!(both.matches("error:").count(), 2, "all at once:\n{both}");
    let places = |text: &str| {
        text.split(" line ")
            .skip(1)
            .map(|rest| rest[..1].to_owned())
            .collect::<Vec<_>>()
    };
    let mixed = parse(
        "[web]\nenabled = 1\n[listener]\nlisten = \"x\"\n[ocpp]\nlisten = \"x\"\n",
        &[],
    )
    .unwrap_err();
    assert_eq!(
        places(&mixed),
        ["2", "4", "6"],
        "in the file's order:\n{mixed}"
    );
    let slow = parse("[ocpp]\nheartbeat_interval = \"10m\"\n", &[]).unwrap();
    assert_eq!(
        slow.engine.offline_grace.as_secs(),
        1_800,
        "three heartbeats"
    );
    // Open to the network is allowed when it is written out, or with passwords.
    parse(
        "[listener]\nlisten = \"0.0.0.0:1883\"\nallow_anonymous = true\n",
        &[],
    )
    .unwrap();
    assert!(
        !parse(
            "[listener]\nlisten = \"0.0.0.0:1883\"\npassword_file = \"x\"\n",
            &[]
        )
        .unwrap()
        .listener
        .allow_anonymous
    );
}
