//! Envoy's own documents: every filter of either form in a bootstrap, a resource of discovery, a dump or a patch.

use bucket_cors::config;

use super::super::envoy_place::EnvoyPlace;
use super::super::tree::NodeId;
use super::search::{Delivery, Search};

/// What every `@type` of the HTTP filter ends with, as a WebAssembly module and as a library.
const WASM_FILTER: &str = "envoy.extensions.filters.http.wasm.v3.Wasm";
const DYNAMIC_MODULE_FILTER: &str = "envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilter";

impl Search<'_> {
    /// Every filter of either form in a bootstrap, a resource of discovery, a dump, a patch. `name`: of the filter
    /// around.
    pub(super) fn anywhere(&mut self, id: NodeId, pointer: &str, name: &str) {
        if let Some((filter, below)) = self.message(id, WASM_FILTER) {
            if let Some(config) = self.tree.get(filter, "config") {
                self.wasm_filter(config, &format!("{pointer}{below}/config"), name);
            }
            return;
        }
        if let Some((filter, below)) = self.message(id, DYNAMIC_MODULE_FILTER) {
            return self.dynamic_module_filter(filter, &format!("{pointer}{below}"), name);
        }
        let name = match self.text(id, &["name"]) {
            "" => name.to_owned(),
            name => name.to_owned(),
        };
        for (index, item) in self.tree.items(id).to_vec().into_iter().enumerate() {
            self.anywhere(item, &format!("{pointer}/{index}"), &name);
        }
        for (key, value) in self.tree.pairs(id).to_vec() {
            let token = config::pointer_token(self.tree.text(key).unwrap_or_default());
            let pointer = format!("{pointer}/{token}");
            self.anywhere(value, &pointer, &name);
        }
    }

    /// A message of that type, and the pointer to it from here.
    fn message(&self, id: NodeId, kind: &str) -> Option<(NodeId, &'static str)> {
        if self.text(id, &["@type"]).ends_with(kind) {
            Some((id, ""))
        } else if self.text_of_message(id, &["type_url"]).ends_with(kind) {
            // A TypedStruct.
            self.tree.get(id, "value").map(|message| (message, "/value"))
        } else {
            None
        }
    }

    /// A PluginConfig of Envoy.
    fn wasm_filter(&mut self, config: NodeId, pointer: &str, filter: &str) {
        let module = |vm| {
            [
                self.text_of_message(config, &[vm, "code", "local", "filename"])
                    .to_owned(),
                self.text_of_message(config, &[vm, "code", "remote", "http_uri", "uri"])
                    .to_owned(),
            ]
        };
        let mut names = module("vm_config").to_vec();
        names.extend([self.text(config, &["name"]).to_owned(), filter.to_owned()]);
        self.filter(
            "Wasm filter",
            config,
            pointer,
            "configuration",
            &names,
            Delivery::Bytes,
        );
    }

    /// A DynamicModuleFilter of Envoy, which hands over a Struct as JSON.
    fn dynamic_module_filter(&mut self, config: NodeId, pointer: &str, filter: &str) {
        let module = |path: &[&str]| {
            let path = [&["dynamic_module_config"], path].concat();
            self.text_of_message(config, &path).to_owned()
        };
        let names = [
            module(&["name"]),
            module(&["module", "local", "filename"]),
            module(&["module", "remote", "http_uri", "uri"]),
        ];
        let own = self.text_of_message(config, &["filter_name"]).to_owned();
        let names = [&names[..], &[own, filter.to_owned()]].concat();
        self.filter(
            "Dynamic module",
            config,
            pointer,
            "filter_config",
            &names,
            Delivery::Struct,
        );
    }

    /// `names`: of what runs, then of the plugin, then of the filter around; `of_struct`: how the plugin gets a Struct.
    fn filter(
        &mut self,
        form: &str,
        config: NodeId,
        pointer: &str,
        field: &str,
        names: &[String],
        of_struct: Delivery,
    ) {
        let name = match names {
            [.., own, around] if own.is_empty() => around,
            [.., own, _] => own,
            _ => "",
        };
        let label = format!(
            "{form} {name}{}",
            EnvoyPlace::of(self.tree, self.document, pointer)
        );
        let Some((key, any)) = self.tree.field(config, field) else {
            return self.plugin(label, pointer.to_owned(), config, field, Delivery::Nothing, names);
        };
        let pointer = format!("{pointer}/{key}");
        let delivery = match self.text(any, &["@type"]) {
            kind if kind.ends_with("google.protobuf.StringValue") => Delivery::Text,
            kind if kind.ends_with("google.protobuf.Struct") => of_struct,
            _ => Delivery::Bytes,
        };
        self.plugin(label, pointer, any, "value", delivery, names);
    }
}
