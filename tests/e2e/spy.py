# SPDX-License-Identifier: MIT
"""What the end-to-end tests share: the mock provider, the tracer, TAP. Only loopback is touched."""
import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SRC = os.environ.get("srcdir", ".")
BUILD = os.environ.get("builddir", ".")
SPY = os.path.abspath(os.path.join(BUILD, "llm-spy"))
MOCK = os.path.abspath(os.path.join(BUILD, "llm-spy-mock"))
CLIENT = os.path.abspath(os.path.join(SRC, "tests/e2e/client.py"))
PYTHON = "/usr/bin/python3"
SECRET = "FAKESECRET"

count = failed = 0


def ok(good, what, *more):
    global count, failed
    count += 1
    print(("ok" if good else "not ok"), count, "-", what)
    if not good:
        failed += 1
        for m in more:
            print("#", str(m).replace("\n", "\n# ")[:3000])
    sys.stdout.flush()
    return good


def skip(what, why):
    """One test that cannot be made here; skip_all is for the whole file."""
    global count
    count += 1
    print(f"ok {count} - {what} # SKIP {why}", flush=True)


def skip_all(why):
    print("1..0 # SKIP", why)
    shutil.rmtree(TMP, ignore_errors=True)
    sys.exit(0)


def need_root():
    if os.geteuid() != 0:
        skip_all("tracing needs root")
    if not os.path.exists(SPY) or not os.path.exists(MOCK):
        skip_all("built without live tracing (--disable-bpf)")


def done():
    print(f"1..{count}")
    shutil.rmtree(TMP, ignore_errors=True)
    sys.exit(1 if failed else 0)


TMP = tempfile.mkdtemp(prefix="llm-spy-e2e-")
os.chmod(TMP, 0o755)


started = []


@atexit.register
def leave_nothing():
    """A test that breaks off leaves no tracer behind, which the next one would see."""
    for proc in started:
        if proc.poll() is None:
            proc.kill()


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


class Spy:
    """A tracer that runs in the background; records are read when it has stopped."""

    def __init__(self, *args, ready=True, via=()):
        self.out = tempfile.NamedTemporaryFile(dir=TMP, delete=False).name
        self.err = tempfile.NamedTemporaryFile(dir=TMP, delete=False).name
        with open(self.out, "w") as out, open(self.err, "w") as err:
            self.proc = subprocess.Popen([*via, SPY, "--format", "jsonl", "--all", *args], stdout=out, stderr=err)
        started.append(self.proc)
        while ready and "ready:" not in self.stderr():
            if self.proc.poll() is not None:
                raise RuntimeError("llm-spy ended: " + self.stderr())
            time.sleep(0.01)

    def stderr(self):
        return open(self.err).read()

    def records(self):
        with open(self.out) as f:
            return [json.loads(line) for line in f if line.endswith("\n")]

    def wait_for(self, n, seconds=30):
        """Until so many exchanges were written; one that was seen at both ends counts as two."""
        def seen():
            text = open(self.out).read()
            return text.count("\n") + text.count('"other_end":{')
        end = time.time() + seconds
        while seen() < n and time.time() < end:
            time.sleep(0.05)

    def stop(self, sig=signal.SIGINT):
        self.proc.send_signal(sig)
        self.proc.wait(timeout=60)
        return self.records()


def client(mock, mode, **kw):
    out = tempfile.NamedTemporaryFile(dir=TMP, delete=False).name
    subprocess.run([PYTHON, CLIENT, mode, mock.url, mock.ca, out], check=True, timeout=120, **kw)
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
