#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What was kept is read alike from an archive, a recording and jsonl: lists, sums, searches, whole exchanges; whoever asks, and
whatever the traffic holds."""
import csv
import io
import json
import os
import re
import shlex
import sqlite3
import stat
import subprocess
import sys
import tempfile
import unicodedata

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path[:0] = [os.path.join(SRC, "tests", folder) for folder in ("conformance", "lib")]
import sums  # noqa: E402
from spyfile import READ, WRITE, SpyFile, cut_whole  # noqa: E402
from tap import done, ok, skip  # noqa: E402

SPY = os.path.join(BUILD, "llm-spy")
CLOCK = 4
BEGAN = 1795942800  # 2026-11-29 09:00 UTC
ENV = dict(os.environ, TZ="UTC", LC_ALL="C.UTF-8")


def run(*args, env=ENV, **more):
    return subprocess.run([SPY, *args], capture_output=True, text=True, timeout=120, env=env, **more)


def message(start, body, extra=""):
    return (f"{start}\r\nContent-Type: application/json\r\n{extra}Content-Length: {len(body.encode())}\r\n\r\n{body}").encode()


def call(model, texts, answer, status="200 OK", tokens=1000, key="sk-llmspyFAKE0123456789abcdef", tool=None, system=None):
    roles = [{"role": "user" if i % 2 == 0 else "assistant", "content": t} for i, t in enumerate(texts)]
    asked = {"model": model, "messages": ([{"role": "system", "content": system}] if system else []) + roles}
    said = {"role": "assistant", "content": answer}
    if tool:
        asked["tools"] = [{"type": "function", "function": {"name": tool, "parameters": {"type": "object"}}}]
        said = {"role": "assistant", "content": None,
                "tool_calls": [{"id": "t1", "type": "function", "function": {"name": tool, "arguments": json.dumps({"path": answer})}}]}
    body = {"id": "x", "object": "chat.completion", "model": model,
            "choices": [{"index": 0, "message": said, "finish_reason": "tool_calls" if tool else "stop"}]}
    if tokens:
        body["usage"] = {"prompt_tokens": tokens, "completion_tokens": tokens // 10, "total_tokens": tokens + tokens // 10}
    if status[0] != "2":
        body = {"error": {"message": answer, "type": "tokens", "code": "rate_limit_exceeded"}}
    auth = f"Authorization: Bearer {key}\r\n"
    return [(WRITE, message("POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com", json.dumps(asked), auth)),
            (READ, message(f"HTTP/1.1 {status}", json.dumps(body)))]


# ---- what it is tried with: a talk of two turns, tools, failures, costs that are not known, and hostile texts ----
# Cursor movements, C1 controls, right-to-left marks, a bell, a newline, a double-width character.
EVIL = "\x1b[2J\x1b]0;owned\x07\u202e\u009b31m\r\n\u200b漢" + "x" * 300
f = SpyFile()
f.chunk(CLOCK, 0, off=BEGAN * 10**9)
f.connection(1, call("gpt-4o", ["Where do whales sleep?"], "In the sea.", system="You are a fish.") +
             call("gpt-4o", ["Where do whales sleep?", "In the sea.", "All of them?"], "Yes.", tokens=2000, system="You are a fish."), cut_whole)
f.connection(2, call("gpt-4o-mini", ["read it"], "/etc/passwd", tool="read_file"), cut_whole)
f.connection(3, call("gpt-4o", ["too fast"], "slow down", "429 Too Many Requests"), cut_whole)
f.connection(4, call("house-model", ["what does it cost?"], "Nobody knows.", tokens=0), cut_whole)
f.connection(5, call("evil" + EVIL, [EVIL + " needle"], EVIL, tool="tool" + EVIL), cut_whole)
f.connection(6, call("gpt-4o", ["evil error"], EVIL, "500 " + "Oops"), cut_whole)
folder = tempfile.mkdtemp(prefix="llm-spy-log-")
os.chmod(folder, 0o700)


def at(name):
    return os.path.join(folder, name)


def keep(spy, name):
    """The three forms of a recording, and what its summary said."""
    r = run("-r", spy, "-l", "--summary=json", "-o", f"jsonl:{at(name + '.jsonl')}")
    made = run("-r", spy, "-l", "-o", f"sqlite:{at(name + '.db')}", "--summary=none")
    text = run("-r", spy, "--force", "-o", f"jsonl:{at('scratch')}")
    forms = [spy, at(name + ".jsonl")]
    if "without SQLite" not in made.stderr:
        forms.append(at(name + ".db"))
    return forms, r.stderr, text.stderr


with open(at("calls.spy"), "wb") as out:
    out.write(f.bytes())
FORMS, SUMMARY, TEXT = keep(at("calls.spy"), "calls")
ARCHIVE = FORMS[2] if len(FORMS) > 2 else None
if not ARCHIVE:
    skip("an archive", "built without SQLite")


def alike(*args, forms=None):
    """What they print, which is one text."""
    got = [run(*args, "-r", path) for path in forms or FORMS]
    ok(all(g.returncode == got[0].returncode and g.stdout == got[0].stdout for g in got), f"{' '.join(args)}: the same of each file", got)
    return got[0]


def columns(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def golden(args, want):
    r = alike(*args)
    ok(r.stdout == want.lstrip("\n"), f"{' '.join(args)} prints its table", r.stdout)
    ok(max(map(columns, r.stdout.splitlines()), default=0) <= 80, "which has 80 columns at most", r.stdout)


# ---- tables of 80 columns ----
golden(["log"], """
ID TIME           PROGRAM     MODEL         ENDED            IN OUT    USD  TOOK
 7 11-29 09:00:00 conformance gpt-4o        rate_limit...     -   -      - 0.0ms
 6 11-29 09:00:00 conformance evil\\x1b[...  tool_call      1.0k 100      - 0.0ms
 5 11-29 09:00:00 conformance house-model   stop              -   -      - 0.0ms
 4 11-29 09:00:00 conformance gpt-4o        rate_limit...     -   -      - 0.0ms
 3 11-29 09:00:00 conformance gpt-4o-mini   tool_call      1.0k 100 0.0002 0.0ms
 2 11-29 09:00:00 conformance gpt-4o        stop           2.0k 200 0.0070 0.0ms
 1 11-29 09:00:00 conformance gpt-4o        stop           1.0k 100 0.0035 0.0ms
""")
golden(["spend"], """
MODEL                        CALLS FAIL      IN CACHED     OUT     USD OVER TIME
gpt-4o                           4    2    3.0k      -     300  0.0105 █
gpt-4o-mini                      1    0    1.0k      -     100  0.0002 █
evil\\x1b[2J\\x1b]0;owned...       1    0    1.0k      -     100 unknown
house-model                      1    0 unknown      - unknown unknown
────────────────────────────────────────────────────────────────────────────────
total                            7    2   5.0k+      -    500+ 0.0107+ █
over time: dollars, each mark 15m00s, from 2026-11-29 09:00 on
""")
golden(["errors"], """
ID TIME           PROGRAM     MODEL  HTTP ERROR              MESSAGE
 7 11-29 09:00:00 conformance gpt-4o  500 rate_limit_exc...  \\x1b[2J\\x1b]0;o...
 4 11-29 09:00:00 conformance gpt-4o  429 rate_limit_exc...  slow down
""")
golden(["tools"], """
ID TIME           PROGRAM     TOOL                     ARGUMENTS
 6 11-29 09:00:00 conformance tool\\x1b[2J\\x1b]0;ow...  {"path": "\\u001b[2J\\u...
 3 11-29 09:00:00 conformance read_file                {"path": "/etc/passwd"}
""")
golden(["search", "whales"], """
ID TIME           PROGRAM     MODEL  TEXT
 1 11-29 09:00:00 conformance gpt-4o Where do whales sleep?
""")
golden(["diff", "1", "2"], """
@@ messages, line 5: 0 removed, 4 added @@
+assistant:
+In the sea.
+user:
+All of them?
@@ answer, line 1: 1 removed, 1 added @@
-In the sea.
+Yes.
""")
r = alike("log", "--json")
rows = [json.loads(line) for line in r.stdout.splitlines()]
ok(len(rows) == 7 and rows[2]["input_tokens"] is None and rows[2]["cost_usd"] is None and rows[6]["cost_usd"] == 0.0035,
   "JSON: an object for each row, and null for what is not known", rows)
r = alike("log", "--csv")
table = list(csv.DictReader(io.StringIO(r.stdout)))
ok([row["id"] for row in table] == [str(row["id"]) for row in rows] and table[2]["cost_usd"] == "" and
   table[6]["time"] == rows[6]["time"], "CSV has the same", table)
talk = rows[6]["conversation"]
r = alike("conversation", talk)
ok([t for t in ("sleep?", "In the sea.", "All of them?", "Yes.") if r.stdout.count(t) == 1] == ["sleep?", "In the sea.", "All of them?", "Yes."],
   "a conversation has everything once", r.stdout)
ok(alike("conversation", talk[:6]).stdout == r.stdout, "also by how its ID begins")
for args in (["show", "2"], ["show", "#2", "-v"], ["show", "6", "--json"], ["export"], ["export", "-f", "csv"], ["export", "-f", "text"]):
    alike(*args)

# ---- what is selected is the same, whatever it is read from ----
WORDS = [["--model", "gpt*"], ["--model", "gpt-4o", "--errors"], ["--provider", "openai"], ["--kind", "llm"], ["--kind", "http"],
         ["--conversation", talk[:5]], ["--grep", "needle"], ["--since", "2026-11-29 09:00"], ["--since", "2026-11-29T09:00:00.001500Z"],
         ["--until", "2026-11-29 09:00"], ["--errors"], ["--slow", "1h"], ["--slow", "0s"], ["--min-tokens", "2000"], ["--min-cost", "0.005"],
         ["--user", "root"], ["--user", "12345"], ["--user", "no-such-user"], ["-p", "2,3"], ["-P", "conf*"], ["-P", "other"],
         ["--container", "web"], ["--unit", "app.service"], ["-l"], ["--smart"]]
for words in WORDS:
    listed = [json.loads(line)["id"] for line in alike("log", "--json", *words).stdout.splitlines()]
    exported = [json.loads(line)["id"] for line in alike("export", *words).stdout.splitlines()]
    ok(sorted(listed) == sorted(exported), f"{' '.join(words)}: export has what log has", listed, exported)
    spent = [json.loads(line) for line in alike("spend", "--json", *words).stdout.splitlines()]
    llm = {json.loads(line)["id"] for line in run("log", "--json", "--kind", "llm", "-r", FORMS[1]).stdout.splitlines()}
    ok(sum(s["calls"] for s in spent) == len(llm & set(listed)), f"{' '.join(words)}: so do sums", spent, listed)
# Whole quarters of an hour, providers and models are told by sums that an archive keeps.
for words in (["--model", "gpt*"], ["--model", "gpt-4o", "--since", "2026-11-29 09:00", "--until", "2026-11-29 09:15"], ["--until", "2026-11-29 09:00"],
              ["--provider", "openai", "--model", "house*,evil*"], ["--since", "2026-11-29 08:59"], ["--kind", "mcp"]):
    for by in ("model", "day"):
        alike("spend", "--by", by, "--json", *words)
listed = [json.loads(line)["id"] for path in FORMS for line in run("log", "--json", "-n", "2", "-r", path).stdout.splitlines()]
ok(listed == [7, 6] * len(FORMS), "-n 2: the newest two", listed)
r = run("log", "-n", "2", "-r", FORMS[0])
ok("there are more: --rows=N" in r.stderr, "and it says that there are more", r.stderr)
ok(not run("log", "-n", "7", "-r", FORMS[0]).stderr, "if there are")


# ---- sums ----
BY = ("model", "provider", "user", "program", "container", "conversation", "day")


def check_sums(forms, summary, text, what):
    want = sums.summary(summary)
    for by in BY:
        r = alike("spend", "--by", by, "--json", forms=forms)
        spent = [json.loads(line) for line in r.stdout.splitlines()]
        total = {k: sum(s[k] or 0 for s in spent) for k in spent[0] if isinstance(spent[0][k], (int, float))}
        ok((total["calls"], total["failed"], total["input_tokens"], total["output_tokens"], total["tokens_unknown"], total["cost_unknown"]) ==
           (want["calls"], want["failed"], want["input"], want["output"], want["tokens_unknown"], want["cost_unknown"]),
           f"{what}: spend by {by} has the sums of the summary", total, want)
        ok(abs(total["cost_usd"] - want["usd"]) < 1e-9, f"{what}: and its dollars", total["cost_usd"], want["usd"])
        alike("spend", "--by", by, forms=forms)
    # As people see it: each row of the summary's table by model.
    spent = {line.split()[0]: line.split() for line in run("spend", "-r", forms[0]).stdout.splitlines() if line.strip()}
    for line in re.findall(r"^ (\S+) +(\d+ +\d+ +\S+ +\S+ +\S+ +\S+) +\S+ms +\S+ms$", text, re.M):
        row = spent.get(line[0])
        ok("..." in line[0] or (row and row[1:7] == line[1].split()), f"{what}: {line[0]} reads as in the summary", row, line)


check_sums(FORMS, SUMMARY, TEXT, "made-up calls")


def stream(*events, end=b"0\r\n\r\n"):
    """An answer in events, of which the last chunk may be missing."""
    asked = {"model": "gpt-4o", "stream": True, "messages": [{"role": "user", "content": "count"}]}
    said = "".join(f"data: {json.dumps(e)}\n\n" for e in events).encode()
    return [(WRITE, message("POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com", json.dumps(asked))),
            (READ, b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n%s" % (len(said), said, end))]


def piece(text, finish=None, **more):
    return dict(id="s", object="chat.completion.chunk", model="gpt-4o", choices=[{"index": 0, "delta": {"content": text}, "finish_reason": finish}], **more)


# Calls of which not all tokens are known though some are, and shares of a cache: what the answer says of them is in no column.
USAGE = {"prompt_tokens": 400, "completion_tokens": 5, "total_tokens": 405}
f = SpyFile()
f.chunk(CLOCK, 0, off=BEGAN * 10**9)
for number, answer in enumerate((stream(piece("one", usage=USAGE), end=b""), stream(piece("one", usage=USAGE), {"error": {"message": "no", "type": "server_error"}}),
                                 stream({"error": {"message": "no", "type": "server_error"}}), stream(piece("one"), piece("two", "stop"), end=b""),
                                 stream(piece("one", "stop", usage=dict(USAGE, prompt_tokens_details={"cached_tokens": 300}))),
                                 stream(piece("one", "stop", usage=USAGE), end=b""))):
    f.connection(number + 1, answer, cut_whole)
with open(at("open.spy"), "wb") as out:
    out.write(f.bytes())
OPEN, summary, text = keep(at("open.spy"), "open")
check_sums(OPEN, summary, text, "calls that end early")
ok(sums.summary(summary)["tokens_unknown"] >= 3 and sums.summary(summary)["cached_read"] == 300, "of which some tokens are unknown", summary)

# ---- a million is not listed one by one: sums are kept as calls come and go ----
if ARCHIVE:
    def ask(text, path=ARCHIVE):
        db = sqlite3.connect(path)
        rows = db.execute(text).fetchall()
        db.commit()
        db.close()
        return rows

    kept, talks = (f"SELECT sum(calls), sum(failed), sum(no_tokens), sum(no_cost), sum(input), sum(output), sum(cached), sum(cache_input), "
                   f"sum(pico_usd) FROM {table}" for table in ("spend", "talk"))
    now = ("SELECT count(*), sum(error_type IS NOT NULL OR status >= 400), sum(no_tokens), "
           "sum(usd IS NULL AND (no_tokens OR error_type IS NULL AND status < 400)), sum(input), sum(output), sum(cached), "
           "sum((cached IS NOT NULL) * input), sum(CAST(round(coalesce(usd, 0) * 1e12) AS INTEGER)) FROM exchange WHERE spend > 0")

    def numbers(text, path):
        return [n or 0 for n in ask(text, path)[0]]

    for path in (ARCHIVE, OPEN[2]):
        scratch = path + ".copy"
        ok(numbers(kept, path) == numbers(talks, path) == numbers(now, path), "the tables of sums have the sums of the exchanges",
           numbers(kept, path), numbers(talks, path), numbers(now, path))
        ok(run("export", "-r", path, "-o", f"sqlite:{scratch}").returncode == 0, "an archive is copied by export")
        ok(numbers(kept, path) == numbers(kept, scratch), "with its sums", numbers(kept, scratch))
        # As an earlier version would have left it.
        told = "SELECT id, failed, no_tokens, at_least, agent_session, agent, begun_by, for_pid, cut, did, key_id, key_hint, alerts FROM exchange ORDER BY id"
        before = ask(told, scratch)
        ask("UPDATE exchange SET spend = NULL, cut = NULL, did = NULL, failed = NULL, no_tokens = 0, at_least = 0, key_id = NULL, key_hint = NULL, alerts = NULL", scratch)
        ask("DELETE FROM spend", scratch)
        ask("DELETE FROM talk", scratch)
        run("export", "-r", path, "--model", "none", "-o", f"sqlite:{scratch}")
        ok(numbers(kept, path) == numbers(kept, scratch) == numbers(talks, scratch) == numbers(now, scratch), "which are made where there are none",
           numbers(kept, scratch), numbers(talks, scratch), numbers(now, scratch))
        ok(ask(told, scratch) == before, "with the columns of each call", ask(told, scratch), before)
        ask("UPDATE exchange SET key_id = NULL, key_hint = NULL, alerts = NULL", scratch)
        run("export", "-r", path, "--model", "none", "-o", f"sqlite:{scratch}")
        ok(ask(told, scratch) == before, "and those that version 8 added, by themselves", ask(told, scratch), before)
        for id, in ask("SELECT id FROM exchange ORDER BY id", scratch):
            ask(f"DELETE FROM exchange WHERE id = {id}", scratch)
            ok(numbers(kept, scratch) == numbers(talks, scratch) == numbers(now, scratch), f"they are right without exchange {id} and those before",
               numbers(kept, scratch), numbers(talks, scratch), numbers(now, scratch))
        ok(ask("SELECT (SELECT count(*) FROM spend) + (SELECT count(*) FROM talk)", scratch) == [(0,)], "and at the end there are none")

    # ---- keys: three in turn, one of them not known, of several programs, an hour apart ----
    with open(FORMS[1]) as kept_lines, open(at("keys.jsonl"), "w") as made:
        for n, line in enumerate(kept_lines):
            record = json.loads(line)
            record["request"]["key"] = None if n % 3 == 0 else {"id": f"{n % 3:016x}", "hint": "sk-ant-" if n % 3 == 1 else "X-Key"}
            record["process"].update(name=f"agent-{n % 2}", user="alice" if n % 4 else None)
            start = record["times"]["start"]
            record["times"]["start"] = f"{start[:11]}{n:02}{start[13:]}"
            made.write(json.dumps(record) + "\n")
    run("export", "-r", at("keys.jsonl"), "-o", f"sqlite:{at('keys.db')}", "--force")
    with_keys = [at("keys.jsonl"), at("keys.db")]
    rows = [json.loads(line) for line in alike("keys", "--json", forms=with_keys).stdout.splitlines()]
    ok(sorted((str(k["key"]), k["calls"]) for k in rows) == [("0000000000000001", 2), ("0000000000000002", 2), ("None", 3)] and
       {k["hint"] for k in rows} == {None, "sk-ant-", "X-Key"} and any("agent-0" in k["programs"] and "agent-1" in k["programs"] for k in rows),
       "calls by key", rows)
    r = alike("keys", forms=with_keys)
    ok(max(map(columns, r.stdout.splitlines())) <= 80, "in 80 columns", r.stdout)
    for chosen in (["--since", f"{start[:11]}02:00:00Z"], ["--since", f"{start[:11]}01:00:00Z", "--until", f"{start[:11]}05:00:00Z"], ["--model", "gpt-4o"], ["--user", "alice"],
                   ["--process", "agent-1"], ["--since", f"{start[:11]}01:00:00Z", "--model", "gpt-4o"]):
        r = alike("keys", "--json", *chosen, forms=with_keys)
        ok(0 < sum(json.loads(line)["calls"] for line in r.stdout.splitlines()) < 7, "which are some of them", r)
    ask("UPDATE exchange SET key_id = NULL, key_hint = NULL, alerts = NULL", at("keys.db"))
    alike("keys", "--json", forms=with_keys)

    # ---- pins ----
    ok(run("pin", "3", "-r", ARCHIVE).returncode == 0 and ask("SELECT id FROM exchange WHERE pin") == [(3,)], "pin 3")
    ok(run("unpin", "3", "-r", ARCHIVE).returncode == 0 and ask("SELECT id FROM exchange WHERE pin") == [], "unpin 3")
    r = run("pin", "99", "-r", ARCHIVE)
    ok(r.returncode == 1 and "has no exchange 99" in r.stderr, "what is not there cannot be pinned", r)
    r = run("pin", "1", "-r", FORMS[1])
    ok(r.returncode == 2 and "is no archive" in r.stderr, "nor anything of jsonl", r)

    # ---- an archive of an earlier version ----
    with open(os.path.join(SRC, "tests/unit/archive-v1.sql")) as sql:
        text = sql.read()
    db = sqlite3.connect(at("v1.db"))
    db.executescript(text)
    db.close()
    os.chmod(at("v1.db"), 0o600)
    r, same = run("spend", "--json", "-r", at("v1.db")), run("spend", "--json", "-r", os.path.join(SRC, "tests/unit/archive-v1.jsonl"))
    ok(r.returncode == 0 and r.stdout == same.stdout and not r.stderr, "one of version 1 has the sums that its jsonl has", r, same)

# ---- hostile text ----
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
for args in (["log"], ["log", "--csv"], ["log", "--json"], ["spend"], ["spend", "--by", "conversation"], ["spend", "--csv"], ["errors"], ["errors", "--csv"],
             ["search", "needle"], ["search", "needle", "--csv"], ["tools"], ["tools", "--json"], ["diff", "6", "7"], ["diff", "1", "6", "--json"],
             ["diff", "1", "6", "--csv"], ["show", "6"], ["show", "6", "-v"], ["show", "6", "--curl"], ["export", "-f", "text"],
             ["export", "--json"], ["show", "6", "-f", "csv"]):
    r = run(*args, "-r", FORMS[0])
    # CSV and JSON are for programs: there the terminal alone is spared.
    is_text = not {"--csv", "--json", "csv"} & set(args)
    found = (UNSAFE if is_text else re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")).search(r.stdout)
    ok(r.returncode == 0 and not found, f"{' '.join(args)} moves no cursor", found, r)
for args in (["log"], ["spend"], ["errors"], ["tools"], ["search", "needle"]):
    r = run(*args, "-r", FORMS[0], env=dict(ENV, LC_ALL="C"))
    ok(max(map(columns, r.stdout.splitlines()[:-1])) <= 80, f"{args[0]} keeps to 80 columns", r.stdout)

# ---- a command for a shell: run with an own curl, it says again what was said, and nothing else is run ----
SHELL = "'\"`$(touch PWNED)\\;touch PWNED\n\x07\u202e'"
f = SpyFile()
f.connection(1, call("gpt-4o" + SHELL, [SHELL, "it's"], "fine") + [
    (WRITE, (f"POST /v1/chat/completions?key=sk-llmspyFAKE0123456789abcdef&a='$(touch%20PWNED)[1-3] HTTP/1.1\r\nHost: api.openai.com\r\n"
             "X-Evil: '$(touch PWNED)'\r\n@/etc/passwd: x\r\nX-Empty:\r\nContent-Type: application/json\r\n"
             'Content-Length: 60\r\n\r\n{"model": "gpt-4o", "messages": [{"role":"user","content":1}').encode()),
    (READ, message("HTTP/1.1 400 Bad Request", "{}"))], cut_whole)
with open(at("shell.spy"), "wb") as out:
    out.write(f.bytes())
os.mkdir(at("bin"))
with open(at("bin/curl"), "w") as out:
    out.write("#!/usr/bin/python3\nimport json, sys\njson.dump(sys.argv[1:], sys.stdout)\n")
os.chmod(at("bin/curl"), 0o755)
records = [json.loads(line) for line in run("export", "--bodies", "-r", at("shell.spy")).stdout.splitlines()]
for record in records:
    r = run("show", str(record["id"]), "--curl", "-r", at("shell.spy"))
    for shell in ("sh", "bash"):
        if shell == "sh" and "$'" in r.stdout:
            continue  # POSIX has it since 2024, and dash not yet
        s = subprocess.run([shell, "-c", r.stdout], capture_output=True, text=True, cwd=folder,
                           env={"PATH": at("bin") + ":/usr/bin:/bin", "OPENAI_API_KEY": "sk-own"})
        argv = json.loads(s.stdout) if s.returncode == 0 else []
        fields = [argv[i + 1] for i, a in enumerate(argv) if a == "-H"]
        ok(argv[-1:] == [record["request"]["body"]["text"]], f"{shell}: {record['id']}: the body as it was", s, r.stdout)
        ok(not any(n.startswith("@") for n in fields), "no field names a file", fields)
        if record["id"] == 1:
            ok("Authorization: Bearer sk-own" in fields and "sk-llmspyFAKE" not in r.stdout, "with one's own key", fields)
        else:
            ok("X-Evil: '$(touch PWNED)'" in fields and "X-Empty;" in fields, "fields as they were", fields)
            ok("https://api.openai.com/v1/chat/completions?key=sk-own&a='$(touch%20PWNED)[1-3]" in argv, "and the target", argv)
    ok(not os.path.exists(at("PWNED")), "nothing else is run")
ok(len(records) == 2, "two requests", records)
r = run("show", "1", "--curl", "-r", FORMS[1])
ok(r.returncode == 1 and "body was not kept" in r.stderr and not r.stdout, "without its body there is no command", r)

# ---- what cannot be ----
WRONG = [(["show", "0"], 2, "no number of an exchange"), (["show", "x"], 2, "no number of an exchange"), (["show", "99"], 1, "no exchange 99"),
         (["show", "99999999999999999999"], 2, "no number"), (["diff", "1", "99"], 1, "no exchange 99"), (["conversation", "zz"], 2, "no conversation"),
         (["conversation", "00000000"], 1, "no conversation 00000000"), (["search", ""], 2, "expected a text"), (["show"], 2, "needs ID"),
         (["diff", "1"], 2, "needs A B"), (["show", "1", "2"], 2, "does not take '2'"), (["log", "x"], 2, "does not take 'x'"),
         (["log", "--by", "model"], 2, "does not take --by"), (["spend", "--curl"], 2, "does not take --curl"),
         (["spend", "--by", "moon"], 2, "choose"), (["log", "--libssl", "x"], 2, "does not take --libssl"), (["log", "-n", "x"], 2, "expected a number"),
         (["show", "1", "--curl", "-o", "x"], 2, "--output cannot be combined with --curl"), (["show", "1", "--curl", "--json"], 2, "--json cannot"),
         (["show", "1", "--curl", "--redact", "content"], 2, "--redact cannot be combined with --curl")]
for args, code, why in WRONG:
    for path in FORMS:
        r = run(*args, "-r", path)
        ok(r.returncode == code and why in r.stderr and not r.stdout, f"{' '.join(args)} of {os.path.basename(path)}: {why}", r)
r = run("--by", "model")
ok(r.returncode == 2 and "llm-spy spend" in r.stderr, "--by alone names its subcommand", r)
for name, data, why in (("text", b"hello\n", "no archive, recording or jsonl"), ("broken.jsonl", b'{"v":1,"id":', "no archive"),
                        ("other.json", b'{"a":1}\n', "line 1"), ("foreign.db", b"SQLite format 3\0" + bytes(84), "" if ARCHIVE else "without SQLite"),
                        ("cut.spy", open(FORMS[0], "rb").read()[:3000], ""), ("two.jsonl", open(FORMS[1], "rb").read() + b"{]\n", "line 8")):
    with open(at(name), "wb") as out:
        out.write(data)
    r = run("log", "-r", at(name))
    ok(r.returncode == 1 and why in r.stderr and (name in r.stderr or why == "without SQLite"), f"{name} is refused by its name", r)
    ok("nothing of that kind" not in r.stderr, "which says nothing of what it holds", r)
    if name in ("cut.spy", "two.jsonl"):
        ok(len(r.stdout.splitlines()) > 1, "after what could be read", r)
for path in FORMS[1:]:
    r = run("-r", path)
    ok(r.returncode == 1 and "llm-spy log -r" in r.stderr, f"what reads {os.path.basename(path)} is said where a recording is asked for", r)
for path, why in ((at("none"), "No such file"), (folder, "Is a directory")):
    r = run("log", "-r", path)
    ok(r.returncode == 1 and why in r.stderr, f"{why} is said", r)
if not os.path.exists("/var/lib/llm-spy/llm-spy.db"):
    r = run("log")
    ok(r.returncode == 1 and "nothing was kept" in r.stderr and "-r FILE" in r.stderr, "without a file it says what to do", r)
empty = at("empty.jsonl")
open(empty, "w").close()
r = run("log", "-r", empty)
ok(r.returncode == 0 and not r.stdout, "an empty file has nothing", r)
with open(FORMS[1], "rb") as data:
    r = subprocess.run([SPY, "log", "-r", "-"], stdin=data, capture_output=True, text=True, env=ENV)
ok(r.stdout == run("log", "-r", FORMS[1]).stdout, "standard input does too", r)
r = run("show", "1", "-r", "-", stdin=subprocess.DEVNULL)
ok(r.returncode == 1 and "no exchange 1 in standard input" in r.stderr, "which is called so", r)
r = run("pin", "1", "-r", "-", stdin=subprocess.DEVNULL)
ok(r.returncode == 2 and "standard input is no archive" in r.stderr, "by pin too", r)
if ARCHIVE:
    with open(ARCHIVE, "rb") as data:
        r = run("log", "-r", "-", stdin=data)
    ok(r.returncode == 1 and "standard input is an archive" in r.stderr and "-r FILE" in r.stderr, "and may be no archive", r)


# ---- what is read is not written over ----
for path in FORMS:
    copy = at("own" + os.path.splitext(path)[1])
    with open(path, "rb") as data:
        kept_bytes = data.read()
    with open(copy, "wb") as out:
        out.write(kept_bytes)
    os.chmod(copy, 0o600)
    os.symlink(copy, copy + ".link")
    for source in (copy, copy + ".link"):
        for args in (["export"], ["show", "1"], []) if path == FORMS[0] else (["export"], ["show", "1"]):
            for to in ("jsonl", "sqlite") if ARCHIVE else ("jsonl",):
                r = run(*args, "-r", source, "-o", f"{to}:{copy}", "--force")
                ok(r.returncode == 2 and "is the file that is read" in r.stderr, f"{' '.join(args)} -o {to} to what {os.path.basename(source)} is", r)
    with open(copy, "rb") as data:
        ok(data.read() == kept_bytes, "which stays as it was")
with open(FORMS[0], "rb") as data, open(at("own.spy"), "rb") as source:
    r = run("-r", "-", "-o", at("own.spy"), "--force", stdin=source)
    ok(r.returncode == 2 and source.read() == data.read(), "nor is standard input", r)
for form in ("text", "verbose"):
    r = run("show", "6", "-r", FORMS[0], "-o", f"{form},width=0")
    ok(r.returncode == 0 and max(map(len, r.stdout.splitlines())) > 300, f"{form},width=0 wraps no line", r)
r = run("-r", FORMS[0], "-o", "text,nonsense=1")
ok(r.returncode == 2 and "no setting nonsense" in r.stderr, "a setting that an output has not is wrong usage of a replay too", r)

# ---- others' files, and others at work ----
if ARCHIVE:
    db = sqlite3.connect(ARCHIVE, isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    db.execute("UPDATE exchange SET pin = 1")
    r = run("log", "-r", ARCHIVE)
    ok(r.returncode == 0 and len(r.stdout.splitlines()) == 8, "while another program writes it is read", r)
    db.execute("ROLLBACK")
    db.execute("PRAGMA locking_mode = EXCLUSIVE")
    db.execute("BEGIN EXCLUSIVE")
    r = run("log", "-r", ARCHIVE)
    ok(r.returncode in (0, 1) and (r.returncode == 0 or "locked by another program" in r.stderr), "one that is locked is read or said to be", r)
    db.execute("ROLLBACK")
    db.close()
    if os.geteuid() == 0:
        os.chmod(folder, 0o755)
        before = os.stat(ARCHIVE).st_mtime_ns, sorted(os.listdir(folder))

        def as_nobody(*args):
            program = at("llm-spy")
            if not os.path.exists(program):
                with open(SPY, "rb") as a, open(program, "wb") as b:
                    b.write(a.read())
                os.chmod(program, 0o755)
            return subprocess.run([program, *args], capture_output=True, text=True, env=ENV, user=65534, group=65534, extra_groups=[])

        r = as_nobody("log", "-r", ARCHIVE)
        ok(r.returncode == 1 and "ermission denied" in r.stderr and not r.stdout, "another user's file is not read", r)
        os.chmod(ARCHIVE, 0o644)
        r = as_nobody("log", "-r", ARCHIVE)
        ok(r.returncode == 0 and len(r.stdout.splitlines()) == 8 and not r.stderr, "unless its mode lets them, where they may not write", r)
        r = as_nobody("pin", "1", "-r", ARCHIVE)
        ok(r.returncode == 1 and not ask("SELECT id FROM exchange WHERE pin"), "who then can change nothing", r)
        os.chmod(ARCHIVE, 0o600)
        os.chmod(folder, 0o700)

    # ---- a file that a group may read ----
    shared, group = at("shared.db"), 65534 if os.geteuid() == 0 else os.getegid()
    import grp
    name = grp.getgrgid(group).gr_name
    r = run("export", "-r", ARCHIVE, "-o", f"sqlite:{shared},group={name}")
    mode = os.stat(shared)
    ok(r.returncode == 0 and stat.S_IMODE(mode.st_mode) == 0o640 and mode.st_gid == group, f"group={name}: mode 0640, of that group", r, oct(mode.st_mode))
    r = run("export", "-r", ARCHIVE, "-o", f"sqlite:{shared},group={name}")
    ok(r.returncode == 0 and run("pin", "1", "-r", shared).returncode == 0, "it is written again, and its owner may pin", r)
    r = run("export", "-r", ARCHIVE, "-o", f"sqlite:{shared}")
    ok(r.returncode != 0 and "other users" in r.stderr, "but not where no group was asked for", r)
    r = run("export", "-r", ARCHIVE, "-o", f"sqlite:{at('x.db')},group=no-such-group")
    ok(r.returncode != 0 and "no such group" in r.stderr and not os.path.exists(at("x.db")), "a group that is not there is refused", r)

# ---- the daemon's options, and its unit ----
for args, why in ((["daemon", "-r", "x"], "does not take --replay"), (["daemon", "-w", "x"], "does not take --record"),
                  (["daemon", "--csv"], "does not take --csv"), (["--keep", "7d"], "llm-spy daemon"), (["daemon", "x"], "does not take 'x'")):
    r = run(*args)
    ok(r.returncode == 2 and why in r.stderr, f"{' '.join(args)}: {why}", r)
with open(os.path.join(SRC, "systemd/llm-spy.service.in")) as unit:
    unit = unit.read()
for command in re.findall(r"ExecStart=@bindir@/(llm-spy .*)", unit):
    r = run(*command.split()[1:], "--help")
    ok(r.returncode == 0, f"the unit's command is understood: {command}", r)
ok("Type=notify" in unit and "WatchdogSec" in unit and "NoNewPrivileges=yes" in unit, "and it is told when it is ready and at work")

# ---- real traffic ----
ROOT = os.environ.get("LLM_SPY_RECORDINGS") or os.path.join(SRC, "..", "shared", "recordings")
if os.path.isdir(ROOT):
    import glob
    f = SpyFile()
    f.chunk(CLOCK, 0, off=BEGAN * 10**9)
    for number, path in enumerate(sorted(glob.glob(os.path.join(ROOT, "*/*/*/meta.json")))):
        with open(path) as meta:
            if json.load(meta).get("format") == "ws" or "/grpc/" in path:
                continue
        with open(path.replace("meta.json", "request.http"), "rb") as a, open(path.replace("meta.json", "response.http"), "rb") as b:
            f.connection(number + 1, [(WRITE, a.read()), (READ, b.read())], cut_whole)
    with open(at("real.spy"), "wb") as out:
        out.write(f.bytes())
    forms, summary, text = keep(at("real.spy"), "real")
    check_sums(forms, summary, text, "recorded calls")
    for args in (["log", "-n", "0"], ["errors", "-n", "0", "--json"], ["tools", "-n", "0"], ["export", "-l"], ["search", "capital of France", "-n", "0"]):
        alike(*args, forms=forms)
else:
    skip("recorded calls", f"no recordings in {ROOT}")

# ---- the calls of tests/cases, of which records are left by test_cases ----
records = at("cases.jsonl")
made = subprocess.run([os.path.join(BUILD, "tests/unit/test_cases")], capture_output=True, text=True,
                      env=dict(os.environ, srcdir=SRC, LLM_SPY_TEST_RECORDS=records))
ok(made.returncode == 0 and os.path.exists(records), "test_cases leaves its records", made.stdout[-500:])
seen = {}
with open(records) as data:
    for line in data:
        seen.setdefault(line, len(seen) + 1)
with open(at("numbered.jsonl"), "w") as out:
    for line, number in seen.items():
        record = json.loads(line)
        record["id"] = number
        record["twin_of"] = None
        out.write(json.dumps(record) + "\n")
if ARCHIVE:
    r = run("export", "-r", at("numbered.jsonl"), "-o", f"sqlite:{at('cases.db')}")
    ok(r.returncode == 0, "the records of tests/cases are made an archive", r)
    for by in BY:
        alike("spend", "--by", by, forms=[at("numbered.jsonl"), at("cases.db")])
    alike("log", "-n", "0", "--csv", forms=[at("numbered.jsonl"), at("cases.db")])
    alike("errors", "-n", "0", "--csv", forms=[at("numbered.jsonl"), at("cases.db")])
subprocess.run(["rm", "-r", folder], check=True)
done()
