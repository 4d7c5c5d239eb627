//! No request and no response can make the shipped module trap: in its call graph, nothing that they feed leads to
//! panic machinery, apart from what is listed here with its reason.
//!
//! The graph is that of the release module, in the copy that has its functions' names. What the filter does with a
//! request makes no recursive call and, apart from the one that is named below, no indirect one, so the graph is
//! complete for it and its stack is bounded. Loading a configuration calls more of the standard library (the formatter,
//! the search in texts, IPv6 addresses), whose own bounds checks cannot be told from ones that fail: of that path the
//! project's own functions are looked at, and the rest is left to fuzzing (`make fuzz`, target `configuration`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use wasmparser::{KnownCustom, Name, Operator, Parser, Payload, TypeRef};

use crate::memory::module;

/// A way to a panic that stays.
struct Allowed {
    /// Where it begins, as a part of the name of the function that calls into the panic machinery.
    from: &'static str,
    /// What of the machinery it calls, likewise.
    to: &'static str,
    /// Why no request and no response can take it.
    #[allow(dead_code, reason = "for readers")]
    because: &'static str,
}

/// What the filter and what it calls may lead to.
const IN_THE_FILTER: [Allowed; 8] = [
    Allowed {
        from: "LazyStorage",
        to: "core::panicking::panic_fmt",
        because: "a thread local that is made while it is dropped, and no VM drops one. Debian's compiler keeps this step",
    },
    Allowed {
        from: "",
        to: "alloc::raw_vec::handle_error",
        because: "no memory is left: requests and responses take a bounded amount each, which the host hands over anyway",
    },
    Allowed {
        from: "",
        to: "alloc::alloc::handle_alloc_error",
        because: "the same",
    },
    Allowed {
        from: "__rdl_dealloc",
        to: "core::panicking::panic",
        because: "the allocator sees that a block which comes back was never so large. Safe code gives back what it took, \
                  and a value of the host goes back with the size that it was allocated with",
    },
    Allowed {
        from: "__rdl_realloc",
        to: "core::panicking::panic",
        because: "the same",
    },
    Allowed {
        from: "hashbrown",
        to: "core::panicking::panic_fmt",
        because: "2^31 contexts at once, which do not fit into the memory of a module",
    },
    Allowed {
        from: "hashbrown",
        to: "alloc::alloc::handle_alloc_error",
        because: "no memory is left for one more context",
    },
    Allowed {
        from: "edge_on_context_create",
        to: "unreachable",
        because: "the table of contexts could not grow, after which the step above did not return",
    },
];

/// What this project's own code adds that loads a configuration: an operator's mistake must not take the worker down
/// either.
const IN_THE_READER: [Allowed; 2] = [
    Allowed {
        from: "Root as proxy_wasm::traits::RootContext>::on_configure",
        to: "core::result::unwrap_failed",
        because: "the SDK does not expect a host to refuse the plugin's configuration",
    },
    Allowed {
        from: "bucket_cors::config::",
        to: "unreachable",
        because: "an arm that the compiler has proved impossible: no call before it, and no unsafe code there to lie to it",
    },
];

/// Functions that exist to panic. The graph is not followed into them: what formats the message is of no interest.
fn is_panic_machinery(name: &str) -> bool {
    [
        "core::panicking::",
        "std::panicking::",
        "core::cell::panic_",
        "core::option::unwrap_failed",
        "core::option::expect_failed",
        "core::result::unwrap_failed",
        "core::slice::index::slice_",
        "core::str::slice_error_fail",
        "alloc::raw_vec::handle_error",
        "alloc::raw_vec::capacity_overflow",
        "alloc::alloc::handle_alloc_error",
        "rust_begin_unwind",
    ]
    .iter()
    .any(|part| name.contains(part))
}

#[derive(Default)]
struct Function {
    name: String,
    calls: BTreeSet<u32>,
    calls_indirectly: bool,
    /// Holds an `unreachable`.
    traps: bool,
}

struct CallGraph {
    functions: BTreeMap<u32, Function>,
}

impl CallGraph {
    /// That of the module that is shipped, which the linker has written once more with its functions' names.
    fn read() -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("target/wasm/wasm32-unknown-unknown/release/deps/bucket_cors.names.wasm");
        let named = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}; make build", file.display()));
        assert!(
            code(&named) == code(&module()),
            "the copy with names is of another module"
        );
        Self::parse(&named)
    }

    fn parse(bytes: &[u8]) -> Self {
        let mut functions = BTreeMap::<u32, Function>::new();
        let mut imported = 0;
        let mut next = 0;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.unwrap() {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        imported += u32::from(matches!(import.unwrap().ty, TypeRef::Func(_)));
                    }
                    next = imported;
                }
                Payload::CodeSectionEntry(body) => {
                    let function = functions.entry(next).or_default();
                    next += 1;
                    for operator in body.get_operators_reader().unwrap() {
                        match operator.unwrap() {
                            Operator::Call { function_index } => {
                                function.calls.insert(function_index);
                            }
                            Operator::CallIndirect { .. } => function.calls_indirectly = true,
                            Operator::Unreachable => function.traps = true,
                            _ => {}
                        }
                    }
                }
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(names) = section.as_known() {
                        for name in names {
                            let Name::Function(names) = name.unwrap() else {
                                continue;
                            };
                            for naming in names {
                                let naming = naming.unwrap();
                                functions.entry(naming.index).or_default().name =
                                    format!("{:#}", rustc_demangle::demangle(naming.name));
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        // What is imported is the host's.
        functions.retain(|&index, _| index >= imported);
        Self { functions }
    }

    /// The functions of which `wanted` holds.
    fn named(&self, wanted: impl Fn(&str) -> bool) -> BTreeSet<u32> {
        let found: BTreeSet<u32> = self
            .functions
            .iter()
            .filter(|(_, function)| wanted(&function.name))
            .map(|(&index, _)| index)
            .collect();
        assert!(!found.is_empty(), "a function that is looked for is not there");
        found
    }

    /// Everything that is called from there, the panic machinery apart.
    fn reachable(&self, from: &BTreeSet<u32>) -> BTreeSet<u32> {
        let mut reached = BTreeSet::new();
        let mut todo: Vec<u32> = from.iter().copied().collect();
        while let Some(index) = todo.pop() {
            let Some(function) = self.functions.get(&index) else {
                continue;
            };
            if !is_panic_machinery(&function.name) && reached.insert(index) {
                todo.extend(&function.calls);
            }
        }
        reached
    }

    /// Every step from one of the functions into the panic machinery; an `unreachable` without one is a step too.
    fn steps_to_panic(&self, functions: &BTreeSet<u32>) -> BTreeSet<(String, String)> {
        let mut steps = BTreeSet::new();
        for function in functions.iter().map(|index| &self.functions[index]) {
            let panics: Vec<&str> = function
                .calls
                .iter()
                .filter_map(|index| self.functions.get(index))
                .map(|called| called.name.as_str())
                .filter(|name| is_panic_machinery(name))
                .collect();
            if panics.is_empty() && function.traps {
                steps.insert((function.name.clone(), "unreachable".to_owned()));
            }
            steps.extend(
                panics
                    .into_iter()
                    .map(|panic| (function.name.clone(), panic.to_owned())),
            );
        }
        steps
    }

    /// A function that is called while it runs.
    fn recursive(&self, functions: &BTreeSet<u32>) -> Option<&str> {
        let calls_itself = |index: &&u32| {
            let called = functions
                .intersection(&self.functions[*index].calls)
                .copied()
                .collect();
            self.reachable(&called).contains(*index)
        };
        let found = functions.iter().find(calls_itself)?;
        Some(&self.functions[found].name)
    }
}

/// What each function of a module executes.
fn code(module: &[u8]) -> Vec<&[u8]> {
    let sections = Parser::new(0).parse_all(module).map(Result::unwrap);
    let bodies = sections.filter_map(|section| match section {
        Payload::CodeSectionEntry(body) => Some(body.as_bytes()),
        _ => None,
    });
    bodies.collect()
}

/// Read once for all tests.
static MODULE: LazyLock<CallGraph> = LazyLock::new(CallGraph::read);

fn refuse_all_but(allowed: &[&Allowed], steps: &BTreeSet<(String, String)>) {
    for (from, to) in steps {
        println!("{from} -> {to}");
    }
    let others: Vec<_> = steps
        .iter()
        .filter(|(from, to)| {
            !allowed
                .iter()
                .any(|way| from.contains(way.from) && to.contains(way.to))
        })
        .collect();
    assert!(others.is_empty(), "new ways to a panic: {others:#?}");
}

#[test]
fn no_request_and_no_response_leads_to_a_trap() {
    let module = &*MODULE;

    let exports = module.named(|name| {
        [
            "edge_malloc",
            "edge_on_context_create",
            "edge_on_request_headers",
            "edge_on_response_headers",
            "edge_on_delete",
        ]
        .contains(&name)
    });
    assert_eq!(exports.len(), 5);
    let filter = module.reachable(&exports);
    let indirect: Vec<_> = filter
        .iter()
        .map(|index| &module.functions[index])
        // The table of contexts calls the filter's own hasher.
        .filter(|function| function.calls_indirectly && !function.name.contains("::rehash_in_place"))
        .map(|function| &function.name)
        .collect();
    assert!(
        indirect.is_empty(),
        "the graph ends at an indirect call: {indirect:#?}"
    );
    assert_eq!(module.recursive(&filter), None, "the stack is bounded");
    println!("{} functions from the exports of a stream:", filter.len());
    refuse_all_but(&IN_THE_FILTER.each_ref(), &module.steps_to_panic(&filter));
}

#[test]
fn no_configuration_leads_to_a_trap_in_the_code_that_reads_it() {
    let module = &*MODULE;
    let load = module.named(|name| name == "edge_on_configure");
    let reader = module.reachable(&load);
    let ours = reader
        .into_iter()
        .filter(|index| module.functions[index].name.contains("bucket_cors::"))
        .collect();
    let allowed: Vec<&Allowed> = IN_THE_FILTER.iter().chain(&IN_THE_READER).collect();
    refuse_all_but(&allowed, &module.steps_to_panic(&ours));
}

#[test]
fn a_panic_would_be_seen() {
    let module = &*MODULE;
    // The table of contexts has some, all of which are listed above.
    let create = module.reachable(&module.named(|name| name == "edge_on_context_create"));
    let steps = module.steps_to_panic(&create);
    assert!(
        steps
            .iter()
            .any(|(from, to)| from.contains("hashbrown") && to.contains("panic_fmt")),
        "{steps:#?}"
    );
}
