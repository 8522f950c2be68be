# SPDX-License-Identifier: MIT
"""What the end-to-end tests share: the mock provider, the tracer, TAP. Only loopback is touched.

One test file runs at a time on a host, since tracers slow down each other's programs, and its processes are in a
cgroup of their own: a tracer that is not meant to see the whole host sees these alone."""
import atexit
import fcntl
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

SRC = os.environ.get("srcdir", ".")
BUILD = os.environ.get("builddir", ".")
sys.path.insert(0, os.path.join(SRC, "tests", "lib"))
import record_schema  # noqa: E402
from tap import done, ok, skip, skip_all  # noqa: E402

SPY = os.path.abspath(os.path.join(BUILD, "llm-spy"))
MOCK = os.path.abspath(os.path.join(BUILD, "llm-spy-mock"))
CLIENT = os.path.abspath(os.path.join(SRC, "tests/e2e/client.py"))
PYTHON = "/usr/bin/python3"
SECRET = "FAKESECRET"
LAG = os.environ.get("LLM_SPY_LAG") == "1"  # stop tracers again and again, to find what depends on their haste
WAIT = 120  # seconds that an event may take, on a host that does much else

TMP = tempfile.mkdtemp(prefix="llm-spy-e2e-")
os.chmod(TMP, 0o755)
started = []
cgroup = None  # the directory of our own

# What was started in the background of a script ignores some signals, and so would all that it starts.
for s in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
    if signal.getsignal(s) == signal.SIG_IGN:
        signal.signal(s, signal.SIG_DFL)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # of a timeout: what atexit does is done


@atexit.register
def leave_nothing():
    """A test that breaks off leaves no tracer behind, which the next one would see."""
    for proc in started:
        if proc.poll() is None:
            proc.kill()
    leave_cgroup()
    shutil.rmtree(TMP, ignore_errors=True)


# ---- one at a time, and apart from others ----

LOCK = "/run/llm-spy-tests.lock"
HELD = "LLM_SPY_TESTS_HELD"  # lock and cgroup of a test that began again with exec


def take_lock():
    lock = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def cgroup_here():
    """The directory of the cgroup (v2) that this process is in."""
    with open("/proc/self/cgroup") as f:
        path = next((line[3:].strip() for line in f if line.startswith("0::")), None)
    with open("/proc/self/mounts") as f:
        top = next((fields[1] for fields in map(str.split, f) if fields[2] == "cgroup2"), None)
    if path is None or top is None:
        raise OSError("there is no cgroup v2")
    return top + path.rstrip("/")


def join(directory):
    with open(os.path.join(directory, "cgroup.procs"), "w") as f:
        f.write(str(os.getpid()))


def members(directory):
    with open(os.path.join(directory, "cgroup.procs")) as f:
        return [int(line) for line in f]


def remove_cgroup(directory):
    """With all that still runs in it, and in those that were made below it."""
    for entry in list(os.scandir(directory)):
        if entry.is_dir(follow_symlinks=False):
            remove_cgroup(entry.path)
    end = time.time() + WAIT
    while time.time() < end:
        for pid in members(directory):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            return os.rmdir(directory)
        except OSError:
            time.sleep(0.01)


def enter_cgroup():
    """Where none can be made, tracers see the whole host."""
    global cgroup
    try:
        here = cgroup_here()
        for entry in os.scandir(here):
            if entry.name.startswith("llm-spy-test-"):  # of a test that was killed: it has no lock any more
                remove_cgroup(entry.path)
        cgroup = os.path.join(here, f"llm-spy-test-{os.getpid()}")
        os.mkdir(cgroup)
        join(cgroup)
    except OSError as e:
        cgroup = None
        print("# not apart from other programs of this host:", e)


def leave_cgroup():
    global cgroup
    if cgroup:
        join(os.path.dirname(cgroup))
        remove_cgroup(cgroup)
        cgroup = None


def need_tracing():
    """Before packages are fetched and built, which may be done while another test runs."""
    if os.geteuid() != 0:
        skip_all("tracing needs root")
    if not os.path.exists(SPY) or not os.path.exists(MOCK):
        skip_all("built without live tracing (--disable-bpf)")


def need_root():
    """Waits until no other test runs."""
    global lock, cgroup
    need_tracing()
    if HELD in os.environ:
        lock, cgroup = json.loads(os.environ.pop(HELD))
        os.set_inheritable(lock, False)
        return
    lock = take_lock()
    enter_cgroup()


def begin_again(*prefix):
    """This test once more, by a program that runs it."""
    shutil.rmtree(TMP, ignore_errors=True)
    os.set_inheritable(lock, True)
    os.environ[HELD] = json.dumps([lock, cgroup])
    os.execvp(prefix[0], [*prefix, sys.executable, "-B", *sys.argv])


def for_nobody(program):
    """A copy that any user may run: the build tree may be in a home that is closed to others."""
    path = os.path.join(TMP, os.path.basename(program))
    if not os.path.exists(path):
        shutil.copy(program, path)
        os.chmod(path, 0o755)
    return path


class Mock:
    def __init__(self, program=MOCK):
        self.log = tempfile.mkdtemp(dir=TMP)
        os.chmod(self.log, 0o755)
        self.ca = os.path.join(self.log, "ca.pem")
        self.proc = subprocess.Popen([program, "--ca-file", self.ca, "--log", self.log], stdout=subprocess.PIPE, text=True)
        started.append(self.proc)
        self.port = int(self.proc.stdout.readline().split()[1])
        self.url = f"https://localhost:{self.port}"

    def stop(self):
        self.proc.kill()
        self.proc.wait()


def jsonl_of(args):
    """The format is jsonl, unless each output names its own: then an option for it is refused."""
    outputs = [b for a, b in zip(args, args[1:]) if a in ("-o", "--output")]
    return [] if outputs and all(":" in o for o in outputs) else ["--format", "jsonl"]


def is_uncarried(line):
    """Whether it says that a connection with TLS was not captured."""
    return "it speaks TLS to" in line or "it spoke TLS to" in line or "it speaks QUIC to" in line or "what it sends by TLS" in line


class Spy:
    """A tracer that runs in the background, of this test's processes unless it is to see the whole host; records
    are read when it has stopped."""

    def __init__(self, *args, ready=True, via=(), whole_host=False, may_be_blind=False):
        scope = [] if whole_host or not cgroup else [f"--cgroup={cgroup}"]
        self.may_be_blind = may_be_blind or whole_host
        self.out = tempfile.NamedTemporaryFile(dir=TMP, delete=False).name
        self.err = tempfile.NamedTemporaryFile(dir=TMP, delete=False).name
        with open(self.out, "w") as out, open(self.err, "w") as err:
            self.proc = subprocess.Popen([*via, SPY, *jsonl_of(args), "--all", *scope, *args], stdout=out, stderr=err)
        started.append(self.proc)
        while ready and "ready:" not in self.stderr():
            if self.proc.poll() is not None:
                raise RuntimeError("llm-spy ended: " + self.stderr())
            time.sleep(0.01)
        if LAG:
            threading.Thread(target=lag, args=(self.proc,), daemon=True).start()

    def stderr(self):
        return open(self.err).read()

    def records(self):
        with open(self.out, "rb") as f:  # what is being written may end inside of a character
            return record_schema.check([json.loads(line) for line in f if line.endswith(b"\n")])

    def wait_for(self, n, seconds=WAIT):
        """Until so many exchanges were written; one that was seen at both ends counts as two."""
        def seen():
            with open(self.out, "rb") as f:
                text = f.read()
            return text.count(b"\n") + text.count(b'"other_end":{')
        return until(lambda: seen() >= n, seconds)

    def stop(self, sig=signal.SIGINT):
        self.proc.send_signal(sig)
        self.proc.wait(timeout=WAIT)
        blind = [line for line in self.stderr().splitlines() if is_uncarried(line)]
        if blind and not self.may_be_blind:
            ok(False, "nobody is called blind whose calls are captured", *blind)
        return self.records()


def lag(proc):
    """As on a host that has no time for the tracer, until it ends."""
    while proc.poll() is None:
        time.sleep(random.expovariate(10))
        for sig in signal.SIGSTOP, signal.SIGCONT:
            proc.send_signal(sig)
            time.sleep(random.choice((0.01, 0.05, 0.2, 0.4)))


def until(what, seconds=WAIT, every=0.05):
    """What it returns once that is true, or at last."""
    end = time.time() + seconds
    while True:
        got = what()
        if got or time.time() > end:
            return got
        time.sleep(every)


def client(mock, mode, **kw):
    out = tempfile.NamedTemporaryFile(dir=TMP, delete=False).name
    subprocess.run([PYTHON, CLIENT, mode, mock.url, mock.ca, out], check=True, timeout=WAIT, **kw)
    return notes(out)


def notes(path):
    with open(path) as f:
        return [json.loads(line) for line in f]


def of_client(records):
    return [r for r in records if r["connection"]["role"] == "client"]


def digests(records):
    """(request, response) digests of what was on the wire, as a client notes them."""
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    return sorted((r["request"]["body"]["wire_sha256"] or empty, r["response"]["body"]["wire_sha256"] or empty)
                  for r in records)


def ledger(records):
    got = sum(r["request"]["body"]["captured"] + r["response"]["body"]["captured"] for r in records)
    want = got + sum(r["missing_bytes"] for r in records)
    return f"{got}/{want} bytes captured"


def compare(what, records, noted):
    """Every exchange, byte for byte, and known to be complete."""
    mine = of_client(records)
    want = sorted((n["sent"], n["received"]) for n in noted)
    ok(digests(mine) == want, f"{what}: {len(noted)} exchanges, byte for byte; {ledger(mine)}",
       f"{len(mine)} records", [r["http"]["target"] for r in mine])
    bad = [r for r in mine if not r["complete"]]
    ok(not bad, f"{what}: all are known to be complete", json.dumps(bad[:1]))
