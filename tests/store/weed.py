"""Serves SeaweedFS for tests until its input ends: usage weed.py WEED PORT FOLDER DOMAINS BUCKET...

Anybody may read and write the buckets, and lists them. Below each of the domains, with commas between, a host names its
bucket. Each has an object named o that says whose it is. A line of input is a bucket and its rules, as JSON, or says
whether the store is to run, or which secret the key has from now on.
"""

import json
import pathlib
import signal
import sys
import time

sys.dont_write_bytecode = True
sys.path[:0] = ["envoy", "envoy/demo"]
import launch  # noqa: E402
import store  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402

binary, port, folder, domains, *buckets = sys.argv[1:]
folder = pathlib.Path(folder)
allowed = [f"{action}:{bucket}" for bucket in buckets for action in ("Read", "Write", "List")]


def takes_key(client):
    try:
        client.list_buckets()
        return True
    except ClientError:
        return False


def rules_of(client, bucket):
    try:
        return client.get_bucket_cors(Bucket=bucket)["CORSRules"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchCORSConfiguration":
            raise


def wait_until(what, holds):
    deadline = time.monotonic() + 60
    while not holds():
        if time.monotonic() > deadline:
            sys.exit(f"not in 60 s: {what}")
        time.sleep(0.05)


launch.stop_on_signals()
with (folder / "log").open("w") as log:
    weed = store.start(binary, folder / "store", port, log, allowed, [domain for domain in domains.split(",") if domain])
    try:
        launch.wait_until_ready("The store", weed, f"http://127.0.0.1:{port}/healthz")
        client = store.client(f"http://127.0.0.1:{port}")
        for bucket in buckets:
            client.create_bucket(Bucket=bucket)
            client.put_object(Bucket=bucket, Key="o", Body=f"object of {bucket}".encode(), ContentType="text/plain")
        print("ready", flush=True)
        for line in sys.stdin:
            match json.loads(line):
                case {"runs": False}:
                    weed.kill()
                    weed.wait()
                case {"runs": True}:
                    # With what it has.
                    weed = launch.start(weed.args[3:], end="KILL", cwd=folder / "store", stdout=log, stderr=log)
                    launch.wait_until_ready("The store", weed, f"http://127.0.0.1:{port}/healthz")
                case {"secret": secret}:
                    keys = folder / "store" / "s3.json"
                    known = json.loads(keys.read_text())
                    known["identities"][1]["credentials"][0]["secretKey"] = secret
                    keys.write_text(json.dumps(known))
                    weed.send_signal(signal.SIGHUP)
                    wait_until("the secret", lambda: takes_key(client) == (secret == store.SECRET_KEY))
                case {"create": names}:
                    for name in names:
                        client.create_bucket(Bucket=name)
                case {"bucket": bucket, "rules": rules}:
                    if rules is None:
                        client.delete_bucket_cors(Bucket=bucket)
                    else:
                        client.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})
                    # It answers before it says so itself.
                    wait_until("the rules", lambda: rules_of(client, bucket) == rules)
            print("done", flush=True)
    finally:
        store.stop(weed, folder / "store")
