#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Options that a replay shows: prices from files, the summary's sums, what --full repeats; wrong usage."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path[:0] = [os.path.join(SRC, "tests", folder) for folder in ("conformance", "lib")]
import sums  # noqa: E402
from spyfile import DATA, READ, WRITE, SpyFile, cut_whole  # noqa: E402
from tap import done, ok, skip  # noqa: E402


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
ok((sums.row_of_text(err, "gpt-4o") or [])[:6] == ["2", "0", "2.0M", "-", "0", "5.00"], "the summary sums up by model", err)
ok((sums.row_of_text(err, "house-model") or [])[:6] == ["1", "0", "500.0k", "-", "0", "unknown"],
   "an unknown price is said to be unknown", err)
ok(" WHO " in err and "cost of 1 call unknown (house-model)" in err, "and by who", err)
code, out, err = replay("-f", "jsonl", "--summary=none", spy=data)
ok(code == 0 and out and not err, "--summary=none: nothing but records", err)
code, out, err = replay("-f", "jsonl", spy=b"root:x:0:0:root:/root:/bin/bash\n")
ok(code == 1 and not out and err.count("\n") == 1, "of what is no recording there is the error only", err)

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

# A recording that ends in the middle of an answer: what was under way ends with it.
f = SpyFile()
asked, answered = call("api.openai.com", "gpt-4o", ["hi"], 1, "a")
f.chunk(DATA, 1, WRITE, 0, data=asked[1])
f.chunk(DATA, 1, READ, 0, data=answered[1][:-100])
code, out, err = replay("-f", "jsonl", spy=f.bytes())
times = json.loads(out.splitlines()[0])["times"]
ok(0 <= (times["response_last_ns"] or 0) < 10 ** 9, "a recording that ends in the middle of an answer", times)

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
ok(code == 0 and kinds == ["llm"] * 3 and "limit exchanges=1 reached 3 times" in err, "the limit of exchanges, on a WebSocket",
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

# ---- a reader that leaves, and a disk that is full ----
def many_calls(count):
    f = SpyFile()
    f.connection(1, [p for i in range(count) for p in call("api.openai.com", "gpt-4o", [f"question {i}"], 100, f"a{i}")], cut_whole)
    return f.bytes()


has_sqlite = "SQLite output: yes" in version
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "many.spy")
    with open(path, "wb") as file:
        file.write(many_calls(2000))
    for form in ("text", "jsonl", "csv"):
        args = [os.path.join(BUILD, "llm-spy"), "-r", path, "-f", form]
        with subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as p:
            p.stdout.readline()
            p.stdout.close()
            said = p.stderr.read()
        ok((p.returncode, said) == (-signal.SIGPIPE, b""), f"{form}: a reader that leaves ends it quietly, by SIGPIPE", p.returncode, said)
        with open("/dev/full", "w") as full:
            r = subprocess.run(args, stdout=full, stderr=subprocess.PIPE, text=True)
        ok(r.returncode == 1 and "output: standard output: No space left on device" in r.stderr, f"{form}: /dev/full", r)
        ok("Input/output" not in r.stderr, "and no other reason", r.stderr)
    for args in (["--help"], ["--help-all"], ["--version"], ["--completions=bash"]):
        with open("/dev/full", "w") as full:
            r = subprocess.run([os.path.join(BUILD, "llm-spy"), *args], stdout=full, stderr=subprocess.PIPE, text=True)
        ok((r.returncode, r.stderr) == (1, "llm-spy: standard output: No space left on device\n"), f"{args[0]}: /dev/full", r)
    small = os.path.join(folder, "small")
    os.mkdir(small, mode=0o700)
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", small], capture_output=True)
    if os.geteuid() == 0 and mount.returncode == 0:
        try:
            for form in ("text", "jsonl", "csv") + ("sqlite",) * has_sqlite:
                file = os.path.join(small, "out." + form)
                r = subprocess.run([os.path.join(BUILD, "llm-spy"), "-r", path, "-o", f"{form}:{file}"], capture_output=True, text=True)
                ok(r.returncode == 1 and f"{file}: No space left on device" in r.stderr,
                   f"{form}: a disk that is full is named with the file", r.returncode, r.stderr)
                for name in os.listdir(small):
                    os.unlink(os.path.join(small, name))
        finally:
            subprocess.run(["umount", small], check=True)
    else:
        skip("a disk that is full", "no tmpfs can be mounted here")

# ---- wrong usage: one line, which says what to type instead ----
WRONG = [
    (["--"], "no command after --"),
    (["-a", "--"], "no command after --"),
    (["python3", "agent.py"], "unexpected argument 'python3'. To run and trace a command: llm-spy -- python3 agent.py"),
    (["-a", "x" * 300], "To run and trace a command: llm-spy -- " + "x" * 99),
    (["8000"], "unexpected argument '8000'. A process: llm-spy -p 8000; a port without TLS: llm-spy --plain=8000"),
    (["target"], "unknown subcommand 'target'. Did you mean 'targets'?"),
    (["-a", "targets"], "the subcommand comes first: llm-spy targets"),
    (["targets", "x"], "llm-spy targets does not take 'x'"),
    (["targets", "--raw"], "llm-spy targets does not take --raw"),
    (["targets", "-f", "csv"], "--format csv: llm-spy targets prints text, verbose or jsonl"),
    (["--redact=content", "-w", "/dev/null"], "--redact cannot be combined with --record"),
    (["--redact=content", "--web"], "--redact cannot be combined with --web"),
    (["--pids", "1"], "unknown option --pids. Did you mean --pid?"),
    (["--lmit=x"], "unknown option --lmit. Did you mean --limit?"),
    (["--zzz"], "unknown option --zzz; llm-spy --help-all lists them"),
    (["-Z"], "unknown option -Z; llm-spy --help-all lists them"),
    (["--re"], "--re could be one of --redact, --record, --replay"),
    (["--raw=1"], "--raw takes no argument"),
    (["-o"], "--output needs an argument: FILE"),
    (["-r", "-", "-o", "josnl:x"], "-o josnl:x: josnl is no format. Did you mean jsonl? A file of that name is ./josnl:x"),
    (["-r", "-", "-o", "verbsoe,full=yes"], "verbsoe is no format. Did you mean verbose?"),
    (["--output"], "--output needs an argument: FILE"),
    (["-f", "json"], "--format json: choose text, "),
    (["--color=blue"], "--color blue: choose auto, always or never"),
    (["--plain=abc"], "--plain=abc: ports are numbers or ranges, e.g. 8000,9000-9010, or 'all'"),
    (["--plain=0"], "--plain=0: ports are numbers or ranges"),
    (["--call-limit=3x"], "--call-limit 3x: a size is a number from 1 with or without K, M or G, e.g. 64M"),
    (["--limit", "x=1"], "--limit x=1: expected the name of a limit and a number"),
    (["-u", "no-such-user", "-r", "-"], "no user 'no-such-user' on this host (use a number for a recording made elsewhere)"),
    (["-r", "-", "--comm=x"], "--comm cannot be combined with --replay"),
    (["--strict", "-r", "-"], "--strict cannot be combined with --replay"),
    (["--web", "-r", "x.spy"], "--web shows a live run; for what was kept: llm-spy serve -r x.spy"),
    # what would have no effect
    (["-f", "jsonl", "--full"], "--full has no effect here: it is for output as text"),
    (["--bodies", "-r", "-"], "--bodies has no effect here: it is for output as jsonl"),
    (["-o", "jsonl:x", "--full"], "--full has no effect here"),
    (["-f", "jsonl", "-o", "text:x"], "--format has no effect here: each --output names its own"),
]
for args, words in WRONG:
    r = subprocess.run([os.path.join(BUILD, "llm-spy"), *args], input=b"", capture_output=True, timeout=60)
    said = r.stderr.decode()
    ok((r.returncode, r.stdout) == (2, b"") and words in said and said.count("\n") == 1,
       f"wrong usage: {' '.join(args)[:60]}", r.returncode, said)

# ---- and what is not wrong ----
for args in (["-f", "jsonl", "-o", "x", "-o", "text:y", "--full", "--help"], ["--bodies", "-o", "jsonl:x", "--help"],
             ["help"], ["-h"], ["targets", "--help"], ["doctor", "--help-all"], ["show", "--help-all"]):
    r = subprocess.run([os.path.join(BUILD, "llm-spy"), *args], capture_output=True, text=True, timeout=60)
    ok(r.returncode == 0 and r.stdout.count("\n") > 15 and not r.stderr, f"help: {' '.join(args)}", r.stderr)
for args, has, lacks in ((["search", "--help"], ["Usage: llm-spy search [OPTION]... TEXT", "which exchanges have this text", "--rows N"], ["--hold", "--by"]),
                         (["top", "-h"], ["[-- COMMAND", "--once", "--hold"], ["--curl"]), (["ca", "--help"], ["WHAT"], ["--json"])):
    r = subprocess.run([os.path.join(BUILD, "llm-spy"), *args], capture_output=True, text=True, timeout=60)
    ok(r.returncode == 0 and all(w in r.stdout for w in has) and not any(w in r.stdout for w in lacks), f"help of a subcommand: {' '.join(args)}",
       r.stdout, r.stderr)
r = subprocess.run([os.path.join(BUILD, "llm-spy"), "--help"], capture_output=True, text=True)
lines = r.stdout.splitlines()
ok(len(lines) <= 23 and max(map(len, lines)) < 80, "--help fits on a screen of 24 lines", len(lines))
ok(lines[2].startswith("  sudo llm-spy"), "and begins with examples", r.stdout)

# ---- without root ----
if os.geteuid() == 0 and "live tracing: yes" in version:
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        spy = shutil.copy(os.path.join(BUILD, "llm-spy"), folder)
        for args, line in ((["--", "true"], "sudo llm-spy -- true"), (["--demo"], "sudo llm-spy --demo"),
                           (["-P", "a b"], "sudo llm-spy ...")):
            r = subprocess.run([spy, *args], capture_output=True, text=True, user=65534, group=65534, extra_groups=[])
            ok((r.returncode, r.stderr) == (3, f"llm-spy: needs root: {line} (details: llm-spy doctor)\n"),
               f"{' '.join(args)} without root", r)
else:
    skip("the message to who is not root", "needs root, to be somebody else")

done()
