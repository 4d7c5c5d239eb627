"""Starts the servers of a sample, and stops them with it."""

import math
import random
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

# Each is up within a second or two; a machine under load takes longer.
START_SECONDS = 60

# The names of ports that this process has chosen.
chosen = []


def refuse_taken(ports, names):
    """Another sample would answer in this one's place until a server has noticed."""
    ports = list(ports)
    for port in ports:
        if not re.fullmatch("[1-9][0-9]{0,4}", port) or int(port) > 65535:
            sys.exit(f"{port!r} is no port from 1 to 65535: choose one with {names}")
        if ports.count(port) > 1:
            sys.exit(f"127.0.0.1:{port} is asked for twice: choose different ones with {names}")
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", int(port)))
            except OSError as error:
                sys.exit(f"127.0.0.1:{port} cannot be used ({error.strerror}): choose others with {names}")


def free_ports(count):
    """Below those that the kernel gives to connections: one of these may be taken again before a server listens.

    Nor does another launcher choose them while this one lives: a socket's name stands for each.
    """
    free = []
    while len(free) < count:
        port = random.randrange(20_000, 32_000)
        name = socket.socket(socket.AF_UNIX)
        try:
            name.bind(f"\0bucket-cors port {port}")
        except OSError:
            continue
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                free.append(port)
                chosen.append(name)
    return free


def stop_on_signals():
    """A closing terminal or `kill` stops the servers just as Ctrl-C does."""
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda *_: sys.exit(0))


def start(command, end="TERM", **options):
    # Should this launcher be killed, the kernel sends the server that signal. Ctrl-C reaches the whole foreground
    # group; servers are stopped by `stop`, once.
    return subprocess.Popen(["setpriv", "--pdeathsig", end, *command], start_new_session=True, **options)


def start_envoy(binary, configuration, flush_milliseconds, **options):
    return start(
        [binary, "--config-path", configuration, "--log-level", "warning", "--component-log-level", "wasm:info,dynamic_modules:info"]
        # No hot restart: several samples may run on one machine.
        # And an access log that can be followed: Envoy writes it every 10 s otherwise.
        + ["--disable-hot-restart", "--concurrency", "2", "--file-flush-interval-msec", str(flush_milliseconds)],
        **options,
    )


def wait_until_ready(name, process, url):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            sys.exit(f"{name} ended with {process.returncode}; its log says why")
        try:
            urllib.request.urlopen(url, timeout=1)
            return
        except (OSError, urllib.error.URLError):
            time.sleep(0.05)
    sys.exit(f"{name} was not ready within {START_SECONDS} s")


def status_of(process):
    """How it ended, once it has. With a time, `wait` looks again and again: a signal that comes just before a call that
    waits would be seen only after that call."""
    return process.wait(timeout=math.inf)


def stop(process):
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
