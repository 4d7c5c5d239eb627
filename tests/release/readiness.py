"""What envoy/production/ready.yaml says beside each sample, while the rules are refused and good.

Usage: tests/release/readiness.py ENVOY, from the top of the checkout, with the module built.
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, "envoy")
import launch  # noqa: E402
import render  # noqa: E402

PRODUCTION = pathlib.Path("envoy/production")
PATIENCE = 60


def with_probe(text):
    """A sample with the listener and the cluster of the probe, indented as they are in it."""
    indented = (PRODUCTION / "ready.yaml").read_text(encoding="utf-8").replace("\n", "\n  ")
    listeners, clusters = indented.split("  listeners:\n")[1].split("  clusters:\n")
    return text.replace("\n  clusters:\n", f"\n{listeners}\n  clusters:\n{clusters}\n", 1)


def status(url):
    try:
        return urllib.request.urlopen(url, timeout=5).status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def wait_for(url, expected):
    """Waits for a status. An Envoy that stood still for a second has another one until its next health check."""
    deadline = time.monotonic() + PATIENCE
    while (found := status(url)) != expected:
        assert time.monotonic() < deadline, f"{found}, not {expected} within {PATIENCE} s"
        time.sleep(0.2)


def try_beside(sample, binary, folder):
    edge, admin, ready = launch.free_ports(3)
    folder.mkdir()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=static.example.com"]
        + ["-keyout", "tls.key", "-out", "tls.crt"],
        check=True,
        capture_output=True,
        cwd=folder,
    )
    text = with_probe((PRODUCTION / sample).read_text(encoding="utf-8"))
    # No store is there, which is none of the probe's business.
    text = re.sub(r"address: [\w.-]+\.(?:com|store), port_value: \d+", "address: 127.0.0.1, port_value: 1", text)
    text = text.replace("/etc/envoy/modules/bucket_cors-0123456789ab.wasm", str(render.named_module().resolve()))
    text = text.replace("/etc/envoy/bucket-cors", str(folder)).replace("/etc/envoy/tls", str(folder))
    ports = {"8443": str(edge), "9901": str(admin), "8080": str(ready)}
    text = render.with_ports(text, ports).replace("address: 0.0.0.0,", "address: 127.0.0.1,")
    configuration = folder / "envoy.yaml"
    configuration.write_text(render.for_version(text, binary), encoding="utf-8")
    refused = folder / "refused.json"
    refused.write_text("{}", encoding="utf-8")
    render.replace_filter(folder, binary, refused)
    with (folder / "log").open("wb") as log:
        process = launch.start_envoy(binary, str(configuration), 100, stdout=log, stderr=log)
    try:
        launch.wait_until_ready(sample, process, f"http://127.0.0.1:{admin}/ready")
        url = f"http://127.0.0.1:{ready}/ready"
        wait_for(url, 503)
        time.sleep(3)
        wait_for(url, 503)
        render.replace_filter(folder, binary, PRODUCTION / "rules.json")
        wait_for(url, 200)
        render.replace_filter(folder, binary, refused)
        time.sleep(3)
        # The rules before stay in force.
        wait_for(url, 200)
    finally:
        launch.stop(process)


def main():
    launch.stop_on_signals()
    with tempfile.TemporaryDirectory() as folder:
        for sample in ("oss.yaml", "s3.yaml", "cluster.yaml"):
            try_beside(sample, sys.argv[1], pathlib.Path(folder, sample))


main()
