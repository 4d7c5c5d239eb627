"""Puts rules, ports and an Envoy's version into the samples."""

import hashlib
import json
import pathlib
import re
import subprocess

# What envoy-ecds.yaml says; each sample that runs has a folder of its own.
FOLDER = "target/run-live"


def folder(admin_port):
    return f"{FOLDER}/{admin_port}"


def with_ports(text, ports):
    for default, port in ports.items():
        text = text.replace(f"port_value: {default} ", f"port_value: {port} ")
    return text


def with_rules(text, rules):
    # A JSON string is a YAML string too.
    return text.replace('"@envoy/cors.json@"', json.dumps(pathlib.Path(rules).read_text()))


def replace_filter(target, envoy, rules):
    """Writes the filter as Envoy wants to see it, and returns its version."""
    text = with_rules(pathlib.Path("envoy/filter-ecds.yaml").read_text(), rules)
    version = hashlib.sha256(text.encode()).hexdigest()[:12]
    put(target, for_version(text.replace("@version@", version), envoy))
    return version


def put(target, text):
    """Replaces the file at once: Envoy never sees half of it."""
    new = pathlib.Path(f"{target}.new")
    new.write_text(text)
    new.rename(pathlib.Path(target) / "filter.yaml")


def for_version(text, envoy):
    """Envoy takes the capabilities at the end of vm_config from 1.40 on; before, it knows them beside vm_config only."""
    said = subprocess.run([envoy, "--version"], check=True, capture_output=True, text=True).stdout
    version = tuple(int(number) for number in re.search(r"/(\d+)\.(\d+)\.\d+", said).groups())
    if version >= (1, 40):
        return text
    lines = text.split("\n")
    start = next(at for at, line in enumerate(lines) if line.strip() == "capability_restriction_config:")
    depth = indent_of(lines[start])
    end = next(at for at in range(start + 1, len(lines)) if indent_of(lines[at]) <= depth)
    moved = [line.removeprefix("  ") for line in lines[start:end]]
    return "\n".join(lines[:start] + moved + lines[end:])


def indent_of(line):
    return len(line) - len(line.lstrip())
