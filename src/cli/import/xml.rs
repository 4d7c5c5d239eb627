//! `<CORSConfiguration>`, as OSS, S3 and their kin print it.

use roxmltree::{Document as Xml, Error, Node, ParsingOptions};

use super::document::{Cors, Rule};
use super::report::Report;
use super::store;

/// More elements than any store lets a document have.
const MAX_NODES: u32 = 1_000_000;

/// Where a byte is, for a person. The parser's own answer counts from the start each time.
struct Lines<'t> {
    file: &'t str,
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn new(file: &'t str, text: &'t str) -> Self {
        let breaks = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        Self {
            file,
            text,
            starts: breaks.map(|(at, _)| at.saturating_add(1)).collect(),
        }
    }

    fn place(&self, node: Node<'_, '_>) -> String {
        let (line, column) = self.position(node.range().start);
        format!("{}:{line}:{column}", self.file)
    }

    fn position(&self, at: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|&start| start <= at);
        let start = line
            .checked_sub(1)
            .and_then(|before| self.starts.get(before))
            .copied()
            .unwrap_or(0);
        let column = self
            .text
            .get(start..at)
            .map_or(0, |before| before.chars().count());
        (line.saturating_add(1), column.saturating_add(1))
    }
}

/// Reads a document.
///
/// # Errors
/// Why it is none, for a person, without the file's name.
pub(crate) fn read(file: &str, text: &str, report: &mut Report) -> Result<Cors, String> {
    let options = ParsingOptions {
        // An entity of the document's own could multiply text, or fetch it from elsewhere.
        allow_dtd: false,
        nodes_limit: MAX_NODES,
        ..ParsingOptions::default()
    };
    let lines = Lines::new(file, text);
    let xml = Xml::parse_with_options(text, options).map_err(|error| {
        // The parser says no place for these.
        let (line, column) = lines.position(behind_prolog(text));
        match error {
            Error::DtdDetected => format!(
                "the XML has a DTD (<!DOCTYPE …>) at {line}:{column}, which no store prints and which is not read: take it \
                 out"
            ),
            Error::UnclosedRootNode => {
                format!("bad XML: the root element, which opens at {line}:{column}, is never closed")
            }
            Error::NoRootNode => format!("bad XML: there is no root element at {line}:{column}"),
            Error::NodesLimitReached => format!("the XML has more than {MAX_NODES} elements and texts"),
            other => format!("bad XML: {other}"),
        }
    })?;
    let root = xml.root_element();
    match root.tag_name().name() {
        "CORSConfiguration" => {}
        "Error" => {
            let of = |name| {
                root.children()
                    .find(|child| child.tag_name().name() == name)
                    .and_then(|child| child.text())
                    .unwrap_or("none")
            };
            return Err(format!(
                "it is an error of the store, {}, and no rules: {}",
                of("Code"),
                of("Message")
            ));
        }
        other => {
            return Err(format!(
                "its root is <{other}>, where <CORSConfiguration> is read"
            ));
        }
    }
    let mut cors = Cors::default();
    let mut own = None;
    for element in root.children().filter(Node::is_element) {
        let place = lines.place(element);
        match element.tag_name().name() {
            "CORSRule" => {
                let rule = rule(element, &lines, &mut cors, report);
                cors.rules.push(rule);
            }
            "ResponseVary" => own = store::response_vary(&text_of(element), &place, report),
            other => report.lost(
                &place,
                format!(
                    "<{other}> is no element of a CORS document that is known: see whether it changes answers"
                ),
            ),
        }
    }
    cors.response_vary = own.or(cors.response_vary);
    Ok(cors)
}

/// Where a DTD or the root element begins: behind the declaration, comments and processing instructions.
fn behind_prolog(text: &str) -> usize {
    let mut rest = text.trim_start_matches('\u{feff}');
    loop {
        rest = rest.trim_start();
        let end = match rest {
            _ if rest.starts_with("<?") => "?>",
            _ if rest.starts_with("<!--") => "-->",
            _ => break,
        };
        let Some((_, behind)) = rest.split_once(end) else {
            break;
        };
        rest = behind;
    }
    text.len().saturating_sub(rest.len())
}

fn rule(element: Node<'_, '_>, lines: &Lines<'_>, cors: &mut Cors, report: &mut Report) -> Rule {
    let mut rule = Rule {
        place: lines.place(element),
        ..Rule::default()
    };
    for field in element.children().filter(Node::is_element) {
        let place = lines.place(field);
        let name = field.tag_name().name();
        if field.children().any(|child| child.is_element()) {
            report.lost(&place, format!("<{name}> holds elements, where text is read"));
            continue;
        }
        store::add(cors, &mut rule, name, &text_of(field), &place, report);
    }
    rule
}

/// All text of an element, which a comment may part.
fn text_of(element: Node<'_, '_>) -> String {
    element
        .children()
        .filter_map(|child| child.text().filter(|_| child.is_text()))
        .collect()
}
