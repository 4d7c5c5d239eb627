"""Prepares what clients in a browser ask for, and signs it: usage clients.py STORE_PORT EDGE_PORT."""

import json
import sys

sys.dont_write_bytecode = True
sys.path[:0] = ["envoy", "envoy/demo"]
import store  # noqa: E402


def document():
    """A PDF with one page, and enough in it to be read by ranges."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 72 72] >>",
        b"<< /Length 1000000 >>\nstream\n" + b" " * 1_000_000 + b"\nendstream",
    ]
    text, places = b"%PDF-1.4\n", []
    # What a reader needs stands at the end.
    for number, content in [(4, objects[3]), (1, objects[0]), (2, objects[1]), (3, objects[2])]:
        places.append((number, len(text)))
        text += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % at for _, at in sorted(places))
    end = b"xref\n0 5\n0000000000 65535 f \n%strailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return text + end % (table, len(text))


store_port, edge_port = sys.argv[1:]
own = store.client(f"http://127.0.0.1:{store_port}")
# A signature holds for the host that the page asks.
edge_url = f"http://edge.example:{edge_port}"
edge = store.client(edge_url)


def sign(operation, **parameters):
    return edge.generate_presigned_url(operation, Params={"Bucket": "axios", **parameters}, ExpiresIn=600)


for bucket in ["pdf", "hidden"]:
    own.put_object(Bucket=bucket, Key="a.pdf", Body=document(), ContentType="application/pdf")
upload = {"Key": "parts", "UploadId": own.create_multipart_upload(Bucket="axios", Key="parts")["UploadId"]}
axios = {
    "put": sign("put_object", Key="object"),
    "get": sign("get_object", Key="object"),
    "parts": [sign("upload_part", PartNumber=number, **upload) for number in (1, 2)],
    "complete": sign("complete_multipart_upload", **upload),
}
print(json.dumps({"axios": axios, **{bucket: f"{edge_url}/{bucket}/a.pdf" for bucket in ["pdf", "hidden"]}}))
