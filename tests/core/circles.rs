//! Imports run one way: no file needs another one that needs it.
//!
//! A line that re-exports (`pub use`) is no need: it is where a folder says what is in it. Tests inside of files do not
//! count.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, iter};

use regex_lite::Regex;

/// The names from the crate's root to a module. The tool is a crate of its own.
type ModulePath = Vec<String>;

/// The paths of a tree of imports such as `a::{b, c::{self, d}}`.
fn paths(tree: &str) -> Vec<String> {
    let Some((start, rest)) = tree.split_once('{') else {
        return vec![tree.split(" as ").next().unwrap_or_default().trim().to_owned()];
    };
    let inside = rest.trim_end().strip_suffix('}').unwrap();
    let mut depth = 0;
    let parts = inside.split(|character| {
        depth += i32::from(character == '{') - i32::from(character == '}');
        character == ',' && depth == 0
    });
    let parts = parts.filter(|part| !part.trim().is_empty());
    parts
        .flat_map(|part| paths(part.trim()))
        .map(|path| format!("{}{path}", start.trim()))
        .collect()
}

fn source_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| {
        if path.is_dir() {
            source_files(&path)
        } else {
            vec![path]
        }
    });
    files
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .collect()
}

/// Every module with the text of its file, without comments, tests and what modules inside of the file import.
fn modules() -> BTreeMap<ModulePath, String> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let no_code = Regex::new(r"//[^\n]*|pub\(in [^)]*\)|(?m:^ +use [^;]+;)").unwrap();
    let tests_elsewhere = Regex::new(r"#\[cfg\(test\)\]\n(?:#\[[^\n]*\n)*(?:pub[^\n]* )?mod \w+;").unwrap();
    let module = |file: PathBuf| {
        let names = file.strip_prefix(&src).unwrap().with_extension("");
        let names = names.iter().map(|name| name.to_str().unwrap().to_owned());
        let mut names: ModulePath = names
            .filter(|name| !["lib", "main", "mod"].contains(&name.as_str()))
            .collect();
        if names.first().is_none_or(|first| first != "cli") {
            names.insert(0, "lib".to_owned());
        }
        let text = fs::read_to_string(&file).unwrap();
        let text = tests_elsewhere.replace_all(&text, "");
        let text = text.split("\n#[cfg(test)]").next().unwrap();
        (names, no_code.replace_all(text, "").into_owned())
    };
    source_files(&src).into_iter().map(module).collect()
}

/// The module that a path in another one leads to, as far as it is one of ours.
fn resolve<'m>(
    modules: &'m BTreeMap<ModulePath, String>,
    exports: &BTreeMap<ModulePath, Vec<String>>,
    from: &ModulePath,
    path: &str,
) -> Option<&'m ModulePath> {
    let mut names = path.split("::").peekable();
    let mut at = from.clone();
    let is_here = |at: &ModulePath, name: &str| {
        let below: ModulePath = at.iter().cloned().chain(iter::once(name.to_owned())).collect();
        modules.contains_key(&below).then_some(below)
    };
    match names.peek().copied()? {
        "crate" => at.truncate(1),
        "super" | "self" => {}
        first => _ = is_here(&at, first)?,
    }
    for name in names {
        match name {
            "crate" | "self" => {}
            "super" => _ = at.pop(),
            name => match is_here(&at, name) {
                Some(below) => at = below,
                None => {
                    let exported = exports.get(&at).into_iter().flatten();
                    let exported = exported
                        .filter(|_| at != *from)
                        .find(|path| path.ends_with(&format!("::{name}")));
                    return match exported.and_then(|path| resolve(modules, exports, &at, path)) {
                        Some(module) => Some(module),
                        None => modules.get_key_value(&at).map(|(module, _)| module),
                    };
                }
            },
        }
    }
    modules.get_key_value(&at).map(|(module, _)| module)
}

#[test]
fn no_file_needs_another_one_that_needs_it() {
    let modules = modules();
    let import = Regex::new(r"(?m)^ *(pub(?:\([^)]*\))? )?use ([^;]+);").unwrap();
    let inline = Regex::new(r"\b(?:crate|super|[a-z_0-9]+)(?:::\w+)+").unwrap();
    let exports = modules.iter().map(|(module, text)| {
        let exported = import.captures_iter(text).filter(|found| found.get(1).is_some());
        (
            module.clone(),
            exported.flat_map(|found| paths(&found[2])).collect(),
        )
    });
    let exports: BTreeMap<ModulePath, Vec<String>> = exports.collect();
    let mut needs: BTreeMap<&ModulePath, BTreeSet<&ModulePath>> = BTreeMap::new();
    for (module, text) in &modules {
        let imported = import.captures_iter(text).filter(|found| found.get(1).is_none());
        let imported = imported.flat_map(|found| paths(&found[2]));
        let body = import.replace_all(text, "");
        let mentioned = inline.find_iter(&body).map(|path| path.as_str().to_owned());
        let found: BTreeSet<_> = imported
            .chain(mentioned)
            .filter_map(|path| resolve(&modules, &exports, module, &path))
            .collect();
        needs.insert(
            module,
            found.into_iter().filter(|other| *other != module).collect(),
        );
    }
    assert!(
        needs.values().map(BTreeSet::len).sum::<usize>() > 400,
        "the imports are not found"
    );
    // What needs nobody that is left cannot be in a circle.
    while let Some(free) = needs
        .iter()
        .find(|(_, others)| others.is_empty())
        .map(|(module, _)| *module)
    {
        needs.remove(free);
        needs.values_mut().for_each(|others| _ = others.remove(free));
    }
    let left = needs.iter().map(|(module, others)| {
        let others: Vec<String> = others.iter().map(|other| other.join("::")).collect();
        format!("{} needs {}\n", module.join("::"), others.join(", "))
    });
    let left: String = left.collect();
    assert!(
        left.is_empty(),
        "files that need each other, and those that need them:\n{left}"
    );
}
