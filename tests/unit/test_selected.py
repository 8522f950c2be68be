#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Each word that selects, as an option and as a setting of an output, over one recording: both show the same."""
import json
import os
import subprocess
import sys
import tempfile

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path[:0] = [os.path.join(SRC, "tests", folder) for folder in ("conformance", "lib")]
from spyfile import READ, WRITE, SpyFile, cut_whole  # noqa: E402
from tap import done, ok  # noqa: E402

SPY = os.path.join(BUILD, "llm-spy")


def message(start, body):
    return (start + f"\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()


def call(host, model, texts, answer, status="200 OK", tokens=1000000):
    ask = json.dumps({"model": model, "messages": [{"role": "user" if i % 2 == 0 else "assistant", "content": t}
                                                   for i, t in enumerate(texts)]})
    body = {"id": "x", "object": "chat.completion", "model": model,
            "choices": [{"index": 0, "message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": tokens, "completion_tokens": 0, "total_tokens": tokens}}
    if status[0] != "2":
        body = {"error": {"message": answer, "type": "rate_limit", "code": "rate_limit_exceeded"}}
    return [(WRITE, message(f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}", ask)),
            (READ, message(f"HTTP/1.1 {status}", json.dumps(body)))]


CLOCK = 4
BEGAN = 1795942800  # 2026-11-29 09:00 UTC, by the clock of the recording
f = SpyFile()
f.chunk(CLOCK, 0, off=BEGAN * 10**9)
f.connection(1, call("api.openai.com", "gpt-4o", ["What is eBPF?"], "A machine in the kernel.") +
             call("api.openai.com", "gpt-4o", ["What is eBPF?", "A machine in the kernel.", "Größer?"], "Ja.", tokens=1000), cut_whole)
f.connection(2, call("gateway.example", "house-model", ["hello"], "slow down", "429 Too Many Requests"), cut_whole)
f.connection(3, [(WRITE, b"GET /health HTTP/1.1\r\nHost: gateway.example\r\n\r\n"), (READ, message("HTTP/1.1 200 OK", '{"up":true}'))],
             cut_whole)
data = f.bytes()


def run(*args):
    return subprocess.run([SPY, "-r", "-", *args], input=data, capture_output=True, timeout=60, env=dict(os.environ, TZ="UTC"))


def places(text):
    """Which of the four they are: an id counts what is shown."""
    order = [(1, 1), (1, 3), (2, 1), (3, 0)]
    return [order.index((x["process"]["pid"], len(x["request"].get("messages") or []))) + 1 for x in map(json.loads, text.splitlines())]


r = run("-f", "jsonl", "--all")
records = [json.loads(line) for line in r.stdout.splitlines()]
ok([x["kind"] for x in records] == ["llm", "llm", "llm", "http"], "the recording has three calls and another exchange", r)
talk = records[0]["conversation"]["id"]
ROWS = [("kind", "llm", [1, 2, 3]), ("kind", "http,mcp", [4]), ("provider", "openai", [1, 2]), ("provider", "OPEN*", [1, 2, 3]),
        ("model", "gpt*", [1, 2]), ("model", "house-model,claude*", [3]), ("model", "gpt", []), ("host", "*.example", [3, 4]),
        ("conversation", talk[:6], [1, 2]), ("conversation", talk, [1, 2]), ("grep", "ebpf", [1]), ("grep", "KERNEL", [1, 2]),
        ("grep", "GRÖSSER", []), ("grep", "GRÖßER", [2]), ("grep", "/^j.\\.$/", [2]), ("grep", "slow down", [3]), ("grep", "health", [4]),
        ("since", "2026-11-29 09:00", [1, 2, 3, 4]), ("since", "2026-11-29T09:00:01Z", []),
        ("until", "2026-11-29 10:30+01:00", [1, 2, 3, 4]), ("until", "2026-11-29", []), ("errors", "only", [3]), ("slow", "0s", [1, 2, 3, 4]), ("slow", "1h", []),
        ("min-tokens", "1000", [1, 2]), ("min-tokens", "1001", [1]), ("min-cost", "0.001", [1, 2]), ("min-cost", "1", [1]),
        ("pid", "1,3", [1, 2, 4]), ("process", "conf*", [1, 2, 3, 4]), ("process", "other", []), ("user", "root", [1, 2, 3, 4]),
        ("user", "nobody,1", []), ("container", "web", []), ("unit", "app.service", [])]
with tempfile.TemporaryDirectory() as folder:
    for word, value, want in ROWS:
        option = [f"--{word}"] if word == "errors" else [f"--{word}", value]
        r = run("-f", "jsonl", "--all", *option)
        ok(r.returncode == 0 and places(r.stdout) == want,
           f"{' '.join(option)} shows {want}", r)
        path = os.path.join(folder, f"{word}-{len(os.listdir(folder))}")
        escaped = value.replace(",", "\\,")
        s = run("--all", "-o", f"jsonl:{path},{word}={escaped}")
        with open(path, "rb") as file:
            ok(s.returncode == 0 and places(file.read()) == places(r.stdout), f"and so does {word}={value} of an output", s)
        left = len(records) - len(want)
        if word not in ("pid", "process", "user", "container", "unit"):
            ok((f"{left} not selected" in r.stderr.decode()) == (left > 0), "the summary says how many were not selected", r.stderr)

# ---- text and its default ----
plain, smart, everything = (run("-v", *args).stdout.decode() for args in ((), ("--smart",), ("-a",)))
ok("house-model" in plain and "/health" not in plain, "text shows calls to models and no other HTTP", plain)
ok("/health" in smart and "/health" in everything, "--smart shows HTTP with JSON as well", smart)
ok(places(run("-f", "jsonl").stdout) == [1, 2, 3, 4] and places(run("-f", "jsonl", "-l").stdout) == [1, 2, 3], "jsonl shows it unless -l is given")
for args, want in ((("--model", "house*"), 1), (("--errors",), 1), (("--grep", "ja."), 1), (("--model", "none"), 0)):
    text = run("-v", *args).stdout.decode()
    ok(text.count("API REQUEST") == want, f"text with {' '.join(args)} has {want}", text)

# ---- what cannot be ----
for args, words in ((["--since", "now", "--until", "1h"], "not before --until"), (["--kind", "llms"], "--kind llms: expected llm"),
                    (["--model", ","], "nothing is given"), (["-o", "jsonl:x,since=now,until=1h"], "not before"),
                    (["--grep", "/[/"], "expression")):
    r = run(*args)
    ok(r.returncode != 0 and words in r.stderr.decode() and not r.stdout, f"refused: {' '.join(args)}", r)
r = subprocess.run([SPY, "-w", "/nonexistent/x", "--model", "gpt*"], capture_output=True, timeout=60)
ok(r.returncode == 2 and b"cannot select single calls" in r.stderr, "a recording does not select calls", r)

done()
