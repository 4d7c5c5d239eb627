//! What the configuration of the mesh says where a resource says nothing.

use crate::import::kube;
use crate::import::mounted_texts::{self, MountedText};
use crate::import::node::Node;
use crate::source;

/// The configuration of the mesh, as far as it is in the files.
#[derive(Debug, Default)]
pub(super) struct Mesh {
    /// Where VirtualServices without exportTo are exported to.
    pub(super) export_to: Option<MeshDefault>,
    /// What the old annotation for the class calls Istio.
    pub(super) ingress_class: Option<String>,
    /// The label `istio` of the proxies that serve Ingresses.
    pub(super) ingress_selector: Option<String>,
}

/// A default of the mesh, and where it is said.
#[derive(Debug)]
pub(super) struct MeshDefault {
    pub(super) namespaces: Vec<String>,
    pub(super) place: String,
}

/// Where the resources of installers have it.
const PATHS: [&[&str]; 3] = [
    &["spec", "meshConfig"],
    &["spec", "values", "meshConfig"],
    &["meshConfig"],
];

impl Mesh {
    pub(super) fn of(resources: &[Node<'_>]) -> Self {
        let mut mesh = Self::default();
        for resource in resources {
            match &*kube::kind(resource) {
                "ConfigMap" => {
                    let texts = mounted_texts::of(resource).into_iter();
                    for text in texts.filter(|text| text.key == "mesh") {
                        mesh.read_text(&text);
                    }
                }
                "IstioOperator" | "Istio" => {
                    let found = PATHS.iter().filter_map(|path| resource.path(path));
                    found.for_each(|found| mesh.read(&found, None));
                }
                _ => {}
            }
        }
        mesh
    }

    /// Reads what the ConfigMap has as a text.
    fn read_text(&mut self, text: &MountedText<'_>) {
        if let Ok((tree, roots)) = source::parse(&text.text) {
            for root in roots {
                self.read(&Node::new("", &tree, root), Some(&text.place));
            }
        }
    }

    /// `place`: where all of it is, if not where it stands by itself.
    fn read(&mut self, config: &Node<'_>, place: Option<&str>) {
        let exported = config.list("defaultVirtualServiceExportTo");
        let namespaces: Vec<_> = exported.iter().filter_map(|name| name.text()).collect();
        // Of two meshes, the one that shows less.
        if let Some(first) = exported.first()
            && !namespaces.iter().all(|name| name == "*")
        {
            self.export_to.get_or_insert_with(|| MeshDefault {
                namespaces,
                place: place.unwrap_or(&first.place).to_owned(),
            });
        }
        let text = |field: &str| config.text_of(field).filter(|text| !text.is_empty());
        self.ingress_class = self.ingress_class.take().or_else(|| text("ingressClass"));
        let selector = || text("ingressSelector").or_else(|| text("ingressService"));
        self.ingress_selector = self.ingress_selector.take().or_else(selector);
    }
}
