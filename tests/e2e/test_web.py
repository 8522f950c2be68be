#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The pages of `llm-spy serve` in a real browser: each view, the keyboard alone, 10,000 calls scrolled, what strangers
write, a message of 64 MB and 100,000 messages. Scenarios are browser/*.mjs."""
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path.insert(0, os.path.join(SRC, "tests", "lib"))
import traffic  # noqa: E402
from chromium import WAIT, Browser, free_port  # noqa: E402
from tap import done, ok  # noqa: E402

SPY = os.path.abspath(os.path.join(BUILD, "llm-spy"))
browser = Browser(SPY)
ENV = browser.env
folder = tempfile.mkdtemp(prefix="llm-spy-web-")


# ---- the server ----

class Serve:
    def __init__(self, *source):
        self.proc = subprocess.Popen([SPY, "serve", f"--port={free_port()}", *source], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=ENV)
        self.url, said = None, ""
        while self.url is None and select.select([self.proc.stdout], [], [], 120)[0]:
            line = self.proc.stdout.readline()
            if not line:
                break
            said += line
            self.url = next(iter(re.findall(r"http://\S+", line)), None)
        ok(self.url, "the server says where it is", said)

    def stop(self):
        self.proc.send_signal(signal.SIGINT)
        ok(self.proc.wait(60) == 0, "it ends when asked to")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.proc.poll() is None:
            self.stop()


def keep(name, data):
    path = os.path.join(folder, name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def records(path):
    r = subprocess.run([SPY, "-r", path, "-l", "--summary=none", "-f", "jsonl"], capture_output=True, text=True, env=ENV, timeout=WAIT)
    return [json.loads(line) for line in r.stdout.splitlines()]


def told_by_top(path):
    """Sums as the table of `top` writes them, which the page has to write alike."""
    text = subprocess.run([SPY, "top", "-r", path, "--once"], capture_output=True, text=True, env=ENV).stdout
    return dict(zip(("in", "cached", "out", "usd"), re.search(r"tokens in (\S+), cached (\S+), out (\S+)  cost (\S+),", text).groups()))


# ---- agents at work ----

path = keep("morning.spy", traffic.morning())
known = records(path)
broke = next(r["conversation"]["id"] for r in known if r.get("conversation") and r["conversation"]["broke_by"])
turns = [r for r in known if r.get("conversation") and r["conversation"]["id"] == broke]
spent = [json.loads(line) for line in subprocess.run([SPY, "spend", "-r", path, "--json"], capture_output=True, text=True, env=ENV).stdout.splitlines()]
EXPECT = {"rows": len(known), "calls": sum(s["calls"] for s in spent), "failed": sum(s["failed"] for s in spent), **told_by_top(path),
          "conversation": broke, "call": str(turns[2]["id"]), "before": str(turns[1]["id"]), "events": turns[2]["response"]["events"]}
ok(len(turns) == 5 and EXPECT["failed"] == 3, "the recording holds what is looked for", EXPECT)
with Serve("-r", path) as server:
    charts = "chart.js" in subprocess.run(["strings", "-n", "8", SPY], capture_output=True, text=True).stdout
    browser.play("views", server.url, **EXPECT, charts=charts)
    browser.play("keys", server.url, **EXPECT)

# ---- many ----

CALLS = 10000
many = traffic.Traffic()
for n in range(CALLS):
    traffic.chat(many, n * 300, f"Question {n}?", f"Answer {n}.", user=("alice", "bob", "carol")[n % 3], after=200)
with Serve("-r", keep("many.spy", many.bytes())) as server:
    browser.play("scroll", server.url, calls=CALLS)

# ---- strangers ----

RUN = "window.__ran=1"
MARKS = [f"<img src=x onerror={RUN}>", f"<script>{RUN}</script>", f"\"><svg onload={RUN}>", f"javascript:{RUN}"]


def evil(where):
    return f"{where} " + " ".join(MARKS)


def hostile():
    """Script in all that a stranger writes: prompts, answers, names of tools, header fields, models, types of events, addresses, errors."""
    t = traffic.Traffic()
    tag = f"<img/src=x/onerror={RUN}>"
    fields = (f"X-Api-Stuff: {evil('header')}", f"X-Claude-Code-Session-Id: {tag}", f"X-Claude-Code-Agent-Type: {tag}")
    tool = {"name": tag, "description": evil("description"), "input_schema": {"type": "object", "properties": {evil("property"): {"type": "string"}}}}
    messages = [{"role": "user", "name": evil("name"), "content": evil("prompt")}]
    for n in range(2):
        blocks = [traffic.text(f"# {evil('answer')}\n- {evil('item')}\n```{tag}\n{evil('listing')}\n```\n[link](javascript:{RUN})"),
                  traffic.use(tag, tag, file_path=evil("path"), old_string=evil("old"), new_string=evil("new"))]
        body = {"model": evil("model"), "stream": True, "system": evil("system"), "tools": [tool], "messages": messages, evil("member"): evil("value")}
        list_ = [(tag, {"type": tag, "said": evil("event")})] + list(traffic.message(evil("answered"), blocks, {"input_tokens": 9, "output_tokens": 3}, evil("stop")))
        t.call(n * 5000, traffic.asks("api.anthropic.com", f"/v1/messages?x={tag}", body, *fields), traffic.events(list_, f"X-Request-Id: {tag}"),
               program=tag.replace("/", "_"), user=tag)
        messages = messages + [{"role": "assistant", "content": blocks}, {"role": "user", "content": [traffic.result(tag, evil("result"), is_error=True),
                    {"type": tag, "data": evil("part")}, {"type": "image", "source": {"type": "url", "url": f"javascript:{RUN}", "media_type": tag}}]}]
    error = {"error": {"message": evil("error"), "type": tag, "code": tag}}
    body = {"model": tag, "messages": [{"role": tag, "content": evil("role")}]}
    t.call(20000, traffic.asks("api.openai.com", f"/v1/chat/completions?x={tag}", body), traffic.whole(error, status=f"400 {tag}"), program="x<b>", user="<i>")
    return t.bytes()


path = keep("hostile.spy", hostile())
known = records(path)
with Serve("-r", path) as server:
    browser.play("hostile", server.url, ids=[str(r["id"]) for r in known], marks=MARKS,
         conversations=sorted({r["conversation"]["id"] for r in known if r.get("conversation")}))

# ---- much ----

t = traffic.Traffic()
line = "All work and no play makes a long message, and this is one of its lines. "
traffic.chat(t, 0, (line * 60 + "\n") * (64 * 2**20 // (60 * len(line) + 1)), "Long.")
body = {"model": "gpt-4o", "messages": [{"role": ("user", "assistant")[n % 2], "content": f"Message {n}."} for n in range(100001)]}
t.call(60000, traffic.asks("api.openai.com", "/v1/chat/completions", body), traffic.whole(traffic.completion("gpt-4o", "Many.")), program="many.py", user="bob")
path = keep("huge.spy", t.bytes())
known = {r["process"]["script"]: r for r in records(path)}
with Serve("-r", path) as server:
    browser.play("huge", server.url, big=str(known["report.py"]["id"]), many=str(known["many.py"]["id"]), conversation=known["many.py"]["conversation"]["id"])

shutil.rmtree(folder)
done()
