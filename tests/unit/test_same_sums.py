#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A recording of 10,000 exchanges on sixteen connections has the same sums in the summary, jsonl, csv, har,
sqlite, metrics and telemetry; and a database takes a second run, and no settings that it does not understand."""
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import urllib.request

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path[:0] = [os.path.join(SRC, "tests", "lib"), os.path.join(SRC, "tests", "conformance")]
import sums  # noqa: E402
from otlp_receiver import Receiver, attributes  # noqa: E402
from spyfile import CLOSE, DATA, READ, WRITE, SpyFile  # noqa: E402
from child import Child  # noqa: E402
from tap import done, ok, skip  # noqa: E402

SPY = os.path.join(BUILD, "llm-spy")
CONNECTIONS, CALLS = 16, 625


def message(first, body):
    body = json.dumps(body).encode()
    return (f"{first}\r\nHost: api.openai.com\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def call(conn, number, rng):
    """A request, and its answer with usage but where the provider left it out."""
    asked = {"model": "gpt-4o", "messages": [{"role": "system", "content": "You are patient."},
                                             {"role": "user", "content": f"question {conn} {number}"}]}
    answered = {"id": f"a{conn}-{number}", "model": "gpt-4o",
                "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Yes."}}]}
    tokens = (rng.randrange(1, 100000), rng.randrange(1, 5000))
    if rng.randrange(50) == 0:
        tokens = (0, 0)
    else:
        answered["usage"] = {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)}
    return (message("POST /v1/chat/completions HTTP/1.1", asked), message("HTTP/1.1 200 OK", answered)), tokens


def recording(path):
    """Calls, and tokens in and out, that it holds."""
    f, rng = SpyFile(), random.Random(7)
    waiting = {conn: [] for conn in range(1, CONNECTIONS + 1)}
    total, off = [0, 0], {conn: [0, 0] for conn in waiting}
    for conn in waiting:
        for number in range(CALLS):
            pair, tokens = call(conn, number, rng)
            waiting[conn] += [(WRITE, pair[0]), (READ, pair[1])]
            total = [a + b for a, b in zip(total, tokens)]
        waiting[conn].reverse()
    while waiting:
        conn = rng.choice(list(waiting))
        direction, data = waiting[conn].pop()
        f.chunk(DATA, conn, direction, off[conn][direction], data=data)
        off[conn][direction] += len(data)
        if not waiting[conn]:
            f.chunk(CLOSE, conn, totals=off[conn])
            del waiting[conn]
    with open(path, "wb") as out:
        out.write(f.bytes())
    return CONNECTIONS * CALLS, *total


def run(*args):
    return subprocess.run([SPY, *args], capture_output=True, text=True)


def served(recorded, *outputs):
    """The metrics of all calls, and what the run said."""
    with Child([SPY, "-r", recorded, "-o", "metrics:0", "--metrics-wait", *outputs], stderr=subprocess.PIPE, text=True) as spy:
        url, text = re.search(r"http://\S+", spy.stderr.readline())[0], ""
        while spy.poll() is None and sums.of_exposition(text)[0] < CONNECTIONS * CALLS:
            text = urllib.request.urlopen(url).read().decode()
        spy.send_signal(signal.SIGINT)
        return text, spy.stderr.read()


def check_monitored(recorded, want):
    version = run("--version").stdout
    if "Prometheus metrics: yes" not in version or "OpenTelemetry: yes" not in version:
        skip("metrics and telemetry", "built without them")
        return
    receiver = Receiver()
    text, said = served(recorded, "-o", f"otlp:{receiver.url}")
    ok(sums.of_exposition(text) == want, "so have metrics", sums.of_exposition(text), said)
    got = sums.of_spans([attributes(s) for s in receiver.items("/v1/traces")])
    ok(got == want and not receiver.bad, "and spans, sent at the same time", got, said, *receiver.bad)
    points = [p for m in receiver.items("/v1/metrics")[-2:] if m["name"] == "gen_ai.client.token.usage" for p in m["histogram"]["dataPoints"]]
    ok({attributes(p)["gen_ai.token.type"]: p["sum"] for p in points} == dict(zip(("input", "output"), want[1:3])), "and their metrics", points)


# Under /tmp others may make files, so not the directory itself.
with tempfile.TemporaryDirectory() as tmp:
    path = {name: os.path.join(tmp, name) for name in ("calls.spy", "a.jsonl", "a.csv", "a.db", "a.har", "a.md", "a.html")}
    want = recording(path["calls.spy"])
    outputs = ["-o", f"jsonl:{path['a.jsonl']}", "-o", f"csv:{path['a.csv']}", "-o", f"har:{path['a.har']}"]
    pages = ["-o", f"md:{path['a.md']}", "-o", f"html:{path['a.html']}"]
    has_sqlite = "without SQLite" not in run("-r", path["calls.spy"], "-o", f"sqlite:{path['a.db']}").stderr
    r = run("-r", path["calls.spy"], "--summary=json", *outputs, *pages)
    ok(r.returncode == 0, "a replay to several outputs", r.stderr)
    got = sums.of_jsonl(path["a.jsonl"])
    ok(got[:3] == want, f"jsonl has {want[0]} calls, {want[1]} tokens in, {want[2]} out", got)
    ok(got[3] > 0, f"and they cost {got[3]} USD")
    ok(sums.of_csv(path["a.csv"]) == got, "csv has the same sums", sums.of_csv(path["a.csv"]))
    ok(sums.of_har(path["a.har"]) == got, "so has har", sums.of_har(path["a.har"]))
    line = f"{got[0]} calls · at least {sums.tokens(got[1])} tokens in, {sums.tokens(got[2])} out · at least ${got[3]:.2f}"
    for name, mark in (("a.md", "\n### Call "), ("a.html", "<article ")):
        with open(path[name]) as f:
            text = f.read()
        ok(text.count(mark) == got[0] and line in text[-200:], f"so has {name}, rounded", text.count(mark), line, text[-200:])
    ok(sums.of_summary(r.stderr) == got, "so has the summary", sums.of_summary(r.stderr), r.stderr)
    ok(0 < sums.summary(r.stderr)["tokens_unknown"] == sums.summary(r.stderr)["cost_unknown"],
       "which counts what is not known", r.stderr)
    r = run("-r", path["calls.spy"], "--force", *outputs)
    row = sums.row_of_text(r.stderr, "gpt-4o")
    ok(row and row[:1] == [str(got[0])] and row[2:3] + row[4:6] == [
        sums.tokens(got[1]) + "+", sums.tokens(got[2]) + "+", f"{got[3]:.2f}+"], "and its text, rounded", row, r.stderr)
    if has_sqlite:
        db = path["a.db"]
        ok(sums.of_sqlite(db) == got, "so has sqlite", sums.of_sqlite(db))
        r = run("--force", "-r", path["calls.spy"], "-o", f"sqlite:{db}", "-o", f"csv:{path['a.csv']}")
        rows = sums.ask(db, "SELECT count(*), count(DISTINCT run) FROM exchange")
        ok(r.returncode == 0 and rows == [(2 * want[0], 2)], "a second run is added", rows, r.stderr)
        rows = sums.ask(db, "SELECT count(*) FROM content WHERE kind = 1")
        ok(rows[0][0] <= 1 + want[0] + 1, "and none of its messages is stored twice", rows)
        ok(sums.ask(db, "PRAGMA integrity_check") == [("ok",)], "the database is sound")
        for setting in ("keep=7", "keep=d", "keep=-1d", "keep=7dd", "max-size=1K", "max-size=x", "bodies=maybe", "wrong=1"):
            r = run("-r", path["calls.spy"], "-o", f"sqlite:{db},{setting}")
            ok(r.returncode != 0 and setting.split("=")[0] in r.stderr, f"{setting} is refused", r.returncode, r.stderr)
        r = run("-r", path["calls.spy"], "-o", "sqlite")
        ok(r.returncode != 0 and "needs a file" in r.stderr, "no file is refused", r.stderr)
    else:
        skip("sqlite", "built without it")
    check_monitored(path["calls.spy"], got)
done()
