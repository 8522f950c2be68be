#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""--plain: HTTP without TLS, at the client's end and at the server's, by every system call that is taken apart;
and what is counted because it cannot be. The addresses of connections, with TLS and without."""
import hashlib
import json
import os
import shutil
import socket
import socketserver
import subprocess
import threading

from agents import loopback_alone
from spy import *
import sums  # noqa: E402

need_root()
loopback_alone()
BIG = 3000000


def sha(data):
    return hashlib.sha256(data).hexdigest()


# ---- a server, and clients as children of this process ----

def read_request(f):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = f.readline()
        if not line:
            return None, None
        head += line
    length = [int(h.split(b":")[1]) for h in head.split(b"\r\n") if h.lower().startswith(b"content-length:")]
    return head, f.read(length[0]) if length else b""


class Handler(socketserver.StreamRequestHandler):
    """Answers as Ollama does; the path says by which system call."""

    def handle(self):
        while True:
            head, body = read_request(self.rfile)
            if head is None:
                return
            path = head.split()[1].decode()
            answer = json.dumps({"model": "llama3.2", "message": {"role": "assistant", "content": "It watches."},
                                 "done": True, "done_reason": "stop", "prompt_eval_count": 26, "eval_count": 8,
                                 "digest": sha(body)}).encode()
            if path == "/file":
                self.connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % BIG)
                with open(self.server.file, "rb") as f:
                    self.connection.sendfile(f)
                continue
            answer_head = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(answer))
            if path == "/api/chat?writev":
                os.writev(self.connection.fileno(), [b"", answer_head, answer[:7], b"", answer[7:]])
            else:
                self.connection.sendmsg([answer_head, answer])


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, port, handler=Handler, address="127.0.0.1"):
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, port), handler)
        self.port = self.server_address[1]
        self.file = os.path.join(TMP, "file")
        threading.Thread(target=self.serve_forever, daemon=True).start()


CLIENT_CODE = r'''
import hashlib, json, os, socket, sys
how, address, port, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
s = socket.create_connection((address, port))
f = s.makefile("rb")
def send(data):
    if how == "writev":
        while data:
            many = min(len(data), 1024 - 5) # pieces, of which the kernel takes 1024
            small = [data[i:i + 1] for i in range(3, many)]
            n = os.writev(s.fileno(), [b"", b"", data[:3], *small, data[many:4000], data[4000:]])
            data = data[n:]
    elif how == "sendmsg":
        while data:
            n = s.sendmsg([data[:100], data[100:101], data[101:]])
            data = data[n:]
    elif how == "write":
        while data:
            n = os.write(s.fileno(), data)
            data = data[n:]
    else:
        s.sendall(data)
def receive(n):
    got = b""
    while len(got) < n:
        if how == "writev":
            rooms = [bytearray(5), bytearray(min(70000, n - len(got)))]
            k = os.readv(s.fileno(), rooms)
        elif how == "sendmsg":
            rooms = [bytearray(1), bytearray(1000), bytearray(70000)]
            k = s.recvmsg_into(rooms)[0]
        elif how == "write":
            rooms = [os.read(s.fileno(), n - len(got))]
            k = len(rooms[0])
        else:
            s.recv(3, socket.MSG_PEEK)
            rooms = [s.recv(n - len(got))]
            k = len(rooms[0])
        if not k:
            sys.exit("closed")
        got += b"".join(rooms)[:k]
    return got
for i in range(count):
    if how == "wait":
        print(json.dumps({"local": s.getsockname()[1]}), flush=True)
        sys.stdin.readline()
    body = json.dumps({"model": "llama3.2", "stream": False, "messages": [
        {"role": "user", "content": how + str(i) + "x" * (int(sys.argv[5]) if len(sys.argv) > 5 else 0)}]}).encode()
    query = b"?writev" if how == "writev" else b""
    send(b"POST /api/chat" + query + b" HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
         b"Content-Length: %d\r\n\r\n" % len(body) + body)
    got = receive(1)
    while b"\r\n\r\n" not in got:
        got += receive(1)
    head, rest = got.split(b"\r\n\r\n")
    n = int([h for h in head.split(b"\r\n") if h.startswith(b"Content-Length")][0].split(b":")[1])
    rest += receive(n - len(rest)) if n > len(rest) else b""
    print(json.dumps({"sent": hashlib.sha256(body).hexdigest(), "received": hashlib.sha256(rest).hexdigest(),
                      "local": s.getsockname()[1]}), flush=True)
'''


def start(how, port, count=1, address="127.0.0.1", size=0):
    return subprocess.Popen([PYTHON, "-c", CLIENT_CODE, how, address, str(port), str(count), str(size)],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def said(child):
    out, _ = child.communicate(timeout=WAIT)
    if child.returncode:
        ok(False, "a client of this test ended", child.args, out)
    return [n for n in map(json.loads, out.splitlines()) if "sent" in n]


def of_calls(records):
    return [r for r in records if r["http"]["target"] and r["http"]["target"].startswith("/api/chat")]


def check_plain(what, records, noted, server, address="127.0.0.1"):
    mine = of_calls(records)
    compare(what, mine, noted)
    ok(len(mine) == len(noted), f"{what}: no call is shown twice", [(r["id"], r["connection"]) for r in mine])
    shown = f"[{address}]" if ":" in address else address
    ok(all(r["connection"]["tls"] is False and r["connection"]["peer"] == f"{shown}:{server.port}" and
           r["connection"]["local"].rsplit(":", 1)[1] in {str(n["local"]) for n in noted} for r in mine),
       f"{what}: not over TLS, from where to where", [r["connection"] for r in mine])
    ok(all((r["other_end"] or {}).get("pid") == os.getpid() for r in mine), f"{what}: and who answered",
       [r["other_end"] for r in mine])
    ok(all(r["kind"] == "llm" and r["usage"]["input"] == 26 and r["cost"]["usd"] == 0 for r in mine),
       f"{what}: a model on this host, which costs nothing", [(r["kind"], r["usage"], r["cost"]) for r in mine][:1])


def test_calls(buffer):
    server = Server(0)
    for how in ("sendto", "write", "writev", "sendmsg"):
        for count, size in ((3, 0), (1, BIG)):
            spy = Spy(f"--plain={server.port}", f"--buffer={buffer}", "--call-limit=4M")
            noted = said(start(how, server.port, count, size=size))
            spy.wait_for(2 * count)
            check_plain(f"{buffer}: {how}, {count} of {size} bytes", spy.stop(), noted, server)
    server.shutdown()


def test_default():
    """Ollama's port without a list; another one is left alone, and so is all without --plain."""
    server, other = Server(11434), Server(0)
    for args, want in ((("--plain",), 1), ((), 0)):
        spy = Spy(*args)
        noted = said(start("sendto", server.port)) + said(start("sendto", other.port))
        spy.wait_for(2 * want)
        records = of_calls(spy.stop())
        if want:
            check_plain("--plain", records, noted[:1], server)
        else:
            ok(not records, "without --plain nothing of it is seen", records)
    spy = Spy(f"--plain=1-{other.port - 1},{other.port + 1}-65535")
    noted = said(start("sendto", server.port))
    spy.wait_for(2)
    check_plain("a list of ranges", spy.stop(), noted, server)
    server.shutdown()
    other.shutdown()
    six = Server(0, address="::1")
    spy = Spy(f"--plain={six.port}")
    noted = said(start("write", six.port, 2, "::1"))
    spy.wait_for(4)
    check_plain("IPv6", spy.stop(), noted, six, "::1")
    six.shutdown()


def test_middle():
    """Connections that were there before the tracer."""
    server = Server(0)
    child = start("wait", server.port, 3)
    child.stdout.readline()
    child.stdin.write("\n")
    child.stdin.flush()
    child.stdout.readline()
    child.stdout.readline()
    spy = Spy(f"--plain={server.port}")
    noted = said(child) if not child.stdin.write("\n\n") else []
    spy.wait_for(4)
    check_plain("joined in the middle", spy.stop(), noted, server)
    server.shutdown()


def test_gap():
    """What leaves no place to read it from is a gap of its size; the other end has it."""
    server = Server(0)
    with open(server.file, "wb") as f:
        f.write(os.urandom(BIG))
    spy, both = Spy(f"--pid={os.getpid()}", f"--plain={server.port}"), Spy(f"--plain={server.port}")
    subprocess.run(["curl", "-sS", "--noproxy", "*", "-o", os.path.join(TMP, "got"), f"http://127.0.0.1:{server.port}/file"],
                   check=True)
    spy.wait_for(1)
    both.wait_for(2)
    ours, theirs = ([r["response"]["body"] | {"complete": r["complete"]} for r in s.stop()] for s in (spy, both))
    ok(len(ours) == 1 and ours[0]["missing"] == BIG and not ours[0]["complete"], "sendfile: a gap of its size", ours)
    ok(len(theirs) == 1, "sendfile: shown once, as its client saw it", theirs)
    theirs = theirs[0]
    ok(theirs["complete"] and theirs.get("captured") == BIG and theirs.get("wire_sha256") == sha(open(server.file, "rb").read()),
       "sendfile: which is whole", theirs)
    server.shutdown()


# ---- connections by hand ----

def listen():
    listener = socket.create_server(("127.0.0.1", 0))
    return listener, listener.getsockname()[1]


def chat(text):
    body = json.dumps({"model": "llama3.2", "stream": False, "messages": [{"role": "user", "content": text}]}).encode()
    return b"POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body), body


def said_back(text):
    body = json.dumps({"model": "llama3.2", "message": {"role": "assistant", "content": text}, "done": True,
                       "done_reason": "stop", "prompt_eval_count": 26, "eval_count": 8}).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body), body


def receive_all(s, n):
    got = b""
    while len(got) < n and (more := s.recv(n - len(got))):
        got += more
    return got


def is_closed(s):
    return s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == 7


def test_late():
    """What is received of a socket that the kernel has closed already: after a reset, since the server left part of
    the request unread, and of a connection whose client closed its half first."""
    listener, port = listen()
    spy = Spy(f"--plain={port}")
    sent = []
    for how in ["reset", "half"] * 10:
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
        head, body = chat(how + "x" * 1000)
        client.sendall(head + body)
        if how == "half":
            client.shutdown(socket.SHUT_WR)
        receive_all(server, 10 if how == "reset" else len(head + body) + 1)
        answer = said_back(f"{how} {len(sent)}")
        server.sendall(answer[0] + answer[1])
        server.close()
        ok(until(lambda: is_closed(client)), f"{how}: the kernel has closed it")
        receive_all(client, len(answer[0]))
        receive_all(client, len(answer[1]))
        sent.append((sha(body), sha(answer[1])))
        client.close()
    spy.wait_for(len(sent))
    records = of_client(spy.stop())
    ok(digests(records) == sorted(sent), "received late: each call once, byte for byte", len(records), records[:1])
    ok(all(r["complete"] and r["connection"]["local"].split(":")[1] != "0" for r in records) and
       len({r["connection"]["local"] for r in records}) == len(sent), "received late: whole, each on a connection of its own",
       [(r["complete"], r["connection"]) for r in records])

    # The end that a connection came to, alone: its client leaves without having read the first answer.
    spy = Spy(f"--pid={os.getpid()}", f"--plain={port}")
    calls = [chat("answered"), chat("left behind")]
    code = f"""
import select, socket
s = socket.create_connection(("127.0.0.1", {port}))
s.sendall({b"".join(calls[0])!r})
select.select([s], [], [])
s.sendall({b"".join(calls[1])!r})
"""
    child = subprocess.Popen([PYTHON, "-c", code])
    server, _ = listener.accept()
    receive_all(server, len(b"".join(calls[0])))
    server.sendall(b"".join(said_back("unread")))
    child.wait(WAIT)
    ok(until(lambda: is_closed(server)), "the kernel has closed a server's, too")
    receive_all(server, len(b"".join(calls[1])))
    server.close()
    spy.wait_for(2)
    records = spy.stop()
    ok(sorted(r["request"]["body"]["wire_sha256"] for r in records) == sorted(sha(c[1]) for c in calls),
       "received late by a server: both requests", records)
    listener.close()


def serve(listener, count, reply):
    """Answers one request on each of so many connections, in threads: reply(connection, head, body)."""
    def one(s):
        with s, s.makefile("rb") as f:
            reply(s, *read_request(f))
            f.read()
    threads = [threading.Thread(target=lambda: one(listener.accept()[0])) for _ in range(count)]
    for t in threads:
        t.start()
    return threads


def bodies(records, target):
    """What is known of a call's two bodies: (captured, missing) each."""
    found = [r for r in records if r["http"]["target"] == target]
    if not ok(len(found) == 1, f"{target}: one record", records):
        return None
    return tuple((found[0][w]["body"]["captured"], found[0][w]["body"]["missing"]) for w in ("request", "response"))


def test_uring():
    """What io_uring moves for a thread is a gap, in each direction and on each socket, and belongs to no other call."""
    if os.path.exists("/proc/sys/kernel/io_uring_disabled") and open("/proc/sys/kernel/io_uring_disabled").read() != "0\n":
        return skip("io_uring", "it is not allowed here")
    program = os.path.join(TMP, "uringclient")
    subprocess.run(["cc", "-o", program, os.path.join(SRC, "tests/e2e/uringclient.c")], check=True)
    listener, port = listen()
    head, body = said_back("It watches.")

    # Its own view alone.
    spy = Spy(f"--plain={port}", "--comm=uringclient")
    threads = serve(listener, 2, lambda s, *_: s.sendall(head + body))
    ok(subprocess.run([program, "both", str(port), "3000"], timeout=WAIT).returncode == 0, "io_uring: both at once")
    for t in threads:
        t.join()

    def later(s, *_):
        s.sendall(head)
        child.stdout.readline()
        s.sendall(body)
    child = subprocess.Popen([program, "later", str(port)], stdout=subprocess.PIPE, text=True)
    threads = serve(listener, 1, later)
    ok(child.wait(WAIT) == 0, "io_uring: outside of any system call")
    threads[0].join()
    spy.wait_for(3)
    records = spy.stop()
    ok(bodies(records, "/api/chat?sends") == ((0, 3000), (len(body), 0)), "io_uring: what it sends is a gap", records)
    ok(bodies(records, "/api/chat?receives") == ((2, 0), (0, len(body))), "io_uring: what it receives is a gap", records)
    ok(bodies(records, "/api/chat?later") == ((2, 0), (0, len(body))),
       "io_uring: what it received before a pipe was read is a gap, and the pipe's is not shown", records)
    listener.close()


def test_splice():
    """What is spliced from a socket into a pipe, and from a pipe into a socket, is a gap of its size."""
    listener, port = listen()
    spy = Spy(f"--plain={port}", "--comm=splicer")
    threads = serve(listener, 1, lambda s, *_: s.sendall(b"".join(said_back("x" * 50000))))
    head, body = chat("y" * 20000)
    n = len(said_back("x" * 50000)[1])
    code = f"""
import os, socket
open("/proc/self/comm", "w").write("splicer")
r, w = os.pipe()
s = socket.create_connection(("127.0.0.1", {port}))
s.sendall({head!r})
os.write(w, {body!r})
left = {len(body)}
while left:
    left -= os.splice(r, s.fileno(), left)
f = b""
while not f.endswith(b"\\r\\n\\r\\n"):
    f += s.recv(1)
left = {n}
while left:
    k = os.splice(s.fileno(), w, left)
    left -= k
    while k:
        k -= len(os.read(r, k))
"""
    subprocess.run([PYTHON, "-c", code], check=True, timeout=WAIT)
    threads[0].join()
    spy.wait_for(1)
    records = spy.stop()
    ok(bodies(records, "/api/chat") == ((0, len(body)), (0, n)), "splice: a gap of its size, both ways", records)
    listener.close()


DESCRIPTORS = r"""
import ctypes, os, socket, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
open("/proc/self/comm", "w").write("descriptors")
file = os.open(sys.argv[2], os.O_CREAT | os.O_WRONLY)
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.sendall(b"POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 30\r\n\r\n")
second = os.dup(s.fileno())
os.write(second, b"0123456789")
os.dup2(file, s.fileno())
os.write(s.fileno(), b"of a file.")
part = ctypes.create_string_buffer(b"0123456789", 10)
iov = (ctypes.c_void_p * 2)(ctypes.addressof(part), 10)
message = (ctypes.c_uint64 * 8)(0, 0, ctypes.addressof(iov), 1)
if libc.sendmmsg(second, message, 1, 0) != 1:
    sys.exit("sendmmsg")
third = os.dup(second)
if libc.syscall(436, third, third, 0) and ctypes.get_errno() != 38:
    sys.exit("close_range")
os.dup2(file, third)
os.write(third, b"of a file.")
os.pwritev(second, [b"01234", b"56789"], -1)
s = socket.socket(fileno=second)
got = b""
while not got.endswith(b"\r\n\r\n"):
    got += s.recv(1)
s.recv(5, socket.MSG_TRUNC)
while s.recv(1000):
    pass
"""


def test_descriptors():
    """What a descriptor stands for changes; and system calls that are counted only."""
    listener, port = listen()
    spy = Spy(f"--plain={port}", "--comm=descriptors")
    head, body = said_back("It watches.")
    child = subprocess.Popen([PYTHON, "-c", DESCRIPTORS, str(port), os.path.join(TMP, "written")])
    s, _ = listener.accept()
    with s, s.makefile("rb") as f:
        ok(read_request(f)[1] == b"0123456789" * 3, "descriptors: what the server had")
        s.sendall(head + body)
    ok(child.wait(WAIT) == 0, "descriptors: the client ended well")
    spy.wait_for(1)
    records = spy.stop()
    ok(bodies(records, "/api/chat") == ((20, 10), (len(body) - 5, 5)),
       "descriptors: all of the connection, nothing of a file, and the size of what cannot be read", records)
    listener.close()


H2_CLIENT = r"""
const http2 = require("http2");
const c = http2.connect(`http://127.0.0.1:${process.argv[1]}`);
let left = 3;
const call = (i) => {
  const r = c.request({ ":method": "POST", ":path": "/v1/chat/completions", "content-type": "application/json" });
  r.resume();
  r.on("end", () => { if (--left) call(i + 1); else c.close(); });
  r.end(JSON.stringify({ model: "gpt-4", messages: [{ role: "user", content: `call ${i}` }] }));
};
setTimeout(() => call(0), 300);
"""


def test_http2():
    """Prior knowledge, where the server says its SETTINGS before it has read anything."""
    node = next((p for p in (shutil.which("node"), "/usr/bin/node") if p), None)
    if not node:
        return skip("HTTP/2 without TLS", "no Node.js here")
    server = subprocess.Popen([node, os.path.join(SRC, "tests/e2e/http2.mjs")], stdout=subprocess.PIPE, text=True)
    started.append(server)
    port = int(server.stdout.readline())
    for view in ((), (f"--pid={server.pid}",)):
        spy = Spy(f"--plain={port}", *view)
        subprocess.run([node, "-e", H2_CLIENT, str(port)], check=True, timeout=WAIT)
        noted = [json.loads(server.stdout.readline()) for _ in range(3)]
        spy.wait_for(3 if view else 6)
        records = spy.stop()
        what = "HTTP/2 without TLS, of the server alone" if view else "HTTP/2 without TLS"
        ok(digests(records) == sorted((n["received"], n["sent"]) for n in noted), f"{what}: 3 calls, byte for byte",
           len(records), records[:1])
        ok(all(r["complete"] and not r["connection"]["tls"] and (view or (r["other_end"] or {}).get("pid") == server.pid)
               for r in records), f"{what}: whole, and who answered", [(r["complete"], r["other_end"]) for r in records])
    server.kill()


def test_handed_over():
    """A process that hands its socket to another: its half is told of when the connection ends."""
    listener, port = listen()
    spy = Spy(f"--plain={port}", "--comm=handing")
    code = f"""
import os, socket, sys
open("/proc/self/comm", "w").write("handing")
s = socket.create_connection(("127.0.0.1", {port}))
s.sendall({b"".join(chat("handed over"))!r})
if os.fork() == 0:
    f = s.makefile("rb")
    f.read(10)
    os._exit(0)
os.wait()
s.close()
print(os.getpid(), flush=True)
sys.stdin.readline()
"""
    child = subprocess.Popen([PYTHON, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    server, _ = listener.accept()
    server.sendall(b"".join(said_back("to another")))
    pid = int(child.stdout.readline())
    server.close()
    spy.wait_for(2)
    told = [r for r in spy.records() if r["process"]["pid"] == pid]
    ok(len(told) == 1, "handed over: told of while its process runs", spy.records())
    child.communicate("\n")
    spy.stop()
    listener.close()


NAMESPACE = r"""
import ctypes, fcntl, os, socket, struct, sys
def one(path):
    if ctypes.CDLL(None).unshare(0x40000000): # CLONE_NEWNET
        sys.exit("unshare")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, 0x8914, struct.pack("16sh22x", b"lo", 0x49)) # SIOCSIFFLAGS: up, loopback, running
    listener = socket.create_server(("127.0.0.1", 8888))
    client = socket.create_connection(listener.getsockname())
    server, _ = listener.accept()
    body = b'{"model":"llama3.2","messages":[{"role":"user","content":"Hi."}]}'
    client.sendall(b"POST " + path + b" HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    server.recv(4096)
    server.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    client.recv(4096)
for i in range(int(sys.argv[1])):
    if os.fork() == 0:
        one(b"/api/chat?%d" % i)
        os._exit(0)
    if os.wait()[1]:
        sys.exit("a child")
"""


def test_namespaces():
    """Each in a network namespace of its own, as containers are: the later ones are told apart as well."""
    many = 280
    spy = Spy("--plain=8888")
    subprocess.run([PYTHON, "-c", NAMESPACE, str(many)], check=True, timeout=300)
    spy.wait_for(2 * many)
    records = spy.stop()
    ok(len(records) == many and all(r["other_end"] for r in records), f"{many} network namespaces: each call once",
       len(records), [r["id"] for r in records if not r["other_end"]][:10])


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(4096):
            self.request.sendall(data)


def test_left_alone():
    """What is no HTTP, TLS among it, costs no capture."""
    mock, echo = Mock(), Server(0, Echo)
    spy = Spy(f"--plain={mock.port},{echo.port}", "--summary=json")
    s = socket.create_connection(("127.0.0.1", echo.port))
    for _ in range(50):
        s.sendall(b"\x00\x01" + os.urandom(1000))
        s.recv(4096)
    s.close()
    noted = client(mock, "single")
    spy.wait_for(2 * len(noted))
    records = spy.stop()
    compare("TLS on a plain port", records, noted)
    ok(len(records) == len(noted) and all(r["connection"]["tls"] for r in records),
       "TLS on a plain port is seen once, as TLS", [r["connection"] for r in records])
    seen = sums.summary(spy.stderr())["traffic"]["connections"]
    ok(1 <= seen <= 2, "what is no HTTP is left in the kernel", spy.stderr())
    mock.stop()
    echo.shutdown()


# ---- where connections lead to ----

ASYNC = r'''
import asyncio, json, ssl, sys
async def one(context, port, i):
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
    local = writer.get_extra_info("socket").getsockname()[1]
    for turn in range(2):
        body = json.dumps({"model": "gpt-4", "messages": [{"role": "user", "content": f"{local}"}]}).encode()
        writer.write(b"POST /v1/chat/completions?length=1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                     b"Content-Length: %d\r\n\r\n" % len(body))
        writer.write(body)
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        n = int([h for h in head.lower().split(b"\r\n") if h.startswith(b"content-length")][0].split(b":")[1])
        await reader.readexactly(n)
    writer.close()
async def main():
    context = ssl.create_default_context(cafile=sys.argv[2])
    await asyncio.gather(*(one(context, int(sys.argv[1]), i) for i in range(12)))
asyncio.run(main())
'''

NODE = r'''
const https = require("https"), fs = require("fs");
const [port, ca] = [+process.argv[1], fs.readFileSync(process.argv[2])];
for (let i = 0; i < 8; i++) {
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1, ca });
  let turns = 2;
  const call = (socket) => {
    const r = https.request({ port, host: "localhost", path: "/v1/chat/completions", method: "POST", agent,
                              headers: { "Content-Type": "application/json" } }, (a) => {
      a.resume(); a.on("end", () => { if (--turns) setImmediate(call); else agent.destroy(); });
    });
    r.on("socket", (s) => {
      const send = () => r.end(JSON.stringify({ model: "gpt-4", messages: [{ role: "user", content: `${s.localPort}` }] }));
      if (s.connecting) s.once("secureConnect", send); else send();
    });
  };
  call();
}
'''


POOL = r"""
import json, socket, ssl, sys, threading
port, ca, other = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
s = socket.create_connection(("127.0.0.1", port))
incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
tls = ssl.create_default_context(cafile=ca).wrap_bio(incoming, outgoing, server_hostname="localhost")
def work(do):
    while True:
        try:
            got = do()
            break
        except ssl.SSLWantReadError:
            s.sendall(outgoing.read())
            incoming.write(s.recv(65536))
    if outgoing.pending:
        s.sendall(outgoing.read())
    return got
work(tls.do_handshake)
fed, wanted, answer = threading.Semaphore(0), threading.Semaphore(0), []
def pool():
    a = socket.create_connection(("127.0.0.1", other))
    a.sendall(b"of another connection")
    a.recv(100)
    got = b""
    while b"\r\n\r\n" not in got or len(got) < got.index(b"\r\n\r\n") + 4 + length(got):
        try:
            got += tls.read(1000)
        except ssl.SSLWantReadError:
            wanted.release()
            fed.acquire()
    answer.append(got)
    wanted.release()
def length(got):
    return int([h for h in got.lower().split(b"\r\n") if h.startswith(b"content-length")][0].split(b":")[1])
body = json.dumps({"model": "gpt-4", "messages": [{"role": "user", "content": str(s.getsockname()[1])}]}).encode()
work(lambda: tls.write(b"POST /v1/chat/completions?length=1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
                       % len(body) + body))
thread = threading.Thread(target=pool)
thread.start()
while wanted.acquire() and not answer:
    incoming.write(s.recv(500))
    fed.release()
thread.join()
s.close()
"""


def test_pool():
    """A thread that decrypts what another has received, and has used a socket of its own before."""
    mock, echo = Mock(), Server(0, Echo)
    spy = Spy()
    subprocess.run([PYTHON, "-c", POOL, str(mock.port), mock.ca, str(echo.port)], check=True, timeout=WAIT)
    spy.wait_for(2)
    mine = of_client(spy.stop())
    ok(len(mine) == 1 and mine[0]["connection"]["peer"] == f"127.0.0.1:{mock.port}" and
       mine[0]["connection"]["local"].split(":")[1] == mine[0]["request"]["messages"][0]["parts"][0]["text"],
       "a pool's thread: the address is not that of its own socket", [r["connection"] for r in mine])
    mock.stop()
    echo.shutdown()


def test_peers():
    """The own port is what the program says of itself, in each prompt."""
    mock = Mock()
    node = next((p for p in (shutil.which("node"), "/usr/bin/node") if p), None)
    for what, command, calls in (("asyncio, 12 connections at once", [PYTHON, "-c", ASYNC, str(mock.port), mock.ca], 24),
                                 ("Node.js, 8 connections at once", [node, "-e", NODE, str(mock.port), mock.ca], 16)):
        if not command[0]:
            skip(what, "no Node.js here")
            continue
        spy = Spy("--libssl", command[0]) if command[0] == node else Spy()
        subprocess.run(command, check=True, timeout=WAIT)
        spy.wait_for(2 * calls)
        mine = of_client(spy.stop())
        ok(len(mine) == calls and all(r["complete"] for r in mine), f"{what}: {calls} calls", len(mine))
        wrong = [r["connection"] for r in mine if r["connection"]["local"] and
                 r["connection"]["local"].split(":")[1] != r["request"]["messages"][0]["parts"][0]["text"]]
        ok(not wrong, f"{what}: no address is wrong", wrong)
        unknown = [r["connection"] for r in mine if not r["connection"]["local"]]
        ok(not unknown, f"{what}: none is unknown", len(unknown), unknown[:1])
        ok(all(r["connection"]["peer"] == f"127.0.0.1:{mock.port}" and (r["other_end"] or {}).get("pid") == mock.proc.pid
               for r in mine), f"{what}: they lead to the mock, which is named", [r["other_end"] for r in mine][:3])
    for what, args in (("blocking, in the middle", ()), ("--no-peer", ("--no-peer",))):
        out = os.path.join(TMP, "slow-" + what[:4])
        slow = subprocess.Popen([PYTHON, CLIENT, "slow", mock.url, mock.ca, out], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, text=True)
        slow.stdout.readline()
        spy = Spy(*args)
        slow.stdin.write("go\n")
        slow.stdin.flush()
        slow.stdout.readline()
        spy.wait_for(2)
        slow.kill()
        slow.wait()
        peers = {r["connection"]["peer"] for r in of_client(spy.stop())}
        ok(peers == ({None} if args else {f"127.0.0.1:{mock.port}"}), f"{what}: {peers}")
    mock.stop()


for kind in ("ring", "perf"):
    test_calls(kind)
test_default()
test_middle()
test_gap()
test_late()
test_uring()
test_splice()
test_descriptors()
test_http2()
test_handed_over()
test_namespaces()
test_left_alone()
test_pool()
test_peers()
done()
