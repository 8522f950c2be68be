#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Odd and hostile inputs of the kinds that real servers and clients send: each is read as a lenient client reads it, and
what could not be read is said. A row is a request, an answer and what the record must say."""
import base64
import hashlib
import json
import os
import subprocess
import sys

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path.insert(0, os.path.join(SRC, "tests", "conformance"))
from spyfile import READ, WRITE, SpyFile, cut_random, cut_whole  # noqa: E402
sys.path.insert(0, os.path.join(SRC, "tests", "lib"))
from answers import aws_frame, http  # noqa: E402
from tap import done, ok  # noqa: E402

SPY = os.path.join(BUILD, "llm-spy")
CHAT, OPENAI = "/v1/chat/completions", "api.openai.com"
MESSAGES, ANTHROPIC = "/v1/messages", "api.anthropic.com"
RESPONSES = "/v1/responses"
GEMINI, GOOGLE = "/v1beta/models/gemini-x:generateContent", "generativelanguage.googleapis.com"
GEMINI_STREAM = "/v1beta/models/gemini-x:streamGenerateContent?alt=sse"
COHERE, COHERE_HOST = "/v2/chat", "api.cohere.com"
OLLAMA, LOCAL = "/api/chat", "localhost:11434"
CONVERSE, BEDROCK = "/model/m/converse-stream", "bedrock-runtime.us-east-1.amazonaws.com"
U = [{"role": "user", "content": "said U"}]
ASK = {"model": "m", "messages": U}
ASK_ANTHROPIC = {"model": "m", "max_tokens": 9, "messages": U}
ASK_GEMINI = {"contents": [{"role": "user", "parts": [{"text": "said U"}]}]}
ASK_CONVERSE = {"messages": [{"role": "user", "content": [{"text": "said U"}]}]}


def raw(v):
    return v if isinstance(v, bytes) else v.encode() if isinstance(v, str) else json.dumps(v).encode()


def answer(body, media="application/json", status="200 OK", more=""):
    return http(f"HTTP/1.1 {status}", media, raw(body), more)


def sse(*events, end=b"", media="text/event-stream", line="\n"):
    return answer(b"".join(b"data: " + raw(e) + 2 * line.encode() for e in events) + end, media)


def chat(message, **more):
    return {"id": "c", "object": "chat.completion", "model": "m", "choices": [
        {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}], **more}


def chunk(delta, finish=None, **more):
    return {"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [
        {"index": 0, "delta": delta, "finish_reason": finish}], **more}


def message(*content, **more):
    return {"id": "x", "type": "message", "role": "assistant", "model": "m", "content": list(content), "stop_reason": "end_turn",
            "usage": {"input_tokens": 3, "output_tokens": 4}, **more}


def said(*parts, **more):
    return {"candidates": [{"index": 0, "content": {"role": "model", "parts": list(parts)}, "finishReason": "STOP"}], "modelVersion": "gemini-x", **more}


DONE = b"data: [DONE]\n\n"


# ---- what a record says ----
def parts(v, kind="text"):
    return [p for c in v["response"]["choices"] for p in c["parts"] if p["kind"] == kind]


def text(v, kind="text"):
    return "".join(p["text"] or "" for p in parts(v, kind))


def calls(v):
    return [(p.get("id"), p["name"], p["text"]) for p in parts(v, "tool_call")]


def sent(v, kind):
    return [p for m in (v["request"].get("messages") or []) for p in m["parts"] if p["kind"] == kind]


def whole(want, kind="text"):
    return lambda v: v["complete"] and text(v, kind) == want


def told(want, status_known=True):
    return lambda v: v["error"] and want in (v["error"]["message"] or "")


def counts(i, o, **more):
    return lambda v: (v["usage"]["input"], v["usage"]["output"]) == (i, o) and all(v["usage"][k] == n for k, n in more.items())


def both(*checks):
    return lambda v: all(c(v) for c in checks)


def digested(data, media):
    def check(v, found=None):
        found = [p for k in ("image", "audio", "file") for p in sent(v, k) + parts(v, k)]
        return len(found) == 1 and found[0].get("bytes") == len(data) and found[0].get("sha256") == hashlib.sha256(data).hexdigest() and found[0].get("media_type") == media
    return check


PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(200))
B64 = base64.b64encode(PNG).decode()
ROWS = [
    # ---- 1: what a strict reader refuses ----
    ("BOM at the front of an event", GOOGLE, GEMINI_STREAM, ASK_GEMINI, answer(b"\xef\xbb\xbfdata: " + raw(said({"text": "A"})) + b"\n\n", "text/event-stream"), whole("A")),
    ("NaN in a stream of Gemini", GOOGLE, GEMINI_STREAM, ASK_GEMINI, sse(raw(said({"text": "A"})).replace(b'"index": 0', b'"index": 0, "avgLogprobs": NaN')), whole("A")),
    ("-Infinity as a logprob of a chunk", OPENAI, CHAT, ASK, sse(raw(chunk({"content": "A"})).replace(b'"index": 0', b'"index": 0, "logprobs": {"content": [{"token": "A", "logprob": -Infinity}]}'), chunk({}, "stop"), end=DONE), whole("A")),
    ("a number that is out of range in usage", OPENAI, CHAT, ASK, answer(raw(chat({"content": "A"}, usage={"prompt_tokens": 3, "completion_tokens": 7})).replace(b'7}', b'1e999}')),
     lambda v: text(v) == "A" and v["usage"]["output"] is None),
    ("an exponent in usage", OPENAI, CHAT, ASK, answer(raw(chat({"content": "A"}, usage={"prompt_tokens": 3, "completion_tokens": 7})).replace(b'7}', b'1.2e1}')), counts(3, 12)),
    ("counts as texts", OPENAI, CHAT, ASK, answer(chat({"content": "A"}, usage={"prompt_tokens": "3", "completion_tokens": "4"})), both(whole("A"), counts(3, 4))),
    ("a member twice: the last counts", COHERE_HOST, COHERE, ASK, answer(b'{"id":"x","finish_reason":"ERROR","message":{"role":"assistant","content":[{"type":"text","text":"B"}]},"finish_reason":"COMPLETE","message":{"role":"assistant","content":[{"type":"text","text":"A"}]}}'), both(whole("A"), lambda v: v["response"]["choices"][0]["finish"] == "stop")),
    ("halves of a character in two deltas of arguments", OPENAI, RESPONSES, {"model": "m", "input": "u"}, sse(
        {"type": "response.created", "response": {"id": "r", "object": "response", "model": "m", "output": []}},
        {"type": "response.output_item.added", "output_index": 0, "item": {"type": "function_call", "id": "f", "call_id": "k", "name": "n", "arguments": ""}},
        b'{"type":"response.function_call_arguments.delta","output_index":0,"item_id":"f","delta":"{\\"a\\":\\"\\ud83d"}',
        b'{"type":"response.function_call_arguments.delta","output_index":0,"item_id":"f","delta":"\\ude00\\"}"}',
        {"type": "response.completed", "response": {"id": "r", "object": "response", "model": "m", "status": "completed", "output": []}}), lambda v: calls(v) == [("k", "n", '{"a":"\U0001f600"}')] and v["complete"]),
    ("a schema that nests 600 deep", OPENAI, CHAT, raw({**ASK, "tools": [{"type": "function", "function": {"name": "f", "parameters": 0}}]}).replace(b'"parameters": 0', b'"parameters": ' + b'{"a":' * 600 + b"1" + b"}" * 600),
     answer(chat({"content": "A"})), lambda v: not v["complete"] and v["request"]["partial"] and text(v) == "A" and sent(v, "text")),
    ("raw control characters in an event of Anthropic", ANTHROPIC, MESSAGES, {**ASK_ANTHROPIC, "stream": True}, sse(
        {"type": "message_start", "message": message(stop_reason=None)}, {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"A\tB\x01"}}', {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}}, {"type": "message_stop"}), whole("A\tB\x01")),
    ("bytes that are no UTF-8 in a line of Ollama", LOCAL, OLLAMA, ASK, answer(b'{"model":"m","created_at":"t","message":{"role":"assistant","content":"A\xff"},"done":true,"done_reason":"stop"}\n', "application/x-ndjson"), whole("A\ufffd")),
    ("an answer that ends in the middle", OPENAI, CHAT, ASK, answer(raw(chat({"content": "A"}))[:-10]), lambda v: not v["complete"] and text(v) == "A"),
    # ---- 3: pieces by identity ----
    ("calls of Cohere without an index", COHERE_HOST, COHERE, {**ASK, "stream": True}, sse(
        {"type": "message-start", "id": "x", "delta": {"message": {"role": "assistant"}}},
        {"type": "tool-call-start", "delta": {"message": {"tool_calls": {"id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}}}},
        {"type": "tool-call-delta", "delta": {"message": {"tool_calls": {"function": {"arguments": "{}"}}}}}, {"type": "tool-call-end"},
        {"type": "tool-call-start", "delta": {"message": {"tool_calls": {"id": "b", "type": "function", "function": {"name": "g", "arguments": ""}}}}},
        {"type": "tool-call-delta", "delta": {"message": {"tool_calls": {"function": {"arguments": "[]"}}}}}, {"type": "tool-call-end"},
        {"type": "message-end", "delta": {"finish_reason": "TOOL_CALL"}}), lambda v: calls(v) == [("a", "f", "{}"), ("b", "g", "[]")]),
    ("a text of Converse without its start", BEDROCK, CONVERSE, ASK_CONVERSE, answer(b"".join(aws_frame(n, raw(e)) for n, e in [
        ("messageStart", {"role": "assistant"}), ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "A"}}),
        ("contentBlockStart", {"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "t", "name": "f"}}}),
        ("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"toolUse": {"input": "{}"}}}), ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "B"}}),
        ("contentBlockStop", {"contentBlockIndex": 0}), ("contentBlockStop", {"contentBlockIndex": 1}), ("messageStop", {"stopReason": "tool_use"})]), "application/vnd.amazon.eventstream"),
     lambda v: text(v) == "AB" and calls(v) == [("t", "f", "{}")]),
    ("choices of a chunk without an index", OPENAI, CHAT, ASK, sse({**chunk({}), "choices": [{"delta": {"content": "A"}}]}, {**chunk({}), "choices": [{"delta": {"content": "B"}, "finish_reason": "stop"}]}, end=DONE), whole("AB")),
    ("deltas of Anthropic without an index", ANTHROPIC, MESSAGES, {**ASK_ANTHROPIC, "stream": True}, sse(
        {"type": "message_start", "message": message(stop_reason=None)}, {"type": "content_block_start", "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "A"}}, {"type": "content_block_stop"},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}}, {"type": "message_stop"}), lambda v: text(v) == "A"),
    ("a choice that is an object", OPENAI, CHAT, ASK, answer({"id": "c", "object": "chat.completion", "model": "m", "choices": {"index": 0, "message": {"role": "assistant", "content": "A"}, "finish_reason": "stop"}}), whole("A")),
    ("content of Anthropic that is one object", ANTHROPIC, MESSAGES, ASK_ANTHROPIC, answer({**message(), "content": {"type": "text", "text": "A"}}), whole("A")),
    ("content of Anthropic that is a text", ANTHROPIC, MESSAGES, ASK_ANTHROPIC, answer({**message(), "content": "A"}), whole("A")),
    # ---- 4: tokens in other places ----
    ("usage of Groq", "api.groq.com", "/openai" + CHAT, ASK, sse(chunk({"content": "A"}), chunk({}, "stop", x_groq={"id": "r", "usage": {"prompt_tokens": 3, "completion_tokens": 4}}), end=DONE), counts(3, 4)),
    ("cached tokens of Moonshot beside the others", "api.moonshot.ai", CHAT, ASK, answer(chat({"content": "A"}, usage={"prompt_tokens": 9, "completion_tokens": 4, "cached_tokens": 5})), counts(9, 4, cached_read=5)),
    ("cached tokens of DeepSeek", "api.deepseek.com", "/chat/completions", ASK, answer(chat({"content": "A"}, usage={"prompt_tokens": 9, "completion_tokens": 4, "prompt_cache_hit_tokens": 5, "prompt_cache_miss_tokens": 4})), counts(9, 4, cached_read=5)),
    ("usage that is a list of one", OPENAI, CHAT, ASK, answer(chat({"content": "A"}, usage=[{"prompt_tokens": 3, "completion_tokens": 4}])), lambda v: text(v) == "A"),
    ("negative counts", OPENAI, CHAT, ASK, answer(chat({"content": "A"}, usage={"prompt_tokens": -1, "completion_tokens": -1})), lambda v: v["usage"]["input"] is None or v["usage"]["input"] >= 0),
    ("counts of Ollama as floats", LOCAL, OLLAMA, ASK, answer({"model": "m", "created_at": "t", "message": {"role": "assistant", "content": "A"}, "done": True, "done_reason": "stop", "prompt_eval_count": 3.0, "eval_count": 4.0}), counts(3, 4)),
    ("usage of Anthropic that is null in the delta", ANTHROPIC, MESSAGES, {**ASK_ANTHROPIC, "stream": True}, sse(
        {"type": "message_start", "message": message(stop_reason=None)}, {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "A"}}, {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": None}, {"type": "message_stop"}), lambda v: text(v) == "A" and v["usage"]["input"] == 3),
    # ---- 5: errors of other shapes ----
    ("FastAPI's detail", "localhost:8000", CHAT, ASK, answer({"detail": "Model not loaded"}, status="503 X"), told("Model not loaded")),
    ("FastAPI's list of details", "localhost:8000", CHAT, ASK, answer({"detail": [{"loc": ["body", "model"], "msg": "field required", "type": "missing"}]}, status="422 X"), told("field required")),
    ("an error that is a text", OPENAI, CHAT, ASK, answer({"error": "no such model"}, status="404 X"), told("no such model")),
    ("an error in a 200", OPENAI, CHAT, ASK, answer({"error": {"message": "overloaded", "type": "server_error"}}), told("overloaded")),
    ("an error as an event by name", OPENAI, CHAT, ASK, answer(b"event: error\ndata: {\"message\": \"overloaded\", \"code\": 503}\n\n", "text/event-stream"), told("overloaded")),
    ("an error in the middle of a stream of Ollama", LOCAL, OLLAMA, ASK, answer(raw({"model": "m", "created_at": "t", "message": {"role": "assistant", "content": "A"}, "done": False}) + b'\n{"error":"out of memory"}\n', "application/x-ndjson"), both(told("out of memory"), lambda v: text(v) == "A")),
    ("an error in a stream of Gemini", GOOGLE, GEMINI_STREAM, ASK_GEMINI, sse(said({"text": "A"}), {"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}), told("overloaded")),
    ("a page as an error", ANTHROPIC, MESSAGES, ASK_ANTHROPIC, answer("<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>", "text/html", "502 Bad Gateway"), told("502 Bad Gateway")),
    ("XML of AWS as an error", BEDROCK, "/model/m/converse", ASK_CONVERSE, answer("<AccessDeniedException><Message>no access</Message></AccessDeniedException>", "application/xml", "403 X"), told("no access")),
    ("a plain text as an error", "localhost:8000", CHAT, ASK, answer("upstream connect error", "text/plain", "503 X"), told("upstream connect error")),
    ("errors as an object by field", "localhost:8000", CHAT, ASK, answer({"errors": {"model": ["is unknown"]}}, status="400 X"), told("is unknown")),
    # ---- 6: output elsewhere ----
    ("content of a delta as a list with thoughts", "api.mistral.ai", CHAT, ASK, sse(chunk({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "T"}]}]}), chunk({"content": "A"}), chunk({}, "stop"), end=DONE), both(whole("A"), whole("T", "reasoning"))),
    ("a sound with its transcript", OPENAI, CHAT, ASK, answer(chat({"content": None, "audio": {"id": "a", "data": B64, "transcript": "A", "expires_at": 1}})), lambda v: "A" in json.dumps(v["response"]) and parts(v, "audio")[0]["bytes"] == len(PNG)),
    ("a text beside choices", OPENAI, CHAT, ASK, answer(chat({"content": ""}, output_text="said X")), lambda v: "said X" in json.dumps(v["response"]["choices"])),
    ("an unknown part of Gemini", GOOGLE, GEMINI, ASK_GEMINI, answer(said({"text": "A"}, {"hologram": {"shape": "said X"}})), lambda v: "said X" in json.dumps(v["response"]["choices"]) and text(v) == "A"),
    ("a refusal in a stream", OPENAI, CHAT, ASK, sse(chunk({"refusal": "I "}), chunk({"refusal": "won't"}), chunk({}, "stop"), end=DONE), whole("I won't", "refusal")),
    ("a prompt that Gemini blocked", GOOGLE, GEMINI, ASK_GEMINI, answer({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 3}}), lambda v: "SAFETY" in json.dumps(v["response"]) or "SAFETY" in json.dumps(v["error"])),
    ("a message with an unknown role", OPENAI, CHAT, {"model": "m", "messages": [{"role": "critic", "content": "said X"}]}, answer(chat({"content": "A"})), lambda v: v["request"]["messages"][0]["role"] == "critic" and "said X" in json.dumps(v["request"])),
    ("messages that are one object", OPENAI, CHAT, {"model": "m", "messages": U[0]}, answer(chat({"content": "A"})), lambda v: [p["text"] for p in sent(v, "text")] == ["said U"]),
    # ---- 8: labels ----
    ("a stream called octet-stream", OPENAI, CHAT, {**ASK, "stream": True}, sse(chunk({"content": "A"}), chunk({}, "stop"), end=DONE, media="application/octet-stream"), whole("A")),
    ("a stream with CR LF and no blank behind the colon", OPENAI, CHAT, {**ASK, "stream": True}, answer(b"data:" + raw(chunk({"content": "A"}, "stop")) + b"\r\n\r\ndata:[DONE]\r\n\r\n", "Text/Event-Stream; Charset=UTF-8"), whole("A")),
    ("a stream with CR alone", OPENAI, CHAT, {**ASK, "stream": True}, sse(chunk({"content": "A"}), chunk({}, "stop"), end=b"data: [DONE]\r\r", line="\r"), whole("A")),
    ("JSON called HTML", OPENAI, CHAT, ASK, answer(chat({"content": "A"}), "text/html; charset=utf-8"), whole("A")),
    ("lines called plain text", LOCAL, OLLAMA, ASK, answer(b"".join(raw({"model": "m", "created_at": "t", "message": {"role": "assistant", "content": c}, "done": d, **({"done_reason": "stop"} if d else {})}) + b"\n" for c, d in (("A", False), ("B", True))), "text/plain"), whole("AB")),
    ("an AWS stream without a media type", BEDROCK, CONVERSE, ASK_CONVERSE, answer(b"".join(aws_frame(n, raw(e)) for n, e in [("messageStart", {"role": "assistant"}), ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "A"}}), ("contentBlockStop", {"contentBlockIndex": 0}), ("messageStop", {"stopReason": "end_turn"}), ("metadata", {"usage": {"inputTokens": 1, "outputTokens": 1}})]), "application/octet-stream"), whole("A")),
    ("a finish that nobody knows", ANTHROPIC, MESSAGES, ASK_ANTHROPIC, answer(message({"type": "text", "text": "A"}, stop_reason="moon_phase")), lambda v: v["response"]["choices"][0]["finish"] == "other" and v["response"]["choices"][0]["finish_raw"] == "moon_phase"),
    # ---- 9: binary content ----
    ("base64 with line ends", ANTHROPIC, MESSAGES, {**ASK_ANTHROPIC, "messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": base64.encodebytes(PNG).decode()}}]}]}, answer(message({"type": "text", "text": "A"})), digested(PNG, "image/png")),
    ("base64 of URLs in Anthropic", ANTHROPIC, MESSAGES, {**ASK_ANTHROPIC, "messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": base64.urlsafe_b64encode(PNG).decode().rstrip("=")}}]}]}, answer(message({"type": "text", "text": "A"})), digested(PNG, "image/png")),
    ("a data URL with a parameter", OPENAI, CHAT, {"model": "m", "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;name=a.png;base64," + B64}}]}]}, answer(chat({"content": "A"})), digested(PNG, "image/png")),
    ("an image_url that is a text", OPENAI, CHAT, {"model": "m", "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "data:image/png;base64," + B64}]}]}, answer(chat({"content": "A"})), digested(PNG, "image/png")),
    ("sound that is sent", OPENAI, CHAT, {"model": "m", "messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": B64, "format": "wav"}}]}]}, answer(chat({"content": "A"})), digested(PNG, "audio/wav")),
    ("a picture in a tool's result of Responses", OPENAI, RESPONSES, {"model": "m", "input": [{"type": "function_call_output", "call_id": "c", "output": [{"type": "input_image", "image_url": "data:image/png;base64," + B64}]}]},
     answer({"id": "r", "object": "response", "model": "m", "status": "completed", "output": [{"type": "message", "id": "i", "role": "assistant", "content": [{"type": "output_text", "text": "A"}]}]}), digested(PNG, "image/png")),
    ("what is no base64", ANTHROPIC, MESSAGES, {**ASK_ANTHROPIC, "messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "!!! not base64 !!!"}}]}]}, answer(message({"type": "text", "text": "A"})),
     lambda v: len(sent(v, "image")) == 1 and not sent(v, "image")[0].get("sha256") and not sent(v, "image")[0].get("bytes")),
    ("pictures of Ollama", LOCAL, OLLAMA, {"model": "m", "messages": [{"role": "user", "content": "said U", "images": [B64]}]}, answer({"model": "m", "created_at": "t", "message": {"role": "assistant", "content": "A"}, "done": True, "done_reason": "stop"}), lambda v: [p["bytes"] for p in sent(v, "image")] == [len(PNG)]),
]


def play(cut, how):
    file = SpyFile()
    for n, (_, host, path, ask, back, _) in enumerate(ROWS, 1):
        path += ("&" if "?" in path else "?") + f"zz={n}"
        file.connection(n, [(WRITE, http(f"POST {path} HTTP/1.1", "application/json", raw(ask), f"Host: {host}\r\n")), (READ, back)], cut)
    r = subprocess.run([SPY, "-r", "-", "-f", "jsonl", "--all"], input=file.bytes(), capture_output=True)
    ok(r.returncode == 0, f"{how}: it is played", r.stderr)
    records = {int(v["http"]["target"].partition("zz=")[2]): v for v in map(json.loads, r.stdout.splitlines())}
    for n, (name, *_, check) in enumerate(ROWS, 1):
        v = records.get(n)
        try:
            good = v and v["kind"] == "llm" and check(v)
        except (KeyError, IndexError, TypeError) as e:
            good = print("#", repr(e))
        ok(good, f"{how}: {name}", json.dumps(v)[:3000])


play(cut_whole, "whole")
play(cut_random(1), "in pieces")
done()
