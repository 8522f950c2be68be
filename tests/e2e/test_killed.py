#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What is killed: a client in the middle of its answer, whoever searches files, and the tracer itself."""
import subprocess

from spy import *

need_root()
mock = Mock()
os.environ["XDG_CACHE_HOME"] = os.path.join(TMP, "cache")
os.mkdir(os.environ["XDG_CACHE_HOME"], 0o755)

# Reads a little of a long answer, then waits to be killed.
STUCK = """
import http.client, json, ssl, sys, time, urllib.parse
url = urllib.parse.urlsplit(sys.argv[1])
conn = http.client.HTTPSConnection(url.hostname, url.port, context=ssl.create_default_context(cafile=sys.argv[2]))
body = json.dumps({"model": "gpt-4o", "stream": True, "messages": [{"role": "user", "content": "be killed"}]})
conn.request("POST", "/v1/chat/completions?size=9000&chunks=1000&delay_ms=500", body, {"Content-Type": "application/json"})
print(len(conn.getresponse().read(200)), flush=True)
time.sleep(1000)
"""
# Kills all of its own user that searches, as nobody may.
KILLER = """
import os
killed = 0
print("ready", flush=True)
while True:
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if open(f"/proc/{pid}/comm").read().startswith("llm-spy"):
                os.kill(int(pid), 9)
                killed += 1
                print("killed", killed, flush=True)
        except OSError:
            pass
"""


def wait_for(what, seconds=60):
    end = time.time() + seconds
    while not what() and time.time() < end:
        time.sleep(0.05)
    return what()


def own_libssl():
    """A new file, which no catalog knows."""
    real = next((os.path.join(d, "libssl.so.3") for d in ("/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/lib64", "/usr/lib")
                 if os.path.exists(os.path.join(d, "libssl.so.3"))), None)
    if real:
        folder = tempfile.mkdtemp(dir=TMP)
        os.chmod(folder, 0o755)
        shutil.copy(real, folder)
        return os.path.join(folder, "libssl.so.3")


def test_client():
    spy = Spy()
    stuck = subprocess.Popen([PYTHON, "-c", STUCK, mock.url, mock.ca], stdout=subprocess.PIPE, text=True)
    stuck.stdout.readline()
    mine = lambda: [r for r in of_client(spy.records()) if r["process"]["pid"] == stuck.pid]
    ok(not mine(), "an exchange that goes on is not written yet")
    stuck.kill()
    stuck.wait()
    wait_for(mine)
    ok(len(mine()) == 1 and spy.proc.poll() is None, "that of a client that is killed is, while the tracer goes on", mine())
    ok(mine() and not mine()[0]["complete"] and mine()[0]["request"]["messages"], "and it is incomplete", mine())
    ok(len([r for r in of_client(spy.stop()) if r["process"]["pid"] == stuck.pid]) == 1, "and is written once")


def test_searcher():
    lib = own_libssl()
    if not lib:
        skip("who searches is killed", "there is no libssl.so.3")
        return
    spy = Spy("--debug")
    killer = subprocess.Popen([PYTHON, "-c", KILLER], stdout=subprocess.PIPE, text=True, user=65534, group=65534, extra_groups=[])
    killer.stdout.readline()
    # One that only maps it first, so that the call comes when it is hooked or given up.
    hold = subprocess.Popen([PYTHON, "-c", f"import ctypes; ctypes.CDLL('{lib}'); input()"], stdin=subprocess.PIPE, text=True)
    hooked = wait_for(lambda: f"attach: {lib}: OpenSSL by" in spy.stderr())
    ok(hooked, "a new library is searched and hooked though nobody's processes kill what they may", spy.stderr()[-2000:])
    noted = client(mock, "single", env=dict(os.environ, LD_LIBRARY_PATH=os.path.dirname(lib)))
    spy.wait_for(2)
    compare("and calls by it are seen", spy.stop(), noted)
    hold.kill()
    killer.kill()
    said = killer.stdout.read()
    ok("killed" not in said, "there was nothing that they could kill", said)


def test_command():
    """The first program that maps a library is a child of the command, and calls at once; it is held while that is searched."""
    lib, out = own_libssl(), os.path.join(TMP, "command.out")
    if not lib:
        skip("a command's child with a new library", "there is no libssl.so.3")
        return
    run = f"LD_LIBRARY_PATH={os.path.dirname(lib)} {PYTHON} {CLIENT} single {mock.url} {mock.ca} {out}; exit 5"
    spy = Spy("--", "sh", "-c", run, ready=False)
    ok(spy.proc.wait(120) == 5, "the command's exit code is kept", spy.stderr())
    compare("a command's child with a library that nobody knew", spy.records(), notes(out))
    # Whoever is held may be killed, and may get signals.
    script = f"cp {PYTHON} {TMP}/copy; {TMP}/copy -c 'import time; time.sleep(100)' & sleep 0.01; kill -USR1 $!; wait $!; exit $?"
    r = subprocess.run([SPY, "--", "sh", "-c", script], capture_output=True, timeout=120)
    ok(r.returncode == 128 + signal.SIGUSR1, "a signal that comes meanwhile arrives", r)


def folders():
    return {d for d in os.listdir("/tmp") if d.startswith("llm-spy-headers-")}


def compilers():
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if open(f"/proc/{pid}/comm").read().strip() == "llm-spy-compile":
                found.append(pid)
        except OSError:
            pass
    return found


def test_tracer():
    stale = "/tmp/llm-spy-headers-" + "aaaaaa"
    os.makedirs(stale + "/include/linux", mode=0o700, exist_ok=True)
    os.chmod(stale, 0o700)
    open(stale + "/include/linux/kconfig.h", "w").close()
    foreign = "/tmp/llm-spy-headers-" + "bbbbbb"
    os.makedirs(foreign, mode=0o755, exist_ok=True)
    os.chown(foreign, 65534, 65534)
    there = set(compilers())
    spy = Spy("--debug", "--kernel-headers=builtin", ready=False)
    wait_for(lambda: "ring buffer of" in spy.stderr() and set(compilers()) - there)
    spy.proc.kill()
    spy.proc.wait()
    ok(wait_for(lambda: not set(compilers()) - there), "of a tracer that was killed no compiler is left", compilers())
    spy = Spy("--kernel-headers=builtin")
    spy.stop()
    ok(not os.path.exists(stale), "what one that was killed left in /tmp is removed by the next", folders())
    ok(os.path.exists(foreign), "but not what is another user's")
    os.rmdir(foreign)


test_client()
test_searcher()
test_command()
test_tracer()
mock.stop()
done()
