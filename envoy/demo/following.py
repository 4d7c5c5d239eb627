"""The rules that are set in the store, and the process that the edge gets them from."""

import json
import os
import pathlib
import re
import time
import urllib.request

import botocore.exceptions
import launch
import live
import render
import store

BUCKET = "catalog"

# The store is asked every second; a machine under load takes longer.
SECONDS = 60


class Following:
    """`bucket-cors sync` while an attempt is about the store's own rules.
    Other attempts put in force what they need."""

    def __init__(self, tool, store_port, admin_port, folder, base, log):
        self.store_url = f"http://127.0.0.1:{store_port}"
        self.client = store.client(self.store_url)
        self.admin_port = admin_port
        # The file that the other servers write to: opened once more, one would write over another.
        self.log = log
        (folder / "base.json").write_text(base, encoding="utf-8")
        self.filter_file = filter_file = pathlib.Path(render.folder(admin_port), "filter.yaml")
        (port,) = launch.free_ports(1)
        self.metrics = f"http://127.0.0.1:{port}/metrics"
        self.command = [tool, "sync", "--from", "s3", "--endpoint", self.store_url, "--bucket", BUCKET]
        self.command += ["--base", folder / "base.json", "--into", filter_file, "--output", filter_file, "--interval", "1s"]
        self.command += ["--listen", f"127.0.0.1:{port}"]
        self.process = None

    def put(self, text):
        """Sets rules in the store, and waits until the edge has them."""
        before = self.written()
        try:
            self.client.put_bucket_cors(**json.loads(text))
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
            return {"refused": [f"the store: {error}"]}
        self.start()
        rounds = self.rounds()
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            # The round that runs may have asked before. If the next one writes nothing, the edge has had them already.
            if self.written() != before or self.rounds() > rounds + 1:
                version = self.written()
                if live.statistics(self.admin_port)[0] == version:
                    # The main thread has them, and has told the workers.
                    time.sleep(0.1)
                    return {"version": version}
            if self.process.poll() is not None:
                return {"refused": [f"bucket-cors sync has ended; {self.log.name} says why"]}
            time.sleep(0.02)
        return {"refused": [f"the edge did not follow within {SECONDS} s; {self.log.name} says why"]}

    def written(self):
        """The version in the file that Envoy reads."""
        text = self.filter_file.read_text(encoding="utf-8")
        return re.search(r"^version_info: (.*)$", text, re.MULTILINE)[1].strip('"')

    def rounds(self):
        """How often the store was asked."""
        try:
            text = urllib.request.urlopen(self.metrics, timeout=SECONDS).read().decode()
        except OSError:
            # It does not listen yet.
            return 0
        return int(re.search(r"^bucket_cors_sync_rounds_total (.*)$", text, re.MULTILINE)[1])

    def start(self):
        if self.process is not None and self.process.poll() is None:
            return
        keys = {"AWS_ACCESS_KEY_ID": store.ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": store.SECRET_KEY}
        self.process = launch.start(self.command, env=os.environ | keys, stdout=self.log, stderr=self.log)

    def stop(self):
        if self.process is not None:
            launch.stop(self.process)
            self.process = None
