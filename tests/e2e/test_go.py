#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Programs that bring Go's crypto/tls, built here by $GO (go): with symbols, stripped, and position
independent, against the mock provider and, for HTTP/2 and for TLS inside TLS, a server in Go. One with a fork of
crypto/tls beside, made of the compiler's own; with LLM_SPY_AGENTS=1 (scripts/check --agents) a published one:
uTLS in a shared library for Python, and a program whose names garble made up."""
import glob
import json
import shlex
import subprocess

from agents import AGENTS, BESIDE, CACHE, is_there
from packages import wheel
from spy import *

GO = os.environ.get("GO", "go")
BUILDS = {"plain": [], "stripped": ["-ldflags=-s -w"], "pie": ["-buildmode=pie"],
          "stripped pie": ["-buildmode=pie", "-ldflags=-s -w"]}
THOROUGH = ("plain", "stripped pie")

need_tracing()
if not shutil.which(GO):
    skip_all("no Go compiler: apt-get install golang-go")


def build(name, flags, source="client.go"):
    """No cgo: then it needs no C compiler, and takes the way of Go's own linker."""
    path = os.path.join(TMP, "go-" + name.replace(" ", "-"))
    env = {**os.environ, "CGO_ENABLED": "0", "GO111MODULE": "off", "GOTOOLCHAIN": "local", "GOFLAGS": "",
           "GOCACHE": os.environ.get("GOCACHE") or os.path.join(TMP, "cache"), "HOME": TMP}
    subprocess.run([*BESIDE, GO, "build", *flags, "-o", path, os.path.join(SRC, "tests/e2e/go", source)], check=True, env=env)
    return path


class Server(Mock):
    def __init__(self, program):
        self.ca = os.path.join(TMP, "ca-" + os.path.basename(program))
        self.proc = subprocess.Popen([program, "serve", self.ca], stdout=subprocess.PIPE, text=True)
        self.port = int(self.proc.stdout.readline().split()[1])
        self.url = f"https://localhost:{self.port}"


def run(program, mode, server, *proxy):
    out = tempfile.NamedTemporaryFile(dir=TMP, delete=False).name
    roots = out + ".roots"
    with open(roots, "w") as f:
        f.writelines(open(s.ca).read() for s in (server, *proxy))
    subprocess.run([program, mode, server.url, roots, out, *(s.url for s in proxy)], check=True, timeout=WAIT)
    return notes(out)


def of_program(records, program):
    return [r for r in of_client(records) if r["process"]["name"] == os.path.basename(program)]


def check_quiet(what, spy):
    """Nothing lost, and no return without its entry: each call was seen once."""
    text = spy.stderr()
    ok("(Go crypto/tls by pclntab)" in text and "nothing was missed" in text, f"{what}: nothing is missed", text)


def one(what, program, mode, server, *proxy):
    # Of this program alone, as client and as server: what else runs on the host is none of this.
    spy = Spy("--debug", "--libssl", program, "--comm", os.path.basename(program)[:15])
    noted = run(program, mode, server, *proxy)
    spy.wait_for(len(noted) if server is mock else 2 * len(noted))
    records = of_program(spy.stop(), program)
    compare(f"{what}: {mode}", [r for r in records if r["http"]["method"] != "CONNECT"], noted)
    ok(not any(r["connection"]["from_middle"] for r in records), f"{what}: {mode}: seen from the handshake on",
       json.dumps(records[:1]))
    check_quiet(f"{what}: {mode}", spy)
    return records


def check_closed_under_write(program, server):
    """The connection ends when Write has returned, though it wrote more than one program of the kernel sends."""
    spy = Spy("--libssl", program, "--comm", os.path.basename(program)[:15])
    client = subprocess.Popen([program, "closed", server.url, server.ca, os.devnull], stdout=subprocess.PIPE, text=True,
                              env={**os.environ, "LINGER": "1h"})
    started.append(client)
    written = int(client.stdout.readline())
    # Its server's is another one, and may end later.
    seen = until(lambda: of_program(spy.records(), program), WAIT)
    client.kill()
    records = of_program(spy.stop(), program)
    ok(written > 1 << 20 and seen, "Go: closed while it writes: the connection ends", written, spy.stderr())
    ok([(r["request"]["body"]["captured"], r["complete"]) for r in records] == [(written, False)],
       f"Go: closed while it writes: {written} bytes that were written", records)


class Later:
    """A server in Go, then a client of it, then one with OpenSSL, each when told: the command of a tracer."""

    def __init__(self, program, trace, linger="0s"):
        self.dir = tempfile.mkdtemp(dir=TMP)
        self.out, self.other = self.path("out"), self.path("other")
        wait = "while [ ! -e %s ]; do sleep 0.05; done\n"
        script = (f"export LINGER={linger}\n" + wait % self.path("1") +
                  "%s serve %s >%s &\n" % (program, self.path("ca"), self.path("port")) +
                  wait % self.path("2") + "%s http2 https://localhost:$(cut -d' ' -f2 %s) %s %s\nkill $!\n" % (
                      program, self.path("port"), self.path("ca"), self.out) +
                  shlex.join((PYTHON, CLIENT, "kinds", mock.url, mock.ca, self.other)))
        self.spy = trace("sh", "-c", script)

    def path(self, name):
        return os.path.join(self.dir, name)

    def go(self, which, happened):
        open(self.path(which), "w").close()
        until(happened)

    def finish(self):
        self.go("2", lambda: self.spy.proc.poll() is not None)
        return self.spy.records()


def compiler_of(tracer):
    """The process of this tracer that starts compilers: not those that it started."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as f:
                name, fields = f.read().split("(", 1)[1].rsplit(")", 1)
        except OSError:
            continue
        if name == "llm-spy-compile" and int(fields.split()[1]) == tracer:
            return int(pid)


def with_new_cache(*args, **kw):
    """A tracer that has never run here."""
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(dir=TMP)
    try:
        return Spy(*args, **kw)
    finally:
        os.environ.pop("XDG_CACHE_HOME")
        if before:
            os.environ["XDG_CACHE_HOME"] = before


def without_compiler(*command):
    """A tracer of a command whose compiler ended before the probes for Go were ordered, which is right after it is
    ready: it looks at no program before but those that the command's file names."""
    while True:
        spy = with_new_cache("--debug", "--", *command, ready=False)
        while "probe CORE:" not in spy.stderr():
            time.sleep(0.001)
        os.kill(spy.proc.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, spy.proc.pid, os.WSTOPPED | os.WNOWAIT)
        early = "ready:" not in spy.stderr()
        if early:
            os.kill(compiler_of(spy.proc.pid), signal.SIGKILL)
        os.kill(spy.proc.pid, signal.SIGCONT)
        until(lambda: "ready:" in spy.stderr())
        if early:
            return spy
        spy.stop()


def check_later(program, what):
    later = Later(program, lambda *command: Spy("--debug", "--", *command))
    later.go("1", lambda: "Go crypto/tls by pclntab" in later.spy.stderr())
    records = later.finish()
    text = later.spy.stderr()
    ok("probe GO: " in text, f"{what}: the probes for Go come when the command starts such a program", text)
    compare(what, records, notes(later.out) + notes(later.other))


def check_no_compiler(program):
    """A group that cannot be compiled is missed by those who need it alone."""
    later = Later(program, without_compiler)
    later.go("1", lambda: f"{program} is not hooked" in later.spy.stderr())
    records = later.finish()
    text = later.spy.stderr()
    ok(f"{program} is not hooked: Go crypto/tls: the probe compiler has ended" in text, "without a compiler, it is said", text)
    ok("its TLS (Go crypto/tls) could not be hooked" in text, "and who speaks past it is blind", text)
    compare("without a compiler", records, notes(later.other))


def overlay():
    """What makes the compiler believe that it has a second crypto/tls of another name, with a UConn."""
    root = subprocess.check_output([GO, "env", "GOROOT"], text=True).strip()
    fork, copies = os.path.join(root, "src/crypto/tls/utls"), tempfile.mkdtemp(dir=TMP)
    own = [f for f in glob.glob(os.path.join(root, "src/crypto/tls/*.go")) if not f.endswith("_test.go")]
    for path in (*own, os.path.join(SRC, "tests/e2e/go/uconn.go")):
        with open(path) as f, open(os.path.join(copies, os.path.basename(path)), "w") as copy:
            copy.write(f.read().replace("\npackage tls\n", "\npackage utls\n"))
    table = os.path.join(TMP, "overlay.json")
    with open(table, "w") as f:
        json.dump({"Replace": {os.path.join(fork, n): os.path.join(copies, n) for n in os.listdir(copies)}}, f)
    return table


def forks():
    try:
        return build("forks", ["-ldflags=-s -w", "-overlay", overlay()], "forks.go")
    except subprocess.CalledProcessError:
        return None


def check_forks(program):
    if not program:
        return skip("a fork of crypto/tls", "this Go cannot make one of its own")
    out = tempfile.NamedTemporaryFile(dir=TMP, delete=False).name
    spy = Spy("--debug", "--libssl", program)
    subprocess.run([program, mock.url, mock.ca, out], check=True, timeout=WAIT)
    spy.wait_for(len(notes(out)))
    records = of_program(spy.stop(), program)
    text = spy.stderr()
    compare("forks", records, notes(out))
    ok("(Go crypto/tls and its fork by pclntab)" in text and "nothing was missed" in text, "forks: nothing is missed", text)
    ok(not any(r["connection"]["from_middle"] for r in records), "forks: seen from the handshake on")
    told = [json.dumps(r["request"]["messages"]) for r in records]
    ok(all(sum(name in t for t in told) == 18 for name in ("crypto/tls", "the fork", "its UConn")),
       "forks: each call of each kind is seen once", len(told))


def check_utls(folder):
    """A shared library made by Go, in a Python that knows nothing of it."""
    if not is_there(folder, "tls_client"):
        return
    script = """import hashlib, json, sys
import tls_client
url, out = sys.argv[1:]
for i in range(2):
    session = tls_client.Session(client_identifier="chrome_120")
    for stream, size in ((False, 10), (True, 10), (False, 300000)):
        body = json.dumps({"model": "gpt-4o", "stream": stream, "messages": [{"role": "user", "content": "x" * size}]})
        got = session.post(url + "/v1/chat/completions?chunks=10&delay_ms=2", data=body, insecure_skip_verify=True,
                           headers={"content-type": "application/json"}).content
        with open(out, "a") as f:
            f.write(json.dumps({"sent": hashlib.sha256(body.encode()).hexdigest(),
                                "received": hashlib.sha256(got).hexdigest()}) + "\\n")
"""
    out = tempfile.NamedTemporaryFile(dir=TMP, delete=False).name
    spy = Spy("--debug", "--libssl", glob.glob(os.path.join(folder, "tls_client/dependencies/*-amd64.so"))[0])
    subprocess.run([PYTHON, "-c", script, mock.url, out], check=True, timeout=WAIT, env={**os.environ, "PYTHONPATH": folder})
    spy.wait_for(len(notes(out)))
    records = of_client(spy.stop())
    compare("uTLS in Python", records, notes(out))
    ok("nothing was missed" in spy.stderr(), "uTLS in Python: nothing is missed", spy.stderr())


def garbled():
    """client.go by garble, which is fetched and built too; None where it is not to be had."""
    tool, folder = os.path.join(CACHE, "garble-0.16.0"), tempfile.mkdtemp(dir=TMP)
    env = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "", "GOBIN": tool,
           "GOCACHE": os.environ.get("GOCACHE") or os.path.join(CACHE, "go-build")}
    shutil.copy(os.path.join(SRC, "tests/e2e/go/client.go"), folder)
    with open(os.path.join(folder, "go.mod"), "w") as f:
        f.write("module garbled\ngo 1.21\n")
    try:
        if not os.path.exists(os.path.join(tool, "garble")):
            subprocess.run([*BESIDE, GO, "install", "mvdan.cc/garble@v0.16.0"], check=True, env=env, timeout=900, cwd=TMP)
        path = os.path.join(TMP, "go-garbled")
        subprocess.run([*BESIDE, os.path.join(tool, "garble"), "build", "-o", path, "."], check=True, env=env, timeout=900, cwd=folder)
        return path
    except (OSError, subprocess.SubprocessError) as e:
        print("#", str(e).replace("\n", " "))
        return None


def check_garbled(program):
    if not is_there(program, "garble"):
        return
    server = Server(program)
    for mode, peer in (("http1", mock), ("many2", server)):
        spy = Spy("--debug", "--libssl", program, "--comm", os.path.basename(program)[:15])
        noted = run(program, mode, peer)
        spy.wait_for(len(noted) if peer is mock else 2 * len(noted))
        compare(f"garbled: {mode}", of_program(spy.stop(), program), noted)
        ok("(Go crypto/tls by its methods)" in spy.stderr() and "nothing was missed" in spy.stderr(),
           f"garbled: {mode}: nothing is missed", spy.stderr())
    server.stop()


programs = {name: build(name, flags) for name, flags in BUILDS.items()}
forked = forks()
if AGENTS:
    fetched, unnamed = wheel("tls_client", "2.0.0"), garbled()
need_root()
mock = Mock()
check_forks(forked)
if AGENTS:
    check_utls(fetched)
    check_garbled(unnamed)
for name, program in programs.items():
    server = Server(program)
    for mode, peer in (("http1", mock), ("http2", server), ("many1", mock), ("many2", server)):
        if mode.startswith("many") and name not in THOROUGH:
            continue
        records = one(name, program, mode, peer)
        spoken = {r["connection"]["protocol"] for r in records}
        ok(spoken == {"http/2" if mode[-1] == "2" else "http/1.1"}, f"{name}: {mode}: the protocol is as wanted", spoken)
    if name in THOROUGH:
        one(name, program, "stack", mock)
        one(name, program, "proxy", mock, server)
        check_closed_under_write(program, server)
    server.stop()
os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(dir=TMP)
check_later(program, "cold")
check_later(program, "warm")
check_no_compiler(program)

mock.stop()
done()
