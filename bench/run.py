#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""make bench: what tracing costs, as ratios measured in one run (machines are noisy).

For each size of message: a round trip over TLS (2 writes, 2 or more reads) traced and not, in turns,
the median of several. Then what programs without TLS pay. Then the tracer's own memory and CPU, its start without and with what is kept on disk,
and the search of what runs here for TLS."""
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
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


def ours():
    """Processes of this program."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.path.samefile(f"/proc/{pid}/exe", SPY):
                yield pid
        except OSError:
            pass


def kib(pid, key):
    try:
        with open(f"/proc/{pid}/smaps_rollup") as f:
            return next(int(line.split()[1]) for line in f if line.startswith(key + ":"))
    except (OSError, StopIteration):
        return 0


class Peak(threading.Thread):
    """Of the memory of all its processes together; what they share counts in each of them."""
    def __init__(self):
        super().__init__()
        self.others, self.kib, self.over = set(ours()), 0, False
        self.start()

    def run(self):
        while not self.over:
            self.kib = max(self.kib, sum(kib(pid, "Rss") for pid in set(ours()) - self.others))
            time.sleep(0.005)

    def end(self):
        self.over = True
        self.join()
        return self.kib


def cgroup():
    """A directory of our own, for the processor time of processes that end unseen."""
    with open("/proc/self/cgroup") as f:
        here = next(line[3:].strip() for line in f if line.startswith("0::"))
    with open("/proc/self/mounts") as f:
        top = next(fields[1] for fields in map(str.split, f) if fields[2] == "cgroup2")
    path = f"{top}{here.rstrip('/')}/llm-spy-bench-{os.getpid()}"
    os.mkdir(path)
    return path


def begin(cache, *args):
    """From exec to "ready:": seconds, seconds of processor time, KiB; and what was said until all is compiled."""
    group, peak, text = cgroup(), Peak(), ""

    def enter():
        with open(f"{group}/cgroup.procs", "w") as f:
            f.write(str(os.getpid()))
    t = time.monotonic()
    p = subprocess.Popen([SPY, "--debug", "-o", "/dev/null", *args], stderr=subprocess.PIPE, text=True, preexec_fn=enter,
                         env=dict(os.environ, XDG_CACHE_HOME=cache))
    took = cpu = memory = None
    for line in p.stderr:
        text += line
        if "ready:" in line:
            took = time.monotonic() - t
            memory = peak.end()
            with open(f"{group}/cpu.stat") as f:
                cpu = int(f.readline().split()[1]) / 1e6
        if took and all(f"probe {g}: " in text for g in ("CORE", "LIBRARIES", "GO", "RUSTLS", "AEAD")):
            break
    p.terminate()  # SIGINT would be left to the command
    p.stderr.read()
    p.wait()
    for _ in range(100):
        try:
            os.rmdir(group)
            break
        except OSError:
            time.sleep(0.02)
    return took, cpu, memory, text


def starts(what, *args):
    """Cold, with nothing in the cache, against warm: with what the first start left in it."""
    rows = {"cold": [], "warm": []}
    for _ in range(TURNS):
        with tempfile.TemporaryDirectory() as cache:
            for kind in rows:
                rows[kind].append(begin(cache, *args))
    cold, warm = ([statistics.median(r[i] for r in rows[kind]) for i in range(3)] for kind in rows)
    print(f"start to ready, {what}: cold {cold[0]:.2f} s, {cold[1]:.2f} s of CPU, {cold[2] / 1024:.0f} MiB in all processes; "
          f"warm {warm[0]:.3f} s x{warm[0] / cold[0]:.2f}, {warm[1]:.2f} s x{warm[1] / cold[1]:.2f}, {warm[2] / 1024:.0f} MiB x{warm[2] / cold[2]:.2f}")
    return {kind: r[-1][3] for kind, r in rows.items()}


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
since = time.monotonic()
load(16384, 20000)
busy = (t.cpu() - before) / (time.monotonic() - since)
print(f"start {t.start:.2f} s; private memory {private} KiB idle, {t.status('RssAnon')} KiB after the load; "
      f"CPU {idle / 5 * 100:.1f}% idle, {busy * 100:.0f}% of one processor at full load")
t.stop()

starts("a command", "--", "sh", "-c", "exec sleep 30 2>/dev/null")
for what, text in starts("this host").items():
    total, files, searching = re.search(r"inspected the running processes in (\d+) ms; scanned (\d+) files, which took (\d+) ms", text).groups()
    print(f"search of all processes, {what}: {files} files searched in {searching} ms, all in {total} ms")
