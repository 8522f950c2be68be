#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A capture is played back as the provider: what was asked once is answered byte for byte, and nothing else is."""
import glob
import gzip
import http.client
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path[:0] = [os.path.join(SRC, "tests", folder) for folder in ("conformance", "lib")]
from spyfile import CLOSE, DATA, READ, WRITE, SpyFile, cut_whole, h2_pieces, split  # noqa: E402
from tap import done, ok, skip, skip_all  # noqa: E402

SPY = os.path.join(BUILD, "llm-spy")
KEY = "sk-llmspyFAKE0123456789abcdef"
folder = tempfile.mkdtemp(prefix="llm-spy-replay-server-")
os.chmod(folder, 0o700)


def at(name):
    return os.path.join(folder, name)


def head(*lines):
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def posted(path, body, *fields, host="api.openai.com", kind="application/json"):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return WRITE, head(f"POST {path} HTTP/1.1", f"Host: {host}", f"Content-Type: {kind}", f"Authorization: Bearer {KEY}", *fields,
                       f"Content-Length: {len(data)}") + data


def answered(body, *fields, status="200 OK", kind="application/json"):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return READ, head(f"HTTP/1.1 {status}", f"Content-Type: {kind}", *fields, f"Content-Length: {len(data)}") + data


def streamed(pieces, *fields, ends=True):
    """In chunks, each a piece of the recording."""
    out = [(READ, head("HTTP/1.1 200 OK", "Content-Type: text/event-stream", *fields, "Transfer-Encoding: chunked"))]
    out += [(READ, b"%x\r\n%s\r\n" % (len(p), p)) for p in pieces]
    return out + ([(READ, b"0\r\n\r\n")] if ends else [])


def chat(text, **more):
    return {"model": "gpt-4o", "temperature": 0.5, "messages": [{"role": "system", "content": "Today's date: 2026-11-29\nBe brief."},
                                                               {"role": "user", "content": text}], **more}


def completion(text):
    return {"id": "c1", "object": "chat.completion", "model": "gpt-4o", "usage": {"prompt_tokens": 9, "completion_tokens": 1},
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}]}


CHAT = "/v1/chat/completions"
EVENTS = [f"data: {json.dumps({'id': 'c2', 'object': 'chat.completion.chunk', 'choices': [{'index': 0, 'delta': {'content': w}}]})}\n\n".encode()
          for w in ("One", " two", " three")] + [b"data: [DONE]\n\n"]
CLAUDE = {"model": "claude-sonnet-4-5", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}], "metadata": {"user_id": "account_1"}}
CLAUDE_ANSWER = {"id": "m", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5", "stop_reason": "end_turn",
                 "content": [{"type": "text", "text": "hello"}], "usage": {"input_tokens": 1, "output_tokens": 1}}
FORM = b'--%s\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n--%s--\r\n'

f = SpyFile()
f.connection(1, [posted(CHAT + "?b=2&a=1", chat("whales?", user="u1", prompt_cache_key="k1")),
                 answered(completion("In the sea."), "x-request-id: req_1", "x-ratelimit-remaining-tokens: 77", "Alt-Svc: h3=\":443\"",
                          "Set-Cookie: a=secretsecret1", "Connection: keep-alive")], cut_whole)
f.connection(2, [posted(CHAT, chat("again")), answered({"error": {"message": "slow down", "type": "rate_limit"}}, "retry-after: 3",
                                                      status="429 Too Many Requests"),
                 posted(CHAT, chat("again")), answered(completion("second")),
                 posted(CHAT, chat("again")), answered(completion("third"))], cut_whole)
f.connection(3, [posted(CHAT, chat("count", stream=True)), *streamed(EVENTS)], cut_whole)
packed = gzip.compress(json.dumps(completion("packed")).encode())
f.connection(4, [posted(CHAT, chat("pack")), answered(packed, "Content-Encoding: gzip", "ETag: \"x\"")], cut_whole)
f.connection(5, [posted("/v1/messages?beta=true", CLAUDE, host="api.anthropic.com"), answered(CLAUDE_ANSWER, "request-id: req_2")], cut_whole)
f.connection(6, [posted("/v1/audio/transcriptions", FORM % (b"one", b"one"), kind="multipart/form-data; boundary=one"),
                 answered({"text": "said"})], cut_whole)
f.connection(7, [posted(CHAT, chat(f"my key is {KEY}")), answered(completion(f"Your key is {KEY}."))], cut_whole)
f.connection(8, [(WRITE, head("GET /v1/models HTTP/1.1", "Host: api.openai.com")), answered({"object": "list", "data": []})], cut_whole)
# Ends in the middle, with and without a length.
f.connection(9, [posted(CHAT, chat("cut", stream=True)), *streamed(EVENTS[:2], ends=False)], cut_whole)
whole = answered(completion("cut off here"))[1]
f.connection(10, [posted(CHAT, chat("short")), (READ, whole[:-20])], cut_whole)
f.connection(11, h2_pieces(posted(CHAT, chat("binary"))[1], answered(bytes(range(256)), kind="application/octet-stream")[1]), cut_whole)
f.connection(14, [(WRITE, head("DELETE /v1/files/1 HTTP/1.1", "Host: api.openai.com")), (READ, head("HTTP/1.1 204 No Content", "request-id: r204")),
                  (WRITE, head("HEAD /v1/files/2 HTTP/1.1", "Host: api.openai.com")),
                  (READ, head("HTTP/1.1 200 OK", "Content-Type: text/plain", "Content-Length: 5"))], cut_whole)
f.connection(15, [posted(CHAT, chat("until the end")), (READ, head("HTTP/1.1 200 OK", "Content-Type: application/json", "Connection: close") +
                                                        json.dumps(completion("closed")).encode())], cut_whole)
# What is not served.
f.connection(12, [(WRITE, head("GET /v1/realtime HTTP/1.1", "Host: api.openai.com", "Connection: Upgrade", "Upgrade: websocket",
                               "Sec-WebSocket-Key: x", "Sec-WebSocket-Version: 13")),
                  (READ, head("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket"))], cut_whole)
f.connection(13, [posted(CHAT, chat("never answered"))], cut_whole)
with open(at("calls.spy"), "wb") as out:
    out.write(f.bytes())


class Server:
    def __init__(self, *args):
        self.p = subprocess.Popen([SPY, "replay-server", *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.url = self.p.stdout.readline().strip()
        self.port = int(self.url.rpartition(":")[2]) if self.url else 0

    def ask(self, method, path, body=None, fields=None, raw=False):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        c.request(method, path, data, {"Content-Type": "application/json", "Authorization": "Bearer other", **(fields or {})})
        r = c.getresponse()
        try:
            text = r.read()
        except http.client.IncompleteRead as e:
            text = e.partial
            r.cut = True
        c.close()
        return r, text

    def end(self):
        self.p.send_signal(signal.SIGTERM)
        out, err = self.p.communicate(timeout=60)
        return self.p.returncode, out, err


server = Server("-r", at("calls.spy"))
if not server.url and "without libmicrohttpd" in (said := server.p.stderr.read()):
    skip_all(said.strip())
ok(re.fullmatch(r"http://127\.0\.0\.1:\d+", server.url), "it says where it listens, on loopback", server.url)


def same(answer, status, body, what):
    r, text = answer
    want = body if isinstance(body, bytes) else json.dumps(body).encode()
    ok(r.status == status and text == want, what, r.status, text[:500], want[:500])
    return r


# ---- what asks the same ----
whales = chat("whales?", user="u1", prompt_cache_key="k1")
r = same(server.ask("POST", CHAT + "?b=2&a=1", whales), 200, completion("In the sea."), "a request is answered as it was")
ok(r.headers["x-request-id"] == "req_1" and r.headers["x-ratelimit-remaining-tokens"] == "77" and
   r.headers["content-type"] == "application/json", "with its header fields", r.headers)
ok(not r.headers["alt-svc"] and not r.headers["set-cookie"], "but for those of that connection, and cookies", r.headers)
other = dict(reversed(chat("whales?", user="u2", safety_identifier="s").items()))
other["temperature"], other["messages"] = 5e-1, [dict(reversed(m.items())) for m in other["messages"]]
other["messages"][0]["content"] = "Today's date: 2027-01-05\nBe brief."
same(server.ask("POST", CHAT + "?a=1&b=2", other), 200, completion("In the sea."), "members in another order, other ids, another day")
same(server.ask("POST", "/v1/messages?beta=true", {**CLAUDE, "metadata": {"user_id": "account_2"}}), 200, CLAUDE_ANSWER, "another provider's too")
same(server.ask("POST", "/v1/audio/transcriptions", FORM % (b"two", b"two"), {"Content-Type": "multipart/form-data; boundary=two"}), 200,
     {"text": "said"}, "a form with another boundary")
same(server.ask("GET", "/v1/models"), 200, {"object": "list", "data": []}, "a request without a body")
same(server.ask("POST", CHAT, chat("binary")), 200, bytes(range(256)), "an answer that is no text, and came by HTTP/2")
r = same(server.ask("POST", CHAT, gzip.compress(json.dumps(chat("pack")).encode()), {"Content-Encoding": "gzip"}), 200, completion("packed"),
         "a compressed request; an answer that was compressed")
ok(not r.headers["content-encoding"] and r.headers["etag"] == '"x"', "is sent without its coding", r.headers)
r, text = server.ask("POST", CHAT, chat(f"my key is {KEY}"))
ok(r.status == 200 and b"***" in text and KEY.encode() not in text, "a credential in both bodies: masked, and found all the same", text)

r = same(server.ask("DELETE", "/v1/files/1"), 204, b"", "an answer without a body")
ok(r.headers["request-id"] == "r204" and not getattr(r, "cut", False), "which is not cut", r.headers)
r = same(server.ask("HEAD", "/v1/files/2"), 200, b"", "a HEAD")
ok(r.headers["content-length"] == "5", "with the length of what a GET would give", r.headers)
r = same(server.ask("POST", CHAT, chat("until the end")), 200, completion("closed"), "an answer that ended with its connection")
ok(not getattr(r, "cut", False) and r.headers["transfer-encoding"] == "chunked", "has an end now", r.headers)

# ---- streams, and their ends ----
r = same(server.ask("POST", CHAT, chat("count", stream=True)), 200, b"".join(EVENTS), "a stream")
ok(r.headers["transfer-encoding"] == "chunked" and r.headers["content-type"] == "text/event-stream", "in chunks, as it was", r.headers)
r = same(server.ask("POST", CHAT, chat("cut", stream=True)), 200, b"".join(EVENTS[:2]), "a stream that was cut")
ok(getattr(r, "cut", False), "is cut again")
r = same(server.ask("POST", CHAT, chat("short")), 200, whole.partition(b"\r\n\r\n")[2][:-20], "an answer that lacks its end")
ok(getattr(r, "cut", False) and int(r.headers["content-length"]) == len(whole.partition(b"\r\n\r\n")[2]), "promises what it did", r.headers)

# ---- equal requests ----
r = same(server.ask("POST", CHAT, chat("again")), 429, {"error": {"message": "slow down", "type": "rate_limit"}}, "equal requests: the first")
ok(r.headers["retry-after"] == "3", "with what it says of the next try")
same(server.ask("POST", CHAT, chat("again")), 200, completion("second"), "the second")
for turn in ("third", "and the last one again", "and again"):
    same(server.ask("POST", CHAT, chat("again")), 200, completion("third"), turn)


# ---- what was not asked ----
def refused(path, body, differs, shape=lambda v: v["error"]["message"], what=""):
    r, text = server.ask("POST", path, body)
    message = shape(json.loads(text))
    ok(r.status == 404 and differs in message and r.headers["x-should-retry"] == "false", f"refused: {what or differs}", r.status, text)


refused(CHAT + "?b=2&a=1", chat("wales?"), 'at messages[1].content: "wales?" instead of "whales?"')
refused(CHAT, chat("again", n=2), "at n: it was not recorded")
refused("/v1/messages?beta=true", {**CLAUDE, "max_tokens": 6}, "at max_tokens: 6 instead of 5",
        lambda v: v["type"] == "error" and v["error"]["type"] == "not_found_error" and v["error"]["message"])
refused("/v1/message", CLAUDE, "in the path: POST /v1/message instead of POST /v1/messages?beta=true",
        lambda v: v["error"]["message"])
refused(CHAT + "?b=3&a=1", whales, "in the query")
refused(CHAT, chat("\x1b[2J\u202e\u009b" + "x" * 5000), "at messages[1].content", what="a text that would move the cursor")

# ---- hostile requests ----
for what, body, fields in (("bad JSON", b'{"a":', {}), ("deep JSON", b"[" * 100000, {}), ("no UTF-8", b"\xff\xfe\x00", {}),
                           ("broken gzip", b"\x1f\x8b\x08garbage", {"Content-Encoding": "gzip"}),
                           ("an unknown coding", b"{}", {"Content-Encoding": "rot13"}),
                           ("a bomb", gzip.compress(bytes(100 << 20)), {"Content-Encoding": "gzip"})):
    r, text = server.ask("POST", CHAT, body, fields)
    ok(r.status == 404 and json.loads(text), f"{what} is refused", r.status, text[:200])
r, text = server.ask("POST", CHAT, b"{}", {"Host": "evil.example"})
ok(r.status == 403, "a name that is not ours", r.status)
r, text = server.ask("POST", CHAT, b"{}", {"Content-Length": str(1 << 40)})
ok(r.status == 413, "a body that is too long", r.status)


def raw(data, more=b""):
    s = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    got = b""
    try:
        s.sendall(data)
        while more:
            s.sendall(more)
        s.shutdown(socket.SHUT_WR)
        while part := s.recv(65536):
            got += part
    except OSError:
        pass
    s.close()
    return got


START = f"POST {CHAT} HTTP/1.1\r\nHost: 127.0.0.1\r\n".encode()
raw(START + b"Transfer-Encoding: chunked\r\n\r\n", b"100000\r\n" + b"x" * 0x100000 + b"\r\n")
ok(server.p.poll() is None, "a body without end is cut off")
got = raw(b"\xff garbage\r\n\r\n")
ok(server.p.poll() is None and b" 200 " not in got, "garbage is no request", got)
slow = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(20)]
for s in slow:
    s.sendall(START)
same(server.ask("GET", "/v1/models"), 200, {"object": "list", "data": []}, "slow clients hold nobody up")
for s in slow:
    s.close()
code, out, err = server.end()
ok(code == 1 and "not all requests were in the capture" in err, "the end says that some requests were not there", code, err[-500:])
ok("not served: 1 call over WebSocket" in err and "not served: 1 call without an answer" in err and "2 answers end where the record does" in err,
   "what is not served is counted at the start", err[:1500])
ok(re.search(r"http://127.0.0.1:\d+ stands for https://api.anthropic.com", err), "and for whom it stands", err[:1500])
ok(err.count("is answered once more") == 4, "and that an answer was given again", err)
ok("from which it differs at messages[1].content" in err, "each refusal is a line", err)
ok("\x1b" not in err and "\u202e" not in err and "\u009b" not in err and KEY not in err + out, "which holds no escapes and no key")

# ---- the recorded pace: order, never time ----
p = SpyFile()
p.chunk(DATA, 1, WRITE, 0, data=posted(CHAT, chat("slowly", stream=True))[1])
off = [len(posted(CHAT, chat("slowly", stream=True))[1]), 0]
for _, data in streamed(EVENTS):
    p.now += 150_000_000
    p.chunk(DATA, 1, READ, off[1], data=data)
    off[1] += len(data)
p.chunk(CLOSE, 1, totals=off)
p.connection(2, [posted(CHAT, chat("quick")), answered(completion("quick"))], cut_whole)
with open(at("slow.spy"), "wb") as out:
    out.write(p.bytes())
server = Server("-r", at("slow.spy"), "--pace", "recorded", "--listen", "::1") if socket.has_ipv6 and os.path.exists("/proc/net/if_inet6") else None
if server and server.url:
    ok(re.fullmatch(r"http://\[::1\]:\d+", server.url), "it listens at another address", server.url)
    server.end()
server = Server("-r", at("slow.spy"), "--pace", "recorded")
s = socket.create_connection(("127.0.0.1", server.port), timeout=60)
data = json.dumps(chat("slowly", stream=True)).encode()
s.sendall(START + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(data) + data)
same(server.ask("POST", CHAT, chat("quick")), 200, completion("quick"), "an answer does not wait for one that has pauses")
ok(not select.select([s], [], [], 0)[0] or b"[DONE]" not in s.recv(65536, socket.MSG_PEEK), "which comes later")
reads = []
while part := s.recv(65536):
    reads.append(part)
text = b"".join(reads).partition(b"\r\n\r\n")[2]
body = b""
while text and text != b"0\r\n\r\n":
    size, _, text = text.partition(b"\r\n")
    body, text = body + text[:int(size, 16)], text[int(size, 16) + 2:]
ok(body == b"".join(EVENTS) and len(reads) > 2, "in the pieces that were recorded", len(reads), body)
code, out, err = server.end()
ok(code == 0 and "2 requests answered, 0 not in the capture" in err, "all was there: the exit status is 0", code, err)

# ---- other forms of a capture ----
for form, args in (("jsonl", ("--bodies", "-o", f"jsonl:{at('calls.jsonl')}")), ("sqlite", ("-o", f"sqlite:{at('calls.db')},bodies=yes"))):
    made = subprocess.run([SPY, "-r", at("calls.spy"), "--all", *args, "--summary=none"], capture_output=True, text=True)
    if "without SQLite" in made.stderr:
        continue
    server = Server("-r", at("calls.jsonl" if form == "jsonl" else "calls.db"))
    if not ok(server.url, f"{form}: it is served", server.p.stderr.read() if not server.url else "", made.stderr):
        continue
    same(server.ask("POST", CHAT + "?a=1&b=2", whales), 200, completion("In the sea."), f"{form}: an answer")
    same(server.ask("POST", CHAT, chat("count", stream=True)), 200, b"".join(EVENTS), f"{form}: a stream")
    code, out, err = server.end()
    ok(code == 0 and "whose answer is not kept" in err if form == "jsonl" else code == 0, f"{form}: what is not kept is counted", code, err)

# ---- calls that others recorded against the real services ----


def parts(message):
    """Start line, fields and the body, decoded."""
    start, fields, body = split(message)
    named = {n.decode().lower(): v.decode("latin-1") for n, v in fields}
    return start.decode().split(" "), named, gzip.decompress(body) if named.get("content-encoding") == "gzip" else body


def real_calls(root):
    for path in sorted(glob.glob(os.path.join(root, "*/*/*/meta.json"))):
        with open(path) as meta:
            kind = json.load(meta)
        if kind.get("format") == "ws" or kind["endpoint"] == "grpc":
            continue
        with open(path.replace("meta.json", "request.http"), "rb") as a, open(path.replace("meta.json", "response.http"), "rb") as b:
            yield os.path.relpath(path, root), a.read(), b.read()


ROOT = os.environ.get("LLM_SPY_RECORDINGS") or os.path.join(SRC, "..", "shared", "recordings")
real = list(real_calls(ROOT))
if real:
    f = SpyFile()
    for number, (_, asked, said) in enumerate(real):
        f.connection(number + 1, [(WRITE, asked), (READ, said)], cut_whole)
    with open(at("real.spy"), "wb") as out:
        out.write(f.bytes())
    server = Server("-r", at("real.spy"))
    wrong, masked = [], 0
    for name, asked, said in real:
        (method, path, _), fields, body = parts(asked)
        r, text = server.ask(method, path, body or None, {"Content-Type": fields.get("content-type", "application/json")})
        (_, status, *_), fields, want = parts(said)
        if b"***" in text and b"***" not in want:
            masked += 1
        elif r.status != int(status) or text != want:
            wrong.append((name, r.status, status, text[:300], want[:300]))
    code, out, err = server.end()
    ok(not wrong and masked < 20 and code == 0, f"{len(real)} real calls are answered as they were; a credential is masked in {masked}", len(wrong),
       *wrong[:5], err[-500:])
else:
    skip("real calls", f"no recordings in {ROOT}")

# ---- a damaged capture ----
with open(at("calls.spy"), "rb") as a, open(at("torn.spy"), "wb") as b:
    whole = a.read()
    b.write(whole[:len(whole) // 2] + b"?" * 100)
server = Server("-r", at("torn.spy"))
same(server.ask("POST", CHAT + "?a=1&b=2", whales), 200, completion("In the sea."), "what stands before the damage is served")
code, out, err = server.end()
ok(code == 1 and "torn.spy" in err.splitlines()[-1], "and the end says that the file is damaged", code, err)

# ---- what cannot be ----
for args, code, why in ((("-r", at("calls.spy"), "--listen", "no.such.name"), 2, "expected an address"),
                        (("-r", at("calls.spy"), "--pace", "fast"), 2, "choose none or recorded"),
                        (("-r", at("calls.spy"), "--port", "0"), 2, "expected a port"),
                        (("-r", at("calls.spy"), "--model", "no-such-model"), 1, "nothing to serve"),
                        (("-r", at("nothing")), 1, "No such file")):
    r = subprocess.run([SPY, "replay-server", *args], capture_output=True, text=True, timeout=60)
    ok(r.returncode == code and why in r.stderr, " ".join(args[-2:]), r)
r = subprocess.run([SPY, "--port", "1", "-r", at("calls.spy")], capture_output=True, text=True)
ok(r.returncode == 2 and "--port needs --proxy" in r.stderr, "--port without it needs the proxy", r)

subprocess.run(["rm", "-r", folder], check=True)
done()
