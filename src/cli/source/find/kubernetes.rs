//! The resources of Kubernetes that hold a plugin configuration.

use super::super::tree::{Content, NodeId, ScalarForm};
use super::search::{Delivery, Search};

impl Search<'_> {
    /// A resource of Kubernetes, a list of them, or something of Envoy's.
    pub(super) fn resource(&mut self, id: NodeId, pointer: &str) {
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
}
