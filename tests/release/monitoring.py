"""What Prometheus makes of real Envoys and of a real `bucket-cors sync`, with the configuration, the alerts and the
dashboard of envoy/monitoring: every query finds what it asks for.

Usage: tests/release/monitoring.py ENVOY TOOL PROMETHEUS, from the top of the checkout,
with the module and the library built.
"""

import http.server
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, "envoy")
import launch  # noqa: E402
import render  # noqa: E402

MONITORING = pathlib.Path("envoy/monitoring")
PAGE, OTHER = "https://page.example", "https://other.example"
RULE = {"AllowedOrigins": [PAGE], "AllowedMethods": ["GET", "HEAD"]}
RULES = {
    "metrics": "bucket",
    "buckets": [
        {"name": "photos", "cors": [RULE]},
        {"name": "my.videos", "cors": [RULE]},
        {"name": "later", "mode": "shadow", "cors": [RULE]},
    ],
}
TAGS = re.compile(r"^(?:#[^\n]*\n)?stats_config:\n(?:  [^\n]*\n)+\n", re.MULTILINE)
DISCOVERY = "envoy_extension_config_discovery_http_filter_"
PATIENCE = 60


class Store(http.server.BaseHTTPRequestHandler):
    """Tells the rules of one bucket, and of no other."""

    def do_GET(self):
        tells = self.path.startswith("/photos")
        rules = f"<CORSRule><AllowedOrigin>{PAGE}</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>"
        said = f"<CORSConfiguration>{rules}</CORSConfiguration>" if tells else "<Error><Code>AccessDenied</Code></Error>"
        self.send_response(200 if tells else 403)
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said.encode())

    def log_message(self, *_):
        pass


class Source(http.server.BaseHTTPRequestHandler):
    """Hands out the filter, as a control plane of one's own may: it does not look into the rules."""

    version, rules = "good", RULES

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        is_known = asked.get("version_info") == Source.version
        text = b"" if is_known else json.dumps(self.answer()).encode()
        self.send_response(304 if is_known else 200)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    @staticmethod
    def answer():
        types = "type.googleapis.com/"
        config = {
            "name": "bucket-cors",
            "vm_config": {"runtime": "envoy.wasm.runtime.v8", "code": {"local": {"filename": render.MODULE}}},
            "configuration": {"@type": f"{types}google.protobuf.StringValue", "value": json.dumps(Source.rules)},
        }
        wasm = {"@type": f"{types}envoy.extensions.filters.http.wasm.v3.Wasm", "config": config}
        resource = {"@type": f"{types}envoy.config.core.v3.TypedExtensionConfig", "name": "bucket-cors", "typed_config": wasm}
        return {"version_info": Source.version, "resources": [resource]}

    def log_message(self, *_):
        pass


def served(handler):
    """The port of a server."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def get(url, method="GET", **headers):
    request = urllib.request.Request(url, method=method, headers={k.replace("_", "-"): v for k, v in headers.items()})
    try:
        return urllib.request.urlopen(request, timeout=PATIENCE).read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()


def wait_for(what, condition):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.3)
    raise AssertionError(f"{what}: not within {PATIENCE} s")


def edge(binary, sample, folder, change=lambda text: text):
    """An Envoy with a sample's configuration, and the ports of its listener and its admin interface."""
    ports = [str(port) for port in launch.free_ports(3)]
    folder = folder / ports[0]
    folder.mkdir()
    rules = folder / "rules.json"
    rules.write_text(json.dumps(RULES), encoding="utf-8")
    text = pathlib.Path("envoy", sample).read_text(encoding="utf-8").replace(render.FOLDER, str(folder))
    text = render.with_ports(change(text), dict(zip(["10000", "9901", "10001"], ports)))
    if "filter.yaml" in text:
        render.replace_filter(folder, binary, rules)
    else:
        text = render.with_rules(text, rules)
    configuration = folder.with_suffix(".yaml")
    configuration.write_text(render.for_version(text, binary), encoding="utf-8")
    # What it says goes into a file: a pipe that nobody reads would fill.
    with (folder / "log").open("wb") as log:
        process = launch.start_envoy(binary, str(configuration), 100, stdout=log, stderr=log)
    launch.wait_until_ready(sample, process, f"http://127.0.0.1:{ports[1]}/ready")
    return process, *map(int, ports[:2]), folder


def send_each_kind(port):
    for bucket in ("photos", "my.videos", "later"):
        for origin in (PAGE, OTHER):
            get(f"http://127.0.0.1:{port}/{bucket}/object", origin=origin)
        for method in ("GET", "PUT"):
            get(f"http://127.0.0.1:{port}/{bucket}/object", "OPTIONS", origin=PAGE, access_control_request_method=method)


def assert_labels_in_envoy(admin):
    text = get(f"http://127.0.0.1:{admin}/stats/prometheus")
    for line in [
        'bucket_cors_bucket_preflight_refused{bucket="photos"} 1',
        'bucket_cors_bucket_preflight_refused{bucket="photos",reason="method"} 1',
        'bucket_cors_bucket_actual_unmatched{bucket="my_videos",reason="origin"} 1',
        'bucket_cors_bucket_shadow_actual_unmatched{bucket="later",reason="origin"} 1',
        'bucket_cors_preflight_refused{reason="method"} 2',
    ]:
        if line not in text.splitlines():
            return False
    return True


class Prometheus:
    def __init__(self, binary, folder, edges, sync):
        [port] = launch.free_ports(1)
        self.url = f"http://127.0.0.1:{port}/api/v1/"
        text = (MONITORING / "prometheus.yaml").read_text(encoding="utf-8")
        targets = ", ".join(f'"127.0.0.1:{port}"' for port in edges)
        text = text.replace('"127.0.0.1:9901"', targets).replace("127.0.0.1:8910", f"127.0.0.1:{sync}")
        text = text.replace("alerts.yaml", str((MONITORING / "alerts.yaml").resolve()))
        configuration = folder / "prometheus.yaml"
        configuration.write_text("global: { scrape_interval: 1s, evaluation_interval: 1s }\n" + text, encoding="utf-8")
        self.process = launch.start(
            [binary, f"--config.file={configuration}", f"--storage.tsdb.path={folder}/tsdb"]
            + [f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
        )
        launch.wait_until_ready("Prometheus", self.process, f"http://127.0.0.1:{port}/-/ready")

    def ask(self, what, **parameters):
        answer = json.loads(get(f"{self.url}{what}?{urllib.parse.urlencode(parameters)}"))
        assert answer["status"] == "success", (parameters, answer)
        return answer["data"]

    def series(self, query):
        """The labels of each series that a query finds."""
        return [series["metric"] for series in self.ask("query", query=query)["result"]]


def assert_finds(prometheus, query, labels):
    """That a query finds something, with a value for each of these labels."""
    def found():
        series = prometheus.series(query)
        return series and all(any(one.get(label) for one in series) for label in labels)

    wait_for(f"{query}, with {labels}", found)


def assert_dashboard_finds(prometheus):
    dashboard = json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))
    queries = [target for panel in dashboard["panels"] for target in panel.get("targets", [])]
    assert queries
    for target in queries:
        query = target["expr"].replace("$__rate_interval", "15s")
        assert_finds(prometheus, re.sub(r"\$\w+", ".*", query), re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            of = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["definition"])
            assert_finds(prometheus, re.sub(r"\$\w+", ".*", of[1]), [of[2]])


def assert_alerts_find(prometheus):
    """Every metric that an alert asks for is there, with the labels that it names; and what happened makes alerts."""
    groups = prometheus.ask("rules")["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert rules and all(rule["health"] == "ok" for rule in rules), rules
    for rule in rules:
        for metric in re.findall(r"\b(?:bucket_cors|envoy|up\b)[a-z_0-9:]*(?:\{[^}]*\})?", rule["query"]):
            by = re.findall(r"by \(([^)]*)\)", rule["query"])
            assert_finds(prometheus, metric, [label for labels in by for label in labels.split(", ")])
        named = re.findall(r"\$labels\.(\w+)", rule.get("annotations", {}).get("summary", ""))
        first = re.match(r"[^=><]*?(\b(?:bucket_cors|envoy|up\b)[a-z_0-9:]*(?:\{[^}]*\})?)", rule["query"])[1]
        assert_finds(prometheus, first.replace('up{job="bucket-cors-sync"}', "up"), named)
    for name in ("BucketCorsRulesRefused", "BucketCorsSyncErrors", "BucketCorsBucketUnread"):
        wait_for(name, lambda: any(alert["labels"]["alertname"] == name for alert in prometheus.ask("alerts")["alerts"]))


def is_told(prometheus, admin):
    """Whether there is an alert about refused rules in this Envoy."""
    alerts = [alert["labels"] for alert in prometheus.ask("alerts")["alerts"]]
    wanted = ("BucketCorsRulesRefused", f"127.0.0.1:{admin}")
    return any((alert["alertname"], alert.get("instance")) == wanted for alert in alerts)


def assert_stays_told(prometheus, admin):
    """Envoy has read the refused rules again, which are no change to it:
    it counts a success and shows their version."""
    for _ in range(4):
        time.sleep(1)
        # Where a scrape fails there is no alert either, until the next one.
        missed = f'min_over_time(up{{instance="127.0.0.1:{admin}"}}[10s]) == 0'
        assert is_told(prometheus, admin) or prometheus.series(missed)
    wait_for("the refusal, still", lambda: is_told(prometheus, admin))


def assert_told_of_a_server(prometheus, admin):
    """Rules that a server hands out are told as refused for as long as they are."""
    assert not is_told(prometheus, admin)
    Source.version, Source.rules = "refused", {}
    wait_for("the refusal", lambda: is_told(prometheus, admin))
    wait_for("a second answer", lambda: '"refused"' in get(f"http://127.0.0.1:{admin}/stats?filter=version_text"))
    assert_stays_told(prometheus, admin)
    Source.version, Source.rules = "good", RULES
    wait_for("the end", lambda: not is_told(prometheus, admin))


def assert_told_after_a_rename(prometheus, admin, live):
    """A rename in the folder of a refused file has Envoy read it again."""
    wait_for("the refusal", lambda: is_told(prometheus, admin))
    statistics = f"http://127.0.0.1:{admin}/stats?filter=bucket-cors.update_success"
    before = get(statistics)
    (live / "refused.json").rename(live / "beside.json")
    wait_for("a second look", lambda: get(statistics) != before)
    assert_stays_told(prometheus, admin)


def assert_relabelled_alike(prometheus, admin):
    """An Envoy without stats_tags has the same series as one with them."""
    of = lambda port: {
        # A metric's name cannot have the hyphen of a plugin's.
        tuple(sorted((label, value.replace("bucket-cors", "bucket_cors")) for label, value in series.items() if label != "instance"))
        for series in prometheus.series(
            f'{{__name__=~"bucket_cors_.*|envoy_wasm_vm_reload.*|{DISCOVERY}(config_reload|update_(attempt|failure|rejected|success))", job="bucket-cors-edge", instance="127.0.0.1:{port}"}}'
        )
    }
    wait_for("the same series", lambda: (with_tags := of(admin[0])) and with_tags == of(admin[1]))


def run_runbook(tool, admin, expected):
    """The first commands of envoy/operate.md: each ends with this status, and says this. Returns how many are left."""
    section = pathlib.Path("envoy/operate.md").read_text(encoding="utf-8").split("\n## Alerts\n")[1].split("\n## ")[0]
    commands = re.findall(r"```text\n(.+?)\n```", section, re.DOTALL)
    for command, (status, said) in zip(commands, expected):
        command = command.replace("127.0.0.1:9901", f"127.0.0.1:{admin}").replace("target/bucket-cors", tool)
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
        assert done.returncode == status and said in done.stdout + done.stderr, (command, done)
    return len(commands) - len(expected)


def main():
    binary, tool, prometheus_binary = sys.argv[1:]
    launch.stop_on_signals()
    processes = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        store, source = served(Store), served(Source)
        try:
            def started(*arguments):
                processes.append((it := edge(binary, *arguments))[0])
                return it

            _, port, admin, live = started("envoy-ecds.yaml", folder)
            _, native_port, native_admin, _ = started("envoy-native.yaml", folder)
            _, bare_port, bare_admin, _ = started("envoy-ecds.yaml", folder, lambda text: TAGS.sub("", text))
            _, _, asking_admin, _ = started("envoy-sync.yaml", folder, lambda text: text.replace("8910", str(source)))
            [sync_port] = launch.free_ports(1)
            options = ["sync", "--from", "s3", "--endpoint", f"http://127.0.0.1:{store}", "--path-style"]
            options += ["--bucket", "photos", "--bucket", "denied", "--max-loss", "1", "--interval", "1s"]
            options += ["--into", "envoy/filter-ecds.yaml", "--output", str(folder / "filter.yaml")]
            options += ["--listen", f"127.0.0.1:{sync_port}"]
            environment = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "r"}
            with (folder / "sync.log").open("wb") as log:
                processes.append(launch.start([tool, *options], env=environment, stderr=log))
            launch.wait_until_ready("sync", processes[-1], f"http://127.0.0.1:{sync_port}/metrics")

            for each in (port, native_port):
                send_each_kind(each)
            for each in (admin, native_admin):
                wait_for("the labels", lambda: assert_labels_in_envoy(each))
            prometheus = Prometheus(prometheus_binary, folder, [admin, native_admin, bare_admin, asking_admin], sync_port)
            processes.append(prometheus.process)
            # Prometheus has to know each Envoy before anything changes that is to show as an increase.
            wait_for("a scrape", lambda: len(prometheus.series('up{job="bucket-cors-edge"} == 1')) == 4)
            known = "count by (instance) (bucket_cors:updates:before)"
            wait_for("a round of the rules", lambda: len(prometheus.series(known)) == 3)
            rules = live / "refused.json"
            rules.write_text("{}", encoding="utf-8")
            render.replace_filter(live, binary, rules)
            get(f"http://127.0.0.1:{sync_port}/v3/discovery:extension_configs", "POST")
            for _ in range(3):
                for each in (port, native_port, bare_port):
                    send_each_kind(each)
                time.sleep(1)
            assert_dashboard_finds(prometheus)
            assert_alerts_find(prometheus)
            assert_told_of_a_server(prometheus, asking_admin)
            assert_relabelled_alike(prometheus, [admin, bare_admin])
            run_runbook(tool, admin, [(1, "refused: 1 error"), (1, "this default_config stands in for them")])
            assert_told_after_a_rename(prometheus, admin, live)
            version = render.replace_filter(live, binary, live / "rules.json")
            wait_for("the good rules", lambda: version in get(f"http://127.0.0.1:{admin}/stats?filter=version_text"))
            wait_for("the end", lambda: not is_told(prometheus, admin))
            check, explain = (0, "good: 0 errors"), (1, "no rule of the bucket photos lists the origin")
            assert run_runbook(tool, admin, [check, explain, (0, "http_filter.bucket-cors.update_rejected: 1")]) == 0
        finally:
            for process in reversed(processes):
                launch.stop(process)


main()
