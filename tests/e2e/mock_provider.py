# SPDX-License-Identifier: MIT
"""A provider for the end-to-end tests that speaks what llm-spy-mock does not: the endpoints that the
SDKs call, and the Responses API over WebSocket. On loopback, in threads of the test itself.

Provider.log and SocketProvider.log say what was received and sent, byte for byte."""
import asyncio
import gzip
import hashlib
import http.server
import json
import os
import re
import ssl
import struct
import subprocess
import tempfile
import threading
import zlib

TOOL = "get_weather"
ARGUMENTS = {"city": "Paris"}
# Of every answer, in each API's own way of counting.
USAGE = {"input": 21, "cached": 5, "output": 17, "reasoning": 3}


def digest(data):
    return hashlib.sha256(data).hexdigest()


# An authority and a leaf are apart: some clients refuse a certificate that is both.
CERTIFICATES = """
[req]
distinguished_name = none
[none]
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
subjectAltName = DNS:localhost,IP:127.0.0.1,IP:::1
"""


def certificates(folder):
    """Makes a CA and a certificate for localhost under it: the paths of key, certificate and the CA's certificate."""
    folder = tempfile.mkdtemp(dir=folder)
    os.chmod(folder, 0o755)

    def openssl(*args):
        subprocess.run(["openssl", *args], check=True, capture_output=True, cwd=folder)
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-config", "conf"]
    with open(os.path.join(folder, "conf"), "w") as f:
        f.write(CERTIFICATES)
    openssl("req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "7", "-subj", "/CN=mock provider CA",
            "-extensions", "ca")
    openssl("req", *new_key, "-keyout", "key", "-out", "csr", "-subj", "/CN=localhost")
    openssl("x509", "-req", "-in", "csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "cert.pem",
            "-days", "7", "-extfile", "conf", "-extensions", "leaf")
    return [os.path.join(folder, name) for name in ("key", "cert.pem", "ca.pem")]


def server_context(key, cert, suites):
    """How many cipher suites each client offers goes to the list `suites`: that tells implementations apart."""
    def on_message(connection, direction, version, content_type, message_type, data):
        if direction == "read" and message_type == 1: # a ClientHello: header, version, random, session, suites
            after = 39 + data[38]
            suites.append(int.from_bytes(data[after:after + 2], "big") // 2)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    context._msg_callback = on_message
    return context


def answer_text(body):
    """Another one for each request, so that answers which are mixed up are noticed."""
    return f"You asked {digest(body)[:16]}: naïve 你好 😀."


def pieces(text, n=4):
    return [text[len(text) * i // n:len(text) * (i + 1) // n] for i in range(n)]


class Call:
    """What the model calls; namespace: of the Responses API."""

    def __init__(self, name=TOOL, arguments=None, number="", namespace=None):
        self.within = {"namespace": namespace} if namespace else {}
        self.name, self.given, self.number = name, ARGUMENTS if arguments is None else arguments, number
        self.arguments = json.dumps(self.given)


# ---- what the APIs say: one object, or the events (name, object) of a stream ----

def openai_chat(body, text, tool, stream):
    usage = {"prompt_tokens": USAGE["input"], "completion_tokens": USAGE["output"],
             "total_tokens": USAGE["input"] + USAGE["output"],
             "prompt_tokens_details": {"cached_tokens": USAGE["cached"]},
             "completion_tokens_details": {"reasoning_tokens": USAGE["reasoning"]}}
    finish = "tool_calls" if tool else "stop"
    called = tool or Call()
    call = {"id": "call_mock" + called.number, "type": "function", "function": {"name": called.name, "arguments": called.arguments}}
    about = {"id": "chatcmpl-mock", "created": 1764000000, "model": body["model"] + "-0001"}
    if not stream:
        message = {"role": "assistant", "content": None if tool else text}
        if tool:
            message["tool_calls"] = [call]
        return {**about, "object": "chat.completion", "usage": usage,
                "choices": [{"index": 0, "message": message, "finish_reason": finish}]}

    def chunk(delta, finish=None):
        return {**about, "object": "chat.completion.chunk",
                "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    events = [chunk({"role": "assistant", "content": ""})]
    if tool and "mistral" in body["model"]: # which sends calls whole
        events.append(chunk({"tool_calls": [{**call, "index": 0}]}))
    elif tool:
        events.append(chunk({"tool_calls": [{**call, "index": 0, "function": {"name": called.name, "arguments": ""}}]}))
        events += [chunk({"tool_calls": [{"index": 0, "function": {"arguments": p}}]}) for p in pieces(called.arguments)]
    else:
        events += [chunk({"content": p}) for p in pieces(text)]
    events.append(chunk({}, finish))
    if "mistral" in body["model"]:
        events[-1]["usage"] = usage
    elif body.get("stream_options", {}).get("include_usage"):
        events.append({**about, "object": "chat.completion.chunk", "choices": [], "usage": usage})
    return [(None, e) for e in events] + [(None, "[DONE]")]


def openai_responses(body, text, tool, stream):
    about = {"id": "resp_mock", "object": "response", "created_at": 1764000000, "model": body["model"] + "-0001",
             "error": None, "incomplete_details": None, "parallel_tool_calls": True, "tool_choice": "auto",
             "tools": body.get("tools", [])}
    usage = {"input_tokens": USAGE["input"], "input_tokens_details": {"cached_tokens": USAGE["cached"]},
             "output_tokens": USAGE["output"], "output_tokens_details": {"reasoning_tokens": USAGE["reasoning"]},
             "total_tokens": USAGE["input"] + USAGE["output"]}
    part = {"type": "output_text", "text": text, "annotations": []}
    if tool:
        item = {"type": "function_call", "id": "fc_mock" + tool.number, "call_id": "call_mock" + tool.number,
                "name": tool.name, "arguments": tool.arguments, "status": "completed", **tool.within}
    else:
        item = {"type": "message", "id": "msg_mock", "role": "assistant", "status": "completed", "content": [part]}
    whole = {**about, "status": "completed", "output": [item], "usage": usage}
    if not stream:
        return whole
    begun = {**about, "status": "in_progress", "output": [], "usage": None}
    events = [{"type": "response.created", "response": begun}, {"type": "response.in_progress", "response": begun}]
    at = {"output_index": 0, "item_id": item["id"]}
    within = {**at, "content_index": 0}
    if tool:
        events.append({"type": "response.output_item.added", "output_index": 0,
                       "item": {**item, "arguments": "", "status": "in_progress"}})
        events += [{"type": "response.function_call_arguments.delta", **at, "delta": p}
                   for p in pieces(item["arguments"])]
        events.append({"type": "response.function_call_arguments.done", **at, "name": tool.name,
                       "arguments": item["arguments"]})
    else:
        events.append({"type": "response.output_item.added", "output_index": 0,
                       "item": {**item, "content": [], "status": "in_progress"}})
        events.append({"type": "response.content_part.added", **within, "part": {**part, "text": ""}})
        events += [{"type": "response.output_text.delta", **within, "delta": p, "logprobs": []} for p in pieces(text)]
        events.append({"type": "response.output_text.done", **within, "text": text, "logprobs": []})
        events.append({"type": "response.content_part.done", **within, "part": part})
    events.append({"type": "response.output_item.done", "output_index": 0, "item": item})
    events.append({"type": "response.completed", "response": whole})
    return [(e["type"], {**e, "sequence_number": i}) for i, e in enumerate(events)]


def anthropic(body, text, tool, stream):
    usage = {"input_tokens": USAGE["input"] - USAGE["cached"], "cache_creation_input_tokens": 0,
             "cache_read_input_tokens": USAGE["cached"], "output_tokens": USAGE["output"]}
    block = {"type": "text", "text": text}
    if tool:
        block = {"type": "tool_use", "id": "toolu_mock" + tool.number, "name": tool.name, "input": tool.given}
    message = {"id": "msg_mock", "type": "message", "role": "assistant", "model": body["model"] + "-0001",
               "content": [block], "stop_reason": "tool_use" if tool else "end_turn", "stop_sequence": None,
               "usage": usage}
    if not stream:
        return message
    empty = {**block, "input": {}} if tool else {**block, "text": ""}
    deltas = [{"type": "text_delta", "text": p} for p in pieces(text)]
    if tool:
        deltas = [{"type": "input_json_delta", "partial_json": p} for p in pieces(tool.arguments)]
    events = [{"type": "message_start", "message": {**message, "content": [], "stop_reason": None,
                                                    "usage": {**usage, "output_tokens": 1}}},
              {"type": "content_block_start", "index": 0, "content_block": empty}, {"type": "ping"}]
    events += [{"type": "content_block_delta", "index": 0, "delta": d} for d in deltas]
    events += [{"type": "content_block_stop", "index": 0},
               {"type": "message_delta", "delta": {"stop_reason": message["stop_reason"], "stop_sequence": None},
                "usage": usage},
               {"type": "message_stop"}]
    return [(e["type"], e) for e in events]


def gemini(body, text, tool, stream):
    about = {"modelVersion": "gemini-mock-0001", "responseId": "r_mock"}
    usage = {"promptTokenCount": USAGE["input"], "cachedContentTokenCount": USAGE["cached"],
             "candidatesTokenCount": USAGE["output"] - USAGE["reasoning"], "thoughtsTokenCount": USAGE["reasoning"],
             "totalTokenCount": USAGE["input"] + USAGE["output"]}

    def answer(part, **more):
        return {"candidates": [{"index": 0, "content": {"role": "model", "parts": [part]}, **more}], **about}
    parts = [{"functionCall": {"name": TOOL, "args": ARGUMENTS}}]
    if not tool:
        parts = [{"text": p} for p in (pieces(text) if stream else [text])]
    answers = [answer(p) for p in parts[:-1]]
    answers.append({**answer(parts[-1], finishReason="STOP"), "usageMetadata": usage})
    return [(None, a) for a in answers] if stream else answers[0]


def cohere(body, text, tool, stream):
    usage = {"billed_units": {"input_tokens": 2, "output_tokens": USAGE["output"]}, "cached_tokens": USAGE["cached"],
             "tokens": {"input_tokens": USAGE["input"], "output_tokens": USAGE["output"]}}
    finish = "TOOL_CALL" if tool else "COMPLETE"
    call = {"id": "call_mock", "type": "function", "function": {"name": TOOL, "arguments": json.dumps(ARGUMENTS)}}
    if not stream:
        message = {"role": "assistant"}
        message.update({"tool_calls": [call]} if tool else {"content": [{"type": "text", "text": text}]})
        return {"id": "co_mock", "finish_reason": finish, "message": message, "usage": usage}
    events = [{"type": "message-start", "id": "co_mock", "delta": {"message": {
        "role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}}}]
    if tool:
        events.append({"type": "tool-call-start", "index": 0, "delta": {"message": {
            "tool_calls": {**call, "function": {"name": TOOL, "arguments": ""}}}}})
        events += [{"type": "tool-call-delta", "index": 0, "delta": {"message": {
            "tool_calls": {"function": {"arguments": p}}}}} for p in pieces(call["function"]["arguments"])]
        events.append({"type": "tool-call-end", "index": 0})
    else:
        events.append({"type": "content-start", "index": 0, "delta": {"message": {
            "content": {"type": "text", "text": ""}}}})
        events += [{"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": p}}}}
                   for p in pieces(text)]
        events.append({"type": "content-end", "index": 0})
    events.append({"type": "message-end", "id": "co_mock", "delta": {"finish_reason": finish, "usage": usage}})
    return [(e["type"], e) for e in events] + [(None, "[DONE]")]


def ollama(body, text, tool, stream):
    about = {"model": body["model"] + "-0001", "created_at": "2025-11-24T16:00:00Z"}
    call = {"tool_calls": [{"function": {"name": TOOL, "arguments": ARGUMENTS}}]}
    end = {"done": True, "done_reason": "stop", "total_duration": 5000, "load_duration": 100,
           "prompt_eval_count": USAGE["input"], "prompt_eval_duration": 200, "eval_count": USAGE["output"],
           "eval_duration": 300}

    def line(content, done=False, **more):
        return {**about, "message": {"role": "assistant", "content": content, **more}, **(end if done else {"done": False})}
    if not stream:
        return line("", True, **call) if tool else line(text, True)
    lines = [line("", **call)] if tool else [line(p) for p in pieces(text)]
    return [(None, entry) for entry in lines + [line("", True)]]


def converse(body, text, tool, stream):
    usage = {"inputTokens": USAGE["input"] - USAGE["cached"], "outputTokens": USAGE["output"],
             "totalTokens": USAGE["input"] + USAGE["output"], "cacheReadInputTokens": USAGE["cached"], "cacheWriteInputTokens": 0}
    reason = {"stopReason": "tool_use" if tool else "end_turn"}
    call = {"toolUseId": "tooluse_mock", "name": TOOL}
    if not stream:
        block = {"toolUse": {**call, "input": ARGUMENTS}} if tool else {"text": text}
        return {"output": {"message": {"role": "assistant", "content": [block]}}, **reason, "usage": usage, "metrics": {"latencyMs": 1}}
    deltas = [{"text": p} for p in pieces(text)]
    events = [("messageStart", {"role": "assistant"})]
    if tool:
        events.append(("contentBlockStart", {"contentBlockIndex": 0, "start": {"toolUse": call}}))
        deltas = [{"toolUse": {"input": p}} for p in pieces(json.dumps(ARGUMENTS))]
    return events + [("contentBlockDelta", {"contentBlockIndex": 0, "delta": d}) for d in deltas] + [
        ("contentBlockStop", {"contentBlockIndex": 0}), ("messageStop", reason), ("metadata", {"usage": usage, "metrics": {"latencyMs": 1}})]


def aws_message(name, event):
    """Of an AWS event stream."""
    def header(key, value):
        return bytes([len(key)]) + key + b"\x07" + struct.pack(">H", len(value)) + value
    data = json.dumps(event, ensure_ascii=False).encode()
    heads = header(b":event-type", name.encode()) + header(b":content-type", b"application/json") + header(b":message-type", b"event")
    prelude = struct.pack(">II", len(heads) + len(data) + 16, len(heads))
    out = prelude + struct.pack(">I", zlib.crc32(prelude)) + heads + data
    return out + struct.pack(">I", zlib.crc32(out))


FAILURE = "The mock was asked to fail."


def failure(answer):
    """As each provider tells that a request was wrong: the body, and what is in the head."""
    if answer is anthropic:
        return {"type": "error", "error": {"type": "invalid_request_error", "message": FAILURE}}, {}
    if answer is gemini:
        return {"error": {"code": 400, "message": FAILURE, "status": "INVALID_ARGUMENT"}}, {}
    if answer in (cohere, converse):
        return {"message": FAILURE}, {"x_amzn_ErrorType": "ValidationException"} if answer is converse else {}
    return {"error": {"message": FAILURE, "type": "invalid_request_error", "param": None, "code": None}}, {}


def has_result(received):
    """Whether a tool was called already."""
    return any(mark in received for mark in (b'"tool_call_id"', b'"function_call_output"', b'"tool_result"', b'"toolResult"'))


def sse(name, event):
    data = event if isinstance(event, str) else json.dumps(event, ensure_ascii=False)
    return ((f"event: {name}\n" if name else "") + f"data: {data}\n\n").encode()


def crlf_sse(name, event): # as Google's servers do
    return sse(name, event).replace(b"\n", b"\r\n")


def ndjson(name, event):
    return (json.dumps(event, ensure_ascii=False) + "\n").encode()


ROUTES = [ # path, what answers, a stream's form and media type
    (r"/v1/chat/completions$", openai_chat, sse, "text/event-stream"),
    (r"/v1/responses$", openai_responses, sse, "text/event-stream; charset=utf-8"),
    (r"/v1/messages$", anthropic, sse, "text/event-stream; charset=utf-8"),
    (r"/v1(beta)?/models/[^/]+:(generate|streamGenerate)Content$", gemini, crlf_sse, "text/event-stream"),
    (r"/v2/chat$", cohere, sse, "text/event-stream"),
    (r"/api/chat$", ollama, ndjson, "application/x-ndjson"),
    (r"/model/[^/]+/converse(-stream)?$", converse, aws_message, "application/vnd.amazon.eventstream"),
]


def wants_stream(answer, path, body):
    if answer is gemini:
        return "streamGenerate" in path
    if answer is converse:
        return path.endswith("-stream")
    return body.get("stream", answer is ollama)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def read_body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def start(self, status, media_type, **headers):
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("X-Request-Id", "req_mock")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def note(self, received, sent):
        """Before it is sent: when the client has all of it, it stands in the log."""
        with self.server.lock:
            self.server.log.append({"path": self.path, "received": digest(received), "sent": digest(sent),
                                    "text": answer_text(received), "client": "%s:%d" % self.client_address[:2]})

    def whole(self, received, status, answer, **head):
        sent, coding = json.dumps(answer, ensure_ascii=False).encode(), {}
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            sent, coding = gzip.compress(sent), {"Content_Encoding": "gzip"}
        self.note(received, sent)
        self.start(status, "application/json", Content_Length=str(len(sent)), **coding, **head)
        self.wfile.write(sent)

    def stream(self, received, parts, media_type, barrier):
        """In chunks. At the barrier each stream waits for all others, so that their pieces are interleaved
        whatever the timing is."""
        self.note(received, b"".join(parts))
        self.start(200, media_type, Transfer_Encoding="chunked")
        for piece in parts:
            if barrier:
                barrier.wait()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def endless(self, received):
        """A stream that goes on until its client leaves."""
        self.start(200, "text/event-stream", Transfer_Encoding="chunked")
        events = openai_chat(json.loads(received), answer_text(received), False, True)
        while True:
            data = sse(*events[1])
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def do_POST(self):
        received = self.read_body()
        path, body = self.path.split("?")[0], json.loads(received)
        if self.path.endswith("?endless=1"):
            self.endless(received)
        for pattern, answer, form, media_type in ROUTES:
            if re.match(pattern, path):
                if b"please fail" in received:
                    said, head = failure(answer)
                    return self.whole(received, 400, said, **head)
                tool = self.server.choose(body, received)
                stream = wants_stream(answer, path, body)
                said = answer(body, answer_text(received), tool, stream)
                if stream:
                    self.stream(received, [form(*event) for event in said], media_type, self.server.barrier)
                else:
                    self.whole(received, 200, said)
                return
        self.whole(received, 404, {"error": {"message": "no such path", "type": "not_found"}})


def ask_for_weather(body, received):
    """Once: what the tool gave back is answered with a text."""
    offered = body.get("tools") or body.get("toolConfig")
    return Call() if offered and b"weather" in received and not has_result(received) else None


class Server(http.server.ThreadingHTTPServer):
    """choose(body, received): the Call that the model makes, or None."""
    choose = staticmethod(ask_for_weather)
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass # a client that closes first


class Provider:
    """HTTP/1.1, over TLS where a key, a certificate and its CA's are given."""

    def __init__(self, key=None, cert=None, ca=None):
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.log, self.server.lock, self.server.barrier = [], threading.Lock(), None
        self.port = self.server.server_port
        self.suites = []
        self.ca = ca
        self.url = f"https://localhost:{self.port}"
        if cert:
            tls = server_context(key, cert, self.suites)
            # The handshake is made by the connection's own thread, with the first read.
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def together(self, n):
        """From now on, n streams keep step."""
        self.server.barrier = threading.Barrier(n, timeout=30) if n else None

    def take_log(self):
        with self.server.lock:
            log, self.server.log = self.server.log, []
        return log

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class SocketProvider:
    """The Responses API over WebSocket, with permessage-deflate. A prompt that says "refuse" gets an
    error, one that says "limits" a notice before the answer, which belongs to no call."""

    def __init__(self, key, cert, ca):
        self.log, self.suites = [], []
        self.loop = asyncio.new_event_loop()
        self.tls = server_context(key, cert, self.suites)
        ready = threading.Event()
        threading.Thread(target=self.run, args=(ready,), daemon=True).start()
        ready.wait(30)
        self.ca = ca
        self.url = f"wss://localhost:{self.port}"

    def run(self, ready):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self.serve())
        ready.set()
        self.loop.run_forever()

    async def serve(self):
        import websockets
        self.server = await websockets.serve(self.session, "127.0.0.1", 0, ssl=self.tls, max_size=1 << 24)
        self.port = self.server.sockets[0].getsockname()[1]

    @staticmethod
    def events(ask, received):
        if "refuse" in received:
            return [{"type": "error", "status": 400, "error": {
                "type": "invalid_request_error", "code": "mock_refusal", "message": "Refused, as asked."}}]
        said = received.encode()
        return [e for _, e in openai_responses(ask, answer_text(said), ask_for_weather(ask, said), True)]

    async def session(self, ws, path=None):
        async for received in ws:
            ask, sent = json.loads(received), []
            if "limits" in received:
                await ws.send('{"type":"codex.rate_limits","primary":{"used_percent":3}}')
            events = [json.dumps(e, ensure_ascii=False) for e in self.events(ask, received)]
            self.log.append({"received": digest(received.encode() + b"\n"),
                             "sent": digest("".join(e + "\n" for e in events).encode()),
                             "text": answer_text(received.encode())})
            for event in events:
                await ws.send(event)

    def take_log(self):
        log, self.log = self.log, []
        return log

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
