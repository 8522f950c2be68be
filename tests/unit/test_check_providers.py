#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""scripts/check-providers says of each host what the program says of it."""
import json
import os
import re
import subprocess
import sys

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path.insert(0, os.path.join(SRC, "tests", "conformance"))
from spyfile import WRITE, SpyFile, cut_whole  # noqa: E402
sys.path.insert(0, os.path.join(SRC, "tests", "lib"))
from tap import done, ok  # noqa: E402

SCRIPT = os.path.join(SRC, "scripts", "check-providers")
with open(os.path.join(SRC, "src", "llm", "providers.def")) as f:
    ROWS = re.findall(r'^PROVIDER\("([^"]*)", "([^"]*)", ', f.read(), re.M)


def check(text, *args):
    r = subprocess.run([SCRIPT, *(args or ["-"])], input=text, capture_output=True, text=True)
    rows = dict(line.split("\t") for line in r.stdout.splitlines() if "\t" in line)
    return r, rows


def program(hosts):
    """host -> the provider on the record of a request to it."""
    file = SpyFile()
    for n, host in enumerate(hosts):
        file.connection(n + 1, [(WRITE, f"POST /zz/{n} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n".encode())],
                        cut_whole)
    r = subprocess.run([os.path.join(BUILD, "llm-spy"), "-r", "-", "-f", "jsonl", "--all"], input=file.bytes(),
                       capture_output=True)
    out = {}
    for v in map(json.loads, r.stdout.splitlines()):
        out[hosts[int(v["http"]["target"].rpartition("/")[2])]] = v["provider"] or "unknown"
    return out


# Each row's own hosts; the same with an empty label, with more in front, in capitals; and strangers.
known = [p.replace("*", "some-where9") for p, _ in ROWS]
hosts = known + [p.replace("*", "") for p, _ in ROWS] + ["x." + h for h in known] + [h + ".example" for h in known] + \
    ["localhost", "example.com", "openai.com", "api.openai.com.example", "10.0.0.1"]
hosts = [h for h in dict.fromkeys(hosts) if not h.startswith(".") and ".." not in h]
run, said = check("\n".join(hosts).upper())
real = program(hosts)
differ = [f"{h}: {said.get(h)}, the program: {real.get(h)}" for h in hosts if said.get(h) != real.get(h)]
ok(len(said) == len(hosts) and not differ, f"{len(hosts)} hosts: as the program says", "\n".join(differ), run.stderr)
ok("unknown" in said.values() and run.returncode == 1, "a host that is not known fails", run.returncode)
count = sum(v != "unknown" for v in said.values())
ok(run.stdout.endswith(f"{len(hosts)} hosts, {count} known, {len(hosts) - count} unknown\n"), "what is known is counted",
   run.stdout[-200:])

run, said = check("\n".join(known))
ok(run.returncode == 0, "hosts that are all known do not", run.returncode, run.stdout[-300:])
first = {p.replace("*", "some-where9"): i for p, i in reversed(ROWS)}
wrong = [f"{h}: {said.get(h)}, not {i}" for h, i in first.items() if said.get(h) != i]
ok(not wrong, f"{len(first)} rows: each host has its own row's id, so that none hides another", "\n".join(wrong))

run, said = check("# a list\n\nhttps://api.openai.com:443/v1/x?y  # theirs\n  api.openai.com\n"
                  "https://bedrock-runtime.{region}.amazonaws.com/model\nhttps://${ACCOUNT}.snowflakecomputing.com/api\r\n")
ok(run.returncode == 0 and said == {"api.openai.com": "openai", "bedrock-runtime.example.amazonaws.com": "bedrock",
                                    "example.snowflakecomputing.com": "snowflake"},
   "comments, schemes, ports, paths and places to fill in are understood", said, run.stdout)

run, _ = check("", "--help")
ok(run.returncode == 0 and run.stdout.startswith("usage: scripts/check-providers FILE"), "--help says how", run.stdout)
ok(check("", "/nonexistent")[0].returncode == 2, "a file that cannot be read is said by exit status 2")
ok(check("", "a", "b")[0].returncode == 2, "so is wrong usage")
done()
