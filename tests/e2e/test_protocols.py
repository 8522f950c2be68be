#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""HTTP/2 through a real nginx, and the Responses API over WebSocket: what llm-spy reports is what was sent
and received."""
import json
import subprocess

from mock_provider import ARGUMENTS, Provider, SocketProvider, TOOL, USAGE, certificates, digest
from nginx import NGINX, Nginx
from spy import *


def chat(text, stream=False):
    return json.dumps({"model": "gpt-4o", "stream": stream, "messages": [{"role": "user", "content": text}]}).encode()


def curl(*bodies):
    """One call for each body, all on one connection at the same time."""
    config, files = [], []
    for i, body in enumerate(bodies):
        files.append((os.path.join(TMP, f"curl-{i}.in"), os.path.join(TMP, f"curl-{i}.out")))
        with open(files[-1][0], "wb") as f:
            f.write(body)
        config.append("\n".join([f'url = "{nginx.url}/v1/chat/completions"', "http2", "silent", "show-error", 'noproxy = "*"',
                                 f'cacert = "{nginx.ca}"', 'header = "Authorization: Bearer sk-e2e-FAKESECRET"',
                                 f'data-binary = "@{files[-1][0]}"', f'output = "{files[-1][1]}"']))
    subprocess.run(["curl", "-q", "-Z", "--no-progress-meter", "--fail-early", "-K", "-"],
                   input="\nnext\n".join(config), text=True, check=True, timeout=WAIT)
    return [{"sent": digest(body), "received": digest(open(out, "rb").read())}
            for body, (_, out) in zip(bodies, files)]


def text_of(record):
    return "".join(p["text"] for c in record["response"]["choices"] for p in c["parts"])


def of_server(records):
    return [r for r in records if r["connection"]["role"] == "server"]


def compare_http2(what, records, noted):
    """With the client's notes and the provider's, at both ends of the connection."""
    logged = http.take_log()
    compare(what, records, noted)
    want = sorted((n["sent"], n["received"]) for n in noted)
    ok(digests(of_server(records)) == want, f"{what}: the same at nginx's end", len(of_server(records)))
    ok(sorted((e["received"], e["sent"]) for e in logged) == want, f"{what}: the same as the provider's", logged)
    mine = of_client(records)
    ok(all(r["connection"]["protocol"] == "http/2" and r["http"]["method"] == "POST" and
           r["http"]["target"] == "/v1/chat/completions" and r["http"]["host"] == "localhost" and
           r["http"]["status"] == 200 and r["http"]["request_id"] == "req_mock" for r in records),
       f"{what}: head and protocol", records[:1])
    ok(all(r["connection"]["server_name"] == "localhost" for r in mine), f"{what}: server name", mine[:1])
    texts = {e["received"]: e["text"] for e in logged}
    ok(all(r["kind"] == "llm" and r["api"] == "openai.chat" and
           text_of(r) == texts.get(r["request"]["body"]["wire_sha256"]) for r in records),
       f"{what}: each answer is with its question", [(r["id"], r["kind"]) for r in records])
    ok(len({r["connection"]["id"] for r in mine}) == 1, f"{what}: on one connection",
       [r["connection"]["id"] for r in mine])


def test_http2():
    for what, together, bodies in (
            ("HTTP/2: curl, a call", 0, [chat("Hello: é 你好")]),
            ("HTTP/2: curl, a streamed call", 0, [chat("Hello, streamed", stream=True)]),
            ("HTTP/2: curl, 20 at a time", 20, [chat(f"one of 20: {i}", stream=True) for i in range(20)]),
            ("HTTP/2: curl, 1 MiB", 0, [chat("x" * (1 << 20))])):
        spy = Spy("--no-peer") # both ends apart
        http.together(together)
        noted = curl(*bodies)
        spy.wait_for(2 * len(noted))
        compare_http2(what, spy.stop(), noted)
        ok("FAKESECRET" not in open(spy.out).read(), f"{what}: the key is masked")
    spy = Spy("--no-peer")
    http.together(10)
    noted = client(nginx, "http2")
    spy.wait_for(2 * len(noted))
    compare_http2("HTTP/2: httpx, 10 interleaved", spy.stop(), noted)
    http.together(0)


def is_masked(pair, live):
    """A header field of a replay: as it was, or blanked in the recording."""
    return pair == live or (pair[0] == live[0] and not pair[1].strip("*"))


def test_http2_recording():
    """A replay says what was said live, though the recording holds no credential, coded or not."""
    spyfile = os.path.join(TMP, "h2.spy")
    spy = Spy(f"--record={spyfile}")
    noted = curl(*(chat(f"recorded: {i}", stream=True) for i in range(5))) + client(nginx, "http2")
    spy.wait_for(2 * len(noted))
    live = spy.stop()
    data = open(spyfile, "rb").read()
    coded = subprocess.run([PYTHON, "-c", "import sys, hpack.huffman_constants as c, hpack.huffman as h\n"
                            "e = h.HuffmanEncoder(c.REQUEST_CODES, c.REQUEST_CODES_LENGTH)\n"
                            "sys.stdout.buffer.write(e.encode(b'Bearer sk-e2e-FAKESECRET'))"],
                           capture_output=True, check=True).stdout
    ok(len(coded) > 10 and b"FAKESECRET" not in data and coded[:-1] not in data and b"\xf9" * len(coded) in data,
       "HTTP/2, recorded: the key is not in it")
    r = subprocess.run([SPY, "--replay", spyfile, "--format=jsonl", "--all"], capture_output=True, check=True)
    again = [json.loads(line) for line in r.stdout.splitlines()]
    # Live, they come in the order in which they end; in a replay, in that in which they began.
    live.sort(key=lambda x: x["id"])
    again.sort(key=lambda x: x["id"])
    ok(len(again) == len(live) and
       all(is_masked(a, b) for x, y in zip(again, live) for side in ("request_headers", "response_headers")
           for a, b in zip(x["http"][side], y["http"][side], strict=True)),
       "HTTP/2, replayed: header fields are the same, or blanked")
    for x in again + live:
        del x["http"]["request_headers"], x["http"]["response_headers"]
    ok(again == live, "HTTP/2, replayed: all else is the same", [(a, b) for a, b in zip(again, live) if a != b][:1])


def test_http2_cut():
    """A stream that its client left is shown as cut; the connection goes on."""
    spy = Spy()
    noted = client(nginx, "http2_cut")
    spy.wait_for(4)
    records = of_client(spy.stop())
    http.take_log()
    left, after = (([r for r in records if r["request"]["body"]["wire_sha256"] == n["sent"]] or [None])[0] for n in noted)
    ok(left and left["response"]["body"]["state"] == "cut" and left["response"]["body"]["captured"] > 0 and
       not left["complete"], "HTTP/2: a stream that was left is cut", left)
    ok(after and after["complete"] and after["response"]["body"]["wire_sha256"] == noted[1]["received"] and
       after["connection"]["id"] == left["connection"]["id"], "HTTP/2: the next one on the connection is whole", after)


def test_websocket():
    sockets = SocketProvider(key, cert, ca)
    spy = Spy("--no-peer")
    noted = client(sockets, "websocket")
    spy.wait_for(2 * len(noted) + 2)
    records, logged = spy.stop(), sockets.take_log()
    sockets.stop()
    mine = of_client(records)
    calls = [r for r in mine if r["kind"] == "llm"]
    openers = [r for r in mine if r["kind"] == "http"]
    want = sorted((n["sent"], n["received"]) for n in noted)
    ok(sorted((e["received"], e["sent"]) for e in logged) == want, "WebSocket: client and provider agree")
    for role, seen in (("client", calls), ("server", [r for r in of_server(records) if r["kind"] == "llm"])):
        ok(digests(seen) == want, f"WebSocket: {role}: each of {len(want)} cycles is a call, byte for byte",
           digests(seen), want)
    compress = [v for o in openers for n, v in o["http"]["response_headers"] if n.lower() == "sec-websocket-extensions"]
    ok(len(openers) == 1 and "permessage-deflate" in "".join(compress) and openers[0]["http"]["status"] == 101,
       "WebSocket: the connection was compressed", openers)
    ok(all(r["api"] == "openai.responses" and r["complete"] and r["response"]["stream"] and
           r["request"]["model"] == "gpt-5" and r["request"]["system"]["parts"][0]["text"] == "Be brief." and
           r["http"]["method"] == "GET" and r["http"]["target"] == "/v1/responses" for r in calls),
       "WebSocket: each call is known for what it is", calls)
    if not ok(len(calls) == 6, "WebSocket: all calls are there", len(calls)):
        return
    prompts = [r["request"]["messages"][0]["parts"][0]["text"] for r in calls]
    ok(prompts == ["first: é 你好", "limits, then second", "the weather?", "refuse this", "x" * (1 << 20), "last"],
       "WebSocket: prompts, in their order", [p[:30] for p in prompts])
    for i in (0, 1, 4, 5):
        ok(text_of(calls[i]) == logged[i]["text"] and calls[i]["response"]["choices"][0]["finish"] == "stop" and
           calls[i]["usage"]["input"] == USAGE["input"] and calls[i]["usage"]["cached_read"] == USAGE["cached"] and
           calls[i]["usage"]["output"] == USAGE["output"], f"WebSocket: answer and usage of {prompts[i][:20]}", calls[i])
    part = calls[2]["response"]["choices"][0]["parts"][0]
    ok((part["kind"], part["name"], json.loads(part["text"])) == ("tool_call", TOOL, ARGUMENTS) and
       calls[2]["response"]["choices"][0]["finish"] == "tool_call", "WebSocket: a tool call", calls[2])
    ok(calls[3]["error"] and calls[3]["error"]["code"] == "mock_refusal", "WebSocket: a refusal", calls[3])
    ok(calls[1]["request"]["params"].get("previous_response_id") == "resp_mock", "WebSocket: parameters", calls[1])
    ok("FAKESECRET" not in open(spy.out).read(), "WebSocket: the password is masked")


need_root()
if not NGINX:
    skip_all("no nginx")
missing = [m for m in ("httpx", "h2", "websockets")
           if subprocess.run([PYTHON, "-c", f"import {m}"], capture_output=True).returncode]
if missing:
    skip_all("modules of Python are missing: " + " ".join(missing))
key, cert, ca = certificates(TMP)
http = Provider()
nginx = Nginx(http.port, key, cert, ca)
test_http2()
test_http2_recording()
test_http2_cut()
nginx.stop()
http.stop()
test_websocket()
done()
