//! Small HTTP requests to the servers under test.

use crate::support::http;

/// Percent-encodes a text.
pub(super) fn encoded(text: &str) -> String {
    let one = |byte: u8| {
        if byte.is_ascii_alphanumeric() {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(one).collect()
}

/// Sends a GET request.
pub fn get(port: u16, path: &str) -> (u16, String) {
    http(
        port,
        &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
    )
}

/// Posts a form.
pub fn post(port: u16, path: &str, form: &[(&str, &str)]) -> (u16, String) {
    let body: Vec<String> = form
        .iter()
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    send(
        port,
        path,
        "application/x-www-form-urlencoded",
        &body.join("&"),
    )
}

/// Posts a plain text.
pub fn post_text(port: u16, path: &str, body: &str) -> (u16, String) {
    send(port, path, "text/plain", body)
}

fn send(port: u16, path: &str, kind: &str, body: &str) -> (u16, String) {
    let length = body.len();
    http(
        port,
        &format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
        ),
    )
}
