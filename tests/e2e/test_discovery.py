#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Programs that start, load or replace a TLS library while llm-spy runs are found and hooked, wherever
the library lies and whatever it is called. Each waits for the tracer to say so before it calls."""
import socket
import stat
import subprocess

from spy import *

need_root()
mock = Mock()

# Loads ssl when told to, and makes a call for each further line.
LATE = """
import sys
print("started", flush=True)
sys.stdin.readline()
import ssl, http.client, json, urllib.parse
print("loaded", flush=True)
for line in sys.stdin:
    url = urllib.parse.urlsplit(sys.argv[1])
    conn = http.client.HTTPSConnection(url.hostname, url.port, context=ssl.create_default_context(cafile=sys.argv[2]))
    body = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": line.strip()}]})
    conn.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
    conn.getresponse().read()
    conn.close()
    print("done", flush=True)
"""
REAL = next((os.path.join(d, "libssl.so.3") for d in ("/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/lib64", "/usr/lib")
             if os.path.exists(os.path.join(d, "libssl.so.3"))), None)
if not REAL:
    skip_all("there is no libssl.so.3")


def own_libssl(name):
    """A directory with a libssl of its own: a new file, so not the one of the linker's path."""
    d = tempfile.mkdtemp(dir=TMP, prefix=name + "-")
    os.chmod(d, 0o755)
    shutil.copy(REAL, os.path.join(d, "libssl.so.3"))
    return d


class Late:
    def __init__(self, libs, wrap=()):
        self.proc = subprocess.Popen([*wrap, PYTHON, "-c", LATE, mock.url, mock.ca], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, text=True, env=dict(os.environ, LD_LIBRARY_PATH=libs))
        self.expect("started")

    def expect(self, word):
        line = self.proc.stdout.readline().strip()
        if line != word:
            raise RuntimeError(f"the client said {line!r}, not {word!r}")

    def say(self, word, answer):
        self.proc.stdin.write(word + "\n")
        self.proc.stdin.flush()
        self.expect(answer)

    def stop(self):
        self.proc.stdin.close()
        self.proc.wait()


def wait_until(spy, what):
    until(lambda: what in spy.stderr() or spy.proc.poll() is not None)
    return what in spy.stderr()


def asked(records):
    """What clients of our mock said, of calls that were captured whole."""
    return sorted(r["request"]["messages"][0]["parts"][0]["text"] for r in of_client(records)
                  if r["complete"] and not r["connection"]["from_middle"] and r["request"]["messages"] and
                  (r["http"]["host"] or "").split(":")[-1] in (str(mock.port), "localhost"))


def wait_asked(spy, words):
    """Until all of these were captured whole, among the calls of others on this host."""
    until(lambda: set(words) <= set(asked(spy.records())))


def hooked(path):
    return f"attach: {path}: OpenSSL by "


env_cache = os.path.join(TMP, "cache")
os.environ["XDG_CACHE_HOME"] = env_cache
os.mkdir(env_cache, 0o755)

# A program that began before the tracer loads a library afterwards; one that begins after it.
before_dir, after_dir = own_libssl("before"), own_libssl("after")
before = Late(before_dir)
spy = Spy("--debug")
before.say("load", "loaded")
ok(wait_until(spy, hooked(f"{before_dir}/libssl.so.3")), "a library that a running program loads later is hooked", spy.stderr())
before.say("from before", "done")
ok(all(wait_until(spy, f"probe {group}: ") for group in ("LIBRARIES", "GO", "RUSTLS", "AEAD")),
   "programs for the kernel that nothing has needed yet are compiled as well", spy.stderr())
after = Late(after_dir)
after.say("load", "loaded")
ok(wait_until(spy, hooked(f"{after_dir}/libssl.so.3")), "one that a new program loads is hooked", spy.stderr())
after.say("from after", "done")

# In another mount namespace, below a path that leads nowhere here.
hidden = tempfile.mkdtemp(dir=TMP)
script = f"mount -t tmpfs none {hidden} && cp {REAL} {hidden}/libssl.so.3 && exec \"$@\""
other = Late(hidden, ["unshare", "-m", "sh", "-c", script, "sh"])
other.say("load", "loaded")
ok(not os.path.exists(f"{hidden}/libssl.so.3") and wait_until(spy, hooked(f"{hidden}/libssl.so.3")),
   "one in another mount namespace is hooked", spy.stderr())
other.say("from elsewhere", "done")

# In a container with namespaces of its own and a libssl of its own, by a path that leads nowhere here.
INSIDE = "/opt/agent/lib"
BUBBLE = ["bwrap", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--die-with-parent",
          "--ro-bind", "/usr", "/usr", *(a for d in ("bin", "lib", "lib64") for a in ("--symlink", f"usr/{d}", f"/{d}")),
          "--ro-bind", "/etc", "/etc", "--proc", "/proc", "--dev", "/dev", "--ro-bind", mock.ca, mock.ca]
container = None
if shutil.which("bwrap") and subprocess.run([*BUBBLE, "true"], capture_output=True).returncode == 0:
    container = Late(INSIDE, [*BUBBLE, "--ro-bind", own_libssl("container"), INSIDE])
    container.say("load", "loaded")
    ok(not os.path.exists(INSIDE) and wait_until(spy, hooked(f"{INSIDE}/libssl.so.3")),
       "a container's own library is hooked", spy.stderr())
    container.say("from the container", "done")
else:
    skip("a container's own library", "bubblewrap does not run here")

# Replaced while it is in use, as by a package manager.
lib = os.path.join(after_dir, "libssl.so.3")
shutil.copy(REAL, lib + ".new")
os.rename(lib + ".new", lib)
after.say("still the old one", "done")
renewed = Late(after_dir)
renewed.say("load", "loaded")
ok(until(lambda: spy.stderr().count(hooked(lib)) == 2), "the new file in place of a hooked one is hooked", spy.stderr())
renewed.say("from the new one", "done")
want = ["from after", "from before", "from elsewhere", "from the container", "from the new one", "still the old one"]
want = [w for w in want if container or "container" not in w]
wait_asked(spy, want)
for late in filter(None, (before, after, other, renewed, container)):
    late.stop()
records = spy.stop()
said = [text for text in asked(records) if text in want]
ok(said == want, "what each said is seen, once", said, spy.stderr())
ok(f"hooked {before_dir}/libssl.so.3 (OpenSSL by symbols)" in spy.stderr(), "the summary names what was hooked", spy.stderr())

# Written over in place, with a file that has no TLS: no probe stays in the middle of its instructions.
COUNTS = """
__asm__(".text\\n.balign 16\\n.global counts\\ncounts: xor %eax, %eax\\n"
        ".fill 0x80000, 2, 0xc0ff\\n" /* inc eax, wherever libssl has functions */
        "ret\\n");
"""
source = os.path.join(TMP, "counts.c")
with open(source, "w") as f:
    f.write(COUNTS)
built = subprocess.run(["cc", "-shared", "-o", source + ".so", source], capture_output=True, text=True)
if built.returncode:
    skip("a library that is written over", "it cannot be built here")
else:
    lib = os.path.join(own_libssl("over"), "libssl.so.3")
    spy = Spy("--debug", f"--libssl={lib}")
    ok(hooked(lib) in spy.stderr(), "a library that will be written over is hooked", spy.stderr())
    # The kernel takes over the instructions of probes when the first process maps them.
    subprocess.run([PYTHON, "-c", "import ctypes, sys; ctypes.CDLL(sys.argv[1])", lib], check=True)
    shutil.copyfile(source + ".so", lib)  # the same inode
    ok(wait_until(spy, f"{lib} has changed"), "it is let go when it has no TLS any more", spy.stderr())


    def counts():
        return subprocess.run([PYTHON, "-c", "import ctypes, sys; print(ctypes.CDLL(sys.argv[1]).counts())", lib],
                              capture_output=True, text=True, timeout=WAIT).stdout
    ok(until(lambda: counts() == f"{0x80000}\n"), "and who uses it then meets no breakpoint", counts())
    spy.stop()

# What was found is kept, safely.
kept = os.path.join(env_cache, "llm-spy", "finders")
ok(os.path.exists(kept) and stat.S_IMODE(os.stat(kept).st_mode) == 0o600 and
   stat.S_IMODE(os.stat(os.path.dirname(kept)).st_mode) == 0o700, "what was found in files is kept, readable by its owner only")
content = open(kept, "rb").read()


def flip(path, at):
    with open(path, "r+b") as f:
        f.seek(at)
        f.write(bytes([content[at] ^ 1]))


for what, spoil in (("that is damaged", lambda: flip(kept, 100)),
                    ("that is cut short", lambda: os.truncate(kept, len(content) // 2)),
                    ("that anybody may write", lambda: os.chmod(kept, 0o666)),
                    ("in a directory of somebody else", lambda: os.chown(os.path.dirname(kept), 65534, 65534))):
    with open(kept, "wb") as f:
        f.write(content)
    os.chmod(kept, 0o600)
    os.chown(os.path.dirname(kept), 0, 0)
    spoil()
    r = subprocess.run([SPY, "--debug", "--", "true"], capture_output=True, text=True, timeout=WAIT)
    ok(r.returncode == 0 and ("ignoring the catalog" in r.stderr or "no catalog" in r.stderr), f"a catalog {what} is not used", r.stderr)
shutil.rmtree(os.path.dirname(kept))

# A program with its TLS linked in: its first byte when it is the command, and behind a script; later runs always.
static = os.path.join(TMP, "staticclient")
cc = subprocess.run(["cc", "-static", "-o", static, os.path.join(SRC, "tests/e2e/staticclient.c"), "-lssl", "-lcrypto"],
                    capture_output=True, text=True)
if cc.returncode:
    skip("a static program", "it cannot be built here")
else:
    args = [str(mock.port), mock.ca]
    script = os.path.join(TMP, "script")
    with open(script, "w") as f:  # whose own path becomes the third argument
        f.write(f"#!/usr/bin/env -S staticclient {mock.port} {mock.ca}\n")
    os.chmod(script, 0o755)
    env = dict(os.environ, PATH=TMP + ":" + os.environ["PATH"])
    for what, command in (("by its path", [static, *args]), ("by its name", ["staticclient", *args]),
                          ("as the interpreter of a script", [script])):
        r = subprocess.run([SPY, "--format=jsonl", "--", *command], capture_output=True, text=True, timeout=WAIT, env=env)
        ok(r.returncode == 0 and r.stdout.count("\n") == 1 and asked([json.loads(r.stdout)]) == ["static"],
           f"a static program as the command, {what}", r.stdout, r.stderr)
    # Deleted while it runs, at addresses of its own: it waits for a server that does not answer.
    silent = socket.create_server(("127.0.0.1", 0))
    deleted = static + "-deleted"
    shutil.copy(static, deleted)
    waits = subprocess.Popen([deleted, str(silent.getsockname()[1]), mock.ca])
    peer = silent.accept()
    os.unlink(deleted)
    r = subprocess.run([SPY, "targets", "--format", "jsonl", f"--pid={waits.pid}"], capture_output=True, text=True, timeout=WAIT)
    rows = [json.loads(line) for line in r.stdout.splitlines()]
    ok(len(rows) == 1 and rows[0]["status"] == "hookable" and rows[0]["tls"][0]["file"] == deleted,
       "a static program that was deleted while it runs", r.stdout, r.stderr)
    waits.kill()
    waits.wait()
    shutil.copy(static, static + "2")
    spy = Spy("--debug")
    subprocess.run([static + "2", *args], check=True)
    wait_until(spy, hooked(static + "2"))
    def runs():
        subprocess.run([static + "2", *args], check=True)
        return "static" in asked(spy.records())
    until(runs)
    ok("static" in asked(spy.stop()), "short runs of a static program are seen once it was found", spy.stderr())

# What could be seen, and what could not: a connection to port 443 of a program without TLS.
BLIND = """
import fcntl, socket, struct, sys
s = socket.socket()
fcntl.ioctl(s, 0x8914, struct.pack("16sh22x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: up, running
server = socket.create_server(("127.0.0.1", 443))
client = socket.create_connection(("127.0.0.1", 443))
print("started", flush=True)
sys.stdin.readline()
"""


def command(*args, **kw):
    return subprocess.run([SPY, *args], capture_output=True, text=True, timeout=WAIT, **kw)


blind = subprocess.Popen(["unshare", "-n", PYTHON, "-c", BLIND], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
seen = Late(own_libssl("seen"))
seen.say("load", "loaded")
if blind.stdout.readline().strip() != "started":
    skip("a blind program", "no network namespace can be made")
else:
    r = command("targets", "--format", "jsonl")
    rows = {row["pid"]: row for row in map(json.loads, r.stdout.splitlines())}
    row = rows.get(blind.pid, {})
    ok(r.returncode == 0 and row.get("status") == "blind?" and row.get("peer") == "127.0.0.1:443" and
       "no TLS implementation that llm-spy knows" in row["reason"] and row["remedy"],
       "targets: a process with connections to port 443 and no TLS that is known", r.stdout, r.stderr)
    row = rows.get(seen.proc.pid, {})
    ok(row.get("status") == "hookable" and row["tls"][0]["implementation"] == "OpenSSL" and
       row["tls"][0]["method"] == "symbols" and row["tls"][0]["file"].endswith("/libssl.so.3"),
       "targets: one that can be hooked, with file, implementation and method", r.stdout)
    r = command("targets", f"--pid={blind.pid}", f"--pid={seen.proc.pid}")
    line = next((line.split() for line in r.stdout.splitlines() if line.split()[:1] == [str(blind.pid)]), [])
    ok(r.returncode == 0 and line[1:6] == ["root", "python3.11", "?", "unknown", "TLS"] and "✓ OpenSSL" in r.stdout and
       f"python3.11[{blind.pid}]: it has connections" in r.stdout and "→ if it talks to a model" in r.stdout,
       "targets: as text", r.stdout, r.stderr)
    r = command("targets", "-v", f"--pid={seen.proc.pid}")
    ok("OpenSSL by symbols: /" in r.stdout, "targets -v: where its TLS is", r.stdout)
    for args, code in (((f"--pid={blind.pid}", "--strict"), 4), ((f"--pid={blind.pid}",), 0),
                       ((f"--pid={seen.proc.pid}", "--strict"), 0)):
        spy = Spy(*args)
        spy.stop()
        ok(spy.proc.returncode == code and (f"[{blind.pid}]: it has connections" in spy.stderr()) == (f"--pid={blind.pid}" in args), f"{' '.join(args)}: exit {code}", spy.proc.returncode, spy.stderr())
blind.kill()
blind.wait()
seen.stop()
r = command("doctor")
ok(r.returncode == 0 and "ok  " not in r.stdout and "can trace here" in r.stdout and "sudo" not in r.stdout, "doctor", r.stdout)
r = command("doctor", "-v")
ok(r.returncode == 0 and "ok    BPF programs can be loaded" in r.stdout, "doctor -v: what is well too", r.stdout)
r = command("doctor", "--json")
rows = {row["check"]: row for row in map(json.loads, r.stdout.splitlines())}
ok(r.returncode == 0 and rows["bpf"]["verdict"] == "ok" and len(rows) == 17 and
   all((row["verdict"] == "ok") == (row["remedy"] is None) for row in rows.values()), "doctor --json", r.stdout)
r = subprocess.run([for_nobody(SPY), "doctor"], capture_output=True, text=True, timeout=WAIT, user=65534, group=65534,
                   extra_groups=[], cwd="/")
ok(r.returncode == 3 and "FAIL  user 65534, lacks " in r.stdout and "cannot trace here" in r.stdout and "-> run llm-spy with sudo" in r.stdout,
   "doctor, of a user who may not", r.stdout)
for args in (("targets", "--raw"), ("targets", "x"), ("doctor", "--raw"), ("--strict", "--replay=x"), ("targets", "--", "true")):
    r = command(*args)
    ok(r.returncode == 2 and r.stderr.count("\n") == 1 and not r.stdout, f"wrong usage: {' '.join(args)}", r.stderr)

mock.stop()
done()
