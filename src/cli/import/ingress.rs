//! The CORS annotations of an Ingress, as its controller reads them.

use super::code;
use super::cors_headers;
use super::foreign;
use super::imported_document::{ImportedBucket, Sourced};
use super::ingress_class::KnownController;
use super::node::Node;
use super::policy::{self, ListUse, Policy};
use super::remarks::{Remarks, as_written};
use super::rule_fields;
use crate::source::placeholder;

/// What reads an Ingress. They share the names of the annotations, and not what they make of them.
pub(crate) struct Controller {
    pub(crate) name: &'static str,
    /// Its classes and annotations.
    pub(crate) known: &'static KnownController,
    /// The headers where none are said.
    pub(crate) headers: &'static str,
    /// Whether it takes this value of an annotation. One that it does not take stands for none.
    pub(crate) takes: fn(&str, &str) -> bool,
    /// What an origin stands for that is no `*`, if a pattern can say it.
    pub(crate) origin: fn(Sourced<String>, &mut Remarks) -> Option<Sourced<String>>,
    /// It takes the names in server-alias for its hosts too.
    pub(crate) takes_aliases: bool,
    /// Where every origin is let in, it answers with that origin and not with `*`.
    pub(crate) echoes: bool,
    /// It makes nginx's locations of paths.
    pub(crate) has_locations: bool,
}

impl Controller {
    /// The value of an annotation.
    pub(crate) fn annotation<'t>(&self, resource: &Node<'t>, name: &str) -> Option<Node<'t>> {
        let annotations = resource.path(&["metadata", "annotations"])?;
        let mut prefixes = self.known.prefixes.iter();
        prefixes.find_map(|prefix| annotations.get(&format!("{prefix}{name}")))
    }

    /// Whether an annotation switches something on.
    pub(crate) fn is_on(&self, resource: &Node<'_>, name: &str) -> bool {
        let text = self.annotation(resource, name).and_then(|value| value.text());
        text.is_some_and(|text| go_flag(&text) == Some(true))
    }
}

/// Those for CORS, without what they start with.
const ANNOTATIONS: [&str; 7] = [
    SWITCH,
    "cors-allow-origin",
    "cors-allow-methods",
    "cors-allow-headers",
    "cors-expose-headers",
    CREDENTIALS,
    "cors-max-age",
];

const SWITCH: &str = "enable-cors";
const CREDENTIALS: &str = "cors-allow-credentials";

/// What stands where nothing is said.
pub(crate) const METHODS: &str = "GET, PUT, POST, DELETE, PATCH, OPTIONS";
pub(crate) const MAX_AGE: i64 = 1_728_000;

/// Whether an Ingress has annotations for CORS that start so, or that set its headers.
pub(crate) fn has_annotations(resource: &Node<'_>, prefix: &str) -> bool {
    let annotations = resource.path(&["metadata", "annotations"]);
    annotations.is_some_and(|annotations| {
        let mut names = ANNOTATIONS.iter();
        let mut by_hand = cors_headers::set_in(&annotations).into_iter();
        names.any(|name| annotations.get(&format!("{prefix}{name}")).is_some())
            || by_hand.any(|set| set.field.starts_with(prefix))
    })
}

/// The first annotation for CORS that starts with one of these.
pub(crate) fn first_annotation<'t>(resource: &Node<'t>, prefixes: &[&str]) -> Option<Node<'t>> {
    let annotations = resource.path(&["metadata", "annotations"])?;
    let is_it = |key: &str| {
        let mut names = prefixes.iter().filter_map(|prefix| key.strip_prefix(prefix));
        names.any(|name| name.contains("cors"))
    };
    let mut fields = annotations.fields().into_iter();
    fields.find_map(|(key, value)| is_it(key).then_some(value))
}

/// The rules that the annotations stand for. `None`: they do not switch CORS on.
pub(crate) fn policy(
    resource: &Node<'_>,
    controller: &Controller,
    remarks: &mut Remarks,
) -> Option<ImportedBucket> {
    let annotations = resource.path(&["metadata", "annotations"])?;
    say_unknown(&annotations, controller, remarks);
    let mut refused = Vec::new();
    let mut get = |name: &str, remarks: &mut Remarks| {
        let value = controller.annotation(resource, name)?;
        let text = value.text()?;
        if !(controller.takes)(name, &text) {
            refused.push((name.to_owned(), text, value.place));
            return None;
        }
        // Those of lists are named each by itself.
        if matches!(name, SWITCH | CREDENTIALS) && placeholder::within(&text).is_some() {
            remarks.say(code::TEMPLATE, &value.place, foreign::to_be_filled(&text));
        }
        Some((text, value.place))
    };
    let enabled = get(SWITCH, remarks);
    let Some((_, place)) = enabled.clone().filter(|(text, _)| go_flag(text) == Some(true)) else {
        say_off(&annotations, enabled, controller, remarks);
        return None;
    };
    let mut list = |name: &str, default: &str| match get(name, remarks) {
        Some((text, place)) => policy::commas(&text, &place),
        None => policy::commas(default, &place),
    };
    let origins = list("cors-allow-origin", "*");
    let methods = list("cors-allow-methods", METHODS);
    let headers = list("cors-allow-headers", controller.headers);
    let exposed = list("cors-expose-headers", "");
    let max_age = match get("cors-max-age", remarks) {
        Some((text, place)) => rule_fields::seconds(&text, &place, remarks),
        None => Some(Sourced::new(MAX_AGE, &place)),
    };
    // It stands for the rest.
    let any = origins.iter().find(|origin| origin.value == "*").cloned();
    let origins = match any {
        Some(any) => vec![any],
        None => {
            let all = origins.into_iter();
            all.filter_map(|origin| (controller.origin)(origin, remarks))
                .collect()
        }
    };
    let mut credentials = match get(CREDENTIALS, remarks) {
        Some((text, place)) => {
            let is_on = go_flag(&text) != Some(false) && placeholder::within(&text).is_none();
            Sourced::new(is_on, &place)
        }
        None => Sourced::new(true, &place),
    };
    if credentials.value && !controller.echoes && origins.iter().any(|origin| origin.value == "*") {
        remarks.say(
            code::NO_EFFECT,
            &credentials.place,
            "credentials beside Access-Control-Allow-Origin: *, which browsers do not take",
        );
        credentials.value = false;
    }
    for (name, text, place) in refused {
        remarks.say(
            code::NO_EFFECT,
            &place,
            format!(
                "{} is no value of {name} that {} takes: it has its default, which is written",
                as_written(&text),
                controller.name
            ),
        );
    }
    let policy = Policy {
        origins,
        methods,
        headers,
        exposed,
        max_age,
        credentials,
        place: place.clone(),
        ..Policy::default()
    };
    Some(policy.into_bucket(ListUse::Printed, remarks))
}

/// Annotations of the controller's that are none for CORS, and are called so or nearly so.
fn say_unknown(annotations: &Node<'_>, controller: &Controller, remarks: &mut Remarks) {
    for (key, value) in annotations.fields() {
        let mut prefixes = controller.known.prefixes.iter();
        let Some(name) = prefixes.find_map(|prefix| key.strip_prefix(prefix)) else {
            continue;
        };
        if ANNOTATIONS.contains(&name) {
            continue;
        }
        let mut known = ANNOTATIONS.iter();
        let meant = known.find(|known| is_near(known, name));
        if meant.is_none() && !name.contains("cors") {
            continue;
        }
        let advice = meant.map_or_else(
            || "see whether it changes answers".to_owned(),
            |meant| format!("write {meant}, if that is meant"),
        );
        let message = format!("{key} is no annotation for CORS that is known: {advice}");
        remarks.say(code::UNKNOWN_FIELD, &value.place, message);
    }
}

/// Whether a name may be another with a typing error: one character more, less, or another, or two that have changed
/// places.
fn is_near(name: &str, other: &str) -> bool {
    let is_same = |(one, two): &(u8, u8)| one == two;
    let starts = name.bytes().zip(other.bytes()).take_while(is_same).count();
    let ends = name
        .bytes()
        .rev()
        .zip(other.bytes().rev())
        .take_while(is_same)
        .count();
    starts.saturating_add(ends).saturating_add(2) >= name.len().max(other.len())
}

/// Annotations for CORS that nothing switches on. `switch`: what says so, if anything.
fn say_off(
    annotations: &Node<'_>,
    switch: Option<(String, String)>,
    controller: &Controller,
    remarks: &mut Remarks,
) {
    if let Some((text, place)) = switch {
        if placeholder::within(&text).is_none() {
            let written = as_written(&text);
            let message = format!(
                "the policy of an Ingress whose {SWITCH} is {written}, which does not switch it on: its hosts get none; write \
                 \"true\" if it is meant"
            );
            remarks.say(code::POLICY_OFF, &place, message);
        }
        return;
    }
    let mut fields = annotations.fields().into_iter();
    let own = fields.find(|(key, _)| {
        let mut prefixes = controller.known.prefixes.iter();
        let name = prefixes.find_map(|prefix| key.strip_prefix(prefix));
        name.is_some_and(|name| ANNOTATIONS.contains(&name))
    });
    if let Some((key, value)) = own {
        let message = format!(
            "{key} without {SWITCH}, which {} asks for: its hosts get no policy; add {SWITCH}: \"true\" if it is meant",
            controller.name
        );
        remarks.say(code::POLICY_OFF, &value.place, message);
    }
}

/// As Go parses one, which is how both controllers read these annotations.
fn go_flag(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}
