# SPDX-License-Identifier: MIT
"""What tests of programs from npm share: the programs, fetched into a cache outside of the tree, and a
network that has loopback alone."""
import contextlib
import fcntl
import glob
import hashlib
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

from spy import TMP, WAIT, begin_again, digests, ledger, of_client, ok, skip, until

# Codex, of one provider: its URL, and whether it speaks WebSocket (true, false).
CODEX_CONFIG = """model = "gpt-5"
model_provider = "mock"
[model_providers.mock]
name = "mock"
base_url = "%s/v1"
env_key = "MOCK_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
supports_websockets = %s
"""
CACHE = os.environ.get("LLM_SPY_CACHE") or os.path.join(os.environ.get("HOME") or "/root", ".cache/llm-spy")
AGENTS = os.environ.get("LLM_SPY_AGENTS") == "1" # the large programs too
INSIDE = "LLM_SPY_LOOPBACK_ALONE"
BESIDE = ["chrt", "--idle", "0"] # before what builds, while another test runs


@contextlib.contextmanager
def making(path):
    """While no other test makes this file or folder of the cache: whether it is still missing."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield not os.path.exists(path)


def fetch(package, version):
    """The folder of a package as it is published; none of its scripts are run. None where it is not to be had."""
    folder = os.path.join(CACHE, "npm", package.replace("/", "-").lstrip("@") + "-" + version)
    if os.path.isdir(folder):
        return folder
    if os.environ.get(INSIDE) or not shutil.which("npm"):
        return None
    with making(folder) as missing, tempfile.TemporaryDirectory(dir=os.path.dirname(folder)) as new:
        if not missing:
            return folder
        try:
            got = subprocess.run(["npm", "pack", "--silent", "--fetch-retries=2", "--pack-destination", new,
                                  f"{package}@{version}"], cwd=new, capture_output=True, text=True, timeout=600)
            if got.returncode != 0:
                raise OSError(got.stderr[-300:])
            subprocess.run(["tar", "xzf", os.path.join(new, got.stdout.split()[-1]), "-C", new], check=True)
        except (OSError, subprocess.SubprocessError) as e:
            print("#", package, version, str(e).replace("\n", " "))
            return None
        # Some packages call their folder otherwise than "package".
        top = [d.path for d in os.scandir(new) if d.is_dir()]
        os.chmod(top[0], 0o755)
        os.rename(top[0], folder)
    return folder


def program(package, version, path):
    folder = fetch(package, version)
    return folder and os.path.join(folder, path)


def npm_installed(*packages):
    """A folder with packages of npm and what they depend on; none of their scripts are run."""
    folder = os.path.join(CACHE, "npm", "with-" + packages[0].replace("/", "-").lstrip("@"))
    if os.path.isdir(folder):
        return folder
    if os.environ.get(INSIDE) or not shutil.which("npm"):
        return None
    with making(folder) as missing, tempfile.TemporaryDirectory(dir=os.path.dirname(folder)) as new:
        if not missing:
            return folder
        got = subprocess.run(["npm", "install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix",
                              os.path.join(new, "all"), *packages], capture_output=True, text=True, timeout=600)
        if got.returncode != 0:
            print("#", packages[0], got.stderr[-300:].replace("\n", " "))
            return None
        os.rename(os.path.join(new, "all"), folder)
    return folder


def is_there(path, what):
    """A registry that does not answer is no fault of what is tested: it is said, and counted as skipped."""
    if not path:
        skip(what, "it cannot be fetched from npm")
    return bool(path)


def loopback_alone():
    """Begins the test again in a network of its own, so that no program under test reaches any other host;
    the mounts are its own too."""
    if not os.environ.get(INSIDE):
        os.environ[INSIDE] = "1"
        begin_again("unshare", "--net", "--mount", "--")
    SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        flags = struct.unpack("16sh22x", fcntl.ioctl(s, SIOCGIFFLAGS, struct.pack("16sh22x", b"lo", 0)))[1]
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | IFF_UP))


# ---- what a program said, and what the server heard ----

def run_agent(spy, argv, calls, seconds=2 * WAIT, **kw):
    """Until it ends, or so many of its calls were seen: not every program ends. What it printed."""
    with open(os.path.join(TMP, "agent.out"), "w+") as out:
        proc = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                start_new_session=True, **kw)
        end = time.time() + seconds
        while proc.poll() is None and time.time() < end and len(of_program(spy.records(), argv[0])) < calls:
            time.sleep(0.1)
        try:
            proc.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(proc.pid, signal.SIGKILL)
            proc.wait()
        out.seek(0)
        return out.read()


def said(mock):
    """Digests of what llm-spy-mock received and sent, call by call."""
    def digest(path):
        with open(path, "rb") as f:
            return hashlib.sha256(f.read()).hexdigest()
    calls = lambda: [(path, path[:-len("request")] + "response") for path in glob.glob(os.path.join(mock.log, "*.request"))]
    until(lambda: all(os.path.exists(answer) for _, answer in calls()), 20) # a client may end before the server has noted that
    return sorted((digest(asked), digest(answer)) for asked, answer in calls())


def of_program(records, path):
    return [r for r in of_client(records) if r["process"]["exe"] == os.path.realpath(path)]


def check_calls(what, mine, want):
    ok(want and digests(mine) == want, f"{what}: {len(want)} calls, byte for byte; {ledger(mine)}",
       f"{len(mine)} records, {len(want)} wanted", [r["http"]["target"] for r in mine])
    bad = [r for r in mine if not r["complete"]]
    ok(not bad, f"{what}: all are known to be complete", json.dumps(bad[:1]))


def check_start(what, mine):
    middle = [r["connection"] for r in mine if r["connection"]["from_middle"]]
    ok(not middle, f"{what}: the connections were seen from their beginning", middle)
