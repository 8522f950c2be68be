# SPDX-License-Identifier: MIT
"""tee_stdio.py LOG COMMAND...: runs a server on pipes of its own, passes all on unread, and notes each line that passed:
[direction, digest, beginning], "asked" to the server or "said" by it."""
import hashlib
import json
import os
import subprocess
import sys
import threading

server = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
log, lock = open(sys.argv[1], "a"), threading.Lock()


def note(direction, line):
    with lock:
        log.write(json.dumps([direction, hashlib.sha256(line).hexdigest(), line[:100].decode(errors="replace")]) + "\n")
        log.flush()


def pass_on(direction, source, sink):
    """A line is noted before its last byte goes on: who has it finds it noted."""
    line = b""
    while data := os.read(source, 65536):
        *whole, line = (line + data).split(b"\n")
        for one in whole:
            note(direction, one)
        while data:
            data = data[os.write(sink, data):]
    os.close(sink)


threading.Thread(target=pass_on, args=("asked", 0, server.stdin.fileno()), daemon=True).start()
pass_on("said", server.stdout.fileno(), 1)
sys.exit(server.wait())
