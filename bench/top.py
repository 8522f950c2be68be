#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""make bench-top: what `llm-spy top` takes on a terminal of 160x50 while 60 calls stream (CALLS=N), ten pieces a second each, and an
archive holds 100,000 (ROWS=N): the share of a processor of the thread that shows, beside that of the thread that traces, and the bytes
that are written to the terminal. Needs root."""
import http.client
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import time

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path[:0] = [os.path.join(SRC, "bench"), os.path.join(SRC, "tests", "lib")]
import history  # noqa: E402
from screen import Screen  # noqa: E402

CALLS = int(os.environ.get("CALLS", "60"))
SECONDS = int(os.environ.get("SECONDS", "20"))
AT_MOST = 0.05
stop = threading.Event()


class Provider(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while not stop.wait(0.1):
            piece = {"id": "c", "object": "chat.completion.chunk", "model": "gpt-4o",
                     "choices": [{"index": 0, "delta": {"content": "some words more "}, "finish_reason": None}]}
            data = f"data: {json.dumps(piece)}\n\n".encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *args):
        pass


def clients(port):
    """A process of its own, whose calls have conversations of their own."""
    def ask(n):
        c = http.client.HTTPConnection("127.0.0.1", port)
        c.request("POST", "/v1/chat/completions", json.dumps({"model": "gpt-4o", "stream": True, "messages": [{"role": "user", "content": f"Question {n}"}]}),
                  {"Content-Type": "application/json", "X-Claude-Code-Session-Id": f"bench-{n}"})
        c.getresponse().read()
    sys.stdin.readline()
    for n in range(CALLS):
        threading.Thread(target=ask, args=(n,), daemon=True).start()
    sys.stdin.read()
    os._exit(0)


def processor(pid):
    """Seconds of each thread, by its name."""
    tick, times = os.sysconf("SC_CLK_TCK"), {}
    for tid in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{tid}/stat") as f:
            name, rest = f.read().split("(", 1)[1].rsplit(")", 1)
        fields = rest.split()
        key = "traces" if int(tid) == pid else "shows" if name == "llm-spy-top" else "others"
        times[key] = times.get(key, 0) + (int(fields[11]) + int(fields[12])) / tick
    return times


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 2 * CALLS


def main():
    server = Server(("127.0.0.1", 0), Provider)
    port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="llm-spy-bench-") as folder:
        path = os.path.join(folder, "history.db")
        history.template(path)
        history.fill(path)
        agents = subprocess.Popen([sys.executable, "-B", __file__, str(port)], stdin=subprocess.PIPE)
        begin = time.monotonic()
        s = Screen(os.path.join(BUILD, "llm-spy"), "top", f"--plain={port}", "-o", f"sqlite:{path}", columns=160, lines=50,
                   env={**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"})
        if not s.shows("q quit", 300):
            sys.exit("top does not begin: " + s.text())
        print(f"{history.ROWS} calls stored: shown {time.monotonic() - begin:.1f} s after the start")
        agents.stdin.write(b"go\n")
        agents.stdin.flush()
        if not s.shows(f"{CALLS} under way", 120):
            sys.exit("calls are not seen: " + s.text())
        before, bytes_before, begin = processor(s.pid), len(s.bytes), time.monotonic()
        while time.monotonic() - begin < SECONDS:
            s.read(0.1)
        seconds = time.monotonic() - begin
        share = {k: (v - before.get(k, 0)) / seconds for k, v in processor(s.pid).items()}
        written = (len(s.bytes) - bytes_before) / seconds
        s.type("q")
        s.end()
        s.close()
        stop.set()
        agents.stdin.close()
        agents.wait()
    print(f"{CALLS} calls in flight, {seconds:.0f} s: the thread that shows takes {share['shows']:.1%} of a processor, the one that traces "
          f"{share['traces']:.1%} ({share['shows'] / max(share['traces'], 1e-9):.2f} of it), all others {share.get('others', 0):.1%}; "
          f"{written:.0f} bytes a second are written to the terminal")
    sys.exit(0 if share["shows"] <= AT_MOST else f"more than {AT_MOST:.0%}")


if __name__ == "__main__":
    clients(int(sys.argv[1])) if len(sys.argv) > 1 else main()
