#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""--alert budget:... of a run that writes to an archive goes on from what that has of the day, and tells nothing twice."""
import json
import os
import re
import subprocess
import sys
import tempfile

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path[:0] = [os.path.join(SRC, "tests", "lib"), os.path.join(SRC, "tests", "conformance")]
from spyfile import READ, WRITE, SpyFile, cut_whole  # noqa: E402
from tap import done, ok, skip_all  # noqa: E402

SPY = os.path.join(BUILD, "llm-spy")
ZONE = "Asia/Kolkata"  # whose days begin at half past, for others
DAY = 20000 * 86400 * 10**9  # 05:30 there
HOUR = 3600 * 10**9
USD = 2.5  # of a call


def message(first, body):
    body = json.dumps(body).encode()
    return (f"{first}\r\nHost: api.openai.com\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def recording(number, text, when):
    """One call that costs USD."""
    asked = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}
    answered = {"id": f"a{number}", "model": "gpt-4o",
                "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Yes."}}],
                "usage": {"prompt_tokens": 1000000, "completion_tokens": 0, "total_tokens": 1000000}}
    f = SpyFile()
    f.chunk(4, 0, off=when)
    f.connection(number, [(WRITE, message("POST /v1/chat/completions HTTP/1.1", asked)), (READ, message("HTTP/1.1 200 OK", answered))], cut_whole)
    return f.bytes()


def run(rules, number, text, when, *outputs):
    """What was told, and the exit code."""
    p = subprocess.run([SPY, "-r", "-", "--summary=none", "--alert", rules, "--alert-exit", *[w for o in outputs for w in ("-o", o)]], check=False,
                       input=recording(number, text, when), capture_output=True, env={**os.environ, "TZ": ZONE})
    return re.findall(r"alert: (\S+ \([^)]*\))", p.stderr.decode()), p.returncode


def told(*args):
    return run(*args)[0]


def is_eq(got, want, what):
    ok(got == want, what, f"got {got}", f"want {want}")


if "SQLite output: yes" not in subprocess.run([SPY, "--version"], capture_output=True, text=True, check=True).stdout:
    skip_all("no SQLite")

with tempfile.TemporaryDirectory(prefix="llm-spy-budgets-") as folder:
    archive, other = (f"sqlite:{folder}/{name}.db" for name in ("a", "b"))
    rules = "budget:user=4,budget:program=4,budget:all=4,budget:conversation=4"

    # ---- sums ----
    is_eq(told(rules, 1, "the first question of all", DAY, archive), [], "a first run spends less than the budgets")
    is_eq(told(rules, 2, "the first question of all", DAY + HOUR, other), [], "so does one with an archive of its own")
    names, code = run(rules, 3, "the first question of all", DAY + HOUR, archive)
    is_eq(sorted(names), [f"budget:{who}=4 (${2 * USD:.2f} today)" for who in ("all", "program", "user")],
          "together with a second one it is more, but for conversations, which are others then")
    ok(code == 5, f"which the exit code says: {code}")
    is_eq(told(rules, 4, "the first question of all", DAY + 2 * HOUR, archive), [], "a third one tells it no more")
    is_eq(told("budget:user=7", 5, "another question, asked", DAY + 3 * HOUR, archive), [f"budget:user=7 (${4 * USD:.2f} today)"],
          "but a budget that is new is told, though it was passed before")
    is_eq(told(rules, 6, "the first question of all", DAY + 19 * HOUR, archive), [], "the next day is another one")
    is_eq(told(rules, 7, "the first question of all", DAY + 20 * HOUR, archive)[:1], [f"budget:user=4 (${2 * USD:.2f} today)"], "with sums of its own")
    is_eq(told(rules, 8, "the first question of all", DAY + 21 * HOUR, f"sqlite:{folder}/a.db,kind=mcp", other), [],
          "of several archives the first counts")

    # ---- others ----
    rules = "model-not:none"
    is_eq(told(rules, 9, "a question of its own", DAY, archive), ["model-not (model gpt-4o)"], "a rule that is no budget")
    is_eq(told(rules, 9, "a question of its own", DAY, archive), ["model-not (model gpt-4o)"], "is told for each replay")
done()
