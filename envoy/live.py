"""Changes the rules of an Envoy that runs, and waits until they are in force."""

import pathlib
import time
import urllib.request

import render

STATISTICS = "extension_config_discovery.http_filter.bucket-cors."
SECONDS = 60


class Refused(Exception):
    """The rules are refused, and the version that this names stays in force."""


def statistics(admin_port):
    """The version in force, and how many were refused so far."""
    url = f"http://127.0.0.1:{admin_port}/stats?filter={STATISTICS}"
    lines = urllib.request.urlopen(url, timeout=SECONDS).read().decode().splitlines()
    values = dict(line.removeprefix(STATISTICS).split(": ", 1) for line in lines)
    # A failure is a file that Envoy cannot read at all.
    return values["version_text"].strip('"'), int(values["update_rejected"]) + int(values["update_failure"])


def put_in_force(envoy, admin_port, rules):
    """Puts the rules of a file in force, and returns their version."""
    folder = pathlib.Path(render.folder(admin_port))
    _, refused_before = statistics(admin_port)
    before = (folder / "filter.yaml").read_text(encoding="utf-8")
    version = render.replace_filter(folder, envoy, rules)
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        in_force, refused = statistics(admin_port)
        if in_force == version:
            # The main thread has them, and has told the workers.
            time.sleep(0.1)
            return version
        if refused > refused_before:
            # A start with what was refused would serve nothing; and Envoy takes the same text a second time for no
            # change, and says that it is in force.
            render.put(folder, before)
            raise Refused(in_force)
        time.sleep(0.02)
    render.put(folder, before)
    raise TimeoutError(f"Envoy did not look at them within {SECONDS} s")
