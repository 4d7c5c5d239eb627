//! The resource whose name a plan does not know yet, by what the configuration says of it.

use crate::import::node::Node;

/// More steps than from a module to the one that calls it.
const MOST_STEPS: usize = 32;

/// A module on the way: its address, with indexes, and its configuration.
type Module<'t> = (String, Node<'t>);

/// The addresses that the field of a resource may refer to, the likeliest first.
pub(super) fn of(root: &Node<'_>, address: &str, field: &str) -> Vec<String> {
    let Some(module) = root.path(&["configuration", "root_module"]) else {
        return Vec::new();
    };
    let mut path: Vec<Module<'_>> = vec![(String::new(), module)];
    let mut rest = address;
    while let Some(behind) = rest.strip_prefix("module.") {
        let Some((name, after)) = step(behind) else {
            return Vec::new();
        };
        let plain = without_index(name);
        let Some((prefix, outer)) = path.last() else {
            return Vec::new();
        };
        let Some(inner) = outer.path(&["module_calls", plain, "module"]) else {
            return Vec::new();
        };
        path.push((format!("{prefix}module.{name}."), inner));
        rest = after;
    }
    let index = rest.strip_prefix(without_index(rest)).unwrap_or_default();
    let Some((_, module)) = path.last() else {
        return Vec::new();
    };
    let resource = module.list("resources").into_iter();
    let mut resource =
        resource.filter(|resource| resource.text_of("address").as_deref() == Some(without_index(rest)));
    let expression = resource
        .next()
        .and_then(|resource| resource.path(&["expressions", field]));
    let mut found = Vec::new();
    if let Some(expression) = expression {
        follow(&expression, &path, index, MOST_STEPS, &mut found);
    }
    found
}

/// A name in an address with its index, in which dots may stand, and what is behind it.
fn step(address: &str) -> Option<(&str, &str)> {
    let mut in_index = false;
    let mut characters = address.char_indices();
    let (at, _) = characters.find(|(_, character)| {
        in_index = (in_index || *character == '[') && *character != ']';
        *character == '.' && !in_index
    })?;
    let (name, rest) = address.split_at_checked(at)?;
    Some((name, rest.strip_prefix('.')?))
}

fn without_index(name: &str) -> &str {
    name.split('[').next().unwrap_or_default()
}

fn follow(expression: &Node<'_>, path: &[Module<'_>], index: &str, steps: usize, found: &mut Vec<String>) {
    let Some(steps) = steps.checked_sub(1) else { return };
    let Some(((prefix, module), outer)) = path.split_last() else {
        return;
    };
    for reference in expression.list("references") {
        let Some(reference) = reference.text() else {
            continue;
        };
        let mut parts = reference.split('.');
        let (Some(first), Some(second)) = (parts.next(), parts.next()) else {
            continue;
        };
        match first {
            "var" => {
                let call = prefix.trim_end_matches('.');
                let call = without_index(call.rsplit("module.").next().unwrap_or_default());
                let said = outer
                    .last()
                    .and_then(|(_, outer)| outer.path(&["module_calls", call, "expressions", second]));
                if let Some(said) = said {
                    follow(&said, outer, index, steps, found);
                }
            }
            "module" => {
                let (Some(output), Some(inner)) = (
                    parts.next(),
                    module.path(&["module_calls", without_index(second), "module"]),
                ) else {
                    continue;
                };
                if let Some(said) = inner.path(&["outputs", output, "expression"]) {
                    let mut path = path.to_vec();
                    path.push((format!("{prefix}module.{second}."), inner));
                    follow(&said, &path, index, steps, found);
                }
            }
            "local" | "each" | "count" | "data" | "path" | "terraform" | "self" => {}
            _ => {
                let plain = format!("{prefix}{first}.{second}");
                found.push(format!("{}{index}", without_last_index(&plain)));
                found.push(plain);
            }
        }
    }
}

/// An address whose last part has no index.
fn without_last_index(address: &str) -> &str {
    match address.rfind('[') {
        Some(at) if address.ends_with(']') => address.get(..at).unwrap_or_default(),
        _ => address,
    }
}
