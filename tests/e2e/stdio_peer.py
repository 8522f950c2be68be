# SPDX-License-Identifier: MIT
"""Both ends of JSON-RPC over pipes and socket pairs, for test_stdio.py. `stdio_peer.py server LOG [how]` answers;
`stdio_peer.py driver LOG` runs servers in all ways. Each message is noted where it was made: its place in the log says
who sent it, as (scene, pid, digest)."""
import hashlib
import json
import os
import socket
import subprocess
import sys
import threading

ME = os.path.abspath(__file__)
BIG = 1_500_000


class Log:
    def __init__(self, path, scene):
        self.file = open(path, "a")
        self.scene = scene

    def sent(self, text):
        text = text if isinstance(text, bytes) else text.encode()
        self.file.write(json.dumps([self.scene, os.getpid(), hashlib.sha256(text).hexdigest(), text[:120].decode()]) + "\n")
        self.file.flush()


# ---- the server ----

def result_of(m):
    p = m.get("params") or {}
    if m["method"] == "initialize":
        v = p.get("protocolVersion")
        return {"protocolVersion": v, "capabilities": {}, "serverInfo": {"name": "peer", "version": "1"}}
    if m["method"] == "tools/list":
        return {"tools": [{"name": "echo", "inputSchema": {"type": "object"}}]}
    if m["method"] == "session/new":
        return {"sessionId": "s-1"}
    return {"content": [{"type": "text", "text": p["arguments"]["text"]}]}


class Server:
    def __init__(self, log, how):
        self.log, self.how, self.asked = log, how, {}
        self.read, self.out = sys.stdin.buffer, 1
        if how == "moved":
            self.out = os.dup(1)
            os.dup2(2, 1)

    def write(self, message):
        text = json.dumps(message).encode()
        self.log.sent(text)
        if self.how == "fields":
            data = b"Content-Length: %d\r\n\r\n%b" % (len(text), text)
        else:
            data = text + b"\n"
        while data:
            data = data[os.write(self.out, data):]

    def messages(self):
        if self.how != "fields":
            yield from (json.loads(line) for line in self.read)
            return
        while line := self.read.readline():
            self.read.readline()
            yield json.loads(self.read.read(int(line.split()[1])))

    def prompt(self, m):
        session = m["params"]["sessionId"]
        def update(**u):
            self.write({"jsonrpc": "2.0", "method": "session/update", "params": {"sessionId": session, "update": u}})
        update(sessionUpdate="agent_thought_chunk", content={"type": "text", "text": "thinking"})
        update(sessionUpdate="tool_call", toolCallId="t1", title="read it", kind="read", rawInput={"path": "/x"})
        self.ask("fs/read_text_file", sessionId=session, path="/x")
        update(sessionUpdate="tool_call_update", toolCallId="t1", status="completed",
               content=[{"type": "content", "content": {"type": "text", "text": "file"}}])
        for text in "It ", "says ", "file.":
            update(sessionUpdate="agent_message_chunk", content={"type": "text", "text": text})
        self.write({"jsonrpc": "2.0", "id": m["id"], "result": {"stopReason": "end_turn"}})

    def ask(self, method, **params):
        n = 1000 + len(self.asked)
        self.asked[n] = True
        self.write({"jsonrpc": "2.0", "id": n, "method": method, "params": params})
        answer = next(self.source)
        assert answer["id"] == n, answer

    def run(self):
        if self.how == "banner":
            os.write(1, b"peer 1.0 is listening on stdio\n")
        self.source = self.messages()
        for m in self.source:
            if "id" not in m:
                continue
            if m["method"] == "exit":
                self.write({"jsonrpc": "2.0", "id": m["id"], "result": {}})
                return
            if m["method"] == "session/prompt":
                self.prompt(m)
                continue
            name = (m.get("params") or {}).get("name")
            if name == "ask":
                self.ask("sampling/createMessage", maxTokens=5, messages=[])
            if name == "slow":
                for i in range(3):
                    self.write({"jsonrpc": "2.0", "method": "notifications/progress",
                                "params": {"progressToken": m["params"]["_meta"]["progressToken"], "progress": i}})
            self.write({"jsonrpc": "2.0", "id": m["id"], "result": result_of(m)})


# ---- the client ----

class Client:
    """Calls of one scene; `way` writes the bytes of a message."""

    def __init__(self, log, scene, argv, way="write", sockets=False, fields=False, version="2025-06-18"):
        self.log, self.way, self.fields, self.count = log, way, fields, 0
        log.scene = scene
        if sockets:
            mine, theirs = socket.socketpair()
            self.proc = subprocess.Popen(argv, stdin=theirs, stdout=theirs)
            theirs.close()
            self.keep, self.to, self.source = mine, mine.fileno(), mine.makefile("rb")
        else:
            self.proc = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
            self.to, self.source = self.proc.stdin.fileno(), self.proc.stdout
            self.source = os.fdopen(os.dup(self.source.fileno()), "rb")
        self.lock = threading.Lock()
        self.call("initialize", protocolVersion=version, capabilities={}, clientInfo={"name": "driver", "version": "1"})
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized", "params": {"_meta": {"scene": scene}}})

    def put(self, data):
        if self.way == "writev":
            one_by_one = [data[i:i + 1] for i in range(10, min(len(data) - 1, 1000))]
            rest = data[10 + len(one_by_one):]
            assert os.writev(self.to, [data[:10], b"", *one_by_one, rest]) == len(data)
        elif self.way == "sendmsg":
            assert self.keep.sendmsg([data[:7], data[7:]]) == len(data)
        elif self.way == "pieces":
            for i in range(0, len(data), 9):
                os.write(self.to, data[i:i + 9])
        else:
            while data:
                data = data[os.write(self.to, data):]

    def send(self, message):
        text = json.dumps(message).encode()
        self.log.sent(text)
        self.put(b"Content-Length: %d\r\n\r\n%b" % (len(text), text) if self.fields else text + b"\n")

    def receive(self):
        if self.fields:
            n = int(self.source.readline().split()[1])
            self.source.readline()
            return json.loads(self.source.read(n))
        while True:
            line = self.source.readline()
            if not line or line.startswith(b"{"):
                return json.loads(line)

    def answer(self, m):
        self.send({"jsonrpc": "2.0", "id": m["id"], "result": {"content": "file"}})

    def call(self, method, **params):
        with self.lock:
            self.count += 1
            n = f"{self.log.scene} {self.count}"  # so that no two messages are equal
        self.send({"jsonrpc": "2.0", "id": n, "method": method, "params": params})
        while True:
            m = self.receive()
            if "method" not in m:
                return m
            if "id" in m:
                self.answer(m)

    def echo(self, text, **more):
        return self.call("tools/call", name=more.pop("name", "echo"), arguments={"text": text}, **more)

    def close(self):
        os.close(os.dup(self.to))
        self.proc.stdin and self.proc.stdin.close()
        if hasattr(self, "keep"):
            self.keep.shutdown(socket.SHUT_WR)
        self.proc.wait()


def simple(log, scene, argv, **how):
    c = Client(log, scene, argv, **how)
    c.call("tools/list")
    for i in range(3):
        c.echo(f"{scene} {i}")
    c.close()


def threads(log, scene, argv):
    """Threads that write without a lock: lines that are short enough stay whole."""
    c = Client(log, scene, argv)
    def some(n):
        for i in range(50):
            c.send({"jsonrpc": "2.0", "id": f"{n}-{i}", "method": "tools/call",
                    "params": {"name": "echo", "arguments": {"text": f"{n} {i} " + "x" * 100}}})
    all_of = [threading.Thread(target=some, args=(n,)) for n in range(4)]
    for t in all_of:
        t.start()
    for _ in range(200):
        c.receive()
    for t in all_of:
        t.join()
    c.close()


def restarted(log, scene, path):
    """A launcher that starts its server again, on the same pipes."""
    server = f"{sys.executable} {ME} server {path} {scene}"
    c = Client(log, scene, ["/bin/sh", "-c", f"{server}; {server}; true"])
    c.echo("first")
    c.call("exit")
    c.call("initialize", protocolVersion="2025-06-18", capabilities={})
    c.echo("second")
    c.close()


def noise():
    """Pipes that are none of ours."""
    subprocess.run("seq 1 50000 | cat | wc -l; echo '{\"a\":1}' | cat; echo '[1,2]' | cat", shell=True, check=True,
                   stdout=subprocess.DEVNULL)
    p = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    text = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"processId": 1, "rootUri": None}})
    p.communicate(f"Content-Length: {len(text)}\r\n\r\n{text}".encode())


def driver(path):
    log = Log(path, "")
    def server(scene, how=""):
        return [sys.executable, ME, "server", path, scene, how]
    simple(log, "pipes", server("pipes"))
    simple(log, "sockets", server("sockets"), sockets=True)
    simple(log, "shell", ["/bin/sh", "-c", f"{sys.executable} {ME} server {path} shell; true"])
    simple(log, "banner", server("banner", "banner"))
    simple(log, "moved", server("moved", "moved"))
    simple(log, "fields", server("fields", "fields"), fields=True)
    simple(log, "writev", server("writev"), way="writev")
    simple(log, "sendmsg", server("sendmsg"), way="sendmsg", sockets=True)
    simple(log, "pieces", server("pieces"), way="pieces")
    threads(log, "threads", server("threads"))
    c = Client(log, "large", server("large"))
    c.echo("y" * BIG)
    c.close()
    c = Client(log, "asks", server("asks"))
    c.echo("asked", name="ask")
    c.echo("slow", name="slow", _meta={"progressToken": 7})
    c.close()
    restarted(log, "restarted", path)
    c = Client(log, "acp", server("acp"), version=1)
    c.call("session/new", cwd="/", mcpServers=[])
    c.call("session/prompt", sessionId="s-1", prompt=[{"type": "text", "text": "What does it say?"}])
    c.close()
    noise()


def agent(path, url, ca):
    """A program that starts a server, and calls a model before it uses it."""
    import ssl
    import urllib.request
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Say hello."}]}
    request = urllib.request.Request(url + "/v1/chat/completions", json.dumps(body).encode(),
                                     {"content-type": "application/json", "authorization": "Bearer sk-FAKESECRET"})
    def ask():
        with urllib.request.urlopen(request, context=ssl.create_default_context(cafile=ca)) as r:
            r.read()
    log = Log(path, "before")
    first = Client(log, "before", [sys.executable, ME, "server", path, "before"])
    first.echo("not seen")
    ask()
    sys.stdin.readline()  # the test has seen that call
    log.scene = "before"
    first.echo("seen from here on")
    first.close()
    simple(log, "after", [sys.executable, ME, "server", path, "after"])


# ---- HTTP over a Unix socket ----

def unix_server(path):
    import http.server
    import socketserver

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def address_string(self):
            return "unix"

        def log_message(self, *args):
            pass

        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            said = {"role": "assistant", "content": "You said " + asked["messages"][0]["content"]}
            body = json.dumps({"id": "x", "object": "chat.completion", "model": "m", "choices": [
                {"index": 0, "finish_reason": "stop", "message": said}]}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
        daemon_threads = True

    server = Server(path, Handler)
    print("ready", flush=True)
    server.serve_forever()


def unix_client(path):
    """Two connections of two calls each; notes the digest of each answer's body."""
    import http.client
    for n in range(2):
        connection = http.client.HTTPConnection("local")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(path)
        for i in range(2):
            body = {"model": "m", "messages": [{"role": "user", "content": f"hi {n} {i}"}]}
            connection.request("POST", "/v1/chat/completions", json.dumps(body), {"content-type": "application/json"})
            print(hashlib.sha256(connection.getresponse().read()).hexdigest(), flush=True)
        connection.close()


if sys.argv[1] == "unix_server":
    unix_server(sys.argv[2])
elif sys.argv[1] == "unix_client":
    unix_client(sys.argv[2])
elif sys.argv[1] == "agent":
    agent(*sys.argv[2:])
elif sys.argv[1] == "server":
    Server(Log(sys.argv[2], sys.argv[3]), sys.argv[4] if len(sys.argv) > 4 else "").run()
else:
    driver(sys.argv[2])
