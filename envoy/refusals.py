"""Says that an Envoy has refused rules, and why: in its log that stands among much else."""

import re
import sys
import threading
import time

import live

# An error of the filter's, and the thread that logs it; each worker says the same.
ERROR = re.compile(r"\]\[(\d+)\]\[error\]\[wasm\] .*? wasm log: bucket-cors: (.*)")
# Envoy's own word on the file.
REFUSED = re.compile(r"\[config\] .*? config update (?:rejected|failure): (.*)")
# Of what every worker says, once is enough.
SECONDS = 2


def follow(log, file, admin_port):
    """Hands on what Envoy logs for as long as it runs, and says what it refuses of a file.
    Returns the thread that does so."""
    thread = threading.Thread(target=_follow, args=(log, file, admin_port), daemon=True)
    thread.start()
    return thread


def _follow(log, file, admin_port):
    found, said, when = {}, "", 0
    for line in log:
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()
        line = line.decode(errors="replace")
        if error := ERROR.search(line):
            thread, text = error.groups()
            end = re.fullmatch(r"configuration refused, errors: \d+(?:; (.*))?", text)
            if not end:
                found.setdefault(thread, []).append(text)
            # Without a word of what stands in, Envoy is going to refuse the file.
            elif end[1]:
                report = _report(file, end[1], found.pop(thread, []))
                if report != said or time.monotonic() - when > SECONDS:
                    print(report, flush=True)
                said, when = report, time.monotonic()
        elif refused := REFUSED.search(line):
            reasons = sum(found.values(), []) or [refused[1]]
            found.clear()
            print(_report(file, _in_force(admin_port), reasons), flush=True)


def _in_force(admin_port):
    try:
        version, _ = live.statistics(admin_port)
    except (OSError, KeyError):
        # It has only just begun.
        version = ""
    return f"version {version} stays in force" if version else "no bucket has CORS before good ones come"


def _report(file, instead, reasons):
    return "\n  ".join([f"\nRefused: the rules in {file}; {instead}", *reasons]) + "\n"
