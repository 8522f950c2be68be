#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""prompts.py FILE [MEGABYTES]: a recording of an agent whose prompts are large, for measuring a replay.

Conversations grow by 8 KB of this tree's own text a turn, up to 1 MB, as an agent's do that reads files; each answer is a
short stream. Compare two builds by turns: llm-spy -r FILE -f jsonl -o /dev/null"""
import json
import os
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "conformance"))
from spyfile import READ, WRITE, SpyFile, cut_whole  # noqa: E402

TURN, TURNS = 8 << 10, 128


def text():
    """What the agent reads, again and again."""
    parts = []
    for room, _, names in sorted(os.walk(os.path.join(ROOT, "src"))):
        for name in sorted(names):
            if name.endswith((".c", ".h")):
                with open(os.path.join(room, name), encoding="utf-8") as f:
                    parts.append(f.read())
    whole = "".join(parts)
    return [whole[i : i + TURN] for i in range(0, len(whole) - TURN, TURN)]


def chunk(text):
    return b"%x\r\n%s\r\n" % (len(text), text.encode())


def call(messages):
    """Its pieces, and the size of the prompt."""
    body = json.dumps({"model": "gpt-4.1", "stream": True, "messages": messages}).encode()
    asked = (b"POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\nAuthorization: Bearer sk-none\r\n"
             b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)) + body
    answered = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    for word in ("I", " will", " look", " further."):
        delta = {"id": "c1", "object": "chat.completion.chunk", "model": "gpt-4.1",
                 "choices": [{"index": 0, "delta": {"content": word}}]}
        answered += chunk(f"data: {json.dumps(delta)}\n\n")
    return [(WRITE, asked), (READ, answered + chunk("data: [DONE]\n\n") + b"0\r\n\r\n")], len(body)


def main():
    path, goal = sys.argv[1], float(sys.argv[2] if len(sys.argv) > 2 else 205) * 1e6
    turns, done, at, pieces = text(), 0, 0, []
    while done < goal:
        messages = [{"role": "system", "content": f"You are agent {at}."}]
        for _ in range(TURNS):
            messages.append({"role": "user", "content": turns[at % len(turns)]})
            one, size = call(messages)
            pieces += one
            done += size
            messages.append({"role": "assistant", "content": "I will look further."})
            at += 1
            if done >= goal:
                break
    spy = SpyFile()
    spy.connection(7000, pieces, cut_whole)
    with open(path, "wb") as f:
        f.write(spy.bytes())


main()
