#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Filters, recordings, commands, ends: the tool as a person uses it."""
import json
import resource
import subprocess
import stat

from spy import *

need_root()
mock = Mock()
BODY = '{"model":"gpt-4o","messages":[{"role":"user","content":"hello"}]}'
CURL = ["curl", "-sS", "--noproxy", "*", "--cacert", mock.ca, "-H", "Authorization: Bearer sk-FAKESECRET", "-o", "/dev/null",
        "--data-binary", BODY, mock.url + "/v1/chat/completions?api_key=FAKESECRET"]


def curl():
    subprocess.run(CURL, check=True)


def run(*args, program=SPY, **kw):
    return subprocess.run([program, *args], text=True, capture_output=True, timeout=WAIT, **kw)


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


# What the mock answers with: clients refuse a certificate that is its own authority, so there are two.
r = subprocess.run(["openssl", "s_client", "-connect", f"localhost:{mock.port}", "-CAfile", mock.ca, "-x509_strict",
                    "-verify_return_error", "-verify_hostname", "localhost"], text=True, capture_output=True,
                   stdin=subprocess.DEVNULL, timeout=WAIT)
ok(r.returncode == 0 and "depth=1 " in r.stderr and "Verification: OK" in r.stdout, "the mock's certificate, taken strictly",
   r.stdout, r.stderr)

# A command: traced with its children from its first byte; nobody else's calls; its status.
other = subprocess.Popen(["sh", "-c", "while :; do \"$@\"; done", "sh", *CURL])
r = run("--format", "jsonl", "--", "sh", "-c", "(\"$@\") & wait; exit 7", "sh", *CURL)
other.kill()
other.wait()
got = lines(r.stdout)
ok(r.returncode == 7 and len(got) == 1 and got[0]["process"]["name"] == "curl" and got[0]["complete"],
   "a command's child is traced, others are not, and its status is passed on", r.returncode, r.stdout, r.stderr)
r = run("--", "sh", "-c", "kill -TERM $$")
ok(r.returncode == -15, "a command killed by a signal", r.returncode)
r = run("--", "/nonexistent/program")
ok(r.returncode == 127 and "/nonexistent/program" in r.stderr, "a command that does not exist", r.stderr)
r = run("--format", "jsonl", "--", "sh", "-c", "\"$@\"; (sleep 0.3; \"$@\") >/dev/null 2>&1 &", "sh", *CURL)
ok(len(lines(r.stdout)) == 2, "what a command leaves behind is waited for", r.stdout, r.stderr)
who = dict(os.environ, SUDO_UID="65534", SUDO_GID="65534")
r = run("--", "id", "-u", env=who)
ok("65534" in r.stderr, "a command runs as the user who called sudo", r.stdout, r.stderr)

# As the first process of a container; the processes of its own are no children of the command.
r = subprocess.run(["timeout", "-s", "KILL", "30", "unshare", "--pid", "--fork", "--mount-proc", "--kill-child", SPY, "--", "sh", "-c", "exit 6"],
                   capture_output=True, text=True)
if "unshare failed" in r.stderr:
    skip("as process 1", "no PID namespace can be made")
else:
    ok(r.returncode == 6, "as process 1 it ends with its command", r.returncode, r.stderr)

# Without close_range(2), as before Linux 5.9: what searches files has nothing of ours open.
NO_CLOSE_RANGE = """
import ctypes, os, struct, sys
code = b"".join(struct.pack("HBBI", *i) for i in ((0x20, 0, 0, 0), (0x15, 0, 1, 436), (6, 0, 0, 0x50000 | 38), (6, 0, 0, 0x7fff0000)))
text = ctypes.create_string_buffer(code)
filter = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", 4, ctypes.addressof(text)))
libc = ctypes.CDLL(None)
if libc.prctl(22, 2, filter) != 0 or libc.close_range(1000, 1000, 0) == 0:
    sys.exit(99)
os.execv(sys.argv[1], sys.argv[1:])
"""
LIST = """
import json, os
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        text = open(f"/proc/{pid}/stat").read()
        name, rest = text[text.index("(") + 1:text.rindex(")")], text[text.rindex(")") + 2:].split()
        if int(rest[1]) == os.getppid() and name.startswith("llm-spy-"):
            print(json.dumps([name, sorted(map(int, os.listdir(f"/proc/{pid}/fd")))]))
    except OSError:
        pass
"""
r = subprocess.run([PYTHON, "-c", NO_CLOSE_RANGE, SPY, "-o", "/dev/null", "--", PYTHON, "-c", LIST], capture_output=True, text=True, timeout=WAIT)
if r.returncode == 99:
    skip("without close_range(2)", "it cannot be taken away here")
else:
    # What gives one compiler after another its turn is 4; the gate has two sockets and two groups of fanotify.
    ok(sorted(lines(r.stdout)) == [["llm-spy-compile", [0, 1, 2, 3, 4]], ["llm-spy-find", [0, 1, 2, 3]],
                                   ["llm-spy-gate", [0, 1, 2, 3, 4, 5, 6]]],
       "without close_range(2) its processes have nothing else open", r.stdout, r.stderr)

# Filters.
out = os.path.join(TMP, "slow")
slow = subprocess.Popen([PYTHON, CLIENT, "slow", mock.url, mock.ca, out], stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE, text=True)
slow.stdout.readline()


def slow_call():
    slow.stdin.write("go\n")
    slow.stdin.flush()
    slow.stdout.readline()


for args, want in (((f"--pid={slow.pid}",), 1), (("--process=curl",), 1), (("--process=python3.11", "--process=curl"), 2),
                   (("--comm=curl",), 1), (("--uid=0",), 2), (("--uid=nobody",), 0), (("--pid=1",), 0)):
    spy = Spy(*args)
    slow_call()
    curl()
    got = of_client(spy.stop())
    ok(len(got) == want, f"{' '.join(args)} shows {want}", [(g["process"]["name"], g["connection"]["role"]) for g in got],
       spy.stderr())
slow.kill()
slow.wait()
r = run("--pid=999999999")
ok(r.returncode == 3 and "no such process" in r.stderr, "a process that is not there", r.stderr)

# Recording and replaying.
spyfile = os.path.join(TMP, "a.spy")
spy = Spy(f"--record={spyfile}")
noted = client(mock, "kinds")
curl()
spy.wait_for(2 * len(noted) + 2)
live = spy.stop()
ok(stat.S_IMODE(os.stat(spyfile).st_mode) == 0o600, "a recording is readable by nobody else")
data = open(spyfile, "rb").read()
ok(b"FAKESECRET" not in data and b"Bearer ***" in data, "credentials are not in it")
r = run("--replay=-", "--format=jsonl", "--all", program=for_nobody(SPY), stdin=open(spyfile, "rb"), user=65534, group=65534, extra_groups=[],
        cwd="/")
again = lines(r.stdout)


def plain(records):
    """Without what is masked in two ways: whole in a record, to its length in a recording."""
    for x in records:
        x["http"]["target"] = x["http"]["target"] and x["http"]["target"].split("?")[0]
    return records


ok(r.returncode == 0 and plain(again) == plain(live), "a replay, without privileges, says the same as the live run",
   r.stderr, [(a["id"], b["id"]) for a, b in zip(again, live) if a != b])
r = run("--replay", "/dev/stdin", "--format=jsonl", "--all", input=None, stdin=subprocess.DEVNULL)
ok(r.returncode == 1 and "empty" in r.stderr, "an empty recording", r.stderr)
broken = os.path.join(TMP, "b.spy")
open(broken, "wb").write(data[:len(data) * 2 // 3])
r = run("--replay", broken, "--format=jsonl", "--all")
ok(r.returncode == 1 and "damaged at byte" in r.stderr and lines(r.stdout), "a truncated one: an error, after what precedes it", r.stderr)
open(broken, "wb").write(b"\x7fELF nothing of ours")
r = run("--replay", broken)
ok(r.returncode == 1 and "not a recording of llm-spy" in r.stderr, "a foreign file", r.stderr)

# Output for people.
target = os.path.join(TMP, "out.txt")
open(target, "w").close()
os.chmod(target, 0o644)
r = run("-v", "--output", target, "--", *CURL)
text = open(target).read()
ok(stat.S_IMODE(os.stat(target).st_mode) == 0o600 and "LLM API REQUEST" in text and "LLM API RESPONSE" in text and
   "[1] user: hello" in text and "FAKESECRET" not in text and "\x1b" not in text, "--output", text)
r = run("--raw", "--", *CURL)
ok("authorization: bearer ***" in r.stdout.lower() and "api_key=***" in r.stdout and BODY[:30] in r.stdout and
   "FAKESECRET" not in r.stdout, "--raw shows heads and bodies, keys masked", r.stdout)
models = [*CURL[:-3], mock.url + "/v1/models"]
ok("/v1/models" in run("--smart", "--", *models).stdout and "/v1/models" in run("--all", "--", *models).stdout and
   not run("--llm-only", "--", *models).stdout and not run("--", *models).stdout,
   "--llm-only leaves other HTTP out, and text does where nothing else is asked for")

# A library of one's own; one that was deleted while in use.
lib = os.path.join(TMP, "libssl.so.3")
real = next(p for p in ("/lib/x86_64-linux-gnu/libssl.so.3", "/lib/aarch64-linux-gnu/libssl.so.3", "/lib64/libssl.so.3")
            if os.path.exists(p))
shutil.copy(real, lib)
spy = Spy(f"--libssl={lib}")
subprocess.run(CURL, check=True, env=dict(os.environ, LD_LIBRARY_PATH=TMP))
spy.wait_for(2)
ok(len(of_client(spy.stop())) == 1, "--libssl", spy.stderr())
env = dict(os.environ, LD_LIBRARY_PATH=TMP)
slow = subprocess.Popen([PYTHON, CLIENT, "slow", mock.url, mock.ca, out], stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE, text=True, env=env)
slow.stdout.readline()
os.unlink(lib)
spy = Spy("--debug")
slow_call()
spy.wait_for(2)
ok(len(of_client(spy.stop())) == 1 and f" hooked {lib} (" in spy.stderr(), "a deleted library that is in use", spy.stderr())
slow.kill()
slow.wait()
r = run("--libssl", "/etc/hostname", "--", "true")
ok(r.returncode == 0 and "not hooked: no known TLS" in r.stderr, "a file that is no library is a warning", r.stderr)
r = run("--libssl", "/nonexistent", "--", "true")
ok(r.returncode == 3 and "/nonexistent" in r.stderr, "one that does not exist is an error", r.stderr)

# More probes than there may be descriptors at first.
r = subprocess.run(["prlimit", "--nofile=256:4096", SPY, "-o", "/dev/null", "--", "sh", "-c", "ulimit -Sn; ulimit -Hn"], capture_output=True, text=True)
ok(r.stdout.split() == ["256", "4096"], "the command's limits are those that we were given", r.stdout, r.stderr)
many = [os.path.join(TMP, f"libssl{i}.so") for i in range(60)]
for path in many:
    shutil.copy(real, path)
named = [f"--libssl={path}" for path in many]


def not_hooked(spy):
    text = spy.stderr()
    return [path for path in many if f"attach: {path}: OpenSSL by " not in text]


def open_files(spy):
    return len(os.listdir(f"/proc/{spy.proc.pid}/fd"))


spy = Spy("--debug", *named, via=["prlimit", "--nofile=256:4096"])
ok(not not_hooked(spy), "the soft limit of descriptors is raised", not_hooked(spy), spy.stderr()[-2000:])
spy.stop()
# What was not there for a while; and what is deleted.
USE = """
import ctypes, sys
libs = [ctypes.CDLL(path) for path in sys.argv[1:]]
print("loaded", flush=True)
sys.stdin.readline()
"""
spy = Spy("--debug")
resource.prlimit(spy.proc.pid, resource.RLIMIT_NOFILE, (open_files(spy) + 100, 4096))
def use(*paths):
    user = subprocess.Popen([PYTHON, "-c", USE, *paths], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    user.stdout.readline()
    return user


def let_go(paths):
    text = spy.stderr()
    return [path for path in paths if f"attach: {path} was deleted and no process maps it" in text]


user = use(*many)
ok(until(lambda: "Too many open files" in spy.stderr()), "where descriptors do not suffice, it is said", spy.stderr()[-2000:])
resource.prlimit(spy.proc.pid, resource.RLIMIT_NOFILE, (4096, 4096))
ok(until(lambda: not not_hooked(spy)), "and tried again", not_hooked(spy), spy.stderr()[-2000:])
brief = os.path.join(TMP, "libssl-brief.so")
shutil.copy(real, brief)
brief_user = use(brief)
ok(until(lambda: f"attach: {brief}: OpenSSL by " in spy.stderr()), "one more library is hooked", spy.stderr()[-2000:])
brief_user.communicate("end\n")
held = open_files(spy)
for path in (*many[1:], brief):
    os.unlink(path)
# One look for who maps deleted files has let go of this one, and has met the others.
ok(until(lambda: let_go([brief])), "a deleted file that nobody uses is let go", spy.stderr()[-2000:])
ok(not let_go(many), "deleted files that are in use stay hooked", let_go(many))
user.communicate("end\n")
ok(until(lambda: let_go(many) == many[1:]), "and are let go when they are not", let_go(many))
ok(until(lambda: open_files(spy) < held - 500), "with their descriptors", held, open_files(spy))
spy.stop()
ok(not let_go(many[:1]), "one that was not deleted stays", spy.stderr()[-3000:])

# Ends.
first, second = Spy(), Spy()
curl()
first.wait_for(2)
second.wait_for(2)
ok(len(of_client(first.stop())) == 1 and len(of_client(second.stop(signal.SIGTERM))) == 1,
   "two tracers at a time, ended by SIGINT and SIGTERM")
ok("1 call" in second.stderr() and "nothing was missed" in second.stderr(), "the summary", second.stderr())


def header_folders():
    return {d for d in os.listdir("/tmp") if d.startswith("llm-spy-headers-")}


there_before = header_folders()  # one that was killed while it compiled may have left its own
killed = Spy()
killed.proc.kill()
killed.proc.wait()
starting = Spy("--debug", ready=False)
while "ring buffer of" not in starting.stderr() and starting.proc.poll() is None:
    time.sleep(0.001)
starting.proc.send_signal(signal.SIGINT)
ok(starting.proc.wait(WAIT) == -signal.SIGINT and "ready:" not in starting.stderr(), "SIGINT ends one that is starting",
   starting.proc.returncode, starting.stderr())
spy = Spy()
curl()
spy.wait_for(2)
ok(len(of_client(spy.stop())) == 1, "after one that was killed, the next works")
# The compiler of one that was killed ends a little later; those of other tracers come and go.
left = header_folders() - there_before
ok(until(lambda: not header_folders() & left), "nothing is left in /tmp", header_folders() & left)
r = run(program=for_nobody(SPY), user=65534, group=65534, extra_groups=[], cwd="/")
ok(r.returncode == 3 and "sudo" in r.stderr, "without root: exit 3 and what to do", r.stderr)
r = run("--format", "jsonl", "--buffer-size=1K", "--", *CURL)
ok(len(lines(r.stdout)) == 1, "a tiny buffer size becomes the smallest that works", r.stderr)
for args in (("--bogus",), ("--pid",), ("--pid", "x"), ("--format", "xml"), ("curl",), ("--limit", "body=0"),
             ("--replay", "x", "--record", "y")):
    r = run(*args)
    ok(r.returncode == 2 and r.stderr.count("\n") == 1 and not r.stdout, f"wrong usage: {' '.join(args)}", r.stderr)
ok(run("--help").returncode == 0 and run("--version").stdout.startswith("llm-spy "), "--help and --version")
r = run("--demo", "--format", "jsonl")
got = lines(r.stdout)
ok(r.returncode == 0 and len(got) == 7 and all(x["complete"] for x in got) and
   {x["api"] for x in got} == {"openai.chat", "anthropic.messages"}, "--demo", r.stdout, r.stderr)
refused, agent = [x for x in got if x["error"]], [x for x in got if x["api"] == "anthropic.messages"]
ok([x["http"]["status"] for x in refused] == [429] and all(x["cost"]["usd"] > 0 for x in got if x not in refused),
   "each call of it has a cost, but the one that is refused", [x["cost"] for x in got])
tools = [p["name"] for x in agent for c in x["response"]["choices"] for p in c["parts"] if p["kind"] == "tool_call"]
ok([x["conversation"]["turn"] for x in agent] == [1, 2, 3, 4] and tools == ["Bash", "Edit", "Bash"] and agent[-1]["usage"]["cached_read"] > 0,
   "and an agent works in four turns, with tools and a cache", tools, [x["conversation"] for x in agent])

mock.stop()
done()
