//! The bases for Kustomize, as kubectl renders them, and the job that lets rules follow the store: what it asks of a
//! cluster is what its account may.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde::Deserialize as _;
use serde_json::Value;

use crate::manifests::rendered;

use crate::support::checkout;

const BASES: [&str; 5] = [
    "istio",
    "istio-wasm-plugin",
    "envoy-gateway",
    "envoy-gateway-native",
    "higress",
];

pub(crate) fn kubectl() -> PathBuf {
    let kubectl = checkout().join("target/venv/bin/kubectl");
    assert!(
        kubectl.exists(),
        "no kubectl: `. .ci/toolchain; need_kubectl` gets one"
    );
    kubectl
}

fn documents(text: &str) -> Vec<Value> {
    let documents = serde_norway::Deserializer::from_str(text);
    documents
        .map(|document| Value::deserialize(document).unwrap())
        .collect()
}

/// What kubectl makes of a folder of a base.
pub(crate) fn built(base: &str) -> Vec<Value> {
    let folder = rendered().join("kustomize").join(base);
    let output = Command::new(kubectl())
        .arg("kustomize")
        .arg(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{base}: {output:?}");
    documents(&String::from_utf8(output.stdout).unwrap())
}

pub(crate) fn of_kind<'d>(documents: &'d [Value], kind: &str) -> &'d Value {
    documents
        .iter()
        .find(|document| document["kind"] == kind)
        .unwrap()
}

/// The object of a base that has the rules.
pub(crate) fn policy(base: &str) -> Value {
    let all = built(base);
    let kinds = ["TrafficExtension", "WasmPlugin", "EnvoyExtensionPolicy"];
    all.into_iter()
        .find(|it| kinds.contains(&it["kind"].as_str().unwrap()))
        .unwrap()
}

#[test]
fn a_base_is_its_manifests_and_nothing_else() {
    for base in BASES {
        let folder = rendered().join("kustomize").join(base);
        let names = fs::read_to_string(folder.join("kustomization.yaml")).unwrap();
        let names = documents(&names).remove(0)["resources"].take();
        let files = names
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap());
        let manifests = files.flat_map(|file| {
            documents(&fs::read_to_string(rendered().join("manifests").join(file)).unwrap())
        });
        let (built, manifests) = (built(base), manifests.collect::<Vec<_>>());
        assert_eq!(built.len(), manifests.len(), "{base}");
        for manifest in &manifests {
            assert!(built.contains(manifest), "{base}: {manifest}");
        }
    }
}

#[test]
fn the_job_may_read_and_patch_the_object_with_the_rules_and_nothing_else() {
    for base in BASES {
        let policy = policy(base);
        let sync = built(&format!("{base}/sync"));
        let kinds: Vec<_> = sync.iter().map(|it| it["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds.len(), 4, "{kinds:?}");
        let role = of_kind(&sync, "Role");
        let [rule] = role["rules"].as_array().unwrap().as_slice() else {
            panic!("{role}");
        };
        let group = policy["apiVersion"].as_str().unwrap().split('/').next().unwrap();
        let kind = policy["kind"].as_str().unwrap().to_lowercase();
        let plural = kind
            .strip_suffix('y')
            .map_or(format!("{kind}s"), |stem| format!("{stem}ies"));
        assert_eq!(
            *rule,
            serde_json::json!({
                "apiGroups": [group], "resources": [plural], "resourceNames": [policy["metadata"]["name"]],
                "verbs": ["get", "patch"],
            }),
            "{base}"
        );
        for document in &sync {
            assert_eq!(
                document["metadata"]["namespace"], policy["metadata"]["namespace"],
                "{base}"
            );
        }
        let account = of_kind(&sync, "ServiceAccount");
        let pod = of_kind(&sync, "CronJob")
            .pointer("/spec/jobTemplate/spec/template/spec")
            .unwrap();
        assert_eq!(pod["serviceAccountName"], account["metadata"]["name"]);
        let binding = of_kind(&sync, "RoleBinding");
        assert_eq!(binding["roleRef"]["name"], role["metadata"]["name"]);
        assert_eq!(binding["subjects"][0]["name"], account["metadata"]["name"]);
    }
}

/// The one of the job.
pub(crate) fn container(sync: &[Value]) -> &Value {
    let job = of_kind(sync, "CronJob");
    job.pointer("/spec/jobTemplate/spec/template/spec/containers/0")
        .unwrap()
}

/// A stand-in for a cluster's API that says what it is asked for.
pub(crate) struct Cluster {
    process: Child,
    pub(crate) folder: PathBuf,
}

impl Cluster {
    pub(crate) fn start(folder: PathBuf, object: &Value) -> Self {
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("object.json"), object.to_string()).unwrap();
        let mut process = Command::new("python3")
            .arg(checkout().join("tests/release/cluster.py"))
            .arg(&folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        assert_eq!(line, "ready\n");
        Self { process, folder }
    }

    /// The requests so far, each method and path.
    pub(crate) fn asked(&self) -> Vec<String> {
        let log = fs::read_to_string(self.folder.join("asked")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

#[test]
fn the_job_applies_what_the_tool_prints_and_asks_for_nothing_else() {
    let base = "envoy-gateway";
    let policy = policy(base);
    let sync = built(&format!("{base}/sync"));
    let container = container(&sync);
    let object = container["env"][1]["value"].as_str().unwrap();
    let script = container["command"][2].as_str().unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kustomize-sync");
    fs::remove_dir_all(&folder).ok();
    let cluster = Cluster::start(folder.clone(), &policy);
    // It prints the object with other rules, or fails.
    let stand_in = "#!/bin/sh\n[ \"$1 $2\" = 'sync --from' ] || exit 3\n[ -z \"$FAILS\" ] || exit 2\n\
                    sed 's/https:\\/\\/app.example.com/https:\\/\\/new.example.com/' \"$TMP_OBJECT\"\n";
    fs::write(folder.join("bucket-cors"), stand_in).unwrap();
    Command::new("chmod")
        .args(["+x", "bucket-cors"])
        .current_dir(&folder)
        .status()
        .unwrap();
    let kubectl = kubectl();
    let path = format!(
        "{}:{}:/usr/bin:/bin",
        folder.display(),
        kubectl.parent().unwrap().display()
    );
    let live = folder.join("object.yaml");
    // The only change: not in /tmp, which others use too.
    let script = script.replace("/tmp/object.yaml", live.to_str().unwrap());
    let run = |fails: &str| {
        Command::new("bash")
            .args(["-ec", &script])
            .env_clear()
            .env("PATH", &path)
            .env("HOME", &folder)
            .env("KUBECONFIG", folder.join("kubeconfig"))
            .env("TMP_OBJECT", &live)
            .env("OBJECT", object)
            .env("STORE", container["env"][0]["value"].as_str().unwrap())
            .env("FAILS", fails)
            .output()
            .unwrap()
    };
    let output = run("");
    assert!(output.status.success(), "{output:?}\n{:?}", cluster.asked());
    let own = "/apis/gateway.envoyproxy.io/v1alpha1/namespaces/default/envoyextensionpolicies/bucket-cors";
    let is_discovery = |asked: &&String| {
        ["GET /api ", "GET /apis ", "GET /openapi/", "GET /version "]
            .iter()
            .any(|start| asked.starts_with(start))
            || *asked == "GET /apis/gateway.envoyproxy.io/v1alpha1 "
            || *asked == "GET /api/v1 "
    };
    let asked = cluster.asked();
    let others: BTreeSet<_> = asked
        .iter()
        .filter(|asked| !is_discovery(asked))
        .cloned()
        .collect();
    assert_eq!(
        others,
        [format!("GET {own} "), format!("PATCH {own} ")].into(),
        "{asked:?}"
    );
    let patched = fs::read_to_string(folder.join("patch.json")).unwrap();
    assert!(patched.contains("https://new.example.com"), "{patched}");
    // What the tool has not printed is not applied, and the job says that it failed.
    fs::remove_file(folder.join("patch.json")).unwrap();
    let output = run("yes");
    assert!(!output.status.success(), "{output:?}");
    assert!(!folder.join("patch.json").exists());
}
