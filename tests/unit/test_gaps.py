#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Bytes of an answer that were not captured: whatever the format and the framing, and wherever they are missing, the
record says that it is not complete, and how many bytes are missing. In formats whose events have no numbers nothing else
shows that a piece of text is lost."""
import gzip
import json
import os
import random
import subprocess
import sys

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path.insert(0, os.path.join(SRC, "tests", "conformance"))
import spyfile  # noqa: E402
from spyfile import CLOSE, DATA, READ, WRITE, SpyFile  # noqa: E402
sys.path.insert(0, os.path.join(SRC, "tests", "lib"))
from answers import *  # noqa: E402
from tap import done, ok  # noqa: E402

SPY = os.path.join(BUILD, "llm-spy")
ROUNDS = 12
HOSTS = {chat: "api.example", chat_choices: "api.example", assistants: "api.openai.com", anthropic: "api.anthropic.com",
         responses: "api.openai.com", cohere: "api.cohere.com", gemini: "generativelanguage.googleapis.com",
         converse: "bedrock-runtime.us-east-1.amazonaws.com", ollama: "localhost:11434"}
ASK = {"model": "m", "max_tokens": 5, "stream": True, "messages": [{"role": "user", "content": "hi"}]}
ASKS = {gemini: {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}, responses: {"model": "m", "input": "hi", "stream": True},
        converse: {"messages": [{"role": "user", "content": [{"text": "hi"}]}]}, assistants: {"assistant_id": "a", "stream": True}}


# ---- framings: the bytes of both directions; `rng` cuts ----
def counted(rng, request, media, body):
    return [request], [http("HTTP/1.1 200 OK", media, body)]


def packed(rng, request, media, body):
    return [request], [http("HTTP/1.1 200 OK", media, gzip.compress(body), "Content-Encoding: gzip\r\n")]


def until_close(rng, request, media, body):
    return [request], [f"HTTP/1.1 200 OK\r\nContent-Type: {media}\r\nConnection: close\r\n\r\n".encode(), body]


def chunked(rng, request, media, body):
    out, at = [f"HTTP/1.1 200 OK\r\nContent-Type: {media}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()], 0
    while at < len(body):
        piece = body[at:at + rng.randint(20, 300)]
        out.append(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        at += len(piece)
    return [request], out + [b"0\r\n\r\n"]


def http2(rng, request, media, body):
    (_, up), (_, down) = spyfile.h2_pieces(request, http("HTTP/1.1 200 OK", media, body))
    return [up], [down]


def message(data, masked):
    """A frame of a WebSocket."""
    bit = 128 if masked else 0
    size = bytes([len(data) | bit]) if len(data) < 126 else bytes([126 | bit]) + struct.pack(">H", len(data))
    return b"\x81" + size + (bytes(4) if masked else b"") + data


def websocket(rng, request, media, body):
    """Each event of `body` is a message."""
    target = request.split(b" ")[1].decode()
    hello = (f"GET {target} HTTP/1.1\r\nHost: api.openai.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").encode()
    asked = message(json.dumps({"type": "response.create", **ASKS[responses]}).encode(), True)
    events = [message(e.removeprefix(b"data: "), False) for e in body.split(b"\n\n") if e]
    return [hello, asked], [b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", *events]


FRAMINGS = [counted, packed, until_close, chunked, http2, websocket]


def hole(rng, data, begin, end):
    """Offset, behind `begin` and before `end`, and length."""
    at = rng.randrange(begin, end)
    return at, rng.choice([1, rng.randint(1, 40), rng.randint(1, len(data)), len(data)])


def connection(file, n, up, down, at, length):
    """The answer lacks `length` bytes at `at`. Returns how many these are."""
    off = 0
    for data in up:
        file.chunk(DATA, n, WRITE, off, data=data)
        off += len(data)
        if len(up) == 2 and data is up[0]:
            file.chunk(DATA, n, READ, 0, data=down[0])
    whole, begin = b"".join(down), len(down[0]) if len(up) == 2 else 0
    end = min(at + length, len(whole))
    for first, last in ((begin, at), (end, len(whole))):
        for k in range(first, last, 700):
            file.chunk(DATA, n, READ, k, data=whole[k:min(k + 700, last)])
    file.chunk(CLOSE, n, totals=[off, len(whole)])
    return end - at


def head_of(framing, down, first):
    """Where the first byte of the body is."""
    whole = b"".join(down)
    return whole.index(b"\r\n\r\n") + 4 if framing is not http2 else whole.index(first)


file, rows = SpyFile(), []
for make in HOSTS:
    for framing in FRAMINGS:
        if framing is websocket and make is not responses:
            continue
        for seed in range(ROUNDS):
            rng = random.Random(f"{make.__name__} {framing.__name__} {seed}")
            path, _, events = make(rng, blocks(rng))
            body = written(make, events, False)
            if make in (chat, chat_choices):
                body += b"data: [DONE]\n\n"
            request = http(f"POST {path}?n={len(rows)} HTTP/1.1", "application/json",
                           json.dumps(ASKS.get(make, ASK)).encode(), f"Host: {HOSTS[make]}\r\n")
            up, down = framing(rng, request, MEDIA.get(make, "text/event-stream"), body)
            whole = b"".join(down)
            # Behind the body HTTP/2 has frames without content: these may be missing.
            end = whole.rindex(body[-10:]) + 10 if framing is http2 else len(whole)
            at, length = hole(rng, whole, head_of(framing, down, body[:10]), end)
            if framing in (counted, until_close) and make is not converse and seed % 3 == 0:
                # Just one event, which leaves no trace but this.
                sep = b"\n" if make is ollama else b"\n\n"
                ends = [i + len(sep) for i in range(head_of(framing, down, body[:10]), len(whole)) if whole.startswith(sep, i)]
                if len(ends) > 2:
                    k = rng.randrange(len(ends) - 1)
                    at, length = ends[k], ends[k + 1] - ends[k]
            missing = connection(file, len(rows) + 1, up, down, at, length)
            rows.append((make, framing, seed, missing, at, len(whole)))

r = subprocess.run([SPY, "-r", "-", "-f", "jsonl", "--all"], input=file.bytes(), capture_output=True)
ok(r.returncode == 0, "it is played", r.stderr)
records, openers = {}, {}
for line in r.stdout.splitlines():
    v = json.loads(line)
    # A WebSocket has a record of its own.
    (records if v["kind"] == "llm" else openers).setdefault(int(v["http"]["target"].partition("n=")[2]), []).append(v)
for make in HOSTS:
    for framing in FRAMINGS:
        mine = [(n, row) for n, row in enumerate(rows) if row[:2] == (make, framing)]
        if not mine:
            continue
        silent = [row for n, row in mine if not records.get(n) or any(v["complete"] for v in records[n])]
        ok(not silent, f"{make.__name__}, {framing.__name__}: {len(mine)} of which bytes are missing are not complete",
           "\n".join(f"{row[2:]}" for row in silent))
        if framing is websocket:
            whole = [row for n, row in mine if [(v["complete"], v["missing_bytes"]) for v in openers[n]] != [(False, row[3])]]
            ok(not whole, f"{make.__name__}, {framing.__name__}: nor is its own record", "\n".join(f"{row[2:]}" for row in whole))
        if framing in (counted, packed, until_close):
            wrong = [(row, v["missing_bytes"]) for n, row in mine for v in records.get(n, []) if v["missing_bytes"] != row[3]]
            ok(not wrong, f"{make.__name__}, {framing.__name__}: it is said how many", "\n".join(f"{row[2:]} {m}" for row, m in wrong))


# ---- a WebSocket on which several calls are made, with a hole in either direction ----

def session(file, n, rng):
    """Bytes of one way are missing behind the handshake. Returns the way, how many, and what each answer says."""
    hello = http(f"GET /v1/responses?n={n} HTTP/1.1", "text/plain", b"", "Host: api.openai.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n")
    turns = [(WRITE, hello), (READ, b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")]
    said = []
    for k in range(4):
        them = blocks(rng)
        _, _, events = responses(rng, them)
        ask = {"type": "response.create", "model": "m", "input": f"question {k}"}
        turns += [(WRITE, message(json.dumps(ask).encode(), True)), (READ, b"".join(message(dumps(e, False), False) for e in events)),
                  (READ, message(b'{"type":"codex.rate_limits","primary":{}}', False))]
        said.append([(b.kind, b.text) for b in them])
    way = rng.choice([WRITE, READ])
    total = {d: sum(len(data) for one, data in turns if one == d) for d in (WRITE, READ)}
    at, length = hole(rng, bytes(rng.choice([10, 100, 1000])), len(turns[way == READ][1]), total[way])
    end, off = min(at + length, total[way]), {WRITE: 0, READ: 0}
    for d, data in turns:
        for k in range(0, len(data), 500):
            piece, here = data[k:k + 500], off[d]
            first, last = (max(at - here, 0), max(end - here, 0)) if d == way else (len(piece), len(piece))
            for place, rest in ((0, piece[:first]), (last, piece[last:])):
                if rest:
                    file.chunk(DATA, n, d, here + place, data=rest)
            off[d] += len(piece)
    file.chunk(CLOSE, n, totals=[total[WRITE], total[READ]])
    return way, end - at, said


file = SpyFile()
rows = [session(file, n + 1, random.Random(f"session {n}")) for n in range(120)]
r = subprocess.run([SPY, "-r", "-", "-f", "jsonl", "--all"], input=file.bytes(), capture_output=True)
openers, calls = {}, {}
for line in r.stdout.splitlines():
    v = json.loads(line)
    (calls if v["kind"] == "llm" else openers).setdefault(int(v["http"]["target"].partition("n=")[2]), []).append(v)
for way, side in ((WRITE, "request"), (READ, "response")):
    mine = [(n, missing) for n, (one, missing, _) in enumerate(rows) if one == way]
    told = [(n, missing, [(v["complete"], v["missing_bytes"], v[side]["body"]["missing"]) for v in openers.get(n + 1, [])]) for n, missing in mine]
    wrong = [row for row in told if row[2] != [(False, row[1], row[1])]]
    ok(len(mine) > 40 and not wrong, f"{len(mine)} WebSockets, a hole in the {side}s: the record of each says how large", "\n".join(map(str, wrong)))
wrong = [(n, v["id"]) for n, (_, _, said) in enumerate(rows) for v in calls.get(n + 1, []) if v["complete"] and
         [(p["kind"], p["text"]) for c in v["response"]["choices"] for p in c["parts"]] not in said]
whole = sum(v["complete"] for n in calls for v in calls[n])
ok(not wrong and whole > 100, f"{whole} calls on them are complete, and have all of their answer", wrong)
done()
