#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""llm-spy --proxy: what clients and provider say is what each other gets and what the records hold; what must not be
opened passes untouched; what must fail fails."""
import asyncio
import hashlib
import socket
import ssl
import stat
import threading

from mock_provider import Provider, SocketProvider, certificates
from nginx import NGINX, Nginx
from spy import *

PROXY = os.path.abspath(os.path.join(BUILD, "llm-spy-proxy"))
if not os.path.exists(PROXY):
    skip_all("built without the proxy: libevent is missing")
SLOW = 200  # streams at once


class Proxy:
    """llm-spy --proxy in the background, with files of its own."""

    def __init__(self, *args, ca=None, hosts="localhost", command=()):
        self.config = tempfile.mkdtemp(dir=TMP)
        self.out = tempfile.NamedTemporaryFile(dir=TMP, delete=False).name
        self.err = tempfile.NamedTemporaryFile(dir=TMP, delete=False).name
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        listener.close()
        # Without the provider's authority nothing that it signed is accepted.
        env = {**os.environ, "XDG_CONFIG_HOME": self.config, "SSL_CERT_FILE": ca or "/dev/null"}
        hosts = [f"--proxy-hosts={hosts}"] if hosts else []
        port = [] if command else [f"--port={self.port}"]
        behind = ["--", *command] if command else []
        with open(self.out, "w") as out, open(self.err, "w") as err:
            self.proc = subprocess.Popen([SPY, "--proxy", *port, *hosts, "-f", "jsonl", "-o", "-", "--all", *args, *behind],
                                         stdout=out, stderr=err, env=env)
        started.append(self.proc)
        self.ca = os.path.join(self.config, "llm-spy/proxy/ca.pem")
        until(lambda: command or "ready:" in self.stderr() or self.proc.poll() is not None)

    def stderr(self):
        return open(self.err).read()

    def records(self):
        with open(self.out, "rb") as f:
            return record_schema.check([json.loads(line) for line in f if line.endswith(b"\n")])

    def stop(self):
        self.proc.send_signal(signal.SIGINT)
        self.proc.wait(timeout=WAIT)
        return self.records()


def curl(proxy, url, body, *args, scheme="http", ca=None):
    """Digest of what curl got, or its error."""
    done_ = subprocess.run(["curl", "-q", "-sS", "-x", f"{scheme}://127.0.0.1:{proxy.port}", "--noproxy", "", "--cacert",
                            ca or proxy.ca, "-H", "Content-Type: application/json", "-H", f"Authorization: Bearer sk-{SECRET}",
                            "--data-binary", "@-", *args, url + "/v1/chat/completions"],
                           input=body.encode(), capture_output=True, timeout=WAIT)
    return hashlib.sha256(done_.stdout).hexdigest() if done_.returncode == 0 else done_.stderr.decode()


def chat(text, stream=True):
    return json.dumps({"model": "gpt-4o", "stream": stream, "messages": [{"role": "user", "content": text}]})


def check(what, proxy, got, log, protocol="http/1.1", **members):
    """Client, provider and records agree."""
    until(lambda: len(proxy.records()) >= len(log))
    records = proxy.stop()
    ok(sorted(got) == sorted(e["sent"] for e in log), f"{what}: the client got what the provider sent", got, log)
    want = sorted((e["received"], e["sent"]) for e in log)
    ok(log and digests(records) == want, f"{what}: {len(log)} calls, byte for byte; {ledger(records)}", digests(records), want,
       proxy.stderr())
    ok(all(r["complete"] and r["kind"] == "llm" and not r["connection"]["from_middle"] for r in records),
       f"{what}: complete, from their start", [(r["complete"], r["kind"]) for r in records])
    ok({r["connection"]["protocol"] for r in records} == {protocol}, f"{what}: {protocol}",
       {r["connection"]["protocol"] for r in records})
    for name, value in members.items():
        ok(all(r["process"][name] == value for r in records), f"{what}: process.{name} is {value}",
           [r["process"][name] for r in records])
    ok(SECRET not in open(proxy.out).read(), f"{what}: the key is masked")
    return records


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


def test_untouched():
    """A host that is not to be opened shows its own certificate."""
    provider = Provider(key, cert, ca)
    for what, hosts in (("a host that is no provider's", None), ("a host that --proxy-hosts lacks", "api.example,*.localhost")):
        proxy = Proxy(ca=ca, hosts=hosts)
        got = curl(proxy, provider.url, chat("private"), ca=ca)
        ok([got] == [e["sent"] for e in provider.take_log()], f"{what}: passes untouched", got)
        ok(not proxy.stop(), f"{what}: nothing is recorded of it")
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


def connect(proxy, host, port):
    s = socket.create_connection(("127.0.0.1", proxy.port))
    s.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += s.recv(1)
    return s, head


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
                for _ in range(piece.count(b"\n\n") - piece.count(b"\r\n\r\n")):
                    server.had.release()
                text += piece
        except OSError as e:
            error = str(e)
        ok(text.count(b"data:") == 20 and server.kept_step, f"{ending} end: each event came before the next was sent", text[-200:])
        ok(bool(error) == (ending != "proper"), f"{ending} end: the client sees it as such", error)
        proxy.stop()


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


def listeners(port):
    rows = [line.split() for f in ("/proc/net/tcp", "/proc/net/tcp6") for line in open(f).readlines()[1:]]
    return [r[1] for r in rows if r[3] == "0A" and int(r[1].split(":")[1], 16) == port]


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
test_untouched()
test_pinned()
test_bad_servers()
test_websocket()
test_steps()
test_many()
test_command()
test_hostile()
test_files()
test_leaf()
test_about()
done()
