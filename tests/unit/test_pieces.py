#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Identity of pieces: an answer as one body, as a stream in every order that a provider may choose,
and over WebSocket, give the same record. Blocks are generated at random, their texts cut at random,
also between the halves of a surrogate pair; the events of each block keep their order, those of
different blocks are mixed. A stream of which events are missing, come twice or in another order gives
a record that says so."""
import json
import os
import random
import struct
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
    """Cut between UTF-16's units, as JavaScript does."""
    units, out = s.encode("utf-16-le"), []
    while units:
        n = 2 * rng.randint(1, 7)
        out.append(units[:n].decode("utf-16-le", "surrogatepass"))
        units = units[n:]
    return out


def dumps(v, ascii_only):
    """Halves of characters are always escapes."""
    s = json.dumps(v, ensure_ascii=ascii_only)
    return "".join(f"\\u{ord(c):04x}" if 0xd800 <= ord(c) < 0xe000 else c for c in s).encode()


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


def chat_choices(rng, them):
    """Two or three choices at once, each a text and perhaps calls."""
    choices = [(n, blocks(rng)) for n in range(rng.randint(2, 3))]
    whole, lists = [], []
    for n, some in choices:
        for b in some:
            b.id = f"id{n}-{b.n}"
        path, body, events = chat(rng, some)
        whole.append({**body["choices"][0], "index": n})
        lists.append([{**e, "choices": [{**e["choices"][0], "index": n}]} for e in events])
    return path, {**body, "choices": whole}, mixed(rng, lists)


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


def place(b):
    return {"output_index": b.n}


def responses(rng, them, number=None):
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
    number = number or rng.choice([place, lambda b: {"output_index": 0}, lambda b: {}])
    body = {"id": "x", "object": "response", "model": "m", "status": "completed", "output": [item(b, True) for b in them]}

    def event(b, kind, **more):
        return {"type": f"response.{kind}", **number(b), **more}
    done = {"text": "text", "reasoning": "text", "tool_call": "arguments"}
    with_done = rng.random() < 0.5
    rest = [[event(b, "output_item.added", item=item(b, False))] + [event(b, kinds[b.kind] + ".delta", item_id=item(b, False)["id"], delta=p) for p in b.pieces] +
            ([event(b, kinds[b.kind] + ".done", item_id=item(b, False)["id"], **{done[b.kind]: b.text})] if with_done else []) +
            [event(b, "output_item.done", item=item(b, True))] for b in them]
    # Items begin in their order; what follows is mixed.
    begins = [one.pop(0) for one in rest for _ in range(2)]
    whole = rng.random() < 0.7  # else the events are all there is
    events = [{"type": "response.created", "response": {**body, "output": []}}] + begins + \
        mixed(rng, rest) + [{"type": "response.completed", "response": body if whole else {**body, "output": []}}]
    if rng.random() < 0.7:
        events = [{**e, "sequence_number": n} for n, e in enumerate(events)]
    return "/v1/responses", body, events


def assistants(rng, them):
    """Has no answer that is one body: the message and the steps as wholes take its place."""
    them = [b for b in them if b.kind != "reasoning"]
    calls, said = [b for b in them if b.kind == "tool_call"], [b for b in them if b.kind == "text"]

    def content(b, s):
        return [{"index": 0, "type": "text", "text": {"value": s}}]

    def call(b, s):
        return {"step_details": {"type": "tool_calls", "tool_calls": [
            {"index": 0, "id": b.id, "type": "function", "function": {"name": b.name, "arguments": s}}]}}

    def run(status):
        return {"id": "x", "object": "thread.run", "model": "m", "status": status}
    whole = [{"id": f"m{b.n}", "object": "thread.message", "content": content(b, b.text)} for b in said] + \
        [{"id": f"s{b.n}", "object": "thread.run.step", **call(b, b.text)} for b in calls]
    rest = [[{"id": f"m{b.n}", "object": "thread.message.delta", "delta": {"content": content(b, p)}} for p in b.pieces] for b in said] + \
        [[{"id": f"s{b.n}", "object": "thread.run.step.delta", "delta": call(b, p)} for p in b.pieces] for b in calls]
    begins = [one.pop(0) for one in rest]
    return "/v1/threads/t/runs", [*whole, run("completed")], [run("queued")] + begins + mixed(rng, rest) + \
        (whole if rng.random() < 0.5 else []) + [run("completed")]


def realtime(events):
    """The same events as Realtime has them."""
    return [{**e, **({"type": "response.done"} if e["type"] == "response.completed" else {}),
             **({} if "response" in e else {"response_id": "x"})} for e in events]


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


HOSTS = {chat: "api.example", chat_choices: "api.example", assistants: "api.openai.com", anthropic: "api.anthropic.com", responses: "api.openai.com", cohere: "api.cohere.com"}
ASK = {"model": "m", "max_tokens": 5, "stream": True, "messages": [{"role": "user", "content": "hi"}]}


def http(start, media, body, more=""):
    return f"{start}\r\nContent-Type: {media}\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode() + body


def frame(data, masked):
    bit = 128 if masked else 0
    size = bytes([len(data) | bit]) if len(data) < 126 else bytes([126 | bit]) + struct.pack(">H", len(data))
    return b"\x81" + size + (bytes(4) if masked else b"") + data


def socket(n, path, lists):
    """One connection; lists: messages of each call, the client's first. Answers are mixed."""
    hello = (f"GET {path}{'&' if '?' in path else '?'}n={n} HTTP/1.1\r\nHost: api.openai.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").encode()
    switched = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    return [(WRITE, hello), (READ, switched)] + [(WRITE if up else READ, frame(data, up)) for up, data in lists]


def parts(record):
    return [(c["index"], p["kind"], p.get("id"), p.get("name"), p["text"]) for c in sorted(record["response"]["choices"], key=lambda c: c["index"])
            for p in c["parts"]]


file, rows = SpyFile(), []


def asked(make):
    if make is assistants:
        return {"assistant_id": "a", "stream": True}
    return {**ASK, "input": "hi"} if make is responses else ASK


def add(make, seed, path, media, body):
    request = http(f"POST {path}?n={len(rows)} HTTP/1.1", "application/json",
                   json.dumps(asked(make)).encode(), f"Host: {HOSTS[make]}\r\n")
    rows.append(make)
    file.connection(len(rows), [(WRITE, request), (READ, http("HTTP/1.1 200 OK", media, body))], cut_random(seed))
    return len(rows) - 1


def sse(events, ascii_only=True):
    return b"".join(b"data: " + dumps(e, ascii_only) + b"\n\n" for e in events)


def add_socket(make, seed, rng, path, whole, events):
    """Two calls of the same answer on one socket, their events mixed; returns its number."""
    n, lists = len(rows), []
    rows.append(make)
    for name in ("a", "b"):
        rename = json.loads(dumps([whole, *events], True).decode().replace('"id": "x"', f'"id": "{name}"').replace(
            '"response_id": "x"', f'"response_id": "{name}"'))
        names = {"stream_id": name} if make is responses else {}
        asks = [{"type": "response.create", **names, "model": "m", "input": "hi"}] if make is responses else [{"type": "response.create"}]
        lists.append([(True, dumps(e, True)) for e in asks] + [(False, dumps({**e, **names}, True)) for e in rename[1:]])
    first = [one.pop(0) for one in lists]
    file.connection(len(rows), socket(n, path, first + mixed(rng, lists)), cut_random(seed))
    return n


pairs, sockets = [], []
for make in HOSTS:
    for seed in range(ROUNDS):
        rng = random.Random(f"{make.__name__} {seed}")
        path, body, events = make(rng, blocks(rng))
        ascii_only = rng.random() < 0.5  # escapes cut in two, or bytes
        whole = add(make, seed, path, "text/event-stream", sse(body)) if isinstance(body, list) else \
            add(make, seed, path, "application/json", dumps(body, True))
        pairs.append((make, seed, whole, add(make, seed, path, "text/event-stream", sse(events, ascii_only))))
        if make is responses:
            sockets.append((responses, seed, whole, add_socket(responses, seed, rng, path, body, events)))
            sockets.append((realtime, seed, whole, add_socket(realtime, seed, rng, "/v1/realtime?model=m", body, realtime(events))))

# ---- streams that are not as they were sent ----
broken = []  # (what, seed, number of the whole, of the stream)


def damaged(rng, what, events):
    """The same with one event missing, twice, or exchanged with the next; created and completed stay."""
    at = rng.randint(1, len(events) - 3)
    if what == "missing":
        return events[:at] + events[at + 1:]
    if what == "twice":
        return events[:at + 1] + events[at:]
    if what == "late":
        return events[:at] + [events[at + 1], events[at]] + events[at + 2:]
    return events[:-1]


for what in ("missing", "twice", "late", "without its end"):
    for seed in range(ROUNDS):
        rng = random.Random(f"{what} {seed}")
        path, body, events = responses(rng, blocks(rng), place)
        events = [{**e, "sequence_number": n} for n, e in enumerate(events)]
        whole = add(responses, seed, path, "application/json", dumps(body, True))
        broken.append((what, seed, whole, add(responses, seed, path, "text/event-stream", sse(damaged(rng, what, events))),
                       events[-1]["response"]["output"]))
for seed in range(ROUNDS):
    rng = random.Random(f"chat without its end {seed}")
    path, body, events = chat(rng, blocks(rng))
    broken.append(("chat without its end", seed, None, add(chat, seed, path, "text/event-stream", sse(events[:-1])), None))

r = subprocess.run([SPY, "-r", "-", "-f", "jsonl", "--all"], input=file.bytes(), capture_output=True)
ok(r.returncode == 0, "it is played", r.stderr)
records, calls = {}, {}
for line in r.stdout.splitlines():
    v = json.loads(line)
    n = int(v["http"]["target"].partition("n=")[2])
    records[n] = v
    if v["kind"] == "llm":
        calls.setdefault(n, []).append(v)


def ends(record):
    return [(c["index"], c["finish"], c["role"]) for c in sorted(record["response"]["choices"], key=lambda c: c["index"])]


def differs(a, b):
    return parts(a) != parts(b) or not parts(a) or ends(a) != ends(b) or not b["complete"]


for make in HOSTS:
    differing = [f"{seed}: whole {parts(records[a])}\n   stream {parts(records[b])}" for m, seed, a, b in pairs
                 if m is make and differs(records[a], records[b])]
    ok(not differing, f"{make.__name__}: {ROUNDS} answers are the same as one body and as streams", "\n".join(differing))
for make in (responses, realtime):
    differing = []
    for m, seed, a, b in sockets:
        if m is make and ({v["response"]["id"] for v in calls[b]} != {"a", "b"} or any(differs(records[a], v) for v in calls[b])):
            differing.append(f"{seed}: whole {parts(records[a])}\n   socket {[parts(v) for v in calls[b]]}")
    ok(not differing, f"{make.__name__}: {ROUNDS} answers are the same over WebSocket, two at once", "\n".join(differing))
for what in dict.fromkeys(row[0] for row in broken):
    silent = [f"{seed}: {parts(records[b])}" for w, seed, a, b, whole in broken if w == what and records[b]["complete"]]
    ok(not silent, f"{what}: {ROUNDS} streams are not complete", "\n".join(silent))
    # Where the whole comes at last, it is what is told.
    wrong = [f"{seed}: whole {parts(records[a])}\n   stream {parts(records[b])}" for w, seed, a, b, whole in broken
             if w == what and whole and what != "without its end" and sorted(map(str, parts(records[a]))) != sorted(map(str, parts(records[b])))]
    ok(not wrong, f"{what}: what the whole says is told", "\n".join(wrong))
done()
