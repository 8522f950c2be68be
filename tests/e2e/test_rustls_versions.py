#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""rustls 0.20 to 0.23 in programs that cargo builds here: clients and servers, TLS 1.2 and 1.3, with symbols and
without, optimised and not; with LLM_SPY_AGENTS=1 also with aws-lc-rs, LTO, overflow checks, and for size. Each call
byte for byte, complete and from its first byte. Only loopback is touched, but for crates.io by cargo."""
import http.client
import platform
import ssl
import subprocess

from agents import AGENTS
from mock_provider import Provider, certificates
import rust_clients
from spy import *

SIZES = (0, 300, 16384, 100000, 1 << 20)


class Program:
    def __init__(self, version, crypto, profile, stripped):
        self.what = f"rustls {version}, {crypto}, {profile}{', stripped' if stripped else ''}"
        self.version = version
        built = rust_clients.client(version, crypto, profile)
        self.path = built and built + (".stripped" if stripped else "")
        self.name = self.path and os.path.basename(self.path)
        # These are found by what their code does; what is not optimised does it in other ways.
        self.way = "symbols"
        if stripped or profile in rust_clients.STRIPPED:
            unlike = crypto == "aws" and profile in ("dev", "checked")
            self.way = "aws-lc's functions" if unlike else "vtables"
        self.logs = {"client": [], "server": []}


def programs():
    """Some of all where there is little time: a build takes 5 to 25 s, when it is made for the first time."""
    for version in rust_clients.VERSIONS:
        for stripped in (False, True):
            yield Program(version, "ring", "release", stripped)
        if version in ("0.21", "0.23") and not AGENTS:
            yield Program(version, "ring", "dev", True)
        for crypto in ("ring", "aws") if AGENTS else ():
            for profile in rust_clients.PROFILES if crypto == "ring" or version in rust_clients.AWS else ():
                for stripped in (True,) if profile in rust_clients.STRIPPED else (False, True):
                    if (crypto, profile) != ("ring", "release"):
                        yield Program(version, crypto, profile, stripped)


def begin(program, *args):
    return subprocess.Popen([program.path, *args], env={}, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def run_client(program, mode):
    for tls in ("12", "13"):
        proc = begin(program, mode, str(provider.port), ca, tls)
        proc.communicate(timeout=WAIT)
        log = provider.take_log()
        ok(proc.returncode == 0 and log, f"{program.what}: a {mode} with TLS 1.{tls[1]} calls", proc.returncode)
        program.logs["client"] += log


def run_server(program):
    """Whose answers come from a provider without TLS."""
    proc = begin(program, "server", cert, key, str(plain.port))
    port = int(proc.stdout.readline())
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = ssl.create_default_context(cafile=ca)
        context.minimum_version = context.maximum_version = version
        conn = http.client.HTTPSConnection("localhost", port, context=context, timeout=WAIT)
        for n in SIZES:
            body = {"model": "gpt-4o", "stream": n % 3 != 0, "messages": [{"role": "user", "content": f"{version} " + "x" * n}]}
            conn.request("POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
            conn.getresponse().read()
        conn.close()
    program.logs["server"] += plain.take_log()
    proc.kill()
    proc.wait()


def check(program, role, records, stderr):
    what, log = f"{program.what}, {role}", program.logs[role]
    mine = [r for r in records if r["process"]["exe"] == program.path and r["connection"]["role"] == role]
    want = sorted((e["received"], e["sent"]) for e in log)
    ok(want and digests(mine) == want, f"{what}: {len(log)} exchanges, byte for byte; {ledger(mine)}",
       f"{len(mine)} records", [r["http"]["target"] for r in mine])
    bad = [r for r in mine if not r["complete"] or r["connection"]["from_middle"]]
    ok(not bad, f"{what}: all are complete, and seen from the first byte", json.dumps(bad[:1]))
    if role == "client":
        names = [r["connection"]["server_name"] for r in mine]
        ok(set(names) == {"localhost"}, f"{what}: the server's name is known", names)
        hooked = [line for line in stderr.splitlines() if f"hooked {program.path} (" in line]
        ok(hooked and f"(rustls by {program.way})" in hooked[0], f"{program.what}: found by {program.way}", hooked)


def test_all(chosen):
    named = [arg for p in chosen for arg in ("--libssl", p.path)]
    spy = Spy("--debug", "-P", ",".join(p.name for p in chosen), *named)
    for p in chosen:
        run_client(p, "client")
        if p.version == "0.23":
            run_client(p, "unbuffered")
        run_server(p)
    spy.wait_for(sum(len(log) for p in chosen for log in p.logs.values()))
    records = spy.stop()
    for p in chosen:
        for role in p.logs:
            check(p, role, records, spy.stderr())
    ok("could not be matched" not in spy.stderr(), "both directions of each connection are one", spy.stderr()[-2000:])
    ok("FAKESECRET" not in open(spy.out).read(), "keys are masked")


def test_joined(chosen):
    """The call before the tracer is not seen, those after it are."""
    procs = []
    for p in chosen:
        procs.append(begin(p, "slow", str(provider.port), ca, "13"))
        procs[-1].stdout.readline()
    provider.take_log()
    logs = {}
    named = [arg for p in chosen for arg in ("--libssl", p.path)]
    spy = Spy("--debug", "-P", ",".join(p.name for p in chosen), *named)
    for p, proc in zip(chosen, procs):
        for _ in range(3):
            proc.stdin.write("go\n")
            proc.stdin.flush()
            proc.stdout.readline()
        proc.communicate()
        logs[p.path] = provider.take_log()
    spy.wait_for(sum(map(len, logs.values())))
    records = spy.stop()
    for p in chosen:
        mine = [r for r in records if r["process"]["exe"] == p.path]
        want = sorted((e["received"], e["sent"]) for e in logs[p.path])
        ok(len(want) == 3 and digests(mine) == want and all(r["connection"]["from_middle"] for r in mine),
           f"{p.what}: joined in the middle, and it is said", digests(mine), want)


need_tracing()
if platform.machine() != "x86_64":
    skip_all("the finder of rustls knows x86-64 only")
if not rust_clients.CARGO:
    skip_all("no cargo")
every = list(programs())
need_root()
for p in every:
    if not p.path:
        skip(p.what, "it cannot be built from crates.io")
built = [p for p in every if p.path]
if built:
    key, cert, ca = certificates(TMP)
    provider, plain = Provider(key, cert, ca), Provider()
    test_all(built)
    test_joined([p for p in built if "release" in p.name])
done()
