#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Odd shapes of OpenAI's formats and of those that follow them: one row each, of what is sent, what
comes back, and what the record says of it."""
import hashlib
import json
import os
import struct
import subprocess
import sys

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path.insert(0, os.path.join(SRC, "tests", "conformance"))
from spyfile import READ, WRITE, SpyFile, cut_random  # noqa: E402
sys.path.insert(0, os.path.join(SRC, "tests", "lib"))
from tap import done, ok  # noqa: E402

SPY = os.path.join(BUILD, "llm-spy")
HELLO = "aGVsbG8="  # base64 of hello
DIGEST = hashlib.sha256(b"hello").hexdigest()
PNG = "data:image/png;base64," + HELLO
END = b"data: [DONE]\n\n"
file, rows = SpyFile(), []


# ---- what is played ----
def http(start, media, body, more=""):
    return f"{start}\r\nContent-Type: {media}\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode() + body


def frame(v, masked):
    data, mask = json.dumps(v).encode(), 128 if masked else 0
    size = bytes([len(data) | mask]) if len(data) < 126 else bytes([126 | mask]) + struct.pack(">H", len(data))
    return b"\x81" + size + (bytes(4) if masked else b"") + data


def row(name, pieces, wants):
    rows.append((name, wants))
    file.connection(len(rows), pieces, cut_random(len(rows)))


def call(name, path, ask, back, *wants, status=200, host="api.example"):
    """back: a body, a list of the events of a stream, or bytes. wants: functions of the records."""
    media = "text/event-stream" if isinstance(back, list) else "application/json"
    if isinstance(back, list):
        body = b"".join(e if isinstance(e, bytes) else b"data: " + json.dumps(e).encode() + b"\n\n" for e in back)
    else:
        body = back if isinstance(back, bytes) else json.dumps(back).encode()
    request = http(f"POST {path} HTTP/1.1", "application/json", json.dumps(ask).encode(), f"Host: {host}\r\n")
    row(name, [(WRITE, request), (READ, http(f"HTTP/1.1 {status} X", media, body))], wants)


# ---- what is wanted: each returns None, or what is wrong ----
def parts(*them, choice=0):
    """Parts of the answer, each with at least these members."""
    def check(records):
        choices = [c for c in records[-1]["response"]["choices"] if c["index"] == choice]
        return same(choices[0]["parts"] if choices else [], them)
    return check


def asked(*them, message=-1):
    """The same of a message of the request."""
    return lambda records: same(records[-1]["request"]["messages"][message]["parts"], them)


def same(found, them):
    good = len(found) == len(them) and all(all(f.get(k) == v for k, v in t.items()) for f, t in zip(found, them))
    return None if good else found


def member(path, value):
    def check(records):
        v = records
        for step in path.split("."):
            v = v[int(step)] if isinstance(v, list) else v[step]
            if v is None:
                break
        return None if v == value else f"{path}: {v}"
    return check


def is_complete(yes=True):
    return member("-1.complete", yes)


def text(s, kind="text"):
    return {"kind": kind, "text": s}


def data(kind, media_type=None, **more):
    return {"kind": kind, "bytes": 5, "sha256": DIGEST, "media_type": media_type, **more}


def usage(**counts):
    return lambda records: None if all(records[-1]["usage"].get(k) == v for k, v in counts.items()) else records[-1]["usage"]


# ---- Chat Completions ----
ASK = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
STREAM = {**ASK, "stream": True}
CALL = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def whole(message=None, **choice):
    return {"id": "x", "object": "chat.completion", "model": "m", "choices": [
        {"index": 0, "finish_reason": "stop", **({"message": message} if message else {}), **choice}]}


def chunk(delta=None, finish=None, **choice):
    return {"id": "x", "object": "chat.completion.chunk", "model": "m", "choices": [
        {"index": 0, "finish_reason": finish, **({"delta": delta} if delta is not None else {}), **choice}]}


def chat(name, ask, back, *wants, **more):
    call("chat: " + name, "/v1/chat/completions", ask, back, *wants, **more)


SAID = {"role": "assistant", "content": "A"}
TOOL_CALL = {"kind": "tool_call", "id": "a", "name": "f", "text": "{}"}
chat("one call that is no list", ASK, whole({**SAID, "content": None, "tool_calls": CALL}), parts(TOOL_CALL))
chat("no call in a list of null", ASK, whole({**SAID, "tool_calls": [None]}), parts(text("A")))
chat("one choice that is no list", ASK, {**whole(), "choices": whole(SAID)["choices"][0]}, parts(text("A")))
chat("one tool that is no list", {**ASK, "tools": {"type": "function", "function": {"name": "f"}}}, whole(SAID),
     member("-1.request.tools.0.name", "f"))
chat("one call in a request that is no list", {**ASK, "messages": [{"role": "assistant", "tool_calls": CALL}]}, whole(SAID),
     asked(TOOL_CALL))
chat("a message that is a text", {**ASK, "messages": ["hi"]}, whole(SAID), asked(text("hi")))
chat("an annotation that is no list", ASK, whole({**SAID, "annotations": {"type": "url_citation", "url_citation": {"url": "https://e"}}}),
     member("-1.response.citations.0.url", "https://e"))
chat("arguments that are an object", ASK, whole({**SAID, "content": None, "tool_calls": [
    {"id": "a", "function": {"name": "f", "arguments": {"x": 1.50}}}]}), parts({**TOOL_CALL, "text": '{"x":1.5}'}))
chat("pictures that are texts", ASK, whole({**SAID, "content": "", "images": [PNG]}), parts(data("image", "image/png")))
chat("one picture that is no list", ASK, whole({**SAID, "content": "", "images": {"image_url": {"url": PNG}}}),
     parts(data("image", "image/png")))
chat("a message in the place of a delta", STREAM, [chunk(None, "stop", message=SAID), END], parts(text("A")))
chat("a text in the place of a delta", STREAM, [chunk(None, "stop", text="A"), END], parts(text("A")))
chat("an answer under a member that nobody knows", ASK, {"id": "x", "object": "o", "reply": "A"},
     parts({"kind": "other", "type": "reply", "text": "A"}))
chat("halves of a character in two deltas", STREAM, [chunk({"content": "a\ud83d"}), chunk({"content": "\ude00b"}, "stop"), END],
     parts(text("a\U0001f600b")))
chat("halves of a character in two pieces of arguments", STREAM, [
    chunk({"tool_calls": [{**CALL, "index": 0, "function": {"name": "f", "arguments": '"\ud83d'}}]}),
    chunk({"tool_calls": [{"index": 0, "function": {"arguments": '\ude00"'}}]}, "tool_calls"), END],
    parts({**TOOL_CALL, "text": '"\U0001f600"'}))
chat("halves that find no other", STREAM, [chunk({"content": "\ude00a\ud83d"}), chunk({"content": "b\ud83d"}, "stop"), END],
     parts(text("\ufffda\ufffdb\ufffd")))
chat("sound in pieces", STREAM, [chunk({"audio": {"id": "s", "transcript": "he"}}), chunk({"audio": {"data": "aGVs"}}),
                                 chunk({"audio": {"data": "bG8="}}), chunk({"audio": {"transcript": "llo"}}, "stop"), END],
     parts(data("audio"), text("hello")))
chat("sound of two choices in pieces", STREAM, [
    chunk({"audio": {"data": "aGVs"}}, index=1), chunk({"audio": {"data": HELLO}}, "stop"),
    chunk({"audio": {"data": "bG8="}}, "stop", index=1), END], parts(data("audio")), parts(data("audio"), choice=1))
chat("sound of which a piece is no base64", STREAM, [
    chunk({"audio": {"data": "aGVs"}}), chunk({"audio": {"data": "!!"}}), chunk({"audio": {"data": "bG8="}}, "stop"), END],
    parts({"kind": "audio", "bytes": None, "sha256": None}))

# Binary content, wherever it stands.
FORMS = [
    ({"type": "image_url", "image_url": {"url": PNG}}, data("image", "image/png")),
    ({"type": "image_url", "image_url": PNG}, data("image", "image/png")),
    ({"type": "image_url", "image_url": "data:image/png;base64,a-_b"}, {"kind": "image", "bytes": 3}),
    ({"type": "image_url", "image_url": "data:image/png;base64,!!"}, {"kind": "image", "bytes": None, "sha256": None}),
    ({"type": "image_url", "image_url": {"url": "https://e/x.png"}}, {"kind": "image", "text": "https://e/x.png"}),
    ({"type": "input_image", "image_url": PNG}, data("image", "image/png")),
    ({"type": "input_image", "image_url": {"url": PNG}}, data("image", "image/png")),
    ({"type": "input_image", "file_id": "f1"}, {"kind": "image", "id": "f1"}),
    ({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": HELLO}}, data("image", "image/png")),
    ({"type": "image", "image": PNG}, data("image", "image/png")),
    ({"type": "image", "data": HELLO, "mimeType": "image/png"}, data("image", "image/png")),
    ({"type": "computer_screenshot", "image_url": PNG}, data("image", "image/png")),
    ({"type": "input_audio", "input_audio": {"data": HELLO, "format": "wav"}}, data("audio", "audio/wav")),
    ({"type": "input_audio", "input_audio": {"data": "data:audio/mp3;base64," + HELLO, "format": "mp3"}}, data("audio", "audio/mp3")),
    ({"type": "input_audio", "input_audio": HELLO}, data("audio")),
    ({"type": "audio_url", "audio_url": {"url": "data:audio/wav;base64," + HELLO}}, data("audio", "audio/wav")),
    ({"type": "video_url", "video_url": {"url": "data:video/mp4;base64," + HELLO}}, data("file", "video/mp4")),
    ({"type": "file", "file": {"filename": "a.pdf", "file_data": HELLO}}, data("file", name="a.pdf")),
    ({"type": "file", "file": {"file_id": "f1"}}, {"kind": "file", "id": "f1"}),
    ({"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64," + HELLO},
     data("file", "application/pdf", name="a.pdf")),
    ({"type": "document_url", "document_url": "https://e/a.pdf"}, {"kind": "file", "text": "https://e/a.pdf"}),
    ({"type": "document", "source": {"type": "text", "data": "plain"}}, {"kind": "file", "text": "plain", "bytes": None}),
]
SEE = {"type": "text", "text": "see"}
for form, want in FORMS:
    what = json.dumps(form)[:70]
    chat("in a prompt: " + what, {**ASK, "messages": [{"role": "user", "content": [SEE, form]}]}, whole(SAID),
         asked(text("see"), want))
    chat("in a result: " + what, {**ASK, "messages": [{"role": "tool", "tool_call_id": "a", "content": [SEE, form]}]}, whole(SAID),
         asked({"kind": "tool_result", "id": "a", "text": "see"}, want))
    chat("in an answer: " + what, ASK, whole({**SAID, "content": [SEE, form]}), parts(text("see"), want))

# Errors.
for name, event in (
        ("an object of that name", {"object": "error", "message": "boom", "type": "t", "code": 400}),
        ("an event of that name", b'event:error\n:HTTP_STATUS/400\ndata:{"code":"c","message":"boom"}\n\n'),
        ("a line of text", b"event: error\ndata: boom\n\n"),
        ("in Groq's member", {**chunk({}), "x_groq": {"id": "r", "error": "boom"}}),
        ("a list of texts", {"errors": ["boom"]}),
        ("in a delta", chunk({"error": {"message": "boom"}}, "error")),
        ("a text", {"error": "boom"})):
    chat("an error in a stream: " + name, STREAM, [chunk({"content": "A"}), event], parts(text("A")) if name != "in a delta" else None,
         member("-1.error.message", "boom"))
chat("an error beside an answer", ASK, {**whole(SAID), "error": {"message": "boom"}}, parts(text("A")), member("-1.error.message", "boom"))
chat("an error that is a string of JSON", ASK, b'"boom"', member("-1.error.message", "boom"), status=404)

# Tokens.
chat("tokens as the Responses API names them", ASK, {**whole(SAID), "usage": {"input_tokens": 5, "output_tokens": 3}}, usage(input=5, output=3))
chat("reasoning beside the counts", ASK, {**whole(SAID), "usage": {"prompt_tokens": 5, "completion_tokens": 3, "reasoning_tokens": 2}},
     usage(output=3, reasoning=2))
chat("llama.cpp's timings alone", STREAM, [{**chunk({"content": "A"}, "stop"), "timings": {"prompt_n": 5, "cache_n": 2, "predicted_n": 7}}, END],
     usage(input=7, cached_read=2, output=7))


# ---- all of them, played ----
r = subprocess.run([SPY, "-r", "-", "-f", "jsonl", "--all"], input=file.bytes(), capture_output=True)
ok(r.returncode == 0, "they are played", r.stderr)
records = {}
for line in r.stdout.splitlines():
    v = json.loads(line)
    records.setdefault(v["process"]["pid"], []).append(v)
for n, (name, wants) in enumerate(rows, 1):
    them = [v for v in records.get(n, []) if v["kind"] == "llm"]
    faults = [f for f in (want(them) if them else "no call" for want in wants if want) if f is not None]
    ok(not faults, name, *faults)
done()
