#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Early data of TLS 1.3 (0-RTT) with OpenSSL and GnuTLS: what a server accepts is seen like all else; what it refuses is sent again,
and is one call nevertheless, at both ends, live and from a recording."""
import subprocess

from mock_provider import certificates
from spy import *

need_root()
EARLY = os.path.join(TMP, "early")
if subprocess.run(["cc", "-D_GNU_SOURCE", "-o", EARLY, os.path.join(SRC, "tests/e2e/earlyclient.c"), "-lssl", "-lcrypto"]).returncode:
    skip_all("no C compiler, or no OpenSSL to build with")
PROGRAMS = {"OpenSSL": [EARLY], "GnuTLS": [PYTHON, os.path.join(SRC, "tests/e2e/early_gnutls.py")]}
key, cert, ca = certificates(TMP)


def prompts(records):
    return [m["parts"][0]["text"] for r in records for m in r["request"]["messages"]]


def check(what, records, count):
    """count: requests of early data."""
    mine = of_client(records)
    ok(prompts(mine) == [f"request {i}" for i in range(count + 2)], f"{what}: each request once, in order", prompts(mine))
    bad = [r for r in mine if not r["complete"] or r["connection"]["from_middle"]]
    ok(not bad, f"{what}: all complete, from the first byte", json.dumps(bad[:1]))
    ok(len({r["connection"]["id"] for r in mine}) == 2, f"{what}: two connections", [r["connection"]["id"] for r in mine])
    ok(all(r["other_end"] for r in mine) and len(mine) == len(records), f"{what}: the server's view is that of the same call",
       [(r["id"], r["twin_of"], bool(r["other_end"])) for r in records])


def test(client, server, answer, count):
    what = f"early data of {client} that {server} {answer}s, {count}"
    recording, followed = tempfile.mktemp(dir=TMP), tempfile.mktemp(dir=TMP)
    server = subprocess.Popen([*PROGRAMS[server], "serve", key, cert, answer], stdout=subprocess.PIPE, text=True)
    started.append(server)
    port = server.stdout.readline().strip()
    spy = Spy("-w", recording, "-o", "jsonl:-", "-o", f"text:{followed}")
    said = subprocess.run([*PROGRAMS[client], "call", port, ca, str(count)], check=True, stdout=subprocess.PIPE, text=True, timeout=WAIT).stdout
    ok(said.strip() == ("accepted" if answer == "accept" else "refused"), f"{what}: as it should be", said)
    spy.wait_for(2 * (count + 2))
    check(what, spy.stop(), count)
    replayed = subprocess.run([SPY, "-r", recording, "--all", "--format", "jsonl"], stdout=subprocess.PIPE, text=True, timeout=WAIT)
    check(f"{what}, replayed", [json.loads(line) for line in replayed.stdout.splitlines()], count)
    with open(followed) as f:
        text = f.read()
    ok(all(text.count(f"request {i}\n") == 1 for i in range(count + 2)), f"{what}: as text", text)
    server.kill()


for client, server in (("OpenSSL", "OpenSSL"), ("GnuTLS", "OpenSSL"), ("OpenSSL", "GnuTLS"), ("GnuTLS", "GnuTLS")):
    for answer in ("accept", "refuse"):
        for count in (1, 3):
            test(client, server, answer, count)
done()
