"""The server of the demo's page: the page itself, what its app's server would do, and what the edge logs."""

import functools
import http.server
import json
import pathlib
import threading

import live

# Buckets whose owners have set no rules.
NO_RULES = json.dumps({"buckets": [{"name": name, "cors": None} for name in ("photos", "assets", "private")]})

# What the store does not know where the edge follows it.
BASE = json.dumps({"access_log": True, "buckets": []})

# Far more than any rules or parameters that a page sends.
MAX_BYTES = 1_000_000

# The frame's page under COEP: it takes from other sites only what says that they may.
ISOLATED = "/isolated.html"

FOLDER = pathlib.Path(__file__).parent


class Requests:
    """What the edge logged, as it comes."""

    def __init__(self):
        self.lines = []
        self.more = threading.Condition()

    def follow(self, output):
        for line in output:
            with self.more:
                self.lines.append(line.decode().strip())
                self.more.notify_all()

    def after(self, count, seconds):
        """The lines behind the first so many, as soon as there are any."""
        with self.more:
            self.more.wait_for(lambda: len(self.lines) > count, seconds)
            return self.lines[count:]


class Rules:
    """Those in force."""

    def __init__(self, envoy, admin_port, file, log, following):
        self.envoy, self.admin_port, self.file, self.log = envoy, admin_port, file, log
        self.following = following
        self.one_at_a_time = threading.Lock()

    def put(self, text):
        """Puts a plugin configuration in force, or says why it is refused."""
        with self.one_at_a_time:
            self.following.stop()
            logged = self.log.stat().st_size
            self.file.write_text(text, encoding="utf-8")
            try:
                return {"version": live.put_in_force(self.envoy, self.admin_port, self.file)}
            except live.Refused:
                # Each worker says the same.
                said = list(dict.fromkeys(self.errors_after(logged)))
                return {"refused": said or [f"Envoy cannot read them; {self.log} says why"]}
            except TimeoutError as error:
                return {"refused": [str(error)]}

    def put_into_store(self, text):
        """Puts a bucket's rules into the store, from which the edge gets them, or says why they are refused."""
        with self.one_at_a_time:
            return self.following.put(text)

    def errors_after(self, position):
        """What the filter logged as wrong from there on."""
        with self.log.open(encoding="utf-8", errors="replace") as log:
            log.seek(position)
            for line in log:
                _, is_ours, text = line.partition("wasm log: ")
                if is_ours and "[error]" in line:
                    yield text.strip()


def serve(port, places, requests, sign, rules):
    """A server of it, not yet serving."""
    handler = functools.partial(Handler, places, requests, sign, rules)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), handler)
    server.daemon_threads = True
    return server


class Handler(http.server.SimpleHTTPRequestHandler):
    is_isolated = False

    def __init__(self, places, requests, sign, rules, *given):
        self.places, self.requests, self.sign, self.rules = places, requests, sign, rules
        super().__init__(*given, directory=FOLDER)

    def do_GET(self):
        if self.is_foreign():
            return
        if self.path == "/places.json":
            self.answer(self.places)
        elif self.path == "/requests":
            self.stream_requests()
        elif self.path == ISOLATED:
            self.path = "/frame.html"
            self.is_isolated = True
            super().do_GET()
        elif self.path == "/" or self.path.endswith((".html", ".css", ".js")):
            super().do_GET()
        else:
            self.send_error(404)

    def do_POST(self):
        if self.is_foreign():
            return
        # Pages of other origins can post as well, but not this type without a preflight, which nobody answers here.
        if self.headers.get_content_type() != "application/json":
            self.send_error(415)
            return
        length = int(self.headers.get("content-length", 0))
        if length > MAX_BYTES:
            self.send_error(413)
            return
        text = self.rfile.read(length).decode()
        try:
            if self.path == "/rules":
                self.answer(self.rules.put(text))
            elif self.path == "/stored":
                self.answer(self.rules.put_into_store(text))
            elif self.path == "/sign":
                wanted = json.loads(text)
                self.answer(self.sign(wanted["operation"], wanted["parameters"]))
            else:
                self.send_error(404)
        except (KeyError, TypeError, ValueError) as error:
            self.send_error(400, str(error))

    def is_foreign(self):
        """A foreign name that leads to this machine would make a foreign page one of ours."""
        name = self.headers.get("host", "").partition(":")[0]
        foreign = not name.endswith(".localhost")
        if foreign:
            self.send_error(421)
        return foreign

    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def stream_requests(self):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        count = len(self.requests.lines)
        try:
            # The page counts on what follows this.
            self.wfile.write(b"event: ready\ndata:\n\n")
            while True:
                lines = self.requests.after(count, seconds=10)
                count += len(lines)
                # A comment tells a page that has gone from one that waits.
                self.wfile.write("".join(f"data: {line}\n\n" for line in lines).encode() or b":\n\n")
        except OSError:
            pass

    def end_headers(self):
        if self.is_isolated:
            self.send_header("cross-origin-embedder-policy", "require-corp")
        # What is edited while it runs is there on reload.
        self.send_header("cache-control", "no-store")
        super().end_headers()

    def log_message(self, *_):
        """Says nothing: what the edge sees is what matters."""
