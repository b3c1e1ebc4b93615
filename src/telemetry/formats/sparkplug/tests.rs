//! Unit tests of `sparkplug`.

use crate::telemetry::formats::sparkplug::*;

#[test]
fn topics_distinguish_nodes_from_devices() {
    let topic = |group, edge, device, verb| {
        Ok(Some(Topic {
            group,
            edge,
            device,
            verb,
        }))
    };
    assert_eq!(
        parse_topic("spBv1.0/Depot/DDATA/gw1/CP07"),
        topic("Depot", "gw1", Some("CP07"), Verb::Data)
    );
    assert_eq!(
        parse_topic("spBv1.0/Depot/NDEATH/gw1"),
        topic("Depot", "gw1", None, Verb::Death)
    );
    for other in [
        "spBv1.0/STATE/scada1",
        "spBv1.0/Depot/NCMD/gw1",
        "spBv1.0/Depot/DCMD/gw1/CP07",
    ] {
        assert_eq!(parse_topic(other), Ok(None), "{other}");
    }
    for foreign in [
        "",
        "spBv1.0/",
        "spBv1.0/Depot",
        "spBv1.0/g/NDATA",
        "spBv1.0/g/NDATA/e/d",
        "spBv1.0/g/DDATA/e",
        "spAv1.0/g/NDATA/e",
    ] {
        assert_eq!(
            parse_topic(foreign).map_err(|refused| refused.reason),
            Err(RejectReason::UnknownTopic),
            "{foreign}"
        );
    }
    assert!(
        parse_topic("spBv1.0/g/éDATA/e").is_err()
            && parse_topic("spBv1.0/g//e").is_err()
            && parse_topic("spBv1.0/g/DDATA/e/d/x").is_err()
    );
}
