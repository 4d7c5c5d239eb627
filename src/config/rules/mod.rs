//! A CORS document, in any of the shapes in which stores and their tools print it.

mod cors;
mod header;
mod max_age;
mod overlap;
mod rule;
mod warnings;

use crate::config::model::Rule;
use crate::config::reading::field::{Fields, fields};
use crate::config::reading::recorded_json::Value;
use crate::config::reading::{Null, Reading};
use crate::config::report::{
    MessagePart::{Number, Pointer, Words},
    Place, code,
};
use crate::profile::MAX_RULES;
pub(crate) use cors::{Context, Cors};
pub(crate) use overlap::Budget;
use rule::Said;

fields! {
    RULES "CORSRules" "CORSRule",
    RESPONSE_VARY "ResponseVary",
    WRAPPED "CORSConfiguration",
}

const EXPECTED: &str = "a CORS document, which is an object with CORSRules, a list of rules, or null";

/// Reads a CORS document.
pub(crate) fn read<'a>(
    reading: &mut Reading<'a>,
    place: &Place<'_>,
    context: &Context<'_>,
    budget: &mut Budget,
) -> Cors<'a> {
    // One document is in one wrapper at most.
    read_of(FIELDS, reading, place, context, budget)
}

fn read_of<'a>(
    fields: &'static [&'static [&'static str]],
    reading: &mut Reading<'a>,
    place: &Place<'_>,
    context: &Context<'_>,
    budget: &mut Budget,
) -> Cors<'a> {
    let value = reading.value();
    let way_out = match &value {
        Value::Null => return Cors::default(),
        Value::List => return rules(reading, place, context, budget, None, value),
        Value::Object => return document(fields, reading, place, context, budget),
        Value::Text(text) => match text.trim_start().as_bytes().first() {
            Some(b'<') => "XML is not read here: paste the JSON that get-bucket-cors prints",
            Some(b'{' | b'[') => {
                "the CORS document is JSON in a string: write it without the quotes around it"
            }
            _ => {
                reading.wrong_type(place, EXPECTED, &value);
                return Cors::default();
            }
        },
        Value::Flag(_) | Value::Number(_) => {
            reading.wrong_type(place, EXPECTED, &value);
            return Cors::default();
        }
    };
    reading
        .report
        .add(&code::WRONG_TYPE, place, "{}", &[Words(way_out)]);
    Cors::default()
}

fn document<'a>(
    known: &'static [&'static [&'static str]],
    reading: &mut Reading<'a>,
    place: &Place<'_>,
    context: &Context<'_>,
    budget: &mut Budget,
) -> Cors<'a> {
    let response_vary = reading.ahead("ResponseVary").and_then(Value::flag);
    let mut cors = Cors {
        rules: Vec::new(),
        response_vary,
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
                let known = known.get(..WRAPPED).unwrap_or_default();
                cors = read_of(known, reading, place, context, budget);
            }
            RESPONSE_VARY => {
                reading.flag(place, Null::IsAbsent);
            }
            _ => {
                let value = reading.value();
                cors = rules(reading, place, context, budget, response_vary, value);
            }
        }
    }
    if response_vary.is_some() && fields.given(RESPONSE_VARY).is_some() {
        let place = &Place::Key(place, "ResponseVary");
        warnings::warn_of_response_vary(&mut reading.report, place, context.profile, &cors);
    }
    cors
}

/// Reads the rules: a list, or one. `response_vary`: what the document around them says.
fn rules<'a>(
    reading: &mut Reading<'a>,
    place: &Place<'_>,
    context: &Context<'_>,
    budget: &mut Budget,
    response_vary: Option<bool>,
    value: Value<'a>,
) -> Cors<'a> {
    let errors_before = reading.report.errors.total();
    let mut cors = Cors::default();
    let mut said: Vec<Said> = Vec::new();
    let mut count = 0_usize;
    let is_list = match value {
        Value::Null => {
            cors.response_vary = response_vary;
            return cors;
        }
        Value::List => {
            while reading.element() {
                let (rule, of_rule) = rule::read(reading, &Place::Index(place, count), context);
                // More are checked but not kept: a document of a million rules is to be refused, not to be held.
                if count < MAX_RULES {
                    cors.rules.push(rule);
                    said.push(of_rule);
                }
                count = count.saturating_add(1);
            }
            true
        }
        Value::Object => {
            count = 1;
            let (rule, of_rule) = rule::read_begun(reading, place, value, context);
            cors.rules.push(rule);
            said.push(of_rule);
            false
        }
        other => {
            reading.wrong_type(place, "a list of rules, or one", &other);
            return cors;
        }
    };
    let flags = said.iter().filter_map(|said| said.response_vary);
    cors.response_vary = response_vary.or_else(|| flags.reduce(|one, other| one || other));
    let report = &mut reading.report;
    if count > MAX_RULES {
        report.add(
            &code::TOO_MANY_RULES,
            place,
            "{} rules stand here: a bucket has at most {}, so join rules that differ in origin only",
            &[Number(count), Number(MAX_RULES)],
        );
    }
    let at = |index| {
        if is_list {
            Place::Index(place, index)
        } else {
            *place
        }
    };
    // Where the document says it too, a rule's flag is not the one that counts.
    let asks_rules = response_vary.is_none() || !context.profile.obeys_response_vary;
    for (index, said) in said.iter().enumerate() {
        let rule = &at(index);
        if said.response_vary.is_some() && asks_rules {
            let place = &Place::Key(rule, "ResponseVary");
            warnings::warn_of_response_vary(report, place, context.profile, &cors);
        }
        if said.origins > 1 {
            let place = &Place::Key(rule, said.origins_field);
            warnings::warn_of_several_origins(report, place, context.profile, &cors, said.origins);
        }
    }
    // Fetch, "CORS check": credentials never pass with `*`, so that the flag could not have the effect it asks for.
    if context.allow_credentials
        && let Some(index) = cors.rules.iter().position(Rule::allows_any_origin)
    {
        report.add(
            &code::CREDENTIALS_WITH_ANY_ORIGIN,
            &Place::Key(context.place, "allow_credentials"),
            "{} lists *, which never gets credentials: name the origins there, or take this out",
            &[Pointer(&at(index))],
        );
    }
    warnings::warn(report, place, context.profile, &cors.rules, count);
    // A rule that is half read would look narrower than it is meant.
    if report.errors.total() == errors_before {
        overlap::warn(report, place, &cors.rules, budget);
    }
    cors
}
