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

# ---- calls, live ----
calls = ["sh", "-c", '"$@"; curl -sS --noproxy "*" --cacert "$CA" -o /dev/null --data-binary "$OTHER" "$URL"', "sh", *curl_args(text="find the needle")]
env = dict(os.environ, CA=CA, OTHER=BODY % ("claude-x", "hay"), URL=mock.url + "/v1/chat/completions")
for args, want in (((), 2), (("--model", "gpt*"), 1), (("--model", "gpt*,claude*"), 2), (("--grep", "NEEDLE"), 1), (("--grep", "/^hay$/"), 1),
                   (("--errors",), 0), (("--slow", "1h"), 0), (("--since", "1h"), 2), (("--until", "1h"), 0), (("--host", "local*"), 2)):
    r = run(*args, "-o", os.path.join(TMP, "text"), "-o", "jsonl", "--", *calls, env=env)
    got = [json.loads(line) for line in r.stdout.splitlines()]
    ok(len(got) == want, f"{' '.join(args) or 'nothing'} shows {want}", [g["request"]["model"] for g in got], r.stderr)
    text = open(os.path.join(TMP, "text")).read()
    ok(sum(model in text for model in ("gpt-4o", "claude-x")) == want, "and so does text", text)
    if want < 2:
        ok(f"{2 - want} not selected" in r.stderr, "the summary says how many were not shown", r.stderr)

done()
