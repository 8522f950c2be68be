#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""llm-spy top: rows of agents that add up to what `spend` and the summary say, whichever file they are read from; sub-agents
below the agent that began them."""
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unicodedata

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path[:0] = [os.path.join(SRC, "tests", folder) for folder in ("conformance", "lib")]
import cases  # noqa: E402
from spyfile import READ, WRITE, SpyFile, cut_whole  # noqa: E402
from tap import done, ok  # noqa: E402

SPY = os.path.join(BUILD, "llm-spy")
ENV = dict(os.environ, TZ="UTC", LC_ALL="C.UTF-8")
SUMS = ("calls", "failed", "input_tokens", "cached_tokens", "output_tokens", "cost_usd", "tokens_unknown", "cost_unknown",
        "cost_at_least", "free")
SUMMARY = {"input_tokens": "input", "output_tokens": "output", "cost_usd": "usd"}  # where it has another name
folder = tempfile.mkdtemp(prefix="llm-spy-top-")
os.chmod(folder, 0o700)


def run(*args, env=ENV, **more):
    return subprocess.run([SPY, *args], capture_output=True, text=True, timeout=120, env=env, **more)


def at(name):
    return os.path.join(folder, name)


def keep(name, data):
    """The same as a recording, jsonl and, where it can be had, an archive."""
    with open(at(name + ".spy"), "wb") as out:
        out.write(data)
    forms = [at(name + ".spy"), at(name + ".jsonl")]
    run("-r", forms[0], "-l", "--summary=none", "-o", f"jsonl:{forms[1]}")
    made = run("-r", forms[0], "-l", "--summary=none", "-o", f"sqlite:{at(name + '.db')}")
    return forms if "without SQLite" in made.stderr else [*forms, at(name + ".db")]


def top(path, *more):
    r = run("top", "-r", path, "--json", *more)
    return json.loads(r.stdout) if r.returncode == 0 else {"rows": [], "failed to run": r.stderr}


def added(rows):
    total = {k: sum(r[k] or 0 for r in rows) for k in SUMS}
    total["cost_usd"] = round(total["cost_usd"], 9)
    return total


def shape(rows):
    """Agents as they stand below one another."""
    def depth(r):
        return 0 if r["parent"] is None else 1 + depth(rows[r["parent"] - 1])
    return [(depth(r), r["session"], r["agent"], r["inferred"], r["calls"], r["last"]) for r in rows]


# ---- equal sums ----
made = {}
for path in sorted(glob.glob(os.path.join(SRC, "tests", "cases", "*.case"))):
    data = cases.recording(path)
    if data:
        made[os.path.basename(path)[:-5]] = keep(os.path.basename(path)[:-5], data)
ok(len(made) >= 10, f"cases are recorded: {len(made)}")
for name, forms in made.items():
    summary = json.loads(run("-r", forms[0], "--summary=json", "-o", at("scratch"), "--force").stderr.splitlines()[-1])
    for form in forms:
        spent = [json.loads(line) for line in run("spend", "-r", form, "--json").stdout.splitlines()]
        seen = top(form)
        rows = seen["rows"]
        ok(added(rows) == added(spent) == added([seen]), f"{os.path.basename(form)}: rows, total and spend agree", seen, spent)
        first = top(forms[0])
        # How fast it goes at present is another question to an archive, which goes on.
        got, want = (dict(t, per_second=0, rows=[dict(r, usd_last_hour=0, last_hour_cost_unknown=0) for r in t["rows"]]) for t in (seen, first))
        ok(got == want, "and all that it says is the same of each file", seen, first)
        ok(seen["agents"] == len(rows) and [r["row"] for r in rows] == list(range(1, len(rows) + 1)), "and rows are numbered")
        said = {k: round(summary[SUMMARY.get(k, k)] or 0, 9) for k in SUMS if k != "cached_tokens"}
        ok(added([seen]) == dict(said, cached_tokens=summary["cached_read"] or 0), "and the summary", seen, summary)

    # By sums that an archive keeps, and by the columns of its rows: a gateway's call is its client's in both.
    for words in ([], ["--user", "root"], ["--user", "1000"], ["--slow", "0s"]):
        said = [run("spend", "--by", "program", "--json", *words, "-r", form).stdout for form in forms]
        ok(len(set(said)) == 1, f"{name}: spend {' '.join(words)} is the same of each file", said)

# ---- the tree ----
TREE = [(0, None, None, False, 1, "None."), (0, "9980d568", None, False, 2, "All is tidy."),
        (1, None, None, True, 1, "None."), (1, "9980d568", "a-17", False, 1, "None.")]
for form in made["agents"]:
    got = shape(top(form)["rows"])
    ok(got == TREE, f"{os.path.basename(form)}: sub-agents stand below their agent", got)

# ---- what strangers name ----
EVIL = "\x1b[2J\x1b]0;owned\x07\u202e\u009b31m\r\n\u200b漢" + "x" * 300


def call(agent=None, parent=None, said="Yes.", model="gpt-4o", session="s"):
    """Of an agent whose names may be anything that a header field takes."""
    names = {"Session-Id": session, "Agent-Id": agent, "Parent-Agent-Id": parent}
    fields = "".join(f"X-Claude-Code-{k}: {v}\r\n" for k, v in names.items() if v)
    asked = {"model": model, "messages": [{"role": "user", "content": f"{agent} {said}"}]}
    answered = {"id": "x", "object": "chat.completion", "model": model, "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
                "choices": [{"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}]}
    return [(d, f"{head}\r\nContent-Type: application/json\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            for d, head, more, body in ((WRITE, "POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com", fields, json.dumps(asked).encode()),
                                        (READ, "HTTP/1.1 200 OK", "", json.dumps(answered).encode()))]


def strangers(*calls, began=cases.BEGAN):
    f = SpyFile()
    f.chunk(cases.CLOCK, 0, off=began * 10**9)
    f.connection(1, [piece for c in calls for piece in c], cut_whole)
    return f.bytes()


# ---- branches, and how much of a context is taken ----
def turn(*said, taken=64000, model="gpt-4o"):
    """What was said in turn, by the user first; the last is the answer."""
    asked = {"model": model, "messages": [{"role": ("user", "assistant")[i % 2], "content": t} for i, t in enumerate(said[:-1])]}
    answered = {"id": "x", "object": "chat.completion", "model": model, "usage": {"prompt_tokens": taken, "completion_tokens": 3, "total_tokens": taken + 3},
                "choices": [{"index": 0, "message": {"role": "assistant", "content": said[-1]}, "finish_reason": "stop"}]}
    return [(d, f"{head}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            for d, head, body in ((WRITE, "POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com", json.dumps(asked).encode()),
                                  (READ, "HTTP/1.1 200 OK", json.dumps(answered).encode()))]


for form in keep("branches", strangers(turn("What is a whale?", "A mammal."), turn("What is a whale?", "A mammal.", "And a shark?", "A fish."),
                                       turn("What is a whale?", "A mammal.", "And a seal?", "A mammal, too.", taken=32000),
                                       turn("Something else.", "Yes.", model="gpt-4o-of-nobody"), turn("Much.", "Yes.", taken=500000))):
    seen = top(form)
    rows = {r["last"]: r for r in seen["rows"]}
    branch, trunk = rows["A mammal, too."], rows["A fish."]
    ok(branch["parent"] == trunk["row"] and branch["inferred"] and trunk["parent"] is None and rows["Yes."]["parent"] is None,
       f"{os.path.basename(form)}: a branch stands below what it branched off, by equal texts", seen)
    ok((trunk["context_tokens"], trunk["context_window"], branch["context_tokens"]) == (64000, 128000, 32000), "what they take of the model's window", seen)
    ok(sum(r["context_window"] is None for r in seen["rows"]) == 2, "which is not known of a model without one, or that takes more", seen)
    text = run("top", "-r", form, "--once").stdout
    ok("○ └~ conformance" in text, "the table marks it", text)

CHAIN = 200
forms = keep("circles", strangers(call("a", "b"), call("b", "a"), call("c", "c"), *(call(f"d{i + 1}", f"d{i}") for i in range(CHAIN))))
for form in forms:
    rows = top(form)["rows"]
    depths = [d for d, *_ in shape(rows)]
    ok(len(rows) == CHAIN + 3 and added(rows)["calls"] == CHAIN + 3, f"{os.path.basename(form)}: parents in a circle have a row each", len(rows))
    ok(20 < max(depths) <= 64 and sum(r["parent"] is None for r in rows) > 2, "and none is deeper than 64", max(depths))
    ok(all(r["parent"] is None or r["parent"] < r["row"] for r in rows), "each stands below its parent")

forms = keep("strange", strangers(call("\xe9vil", None, EVIL, "evil" + EVIL), call("x" * 400, "y", "a\tb\n\nc")))
for form in forms:
    for env in (ENV, dict(ENV, LC_ALL="C")):
        r = run("top", "-r", form, "--once", env=env)
        lines = r.stdout.split("\n")
        ok(r.returncode == 0 and len(lines) == 6 and lines[-1] == "", f"{os.path.basename(form)}: {env['LC_ALL']}: a line for each row", r.stdout, r.stderr)
        ok(not any(unicodedata.category(c) in ("Cc", "Cf") for line in lines for c in line), "no control character", r.stdout)
        wide = [sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line) for line in lines]
        ok(max(wide) <= 80, "80 columns", wide, r.stdout)
    ok(any(row["last"] == "a b c" for row in top(form)["rows"]), "a text is one line", top(form))

# ---- selection, and what is asked of it ----
first = made["agents"][0]
ok(added(top(first, "--model", "nobody")["rows"])["calls"] == 0, "--model selects calls")
ok(top(first, "--conversation", top(first)["rows"][1]["conversation"])["calls"] == 2, "--conversation, too")
ok(top(first, "--since", "2026-11-30")["calls"] == 0 and top(first, "--until", "2026-11-30")["calls"] == 5, "and times")
old = top(first)
for days, calls in ((0, 1), (2, 0)):
    recent = top(keep(f"days{days}", strangers(call("a"), began=int(time.time()) - 86400 * days))[0])
    ok(recent["calls"] == 1 and recent["today"]["calls"] == calls, f"today has {calls} of {days} days ago", recent)
with open(first, "rb") as f:
    piped = subprocess.run([SPY, "top", "-r", "-", "--json"], stdin=f, capture_output=True, text=True, env=ENV)
ok(json.loads(piped.stdout) == old, "standard input is read too")
r = run("top", "-r", at("absent.spy"))
ok(r.returncode == 1 and "absent.spy" in r.stderr and not r.stdout, "a file that is not there", r.stderr)
r = run("top", "-r", first, "-o", at("refused.jsonl"))
ok(r.returncode == 2 and "--output" in r.stderr and not os.path.exists(at("refused.jsonl")), "outputs are for tracing", r.stderr)
r = run("log", "-r", first, "--once")
ok(r.returncode == 2 and "--once" in r.stderr, "--once is an option of top", r.stderr)

shutil.rmtree(folder)
done()
