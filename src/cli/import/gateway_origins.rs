//! The origins of policies of the Gateway API, and of Envoy Gateway's.

use super::code;
use super::imported_document::Sourced;
use super::node::Node;
use super::policy;
use super::remarks::{Remarks, as_written};
use crate::source::placeholder;

/// The origins of a policy: whole, `*`, or with a `*` for the labels in front of a host, for all of it or for its port,
/// which is a pattern's own form.
pub(crate) fn of(policy: &Node<'_>, remarks: &mut Remarks) -> Vec<Sourced<String>> {
    let mut origins = policy::texts(policy.get("allowOrigins"), remarks);
    origins.retain(|Sourced { value, place }| {
        let is_taken = has_stars_in_place(value) || placeholder::within(value).is_some();
        if !is_taken {
            remarks.say(
                code::REFUSED_VALUE,
                place,
                format!(
                    "{}: a * is taken only in front of a host, as in https://*.example.com, for all of it or for its port, and \
                     elsewhere it is refused: write it into AllowedOrigins if it is meant",
                    as_written(value)
                ),
            );
        }
        is_taken
    });
    origins
}

fn has_stars_in_place(origin: &str) -> bool {
    let Some((scheme, rest)) = origin.split_once("://") else {
        return origin == "*" || !origin.contains('*');
    };
    let rest = rest.strip_suffix(":*").unwrap_or(rest);
    let behind = rest
        .strip_prefix('*')
        .filter(|behind| behind.is_empty() || behind.starts_with(['.', ':']));
    !scheme.contains('*') && !behind.unwrap_or(rest).contains('*')
}

#[cfg(test)]
mod tests {
    use super::has_stars_in_place;

    #[test]
    fn a_star_stands_in_front_of_a_host_or_for_a_part() {
        for taken in [
            "*",
            "https://*",
            "https://*.a.example",
            "https://a:*",
            "http://*:8080",
            "a.example",
            "https://*.a:*",
        ] {
            assert!(has_stars_in_place(taken), "{taken}");
        }
        for refused in [
            "https://a.*.example",
            "https://a*",
            "https://*a.example",
            "http*://a",
            "*.a.example",
            "https://a:80*",
        ] {
            assert!(!has_stars_in_place(refused), "{refused}");
        }
    }
}
