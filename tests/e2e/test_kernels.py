#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The demo under the distribution's own kernel, emulated, if this is not the one that runs: its verifier takes all
programs, and each call is seen there as it is here; so is one without TLS. With LLM_SPY_AGENTS=1, or of an unpacked
package: TEST_KERNEL=DIRECTORY."""
import platform
import shutil

from agents import AGENTS
from spy import *
import machine

# An emulated compiler takes half a minute.
SECONDS = 600
CALLS = "/run/calls.jsonl"


def what(records):
    return [(r["http"]["target"], r["http"]["status"], r["complete"], r["connection"]["from_middle"]) for r in records]


# An answer in pieces, so that lists of buffers are sent too.
PLAIN = """
import os, socket, threading
server = socket.create_server(("127.0.0.1", 11434))
def answer():
    peer = server.accept()[0]
    peer.recv(65536)
    body = b'{"model":"m","message":{"role":"assistant","content":"%s"},"done":true}' % (b"x" * 300)
    head = b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body)
    os.writev(peer.fileno(), [head, *(body[i:i + 1] for i in range(len(body)))])
    peer.close()
threading.Thread(target=answer).start()
body = b'{"model":"m","stream":false,"messages":[{"role":"user","content":"hello"}]}'
s = socket.create_connection(("127.0.0.1", 11434))
s.sendall(b"POST /api/chat HTTP/1.1\\r\\nHost: h\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)
while s.recv(65536):
    pass
"""

need_tracing()
if not AGENTS and "TEST_KERNEL" not in os.environ:
    skip_all("runs with LLM_SPY_AGENTS=1")
if platform.machine() != "x86_64":
    skip_all("emulates x86-64 only")
for needed in ("qemu-system-x86_64", "busybox", "depmod", "apt-get"):
    if not shutil.which(needed, path=os.environ["PATH"] + ":/sbin:/usr/sbin"):
        skip_all(f"{needed} is not installed")
kernel = machine.unpacked(os.environ["TEST_KERNEL"]) if "TEST_KERNEL" in os.environ else machine.package("linux-image-amd64")
if not kernel:
    skip_all("no kernel can be had from apt")
need_root()
name = f"Linux {kernel[1]}"
spy = f"{os.path.join(BUILD, 'llm-spy')} --debug --no-cache --kernel-headers=builtin"
status, said = machine.run(*kernel, f"""{spy} --demo -o jsonl:{CALLS} && echo calls && cat {CALLS}
cat >/run/plain.py <<'END'
{PLAIN}END
{spy} --plain -o jsonl:{CALLS}.plain -- {PYTHON} /run/plain.py && echo plain && cat {CALLS}.plain""", SECONDS)
text, _, rest = said.partition("\ncalls\n")
calls, _, plain = rest.partition("\nplain\n")
ok(status == 0, f"{name}: all programs end well", said[-3000:])
ok("refused" not in said, f"{name}: the kernel takes each probe", [line for line in said.splitlines() if "refused" in line])
for how, lines, count in ("TLS", calls, 7), ("plain", plain, 1):
    records = [json.loads(line) for line in lines.splitlines() if line.startswith('{"')]
    ok(len(records) == count and all(status in (200, 429) and complete and not middle for _, status, complete, middle in what(records)),
       f"{name}: {how}: each call is there, complete and from its first byte", what(records))
done()
