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
from answers import *  # noqa: E402
from tap import done, ok  # noqa: E402

SPY = os.path.join(BUILD, "llm-spy")
ROUNDS = 25

HOSTS = {chat: "api.example", chat_choices: "api.example", assistants: "api.openai.com", anthropic: "api.anthropic.com", responses: "api.openai.com", cohere: "api.cohere.com"}
ASK = {"model": "m", "max_tokens": 5, "stream": True, "messages": [{"role": "user", "content": "hi"}]}


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
