"""Puts rules, ports and an Envoy's version into the samples."""

import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

PLAYGROUND = pathlib.Path("envoy/playground")
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    # What WebAssembly.compileStreaming asks for.
    ".wasm": "application/wasm",
}
HEADERS = {
    # Nothing but the files of this folder, and no script but theirs; WebAssembly counts as a script.
    "content-security-policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; "
    "style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    # A module that was built anew is the one to be tried.
    "cache-control": "no-cache",
}

SAMPLE_RULES = "envoy/cors.json"
MODULE = "target/bucket_cors.wasm"

# What envoy-ecds.yaml says; each sample that runs has a folder of its own.
FOLDER = "target/run-live"


def folder(admin_port):
    return f"{FOLDER}/{admin_port}"


def rules_file(admin_port):
    """Where the rules stand that a sample was given in the place of its own."""
    return pathlib.Path("target/run", f"{admin_port}.json")


def with_ports(text, ports):
    # All at once: a port that is asked for may be the default of another.
    return re.sub(r"port_value: (\d+) ", lambda found: f"port_value: {ports.get(found[1], found[1])} ", text)


def checked(tool, file, target):
    """What the filter would get of the one configuration in a file, written to a file of its own.

    `bucket-cors check` says what it finds; where that is errors, they end the program.
    """
    found = subprocess.run([tool, "check", "--format", "configuration", file], stdout=subprocess.PIPE)
    if found.returncode != 0:
        sys.exit(found.returncode)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(found.stdout)
    return target


def rules_text(path):
    """The rules of a file; one that cannot be read ends the program."""
    try:
        return pathlib.Path(path).read_text(encoding="utf-8")
    except OSError as error:
        sys.exit(f"{path} cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        sys.exit(f"{path} cannot be read: byte {error.start} is not UTF-8")


def with_rules(text, rules, field=""):
    """The rules in their place; `field`: what is put before their first one."""
    rules = rules_text(rules).replace("{", f"{{{field}", 1)
    # A JSON string is a YAML string too, but for two \u that are one character: Envoy's YAML takes each for one of its
    # own.
    return text.replace('"@envoy/cors.json@"', json.dumps(rules, ensure_ascii=False))


def with_playground(text, rules=SAMPLE_RULES):
    """The routes of the edge with the page's before them: Envoy itself is the web server.
    The page begins with those rules."""
    served = playground_files(rules)
    routes = [{"match": {"path": "/playground"}, "redirect": {"path_redirect": "/playground/"}}]
    routes += [file_route(f"/playground/{name}", path) for name, path in served.items()]
    routes.append(file_route("/playground/", PLAYGROUND / "index.html"))
    mark = "                        # Here `make run` puts the files of the playground.\n"
    # JSON is YAML too.
    lines = "".join(f"{' ' * 24}- {json.dumps(route, ensure_ascii=False)}\n" for route in routes)
    # Envoy serves no more than 4 KiB of a file unless told how much.
    largest = max(path.stat().st_size for path in served.values())
    config = "                route_config:\n"
    limit = f"{config}                  max_direct_response_body_size_bytes: {largest}\n"
    head, tail = text.split(mark)
    before, _, between = head.rpartition(config)
    return before + limit + between + lines + tail


def playground_files(rules=SAMPLE_RULES):
    """The page's files by their names."""
    files = {path.name: path for path in sorted(PLAYGROUND.iterdir()) if path.suffix in TYPES}
    # Those that the sample runs with and that the tool has, so that there is no other copy of any.
    shared = {path.name: path for path in map(pathlib.Path, ["src/cli/clients/clients.json", MODULE])}
    return files | shared | {"cors.json": pathlib.Path(rules)}


def file_route(url, path):
    headers = {"content-type": TYPES[path.suffix], **HEADERS}
    return {
        # One path each: any other below /playground/ is the store's, as without the page.
        "match": {"path": url},
        "direct_response": {"status": 200, "body": {"filename": str(path)}},
        "response_headers_to_add": [
            {"header": {"key": key, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
            for key, value in headers.items()
        ],
        # A page that the rules under test could change would prove nothing.
        "typed_per_filter_config": {
            "bucket-cors": {"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "disabled": True}
        },
    }


def digest(content):
    """Enough of a digest to name something by it."""
    return hashlib.sha256(content).hexdigest()[:12]


def named_module():
    """The module under a name with its digest: one that is built later is another file,
    which Envoy loads beside this one."""
    content = pathlib.Path(MODULE).read_bytes()
    named = pathlib.Path("target/modules", f"bucket_cors-{digest(content)}.wasm")
    named.parent.mkdir(parents=True, exist_ok=True)
    new = named.with_suffix(f".{os.getpid()}")
    new.write_bytes(content)
    new.rename(named)
    return named


def replace_filter(target, envoy, rules):
    """Writes the filter as Envoy wants to see it, and returns its version:
    that of the module, and that of the rules."""
    text = pathlib.Path("envoy/filter-ecds.yaml").read_text(encoding="utf-8")
    module = named_module()
    version = f"{module.stem.removeprefix('bucket_cors-')}-{digest(with_rules(text, rules).encode())}"
    text = text.replace("@version@", version).replace(MODULE, str(module))
    put(target, for_version(with_rules(text, rules), envoy))
    return version


def put(target, text):
    """Replaces the file at once: Envoy never sees half of it."""
    new = pathlib.Path(f"{target}.new")
    new.write_text(text, encoding="utf-8")
    new.rename(pathlib.Path(target) / "filter.yaml")


def for_version(text, envoy):
    """Envoy takes the capabilities at the end of vm_config from 1.40 on;
    before, it knows them beside vm_config only."""
    said = subprocess.run([envoy, "--version"], check=True, capture_output=True, text=True).stdout
    version = tuple(int(number) for number in re.search(r"/(\d+)\.(\d+)\.\d+", said).groups())
    if version >= (1, 40) or "capability_restriction_config:" not in text:
        return text
    lines = text.split("\n")
    start = next(at for at, line in enumerate(lines) if line.strip() == "capability_restriction_config:")
    depth = indent_of(lines[start])
    end = next(at for at in range(start + 1, len(lines)) if indent_of(lines[at]) <= depth)
    moved = [line.removeprefix("  ") for line in lines[start:end]]
    return "\n".join(lines[:start] + moved + lines[end:])


def indent_of(line):
    return len(line) - len(line.lstrip())
