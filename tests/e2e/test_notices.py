#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What is said while tracing goes on: who is watched, and who cannot be seen; and that it is said once."""
import re
import subprocess

from spy import *

need_root()

# It is busy with TLS, and makes no call.
IDLE = "import ssl, sys; print('started', flush=True); sys.stdin.read()"
# A connection to port 443 of its own network, and no TLS that is known.
BLIND = """
import fcntl, socket, struct, sys
s = socket.socket()
fcntl.ioctl(s, 0x8914, struct.pack("16sh22x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: up, running
server = socket.create_server(("127.0.0.1", 443))
client = socket.create_connection(("127.0.0.1", 443))
print("started", flush=True)
sys.stdin.read()
"""


def begin(*command):
    p = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    started.append(p)
    return p, p.stdout.readline().strip() == "started"


def end(p):
    p.stdin.close()
    p.wait(WAIT)


idle, _ = begin(PYTHON, "-c", IDLE)
old, isolated = begin("unshare", "-n", PYTHON, "-c", BLIND)
spy = Spy(whole_host=True)
first = re.search(r"^llm-spy: ready: watching (\d+) programs? \((.*)\)(?:; (\d+) cannot be seen - llm-spy targets)?$", spy.stderr(), re.M)
ok(first and int(first[1]) >= 1 and "python3" in first[2], "the first line says who is watched", spy.stderr())
if not isolated:
    skip("a blind program", "no network namespace can be made")
else:
    ok(first and int(first[3] or 0) >= 1, "and how many cannot be seen", spy.stderr())
    late, _ = begin("unshare", "-n", PYTHON, "-c", BLIND)
    said = f"[{late.pid}] cannot be seen: it has connections to port 443"
    ok(until(lambda: said in spy.stderr()), "one that connects later is named with the reason", spy.stderr())
    end(late)
    text = spy.stderr()
    ok(text.count(said) == 1 and f"[{old.pid}] cannot" not in text, "once, and none that was counted at the start", text)
end(old)
end(idle)
spy.stop()
ok("nothing was missed" in spy.stderr() or " missed: " in spy.stderr() or " could not be seen:" in spy.stderr(), "the summary says what was missed in one line", spy.stderr())
done()
