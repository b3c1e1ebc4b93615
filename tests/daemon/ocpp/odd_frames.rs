//! Frames that no library would send.

use tokio_tungstenite::tungstenite::Message;

use crate::support::ocpp_client::{CP1, cp1, receive, request, send, write_register};
use crate::support::{Daemon, TempDir};

/// Frames with the beginning of their reply; an empty one means that no reply is possible.
const FRAMES: &[(&str, &str)] = &[
    (r#"[2,"1","MakeCoffee",{}]"#, r#"[4,"1","NotImplemented","#),
    (
        r#"[2,"1","MeterValues",{"connectorId":1,"transactionId":,}]"#,
        r#"[3,"1",{}]"#,
    ),
    (
        r#"[2,"1","StopTransaction",{"transactionId":,}]"#,
        r#"[4,"1","FormationViolation","#,
    ),
    (
        r#"[2,"1","Heartbeat",[]]"#,
        r#"[4,"1","FormationViolation","#,
    ),
    (r#"[2,"1"]"#, r#"[4,"1","FormationViolation","#),
    (
        r#"[2,17,"StatusNotification",{"connectorId":0,"status":"Occupied","errorCode":"Error"}]"#,
        "[3,17,{}]",
    ),
    (r#"[2,"n","Heartbeat",null]"#, r#"[3,"n",{"currentTime""#),
    (
        r#"[2,"1","Authorize",{"idTag":"FFFF"}]"#,
        r#"[3,"1",{"idTagInfo":{"status":"Invalid"}}]"#,
    ),
    (
        r#"[2,"1","StartTransaction",{}]"#,
        r#"[3,"1",{"transactionId":"#,
    ),
    (
        r#"[2,"1","StopTransaction",{"transactionId":-1}]"#,
        r#"[3,"1",{}]"#,
    ),
    (
        r#"[2,"1","MeterValues",{"connectorId":-5,"meterValue":"none"}]"#,
        r#"[3,"1",{}]"#,
    ),
    (
        r#"[2,"1","SignCertificate",{"csr":"x"}]"#,
        r#"[3,"1",{"status":"Rejected"}]"#,
    ),
    ("", ""),
    ("{}", ""),
    ("[]", ""),
    ("[2", ""),
    (r#"[3,"1",{}]"#, ""),
    (r#"[4,"1"]"#, ""),
    (r#"[6,"1","X",{}]"#, ""),
    ("\u{0}", ""),
];

fn too_deep() -> String {
    format!(
        r#"[2,"1","DataTransfer",{}1{}]"#,
        r#"{"a":"#.repeat(5_000),
        "}".repeat(5_000)
    )
}

fn too_large() -> String {
    format!(
        r#"[2,"big","DataTransfer",{{"vendorId":"{}"}}]"#,
        "x".repeat(400_000)
    )
}

#[test]
fn odd_frames_get_an_answer_where_there_is_an_id_and_never_end_the_connection() {
    let folder = TempDir::new("ocpp-odd");
    write_register(folder.path(), CP1);
    let daemon = Daemon::start(folder.path(), &[]);
    let mut socket = cp1(&daemon);
    let (deep, large) = (too_deep(), too_large());
    let too_much = [
        (large.as_str(), r#"[4,"big","FormationViolation","#),
        (
            deep.as_str(),
            r#"[4,"1","FormationViolation","nested too deep"#,
        ),
    ];
    for (frame, want) in FRAMES.iter().copied().chain(too_much) {
        send(&mut socket, frame);
        if want.is_empty() {
            // The next reply belongs to the next request.
            let answer = request(&mut socket, r#"[2,"after","Heartbeat",{}]"#);
            assert!(
                answer.starts_with(r#"[3,"after""#),
                "{frame:?} got {answer}"
            );
        } else {
            let answer = receive(&mut socket);
            assert!(
                answer.starts_with(want),
                "{} got {answer}",
                &frame[..frame.len().min(80)]
            );
        }
    }
    socket
        .send(Message::binary(br#"[2,"b","Heartbeat",{}]"#.to_vec()))
        .unwrap();
    assert!(
        receive(&mut socket).starts_with(r#"[3,"b""#),
        "text marked as binary"
    );
    let rejects = daemon.api("rejects");
    assert!(
        rejects["counts"]
            .as_array()
            .unwrap()
            .iter()
            .any(|count| count["reason"] == "unknown_action"),
        "{rejects}"
    );
    assert!(
        rejects["counts"]
            .as_array()
            .unwrap()
            .iter()
            .any(|count| count["reason"] == "syntax" && count["count"].as_u64() >= Some(5)),
        "{rejects}"
    );
}
