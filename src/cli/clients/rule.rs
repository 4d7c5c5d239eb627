//! The smallest rule of clients, as it is printed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::Client;
use super::minimal::{Lists, Needed};

/// How long browsers may keep a preflight's answer, in seconds: as long as each of them does (WebKit).
const MAX_AGE: u32 = 600;

/// The rule.
pub(super) struct PrintedRule {
    pub(super) id: String,
    origins: Vec<String>,
    lists: Lists,
}

impl PrintedRule {
    /// The rule for what clients do in the pages of these origins. `None`: nothing that they do needs a rule.
    pub(super) fn of(origins: &[String], clients: &[Client]) -> Option<Self> {
        let lists = Lists::of(clients);
        let names: Vec<&str> = clients.iter().map(|client| client.name.as_str()).collect();
        (!lists.methods.is_empty()).then(|| Self {
            id: names.join(" "),
            origins: origins.to_vec(),
            lists,
        })
    }

    /// Whom it is for.
    pub(super) fn pages(&self) -> String {
        self.origins.join(", ")
    }

    /// The lists in the order of a CORS document.
    fn fields(&self) -> [(&'static str, &Needed); 3] {
        [
            ("AllowedMethod", &self.lists.methods),
            ("AllowedHeader", &self.lists.headers),
            ("ExposeHeader", &self.lists.exposed),
        ]
    }

    /// As the store's own tools print and take it: as those of S3, or as those of OSS.
    pub(super) fn json(&self, as_s3: bool) -> Value {
        let s = if as_s3 { "s" } else { "" };
        let mut rule = Map::new();
        if as_s3 {
            rule.insert("ID".to_owned(), json!(self.id));
        }
        rule.insert(format!("AllowedOrigin{s}"), json!(self.origins));
        for (field, needed) in self.fields() {
            let names: Vec<&String> = needed.keys().filter(|name| is_nameable(field, name)).collect();
            if !names.is_empty() {
                rule.insert(format!("{field}{s}"), json!(names));
            }
        }
        rule.insert("MaxAgeSeconds".to_owned(), json!(MAX_AGE));
        Value::Object(rule)
    }

    /// The same for people, with what needs each name.
    pub(super) fn xml(&self) -> String {
        let mut xml = String::from("  <CORSRule>\n");
        for origin in &self.origins {
            let _ = writeln!(xml, "    <AllowedOrigin>{}</AllowedOrigin>", escaped(origin));
        }
        for (field, needed) in self.fields() {
            for (name, by) in needed {
                let by = by_whom(by);
                let _ = if is_nameable(field, name) {
                    writeln!(xml, "    <{field}>{}</{field}> <!-- {by} -->", escaped(name))
                } else {
                    writeln!(xml, "    <!-- {}: {by} -->", by_its_name(name))
                };
            }
        }
        let _ = writeln!(xml, "    <MaxAgeSeconds>{MAX_AGE}</MaxAgeSeconds>");
        xml.push_str("  </CORSRule>\n");
        xml
    }

    /// What needs each name.
    pub(super) fn remarks(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (field, needed) in self.fields() {
            for (name, by) in needed {
                let by = by_whom(by);
                lines.push(if is_nameable(field, name) {
                    format!("{field} {name}: {by}")
                } else {
                    format!("{field}: {}: {by}", by_its_name(name))
                });
            }
        }
        lines
    }
}

/// Neither store takes a `*` in an exposed header.
fn is_nameable(field: &str, name: &str) -> bool {
    field != "ExposeHeader" || !name.contains('*')
}

fn by_its_name(name: &str) -> String {
    format!("expose each {name} that the page reads, by its name")
}

fn by_whom(by: &BTreeMap<String, Vec<String>>) -> String {
    let clients = by
        .iter()
        .map(|(client, operations)| format!("{client} ({})", operations.join(", ")));
    // Two hyphens would end the comment.
    clients.collect::<Vec<_>>().join(", ").replace("--", "- -")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
