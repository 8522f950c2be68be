#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the proxy adds, beside a direct connection and, where `mitmdump` is found (or $MITMDUMP), mitmproxy; all in one
run. The time to the first byte of an answer, on a connection that stands and on a new one, and throughput: first on the
machine as it is, then beside $LOAD processes that want the processors, each of a session of its own. The ways take turns,
call by call, so what else the machine does meets all alike. Then with a crowd: connections that are idle ($IDLE) and
streams that run ($ACTIVE), and the memory that they take; then those streams as fast as they can."""
import mmap
import os
import re
import resource
import shutil
import socket
import ssl
import statistics
import struct
import subprocess
import sys
import tempfile
import time

BUILD = os.environ.get("builddir", "build")
CALLS, CONNECTIONS, BIG, BODY = 200, 60, 20, 4 << 20
IDLE, ACTIVE = int(os.environ.get("IDLE", 2000)), int(os.environ.get("ACTIVE", 200))
WORKERS = 4
LOAD = int(os.environ.get("LOAD", 8))
STREAM = "chunks=40&delay_ms=250&size=8000"  # each of those that run, again and again
FAST, FAST_SECONDS = "chunks=40&size=40000", 10
PROMPT = b'{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"Hello"}]}'


def request(size=0, query=""):
    query = f"?{query}" if query else f"?size={size}" if size else ""
    return (b"POST /v1/chat/completions%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" %
            (query.encode(), len(PROMPT)) + PROMPT)


class Way:
    """To the mock, through a proxy or not. pattern: what is in the command lines of the proxy's processes."""

    def __init__(self, name, ca, proxy=None, pattern=None):
        self.name, self.proxy, self.pattern = name, proxy, pattern
        while not os.path.exists(ca) or not os.path.getsize(ca):
            time.sleep(0.05)
        self.context = ssl.create_default_context(cafile=ca)

    def memory(self):
        """Resident, in KB."""
        if not self.pattern:
            return 0
        pids = subprocess.run(["pgrep", "-f", self.pattern], capture_output=True, text=True).stdout.split()
        return sum(int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{p}/status").read())[1]) for p in pids if os.path.exists(f"/proc/{p}"))


class Line:
    """A connection."""

    def __init__(self, way):
        s = socket.create_connection(("127.0.0.1", way.proxy or port))
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if way.proxy:
            s.sendall(b"CONNECT localhost:%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % port)
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += s.recv(4096)
        self.tls = way.context.wrap_socket(s, server_hostname="localhost")

    def ask(self, size=0, query=""):
        """Seconds to the first byte, and bytes in all."""
        begun = time.perf_counter()
        self.tls.sendall(request(size, query))
        data = self.tls.recv(65536)
        return time.perf_counter() - begun, self.read(data)

    def read(self, data=b"", tell=lambda n: None):
        got, tail = len(data), data
        while not tail.endswith(b"0\r\n\r\n"):
            data = self.tls.recv(65536)
            if not data:
                raise EOFError("the answer broke off")
            got, tail = got + len(data), (tail + data)[-16:]
            tell(len(data))
        return got


def new_call(way):
    """Seconds from nothing to the first byte of an answer."""
    begun = time.perf_counter()
    line = Line(way)
    line.ask()
    taken = time.perf_counter() - begun
    line.tls.close()
    return taken


def fetch(line):
    begun = time.perf_counter()
    return line.ask(BODY)[1] / (time.perf_counter() - begun)


def in_turn(count, calls):
    """Sorted results of each, which take turns."""
    got = [[] for _ in calls]
    for _ in range(count):
        for results, call in zip(got, calls):
            results.append(call())
    return [sorted(results) for results in got]


def measure(what):
    """Of all ways, each on the machine as it is."""
    lines = [Line(way) for way in ways]
    in_turn(10, [lambda line=line: line.ask() for line in lines])
    firsts = in_turn(CALLS, [lambda line=line: line.ask()[0] for line in lines])
    news = in_turn(CONNECTIONS, [lambda way=way: new_call(way) for way in ways])
    rates = in_turn(BIG, [lambda line=line: fetch(line) for line in lines])
    print(f"{what:20}{'first byte':>12}{'added':>11}{'99%':>10}{'from nothing':>15}{'added':>11}{'MB/s':>8}{'times':>8}")
    direct = None
    for way, first, new, rate in zip(ways, firsts, news, rates):
        median, connected, speed = got = [statistics.median(x) for x in (first, new, rate)]
        direct = direct or got
        print(f"{way.name:20}{median * 1e3:9.3f} ms{(median - direct[0]) * 1e3:8.3f} ms{first[CALLS * 99 // 100] * 1e3:7.2f} ms"
              f"{connected * 1e3:12.2f} ms{(connected - direct[1]) * 1e3:8.2f} ms{speed / 1e6:8.0f}{speed / direct[2]:7.2f}x", flush=True)
    print()
    for line in lines:
        line.tls.close()


def burn():
    """A process that wants a processor, until it is killed."""
    pid = os.fork()
    if pid == 0:
        os.setsid()
        while True:
            pass
    return pid


class Crowd:
    """Connections that have all carried a call; from go() on some run, without a pause. Each worker has a share of them,
    and asks all of its before it reads their answers."""

    def __init__(self, way, query):
        begun = time.perf_counter()
        self.counts, self.pids = mmap.mmap(-1, 8 * WORKERS), []
        self.waits, self.orders = os.pipe()
        self.news, self.told = os.pipe()
        for i in range(WORKERS):
            pid = os.fork()
            if pid == 0:
                try:
                    self.work(way, query, i)
                finally:
                    os._exit(1)
            self.pids.append(pid)
        os.close(self.told)
        for _ in range(WORKERS):
            if not os.read(self.news, 1):
                sys.exit("the crowd broke off")
        self.stood = time.perf_counter() - begun

    def work(self, way, query, i):
        os.close(self.orders)
        os.close(self.news)
        lines = [Line(way) for _ in range((IDLE + ACTIVE) // WORKERS)]
        for line in lines:
            line.ask()
        os.write(self.told, b"!")
        os.read(self.waits, 1)
        lines, count = lines[:ACTIVE // WORKERS], 0

        def tell(n):
            nonlocal count
            count += n
            struct.pack_into("q", self.counts, 8 * i, count)
        while True:
            for line in lines:
                line.tls.sendall(request(query=query))
            for line in lines:
                line.read(tell=tell)

    def go(self):
        os.close(self.orders)

    def bytes(self):
        return sum(struct.unpack(f"{WORKERS}q", self.counts[:]))

    def stop(self):
        for pid in self.pids:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
        os.close(self.waits)
        os.close(self.news)


def in_crowd(way):
    """Times to the first byte, past the proxy and through it; seconds until the crowd stood, memory before and after, bytes a second."""
    before = way.memory()
    c = Crowd(way, STREAM)
    c.go()
    lines = [Line(ways[0]), Line(way)]
    in_turn(10, [line.ask for line in lines])
    straight, times = in_turn(CALLS, [lambda line=line: line.ask()[0] for line in lines])
    stood, used = c.stood, way.memory()
    c.stop()
    c = Crowd(way, FAST)
    c.go()
    time.sleep(1)
    begun, first = time.perf_counter(), c.bytes()
    time.sleep(FAST_SECONDS)
    rate = (c.bytes() - first) / (time.perf_counter() - begun)
    c.stop()
    return straight, times, stood, before, used, rate


def measure_crowds():
    print(f"{f'{IDLE} idle, {ACTIVE} run':20}{'first byte':>12}{'added':>11}{'99%':>10}{'stood after':>13}{'RSS before':>12}{'then':>10}"
          f"{'each':>8}{'full MB/s':>11}{'times':>8}", flush=True)
    direct = None
    for way in ways:
        straight, times, stood, before, used, rate = in_crowd(way)
        median = times[CALLS // 2]
        direct = direct or rate
        print(f"{way.name:20}{median * 1e3:9.3f} ms{(median - straight[CALLS // 2]) * 1e3:8.3f} ms{times[CALLS * 99 // 100] * 1e3:7.2f} ms{stood:11.1f} s"
              f"{before / 1024:9.1f} MB{used / 1024:7.1f} MB{(used - before) / (IDLE + ACTIVE):5.0f} KB{rate / 1e6:11.1f}{rate / direct:7.2f}x",
              flush=True)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def listens(port):
    for _ in range(3000):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"nobody listens at {port}")


resource.setrlimit(resource.RLIMIT_NOFILE, [resource.getrlimit(resource.RLIMIT_NOFILE)[1]] * 2)
tmp = tempfile.mkdtemp(prefix="llm-spy-bench-")
ca, started, burning = os.path.join(tmp, "ca.pem"), [], []
mock = subprocess.Popen([os.path.join(BUILD, "llm-spy-mock"), "--ca-file", ca], stdout=subprocess.PIPE, text=True)
port = int(mock.stdout.readline().split()[1])
env = {**os.environ, "SSL_CERT_FILE": ca, "XDG_CONFIG_HOME": tmp, "HOME": tmp}
ways = [Way("direct", ca)]


try:
    ours = free_port()
    started.append(subprocess.Popen([os.path.join(BUILD, "llm-spy"), "--proxy", f"--port={ours}", "--proxy-hosts=localhost", "-o",
                                     os.path.join(tmp, "out.jsonl"), "-f", "jsonl"], env=env, stderr=subprocess.DEVNULL))
    listens(ours)
    ways.append(Way("llm-spy --proxy", os.path.join(tmp, "llm-spy/proxy/ca.pem"), ours, f"{tmp}/llm-spy/proxy|port={ours}"))
    theirs, dump = free_port(), os.environ.get("MITMDUMP") or shutil.which("mitmdump")
    if dump:
        started.append(subprocess.Popen([dump, "-q", "--listen-port", str(theirs), "--set", f"confdir={tmp}/mitm", "--set",
                                         f"ssl_verify_upstream_trusted_ca={ca}", "--set", "stream_large_bodies=1"], env=env))
        listens(theirs)
        ways.append(Way("mitmproxy", f"{tmp}/mitm/mitmproxy-ca-cert.pem", theirs, f"confdir={tmp}"))
    measure("as it is")
    if LOAD:
        burning = [burn() for _ in range(LOAD)]
        measure(f"{LOAD} that burn")
        for pid in burning:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
        burning = []
    if IDLE + ACTIVE:
        measure_crowds()
finally:
    for pid in burning:
        os.kill(pid, 9)
    for p in started:
        p.terminate()
    mock.kill()
shutil.rmtree(tmp, ignore_errors=True)
