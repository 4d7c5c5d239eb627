//! What the built modules ask of their host and offer to it, exactly: a host that lacks a function that a module
//! imports may refuse to load it, and Envoy enters the VM for every callback that a module exports.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use wasmparser::{Parser, Payload};

/// What every proxy-wasm host has.
const PORTABLE_IMPORTS: [&str; 7] = [
    "proxy_get_buffer_bytes",
    "proxy_get_header_map_pairs",
    "proxy_get_header_map_value",
    "proxy_log",
    "proxy_remove_header_map_value",
    "proxy_replace_header_map_value",
    "proxy_send_local_response",
];

/// What statistics, the access log and the last good rules take.
const FURTHER_IMPORTS: [&str; 9] = [
    "proxy_define_metric",
    "proxy_get_current_time_nanoseconds",
    "proxy_get_property",
    "proxy_get_shared_data",
    "proxy_increment_metric",
    "proxy_record_metric",
    "proxy_set_property",
    "proxy_set_shared_data",
    "proxy_set_tick_period_milliseconds",
];

const PORTABLE_EXPORTS: [&str; 9] = [
    "_initialize",
    "malloc",
    "memory",
    "proxy_abi_version_0_2_1",
    "proxy_on_configure",
    "proxy_on_context_create",
    "proxy_on_delete",
    "proxy_on_request_headers",
    "proxy_on_response_headers",
];

const FURTHER_EXPORTS: [&str; 1] = ["proxy_on_tick"];

/// Markers of the linker's, of no use to a host.
const LINKER_EXPORTS: [&str; 2] = ["__data_end", "__heap_base"];

struct Surface {
    imports: BTreeSet<String>,
    exports: BTreeSet<String>,
}

fn surface(module: &str) -> Surface {
    let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(module)).unwrap();
    let (mut imports, mut exports) = (BTreeSet::new(), BTreeSet::new());
    for payload in Parser::new(0).parse_all(&bytes) {
        match payload.unwrap() {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import.unwrap();
                    assert_eq!(import.module, "env");
                    imports.insert(import.name.to_owned());
                }
            }
            Payload::ExportSection(section) => {
                exports.extend(section.into_iter().map(|export| export.unwrap().name.to_owned()));
            }
            _ => {}
        }
    }
    for name in LINKER_EXPORTS {
        exports.remove(name);
    }
    Surface { imports, exports }
}

fn names(lists: &[&[&str]]) -> BTreeSet<String> {
    lists.concat().iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn the_module_imports_and_exports_these_and_no_others() {
    let surface = surface("target/bucket_cors.wasm");
    assert_eq!(surface.imports, names(&[&PORTABLE_IMPORTS, &FURTHER_IMPORTS]));
    assert_eq!(surface.exports, names(&[&PORTABLE_EXPORTS, &FURTHER_EXPORTS]));
}

#[test]
#[ignore = "takes long"]
fn the_portable_module_imports_headers_buffers_log_and_local_responses_only() {
    let status = Command::new("make")
        .arg("portable")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        // This test may itself be run by make, whose flags are not for that one.
        .env_remove("MAKEFLAGS")
        .status()
        .unwrap();
    assert!(status.success());
    let surface = surface("target/bucket_cors_portable.wasm");
    assert_eq!(surface.imports, names(&[&PORTABLE_IMPORTS]));
    assert_eq!(surface.exports, names(&[&PORTABLE_EXPORTS]));
}
