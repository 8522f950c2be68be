#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Identity of pieces: an answer as one body, and as a stream in every order that a provider may
choose, give the same record. Blocks are generated at random, their texts cut at random; the events
of each block keep their order, those of different blocks are mixed."""
import json
import os
import random
import subprocess
import sys

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path.insert(0, os.path.join(SRC, "tests", "conformance"))
from spyfile import READ, WRITE, SpyFile, cut_random  # noqa: E402
sys.path.insert(0, os.path.join(SRC, "tests", "lib"))
from tap import done, ok  # noqa: E402

SPY = os.path.join(BUILD, "llm-spy")
ROUNDS = 25
WORDS = ["alpha", "\u00e4\u00f6", "\U0001f600", "\n", "\\\"", "{}", "two words", "\u4f60\u597d", "data: x"]


def text(rng):
    return " ".join(rng.choice(WORDS) for _ in range(rng.randint(1, 6)))


def pieces(rng, s):
    out = []
    while s:
        n = rng.randint(1, 7)
        out.append(s[:n])
        s = s[n:]
    return out


def mixed(rng, lists):
    """One of the orders that keeps that of each list."""
    lists, out = [list(one) for one in lists if one], []
    while lists:
        one = rng.choice(lists)
        out.append(one.pop(0))
        lists = [one for one in lists if one]
    return out


class Block:
    """A text, a thought or a call."""
    def __init__(self, rng, kind, n):
        self.kind, self.n, self.id, self.name = kind, n, f"id{n}", f"tool{n}"
        self.text = json.dumps({"a": text(rng), "n": n}, ensure_ascii=False) if kind == "tool_call" else text(rng)
        self.pieces = pieces(rng, self.text)

    def part(self):
        return (self.kind, self.id if self.kind == "tool_call" else None,
                self.name if self.kind == "tool_call" else None, self.text)


def blocks(rng):
    calls = rng.randint(0, 3)
    kinds = (["reasoning"] if rng.random() < 0.5 else []) + ["text"] + ["tool_call"] * calls
    return [Block(rng, kind, n) for n, kind in enumerate(kinds)]


# ---- formats: how a server sends these blocks; events of each block in a list ----
def chat(rng, them):
    member = {"text": "content", "reasoning": "reasoning_content"}
    calls = [b for b in them if b.kind == "tool_call"]
    numbered = rng.random() < 0.7

    def call(b, n, **function):
        return {"tool_calls": [{**({"index": n} if numbered else {}), "id": b.id, "type": "function", "function": function}]}
    message = {"role": "assistant", **{member[b.kind]: b.text for b in them if b.kind in member}}
    if calls:
        message["tool_calls"] = [call(b, n, name=b.name, arguments=b.text)["tool_calls"][0] for n, b in enumerate(calls)]
    body = {"id": "x", "object": "chat.completion", "model": "m",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}

    def delta(d):
        return {"id": "x", "object": "chat.completion.chunk", "model": "m", "choices": [{"index": 0, "delta": d}]}
    said = [delta({member[b.kind]: p}) for b in them if b.kind in member for p in b.pieces]
    asked = [[delta(call(b, n, name=b.name, arguments=""))] + [delta(call(b, n, arguments=p)) for p in b.pieces]
             for n, b in enumerate(calls)]
    begun = [one.pop(0) for one in asked]
    return "/v1/chat/completions", body, said + begun + mixed(rng, asked) + \
        [{**delta({}), "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}]


def anthropic(rng, them):
    def block(b, whole):
        if b.kind == "tool_call":
            return {"type": "tool_use", "id": b.id, "name": b.name, "input": json.loads(b.text) if whole else {}}
        member = "text" if b.kind == "text" else "thinking"
        return {"type": member, member: b.text if whole else ""}

    def delta(b, p):
        kind, member = {"text": ("text_delta", "text"), "reasoning": ("thinking_delta", "thinking"),
                        "tool_call": ("input_json_delta", "partial_json")}[b.kind]
        return {"type": "content_block_delta", "index": b.n, "delta": {"type": kind, member: p}}
    for b in them:
        if b.kind == "tool_call":
            b.text = json.dumps(json.loads(b.text), ensure_ascii=False, separators=(",", ":"))
            b.pieces = pieces(rng, b.text)
    body = {"id": "x", "type": "message", "role": "assistant", "model": "claude-x",
            "content": [block(b, True) for b in them], "stop_reason": "end_turn", "usage": {}}
    begins = [{"type": "content_block_start", "index": b.n, "content_block": block(b, False)} for b in them]
    rest = [[delta(b, p) for p in b.pieces] + [{"type": "content_block_stop", "index": b.n}] for b in them]
    return "/v1/messages", body, [{"type": "message_start", "message": {**body, "content": [], "stop_reason": None}}] + \
        begins + mixed(rng, rest) + [{"type": "message_delta", "delta": {"stop_reason": "end_turn"}}, {"type": "message_stop"}]


def responses(rng, them):
    def item(b, whole):
        if b.kind == "tool_call":
            return {"type": "function_call", "id": f"fc{b.n}", "call_id": b.id, "name": b.name,
                    "arguments": b.text if whole else ""}
        if b.kind == "text":
            return {"type": "message", "id": f"m{b.n}", "role": "assistant",
                    "content": [{"type": "output_text", "text": b.text}] if whole else []}
        return {"type": "reasoning", "id": f"r{b.n}", "summary": [{"type": "summary_text", "text": b.text}] if whole else []}
    kinds = {"text": "output_text", "reasoning": "reasoning_summary_text", "tool_call": "function_call_arguments"}
    # Some servers number nothing, or all alike: ids are enough.
    number = rng.choice([lambda b: {"output_index": b.n}, lambda b: {"output_index": 0}, lambda b: {}])
    body = {"id": "x", "object": "response", "model": "m", "status": "completed", "output": [item(b, True) for b in them]}

    def event(b, kind, **more):
        return {"type": f"response.{kind}", **number(b), **more}
    rest = [[event(b, "output_item.added", item=item(b, False))] + [event(b, kinds[b.kind] + ".delta", item_id=item(b, False)["id"], delta=p) for p in b.pieces] +
            [event(b, "output_item.done", item=item(b, True))] for b in them]
    # Items begin in their order; what follows is mixed.
    begins = [one.pop(0) for one in rest for _ in range(2)]
    whole = rng.random() < 0.7  # else the events are all there is
    return "/v1/responses", body, [{"type": "response.created", "response": {**body, "output": []}}] + begins + \
        mixed(rng, rest) + [{"type": "response.completed", "response": body if whole else {**body, "output": []}}]


def cohere(rng, them):
    them = [b for b in them if b.kind != "reasoning"]
    calls = [b for b in them if b.kind == "tool_call"]
    said = [b for b in them if b.kind == "text"]

    def call(b):
        return {"id": b.id, "type": "function", "function": {"name": b.name, "arguments": b.text}}
    message = {"role": "assistant", "content": [{"type": "text", "text": b.text} for b in said],
               **({"tool_calls": [call(b) for b in calls]} if calls else {})}
    body = {"id": "x", "finish_reason": "COMPLETE", "message": message, "usage": {}}

    def event(kind, n, **m):
        return {"type": kind, "index": n, "delta": {"message": m}}
    texts = [event("content-delta", 0, content={"text": p}) for b in said for p in b.pieces]
    asked = [[event("tool-call-start", n, tool_calls={**call(b), "function": {"name": b.name, "arguments": ""}})] +
             [event("tool-call-delta", n, tool_calls={"function": {"arguments": p}}) for p in b.pieces]
             for n, b in enumerate(calls)]
    begun = [one.pop(0) for one in asked]
    return "/v2/chat", body, [{"type": "message-start", "id": "x", "delta": {"message": {"role": "assistant"}}}] + texts + \
        begun + mixed(rng, asked) + [{"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": {}}}]


HOSTS = {chat: "api.example", anthropic: "api.anthropic.com", responses: "api.openai.com", cohere: "api.cohere.com"}
ASK = {"model": "m", "max_tokens": 5, "stream": True, "messages": [{"role": "user", "content": "hi"}]}


def http(start, media, body, more=""):
    return f"{start}\r\nContent-Type: {media}\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode() + body


def parts(record):
    return [(p["kind"], p.get("id"), p.get("name"), p["text"]) for c in record["response"]["choices"] for p in c["parts"]]


file, rows = SpyFile(), []


def add(make, seed, path, media, body):
    request = http(f"POST {path}?n={len(rows)} HTTP/1.1", "application/json",
                   json.dumps({**ASK, "input": "hi"} if make is responses else ASK).encode(), f"Host: {HOSTS[make]}\r\n")
    rows.append(make)
    file.connection(len(rows), [(WRITE, request), (READ, http("HTTP/1.1 200 OK", media, body))], cut_random(seed))
    return len(rows) - 1


pairs = []
for make in HOSTS:
    for seed in range(ROUNDS):
        rng = random.Random(f"{make.__name__} {seed}")
        path, body, events = make(rng, blocks(rng))
        ascii_only = rng.random() < 0.5  # escapes cut in two, or bytes
        stream = b"".join(f"data: {json.dumps(e, ensure_ascii=ascii_only)}\n\n".encode() for e in events)
        pairs.append((make, seed, add(make, seed, path, "application/json", json.dumps(body).encode()),
                      add(make, seed, path, "text/event-stream", stream)))

r = subprocess.run([SPY, "-r", "-", "-f", "jsonl", "--all"], input=file.bytes(), capture_output=True)
ok(r.returncode == 0, "it is played", r.stderr)
records = {}
for line in r.stdout.splitlines():
    v = json.loads(line)
    records[int(v["http"]["target"].partition("n=")[2])] = v
for make in HOSTS:
    differing = []
    for m, seed, a, b in pairs:
        if m is make and (parts(records[a]) != parts(records[b]) or not parts(records[a]) or
                          any(records[a]["response"]["choices"][0][k] != records[b]["response"]["choices"][0][k]
                              for k in ("finish", "role")) or not records[b]["complete"]):
            differing.append(f"{seed}: whole {parts(records[a])}\n   stream {parts(records[b])}")
    ok(not differing, f"{make.__name__}: {ROUNDS} answers are the same as one body and as streams", "\n".join(differing))
done()
