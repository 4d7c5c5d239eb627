//! Where in a document of Envoy, Istio, Envoy Gateway or Higress the plugin configuration stands.

use bucket_cors::config;

use super::place::Place;
use super::tree::{Content, NodeId, ScalarForm, Tree};

/// How the filter gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    /// The document is the configuration, or would be if it were JSON: the filter gets the file as it stands.
    Itself,
    /// A string that holds it.
    Text,
    /// By way of Kubernetes.
    Json,
    /// By way of Kubernetes and a `google.protobuf.Struct`, from which the control plane makes JSON.
    Struct,
    /// As the bytes of a `google.protobuf.Struct`.
    Bytes,
    /// There is none.
    Nothing,
}

/// A configuration of some Wasm plugin or dynamic module.
#[derive(Debug)]
pub(super) struct PluginConfig {
    /// What it is the configuration of.
    pub(super) label: String,
    /// The pointer to it in its document.
    pub(super) pointer: String,
    /// The value, or what lacks one.
    pub(super) value: NodeId,
    /// What it stands in.
    pub(super) document: NodeId,
    pub(super) delivery: Delivery,
    /// Whether it is this filter's.
    pub(super) is_ours: bool,
}

/// The plugin configurations in a file's documents.
pub(super) fn search(tree: &mut Tree, documents: &[NodeId]) -> Vec<PluginConfig> {
    let mut places = Vec::new();
    for document in documents {
        let mut search = Search {
            tree: &mut *tree,
            document: *document,
            places,
        };
        search.document(*document);
        places = search.places;
    }
    places
}

/// Whether a document is something that a plugin configuration can stand in, and not one itself.
pub(super) fn is_around(tree: &Tree, document: NodeId) -> bool {
    const KEYS: [&str; 12] = [
        "@type",
        "kind",
        "apiVersion",
        "static_resources",
        "staticResources",
        "dynamic_resources",
        "dynamicResources",
        "admin",
        "resources",
        "configs",
        "typed_config",
        "typedConfig",
    ];
    let holder = tree.items(document).first().copied().unwrap_or(document);
    KEYS.iter().any(|key| tree.get(holder, key).is_some())
}

/// Whether a document is a plugin configuration, or what somebody may take for one: much else is YAML.
pub(super) fn is_configuration(tree: &Tree, document: NodeId) -> bool {
    const KEYS: [&str; 6] = [
        "buckets",
        "profile",
        "endpoints",
        "CORSRules",
        "CORSRule",
        "CORSConfiguration",
    ];
    let rule = tree.items(document).first().copied().unwrap_or(document);
    KEYS.iter().any(|key| tree.get(document, key).is_some())
        || ["AllowedOrigins", "AllowedOrigin"]
            .iter()
            .any(|key| tree.get(rule, key).is_some())
        || is_of_gcs(tree, rule)
        || ["cors", "cors_config"]
            .iter()
            .any(|key| first_of(tree, rule, key).is_some_and(|entry| is_of_gcs(tree, entry)))
        || [Some(document), tree.get(document, "result")]
            .into_iter()
            .flatten()
            .filter_map(|holder| first_of(tree, holder, "rules"))
            .any(|rule| tree.get(rule, "allowed").is_some())
}

/// An entry of Cloud Storage's.
fn is_of_gcs(tree: &Tree, entry: NodeId) -> bool {
    tree.get(entry, "origin").is_some() && tree.get(entry, "method").is_some()
}

fn first_of(tree: &Tree, holder: NodeId, list: &str) -> Option<NodeId> {
    tree.items(tree.get(holder, list)?).first().copied()
}

/// What every `@type` of the HTTP filter ends with, as a WebAssembly module and as a library.
const WASM_FILTER: &str = "envoy.extensions.filters.http.wasm.v3.Wasm";
const DYNAMIC_MODULE_FILTER: &str = "envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilter";

struct Search<'t> {
    tree: &'t mut Tree,
    /// The one that is searched.
    document: NodeId,
    places: Vec<PluginConfig>,
}

impl Search<'_> {
    fn document(&mut self, document: NodeId) {
        if is_around(self.tree, document) {
            self.resource(document, "");
        } else if is_configuration(self.tree, document) {
            self.places.push(PluginConfig {
                label: String::new(),
                pointer: String::new(),
                value: document,
                document,
                delivery: Delivery::Itself,
                is_ours: true,
            });
        }
    }

    fn text(&self, id: NodeId, path: &[&str]) -> &str {
        let found = self.tree.path(id, path);
        found.and_then(|id| self.tree.text(id)).unwrap_or_default()
    }

    fn text_of_message(&self, id: NodeId, path: &[&str]) -> &str {
        let found = path
            .iter()
            .try_fold(id, |at, name| self.tree.field(at, name).map(|(_, value)| value));
        found.and_then(|id| self.tree.text(id)).unwrap_or_default()
    }

    /// A resource of Kubernetes, a list of them, or something of Envoy's.
    fn resource(&mut self, id: NodeId, pointer: &str) {
        let (group, kind) = (self.text(id, &["apiVersion"]), self.text(id, &["kind"]));
        let group = group.split('/').next().unwrap_or_default().to_owned();
        let kind = kind.to_owned();
        let name = self.text(id, &["metadata", "name"]).to_owned();
        let label = format!("{kind} {name}");
        let names = |search: &Self, plugin, module: &[&str]| {
            let module = search.text(plugin, module).to_owned();
            [name.clone(), search.text(plugin, &["name"]).to_owned(), module]
        };
        let Some(spec) = self.tree.get(id, "spec") else {
            return self.list(id, pointer, &kind);
        };
        match (group.as_str(), kind.as_str()) {
            ("extensions.istio.io", "WasmPlugin") => {
                let names = names(self, spec, &["url"]);
                self.plugin(
                    label,
                    format!("{pointer}/spec"),
                    spec,
                    "pluginConfig",
                    Delivery::Struct,
                    &names,
                );
            }
            ("extensions.istio.io", "TrafficExtension") => {
                if let Some(wasm) = self.tree.get(spec, "wasm") {
                    let names = names(self, wasm, &["url"]);
                    let pointer = format!("{pointer}/spec/wasm");
                    self.plugin(label, pointer, wasm, "pluginConfig", Delivery::Struct, &names);
                }
            }
            ("gateway.envoyproxy.io", "EnvoyExtensionPolicy") => {
                let plugins = self
                    .tree
                    .get(spec, "wasm")
                    .map(|wasm| self.tree.items(wasm).to_vec());
                for (index, wasm) in plugins.unwrap_or_default().into_iter().enumerate() {
                    let mut names = names(self, wasm, &["code", "image", "url"]).to_vec();
                    names.push(self.text(wasm, &["code", "http", "url"]).to_owned());
                    let pointer = format!("{pointer}/spec/wasm/{index}");
                    self.plugin(label.clone(), pointer, wasm, "config", Delivery::Json, &names);
                }
                let modules = self.tree.get(spec, "dynamicModule");
                let modules = modules.map(|modules| self.tree.items(modules).to_vec());
                for (index, module) in modules.unwrap_or_default().into_iter().enumerate() {
                    let names = names(self, module, &["filterName"]);
                    let pointer = format!("{pointer}/spec/dynamicModule/{index}");
                    self.plugin(label.clone(), pointer, module, "config", Delivery::Json, &names);
                }
            }
            ("extensions.higress.io", "WasmPlugin") => {
                let names = names(self, spec, &["url"]);
                let spec = self.with_match_rules(spec).unwrap_or(spec);
                self.plugin(
                    label,
                    format!("{pointer}/spec"),
                    spec,
                    "defaultConfig",
                    Delivery::Struct,
                    &names,
                );
            }
            _ => self.list(id, pointer, &kind),
        }
    }

    fn list(&mut self, id: NodeId, pointer: &str, kind: &str) {
        if kind.ends_with("List")
            && let Some(items) = self.tree.get(id, "items")
        {
            for (index, item) in self.tree.items(items).to_vec().into_iter().enumerate() {
                self.resource(item, &format!("{pointer}/items/{index}"));
            }
        } else {
            self.anywhere(id, pointer, "");
        }
    }

    /// What Higress makes of `matchRules`: another field of the configuration.
    fn with_match_rules(&mut self, spec: NodeId) -> Option<NodeId> {
        let (key, rules) = self.tree.pair(spec, "matchRules")?;
        let is_off = |id: NodeId, key: &str| {
            self.tree
                .get(id, key)
                .is_some_and(|flag| self.tree.text(flag) == Some("true"))
        };
        let active: Vec<NodeId> = self
            .tree
            .items(rules)
            .iter()
            .filter(|rule| !is_off(**rule, "configDisable"))
            .filter_map(|rule| self.tree.get(*rule, "config"))
            .collect();
        if active.is_empty() {
            return None;
        }
        let default = self
            .tree
            .get(spec, "defaultConfig")
            .filter(|_| !is_off(spec, "defaultConfigDisable"));
        let mut fields = default
            .map(|default| self.tree.pairs(default).to_vec())
            .unwrap_or_default();
        let key = self.tree.region(key)?;
        let region = self.tree.region(rules)?;
        let around = default
            .and_then(|default| self.tree.region(default))
            .unwrap_or(key);
        let scalar = |text: &str| Content::Scalar {
            text: text.to_owned(),
            style: ScalarForm::Quoted,
        };
        let name = self.tree.add(scalar("_rules_"), key).ok()?;
        let list = self.tree.add(Content::List(active), region).ok()?;
        fields.push((name, list));
        let whole = self.tree.add(Content::Map(fields), around).ok()?;
        let name = self.tree.add(scalar("defaultConfig"), around).ok()?;
        self.tree.add(Content::Map(vec![(name, whole)]), around).ok()
    }

    fn plugin(
        &mut self,
        label: String,
        pointer: String,
        plugin: NodeId,
        field: &str,
        delivery: Delivery,
        names: &[String],
    ) {
        let value = self.tree.get(plugin, field);
        let is_ours =
            names.iter().any(|name| is_our_name(name)) || value.is_some_and(|value| self.is_our_value(value));
        self.places.push(PluginConfig {
            label,
            pointer: match value {
                Some(_) => format!("{pointer}/{field}"),
                None => pointer,
            },
            value: value.unwrap_or(plugin),
            document: self.document,
            delivery: if value.is_some() {
                delivery
            } else {
                Delivery::Nothing
            },
            is_ours,
        });
    }

    fn is_our_value(&self, value: NodeId) -> bool {
        let names_buckets = |id| self.tree.get(id, "buckets").is_some();
        let rules = self.tree.get(value, "_rules_");
        names_buckets(value)
            || rules.is_some_and(|rules| self.tree.items(rules).iter().any(|rule| names_buckets(*rule)))
            || self
                .tree
                .text(value)
                .is_some_and(|text| text.contains("\"buckets\""))
    }

    /// Every filter of either form in a bootstrap, a resource of discovery, a dump, a patch. `name`: of the filter
    /// around.
    fn anywhere(&mut self, id: NodeId, pointer: &str, name: &str) {
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
        let label = format!("{form} {name}{}", Place::of(self.tree, self.document, pointer));
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

pub(super) fn is_our_name(name: &str) -> bool {
    name.replace('_', "-").contains("bucket-cors")
}
