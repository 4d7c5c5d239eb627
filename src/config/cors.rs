//! A CORS document, in any of the shapes in which stores and their tools print it.

use super::code;
use super::field::{Fields, fields};
use super::json::Value;
use super::message::Part::{Number, Words};
use super::model::Rule;
use super::origin_browser::{Transport, transport};
use super::overlap::{self, Budget};
use super::place::Place;
use super::reading::{Null, Reading};
use super::report::Report;
use super::rule::{self, Pending};
use crate::profile::MAX_RULES;

fields! {
    RULES "CORSRules" "CORSRule",
    RESPONSE_VARY "ResponseVary",
    WRAPPED "CORSConfiguration",
}

const EXPECTED: &str = "a CORS document, which is an object with CORSRules, a list of rules, or null";

/// A CORS document and how it was written.
#[derive(Debug, Default)]
pub(super) struct Cors<'a> {
    pub(super) rules: Vec<Rule<'a>>,
    /// How many rules there are, kept or not.
    pub(super) rule_count: usize,
    /// The document's `ResponseVary`.
    pub(super) own_response_vary: Option<bool>,
    /// That of its rules: one true is enough.
    rules_response_vary: Option<bool>,
    pub(super) pending: Vec<Pending<'a>>,
    pub(super) shape: Shape,
}

impl Cors<'_> {
    /// Takes note of a rule's `ResponseVary`.
    pub(super) fn add_response_vary(&mut self, flag: bool) {
        self.rules_response_vary = Some(flag || self.rules_response_vary == Some(true));
    }

    /// The flag that counts: what is said of the whole before what is said of its parts.
    pub(super) fn response_vary(&self) -> Option<bool> {
        self.own_response_vary.or(self.rules_response_vary)
    }
}

/// Where in the document its parts stand, for findings that come when it has been read.
#[derive(Debug, Default)]
pub(super) struct Shape {
    /// In a `CORSConfiguration`.
    wrapped: bool,
    /// The spelling of `CORSRules`; `None`: a bare list.
    rules: Option<&'static str>,
    /// One rule where a list may stand.
    single: bool,
}

impl Shape {
    /// Gives `then` the place of the object around the rules.
    pub(super) fn at_document(&self, bucket: &Place<'_>, then: &mut dyn FnMut(&Place<'_>)) {
        let cors = Place::Key(bucket, "cors");
        if self.wrapped {
            then(&Place::Key(&cors, "CORSConfiguration"));
        } else {
            then(&cors);
        }
    }

    /// Gives `then` the place of the list of rules.
    pub(super) fn at_rules(&self, bucket: &Place<'_>, then: &mut dyn FnMut(&Place<'_>)) {
        self.at_document(bucket, &mut |document| match self.rules {
            Some(key) => then(&Place::Key(document, key)),
            None => then(document),
        });
    }

    /// Gives `then` the place of one rule.
    pub(super) fn at_rule(&self, bucket: &Place<'_>, rule: usize, then: &mut dyn FnMut(&Place<'_>)) {
        self.at_rules(bucket, &mut |rules| {
            if self.single {
                then(rules);
            } else {
                then(&Place::Index(rules, rule));
            }
        });
    }
}

/// Reads a CORS document into `cors`.
pub(super) fn read<'a>(
    reading: &mut Reading<'a>,
    place: &Place<'_>,
    cors: &mut Cors<'a>,
    budget: &mut Budget,
) {
    let value = reading.value();
    let way_out = match &value {
        Value::Null => return,
        Value::List => return rules(reading, place, cors, budget, value),
        Value::Object => return document(reading, place, cors, budget),
        Value::Text(text) => match text.trim_start().as_bytes().first() {
            Some(b'<') => "XML is not read here: paste the JSON that get-bucket-cors prints",
            Some(b'{' | b'[') => {
                "the CORS document is JSON in a string: write it without the quotes around it"
            }
            _ => return reading.wrong_type(place, EXPECTED, &value),
        },
        Value::Flag(_) | Value::Number(_) => return reading.wrong_type(place, EXPECTED, &value),
    };
    reading
        .report
        .add(&code::WRONG_TYPE, place, "{}", &[Words(way_out)]);
}

fn document<'a>(reading: &mut Reading<'a>, place: &Place<'_>, cors: &mut Cors<'a>, budget: &mut Budget) {
    // One document is in one wrapper at most.
    let known = if cors.shape.wrapped {
        FIELDS.get(..WRAPPED).unwrap_or_default()
    } else {
        FIELDS
    };
    let mut fields = Fields::new("a CORS document", known);
    while let Some(field) = fields.next(reading, place) {
        let place = &Place::Key(place, field.name);
        let beside = fields.given(RULES).or(fields.given(RESPONSE_VARY));
        if beside.is_some() && fields.given(WRAPPED).is_some() {
            reading.report.add(
                &code::DUPLICATE_FIELD,
                place,
                "CORSConfiguration holds the whole document: nothing stands beside it",
                &[],
            );
            reading.skip();
            continue;
        }
        match field.number {
            WRAPPED => {
                cors.shape.wrapped = true;
                read(reading, place, cors, budget);
            }
            RESPONSE_VARY => {
                cors.own_response_vary = reading.flag(place, Null::IsAbsent);
            }
            _ => {
                cors.shape.rules = Some(field.name);
                let value = reading.value();
                rules(reading, place, cors, budget, value);
            }
        }
    }
}

/// Reads the rules: a list, or one.
fn rules<'a>(
    reading: &mut Reading<'a>,
    place: &Place<'_>,
    cors: &mut Cors<'a>,
    budget: &mut Budget,
    value: Value<'a>,
) {
    let errors_before = reading.report.errors.total();
    let mut count = 0_usize;
    match value {
        Value::Null => return,
        Value::List => {
            while reading.element() {
                let value = reading.value();
                let rule = rule::read(reading, &Place::Index(place, count), value, count, cors);
                // More are checked but not kept: a document of a million rules is to be refused, not to be held.
                if count < MAX_RULES {
                    cors.rules.push(rule);
                }
                count = count.saturating_add(1);
            }
        }
        Value::Object => {
            cors.shape.single = true;
            count = 1;
            let rule = rule::read(reading, place, value, 0, cors);
            cors.rules.push(rule);
        }
        other => return reading.wrong_type(place, "a list of rules", &other),
    }
    cors.rule_count = count;
    let report = &mut reading.report;
    if count > MAX_RULES {
        report.add(
            &code::TOO_MANY_RULES,
            place,
            "{} rules stand here: a bucket has at most {}, so join rules that differ in origin only",
            &[Number(count), Number(MAX_RULES)],
        );
    }
    warn_of_mixed_schemes(report, place, &cors.rules);
    // A rule that is half read would look narrower than it is meant.
    if report.errors.total() == errors_before {
        overlap::warn(report, place, &cors.rules, budget);
    }
}

/// A page on `https://` that a rule trusts is as safe as the weakest origin beside it.
fn warn_of_mixed_schemes(report: &mut Report, place: &Place<'_>, rules: &[Rule<'_>]) {
    let origins = || rules.iter().flat_map(|rule| &rule.allowed_origins);
    let has = |wanted| origins().any(|origin| transport(origin.as_str()) == wanted);
    if has(Transport::Insecure) && has(Transport::Secure) {
        report.add(
            &code::MIXED_SCHEMES,
            place,
            "http:// origins stand beside https:// ones: what the https:// site may do, anybody on the \
             way to the http:// one may",
            &[],
        );
    }
}
