"""The rules that are set in the store, and the process that the edge gets them from."""

import json
import os
import time

import botocore.exceptions
import launch
import live
import render
import store

BUCKET = "catalog"

# The store is asked every second.
SECONDS = 3


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
        filter_file = f"{render.folder(admin_port)}/filter.yaml"
        self.command = [tool, "sync", "--from", "s3", "--endpoint", self.store_url, "--bucket", BUCKET]
        self.command += ["--base", folder / "base.json", "--into", filter_file, "--output", filter_file, "--interval", "1s"]
        self.process = None

    def put(self, text):
        """Sets rules in the store, and waits until the edge has them."""
        before, _ = live.statistics(self.admin_port)
        try:
            self.client.put_bucket_cors(**json.loads(text))
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
            return {"refused": [f"the store: {error}"]}
        self.start()
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            version, _ = live.statistics(self.admin_port)
            if version != before:
                # The main thread has them, and has told the workers.
                time.sleep(0.1)
                return {"version": version}
            time.sleep(0.02)
        if self.process.poll() is not None:
            return {"refused": [f"bucket-cors sync has ended; {self.log.name} says why"]}
        # They are what the edge had already.
        return {"version": before}

    def start(self):
        if self.process is not None and self.process.poll() is None:
            return
        keys = {"AWS_ACCESS_KEY_ID": store.ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": store.SECRET_KEY}
        self.process = launch.start(self.command, env=os.environ | keys, stdout=self.log, stderr=self.log)

    def stop(self):
        if self.process is not None:
            launch.stop(self.process)
            self.process = None
