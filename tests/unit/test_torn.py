#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Identity of pieces: an answer as one body, and as a stream in every order that a provider may
choose, give the same record. Blocks are generated at random, their texts cut at random; the events
of each block keep their order, those of different blocks are mixed."""
import json
import os
import random
import struct
import subprocess
import sys
import zlib

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
        if out[-1][-1] > "\uffff" and rng.random() < 0.5:
            # A character is cut in two, as servers do that count in UTF-16.
            pair = out[-1][-1].encode("utf-16-be", "surrogatepass")
            out[-1] = out[-1][:-1] + pair[:2].decode("utf-16-be", "surrogatepass")
            s = pair[2:].decode("utf-16-be", "surrogatepass") + s
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


def gemini(rng, them):
    """Parts have no numbers: a text goes on until another part comes; calls are whole, or in pieces of arguments."""
    def call(b, **more):
        return {"functionCall": {"id": b.id, "name": b.name, **more}}

    def said(b, t):
        return {"text": t, **({"thought": True} if b.kind == "reasoning" else {})}

    def piece(parts, **more):
        return {"candidates": [{"index": 0, "content": {"role": "model", "parts": parts}, **more}], "modelVersion": "m"}
    events = []
    for b in them:
        if b.kind != "tool_call":
            events += [piece([said(b, t)]) for t in b.pieces]
            continue
        args = json.loads(b.text)
        b.text = json.dumps(args, ensure_ascii=False, separators=(",", ":"))
        if rng.random() < 0.5:
            events.append(piece([call(b, args=args)]))
            continue
        events.append(piece([call(b, willContinue=True)]))
        events += [piece([{"functionCall": {"partialArgs": [{"jsonPath": "$.a", "stringValue": t}], "willContinue": True}}])
                   for t in pieces(rng, args["a"])]
        events += [piece([{"functionCall": {"partialArgs": [{"jsonPath": "$.n", "numberValue": args["n"]}], "willContinue": True}}]),
                   piece([{"functionCall": {}}])]
    parts_ = [call(b, args=json.loads(b.text)) if b.kind == "tool_call" else said(b, b.text) for b in them]
    return "/v1beta/models/m:streamGenerateContent", piece(parts_, finishReason="STOP"), events + [piece([], finishReason="STOP")]


def converse(rng, them):
    def block(b):
        if b.kind == "tool_call":
            return {"toolUse": {"toolUseId": b.id, "name": b.name, "input": json.loads(b.text)}}
        return {"text": b.text} if b.kind == "text" else {"reasoningContent": {"reasoningText": {"text": b.text}}}

    def delta(b, p):
        return {"contentBlockDelta": {"contentBlockIndex": b.n, "delta": {
            "text": {"text": p}, "reasoning": {"reasoningContent": {"text": p}}, "tool_call": {"toolUse": {"input": p}}}[b.kind]}}
    for b in them:
        if b.kind == "tool_call":
            b.text = json.dumps(json.loads(b.text), ensure_ascii=False, separators=(",", ":"))
            b.pieces = pieces(rng, b.text)
    begins = [[{"contentBlockStart": {"contentBlockIndex": b.n, "start": {"toolUse": {"toolUseId": b.id, "name": b.name}}}}]
              if b.kind == "tool_call" else [delta(b, b.pieces.pop(0))] for b in them]
    rest = [[delta(b, p) for p in b.pieces] + [{"contentBlockStop": {"contentBlockIndex": b.n}}] for b in them]
    body = {"output": {"message": {"role": "assistant", "content": [block(b) for b in them]}}, "stopReason": "end_turn",
            "usage": {"inputTokens": 1, "outputTokens": 1}}
    return "/model/m/converse-stream", body, [{"messageStart": {"role": "assistant"}}] + [e for one in begins for e in one] + \
        mixed(rng, rest) + [{"messageStop": {"stopReason": "end_turn"}}, {"metadata": {"usage": body["usage"]}}]


def ollama(rng, them):
    def line(message, **more):
        return {"model": "m", "created_at": "t", "message": {"role": "assistant", "content": "", **message}, "done": False, **more}

    def call(b):
        return {"id": b.id, "function": {"name": b.name, "arguments": json.loads(b.text)}}
    member = {"text": "content", "reasoning": "thinking"}
    for b in them:
        if b.kind == "tool_call":
            b.text = json.dumps(json.loads(b.text), ensure_ascii=False, separators=(",", ":"))
    calls = [call(b) for b in them if b.kind == "tool_call"]
    whole = line({**{member[b.kind]: b.text for b in them if b.kind in member}, **({"tool_calls": calls} if calls else {})},
                 done=True, done_reason="stop")
    events = [line({member[b.kind]: p}) for b in them if b.kind in member for p in b.pieces] + [line({"tool_calls": [c]}) for c in calls]
    return "/api/chat", whole, events + [line({}, done=True, done_reason="stop")]


HOSTS = {chat: "api.example", anthropic: "api.anthropic.com", responses: "api.openai.com", cohere: "api.cohere.com",
         gemini: "generativelanguage.googleapis.com", converse: "bedrock-runtime.us-east-1.amazonaws.com", ollama: "localhost:11434"}
MEDIA = {converse: "application/vnd.amazon.eventstream", ollama: "application/x-ndjson"}
ASK = {"model": "m", "max_tokens": 5, "stream": True, "messages": [{"role": "user", "content": "hi"}]}


ASKS = {responses: {**ASK, "input": "hi"}, gemini: {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
        converse: {"messages": [{"role": "user", "content": [{"text": "hi"}]}]}}


def frame(name, data):
    """Of AWS's event stream."""
    def header(key, value):
        return bytes([len(key)]) + key + b"\x07" + struct.pack(">H", len(value)) + value
    heads = header(b":event-type", name.encode()) + header(b":message-type", b"event")
    prelude = struct.pack(">II", len(heads) + len(data) + 16, len(heads))
    out = prelude + struct.pack(">I", zlib.crc32(prelude)) + heads + data
    return out + struct.pack(">I", zlib.crc32(out))


def as_json(v, ascii_only):
    """Half a character has no bytes of its own."""
    text = json.dumps(v, ensure_ascii=ascii_only)
    halved = any("\ud800" <= c < "\ue000" for c in text)
    return (json.dumps(v) if halved else text).encode()


def written(make, events, ascii_only):
    if make is converse:
        return b"".join(frame(next(iter(e)), as_json(next(iter(e.values())), ascii_only)) for e in events)
    return b"".join((b"" if make is ollama else b"data: ") + as_json(e, ascii_only) + (b"\n" if make is ollama else b"\n\n")
                    for e in events)


def http(start, media, body, more=""):
    return f"{start}\r\nContent-Type: {media}\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode() + body


def parts(record):
    return [(p["kind"], p.get("id"), p.get("name"), p["text"]) for c in record["response"]["choices"] for p in c["parts"]]


file, rows = SpyFile(), []


def add(make, seed, path, media, body):
    request = http(f"POST {path}?n={len(rows)} HTTP/1.1", "application/json",
                   json.dumps(ASKS.get(make, ASK)).encode(), f"Host: {HOSTS[make]}\r\n")
    rows.append(make)
    file.connection(len(rows), [(WRITE, request), (READ, http("HTTP/1.1 200 OK", media, body))], cut_random(seed))
    return len(rows) - 1


# Pieces of a text, and whole calls, have no mark by which one could be missed; all else of a stream has.
MARKED = {
    anthropic: lambda e: e["type"] != "content_block_delta",
    converse: lambda e: "contentBlockDelta" not in e,
    cohere: lambda e: not e["type"].endswith("-delta"),
    gemini: lambda e: "finishReason" in e["candidates"][0] or '{"functionCall": {}}' in json.dumps(e),
    ollama: lambda e: e["done"],
}


def torn_ones(rng, make, events):
    """One event missing, one twice, two neighbours in each other's place."""
    marked = [i for i, e in enumerate(events) if MARKED[make](e)]
    for i in rng.sample(marked, min(4, len(marked))):
        yield f"without {i}", events[:i] + events[i + 1:]
        yield f"{i} twice", events[:i + 1] + events[i:]
        if i:
            yield f"{i} too early", events[:i - 1] + [events[i], events[i - 1]] + events[i + 1:]
        if i + 1 < len(events):
            yield f"{i} too late", events[:i] + [events[i + 1], events[i]] + events[i + 2:]


pairs, torn = [], []
for make in HOSTS:
    for seed in range(ROUNDS):
        rng = random.Random(f"{make.__name__} {seed}")
        path, body, events = make(rng, blocks(rng))
        ascii_only = rng.random() < 0.5  # escapes cut in two, or bytes
        media = MEDIA.get(make, "text/event-stream")
        whole = add(make, seed, path, "application/json", json.dumps(body).encode())
        pairs.append((make, seed, whole, add(make, seed, path, media, written(make, events, ascii_only))))
        if make in MARKED:
            torn += [(make, what, whole, add(make, seed, path, media, written(make, them, ascii_only)))
                     for what, them in torn_ones(rng, make, events)]

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
# An answer in which something is missing, comes twice or too early is the same, or says that it is not whole.
for make in MARKED:
    silent = [f"{what}: {parts(records[a])}\n   {parts(records[b])}" for m, what, a, b in torn
              if m is make and records[b]["complete"] and parts(records[a]) != parts(records[b])]
    ok(not silent, f"{make.__name__}: {sum(m is make for m, *_ in torn)} torn streams are the same, or not complete", "\n".join(silent))
done()
