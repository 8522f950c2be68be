#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Both ends of connections whose programs do their own input and output: an address is right or unknown, and a call that
is seen at both ends is one. Event loops with twelve connections at once, uvloop's too (with LLM_SPY_AGENTS=1), and
Node.js as a server with a connection for each call."""
import subprocess
from collections import Counter

from agents import AGENTS
from mock_provider import certificates
from packages import installed
from spy import *

UVLOOP = installed("uvloop==0.23.0") if AGENTS and os.geteuid() == 0 else None
need_root()
CLIENT = os.path.abspath(os.path.join(SRC, "tests/e2e/loop_client.py"))
SERVER = os.path.abspath(os.path.join(SRC, "tests/e2e/server.mjs"))
ONE_EACH = """
import http.client, json, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[2])
for i in range(50):
    conn = http.client.HTTPSConnection("localhost", int(sys.argv[1]), context=context)
    body = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": f"call {i}"}]})
    conn.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
    conn.getresponse().read()
    conn.close()
"""


def once(what, records, n, server):
    mine = of_client(records)
    ok(len(records) == len(mine) == n, f"{what}: each of {n} calls is one", len(records), len(mine))
    ok(all(r["other_end"] and r["other_end"]["pid"] == server for r in mine), f"{what}: with the server that answered",
       [r["other_end"] for r in mine if not r["other_end"]][:3])
    ok(all(r["complete"] for r in mine), f"{what}: complete")


def test_loop(loop, env):
    mock, out = Mock(), tempfile.NamedTemporaryFile(dir=TMP, delete=False).name
    spy = Spy()
    for _ in range(3):
        subprocess.run([PYTHON, CLIENT, loop, str(mock.port), mock.ca, out], check=True, timeout=WAIT, env=env)
    noted = notes(out)
    spy.wait_for(2 * len(noted))
    records = spy.stop()
    once(loop, records, len(noted), mock.proc.pid)
    truth = Counter((n["sent"], n["port"]) for n in noted)
    got = Counter((r["request"]["body"]["wire_sha256"], int(r["connection"]["local"].rpartition(":")[2])) for r in of_client(records)
                  if r["connection"]["local"])
    wrong = got - truth
    ok(got and not wrong, f"{loop}: {sum(got.values())} of {len(noted)} addresses are known, and right", wrong)
    mock.stop()


def test_node_server():
    node = shutil.which("node")
    if not node:
        return skip("Node.js as a server", "there is no node")
    key, cert, ca = certificates(TMP)
    server = subprocess.Popen([node, SERVER, key, cert], stdout=subprocess.PIPE, text=True)
    started.append(server)
    port = server.stdout.readline().strip()
    spy = Spy(f"--libssl={os.path.realpath(node)}")
    subprocess.run([PYTHON, "-c", ONE_EACH, port, ca], check=True, timeout=WAIT)
    spy.wait_for(100)
    records = spy.stop()
    once("Node.js as a server", records, 50, server.pid)
    text = spy.stderr()
    ok("50 calls" in text and "1.1k in" in text and "850 out" in text, "Node.js as a server: its tokens are counted once", text)
    server.kill()


test_loop("asyncio", None)
if UVLOOP:
    test_loop("uvloop", {**os.environ, "PYTHONPATH": UVLOOP})
else:
    skip("uvloop", "it is fetched from PyPI only with LLM_SPY_AGENTS=1")
test_node_server()
done()
