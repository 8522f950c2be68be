#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the proxy adds: time to the first byte of an answer on a connection that stands, time of a new connection, and
throughput, beside a direct connection and, where `mitmdump` is found (or $MITMDUMP), mitmproxy; all in one run."""
import os
import re
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

BUILD = os.environ.get("builddir", "build")
CALLS, CONNECTIONS, BIG, BODY = 300, 60, 20, 4 << 20
PROMPT = b'{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"Hello"}]}'


def request(size=0):
    return (b"POST /v1/chat/completions%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" %
            (b"?size=%d" % size if size else b"", len(PROMPT)) + PROMPT)


class Line:
    """A connection, through a proxy or not."""

    def __init__(self, port, ca, proxy=None):
        s = socket.create_connection(("127.0.0.1", proxy or port))
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if proxy:
            s.sendall(b"CONNECT localhost:%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % port)
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += s.recv(1)
        self.tls = ssl.create_default_context(cafile=ca).wrap_socket(s, server_hostname="localhost")

    def ask(self, size=0):
        """Seconds to the first byte, and bytes in all."""
        begun = time.perf_counter()
        self.tls.sendall(request(size))
        data = self.tls.recv(65536)
        first = time.perf_counter() - begun
        got, tail = len(data), data
        while not tail.endswith(b"0\r\n\r\n"):
            data = self.tls.recv(65536)
            got, tail = got + len(data), (tail + data)[-16:]
        return first, got


def measure(port, ca, proxy=None):
    line = Line(port, ca, proxy)
    line.ask()
    first = statistics.median(line.ask()[0] for _ in range(CALLS))
    begun = time.perf_counter()
    for _ in range(CONNECTIONS):
        Line(port, ca, proxy).tls.close()
    new = (time.perf_counter() - begun) / CONNECTIONS
    begun = time.perf_counter()
    total = sum(line.ask(BODY)[1] for _ in range(BIG))
    return first, new, total / (time.perf_counter() - begun)


def memory(pattern):
    pids = subprocess.run(["pgrep", "-f", pattern], capture_output=True, text=True).stdout.split()
    return sum(int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{p}/status").read())[1]) for p in pids if os.path.exists(f"/proc/{p}"))


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def listens(port):
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"nobody listens at {port}")


tmp = tempfile.mkdtemp(prefix="llm-spy-bench-")
ca, started = os.path.join(tmp, "ca.pem"), []
mock = subprocess.Popen([os.path.join(BUILD, "llm-spy-mock"), "--ca-file", ca], stdout=subprocess.PIPE, text=True)
port = int(mock.stdout.readline().split()[1])
env = {**os.environ, "SSL_CERT_FILE": ca, "XDG_CONFIG_HOME": tmp, "HOME": tmp}
rows = [("direct", measure(port, ca), 0)]
try:
    ours = free_port()
    started.append(subprocess.Popen([os.path.join(BUILD, "llm-spy"), "--proxy", f"--port={ours}", "--proxy-hosts=localhost", "-o",
                                     os.path.join(tmp, "out.jsonl"), "-f", "jsonl"], env=env, stderr=subprocess.DEVNULL))
    listens(ours)
    result = measure(port, os.path.join(tmp, "llm-spy/proxy/ca.pem"), ours)
    rows.append(("llm-spy --proxy", result, memory(f"{tmp}/llm-spy/proxy")))
    theirs, dump = free_port(), os.environ.get("MITMDUMP") or shutil.which("mitmdump")
    if dump:
        started.append(subprocess.Popen([dump, "-q", "--listen-port", str(theirs), "--set", f"confdir={tmp}/mitm", "--set",
                                         f"ssl_verify_upstream_trusted_ca={ca}", "--set", "stream_large_bodies=1"], env=env))
        listens(theirs)
        rows.append(("mitmproxy", measure(port, f"{tmp}/mitm/mitmproxy-ca-cert.pem", theirs), memory(f"confdir={tmp}")))
finally:
    for p in started:
        p.terminate()
    mock.kill()
direct = rows[0][1]
print(f"{'':18}{'first byte':>12}{'added':>10}{'connection':>12}{'times':>8}{'MB/s':>8}{'times':>8}{'RSS MB':>8}")
for name, (first, new, rate), rss in rows:
    print(f"{name:18}{first * 1e3:9.3f} ms{(first - direct[0]) * 1e3:7.3f} ms{new * 1e3:9.2f} ms{new / direct[1]:7.1f}x{rate / 1e6:8.0f}"
          f"{rate / direct[2]:7.2f}x{rss / 1024:8.1f}")
shutil.rmtree(tmp, ignore_errors=True)
