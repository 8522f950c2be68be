#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Who speaks TLS or QUIC past all that is hooked is named, whatever else is hooked in it and on whatever port; and
nobody is whose connections were captured, or said nothing."""
import shutil
import socket
import subprocess
import threading

from spy import *

need_root()
RUN = "/run/llm-spy"
if not os.environ.get("LLM_SPY_STATUS_APART") and subprocess.run(["unshare", "-m", "true"]).returncode == 0:
    os.environ["LLM_SPY_STATUS_APART"] = "1"  # what other tracers leave in RUN is none of this
    begin_again("unshare", "-m", "sh", "-c", 'mkdir -pm 700 "$0" && mount -t tmpfs -o mode=700 none "$0" && exec "$@"', RUN)
BLIND = os.path.abspath(os.path.join(SRC, "tests/e2e/blindclient.py"))
mock = Mock()
real = f"ssl:{mock.url}/v1/models@{mock.ca}"


class Sink:
    """Takes whatever comes, and says nothing."""

    def __init__(self):
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.port = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            peer = self.tcp.accept()[0]
            threading.Thread(target=self.take, args=(peer,), daemon=True).start()

    def take(self, peer):
        try:
            while peer.recv(65536):
                pass
        except OSError:
            pass
        peer.close()


class Relay:
    """Passes on what comes, as a proxy does."""

    def __init__(self):
        self.proc = subprocess.Popen([PYTHON, "-c", RELAY], stdout=subprocess.PIPE, text=True)
        started.append(self.proc)
        self.port = int(self.proc.stdout.readline())
        self.pid = self.proc.pid


RELAY = """
import socket, threading
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
def pass_on(a, b):
    while data := a.recv(65536):
        b.sendall(data)
    b.shutdown(socket.SHUT_WR)
def serve(peer):
    head = peer.recv(65536)
    host, port = head.split()[1].decode().split(":")
    there = socket.create_connection((host, int(port)))
    peer.sendall(b"HTTP/1.1 200 OK\\r\\n\\r\\n")
    threading.Thread(target=pass_on, args=(there, peer), daemon=True).start()
    pass_on(peer, there)
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
"""


class Client:
    def __init__(self, *steps, program=(PYTHON, BLIND), **kw):
        self.proc = subprocess.Popen([*program, str(sink.port), *steps], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **kw)
        started.append(self.proc)
        self.pid = self.proc.pid

    def ready(self):
        line = self.proc.stdout.readline()
        if line != "ready\n":
            raise RuntimeError(f"{self.proc.args} said {line!r}")
        return self

    def end(self):
        self.proc.communicate(timeout=WAIT)
        return self


def run(*steps, **kw):
    return Client(*steps, **kw).end()


def said(spy, client):
    return [line for line in spy.stderr().splitlines() if f"[{client.pid}]" in line and is_uncarried(line)]


def row(client):
    r = subprocess.run([SPY, "targets", "--format=jsonl"], capture_output=True, text=True, timeout=WAIT)
    rows = [row for row in map(json.loads, r.stdout.splitlines()) if row["pid"] == client.pid]
    return next((row for row in rows if row["reason"]), rows[0] if rows else {})


def reasoned(client):
    """Its row, once that has a reason."""
    return until(lambda: (lambda r: r if r.get("reason") else None)(row(client))) or {"reason": "", **row(client)}


sink = Sink()
relay = Relay()
os.environ["NO_PROXY"] = "*"
talk = ("connect", "hello:models.example", "finished", "data:300", "sleep:0.3")  # so that it is looked at while it runs

spy = Spy("--strict", "--debug", may_be_blind=True)
blind, fine = {}, {}

# ---- not blind ----
fine["a connection without a word"] = run("connect", "close")
fine["a ClientHello alone"] = run("connect", "hello:models.example", "close")
fine["a handshake that is refused"] = run("connect", "hello:models.example", "alert", "close")
fine["a handshake without data, TLS 1.3"] = run("connect", "hello:models.example", "finished", "data:19", "close")
fine["a handshake without data, TLS 1.2"] = run("connect", "hello:models.example", "finished12", "close")
fine["other bytes"] = run("connect", "data:400", "data:400", "close")
fine["QUIC without an answer"] = run("udp", "initial")
fine["datagrams"] = run("udp", "packets:40")
fine["a captured call"] = run("load", real)
fine["a captured call that is refused"] = Client("load", f"ssl:{mock.url}/v1/models@/dev/null", stderr=subprocess.DEVNULL).end()
fine["captured calls beside handshakes alone"] = run("load", real, "connect", "hello:models.example", "finished", real)
fine["a captured call by a proxy"] = Client("load", real, env={**{k: v for k, v in os.environ.items() if k != "NO_PROXY"}, "HTTPS_PROXY": f"http://127.0.0.1:{relay.port}"}).end()
fine["a proxy"] = relay
for mode in ("threads", "async", "cut", "server_cut"):
    fine[mode] = Client(program=(PYTHON, CLIENT, mode, mock.url, mock.ca, os.path.join(TMP, "noted"))).end()

# ---- blind ----
blind["nothing hooked"] = run(*talk), "models.example", "llm-spy does not know"
blind["nothing hooked, TLS 1.2"] = run("connect", "hello:twelve.example", "finished12", "data:300", "sleep:0.3"), "twelve.example", "llm-spy does not know"
blind["a large ClientHello"] = run("connect", "big:large.example", "finished", "data:300", "sleep:0.3"), "large.example", "llm-spy does not know"
blind["a ClientHello in buffers"] = run("connect", "pieces:pieces.example", "finished", "data:300", "sleep:0.3"), "pieces.example", "llm-spy does not know"
blind["the same, in others"] = run("connect", "pieces9:nine.example", "finished", "data:300", "sleep:0.3"), "nine.example", "llm-spy does not know"
blind["a ClientHello in two sends"] = run("connect", "split:models.example", "finished", "data:300", "sleep:0.3"), f"127.0.0.1:{sink.port}", "llm-spy does not know"
blind["behind a proxy"] = run("connect", "proxy", "hello:tunnel.example", "finished", "data:300", "sleep:0.3"), "tunnel.example", "llm-spy does not know"
blind["OpenSSL that is not called"] = run("load", *talk), "models.example", "(OpenSSL) was never called"
blind["beside captured calls"] = run("load", real, *talk, real), "models.example", "another implementation than the one that is hooked in it (OpenSSL)"
blind["captured calls of which each is one"] = run("load", real, real, *talk, *talk), "models.example", "another implementation"
blind["QUIC"] = run("udp", "initial", "packets:4"), f"127.0.0.1:{sink.port}", "QUIC"
blind["QUIC, connected"] = run("udp-connected", "initial", "packets:4"), f"127.0.0.1:{sink.port}", "QUIC"
blind["one that ends at once"] = run("connect", "hello:models.example", "finished", "data:300"), "models.example", "TLS to"
lasting = Client("load", *talk, "wait").ready()
blind["one that goes on"] = lasting, "models.example", "was never called"
for what, (client, peer, why) in blind.items():
    lines = until(lambda: said(spy, client))
    ok(len(lines) == 1 and peer in lines[0] and why in lines[0] and " -> " in lines[0], f"said while it runs: {what}", lines, spy.stderr())
r = reasoned(lasting)
ok(r.get("status") == "partly" and "models.example" in r["reason"] and "--libssl" in r["remedy"], "targets: one that runs", r)
client = blind["nothing hooked"][0]
r = reasoned(client)
ok(r.get("status") == "ended" and "models.example" in r["reason"] and r["remedy"], "targets: one that has ended", r)
lasting.end()
spy.stop()
ok(spy.proc.returncode == 4, "--strict: 4", spy.proc.returncode)
for what, client in fine.items():
    ok(not said(spy, client), f"not blind: {what}", said(spy, client))
text = spy.stderr()[spy.stderr().rfind("\n──"):] if "\n──" in spy.stderr() else spy.stderr()
ok("could not be seen" in text and "nothing was missed" not in text, "the summary says so", text)

# ---- a command ----
r = subprocess.run([SPY, "--strict", "-o", "/dev/null", "--", PYTHON, BLIND, str(sink.port), *talk], capture_output=True, text=True, timeout=WAIT)
ok(r.returncode == 4 and "it speaks TLS to models.example" in r.stderr, "a command that ends at once", r.returncode, r.stderr)
r = subprocess.run([SPY, "--summary=json", "-o", "/dev/null", "--", PYTHON, BLIND, str(sink.port), *talk], capture_output=True, text=True,
                   timeout=WAIT)
notes = json.loads(r.stderr.splitlines()[-1])["unseen"]
ok(r.returncode == 0 and len(notes) == 1 and "models.example" in notes[0]["reason"] and notes[0]["remedy"], "unseen, as JSON", notes)
r = subprocess.run([SPY, "--strict", "-o", "/dev/null", "--", PYTHON, BLIND, str(sink.port), "load", real, real], capture_output=True, text=True,
                   timeout=WAIT)
ok(r.returncode == 0 and "nothing was missed" in r.stderr, "one whose calls are captured", r.returncode, r.stderr)

# ---- hooked late ----
import ssl  # noqa: E402

mapped = next((line.split()[-1] for line in open("/proc/self/maps") if "/libssl.so" in line), None)
if mapped:
    fresh = os.path.join(TMP, "fresh", os.path.basename(mapped))
    os.mkdir(os.path.dirname(fresh))
    shutil.copy(mapped, fresh)
    with open(fresh, "ab") as f:
        f.write(b"a file of its own")
    spy = Spy("--hold=0", "--strict", "--debug", may_be_blind=True)
    spy.proc.send_signal(signal.SIGSTOP)  # so that the first call is over before anything is hooked
    late = Client(f"kept:{mock.url}/v1/models@{mock.ca}", env={**os.environ, "LD_LIBRARY_PATH": os.path.dirname(fresh)}).ready()
    time.sleep(0.5)
    spy.proc.send_signal(signal.SIGCONT)
    until(lambda: f"attach: {fresh}: " in spy.stderr())
    time.sleep(0.5)
    late.end()
    lines = until(lambda: said(spy, late))
    ok(len(lines) == 1 and "before its TLS (OpenSSL) was hooked" in lines[0], "one whose TLS was hooked late", lines, spy.stderr())
    r = reasoned(late)
    ok(r.get("status") == "ended" and "was hooked" in r["reason"], "targets: the same", r)
    records = spy.stop()
    connections = [r["connection"] for r in records if r["process"]["pid"] == late.pid and r["connection"]["role"] == "client"]
    ok([(c["from_middle"], c["from_middle_reason"]) for c in connections] == [(True, "hooked_late")], "and why, on its next record", connections)
    ok(spy.proc.returncode == 4, "--strict: 4", spy.proc.returncode)
else:
    skip("hooked late", "Python has no libssl.so")

# ---- Java ----
JAVA = """
import java.io.*; import javax.net.ssl.*; import java.security.cert.X509Certificate;
public class Talk { public static void main(String[] a) throws Exception {
    if (a.length > 1) System.load(a[1]);
    SSLContext c = SSLContext.getInstance("TLS");
    c.init(null, new TrustManager[] { new X509TrustManager() {
        public void checkClientTrusted(X509Certificate[] x, String s) {}
        public void checkServerTrusted(X509Certificate[] x, String s) {}
        public X509Certificate[] getAcceptedIssuers() { return new X509Certificate[0]; } } }, null);
    SSLSocket s = (SSLSocket) c.getSocketFactory().createSocket("localhost", Integer.parseInt(a[0]));
    s.getOutputStream().write("GET /v1/models HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n".getBytes());
    s.getInputStream().read(); } }
"""
if shutil.which("javac"):
    with open(os.path.join(TMP, "Talk.java"), "w") as f:
        f.write(JAVA)
    subprocess.run(["javac", "-d", TMP, os.path.join(TMP, "Talk.java")], check=True, timeout=WAIT)
    for what, more in (("Java", []), ("Java that maps OpenSSL", [mapped] if mapped else [])):
        r = subprocess.run([SPY, "--strict", "-o", "/dev/null", "--", "java", "-cp", TMP, "Talk", str(mock.port), *more],
                           capture_output=True, text=True, timeout=WAIT)
        ok(r.returncode == 4 and "by Java's own implementation" in r.stderr, what, r.returncode, r.stderr)
else:
    skip("Java", "there is no javac")
mock.stop()
done()
