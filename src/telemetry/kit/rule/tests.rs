//! Unit tests of `rule`.

use crate::telemetry::kit::rule::*;

#[test]
fn fields_are_parsed_by_their_rule() {
    use Quantity as Q;
    let number = |thousandths| Ok(Some(Value::Number(Thousandths(thousandths))));
    for (rule, text, want) in [
        (
            Rule::Number(Q::Odometer, "mi"),
            "18929.8",
            number(30_464_560),
        ),
        (Rule::Number(Q::Odometer, "km"), "0.0", Err(ZERO)),
        (
            Rule::Number(Q::Odometer, "km"),
            "1e+06",
            number(1_000_000_000),
        ),
        (Rule::Number(Q::Odometer, "km"), "", Ok(None)),
        (Rule::Number(Q::Soc, "%"), "+Inf", Err(NOT_A_NUMBER)),
        (Rule::Number(Q::Soc, "%"), "1,2", Err(LIST)),
        (Rule::Number(Q::Soc, "%"), "255", Err(BAD_NUMBER)),
        (Rule::Negated(Q::BatteryPower, "kW"), "-9", number(9_000)),
        (Rule::NonZero(Q::Soc, "%"), "0", Err(ZERO)),
        (
            Rule::Bool(Q::Ignition),
            "\"ON\"",
            Ok(Some(Value::Bool(true))),
        ),
        (Rule::Bool(Q::Ignition), "2", Err(BAD_BOOL)),
        (
            Rule::Is(Q::Charging, &["Charging"]),
            "Finishing",
            Ok(Some(Value::Bool(false))),
        ),
        (
            Rule::Either(Q::Online, "online", "offline"),
            "Offline",
            Ok(Some(Value::Bool(false))),
        ),
        (
            Rule::Either(Q::Online, "online", "offline"),
            "asleep",
            Err(BAD_BOOL),
        ),
        (
            Rule::Angle(Q::Longitude),
            "-1.89983",
            Ok(Some(Value::Angle(-18_998_300))),
        ),
        (
            Rule::Id(Q::VehicleRef),
            "db:22",
            Ok(Some(Value::Id("db:22".into()))),
        ),
        (Rule::Id(Q::VehicleRef), "a/b", Err(BAD_ID)),
    ] {
        assert_eq!(rule.parse(text), want, "{rule:?} {text}");
    }
    assert_eq!(position("0.0", "0.000"), Ok(None));
}
