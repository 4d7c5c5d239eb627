//! `<CORSConfiguration>`, as OSS, S3 and their kin print it.

use roxmltree::{Document as Xml, Error, Node, ParsingOptions};

use super::code;
use super::imported_document::{ImportedCors, ImportedRule};
use super::line_numbers::LineNumbers;
use super::remarks::{Remarks, as_written};
use super::rule_fields;
use crate::source::{Position, Trouble};

/// More elements than any store lets a document have.
const MAX_NODES: u32 = 1_000_000;

/// More bytes than a tag, a text or a comment of a store's document has. The parser compares each attribute of a tag
/// with each other one, so that without a bound 50,000 of them take minutes.
const MAX_TAG_BYTES: usize = 16 * 1024;

/// More namespaces than a store's document declares. The parser compares each one with all others that hold where it
/// stands.
const MAX_NAMESPACES: usize = 100;

/// How S3's namespace begins, which its kin write too.
const OF_S3: &str = "http://s3.amazonaws.com/";

/// Elements of a rule that may stand more than once.
pub(super) const LISTS: [&str; 4] = ["AllowedOrigin", "AllowedMethod", "AllowedHeader", "ExposeHeader"];

/// Parses what a store printed.
///
/// # Errors
/// Why it is no XML, for a person.
pub(crate) fn parse(text: &str) -> Result<Xml<'_>, Trouble> {
    let options = ParsingOptions {
        // An entity of the document's own could multiply text, or fetch it from elsewhere.
        allow_dtd: false,
        nodes_limit: MAX_NODES,
        ..ParsingOptions::default()
    };
    let lines = LineNumbers::new("", text);
    // No tag has a `<` but its own, not even in an attribute.
    let mut at = 0_usize;
    for part in text.split('<') {
        if part.len() > MAX_TAG_BYTES {
            return Err(Trouble::at(
                lines.position(at.saturating_sub(1)),
                format!(
                    "the XML has a tag, a text or a comment of more than {MAX_TAG_BYTES} bytes, which no store prints"
                ),
            ));
        }
        at = at.saturating_add(part.len()).saturating_add(1);
    }
    if let Some((at, _)) = text.match_indices("xmlns").nth(MAX_NAMESPACES) {
        let said = format!("the XML declares more than {MAX_NAMESPACES} namespaces, which no store prints");
        return Err(Trouble::at(lines.position(at), said));
    }
    Xml::parse_with_options(text, options).map_err(|error| {
        // The parser says no place for these.
        let start = lines.position(behind_prolog(text));
        match error {
            Error::DtdDetected => Trouble::at(
                start,
                "the XML has a DTD (<!DOCTYPE …>), which no store prints and which is not read: take it out",
            ),
            Error::UnclosedRootNode => Trouble::at(
                lines.position(text.trim_end().len()),
                format!(
                    "bad XML: it ends here, before the root element, which opens at {}:{}, is closed: it may have been cut off",
                    start.line, start.column
                ),
            ),
            Error::NoRootNode => Trouble::at(start, "bad XML: there is no root element"),
            Error::NodesLimitReached => {
                Trouble::new(format!("the XML has more than {MAX_NODES} elements and texts"))
            }
            other => {
                let at = other.pos();
                let said = other.to_string();
                let position = Position {
                    line: at.row.try_into().unwrap_or(1),
                    column: at.col.try_into().unwrap_or(1),
                };
                let said = said.strip_suffix(&format!(" at {at}")).unwrap_or(&said);
                Trouble::at(position, format!("bad XML: {said}"))
            }
        }
    })
}

/// Reads a document.
///
/// # Errors
/// Why it is none, for a person.
pub(crate) fn read(file: &str, text: &str, remarks: &mut Remarks) -> Result<ImportedCors, Trouble> {
    let xml = parse(text)?;
    let lines = LineNumbers::new(file, text);
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
            let (code, message) = (of("Code"), of("Message"));
            let said = format!("it is an error of the store, {code}, and no rules: {message}");
            return Err(Trouble::at(lines.position(root.range().start), said));
        }
        other => {
            let said = format!("its root is <{other}>, where <CORSConfiguration> is read");
            return Err(Trouble::at(lines.position(root.range().start), said));
        }
    }
    say_attributes(root, &lines, remarks);
    let mut cors = ImportedCors::default();
    for element in root.children() {
        if !is_element(element, &lines, remarks) {
            continue;
        }
        let place = lines.place(element);
        match element.tag_name().name() {
            "CORSRule" => {
                let rule = rule(element, &lines, remarks);
                cors.rules.push(rule);
            }
            field @ "ResponseVary" if cors.response_vary.is_some() => {
                rule_fields::say_second(field, &place, remarks);
            }
            "ResponseVary" => {
                cors.response_vary = rule_fields::response_vary(&text_of(element), &place, remarks);
            }
            other => remarks.say(
                code::UNKNOWN_FIELD,
                &place,
                format!(
                    "<{other}> is no element of a CORS document that is known: see whether it changes answers"
                ),
            ),
        }
    }
    rule_fields::join_vary(&mut cors, remarks);
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

fn rule(element: Node<'_, '_>, lines: &LineNumbers<'_>, remarks: &mut Remarks) -> ImportedRule {
    let mut rule = ImportedRule {
        place: lines.place(element),
        ..ImportedRule::default()
    };
    for field in element.children() {
        if !is_element(field, lines, remarks) {
            continue;
        }
        let place = lines.place(field);
        let name = field.tag_name().name();
        if field.children().any(|child| child.is_element()) {
            remarks.say(
                code::OTHER_TYPE,
                &place,
                format!("<{name}> holds elements, where text is read"),
            );
            continue;
        }
        // The plural is JSON's.
        if let Some(single) = name.strip_suffix('s').filter(|single| LISTS.contains(single)) {
            remarks.say(
                code::UNKNOWN_FIELD,
                &place,
                format!("<{name}> is no element that a store has: write <{single}>, once for each value"),
            );
            continue;
        }
        rule_fields::add(&mut rule, name, &text_of(field), &place, remarks);
    }
    rule
}

/// Whether a node is an element. Text beside elements, such as a value whose tag was lost, is named.
fn is_element(node: Node<'_, '_>, lines: &LineNumbers<'_>, remarks: &mut Remarks) -> bool {
    let text = node.text().filter(|_| node.is_text()).unwrap_or_default();
    let value = text.trim();
    if !value.is_empty() {
        let blank = text.len().saturating_sub(text.trim_start().len());
        let Position { line, column } = lines.position(node.range().start.saturating_add(blank));
        remarks.say(
            code::OTHER_TYPE,
            &format!("{}:{line}:{column}", lines.file),
            format!(
                "{} stands between elements, where no text is read: put it into an element",
                as_written(value)
            ),
        );
    }
    node.is_element() && is_store_s(node, lines, remarks)
}

/// Whether an element can be a store's: one of another namespace is none that a store reads.
fn is_store_s(element: Node<'_, '_>, lines: &LineNumbers<'_>, remarks: &mut Remarks) -> bool {
    let own = element.document().root_element().tag_name().namespace();
    let namespace = element.tag_name().namespace();
    let Some(other) = namespace.filter(|it| namespace != own && !it.starts_with(OF_S3)) else {
        say_attributes(element, lines, remarks);
        return true;
    };
    let name = element.tag_name().name();
    let said = format!(
        "<{name}> is of the namespace {}, which is none of a store's, and is left out: write it without one if it is \
         meant",
        as_written(other)
    );
    remarks.say(code::UNKNOWN_FIELD, &lines.place(element), said);
    false
}

/// Attributes, of which a store reads none.
fn say_attributes(element: Node<'_, '_>, lines: &LineNumbers<'_>, remarks: &mut Remarks) {
    for attribute in element.attributes() {
        // Where a schema stands, and what type an element has by it.
        if attribute
            .namespace()
            .is_some_and(|it| it.ends_with("/XMLSchema-instance"))
        {
            continue;
        }
        let name = element.tag_name().name();
        let said = format!(
            "no store reads an attribute of <{name}>, as {} is one: see whether it is to change answers",
            as_written(attribute.name())
        );
        remarks.say(code::UNKNOWN_FIELD, &lines.place(element), said);
    }
}

/// All text of an element, which a comment may part.
fn text_of(element: Node<'_, '_>) -> String {
    element
        .children()
        .filter_map(|child| child.text().filter(|_| child.is_text()))
        .collect()
}
