//! A CORS document, in any of the shapes in which stores and their tools print it.

use serde::de::{MapAccess, SeqAccess};

use super::code;
use super::field::{is_first, unknown};
use super::model::Rule;
use super::origin_browser::{Transport, transport};
use super::overlap::{self, Budget};
use super::place::Place;
use super::report::Report;
use super::rule::{Pending, RuleReader};
use super::value::{Flag, Null, Read, Scalar, Seed, next_key, skip_value, wrong_type};
use crate::profile::MAX_RULES;

const FIELDS: [&str; 3] = ["CORSRules", "ResponseVary", "CORSConfiguration"];
const EXPECTED: &str = "a CORS document: an object with CORSRules, a list of rules, or null";

/// A CORS document and how it was written.
#[derive(Debug, Default)]
pub(super) struct Cors<'a> {
    pub(super) rules: Vec<Rule<'a>>,
    pub(super) response_vary: Option<bool>,
    pub(super) pending: Vec<Pending<'a>>,
    pub(super) shape: Shape,
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
    /// Whether `ResponseVary` stands beside the rules.
    pub(super) response_vary: bool,
}

impl Shape {
    /// The object around the rules.
    pub(super) fn at_document<R>(&self, bucket: &Place<'_>, then: impl FnOnce(&Place<'_>) -> R) -> R {
        let cors = Place::Key(bucket, "cors");
        if self.wrapped {
            then(&Place::Key(&cors, "CORSConfiguration"))
        } else {
            then(&cors)
        }
    }

    /// The list of rules.
    pub(super) fn at_rules<R>(&self, bucket: &Place<'_>, then: impl FnOnce(&Place<'_>) -> R) -> R {
        self.at_document(bucket, |document| match self.rules {
            Some(key) => then(&Place::Key(document, key)),
            None => then(document),
        })
    }

    /// One rule.
    pub(super) fn at_rule<R>(
        &self,
        bucket: &Place<'_>,
        rule: usize,
        then: impl FnOnce(&Place<'_>) -> R,
    ) -> R {
        self.at_rules(bucket, |rules| {
            if self.single {
                then(rules)
            } else {
                then(&Place::Index(rules, rule))
            }
        })
    }
}

/// Reads a CORS document into `cors`.
pub(super) struct CorsReader<'r, 'p, 'a> {
    pub(super) report: &'r mut Report,
    pub(super) place: &'p Place<'p>,
    pub(super) cors: &'r mut Cors<'a>,
    pub(super) budget: &'r mut Budget,
}

impl<'a> Read<'a> for CorsReader<'_, '_, 'a> {
    type Output = ();

    fn scalar(self, value: Scalar<'a>) {
        match value {
            Scalar::Null => {}
            Scalar::Text(text) if text.trim_start().starts_with('<') => {
                self.report.add(&code::WRONG_TYPE, self.place, || {
                    "XML is not read here: paste the JSON that get-bucket-cors prints".to_owned()
                });
            }
            Scalar::Text(text) if text.trim_start().starts_with(['{', '[']) => {
                self.report.add(&code::WRONG_TYPE, self.place, || {
                    "the CORS document is JSON in a string: write it without the quotes around it".to_owned()
                });
            }
            other => wrong_type(self.report, self.place, EXPECTED, other),
        }
    }

    fn list<A: SeqAccess<'a>>(self, list: A) -> Result<(), A::Error> {
        Rules {
            report: self.report,
            place: self.place,
            cors: self.cors,
            budget: self.budget,
        }
        .list(list)
    }

    fn object<A: MapAccess<'a>>(self, mut object: A) -> Result<(), A::Error> {
        let mut wrapper = None;
        let mut rules = None;
        let mut response_vary = None;
        while let Some(key) = next_key(&mut object)? {
            let place = Place::Key(self.place, &key);
            let (slot, name) = match key.as_ref() {
                "CORSRules" => (&mut rules, "CORSRules"),
                "CORSRule" => (&mut rules, "CORSRule"),
                "ResponseVary" => (&mut response_vary, "ResponseVary"),
                "CORSConfiguration" if !self.cors.shape.wrapped => (&mut wrapper, "CORSConfiguration"),
                other => {
                    unknown(self.report, &place, other, "a CORS document", &FIELDS);
                    skip_value(&mut object)?;
                    continue;
                }
            };
            if !is_first(self.report, &place, slot, name) {
                skip_value(&mut object)?;
                continue;
            }
            if wrapper.is_some() && (rules.is_some() || response_vary.is_some()) {
                self.report.add(&code::DUPLICATE_FIELD, &place, || {
                    "CORSConfiguration holds the whole document: nothing stands beside it".to_owned()
                });
                skip_value(&mut object)?;
                continue;
            }
            match name {
                "CORSConfiguration" => {
                    self.cors.shape.wrapped = true;
                    let inner = CorsReader {
                        report: self.report,
                        place: &place,
                        cors: self.cors,
                        budget: self.budget,
                    };
                    object.next_value_seed(Seed(inner))?;
                }
                "ResponseVary" => {
                    self.cors.shape.response_vary = true;
                    let flag = Flag {
                        report: self.report,
                        place: &place,
                        null: Null::IsAbsent,
                    };
                    if let Some(flag) = object.next_value_seed(Seed(flag))? {
                        // A rule's own flag may have come before.
                        self.cors.response_vary = Some(flag || self.cors.response_vary == Some(true));
                    }
                }
                _ => {
                    self.cors.shape.rules = Some(name);
                    let list = Rules {
                        report: self.report,
                        place: &place,
                        cors: self.cors,
                        budget: self.budget,
                    };
                    object.next_value_seed(Seed(list))?;
                }
            }
        }
        Ok(())
    }
}

/// Reads the rules.
struct Rules<'r, 'p, 'a> {
    report: &'r mut Report,
    place: &'p Place<'p>,
    cors: &'r mut Cors<'a>,
    budget: &'r mut Budget,
}

impl<'a> Rules<'_, '_, 'a> {
    fn finish(self, count: usize, errors_before: usize) {
        if count > MAX_RULES {
            self.report.add(&code::TOO_MANY_RULES, self.place, || {
                format!("{count} rules stand here: a bucket has at most {MAX_RULES}, so join rules that differ in origin only")
            });
        }
        warn_of_mixed_schemes(self.report, self.place, &self.cors.rules);
        // A rule that is half read would look narrower than it is meant.
        if self.report.errors.total() == errors_before {
            overlap::warn(self.report, self.place, &self.cors.rules, self.budget);
        }
    }
}

impl<'a> Read<'a> for Rules<'_, '_, 'a> {
    type Output = ();

    fn scalar(self, value: Scalar<'a>) {
        if value != Scalar::Null {
            wrong_type(self.report, self.place, "a list of rules", value);
        }
    }

    fn list<A: SeqAccess<'a>>(self, mut list: A) -> Result<(), A::Error> {
        let errors_before = self.report.errors.total();
        let mut count = 0_usize;
        loop {
            let place = Place::Index(self.place, count);
            let reader = RuleReader {
                report: self.report,
                place: &place,
                index: count,
                pending: &mut self.cors.pending,
                response_vary: &mut self.cors.response_vary,
            };
            let Some(rule) = list.next_element_seed(Seed(reader))? else {
                break;
            };
            // More are checked but not kept: a document of a million rules is to be refused, not to be held.
            if count < MAX_RULES {
                self.cors.rules.push(rule.unwrap_or_default());
            }
            count = count.saturating_add(1);
        }
        self.finish(count, errors_before);
        Ok(())
    }

    fn object<A: MapAccess<'a>>(self, object: A) -> Result<(), A::Error> {
        let errors_before = self.report.errors.total();
        self.cors.shape.single = true;
        let reader = RuleReader {
            report: self.report,
            place: self.place,
            index: 0,
            pending: &mut self.cors.pending,
            response_vary: &mut self.cors.response_vary,
        };
        let rule = reader.object(object)?;
        self.cors.rules.push(rule.unwrap_or_default());
        self.finish(1, errors_before);
        Ok(())
    }
}

/// A page on `https://` that a rule trusts is as safe as the weakest origin beside it.
fn warn_of_mixed_schemes(report: &mut Report, place: &Place<'_>, rules: &[Rule<'_>]) {
    let origins = || rules.iter().flat_map(|rule| &rule.allowed_origins);
    let has = |wanted| origins().any(|origin| transport(origin.as_str()) == wanted);
    if has(Transport::Insecure) && has(Transport::Secure) {
        report.add(&code::MIXED_SCHEMES, place, || {
            "http:// origins stand beside https:// ones: what the https:// site may do, anybody on the way to the http:// one may"
                .to_owned()
        });
    }
}
