#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""prompts.py FILE [MEGABYTES]: a recording of an agent whose prompts are large, for measuring a replay.

Conversations grow by 8 KB of this tree's own text a turn, up to 1 MB, as an agent's do that reads files; each answer is a
short stream. Compare two builds by turns: llm-spy -r FILE -f jsonl -o /dev/null"""
import json
import os
import struct
import sys
import zlib

TURN, TURNS = 8 << 10, 128
FRAGMENT = 60000
OBJECT, SEEN = 0x1000, 1
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


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


class Recording:
    def __init__(self, path):
        self.f = open(path, "wb")
        self.f.write(b"LLMSPY\r\n" + struct.pack("<I", 1))
        self.count, self.time, self.off, self.calls = 0, 10**9, [0, 0], [0, 0]

    def record(self, kind, payload):
        self.f.write(struct.pack("<BxxxII", kind, len(payload), zlib.crc32(payload)) + payload)

    def event(self, kind, direction, off, data, part=(0, 0, 0)):
        self.time += 1000
        self.record(1, struct.pack("<BBBxIQQQQQIIIIIIQQ16s", kind, direction, 1, 7000, OBJECT, SEEN, self.time, off, 0,
                                   *part, 0, 7000, 1000, 0, 0, b"agent") + data)
        self.count += 1

    def io(self, direction, data):
        for at in range(0, len(data), FRAGMENT):
            piece = data[at : at + FRAGMENT]
            self.event(0, direction, self.off[direction], piece, (self.calls[direction], at, len(data)))
            self.off[direction] += len(piece)
        self.calls[direction] += 1
        self.time += 10**6

    def close(self):
        self.record(2, struct.pack("<Q", self.count))
        self.f.close()


def call(r, messages):
    body = json.dumps({"model": "gpt-4.1", "stream": True, "messages": messages}).encode()
    r.io(0, b"POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\nAuthorization: Bearer sk-none\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    r.io(1, b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    for word in ("I", " will", " look", " further."):
        piece = json.dumps({"id": "c1", "object": "chat.completion.chunk", "model": "gpt-4.1",
                            "choices": [{"index": 0, "delta": {"content": word}}]})
        line = f"data: {piece}\n\n".encode()
        r.io(1, b"%x\r\n%s\r\n" % (len(line), line))
    r.io(1, b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")
    return len(body)


def main():
    path, goal = sys.argv[1], float(sys.argv[2] if len(sys.argv) > 2 else 205) * 1e6
    turns, done, at = text(), 0, 0
    r = Recording(path)
    while done < goal:
        messages = [{"role": "system", "content": f"You are agent {at}."}]
        for _ in range(TURNS):
            messages.append({"role": "user", "content": turns[at % len(turns)]})
            done += call(r, messages)
            messages.append({"role": "assistant", "content": "I will look further."})
            at += 1
            if done >= goal:
                break
    r.close()


main()
