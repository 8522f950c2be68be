#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every command that README and the man page's EXAMPLES give is run: by root, and by an ordinary user who calls sudo where it
says so. Each has a driver here; one without fails the test. And scripts/make-picture draws a picture."""
import glob
import http.server
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import threading
import xml.etree.ElementTree

from spy import BUILD, MOCK, SPY, SRC, TMP, WAIT, Mock, done, need_root, ok, skip, started, until
from person import USER, Person

need_root()

# ---- the commands ----


def of_readme():
    """Of blocks of commands, and of what stands in backquotes and begins as a command does."""
    with open(os.path.join(SRC, "README.md")) as f:
        text = f.read()
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S):
        for line in block.splitlines():
            yield re.sub(r"\s+# .*", "", line) if not line.startswith("#") else ""
    for span in re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)):
        if re.match(r"(sudo |llm-spy |\./)", span) and "…" not in span and "COMMAND" not in span:
            yield span.replace("\\|", "|")


def of_man():
    with open(os.path.join(SRC, "man", "llm-spy.8")) as f:
        text = f.read()
    for line in re.findall(r"^\.Dl [$#] (.*)$", text[text.index(".Sh EXAMPLES"):text.index(".Sh OVERHEAD")], re.M):
        yield line.replace(r"\-", "-").replace(r"\e", "\\").replace(r"\&", "")


found = [c for c in dict.fromkeys([*of_readme(), *of_man()]) if c]
ok(len(found) > 25, f"README and the man page have {len(found)} commands")

# What cannot be run here, and where it is.
ELSEWHERE = {
    "sudo ./scripts/quickstart": "installs packages: by hand, on a fresh host",
    "./autogen.sh && ./configure && make && make check && sudo make install": "scripts/check does that",
    "sudo ./scripts/check": "this test is a part of it",
    "sudo make -C build bench": "measures for minutes",
    "./configure": "scripts/check runs it",
    "llm-spy --proxy -- java -jar agent.jar": "needs an agent in Java: tests/e2e/test_proxy.py runs others by the proxy",
    "sudo llm-spy --proxy=transparent -- ./agent": "needs llm-spy-proxy beside it: tests/e2e/test_transparent.py",
    "llm-spy replay-server -r calls.spy": "serves until it is ended: tests/unit/test_replay_server.py",
    "llm-spy serve -r calls.db": "serves until it is ended: tests/unit/test_serve.py",
    "sudo llm-spy -o text -o otlp:http://127.0.0.1:4318": "needs a receiver of telemetry: tests/unit/test_otlp.py has one",
}
# How the others are driven: the first that matches.
DRIVERS = (
    (r"^sudo make -C build (un)?install$", "make"),
    (r" -- ", "command"),
    (r"^llm-spy .*-r |^(sudo )?llm-spy (targets|doctor|help|config)\b|^llm-spy --help|^sqlite3 ", "once"),
    (r"^sudo llm-spy\b", "live"),
)
# What they show depends on what there is; they have to run and to end well.
QUIET = r"--(grep|min-cost|slow|since|container|unit) | search "


def driver_of(command):
    return next((name for pattern, name in DRIVERS if re.search(pattern, command)), None)


def place(command):
    """What is recorded is there before it is replayed."""
    return (" -w " not in command and "-o sqlite:" not in command, found.index(command))


# ---- traffic ----

class Plain(http.server.BaseHTTPRequestHandler):
    """A local model, without TLS."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"id":"x","object":"chat.completion","model":"gpt-4o","choices":[{"index":0,"message":{"role":"assistant","content":"plain"},"finish_reason":"stop"}]}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def plain_server():
    for port in (11434, 8000, 8080, 5000, 1234):
        try:
            server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Plain)
        except OSError:
            continue
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{port}/v1"
    return None


class Stage:
    """Where commands are typed: by root in a folder, or by the person at home."""

    def __init__(self, me, by_root):
        self.me, self.by_root = me, by_root
        self.how = me.who()
        if by_root:
            self.home = os.path.join(TMP, "root")
            os.mkdir(self.home, 0o700)
            self.how = {"cwd": self.home, "env": {**me.env, "HOME": self.home, "USER": "root", "LOGNAME": "root"}}
            for name in ("agent", "agent.py"):
                shutil.copy(os.path.join(me.home, name), self.home)
        else:
            self.home = me.home

    def line(self, command):
        command = command.replace("alice", USER)
        return re.sub(r"\bsudo ", "", command) if self.by_root else command.replace("sudo ", "sudo -n ")

    def popen(self, command, out, err):
        return subprocess.Popen(["bash", "-c", "set -o pipefail; " + self.line(command)], stdin=subprocess.DEVNULL, stdout=out,
                                stderr=err, start_new_session=True, **self.how)

    def ask(self, **env):
        """The agent, once, or in the background with LOOP."""
        how = {**self.me.who(), "env": {**self.me.env, **env}}
        argv = [os.path.join(self.me.venv, "bin/claude")]
        if "LOOP" not in env:
            return subprocess.run(argv, capture_output=True, timeout=WAIT, **how)
        proc = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **how)
        started.append(proc)
        return proc

    def traffic(self):
        self.ask()
        self.ask(TOOLS="1")
        self.ask(QUERY="?status=429")
        if plain:
            self.ask(OPENAI_BASE_URL=plain)


def files_of(stage, command):
    """Those that the command writes."""
    names = re.findall(r"-w (\S+)|(?:-o )(?:\w+:)?([^\s,]+)", command.split(" -- ")[0])
    return [os.path.join(stage.home, a or b) for a, b in names if (a or b) not in ("text", "-")]


def holds(path):
    """Calls, and not only what a file begins with."""
    if not os.path.exists(path):
        return False
    if path.endswith(".db"):
        try:
            return sqlite3.connect(f"file:{path}?mode=ro", uri=True).execute("SELECT count(*) FROM call").fetchone()[0] > 0
        except sqlite3.Error:
            return False
    return os.path.getsize(path) > (1000 if path.endswith(".spy") else 0)


def written(stage, command, out):
    """Where the command has shown something: its standard output, or its files."""
    return [path for path in (out, *files_of(stage, command)) if holds(path)]


def end_tracers(session):
    """Ctrl-C for llm-spy alone: what reads from it ends with its output."""
    for path in glob.glob("/proc/[0-9]*/exe"):
        pid = int(path.split("/")[2])
        try:
            if os.path.basename(os.readlink(path)) == "llm-spy" and os.getsid(pid) == session:
                os.kill(pid, signal.SIGINT)
        except OSError:
            pass


# ---- drivers ----

def drive_live(stage, command, out, err):
    """Calls are made until the command shows them, or one round after it is ready."""
    loop = stage.ask(LOOP="1") if "PID" in command else None
    proc = stage.popen(command.replace("PID", str(loop.pid)) if loop else command, out, err)

    def is_ready():
        return re.search(r"ready|watching", open(err.name).read()) or proc.poll() is not None

    def seen():
        ready = is_ready()
        stage.traffic()
        return ready or written(stage, command, out.name)
    if " -w " in command:  # other examples look at its first call
        until(is_ready)
    until(seen)
    if "|" not in command and not re.search(QUIET, command):
        until(lambda: proc.poll() is not None or written(stage, command, out.name))
    stage.traffic()  # once more, so that there is some of each kind
    early = proc.poll()
    end_tracers(proc.pid)
    code = proc.wait(timeout=WAIT)
    if loop:
        loop.kill()
        loop.wait()
    return early is None and code == 0 and (re.search(QUIET, command) or written(stage, command, out.name))


def drive_command(stage, command, out, err):
    code = stage.popen(command, out, err).wait(timeout=WAIT)
    return code == 0 and "hello from" in open(out.name).read() + open(err.name).read()


def drive_once(stage, command, out, err):
    code = stage.popen(command, out, err).wait(timeout=WAIT)
    return code == 0 and (re.search(QUIET, command) or written(stage, command, out.name))


def drive_make(stage, command, out, err):
    """Below a folder of our own, by root."""
    target, root = command.split()[-1], os.path.join(TMP, "installed")
    code = subprocess.run(["make", "-C", BUILD, target, f"DESTDIR={root}"], stdout=out, stderr=err).returncode
    files = sorted(os.path.basename(p) for p in glob.glob(root + "/**", recursive=True) if os.path.isfile(p))
    proxy = ["llm-spy-proxy"] if os.path.exists(os.path.join(BUILD, "llm-spy-proxy")) else []
    wanted = ["_llm-spy", "llm-spy", "llm-spy", "llm-spy-mock", *proxy, "llm-spy.8", "llm-spy.fish", "llm-spy.service"] \
        if target == "install" else []
    return code == 0 and files == wanted


def drive(stage, command):
    who = "root" if stage.by_root else "a user with sudo"
    name = driver_of(command)
    with open(os.path.join(TMP, "out"), "w") as out, open(os.path.join(TMP, "err"), "w") as err:
        good = globals()["drive_" + name](stage, command, out, err)
    ok(good, f"{who}: {command}", open(out.name, errors="replace").read()[-2000:], open(err.name, errors="replace").read()[-2000:])


for command in found:
    ok(command in ELSEWHERE or driver_of(command), f"there is a driver for {command}")
    if command in ELSEWHERE:
        skip(command, ELSEWHERE[command])
ok(set(ELSEWHERE) <= set(found), "and each of those that are run elsewhere is still given", set(ELSEWHERE) - set(found))

programs = os.path.join(TMP, "bin")
os.mkdir(programs, 0o755)
for program in (SPY, MOCK):
    shutil.copy(program, programs)
mock, plain = Mock(), plain_server()
missing = [tool for tool in ("sudo", "useradd", "jq", "sqlite3") if not shutil.which(tool)]
if missing:
    skip("the commands", "not installed: " + ", ".join(missing))
else:
    with Person(mock, programs) as me:
        for name in ("venv/bin/claude", "agent", "agent.py"):
            me.program(name)
        for by_root in (False, True):
            stage = Stage(me, by_root)
            for command in sorted((c for c in found if c not in ELSEWHERE and driver_of(c)), key=place):
                drive(stage, command)

# ---- the picture ----
try:
    import pyte  # noqa: F401
except ImportError:
    skip("the picture", "python3-pyte is not installed")
else:
    path = os.path.join(TMP, "screen.svg")
    r = subprocess.run([os.path.join(SRC, "scripts/make-picture"), os.path.abspath(BUILD), path], capture_output=True, text=True, timeout=600)
    if ok(r.returncode == 0, "scripts/make-picture draws", r.stderr):
        drawn = xml.etree.ElementTree.parse(path).getroot()
        said = "\n".join("".join(e.itertext()) for e in drawn.iter()).replace("\xa0", " ")
        ok(all(word in said for word in ("agent.py", "claude-sonnet-4-5", "make check", "cached", "$0.00", "rate_limit_exceeded")),
           "what the agent did, and what it cost", said)
        ok(len({e.get("fill") for e in drawn.iter()}) > 6, "in colours")
    with open(os.path.join(SRC, "doc/screen.svg")) as f:
        ok("agent.py" in f.read(), "doc/screen.svg is such a picture")
mock.stop()
done()
