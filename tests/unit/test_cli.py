#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Options that a replay shows: prices from files, the summary's sums, what --full repeats; wrong usage."""
import json
import os
import subprocess
import sys
import tempfile

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path[:0] = [os.path.join(SRC, "tests", folder) for folder in ("conformance", "lib")]
from spyfile import READ, WRITE, SpyFile, cut_whole  # noqa: E402
from tap import done, ok  # noqa: E402


def message(start, body):
    return (start + f"\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()


def call(host, model, texts, tokens, ident):
    messages = [{"role": "user" if i % 2 == 0 else "assistant", "content": t} for i, t in enumerate(texts)]
    ask = json.dumps({"model": model, "messages": messages})
    answer = json.dumps({"id": ident, "object": "chat.completion", "model": model,
                         "choices": [{"index": 0, "message": {"role": "assistant", "content": "fine"},
                                      "finish_reason": "stop"}],
                         "usage": {"prompt_tokens": tokens, "completion_tokens": 0, "total_tokens": tokens}})
    return [(WRITE, message(f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}", ask)),
            (READ, message("HTTP/1.1 200 OK", answer))]


def replay(*options, spy):
    r = subprocess.run([os.path.join(BUILD, "llm-spy"), "-r", "-", *options], input=spy, capture_output=True)
    return r.returncode, r.stdout.decode(), r.stderr.decode()


f = SpyFile()
f.connection(1, call("api.openai.com", "gpt-4o", ["hi"], 1000000, "a") +
             call("api.openai.com", "gpt-4o", ["hi", "fine", "and now?"], 1000000, "b"), cut_whole)
f.connection(2, call("gateway.example", "house-model", ["hello"], 500000, "c"), cut_whole)
data = f.bytes()

code, out, err = replay("-f", "jsonl", spy=data)
costs = [(json.loads(line)["request"]["model"], json.loads(line)["cost"]["usd"]) for line in out.splitlines()]
ok(code == 0 and costs == [("gpt-4o", 2.5), ("gpt-4o", 2.5), ("house-model", None)], "builtin prices", costs)
rows = {line.split()[1]: line.split()[2:] for line in err.splitlines() if line.startswith("llm-spy:   ")}
ok(rows.get("gpt-4o") == ["2", "2000000", "0", "5.0000"], "the summary sums up by model", err)
ok(rows.get("house-model") == ["1", "500000", "0", "unknown"], "an unknown price is said to be unknown", err)
ok("by provider" in err and "by process" in err, "by provider and process as well", err)
ok("by user" not in err, "a table with one row is left out", err)

FILES = {
    "our table": "provider\tmodel\tinput\toutput\nopenai\tgpt-4o*\t4\t8\nopenai-compatible\thouse-*\t1\t2\n",
    "LiteLLM": json.dumps({"sample_spec": {}, "gpt-4o": {"litellm_provider": "openai", "mode": "chat",
                                                        "input_cost_per_token": 4e-06, "output_cost_per_token": 8e-06}}),
    "genai-prices": json.dumps([{"id": "openai", "name": "OpenAI", "models": [
        {"id": "gpt-4o", "match": {"starts_with": "gpt-4o"}, "prices": {"input_mtok": 4, "output_mtok": 8}}]}]),
}
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "prices")
    for name, text in FILES.items():
        with open(path, "w") as file:
            file.write(text)
        code, out, err = replay("-f", "jsonl", "--prices", path, spy=data)
        costs = [json.loads(line)["cost"]["usd"] for line in out.splitlines()]
        ok(code == 0 and costs[:2] == [4.0, 4.0], f"--prices reads {name}", (costs, err))
        if name == "our table":
            ok(costs[2] == 0.5, "a model of one's own has a price", costs)
    for name, text in (("a number that is negative", "provider\tmodel\tinput\nopenai\tm\t-1\n"), ("nonsense", "[1,")):
        with open(path, "w") as file:
            file.write(text)
        code, out, err = replay("--prices", path, spy=data)
        ok(code == 1 and not out and path in err, f"--prices refuses {name}", (code, err))
    code, out, err = replay("--prices", os.path.join(folder, "none"), spy=data)
    ok(code == 1 and "No such file" in err, "--prices names a file that is not there", err)

code, short, err = replay(spy=data)
code, full, err = replay("--full", spy=data)
ok(" t2⟩" in short and short.count("user  hi\n") == 1 and short.count("fine") == 3 and "earlier" not in short,
   "a block shows what is new", short)
ok(full.count("user  hi\n") == 2 and full.count("fine") == 4, "--full shows all of it", full)
code, short, err = replay("-v", spy=data)
code, full, err = replay("-v", "--full", spy=data)
ok("turn 2" in short and "1 earlier message not repeated" in short and short.count("] user: hi") == 1,
   "what a turn repeats is not shown again", short)
ok(full.count("] user: hi") == 2 and "not repeated" not in full, "--full shows it", full)
code, out, err = replay("-f", "jsonl", spy=data)
talks = [json.loads(line)["conversation"] for line in out.splitlines()]
ok(talks[0]["id"] == talks[1]["id"] != talks[2]["id"] and [t["turn"] for t in talks] == [1, 2, 1],
   "the record has conversation and turn", talks)

# More exchanges than may be under way, on a WebSocket whose opening is the oldest of them.
def frame(text, masked):
    body = text.encode()
    head = bytes([0x81, (128 if masked else 0) | (126 if len(body) > 125 else len(body))])
    head += len(body).to_bytes(2, "big") if len(body) > 125 else b""
    return head + (b"\1\1\1\1" + bytes(b ^ 1 for b in body) if masked else body)


f = SpyFile()
pieces = [(WRITE, b"GET /v1/responses HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
          (READ, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")]
for i in range(3):
    pieces += [(WRITE, frame('{"type":"response.create","model":"m","input":"hi"}', True)),
               (READ, frame('{"type":"response.output_text.delta","delta":"x"}', False))]
f.connection(1, pieces, cut_whole)
code, out, err = replay("-f", "jsonl", "--limit", "exchanges=1", spy=f.bytes())
kinds = [json.loads(line)["kind"] for line in out.splitlines()]
ok(code == 0 and kinds == ["llm"] * 3 and "limit exchanges (1)" in err, "the limit of exchanges, on a WebSocket",
   (code, kinds, err))

# ---- a file that cannot be used, live as in a replay ----
version = subprocess.run([os.path.join(BUILD, "llm-spy"), "--version"], capture_output=True, text=True).stdout
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "prices")
    with open(path, "w") as file:
        file.write("[1,")
    for name in (path, os.path.join(folder, "none")):
        args = [os.path.join(BUILD, "llm-spy"), "--prices", name]
        again = subprocess.run([*args, "-r", "-"], input=data, capture_output=True)
        ok(again.returncode == 1 and not again.stdout, f"a replay with --prices {os.path.basename(name)}", again)
        if "live tracing: yes" in version:
            live = subprocess.run([*args, "--", "true"], capture_output=True, timeout=60)
            ok((live.returncode, live.stderr) == (1, again.stderr), "and live tracing end alike", live)
        else:
            ok(True, "live tracing # SKIP it is not built")

# ---- wrong usage ----
for args, words in ((["--"], "no command"), (["-a", "--"], "no command"), (["-r", "-", "--comm=x"], "--comm"),
                    (["--strict", "-r", "-"], "--strict"), (["8000"], "--plain="), (["--plain=0"], "PORTS")):
    r = subprocess.run([os.path.join(BUILD, "llm-spy"), *args], input=b"", capture_output=True, timeout=60)
    said = r.stderr.decode()
    ok(r.returncode == 2 and words in said and said.count("\n") == 1, f"wrong usage: {' '.join(args)}", said)

done()
