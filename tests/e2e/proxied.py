# SPDX-License-Identifier: MIT
"""llm-spy --proxy in the background, and clients of it: for the tests of the proxy."""
import hashlib
import socket

from spy import *

PROXY = os.path.abspath(os.path.join(BUILD, "llm-spy-proxy"))
if not os.path.exists(PROXY):
    skip_all("built without the proxy: libevent is missing")


# The machine's own proxy is none of ours.
CLEAN = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}


class Proxy:
    """llm-spy --proxy in the background, with files of its own."""

    def __init__(self, *args, ca=None, hosts="localhost", command=(), kind="", env=(), via=(), own_upstream=False):
        self.config = tempfile.mkdtemp(dir=TMP)
        self.out = tempfile.NamedTemporaryFile(dir=TMP, delete=False).name
        self.err = tempfile.NamedTemporaryFile(dir=TMP, delete=False).name
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        listener.close()
        # Without the provider's authority nothing that it signed is accepted.
        env = {**CLEAN, "XDG_CONFIG_HOME": self.config, "SSL_CERT_FILE": ca or "/dev/null", **dict(env)}
        if own_upstream:
            env["HTTPS_PROXY"] = f"http://127.0.0.1:{self.port}"
        hosts = [f"--proxy-hosts={hosts}"] if hosts else []
        port = [] if command else [f"--port={self.port}"]
        behind = ["--", *command] if command else []
        with open(self.out, "w") as out, open(self.err, "w") as err:
            self.proc = subprocess.Popen([*via, SPY, f"--proxy{kind}", *port, *hosts, "-f", "jsonl", "-o", "-", "--all", *args, *behind],
                                         stdout=out, stderr=err, env=env)
        started.append(self.proc)
        self.ca = os.path.join(self.config, "llm-spy/proxy/ca.pem")
        until(lambda: command or "ready:" in self.stderr() or self.proc.poll() is not None)

    def stderr(self):
        return open(self.err).read()

    def proxy_pid(self):
        """Of llm-spy-proxy, which is nobody's child."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                words = open(f"/proc/{pid}/cmdline").read().split("\0")
            except OSError:
                continue
            if words[0] == "llm-spy-proxy" and any(w.startswith(self.config) for w in words):
                return int(pid)

    def records(self):
        with open(self.out, "rb") as f:
            return record_schema.check([json.loads(line) for line in f if line.endswith(b"\n")])

    def stop(self):
        self.proc.send_signal(signal.SIGINT)
        self.proc.wait(timeout=WAIT)
        return self.records()


def copy_bytes(a, b):
    """Until one end is done."""
    try:
        while piece := a.recv(65536):
            b.sendall(piece)
        b.shutdown(socket.SHUT_WR)
    except OSError:
        pass


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


def connect(proxy, host, port):
    s = socket.create_connection(("127.0.0.1", proxy.port))
    s.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += s.recv(1)
    return s, head


def listeners(port):
    rows = [line.split() for f in ("/proc/net/tcp", "/proc/net/tcp6") for line in open(f).readlines()[1:]]
    return [r[1] for r in rows if r[3] == "0A" and int(r[1].split(":")[1], 16) == port]
