//! The forms of rules that no source reads, each with what to do instead: one table.

use super::cors_named;
use super::kube;
use super::mounted_texts;
use super::node::Node;

/// A form of rules that no source reads.
pub(super) struct Foreign {
    pub(super) name: &'static str,
    pub(super) is_it: fn(&Node<'_>) -> bool,
    /// What to do instead.
    pub(super) way_out: &'static str,
}

impl Foreign {
    pub(super) fn words(&self) -> String {
        format!("it is {}, which is not read: {}", self.name, self.way_out)
    }
}

const STORE: &str = "ask the store for the bucket's own rules and import those, as with `aws s3api get-bucket-cors` and \
                     --from s3";

const DESCRIBE: &str =
    "print the bucket with `gcloud storage buckets describe gs://BUCKET` and import that with --from gcs";

const BY_HAND: &str = "write its lists into a rule by hand; `bucket-cors check` says what is wrong with it";

const SHOW: &str =
    "print a plan or the state with `terraform show -json` and import that with --from terraform";

/// Of one value of a file: a document, or an element of a list.
pub(super) static FOREIGN: [Foreign; 27] = [
    Foreign {
        name: "an error of Cloudflare's API",
        is_it: |node| node.get("success").is_some_and(|flag| flag.flag() == Some(false)),
        way_out: "see what its errors say; a bucket without rules has no CORS",
    },
    Foreign {
        name: "a plugin configuration of bucket-cors",
        is_it: |node| {
            node.list("buckets")
                .iter()
                .any(|bucket| bucket.get("cors").is_some())
        },
        way_out: "an import makes one of other rules: `bucket-cors check` says what the filter says of this one",
    },
    Foreign {
        name: "wrangler's configuration",
        is_it: |node| {
            let environments = node.get("env").map(|all| all.fields()).unwrap_or_default();
            let mut all = environments.iter().map(|(_, own)| own).chain([node]);
            all.any(|own| own.get("r2_buckets").is_some())
        },
        way_out: "it names buckets and has no rules: import what R2's API answers for a bucket, \
                  https://api.cloudflare.com/client/v4/accounts/ID/r2/buckets/NAME/cors, with --from r2",
    },
    Foreign {
        name: "Contour's HTTPProxy",
        is_it: |node| kube::kind(node) == "HTTPProxy",
        way_out: "import what Contour makes of it, the config dump of its Envoy, with --from envoy",
    },
    Foreign {
        name: "an EnvoyFilter",
        is_it: |node| kube::kind(node) == "EnvoyFilter",
        way_out: "import the proxy's config dump (`istioctl proxy-config all POD -o json`) with --from envoy",
    },
    Foreign {
        name: "a VirtualService that is not Istio's",
        is_it: |node| kube::kind(node) == "VirtualService" && !kube::is_istio_s(node),
        way_out: "import what its controller makes of it, the config dump of its Envoy, with --from envoy",
    },
    Foreign {
        name: "Traefik's Middleware",
        is_it: |node| kube::kind(node) == "Middleware" || node.path(&["http", "middlewares"]).is_some(),
        way_out: BY_HAND,
    },
    Foreign {
        name: "an Ingress of another controller",
        is_it: |node| kube::kind(node) == "Ingress" && cors_named::in_other_annotations(node).is_some(),
        way_out: BY_HAND,
    },
    Foreign {
        name: "a ConfigMap with CORS in its texts, or such a Secret",
        is_it: |node| mounted_texts::other_cors(node).is_some(),
        way_out: "write a store's document into a file of its own, called after its bucket, and import that; what a web \
                  server adds to responses becomes a rule by hand",
    },
    Foreign {
        name: "a resource of Crossplane",
        is_it: |node| version(node, &["crossplane.io", "upbound.io"]),
        way_out: STORE,
    },
    Foreign {
        name: "a resource of ACK, the AWS controllers for Kubernetes",
        is_it: |node| version(node, &["services.k8s.aws"]),
        way_out: STORE,
    },
    Foreign {
        name: "a resource of Google's Config Connector",
        is_it: |node| version(node, &["cnrm.cloud.google.com"]),
        way_out: DESCRIBE,
    },
    Foreign {
        name: "Google Cloud Storage's XML",
        // It is known by its text.
        is_it: |_| false,
        way_out: DESCRIBE,
    },
    Foreign {
        name: "a template of Alibaba Cloud's ROS",
        is_it: |node| {
            let resources = node.get("Resources").map(|it| it.fields()).unwrap_or_default();
            let kind = |resource: &Node<'_>| resource.text_of("Type").unwrap_or_default();
            node.get("ROSTemplateFormatVersion").is_some()
                || resources
                    .iter()
                    .any(|(_, resource)| kind(resource).starts_with("ALIYUN::"))
        },
        way_out: "ask OSS for the bucket's own rules (`ossutil api get-bucket-cors --bucket BUCKET`) and import those with \
                  --from oss",
    },
    Foreign {
        name: "a state of Terraform before 0.12",
        is_it: |node| node.get("modules").is_some() && node.has_any(&["serial", "lineage"]),
        way_out: "let a newer Terraform refresh it; or ask the store for the bucket's own rules and import those",
    },
    Foreign {
        name: "Terraform's own language",
        is_it: |node| {
            let resources = node.get("resource").map(|it| it.fields()).unwrap_or_default();
            resources.iter().any(|(name, _)| name.contains('_'))
        },
        way_out: SHOW,
    },
    Foreign {
        name: "Backblaze B2's own form",
        is_it: |node| {
            let mut lists = node.list("buckets");
            lists.push(node.clone());
            let rules = lists.iter().flat_map(|list| list.list("corsRules"));
            rules
                .chain([node.clone()])
                .any(|rule| rule.has_any(&["corsRuleName", "allowedOperations"]))
        },
        way_out: "ask its S3-compatible API for the rules: `aws s3api get-bucket-cors --endpoint-url …`, --from s3",
    },
    Foreign {
        name: "Azure Storage's own form",
        is_it: |node| {
            node.path(&["properties", "cors"]).is_some()
                || node.get("Cors").is_some()
                || node.has_any(&["CorsRules", "exposedHeaders", "ExposedHeaders"])
                || node
                    .text_of("$schema")
                    .is_some_and(|schema| schema.contains("deploymentTemplate"))
        },
        way_out: "its rules are of a whole account: list its origins, methods and headers in a rule by hand; `bucket-cors \
                  check` says what is wrong with it",
    },
    Foreign {
        name: "a program or a state of Pulumi",
        is_it: |node| {
            node.path(&["deployment", "resources"]).is_some()
                || node.path(&["checkpoint", "latest"]).is_some()
                || (node.get("runtime").is_some() && node.get("resources").is_some())
        },
        way_out: STORE,
    },
    Foreign {
        name: "Kong's plugin",
        is_it: |node| {
            let is_named = |plugin: &Node<'_>| plugin.text_of("name").as_deref() == Some("cors");
            kube::kind(node).starts_with("Kong")
                || node.text_of("plugin").as_deref() == Some("cors")
                || node.list("plugins").iter().any(is_named)
        },
        way_out: BY_HAND,
    },
    Foreign {
        name: "values of a Helm chart",
        is_it: |node| node.get("ingress").is_some() && kube::kind(node).is_empty(),
        way_out: "render the chart (`helm template`) and import what it prints",
    },
    Foreign {
        name: "a Kustomization",
        is_it: |node| kube::kind(node) == "Kustomization" && !version(node, &["toolkit.fluxcd.io"]),
        way_out: "build it (`kubectl kustomize FOLDER`) and import what that prints",
    },
    Foreign {
        name: "a patch of JSON",
        is_it: kube::is_json_patch,
        way_out: "apply it, as with `kubectl kustomize FOLDER`, and import what that prints",
    },
    Foreign {
        name: "an Application of Argo CD",
        is_it: |node| kube::kind(node).starts_with("Application") && version(node, &["argoproj.io"]),
        way_out: "import what it makes (`argocd app manifests NAME`)",
    },
    Foreign {
        name: "a release of Flux or of a Helm controller",
        is_it: |node| version(node, &["toolkit.fluxcd.io", "helm.cattle.io"]),
        way_out: "import what it makes (`helm get manifest NAME`, `kubectl kustomize FOLDER`)",
    },
    Foreign {
        name: "a server's own settings",
        is_it: |node| {
            const SERVERS: [&str; 9] = [
                "CronJob",
                "DaemonSet",
                "Deployment",
                "Job",
                "Pod",
                "ReplicaSet",
                "StatefulSet",
                "Tenant",
                "Seaweed",
            ];
            SERVERS.contains(&&*kube::kind(node))
        },
        way_out: "they are for all that the server has and no bucket's: write a rule for each bucket by hand, or import the \
                  bucket's own rules where the server has such",
    },
    Foreign {
        name: "an API Gateway's definition",
        is_it: |node| {
            // serverless and SAM without a bucket among their resources.
            node.has_any(&["openapi", "swagger", "Globals"])
                || node.get("service").is_some() && node.get("provider").is_some()
        },
        way_out: "it is for an API and no bucket's: write a rule by hand",
    },
];

fn version(node: &Node<'_>, groups: &[&str]) -> bool {
    let version = node.text_of("apiVersion").unwrap_or_default();
    groups.iter().any(|group| version.contains(group))
}
