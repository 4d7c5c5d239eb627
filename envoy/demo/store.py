"""The store of the demo: SeaweedFS with its S3 gateway, on this machine alone,
and what an app's server does with it."""

import json
import pathlib
import shutil

import boto3
import launch
from botocore.config import Config

ACCESS_KEY, SECRET_KEY = "demo", "demo-secret"

# Anybody may read what is in the first; the last is for those who sign. The rules of "catalog" are set in the store.
PUBLIC, PRIVATE = ["photos", "assets", "catalog"], ["private"]

# What the page may have signed.
OPERATIONS = ["put_object", "create_multipart_upload", "upload_part", "complete_multipart_upload"]

SECONDS_TO_USE = 600


def start(binary, folder, port, log, anonymous=tuple(f"Read:{bucket}" for bucket in PUBLIC), domains=()):
    """Starts it with nothing in it. `anonymous` is what anybody may do; below `domains`, a host names its bucket."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "data").mkdir(parents=True)
    keys = {"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}
    anybody = {"name": "anonymous", "actions": list(anonymous)}
    app = {"name": "app", "credentials": [keys], "actions": ["Admin", "Read", "Write", "List"]}
    (folder / "s3.json").write_text(json.dumps({"identities": [anybody, app]}))
    # It has no way to say "any free port", and would otherwise take well-known ones, or those above by 10,000.
    names = ["master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc", "s3.port.grpc"]
    ports = dict(zip(names, launch.free_ports(len(names))))
    flags = {
        "dir": "data",
        "ip": "127.0.0.1",
        "ip.bind": "127.0.0.1",
        "s3.config": "s3.json",
        "s3.port": port,
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        **ports,
        # Otherwise in /tmp.
        "s3.localSocket": "s3.sock",
        "filer.localSocket": "filer.sock",
        "master.telemetry": "false",
        # Each bucket takes several.
        "master.volumeSizeLimitMB": 64,
        "volume.max": 100,
        "volume.preStopSeconds": 0,
        "s3.domainName": ",".join(domains),
    }
    command = [pathlib.Path(binary).resolve(), "-logtostderr=true", "server", "-filer", "-s3"]
    command += [f"-{name}={value}" for name, value in flags.items()]
    # It takes its time to stop by itself, and nothing in it is kept.
    return launch.start(command, end="KILL", cwd=folder, stdout=log, stderr=log)


def stop(process, folder):
    process.kill()
    process.wait()
    shutil.rmtree(folder, ignore_errors=True)


def client(url):
    """For a URL under which the store is reached: a signature holds for one host."""
    # Only what a browser can send is signed: no checksum of a body that is not there yet.
    config = Config(
        signature_version="s3v4", s3={"addressing_style": "path"}, request_checksum_calculation="when_required"
    )
    return boto3.client(
        "s3",
        endpoint_url=url,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        region_name="us-east-1",
        config=config,
    )


def fill(store):
    for bucket in PUBLIC + PRIVATE:
        store.create_bucket(Bucket=bucket)
        store.put_object(
            Bucket=bucket, Key="hello.txt", Body=b"just for test", ContentType="text/plain", CacheControl="max-age=600"
        )


def sign(edge, operation, parameters):
    """What a page needs to do one thing, without knowing the key: a URL, or the fields of a form."""
    if operation == "post_object":
        fields = {"success_action_status": "201"}
        conditions = [fields, ["content-length-range", 1, 1_000_000]]
        return edge.generate_presigned_post(
            parameters["Bucket"], parameters["Key"], Fields=dict(fields), Conditions=conditions, ExpiresIn=SECONDS_TO_USE
        )
    if operation not in OPERATIONS:
        raise KeyError(operation)
    return {"url": edge.generate_presigned_url(operation, Params=parameters, ExpiresIn=SECONDS_TO_USE)}
