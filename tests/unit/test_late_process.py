#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""On a busy host it is read late what a process is: its call has begun, or has ended. The record has what was known by
its end; and the name of its user, if another process of that user was described before."""
import json
import os
import subprocess
import sys

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path.insert(0, os.path.join(SRC, "tests", "lib"))
from calls import DATA, PROCESS, READ, WRITE, CLOSE, SpyFile, answer, ask  # noqa: E402
from tap import done, ok  # noqa: E402

ASK = ask("api.openai.com", "/v1/chat/completions", {"model": "m", "messages": [{"role": "user", "content": "hi"}]})
ANSWER = answer({"id": "x", "object": "chat.completion", "model": "m", "choices": [
    {"index": 0, "message": {"role": "assistant", "content": "well"}, "finish_reason": "stop"}]})
# All members that a process has (src/capture/process.c).
NAMES = ("agent", "/usr/bin/agent", "agent --fast", "", "alice", "", "", "", "", "", "")


def call(f, conn, described):
    """A process of its own; its description comes before that step."""
    steps = [lambda: f.chunk(DATA, conn, WRITE, data=ASK), lambda: f.chunk(DATA, conn, READ, data=ANSWER),
             lambda: f.chunk(CLOSE, conn, totals=(len(ANSWER), len(ASK)))]
    steps.insert(described, lambda: f.chunk(PROCESS, conn, data=b"".join(
        len(t).to_bytes(4, "little") + t.encode() for t in NAMES)))
    for step in steps:
        step()


def processes(*described):
    f = SpyFile()
    for i, at in enumerate(described):
        call(f, i + 1, at)
    out = subprocess.run([os.path.join(BUILD, "llm-spy"), "-r", "-", "-f", "jsonl", "--all"], input=f.bytes(), capture_output=True)
    return [json.loads(line)["process"] for line in out.stdout.splitlines()]


def check(what, described, *want):
    found = [(p["name"], p["exe"], p["user"]) for p in processes(*described)]
    ok(found == list(want), what, found)


KNOWN, UNKNOWN = ("agent", "/usr/bin/agent", "alice"), ("conformance", None, None)
check("described before its call", [0], KNOWN)
check("while its call runs", [1], KNOWN)
check("after its call: it is unknown", [3], UNKNOWN)
check("the user is known of another process of that user", [0, 3], KNOWN, (*UNKNOWN[:2], "alice"))
done()
