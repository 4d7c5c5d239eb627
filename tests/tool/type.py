"""Types a line into a shell on a terminal of its own, presses Tab and Enter, and prints what the tool is then asked."""

import os
import pty
import re
import select
import sys
import time

shell, folder, typed = sys.argv[1:]
# The tool's place is taken by what prints its arguments: only the completions are on trial.
PROGRAM = {
    "bash": 'bucket-cors() { echo "asked:$*:"; }',
    "zsh": 'bucket-cors() { echo "asked:$*:"; }',
    "fish": 'function bucket-cors; echo "asked:$argv:"; end',
}
SETUP = {
    "bash": f"source {folder}/bash",
    "zsh": f"fpath=({folder}/zsh $fpath); autoload -Uz compinit; compinit -u -D",
    "fish": f"source {folder}/fish",
}
START = {"bash": ["--norc", "-i"], "zsh": ["-f", "-i"], "fish": ["--no-config", "-i"]}

process, terminal = pty.fork()
if process == 0:
    os.chdir(folder)
    os.environ.update(TERM="xterm", HOME=folder, XDG_CONFIG_HOME=folder, XDG_DATA_HOME=folder)
    os.execvp(shell, [shell, *START[shell]])

seen = ""


def wait_for(pattern, seconds):
    """Whether it comes."""
    global seen
    end = time.monotonic() + seconds
    while time.monotonic() < end and not re.search(pattern, seen):
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                seen += os.read(terminal, 65536).decode(errors="replace")
            except OSError:
                break
    return re.search(pattern, seen)


def wait_until_quiet():
    """Nothing more comes: the shell reads."""
    while select.select([terminal], [], [], 1.0)[0]:
        os.read(terminal, 65536)


def send(text):
    os.write(terminal, text.encode())


wait_until_quiet()
for line in (PROGRAM[shell], SETUP[shell], "echo re''ady"):
    send(line + "\r")
wait_for(r"[\r\n]ready", 60) or sys.exit(f"{shell} is not ready: {seen!r}")
wait_until_quiet()
seen = ""
send(typed + "\t")
wait_until_quiet()
send("\r")
found = wait_for(r"asked:([^:\r\n]*):", 60)
os.close(terminal)
print(found[1].strip() if found else f"nothing was asked: {seen!r}")
