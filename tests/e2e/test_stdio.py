#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""MCP and ACP over pipes and Unix sockets between a command and its children: each message that an end made is in one
record, byte for byte, and both ends are named."""
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections import Counter

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from spy import Mock, PYTHON, SPY, SRC, Spy, TMP, WAIT, done, need_root, notes, ok, record_schema, started, until  # noqa: E402

need_root()
PEER = os.path.abspath(os.path.join(SRC, "tests/e2e/stdio_peer.py"))


def trace(*command, options=(), name="out", meanwhile=lambda tracer: None):
    """Records of a command, what the tracer said, and its exit status."""
    out = os.path.join(TMP, name + ".jsonl")
    p = subprocess.Popen([SPY, "--all", *options, "-o", f"jsonl:{out},bodies=yes", "--force", "--", *command],
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    started.append(p)
    meanwhile(p)
    said = p.communicate(timeout=4 * WAIT)[1]
    with open(out, "rb") as f:
        records = [json.loads(line) for line in f]
    return record_schema.check(records), said, p.returncode


def has_ended(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def stop_until_ended(tracer, log):
    """As a host would that has no time for it: from the driver's first message until all that it ran is gone."""
    until(lambda: os.path.exists(log) and notes(log), every=0.001)
    tracer.send_signal(signal.SIGSTOP)
    until(lambda: has_ended(notes(log)[0][1]))
    tracer.send_signal(signal.SIGCONT)


def lines_of(records):
    """Digests of all messages."""
    return Counter(m for r in records for b in (r["request"]["body"], r["response"]["body"]) if b["captured"]
                   for m in digests_of(b))


def digests_of(body):
    return [hashlib.sha256(line.encode()).hexdigest() for line in body["text"].split("\n")]


def scene_of(records, noted):
    """By scene, what belongs to it."""
    where = {n[2]: n[0] for n in noted}
    scenes = {}
    for r in records:
        scenes.setdefault(where.get(digests_of(r["request"]["body"])[0], "?"), []).append(r)
    return scenes


# ---- all ways, in one run ----
def check_all(records, noted, when):
    """Of the driver: all that was written, by whom and to whom."""
    def check(good, name, *details):
        ok(good, when + name, *details)

    rpc = [r for r in records if r["kind"] in ("mcp", "acp")]
    want, got = Counter(n[2] for n in noted), lines_of(rpc)
    missing, extra = want - got, got - want
    check(not missing, f"{sum(want.values())} messages, each seen byte for byte",
          [n for n in noted if n[2] in missing][:5], sum(missing.values()))
    check(not extra, "and nothing else", sum(extra.values()))
    scenes = scene_of(rpc, noted)
    incomplete = [r for r in rpc if not r["complete"]]
    check(not incomplete, "all are complete", json.dumps(incomplete[:1]))
    check(all(r["connection"]["protocol"] == "stdio" and not r["connection"]["tls"] for r in rpc), "as of pipes")

    pid_of = {n[2]: n[1] for n in noted}
    wrong = []
    for r in rpc:
        asked = pid_of.get(digests_of(r["request"]["body"])[0])
        answered = pid_of.get(digests_of(r["response"]["body"])[-1]) if r["response"]["body"]["captured"] else None
        other = r["other_end"] and r["other_end"]["pid"]
        if r["process"]["pid"] != asked or (answered and other != answered):
            wrong.append((asked, answered, r["process"]["pid"], other, r["rpc"]["method"], r["request"]["body"]["text"][:100]))
    check(not wrong, "both ends are named", wrong[:5])

    for scene in ("pipes", "sockets", "shell", "banner", "moved", "fields", "writev", "sendmsg", "pieces"):
        calls = [r for r in scenes.get(scene, []) if r["rpc"]["method"] == "tools/call"]
        check([r["response"]["choices"][0]["parts"][0]["text"] for r in calls] == [f"{scene} {i}" for i in range(3)],
              f"{scene}: calls and their results")
        check(len({r["connection"]["id"] for r in scenes.get(scene, [])}) == 1, f"{scene}: one connection")
    check(sum(r["rpc"]["method"] == "tools/call" for r in scenes["threads"]) == 200, "threads that write at once")
    check(all(json.loads(r["request"]["body"]["text"])["params"]["arguments"]["text"] ==
              r["response"]["choices"][0]["parts"][0]["text"] for r in scenes["threads"] if r["rpc"]["name"]),
          "each with its own result")
    check(any(r["response"]["body"]["captured"] > 1_500_000 for r in scenes["large"]), "a message of 1.5 MB")
    asks = {r["rpc"]["method"]: r for r in scenes["asks"]}
    check(asks.get("sampling/createMessage", {}).get("process", {}).get("pid") == asks["tools/call"]["other_end"]["pid"],
          "the server's own request is the server's")
    slow = [r for r in scenes["asks"] if r["rpc"]["name"] == "slow"]
    check(slow and slow[0]["response"]["body"]["text"].count("notifications/progress") == 3, "progress is part of the answer")
    check([r["response"]["choices"][0]["parts"][0]["text"] for r in scenes["restarted"] if r["rpc"]["name"]] ==
          ["first", "second"], "a server that was started again on the same pipes")
    check(len({r["other_end"]["pid"] for r in scenes["restarted"] if r["rpc"]["name"]}) == 2, "is another process")

    # ---- ACP ----
    acp = scenes["acp"]
    check(all(r["kind"] == "acp" for r in acp if r["rpc"]["method"] != "notifications/initialized"), "ACP is told from MCP",
          [(r["kind"], r["rpc"]["method"]) for r in acp])
    prompt = next((r for r in acp if r["rpc"]["method"] == "session/prompt"), None)
    check(prompt and prompt["request"]["messages"][0]["parts"][0]["text"] == "What does it say?", "the prompt's text")
    choice = prompt["response"]["choices"][0]
    check([(p["kind"], p["text"]) for p in choice["parts"] if p["kind"] in ("text", "reasoning")] ==
          [("reasoning", "thinking"), ("text", "It says file.")], "the answer's text", choice)
    check([p["name"] for p in choice["parts"] if p["kind"] == "tool_call"] == ["read it"], "its tool calls")
    check(choice["finish"] == "stop", "why it ended", choice)
    read = next((r for r in acp if r["rpc"]["method"] == "fs/read_text_file"), None)
    check(read and read["rpc"]["name"] == "/x" and read["process"]["pid"] == prompt["other_end"]["pid"], "what the agent asks for")
    return got


log = os.path.join(TMP, "log")
recording = os.path.join(TMP, "recording")
records, said, status = trace(PYTHON, PEER, "driver", log, options=("-w", recording))
ok(status == 0, "the command ran as always", said)
got = check_all(records, notes(log), "")

# ---- all ways, before the tracer looks at any of it: all processes have ended by then ----
log = os.path.join(TMP, "late")
# Nothing is held: what the driver opens would wait for this tracer.
late, said, status = trace(PYTHON, PEER, "driver", log, name="late", options=("--hold=0",),
                           meanwhile=lambda tracer: stop_until_ended(tracer, log))
ok(status == 0, "late: the command ran as always", said)
check_all(late, notes(log), "late: ")

# ---- a recording of it ----
p = subprocess.run([SPY, "-r", recording, "--all", "-f", "jsonl", "--bodies"], capture_output=True, text=True, timeout=WAIT)
again = [json.loads(line) for line in p.stdout.splitlines()]
ok(lines_of(again) == got, "a replay shows the same")
ok(sorted((r["process"]["pid"], (r["other_end"] or {}).get("pid") or 0) for r in again) ==
   sorted((r["process"]["pid"], (r["other_end"] or {}).get("pid") or 0) for r in records), "of the same processes")

# ---- off ----
records, said, status = trace(PYTHON, PEER, "driver", os.path.join(TMP, "off"), options=("--no-stdio",), name="off")
ok(status == 0 and not records, "--no-stdio", records[:1])

# ---- system-wide: programs that call models ----
mock, spy, log = Mock(), Spy(), os.path.join(TMP, "agent")
agent = subprocess.Popen([PYTHON, PEER, "agent", log, mock.url, mock.ca], stdin=subprocess.PIPE)
other = subprocess.run([PYTHON, PEER, "driver", os.path.join(TMP, "unseen")])
spy.wait_for(1)
agent.communicate(b"go on\n", timeout=WAIT)
noted = notes(log)
where = {n[2]: n[0] for n in noted}
after = [n for n in noted if n[0] == "after"]
until(lambda: len([r for r in spy.records() if r["kind"] == "mcp"]) >= 7)
records = spy.stop()
rpc = [r for r in records if r["kind"] == "mcp"]
got = Counter(d["wire_sha256"] for r in rpc for d in (r["request"]["body"], r["response"]["body"]) if d["captured"])
ok(all(got[n[2]] for n in after), f"system-wide: {len(after)} messages of a program that calls models",
   [n for n in after if not got[n[2]]])
ok(not [d for d in got if d not in where], "and of no other program")
late = [r for r in rpc if where.get(r["request"]["body"]["wire_sha256"]) == "before"]
ok(len(late) == 1 and late[0]["complete"] and late[0]["connection"]["from_middle"],
   "a server that it had started before, from the middle", [r["rpc"] for r in late])
ok(all(not r["connection"]["from_middle"] for r in rpc if r not in late), "the others from the beginning")
mock.stop()

# ---- HTTP over Unix sockets ----
path = os.path.join(TMP, "socket")
server = subprocess.Popen([PYTHON, PEER, "unix_server", path], stdout=subprocess.PIPE, text=True)
server.stdout.readline()
for option in ("--plain=unix", "--plain=all", "--plain"):
    digests_file = os.path.join(TMP, "digests")
    records, said, status = trace("/bin/sh", "-c", f"exec {PYTHON} {PEER} unix_client {path} > {digests_file}",
                                  options=(option, "--no-stdio"), name="unix")
    with open(digests_file) as f:
        want = f.read().split()
    ok(sorted(r["response"]["body"]["sha256"] for r in records) == sorted(want) and len(want) == 4,
       f"{option}: each call over a Unix socket, byte for byte", [r["http"] for r in records])
    ok(all(r["complete"] and r["kind"] == "llm" and r["other_end"] and r["other_end"]["pid"] == server.pid for r in records),
       f"{option}: complete, with the process that answered", [(r["complete"], r["other_end"]) for r in records])
    ok(len({r["connection"]["id"] for r in records}) == 2, f"{option}: on two connections")
records, said, status = trace(PYTHON, PEER, "unix_client", path, options=("--plain=8000", "--no-stdio"), name="ports")
ok(not records, "--plain=8000 is not of Unix sockets", records[:1])
server.kill()

done()
