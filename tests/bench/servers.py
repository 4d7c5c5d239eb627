"""What is compared: the servers, and what is asked of them."""

from typing import Callable, NamedTuple

import bootstrap

ORIGIN = "https://app.tenant-{}.example.net"
OBJECT = "/bucket-{}/photos/2026/11/object.jpg"
LARGE_OBJECT = "/bucket-{}/photos/2026/11/large.jpg"
# Of no bucket that is listed.
ELSEWHERE = "/elsewhere/photos/2026/11/object.jpg"

NONE = "no filter"
NATIVE = "Envoy's CORS filter"
LUA = "Lua, one rule"
IDLE = "SDK, does nothing"
OURS = "bucket-cors"
# The same in Envoy's own process.
LIBRARY = "bucket-cors, library"
COMPARED = (NATIVE, OURS, LIBRARY)
# The store sends no CORS headers, and the filter is told so.
NOT_LOOKING = "bucket-cors, upstream_cors none"
PREPARED = "bucket-cors, route_prepares"

# Of the calls that tests/bench/floor makes.
READ_REQUEST, READ_RESPONSE, SET_THREE, GET_ABSENT, GET_ANOTHER_ABSENT, GET_PRESENT = 1, 2, 4, 8, 16, 32
STEPS = {
    "a module of empty callbacks": 0,
    "that reads the request's headers": READ_REQUEST,
    "and the response's": READ_REQUEST | READ_RESPONSE,
    "and sets three headers": READ_REQUEST | READ_RESPONSE | SET_THREE,
}


class Subject(NamedTuple):
    """A server: its bootstrap, given its port and the origin's, and whether it puts CORS headers on a response."""

    make: Callable
    cors: bool


class Request(NamedTuple):
    """`paths` are gone through round and round."""

    kind: str
    paths: list
    origin: str

    def check(self, name, subject, status, headers):
        """What is measured is what is meant."""
        if status != 200 or ("access-control-allow-origin" in headers) != (subject.cors and self.kind != "plain"):
            raise RuntimeError(f"{name} answers {self} with {status} {headers}")


REQUESTS = {
    "plain, of no listed bucket": Request("plain", [ELSEWHERE], ORIGIN.format(0)),
    "plain, without Origin": Request("plain", [OBJECT.format(0)], ORIGIN.format(0)),
    "actual": Request("actual", [OBJECT.format(0)], ORIGIN.format(0)),
    "preflight": Request("preflight", [OBJECT.format(0)], ORIGIN.format(0)),
}
LARGE_REQUESTS = {
    "actual, an object of 64 KiB": Request("actual", [LARGE_OBJECT.format(0)], ORIGIN.format(0)),
}


def native(buckets, patterns):
    return Subject(lambda port, origin: bootstrap.native(port, origin, buckets, patterns), True)


def ours(module, buckets, patterns):
    return Subject(lambda port, origin: bootstrap.wasm(port, origin, module, bootstrap.bucket_rules(buckets, patterns)), True)


def in_process(library, buckets, patterns):
    return Subject(
        lambda port, origin: bootstrap.library(port, origin, library, bootstrap.bucket_rules(buckets, patterns)), True)


def one_rule(module, library, noop):
    """Each way of doing it, for one bucket with one rule."""
    return {
        NONE: Subject(bootstrap.no_filter, False),
        NATIVE: native(1, 1),
        LUA: Subject(bootstrap.lua, True),
        IDLE: Subject(lambda port, origin: bootstrap.wasm(port, origin, noop), False),
        OURS: ours(module, 1, 1),
        LIBRARY: in_process(library, 1, 1),
        NOT_LOOKING: Subject(lambda port, origin: bootstrap.wasm(
            port, origin, module, bootstrap.bucket_rules(1, 1, upstream_cors="none")), True),
        PREPARED: Subject(
            lambda port, origin: bootstrap.route_prepares(port, origin, module, bootstrap.bucket_rules(1, 1)), True),
    }


def counting(module, library, metrics):
    """Both forms for one rule, with these statistics."""
    rules = dict(bootstrap.bucket_rules(1, 1), metrics=metrics)
    return {OURS: Subject(lambda port, origin: bootstrap.wasm(port, origin, module, rules), True),
            LIBRARY: Subject(lambda port, origin: bootstrap.library(port, origin, library, rules), True)}


def floor(module, calls):
    """The host calls without the filter: the length of the configuration says which."""
    return Subject(lambda port, origin: bootstrap.wasm(port, origin, module, "-" * calls), bool(calls & SET_THREE))


def steps(module):
    return {name: floor(module, calls) for name, calls in STEPS.items()}


def growing(module, library, shape, counts, visited):
    """Envoy's filter and ours in both forms, each with each number of buckets or patterns as one server,
    and what each is asked.

    `shape`: from a number to that of buckets, and of patterns in each; `visited`:
    how many of the buckets are asked for.
    """
    subjects, requests = {}, {"actual": {}, "preflight": {}}
    for count in counts:
        buckets, patterns = shape(count)
        subjects[NATIVE, count] = native(buckets, patterns)
        subjects[OURS, count] = ours(module, buckets, patterns)
        subjects[LIBRARY, count] = in_process(library, buckets, patterns)
        paths = [OBJECT.format(number) for number in range(0, buckets, max(1, buckets // visited))]
        for kind, of_kind in requests.items():
            for name in COMPARED:
                of_kind[name, count] = Request(kind, paths, ORIGIN.format(patterns - 1))
    return subjects, requests


def otherwise(buckets, patterns):
    """Envoy's filter for as many, in ways that are less usual and grow less."""
    return {
        f"{buckets:,} buckets, in a matcher tree": (
            (of_buckets, buckets), Subject(lambda port, origin: bootstrap.native_in_tree(port, origin, buckets), True)),
        f"{patterns:,} patterns, as suffixes": (
            (of_patterns, patterns), Subject(lambda port, origin: bootstrap.native_of_suffixes(port, origin, patterns), True)),
    }


def of_buckets(count):
    return count, 1


def of_patterns(count):
    return 1, count
