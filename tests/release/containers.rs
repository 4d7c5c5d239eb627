//! What needs a Docker engine: the load test, the sample and the job that follows a store in containers, run for real,
//! and the Dockerfiles.
//!
//! No image is pulled: the load test's are built of Debian's packages and the Envoy that the other tests use.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::kustomize::Cluster;

use crate::support::checkout;
use crate::support::ports::free_port;

/// What a command prints; it has to succeed.
fn output(command: &mut Command) -> String {
    let output = command
        .current_dir(checkout())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}\n{}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
}

fn docker(arguments: &[&str]) -> String {
    output(Command::new("docker").args(arguments)).trim().to_owned()
}

/// The numbers in a line.
fn numbers(line: &str) -> Vec<f64> {
    line.split([' ', ','])
        .filter_map(|word| word.parse().ok())
        .collect()
}

#[test]
#[ignore = "takes long"]
fn the_load_test_measures_each_side_without_an_error_and_leaves_nothing() {
    let images = output(Command::new("envoy/load/images").arg(crate::support::envoy::binary()));
    let (envoy, load) = images.trim().split_once(' ').unwrap();
    let project = format!("bucket-cors-test-{}", std::process::id());
    let printed = output(
        // It removes what it started when it is told to end, too.
        Command::new("timeout")
            .args(["600", "envoy/load-test"])
            .arg(crate::support::envoy::module())
            .arg(crate::support::envoy::library())
            .arg(&project)
            .env("ENVOY_IMAGE", envoy)
            .env("LOAD_IMAGE", load)
            .env("LOAD_SECONDS", "1")
            .env("LOAD_CONNECTIONS", "16"),
    );
    println!("{printed}");

    let label = format!("label=com.docker.compose.project={project}");
    for kind in ["container", "network", "volume"] {
        let mut list = vec![kind, "ls", "--quiet", "--filter", &label];
        if kind == "container" {
            list.push("--all");
        }
        assert_eq!(docker(&list), "", "a {kind} is left");
    }

    for side in [
        "without the filter",
        "with the filter",
        "with the filter, preflights",
        "with it as a library",
        "with it as a library, preflights",
    ] {
        let line = |follows: &str| {
            let begin = format!("{side}{follows}");
            let line = printed.lines().find(|line| line.starts_with(&begin));
            numbers(
                line.unwrap_or_else(|| panic!("{side}: {printed}"))
                    .strip_prefix(&begin)
                    .unwrap(),
            )
        };
        let [answers, wrong, errors] = line(":")[..] else {
            panic!("{printed}");
        };
        assert!(answers > 0.0 && wrong == 0.0 && errors == 0.0, "{printed}");
        let [throughput, p50, p90, p99, max, errors] = line("  ")[..] else {
            panic!("{printed}");
        };
        assert!(throughput > 0.0 && errors == 0.0, "{printed}");
        assert!(0.0 < p50 && p50 <= p90 && p90 <= p99 && p99 <= max, "{printed}");
    }
}

#[test]
#[ignore = "takes long"]
fn the_sample_answers_from_a_container() {
    let images = output(Command::new("envoy/load/images").arg(crate::support::envoy::binary()));
    let (envoy, _) = images.trim().split_once(' ').unwrap();
    let port = free_port();
    let project = format!("bucket-cors-sample-{}", std::process::id());
    let has_plugin = Command::new("docker").args(["compose", "version"]).output();
    let has_plugin = has_plugin.is_ok_and(|output| output.status.success());
    let compose = |arguments: &[&str]| {
        let (program, plugin) = if has_plugin {
            ("docker", &["compose"][..])
        } else {
            ("docker-compose", &[][..])
        };
        let mut command = Command::new(program);
        command
            .args(plugin)
            .args(["--project-name", &project, "--file", "envoy/docker-compose.yaml"])
            .args(arguments)
            .env("ENVOY_IMAGE", envoy)
            .env("PORT", port.to_string());
        command
    };
    output(&mut compose(&["up", "--detach"]));
    let origin = "origin: https://www.example.com\r\nconnection: close\r\n\r\n";
    let read = format!("GET /oss-cors-test/test.txt HTTP/1.1\r\nhost: a\r\n{origin}");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let answer = loop {
        let answer = crate::support::http::exchange(port, read.as_bytes());
        if answer.is_ok() || std::time::Instant::now() > deadline {
            break answer;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    };
    let logs = output(&mut compose(&["logs", "--no-color"]));
    output(&mut compose(&["down", "--volumes", "--timeout", "2"]));
    let answer = answer.unwrap_or_else(|error| panic!("{error}: {logs}"));
    let allowed = answer
        .headers
        .iter()
        .find(|(name, _)| name == "access-control-allow-origin");
    assert_eq!(allowed.unwrap().1, b"https://www.example.com", "{logs}");
}

#[test]
#[ignore = "takes long"]
fn the_dockerfile_makes_an_image_of_the_module_alone() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dockerfile");
    fs::create_dir_all(&folder).unwrap();
    let module = fs::read(crate::support::envoy::module()).unwrap();
    fs::write(folder.join("bucket_cors-0123456789ab.wasm"), &module).unwrap();

    let tag = format!("bucket-cors-test/module:{}", std::process::id());
    let folder = folder.to_str().unwrap();
    docker(&[
        "build",
        "--quiet",
        "--file",
        "envoy/Dockerfile",
        "--tag",
        &tag,
        folder,
    ]);
    let layers = docker(&["image", "inspect", "--format", "{{len .RootFS.Layers}}", &tag]);
    // An image without a command needs one for its container to exist; it is not run.
    let container = docker(&["create", &tag, "nothing"]);
    let copied = format!("{folder}/copied.wasm");
    docker(&["cp", &format!("{container}:/plugin.wasm"), &copied]);
    docker(&["rm", &container]);
    docker(&["rmi", &tag]);
    assert_eq!(layers, "1");
    assert!(fs::read(copied).unwrap() == module);
}

/// Answers every request with a store's rules for a bucket.
fn store(rules: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            lines.find(|line| line.as_ref().is_ok_and(String::is_empty));
            let length = rules.len();
            write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{rules}"
            )
            .unwrap();
        }
    });
    port
}

#[test]
#[ignore = "takes long"]
fn the_job_runs_in_its_image_as_its_pod_lets_it() {
    let images = output(Command::new("envoy/load/images").arg(crate::support::envoy::binary()));
    // With a shell, and without certificates.
    let (_, bare) = images.trim().split_once(' ').unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sync-image");
    crate::artifacts::unpack_tool(&folder);
    let image = |name: &str| format!("bucket-cors-test/{name}:{}", std::process::id());
    let (base, kubectl, tag) = (image("base"), image("kubectl"), image("sync"));
    fs::create_dir_all(folder.join("base")).unwrap();
    let authorities = "ca-certificates.crt";
    fs::copy(
        Path::new("/etc/ssl/certs").join(authorities),
        folder.join("base").join(authorities),
    )
    .unwrap();
    let text = format!("FROM {bare}\nCOPY {authorities} /etc/ssl/certs/\n");
    fs::write(folder.join("base/Dockerfile"), text).unwrap();
    docker(&[
        "build",
        "--quiet",
        "--tag",
        &base,
        folder.join("base").to_str().unwrap(),
    ]);
    fs::create_dir_all(folder.join("root/bin")).unwrap();
    fs::copy(crate::kustomize::kubectl(), folder.join("root/bin/kubectl")).unwrap();
    let folder_name = folder.to_str().unwrap();
    let import = format!("tar --create --directory {folder_name}/root . | docker import - {kubectl}");
    output(Command::new("sh").args(["-ec", &import]));
    let arguments = [format!("KUBECTL={kubectl}"), format!("BASE={base}")];
    let [of_kubectl, of_base] = &arguments;
    let build = [
        "build",
        "--quiet",
        "--file",
        "envoy/kustomize/sync/Dockerfile",
        "--tag",
        &tag,
    ];
    docker(
        &[
            &build[..],
            &["--build-arg", of_kubectl, "--build-arg", of_base, folder_name],
        ]
        .concat(),
    );

    let policy = crate::kustomize::policy("envoy-gateway");
    let cluster = Cluster::start(folder.join("cluster"), &policy);
    let rules = "<CORSConfiguration><CORSRule><AllowedOrigin>https://followed.example</AllowedOrigin>\
        <AllowedMethod>GET</AllowedMethod><AllowedMethod>HEAD</AllowedMethod></CORSRule></CORSConfiguration>";
    let store = store(rules);
    let sync = crate::kustomize::built("envoy-gateway/sync");
    let container = crate::kustomize::container(&sync);
    let security = &container["securityContext"];
    assert!(security["readOnlyRootFilesystem"] == true && security["capabilities"]["drop"][0] == "ALL");
    let command: Vec<&str> = container["command"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| part.as_str().unwrap())
        .collect();
    let variables = [
        format!("OBJECT={}", container["env"][1]["value"].as_str().unwrap()),
        format!("STORE=--from s3 --endpoint http://127.0.0.1:{store} --bucket oss-cors-test"),
        "AWS_ACCESS_KEY_ID=a".to_owned(),
        "AWS_SECRET_ACCESS_KEY=b".to_owned(),
        "KUBECONFIG=/cluster/kubeconfig".to_owned(),
    ];
    let mount = format!("{}:/cluster:ro", cluster.folder.display());
    // Only the network is this machine's, where the stand-ins are.
    let mut run = Command::new("docker");
    run.args([
        "run",
        "--rm",
        "--network",
        "host",
        "--read-only",
        "--tmpfs",
        "/tmp",
        "--cap-drop",
        "ALL",
    ])
    .args(["--security-opt", "no-new-privileges", "--volume", &mount])
    .args(variables.iter().flat_map(|variable| ["--env", variable]))
    .arg(&tag)
    .args(&command);
    let ran = run.output().unwrap();
    let tool = format!("{folder_name}/bin:/tool:ro");
    let asks = [
        "/tool/bucket-cors",
        "sync",
        "--from",
        "s3",
        "--all",
        "--once",
        "--output",
        "-",
    ];
    let mut without = Command::new("docker");
    without
        .args([
            "run",
            "--rm",
            "--network",
            "none",
            "--volume",
            &tool,
            "--env",
            &variables[2],
            "--env",
            &variables[3],
            bare,
        ])
        .args(asks);
    let without = without.output().unwrap();
    let user = docker(&["image", "inspect", "--format", "{{.Config.User}}", &tag]);
    docker(&["rmi", &tag, &kubectl, &base]);
    assert!(ran.status.success(), "{ran:?}\n{:?}", cluster.asked());
    assert_eq!(user, "65532");
    let said = String::from_utf8_lossy(&without.stderr);
    assert!(
        said.contains("no connections can be made: ") && said.contains("certificates"),
        "{without:?}"
    );
    let patched = fs::read_to_string(cluster.folder.join("patch.json")).unwrap();
    assert!(patched.contains("https://followed.example"), "{patched}");
}
