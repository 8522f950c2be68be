#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""llm-spy --proxy under attack, and beneath what is unusual: many that say nothing, floods of HTTP/2, certificates that
must not do, ends that close by halves; and that no byte is changed, whatever is spoken."""
import resource
import socket
import ssl
import struct
import threading

from mock_provider import CERTIFICATES, Provider, certificates
from proxied import *

SILENT = 600  # connections that begin and do not go on
key, cert, ca = certificates(TMP)


class Raw(threading.Thread):
    """A server of one connection. It notes all that it gets, and sends its pieces: each when so many bytes have come."""

    def __init__(self, script=(), alpn=None, tls=True, ending="close", certificate=(cert, key)):
        super().__init__(daemon=True)
        self.script, self.ending, self.got, self.sent, self.tls, self.error = script, ending, b"", b"", tls, None
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*certificate)
        if alpn:
            self.context.set_alpn_protocols([alpn])
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def until(self, s, n):
        while len(self.got) < n:
            piece = s.recv(65536)
            if not piece:
                return False
            self.got += piece
        return True

    def run(self):
        s, _ = self.listener.accept()
        try:
            if self.tls:
                s = self.context.wrap_socket(s, server_side=True)
            for after, piece in self.script:
                self.until(s, after)
                s.sendall(piece)
                self.sent += piece
            if self.ending == "read":
                self.until(s, 1 << 40)
            s.close()
        except OSError as e:
            self.error = e


def client(proxy, port, alpn=None, host="localhost"):
    context = ssl.create_default_context(cafile=proxy.ca)
    if alpn:
        context.set_alpn_protocols([alpn])
    s, _ = connect(proxy, host, port)
    s.settimeout(WAIT)
    return context.wrap_socket(s, server_hostname=host)


def read_all(s):
    got = b""
    while piece := s.recv(65536):
        got += piece
    return got


# ---- not a byte is changed ----

def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0)
SIGNED = (b"POST /model/x/invoke HTTP/1.1\r\nHost: bedrock-runtime.us-east-1.amazonaws.com\r\n"
          b"X-Amz-Date: 20261129T000000Z\r\nauthorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261129/us-east-1/bedrock/aws4_request, "
          b"SignedHeaders=host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7\r\n"
          b"x-Twice: a\r\nX-TWICE:  b \r\nContent-Length: 2\r\n\r\n{}")
WAITS = b"PUT /v1/x HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
HINTS = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
TRAILERS = (b"HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n5;ext=1\r\nhello\r\n0\r\nX-Sum: 5\r\n\r\n")
HPACK = b"\x83\x86\x84\x41\x09localhost"  # POST, http, /, localhost
EXTENDED = (b"\x02\x07CONNECT\x00\x09:protocol\x09websocket\x87\x84\x01\x09localhost")
GRPC = b"\0\0\0\0\5hello"
SETTINGS = frame(4, 0, 0, struct.pack(">HI", 8, 1))  # ENABLE_CONNECT_PROTOCOL
PASSES = (
    ("a request signed with SigV4", None, [(SIGNED, TRAILERS)]),
    ("1xx, then trailers", None, [(WAITS, HINTS), (b"12345", TRAILERS)]),
    ("gRPC with trailers", "h2", [(PREFACE + frame(1, 4, 1, HPACK) + frame(0, 1, 1, GRPC),
                                   SETTINGS + frame(1, 4, 1, b"\x88") + frame(0, 0, 1, GRPC) +
                                   frame(1, 5, 1, b"\x00\x0bgrpc-status\x010"))]),
    ("WebSocket over HTTP/2", "h2", [(PREFACE, SETTINGS), (frame(1, 4, 1, EXTENDED), frame(1, 4, 1, b"\x88")),
                                     (frame(0, 0, 1, b"\x81\x85abcd" + bytes(a ^ b for a, b in zip(b"hello", b"abcda"))),
                                      frame(0, 0, 1, b"\x81\x05hello") + frame(0, 1, 1, b"\x88\x02\x03\xe8"))]),
    ("what is no HTTP", None, [(b"\0\1\2 hello", b"\xff\xfe there")]),
)


def test_bytes():
    proxy = Proxy(ca=ca)
    for what, alpn, talk in PASSES:
        script, asked = [], b""
        for ask, answer in talk:
            asked += ask
            script.append((len(asked), answer))
        server = Raw(script, alpn)
        tls, got = client(proxy, server.port, alpn), b""
        for ask, answer in talk:
            tls.sendall(ask)
            before = len(got)
            while len(got) < before + len(answer):
                got += tls.recv(65536)
        server.join(WAIT)
        ok((server.got, got) == (asked, server.sent) and tls.selected_alpn_protocol() == alpn, f"{what}: not a byte is changed",
           server.got, got, server.error)
        tls.close()
    ok(proxy.proc.poll() is None, "the proxy goes on")
    proxy.stop()


def test_halves():
    """One end has said all, and the other still speaks."""
    proxy = Proxy(ca=ca)
    server = Raw([(1 << 40, b"all was heard")], tls=False)
    s, _ = connect(proxy, "localhost", server.port)
    s.sendall(b"\0that was all")
    s.shutdown(socket.SHUT_WR)
    got = read_all(s)
    ok((server.got, got) == (b"\0that was all", b"all was heard"), "a client that has closed its half is answered", server.got, got)
    server = Raw([(0, b"that is all")], tls=False, ending="read")
    s, _ = connect(proxy, "localhost", server.port)
    s.sendall(b"\0")
    heard = s.recv(64)
    s.sendall(b"more")
    s.close()
    ok(until(lambda: server.got == b"\0more") and heard == b"that is all", "a server that says nothing more still hears", server.got, heard)
    proxy.stop()


def test_refused_handshake():
    """To a WebSocket handshake a status is a last word: the connection is closed instead."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
    for what, args, target in (("absolute form", [], f"http://localhost:{port}/v1/responses"),
                               ("--reverse", [f"--reverse=http://localhost:{port}"], "/v1/responses")):
        for fields, status in ((upgrade, b""), ("", b"HTTP/1.1 502")):
            proxy = Proxy(*args, ca=ca)
            s = socket.create_connection(("127.0.0.1", proxy.port))
            s.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost:{port}\r\n{fields}\r\n".encode())
            try:
                got = read_all(s)
            except ConnectionResetError:
                got = b""
            ok(got.startswith(status) and bool(got) == bool(status),
               f"{what}, nobody listens: {'502' if status else 'a WebSocket handshake is closed'}", got)
            proxy.stop()


# ---- certificates ----

def signed(*dates):
    """For localhost by the authority, of other days; or by itself."""
    folder = tempfile.mkdtemp(dir=TMP)
    with open(os.path.join(folder, "conf"), "w") as f:
        f.write(CERTIFICATES)

    def openssl(*args):
        subprocess.run(["openssl", *args], check=True, capture_output=True, cwd=folder)
    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-config", "conf", "-keyout", "key", "-subj", "/CN=localhost"]
    if not dates:
        openssl("req", "-x509", *new, "-out", "cert", "-days", "7", "-extensions", "leaf")
        return [os.path.join(folder, name) for name in ("cert", "key")]
    openssl("req", *new, "-out", "csr")
    os.mkdir(os.path.join(folder, "new"))
    open(os.path.join(folder, "index"), "w").close()
    with open(os.path.join(folder, "ca.conf"), "w") as f:
        f.write("[ca]\ndefault_ca=d\n[d]\ndatabase=index\nnew_certs_dir=new\nrand_serial=yes\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n")
    openssl("ca", "-batch", "-config", "ca.conf", "-in", "csr", "-out", "cert", "-keyfile", os.path.join(os.path.dirname(ca), "ca.key"),
            "-cert", ca, "-startdate", dates[0], "-enddate", dates[1], "-extfile", "conf", "-extensions", "leaf", "-notext")
    return [os.path.join(folder, name) for name in ("cert", "key")]


def test_certificates():
    proxy = Proxy(ca=ca)
    for what, certificate, word in (("expired", signed("20200101000000Z", "20210101000000Z"), "expired"),
                                    ("not yet valid", signed("20900101000000Z", "20910101000000Z"), "not yet valid"),
                                    ("self-signed", signed(), "self-signed")):
        server = Raw(certificate=certificate)
        got = curl(proxy, f"https://localhost:{server.port}", chat("secret"))
        server.join(WAIT)
        ok("SSL" in got or "TLS" in got or "alert" in got, f"a certificate that is {what}: the client's connection fails", got)
        ok(server.error and not server.got, f"a certificate that is {what}: the server got nothing", server.got)
        ok(until(lambda: word in proxy.stderr()), f"a certificate that is {what}: it is said", proxy.stderr())
    proxy.stop()


# ---- many, and much ----

def test_silent():
    """Connections that stop in their head, in SOCKS, in the ClientHello: others are served beside them."""
    resource.setrlimit(resource.RLIMIT_NOFILE, [resource.getrlimit(resource.RLIMIT_NOFILE)[1]] * 2)
    provider, proxy, held = Provider(key, cert, ca), Proxy(ca=ca), []
    for i in range(SILENT):
        s = socket.create_connection(("127.0.0.1", proxy.port))
        s.sendall((b"CONNECT localhost:443 HTTP/1.1\r\nA: ", b"\5\1\0", b"")[i % 3])
        held.append(s)
    for _ in range(20):
        s, _ = connect(proxy, "localhost", provider.port)
        s.sendall(b"\x16\x03\x01\x02\x00\x01")
        held.append(s)
    got = [curl(proxy, provider.url, chat(f"beside them, {i}")) for i in range(3)]
    ok(got == [e["sent"] for e in provider.take_log()], f"{SILENT} connections that do not go on: others are served", got)
    for s in held:
        s.close()
    proxy.stop()
    provider.stop()


class Drips(threading.Thread):
    """Connections that say something every second, and never all of it; how long each lasted."""
    BEGINNINGS = (b"CONNECT localhost:443 HTTP/1.1\r\nA: ", b"\5\1\0\5\1\0\3\x7f", None)

    def __init__(self, port):
        super().__init__(daemon=True)
        self.proxy, self.lasted = Proxy(ca=ca), []
        self.sockets = [connect(self.proxy, "localhost", port)[0] if b is None else
                        socket.create_connection(("127.0.0.1", self.proxy.port)) for b in self.BEGINNINGS]
        for s, b in zip(self.sockets, self.BEGINNINGS):
            s.sendall(b or b"\x16\x03\x01\x3f\x00\x01")
            s.settimeout(1)
        self.start()

    def run(self):
        begun = time.monotonic()
        while self.sockets:
            for s in list(self.sockets):
                try:
                    s.sendall(b"a")
                    gone = not s.recv(64)
                except TimeoutError:
                    gone = False
                except OSError:
                    gone = True
                if gone:
                    self.sockets.remove(s)
                    self.lasted.append(time.monotonic() - begun)


def test_reader_stands():
    """Clients do not wait for llm-spy, and what it reads later is all there."""
    provider, proxy = Provider(key, cert, ca), Proxy(ca=ca)
    os.kill(proxy.proc.pid, signal.SIGSTOP)
    got = [curl(proxy, provider.url, chat("x" * (1 << 20))) for _ in range(8)]
    log = provider.take_log()
    ok(got == [e["sent"] for e in log] and not proxy.records(), "llm-spy is stopped: clients are served", got, log)
    os.kill(proxy.proc.pid, signal.SIGCONT)
    until(lambda: len(proxy.records()) >= len(got))
    ok(digests(proxy.stop()) == sorted((e["received"], e["sent"]) for e in log), "llm-spy goes on: all that passed is recorded")
    proxy = Proxy(ca=ca)
    proxy.proc.send_signal(signal.SIGSTOP)
    got = [curl(proxy, provider.url, chat("the last"))]
    proxy.proc.send_signal(signal.SIGINT)
    proxy.proc.send_signal(signal.SIGCONT)
    proxy.proc.wait(timeout=WAIT)
    ok(digests(proxy.records()) == [(e["received"], e["sent"]) for e in provider.take_log()], "what had just passed when it ends is recorded",
       got, proxy.records())
    provider.stop()


def test_no_descriptors():
    """Clients wait until there are some again, and it is said."""
    provider = Provider(key, cert, ca)
    proxy, held = Proxy(ca=ca, via=["prlimit", "--nofile=64:64"]), []
    for _ in range(100):
        held.append(socket.create_connection(("127.0.0.1", proxy.port)))
    ok(until(lambda: "descriptors" in proxy.stderr()), "no descriptors are left: it is said", proxy.stderr())
    for s in held:
        s.close()
    got = curl(proxy, provider.url, chat("afterwards"))
    ok([got] == [e["sent"] for e in provider.take_log()] and proxy.stderr().count("descriptors") == 1,
       "no descriptors were left: when there are, clients are served", got, proxy.stderr())
    proxy.stop()
    provider.stop()


def rss(pid):
    with open(f"/proc/{pid}/status") as f:
        return int(next(line.split()[1] for line in f if line.startswith("VmRSS:"))) // 1024


FLOODS = (
    ("of resets", lambda i: frame(1, 4, 2 * i + 1, HPACK) + frame(3, 0, 2 * i + 1, struct.pack(">I", 8)), 60000),
    ("of pings", lambda i: frame(6, 0, 0, b"12345678"), 100000),
    ("of settings", lambda i: frame(4, 0, 0, struct.pack(">HI", 1, i)), 100000),
    ("of continuations", lambda i: frame(9, 0, 1, b"\x00\x01a" + b"\x7f\x80\x01" + b"b" * 255) if i else frame(1, 0, 1, HPACK), 30000),
    ("of streams that never end", lambda i: frame(1, 4, 2 * i + 1, HPACK), 60000),
    ("of empty data", lambda i: frame(0, 0, 1) if i else frame(1, 4, 1, HPACK), 100000),
)


def test_floods():
    """They are the server's affair and pass; what reads them here stays small."""
    provider, proxy = Provider(key, cert, ca), Proxy("--llm-only", ca=ca)
    for what, make, count in FLOODS:
        server = Raw([], "h2", ending="read")
        tls = client(proxy, server.port, "h2")
        text = PREFACE + b"".join(make(i) for i in range(count))
        tls.sendall(text)
        ok(until(lambda: len(server.got) >= len(text)) and server.got == text, f"a flood {what}: passes, {len(text) >> 10} KB", len(server.got))
        tls.close()
    got = curl(proxy, provider.url, chat("afterwards"))
    ok([got] == [e["sent"] for e in provider.take_log()], "after floods: a client is served", got)
    ok(until(lambda: proxy.records()), "after floods: and recorded")
    used = rss(proxy.proc.pid)
    ok(used < 300, f"after floods: llm-spy takes {used} MB")
    proxy.stop()
    provider.stop()


deaf = socket.create_server(("127.0.0.1", 0))
drips = Drips(deaf.getsockname()[1])
for test in (test_bytes, test_halves, test_refused_handshake, test_certificates, test_silent, test_reader_stands, test_no_descriptors,
             test_floods):
    begun = time.monotonic()
    test()
    print(f"# {test.__name__}: {time.monotonic() - begun:.1f} s")
drips.join(WAIT)
ok(len(drips.lasted) == 3 and all(25 < seconds < 50 for seconds in drips.lasted),
   f"connections that drip are closed after {max(drips.lasted, default=0):.0f} s", drips.lasted)
drips.proxy.stop()
done()
