#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The first run of programs that nobody has seen: a new file, nothing kept from earlier runs, called at once. Each as a
command, and by itself with a tracer that was started long before, as a child of a shell, of env and of an editor-like
parent. Every call is seen, complete and from its first byte. With LLM_SPY_AGENTS=1 (scripts/check --agents) those that
are fetched too. FIRST_RUNS=20 repeats each, FIRST_ONLY=Bun,Deno takes these alone, FIRST_AS=command or =host one of the two ways. A table
of what was measured is printed at the end."""
import re
import statistics
import subprocess

from agents import INSIDE, check_calls, loopback_alone
from first_clients import clients, copied
from spy import *

ONLY = [name for name in os.environ.get("FIRST_ONLY", "").split(",") if name]
chosen = [c for c in clients() if not ONLY or c.name in ONLY]
if os.geteuid() == 0 and not os.environ.get(INSIDE):
    for c in chosen:
        c.fetch()  # while there is a network, and before others wait for us
need_root()
if os.uname().machine != "x86_64":
    skip_all("the programs are for x86-64")
RUNS = int(os.environ.get("FIRST_RUNS", "1"))
WAYS = os.environ.get("FIRST_AS", "command,host").split(",")
os.environ["XDG_CACHE_HOME"] = os.path.join(TMP, "cache")
loopback_alone()
# How a program is begun.
PARENTS = {
    "by itself": (),
    "by a shell": ("sh", "-c", '"$@"; exit $?', "sh"),
    "by env": ("env", "A=b"),
    "by an editor": (PYTHON, "-c", "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:]).returncode)"),
}
HELD = re.compile(r"^llm-spy: debug: hold: (.*): held ([0-9.]+) ms \((begun|opened)\)$", re.M)


class Row:
    """What was measured of one program, begun in one way."""

    def __init__(self):
        self.runs = self.sent = self.whole = 0
        self.delays = {"begun": [], "opened": []}

    def add(self, want, records, said, folder=None):
        """folder: what is held elsewhere was begun by others."""
        self.runs += 1
        self.sent += len(want)
        left = list(want)
        for r in records:
            pair = digests([r])[0]
            if pair in left and r["complete"] and not r["connection"]["from_middle"]:
                left.remove(pair)
                self.whole += 1
        for path, ms, how in HELD.findall(said):
            if not folder or path.startswith(folder + "/"):
                self.delays[how].append(float(ms))

    def cells(self):
        def text(delays):
            return f"{len(delays)}: {statistics.median(delays):.1f} / {max(delays):.0f}" if delays else "-"
        return [str(self.runs), str(self.sent), str(self.whole), text(self.delays["begun"]), text(self.delays["opened"])]


table = {}


def row_of(client, how):
    return table.setdefault((client.name, how), Row())


def check(what, want, records):
    check_calls(what, records, want)
    ok(not any(r["connection"]["from_middle"] for r in records), f"{what}: from the first byte")


def check_late(what, want, records, said):
    """Outside of a command's tree a library is held only when the kernel's word of it has been read: on a busy host, later than
    its first call. No byte is wrong, and what was missed is said."""
    left = list(want)
    wrong = [d for d in digests([r for r in records if r["complete"]]) if d not in left or left.remove(d)]
    ok(not wrong, f"{what}: of {len(want)} calls, {len(want) - len(left)} byte for byte, and none wrong", wrong)
    ok(not left or any(r["connection"]["from_middle"] for r in records) or "was not seen" in said, f"{what}: what was missed is said",
       said[-2000:])


def as_command(what, client, path, prefix):
    shutil.rmtree(os.environ["XDG_CACHE_HOME"], ignore_errors=True)
    server, (copy, folder) = client.server(), copied(path)
    out = os.path.join(folder, "records")
    argv, env = client.start(copy, server, folder), client.environment(server, folder)
    p = subprocess.run([SPY, "--debug", "--format", "jsonl", "--all", "--hold=60s", "-o", out, "--", *prefix, *argv], cwd=folder,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=4 * WAIT,
                       env=env)
    with open(out) as f:
        records = of_client([json.loads(line) for line in f])
    want = server.heard()
    check(what, want, records)
    ok(p.returncode == 0, f"{what}: it ends well", p.stderr[-3000:])
    row_of(client, "command").add(want, records, p.stderr)
    server.stop()
    shutil.rmtree(folder)


def on_host(what, client, path, parents):
    """One tracer for all starts."""
    shutil.rmtree(os.environ["XDG_CACHE_HOME"], ignore_errors=True)
    spy = Spy("--hold=60s", "--debug", may_be_blind=client.late)
    seen = len(of_client(spy.records()))
    for name, prefix in parents:
        server, (copy, folder) = client.server(), copied(path)
        said = len(spy.stderr())
        argv, env = client.start(copy, server, folder), client.environment(server, folder)
        p = subprocess.run([*prefix, *argv], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                           timeout=4 * WAIT, env=env, cwd=folder)
        ok(p.returncode == 0, f"{what}, begun {name}: it ends well", p.stderr[-2000:])
        want = server.heard()
        until(lambda: len(of_client(spy.records())) >= seen + len(want), 20)
        records = of_client(spy.records())[seen:]
        seen += len(records)
        if client.late:
            check_late(f"{what}, begun {name}", want, records, spy.stderr()[said:])
        else:
            check(f"{what}, begun {name}", want, records)
        row_of(client, "anybody's").add(want, records, spy.stderr()[said:], folder)
        server.stop()
        shutil.rmtree(folder)
    spy.stop()


def test(client, path):
    parents = list(PARENTS.items())
    for run in range(RUNS if "command" in WAYS else 0):
        again = f", run {run + 1}" if RUNS > 1 else ""
        as_command(f"llm-spy -- {client.name}{again}", client, path, parents[run % len(parents)][1])
    if "host" in WAYS:
        # Who begins it makes no difference for a library.
        ways = 2 if client.late else len(parents)
        on_host(client.name, client, path, (parents * RUNS)[:max(RUNS, ways)])


def print_table():
    names = ["program", "as", "runs", "calls", "seen whole", "held at exec, ms (n: median / max)", "held at open"]
    for cells in [names, ["---"] * len(names)] + [[*key, *row.cells()] for key, row in table.items()]:
        print("#", "|", " | ".join(cells), "|")


for c in chosen:
    path = c.fetch()
    if path:
        test(c, path)
    else:
        skip(c.name, "it is not to be had here")
print_table()
done()
