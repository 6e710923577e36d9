//! A timeline as a page of its own, for failed tests in CI.

use std::fmt::Write as _;

use super::Timeline;

const STYLE: &str = "body{font:14px/1.5 system-ui,sans-serif;margin:2rem;max-width:70rem}\
table{border-collapse:collapse;width:100%}td,th{border:1px solid #ccc;padding:.4rem;\
text-align:left;vertical-align:top}code{white-space:pre-wrap}.in{color:#06c}.site{color:#777}";

impl Timeline {
    /// Returns the timeline as a static HTML page without external files.
    pub fn to_html(&self) -> String {
        let title = format!(
            "{} {}",
            escaped(&self.name),
            escaped(self.instance.as_str())
        );
        let mut page = format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
             <style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n<table>\
             <tr><th>Turn</th><th>Time</th><th>What happened</th><th>Status</th><th>Waits for</th></tr>\n"
        );
        for turn in &self.turns {
            let mut lines = String::new();
            for line in &turn.lines {
                let class = if line.incoming { "in" } else { "out" };
                let site = line.site.as_ref().map(|site| escaped(&site.0));
                let _ = write!(
                    lines,
                    "<div class=\"{class}\"><code>{}</code> <span class=\"site\">{}</span></div>",
                    escaped(&line.text),
                    site.unwrap_or_default()
                );
            }
            let waits = turn.waits.iter().map(|wait| escaped(&wait.to_string()));
            let custom = turn.custom_status.as_ref();
            let _ = writeln!(
                page,
                "<tr><td>{}.{}</td><td>{}</td><td>{lines}</td><td>{} <code>{}</code></td><td>{}</td></tr>",
                turn.execution,
                turn.number,
                turn.at,
                turn.status,
                custom
                    .map(|status| escaped(status.as_text()))
                    .unwrap_or_default(),
                waits.collect::<Vec<_>>().join("<br>"),
            );
        }
        page.push_str("</table></body></html>\n");
        page
    }
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}
