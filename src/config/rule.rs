//! One `CORSRule`.

use std::borrow::Cow;

use serde::de::{MapAccess, SeqAccess};

use super::code;
use super::field::{is_first, unknown};
use super::max_age::MaxAge;
use super::model::Rule;
use super::place::Place;
use super::report::Report;
use super::text::{has_control_character, shown};
use super::value::{
    Flag, Null, Read, Scalar, Seed, Text, Texts, next_key, skip_list, skip_value, wrong_type,
};
use super::{header, origin};
use crate::profile::STORE_METHODS;

/// The longest `ID`, in characters: S3's limit.
const LONGEST_ID: usize = 255;

const FIELDS: [&str; 7] = [
    "ID",
    "AllowedOrigins",
    "AllowedMethods",
    "AllowedHeaders",
    "ExposeHeaders",
    "MaxAgeSeconds",
    "ResponseVary",
];

/// What is to be said about a value once the bucket's profile is known, which may stand behind its rules.
#[derive(Debug)]
pub(super) struct Pending<'a> {
    pub(super) rule: usize,
    pub(super) field: &'static str,
    pub(super) index: Option<usize>,
    pub(super) value: PendingValue<'a>,
}

/// See [`Pending`].
#[derive(Debug)]
pub(super) enum PendingValue<'a> {
    /// A method that is none of the five.
    Method(Cow<'a, str>),
    /// An exposed header with a byte that OSS refuses.
    Exposed(Cow<'a, str>),
    /// The rule's own `ResponseVary`, Volcengine TOS's way.
    ResponseVary,
}

/// Reads a rule into what has been read of the document.
pub(super) struct RuleReader<'r, 'p, 'a> {
    pub(super) report: &'r mut Report,
    pub(super) place: &'p Place<'p>,
    pub(super) index: usize,
    pub(super) pending: &'r mut Vec<Pending<'a>>,
    pub(super) response_vary: &'r mut Option<bool>,
}

#[derive(Debug, Clone, Copy)]
enum Field {
    Origins,
    Methods,
    Headers,
    Exposed,
    MaxAge,
    Id,
    ResponseVary,
}

#[derive(Default)]
struct Seen {
    id: Option<&'static str>,
    origins: Option<&'static str>,
    methods: Option<&'static str>,
    headers: Option<&'static str>,
    exposed: Option<&'static str>,
    max_age: Option<&'static str>,
    response_vary: Option<&'static str>,
}

impl<'a> RuleReader<'_, '_, 'a> {
    fn origins<A: MapAccess<'a>>(
        &mut self,
        place: &Place<'_>,
        object: &mut A,
        rule: &mut Rule<'a>,
    ) -> Result<bool, A::Error> {
        let errors_before = self.report.errors.total();
        let mut given = false;
        let mut any = false;
        let each = |report: &mut Report, place: &Place<'_>, text: Cow<'a, str>| {
            given = true;
            let Some(pattern) = origin::read(report, place, text) else {
                return;
            };
            if pattern.is_any() && std::mem::replace(&mut any, true) {
                report.add(&code::DUPLICATE_ANY_ORIGIN, place, || {
                    "the lone * is listed twice, which stores refuse: take one out".to_owned()
                });
            }
            rule.allowed_origins.push(pattern);
        };
        object.next_value_seed(Seed(Texts {
            report: self.report,
            place,
            null: Null::IsAbsent,
            each,
        }))?;
        // A value that could not be read is a value: one complaint is enough.
        Ok(given || self.report.errors.total() > errors_before)
    }

    fn methods<A: MapAccess<'a>>(
        &mut self,
        place: &Place<'_>,
        object: &mut A,
        rule: &mut Rule<'a>,
        field: &'static str,
    ) -> Result<bool, A::Error> {
        let errors_before = self.report.errors.total();
        let mut given = false;
        let (index, pending) = (self.index, &mut *self.pending);
        let each = |report: &mut Report, place: &Place<'_>, text: Cow<'a, str>| {
            given = true;
            let Some(method) = header::read_method(report, place, text) else {
                return;
            };
            if !STORE_METHODS.contains(&method.as_ref()) {
                let value = PendingValue::Method(method.clone());
                pending.push(Pending {
                    rule: index,
                    field,
                    index: last_index(place),
                    value,
                });
            }
            rule.allowed_methods.push(method);
        };
        object.next_value_seed(Seed(Texts {
            report: self.report,
            place,
            null: Null::IsAbsent,
            each,
        }))?;
        // A value that could not be read is a value: one complaint is enough.
        Ok(given || self.report.errors.total() > errors_before)
    }

    fn headers<A: MapAccess<'a>>(
        &mut self,
        place: &Place<'_>,
        object: &mut A,
        rule: &mut Rule<'a>,
    ) -> Result<(), A::Error> {
        let each = |report: &mut Report, place: &Place<'_>, text: Cow<'a, str>| {
            rule.allowed_headers
                .extend(header::read_allowed(report, place, text));
        };
        object.next_value_seed(Seed(Texts {
            report: self.report,
            place,
            null: Null::IsAbsent,
            each,
        }))
    }

    fn exposed<A: MapAccess<'a>>(
        &mut self,
        place: &Place<'_>,
        object: &mut A,
        rule: &mut Rule<'a>,
        field: &'static str,
    ) -> Result<(), A::Error> {
        let (index, pending) = (self.index, &mut *self.pending);
        let each = |report: &mut Report, place: &Place<'_>, text: Cow<'a, str>| {
            let Some(name) = header::read_exposed(report, place, text) else {
                return;
            };
            if name.bytes().any(|byte| matches!(byte, b'&' | b'\'')) {
                let value = PendingValue::Exposed(name.clone());
                pending.push(Pending {
                    rule: index,
                    field,
                    index: last_index(place),
                    value,
                });
            }
            rule.expose_headers.push(name);
        };
        object.next_value_seed(Seed(Texts {
            report: self.report,
            place,
            null: Null::IsAbsent,
            each,
        }))
    }

    fn id<A: MapAccess<'a>>(
        &mut self,
        place: &Place<'_>,
        object: &mut A,
    ) -> Result<Option<Cow<'a, str>>, A::Error> {
        let text = Text {
            report: self.report,
            place,
            expected: "a string",
            null: Null::IsAbsent,
        };
        let Some(id) = object.next_value_seed(Seed(text))? else {
            return Ok(None);
        };
        if has_control_character(self.report, place, &id) {
            return Ok(None);
        }
        // Counting bytes first keeps the usual ID from being counted in characters.
        if id.len() > LONGEST_ID && id.chars().count() > LONGEST_ID {
            self.report.add(&code::RULE_ID, place, || {
                format!(
                    "{} is longer than {LONGEST_ID} characters: shorten it",
                    shown(&id)
                )
            });
            return Ok(None);
        }
        Ok(Some(id))
    }

    fn response_vary<A: MapAccess<'a>>(
        &mut self,
        place: &Place<'_>,
        object: &mut A,
        field: &'static str,
    ) -> Result<(), A::Error> {
        let flag = Flag {
            report: self.report,
            place,
            null: Null::IsAbsent,
        };
        if let Some(flag) = object.next_value_seed(Seed(flag))? {
            *self.response_vary = Some(flag || *self.response_vary == Some(true));
            self.pending.push(Pending {
                rule: self.index,
                field,
                index: None,
                value: PendingValue::ResponseVary,
            });
        }
        Ok(())
    }

    fn finish(&mut self, rule: &Rule<'a>, seen: &Seen, origin_given: bool, method_given: bool) {
        if !origin_given {
            self.report.add(&code::MISSING_ORIGIN, self.place, || {
                "the rule has no origin: list one in AllowedOrigins, or *".to_owned()
            });
        }
        if !method_given {
            self.report.add(&code::MISSING_METHOD, self.place, || {
                "the rule has no method: list GET, PUT, POST, DELETE or HEAD in AllowedMethods".to_owned()
            });
        }
        if rule.allowed_origins.len() > 1 {
            let place = Place::Key(self.place, seen.origins.unwrap_or("AllowedOrigins"));
            self.report.add(&code::SEVERAL_ORIGINS, &place, || {
                format!(
                    "the rule lists {} origins, so its answer depends on the origin: OSS advises ResponseVary true, or a rule each",
                    rule.allowed_origins.len()
                )
            });
        }
        let lists = |name: &str| rule.allowed_methods.iter().any(|method| method == name);
        if lists("GET") && !lists("HEAD") {
            let place = Place::Key(self.place, seen.methods.unwrap_or("AllowedMethods"));
            self.report.add(&code::GET_WITHOUT_HEAD, &place, || {
                "GET does not imply HEAD: list HEAD too where scripts ask for an object's size or date"
                    .to_owned()
            });
        }
    }
}

fn last_index(place: &Place<'_>) -> Option<usize> {
    match place {
        Place::Index(_, index) => Some(*index),
        _ => None,
    }
}

impl<'a> Read<'a> for RuleReader<'_, '_, 'a> {
    type Output = Option<Rule<'a>>;

    fn scalar(self, value: Scalar<'a>) -> Self::Output {
        wrong_type(self.report, self.place, "a rule, an object", value);
        None
    }

    fn list<A: SeqAccess<'a>>(self, list: A) -> Result<Self::Output, A::Error> {
        wrong_type(self.report, self.place, "a rule, an object", "a list");
        skip_list(list).map(|()| None)
    }

    fn object<A: MapAccess<'a>>(mut self, mut object: A) -> Result<Self::Output, A::Error> {
        let mut rule = Rule::default();
        let mut seen = Seen::default();
        let (mut origin_given, mut method_given) = (false, false);
        while let Some(key) = next_key(&mut object)? {
            let place = Place::Key(self.place, &key);
            let (slot, field, name) = match key.as_ref() {
                "AllowedOrigins" => (&mut seen.origins, Field::Origins, "AllowedOrigins"),
                "AllowedOrigin" => (&mut seen.origins, Field::Origins, "AllowedOrigin"),
                "AllowedMethods" => (&mut seen.methods, Field::Methods, "AllowedMethods"),
                "AllowedMethod" => (&mut seen.methods, Field::Methods, "AllowedMethod"),
                "AllowedHeaders" => (&mut seen.headers, Field::Headers, "AllowedHeaders"),
                "AllowedHeader" => (&mut seen.headers, Field::Headers, "AllowedHeader"),
                "ExposeHeaders" => (&mut seen.exposed, Field::Exposed, "ExposeHeaders"),
                "ExposeHeader" => (&mut seen.exposed, Field::Exposed, "ExposeHeader"),
                "MaxAgeSeconds" => (&mut seen.max_age, Field::MaxAge, "MaxAgeSeconds"),
                "ID" => (&mut seen.id, Field::Id, "ID"),
                "ResponseVary" => (&mut seen.response_vary, Field::ResponseVary, "ResponseVary"),
                other => {
                    unknown(self.report, &place, other, "a rule", &FIELDS);
                    skip_value(&mut object)?;
                    continue;
                }
            };
            if !is_first(self.report, &place, slot, name) {
                skip_value(&mut object)?;
                continue;
            }
            match field {
                Field::Origins => origin_given = self.origins(&place, &mut object, &mut rule)?,
                Field::Methods => method_given = self.methods(&place, &mut object, &mut rule, name)?,
                Field::Headers => self.headers(&place, &mut object, &mut rule)?,
                Field::Exposed => self.exposed(&place, &mut object, &mut rule, name)?,
                Field::MaxAge => {
                    let seconds = MaxAge {
                        report: self.report,
                        place: &place,
                    };
                    rule.max_age_seconds = object.next_value_seed(Seed(seconds))?;
                }
                Field::Id => rule.id = self.id(&place, &mut object)?,
                Field::ResponseVary => self.response_vary(&place, &mut object, name)?,
            }
        }
        self.finish(&rule, &seen, origin_given, method_given);
        Ok(Some(rule))
    }
}
