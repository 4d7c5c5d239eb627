"""Servers, load, and the figure: CPU time of the Envoy process per request.

Wall-clock throughput lies on a shared machine, and so does a single run: neighbours only ever add. Each server is pinned
to one core, load and origin to another; all servers are measured in turn, round after round, and what is reported is the
lower quartile of a server's rounds, and ratios of those within one run.
"""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time

SERVER_CORE, LOAD_CORE = "0", "1"

# What Chromium sends with a fetch() from a page.
BROWSER = {
    "sec-ch-ua": '"Chromium";v="156", "Not_A Brand";v="24"', "sec-ch-ua-mobile": "?0",
    "sec-ch-ua-platform": '"Linux"', "accept": "*/*", "accept-encoding": "gzip, deflate, br, zstd",
    "accept-language": "en-US,en;q=0.9", "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors",
    "sec-fetch-dest": "empty", "referer": "https://app.tenant-0.example.net/",
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
}


def request(kind, origin):
    """Method and headers of a kind of request."""
    if kind == "plain":
        return "GET", BROWSER
    if kind == "actual":
        return "GET", {**BROWSER, "origin": origin}
    return "OPTIONS", {**BROWSER, "origin": origin, "access-control-request-method": "PUT",
                       "access-control-request-headers": "authorization,content-type,x-oss-date"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def on_core(core):
    """What a server is started by, to have it on a core of its own."""
    return ["taskset", "-c", core]


class Server:
    """An Envoy process with one worker."""

    def __init__(self, name, envoy, make_bootstrap, prefix):
        self.name = name
        self.port = free_port()
        self.folder = tempfile.TemporaryDirectory()
        path = os.path.join(self.folder.name, "envoy.json")
        with open(path, "w") as file:
            json.dump(make_bootstrap(self.port), file)
        self.log = open(os.path.join(self.folder.name, "log"), "w+")
        self.process = subprocess.Popen(
            [*prefix, envoy, "-c", path, "--concurrency", "1", "--disable-hot-restart", "-l", "warn"],
            stdout=self.log, stderr=subprocess.STDOUT)

    def wait(self, seconds=120):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                self.log.seek(0)
                raise RuntimeError(f"{self.name} ended: {self.log.read()[-2000:]}")
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1):
                    return self
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"{self.name} did not start")

    def answer(self, kind, path, origin):
        """Status and headers of one request, to see that what is measured is what is meant."""
        method, headers = request(kind, origin)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        response.read()
        connection.close()
        return response.status, {name.lower(): value for name, value in response.getheaders()}

    def cpu_nanoseconds(self):
        total = 0
        tasks = f"/proc/{self.process.pid}/task"
        for task in os.listdir(tasks):
            with open(f"{tasks}/{task}/schedstat") as file:
                total += int(file.read().split()[0])
        return total

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        self.folder.cleanup()


def wrk_script(path, kind, paths, origin):
    """Writes a wrk script that goes through `paths` round and round and counts what came back."""
    method, headers = request(kind, origin)
    lines = ["local requests = {}", "local next_one = 0", "init = function(args)"]
    lines.append(f"  local headers = {{{', '.join(f'[{json.dumps(k)}] = {json.dumps(v)}' for k, v in headers.items())}}}")
    lines.append(f"  for _, path in ipairs({{{', '.join(json.dumps(each) for each in paths)}}}) do")
    lines.append(f"    requests[#requests + 1] = wrk.format({json.dumps(method)}, path, headers)")
    lines.append("  end")
    lines.append("end")
    lines.append("request = function() next_one = next_one % #requests + 1; return requests[next_one] end")
    lines.append("done = function(summary, latency, _)")
    lines.append("  local e = summary.errors")
    lines.append('  io.write(string.format("FIGURES %d %d\\n", summary.requests,'
                 " e.connect + e.read + e.write + e.timeout))")
    lines.append("end")
    with open(path, "w") as file:
        file.write("\n".join(lines))
    return path


def cpu_per_request(server, script, seconds):
    """Microseconds of CPU time that the server spent on each request of one bounded run of wrk."""
    before = server.cpu_nanoseconds()
    # It takes whole seconds only, and ends in good order when it is interrupted before.
    wrk = subprocess.Popen(
        ["taskset", "-c", LOAD_CORE, "wrk", "-t1", "-c16", "-d60s", "-s", script, f"http://127.0.0.1:{server.port}"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    time.sleep(seconds)
    wrk.send_signal(signal.SIGINT)
    output, _ = wrk.communicate(timeout=90)
    after = server.cpu_nanoseconds()
    figures = re.search(r"FIGURES (\d+) (\d+)", output)
    if not figures or int(figures.group(1)) == 0 or int(figures.group(2)) != 0:
        raise RuntimeError(f"{server.name}: {output}")
    return (after - before) / int(figures.group(1)) / 1000


def lower_quartile(values):
    ordered = sorted(values)
    return ordered[len(ordered) // 4]
