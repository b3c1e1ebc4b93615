//! Emissions from the command line, as a user sees them: both views of scope 2 in rows of their own, all lines of scope 3, what is
//! estimated, and corrected factors that are marked so.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use crate::support::{TempDir, fleetgauge};
use serde_json::Value;

fn replay(folder: &TempDir, config: &str, lines: &[String]) -> Value {
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("fleetgauge.toml", config);
    write("capture.jsonl", &lines.join("\n"));
    write(
        "vehicles.csv",
        "vehicle_id,category,fuel,mass_kg,organisation,site,role\nBEV,van,ELECTRICITY,3500,EMAS,A,support\nVAN,van,DIESEL,3500,EMAS,A,emergency\n",
    );
    write("charge_points.csv", "charge_point_id,site\nCP,A\n");
    write("tags.csv", "id_tag,kind,vehicle_id\nAAAA,vehicle,BEV\n");
    write(
        "renewable.csv",
        "site,from,to,share,factor_kgco2e_per_kwh\nA,2025-04-01,,0.6,0\n",
    );
    let folder = folder.path();
    let arguments = [
        "replay",
        "capture.jsonl",
        "--register",
        ".",
        "--config",
        "fleetgauge.toml",
    ];
    let output = fleetgauge()
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice::<Value>(&output.stdout).unwrap()["emissions"].take()
}

fn capture() -> Vec<String> {
    let ocpp = |at: &str, frame: &str| {
        serde_json::json!({"at": format!("2025-06-01T{at}Z"), "ocpp": {"charge_point": "CP", "version": "1.6", "from": "charge_point", "frame": frame}})
            .to_string()
    };
    let van = |at: &str, odometer: u32, fuel: f64| {
        let payload = format!("{{\"odometer\":{odometer},\"fuel_used_total\":{fuel}}}");
        serde_json::json!({"at": format!("2025-06-01T{at}Z"), "mqtt": {"topic": "fleet/vehicles/VAN/telemetry", "payload": payload}})
            .to_string()
    };
    vec![
        ocpp(
            "06:00:00",
            r#"[2,"1","StartTransaction",{"connectorId":1,"idTag":"AAAA","meterStart":0,"timestamp":"2025-06-01T06:00:00Z"}]"#,
        ),
        van("07:00:00", 1000, 100.0),
        van("09:00:00", 1100, 110.0),
        ocpp(
            "10:00:00",
            r#"[2,"2","StopTransaction",{"transactionId":1,"idTag":"AAAA","meterStop":50000,"timestamp":"2025-06-01T10:00:00Z"}]"#,
        ),
    ]
}

/// The rows of a scope: there is one.
fn row<'a>(emissions: &'a Value, scope: &str) -> &'a Value {
    let rows: Vec<&Value> = emissions["rows"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["scope"] == scope)
        .collect();
    assert_eq!(rows.len(), 1, "{scope}: {emissions:#}");
    rows[0]
}

#[track_caller]
fn near(value: &Value, want: f64) {
    assert!(
        (value.as_f64().unwrap_or(f64::NAN) - want).abs() < 1e-6,
        "{value} is not {want}"
    );
}

#[test]
fn every_scope_has_rows_of_its_own() {
    let folder = TempDir::new("emissions");
    let emissions = replay(&folder, "", &capture());
    let electric = row(&emissions, "2");
    near(&electric["kgco2e"], 50.0 * 0.177);
    near(&electric["sd_kgco2e"], 50.0 * 0.177 * 0.02);
    assert_eq!(
        (&electric["estimated"], &electric["factor_set"]),
        (&false.into(), &"desnz2025".into())
    );
    let market = row(&emissions, "2_market");
    near(&market["kgco2e"], 20.0 * 0.177);
    near(&market["energy_renewable_kwh"], 30.0);
    assert_eq!(
        emissions["flags"],
        serde_json::json!(["residual_factor_missing"])
    );
    let fuel = row(&emissions, "1");
    near(&fuel["kgco2e"], 25.7082);
    near(&fuel["kgco2"], 25.3763);
    let outside = emissions["rows"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["scope"] == "outside")
        .unwrap();
    near(&outside["kgco2_biogenic"], 1.4);
    let chain = |name: &str| -> f64 {
        let rows = emissions["rows"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|row| row["scope"] == "3");
        rows.map(|row| row[name].as_f64().unwrap()).sum()
    };
    assert!(
        (chain("kgco2e_wtt_fuel") - 6.1101).abs() < 1e-6
            && (chain("kgco2e_td_losses") - 50.0 * 0.01853).abs() < 1e-6
    );
    assert!(
        (chain("kgco2e_wtt_generation") + chain("kgco2e_wtt_td") - 50.0 * 0.04987).abs() < 1e-6
    );
    near(&emissions["energy_renewable_kwh"], 30.0);
}

#[test]
fn residual_factors_corrections_and_blends_are_configurable_and_visible() {
    let folder = TempDir::new("emissions-own");
    std::fs::create_dir(folder.path().join("factors")).unwrap();
    std::fs::write(
        folder.path().join("factors/erratum.csv"),
        "factor_id,fuel,unit,kgco2e,scope,component,valid_from,source,confidence\ndesnz2025.fuel.diesel_avg_blend.litre.ttw,diesel_avg_blend,litre,2.6,1,ttw,2025-01-01,erratum,found-official-copy\n",
    )
    .unwrap();
    let config = "[factors]\ndirectory = \"factors\"\nresidual_kgco2e_per_kwh = 0.3\n";
    let emissions = replay(&folder, config, &capture());
    near(&row(&emissions, "2_market")["kgco2e"], 20.0 * 0.3);
    assert_eq!(emissions["flags"], serde_json::json!([]));
    near(&row(&emissions, "1")["kgco2e"], 26.0);
    // The row has no vehicle_class: none of the columns `factor_id`, ... but those named are needed.
    assert_eq!(row(&emissions, "1")["factor_set"], "desnz2025+v2");
    // Energy 8.85 kg stays, 10 l of diesel go from 25.7082 to 26.0 kg: 0.84 % in all, which is no reason to restate a base.
    let effects = emissions["restatements"].as_array().unwrap();
    assert_eq!(
        (effects.len(), &effects[0]["restated"]),
        (1, &false.into()),
        "{emissions}"
    );
    near(&effects[0]["kgco2e_as_published"], 8.85 + 25.7082);
    near(&effects[0]["kgco2e_corrected"], 8.85 + 26.0);
    near(
        &effects[0]["change_ratio"],
        (8.85 + 26.0) / (8.85 + 25.7082) - 1.0,
    );
    assert_eq!(
        effects[0]["factor_sets"],
        serde_json::json!(["desnz2025+v2"])
    );
    near(&effects[0]["threshold_ratio"], 0.05);
    let blended = replay(
        &folder,
        "[factors]\nyear_policy = \"blended\"\n",
        &capture(),
    );
    assert_eq!(
        blended["restatements"],
        serde_json::json!([]),
        "nothing was corrected"
    );
    near(
        &row(&blended, "2")["kgco2e"],
        50.0 * (275.0 * 0.177 + 90.0 * 0.13096) / 365.0,
    );
    assert_eq!(
        row(&blended, "2")["factor_set"],
        "desnz2025-2026+provisional"
    );
}
