#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Credentials are planted in every place of every wire format; no output of any sink shows one.

What is promised, and tested here:
  - a key that shows by its shape what it is (SHAPES): anywhere, in prompts and answers as well;
  - any value under a credential's name (NAMES): as a member of JSON at any depth, of JSON that is
    quoted in a string, as a header field, a parameter of a URL, a field of a form;
  - what follows a header field's name at the beginning of a line (LINES).
A word beside each of them is not masked: what shows that the place itself is shown."""
import base64
import ctypes
import ctypes.util
import http.server
import json
import os
import re
import signal
import sqlite3
import string
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import zlib

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path[:0] = [os.path.join(SRC, "tests", folder) for folder in ("conformance", "lib")]
from child import Child  # noqa: E402
from otlp_receiver import Receiver  # noqa: E402
from spyfile import READ, WRITE, SpyFile, cut_random, cut_whole, h2_pieces  # noqa: E402

SPY = os.path.join(BUILD, "llm-spy")
count = failed = 0


def ok(good, what, details=""):
    global count, failed
    count += 1
    failed += not good
    print("ok" if good else "not ok", count, "-", what)
    if not good:
        print("#", str(details)[:3000].replace("\n", "\n# "))
    return good


# ---- what is planted: each holds one of these words, which no output may show ----
JWT = ".".join(base64.urlsafe_b64encode(p).decode().rstrip("=") for p in
               (b'{"alg":"HS256","typ":"JWT"}', b'{"sub":"plantedjwt","n":1}', b"signature of it, long"))
GITHUB = "PlantA4github0123456789abcdefg"


def crc62(text):
    """The checksum of GitHub's tokens, of which alerts are given."""
    n, digits = zlib.crc32(text.encode()), string.digits + string.ascii_uppercase + string.ascii_lowercase
    return "".join(digits[n // 62 ** i % 62] for i in range(5, -1, -1))


SHAPES = {
    "openai": ("sk-proj-PlantA1openai234567890", "PlantA1openai"),
    "anthropic": ("sk-ant-api03-PlantA2anthropic34567890", "PlantA2anthropic"),
    "google": ("AIzaSyPlantA3google012345678901234567890", "PlantA3google"),
    "github": (f"ghp_{GITHUB}{crc62(GITHUB)}", "PlantA4github"),
    "slack": ("xoxb-123456-PlantA5slack", "PlantA5slack"),
    "aws": ("AKIAPLANTA6AWSKEY234", "PLANTA6AWSKEY"),
    "bearer": ("Bearer PlantA7bearer0123456789", "PlantA7bearer"),
    "jwt": (JWT, JWT.split(".")[1]),
    "pem": ("-----BEGIN PRIVATE KEY-----\nMIIEPlantA8pem\nAAAA\n-----END PRIVATE KEY-----", "PlantA8pem"),
    "basic": ("https://user:PlantA9basic@host.example/x", "PlantA9basic"),
    "query": ("https://host.example/x?b=1&access_token=plantB1query#y", "plantB1query"),
}
NAMES = {
    "api_key": "plantC1 any value",
    "apiKey": "plantC2\"quoted\\",
    "Authorization": "Bearer plantC3",
    "authorization_token": "plantC4",
    "client_secret": "plantC5",
    "password": "plantC6",
    "X-Api-Key": "plantC7",
    "AWS_SECRET_ACCESS_KEY": "plantC8/+x",
    "refresh_token": "plantC9",
    "token": "plantD1token0123456789",
    "cookie": "a=plantD2; b=plantD2",
}
LINES = {
    "authorization": ("Authorization: Basic plantE1line==", "plantE1line"),
    "x-api-key": ("x-api-key: plantE2line", "plantE2line"),
    "cookie": ("Cookie: sid=plantE3line", "plantE3line"),
}
NUMBER = 748159263748  # under a credential's name
WORDS = [w for _, w in SHAPES.values()] + [w for _, w in LINES.values()] + [str(NUMBER)] + \
    sorted(set(re.search(r"plant\w\d", v)[0] for v in NAMES.values()))
places = set()


def seen(place):
    """A word that is shown, if the place is."""
    places.add(place)
    return f"seen-{place}"


def prose(place):
    lines = "\n".join(v for v, _ in LINES.values())
    return f"{seen(place)} Use {', '.join(v for v, _ in SHAPES.values())} please.\n{lines}\nbye"


def members(place):
    """An object with credentials at several depths."""
    deep = {"a": [{"b": dict(NAMES)}], "quoted": json.dumps({"headers": NAMES, "x": json.dumps(NAMES)})}
    return {**NAMES, "seen": seen(place), "deep": deep, "list": {"api_key": ["plantC1 a", "plantC1 b"]},
            "client_secret": {"value": "plantC5"}, "passwd": NUMBER, "text": prose(place),
            "sk-proj-PlantA1openai234567890": 1}


def schema(place):
    return {"type": "object", "description": prose(place),
            "properties": {"a": {"type": "string", "default": SHAPES["openai"][0], "examples": [members(place)]}}}


def pieces_of(text, n=3):
    return [text[i:i + n] for i in range(0, len(text), n)]


# ---- HTTP ----
HEADERS = f"""Authorization: Bearer plantC3
X-Api-Key: plantC7
Cookie: a=plantD2; b=plantD2
X-Custom-Token: plantD1token0123456789
X-Forwarded-Auth-Info: {SHAPES['bearer'][0]} {SHAPES['jwt'][0]}
Referer: {SHAPES['basic'][0]} {SHAPES['query'][0]}
X-Seen: seen-headers""".replace("\n", "\r\n")
ANSWER_HEADERS = f"""Set-Cookie: sid=plantD2; Path=/
Location: {SHAPES['query'][0]}
X-Request-Id: r1
X-Key: {SHAPES['openai'][0]}""".replace("\n", "\r\n")
QUERY = "key=plantC1&b=seen-target&api%5Fkey=plantC1&client_secret=plantC5"
places.add("headers")
places.add("target")


def post(host, path, body, media="application/json"):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    path += ("&" if "?" in path else "?") + QUERY
    return (f"POST {path} HTTP/1.1\r\nHost: {host}\r\n{HEADERS}\r\nContent-Type: {media}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def answer(body, media="application/json", status="200 OK"):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return (f"HTTP/1.1 {status}\r\n{ANSWER_HEADERS}\r\nContent-Type: {media}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def chunked(parts, media="text/event-stream"):
    head = f"HTTP/1.1 200 OK\r\n{ANSWER_HEADERS}\r\nContent-Type: {media}\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in parts)
    return head.encode() + body + b"0\r\nSet-Cookie: t=plantD2\r\nX-Auth-Token: plantD1token0123456789\r\n\r\n"


def sse(events, names=False):
    return chunked([((f"event: {e['type']}\n" if names else "") + f"data: {json.dumps(e)}\n\n").encode()
                    for e in events] + ([] if names else [b"data: [DONE]\n\n"]))


def ndjson(events):
    return chunked([json.dumps(e).encode() + b"\n" for e in events], "application/x-ndjson")


# ---- wire formats: name -> (host, path, request, answers); each place has a name of its own ----
def chat():
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": json.dumps(members("chat-args"))}}
    ask = {"model": "gpt-4o", "stream": True, "messages": [
        {"role": "system", "content": prose("chat-system")},
        {"role": "user", "content": [{"type": "text", "text": prose("chat-user")},
                                     {"type": "image_url", "image_url": {"url": SHAPES["basic"][0]}},
                                     {"type": "image_url", "image_url": {"url": SHAPES["query"][0]}},
                                     {"type": "invented", "x": members("chat-other")}]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": json.dumps(members("chat-result"))}],
        "tools": [{"type": "function", "function": {"name": "f", "description": prose("chat-tool"),
                                                    "parameters": schema("chat-schema")}}],
        "api_key": "plantC1", "metadata": members("chat-params"), "extra_headers": dict(NAMES), "user": prose("chat-user2"),
        "passwd": NUMBER}
    whole = {"id": "x", "object": "chat.completion", "model": "gpt-4o", "choices": [
        {"index": 0, "finish_reason": "stop", "message": {
            "role": "assistant", "content": prose("chat-answer"), "reasoning_content": prose("chat-reasoning"),
            "refusal": None, "tool_calls": [call]}}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2, "more": members("chat-usage")}}

    def delta(d):
        return {"id": "x", "object": "chat.completion.chunk", "model": "gpt-4o",
                "choices": [{"index": 0, "delta": d, "finish_reason": None}]}
    stream = [delta({"role": "assistant", "content": ""})]
    stream += [delta({"reasoning_content": p}) for p in pieces_of(prose("chat-stream-reasoning"))]
    stream += [delta({"content": p}) for p in pieces_of(prose("chat-stream"))]
    stream += [delta({"tool_calls": [{"index": 0, "id": "c1", "type": "function",
                                      "function": {"name": "f", "arguments": ""}}]})]
    stream += [delta({"tool_calls": [{"index": 0, "function": {"arguments": p}}]})
               for p in pieces_of(json.dumps(members("chat-stream-args")))]
    stream += [{"id": "x", "object": "chat.completion.chunk", "model": "gpt-4o",
                "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}]
    error = {"error": {"type": "t", "code": "c", "message": prose("chat-error")}}
    return "api.openai.com", "/v1/chat/completions", ask, [answer(whole), sse(stream),
                                                           answer(error, status="401 Unauthorized")]


def responses():
    call = {"type": "function_call", "id": "fc", "call_id": "c1", "name": "f",
            "arguments": json.dumps(members("responses-args"))}
    ask = {"model": "gpt-5", "instructions": prose("responses-system"), "stream": True, "input": [
        {"role": "user", "content": [{"type": "input_text", "text": prose("responses-user")},
                                     {"type": "input_image", "image_url": SHAPES["basic"][0]},
                                     {"type": "input_file", "file_url": SHAPES["query"][0]}]},
        call, {"type": "function_call_output", "call_id": "c1", "output": json.dumps(members("responses-result"))},
        {"type": "invented", "x": members("responses-other")}],
        "tools": [{"type": "function", "name": "f", "description": prose("responses-tool"),
                   "parameters": schema("responses-schema")},
                  {"type": "mcp", "server_label": "m", "server_url": SHAPES["basic"][0], "authorization": "plantC3",
                   "headers": dict(NAMES)}],
        "metadata": members("responses-params")}
    items = [{"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": prose("responses-reasoning")}]},
             {"type": "message", "id": "m", "role": "assistant", "content": [
                 {"type": "output_text", "text": prose("responses-answer")}]}, call,
             {"type": "mcp_call", "id": "mc", "name": "g", "server_label": "m",
              "arguments": json.dumps(members("responses-mcp")), "output": json.dumps(members("responses-mcp-out"))},
             {"type": "invented", "x": members("responses-answer-other")}]
    whole = {"id": "resp", "object": "response", "model": "gpt-5", "status": "completed", "output": items,
             "usage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2, "more": members("responses-usage")}}
    stream = [{"type": "response.created", "response": {"id": "resp", "object": "response", "model": "gpt-5"}}]
    for n, (item, kind, part) in enumerate(((items[1], "response.output_text", prose("responses-stream")),
                                            (call, "response.function_call_arguments",
                                             json.dumps(members("responses-stream-args"))))):
        first = {**item, "content": []} if n == 0 else {**item, "arguments": ""}
        stream += [{"type": "response.output_item.added", "output_index": n, "item": first}]
        stream += [{"type": kind + ".delta", "item_id": item["id"], "output_index": n, "content_index": 0, "delta": p}
                   for p in pieces_of(part)]
        last = {"text": part} if n == 0 else {"arguments": part}
        stream += [{"type": kind + ".done", "item_id": item["id"], "output_index": n, "content_index": 0, **last}]
        last = {**item, "content": [{"type": "output_text", "text": part}]} if n == 0 else {**item, "arguments": part}
        stream += [{"type": "response.output_item.done", "output_index": n, "item": last}]
    stream += [{"type": "response.output_item.done", "output_index": 2 + n, "item": item}
               for n, item in enumerate(items[3:])]
    stream += [{"type": "response.completed", "response": {**whole, "output": []}}]
    return "api.openai.com", "/v1/responses", ask, [answer(whole), sse(stream, True)]


def anthropic():
    def use(place):
        return {"type": "tool_use", "id": "t1", "name": "f", "input": members(place)}
    ask = {"model": "claude-sonnet-4-5", "max_tokens": 9, "stream": True,
           "system": [{"type": "text", "text": prose("anthropic-system")}],
           "messages": [
               {"role": "user", "content": [{"type": "text", "text": prose("anthropic-user")},
                                            {"type": "image", "source": {"type": "url", "url": SHAPES["basic"][0]}},
                                            {"type": "document", "source": {"type": "url", "url": SHAPES["query"][0]}},
                                            {"type": "invented", "x": members("anthropic-other")}]},
               {"role": "assistant", "content": [use("anthropic-args")]},
               {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1",
                                             "content": json.dumps(members("anthropic-result"))}]}],
           "tools": [{"name": "f", "description": prose("anthropic-tool"), "input_schema": schema("anthropic-schema")}],
           "mcp_servers": [{"type": "url", "name": seen("anthropic-mcp"), "url": SHAPES["basic"][0],
                            "authorization_token": "plantC4"}],
           "metadata": members("anthropic-params")}
    whole = {"id": "msg", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5", "content": [
        {"type": "thinking", "thinking": prose("anthropic-reasoning"), "signature": "c2ln"},
        {"type": "text", "text": prose("anthropic-answer")}, use("anthropic-answer-args"),
        {"type": "web_fetch_tool_result", "tool_use_id": "t2", "content": members("anthropic-server-result")},
        {"type": "invented", "x": members("anthropic-answer-other")}],
        "stop_reason": "tool_use", "usage": {"input_tokens": 1, "output_tokens": 1, "more": members("anthropic-usage")}}
    stream = [{"type": "message_start", "message": {**whole, "content": []}}]
    for n, (block, kind, member, text) in enumerate((
            ({"type": "thinking", "thinking": ""}, "thinking_delta", "thinking", prose("anthropic-stream-reasoning")),
            ({"type": "text", "text": ""}, "text_delta", "text", prose("anthropic-stream")),
            ({**use("anthropic-args"), "input": {}}, "input_json_delta", "partial_json",
             json.dumps(members("anthropic-stream-args"))))):
        stream += [{"type": "content_block_start", "index": n, "content_block": block}]
        stream += [{"type": "content_block_delta", "index": n, "delta": {"type": kind, member: p}}
                   for p in pieces_of(text)]
        stream += [{"type": "content_block_stop", "index": n}]
    stream += [{"type": "content_block_start", "index": 3 + n, "content_block": b}
               for n, b in enumerate(whole["content"][3:])]
    stream += [{"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 5}},
               {"type": "error", "error": {"type": "t", "message": prose("anthropic-error")}},
               {"type": "message_stop"}]
    return "api.anthropic.com", "/v1/messages", ask, [answer(whole), sse(stream, True)]


def gemini():
    def call(place):
        return {"functionCall": {"name": "f", "args": members(place)}}
    ask = {"systemInstruction": {"parts": [{"text": prose("gemini-system")}]},
           "contents": [{"role": "user", "parts": [{"text": prose("gemini-user")},
                                                   {"fileData": {"mimeType": "image/png", "fileUri": SHAPES["query"][0]}},
                                                   {"invented": members("gemini-other")}]},
                        {"role": "model", "parts": [call("gemini-args")]},
                        {"role": "user", "parts": [{"functionResponse": {"name": "f",
                                                                         "response": members("gemini-result")}}]}],
           "tools": [{"functionDeclarations": [{"name": "f", "description": prose("gemini-tool"),
                                                "parameters": schema("gemini-schema")}]}],
           "labels": members("gemini-params")}

    def part(parts, more=None):
        return {"candidates": [{"index": 0, "content": {"role": "model", "parts": parts}, **(more or {})}],
                "modelVersion": "gemini-2.5-pro",
                "usageMetadata": {"promptTokenCount": 1, "totalTokenCount": 2, "more": members("gemini-usage")}}
    end = {"finishReason": "STOP"}
    whole = part([{"text": prose("gemini-reasoning"), "thought": True}, {"text": prose("gemini-answer")},
                  call("gemini-answer-args"), {"invented": members("gemini-answer-other")}], end)
    stream = [part([{"text": p}]) for p in pieces_of(prose("gemini-stream"), 7)] + \
        [part([call("gemini-stream-args")], end)]
    error = {"error": {"code": 400, "status": "INVALID", "message": prose("gemini-error")}}
    return "generativelanguage.googleapis.com", "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse", ask, [
        answer(whole), chunked([f"data: {json.dumps(e)}\n\n".encode() for e in stream]),
        answer(error, status="400 Bad Request")]


def converse():
    def use(place):
        return {"toolUse": {"toolUseId": "t1", "name": "f", "input": members(place)}}
    ask = {"system": [{"text": prose("converse-system")}],
           "messages": [{"role": "user", "content": [{"text": prose("converse-user")},
                                                     {"invented": members("converse-other")}]},
                        {"role": "assistant", "content": [use("converse-args")]},
                        {"role": "user", "content": [{"toolResult": {"toolUseId": "t1", "content": [
                            {"json": members("converse-result")}]}}]}],
           "toolConfig": {"tools": [{"toolSpec": {"name": "f", "description": prose("converse-tool"),
                                                  "inputSchema": {"json": schema("converse-schema")}}}]},
           "requestMetadata": members("converse-params")}
    whole = {"output": {"message": {"role": "assistant", "content": [
        {"reasoningContent": {"reasoningText": {"text": prose("converse-reasoning")}}},
        {"text": prose("converse-answer")}, use("converse-answer-args"),
        {"invented": members("converse-answer-other")}]}}, "stopReason": "tool_use",
        "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2, "more": members("converse-usage")}}
    return "bedrock-runtime.us-east-1.amazonaws.com", "/model/anthropic.claude-v2/converse", ask, [answer(whole)]


def invoke():
    _, _, ask, answers = anthropic()
    ask = {k: v for k, v in ask.items() if k not in ("model", "stream")}
    ask["anthropic_version"] = "bedrock-2023-05-31"
    return "bedrock-runtime.us-east-1.amazonaws.com", "/model/anthropic.claude-v2/invoke", ask, answers[:1]


def cohere():
    ask = {"model": "command-a", "messages": [{"role": "system", "content": prose("cohere-system")},
                                              {"role": "user", "content": prose("cohere-user")}],
           "tools": [{"type": "function", "function": {"name": "f", "description": prose("cohere-tool"),
                                                       "parameters": schema("cohere-schema")}}],
           "documents": [members("cohere-params")]}
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": json.dumps(members("cohere-args"))}}
    whole = {"id": "x", "finish_reason": "COMPLETE", "message": {
        "role": "assistant", "tool_plan": prose("cohere-plan"), "content": [{"type": "text", "text": prose("cohere-answer")}],
        "tool_calls": [call]}, "usage": {"tokens": {"input_tokens": 1, "output_tokens": 1}, "more": members("cohere-usage")}}
    return "api.cohere.com", "/v2/chat", ask, [answer(whole)]


def ollama():
    ask = {"model": "llama3.2", "messages": [{"role": "system", "content": prose("ollama-system")},
                                             {"role": "user", "content": prose("ollama-user")}],
           "tools": [{"type": "function", "function": {"name": "f", "description": prose("ollama-tool"),
                                                       "parameters": schema("ollama-schema")}}],
           "options": members("ollama-params")}

    def event(**message):
        return {"model": "llama3.2", "done": False, "message": {"role": "assistant", **message}}
    stream = [event(content=p) for p in pieces_of(prose("ollama-stream"))]
    stream += [event(content="", tool_calls=[{"function": {"name": "f", "arguments": members("ollama-args")}}]),
               {"model": "llama3.2", "done": True, "done_reason": "stop", "eval_count": 1, "prompt_eval_count": 1,
                "message": {"role": "assistant", "content": ""}}]
    return "localhost:11434", "/api/chat", ask, [ndjson(stream)]


def mcp():
    ask = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "f", "arguments": members("mcp-args"),
                                                                       "_meta": members("mcp-params")}}
    whole = {"jsonrpc": "2.0", "id": 1, "result": {"content": [{"type": "text", "text": prose("mcp-answer")}],
                                                   "structuredContent": members("mcp-result")}}
    error = {"jsonrpc": "2.0", "id": 1, "error": {"code": -1, "message": prose("mcp-error"), "data": members("mcp-data")}}
    return "mcp.example", "/mcp", ask, [answer(whole), answer(error), sse([whole])]


def embeddings():
    ask = {"model": "text-embedding-3-small", "input": [prose("embeddings-user")], "user": prose("embeddings-params")}
    whole = {"object": "list", "model": "text-embedding-3-small", "data": [{"index": 0, "embedding": [0.1, 0.2]}],
             "usage": {"prompt_tokens": 1, "total_tokens": 1}}
    return "api.openai.com", "/v1/embeddings", ask, [answer(whole)]


def plain():
    return "api.example", "/v1/things", members("plain-request"), [
        answer(members("plain-answer")), answer(members("plain-error"), status="500 Oops"),
        answer(prose("plain-text").encode(), "text/plain"), sse([members("plain-stream")])]


def form_body(fields):
    b = b"XxBoundaryxX"
    return b"".join(b"--" + b + b"\r\nContent-Disposition: form-data; name=\"" + n.encode() + b"\"\r\n\r\n" +
                    v.encode() + b"\r\n" for n, v in fields) + b"--" + b + b"--\r\n"


FORMATS = [chat, responses, anthropic, gemini, converse, invoke, cohere, ollama, mcp, embeddings, plain]


def odd():
    """Calls whose body is no JSON."""
    fields = [("model", "whisper-1"), ("prompt", prose("form")), ("api_key", "plantC1"), ("client_secret", "plantC5")]
    out = [("form, a call", post("api.openai.com", "/v1/audio/transcriptions", form_body(fields),
                                 "multipart/form-data; boundary=XxBoundaryxX"), answer({"text": prose("form-answer")})),
           ("JSON whose quotes are escaped as .NET does",
            post("api.example", "/v1/net", json.dumps({"seen": seen("net"), "arguments": "@"}).encode().replace(
                b"@", json.dumps({"x": NAMES}).replace("\\", "\\u005C").replace('"', "\\u0022").encode())), answer({})),
           ("form", post("api.example", "/upload", form_body(fields), "multipart/form-data; boundary=XxBoundaryxX"),
            answer({})),
           ("form, urlencoded", post("auth.example", "/token",
                                     b"client_secret=plantC5&grant_type=" + seen("urlencoded").encode() +
                                     b"&password=plantC6&refresh_token=plantC9", "application/x-www-form-urlencoded"),
            answer({"access_token": "plantC4", "refresh_token": "plantC9", "expires_in": 3600}))]
    return out


def text_frame(text, mask):
    data = text.encode()
    n = len(data)
    head = bytes([0x81]) + (bytes([n | mask]) if n < 126 else
                            bytes([126 | mask]) + n.to_bytes(2, "big") if n < 65536 else
                            bytes([127 | mask]) + n.to_bytes(8, "big"))
    key = b"\x11\x22\x33\x44" if mask else b""
    return head + key + (bytes(b ^ key[i & 3] for i, b in enumerate(data)) if mask else data)


def realtime():
    up = (f"GET /v1/realtime?model=gpt-realtime&{QUERY} HTTP/1.1\r\nHost: api.openai.com\r\n{HEADERS}\r\n"
          "Sec-WebSocket-Protocol: realtime, openai-insecure-api-key.sk-proj-PlantA1openai234567890\r\n"
          "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").encode()
    down = (b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
    sent = [{"type": "session.update", "session": {
                "instructions": prose("realtime-system"), "client_secret": {"value": "plantC5"},
                "tools": [{"type": "function", "name": "f", "description": prose("realtime-tool"),
                           "parameters": schema("realtime-schema")}], **NAMES}},
            {"type": "conversation.item.create", "item": {"type": "message", "role": "user", "content": [
                {"type": "input_text", "text": prose("realtime-user")}]}},
            {"type": "response.create", "response": {"metadata": members("realtime-params")}}]
    back = [{"type": "response.created", "response": {"id": "resp"}},
            {"type": "response.output_item.added", "response_id": "resp", "output_index": 0,
             "item": {"id": "i", "type": "message", "role": "assistant"}}]
    back += [{"type": "response.output_text.delta", "response_id": "resp", "item_id": "i", "output_index": 0,
              "content_index": 0, "delta": p} for p in pieces_of(prose("realtime-stream"))]
    back += [{"type": "response.done", "response": {
        "id": "resp", "status": "completed",
        "output": [{"id": "fc", "type": "function_call", "call_id": "c", "name": "f",
                    "arguments": json.dumps(members("realtime-args"))}],
        "usage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2, "more": members("realtime-usage")}}}]
    aside = {"type": "unheard.of", "x": members("realtime-aside")}
    return [(WRITE, up), (READ, down), (READ, text_frame(json.dumps(aside), 0))] + \
        [(WRITE, text_frame(json.dumps(m), 0x80)) for m in sent] + \
        [(READ, text_frame(json.dumps(m), 0)) for m in back]


CMDLINE = "python3 agent.py seen-cmdline --api-key=plantC1abc12345 " + \
    " ".join(v for n, (v, _) in SHAPES.items() if n != "pem")
places.add("cmdline")


def recording(cut=cut_whole):
    """All of it in one file, each call on a connection of its own."""
    f, conn, names = SpyFile(), 0, []

    def add(name, pieces):
        nonlocal conn
        conn += 1
        names.append(name)
        process = b"".join(len(t).to_bytes(4, "little") + t.encode()
                           for t in ("agent.py", "/usr/bin/python3", CMDLINE))
        f.chunk(3, conn, data=process)
        f.connection(conn, pieces, cut)
    for make in FORMATS:
        host, path, ask, answers = make()
        for n, back in enumerate(answers):
            add(f"{make.__name__} {n}", [(WRITE, post(host, path, ask)), (READ, back)])
        add(f"{make.__name__} over HTTP/2", h2_pieces(post(host, path, ask), answers[0]))
    for name, ask, back in odd():
        add(name, [(WRITE, ask), (READ, back)])
    add("realtime", realtime())
    return f.bytes(), names


def leaks(out, what):
    """The planted words in an output, and where."""
    found = {}
    for w in WORDS:
        at = out.find(w.encode())
        if at >= 0:
            found[w] = out[max(0, at - 150):at + 60].decode(errors="replace")
    return ok(not found, f"{what}: no credential is shown",
              "\n".join(f"{w}: ...{c}..." for w, c in found.items()))


def unpacked(path):
    """What a file holds; of a database, all values, and what they are the compressed form of."""
    with open(path, "rb") as f:
        data = f.read()
    if data.startswith(b'{"log":'):
        coded = [e["response"]["content"]["text"] for e in json.loads(data)["log"]["entries"] if "encoding" in e["response"]["content"]]
        return b"\n".join([data, *(base64.b64decode(text) for text in coded)])
    if not data.startswith(b"SQLite format 3"):
        return data
    zstd = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
    zstd.ZSTD_decompress.restype = ctypes.c_size_t
    room = ctypes.create_string_buffer(16 << 20)
    out, db = [data], sqlite3.connect(path)
    for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        for row in db.execute(f'SELECT * FROM "{table}"'):
            for v in row:
                v = v if isinstance(v, bytes) else str(v).encode()
                if v[:4] == b"\x28\xb5\x2f\xfd":
                    n = zstd.ZSTD_decompress(room, ctypes.c_size_t(len(room)), v, ctypes.c_size_t(len(v)))
                    ok(n <= len(room), "content is unpacked") if n > len(room) else None
                    v = room.raw[:n] if n <= len(room) else v
                out.append(v)
    return b"\n".join(out)


def serve(path, *options):
    """What a monitor gets of all calls: as soon as it stays the same."""
    with Child([SPY, "-r", path, "-o", "metrics:0", "--metrics-wait", *options], stderr=subprocess.PIPE) as spy:
        said = []
        while not said or b"/metrics" not in said[-1]:
            said.append(spy.stderr.readline() or b"/metrics")
        url, out, before = re.search(rb"http://\S+|$", said[-1])[0].decode(), b"", None
        while url and (out != before or b"llm_spy_calls_total{" not in out):
            before = out
            time.sleep(0.3)
            out = urllib.request.urlopen(url).read()
        spy.send_signal(signal.SIGINT)
        err = b"".join(said) + spy.stderr.read()
    return spy.returncode, out, err


def send(data, *options):
    """What a receiver of telemetry gets, with content."""
    receiver = Receiver()
    code, out, err = replay(data, "-o", f"otlp:{receiver.url},content=yes", *options)
    receiver.close()
    ok(not receiver.bad, "telemetry is well-formed", *receiver.bad)
    return code, b"\n".join(body for _, _, _, body in receiver.requests), err


def write_file(data, sink, *options):
    if sink == "otlp":
        return send(data, *options)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "out")
        if sink == "metrics":
            with open(path, "wb") as out:
                out.write(data)
            return serve(path, *options)
        code, out, err = replay(data, "-o", f"{sink}:{path}", *options)
        return code, unpacked(path) + out if os.path.exists(path) else out, err


def replay(data, *options):
    r = subprocess.run([SPY, "-r", "-", *options], input=data, capture_output=True)
    return r.returncode, r.stdout, r.stderr


data, names = recording()
ok(all(w.encode() in data for w in WORDS if w != "PlantA8pem"), "the credentials are planted",
   [w for w in WORDS if w.encode() not in data])

sinks = re.findall(r"^SINK\((\w+), ", open(os.path.join(SRC, "src", "sink", "sinks.def")).read(), re.M)
ok({"text", "jsonl"} <= set(sinks), "the sinks are known", sinks)
version = subprocess.run([SPY, "--version"], capture_output=True, text=True).stdout
for sink, built in (("metrics", "Prometheus metrics"), ("otlp", "OpenTelemetry"), ("sqlite", "SQLite output")):
    if f"{built}: yes" not in version:
        sinks.remove(sink)
shown = b""
# An option that makes no difference to a sink is refused with it.
EVERY = [[], ["--all"], ["--raw"], ["--all", "--debug"]]
OWN = {"text": [["--full"]], "verbose": [["--full"]], "jsonl": [["--all", "--bodies"]], "sqlite": [["--all", "--bodies"]]}
for sink in sinks:
    for options in EVERY + OWN.get(sink, []):
        code, out, err = write_file(data, sink, *options)
        name = " ".join([sink] + options)
        ok(code == 0 and out, f"{name}: writes something", err)
        leaks(out, name)
        leaks(err, name + ", standard error")
        ok(b"***" in out or sink in ("csv", "metrics"), f"{name}: masks show where credentials were")
        shown += out
missing = sorted(p for p in places if f"seen-{p}".encode() not in shown)
ok(not missing, f"all {len(places)} places are shown by some sink", missing)

code, out, err = replay(data, "-f", "jsonl", "--all", "--bodies")
records = [json.loads(line) for line in out.splitlines()]
ok(len(records) > len(names), f"{len(records)} records of {len(names)} connections")
kinds = {r["api"] for r in records}
ok({"openai.chat", "openai.responses", "anthropic.messages", "mcp"} <= kinds, "the formats were recognised", kinds)
ok(all(r["request"]["body"]["captured"] == r["request"]["body"]["kept"] for r in records), "sizes are those of the wire")

# ---- alerts: they see what is masked, and tell nothing of it ----
posted = []


class Hook(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        posted.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()


hook = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
threading.Thread(target=hook.serve_forever, daemon=True).start()
with tempfile.TemporaryDirectory() as folder:
    words = os.path.join(folder, "words")
    with open(words, "w") as f:
        f.write(f"# words that are secrets themselves\n{SHAPES['bearer'][0]}\n/plant[A-Z]1line/\n")
    os.mkdir(os.path.join(folder, "env"))
    options = ["--alert-webhook", f"http://127.0.0.1:{hook.server_port}"] if "otlp" in sinks else []
    code, out, err = replay(data, "-f", "jsonl", "--all", "--bodies", "--alert", f"secrets,/plantC[0-9] any/,file:{words}", "--alert",
                            "loop:2,budget:all=0.000001,model-not:none,provider-not:none", "--alert-exit",
                            "--on-alert", f"env > {folder}/env/$$; echo \"$LLM_SPY_TEXT\"; cat /proc/$$/cmdline", *options)
    told = [open(os.path.join(folder, "env", f), "rb").read() for f in os.listdir(os.path.join(folder, "env"))]
hook.shutdown()
alerts = [a for line in out.splitlines() for a in json.loads(line).get("alerts", [])]
rules = {a["rule"] for a in alerts}
ok(code == 5, "alerts are given", err)
ok({"aws-key", "github-token", "jwt", "pattern-1", "words:2", "words:3", "model-not", "provider-not"} <= rules, "of all kinds", rules)
ok({"system prompt", "message 1", "message 2, tool call", "tool 1"} <= {a["where"] for a in alerts}, "in all places",
   {a["where"] for a in alerts})
ok(told and (posted or not options), f"{len(told)} commands and {len(posted)} posts tell of them")
for what, text in (("the record", out), ("standard error, with what commands say", err), ("their environment", b"".join(told)),
                   ("what is posted", b"".join(posted))):
    leaks(text, "alerts, " + what)
for pattern in (b"any/", b"1line/"):
    ok(not any(pattern in t for t in (err.replace(b"env >", b""), *posted)), "nor is a pattern told")

CALLED = {"csv": b"aws-key (", "har": b'"_alerts"', "otlp": b'"llm_spy.alerts"', "metrics": b"llm_spy_alerts_total{"}
for sink in set(CALLED) & set(sinks):
    code, out, err = write_file(data, sink, "--alert", "secrets")
    ok(CALLED[sink] in out, f"{sink} has the alerts", err)
    leaks(out, f"alerts, {sink}")

# ---- recordings: bytes stay where they were, so some forms cannot be told there ----
def rerecord(data):
    with tempfile.TemporaryDirectory() as folder:
        a, b = os.path.join(folder, "a"), os.path.join(folder, "b")
        with open(a, "wb") as out:
            out.write(data)
        r = subprocess.run([os.path.join(BUILD, "tests", "rerecord"), a, b], capture_output=True)
        ok(r.returncode == 0, "it is recorded anew", r.stderr)
        return open(b, "rb").read()


def blanked(data, what):
    again = rerecord(data)
    leaks(again, what)
    code, out, err = replay(again, "-f", "jsonl", "--all", "--bodies")
    leaks(out, what + ", replayed")
    return [json.loads(line) for line in out.splitlines()]


again = blanked(data, "a recording")
ok([(r["api"], r["request"]["body"]["captured"], r["response"]["body"]["captured"]) for r in again] ==
   [(r["api"], r["request"]["body"]["captured"], r["response"]["body"]["captured"]) for r in records],
   "its replay tells of the same calls and sizes")
ok([r["complete"] for r in again] == [r["complete"] for r in records], "and they are as complete")
ok([[len(m["parts"]) for m in r["request"].get("messages", [])] for r in again] ==
   [[len(m["parts"]) for m in r["request"].get("messages", [])] for r in records], "with the same messages")

for seed in range(3):
    pieces, _ = recording(cut_random(seed))
    code, out, err = replay(pieces, "-f", "jsonl", "--all", "--bodies")
    leaks(out, f"read in random pieces, {seed}")
    blanked(pieces, f"a recording of random pieces, {seed}")

# ---- sinks mask nothing themselves ----
for folder, _, files in os.walk(os.path.join(SRC, "src", "sink")):
    for name in files:
        text = open(os.path.join(folder, name)).read() if name.endswith((".c", ".h")) else ""
        if '#include "redact/' in text or "credential_" in text:
            ok(False, f"{name} leaves masking to exchange/redact.c")
ok(True, "no sink masks anything")

print(f"1..{count}")
sys.exit(failed != 0)
