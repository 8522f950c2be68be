#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""JSON of strangers, through the whole program.

A body that was not understood, or of which something was left, is never `complete`. Numbers are
shown as they were written. Random texts, broken in the ways that clients put up with, are read as
Python reads them: json.loads with strict=False, after bytes that are no UTF-8 were replaced."""
import json
import os
import random
import re
import subprocess
import sys
import tempfile

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path.insert(0, os.path.join(SRC, "tests", "conformance"))
from spyfile import READ, WRITE, SpyFile, cut_whole  # noqa: E402
sys.path.insert(0, os.path.join(SRC, "tests", "lib"))
from tap import done, ok  # noqa: E402

SPY = os.path.join(BUILD, "llm-spy")
DOCUMENTS = 1500


class Number(str):
    """As it was written."""
    def __eq__(self, other):
        return isinstance(other, Number) and str(self) == str(other)
    __hash__ = str.__hash__


def request(body, path="/v1/chat/completions"):
    return (f"POST {path} HTTP/1.1\r\nHost: api.openai.com\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def answer(body, media="application/json"):
    kind = f"Content-Type: {media}\r\n" if media else ""
    return f"HTTP/1.1 200 OK\r\n{kind}Content-Length: {len(body)}\r\n\r\n".encode() + body


ASK = request(b'{"model":"m","messages":[{"role":"user","content":"hi"}]}')
SAID = "An \u00e9\U0001f600 answer"
BODY = json.dumps({"id": "x", "object": "chat.completion", "model": "m", "choices": [
    {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": SAID}}],
    "usage": {"prompt_tokens": 12, "completion_tokens": 3}}).encode()
EVENT = b'{"id":"x","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}'


def play(calls, form="jsonl", *more):
    """Its output for calls of (request, answer), each on a connection of its own."""
    spy = SpyFile()
    for i, (ask, back) in enumerate(calls, 1):
        spy.connection(i, [(WRITE, ask), (READ, back)], cut_whole)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "calls.spy")
        with open(path, "wb") as f:
            f.write(spy.bytes())
        return subprocess.run([SPY, "-r", path, "-f", form, *more], check=True, capture_output=True).stdout


def records(calls):
    """In the order of the calls."""
    found = [json.loads(line, parse_int=Number, parse_float=Number) for line in play(calls).splitlines()]
    return sorted(found, key=lambda r: int(r["id"]))


def texts(record):
    return ["".join(p["text"] or "" for p in c["parts"]) for c in record["response"]["choices"]]


# ---- what was not understood ----
def sse(*data):
    return answer(b"".join(b"data: " + d + b"\n\n" for d in data), "text/event-stream")


# Answers; whether all was understood; its text, or None where there need not be any.
ANSWERS = {
    "an answer": (answer(BODY), True, SAID),
    "with a byte-order mark": (answer(b"\xef\xbb\xbf" + BODY), True, SAID),
    "with NaN": (answer(BODY.replace(b"12", b"NaN")), True, SAID),
    "with a number out of range": (answer(BODY.replace(b"12", b"1e400")), True, SAID),
    "with words behind it": (answer(BODY + b" words"), False, SAID),
    "with zeroes behind it": (answer(BODY + b"\0\0"), False, SAID),
    "with one brace more": (answer(BODY + b"}"), False, SAID),
    "two": (answer(BODY + b"\n" + BODY), False, SAID),
    "and a list": (answer(BODY + b"[1]"), False, SAID),
    "with a comma too much": (answer(BODY[:-1] + b",}"), False, SAID),
    "behind words": (answer(b"words" + BODY), False, None),
    "as UTF-16": (answer(BODY.decode().encode("utf-16")), False, None),
    "a page": (answer(b"<html>hi</html>", "text/html"), False, None),
    "a page called JSON": (answer(b"<html>hi</html>"), False, None),
    "words called JSON": (answer(b"internal error"), False, None),
    "words without a type": (answer(b"internal error", None), False, None),
    "words": (answer(b"just \xff words", "text/plain"), True, "just \ufffd words"),
    "sound": (answer(bytes(range(256)), "audio/mpeg"), False, None),
    "a string": (answer(b'"hello"'), False, None),
    "a number": (answer(b"12"), False, None),
    "null": (answer(b"null"), False, None),
    "a list of numbers": (answer(b"[1,2]"), False, None),
    "in single quotes": (answer(b"{'id':'x'}"), False, None),
    "with a comment": (answer(b'{/*c*/"id":"x"}'), False, None),
    "too deep": (answer(b'{"id":' + b"[" * 100000 + b"]" * 100000 + b"}"), False, None),
    "a stream": (sse(EVENT, b"[DONE]"), True, "hi"),
    "a stream, byte-order mark first": (answer(b"\xef\xbb\xbfdata: " + EVENT + b"\n\n", "text/event-stream"), True, "hi"),
    "events behind blanks": (sse(b"   " + EVENT, b"[DONE]"), True, "hi"),
    "events behind a byte-order mark": (sse(b"\xef\xbb\xbf" + EVENT, b"[DONE]"), True, "hi"),
    "a cut event": (sse(EVENT, EVENT[:20], b"[DONE]"), False, "hi"),
    "an event of words": (sse(EVENT, b"words", b"[DONE]"), False, "hi"),
    "an event of a number": (sse(EVENT, b"12", b"[DONE]"), False, "hi"),
    "words behind an event": (sse(EVENT + b" words", b"[DONE]"), False, "hi"),
}
REQUESTS = {
    "words": b"words",
    "a number": b"12",
    "a request with words behind it": b'{"model":"m","messages":[]} words',
    "a request in single quotes": b"{'model':'m'}",
}


def understood():
    for (what, (_, whole, text)), r in zip(ANSWERS.items(), records([(ASK, a) for a, _, _ in ANSWERS.values()])):
        bad = []
        if r["complete"] != whole or r["response"]["partial"] == whole:
            bad.append(f"complete {r['complete']}, partial {r['response']['partial']}")
        if text is not None and texts(r) != [text]:
            bad.append(texts(r))
        ok(not bad, f"answer: {what}: is {'' if whole else 'not '}complete", *bad)
    for what, r in zip(REQUESTS, records([(request(b), answer(BODY)) for b in REQUESTS.values()])):
        ok(not r["complete"] and r["request"]["partial"], f"request: {what}: is not complete", r["request"])
    r, = records([(request(b'{"model":"m","input":"hi","voice":"v"}', "/v1/audio/speech"), answer(bytes(range(256)), "audio/mpeg"))])
    ok(r["complete"], "what is no text need not be read where speech was asked for")
    shown = play([(request(b"words"), answer(b"words"))], "text").decode()
    ok("the request's body could not be read" in shown and "part of the response could not be read" in shown,
       "it is said where people read", shown)
    all_ = records([(ASK, answer(BODY[:n])) for n in range(1, len(BODY) + 1)])
    ok([r["complete"] for r in all_] == [False] * (len(BODY) - 1) + [True], "cut anywhere, though its length fits: only the whole is complete")
    ok(all(SAID.startswith("".join(texts(r))) for r in all_), "and what is there of its text is shown")


# ---- numbers ----
NUMBERS = ("52.37 9007199254740993 1E5 1e400 -0 -0.0 1.50 0.0000145 3.11e-05 123456789012345678901234567890 5e-324 0.10 1.0 "
           "0.30000000000000004 18446744073709551616 -9223372036854775809").split()


def numbers():
    ask = ('{"model":"m","messages":[{"role":"user","content":"hi"}],' +
           ",".join(f'"n{i}":{n}' for i, n in enumerate(NUMBERS)) + "}").encode()
    raw = ",".join(f'"n{i}":{n}' for i, n in enumerate(NUMBERS)).encode()
    calls = [(request(ask), answer(BODY.replace(b'"usage": {', b'"odd":{' + raw + b'},"usage": {' + raw + b",")))]
    r = records(calls)[0]
    want = {f"n{i}": Number(n) for i, n in enumerate(NUMBERS)}
    ok(r["request"]["params"] == want, "numbers of a request are as they were written", r["request"]["params"])
    ok({k: v for k, v in r["usage"]["raw"].items() if k in want} == want, "those of usage", r["usage"]["raw"])
    odd = [p["text"] for p in r["response"]["choices"][0]["parts"] if p["kind"] == "other"]
    ok(odd == ["{" + raw.decode() + "}"], "those of what is not known", odd)
    odd = records([(request(b'{"model":"m","messages":[{"role":"user","content":%s}]}' % n.encode()), answer(BODY)) for n in NUMBERS])
    odd = [p["text"] for r in odd for m in r["request"]["messages"] for p in m["parts"]]
    ok(odd == NUMBERS, "those that stand where a text should", odd)
    shown = play(calls, "text", "--full").decode()
    ok(all(f" n{i} {n}" in shown for i, n in enumerate(NUMBERS)), "in text", shown)
    shown = play(calls, "verbose").decode()
    ok(all(f"N{i}: {n}\n" in shown for i, n in enumerate(NUMBERS)), "in verbose", shown)


# ---- as Python reads ----
def written_number(rnd):
    whole = rnd.choice(["0", "7", "52", "9007199254740993", str(rnd.getrandbits(rnd.choice((8, 31, 63, 64, 200))))])
    part = rnd.choice(["", "", ".0", ".50", ".37", "." + str(rnd.getrandbits(40)), "." + "0" * rnd.randrange(1, 30) + "1"])
    power = rnd.choice(["", "", "", "e5", "E+05", "e-7", "e400", "E-400"])
    return rnd.choice(["", "-"]) + whole + part + power


def written_string(rnd, is_name=False):
    pieces = ["a", "said", "/", "\\/", "\\n", "\\\"", "\\\\", "\\u0041", "\\u00e9", "\u00e9", "\u4f60", "\U0001f600", "\\ud83d\\ude00",
              "\\uD83D", "\\ude00", "\\ud83d\\ud83d\\ude00", " ", "\t", "\n", "\x01", "\x7f", "\u2028", "longer than eight bytes", "\\u0000"]
    out = "".join(rnd.choices(pieces, k=rnd.randrange(8))).encode()
    if not is_name and rnd.random() < 0.2:
        bad = rnd.choice([b"\xff", b"\xc3", b"\xe4\xbd", b"\xf0\x9f\x98", b"\x80", b"\xed\xa0\xbd", b"\xc0\xaf"])
        return b'"' + out + bad + rnd.choice([b"", b"z"]) + b'"'
    return b'"' + out + b'"'


def written(rnd, depth):
    def gap():
        return rnd.choice([b"", b"", b"", b" ", b"\n", b"\r\n\t "])
    kind = rnd.randrange(8 if depth else 5)
    if kind == 0:
        return written_number(rnd).encode()
    if kind == 1:
        return rnd.choice([b"true", b"false", b"null", b"NaN", b"Infinity", b"-Infinity"])
    if kind < 5:
        return written_string(rnd)
    n = rnd.randrange(5)
    if kind == 5:
        return b"[" + gap() + (gap() + b"," + gap()).join(written(rnd, depth - 1) for _ in range(n)) + gap() + b"]"
    names = [written_string(rnd, True) for _ in range(3)]
    return b"{" + gap() + b",".join(gap() + rnd.choice(names) + gap() + b":" + gap() + written(rnd, depth - 1) + gap() for _ in range(n)) + b"}"


def tidy(text):
    """Python replaces several bytes by one character, or half of a pair by none."""
    return re.sub("\ufffd+", "\ufffd", re.sub("[\ud800-\udfff]", "\ufffd", text))


def name(text):
    return tidy(text.replace("\0", "\ufffd"))


def tidied(v):
    if isinstance(v, Number):
        return v
    if isinstance(v, str):
        return tidy(v)
    if isinstance(v, list):
        return [tidied(i) for i in v]
    return v


def python_reads(text):
    """Decoded in strings alone, since escapes of half pairs may meet."""
    return tidied(json.loads(text.decode("utf-8", "replace"), strict=False, parse_int=Number, parse_float=Number,
                             parse_constant=lambda _: None,
                             object_pairs_hook=lambda pairs: {name(k): tidied(v) for k, v in pairs}))


def like_python():
    rnd = random.Random(13)
    documents = [b"[1," + written(rnd, rnd.randrange(6)) + b"]" for _ in range(DOCUMENTS)]
    marks = [rnd.choice([b"", b"\xef\xbb\xbf", b" \r\n"]) for _ in documents]
    calls = [(request(m + b'{"model":"m","planted":' + d + b',"messages":[{"role":"user","content":"hi"}]}'), answer(BODY))
             for m, d in zip(marks, documents)]
    bad = []
    for d, line in zip(documents, sorted(play(calls).splitlines(), key=lambda s: json.loads(s)["id"])):
        got, want = python_reads(line)["request"], python_reads(d)
        if got["params"].get("planted") != want or got["partial"]:
            bad.append(f"{d!r}\nis {got['params'].get('planted')!r}\nnot {want!r}")
    ok(not bad, f"{len(documents)} texts are read as Python reads them", len(bad), *bad[:3])


understood()
numbers()
like_python()
done()
