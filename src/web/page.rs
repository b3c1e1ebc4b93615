//! The built-in page: files compiled into the binary, served as they are. Nothing on it comes from elsewhere.

use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::WebState;

const HTML: &str = "text/html; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Address, type and text. To add a view: write its file, add its line, and its import in `js/app.js`.
const FILES: [(&str, &str, &str); 21] = [
    ("/", HTML, include_str!("page/index.html")),
    ("/app.css", STYLE, include_str!("page/app.css")),
    ("/icon.svg", "image/svg+xml", include_str!("page/icon.svg")),
    ("/js/app.js", SCRIPT, include_str!("page/js/app.js")),
    ("/js/base.js", SCRIPT, include_str!("page/js/base.js")),
    ("/js/table.js", SCRIPT, include_str!("page/js/table.js")),
    ("/js/charts.js", SCRIPT, include_str!("page/js/charts.js")),
    ("/js/live.js", SCRIPT, include_str!("page/js/live.js")),
    ("/js/status.js", SCRIPT, include_str!("page/js/status.js")),
    (
        "/js/overview.js",
        SCRIPT,
        include_str!("page/js/overview.js"),
    ),
    (
        "/js/transition.js",
        SCRIPT,
        include_str!("page/js/transition.js"),
    ),
    (
        "/js/emissions.js",
        SCRIPT,
        include_str!("page/js/emissions.js"),
    ),
    (
        "/js/charging.js",
        SCRIPT,
        include_str!("page/js/charging.js"),
    ),
    ("/js/heat.js", SCRIPT, include_str!("page/js/heat.js")),
    ("/js/power.js", SCRIPT, include_str!("page/js/power.js")),
    (
        "/js/sessions.js",
        SCRIPT,
        include_str!("page/js/sessions.js"),
    ),
    (
        "/js/vehicles.js",
        SCRIPT,
        include_str!("page/js/vehicles.js"),
    ),
    ("/js/targets.js", SCRIPT, include_str!("page/js/targets.js")),
    ("/js/alerts.js", SCRIPT, include_str!("page/js/alerts.js")),
    ("/js/quality.js", SCRIPT, include_str!("page/js/quality.js")),
    (
        "/js/settings.js",
        SCRIPT,
        include_str!("page/js/settings.js"),
    ),
];

/// All files of the page.
pub(super) fn routes() -> Router<WebState> {
    FILES
        .iter()
        .fold(Router::new(), |router, (path, kind, text)| {
            router.route(path, get(|| file(kind, text)))
        })
}

/// A file as it is; the browser revalidates it each time.
pub(super) async fn file(kind: &'static str, text: &'static str) -> Response {
    (
        [
            (header::CONTENT_TYPE, kind),
            (header::CACHE_CONTROL, "no-cache"),
        ],
        text,
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use crate::web::page::*;

    /// What a browser has to fetch, uncompressed.
    const LARGEST: usize = 120_000;

    #[test]
    fn the_page_is_small_and_keeps_to_itself() {
        let size: usize = FILES.iter().map(|(_, _, text)| text.len()).sum();
        println!("the page is {size} bytes in {} files", FILES.len());
        assert!(size < LARGEST, "{size} bytes, at most {LARGEST}");
        for (path, kind, text) in FILES {
            let outside = text.replace("http://www.w3.org/2000/svg", "");
            assert!(
                !outside.contains("http://") && !outside.contains("https://"),
                "{path}: something from outside"
            );
            if kind == HTML {
                assert!(
                    !text.contains(" style=")
                        && !text.contains("<script>")
                        && !text.contains("<style"),
                    "{path}: inline"
                );
            }
            for line in text.lines().filter(|line| line.starts_with("import ")) {
                let name = line
                    .split("\"./")
                    .nth(1)
                    .and_then(|rest| rest.split('"').next())
                    .expect("an import of this folder");
                assert!(
                    FILES
                        .iter()
                        .any(|(path, ..)| *path == format!("/js/{name}")),
                    "{path} imports {name}, which is not served"
                );
            }
        }
    }
}
