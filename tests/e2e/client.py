#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Real clients of the end-to-end tests: client.py MODE BASE-URL CA-FILE OUT-FILE.

Each exchange is one line in OUT-FILE: SHA-256 and length of the request and response bodies as
they were on the wire (transfer coding undone, content coding not)."""
import asyncio
import hashlib
import http.client
import json
import socket
import ssl
import sys
import threading
import time
import urllib.parse

mode, base, ca, out = sys.argv[1:5]
url = urllib.parse.urlsplit(base)
context = ssl.create_default_context(cafile=ca)
lock = threading.Lock()
HEADERS = {"Authorization": "Bearer sk-e2e-FAKESECRET0123456789", "Content-Type": "application/json"}


def note(sent, received, whole=True):
    line = {"sent": hashlib.sha256(sent).hexdigest(), "sent_len": len(sent),
            "received": hashlib.sha256(received).hexdigest(), "received_len": len(received), "whole": whole}
    with lock, open(out, "a") as f:
        f.write(json.dumps(line) + "\n")


def chat(text, stream=False):
    return json.dumps({"model": "gpt-4o", "stream": stream, "messages": [{"role": "user", "content": text}]}).encode()


def connect():
    return http.client.HTTPSConnection(url.hostname, url.port, context=context, timeout=60)


def ask(conn, body, query="", path="/v1/chat/completions", method="POST"):
    conn.request(method, path + query, body, HEADERS)
    received = conn.getresponse().read()
    note(body or b"", received)


def single():
    ask(connect(), chat("Hello from one call: é 你好"))


def keepalive():
    conn = connect()
    for i in range(50):
        ask(conn, chat(f"call {i}", stream=i % 2 == 1), "?size=%d" % (i * 37 + 1))


def threads():
    def one(i):
        ask(connect(), chat(f"thread {i}", stream=i % 3 == 0), "?size=%d&chunks=5&delay_ms=2" % (500 + i))
    all_ = [threading.Thread(target=one, args=(i,)) for i in range(100)]
    for t in all_:
        t.start()
    for t in all_:
        t.join()


def huge():
    """As much as providers take, handed to the TLS library in one call."""
    conn = connect()
    for mib in (5, 32):
        ask(conn, chat("x" * (mib << 20)))


def big():
    ask(connect(), chat("x" * (1 << 20)))
    ask(connect(), chat("stream a lot", stream=True), "?size=5242880&chunks=400")
    ask(connect(), chat("a lot at once"), "?size=5242880&length=1")


def kinds():
    """Body framings and codings, one connection each where they end it."""
    ask(connect(), chat("until close"), "?close=1")
    ask(connect(), chat("counted"), "?length=1")
    ask(connect(), chat("gzip"), "?encoding=gzip")
    ask(connect(), chat("gzip stream", stream=True), "?encoding=gzip&chunks=20")
    ask(connect(), chat("too early"), "?early=1")
    ask(connect(), None, "", "/v1/models", "HEAD")
    ask(connect(), chat("nothing"), "?status=204")
    ask(connect(), chat("refused"), "?status=401")
    conn = connect()
    body = chat("in chunks " + "y" * 5000)
    conn.request("POST", "/v1/chat/completions", (body[i:i + 1000] for i in range(0, len(body), 1000)),
                 HEADERS, encode_chunked=True)
    note(body, conn.getresponse().read())


def raw_connection():
    return context.wrap_socket(socket.create_connection((url.hostname, url.port)), server_hostname=url.hostname)


def head(body, extra=""):
    return (f"POST /v1/chat/completions?length=1 HTTP/1.1\r\nHost: {url.hostname}\r\n{extra}"
            f"Content-Length: {len(body)}\r\n\r\n").encode()


def read_answer(f):
    while not f.readline().startswith(b"HTTP/1.1 200"):
        pass
    length = 0
    for line in iter(f.readline, b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return f.read(length)


def pipeline():
    """Two requests in one write; then one that waits for 100 Continue."""
    conn = raw_connection()
    f = conn.makefile("rb")
    bodies = [chat("first of two"), chat("second of two")]
    conn.sendall(b"".join(head(b) + b for b in bodies))
    for b in bodies:
        note(b, read_answer(f))
    body = chat("after continue")
    conn.sendall(head(body, "Expect: 100-continue\r\n"))
    while f.readline() != b"\r\n":
        pass
    conn.sendall(body)
    note(body, read_answer(f))
    conn.close()


def cut():
    """Closes in the middle of a stream."""
    conn = raw_connection()
    body = chat("cut me", stream=True)
    conn.sendall(head(body).replace(b"length=1", b"size=100000&chunks=100&delay_ms=20") + body)
    got = b""
    while got.count(b"data: ") < 5:
        got += conn.recv(4096)
    note(body, b"", whole=False)
    conn.close()


def server_cut():
    """The server drops the connection in the middle of a body."""
    conn = connect()
    body = chat("drop me")
    conn.request("POST", "/v1/chat/completions?size=5000&cut=2000", body, HEADERS)
    try:
        conn.getresponse().read()
    except http.client.IncompleteRead:
        pass
    note(body, b"", whole=False)


def slow():
    """A first call, then one more for each line on standard input, on the same connection."""
    conn = connect()
    ask(conn, chat("before the tracer"))
    print("ready", flush=True)
    for i, _ in enumerate(sys.stdin):
        ask(conn, chat(f"while traced {i}", stream=True), "?chunks=10")
        print("done", flush=True)


async def async_one(i):
    tls = ssl.create_default_context(cafile=ca)
    reader, writer = await asyncio.open_connection(url.hostname, url.port, ssl=tls)
    body = chat(f"async {i}")
    writer.write(head(body) + body)
    line = b""
    length = 0
    while line != b"\r\n":
        line = await reader.readline()
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    note(body, await reader.readexactly(length))
    writer.close()


def async_():
    async def all_():
        await asyncio.gather(*(async_one(i) for i in range(20)))
    asyncio.run(all_())


def http2():
    """Ten streams at a time on one connection; the provider interleaves their answers."""
    import httpx

    async def one(client, i):
        body = chat(f"stream {i}", stream=True)
        async with client.stream("POST", base + "/v1/chat/completions", content=body, headers=HEADERS) as answer:
            assert answer.http_version == "HTTP/2"
            note(body, b"".join([part async for part in answer.aiter_raw()]))

    async def all_():
        async with httpx.AsyncClient(http2=True, verify=context, trust_env=False, timeout=60) as client:
            await asyncio.gather(*(one(client, i) for i in range(10)))
    asyncio.run(all_())


def http2_cut():
    """Leaves one stream in its middle; the connection goes on."""
    import httpx
    with httpx.Client(http2=True, verify=context, trust_env=False, timeout=60) as client:
        body = chat("leave me", stream=True)
        with client.stream("POST", base + "/v1/chat/completions?endless=1", content=body, headers=HEADERS) as answer:
            next(answer.iter_raw())
            note(body, b"", whole=False)
        body = chat("after it")
        note(body, client.post(base + "/v1/chat/completions", content=body,
                               headers={**HEADERS, "Accept-Encoding": "identity"}).content)


def websocket():
    """Calls of the Responses API, one after another on one connection; the provider's notices that come
    before an answer are no part of a call."""
    import websockets
    tools = [{"type": "function", "name": "get_weather", "parameters": {"type": "object"}}]

    def create(text, **more):
        return json.dumps({"type": "response.create", "model": "gpt-5", "instructions": "Be brief.",
                           "input": [{"role": "user", "content": text}], **more}, ensure_ascii=False)
    asks = [create("first: é 你好"), create("limits, then second", previous_response_id="resp_mock"),
            create("the weather?", tools=tools), create("refuse this"), create("x" * (1 << 20)), create("last")]

    async def cycles():
        # A name and a password become an Authorization field, whatever the version of the library is.
        at = f"wss://user:FAKESECRET@{url.hostname}:{url.port}/v1/responses"
        async with websockets.connect(at, ssl=context, max_size=1 << 24) as ws:
            for ask in asks:
                # The last one in fragments.
                await ws.send([ask[i:i + 20] for i in range(0, len(ask), 20)] if ask is asks[-1] else ask)
                received = []
                while not received or '"response.completed"' not in received[-1] and '"error"' not in received[-1][:20]:
                    message = await ws.recv()
                    if "codex.rate_limits" not in message:
                        received.append(message)
                note(ask.encode() + b"\n", "".join(m + "\n" for m in received).encode())
    asyncio.run(cycles())


{"single": single, "keepalive": keepalive, "threads": threads, "big": big, "huge": huge, "kinds": kinds, "cut": cut,
 "server_cut": server_cut, "pipeline": pipeline, "slow": slow, "async": async_,
 "http2": http2, "http2_cut": http2_cut, "websocket": websocket}[mode]()
