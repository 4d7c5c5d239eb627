//! Places in a proxy's configuration, as patches name them: whether another value there may change which policy a
//! request has.

/// What holds policies, or what holds them further down.
const HOLDERS: [&str; 14] = [
    "api_listener",
    "clusters",
    "default_filter_chain",
    "filter_chains",
    "filters",
    "name",
    "per_filter_config",
    "route",
    "route_config",
    "routes",
    "typed_config",
    "typed_per_filter_config",
    "virtual_hosts",
    "weighted_clusters",
];

/// What says which requests have a policy, with all that is in it.
const DECIDERS: [&str; 9] = [
    "config_discovery",
    "domains",
    "filter_chain_match",
    "filter_chain_matcher",
    "match",
    "matcher",
    "rds",
    "scoped_routes",
    "vhds",
];

/// A list, of which a filter that is added changes none that is there.
const HTTP_FILTERS: &str = "http_filters";

/// What stands for any field or element.
const ANY: &str = "*";

/// The steps of a JSON pointer.
pub(super) fn of_pointer(pointer: &str) -> Vec<String> {
    let steps = pointer.split('/').filter(|step| !step.is_empty());
    steps
        .map(|step| step.replace("~1", "/").replace("~0", "~"))
        .collect()
}

/// The steps of a JSONPath. `None`: it may begin anywhere.
pub(super) fn steps(path: &str) -> Option<Vec<String>> {
    let is_of_name = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    let mut steps = Vec::new();
    let mut rest = path.trim();
    let mut is_deep = false;
    while let Some(first) = rest.chars().next() {
        if let Some(behind) = rest.strip_prefix("..") {
            is_deep = true;
            rest = behind;
            continue;
        }
        if let Some(inner) = rest.strip_prefix('[') {
            // A name in quotes, an index, or what chooses among elements, with brackets of its own.
            let quote = inner.chars().next().filter(|first| matches!(first, '\'' | '"'));
            if let Some(quote) = quote {
                let (name, behind) = inner.get(1..)?.split_once(quote)?;
                steps.push(name.to_owned());
                rest = behind.strip_prefix(']')?;
            } else {
                steps.push(ANY.to_owned());
                rest = behind_bracket(inner)?;
            }
        } else if is_of_name(first) {
            let end = rest
                .find(|character| !is_of_name(character))
                .unwrap_or(rest.len());
            steps.push(rest.get(..end)?.to_owned());
            rest = rest.get(end..)?;
        } else {
            if first == '*' {
                steps.push(ANY.to_owned());
            }
            rest = rest.get(first.len_utf8()..)?;
            continue;
        }
        // Other fields may be called as one that changes nothing.
        if is_deep
            && steps
                .last()
                .is_none_or(|step| step != HTTP_FILTERS && !HOLDERS.contains(&&**step))
        {
            return None;
        }
        is_deep = false;
    }
    (!is_deep).then_some(steps)
}

/// The text behind the bracket that closes one that is open.
fn behind_bracket(inner: &str) -> Option<&str> {
    let mut depth = 1_usize;
    for (at, character) in inner.char_indices() {
        match character {
            '[' => depth = depth.saturating_add(1),
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return inner.get(at..)?.strip_prefix(']');
        }
    }
    None
}

/// Whether an operation at a place may change which policy a request has: what is there holds one or may, or says which
/// requests have it.
pub(super) fn may_change(steps: &[String], op: &str) -> bool {
    let mut steps = steps.iter().map(|step| snake(step));
    while let Some(step) = steps.next() {
        if step == HTTP_FILTERS {
            // What is added to a list moves the rest; to anything else it is put in the place of what was there.
            let is_element = steps.next().is_some_and(|step| is_index(&step));
            let is_within = steps.next().is_some();
            return !(matches!(op, "add" | "copy" | "move") && is_element && !is_within);
        }
        if step.contains("cors") || DECIDERS.contains(&&*step) {
            return true;
        }
        let is_any = step == ANY || is_index(&step);
        if !is_any && !HOLDERS.contains(&&*step) {
            return false;
        }
    }
    true
}

fn is_index(step: &str) -> bool {
    step == "-" || !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit())
}

/// A field as protobuf calls it.
fn snake(field: &str) -> String {
    let mut snake = String::with_capacity(field.len());
    for character in field.chars() {
        if character.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_path_has_the_steps_of_its_names() {
        for (path, expected) in [
            ("$..routes[?(@.name=='a[0]')].route", Some("routes/*/route")),
            (
                "..virtual_hosts[0]['routes'][*]",
                Some("virtual_hosts/*/routes/*"),
            ),
            ("$.virtual_hosts", Some("virtual_hosts")),
            ("$", Some("")),
            ("..*", None),
            ("$..prefix", None),
            ("$..[?(@.name=='x')]", None),
        ] {
            assert_eq!(
                steps(path).map(|steps| steps.join("/")).as_deref(),
                expected,
                "{path}"
            );
        }
    }
}
