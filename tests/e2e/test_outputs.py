#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Several outputs at once: a load of 10,000 exchanges, sixteen at a time, has the same sums in the
summary, jsonl, csv and sqlite. A standard output that nobody reads takes nothing from others. A tracer that is killed leaves a database that is sound and has what
was written to it."""
import json
import os
import signal
import sqlite3
import subprocess

from spy import *
import spy as harness
import sums
from sums import ask

need_root()

try:
    sqlite3.connect(":memory:").execute("CREATE VIRTUAL TABLE t USING fts5(a)")
except sqlite3.OperationalError as e:
    skip_all(f"Python's SQLite: {e}")

# client THREADS CALLS URL CA: so many calls on so many connections; 0 calls: without end.
LOAD = r"""
import http.client, json, ssl, sys, threading, urllib.parse
threads, calls, url = int(sys.argv[1]), int(sys.argv[2]), urllib.parse.urlsplit(sys.argv[3])
context = ssl.create_default_context(cafile=sys.argv[4])
def one(t):
    conn = http.client.HTTPSConnection(url.hostname, url.port, context=context, timeout=60)
    i = 0
    while not calls or i < calls // threads:
        i += 1
        body = json.dumps({"model": "gpt-4o", "stream": i % 2 == 0, "messages": [
            {"role": "system", "content": "You are patient."}, {"role": "user", "content": f"question {t} {i}"}]})
        conn.request("POST", f"/v1/chat/completions?size={50 + i % 100}", body,
                     {"Content-Type": "application/json", "Host": "api.openai.com"})
        conn.getresponse().read()
all_ = [threading.Thread(target=one, args=(t,), daemon=True) for t in range(threads)]
[t.start() for t in all_]
[t.join() for t in all_]
"""


def load(mock, threads, calls):
    proc = subprocess.Popen([PYTHON, "-c", LOAD, str(threads), str(calls), mock.url, mock.ca])
    started.append(proc)
    return proc


def file(name):
    return os.path.join(TMP, name)


def test_load(mock):
    # The buffer holds what comes while others use the processors: this test is about outputs.
    spy = Spy("--buffer-size=64M", "--summary=json", "-o", f"jsonl:{file('a.jsonl')}", "-o", f"csv:{file('a.csv')}", "-o", f"sqlite:{file('a.db')}")
    load(mock, 16, 10000).wait(timeout=600)
    until(lambda: ask(file("a.db"), "SELECT count(*) FROM exchange") == [(10000,)], WAIT)
    spy.stop()
    want = sums.of_jsonl(file("a.jsonl"))
    ok(want[0] == 10000, f"jsonl has {want[0]} of 10000 calls", spy.stderr())
    ok(want[1] > 0 and want[2] > 0 and want[3] > 0, f"with tokens and costs: {want[1:]}")
    for name, got in (("csv", sums.of_csv(file("a.csv"))), ("sqlite", sums.of_sqlite(file("a.db")))):
        ok(got == want, f"{name} has the same sums", got, want)
    got = sums.of_summary(spy.stderr())
    ok(got == want, "the summary has them", got, want, spy.stderr())
    ok(ask(file("a.db"), "PRAGMA integrity_check") == [("ok",)], "the database is sound")
    ok(ask(file("a.db"), "SELECT count(*) FROM search WHERE search MATCH 'said:patient'") == [(1,)],
       "the prompt that all share is stored once")
    found = ask(file("a.db"), "SELECT count(*) FROM piece JOIN search ON search.rowid = piece.content "
                              "WHERE search MATCH 'said:patient'")
    ok(found == [(10000,)], "and found with each call", found)


def test_blocked(mock):
    """Standard output is a pipe that nobody reads; a file is written beside it."""
    beside = file("beside.jsonl")
    err = open(file("blocked.err"), "w")
    scope = [f"--cgroup={harness.cgroup}"] if harness.cgroup else []
    proc = subprocess.Popen([SPY, "--all", "--buffer-size=64M", *scope, "-o", "jsonl,queue=1M", "-o", f"jsonl:{beside}"], stdout=subprocess.PIPE, stderr=err)
    started.append(proc)

    def said():
        return open(err.name).read()
    until(lambda: "ready:" in said())
    load(mock, 16, 5120).wait(timeout=WAIT)

    def written():
        with open(beside, "rb") as f:
            return f.read().count(b"\n")
    ok(until(lambda: written() >= 5120), "a reader that stops: the file beside it has all 5120 calls", written())
    proc.send_signal(signal.SIGINT)
    proc.wait(timeout=WAIT)
    text = said()
    ok("output jsonl: " in text and "dropped" in text and "stopped reading" in text, "what it did not take is counted, and said", text)
    ok("lost" not in text and "buffer full" not in text and "nothing was missed" in text, "the kernel lost nothing for it", text)
    ok(all(r["complete"] for r in notes(beside)), "each call is complete")


def test_killed(mock, number):
    path = file(f"kill{number}.db")
    spy = Spy("-o", f"sqlite:{path}")
    client = load(mock, 4, 0)
    ok(until(lambda: (ask(path, "SELECT count(*) FROM exchange") or [(0,)])[0][0] > 60 * number, WAIT),
       f"kill {number}: a tracer writes")
    before = set(ask(path, "SELECT run, number FROM exchange"))
    spy.proc.kill()
    spy.proc.wait()
    client.kill()
    client.wait()
    after = set(ask(path, "SELECT run, number FROM exchange"))
    ok(before and before <= after, f"kill {number}: what was there before, {len(before)} of {len(after)}, is there after")
    ok(ask(path, "PRAGMA integrity_check") == [("ok",)], f"kill {number}: the database is sound")


def test_terminated(mock):
    spy = Spy("-o", f"jsonl:{file('t.jsonl')}", "-o", f"sqlite:{file('t.db')}")
    load(mock, 4, 400).wait(timeout=600)
    spy.stop(signal.SIGTERM)
    with open(file("t.jsonl")) as f:
        want = {json.loads(line)["id"] for line in f}
    got = {n for n, in ask(file("t.db"), "SELECT number FROM exchange")}
    ok(len(want) >= 400 and got == want, f"SIGTERM: all {len(want)} are written", len(got))
    # Once more to the same file, which has the first run's already.
    spy = Spy("-o", f"sqlite:{file('t.db')}")
    load(mock, 4, 40).wait(timeout=600)
    spy.stop(signal.SIGTERM)
    ok(ask(file("t.db"), "SELECT count(DISTINCT run), count(*) FROM exchange") == [(2, len(want) + 40)],
       "a second run adds to it")


mock = Mock()
test_load(mock)
test_blocked(mock)
for i in range(1, 6):
    test_killed(mock, i)
test_terminated(mock)
mock.stop()
done()
