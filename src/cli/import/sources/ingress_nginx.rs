//! `--from ingress-nginx`: the annotations of an Ingress, as ingress-nginx reads them.

use bucket_cors::profile;

use super::source::{BucketNames, Source};
use crate::import::code;
use crate::import::file::{File, FileContent};
use crate::import::imported_document::Sourced;
use crate::import::ingress::{self, Controller};
use crate::import::remarks::{Remarks, as_written};
use crate::import::{ingress_class, ingress_hosts, kube};
use crate::source::{Trouble, placeholder};

pub(super) static SOURCE: Source = Source {
    name: "ingress-nginx",
    holds: "the annotations of an Ingress, as ingress-nginx reads them",
    about: "\
An Ingress with the annotations nginx.ingress.kubernetes.io/enable-cors and cors-*: `kubectl get ingresses,ingressclasses -A -o yaml`. What is not said, or not in a form that ingress-nginx takes, has its defaults. Its * stands for one label, which no pattern can say, so that origins with a * are not carried over. On a host with use-regex or rewrite-target every path is a regular expression, the longest text first, with upper and lower case alike: /photos(/|$)(.*) is the bucket photos. An Ingress whose class is another controller's is left out. The same is lost as of Envoy's policies.",
    profile: &profile::FETCH,
    names: BucketNames::Routes,
    kinds: &["Ingress"],
    recognises: |file| {
        let values = file.values();
        let mut ingresses = values.iter().filter(|value| kube::kind(value) == "Ingress");
        ingresses.any(|ingress| ingress::has_annotations(ingress, ingress_class::OF_NGINX))
    },
    read,
};

const CONTROLLER: Controller = Controller {
    name: "ingress-nginx",
    known: &ingress_class::NGINX,
    headers: "DNT, Keep-Alive, User-Agent, X-Requested-With, If-Modified-Since, Cache-Control, Content-Type, Range, \
              Authorization",
    takes,
    origin,
    takes_aliases: true,
    echoes: false,
    has_locations: true,
};

/// Reads the Ingresses.
///
/// # Errors
/// That it is no YAML and no JSON, for a person.
fn read(file: &File<'_>, remarks: &mut Remarks) -> Result<FileContent, Trouble> {
    let resources = file.documents()?.with_beside();
    let mut hosts = ingress_hosts::all(&resources, &CONTROLLER, remarks);
    ingress_hosts::add_others(&mut hosts, &resources, CONTROLLER.known);
    Ok(FileContent::Hosts(hosts))
}

/// Whether it takes the value of an annotation, by the expressions that it holds them against.
fn takes(name: &str, value: &str) -> bool {
    let value = value.trim();
    let is_word = |others: &'static str| {
        move |character: char| character.is_ascii_alphanumeric() || others.contains(character)
    };
    match name {
        _ if placeholder::within(value).is_some() => true,
        "cors-allow-origin" => !value.is_empty(),
        "cors-allow-methods" => is_list(value, |character| character.is_ascii_alphabetic()),
        "cors-allow-headers" => !value.is_empty() && value.chars().all(is_word("-_, ")),
        "cors-expose-headers" => is_list(value, is_word("-_*")),
        "cors-max-age" => value.parse::<i64>().is_ok(),
        _ => true,
    }
}

/// `([…]+,?\s?)+`.
fn is_list(value: &str, is_of_word: impl Fn(char) -> bool) -> bool {
    let mut rest = value;
    while !rest.is_empty() {
        let behind = rest.trim_start_matches(&is_of_word);
        if behind.len() == rest.len() {
            return false;
        }
        rest = behind.strip_prefix(',').unwrap_or(behind);
        rest = rest.strip_prefix(char::is_whitespace).unwrap_or(rest);
    }
    !value.is_empty()
}

/// What the controller makes of an entry: an expression, without case, in which a `*` in front of a host is
/// `[A-Za-z0-9-]+`. It leaves out what is no origin to it.
fn origin(Sourced { value, place }: Sourced<String>, remarks: &mut Remarks) -> Option<Sourced<String>> {
    if placeholder::within(&value).is_some() || value == "null" {
        return Some(Sourced { value, place });
    }
    let written = as_written(&value);
    let (code, message) = match (is_origin(&value), value.contains('*')) {
        (true, false) => return Some(in_lower_case(value, place, remarks)),
        (true, true) => (
            code::ONE_LABEL,
            format!(
                "{written}: to ingress-nginx this * is one label, and a pattern's * takes dots too: list the origins, or add \
                 {written} to AllowedOrigins if all of that may be let in"
            ),
        ),
        _ if !is_left_out(&value) => (
            code::REFUSED_VALUE,
            format!(
                "{written}: ingress-nginx refuses the whole annotation for it and lets every origin in, or leaves it out where \
                 annotations are not checked: the other origins are written; write its scheme, host and port alone, in lower \
                 case, or a * if every origin is meant"
            ),
        ),
        (false, true) => (
            code::ONE_LABEL,
            format!(
                "{written}: ingress-nginx takes a * only for the first label of a host and leaves this out; so does this import"
            ),
        ),
        (false, false) => (
            code::NO_EFFECT,
            format!(
                "{written} is no origin to ingress-nginx, which leaves it out, as this import does: write its scheme, host and \
                 port if it is meant"
            ),
        ),
    };
    remarks.say(code, &place, message);
    None
}

fn in_lower_case(value: String, place: String, remarks: &mut Remarks) -> Sourced<String> {
    let lower = value.to_ascii_lowercase();
    if lower != value {
        remarks.say(
            code::LOWER_CASE,
            &place,
            format!("{lower:?} is for lower case only, which is what browsers send"),
        );
    }
    Sourced { value: lower, place }
}

/// `[a-z]+://(\*\.)?[A-Za-z0-9\-.]*(:\d+)?`.
fn is_origin(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once("://") else {
        return false;
    };
    let rest = rest.strip_prefix("*.").unwrap_or(rest);
    let (host, port) = rest
        .split_once(':')
        .map_or((rest, None), |(host, port)| (host, Some(port)));
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    !scheme.is_empty()
        && scheme.bytes().all(|byte| byte.is_ascii_lowercase())
        && host.bytes().all(is_host)
        && port.is_none_or(is_port)
}

/// Whether an entry that is no origin passes the check of the whole annotation, where one piece of an origin may follow
/// another and a scheme may be missing.
fn is_left_out(value: &str) -> bool {
    let mut rest = value;
    while !rest.is_empty() {
        let behind = rest.trim_start_matches(|character: char| character.is_ascii_lowercase());
        let scheme = behind.strip_prefix("://").filter(|_| behind.len() < rest.len());
        let port = rest
            .strip_prefix(':')
            .filter(|port| port.starts_with(|c: char| c.is_ascii_digit()));
        let is_of_host =
            |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '.' | ' ');
        let piece = scheme
            .or(port)
            .or(rest.strip_prefix("*."))
            .or(rest.strip_prefix(is_of_host));
        let Some(next) = piece else {
            return false;
        };
        rest = next;
    }
    true
}
