#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""llm-spy --proxy: what clients and provider say is what each other gets and what the records hold; what must not be
opened passes untouched; what must fail fails."""
import asyncio
import base64
import contextlib
import hashlib
import socket
import ssl
import stat
import threading

from mock_provider import Provider, SocketProvider, certificates
from nginx import NGINX, Nginx
from proxied import *

SLOW = 200  # streams at once


def test_ways():
    user = {"name": "curl", "user": "root"} if os.geteuid() == 0 else {"name": "curl"}
    provider = Provider(key, cert, ca)
    for what, scheme in (("CONNECT", "http"), ("SOCKS5, the name is resolved here", "socks5h"), ("SOCKS5, an address", "socks5")):
        proxy = Proxy(ca=ca, hosts="localhost,127.0.0.1")
        got = [curl(proxy, provider.url, chat("Hello: é 你好"), scheme=scheme),
               curl(proxy, provider.url, chat("x" * (1 << 20), False), scheme=scheme)]
        check(what, proxy, got, provider.take_log(), **user)
    provider.stop()


def test_http2():
    if not NGINX:
        return skip("HTTP/2", "no nginx")
    provider = Provider()
    nginx = Nginx(provider.port, key, cert, ca)
    proxy = Proxy(ca=ca)
    got = [curl(proxy, nginx.url, chat(f"over HTTP/2, {i}"), "--http2") for i in range(3)]
    check("HTTP/2, as the server chose", proxy, got, provider.take_log(), protocol="http/2")
    nginx.stop()
    provider.stop()


def test_plain():
    provider = Provider()
    url = f"http://localhost:{provider.port}"
    proxy = Proxy()
    got = [curl(proxy, url, chat("absolute form")), curl(proxy, url, chat("again", False))]
    records = check("without TLS", proxy, got, provider.take_log(), name="curl")
    ok(all(r["http"]["target"] == "/v1/chat/completions" and
           (r["http"]["host"], r["http"]["port"]) == ("localhost", provider.port) for r in records),
       "without TLS: target, host and port", [r["http"] for r in records])
    provider.stop()


def test_reverse():
    provider = Provider(key, cert, ca)
    proxy = Proxy(f"--reverse={provider.url}", ca=ca)
    done_ = subprocess.run(["curl", "-q", "-sS", "--noproxy", "*", "-H", "Content-Type: application/json", "-d", chat("a base URL"),
                            f"http://127.0.0.1:{proxy.port}/v1/chat/completions"], capture_output=True, timeout=WAIT)
    records = check("--reverse", proxy, [hashlib.sha256(done_.stdout).hexdigest()], provider.take_log(), name="curl")
    ok(records and (records[0]["http"]["host"], records[0]["http"]["port"]) == ("localhost", provider.port),
       "--reverse: the server's name is in the request", records[:1])
    provider.stop()


class Behind(threading.Thread):
    """Another proxy: HTTP or SOCKS5, with a user and a password. What it was asked for is in `asked`."""

    def __init__(self, kind, user="me", password="se cret"):
        super().__init__(daemon=True)
        self.kind, self.user, self.password = kind, user, password
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.asked = self.listener.getsockname()[1], []
        self.start()

    def url(self, who="me:se%20cret@"):
        return f"{self.kind}://{who}127.0.0.1:{self.port}"

    def run(self):
        while True:
            threading.Thread(target=self.serve, args=(self.listener.accept()[0],), daemon=True).start()

    def http(self, s):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += s.recv(1)
        method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
        credentials = base64.b64encode(f"{self.user}:{self.password}".encode())
        if b"Proxy-Authorization: Basic " + credentials not in head:
            s.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return None
        self.asked.append((method, target))
        if method == "CONNECT":
            there = socket.create_connection(("127.0.0.1", int(target.rsplit(":", 1)[1])))
            s.sendall(b"HTTP/1.1 200 Fine\r\nVia: this\r\n\r\n")
        else:
            _, _, authority, path = target.split("/", 3)
            there = socket.create_connection(("127.0.0.1", int(authority.rsplit(":", 1)[1])))
            there.sendall(head.replace(target.encode(), b"/" + path.encode(), 1))
        return there

    def socks5(self, s):
        assert 2 in s.recv(2 + 2)[2:]
        s.sendall(b"\5\2")
        text = s.recv(1024)
        if text != bytes([1, len(self.user)]) + self.user.encode() + bytes([len(self.password)]) + self.password.encode():
            s.sendall(b"\1\1")
            return None
        s.sendall(b"\1\0")
        text = s.recv(1024)
        port = int.from_bytes(text[-2:], "big")
        self.asked.append(("SOCKS", f"{text[5:-2].decode()}:{port}"))
        s.sendall(b"\5\0\0\1\0\0\0\0\0\0")
        return socket.create_connection(("127.0.0.1", port))

    def serve(self, s):
        there = getattr(self, self.kind)(s)
        if not there:
            return s.close()
        threading.Thread(target=copy_bytes, args=(there, s), daemon=True).start()
        copy_bytes(s, there)


def test_behind():
    """Another proxy is on the way."""
    provider, plain = Provider(key, cert, ca), Provider()
    for kind in ("http", "socks5"):
        behind = Behind(kind)
        for what, args, env in (("by the environment", [], {"https_proxy": behind.url(), "HTTP_PROXY": behind.url()}),
                                ("by an option", [f"--upstream-proxy={behind.url()}"], {})):
            proxy = Proxy(*args, ca=ca, env=env)
            got = [curl(proxy, provider.url, chat("far")), curl(proxy, f"http://localhost:{plain.port}", chat("far, without TLS"))]
            log = provider.take_log() + plain.take_log()
            secure, clear = f"localhost:{provider.port}", f"localhost:{plain.port}"
            want = [("CONNECT", secure), ("POST", f"http://{clear}/v1/chat/completions")] if kind == "http" else \
                [("SOCKS", secure), ("SOCKS", clear)]
            ok(behind.asked == want, f"through another proxy, {kind}, {what}: it is asked", behind.asked)
            behind.asked.clear()
            until(lambda: len(proxy.records()) >= 2)
            records = proxy.stop()
            ok(got == [e["sent"] for e in log] and digests(records) == sorted((e["received"], e["sent"]) for e in log),
               f"through another proxy, {kind}, {what}: byte for byte", got, log, proxy.stderr())
        proxy = Proxy(f"--upstream-proxy={behind.url('me:wrong@')}", ca=ca)
        got = curl(proxy, provider.url, chat("far"))
        ok("502" in got and not provider.take_log(), f"{kind}, a wrong password: refused", got)
        ok(until(lambda: "does not connect to localhost" in proxy.stderr()), f"{kind}, a wrong password: it is said", proxy.stderr())
        proxy.stop()
    for what, args, env in (("NO_PROXY", [], {"https_proxy": behind.url(), "no_proxy": "a.example,localhost"}),
                            ("--upstream-proxy none", ["--upstream-proxy=none"], {"https_proxy": behind.url()})):
        proxy = Proxy(*args, ca=ca, env=env)
        got = curl(proxy, provider.url, chat("near"))
        ok([got] == [e["sent"] for e in provider.take_log()] and not behind.asked, f"{what}: not through another proxy", got)
        proxy.stop()
    proxy = Proxy(f"--upstream-proxy=http://127.0.0.1:1", ca=ca)
    ok("502" in curl(proxy, provider.url, chat("far")) and until(lambda: "cannot be reached" in proxy.stderr()),
       "another proxy that is not there: it is said", proxy.stderr())
    proxy.stop()
    proxy = Proxy(ca=ca, own_upstream=True)
    ok("502" in curl(proxy, provider.url, chat("far")) and until(lambda: "this proxy itself" in proxy.stderr()),
       "itself as the other proxy: it is said, once round", proxy.stderr())
    proxy.stop()
    ok(subprocess.run([SPY, "--proxy", "--upstream-proxy=ftp://x"], capture_output=True, timeout=WAIT).returncode == 2,
       "another kind of proxy: wrong usage")
    plain.stop()
    provider.stop()


def test_untouched():
    """A host that is not to be opened shows its own certificate."""
    provider = Provider(key, cert, ca)
    for what, hosts in (("a host that is no provider's", None), ("a host that --proxy-hosts lacks", "api.example,*.localhost")):
        proxy = Proxy(ca=ca, hosts=hosts)
        got = curl(proxy, provider.url, chat("private"), ca=ca)
        ok([got] == [e["sent"] for e in provider.take_log()], f"{what}: passes untouched", got)
        ok(not proxy.stop(), f"{what}: nothing is recorded of it")
    provider.stop()


def test_named():
    """A host that the person says is a provider's is opened like one."""
    provider = Provider(key, cert, ca)
    proxy = Proxy(f"--as=localhost:{provider.port}=anthropic", ca=ca, hosts=None)
    got = [curl(proxy, provider.url, chat("of a gateway"))]
    records = check("--as", proxy, got, provider.take_log())
    ok([(r["provider"], r["provider_from"]) for r in records] == [("anthropic", "option")], "--as: and named as one", records)
    provider.stop()


def test_pinned():
    provider = Provider(key, cert, ca)
    proxy = Proxy(ca=ca)
    first = curl(proxy, provider.url, chat("pinned"), ca=ca)
    ok("certificate" in first and not provider.take_log(), "who refuses the certificate: the first connection fails", first)
    ok(until(lambda: "does not accept the proxy's certificate" in proxy.stderr()), "who refuses the certificate: it is said")
    got = [curl(proxy, provider.url, chat("pinned"), ca=ca) for _ in range(2)]
    ok(got == [e["sent"] for e in provider.take_log()], "who refuses the certificate: later connections pass", got)
    ok(not proxy.stop() and proxy.stderr().count("does not accept") == 1, "who refuses the certificate: said once, nothing recorded",
       proxy.stderr())
    provider.stop()


def test_bad_servers():
    """A certificate that fails upstream fails for the client, and nothing is sent there."""
    other = certificates(TMP)
    for what, server, name in (("another authority's", other, "localhost"), ("for another name", (key, cert, ca), "other.example")):
        provider = Provider(*server)
        proxy = Proxy(ca=ca, hosts="*")
        got = curl(proxy, f"https://{name}:{provider.port}", chat("secret"), "--connect-to", f"::localhost:{provider.port}")
        ok("TLS" in got or "SSL" in got or "alert" in got, f"a certificate {what}: the client's connection fails", got)
        ok(not provider.take_log(), f"a certificate {what}: the server got nothing")
        ok(until(lambda: "the program's connection fails as well" in proxy.stderr()), f"a certificate {what}: it is said", proxy.stderr())
        proxy.stop()
        provider.stop()


def test_websocket():
    import websockets
    sockets = SocketProvider(key, cert, ca)
    port = int(sockets.url.rsplit(":", 1)[1].strip("/"))
    proxy = Proxy(ca=ca)
    context, received = ssl.create_default_context(cafile=proxy.ca), []

    async def talk():
        s, _ = connect(proxy, "localhost", port)
        async with websockets.connect(f"wss://localhost:{port}/v1/responses", ssl=context, sock=s, server_hostname="localhost",
                                      max_size=1 << 24) as ws:
            for text in ("first", "x" * (1 << 20)):
                await ws.send(json.dumps({"type": "response.create", "model": "gpt-5", "input": text}))
                got = []
                while not got or '"response.completed"' not in got[-1]:
                    message = await ws.recv()
                    got += [] if "codex.rate_limits" in message else [message]
                received.append(hashlib.sha256("".join(m + "\n" for m in got).encode()).hexdigest())
    asyncio.run(talk())
    log = sockets.take_log()
    until(lambda: sum(r["kind"] == "llm" for r in proxy.records()) >= 2)
    calls = [r for r in proxy.stop() if r["kind"] == "llm"]
    ok(received == [e["sent"] for e in log], "WebSocket: the client got what the provider sent")
    ok(digests(calls) == sorted((e["received"], e["sent"]) for e in log), f"WebSocket: {len(calls)} calls, byte for byte",
       digests(calls), log)
    sockets.stop()


class Stepwise(threading.Thread):
    """A server that sends an event only when the client has had the one before."""

    def __init__(self, ending="proper"):
        super().__init__(daemon=True)
        self.ending = ending
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(cert, key)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.had = threading.Semaphore(0)
        self.kept_step = True
        self.start()

    def run(self):
        raw, _ = self.listener.accept()
        s = self.context.wrap_socket(raw, server_side=True, suppress_ragged_eofs=False)
        s.recv(65536)
        s.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        for i in range(20):
            s.sendall(b"data: {\"i\":%d}\n\n" % i)
            self.kept_step &= self.had.acquire(timeout=WAIT)
        if self.ending == "proper":
            try:
                s.unwrap()
            except OSError:
                pass  # the client need not wait for the server's end
        elif self.ending == "reset":
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        raw = s.detach()
        os.close(raw)


def test_steps():
    """Nothing is held back, and an end that was cut does not look like a proper one."""
    for ending in ("proper", "cut", "reset"):
        server, proxy = Stepwise(ending), Proxy(ca=ca)
        s, _ = connect(proxy, "localhost", server.port)
        context = ssl.create_default_context(cafile=proxy.ca)
        context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
        tls = context.wrap_socket(s, server_hostname="localhost", suppress_ragged_eofs=False)
        tls.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        text, error = b"", ""
        try:
            while True:
                piece = tls.recv(65536)
                if not piece:
                    break
                before, text = text.count(b"\n\n"), text + piece
                for _ in range(text.count(b"\n\n") - before):
                    server.had.release()
        except OSError as e:
            error = str(e)
        ok(text.count(b"data:") == 20 and server.kept_step, f"{ending} end: each event came before the next was sent", text[-200:])
        ok(bool(error) == (ending != "proper"), f"{ending} end: the client sees it as such", error)
        proxy.stop()


class Resuming(threading.Thread):
    """A server that notes of each connection whether its handshake was resumed."""

    def __init__(self, version):
        super().__init__(daemon=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = self.context.maximum_version = version
        self.context.load_cert_chain(cert, key)
        self.context.set_alpn_protocols(["http/1.1"])
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.resumed = self.listener.getsockname()[1], []
        self.start()

    def run(self):
        while True:
            raw = self.listener.accept()[0]
            with contextlib.suppress(OSError), self.context.wrap_socket(raw, server_side=True) as s:
                s.recv(65536)
                self.resumed.append(s.session_reused)
                s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                s.recv(65536)


def test_resumed():
    """A handshake with a server is resumed where its certificate was verified for the very same name and ALPN."""
    for version in (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2):
        server, proxy = Resuming(version), Proxy(ca=ca, hosts="localhost,127.0.0.1")

        def call(host, *offered):
            context = ssl.create_default_context(cafile=proxy.ca)
            context.set_alpn_protocols(offered)
            with context.wrap_socket(connect(proxy, host, server.port)[0], server_hostname=host) as tls:
                tls.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
                return tls.recv(65536)[-2:], tls.selected_alpn_protocol()
        got = [call("localhost", "h2", "http/1.1") for _ in range(3)]
        ok(server.resumed == [False, True, True], f"{version.name}: later connections to a server are resumed", server.resumed)
        got += [call("127.0.0.1", "h2", "http/1.1"), call("localhost", "http/1.1")]
        ok(server.resumed[3:] == [False, False], f"{version.name}: not to another name of its, nor with another ALPN", server.resumed)
        ok(got == [(b"{}", "http/1.1")] * 5, f"{version.name}: the client gets the ALPN that the server chose", got)
        until(lambda: len(proxy.records()) >= 5)
        records = proxy.stop()
        named = [r["connection"]["server_name"] for r in records]
        ok(named == ["localhost"] * 3 + ["127.0.0.1", "localhost"] and all(r["complete"] for r in records),
           f"{version.name}: the records are the same", records)


def test_many():
    provider, proxy, got = Provider(key, cert, ca), Proxy(ca=ca), []
    provider.together(SLOW)
    context = ssl.create_default_context(cafile=proxy.ca)

    def one(i):
        s, _ = connect(proxy, "localhost", provider.port)
        with context.wrap_socket(s, server_hostname="localhost") as tls:
            body = chat(f"stream {i}").encode()
            tls.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                        b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            text = b""
            while piece := tls.recv(65536):
                text += piece
        got.append(text.count(b"[DONE]"))
    threads = [threading.Thread(target=one, args=(i,)) for i in range(SLOW)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    log = provider.take_log()
    until(lambda: len(proxy.records()) >= SLOW)
    records = proxy.stop()
    ok(got == [1] * SLOW and digests(records) == sorted((e["received"], e["sent"]) for e in log),
       f"{SLOW} streams at once: all, byte for byte; {ledger(records)}", len(records), sum(got))
    provider.stop()


def test_command():
    provider = Provider(key, cert, ca)
    code = f"""
import json, os, ssl, sys, urllib.request
r = urllib.request.Request({provider.url!r} + "/v1/chat/completions", {chat("from a command").encode()!r},
                           {{"Content-Type": "application/json"}})
sys.stdout.buffer.write(urllib.request.urlopen(r).read())
sys.exit(7)
"""
    proxy = Proxy(ca=ca, command=[PYTHON, "-c", code])
    status = proxy.proc.wait(timeout=WAIT)
    log = provider.take_log()
    ok(status == 7, "a command: its exit status is ours", status, proxy.stderr())
    ok(log and digests(proxy.records()) == [(e["received"], e["sent"]) for e in log], "a command: its call is recorded",
       proxy.records(), log)
    provider.stop()


def test_past():
    """A command that goes past the proxy: that is said at once, and in the summary; not of who uses it."""
    provider, gone = Provider(key, cert, ca), os.path.join(TMP, "gone")
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    code = f"""
import os, socket, time, urllib.request
urllib.request.urlopen(urllib.request.Request({provider.url!r} + "/v1/chat/completions", {chat("by the proxy").encode()!r},
                                              {{"Content-Type": "application/json"}})).read()
held = [socket.create_connection(("127.0.0.1", {provider.port})), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)]
held[1].connect(("127.0.0.1", {udp.getsockname()[1]}))
while not os.path.exists({gone!r}):
    time.sleep(0.05)
"""
    proxy = Proxy(f"--proxy-ports={provider.port},{udp.getsockname()[1]}", "--summary=json", ca=ca,
                  command=["sh", "-c", '"$0" -c "$1"; true', PYTHON, code])
    said = until(lambda: [line for line in proxy.stderr().splitlines() if "past the proxy" in line][1:])
    open(gone, "w").close()
    proxy.proc.wait(timeout=WAIT)
    lines = [line for line in proxy.stderr().splitlines() if "past the proxy" in line and not line.startswith("{")]
    ok(said and len(lines) == 2 and f"by TCP to 127.0.0.1:{provider.port}" in lines[0] + lines[1] and
       f"by QUIC (HTTP/3) to 127.0.0.1:{udp.getsockname()[1]}" in lines[0] + lines[1], "a command past the proxy: said while it runs, once each", lines)
    summary = json.loads(next(line for line in proxy.stderr().splitlines() if line.startswith("{")))
    ok(summary["unseen"] and all("past the proxy" in n["reason"] and n["program"].startswith("python") for n in summary["unseen"]),
       "a command past the proxy: in the summary", summary["unseen"])
    log = provider.take_log()
    ok(log and digests(proxy.records()) == [(e["received"], e["sent"]) for e in log], "a command past the proxy: what went through it is seen",
       proxy.records(), log)
    proxy = Proxy(f"--proxy-ports={provider.port}", ca=ca, command=["curl", "-sS", "-d", chat("by the proxy"), provider.url])
    proxy.proc.wait(timeout=WAIT)
    ok("past the proxy" not in proxy.stderr(), "a command that uses the proxy: nothing is said", proxy.stderr())
    provider.stop()


def test_hostile():
    proxy = Proxy(ca=ca)
    for what, sent in (("no HTTP", b"\x00\x01\x02 what?\r\n\r\n"), ("a relative target", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
                       ("a port that is none", b"CONNECT localhost:99999 HTTP/1.1\r\n\r\n"),
                       ("a head without an end", b"GET http://x/ HTTP/1.1\r\n" + b"A: b\r\n" * 20000),
                       ("SOCKS without a method that is known", b"\x05\x01\x02"), ("SOCKS that binds", b"\x05\x01\x00"),
                       ("a name of no host", b"CONNECT " + b"a" * 300 + b":443 HTTP/1.1\r\n\r\n")):
        s = socket.create_connection(("127.0.0.1", proxy.port))
        s.settimeout(WAIT)
        got = b""
        try:
            s.sendall(sent)
            if what == "SOCKS that binds":
                s.recv(2)
                s.sendall(b"\x05\x02\x00\x01\x7f\x00\x00\x01\x00\x50")
            while piece := s.recv(4096):
                got += piece
        except ConnectionError:
            pass  # what it had not read
        ok(not got or got.startswith((b"HTTP/1.1 400", b"\x05")), f"{what}: refused", got[:80])
        s.close()
    ok(proxy.proc.poll() is None, "the proxy goes on")
    ok(not proxy.stop(), "and nothing is recorded")


def test_files():
    proxy = Proxy(ca=ca)
    folder = os.path.dirname(proxy.ca)
    modes = {name: stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode) for name in os.listdir(folder)}
    ok(stat.S_IMODE(os.stat(folder).st_mode) == 0o700 and modes.get("ca-key.pem") == 0o600,
       "the authority's key is its user's alone", modes)
    ok(listeners(proxy.port) == [f"0100007F:{proxy.port:04X}"], "it listens on loopback alone", listeners(proxy.port))
    before = open(proxy.ca).read()
    text = subprocess.run(["openssl", "x509", "-in", proxy.ca, "-noout", "-ext", "basicConstraints,keyUsage"], text=True,
                          capture_output=True).stdout
    ok("CA:TRUE" in text and "Certificate Sign" in text, "the authority is one", text)
    proxy.proc.kill()
    proxy.proc.wait()
    ok(until(lambda: not listeners(proxy.port)), "when llm-spy is killed the proxy ends")
    again = subprocess.Popen([SPY, "--proxy", f"--port={proxy.port}"], env={**os.environ, "XDG_CONFIG_HOME": proxy.config},
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    started.append(again)
    ok(until(lambda: listeners(proxy.port)) and open(proxy.ca).read() == before, "the next run has the same authority")
    again.terminate()
    again.wait()
    until(lambda: not listeners(proxy.port))  # it may have been killed before it was ready, and its proxy end after it
    os.chmod(folder, 0o755)
    open_to_all = subprocess.run([SPY, "--proxy", f"--port={proxy.port}"], env={**os.environ, "XDG_CONFIG_HOME": proxy.config},
                                 capture_output=True, text=True, timeout=WAIT)
    ok(open_to_all.returncode and folder in open_to_all.stderr, "an authority that others can read is not used", open_to_all.stderr)


def test_about():
    """llm-spy ca."""
    config = tempfile.mkdtemp(dir=TMP)

    def about(*args):
        return subprocess.run([SPY, "ca", *args], text=True, capture_output=True, env={**os.environ, "XDG_CONFIG_HOME": config})
    folder = os.path.join(config, "llm-spy/proxy")
    shown, pem, bundle, trust = (about(word).stdout for word in ("show", "export", "bundle", "trust-help"))
    digest = subprocess.run(["openssl", "x509", "-noout", "-fingerprint", "-sha256"], input=pem, text=True, capture_output=True).stdout
    ok(digest.partition("=")[2] and digest.partition("=")[2].strip() in shown and folder in shown, "llm-spy ca show, export", shown, pem)
    ok(bundle.strip() == os.path.join(folder, "bundle.pem") and pem in open(bundle.strip()).read(), "llm-spy ca bundle", bundle)
    ok(f"{folder}/ca.pem" in trust and "NODE_EXTRA_CA_CERTS" in trust, "llm-spy ca trust-help", trust)
    ok(about().returncode == 2 and about("else").returncode == 2, "llm-spy ca of what there is not")


def test_leaf():
    """What the client gets as a certificate."""
    server, proxy = Stepwise(), Proxy(ca=ca)
    s, _ = connect(proxy, "localhost", server.port)
    tls = ssl.create_default_context(cafile=proxy.ca).wrap_socket(s, server_hostname="localhost")
    pem = ssl.DER_cert_to_PEM_cert(tls.getpeercert(True))
    text = subprocess.run(["openssl", "x509", "-noout", "-text"], input=pem, text=True, capture_output=True).stdout
    tls.close()
    ok(all(word in text for word in ("DNS:localhost", "TLS Web Server Authentication", "X509v3 Authority Key Identifier",
                                     "X509v3 Subject Key Identifier", "CA:FALSE")), "a leaf has what clients demand", text)
    info = tls.context and ssl._ssl._test_decode_cert
    path = os.path.join(TMP, "leaf.pem")
    with open(path, "w") as f:
        f.write(pem)
    times = info(path)
    days = (ssl.cert_time_to_seconds(times["notAfter"]) - ssl.cert_time_to_seconds(times["notBefore"])) / 86400
    ok(days <= 197, f"a leaf is valid for {days:.0f} days")
    proxy.stop()


key, cert, ca = certificates(TMP)
test_ways()
test_http2()
test_plain()
test_reverse()
test_behind()
test_untouched()
test_named()
test_pinned()
test_bad_servers()
test_websocket()
test_steps()
test_resumed()
test_many()
test_command()
test_past()
test_hostile()
test_files()
test_leaf()
test_about()
done()
