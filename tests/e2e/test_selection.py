#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Which processes and calls are shown: lists, users, cgroups with what is below them; where the kernel leaves out."""
import re
import subprocess

import spy as harness
from spy import *

need_root()
mock = Mock()
BODY = '{"model":"%s","messages":[{"role":"user","content":"%s"}]}'
PYTHON_NAME = os.path.basename(os.path.realpath(PYTHON))
CA = os.path.join(TMP, "ca.pem")
shutil.copy(mock.ca, CA)
os.chmod(CA, 0o644)


def curl_args(model="gpt-4o", text="hello", path="/v1/chat/completions"):
    return ["curl", "-sS", "--noproxy", "*", "--cacert", CA, "-o", "/dev/null", "--data-binary", BODY % (model, text),
            mock.url + path]


def curl(directory=None, **kw):
    """A call, from a cgroup if one is given."""
    args = curl_args()
    if directory:
        args = ["sh", "-c", 'echo $$ > "$0/cgroup.procs"; exec "$@"', directory, *args]
    subprocess.run(args, check=True, timeout=WAIT, **kw)


def run(*args, **kw):
    return subprocess.run([SPY, *args], text=True, capture_output=True, timeout=WAIT, **kw)


def refused(args, *words):
    r = run(*args)
    ok(r.returncode == 2 and all(w in r.stderr for w in words) and r.stderr.count("\n") == 1,
       f"refused: {' '.join(args)}", r.returncode, r.stderr)


# ---- lists of processes ----
slow = [subprocess.Popen([PYTHON, CLIENT, "slow", mock.url, mock.ca, os.path.join(TMP, f"slow{i}")], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, text=True) for i in range(3)]
for p in slow:
    started.append(p)
    p.stdout.readline()


def slow_calls():
    for p in slow:
        p.stdin.write("go\n")
        p.stdin.flush()
        p.stdout.readline()


pids = [p.pid for p in slow]
for args, want in (((f"-p{pids[0]},{pids[1]}",), pids[:2]), (("-p", f"{pids[0]}\n{pids[2]}\n"), [pids[0], pids[2]]),
                   ((f"-p{pids[0]}", f"-p{pids[1]}", f"-p {pids[2]}"), pids)):
    spy = Spy(*args, whole_host=True)
    slow_calls()
    spy.wait_for(len(want))
    got = sorted(r["process"]["pid"] for r in of_client(spy.stop()))
    ok(got == sorted(want), f"{args} shows those processes", got, spy.stderr())
for args, want in ((("-P", "nothing,curl"), 1), (("-P", "cur?,python3*"), 4), (("-P", "curl", "-P", "python3.11"), 4),
                   (("--user", "nobody,0"), 4), (("-u", "nobody"), 0)):
    spy = Spy(*args)
    slow_calls()
    curl()
    if want:
        spy.wait_for(want)
    got = of_client(spy.stop())
    ok(len(got) == want, f"{' '.join(args)} shows {want}", [g["process"]["name"] for g in got], spy.stderr())
for p in slow:
    p.kill()
    p.wait()
refused(["-p", ""], "no process is given")
refused(["-p", "1,x"], "--process x")
refused(["-P", ","], "no name is given")
refused(["-u", "no-such-user"], "no user 'no-such-user' on this host")

# ---- cgroups ----
refused(["--cgroup", TMP], f"--cgroup {TMP}: not a cgroup v2 directory")
refused(["--cgroup", "/nonexistent"], "No such file")
refused(["targets", "--cgroup", TMP], "not a cgroup v2 directory")
if not harness.cgroup:
    skip("cgroups", "none can be made here")
else:
    above, beside = os.path.join(harness.cgroup, "above"), os.path.join(harness.cgroup, "beside")
    below = os.path.join(above, "one", "two")
    os.makedirs(below)
    os.mkdir(beside)
    try:
        spy = Spy(f"--cgroup={above}", "--debug", whole_host=True)
        curl(beside)
        curl(above)
        curl(below)
        late = os.path.join(above, "late")
        os.mkdir(late)
        curl(late)
        os.rmdir(late)
        spy.wait_for(3)
        got = of_client(spy.stop())
        ok(len(got) == 3, "--cgroup shows a directory and what is below it, also what is made later", len(got), spy.stderr())
        spy = Spy(f"--cgroup={above}", f"--cgroup={beside}", whole_host=True)
        curl(beside)
        curl(below)
        spy.wait_for(2)
        ok(len(of_client(spy.stop())) == 2, "two directories", spy.stderr())

        def events(*args):
            spy = Spy("--debug", *args, whole_host=True)
            curl(beside)
            if not args:
                spy.wait_for(1)
            spy.stop()
            return int(re.search(r"the kernel's buffer had (\d+) events", spy.stderr())[1])
        ok(events() > 0, "what is wanted reaches the tracer")
        ok(events(f"--cgroup={above}") == 0, "of another cgroup nothing leaves the kernel")
        ok(events("--user=nobody,daemon") == 0, "nor of other users")

        # Calls of a group of BPF programs that is compiled later.
        spy = Spy(f"--cgroup={above}", f"--plain={mock.port}", whole_host=True)
        curl(below)
        curl(beside)
        spy.wait_for(1)
        ok(len(of_client(spy.stop())) == 1, "with --plain as well", spy.stderr())
    finally:
        for d in (below, os.path.dirname(below), above, beside):
            harness.remove_cgroup(d)

# ---- scripts, containers, units: live, in the recording of it, and in a list of targets ----
script = os.path.join(TMP, "agent.py")
with open(script, "w") as f:
    f.write(f"""import ssl, sys, urllib.request
c = ssl.create_default_context(cafile={CA!r})
for _ in sys.stdin:
    urllib.request.urlopen(urllib.request.Request({mock.url + "/v1/chat/completions"!r}, {(BODY % ("gpt-4o", "hello")).encode()!r},
                                                  {{"Content-Type": "application/json"}}), context=c).read()
    print(flush=True)
""")
ID = "0123456789abcdef" * 4
place = os.path.join(harness.cgroup, "app.service", f"docker-{ID}.scope") if harness.cgroup else None
if place:
    os.makedirs(place)
recorded = os.path.join(TMP, "recorded.spy")
spy = Spy("-w", recorded)
agent = subprocess.Popen(["sh", "-c", 'test -z "$0" || echo $$ > "$0/cgroup.procs"; exec "$@"', place or "", PYTHON, script],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
started.append(agent)


def agent_call():
    agent.stdin.write("go\n")
    agent.stdin.flush()
    agent.stdout.readline()


agent_call()
curl()
spy.wait_for(2)
both = of_client(spy.stop())
ok(sorted(r["process"]["name"] for r in both) == ["curl", PYTHON_NAME], "both are recorded", both)
WORDS = [(("-P", "agent.py"), 1), (("-P", "agent"), 1), (("-P", "agent.js"), 0), (("--user", "root"), 2), (("--user", "nobody"), 0)]
if place:
    WORDS += [(("--container", ID[:12]), 1), (("--container", "fedcba"), 0), (("--unit", "app.service"), 1),
              (("--unit", "app.service,other"), 1), (("--unit", "other.service"), 0), (("--cgroup", os.path.dirname(place)), 1)]
else:
    skip("containers and units", "no cgroup can be made here")
for args, want in WORDS:
    spy = Spy(*args, whole_host=args[0] == "--cgroup")
    agent_call()
    curl()
    if want:
        spy.wait_for(want)
    got = of_client(spy.stop())
    ok(len(got) == want, f"{' '.join(args)} shows {want}", [g["process"] for g in got], spy.stderr())
    r = run("-r", recorded, "-f", "jsonl", *args)
    got = [json.loads(line) for line in r.stdout.splitlines()]
    ok(len(of_client(got)) == want, f"and {want} of the recording", [g["process"] for g in got], r.stderr)
    r = run("targets", "-f", "jsonl", *args)
    listed = any(json.loads(line)["pid"] == agent.pid for line in r.stdout.splitlines())
    ok(listed == (want > 0), f"and targets lists it: {listed}", r.stderr)
agent.kill()
agent.wait()
if place:
    harness.remove_cgroup(place)
    harness.remove_cgroup(os.path.dirname(place))
r = run("-r", recorded, "-u", "no-such-user")
ok(r.returncode == 2 and "no user 'no-such-user'" in r.stderr and not r.stdout, "a user that neither host nor recording knows",
   r.returncode, r.stderr)

# ---- calls, live ----
calls = ["sh", "-c", '"$@"; curl -sS --noproxy "*" --cacert "$CA" -o /dev/null --data-binary "$OTHER" "$URL"', "sh", *curl_args(text="find the needle")]
env = dict(os.environ, CA=CA, OTHER=BODY % ("claude-x", "hay"), URL=mock.url + "/v1/chat/completions")
for args, want in (((), 2), (("--model", "gpt*"), 1), (("--model", "gpt*,claude*"), 2), (("--grep", "NEEDLE"), 1), (("--grep", "/^hay$/"), 1),
                   (("--errors",), 0), (("--slow", "1h"), 0), (("--since", "1h"), 2), (("--until", "1h"), 0), (("--host", "local*"), 2)):
    r = run(*args, "--force", "-o", os.path.join(TMP, "text"), "-o", "jsonl", "--", *calls, env=env)
    got = [json.loads(line) for line in r.stdout.splitlines()]
    ok(len(got) == want, f"{' '.join(args) or 'nothing'} shows {want}", [g["request"]["model"] for g in got], r.stderr)
    text = open(os.path.join(TMP, "text")).read()
    ok(sum(model in text for model in ("gpt-4o", "claude-x")) == want, "and so does text", text)
    if want < 2:
        ok(f"{2 - want} not selected" in r.stderr, "the summary says how many were not shown", r.stderr)

done()
