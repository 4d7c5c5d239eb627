"""Serves a stand-in for OSS until its input ends: usage oss.py PORT.

It checks each signature with the code of OSS's own SDK for Python, which is also the client that writes its rules. A
line of input is a bucket and its rules, as JSON.
"""

import datetime
import hashlib
import hmac
import http.server
import json
import sys
import threading
import urllib.parse

import alibabacloud_oss_v2 as oss
from alibabacloud_oss_v2.credentials import Credentials, StaticCredentialsProvider
from alibabacloud_oss_v2.signer import SignerV4
from alibabacloud_oss_v2.types import HttpRequest, SigningContext

KEY, SECRET, REGION = "LTAIEXAMPLE", "oss-secret-of-the-stand-in", "cn-hangzhou"
SERVICE = f"oss-{REGION}.aliyuncs.com"
# Far below OSS's own, so that a list has several.
PAGE = 2


def sign(method, url, headers, region, time, bucket, key, secret, additional=()):
    request = HttpRequest(method, url, headers)
    context = SigningContext("oss", region, bucket, key, request, Credentials(KEY, secret), time, additional_headers=set(additional))
    SignerV4().sign(context)
    return request.headers["Authorization"], context.string_to_sign


def check_the_published_example():
    """The example of OSS's documentation. Its key is of another secret than the one that it shows."""
    headers = {"content-disposition": "attachment", "content-length": "3", "content-md5": "ICy5YqxZB1uWSwcVLSNLcA==", "content-type": "text/plain"}
    time = datetime.datetime(2025, 4, 11, 6, 41, 24, tzinfo=datetime.timezone.utc)
    url = f"https://examplebucket.{SERVICE}/exampleobject"
    additional = ["content-disposition", "content-length"]
    _, text = sign("PUT", url, headers, REGION, time, "examplebucket", "exampleobject", "yourAccessKeySecret", additional)
    assert text.splitlines() == [
        "OSS4-HMAC-SHA256",
        "20250411T064124Z",
        "20250411/cn-hangzhou/oss/aliyun_v4_request",
        "c46d96390bdbc2d739ac9363293ae9d710b14e48081fcb22cd8ad54b63136eca",
    ], text
    key = bytes.fromhex("3543b7686e65eda71e5e5ca19d548d78423c37e8ddba4dc9d83f90228b457c76")
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    assert signature == "053edbf550ebd239b32a9cdfd93b0b2b3f2d223083aa61f75e9ac16856d61f23", signature


class StandIn(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # The document of each bucket that has rules, and None for one without.
    buckets = {}

    def answer(self, status, body):
        body = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def error(self, status, code):
        # As OSS does, it shows whoever failed to sign what it signed.
        sent = "".join(f"{name}: {value}\n" for name, value in self.headers.items())
        sent = sent.replace("&", "&amp;").replace("<", "&lt;")
        self.answer(status, f"<Error><Code>{code}</Code><Message>{sent}</Message></Error>")

    def is_signed(self, bucket, url):
        given = self.headers.get("Authorization", "")
        algorithm, _, rest = given.partition(" ")
        fields = dict(field.strip().split("=", 1) for field in rest.split(",") if "=" in field)
        _, _, region, *_ = fields.get("Credential", "///").split("/")
        # Of the SDKs none names additional headers where there are none.
        additional = fields["AdditionalHeaders"].split(";") if "AdditionalHeaders" in fields else []
        if (algorithm, region) != ("OSS4-HMAC-SHA256", REGION) or "" in additional or "x-oss-date" not in self.headers:
            return False
        time = datetime.datetime.strptime(self.headers["x-oss-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        if abs(datetime.datetime.now(datetime.timezone.utc) - time) > datetime.timedelta(minutes=15):
            return False
        signed = {name.lower(): value for name, value in self.headers.items()}
        always = ("content-type", "content-md5", *additional)
        signed = {name: value for name, value in signed.items() if name.startswith("x-oss-") or name in always}
        expected, _ = sign(self.command, url, signed, region, time, bucket, None, SECRET, additional)
        return hmac.compare_digest(expected, f"{algorithm} {rest}".replace(", ", ","))

    def serve(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        # Whole where this is asked as a proxy, by which names that nobody resolves lead here.
        url = urllib.parse.urlsplit(self.path)
        host = (url.netloc or self.headers["Host"]).split(":")[0]
        bucket = host.removesuffix(SERVICE).rstrip(".") if host.endswith(SERVICE) else url.path.strip("/")
        bucket = bucket or None
        query = urllib.parse.parse_qs(url.query, keep_blank_values=True)
        if not self.is_signed(bucket, f"http://{host}/?{url.query}"):
            return self.error(403, "SignatureDoesNotMatch")
        if bucket is None:
            return self.list(query)
        if "cors" not in query:
            return self.error(501, "NotImplemented")
        if self.command == "PUT":
            self.buckets[bucket] = body
            return self.answer(200, "")
        if self.command == "DELETE":
            self.buckets[bucket] = None
            return self.answer(204, "")
        if bucket not in self.buckets:
            return self.error(404, "NoSuchBucket")
        if self.buckets[bucket] is None:
            return self.error(404, "NoSuchCORSConfiguration")
        return self.answer(200, self.buckets[bucket])

    do_GET = do_PUT = do_DELETE = serve

    def list(self, query):
        after = query.get("marker", [""])[0]
        names = sorted(name for name in self.buckets if name > after)
        page = names[: min(PAGE, int(query.get("max-keys", ["100"])[0]))]
        more = f"<NextMarker>{page[-1]}</NextMarker>" if len(page) < len(names) else ""
        buckets = "".join(f"<Bucket><Name>{name}</Name><Location>oss-{REGION}</Location></Bucket>" for name in page)
        truncated = str(bool(more)).lower()
        self.answer(
            200,
            f"<ListAllMyBucketsResult><IsTruncated>{truncated}</IsTruncated>{more}<Buckets>{buckets}</Buckets></ListAllMyBucketsResult>",
        )

    def log_message(self, *_):
        pass


def put(client, bucket, rules):
    if rules is None:
        client.delete_bucket_cors(oss.DeleteBucketCorsRequest(bucket))
        return
    rules = [
        oss.CORSRule(
            allowed_origins=rule["AllowedOrigins"],
            allowed_methods=rule["AllowedMethods"],
            allowed_headers=rule.get("AllowedHeaders"),
            expose_headers=rule.get("ExposeHeaders"),
            max_age_seconds=rule.get("MaxAgeSeconds"),
        )
        for rule in rules
    ]
    configuration = oss.CORSConfiguration(cors_rules=rules, response_vary=True)
    client.put_bucket_cors(oss.PutBucketCorsRequest(bucket, cors_configuration=configuration))


check_the_published_example()
port = sys.argv[1]
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), StandIn)
threading.Thread(target=server.serve_forever, daemon=True).start()
configuration = oss.config.Config(
    region=REGION,
    endpoint=f"http://127.0.0.1:{port}",
    use_path_style=True,
    credentials_provider=StaticCredentialsProvider(KEY, SECRET),
)
client = oss.Client(configuration)
print("ready", flush=True)
for line in sys.stdin:
    put(client, **json.loads(line))
    print("done", flush=True)
