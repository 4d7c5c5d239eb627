//! The page as files in a folder of some web server, as a release has it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::json;

use super::world::PlaygroundWorld;

/// Python's web server; it ends with the test.
struct StaticServer(Child);

impl Drop for StaticServer {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

pub(crate) fn in_any_folder(world: &PlaygroundWorld) {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("static-playground");
    let folder = root.join("some/folder");
    let written = Command::new("envoy/release/write-playground")
        .arg(&folder)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(written.unwrap().success());
    assert!(fs::read_dir(&folder).unwrap().count() > 10);
    let server = Command::new("python3")
        .args(["-u", "-m", "http.server", "--bind", "127.0.0.1", "0"])
        .current_dir(&root)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut server = StaticServer(server.unwrap());
    // It says which port it got.
    let mut said = String::new();
    let mut output = BufReader::new(server.0.stdout.take().unwrap());
    output.read_line(&mut said).unwrap();
    let port = said.split(' ').skip_while(|word| *word != "port").nth(1).unwrap();

    world.open_at(&format!("http://localhost:{port}/some/folder/"));
    let at_first = world.shown();
    assert_eq!(at_first["tone"], "good", "{at_first}");
    world.fill(&json!({ "origin": "https://other.example", "method": "PUT" }));
    let typed = world.shown();
    assert_ne!(typed, at_first);
    let link = world.run(
        "while (location.hash.length < 20) await new Promise((resolve) => setTimeout(resolve, 20));
        return location.href;",
        &[],
    );
    world.open_at(link.as_str().unwrap());
    assert_eq!(world.shown(), typed);
    let asked = super::world::texts(&world.run(
        "return performance.getEntriesByType('resource').map((entry) => entry.name)",
        &[],
    ));
    let here = format!("http://localhost:{port}/some/folder/");
    assert!(asked.iter().all(|url| url.starts_with(&here)), "{asked:?}");
}
