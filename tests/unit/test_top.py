#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""llm-spy top: rows of agents that add up to what `spend` and the summary say, whichever file they are read from; sub-agents
below the agent that began them."""
import glob
import json
import os
import subprocess
import sys
import tempfile
import unicodedata

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path[:0] = [os.path.join(SRC, "tests", folder) for folder in ("conformance", "lib")]
import cases  # noqa: E402
from spyfile import READ, WRITE, SpyFile, cut_whole  # noqa: E402
from tap import done, ok, skip  # noqa: E402

SPY = os.path.join(BUILD, "llm-spy")
ENV = dict(os.environ, TZ="UTC", LC_ALL="C.UTF-8")
SUMS = ("calls", "failed", "input_tokens", "cached_tokens", "output_tokens", "cost_usd", "tokens_unknown", "cost_unknown",
        "cost_at_least", "free")
SUMMARY = {"input_tokens": "input", "output_tokens": "output", "cost_usd": "usd"}  # where it has another name
folder = tempfile.mkdtemp(prefix="llm-spy-top-")
os.chmod(folder, 0o700)


def run(*args, env=ENV, **more):
    return subprocess.run([SPY, *args], capture_output=True, text=True, timeout=120, env=env, **more)


def at(name):
    return os.path.join(folder, name)


def keep(name, data):
    """The same as a recording, jsonl and, where it can be had, an archive."""
    with open(at(name + ".spy"), "wb") as out:
        out.write(data)
    forms = [at(name + ".spy"), at(name + ".jsonl")]
    run("-r", forms[0], "-l", "--summary=none", "-o", f"jsonl:{forms[1]}")
    made = run("-r", forms[0], "-l", "--summary=none", "-o", f"sqlite:{at(name + '.db')}")
    return forms if "without SQLite" in made.stderr else [*forms, at(name + ".db")]


def top(path, *more):
    r = run("top", "-r", path, "--json", *more)
    return json.loads(r.stdout) if r.returncode == 0 else {"rows": [], "failed to run": r.stderr}


def added(rows):
    total = {k: sum(r[k] or 0 for r in rows) for k in SUMS}
    total["cost_usd"] = round(total["cost_usd"], 9)
    return total


def shape(rows):
    """Agents as they stand below one another."""
    def depth(r):
        return 0 if r["parent"] is None else 1 + depth(rows[r["parent"] - 1])
    return [(depth(r), r["session"], r["agent"], r["inferred"], r["calls"], r["last"]) for r in rows]


# ---- equal sums ----
made = {}
for path in sorted(glob.glob(os.path.join(SRC, "tests", "cases", "*.case"))):
    data = cases.recording(path)
    if data:
        made[os.path.basename(path)[:-5]] = keep(os.path.basename(path)[:-5], data)
ok(len(made) >= 10, f"cases are recorded: {len(made)}")
for name, forms in made.items():
    summary = json.loads(run("-r", forms[0], "--summary=json", "-o", at("scratch"), "--force").stderr.splitlines()[-1])
    for form in forms:
        spent = [json.loads(line) for line in run("spend", "-r", form, "--json").stdout.splitlines()]
        seen = top(form)
        rows = seen["rows"]
        ok(added(rows) == added(spent) == added([seen]), f"{os.path.basename(form)}: rows, total and spend agree", seen, spent)
        ok(seen["agents"] == len(rows) and [r["row"] for r in rows] == list(range(1, len(rows) + 1)), "and rows are numbered")
        said = {k: round(summary[SUMMARY.get(k, k)] or 0, 9) for k in SUMS if k != "cached_tokens"}
        ok(added([seen]) == dict(said, cached_tokens=summary["cached_read"] or 0), "and the summary", seen, summary)

# ---- the tree ----
TREE = [(0, None, None, False, 1, "None."), (0, "9980d568", None, False, 2, "All is tidy."),
        (1, None, None, True, 1, "None."), (1, "9980d568", "a-17", False, 1, "None.")]
for form in made["agents"]:
    got = shape(top(form)["rows"])
    ok(got == TREE, f"{os.path.basename(form)}: sub-agents stand below their agent", got)

done()
