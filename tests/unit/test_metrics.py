#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Metrics of a replay, as a monitor gets them: both text formats, whole and equal to the records; who may ask; label sets
have a ceiling; promtool and a real Prometheus read them; the dashboard asks for what there is."""
import collections
import glob
import http.client
import json
import math
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path[:0] = [os.path.join(SRC, "tests", folder) for folder in ("conformance", "lib")]
import sums  # noqa: E402
from spyfile import DATA, READ, WRITE, SpyFile, cut_whole  # noqa: E402
from child import Child  # noqa: E402
from tap import done, ok, skip  # noqa: E402

SPY = os.path.join(BUILD, "llm-spy")
CLOCK = 4
BEGAN = 1795942800  # 2026-11-29 09:00 UTC
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
LABELS = ("provider", "model", "program", "user")


def message(start, body, kind="application/json"):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return (start + f"\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body


def ask(model, extra="", stream=False):
    return message("POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com" + extra,
                   {"model": model, "stream": stream, "messages": [{"role": "user", "content": "hello"}]})


def answer(model, tokens=None):
    body = {"id": "a", "object": "chat.completion", "model": model,
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi."}, "finish_reason": "stop"}]}
    if tokens:
        body["usage"] = {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens),
                         "prompt_tokens_details": {"cached_tokens": tokens[0] // 2}}
    return message("HTTP/1.1 200 OK", body)


def streamed(f, conn, pieces):
    """(direction, bytes, seconds before it)."""
    off = [0, 0]
    for direction, data, wait in pieces:
        f.now += int(wait * 1e9)
        f.chunk(DATA, conn, direction, off[direction], data=data)
        off[direction] += len(data)


def event(body):
    data = ("data: " + (body if isinstance(body, str) else json.dumps(body)) + "\n\n").encode()
    return b"%x\r\n" % len(data) + data + b"\r\n"


def recording(models):
    f = SpyFile()
    f.chunk(CLOCK, 0, off=BEGAN * 10**9)
    calls = []
    for i in range(20):
        calls += [(WRITE, ask("gpt-4o")), (READ, answer("gpt-4o", (1000 + i, 100)))]
    calls += [(WRITE, ask("gpt-4o")), (READ, answer("gpt-4o"))]  # no usage
    for status in ("429 Too Many Requests", "503 Service Unavailable"):
        calls += [(WRITE, ask("gpt-4o")), (READ, message("HTTP/1.1 " + status, {"error": {"message": "no", "type": "busy"}}))]
    f.connection(1, calls, cut_whole)
    chunk = {"id": "s", "object": "chat.completion.chunk", "model": "gpt-4o", "choices": [{"index": 0, "delta": {"content": "Hi"}}]}
    last = {"id": "s", "object": "chat.completion.chunk", "model": "gpt-4o", "choices": [],
            "usage": {"prompt_tokens": 10, "completion_tokens": 80, "total_tokens": 90}}
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    streamed(f, 2, [(WRITE, ask("gpt-4o", f"\r\ntraceparent: 00-{TRACE}-00f067aa0ba902b7-01", True), 0), (READ, head + event(chunk), 0.4),
                    (READ, event(last) + event("[DONE]") + b"0\r\n\r\n", 2)])
    hostile = ['quote"back\\slash', "line\nfeed", "\x1b[31mred", "ü" * 200] + [f"model-{i}" for i in range(models)]
    f.connection(3, [piece for m in hostile for piece in ((WRITE, ask(m)), (READ, answer(m, (7, 3))))], cut_whole)
    return f.bytes()


class Served:
    """A replay that stays to be asked."""

    def __init__(self, path, *args, output="metrics:0"):
        self.spy = subprocess.Popen([SPY, "-r", path, "--metrics-wait", "--summary=json", *args, *(["-o", output] if output else [])],
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.spy.stderr.readline()
        found = re.search(r"http://([0-9.]+|\[[0-9a-f:]+\]):(\d+)/metrics", line)
        self.line, self.port = line, int(found[2]) if found else 0

    def get(self, path="/metrics", method="GET", host=None, accept=None, body=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        c.putrequest(method, path, skip_host=True)
        if host != "":
            c.putheader("Host", host or f"127.0.0.1:{self.port}")
        if accept:
            c.putheader("Accept", accept)
        if body:
            c.putheader("Content-Length", str(len(body)))
        c.endheaders(body)
        r = c.getresponse()
        text = r.read().decode()
        c.close()
        return r, text

    def settled(self, calls):
        """The text as soon as all calls are in it."""
        for _ in range(600):
            _, text = self.get()
            if total(read(text), "llm_spy_calls_total") >= calls:
                return text
            time.sleep(0.05)
        return text

    def end(self):
        self.spy.send_signal(signal.SIGINT)
        out, err = self.spy.communicate(timeout=30)
        return self.spy.returncode, out, err


# ---- a strict reader of both formats ----

STRING = r'"(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+=%s,?)*)\})? (\S+)(?: # \{trace_id="([0-9a-f]{32})"\} (\S+)(?: (\S+))?)?$' % STRING)


class Metrics(dict):
    """(name, labels) -> value; and what else the text says."""

    def __init__(self):
        super().__init__()
        self.types, self.units, self.exemplars, self.bad, self.ended = {}, {}, [], [], False


def read(text, open_metrics=False):
    m, family, seen = Metrics(), None, set()
    for line in text.split("\n")[:-1]:
        head = re.match(r"# (HELP|TYPE|UNIT) (\w+) (.*)$", line)
        if line == "# EOF":
            m.ended = True
            continue
        if head:
            if head[1] == "HELP":
                m.bad += [line] if head[2] in seen else []
                family = head[2]
                seen.add(family)
            m.bad += [] if head[2] == family and head[3] else [line]
            if head[1] != "HELP":
                (m.types if head[1] == "TYPE" else m.units)[head[2]] = head[3]
            continue
        s = SAMPLE.match(line)
        if not s or m.ended:
            m.bad.append(line)
            continue
        ends = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("_total",) if open_metrics else ("",),
                "info": ("_info",)}.get(m.types.get(family), ("",))
        labels = tuple((k, json.loads(v)) for k, v in re.findall(r"([a-z_]+)=(%s)" % STRING, s[2] or ""))
        if s[1] not in [family + e for e in ends] or (s[1], labels) in m:
            m.bad.append(line)
        m[s[1], labels] = float(s[3])
        if s[4]:
            m.exemplars.append((s[1], s[4], float(s[5]), s[6]))
    return m


def total(m, name, **labels):
    return sum(v for (n, l), v in m.items() if n == name and labels.items() <= dict(l).items())


def bad_histograms(m):
    """Series whose buckets do not rise to their count."""
    buckets = collections.defaultdict(list)
    for (name, labels), v in m.items():
        if name.endswith("_bucket"):
            rest = tuple(p for p in labels if p[0] != "le")
            buckets[name[:-7], rest].append((float(dict(labels)["le"].replace("+Inf", "inf")), v))
    bad = []
    for (name, rest), found in buckets.items():
        values = [v for _, v in found]
        if found != sorted(found) or values != sorted(values) or not math.isinf(found[-1][0]) or values[-1] != m[name + "_count", rest]:
            bad.append((name, rest))
    return bad


def tool(name):
    """Debian's package is large, so one that was unpacked somewhere will do: LLM_SPY_PROMETHEUS."""
    return shutil.which(name, path=os.pathsep.join([os.environ.get("LLM_SPY_PROMETHEUS", ""), os.environ.get("PATH", "")]))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def ask_prometheus(port, path, **query):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    c.request("GET", f"/api/v1/{path}?" + urllib.parse.urlencode(query))
    return json.loads(c.getresponse().read())["data"]


def scrape(served, tmp, want):
    """By a real Prometheus: the calls that it has, and the exemplars' traces."""
    port = free_port()
    config = os.path.join(tmp, "prometheus.yml")
    with open(config, "w") as out:
        out.write("global:\n  scrape_interval: 1s\nscrape_configs:\n- job_name: llm-spy\n  static_configs:\n"
                  f"  - targets: ['127.0.0.1:{served.port}']\n")
    with Child([tool("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={tmp}/tsdb", "--log.level=error",
                           f"--web.listen-address=127.0.0.1:{port}", "--enable-feature=exemplar-storage"]) as p:
        got, traces = None, set()
        for _ in range(600):
            time.sleep(0.1)
            try:
                found = ask_prometheus(port, "query", query="sum(llm_spy_calls_total)")["result"]
                got = float(found[0]["value"][1]) if found else None
                if got != want:
                    continue
                now = time.time()
                data = ask_prometheus(port, "query_exemplars", query="llm_spy_call_duration_seconds_bucket", start=BEGAN - 9, end=now + 9)
                traces = {e["labels"]["trace_id"] for series in data for e in series["exemplars"]}
                break
            except (OSError, http.client.HTTPException, KeyError, ValueError):  # while it starts it answers without JSON
                continue
        # It has nothing to keep; asked to end, it was once seen to serve on.
        p.kill()
    return got, traces


def check_dashboard(names):
    found = glob.glob(os.path.join(SRC, "deploy", "grafana", "*.json"))
    ok(found, "there is a dashboard")
    for path in found:
        with open(path) as f:
            board = json.load(f)
        asked = [t["expr"] for p in board["panels"] for t in p.get("targets", [])]
        used = {n for e in asked for n in re.findall(r"\bllm_spy_\w+", e)} | \
            {n for v in board["templating"]["list"] for n in re.findall(r"\bllm_spy_\w+", json.dumps(v))}
        ok(len(asked) >= 8 and len({p["id"] for p in board["panels"]}) == len(board["panels"]), "its panels ask, each with an id of its own")
        ok(used <= names, f"it uses metrics that exist {sorted(used - names)}")
        grouped = {w for e in asked for words in re.findall(r"by \(([^)]*)\)", e) for w in words.split(", ")}
        ok(grouped <= {*LABELS, "le", "kind", "status"}, f"and labels that exist {sorted(grouped)}")


def defined():
    """Names of all samples, as metrics.def has them."""
    with open(os.path.join(SRC, "src", "telemetry", "metrics.def")) as f:
        text = f.read()
    names = {n + "_total" for n in re.findall(r'^(?:COUNTER\(|STATE\(COUNTER, )"(\w+)"', text, re.M)} | {"llm_spy_build_info"}
    names |= set(re.findall(r'^STATE\(GAUGE, "(\w+)"', text, re.M))
    return names | {n + e for n in re.findall(r'^HISTOGRAM\(\w+, "(\w+)"', text, re.M) for e in ("_bucket", "_sum", "_count")}


check_dashboard(defined())
if "Prometheus metrics: yes" not in subprocess.run([SPY, "--version"], capture_output=True, text=True).stdout:
    r = subprocess.run([SPY, "-r", os.devnull, "--metrics"], capture_output=True, text=True)
    ok(r.returncode != 0 and "without libmicrohttpd" in r.stderr, "a build without libmicrohttpd says so", r)
    skip("metrics", "built without libmicrohttpd")
    done()

with tempfile.TemporaryDirectory() as tmp:
    path, records = os.path.join(tmp, "calls.spy"), os.path.join(tmp, "calls.jsonl")
    with open(path, "wb") as out:
        out.write(recording(30))
    s = Served(path, "-o", f"jsonl:{records}")
    ok(s.port, "the place is said on standard error", s.line)
    text = s.settled(58)
    time.sleep(0.2)
    want = sums.of_jsonl(records)
    m = read(text)
    got = (total(m, "llm_spy_calls_total"), total(m, "llm_spy_tokens_total", kind="input"), total(m, "llm_spy_tokens_total", kind="output"),
           round(total(m, "llm_spy_cost_dollars_total"), 6))
    ok(got == want and want[0] == 58 and want[3] > 0, "calls, tokens and dollars are those of the records", got, want)
    ok(not m.bad and not m.ended, "each line of the text format is well-formed", *m.bad)
    ok(set(n for n, _ in m) <= defined(), "each metric is in the table", set(n for n, _ in m) - defined())
    ok(not bad_histograms(m), "buckets rise to their count", bad_histograms(m))
    ok(total(m, "llm_spy_failures_total", status="4xx") == 1 and total(m, "llm_spy_failures_total", status="5xx") == 1, "failures by class of status")
    ok(total(m, "llm_spy_unknown_usage_calls_total") == 1, "a call without usage is counted as that")
    ok(total(m, "llm_spy_tokens_total", kind="cached") == sum((1000 + i) // 2 for i in range(20)) + 34 * 3, "cached tokens")
    ok(not any(dict(l).get("kind") == "reasoning" for _, l in m), "what no answer told is not there, not 0")
    gpt = tuple(zip(LABELS, ("openai", "gpt-4o", "conformance", "0")))
    ok(m.get(("llm_spy_time_to_first_token_seconds_count", gpt)) == 1 and
       abs(m["llm_spy_time_to_first_token_seconds_sum", gpt] - 0.4) < 0.01, "time to first token is in seconds", m)
    ok(abs(m.get(("llm_spy_output_tokens_per_second_sum", gpt), 0) - 40) < 1, "tokens per second are those of the stream")
    ok(("llm_spy_blind_processes", ()) not in m and ("llm_spy_captured_missing_bytes_total", ()) in m, "a replay says what it knows of its tracer")
    models = {dict(l)["model"] for n, l in m if n == "llm_spy_calls_total"}
    ok('quote"back\\slash' in models and "line\\x0afeed" in models and "\\x1b[31mred" in models, "hostile names are escaped", models)
    ok(max(len(v.encode()) for v in models) < 128, "long names are cut")

    r, text = s.get(accept=OPENMETRICS)
    o = read(text, True)
    ok(r.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0"), "OpenMetrics where it is asked for")
    ok(not o.bad and o.ended and text.endswith("# EOF\n"), "each line of OpenMetrics is well-formed", *o.bad)
    ok(dict(o) == dict(m), "and it has the same values")
    ok({e[1] for e in o.exemplars} == {TRACE} and any(e[0] == "llm_spy_call_duration_seconds_bucket" and abs(e[2] - 2.4) < 0.01
                                                      for e in o.exemplars), "exemplars have the request's trace", o.exemplars)
    ok(all(name.endswith("_" + unit) for name, unit in o.units.items()), "a unit ends its name", o.units)
    for accept, open_metrics in (("text/plain", False), ("*/*", False), ("application/openmetrics-text;q=0,text/plain", False),
                                 ("text/plain;q=0.4, Application/OpenMetrics-Text; version=1.0.0; q=0.9", True), (";;q=,,", False)):
        r, _ = s.get(accept=accept)
        ok(("openmetrics" in r.headers["Content-Type"]) == open_metrics, f"Accept: {accept}")

    for host, status in (("evil.example", 403), ("evil.example:7556", 403), ("", 403), ("127.0.0.1.evil.example", 403), ("localhost", 200),
                         ("LOCALHOST:1", 200), ("[::1]:7556", 200), ("10.0.0.1", 200), ("[evil]", 403), ("127.0.0.1:", 200), ("a:b:c", 403)):
        r, text = s.get(host=host)
        ok(r.status == status and ("llm_spy_calls" in text) == (status == 200), f"Host {host or 'that is missing'}: {status}", r.status)
    for method, status in (("HEAD", 200), ("POST", 405), ("PUT", 405), ("DELETE", 405), ("OPTIONS", 405)):
        r, text = s.get(method=method, body=b"x" * 100 if method in ("POST", "PUT") else None)
        ok(r.status == status and "llm_spy" not in text, f"{method}: {status}", r.status, text)
    ok(s.get("/")[0].status == 404 and s.get("/metrics/../etc/passwd")[0].status == 404, "nothing else is served")
    ok("Access-Control-Allow-Origin" not in s.get()[0].headers, "no page of another origin may read it")
    slow = socket.create_connection(("127.0.0.1", s.port))
    slow.send(b"GET /metr")
    ok(s.get()[0].status == 200, "who asks slowly keeps nobody waiting")
    with socket.create_connection(("127.0.0.1", s.port), timeout=30) as big:
        try:
            big.sendall(b"GET /metrics HTTP/1.1\r\nHost: " + b"a" * 200000 + b"\r\n\r\n")
            line = big.recv(100)
        except OSError:
            line = b""
    ok(b" 200 " not in line and s.get()[0].status == 200, "a head that is too large is refused", line)

    promtool = tool("promtool")
    if promtool:
        r = subprocess.run([promtool, "check", "metrics"], input=s.get()[1], capture_output=True, text=True)
        ok(r.returncode == 0 and not r.stderr.strip(), "promtool has nothing to say", r.stdout, r.stderr)
    else:
        skip("promtool's opinion", "promtool is not installed (Debian: prometheus)")
    if tool("prometheus"):
        calls, traces = scrape(s, tmp, 58)
        ok(calls == 58, "a Prometheus has all calls", calls)
        ok(traces == {TRACE}, "and the exemplar's trace", traces)
    else:
        skip("a scrape by Prometheus", "prometheus is not installed")
    slow.close()
    code, out, err = s.end()
    ok(code == 0 and sums.of_summary(err)[0] == 58, "Ctrl-C ends it, with a summary", code, err)

    # ---- the ceiling ----
    s = Served(path, output="metrics:127.0.0.1:0,sets=10,name=Spy.Example")
    m = read(s.settled(58))
    ok(total(m, "llm_spy_calls_total") == 58 and len([1 for n, _ in m if n == "llm_spy_calls_total"]) == 10, "sets=10: no more than ten")
    other = dict(zip(LABELS, ("other",) * 4))
    ok(total(m, "llm_spy_calls_total", **other) == m["llm_spy_merged_calls_total", ()] > 20, "and those that share one are counted")
    ok(s.get(host="spy.example:80")[0].status == 200 and s.get(host="spy.example.org")[0].status == 403, "name= may be asked for")
    s.end()

    # ---- besides what is shown ----
    s = Served(path, "--metrics=0", "--model", "gpt-4o", output=None)
    s.settled(24)
    code, out, err = s.end()
    ok(code == 0 and out.count("gpt-4o") >= 24 and "model-3" not in out, "--metrics serves besides the text", err)
    r = subprocess.run([SPY, "-r", path, "--metrics=0", "--summary=json"], capture_output=True, text=True, timeout=60)
    ok(r.returncode == 0 and sums.of_summary(r.stderr)[0] == 58, "without --metrics-wait a replay ends by itself", r.stderr)
    for args, word in ((["-o", "metrics:nowhere"], "expected an address"), (["-o", "metrics:1.2.3.4:99999"], "expected an address"),
                       (["-o", "metrics:127.0.0.1:0,sets=0"], "from 1 to"), (["--metrics-wait"], "no effect"), (["-o", "metrics:0,keep=1d"], "no setting")):
        r = subprocess.run([SPY, "-r", path, *args], capture_output=True, text=True, timeout=60)
        ok(r.returncode in (1, 2) and word in r.stderr, f"refused: {args[-1]}", r)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        r = subprocess.run([SPY, "-r", path, f"--metrics=127.0.0.1:{taken.getsockname()[1]}"], capture_output=True, text=True, timeout=60)
        ok(r.returncode == 1 and "in use" in r.stderr, "a port that is taken is said", r)

done()
