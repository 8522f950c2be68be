#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""How fast it goes, of streams whose times are known: `llm-spy top` and the page of `llm-spy serve` tell the same, which is right."""
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path[:0] = [os.path.join(SRC, "tests", "lib")]
import traffic  # noqa: E402
from child import Child  # noqa: E402
from tap import done, ok, skip  # noqa: E402

SPY = os.path.join(BUILD, "llm-spy")
ENV = dict(os.environ, TZ="UTC", LC_ALL="C.UTF-8")
BAR, MINUTE, SHOWN = 5, 60, 300  # s
# When a call begins, then until its first token, then until it ends, all in ms; tokens in and out. The third streams across the
# beginning of the last minute; the first lies before the bars that are shown.
STREAMS = ((0, 1000, 5000, 70000, 900), (250000, 3000, 6000, 5000, 700), (318000, 2000, 40000, 3000, 900), (377000, 500, 5500, 800, 300),
           (380000, 400, 600, 200, 100))


def stream(t, start, first, more, taken, given):
    said = list(traffic.message("claude-sonnet-4-5", [traffic.text("word " * 20)], {"input_tokens": taken, "output_tokens": given}, "end_turn"))
    answer = traffic.events(said, first=0, each=0)
    # What the first token comes with is the first text; all before it comes at once.
    at = next(i for i, (_, piece) in enumerate(answer) if b"text_delta" in piece)
    times = [0] * len(answer)
    times[at], times[-1] = first, more
    t.call(start, traffic.asks("api.anthropic.com", "/v1/messages", {"model": "claude-sonnet-4-5", "stream": True, "max_tokens": 1000,
                                                                    "messages": [{"role": "user", "content": f"at {start}"}]}),
           [(ms, piece) for ms, (_, piece) in zip(times, answer)])


def bars():
    """Tokens in and out by the number of the bar: what was asked when it began, and what was answered evenly while it came."""
    taken, given = {}, {}
    for start, first, more, n_in, n_out in STREAMS:
        began, till = (start + first) // 1000 // BAR, (start + first + more) // 1000 // BAR
        taken[start // 1000 // BAR] = taken.get(start // 1000 // BAR, 0) + n_in
        for bar in range(began, till + 1):
            given[bar] = given.get(bar, 0) + n_out / (till + 1 - began)
    return taken, given


def near(a, b, share=1e-6):
    return a is not None and abs(a - b) <= share * max(abs(b), 1e-9)


def page(path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Child([SPY, "serve", f"--port={port}", "-r", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENV) as p:
        token = p.stdout.readline().strip().partition("token=")[2]

        def get(path):
            c = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            c.request("GET", path, headers={"Cookie": f"llm_spy_{port}={token}"})
            return json.loads(c.getresponse().read())
        while not get("/api/info")["loaded"]:
            pass
        totals = get("/api/totals")
        p.terminate()
        return totals


with tempfile.TemporaryDirectory() as tmp:
    t = traffic.Traffic()
    for s in STREAMS:
        stream(t, *s)
    recording, jsonl = os.path.join(tmp, "pace.spy"), os.path.join(tmp, "pace.jsonl")
    with open(recording, "wb") as out:
        out.write(t.bytes())
    subprocess.run([SPY, "-r", recording, "-l", "--summary=none", "-o", f"jsonl:{jsonl}"], check=True, env=ENV)
    taken, given = bars()
    last = max(sum(s[:3]) for s in STREAMS) // 1000 // BAR
    minute = range(last + 1 - MINUTE // BAR, last + 1)
    want = {"input": sum(taken.get(b, 0) for b in minute) / MINUTE, "output": sum(given.get(b, 0) for b in minute) / MINUTE,
            "calls": sum(s[0] // 1000 // BAR in minute for s in STREAMS) / MINUTE}
    firsts = sorted(s[1] for s in STREAMS)
    for path in (recording, jsonl):
        name = os.path.basename(path)
        top = json.loads(subprocess.run([SPY, "top", "--json", "-r", path], capture_output=True, text=True, check=True, env=ENV).stdout)
        ok(top["calls"] == len(STREAMS) and all(near(top["per_second"][k], want[k]) for k in want), f"{name}: top's rates of the last minute",
           top["per_second"], want)
        ok(near(top["first_token_ms"]["p50"], firsts[2], 0.02) and near(top["first_token_ms"]["p95"], firsts[-1], 0.02), "and first tokens",
           top["first_token_ms"], firsts)
        if "Prometheus metrics: yes" not in subprocess.run([SPY, "--version"], capture_output=True, text=True).stdout:
            skip("the page", "built without it")
            continue
        totals = page(path)
        for what in ("per_second", "first_token_ms"):
            ok(totals[what] == top[what], f"the page's {what} are the same", totals[what], top[what])
        shown = totals["tokens_per_s"]
        ok(len(shown) == SHOWN // BAR and [b["t_ms"] for b in shown] == [(traffic.BEGAN + (last - SHOWN // BAR + 1 + i) * BAR) * 1000 for i in range(len(shown))],
           "bars of 5 minutes up to the last call's end", shown)
        ok(all(near(b["input"] * BAR, taken.get(last - SHOWN // BAR + 1 + i, 0)) and near(b["output"] * BAR, given.get(last - SHOWN // BAR + 1 + i, 0))
               for i, b in enumerate(shown)), "each with what came in it", shown, taken, given)
done()
