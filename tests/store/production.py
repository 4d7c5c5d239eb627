"""Asks a production sample for all that a page or an app may:
usage production.py SAMPLE EDGE_PORT STORE_PORT CERTIFICATE.

Says what came out otherwise than the store itself answers, and exits with 1 where anything did.
"""

import concurrent.futures
import http.client
import os
import pathlib
import random
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.parse

import boto3
from botocore.config import Config

sys.dont_write_bytecode = True
sys.path[:0] = ["envoy", "envoy/demo"]
import store  # noqa: E402

sample, edge_port, store_port, certificate = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
trust = ssl.create_default_context(cafile=certificate)
APP = "https://app.example.com"
KEYS = [
    "plain.txt",
    "folder/plain.txt",
    "two//slashes",
    "an escaped%2Fslash",
    "a blank and a + and a %",
    "50%25 of it",
    "Übersicht/日本語.txt",
    "tilde~(parentheses)!*'",
    "q?a=b&c#d",
]
# Slower than Envoy's own limit for a response, with more than what stands in buffers on the way.
SLOW_BYTES, SLOW_RATE = 48_000_000, "2400K"
OBJECT_MIB = int(os.environ.get("OBJECT_MIB", "64"))

problems = []


def check(holds, *what):
    if not holds:
        problems.append(" ".join(map(str, what)))


class View:
    """A name of the edge, and how URLs for it are signed."""

    def __init__(self, host, endpoint, style, bucket="photos"):
        self.host, self.bucket = host, bucket
        config = Config(
            signature_version="s3v4", s3={"addressing_style": style}, request_checksum_calculation="when_required"
        )
        keys = {"aws_access_key_id": store.ACCESS_KEY, "aws_secret_access_key": store.SECRET_KEY}
        self.client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", config=config, **keys)

    def sign(self, operation, **parameters):
        return self.client.generate_presigned_url(operation, Params={"Bucket": self.bucket, **parameters}, ExpiresIn=900)

    def through_edge(self, url):
        """The same URL with the edge's host in the place of the one that it was signed for."""
        return urllib.parse.urlsplit(url)._replace(netloc=f"{self.host}:{edge_port}").geturl()


VIEWS = {
    "oss": [View("static.example.com", "https://oss-cn-hangzhou.aliyuncs.com", "virtual")],
    "s3": [
        View("s3.example.com", "https://s3.eu-central-1.amazonaws.com", "path"),
        View("static.example.com", "https://s3.eu-central-1.amazonaws.com", "virtual"),
        View("video.example.com", "https://s3.us-east-1.amazonaws.com", "virtual", "videos"),
    ],
    "cluster": [
        View("s3.example.com", f"https://s3.example.com:{edge_port}", "path"),
        View("photos.s3.example.com", f"https://s3.example.com:{edge_port}", "virtual"),
        View("static.example.com", "https://s3.example.com", "virtual"),
    ],
}[sample]


def connection(url):
    """To the edge, whatever the name is, or to the store."""
    parts = urllib.parse.urlsplit(url)
    one = socket.create_connection(("127.0.0.1", edge_port if parts.port == edge_port else store_port), timeout=60)
    if parts.port == edge_port:
        one = trust.wrap_socket(one, server_hostname=parts.hostname)
    wrapped = http.client.HTTPConnection(parts.hostname)
    wrapped.sock = one
    return wrapped


def ask(method, url, body=None, headers=(), host=None):
    """The answer to a request whose target goes out as it stands."""
    parts = urllib.parse.urlsplit(url)
    with_query = url.split(parts.netloc, 1)[1]
    one = connection(url)
    one.putrequest(method, with_query, skip_host=True, skip_accept_encoding=True)
    one.putheader("host", host or parts.netloc)
    for name, value in headers:
        one.putheader(name, value)
    if body is not None:
        one.putheader("content-length", str(len(body)))
    one.endheaders(body)
    answer = one.getresponse()
    answer.content = answer.read()
    one.close()
    return answer


def objects(view):
    """Each key, uploaded and read by presigned URLs, is the object that the store has under it."""
    own = store.client(f"http://127.0.0.1:{store_port}")
    for name in KEYS:
        # Others write to the same store.
        key = f"{sample}/{view.host}/{name}"
        body = key.encode()
        put, get = (view.sign(operation, Key=key) for operation in ("put_object", "get_object"))
        direct = ask("PUT", put, body)
        edge = ask("PUT", view.through_edge(put), body, [("origin", APP)])
        check(edge.status == direct.status, view.host, key, "PUT", edge.status, direct.status, edge.content)
        direct = ask("GET", get)
        edge = ask("GET", view.through_edge(get), headers=[("origin", APP)])
        same = (edge.status, edge.content, edge.headers["etag"]) == (direct.status, direct.content, direct.headers["etag"])
        check(same, view.host, key, "GET", edge.status, direct.status, edge.content)
        is_taken = direct.status == 200 and own.get_object(Bucket=view.bucket, Key=key)["Body"].read() == body
        check(is_taken, view.host, key, "is not in the store:", direct.status)
        if view.bucket == "photos":
            check(edge.headers["access-control-allow-origin"] == APP, view.host, key, edge.headers.items())
    # The same key, written otherwise.
    key = f"{sample}/{view.host}/folder/plain.txt"
    get = view.sign("get_object", Key=key).replace("folder/plain", "folder%2Fplain")
    check(ask("GET", view.through_edge(get)).status == ask("GET", get).status, view.host, "folder%2Fplain.txt")
    named = ask("PUT", view.through_edge(view.sign("put_object", Key=f"{sample}/n")), b"n", [("x-amz-meta-my_key", "v")])
    check(named.status in (200, 403) and b"underscore" not in named.content, view.host, "x-amz-meta-my_key", named.status)


def posted(view):
    """A form, as a page sends it."""
    signed = view.client.generate_presigned_post(view.bucket, f"{sample}/by form", ExpiresIn=900)
    fields = {**signed["fields"], "file": "a file"}
    line = "--edge\r\ncontent-disposition: form-data; name=\"{}\"{}\r\n\r\n{}\r\n"
    parts = [line.format(name, '; filename="a"' if name == "file" else "", value) for name, value in fields.items()]
    body = ("".join(parts) + "--edge--\r\n").encode()
    kind = ("content-type", "multipart/form-data; boundary=edge")
    answer = ask("POST", view.through_edge(signed["url"]), body, [kind, ("origin", APP)])
    check(answer.status in (200, 204), view.host, "POST", answer.status, answer.content)


def in_parts(view):
    own = store.client(f"http://127.0.0.1:{store_port}")
    key = f"{sample}/in parts"
    upload = {"Key": key, "UploadId": own.create_multipart_upload(Bucket=view.bucket, Key=key)["UploadId"]}
    tags = []
    for number in (1, 2):
        url = view.through_edge(view.sign("upload_part", PartNumber=number, **upload))
        tags.append(ask("PUT", url, bytes(5 << 20)).headers["etag"])
    parts = "".join(f"<Part><PartNumber>{at}</PartNumber><ETag>{tag}</ETag></Part>" for at, tag in enumerate(tags, 1))
    whole = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
    answer = ask("POST", view.through_edge(view.sign("complete_multipart_upload", **upload)), whole)
    check(answer.status == 200, view.host, "complete", answer.status, answer.content)
    size = own.head_object(Bucket=view.bucket, Key=key)["ContentLength"]
    check(size == 10 << 20, view.host, "in parts:", size)


def hosts(view):
    """Signed for the edge's own host, a URL holds where no other host is written;
    and a Host may come without its port."""
    if view.host.endswith(".s3.example.com"):
        # Its own host has the bucket in it, and is what URLs are signed for anyway.
        return
    own = View(view.host, f"https://{view.host}:{edge_port}", "path", view.bucket)
    url = own.sign("get_object", Key="plain.txt")
    answer = ask("GET", url)
    is_kept = sample == "cluster" and view.host == "s3.example.com"
    expected = 200 if is_kept else 403
    check(answer.status == expected, view.host, "signed for the edge:", answer.status, answer.content)
    check(is_kept or b"SignatureDoesNotMatch" in answer.content, view.host, answer.content)
    if not view.client.meta.endpoint_url.endswith(f":{edge_port}"):
        url = view.through_edge(view.sign("get_object", Key="plain.txt"))
        check(ask("GET", url, host=view.host).status == 200, view.host, "without a port")


def preflights(view):
    """The walk-through, as far as it needs no browser."""
    url = view.through_edge(view.sign("get_object", Key="plain.txt"))
    site, other = "https://www.example.com", "https://other.example"
    for origin, method, names, allowed in [
        (APP, "PUT", "content-type,x-amz-meta-author", True),
        (APP, "DELETE", None, True),
        (APP, "PUT", "x-other", False),
        (site, "GET", "range", True),
        (site, "PUT", None, False),
        (other, "GET", None, False),
        ("null", "GET", None, False),
    ]:
        allowed = allowed and view.bucket == "photos"
        headers = [("origin", origin), ("access-control-request-method", method)]
        headers += [("access-control-request-headers", names)] if names else []
        answer = ask("OPTIONS", url, headers=headers)
        given = (answer.status, answer.headers["access-control-allow-origin"])
        check(given == ((200, origin) if allowed else (403, None)), view.host, origin, method, names, given)
        check(("Origin" in (answer.headers["vary"] or "")) == (view.bucket == "photos"), view.host, answer.headers.items())
    for origin, expected in [(site, site if view.bucket == "photos" else None), (other, None)]:
        answer = ask("GET", url, headers=[("origin", origin)])
        given = (answer.status, answer.headers["access-control-allow-origin"])
        check(given == (200, expected), view.host, origin, given)
    check(ask("OPTIONS", url).headers["access-control-allow-origin"] is None, view.host, "no preflight")


def continues(view):
    """An upload that waits for the store's word gets the store's."""
    good = view.sign("put_object", Key=f"{sample}/continued")
    for signed in (good, good.replace("X-Amz-Signature=", "X-Amz-Signature=0")):
        said = []
        for url in (view.through_edge(signed), signed):
            parts = urllib.parse.urlsplit(url)
            one = connection(url).sock
            target = url.split(parts.netloc, 1)[1]
            head = f"PUT {target} HTTP/1.1\r\nhost: {parts.netloc}\r\ncontent-length: 4\r\nexpect: 100-continue\r\n\r\n"
            one.sendall(head.encode())
            answers = [one.recv(4096)[:12]]
            if answers[0].endswith(b"100"):
                one.sendall(b"body")
                answers.append(one.recv(4096)[:12])
            said.append(answers)
            one.close()
        check(said[0] == said[1], view.host, "Expect:", said)
        check(signed != good or said[0] == [b"HTTP/1.1 100", b"HTTP/1.1 200"], view.host, "Expect:", said)


def curl(view, url, *options):
    url = view.through_edge(url)
    parts = urllib.parse.urlsplit(url)
    resolved = ["--resolve", f"{parts.hostname}:{edge_port}:127.0.0.1", "--cacert", certificate]
    command = ["curl", "-sS", "-o", "/dev/null", *resolved, *options, url]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def http2(view):
    said = curl(view, view.sign("get_object", Key="plain.txt"), "-w", "%{http_version} %{http_code}")
    check(said.stdout == "2 200", view.host, said)


def sizes(view, key, size, *options):
    """An upload and a download of that size come through whole."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "object")
        with file.open("wb") as written:
            written.truncate(size)
        said = curl(view, view.sign("put_object", Key=key), "-T", str(file), "-w", "%{http_code} %{size_upload}", *options)
        check(said.stdout == f"200 {size}", view.host, key, said)
    said = curl(view, view.sign("get_object", Key=key), "-w", "%{http_code} %{size_download}", *options)
    check(said.stdout == f"200 {size}", view.host, key, said)


def slow_upload(view):
    size = SLOW_BYTES
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "object")
        file.write_bytes(bytes(size))
        url = view.sign("put_object", Key=f"{sample}/slowly")
        said = curl(view, url, "-T", str(file), "--limit-rate", SLOW_RATE, "-w", "%{http_code} %{time_total}")
    status, seconds = said.stdout.split() or ["0", "0"]
    check(status == "200" and float(seconds) > 16, view.host, "slow upload", said)


def slow_download(view):
    own = store.client(f"http://127.0.0.1:{store_port}")
    own.put_object(Bucket=view.bucket, Key=f"{sample}/slow", Body=bytes(SLOW_BYTES))
    said = curl(view, view.sign("get_object", Key=f"{sample}/slow"), "--limit-rate", SLOW_RATE, "-w", "%{size_download} %{time_total}")
    size, seconds = said.stdout.split() or ["0", "0"]
    check(int(size) == SLOW_BYTES and float(seconds) > 16, view.host, "slow download", said)


def idle(view):
    """Requests come about when the edge and the store end idle connections; none is lost."""
    url = view.through_edge(view.sign("get_object", Key="plain.txt"))
    choose = random.Random(sample)

    def one(_):
        statuses = []
        for pause in [choose.uniform(3.5, 6.5) for _ in range(3)]:
            statuses.append(ask("GET", url).status)
            time.sleep(pause)
        return statuses

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        statuses = [status for some in pool.map(one, range(16)) for status in some]
    check(set(statuses) == {200}, view.host, "idle:", statuses)


first = VIEWS[0]
for bucket in ("photos", "videos"):
    store.client(f"http://127.0.0.1:{store_port}").put_object(Bucket=bucket, Key="plain.txt", Body=b"plain")
with concurrent.futures.ThreadPoolExecutor(3) as slow:
    waited = [slow.submit(job, first) for job in (slow_upload, slow_download, idle)]
    for view in VIEWS:
        for job in (objects, posted, in_parts, hosts, preflights, continues, http2):
            job(view)
    sizes(first, f"{sample}/large", OBJECT_MIB << 20)
    for job in waited:
        job.result()
print("\n".join(problems) or "all of it came through")
sys.exit(1 if problems else 0)
