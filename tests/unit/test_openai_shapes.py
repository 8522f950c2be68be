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


def call(name, path, ask, back, *wants, status=200, host="api.example", media=None):
    """back: a body, a list of the events of a stream, or bytes. wants: functions of the records."""
    media = media or ("text/event-stream" if isinstance(back, list) else "application/json")
    if isinstance(back, list):
        body = b"".join(e if isinstance(e, bytes) else b"data: " + json.dumps(e).encode() + b"\n\n" for e in back)
    else:
        body = back if isinstance(back, bytes) else json.dumps(back).encode()
    request = http(f"POST {path} HTTP/1.1", "application/json", json.dumps(ask).encode(), f"Host: {host}\r\n")
    row(name, [(WRITE, request), (READ, http(f"HTTP/1.1 {status} X", media, body))], wants)


def socket(name, path, script, *wants):
    """script: (from the client, message) of each."""
    hello = (f"GET {path} HTTP/1.1\r\nHost: api.openai.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").encode()
    switched = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    row(name, [(WRITE, hello), (READ, switched)] + [(WRITE if up else READ, frame(v, up)) for up, v in script], wants)


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
            try:
                v = v[int(step)] if isinstance(v, list) else v[step]
            except (IndexError, KeyError, TypeError):
                v = None
                break
        return None if v == value else f"{path}: {v}"
    return check


def call_of(id, *wants):
    """What is wanted of the call whose answer has that id, of several on one connection."""
    def check(records):
        them = [v for v in records if v["response"]["id"] == id]
        return ([w(them) for w in wants if w(them) is not None] or [None])[0] if them else f"no {id}"
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

chat("an error that wraps its message", ASK, {"detail": {"error": {"message": "boom"}}}, member("-1.error.message", "boom"), status=400)

# Groq's tools, OpenRouter's files, thinking that nobody reads, numbers as texts, other words for the end.
EXECUTED = [{"index": 0, "type": "search", "arguments": '{"q":1}', "output": "found", "search_results": {"results": [{"url": "https://s"}]}}]
RUN = {"kind": "tool_call", "type": "executed", "name": "search", "text": '{"q":1}'}, {"kind": "tool_result", "text": "found"}
chat("tools that Groq ran", ASK, whole({**SAID, "executed_tools": EXECUTED}), parts(text("A"), *RUN), member("-1.response.choices.0.finish", "stop"),
     member("-1.response.citations.0.url", "https://s"))
chat("tools that Groq ran, in a stream", STREAM, [chunk({"executed_tools": [{k: EXECUTED[0][k] for k in ("index", "type", "arguments")}]}),
                                                  chunk({"content": "al"}), chunk({"executed_tools": EXECUTED}), chunk({"content": "pha"}, "stop"), END],
     parts(RUN[0], text("alpha"), RUN[1]))
chat("a file of the prompt as it was read", ASK, whole({**SAID, "annotations": [{"type": "file", "file": {"name": "a", "content": [
    {"type": "text", "text": "x"}, {"type": "image_url", "image_url": {"url": PNG}}]}}]}), parts(text("A"), {"kind": "file", "name": "a", "text": "x"}, data("image", "image/png")))
HIDDEN = {"thinking_blocks": [{"type": "redacted_thinking", "data": "e"}]}
chat("hidden thinking", {**ASK, "messages": [{**SAID, **HIDDEN}]}, whole({**SAID, **HIDDEN}), asked({"kind": "reasoning", "type": "encrypted"}, text("A")),
     parts({"kind": "reasoning", "type": "encrypted"}, text("A")))
chat("hidden thinking amid a text", STREAM, [chunk({"content": "al"}), chunk(HIDDEN), chunk({"content": "pha"}), chunk(HIDDEN, "stop"), END],
     parts(text("alpha"), {"kind": "reasoning", "type": "encrypted"}))
chat("calls numbered by texts", STREAM, [
    chunk({"tool_calls": [{"index": "0", "id": "a", "function": {"name": "f", "arguments": "{"}}, {"index": "1", "id": "b", "function": {"name": "g", "arguments": "{"}}]}),
    chunk({"tool_calls": [{"index": "0", "function": {"arguments": "}"}}, {"index": "1", "function": {"arguments": " }"}}]}, "tool_calls"), END],
    parts(TOOL_CALL, {**TOOL_CALL, "id": "b", "name": "g", "text": "{ }"}))
chat("an answer that comes later", ASK, {"request_id": "later"}, member("-1.response.id", "later"))
for word, finish in (("SAFETY", "content_filter"), ("tool_use", "tool_call"), ("abort", "error"), ("eos_token", "stop"), ("surprise", "other")):
    chat("an end called " + word, ASK, whole(SAID, finish_reason=word), member("-1.response.choices.0.finish", finish),
         member("-1.response.choices.0.finish_raw", word))

# Tokens.
chat("tokens of Mistral's cache", ASK, {**whole(SAID), "usage": {"prompt_tokens": 5, "completion_tokens": 3, "prompt_token_details": {"cached_tokens": 2}}},
     usage(cached_read=2))
chat("tokens as the Responses API names them", ASK, {**whole(SAID), "usage": {"input_tokens": 5, "output_tokens": 3}}, usage(input=5, output=3))
chat("reasoning beside the counts", ASK, {**whole(SAID), "usage": {"prompt_tokens": 5, "completion_tokens": 3, "reasoning_tokens": 2}},
     usage(output=3, reasoning=2))
chat("llama.cpp's timings alone", STREAM, [{**chunk({"content": "A"}, "stop"), "timings": {"prompt_n": 5, "cache_n": 2, "predicted_n": 7}}, END],
     usage(input=7, cached_read=2, output=7))


# ---- Responses ----
def body(*output, status="completed", **more):
    return {"id": "x", "object": "response", "model": "m", "status": status, "output": list(output), **more}


def message(s, **part):
    return {"type": "message", "id": "m1", "role": "assistant", "content": [{"type": "output_text", "text": s, **part}]}


def event(kind, **more):
    return {"type": "response." + kind, **more}


def responses(name, ask, back, *wants, **more):
    call("responses: " + name, "/v1/responses", {"model": "m", "input": "hi", **ask}, back, *wants, **more)


def numbered(events):
    return [{**e, "sequence_number": n} for n, e in enumerate(events)]


A = text("A")
responses("one item that is no list", {}, {**body(), "output": message("A")}, parts(A))
responses("one content that is no list", {}, body({**message("A"), "content": {"type": "output_text", "text": "A"}}), parts(A))
responses("a content that is a text", {}, body({**message("A"), "content": "A"}), parts(A))
responses("an output that is a text", {}, {**body(), "output": "A"}, parts(A))
responses("the text of SDKs alone", {}, {"id": "x", "object": "response", "status": "completed", "output_text": "A"}, parts(A))
responses("reasoning that is a text", {}, body({"type": "reasoning", "summary": "S", "content": {"text": "C"}}),
          parts(text("S", "reasoning"), text("C", "reasoning")))
responses("tokens as Chat Completions names them", {}, body(message("A"), usage={"prompt_tokens": 5, "completion_tokens": 3}), usage(input=5, output=3))
responses("a request of one item and one tool", {"input": {"role": "user", "content": {"type": "input_text", "text": "U"}}, "tools": {"type": "web_search"}},
          body(message("A")), asked(text("U")), member("-1.request.tools.0.name", "web_search"))
responses("instructions that are messages", {"instructions": [{"role": "system", "content": [{"type": "input_text", "text": "S"}]}]}, body(message("A")),
          member("-1.request.system.parts.0.text", "S"))
responses("where a call goes", {}, body({"type": "mcp_call", "id": "c", "name": "t", "server_label": "srv", "arguments": "{}"}),
          parts({"kind": "tool_call", "name": "t"}, {"kind": "other", "type": "server_label", "text": "srv"}))
responses("an answer in another form", {}, {"id": "x", "reply": "A"}, parts({"kind": "other", "type": "reply", "text": "A"}))

# Items of every kind: whole, in a stream, and handed back with the next request.
IMAGE = {"type": "input_image", "image_url": PNG}


def tool(kind, name, text, id="c", **more):
    return {"kind": "tool_call", "type": kind, "name": name, "id": id, "text": text, **more}


def result(text, id="c", **more):
    return {"kind": "tool_result", "id": id, "text": text, **more}


ITEMS = [
    ({"type": "web_search_call", "id": "c", "action": {"type": "search", "query": "q"}}, [tool("web_search_call", "web_search", '{"type":"search","query":"q"}')]),
    ({"type": "file_search_call", "id": "c", "queries": ["q"], "results": [{"text": "found"}]},
     [tool("file_search_call", "file_search", '["q"]'), result("found")]),
    ({"type": "code_interpreter_call", "id": "c", "code": "1", "outputs": [{"type": "logs", "logs": "2"}, {"type": "image", "url": PNG}]},
     [tool("code_interpreter_call", "code_interpreter", "1"), result('{"type":"logs","logs":"2"}'), data("image", "image/png")]),
    ({"type": "image_generation_call", "id": "c", "result": HELLO, "output_format": "webp"},
     [tool("image_generation_call", "image_generation", ""), data("image", "image/webp")]),
    ({"type": "computer_call", "id": "i", "call_id": "c", "actions": [{"type": "wait"}]}, [tool("computer_call", "computer", '[{"type":"wait"}]')]),
    ({"type": "shell_call", "id": "i", "call_id": "c", "action": {"commands": ["ls"]}}, [tool("shell_call", "shell", '{"commands":["ls"]}')]),
    ({"type": "apply_patch_call", "id": "i", "call_id": "c", "operation": {"diff": "d"}}, [tool("apply_patch_call", "apply_patch", '{"diff":"d"}')]),
    ({"type": "mcp_call", "id": "c", "name": "t", "arguments": "{}", "error": {"message": "bad"}},
     [tool("mcp_call", "t", "{}"), result('{"message":"bad"}', is_error=True)]),
    ({"type": "mcp_call", "id": "c", "name": "t", "arguments": "{}", "output": "ok"}, [tool("mcp_call", "t", "{}"), result("ok")]),
    ({"type": "mcp_approval_request", "id": "c", "name": "t", "arguments": "{}"}, [tool("mcp_approval_request", "t", "{}")]),
    ({"type": "tool_search_call", "id": "i", "call_id": "c", "arguments": {"query": "q"}}, [tool("tool_search_call", "tool_search", '{"query":"q"}')]),
    ({"type": "tool_search_output", "id": "i", "call_id": "c", "tools": [{"name": "f"}]}, [result('[{"name":"f"}]', type="tool_search_output")]),
    ({"type": "shell_call_output", "id": "i", "call_id": "c", "output": [{"stdout": "o"}]}, [result('[{"stdout":"o"}]', type="shell_call_output")]),
    ({"type": "apply_patch_call_output", "id": "i", "call_id": "c", "status": "failed", "output": "no"},
     [result("no", type="apply_patch_call_output", is_error=True)]),
    ({"type": "computer_call_output", "id": "i", "call_id": "c", "output": {"type": "computer_screenshot", "image_url": PNG}},
     [result("", type="computer_call_output"), data("image", "image/png")]),
    ({"type": "custom_tool_call_output", "id": "i", "call_id": "c", "output": [{"type": "input_text", "text": "see"}, IMAGE]},
     [result("see", type="custom_tool_call_output"), data("image", "image/png")]),
    ({"type": "program_output", "id": "i", "call_id": "c", "result": "1"}, [result("1", type="program_output")]),
    ({"type": "program", "id": "i", "call_id": "c", "code": "x"}, [{"kind": "other", "type": "program"}]),
    ({"type": "compaction", "id": "i", "encrypted_content": "e"}, [{"kind": "other", "type": "compaction"}]),
    ({"type": "mcp_list_tools", "id": "i", "tools": [{"name": "t"}]}, [{"kind": "other", "type": "mcp_list_tools"}]),
]
for item, want in ITEMS:
    name = f"{item['type']}, {'error' if 'error' in item else 'well'}"
    responses(name + ": whole", {}, body(item), parts(*want))
    responses(name + ": in a stream", {"stream": True}, numbered([
        event("created", response=body(status="in_progress")), event("output_item.added", output_index=0, item={**item, "status": "in_progress"}),
        event("output_item.done", output_index=0, item=item), event("completed", response=body(item))]), parts(*want), is_complete())
    responses(name + ": handed back", {"input": [item]}, body(message("A")), asked(*want))
responses("an approval", {"input": [{"type": "mcp_approval_response", "approval_request_id": "c", "approve": False, "reason": "no"}]}, body(message("A")),
          asked(result("denied no", type="mcp_approval_response")))
responses("a result with a picture and a file", {"input": [{"type": "function_call_output", "call_id": "c", "output": [
    {"type": "input_text", "text": "see"}, IMAGE, {"type": "input_file", "filename": "a", "file_data": HELLO}]}]}, body(message("A")),
    asked(result("see"), data("image", "image/png"), data("file", name="a")))
responses("citations of every kind", {}, body(message("A", annotations=[
    {"type": "url_citation", "url": "https://u", "title": "t", "start_index": 0, "end_index": 1},
    {"type": "container_file_citation", "file_id": "f2", "filename": "n2", "start_index": 1, "end_index": 2},
    {"type": "file_path", "file_id": "f3", "index": 3}, {"type": "file_citation", "file_id": "f1", "filename": "n1", "index": 5}])),
    member("-1.response.citations.0.url", "https://u"), member("-1.response.citations.1.document", "f2"),
    member("-1.response.citations.2.start", 3), member("-1.response.citations.3.title", "n1"))
responses("Perplexity's pages", {}, body({"type": "search_results", "queries": ["q"], "results": [{"url": "https://s", "title": "t", "snippet": "n"}]}, message("A")),
          member("-1.response.citations.0.text", "n"), member("-1.response.searches", ["q"]))

# Streams: which come as they should, and which do not.
GOOD = numbered([
    event("created", response=body(status="in_progress")), event("output_item.added", output_index=0, item={**message(""), "content": []}),
    *[event("output_text.delta", item_id="m1", output_index=0, content_index=0, delta=d) for d in ("al", "pha", " be", "ta")],
    event("output_item.done", output_index=0, item=message("alpha beta")), event("completed", response=body(message("alpha beta")))])
ALPHA = parts(text("alpha beta"))


def stream(name, events, *wants):
    responses(name, {"stream": True}, events, *wants)


stream("a stream as it should be", GOOD, ALPHA, is_complete())
stream("a stream that is not numbered", [{k: v for k, v in e.items() if k != "sequence_number"} for e in GOOD], ALPHA, is_complete())
stream("a stream whose numbers are all alike", [{**e, "sequence_number": 0} for e in GOOD], ALPHA, is_complete())
stream("an event is missing", GOOD[:3] + GOOD[4:], ALPHA, is_complete(False))
stream("an event is missing, and the whole", GOOD[:3] + GOOD[4:6], parts(text("al beta")), is_complete(False))
stream("the end is missing", GOOD[:6], ALPHA, is_complete(False))
stream("an event comes twice", GOOD[:4] + GOOD[3:], ALPHA, is_complete(False))
stream("an event comes twice, without the whole", GOOD[:4] + GOOD[3:6], ALPHA, is_complete(False))
stream("two events are exchanged", GOOD[:2] + [GOOD[3], GOOD[2]] + GOOD[4:], ALPHA, is_complete(False))
stream("the whole differs", GOOD[:7] + [{**GOOD[7], "response": body(message("alpha betX"))}], parts(text("alpha betX")), is_complete(False))
stream("the whole is shorter", GOOD[:6] + [{**GOOD[7], "sequence_number": 6, "response": body(message("alpha"))}], parts(text("alpha")), is_complete(False))
stream("the whole lacks an item", GOOD[:7] + [{**GOOD[7], "response": body({"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"})}],
       is_complete(False))
stream("the whole has other blanks in its arguments", [
    event("output_item.added", item={"type": "function_call", "id": "i", "call_id": "a", "name": "f", "arguments": ""}),
    event("function_call_arguments.delta", item_id="i", delta='{"x":1}'),
    event("completed", response=body({"type": "function_call", "id": "i", "call_id": "a", "name": "f", "arguments": '{"x": 1}'}))],
    parts({**TOOL_CALL, "text": '{"x": 1}'}), is_complete())
SECRET = ["my api_k", "ey=abcdef", "12345678 is", " it, and api_key=ab", "cdef9876"]
stream("the whole of a text with credentials", [event("output_text.delta", item_id="m1", delta=d) for d in SECRET] + [
    event("output_item.done", item=message("".join(SECRET))), event("completed", response=body(message("".join(SECRET))))],
    parts(text("my api_key=*** is it, and api_key=***")), is_complete())
stream("the whole differs in its last word", [event("output_text.delta", item_id="m1", delta="A"), event("completed", response=body(message("B")))],
       parts(text("B")), is_complete(False))
stream("the whole is empty", GOOD[:6] + [{**GOOD[7], "sequence_number": 6, "response": body()}], ALPHA, is_complete())
stream("texts that come at their end only", [event("output_text.done", item_id="m1", text="A"), event("completed", response=body())], parts(A), is_complete())
stream("parts that come at their end only", [event("content_part.done", item_id="m1", part=message("A", annotations=[{"url": "https://u"}])["content"][0]),
                                             event("completed", response=body())], parts(A), member("-1.response.citations.0.url", "https://u"))
stream("arguments that come at their end only", [
    event("output_item.added", item={"type": "function_call", "id": "i", "call_id": "a", "name": "f", "arguments": ""}),
    event("function_call_arguments.done", item_id="i", arguments="{}"), event("completed", response=body())], parts(TOOL_CALL))
stream("pieces of a kind that nobody knows", [event("poem.delta", item_id="z", delta="ro"), event("poem.delta", item_id="z", delta="ses"),
                                              event("completed", response=body())], parts({"kind": "other", "type": "poem", "text": "roses"}))
stream("sound in pieces", [event("audio.delta", delta="aGVs"), event("audio.delta", delta="bG8="), event("audio.transcript.delta", delta="hi"),
                           event("completed", response=body())], parts(data("audio"), text("hi")))
stream("a line of text as an error", [GOOD[0], b"event: error\ndata: boom\n\n"], member("-1.error.message", "boom"))
stream("an error with its members beside it", [GOOD[0], {"type": "error", "code": "c", "message": "boom"}], member("-1.error.message", "boom"))
chat("a stream without an end", STREAM, [chunk({"content": "A"})], parts(A), is_complete(False))
chat("a stream with an end mark only", STREAM, [chunk({"content": "A"}), END], parts(A), is_complete())
chat("a stream with a reason only", STREAM, [chunk({"content": "A"}, "stop")], parts(A), is_complete())
chat("a stream of which one choice has no end", STREAM, [chunk({"content": "A"}, "stop"), chunk({"content": "B"}, index=1)], is_complete(False))
call("completions: Writer's pieces", "/v1/completions", {"model": "m", "prompt": "hi", "stream": True}, [{"value": "al"}, {"value": "pha"}], parts(text("alpha")))


# ---- over WebSocket: Responses ----
def ask(s, **more):
    return True, {"type": "response.create", "model": "m", "input": s, **more}


def answer(id, s, **more):
    whole = {**body({**message(s), "id": "m" + id}), "id": id}
    return [(False, event("created", response={**body(status="in_progress"), "id": id}, **more)),
            (False, event("output_text.delta", item_id="m" + id, delta=s, **more)), (False, event("completed", response=whole, **more))]


def responses_socket(name, script, *wants):
    socket("responses socket: " + name, "/v1/responses", script, *wants)


def is_call(id, question, reply):
    return call_of(id, asked(text(question), message=0), parts(text(reply)), is_complete())


ONE, TWO = is_call("r1", "U1", "A1"), is_call("r2", "U2", "A2")
a, b = answer("r1", "A1", stream_id="a"), answer("r2", "A2", stream_id="b")
responses_socket("two streams", [ask("U1", stream_id="a"), ask("U2", stream_id="b"), b[0], a[0], a[1], b[1], b[2], a[2]], ONE, TWO)
c, d = answer("r1", "A1"), answer("r2", "A2")
responses_socket("two responses that only their ids tell apart", [ask("U1"), c[0], c[1], ask("U2"), d[0], d[1], c[2], d[2]], ONE, TWO)
responses_socket("a stream beside one without a name", [ask("U1"), c[0], ask("U2", stream_id="b"), b[0], c[1], b[1], c[2], b[2]], ONE, TWO)
responses_socket("an error in one of two streams", [
    ask("U1", stream_id="a"), ask("U2", stream_id="b"), (False, {"type": "error", "stream_id": "a", "error": {"message": "boom"}}), *b],
    member("0.error.message", "boom"), TWO)
MORE = {"type": "response.inject", "response_id": "r1", "input": [{"role": "user", "content": "more"}]}
responses_socket("what is injected", [ask("U1", stream_id="a"), a[0], ask("U2", stream_id="b"), (True, MORE),
                                      (False, event("inject.created", response_id="r1", stream_id="a")), *b, *a[1:]],
                 call_of("r1", asked(text("more")), parts(text("A1")), is_complete()), TWO)
responses_socket("what is injected, and refused", [ask("U1"), c[0], (True, MORE), (False, {**MORE, "type": "response.inject.failed", "error": {"message": "no"}}), *c[1:]],
                 parts({"kind": "other", "type": "response.inject.failed"}, text("A1")), member("-1.error", None))
responses_socket("a response that is steered", [ask("U1"), c[0], (True, {"type": "response.steer", "previous_response_id": "r1", "input": "left"}), *c[1:]],
                 asked(text("left")), parts(text("A1")))
responses_socket("one that is cancelled", [ask("U1"), c[0], c[1], (False, event("cancelled", response={**body(status="cancelled"), "id": "r1"}))],
                 member("-1.response.choices.0.finish_raw", "cancelled"), is_complete())

# ---- Realtime ----
SESSION = False, {"type": "session.created", "session": {"model": "rt", "instructions": "S"}}
CREATE = True, {"type": "response.create"}
SOUND = [(True, {"type": "input_audio_buffer.append", "audio": b64}) for b64 in ("aGVs", "bG8=")]


def said(s):
    return True, {"type": "conversation.item.create", "item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": s}]}}


def realtime(name, script, *wants, path="/v1/realtime?model=rt"):
    socket("realtime: " + name, path, script, *wants)


def begun(id):
    return False, event("created", response={"id": id, "object": "realtime.response", "status": "in_progress", "output": []})


def over(id, *output, status="completed", **more):
    return False, event("done", response={"id": id, "object": "realtime.response", "status": status, "output": list(output), **more})


def delta(id, item, s, kind="output_text"):
    return False, event(kind + ".delta", response_id=id, item_id=item, delta=s)


realtime("two answers at once", [SESSION, said("U1"), CREATE, begun("r1"), said("U2"), CREATE, begun("r2"), delta("r1", "i1", "A"), delta("r2", "i2", "A2"),
                                 delta("r1", "i1", "1"), over("r2", {**message("A2"), "id": "i2"}), over("r1", {**message("A1"), "id": "i1"})], ONE, TWO)
realtime("an answer beside the conversation", [SESSION, (True, {"type": "response.create", "response": {"conversation": "none", "input": [
    {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "U1"}]}]}}), begun("r1"), over("r1", message("A1"))], ONE)
realtime("sound on both sides, in two items", [
    SESSION, *SOUND, CREATE, begun("r1"), delta("r1", "i1", "aGVs", "output_audio"), delta("r1", "i2", HELLO, "output_audio"),
    delta("r1", "i1", "hi", "output_audio_transcript"), delta("r1", "i1", "bG8=", "output_audio"),
    over("r1", {"id": "i1", "type": "message", "content": [{"type": "output_audio", "transcript": "hi"}]})],
    asked(data("audio")), parts(data("audio"), data("audio"), text("hi")))
realtime("cut off by its limit", [SESSION, said("U1"), CREATE, begun("r1"), over("r1", status="incomplete", status_details={"reason": "max_output_tokens"})],
         member("-1.response.choices.0.finish", "length"))
realtime("an error in the place of an answer", [SESSION, said("U1"), CREATE, (False, {"type": "error", "error": {"code": "c", "message": "boom"}})],
         member("-1.error.message", "boom"), is_complete())
realtime("an error about something else", [SESSION, said("U1"), CREATE, begun("r1"), (False, {"type": "error", "error": {"message": "commit_empty"}}),
                                           over("r1", message("A1"))], ONE, member("-1.error", None))
T = "conversation.item.input_audio_transcription."


def heard(item, kind, **more):
    return False, {"type": T + kind, "item_id": item, **more}


TRANSCRIBER = False, {"type": "session.created", "session": {"type": "transcription", "audio": {"input": {"transcription": {"model": "t"}}}}}
for name, session in (("", TRANSCRIBER), (" in the older form", (True, {"type": "transcription_session.update", "session": {
        "input_audio_transcription": {"model": "t"}}}))):
    realtime("transcription" + name, [session, *SOUND, (False, {"type": "input_audio_buffer.committed", "item_id": "u1"}), heard("u1", "delta", delta="hel"),
                                      heard("u1", "delta", delta="lo"), heard("u1", "completed", transcript="hello", usage={"input_tokens": 2, "output_tokens": 1})],
             asked(data("audio")), parts(text("hello")), usage(input=2, output=1), member("-1.request.model", "t"), is_complete())
realtime("two transcriptions at once", [
    TRANSCRIBER, *SOUND, (False, {"type": "input_audio_buffer.committed", "item_id": "u1"}), *SOUND, *SOUND, (False, {"type": "input_audio_buffer.committed", "item_id": "u2"}),
    heard("u2", "delta", delta="two"), heard("u1", "delta", delta="one"), heard("u2", "completed", transcript="two"), heard("u1", "completed", transcript="one")],
    member("0.response.choices.0.parts.0.text", "one"), member("1.response.choices.0.parts.0.text", "two"),
    member("0.request.messages.0.parts.0.bytes", 5), member("1.request.messages.0.parts.0.bytes", 10))
realtime("a transcription that fails", [TRANSCRIBER, *SOUND, heard("u1", "failed", error={"message": "boom"})], member("-1.error.message", "boom"), is_complete())
realtime("translation", [
    (False, {"type": "session.created", "session": {"type": "translation", "model": "t"}}), (True, {"type": "session.input_audio_buffer.append", "audio": "aGVs"}),
    (False, {"type": "session.output_transcript.delta", "delta": "ho"}), (True, {"type": "session.input_audio_buffer.append", "audio": "bG8="}),
    (False, {"type": "session.input_transcript.delta", "delta": "hello"}), (False, {"type": "session.output_transcript.delta", "delta": "la"}),
    (False, {"type": "session.output_audio.delta", "delta": "aGVs"}), (False, {"type": "session.output_audio.delta", "delta": "bG8="}),
    (True, {"type": "session.close"}), (False, {"type": "session.closed"})], asked(data("audio"), text("hello")), parts(text("hola"), data("audio")),
    member("-1.request.model", "t"), is_complete(), path="/v1/realtime/translations?model=t")


# ---- pictures, speech, transcripts ----
def images(name, back, *wants):
    call("images: " + name, "/v1/images/generations", {"model": "m", "prompt": "cat"}, back, *wants)


PICTURE = data("image", "image/webp")
images("whole", {"output_format": "webp", "data": [{"b64_json": HELLO}, {"b64_json": HELLO}]}, parts(PICTURE, PICTURE))
images("one that is no list", {"data": {"url": "https://e"}}, parts({"kind": "image", "text": "https://e"}))
PARTIAL = {"type": "image_generation.partial_image", "b64_json": "YQ==", "partial_image_index": 0}
DONE = {"type": "image_generation.completed", "b64_json": HELLO, "output_format": "webp"}
images("in a stream, the first drafts left out", [PARTIAL, DONE, PARTIAL, DONE], parts(PICTURE, PICTURE), is_complete())
images("a stream of drafts only", [PARTIAL], is_complete(False))
images("an error in a stream", [PARTIAL, {"type": "error", "error": {"message": "boom"}}], member("-1.error.message", "boom"))


def audio(what, name, back, *wants, **more):
    call(f"{what}: {name}", "/v1/audio/" + what, {"model": "m", "input": "hi"}, back, *wants, **more)


audio("speech", "in a stream", [{"type": "speech.audio.delta", "audio": "aGVs"}, {"type": "speech.audio.delta", "audio": "bG8="},
                                {"type": "speech.audio.done", "usage": {"input_tokens": 2, "output_tokens": 9}}], parts(data("audio")), usage(output=9), is_complete())
audio("speech", "as it is", b"hello", parts(data("audio", "audio/mpeg")), media="audio/mpeg")
audio("speech", "without its end", [{"type": "speech.audio.delta", "audio": "aGVs"}], is_complete(False))
HEARD = [{"type": "transcript.text.delta", "delta": "hel"}, {"type": "transcript.text.delta", "delta": "lo"}]
audio("transcriptions", "in a stream", [*HEARD, {"type": "transcript.text.done", "text": "hello"}], parts(text("hello")), is_complete())
audio("transcriptions", "with a whole that differs", [*HEARD, {"type": "transcript.text.done", "text": "hallo"}], parts(text("hallo")), is_complete(False))
audio("transcriptions", "without its end", HEARD, parts(text("hello")), is_complete(False))
SPEAKER = {"type": "transcript.text.segment", "id": "s", "text": "hi", "speaker": "B"}
audio("transcriptions", "who spoke, whole", {"text": "hi", "segments": [SPEAKER]}, parts(text("hi"), {"kind": "other", "type": "segment"}))
audio("transcriptions", "who spoke, in a stream", [{"type": "transcript.text.delta", "delta": "hi", "segment_id": "s"}, SPEAKER, {"type": "transcript.text.done", "text": "hi"}],
      parts(text("hi"), {"kind": "other", "type": "segment"}))
audio("transcriptions", "vLLM's stream", [{"object": "transcription.chunk", "choices": [{"delta": {"content": "hel"}}]}, {"choices": [{"delta": {"content": "lo"}}]}, END],
      parts(text("hello")), is_complete())
audio("transcriptions", "as text", b"hello", parts(text("hello")), media="text/plain")
call("embeddings: of pictures", "/v1/embeddings", {"model": "m", "input": [{"image": PNG}, {"text": "t"}]}, {"data": {"embedding": [0.5]}},
     asked(data("image", "image/png"), message=0), asked(text("t")), parts({"kind": "other", "type": "embeddings"}))
call("moderations: one result that is no list", "/v1/moderations", {"model": "m", "input": "x"}, {"results": {"flagged": True}},
     parts({"kind": "other", "type": "results"}))
call("batch: errors and counts", "/v1/batches", {"input_file_id": "f"}, {"id": "b", "status": "failed", "errors": {"data": [{"code": "c", "message": "boom"}]},
                                                                        "request_counts": {"total": 3}},
     member("-1.error.message", "boom"), parts({"kind": "other", "type": "request_counts"}))


# ---- Assistants ----
def runs(name, ask, events, *wants):
    stream = [b"event: " + n.encode() + b"\ndata: " + json.dumps(v).encode() + b"\n\n" for n, v in events] if isinstance(events, list) else events
    call("assistants: " + name, "/v1/threads/t/runs", {"assistant_id": "a", "stream": True, **ask}, stream, *wants)


def run(status, **more):
    return f"thread.run.{status}", {"id": "r", "object": "thread.run", "model": "m", "status": status, **more}


def said_in(id, *content):
    return "thread.message.delta", {"id": id, "object": "thread.message.delta", "delta": {"content": list(content)}}


def step(id, *calls, whole=False):
    details = {"step_details": {"type": "tool_calls", "tool_calls": list(calls)}}
    return "x", {"id": id, "object": "thread.run.step" + ("" if whole else ".delta"), **(details if whole else {"delta": details})}


def value(s, index=0, **more):
    return {"index": index, "type": "text", "text": {"value": s, **more}}


FUNCTION = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
runs("a prompt with pictures", {"additional_messages": [{"role": "user", "content": [
    {"type": "text", "text": "U"}, {"type": "image_url", "image_url": {"url": PNG}}, {"type": "image_file", "image_file": {"file_id": "f"}}]}]}, [run("completed")],
    asked(text("U"), data("image", "image/png"), {"kind": "image", "id": "f"}))
runs("two messages, mixed", {}, [said_in("1", value("on")), said_in("2", value("tw")), said_in("1", value("e")), said_in("2", value("o"), {
    "index": 1, "type": "image_file", "image_file": {"file_id": "f"}}), run("completed")],
    parts(text("one"), text("two"), {"kind": "image", "id": "f"}), is_complete())
runs("a message as a whole", {}, [("thread.message.completed", {"id": "1", "object": "thread.message", "content": [value("A")]}), run("completed")], parts(A), is_complete())
runs("a message as a whole that differs", {}, [said_in("1", value("B")), ("thread.message.completed", {"id": "1", "object": "thread.message", "content": [value("A")]}),
                                               run("completed")], parts(A), is_complete(False))
runs("citations", {}, [said_in("1", value("A", annotations=[{"type": "file_citation", "start_index": 1, "end_index": 2, "file_citation": {"file_id": "f", "quote": "q"}}])),
                       run("completed")], member("-1.response.citations.0.document", "f"), member("-1.response.citations.0.start", 1))
runs("a call in pieces, and as what the run waits for", {}, [
    step("s", {**FUNCTION, "index": 0, "function": {"name": "f", "arguments": ""}}), step("s", {"index": 0, "function": {"arguments": "{}"}}),
    run("requires_action", required_action={"submit_tool_outputs": {"tool_calls": [FUNCTION]}})], parts(TOOL_CALL), member("-1.response.choices.0.finish", "tool_call"))
runs("a call of a run that is no stream", {}, run("requires_action", required_action={"submit_tool_outputs": {"tool_calls": [FUNCTION]}})[1], parts(TOOL_CALL))
CODE = {"index": 0, "id": "a", "type": "code_interpreter", "code_interpreter": {"input": "1", "outputs": [{"type": "logs", "logs": "2"}]}}
runs("calls of two steps", {}, [step("1", CODE), step("2", {**FUNCTION, "id": "b", "index": 0}), run("completed")], parts(
    {"kind": "tool_call", "name": "code_interpreter", "id": "a", "text": "1"}, result("2", id="a"), {**TOOL_CALL, "id": "b"}))
runs("a step that comes again as a whole", {}, [step("1", CODE), step("1", CODE, whole=True), run("completed")], parts(
    {"kind": "tool_call", "name": "code_interpreter", "id": "a", "text": "1"}, result('[{"type":"logs","logs":"2"}]', id="a")), is_complete())
runs("an error", {}, [run("created"), ("error", {"code": "c", "message": "boom"})], member("-1.error.message", "boom"))
runs("a stream without an end", {}, [run("in_progress"), said_in("1", value("A"))], parts(A), is_complete(False))
runs("cut off by its limit", {}, [run("incomplete", incomplete_details={"reason": "max_completion_tokens"})], member("-1.response.choices.0.finish", "length"))


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
