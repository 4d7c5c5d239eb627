//! Where in a document of Envoy, Istio, Envoy Gateway or Higress the plugin configuration stands.

use bucket_cors::config;

use super::tree::{Content, NodeId, Style, Tree};

/// How the filter gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// The document is the configuration.
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

/// A configuration of some Wasm plugin.
#[derive(Debug)]
pub(super) struct Place {
    /// What it is the configuration of.
    pub(super) label: String,
    /// The pointer to it in its document.
    pub(super) pointer: String,
    /// The value, or what lacks one.
    pub(super) value: NodeId,
    pub(super) way: Way,
    /// Whether it is this filter's.
    pub(super) is_ours: bool,
}

/// The plugin configurations in a file's documents.
pub(super) fn search(tree: &mut Tree, documents: &[NodeId]) -> Vec<Place> {
    let mut search = Search {
        tree,
        places: Vec::new(),
    };
    for document in documents {
        search.document(*document);
    }
    search.places
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

/// What every `@type` of the HTTP filter ends with.
const WASM_FILTER: &str = "envoy.extensions.filters.http.wasm.v3.Wasm";

struct Search<'t> {
    tree: &'t mut Tree,
    places: Vec<Place>,
}

impl Search<'_> {
    fn document(&mut self, document: NodeId) {
        if is_around(self.tree, document) {
            self.resource(document, "");
        } else if self.is_configuration(document) {
            self.places.push(Place {
                label: String::new(),
                pointer: String::new(),
                value: document,
                way: Way::Itself,
                is_ours: true,
            });
        }
    }

    /// Whether a document is a plugin configuration, or what somebody may take for one: much else is YAML.
    fn is_configuration(&self, document: NodeId) -> bool {
        const KEYS: [&str; 6] = [
            "buckets",
            "profile",
            "endpoints",
            "CORSRules",
            "CORSRule",
            "CORSConfiguration",
        ];
        let rule = self.tree.items(document).first().copied().unwrap_or(document);
        KEYS.iter().any(|key| self.tree.get(document, key).is_some())
            || ["AllowedOrigins", "AllowedOrigin"]
                .iter()
                .any(|key| self.tree.get(rule, key).is_some())
    }

    fn text(&self, id: NodeId, path: &[&str]) -> &str {
        let found = self.tree.path(id, path);
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
                    Way::Struct,
                    &names,
                );
            }
            ("extensions.istio.io", "TrafficExtension") => {
                if let Some(wasm) = self.tree.get(spec, "wasm") {
                    let names = names(self, wasm, &["url"]);
                    let pointer = format!("{pointer}/spec/wasm");
                    self.plugin(label, pointer, wasm, "pluginConfig", Way::Struct, &names);
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
                    self.plugin(label.clone(), pointer, wasm, "config", Way::Json, &names);
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
                    Way::Struct,
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
            style: Style::Quoted,
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
        way: Way,
        names: &[String],
    ) {
        let value = self.tree.get(plugin, field);
        let is_ours =
            names.iter().any(|name| is_our_name(name)) || value.is_some_and(|value| self.is_our_value(value));
        self.places.push(Place {
            label,
            pointer: match value {
                Some(_) => format!("{pointer}/{field}"),
                None => pointer,
            },
            value: value.unwrap_or(plugin),
            way: if value.is_some() { way } else { Way::Nothing },
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

    /// Every Wasm filter of a bootstrap, a resource of discovery, a dump, a patch. `name`: of the filter around.
    fn anywhere(&mut self, id: NodeId, pointer: &str, name: &str) {
        let filter = if self.text(id, &["@type"]).ends_with(WASM_FILTER) {
            Some((id, ""))
        } else if self.text(id, &["type_url"]).ends_with(WASM_FILTER) {
            // A TypedStruct.
            self.tree.get(id, "value").map(|filter| (filter, "/value"))
        } else {
            None
        };
        if let Some((filter, below)) = filter {
            if let Some(config) = self.tree.get(filter, "config") {
                self.filter(config, &format!("{pointer}{below}/config"), name);
            }
            return;
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

    /// A PluginConfig of Envoy.
    fn filter(&mut self, config: NodeId, pointer: &str, filter: &str) {
        let module = |vm| {
            [
                self.text(config, &[vm, "code", "local", "filename"]).to_owned(),
                self.text(config, &[vm, "code", "remote", "http_uri", "uri"])
                    .to_owned(),
            ]
        };
        let own = self.text(config, &["name"]).to_owned();
        let mut names = module("vm_config").to_vec();
        names.extend([own.clone(), filter.to_owned()]);
        let name = if own.is_empty() { filter.to_owned() } else { own };
        let label = format!("Wasm filter {name}");
        let Some(any) = self.tree.get(config, "configuration") else {
            return self.plugin(
                label,
                pointer.to_owned(),
                config,
                "configuration",
                Way::Nothing,
                &names,
            );
        };
        let pointer = format!("{pointer}/configuration");
        let way = match self.text(any, &["@type"]) {
            kind if kind.ends_with("google.protobuf.StringValue") => Way::Text,
            _ => Way::Bytes,
        };
        self.plugin(label, pointer, any, "value", way, &names);
    }
}

fn is_our_name(name: &str) -> bool {
    name.replace('_', "-").contains("bucket-cors")
}
