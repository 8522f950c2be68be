# SPDX-License-Identifier: MIT
"""Recordings of made-up calls, for tests of outputs."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests", "conformance"))
from spyfile import CLOSE, DATA, READ, WRITE, SpyFile  # noqa: E402

CLOCK, PROCESS, BEGAN = 4, 3, 1795942800  # 2026-11-29 09:00 UTC
SECOND = 10**9


def message(first, body=b"", *fields):
    head = "\r\n".join((first, *fields, f"Content-Length: {len(body)}"))
    return head.encode() + b"\r\n\r\n" + body


def ask(host, target, body, *fields):
    return message(f"POST {target} HTTP/1.1", json.dumps(body).encode(), f"Host: {host}", "Content-Type: application/json", *fields)


def answer(body, status="200 OK", *fields):
    return message(f"HTTP/1.1 {status}", json.dumps(body).encode(), "Content-Type: application/json", *fields)


class Recording:
    def __init__(self):
        self.f, self.conn = SpyFile(), 0
        self.f.chunk(CLOCK, 0, off=BEGAN * SECOND)

    def add(self, *pieces, program="agent.py", cmdline="python3 agent.py"):
        """A connection; before each of its pieces lies a second."""
        self.conn += 1
        self.f.chunk(PROCESS, self.conn, data=b"".join(len(t.encode()).to_bytes(4, "little") + t.encode()
                                                       for t in (program, "/usr/bin/python3", cmdline)))
        self.f.ends(self.conn, 40000 + self.conn, 443)
        off = [0, 0]
        for direction, data in pieces:
            self.f.now += SECOND
            for at in range(0, len(data), 60000):
                part = data[at:at + 60000]
                self.f.chunk(DATA, self.conn, direction, off[direction], data=part)
                off[direction] += len(part)
        self.f.chunk(CLOSE, self.conn, totals=off)

    def messages(self, system, messages, content, stop="end_turn", tools=(), tokens=(1200, 80), **more):
        """A call of Anthropic's Messages, whose answer is `content`."""
        body = {"model": "claude-sonnet-4-5", "max_tokens": 1000, "system": system, "messages": messages, "tools": list(tools)}
        self.add((WRITE, ask("api.anthropic.com", "/v1/messages", body)),
                 (READ, answer({"id": "msg", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5", "content": content,
                                "stop_reason": stop, "usage": {"input_tokens": tokens[0], "output_tokens": tokens[1]}})), **more)

    def bytes(self):
        return self.f.bytes()
