#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What -o har writes: entries as HAR 1.2 and the developer tools of browsers have them, also of streams, WebSockets and
what is no text; a file that is whole at any time. har-validator of npm judges it too, where npm gives that."""
import base64
import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path[:0] = [os.path.join(SRC, "tests", "lib"), os.path.join(SRC, "tests", "conformance")]
from calls import BEGAN, Recording, ask, message  # noqa: E402
from spyfile import READ, WRITE  # noqa: E402
from tap import done, ok, skip  # noqa: E402

SPY = os.path.join(BUILD, "llm-spy")
URL = "/v1/chat/completions?a=1&b=%20x&flag&k=\"<>"


def frame(text, masked):
    data = text.encode()
    head = bytes([0x81, len(data) | (0x80 if masked else 0)]) if len(data) < 126 else \
        bytes([0x81, 126 | (0x80 if masked else 0)]) + len(data).to_bytes(2, "big")
    return head + (bytes(4) if masked else b"") + data


CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}
ANSWER = json.dumps({"id": "a", "model": "gpt-4o", "choices": [{"index": 0, "finish_reason": "stop", "message": {
    "role": "assistant", "content": "Yes."}}], "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}}).encode()
EVENTS = [b"event: response.created\nid: 7\ndata: {\"type\":\"response.created\",\ndata: \"response\":{\"id\":\"r\"}}\n\n",
          b": a comment\n\ndata: [DONE]\r\n\r\n", b"data: not ended"]
PICTURE = bytes(range(256))


def recording():
    r = Recording()
    packed = gzip.compress(ANSWER)
    r.add((WRITE, ask("api.openai.com", URL, CHAT, "Cookie: a=b; c=d", "Accept: */*")),
          (READ, message("HTTP/1.1 200 OK", packed, "Content-Type: application/json; charset=utf-8", "Content-Encoding: gzip",
                         "Set-Cookie: s=t; Path=/v1; HttpOnly; Secure")))
    r.add((WRITE, ask("api.openai.com", "/v1/responses", {"model": "gpt-4o", "input": "Hello", "stream": True})),
          (READ, b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"), *((READ, e) for e in EVENTS))
    r.add((WRITE, b"GET /chat HTTP/1.1\r\nHost: ws.example:8443\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                  b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"),
          (READ, b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                 b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"),
          (WRITE, frame("{\"say\":\"one\"}", True)), (READ, frame("{\"say\":\"two\"}", False)), (READ, frame("three", False)))
    r.add((WRITE, message("GET /a.png HTTP/1.1", b"", "Host: pictures.example")),
          (READ, message("HTTP/1.1 200 OK", PICTURE, "Content-Type: image/png")))
    r.add((WRITE, message("GET /old HTTP/1.1", b"", "Host: pictures.example")),
          (READ, message("HTTP/1.1 302 Found", b"", "Location: https://pictures.example/new?x=1")))
    r.add((WRITE, ask("api.openai.com", "/v1/chat/completions", CHAT)),
          (READ, message("HTTP/1.1 200 OK", ANSWER, "Content-Type: application/json")[:-20]))
    r.add((WRITE, ask("api.openai.com", "/v1/chat/completions", CHAT)))
    return r


def replay(data, *args):
    return subprocess.run([SPY, "-r", "-", *args], input=data, capture_output=True, timeout=60)


def unpacked(text):
    archive = json.loads(text)
    assert archive["log"]["version"] == "1.2" and archive["log"]["creator"]["name"] == "llm-spy"
    return archive["log"]["entries"]


def fetched():
    """The folder with har-validator, or None."""
    cache = os.environ.get("LLM_SPY_CACHE") or os.path.expanduser("~/.cache/llm-spy")
    folder, lock = os.path.join(cache, "har"), os.path.join(SRC, "tests", "lib", "har", "package-lock.json")
    with open(lock, "rb") as f:
        want = f.read()
    try:
        with open(os.path.join(folder, "package-lock.json"), "rb") as f:
            if f.read() == want:
                return folder
    except OSError:
        pass
    if not shutil.which("npm") or not shutil.which("node"):
        return None
    try:
        os.makedirs(cache, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as new:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(os.path.join(SRC, "tests", "lib", "har", name), new)
            subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0"], cwd=new, check=True,
                           timeout=60, capture_output=True)
            shutil.rmtree(folder, ignore_errors=True)
            os.rename(new, folder)
            os.mkdir(new)  # for who removes it
        os.chmod(folder, 0o755)
        return folder
    except (OSError, subprocess.SubprocessError):
        return None


data = recording().f.bytes()
r = replay(data, "-f", "har", "--all")
entries = unpacked(r.stdout)
ok(r.returncode == 0 and len(entries) == 7, "an entry for each exchange", len(entries), r.stderr)
lines = r.stdout.splitlines()
ok(len(lines) == 9 and all(json.loads(line.lstrip(b",")) for line in lines[1:-1]), "each on a line of its own", lines[:1])
call, stream, socket, picture, moved, cut, lost = entries

# ---- a call ----
q, a = call["request"], call["response"]
ok(q["method"] == "POST" and q["url"] == "https://api.openai.com/v1/chat/completions?a=1&b=%20x&flag&k=%22%3C%3E", "method and URL", q)
ok(q["queryString"] == [{"name": "a", "value": "1"}, {"name": "b", "value": "%20x"}, {"name": "flag", "value": ""},
                        {"name": "k", "value": "\"<>"}], "parameters", q["queryString"])
ok([c["name"] for c in q["cookies"]] == ["a", "c"] and all("b" != c["value"] for c in q["cookies"]), "cookies, masked", q["cookies"])
ok(json.loads(q["postData"]["text"]) == CHAT and q["postData"]["mimeType"] == "application/json" and
   q["bodySize"] == len(json.dumps(CHAT)), "what was sent", q)
ok({h["name"]: h["value"] for h in q["headers"]}["Accept"] == "*/*", "header fields", q["headers"])
ok(a["status"] == 200 and a["httpVersion"] == "http/1.1" and a["content"]["mimeType"] == "application/json; charset=utf-8" and
   a["content"]["text"].encode() == ANSWER and a["content"]["size"] == len(ANSWER) and
   a["content"]["compression"] == len(ANSWER) - a["bodySize"] and a["_transferSize"] == a["bodySize"] == len(gzip.compress(ANSWER)),
   "what came back, and its sizes", a)
ok(a["cookies"] == [] and {h["name"]: h["value"] for h in a["headers"]}["Set-Cookie"] == "***", "a cookie that is set is masked", a)
ok(call["startedDateTime"] == "2026-11-29T09:00:01.001Z" and call["timings"]["send"] == 0 and
   999 < call["timings"]["wait"] < 1001 and call["timings"]["receive"] == 0 and abs(call["time"] - 1000) < 1,
   "times", call["startedDateTime"], call["timings"], call["time"])
ok(call["serverIPAddress"] == "127.0.0.1" and call["connection"] == "443" and call["_resourceType"] == "fetch", "the server", call)
ok(call["_process"]["pid"] == 1 and call["_process"]["script"] == "agent.py" and "agent.py" in call["comment"], "the process", call)
ok(call["_llm"]["model"] == "gpt-4o" and call["_llm"]["input_tokens"] == 12 and call["_llm"]["output_tokens"] == 3 and
   0 < call["_llm"]["cost_usd"] < 1 and call["_kind"] == "llm" and call["_complete"], "tokens and cost", call["_llm"])

# ---- a stream, a WebSocket ----
ok(stream["_resourceType"] == "eventsource" and stream["response"]["content"]["text"].encode() == b"".join(EVENTS), "a stream", stream)
events = stream["_eventSourceMessages"]
ok([(e["eventName"], e["eventId"], e["data"]) for e in events] == [
    ("response.created", "7", "{\"type\":\"response.created\",\n\"response\":{\"id\":\"r\"}}"), ("message", "7", "[DONE]")],
   "its events; one that did not end is none", events)
began = BEGAN + 5
ok([round(e["time"] - events[0]["time"], 3) for e in events] == [0, 1] and events[0]["time"] > began, "and when they came", events)
ok(socket["_resourceType"] == "websocket" and socket["request"]["url"] == "wss://ws.example:8443/chat" and
   socket["response"]["status"] == 101 and "text" not in socket["response"]["content"] and "postData" not in socket["request"],
   "a WebSocket", socket)
messages = socket["_webSocketMessages"]
ok([(m["type"], m["opcode"], m["data"]) for m in messages] == [
    ("send", 1, "{\"say\":\"one\"}"), ("receive", 1, "{\"say\":\"two\"}"), ("receive", 1, "three")], "its messages", messages)
ok([round(m["time"] - messages[0]["time"], 3) for m in messages] == [0, 1, 2], "and when they came", messages)

# ---- others ----
content = picture["response"]["content"]
ok(content["encoding"] == "base64" and base64.b64decode(content["text"]) == PICTURE, "bytes that are no text", content)
ok(moved["response"]["redirectURL"] == "https://pictures.example/new?x=1", "a redirection", moved)
ok("ended early" in cut["response"]["_error"] and not cut["_complete"], "an answer that ended early says so", cut)
ok(lost["response"]["status"] == 0 and "no response" in lost["response"]["_error"] and lost["timings"]["wait"] == -1,
   "one that was not seen too", lost)
r = replay(data, "-o", "har:-,redact=content,show=all")
hidden = unpacked(r.stdout)
ok(len(hidden) == 7 and "Hello" not in r.stdout.decode() and "Yes." not in r.stdout.decode() and "[DONE]" not in r.stdout.decode() and
   hidden[0]["_llm"]["input_tokens"] == 12, "redact=content hides texts and keeps numbers", r.stdout[:3000])
ok(len(unpacked(replay(data, "-f", "har").stdout)) < 7, "other exchanges come as the mode says")
ok(unpacked(replay(data, "-f", "har", "--model", "none").stdout) == [], "an archive may be empty")

# ---- whole at any time ----
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "a.har")
    spy = subprocess.Popen([SPY, "-r", "-", "-o", f"har:{path}", "--all"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    grown = recording()
    seen = []
    for part in (data, None):
        # The last record of a recording, its end, is left out.
        if part:
            spy.stdin.write(b"".join(grown.f.out))
            spy.stdin.flush()
        until = time.monotonic() + 30
        while time.monotonic() < until and not (os.path.exists(path) and b"\n,{" in open(path, "rb").read()):
            time.sleep(0.01)
    spy.send_signal(signal.SIGKILL)
    spy.wait()
    with open(path, "rb") as f:
        text = f.read()
    ok(len(unpacked(text)) > 1 and text.endswith(b"]}}\n"), "a file is whole when it is killed", text[-300:])
    r = replay(data, "-o", f"har:{path}", "--all", "--force", "-o", f"har:{folder}/empty.har,model=none")
    ok(r.returncode == 0 and len(unpacked(open(path).read())) == 7 and unpacked(open(f"{folder}/empty.har").read()) == [],
       "and when it has ended", r.stderr)
    judge = fetched()
    if judge:
        r = subprocess.run(["node", os.path.join(SRC, "tests", "lib", "har", "validate.js"), judge, path, f"{folder}/empty.har"],
                           capture_output=True, text=True)
        ok(r.returncode == 0, "har-validator has nothing to say", r.stdout, r.stderr)
        broken = json.load(open(path))
        del broken["log"]["entries"][0]["request"]["headers"]
        with open(path, "w") as f:
            json.dump(broken, f)
        r = subprocess.run(["node", os.path.join(SRC, "tests", "lib", "har", "validate.js"), judge, path], capture_output=True, text=True)
        ok(r.returncode == 1 and "headers" in r.stdout, "and would say what is wrong", r.stdout, r.stderr)
    else:
        skip("har-validator's opinion", "npm does not give it")
done()
