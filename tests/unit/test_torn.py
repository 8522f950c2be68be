#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Streams of which an event is missing, comes twice or in another's place: the record is the same as of the whole
answer, or says that it is not complete. Streams that are as they should be give the same as the whole answer."""
import json
import os
import random
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


HOSTS = {anthropic: "api.anthropic.com", cohere: "api.cohere.com", gemini: "generativelanguage.googleapis.com",
         converse: "bedrock-runtime.us-east-1.amazonaws.com", ollama: "localhost:11434"}
ASK = {"model": "m", "max_tokens": 5, "stream": True, "messages": [{"role": "user", "content": "hi"}]}


ASKS = {gemini: {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
        converse: {"messages": [{"role": "user", "content": [{"text": "hi"}]}]}}


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
