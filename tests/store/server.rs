//! The servers of Debian's and PyPI's that the edge stands among: nginx, Varnish and SeaweedFS.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Each is up within seconds; a machine under load takes longer.
const START: Duration = Duration::from_secs(60);

/// A server with a folder of its own. Dropping it stops it; so does the end of the thread that started it.
pub(crate) struct Server {
    child: Child,
    pub(crate) folder: PathBuf,
    /// What it says, where it is one that can be told something.
    says: Option<BufReader<ChildStdout>>,
}

impl Server {
    /// Starts one in a new folder, with these files in it.
    fn start(name: &str, files: &[(&str, &str)], command: impl FnOnce(&Path) -> Command) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/store-tests");
        let folder = target.join(format!("{name}-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for (file, text) in files {
            fs::write(folder.join(file), text).unwrap();
        }
        let log = File::create(folder.join("output")).unwrap();
        let child = command(&folder).stderr(log).spawn();
        Self {
            child: child.expect("setpriv (util-linux) starts it"),
            folder,
            says: None,
        }
    }

    /// The same with a program in Python that says when it is ready, and takes lines.
    fn in_python(name: &str, script: &str, arguments: impl FnOnce(&Path, &mut Command)) -> Self {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
        let command = |folder: &Path| {
            let python = checkout.join("target/venv/bin/python");
            let mut command = bound_to_this_thread(python.to_str().unwrap());
            command.arg(script);
            arguments(folder, &mut command);
            command
                .current_dir(checkout)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped());
            command
        };
        let mut server = Self::start(name, &[], command);
        server.says = server.child.stdout.take().map(BufReader::new);
        server.hear("ready\n");
        server
    }

    fn hear(&mut self, expected: &str) {
        let mut said = String::new();
        self.says.as_mut().unwrap().read_line(&mut said).unwrap();
        assert_eq!(
            said,
            expected,
            "{}",
            fs::read_to_string(self.folder.join("output")).unwrap()
        );
    }

    /// Tells a program something, and waits until that is done.
    #[cfg_attr(not(feature = "sync"), allow(dead_code))]
    pub(crate) fn tell(&mut self, what: &serde_json::Value) {
        let stdin = self.child.stdin.as_mut().unwrap();
        writeln!(stdin, "{what}").unwrap();
        self.hear("done\n");
    }

    /// Waits until it takes connections on a port.
    fn wait_for(mut self, port: u16) -> Self {
        let deadline = Instant::now() + START;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            let ended = self.child.try_wait().unwrap();
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "{}: {ended:?}\n{}",
                self.folder.display(),
                fs::read_to_string(self.folder.join("output")).unwrap()
            );
            thread::sleep(Duration::from_millis(20));
        }
        self
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Not KILL: Varnish and the store have processes of their own to stop. What is gone already needs no end.
        Command::new("kill")
            .arg(self.child.id().to_string())
            .status()
            .ok();
        self.child.wait().ok();
        // What a failed test leaves is there to be read.
        if !thread::panicking() {
            fs::remove_dir_all(&self.folder).ok();
        }
    }
}

/// Ends with the thread that starts it.
fn bound_to_this_thread(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    // Debian keeps servers where only root looks.
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin";
    command
        .env("PATH", path)
        .args(["--pdeathsig", "TERM", program])
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

/// nginx with the `http` block's servers of a configuration, which listen on 127.0.0.1 at `port`.
pub(crate) fn nginx(servers: &str, port: u16) -> Server {
    let configuration = format!(
        // One process, which keeps its user.
        "daemon off; master_process off; pid nginx.pid; error_log stderr; events {{ }}
         http {{ access_log off; proxy_http_version 1.1; proxy_set_header Connection \"\"; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
         uwsgi_temp_path uwsgi; scgi_temp_path scgi; {servers} }}"
    );
    let command = |folder: &Path| {
        let mut command = bound_to_this_thread("nginx");
        command.arg("-p").arg(folder).args(["-c", "nginx.conf"]);
        command
    };
    Server::start("nginx", &[("nginx.conf", &configuration)], command).wait_for(port)
}

/// Varnish as it is by default, in memory, before a server.
pub(crate) fn varnish(port: u16, server: u16) -> Server {
    let command = |folder: &Path| {
        let mut command = bound_to_this_thread("varnishd");
        command
            .args(["-F", "-j", "none", "-T", "none", "-s", "malloc,16m", "-n"])
            .arg(folder.join("work"));
        command.args([
            "-a",
            &format!("127.0.0.1:{port}"),
            "-b",
            &format!("127.0.0.1:{server}"),
        ]);
        command
    };
    Server::start("varnish", &[], command).wait_for(port)
}

/// SeaweedFS with these buckets, which anybody may read and write. The object `o` of each says whose it is.
pub(crate) fn weed(port: u16, buckets: &[&str]) -> Server {
    weed_of(port, buckets, &[])
}

/// The same where a host below a domain names its bucket.
pub(crate) fn weed_of(port: u16, buckets: &[&str], domains: &[&str]) -> Server {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
    let versions = fs::read_dir(checkout.join("target/store"))
        .into_iter()
        .flatten()
        .flatten();
    let binary = versions
        .map(|version| version.path().join("weed"))
        .filter(|path| path.exists())
        .max();
    let binary = binary.expect("no store: `make store` gets one");
    Server::in_python("weed", "tests/store/weed.py", |folder, command| {
        command
            .arg(binary)
            .arg(port.to_string())
            .arg(folder)
            .arg(domains.join(","))
            .args(buckets);
    })
}

/// What stands for OSS, and checks signatures with OSS's own SDK.
#[cfg(feature = "sync")]
pub(crate) fn oss(port: u16) -> Server {
    Server::in_python("oss", "tests/store/oss.py", |_, command| {
        command.arg(port.to_string());
    })
}
