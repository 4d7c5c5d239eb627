//! The resource whose name a plan does not know yet, by what the configuration says of it.
//!
//! The configuration has no expressions, only the names in them: `b[0].id` and what it stands in, `b[0]` and `b`. More
//! than one resource among them may be a choice, and other names may be an index or a part of the text.

use crate::import::node::Node;

/// More steps than from a module to the one that calls it.
const MOST_STEPS: usize = 32;

/// Attributes of a bucket that are its name.
const NAMES: [&str; 3] = ["id", "bucket", "name"];

/// A module on the way.
#[derive(Clone)]
struct Module<'t> {
    /// What its resources' addresses begin with.
    prefix: String,
    /// What its caller calls it, with an index.
    call: String,
    configuration: Node<'t>,
}

impl<'t> Module<'t> {
    fn called(&self, call: &str) -> Option<Self> {
        Some(Self {
            prefix: format!("{}module.{call}.", self.prefix),
            call: call.to_owned(),
            configuration: self.call(call)?.get("module")?,
        })
    }

    fn call(&self, call: &str) -> Option<Node<'t>> {
        self.configuration.path(&["module_calls", without_index(call)])
    }
}

/// The address of the one resource that the field of a resource refers to, if nothing else can be meant.
pub(super) fn of(root: &Node<'_>, address: &str, field: &str) -> Option<String> {
    let mut path = vec![Module {
        prefix: String::new(),
        call: String::new(),
        configuration: root.path(&["configuration", "root_module"])?,
    }];
    let parts = parts(address);
    let mut rest = parts.as_slice();
    while let ["module", call, behind @ ..] = rest {
        path.push(path.last()?.called(call)?);
        rest = behind;
    }
    let [kind, name] = rest else { return None };
    let plain = format!("{kind}.{}", without_index(name));
    let resources = path.last()?.configuration.list("resources");
    let is_it = |resource: &&Node<'_>| resource.text_of("address").as_deref() == Some(plain.as_str());
    let block = resources.iter().find(is_it)?;
    follow(
        &block.path(&["expressions", field])?,
        &path,
        Some((block, name)),
        MOST_STEPS,
    )
}

/// `block`: whose index `count.index` and `each.key` are, and its name with that index.
fn follow(
    expression: &Node<'_>,
    path: &[Module<'_>],
    block: Option<(&Node<'_>, &str)>,
    steps: usize,
) -> Option<String> {
    let steps = steps.checked_sub(1)?;
    let (module, outer) = path.split_last()?;
    let (indexes, named): (Vec<String>, Vec<String>) = names(expression)?
        .into_iter()
        .partition(|name| ["count.index", "each.key", "each.value"].contains(&name.as_str()));
    let [name] = named.as_slice() else { return None };
    let index = match indexes.as_slice() {
        [] => None,
        [index] => Some(index_of(index, block?)?),
        _ => return None,
    };
    match (parts(name).as_slice(), index) {
        (["var", name], None) => {
            let call = outer.last()?.call(&module.call)?;
            let said = call.path(&["expressions", name])?;
            follow(&said, outer, Some((&call, &module.call)), steps)
        }
        (["module", call, output], None) => {
            let inner = module.called(call)?;
            let said = inner.configuration.path(&["outputs", output, "expression"])?;
            let path = [path, &[inner]].concat();
            follow(&said, &path, None, steps)
        }
        (
            [
                "var" | "module" | "local" | "each" | "count" | "data" | "path" | "terraform" | "self",
                ..,
            ],
            _,
        ) => None,
        ([kind, name], Some(index)) if !name.ends_with(']') => {
            Some(format!("{}{kind}.{name}{index}", module.prefix))
        }
        ([kind, name, attribute @ ..], None) if attribute.iter().all(|name| NAMES.contains(name)) => {
            Some(format!("{}{kind}.{name}", module.prefix))
        }
        _ => None,
    }
}

/// The names that stand in an expression, each without those that it stands in itself.
fn names(expression: &Node<'_>) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut last = String::new();
    for reference in expression.list("references") {
        let reference = reference.text()?;
        let behind = last.strip_prefix(&reference);
        if !behind.is_some_and(|behind| behind.starts_with(['.', '['])) {
            names.push(reference.clone());
        }
        last = reference;
    }
    Some(names)
}

/// The index that `count.index`, `each.key` or `each.value` is.
fn index_of(index: &str, (block, name): (&Node<'_>, &str)) -> Option<String> {
    let own = name
        .strip_prefix(without_index(name))
        .filter(|own| !own.is_empty())?;
    if index != "each.value" {
        return Some(own.to_owned());
    }
    // Of a set, a key is its own value.
    let map = block.path(&["for_each_expression", "constant_value"]);
    let Some(map) = map.filter(|map| !map.fields().is_empty()) else {
        return Some(own.to_owned());
    };
    let key = own.strip_prefix("[\"")?.strip_suffix("\"]")?;
    Some(format!("[{:?}]", map.text_of(key)?))
}

/// The parts of an address. Dots may stand in an index too.
fn parts(address: &str) -> Vec<&str> {
    let (mut is_in_quotes, mut is_escaped) = (false, false);
    let is_between = |character| {
        match character {
            '"' if !is_escaped => is_in_quotes = !is_in_quotes,
            _ => {}
        }
        is_escaped = character == '\\' && !is_escaped;
        character == '.' && !is_in_quotes
    };
    address.split(is_between).collect()
}

fn without_index(name: &str) -> &str {
    name.split('[').next().unwrap_or_default()
}
