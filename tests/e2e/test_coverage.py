#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The map of who is seen and who is not: how much each process said, in the summary, on SIGUSR1, and by
`llm-spy targets` while a tracer runs; QUIC; and implementations found by a guess that yield nothing but noise."""
import socket
import ssl
import subprocess
import threading

from agents import AGENTS
from mock_provider import certificates
from spy import *

need_root()
RUN = "/run/llm-spy"
if not os.environ.get("LLM_SPY_STATUS_APART") and subprocess.run(["unshare", "-m", "true"]).returncode == 0:
    os.environ["LLM_SPY_STATUS_APART"] = "1"  # what other tracers leave in RUN is none of this
    begin_again("unshare", "-m", "sh", "-c", 'mkdir -pm 700 "$0" && mount -t tmpfs -o mode=700 none "$0" && exec "$@"', RUN)
mock = Mock()
os.environ["XDG_CACHE_HOME"] = os.path.join(TMP, "cache")
os.mkdir(os.environ["XDG_CACHE_HOME"], 0o755)

# A program that makes a call for each line.
CALLS = """
import sys, ssl, http.client, json, urllib.parse
url = urllib.parse.urlsplit(sys.argv[1])
context = ssl.create_default_context(cafile=sys.argv[2])
print("started", flush=True)
for line in sys.stdin:
    conn = http.client.HTTPSConnection(url.hostname, url.port, context=context)
    body = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": line.strip()}]})
    conn.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
    conn.getresponse().read()
    conn.close()
    print("done", flush=True)
"""


class Talker:
    def __init__(self, *command):
        self.proc = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self.proc.pid

    def expect(self, word):
        line = self.proc.stdout.readline().strip()
        if line != word:
            raise RuntimeError(f"{self.proc.args[0]} said {line!r}, not {word!r}")
        return self

    def say(self, line):
        self.proc.stdin.write(line + "\n")
        self.proc.stdin.flush()
        return self.expect("done")

    def stop(self):
        self.proc.stdin.close()
        self.proc.wait()


def agent():
    return Talker(PYTHON, "-c", CALLS, mock.url, mock.ca).expect("started")


def command(*args):
    return subprocess.run([SPY, *args], capture_output=True, text=True, timeout=WAIT)


def targets(*args):
    r = command("targets", "--format=jsonl", *args)
    return {row["pid"]: row for row in map(json.loads, r.stdout.splitlines())}


def connections(spy, talker):
    """How many of a process were seen, as the tracer's status has it."""
    with open(f"{RUN}/{spy.proc.pid}") as f:
        return sum(row["connections"] for row in json.load(f)["processes"] if row["pid"] == talker.pid)


def status_files():
    return set(os.listdir(RUN)) if os.path.isdir(RUN) else set()


# ---- what each process said ----
first, second = agent(), agent()
ok(targets(f"--pid={first.pid}")[first.pid]["calls"] is None or status_files(), "targets: no count where no tracer runs")
spy = Spy(whole_host=True)
ok(until(lambda: str(spy.proc.pid) in status_files()) and os.stat(RUN).st_mode & 0o777 == 0o700 and
   os.stat(f"{RUN}/{spy.proc.pid}").st_mode & 0o777 == 0o600, "a tracer leaves its status, for root alone", status_files())
for i in range(3):
    first.say(f"call {i}")
second.say("only one")
second.stop()
row = until(lambda: (lambda r: r if r.get("calls") == 3 else None)(targets().get(first.pid, {})))
ok(row and row["status"] == "hookable" and row["bytes_sent"] > 300 and row["bytes_received"] > 300 and
   row["hosts"] == ["localhost"] and row["seconds_ago"] < WAIT, "targets: calls and bytes of a process", targets().get(first.pid))
row = until(lambda: (lambda r: r if r.get("calls") else None)(targets().get(second.pid, {}))) or {}
ok(row.get("status") == "ended" and row["calls"] == 1 and row["program"].startswith("python3"), "targets: one that has ended", row)
r = command("targets")
line = next((line for line in r.stdout.splitlines() if line.split()[:1] == [str(first.pid)]), "")
ok(line.split()[1] == "root" and line.split()[3:6] == ["✓", "OpenSSL", "3"] and line.endswith("localhost") and "CALLS" in r.stdout and
   all(len(line) <= 80 for line in r.stdout.splitlines()), "targets: as text", r.stdout)
spy.proc.send_signal(signal.SIGUSR1)
ok(until(lambda: "TRAFFIC OF" in spy.stderr()) and spy.proc.poll() is None, "SIGUSR1 shows the map so far", spy.stderr())
lines = [line for line in spy.stderr().splitlines() if f"[{first.pid}]" in line]
ok(any(line.split()[1:3] == ["3", "0"] and line.endswith("localhost") for line in lines), "it says how much each said", spy.stderr())

# Whatever it is called, and whatever it runs by now: it is one process, and has not ended.
odd = os.path.join(TMP, "é" * 40 + "x")
shutil.copy(PYTHON, odd)
os.environ["PYTHONHOME"] = "/usr"
odd = Talker(odd, "-c", CALLS, mock.url, mock.ca).expect("started")
del os.environ["PYTHONHOME"]
odd.say("call")


def rows_of(pid):
    return [row for row in map(json.loads, command("targets", "--format=jsonl").stdout.splitlines()) if row["pid"] == pid]


until(lambda: any(row["calls"] for row in rows_of(odd.pid)))
rows = rows_of(odd.pid)
ok([(row["status"], row["calls"]) for row in rows] == [("hookable", 1)], "targets: a program with a long name", rows)
odd.stop()
turned = Talker(PYTHON, "-c", CALLS.replace("for line in sys.stdin:", "for line in ['call']:") +
              "import os; os.execv('/bin/cat', ['cat'])", mock.url, mock.ca).expect("started").expect("done")
until(lambda: open(f"/proc/{turned.pid}/comm").read() == "cat\n" and any(row["calls"] for row in rows_of(turned.pid)))
rows = rows_of(turned.pid)
ok([(row["status"], row["program"], row["calls"]) for row in rows] == [("-", "cat", 1)], "targets: one that runs another program by now", rows)
turned.stop()
row = until(lambda: (lambda r: r if r.get("status") == "ended" else None)(targets().get(turned.pid, {})))
ok(row and row["calls"] == 1, "targets: until it has ended", row)

# What others leave there does no harm.
with open(f"{RUN}/{os.getpid()}", "w") as f:
    f.write('{"started": 1, "processes": 7')
with open(f"{RUN}/4194303", "w") as f:  # no process has such a number
    f.write("{}")
r = command("targets")
ok(r.returncode == 0 and "4194303" not in status_files() and f" {first.pid} " in r.stdout, "a damaged status is passed over, one left behind is removed",
   status_files(), r.stderr)
ok("could not read the status of 1 running tracer" in r.stderr, "and it says so", r.stderr)
os.unlink(f"{RUN}/{os.getpid()}")
r = command("targets")
ok("could not read" not in r.stderr, "not when there is none", r.stderr)
pid = spy.proc.pid
spy.stop()
first.stop()
ok(str(pid) not in status_files(), "the status is removed at the end", status_files())
lines = [line.split() for line in spy.stderr().splitlines() if line.startswith(" root ")]
ok(any(line[1].startswith("python3") and int(line[2]) >= 4 and line[-1] == "processes" for line in lines),
   "the summary says who made how many calls", spy.stderr())
ok("libssl.so" not in spy.stderr(), "and names no file that was hooked as it should be", spy.stderr())

spy = Spy("--pid", str(os.getpid()))
other = agent()
ok(until(lambda: str(spy.proc.pid) in status_files()) and targets().get(other.pid, {"calls": 0})["calls"] is None or len(status_files()) > 1,
   "targets: no count for whom no tracer looks at", targets().get(other.pid))
spy.proc.kill()
spy.proc.wait()
other.stop()
targets()
ok(str(spy.proc.pid) not in status_files(), "the status of a killed tracer is removed", status_files())

# A tracer that has no row for each says nothing of those without one.
with open("/proc/self/stat") as f:
    began = int(f.read().rpartition(")")[2].split()[19])
other = agent()
for more, calls in ((False, 0), (True, None)):
    with open(f"{RUN}/{os.getpid()}", "w") as f:
        json.dump({"started": began, "all": True, "more": more, "processes": [
            {"pid": other.pid, "processes": 1, "program": "before", "calls": 5, "others": 0, "sent": 1, "received": 1, "connections": 1,
             "opaque": 0, "last_ns": 1, "hosts": [], "more_hosts": False}], "unseen": []}, f)
    rows = [(row["status"], row["calls"]) for row in rows_of(other.pid)]
    ok(len(status_files()) > 1 or rows == [("hookable", calls), ("ended", 5)],
       f"targets: {calls} calls where there are {'' if more else 'no '}more; of one that had the number before, its own", rows)
other.stop()
os.unlink(f"{RUN}/{os.getpid()}")

# A disk that was full is tried again.
with open(f"{TMP}/full.sh", "w") as f:
    f.write('mount -t tmpfs -o size=4k,mode=700 none "$1" && head -c 4096 /dev/zero > "$1/filler" && shift && exec "$@"\n')
os.makedirs(RUN, 0o700, exist_ok=True)
try:
    spy = Spy("--pid", str(os.getpid()), via=["unshare", "-m", "sh", f"{TMP}/full.sh", RUN])
    inside = f"/proc/{spy.proc.pid}/root{RUN}"
    ok(until(lambda: f"to {RUN}: No space left" in spy.stderr()), "a status that cannot be written: it says so", spy.stderr())
    os.unlink(f"{inside}/filler")
    ok(until(lambda: os.path.exists(f"{inside}/{spy.proc.pid}")), "and is when it can be", os.listdir(inside))
    spy.stop()
except RuntimeError:
    skip("a full disk", "no mount namespace can be made")

# ---- QUIC ----
QUIC = """
import fcntl, socket, struct, sys
s = socket.socket()
fcntl.ioctl(s, 0x8914, struct.pack("16sh22x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: up, running
quic = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
quic.connect(("127.0.0.1", 443))
if sys.argv[1] == "tls":
    import ssl
print("started", flush=True)
sys.stdin.readline()
"""
for kind, status in (("none", "blind?"), ("tls", "partly")):
    try:
        quic = Talker("unshare", "-n", PYTHON, "-c", QUIC, kind).expect("started")
    except RuntimeError:
        skip("QUIC", "no network namespace can be made")
        continue
    row = targets().get(quic.pid, {})
    ok(row.get("status") == status and row["udp_connections"] == 1 and row["connections"] == 0 and "QUIC" in row["reason"] and
       "--disable-quic" in row["remedy"] and bool(row["tls"]) == (kind == "tls"), f"targets: QUIC, {status}", row)
    spy = Spy(f"--pid={quic.pid}", "--strict")
    spy.stop()
    ok(spy.proc.returncode == 4 and f"[{quic.pid}]: it has UDP connections" in spy.stderr() and "--disable-quic" in spy.stderr(),
       f"--strict: QUIC, {status}", spy.proc.returncode, spy.stderr())
    quic.stop()

CHROMIUM = "/usr/lib/chromium/chromium"
HOST = """
import fcntl, os, socket, struct, subprocess, sys
s = socket.socket()
fcntl.ioctl(s, 0x8914, struct.pack("16sh22x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: up, running
silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
silent.bind(("127.0.0.1", 443))
subprocess.run(sys.argv[1:], timeout=20, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
"""
if AGENTS and os.path.exists(CHROMIUM):
    host = subprocess.Popen(["unshare", "-n", PYTHON, "-c", HOST, CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu",
                             "--disable-dev-shm-usage", f"--user-data-dir={TMP}/chromium", "--enable-quic",
                             "--origin-to-force-quic-on=model.test:443", "--host-resolver-rules=MAP model.test 127.0.0.1",
                             "--timeout=9000", "--dump-dom", "https://model.test/"])
    row = until(lambda: next((r for r in targets().values() if r["program"] == "chromium" and r["udp_connections"]), None))
    ok(row and row["status"] == "partly" and row["tls"][0]["implementation"] == "BoringSSL" and "QUIC" in row["reason"],
       "targets: QUIC, Chromium", row)
    host.wait()

# ---- programs that connect and end between two looks ----
SHORT = """
import fcntl, socket, struct, sys, time
if sys.argv[1] == "tls":
    import ssl
s = socket.socket()
fcntl.ioctl(s, 0x8914, struct.pack("16sh22x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: up, running
server = socket.create_server(("127.0.0.1", 443))
client = socket.create_connection(("127.0.0.1", 443))
time.sleep(0.2)
client.close()
print("started", flush=True)
sys.stdin.readline()
"""
spy = Spy("--strict", "--debug", may_be_blind=True)
until(lambda: (time.time() - os.stat(spy.err).st_mtime) > 6)  # what is installed has been searched and hooked
short = {}
for kind in ("none", "tls"):
    try:
        short[kind] = Talker("unshare", "-n", PYTHON, "-c", SHORT, kind).expect("started")
        short[kind].stop()
    except RuntimeError:
        pass
if len(short) < 2:
    skip("short programs", "no network namespace can be made")
    spy.stop()
else:
    row = until(lambda: targets().get(short["none"].pid))
    ok(row and row["status"] == "ended" and "no TLS implementation that llm-spy knows" in row["reason"] and row["remedy"],
       "targets: one that was blind and has ended", row)

    def joined():
        Talker("unshare", "-n", PYTHON, "-c", SHORT, "none").expect("started").stop()
        rows = map(json.loads, command("targets", "--format=jsonl").stdout.splitlines())
        return next((r for r in rows if r["pid"] is None and r["processes"] > 3), None)

    row = until(joined)
    ok(row and row["status"] == "ended" and row["program"].startswith("python3") and "no TLS implementation that llm-spy knows" in row["reason"],
       "targets: several of one program are one", row)
    spy.stop()
    ok(spy.proc.returncode == 4 and " processes): it has connections to port 443" in spy.stderr(),
       "--strict: a short connection between two looks is noticed", spy.proc.returncode, spy.stderr())
    ok(f"[{short['tls'].pid}]" not in spy.stderr(), "but of one with TLS nothing is said", spy.stderr())


# ---- a guess that yields noise ----
class NoiseServer:
    """Answers each connection with noise, or as it should if that is asked for in HTTP."""

    def __init__(self):
        key, cert, self.ca = certificates(TMP)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(cert, key)
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            conn, _ = self.sock.accept()
            with self.context.wrap_socket(conn, server_side=True) as tls:
                asked = tls.recv(1024)
                plain = asked.startswith(b"GET ")
                tls.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n" if plain else os.urandom(1024))


def build(name):
    path = os.path.join(TMP, name)
    cc = subprocess.run(["cc", "-static", "-s", "-o", path, os.path.join(SRC, "tests/e2e/noiseclient.c"), "-lssl", "-lcrypto"],
                        capture_output=True, text=True)
    return None if cc.returncode else path


noisy, mixed = build("noisy"), build("mixed")
if not noisy:
    skip("noise", "a static program cannot be built here")
else:
    with open(mixed, "ab") as f:
        f.write(b"\n")  # a file of its own
    server = NoiseServer()
    spy = Spy("--debug", may_be_blind=True)
    a, b = (Talker(path, str(server.port), server.ca) for path in (noisy, mixed))
    ok(until(lambda: all(f"attach: {path}: OpenSSL by strings" in spy.stderr() for path in (noisy, mixed))),
       "two programs whose TLS is found by a guess", spy.stderr())
    b.say("plain")
    for _ in range(7):
        a.say("noise")
    for _ in range(20):
        b.say("noise")
    ok(until(lambda: connections(spy, a) == 7 and connections(spy, b) == 21), "all of it was seen", connections(spy, a),
       connections(spy, b))
    ok("not plaintext" not in spy.stderr(), "seven connections of noise are not enough", spy.stderr())
    for _ in range(3):
        a.say("noise")
    given_up = until(lambda: f"{noisy} (OpenSSL by strings): detached: its TLS library was a guess" in spy.stderr())
    ok(given_up, "one that yields nothing but noise is reported", spy.stderr())
    row = until(lambda: (lambda r: r if r.get("status") == "blind" else None)(targets().get(a.pid, {}))) or targets().get(a.pid, {})
    ok(row.get("status") == "blind" and "noise" not in row["tls"] and "not plaintext" in row["reason"], "targets: it counts as blind", row)
    # Another file of that name, as in another container.
    third = build("third")
    try:
        hidden = Talker("unshare", "-m", "sh", "-c", 'mount --bind "$1" "$2" && exec "$2" "$3" "$4"', "sh", third, noisy, str(server.port), server.ca)
        hidden.say("plain")
        rows = targets()
        ok(rows.get(hidden.pid, {}).get("status") == "hookable" and rows[hidden.pid]["tls"][0]["file"] == noisy and rows[a.pid]["status"] == "blind",
           "targets: not what has that name elsewhere", rows.get(hidden.pid))
        hidden.stop()
    except (RuntimeError, BrokenPipeError):
        skip("another file of that name", "no mount namespace can be made")
    before = row.get("bytes_sent")
    for _ in range(5):
        a.say("noise")
        b.say("noise")
    ok(until(lambda: connections(spy, b) == 26), "five more connections of each", connections(spy, b))
    row = targets().get(a.pid, {})
    ok(row.get("bytes_sent") == before, "and is detached", before, row)
    # One user's noise does not keep another from being seen.
    shared = build("shared")
    root = Talker(shared, str(server.port), server.ca)
    until(lambda: f"attach: {shared}: OpenSSL by strings" in spy.stderr())
    for _ in range(10):
        root.say("noise")
    ok(until(lambda: targets().get(root.pid, {}).get("status") == "blind"), "one that has one user is given up for his noise", spy.stderr())
    other = Talker("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", shared, str(server.port), server.ca)
    ok(until(lambda: targets().get(root.pid, {}).get("status") == "hookable"), "and tried again for another user", targets().get(root.pid))
    before = connections(spy, root)
    for _ in range(12):
        root.say("noise")
    ok(until(lambda: connections(spy, root) >= before + 12), "his connections are seen", before, connections(spy, root))
    ok(targets().get(root.pid, {}).get("status") == "hookable", "then one user's noise is not enough", spy.stderr())
    other.say("plain")
    for _ in range(5):
        b.say("noise")
    b.say("plain")
    spy.wait_for(4)
    for talker in (a, b, root, other):
        talker.stop()
    every = spy.stop()
    ok([r["process"]["pid"] for r in every if r["process"]["exe"] == shared] == [other.pid], "the other user's call is seen", every)
    records = [r for r in every if r["process"]["exe"] == mixed]
    ok(f"not hooked: {noisy}: detached" in spy.stderr(), "the summary says so", spy.stderr())
    ok(f"hooked {mixed} (OpenSSL by strings)" in spy.stderr() and f"{mixed} (OpenSSL by strings): detached" not in spy.stderr() and
       [r["http"]["target"] for r in records] == ["/plain", "/plain"], "one that was plain once stays hooked", records, spy.stderr())

# Root that may not become nobody searches no file.
bound = ["setpriv", "--bounding-set", "-setuid,-setgid,-dac_read_search,-dac_override"]
r = subprocess.run([*bound, SPY, "doctor"], capture_output=True, text=True, timeout=WAIT)
ok(r.returncode == 3 and "FAIL  user 0, lacks CAP_DAC_READ_SEARCH, CAP_SETGID, CAP_SETUID\n" in r.stdout,
   "doctor: the capabilities to search files", r.stdout, r.stderr)
r = subprocess.run([*bound, SPY, "targets"], capture_output=True, text=True, timeout=WAIT,
                   env={**os.environ, "XDG_CACHE_HOME": TMP + "/empty"})
ok(r.stderr.count("no file can be scanned for TLS: ") == 1 and "Operation not permitted" in r.stderr and "scanning " not in r.stderr,
   "targets: why no file is searched, once", r.stderr)
r = subprocess.run(["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /sys/bus && exec "$0" doctor', SPY], capture_output=True, text=True, timeout=WAIT)
if "uprobes: " not in r.stdout:
    skip("doctor without /sys", "no mount namespace can be made")
else:
    ok(("uprobes: no; uprobe_multi: yes\n      -> --pid does not work" in r.stdout and r.returncode == 0) or
       ("uprobe_multi: no" in r.stdout and r.returncode == 3), "doctor: single uprobes need /sys", r.stdout)
r = command("doctor", "-v")
ok(r.returncode == 0 and all(name in r.stdout for name in ("tcp_rcv_space_adjust: ", "sock_send_length: ", "inet_sock_set_state: ",
                                                           "sys_exit: ")), "doctor tries the tracepoints", r.stdout)

mock.stop()
done()
