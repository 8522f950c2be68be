#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A connection that goes on in a process that was forked: what the parent asked and the child read the answer of is one
call; what the child asks from then on is the child's, from the first byte."""
import subprocess

from spy import *

need_root()
SCRIPT = """
import hashlib, http.client, json, os, ssl, sys, threading, urllib.parse
way, base, ca, out = sys.argv[1:]
url = urllib.parse.urlsplit(base)
conn = http.client.HTTPSConnection(url.hostname, url.port, context=ssl.create_default_context(cafile=ca))

def ask(text):
    body = json.dumps({"model": "gpt-4o", "stream": len(text) % 2 == 0, "messages": [{"role": "user", "content": text}]}).encode()
    conn.request("POST", "/v1/chat/completions?delay_ms=5&chunks=5", body, {"Content-Type": "application/json"})
    return body

def answer(body, asked_by):
    got = conn.getresponse().read()
    with open(out, "a") as f:
        f.write(json.dumps({"sent": hashlib.sha256(body).hexdigest(), "received": hashlib.sha256(got).hexdigest(), "pid": asked_by}) + "\\n")

def in_child(what):
    child = os.fork()
    if child == 0:
        what()
        os._exit(0)
    os.waitpid(child, 0)

def more():
    for i in range(3):
        answer(ask(f"by the child, {i}"), os.getpid())

answer(ask("by the parent"), os.getpid())
if way == "answer":
    body = ask("by the parent, for the child")
    parent = os.getpid()
    in_child(lambda: (answer(body, parent), more()))
elif way == "idle":
    in_child(more)
elif way == "thread":
    def threaded():
        t = threading.Thread(target=more)
        t.start()
        t.join()
    in_child(threaded)
elif way == "unused":
    in_child(lambda: None)
    answer(ask("by the parent again"), os.getpid())
elif way == "grandchild":
    in_child(lambda: in_child(more))
"""


def test(way, recording):
    mock, out = Mock(), tempfile.NamedTemporaryFile(dir=TMP, delete=False).name
    spy = Spy("-w", recording, "-o", "jsonl:-")
    subprocess.run([PYTHON, "-c", SCRIPT, way, mock.url, mock.ca, out], check=True, timeout=WAIT)
    spy.wait_for(len(notes(out)))
    records = spy.stop()
    replayed = subprocess.run([SPY, "-r", recording, "--all", "--format", "jsonl"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, timeout=WAIT).stdout
    for what, got in ((way, records), (f"{way}, replayed", [json.loads(line) for line in replayed.splitlines()])):
        mine = of_client(got)
        compare(what, got, notes(out))
        ok(not any(r["connection"]["from_middle"] for r in mine), f"{what}: from the first byte",
           [(r["process"]["pid"], r["http"]["target"]) for r in mine if r["connection"]["from_middle"]])
        pids = {(n["sent"], n["pid"]) for n in notes(out)}
        ok({(r["request"]["body"]["wire_sha256"], r["process"]["pid"]) for r in mine} == pids, f"{what}: each is who asked",
           [r["process"]["pid"] for r in mine], notes(out))
    mock.stop()


for way in ("answer", "idle", "thread", "unused", "grandchild"):
    test(way, os.path.join(TMP, "recording-" + way))
done()
