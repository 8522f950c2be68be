#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""llm-spy serve: who may read, what each path answers, over a recording, jsonl and an archive alike, and that its numbers are
those of the other subcommands."""
import glob
import gzip
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path[:0] = [os.path.join(SRC, "tests", folder) for folder in ("conformance", "lib")]
import cases  # noqa: E402
import traffic  # noqa: E402
from spyfile import READ, WRITE, SpyFile, cut_whole  # noqa: E402
from tap import done, ok, skip_all  # noqa: E402

SPY = os.path.join(BUILD, "llm-spy")
folder = tempfile.mkdtemp(prefix="llm-spy-serve-")
os.chmod(folder, 0o700)
ENV = dict(os.environ, TZ="UTC", LC_ALL="C.UTF-8", XDG_CACHE_HOME=os.path.join(folder, "cache"))


def at(name):
    return os.path.join(folder, name)


def run(*args):
    return subprocess.run([SPY, *args], capture_output=True, text=True, timeout=120, env=ENV)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, *args, port=None):
        self.port = free_port() if port is None else port  # "": whichever it takes
        self.p = subprocess.Popen([SPY, "serve", *([f"--port={self.port}"] if self.port else []), *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENV)
        self.url = self.p.stdout.readline().strip()
        self.token = self.url.partition("token=")[2]
        self.cookie = f"llm_spy_{self.port}={self.token}"

    def ask(self, path, method="GET", host=None, cookie=True, **fields):
        """(status, header fields, body)"""
        # Where the queue of connections is full, the kernel asks again after 1, 3, 7 ... 63 s.
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=180)
        head = {"Host": host or f"127.0.0.1:{self.port}", **{k.replace("_", "-"): v for k, v in fields.items()}}
        if cookie:
            head["Cookie"] = self.cookie if cookie is True else cookie
        c.request(method, path, headers=head)
        r = c.getresponse()
        body = r.read()
        c.close()
        return r.status, r.headers, body

    def get(self, path, **more):
        query = urllib.parse.urlencode(more)
        status, head, body = self.ask(f"{path}?{query}" if query else path)
        kind = head["Content-Type"]
        return json.loads(body) if status == 200 and kind.startswith("application/json") else (status, body)

    def loaded(self):
        for _ in range(600):
            if self.get("/api/info")["loaded"]:
                return self
            time.sleep(0.02)
        return self

    def end(self, number=signal.SIGINT):
        self.p.send_signal(number)
        err = self.p.communicate(timeout=60)[1]
        return self.p.returncode, err


def keep(name, data):
    """The same as a recording, jsonl and, where it can be had, an archive."""
    with open(at(name + ".spy"), "wb") as out:
        out.write(data)
    forms = [at(name + ".spy"), at(name + ".jsonl")]
    run("-r", forms[0], "-l", "--summary=none", "--bodies", "-o", f"jsonl:{forms[1]}")
    made = run("-r", forms[0], "-l", "--summary=none", "-o", f"sqlite:{at(name + '.db')},bodies=yes")
    return forms if "without SQLite" in made.stderr else [*forms, at(name + ".db")]


r = run("serve", "-r", at("absent"))
if "without libmicrohttpd" in r.stderr:
    skip_all("llm-spy was built without libmicrohttpd")
ok(r.returncode == 1 and "absent" in r.stderr and not r.stdout, "a file that is not there", r.stderr)

# ---- who may read ----
agents = keep("first", cases.recording(os.path.join(SRC, "tests", "cases", "agents.case")))
s = Server("-r", agents[0]).loaded()
ok(re.fullmatch(rf"http://127\.0\.0\.1:{s.port}/\?token=[0-9a-f]{{48}}", s.url), "the address is one line, with a token", s.url)
status, head, body = s.ask(f"/?token={s.token}", cookie=False)
ok(status == 303 and head["Location"] == "/" and not body, "it leads to a page without the token", (status, head["Location"]))
ok(head["Set-Cookie"] == f"{s.cookie}; Path=/; HttpOnly; SameSite=Strict", "and a cookie, which no script and no other site gets", head["Set-Cookie"])
PROTECTED = {"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
                                        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
             "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
             "Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store"}
NO = "00" * 24
ATTACKS = [  # (what, status, what ask() takes)
    ("no cookie", 401, dict(path="/", cookie=False)),
    ("no cookie at the API", 401, dict(path="/api/calls", cookie=False)),
    ("no cookie at a page's files", 401, dict(path="/chart.js", cookie=False)),
    ("no cookie for events", 401, dict(path="/api/events", cookie=False)),
    ("a wrong token", 401, dict(path=f"/?token={NO}", cookie=False)),
    ("a short token", 401, dict(path=f"/?token={s.token[:-1]}", cookie=False)),
    ("no token behind its name", 401, dict(path="/?token=", cookie=False)),
    ("a token for another path", 401, dict(path=f"/api/calls?token={s.token}", cookie=False)),
    ("a wrong cookie", 401, dict(path="/api/calls", cookie=f"llm_spy_{s.port}={NO}")),
    ("a cookie of another port", 401, dict(path="/api/calls", cookie=f"llm_spy_1={s.token}")),
    ("a cookie that begins so", 401, dict(path="/api/calls", cookie=f"llm_spy_{s.port}={s.token}0")),
    ("another Host", 403, dict(path="/", host="evil.example")),
    ("another Host with the port", 403, dict(path="/api/calls", host=f"evil.example:{s.port}")),
    ("a Host that begins like ours", 403, dict(path="/api/calls", host="127.0.0.1.evil.example")),
    ("another Host with the token", 403, dict(path=f"/?token={s.token}", host="evil.example", cookie=False)),
    ("another Origin", 403, dict(path="/api/calls", Origin="http://evil.example")),
    ("another port's Origin", 403, dict(path="/api/calls", Origin="http://127.0.0.1:1")),
    ("an Origin that is none", 403, dict(path="/api/calls", Origin="null")),
    ("a page of another site", 403, dict(path="/api/calls", Sec_Fetch_Site="cross-site")),
    ("a page of another port", 403, dict(path="/api/events", Sec_Fetch_Site="same-site")),
    ("a frame of another site", 403, dict(path="/api/calls", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate")),
    ("POST", 405, dict(path="/api/calls", method="POST")),
    ("DELETE", 405, dict(path="/api/call/1", method="DELETE")),
    ("PUT", 405, dict(path="/", method="PUT")),
    ("OPTIONS", 405, dict(path="/api/calls", method="OPTIONS", Origin="http://evil.example")),
    ("a file of the host", 404, dict(path="/../../../../etc/passwd")),
    ("the same, escaped", 404, dict(path="/%2e%2e/%2e%2e/etc/passwd")),
    ("a file below", 404, dict(path="/assets/index.html")),
    ("a path with a zero", 404, dict(path="/index.html%00.js")),
    ("an unknown path", 404, dict(path="/api/nothing")),
    ("a path below one", 404, dict(path="/api/call/1/events/x")),
    ("an id that is no number", 400, dict(path="/api/call/x")),
    ("an id of nothing", 404, dict(path="/api/call/999999")),
    ("a large id", 404, dict(path=f"/api/call/{2**63 - 1}")),
    ("an id past all", 400, dict(path=f"/api/call/{2**64}")),
    ("the id 0", 400, dict(path="/api/call/0")),
    ("an id below 0", 400, dict(path="/api/call/-1")),
    ("no id", 400, dict(path="/api/call/")),
    ("an unknown conversation", 404, dict(path="/api/conversation/0000")),
    ("no conversation", 404, dict(path="/api/conversation/")),
    ("a filter that is none", 400, dict(path="/api/calls?q=modle:x")),
    ("a filter past the ceiling", 400, dict(path="/api/calls?q=" + "x" * 5000)),
    ("too many texts", 400, dict(path="/api/calls?q=" + "+".join("abcdefghi"))),
    ("a costly expression", 400, dict(path="/api/calls?q=/((a{99}){99}){99}/")),
    ("an order that is none", 400, dict(path="/api/calls?sort=nothing")),
    ("too many rows", 400, dict(path="/api/calls?limit=501")),
    ("fewer than none", 400, dict(path="/api/calls?limit=-1")),
    ("an offset that is none", 400, dict(path="/api/calls?offset=x")),
    ("a time that is none", 400, dict(path="/api/calls?since=soon")),
    ("times in the wrong order", 400, dict(path="/api/calls?since=2026-11-29&until=2026-11-28")),
    ("values of no word", 400, dict(path="/api/words?word=modle")),
    ("values of nothing", 400, dict(path="/api/words")),
    ("sums by nothing", 400, dict(path="/api/spend?by=nothing")),
    ("one side of a difference", 400, dict(path="/api/diff?a=1")),
    ("a difference from nothing", 404, dict(path="/api/diff?a=1&b=99999")),
    ("a text that is not there", 404, dict(path="/api/call/1/part?at=/request/messages/99/parts/0/text")),
    ("what is no text", 404, dict(path="/api/call/1/part?at=/request/messages")),
    ("a text nowhere", 404, dict(path="/api/call/1/part")),
]
for what, want, args in ATTACKS:
    status, head, body = s.ask(**args)
    ok(status == want and s.token.encode() not in body and "Set-Cookie" not in head, f"{what}: {want}", status, body[:300])
    ok({k: head[k] for k in PROTECTED} == PROTECTED, "and it is protected as all answers are", dict(head))
    if args["path"].startswith("/api") and want != 401:
        ok(set(json.loads(body)) == {"error"} and head["Content-Type"] == "application/json; charset=utf-8", "and says why as JSON", body[:300])
ok(s.ask("/api/calls", method="POST")[1]["Allow"] == "GET, HEAD", "it says which methods there are")
for what, args in (("an address of this host", dict(host="[::1]:80")), ("localhost, on whatever port ssh -L gave", dict(host="localhost:9999")),
                   ("its own Origin", dict(Origin=f"http://127.0.0.1:{s.port}")), ("a page of ours", dict(Sec_Fetch_Site="same-origin")),
                   ("an address that was typed", dict(Sec_Fetch_Site="none")),
                   ("a cookie among others", dict(cookie=f"a=b; {s.cookie}; c=d"))):
    ok(s.ask("/api/info", **args)[0] == 200, f"{what}: 200")
ok(s.ask("/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate")[0] == 200, "a link may lead to the page")
status, head, body = s.ask("/")
ok(status == 200 and head["Content-Type"] == "text/html; charset=utf-8" and b"<html" in body, "the page", status, body[:200])
ok({k: head[k] for k in PROTECTED} == PROTECTED, "is protected")
page = body.decode()
ok(not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|javascript:", page), "and has no script or style within", page[:2000])
for name in re.findall(r'(?:src|href)="(/?[^"#]+)"', page):
    status, head, body = s.ask("/" + name.lstrip("/")) if not name.startswith("data:") else (200, None, b"x")
    ok(status == 200 and body, f"what it refers to is there: {name}", status)
status, head, body = s.ask("/api/calls", method="HEAD")
ok(status == 200 and not body and int(head["Content-Length"]) > 100, "HEAD is GET without a body", status, dict(head))
packed, head, body = s.ask("/chart.js", Accept_Encoding="br, gzip")
ok(packed == 404 or head["Content-Encoding"] == "gzip" and gzip.decompress(body) == s.ask("/chart.js")[2], "a large answer is packed where that is taken",
   dict(head), len(body))
ok(s.ask("/chart.js", Accept_Encoding="gzip;q=0")[1]["Content-Encoding"] is None, "and not where it is refused")
ok(s.ask("/api/info", Accept_Encoding="gzip")[1]["Content-Encoding"] is None, "nor a small one")
status = s.ask("/api/calls", X_Large="x" * 100_000)[0]
ok(status in (413, 431), "a head that is too large is refused", status)

# ---- many connections, slow ones ----
idle = []
for _ in range(600):
    c = socket.socket()
    c.setblocking(False)
    c.connect_ex(("127.0.0.1", s.port))
    idle.append(c)
half = socket.create_connection(("127.0.0.1", s.port), timeout=60)
half.sendall(b"GET /api/calls HTTP/1.1\r\nHost: ")
ok(s.get("/api/info")["loaded"], "beside 600 connections that say nothing, it still answers")
for c in idle + [half]:
    c.close()
with open(f"/proc/{s.p.pid}/status") as f:
    used = int(re.search(r"VmRSS:\s+(\d+)", f.read())[1])
ok(used < 100_000, f"and takes {used} kB")
code, err = s.end()
ok(code == 0 and not err, "it ends at Ctrl-C, and says nothing", code, err)
ok(not glob.glob(at("cache") + "/llm-spy/llm-spy-live-*"), "and leaves nothing", os.listdir(folder))

# ---- addresses ----
s = Server("-r", agents[0])
code, err = (lambda t: (t.returncode, t.stderr))(run("serve", "-r", agents[0], f"--port={s.port}"))
ok(code == 1 and "in use" in err and "--port" in err and f"llm-spy[{s.p.pid}]" in err, "a port that is taken, what to do, and by whom", err)
s.end(signal.SIGTERM)
two = [Server("-r", agents[0], port="") for _ in range(2)]
ports = [int(re.search(r":(\d+)/", s.url)[1]) for s in two]
ok(len(set(ports)) == 2 and all(7557 <= p <= 7577 for p in ports), "where none was asked for, the next free one will do", ports)
for s in two:
    s.end()
s = Server("-r", agents[0], "--listen=0.0.0.0")
ok(s.url.startswith(f"http://0.0.0.0:{s.port}/"), "another address, where that is said", s.url)
code, err = s.end()
ok("not encrypted" in err, "and what that means", err)
r = run("serve", "-r", agents[0], "--listen=example.org")
ok(r.returncode == 2 and "address" in r.stderr, "a name is no address", r.stderr)
ok(run("--port=7557", "-r", agents[0]).returncode == 2, "--port needs something that serves")

# ---- the same numbers ----
SUMS = {"calls": "calls", "failed": "failed", "input": "input_tokens", "output": "output_tokens", "tokens_unknown": "tokens_unknown",
        "unpriced": "cost_unknown", "free": "free", "cached": "cached_tokens"}


def sums_of(rows):
    return {**{k: sum(r[k] or 0 for r in rows) for k in SUMS}, "usd": round(sum(r["usd"] or 0 for r in rows), 9)}


def spent(path, by):
    rows = [json.loads(line) for line in run("spend", "-r", path, "--json", f"--by={by}").stdout.splitlines()]
    return {**{k: sum(r[v] or 0 for r in rows) for k, v in SUMS.items()}, "usd": round(sum(r["cost_usd"] for r in rows), 9)}


def without(row, *names):
    return {k: v for k, v in row.items() if k not in names}


made = {}
for path in sorted(glob.glob(os.path.join(SRC, "tests", "cases", "*.case"))):
    data = cases.recording(path)
    if data:
        made[os.path.basename(path)[:-5]] = data
# One recording of many, so that one server of each form will do.
SOME = ("agent", "agents", "agents-codex", "conversation", "retry", "errors", "tools", "stream")
some = [n for n in made if n in SOME] or list(made)[:6]
ok(len(some) >= 4, f"cases are recorded: {some}")
for name in some:
    answers = []
    for form in keep(name, made[name]):
        s = Server("-r", form).loaded()
        base = os.path.basename(form)
        totals = s.get("/api/totals")
        want = spent(form, "model")
        ok(sums_of([totals]) == want, f"{base}: totals and spend agree", sums_of([totals]), want)
        for by in ("model", "provider", "user", "program", "container", "conversation", "day"):
            got = s.get("/api/spend", by=by)
            ok(sums_of([r["sum"] for r in got["rows"]]) == sums_of([got["total"]]) == spent(form, by), f"and by {by}", got)
        sessions = s.get("/api/sessions")["rows"]
        top = json.loads(run("top", "-r", form, "--json").stdout)
        ok(sums_of([r["sum"] for r in sessions]) == want and len(sessions) == top["agents"], "and rows of agents", sessions)
        ok([(r["session"], r["agent"], r["last"], r["sum"]["calls"]) for r in sessions] ==
           [(r["session"], r["agent"], r["last"], r["calls"]) for r in top["rows"]], "which are those of top", sessions, top)
        calls = s.get("/api/calls", limit=500)
        models = [c for c in calls["rows"] if c["kind"] == "llm"]
        log = [json.loads(line) for line in run("log", "-r", form, "--json", "--rows=0").stdout.splitlines()]
        ok([c["id"] for c in calls["rows"]] == [str(r["id"]) for r in log], "calls are those of log, newest first",
           [c["id"] for c in calls["rows"]], [r["id"] for r in log])
        whole = {}
        for c in calls["rows"]:
            record = whole[c["id"]] = s.get(f"/api/call/{c['id']}")
            ok(record["id"] == int(c["id"]) and without(record["call"], "tools") == without(c, "tools"), f"call {c['id']} is the same, whole",
               record["call"], c)
        lanes = s.get("/api/timeline")
        ok(sum(len(p) == 6 for x in lanes["lanes"] for p in x["spans"]) == totals["calls"], "the timeline has each call", lanes)
        ok(all(lanes["since_ms"] <= p[0] <= lanes["until_ms"] for x in lanes["lanes"] for p in x["spans"]), "within its time")
        talks = s.get("/api/conversations")["rows"]
        for t in talks:
            one = s.get(f"/api/conversation/{t['id']}")
            ok(without(one, "total", "offset", "turns_shown") == t and [x["call"]["conversation"] for x in one["turns_shown"]] ==
               [t["id"]] * one["total"], f"conversation {t['id']}", one)
        both = [c["id"] for c in models[:2]]
        if len(both) == 2:
            ok(set(s.get("/api/diff", a=both[0], b=both[1])["same"]) == {"params", "system", "tools", "messages"}, "two requests are compared")
            same = s.get("/api/diff", a=both[0], b=both[0])
            ok(not same["changes"] and not same["more"], "and one with itself is the same", same)
        answers.append(json.dumps([without(totals, "today", "tokens_per_s", "per_second"), len(sessions), [without(c, "id", "session") for c in calls["rows"]],
                                   [without(t, "id") for t in talks]]))
        code, err = s.end()
        ok(code == 0 and not err, "and it ends", code, err)
    ok(len(set(answers)) == 1, f"{name}: all forms give the same", *answers)


# ---- whose tool was called ----
t = traffic.Traffic()
traffic.claude(t, 1000, session="s-one")
traffic.claude(t, 2000, session="s-two", task=traffic.TASKS[1])
traffic.mcp(t, 90000, "tools/call", {"name": "late", "arguments": {}}, {"content": [], "isError": True})
traffic.mcp(t, 91000, "tools/call", {"name": "alone", "arguments": {}}, {"content": []}, program="tools.py", user="carol")
s = Server("-r", keep("tools", t.bytes())[0]).loaded()
lanes = s.get("/api/timeline")["lanes"]
tools = {x["title"] or x["name"]: [(p[5], p[2]) for p in x["spans"] if p[6:] == ["mcp"]] for x in lanes}
ok(("find_issue", "done") in tools[traffic.TASKS[0].split(".")[0] + "."] and ("find_issue", "done") in tools["make check fails since yesterday."],
   "a tool stands in the lane of the agent whose answer asked for it, though both are one process", tools)
ok(sum(("late", "failed") in x for x in tools.values()) == 1 and tools["tools.py"] == [("alone", "done")],
   "another one in a lane of its process, or in its own", tools)
ok([p[0] for x in lanes for p in x["spans"]] == [p[0] for x in lanes for p in sorted(x["spans"])], "each lane is in order of time")
ok(all(len(p) == 6 and p[5].startswith("claude-") for x in s.get("/api/timeline", tools=0)["lanes"] for p in x["spans"]), "without tools, when asked")
key = next(x["key"] for x in lanes if x["title"] == "make check fails since yesterday.")
one = s.get("/api/timeline", session=key)["lanes"]
ok([x["key"] for x in one] == [key] and any(p[5] == "find_issue" for p in one[0]["spans"]), "one session, with its tools", one)
span = next(x for x in lanes if x["depth"])["spans"][0]
part = s.get("/api/timeline", since_ms=int(span[0]) + 10, until_ms=int(span[0]) + 20)["lanes"]
ok([len(x["spans"]) for x in part if not x["depth"]] == [0, 0] and [x["depth"] for x in part] == [0, 1, 0, 1] and any(span in x["spans"] for x in part),
   "a part of the time: what reaches into it, below the agent that began it", part)

# ---- what may stand behind a word of the filter ----
offered = {word: [(v["value"], v["calls"]) for v in s.get("/api/words", word=word)["values"]] for word in s.get("/api/check", q="")["words"]}
ok(offered["model"][0] == ("claude-sonnet-4-5-20250929", 10) and offered["kind"] == [("llm", 14), ("mcp", 6)], "values, the most frequent first", offered)
ok(("tools", 16) in offered["has"] and offered["turn"][0] == ("2", 4) and offered["user"] == [("alice", 19), ("carol", 1)] and offered["status"] == [("200", 20)], "also signs and numbers", offered)
ok([n for _, n in offered["dur"]] == sorted((n for _, n in offered["dur"]), reverse=True) and all(v.startswith(">=") for v, _ in offered["dur"]),
   "of an amount, what it reaches", offered["dur"])
bad = [(word, value, calls, got) for word in offered for value, calls in offered[word]
       if (got := s.get("/api/calls", q=f'{word}:"{value}"' if " " in value else f"{word}:{value}", limit=0)["total"]) != calls and word not in ("since", "until")]
ok(not bad and sum(map(len, offered.values())) > 60, "each selects as many calls as it says", bad)
ok([v["value"] for v in s.get("/api/words", word="tool", prefix="ta")["values"]] == ["Task"] and
   [v["value"] for v in s.get("/api/words", word="tool", prefix="issue")["values"]] == ["mcp__tracker__find_issue", "find_issue"],
   "what begins so, or has it", s.get("/api/words", word="tool", prefix="issue"))
ok(s.get("/api/words", word="program", q="user:carol")["values"] == [{"value": "tools.py", "calls": 1}, {"value": "python3", "calls": 1}],
   "of the calls that other terms select", s.get("/api/words", word="program", q="user:carol"))
s.end()

# ---- more than is copied at once, of calls that overlap ----
t = traffic.Traffic()
for n in range(50):
    traffic.claude(t, 9000 * n, session=f"s{n}", task=f"Task {n}.")
s = Server("-r", keep("many", t.bytes())[0]).loaded()
ok(s.get("/api/totals")["calls"] == 50 * 7 and s.get("/api/calls")["total"] == 50 * 9, "none is missing", s.get("/api/info"))
s.end()

# ---- texts of strangers ----
EVIL = "<script>alert(1)</script>'\"><img src=x onerror=alert(1)>\x1b[2J\u202e\u2028</script>]]>"
LONG = "".join(f"line {i} of a long text\n" for i in range(100_000))


def whole(head, body, more=""):
    return f"{head}\r\nContent-Type: application/json\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode() + body


def call(asked, said, model="gpt-4o", more=""):
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": asked}],
                       "tools": [{"type": "function", "function": {"name": EVIL[:20], "description": EVIL, "parameters": {EVIL: EVIL}}}]})
    answer = json.dumps({"id": EVIL, "object": "chat.completion", "model": model, "usage": {"prompt_tokens": 7, "completion_tokens": 3},
                         "choices": [{"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}]})
    return [(WRITE, whole("POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com", body.encode(), more)),
            (READ, whole("HTTP/1.1 200 OK", answer.encode(), "X-RateLimit-Limit-Requests: 60\r\nX-RateLimit-Remaining-Requests: 59\r\n"
                                                             "X-RateLimit-Reset-Requests: 1m30s\r\n"))]


def recording(*calls):
    f = SpyFile()
    f.chunk(cases.CLOCK, 0, off=cases.BEGAN * 10**9)
    for i, pieces in enumerate(calls):
        f.connection(i + 1, pieces, cut_whole)
    return f.bytes()


for form in keep("strange", recording(call(EVIL, EVIL, EVIL, "X-Claude-Code-Session-Id: <b>\r\n"), call(LONG, "short"))):
    base = os.path.basename(form)
    s = Server("-r", form).loaded()
    ids = [c["id"] for c in s.get("/api/calls", sort="began")["rows"]]
    for path in ("/api/calls", "/api/sessions", "/api/totals", "/api/conversations", "/api/timeline", "/api/spend?by=model", "/api/limits",
                 "/api/coverage", "/api/words?word=model", f"/api/call/{ids[0]}", f"/api/diff?a={ids[0]}&b={ids[1]}", f"/api/check?q={urllib.parse.quote(EVIL)}"):
        status, head, body = s.ask(path)
        ok(status == 200 and head["Content-Type"] == "application/json; charset=utf-8" and json.loads(body) and
           head["X-Content-Type-Options"] == "nosniff", f"{base}: {path.partition('?')[0]} is JSON, whatever it holds", status, body[:200])
    record = s.get(f"/api/call/{ids[0]}")
    ok(record["request"]["messages"][0]["parts"][0]["text"] == EVIL and record["request"]["model"] == EVIL, "and as it was sent")
    for form_of in ("html", "md", "har", "json", "raw"):
        status, head, body = s.ask(f"/api/call/{ids[0]}/{form_of}")
        ok(status == 200 and re.fullmatch(r'attachment; filename="[\w.-]+"', head["Content-Disposition"]) and "html" not in head["Content-Type"],
           f"{form_of} is saved, and never run here", dict(head))
    status, head, body = s.ask(f"/api/conversation/{record['conversation']['id']}/html")
    ok(status == 200 and head["Content-Type"] == "application/octet-stream" and b"<script" not in body, "a conversation likewise", dict(head))
    status, head, body = s.ask(f"/api/call/{ids[0]}/curl")
    ok(status == 200 and head["Content-Type"] == "text/plain; charset=utf-8" and body.startswith(b"curl "), "a command is text", body[:200])
    ok(s.get("/api/limits")["rows"][0]["rates"][0] == {"what": "requests", "limit": 60, "remaining": 59, "resets_ms":
       s.get("/api/limits")["rows"][0]["at_ms"] + 90_000}, "rate limits, and when they end", s.get("/api/limits"))
    status, head, body = s.ask(f"/api/call/{ids[1]}")
    part = json.loads(body)["request"]["messages"][0]["parts"][0]
    ok(len(body) < 500_000 and part["shortened"] == {"text": len(LONG)} and LONG.startswith(part["text"]) and 60_000 < len(part["text"]) < 66_000,
       "a long text is shortened, and says so", len(body), part.get("shortened"))
    status, head, body = s.ask(f"/api/call/{ids[1]}/part?at=/request/messages/0/parts/0/text")
    ok(status == 200 and body.decode() == LONG and head["Content-Type"] == "text/plain; charset=utf-8", "and can be had whole")
    for q, grep in (("line", "line"), ("short", "short"), ("nowhere", "nowhere"), ('"line 99999 of"', "line 99999 of"), ("/lin[e] 5 /", "/lin[e] 5 /")):
        found = s.get("/api/calls", q=q)
        # An archive with an index finds words; here texts are searched.
        log = run("log", "-r", agents[0].replace("first", "strange"), "--json", f"--grep={grep}").stdout.splitlines()
        ok([c["id"] for c in found["rows"]] == [str(json.loads(x)["id"]) for x in log] and found["total"] == len(log), f"{base}: {q} is found as by --grep",
           found, log)
    ok(s.get("/api/calls", q="-line")["total"] == 1 and s.get("/api/totals", q="line")["calls"] == 1, "and in sums, and turned round")
    s.end()

# ---- what comes ----


class Listener:
    def __init__(self, server, **fields):
        self.sock = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        head = {"Host": f"127.0.0.1:{server.port}", "Cookie": server.cookie, **{k.replace("_", "-"): v for k, v in fields.items()}}
        self.sock.sendall(("GET /api/events HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in head.items()) + "\r\n").encode())
        self.file = self.sock.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.head = http.client.parse_headers(self.file)

    def lines(self):
        while size := int(self.file.readline().strip() or b"0", 16):
            yield from self.file.read(size).decode().split("\n")
            self.file.readline()

    def events(self, want):
        """(name, id, data) until `want` of them came that are no totals."""
        out, now, rest = [], {}, ""
        while len(out) < want:
            size = int(self.file.readline().strip() or b"0", 16)
            rest += self.file.read(size).decode()
            self.file.readline()
            *blocks, rest = rest.split("\n\n")
            for b in blocks:
                now = dict(line.split(": ", 1) for line in b.split("\n") if ": " in line)
                if now.get("event", "totals") != "totals":
                    out.append((now["event"], now["id"], json.loads(now["data"])))
        return out

    def close(self):
        self.file.close()
        self.sock.close()


if len(agents) == 3:
    db = at("grows.db")

    def grow():
        run("-r", agents[0], "-l", "--summary=none", "-o", f"sqlite:{db}")

    grow()
    s = Server("-r", db).loaded()
    before = s.get("/api/calls")["total"]
    here = Listener(s)
    ok(here.status == 200 and here.head["Content-Type"] == "text/event-stream" and here.head["Cache-Control"] == "no-store", "events", dict(here.head))
    silent = Listener(s)  # reads nothing
    grow()
    told = here.events(before)
    rows = s.get("/api/calls", sort="began", limit=500)["rows"]
    ok(len(rows) == 2 * before and {e[0] for e in told} == {"ended"}, "an archive is followed", len(rows), told)
    ok({e[2]["id"] for e in told} == {str(i) for i in range(before + 1, 2 * before + 1)}, "each is told", [e[2]["id"] for e in told])
    ok(all(e[2] in rows for e in told), "as the list has it", told, rows)
    ok(s.get("/api/totals")["calls"] == spent(db, "model")["calls"], "and sums go on")
    here.close()
    grow()
    back = Listener(s, Last_Event_ID=told[-3][1])
    again = back.events(2 + before)
    ok([e[1] for e in again[:2]] == [e[1] for e in told[-2:]] and len({e[1] for e in again}) == 2 + before, "who comes back misses nothing", again)
    back.close()
    for other in ("00000000-1", "x", told[0][1] + "9" * 30):
        back = Listener(s, Last_Event_ID=other)
        ok(back.events(1)[0][0] == "reset", f"who comes back to another run is told: {other[:20]}")
        back.close()
    many = [Listener(s) for _ in range(40)]
    ok({m.status for m in many} == {200, 503} and 25 < sum(m.status == 200 for m in many) <= 32, "so many may listen", [m.status for m in many])
    for m in many:
        m.close()
    ok(s.get("/api/info")["loaded"], "and others are answered meanwhile")
    silent.close()
    code, err = s.end()
    ok(code == 0 and not err, "it ends while somebody listens", code, err)

done()
