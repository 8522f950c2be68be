#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""make bench: what tracing costs, as ratios measured in one run (machines are noisy).

For each size of message: a round trip over TLS (2 writes, 2 or more reads) traced and not, in turns,
the median of several. Then what programs without TLS pay. Then the tracer's own start, memory and CPU, and the search of what runs here for TLS."""
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

BUILD = os.environ.get("builddir", ".")
SPY, LOAD, CALLS = (os.path.join(BUILD, n) for n in ("llm-spy", "bench-sslw", "bench-syscalls"))
TURNS = int(os.environ.get("TURNS", "5"))
SIZES = ((64, 20000), (1024, 20000), (16384, 5000), (262144, 500), (1 << 20, 100))


def load(size, rounds):
    return float(subprocess.run([LOAD, str(size), str(rounds)], check=True, capture_output=True, text=True).stdout)


def calls(kind, rounds):
    return float(subprocess.run([CALLS, kind, str(rounds)], check=True, capture_output=True, text=True).stdout)


class Tracer:
    def __init__(self, *args):
        begin = time.monotonic()
        self.proc = subprocess.Popen([SPY, "-f", "jsonl", "-o", "/dev/null", *args], stderr=subprocess.PIPE, text=True)
        for line in self.proc.stderr:
            if "ready:" in line:
                break
        self.start = time.monotonic() - begin

    def status(self, key):
        with open(f"/proc/{self.proc.pid}/status") as f:
            return next(int(line.split()[1]) for line in f if line.startswith(key + ":"))

    def cpu(self):
        with open(f"/proc/{self.proc.pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.proc.send_signal(signal.SIGINT)
        self.proc.stderr.read()
        self.proc.wait()


def search(cache):
    """How long it takes to look at all processes, beside the compiler, with what an earlier run left in the cache."""
    p = subprocess.Popen([SPY, "--debug", "-o", "/dev/null"], stderr=subprocess.PIPE, text=True,
                         env=dict(os.environ, XDG_CACHE_HOME=cache))
    for line in p.stderr:
        if found := re.search(r"inspected the running processes in (\d+) ms, of which scanning (\d+) files took (\d+) ms", line):
            break
    p.send_signal(signal.SIGINT)
    p.stderr.read()
    p.wait()
    return found.groups()


if os.geteuid() != 0:
    sys.exit("bench: tracing needs root")
print(f"{'message':>9}  {'bare':>10}  " + "  ".join(f"{b:>22}" for b in ("ring", "perf", "another pid traced")))
for size, rounds in SIZES:
    times = {"bare": [], "ring": [], "perf": [], "other": []}
    for _ in range(TURNS):
        times["bare"].append(load(size, rounds))
        for kind, args in (("ring", ("--buffer=ring",)), ("perf", ("--buffer=perf",)), ("other", (f"--pid={os.getpid()}",))):
            t = Tracer(*args)
            times[kind].append(load(size, rounds))
            t.stop()
    bare = statistics.median(times["bare"])
    cells = []
    for kind in ("ring", "perf", "other"):
        m = statistics.median(times[kind])
        cells.append(f"{m / 1000:8.1f} us  x{m / bare:5.2f}     ")
    print(f"{size:>9}  {bare / 1000:7.1f} us  " + "  ".join(cells))

print()
columns = {"bare": None, "traced": (), "--no-peer": ("--no-peer",), "--plain": ("--plain",), "--plain=all": ("--plain=all",)}
print(f"{'64 bytes':>9}  " + "  ".join(f"{name:>22}" for name in columns))
for kind, rounds in (("pipe", 500000), ("tcp", 100000)):
    times = {name: [] for name in columns}
    for _ in range(TURNS):
        for name, args in columns.items():
            t = None if args is None else Tracer(*args)
            times[name].append(calls(kind, rounds))
            if t:
                t.stop()
    bare = statistics.median(times["bare"])
    print(f"{kind:>9}  " + "  ".join(f"{m:9.0f} ns  x{m / bare:5.2f}    " for m in map(statistics.median, times.values())))
print()

t = Tracer()
idle = t.cpu()
time.sleep(5)
idle = t.cpu() - idle
private = t.status("RssAnon")
before = t.cpu()
begin = time.monotonic()
load(16384, 20000)
busy = (t.cpu() - before) / (time.monotonic() - begin)
print(f"start {t.start:.2f} s; private memory {private} KiB idle, {t.status('RssAnon')} KiB after the load; "
      f"CPU {idle / 5 * 100:.1f}% idle, {busy * 100:.0f}% of one processor at full load")
t.stop()

with tempfile.TemporaryDirectory() as cache:
    for what in ("cold", "warm"):
        total, files, searching = search(cache)
        print(f"search of all processes, {what}: {files} files searched in {searching} ms, all in {total} ms")
