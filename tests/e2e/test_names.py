#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What programs, users and containers are called: real interpreters, control groups named as runtimes name them,
processes that are gone before their record is shown, and a replay where none of this is known."""
import json
import os
import pwd
import shutil
import subprocess

from agents import loopback_alone
import spy as shared
from spy import *

need_root()
loopback_alone()
NODE = shutil.which("node")
ID = "4ecd1f0a2b8c9d3e5f60718293a4b5c6d7e8f90123456789abcdef0123456789"
POD = "3c6f4f8e_1b0a_4d7e_9f21_0a1b2c3d4e5f"
OUT = os.path.join(TMP, "notes")
mock = Mock()
ARGS = ["single", mock.url, mock.ca, OUT]

NODE_CLIENT = """#!/usr/bin/env node
require('https').get({host: 'localhost', port: %d, path: '/v1/models', ca: require('fs').readFileSync('%s')}, r => r.resume());
""" % (mock.port, mock.ca)

# The pages of its arguments never come, whoever reads them. It ends with its standard input.
HANGS = """
import ctypes, fcntl, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
with open('/proc/self/stat') as f:
    fields = f.read().rpartition(')')[2].split()
page = (int(fields[45]) + 4095) // 4096 * 4096
fd = libc.syscall(%d, 0)
if fd < 0 or page + 4096 > int(fields[46]):
    sys.exit('no userfaultfd')
fcntl.ioctl(fd, 0xc018aa3f, bytearray(struct.pack('QQQ', 0xaa, 0, 0)))
libc.mmap(ctypes.c_void_p(page), 4096, 3, 0x32, -1, 0) # in the place of what is there
fcntl.ioctl(fd, 0xc020aa00, bytearray(struct.pack('QQQQ', page, 4096, 1, 0)))
sys.argv = ['client.py', *sys.argv[1:]]
exec(open(%r).read())
print('called', flush=True)
sys.stdin.read()
""" % (282 if os.uname().machine == "aarch64" else 323, CLIENT)


def put(path, text, mode=0o755):
    path = os.path.join(TMP, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)
    return path


def copy_of_client(path, more=""):
    with open(CLIENT) as f:
        return put(path, f.read() + more)


class Cgroup:
    """Below that of this test, which takes it away."""

    def __init__(self, *parts):
        self.made = []
        for part in parts:
            self.made.append(os.path.join(self.made[-1] if self.made else shared.cgroup, part))
            os.mkdir(self.made[-1])

    def join(self):
        join(self.made[-1])

    def remove(self):
        for path in reversed(self.made):
            remove_cgroup(path)


def pin(host):
    """What runtimes keep on a host's disk, in this test's own mounts."""
    subprocess.run(["mount", "-t", "tmpfs", "none", "/var/lib"], check=True)
    folder = f"/var/lib/docker/containers/{ID}"
    os.makedirs(folder)
    with open(folder + "/config.v2.json", "w") as f:
        json.dump({"ID": ID, "Name": "/" + host}, f)
    shutil.rmtree("/var/log/containers", ignore_errors=True)


pin("web-1")
open(OUT, "w").close()
os.chmod(OUT, 0o666)
nobody = pwd.getpwuid(65534).pw_name
agent = copy_of_client("bots/agent.py")
copy_of_client("lib/mybot/__main__.py")
put("lib/mybot/__init__.py", "")
# Of a process that is gone nobody tells the working directory: this one stays a while.
main = copy_of_client("writer/src/main.py", "import time\ntime.sleep(0.5)\n")
subprocess.run([PYTHON, "-m", "venv", "--without-pip", os.path.join(TMP, "venv")], check=True)
with open(CLIENT) as f:
    tool = put("venv/bin/asker", f"#!{TMP}/venv/bin/python\n" + f.read())

# What is run, how, and what it is called.
runs = [
    ("a script", [PYTHON, agent, *ARGS], {}, "agent.py"),
    ("with options", [PYTHON, "-u", "-W", "ignore", agent, *ARGS], {}, "agent.py"),
    ("python -m", [PYTHON, "-m", "mybot", *ARGS], {"env": {**os.environ, "PYTHONPATH": TMP + "/lib"}}, "mybot"),
    ("main.py in a folder", [PYTHON, main, *ARGS], {}, "writer"),
    ("main.py, from that folder", [PYTHON, "main.py", *ARGS], {"cwd": os.path.dirname(main)}, "writer"),
    ("a program of a virtual env", [tool, *ARGS], {}, "asker"),
    ("behind bash -c", ["bash", "-c", f"{PYTHON} {agent} {' '.join(ARGS)}; true"], {}, "agent.py"),
    ("below a program", [PYTHON, "-c", "import subprocess, sys; subprocess.run(sys.argv[1:], check=True)", "bash", "-c", f"{PYTHON} {agent} {' '.join(ARGS)}; true"],
     {}, "agent.py"),
    ("python -c", [PYTHON, "-c", f"import sys; sys.argv = ['x', *sys.argv[1:]]; exec(open({CLIENT!r}).read())", *ARGS], {}, None),
    ("another user", [PYTHON, agent, *ARGS], {"user": 65534, "group": 65534, "extra_groups": []}, "agent.py"),
]
if NODE:
    package = put("app/node_modules/@google/gemini-cli/dist/index.js", NODE_CLIENT)
    os.makedirs(TMP + "/bin")
    os.symlink(package, TMP + "/bin/gemini")
    runs += [
        ("a node script", [NODE, put("ask.js", NODE_CLIENT)], {}, "ask.js"),
        ("node --require", [NODE, "--require", put("first.js", ""), TMP + "/ask.js"], {}, "ask.js"),
        ("a package", [NODE, package], {}, "gemini-cli"),
        ("the name that npm links", [TMP + "/bin/gemini"], {}, "gemini"),
        ("a title of its own", [NODE, put("titled.js", NODE_CLIENT.replace("\n", "\nprocess.title = 'claude';\n", 1))], {}, "claude"),
    ]
else:
    skip("node", "there is none")

# How far below us it runs, if not as our child.
BELOW = {"behind bash -c": 2, "below a program": 3}

groups = [
    ("docker", ["system.slice", f"docker-{ID}.scope"], ("docker", ID, "web-1", None, None)),
    ("podman", ["web.service", f"libpod-payload-{ID}"], ("podman", ID, None, None, "web.service")),
    ("a pod", [f"kubepods-pod{POD}.slice", f"cri-containerd-{ID}.scope"],
     ("containerd", ID, None, POD.replace("_", "-"), None)),
    ("a unit", ["user@1000.service", "app.slice", "app-bot.scope"], (None, None, None, None, "app-bot.scope")),
]

recording = os.path.join(TMP, "names.spy")
# A program is searched when it is first met, and what it says meanwhile is not seen: node is named.
spy = Spy(f"--record={recording}", *([f"--libssl={NODE}"] if NODE else []))
for what, argv, how, _ in runs:
    subprocess.run(argv, check=True, timeout=WAIT, **how)
if shared.cgroup:
    made = [Cgroup(*parts) for _, parts, _ in groups]
    for group in made:
        subprocess.run([PYTHON, agent, *ARGS], check=True, timeout=WAIT, preexec_fn=group.join)
else:
    skip("control groups", "none can be made")
    groups, made = [], []


def mine(records):
    return [r for r in records if (r["connection"]["peer"] or "").endswith(f":{mock.port}")]


until(lambda: len(mine(of_client(spy.records()))) == len(runs) + len(groups))
live = mine(of_client(spy.stop()))
for group in made:
    group.remove()


def check(records, how):
    calls = sorted(mine(of_client(records)), key=lambda r: r["times"]["monotonic_ns"])
    ok(len(calls) == len(runs) + len(groups), f"{how}: all calls were seen", len(calls))
    for call, (what, argv, _, script) in zip(calls, runs):
        ok(call["process"]["script"] == script, f"{how}: {what}: {script}", call["process"])
    for call, (what, _, _, _) in zip(calls, runs):
        want = nobody if what == "another user" else "root"
        ok(call["process"]["user"] == want, f"{how}: {what}: run by {want}", call["process"])
    for call, (what, _, want) in zip(calls[len(runs):], groups):
        got = call["process"]["container"]
        ok(got and tuple(got.values()) == want, f"{how}: {what}", got)
    for call, (what, *_) in zip(calls, [*runs, *groups]):
        p, far = call["process"], BELOW.get(what, 1)
        ok(p["ancestors"][far - 1:far] == [os.getpid()] and p["parent"] == p["ancestors"][0] and p["pid"] not in p["ancestors"] and
           len(set(p["ancestors"])) == len(p["ancestors"]) <= 8, f"{how}: {what}: what it descends from", p, os.getpid())
    served = [c["other_end"] for c in calls if c["other_end"]]
    ok(served and all(e["user"] == "root" and e["script"] is None for e in served), f"{how}: the other end has a user",
       served[:1])
    ok(all(c["process"]["container"] is None or c["process"]["container"]["id"] is None for c in calls[:len(runs)]),
       f"{how}: nothing else is in a container")


check(live, "live, their processes gone")

# Another host: no such users, no such processes, no such files.
passwd = put("passwd", "x:x:0:0::/:/bin/sh\n", 0o644)
r = subprocess.run(["unshare", "--mount", "sh", "-c", 'mount --bind "$1" /etc/passwd && mount -t tmpfs none /proc && '
                    'exec "$2" --replay "$3" --format=jsonl --all', "sh", passwd, SPY, recording],
                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=WAIT)
ok(r.returncode == 0, "a replay without /proc", r.stderr)
again = record_schema.check([json.loads(line) for line in r.stdout.splitlines()])
check(again, "in a replay elsewhere")
ok([x["process"] for x in mine(of_client(again))] == [x["process"] for x in live], "which says of processes what the live run said")

# ---- selection by these names ----
for name, want in (("agent.py", "agent.py"), ("agent", "agent.py"), ("asker", "asker")):
    r = subprocess.run([SPY, "--replay", recording, "--format=jsonl", "--all", "-P", name], stdout=subprocess.PIPE,
                       text=True, timeout=WAIT)
    got = {x["process"]["script"] for x in mine(map(json.loads, r.stdout.splitlines()))}
    ok(got == {want}, f"-P {name} selects what runs {want}", got)

# ---- processes that have ended when the tracer looks at them: what the kernel told when they began ----
spy = Spy()
subprocess.run([PYTHON, agent, *ARGS], check=True, timeout=WAIT)
spy.wait_for(2)
spy.proc.send_signal(signal.SIGSTOP)
group = Cgroup(f"docker-{ID}.scope") if shared.cgroup else None
subprocess.run([PYTHON, agent, *ARGS], check=True, timeout=WAIT, preexec_fn=group and group.join)
subprocess.run(["sh", "-c", 'curl -sS --noproxy "*" --cacert "$0" -d "$1" -H "$2" "$3"; true', mock.ca,
                '{"model":"gpt-4o","messages":[{"role":"user","content":"curl"}]}', "Authorization: Bearer sk-FAKESECRET",
                mock.url + "/v1/chat/completions"], check=True, timeout=WAIT, stdout=subprocess.DEVNULL)
spy.proc.send_signal(signal.SIGCONT)
spy.wait_for(6)
calls = of_client(spy.stop())
if group:
    group.remove()
seen = [c["process"] for c in calls]
ok(len(calls) == 3 and all(c["complete"] for c in calls), "late: each call is there", seen)
first, late, curl = sorted(seen, key=lambda p: p["name"] == "curl")
told = ("name", "exe", "script", "cmdline", "ancestors", "user")
ok([late[k] for k in told] == [first[k] for k in told] and late["pid"] != first["pid"],
   "late: a process is described as one that was looked at in time", first, late)
ok(not group or late["container"]["id"] == ID, "late: its container is known, which is still there", late)
ok(curl["exe"] == os.path.realpath(shutil.which("curl")) and curl["cmdline"].startswith("curl -sS --noproxy * ") and
   "Bearer *** " in curl["cmdline"] and curl["ancestors"][1:] == first["ancestors"][:len(curl["ancestors"]) - 1] and
   len(curl["ancestors"]) > 1, "late: curl, below a shell", curl)

# ---- a process whose arguments nobody can read ----
spy = Spy()
hostile = subprocess.Popen([PYTHON, "-c", HANGS, *ARGS, "x" * 16384], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True)
started.append(hostile)
if hostile.stdout.readline().strip() == "called":
    for _ in range(3):
        subprocess.run([PYTHON, agent, *ARGS], check=True, timeout=WAIT)
    spy.wait_for(8)
    calls = of_client(spy.stop())
    ok(len(calls) == 4 and all(c["complete"] for c in calls), "its call is seen, and those of others",
       [c["process"] for c in calls])
    ok([c["process"]["script"] for c in calls if c["process"]["pid"] != hostile.pid] == ["agent.py"] * 3,
       "these by their names", [c["process"] for c in calls])
    hostile.stdin.close()
    hostile.wait(WAIT)
else:
    skip("arguments that cannot be read", hostile.stderr.read().strip().splitlines()[-1:])
    spy.stop()

mock.stop()
done()
