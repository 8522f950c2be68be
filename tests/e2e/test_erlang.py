#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Erlang's ssl, which has one record after the other encrypted by libcrypto: TLS 1.2 and 1.3, each suite with AEAD, as
client and server, many connections at once, new keys, padded records. Each call byte for byte, complete and from its
first byte; and what began before the tracer is not taken for whole."""
import glob
import hashlib
import http.client
import ssl
import subprocess

from mock_provider import Call, Provider, certificates
from spy import *

SUITES = ("1.3:TLS_AES_128_GCM_SHA256", "1.3:TLS_AES_256_GCM_SHA384", "1.3:TLS_CHACHA20_POLY1305_SHA256",
          "1.2:ECDHE-ECDSA-AES128-GCM-SHA256", "1.2:ECDHE-ECDSA-AES256-GCM-SHA384", "1.2:ECDHE-ECDSA-CHACHA20-POLY1305")
AT_ONCE = 20
BIG = 1 << 20


def begin(mode, *args, port=None):
    return subprocess.Popen(["erl", "-noshell", "-pa", TMP, "-run", "erlang_client", "main", mode, str(port or provider.port), ca, *args],
                            env={"PATH": os.environ["PATH"], "HOME": TMP}, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def run(mode, *args):
    proc = begin(mode, *args)
    said = proc.communicate(timeout=WAIT)[0]
    ok(proc.returncode == 0, f"{mode}: the client has done all of it", said[-500:])
    return provider.take_log()


def trace(*args, finds=False):
    """Erlang loads crypto.so long after its exec, and a busy tracer may find it after the first connection: its file is
    named, but to one that is to find it."""
    return Spy("--debug", "-P", "beam.smp", *([] if finds else [f"--libssl={crypto}"]), *args)


def of_erlang(records, role="client"):
    return [r for r in records if r["process"]["exe"].endswith("/beam.smp") and r["connection"]["role"] == role]


def is_exact(what, spy, records, log):
    want = sorted((e["received"], e["sent"]) for e in log)
    ok(want and digests(records) == want, f"{what}: {len(log)} exchanges, byte for byte; {ledger(records)}",
       f"{len(records)} records", [r["http"]["target"] for r in records])
    bad = [r for r in records if not r["complete"] or r["connection"]["from_middle"]]
    ok(not bad, f"{what}: all are complete, and seen from the first byte", json.dumps(bad[:1]))
    ok("could not be matched" not in spy.stderr(), f"{what}: both directions of each connection are one", spy.stderr()[-1000:])


def has_ends(what, records, port):
    ends = {r["connection"]["peer"] for r in records}
    ok(ends == {f"127.0.0.1:{port}"}, f"{what}: the address of the server is known", ends)


def has_sockets(what, records, log, least):
    """httpc may open another connection than the last one, which is free only after its caller has the answer."""
    got = sorted((r["request"]["body"]["wire_sha256"], r["connection"]["local"]) for r in records)
    ok(got == sorted((e["received"], e["client"]) for e in log), f"{what}: each call came by the socket that it is told with", got)
    ok(len({r["connection"]["id"] for r in records}) == len({e["client"] for e in log}) >= least, f"{what}: and each socket is one connection",
       sorted({(r["connection"]["id"], r["connection"]["local"]) for r in records}))


def test_calls():
    spy = trace(finds=True)
    log = run("calls", ",".join(SUITES))
    provider.server.choose = lambda body, received: Call(arguments={"city": "Paris" * (BIG // 5)}) if b"xxx" in received else None
    log += run("calls", ",".join(SUITES))
    del provider.server.choose
    spy.wait_for(len(log))
    records = of_erlang(spy.stop())
    is_exact("each suite", spy, records, log)
    has_ends("each suite", records, provider.port)
    has_sockets("each suite", records, log, 2 * len(SUITES))
    names = {r["connection"]["server_name"] for r in records}
    ok(names == {"localhost"}, "each suite: the server's name is known", names)
    ok(f"hooked {crypto} (Erlang's ssl by imports)" in spy.stderr(), "found by what crypto.so imports", spy.stderr()[-1000:])
    ok("FAKESECRET" not in open(spy.out).read(), "keys are masked")


def test_at_once():
    spy = trace()
    provider.together(AT_ONCE)
    log = run("parallel", str(AT_ONCE))
    provider.together(0)
    spy.wait_for(len(log))
    records = of_erlang(spy.stop())
    is_exact(f"{AT_ONCE} connections at once", spy, records, log)
    has_ends(f"{AT_ONCE} connections at once", records, provider.port)
    has_sockets(f"{AT_ONCE} connections at once", records, log, AT_ONCE)


def test_new_keys():
    spy = trace()
    log = run("update")
    spy.wait_for(len(log))
    records = of_erlang(spy.stop())
    is_exact("new keys", spy, records, log)
    ok(len({r["connection"]["id"] for r in records}) == 1, "new keys: it is one connection")


def test_cbc():
    """HMAC and cipher are not one there, and are not captured."""
    spy = trace()
    spy.may_be_blind = True
    log = run("calls", "1.2:ECDHE-ECDSA-AES128-SHA256")
    told = until(lambda: "cannot be seen: it speaks TLS" in spy.stderr())
    records = of_erlang(spy.stop())
    ok(log and not records and told, "a suite with CBC: it is said that it cannot be seen", len(records), spy.stderr()[-1000:])


def test_joined(suite):
    """The call before the tracer is not seen; those after it are, in two halves; a new connection is whole."""
    what = f"TLS {suite[:3]}, begun before"
    proc = begin("slow", suite)
    proc.stdout.readline()
    provider.take_log()
    spy = trace()
    spy.may_be_blind = True
    proc.communicate("go on\n", timeout=WAIT)
    late, new = provider.take_log()
    spy.wait_for(3)
    records = of_erlang(spy.stop())
    whole = [r for r in records if not r["connection"]["from_middle"]]
    ok(digests(whole) == [(new["received"], new["sent"])] and all(r["complete"] for r in whole),
       f"{what}: the new connection alone is from its first byte", digests(whole))
    halves = [r for r in records if r["connection"]["from_middle"]]
    got = {r["request"]["body"]["wire_sha256"] for r in halves} | {r["response"]["body"]["wire_sha256"] for r in halves}
    ok({late["received"]} <= got and not any(r["complete"] for r in halves), f"{what}: what is seen of the other is said to be incomplete",
       [(r["http"], r["complete"]) for r in halves])
    ok("could not be matched" in spy.stderr(), f"{what}: and that its directions are not matched", spy.stderr()[-1000:])


def test_server():
    spy = trace()
    proc = begin("server", cert, key)
    port = int(proc.stdout.readline())
    log = []
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = ssl.create_default_context(cafile=ca)
        context.minimum_version = context.maximum_version = version
        conn = http.client.HTTPSConnection("localhost", port, context=context, timeout=WAIT)
        for n in (5, 3000, 70000):
            body = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": f"{version} " + "x" * n}]}).encode()
            conn.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
            sent = conn.getresponse().read()
            log.append({"received": hashlib.sha256(body).hexdigest(), "sent": hashlib.sha256(sent).hexdigest()})
        conn.close()
    proc.communicate("end\n", timeout=WAIT)
    spy.wait_for(len(log))
    is_exact("a server", spy, of_erlang(spy.stop(), "server"), log)


def test_both_ends(suite):
    """Of a connection in one process: the client's view has the server's as its other end."""
    what = f"TLS {suite[:3]}, both ends in one process"
    spy = trace()
    run("both", cert, key, suite)
    spy.wait_for(3)
    records = spy.stop()
    mine = of_erlang(records)
    ok(len(mine) == len(records) == 3, f"{what}: a record for each call", [(r["connection"], r["http"]) for r in records])
    bad = [r for r in mine if not r["complete"] or r["connection"]["from_middle"] or not r["other_end"]]
    ok(not bad, f"{what}: each is whole, and its other end is known", json.dumps(bad[:1])[:1500])
    ok("could not be matched" not in spy.stderr(), f"{what}: both directions of each end are one", spy.stderr()[-1000:])


def test_padded():
    """Of a server that pads its records (RFC 8446 section 5.4)."""
    page = b"0123456789abcdef" * 5000 + b"the end"
    server = subprocess.Popen(["openssl", "s_server", "-accept", "127.0.0.1:0", "-key", key, "-cert", cert, "-record_padding", "1000"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    started.append(server)
    line = b""
    while not line.startswith(b"ACCEPT "):
        line = server.stdout.readline()
    spy = trace()
    proc = begin("get", "/page", port=int(line.split(b":")[-1]))
    while not line.startswith(b"GET "):
        line = server.stdout.readline()
    server.stdin.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(page) + page)
    server.stdin.flush()
    spy.wait_for(1)
    server.kill()
    proc.communicate(timeout=WAIT)
    records = of_erlang(spy.stop())
    is_exact("padded records", spy, records, [{"received": hashlib.sha256(b"").hexdigest(), "sent": hashlib.sha256(page).hexdigest()}])


def test_left(suite):
    """A client that leaves in the middle of an answer, which is cut there."""
    spy = trace()
    run("leave", suite)
    spy.wait_for(1)
    records = of_erlang(spy.stop())
    got = [(r["http"]["target"], r["complete"], r["connection"]["from_middle"], r["missing_bytes"]) for r in records]
    ok(got == [("/v1/chat/completions?endless=1", False, False, 0)] and records[0]["response"]["body"]["captured"] > 1000,
       f"TLS {suite[:3]}, left: one exchange, cut", got)
    ok("could not be matched" not in spy.stderr(), f"TLS {suite[:3]}, left: nothing else is seen", spy.stderr()[-1000:])


def test_noise():
    spy = trace()
    proc = begin("noise")
    proc.communicate(timeout=WAIT)
    records = spy.stop()
    ok(proc.returncode == 0 and not records and "could not be matched" not in spy.stderr(), "AEAD that is no TLS is none",
       proc.returncode, [r["http"] for r in records])


need_root()
if not shutil.which("erl") or not shutil.which("erlc"):
    skip_all("Erlang is not installed")
found = sorted(glob.glob("/usr/lib/erlang/lib/crypto-*/priv/lib/crypto.so"))
if not found or not glob.glob("/usr/lib/erlang/lib/ssl-*/ebin/ssl.beam") or not glob.glob("/usr/lib/erlang/lib/inets-*/ebin/httpc.beam"):
    skip_all("Erlang's crypto, ssl or inets is not installed")
crypto = found[-1]
finds = subprocess.run([os.path.join(BUILD, "tests/finds")], input=crypto + "\n", capture_output=True, text=True).stdout
if "Erlang's ssl by imports" not in finds:
    skip_all(f"{crypto} is of a kind that is not hooked: {finds.strip()}")
subprocess.run(["erlc", "-o", TMP, os.path.join(SRC, "tests/e2e/erlang_client.erl")], check=True)
key, cert, ca = certificates(TMP)
provider = Provider(key, cert, ca)
test_calls()
test_cbc()
test_at_once()
test_new_keys()
test_joined("1.3:TLS_AES_256_GCM_SHA384")
test_joined("1.2:ECDHE-ECDSA-AES128-GCM-SHA256")
test_left("1.3:TLS_AES_256_GCM_SHA384")
test_left("1.2:ECDHE-ECDSA-AES128-GCM-SHA256")
test_server()
test_both_ends("1.3:TLS_AES_256_GCM_SHA384")
test_both_ends("1.2:ECDHE-ECDSA-AES128-GCM-SHA256")
test_both_ends("1.2:ECDHE-ECDSA-AES256-GCM-SHA384")
test_both_ends("1.2:ECDHE-ECDSA-CHACHA20-POLY1305")
test_padded()
test_noise()
done()
