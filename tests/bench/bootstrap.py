"""Envoy bootstraps for the servers that are compared. Envoy reads JSON as well as YAML."""

import json

ORIGIN_BODY = "just for test"
LARGE = 64 * 1024
HEADERS_OF_A_RULE = ["content-type", "authorization", "x-oss-date", "x-oss-security-token"]


def listener(port, filters, routes):
    return {
        "name": f"listener_{port}",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "filter_chains": [{"filters": [{
            "name": "envoy.filters.network.http_connection_manager",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3"
                         ".HttpConnectionManager",
                "stat_prefix": "ingress",
                "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]},
                "http_filters": filters + [{
                    "name": "envoy.filters.http.router",
                    "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
                }],
            },
        }]}],
    }


def bootstrap(listeners, origin_port=None):
    clusters = []
    if origin_port:
        clusters.append({
            "name": "origin", "type": "STATIC", "connect_timeout": "1s",
            "circuit_breakers": {"thresholds": [{"max_requests": 100000, "max_pending_requests": 100000}]},
            "load_assignment": {"cluster_name": "origin", "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {
                "socket_address": {"address": "127.0.0.1", "port_value": origin_port}}}}]}]},
        })
    return {"static_resources": {"listeners": listeners, "clusters": clusters}}


def with_admin(config, port):
    return dict(config, admin={"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}})


def without_timers(config):
    """What time makes a worker do, and no request, put off for long."""
    patient = {"miss_timeout": "3600s", "megamiss_timeout": "3600s"}
    return dict(config, stats_flush_interval="299s",
                watchdogs={"main_thread_watchdog": patient, "worker_watchdog": patient})


def to_origin(match):
    return {"match": match, "route": {"cluster": "origin"}}


def origin(port):
    """A store that answers every object with the same few bytes and the headers that OSS sends;
    large.jpg has 64 KiB."""
    names = {"x-oss-request-id": "5E53B6A1C8E7C83430D5A7F1", "etag": '"D41D8CD98F00B204E9800998ECF8427E"',
             "last-modified": "Mon, 24 Feb 2026 09:41:56 GMT", "x-oss-object-type": "Normal",
             "x-oss-storage-class": "Standard", "content-type": "text/plain"}
    def answers(match, body):
        return {"match": match, "direct_response": {"status": 200, "body": {"inline_string": body}},
                "response_headers_to_add": [{"header": {"key": key, "value": value},
                                             "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"} for key, value in names.items()]}
    config = bootstrap([listener(port, [], [answers({"safe_regex": {"regex": r".*/large\.jpg"}}, "x" * LARGE),
                                            answers({"prefix": "/"}, ORIGIN_BODY)])])
    manager = config["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    manager["route_config"]["max_direct_response_body_size_bytes"] = LARGE
    return config


def no_filter(port, origin_port):
    return bootstrap([listener(port, [], [to_origin({"prefix": "/"})])], origin_port)


def wasm_filter(module, configuration):
    """`configuration`: a text, what is to be written as JSON, or None."""
    config = {
        "name": "bucket-cors", "root_id": "bucket-cors", "failure_policy": "FAIL_CLOSED",
        "vm_config": {"runtime": "envoy.wasm.runtime.v8", "code": {"local": {"filename": module}}},
    }
    if configuration is not None:
        config["configuration"] = text_of(configuration)
    return {"name": "envoy.filters.http.wasm",
            "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm", "config": config}}


def library(port, origin_port, library, configuration):
    """The filter as a library in Envoy's process."""
    cors = {"name": "bucket-cors", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilter",
        "dynamic_module_config": {"module": {"local": {"filename": library}}}, "filter_name": "bucket-cors",
        "filter_config": text_of(configuration)}}
    return bootstrap([listener(port, [cors], [to_origin({"prefix": "/"})])], origin_port)


def text_of(configuration):
    """`configuration`: a text, or what is to be written as JSON."""
    return {"@type": "type.googleapis.com/google.protobuf.StringValue",
            "value": configuration if isinstance(configuration, str) else json.dumps(configuration, separators=(",", ":"))}


def wasm(port, origin_port, module, configuration=None):
    return bootstrap([listener(port, [wasm_filter(module, configuration)], [to_origin({"prefix": "/"})])], origin_port)


CORS_RESPONSE_HEADERS = [f"access-control-{name}" for name in (
    "allow-origin", "allow-credentials", "allow-methods", "allow-headers", "allow-private-network", "expose-headers",
    "max-age")]


def route_prepares(port, origin_port, module, configuration):
    """The chain of envoy/envoy-origin-only.yaml, and a last route for what is of no bucket."""
    cors = wasm_filter(module, dict(configuration, route_prepares=True))
    keeps_out = {"typed_per_filter_config": {cors["name"]: {
        "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "disabled": True}}}
    prepares = {"response_headers_to_remove": CORS_RESPONSE_HEADERS,
                "response_headers_to_add": [{"header": {"key": "vary", "value": "Origin"}}]}
    def of_buckets(*headers):
        return dict(to_origin({"prefix": "/bucket-", "headers": list(headers)}), **prepares)
    routes = [of_buckets({"name": "origin", "present_match": True}),
              of_buckets({"name": ":method", "string_match": {"exact": "OPTIONS"}}),
              dict(of_buckets(), **keeps_out),
              dict(to_origin({"prefix": "/"}), **keeps_out)]
    return bootstrap([listener(port, [cors], routes)], origin_port)


def star_origin(number):
    return f"https://*.tenant-{number}.example.net"


def rule(origins):
    return {"AllowedOrigins": origins, "AllowedMethods": ["GET", "PUT", "POST"], "AllowedHeaders": HEADERS_OF_A_RULE,
            "ExposeHeaders": ["ETag", "x-oss-request-id"], "MaxAgeSeconds": 600}


def bucket_rules(buckets, patterns, **fields):
    """The plugin configuration: `patterns` single-star origins in each bucket, at most ten to a rule; `fields`: of
    each bucket besides."""
    per_rule = max(1, patterns // 100)
    numbers = list(range(patterns))
    rules = [rule([star_origin(n) for n in numbers[i:i + per_rule]]) for i in range(0, patterns, per_rule)]
    return {"buckets": [{"name": f"bucket-{n}", "cors": {"CORSRules": rules}, **fields} for n in range(buckets)]}


def native(port, origin_port, buckets, patterns):
    """Envoy's own filter. It has one policy per route, so a bucket is a route; a single-star pattern whose star is
    not at an end is a regular expression."""
    policy = {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy",
        "allow_origin_string_match": [{"safe_regex": {"regex": star_origin(n).replace(".", r"\.").replace("*", ".*")}}
                                      for n in range(patterns)],
        "allow_methods": "GET, PUT, POST", "allow_headers": ", ".join(HEADERS_OF_A_RULE),
        "expose_headers": "ETag, x-oss-request-id", "max_age": "600",
        "forward_not_matching_preflights": False,
    }
    routes = [dict(to_origin({"prefix": f"/bucket-{n}/"}), typed_per_filter_config={"envoy.filters.http.cors": policy})
              for n in range(buckets)]
    return bootstrap([listener(port, [{
        "name": "envoy.filters.http.cors",
        "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors"},
    }], routes + [to_origin({"prefix": "/"})])], origin_port)


def native_in_tree(port, origin_port, buckets):
    """The same with the routes in a tree, by their prefixes:
    few write it so, but then Envoy need not try one after another."""
    config = native(port, origin_port, buckets, 1)
    host = virtual_host(config)
    def route(fields):
        return {"action": {"name": "route", "typed_config": {
            "@type": "type.googleapis.com/envoy.config.route.v3.Route", **fields}}}
    host["matcher"] = {"matcher_tree": {
        "input": {"name": "path", "typed_config": {
            "@type": "type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput", "header_name": ":path"}},
        "prefix_match_map": {"map": {fields["match"]["prefix"]: route(fields) for fields in host.pop("routes")}}}}
    return config


def native_of_suffixes(port, origin_port, patterns):
    """The same for one bucket with suffixes for its patterns:
    cheaper than regular expressions, and any scheme gets in."""
    config = native(port, origin_port, 1, patterns)
    policy = virtual_host(config)["routes"][0]["typed_per_filter_config"]["envoy.filters.http.cors"]
    policy["allow_origin_string_match"] = [{"suffix": star_origin(n).partition("*")[2]} for n in range(patterns)]
    return config


def virtual_host(config):
    """The first listener's only one."""
    manager = config["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    return manager["route_config"]["virtual_hosts"][0]


LUA = """
local suffix = ".tenant-0.example.net"
local function allowed(origin)
  return origin ~= nil and origin:sub(1, 8) == "https://" and origin:sub(-#suffix) == suffix
end
function envoy_on_request(handle)
  local headers = handle:headers()
  local origin = headers:get("origin")
  if headers:get(":method") == "OPTIONS" then
    handle:streamInfo():dynamicMetadata():set("cors", "answered", true)
    local method = headers:get("access-control-request-method")
    if allowed(origin) and (method == "GET" or method == "PUT" or method == "POST") then
      handle:respond({[":status"] = "200", ["access-control-allow-origin"] = origin, ["vary"] = "Origin",
        ["access-control-allow-methods"] = method, ["access-control-max-age"] = "600",
        ["access-control-allow-headers"] = headers:get("access-control-request-headers"),
        ["access-control-expose-headers"] = "ETag, x-oss-request-id"}, "")
    else
      handle:respond({[":status"] = "403", ["vary"] = "Origin"}, "")
    end
  elseif allowed(origin) then
    handle:streamInfo():dynamicMetadata():set("cors", "origin", origin)
  end
end
function envoy_on_response(handle)
  local headers = handle:headers()
  local known = handle:streamInfo():dynamicMetadata():get("cors")
  if known and known.answered then
    return
  end
  if known then
    headers:replace("access-control-allow-origin", known.origin)
    headers:replace("access-control-expose-headers", "ETag, x-oss-request-id")
  else
    headers:remove("access-control-allow-origin")
    headers:remove("access-control-expose-headers")
  end
  headers:remove("access-control-allow-credentials")
  local vary = headers:get("vary")
  headers:replace("vary", vary and (vary .. ", Origin") or "Origin")
end
"""


def lua(port, origin_port):
    return bootstrap([listener(port, [{
        "name": "envoy.filters.http.lua",
        "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
                         "default_source_code": {"inline_string": LUA}},
    }], [to_origin({"prefix": "/"})])], origin_port)
