#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""make bench-replay: processor time of a replay of streams of events, beside the time that jansson alone takes to
read the JSON of the same events, in one run. The best of several turns."""
import json
import os
import subprocess
import sys
import tempfile

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path.insert(0, os.path.join(SRC, "tests", "conformance"))
from spyfile import READ, WRITE, SpyFile  # noqa: E402

SPY, JANSSON = os.path.join(BUILD, "llm-spy"), os.path.join(BUILD, "bench-json")
TURNS = int(os.environ.get("TURNS", "5"))
CALLS, EVENTS = 50, 2000


def chat(i):
    return {"id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT", "object": "chat.completion.chunk", "created": 1741569952,
            "model": "gpt-4.1-2025-04-14", "service_tier": "default", "system_fingerprint": "fp_44709d6fcb",
            "choices": [{"index": 0, "delta": {"content": f" world{i}"}, "logprobs": None, "finish_reason": None}], "usage": None}


def messages(i):
    if i == 0:
        return {"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "content": [],
                                                     "model": "claude-sonnet-4", "usage": {"input_tokens": 10, "output_tokens": 1}}}
    if i == 1:
        return {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    return {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": f" Hello there {i}"}}


def http(start, media, body):
    return f"{start}\r\nHost: h\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def cut(data):
    """As TLS records come of a stream."""
    return [data[i:i + 1400] for i in range(0, len(data), 1400)]


def replay(path):
    """Seconds of processor time."""
    p = subprocess.Popen([SPY, "-r", path, "-f", "jsonl", "-o", "/dev/null"], stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(p.pid, 0)
    if status:
        sys.exit("bench: the replay failed")
    return used.ru_utime + used.ru_stime


def compare(folder, what, target, make):
    ask = http(f"POST {target} HTTP/1.1", "application/json",
               b'{"model":"m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]}')
    events = [json.dumps(make(i), separators=(",", ":")).encode() for i in range(EVENTS)]
    back = http("HTTP/1.1 200 OK", "text/event-stream", b"".join(b"data: " + e + b"\n\n" for e in events))
    spy, path, lines = SpyFile(), os.path.join(folder, "calls.spy"), os.path.join(folder, "events")
    for i in range(1, CALLS + 1):
        spy.connection(i, [(WRITE, ask), (READ, back)], cut)
    with open(path, "wb") as f:
        f.write(spy.bytes())
    with open(lines, "wb") as f:
        f.write(b"".join(e + b"\n" for e in events) * CALLS)
    ours = min(replay(path) for _ in range(TURNS))
    theirs = float(subprocess.run([JANSSON, lines], check=True, capture_output=True, text=True).stdout)
    print(f"{what:24} {len(back) * CALLS / ours / 1e6:8.0f} MB/s {EVENTS * CALLS / ours:10.0f} events/s   {theirs / ours:6.1f} times")


print(f"{'replay of events':24} {'':42} jansson alone")
with tempfile.TemporaryDirectory() as folder:
    compare(folder, "Chat Completions", "/v1/chat/completions", chat)
    compare(folder, "Messages", "/v1/messages", messages)
