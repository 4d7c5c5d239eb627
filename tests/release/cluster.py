"""Stands in for a cluster's API with one object: usage cluster.py FOLDER, with the object in its object.json.

Writes a kubeconfig into the folder, each request into `asked`, and a patch into `patch.json`;
then says that it is ready.
"""

import http.server
import json
import pathlib
import sys
import urllib.parse

folder = pathlib.Path(sys.argv[1])
thing = json.loads((folder / "object.json").read_text())
group, version = thing["apiVersion"].split("/")
kind = thing["kind"]
plural = "envoyextensionpolicies"
resource = {"name": plural, "singularName": kind.lower(), "namespaced": True, "kind": kind, "verbs": ["get", "patch"]}
own = {"groupVersion": thing["apiVersion"], "version": version}
ANSWERS = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": []},
    "/apis": {"kind": "APIGroupList", "groups": [{"name": group, "versions": [own], "preferredVersion": own}]},
    f"/apis/{thing['apiVersion']}": {"kind": "APIResourceList", "groupVersion": thing["apiVersion"], "resources": [resource]},
    "/openapi/v3": {"paths": {f"apis/{thing['apiVersion']}": {"serverRelativeURL": "/openapi/v3/own"}}},
    "/openapi/v3/own": {"openapi": "3.0.0", "info": {"title": "own", "version": "1"}, "paths": {
        "/apis/" + thing["apiVersion"]: {"patch": {
            "parameters": [{"name": "fieldValidation", "in": "query"}],
            "x-kubernetes-group-version-kind": {"group": group, "version": version, "kind": kind},
        }},
    }},
    f"/apis/{thing['apiVersion']}/namespaces/{thing['metadata']['namespace']}/{plural}/{thing['metadata']['name']}": thing,
}


class Api(http.server.BaseHTTPRequestHandler):
    def answer(self):
        path = urllib.parse.urlsplit(self.path).path
        with (folder / "asked").open("a") as asked:
            asked.write(f"{self.command} {path} \n")
        body = self.rfile.read(int(self.headers["content-length"] or 0))
        if self.command == "PATCH":
            (folder / "patch.json").write_bytes(body)
        found = ANSWERS.get(path)
        said = json.dumps(found or {"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404}).encode()
        self.send_response(200 if found else 404)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_PATCH = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
config = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
    "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u", "namespace": thing["metadata"]["namespace"]}}],
    "users": [{"name": "u", "user": {}}],
    "current-context": "c",
}
(folder / "kubeconfig").write_text(json.dumps(config))
print("ready", flush=True)
server.serve_forever()
