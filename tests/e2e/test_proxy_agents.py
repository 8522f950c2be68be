#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Programs as they are published, through llm-spy --proxy in each way: bytes are equal on both sides, and a run that was
recorded can be repeated with llm-spy replay-server alone. A browser; with LLM_SPY_AGENTS=1 (scripts/check --agents)
Claude Code and Codex as well. Dummy keys; all runs in a network namespace that has loopback alone."""
import sys

from agents import AGENTS, CODEX_CONFIG, INSIDE, loopback_alone, program, said
from mock_provider import Provider, SocketProvider, certificates
from proxied import *

KEY = "sk-ant-e2e-FAKESECRET0123456789"
QUESTION = "Say hello."
CHROMIUM = shutil.which("certutil") and shutil.which("chromium")

if os.geteuid() != 0 or os.uname().machine != "x86_64":
    skip_all("a network namespace needs root; the programs are for x86-64")
if AGENTS:
    claude = program("@anthropic-ai/claude-code-linux-x64", "2.1.331", "claude")
    codex = program("@openai/codex", "0.169.0-linux-x64", "vendor/x86_64-unknown-linux-musl/bin/codex")
if not os.environ.get(INSIDE):
    os.environ[INSIDE] = "1"
    shutil.rmtree(TMP, ignore_errors=True)
    os.execvp("unshare", ["unshare", "--net", "--mount", "--", sys.executable, "-B", *sys.argv])
loopback_alone()
key, cert, ca = certificates(TMP)


def new_home(**more):
    home = tempfile.mkdtemp(dir=TMP)
    return home, {"HOME": home, "PATH": "/usr/bin:/bin", "TERM": "dumb", "SHELL": "/bin/sh", **more}


def run(proxy_args, argv, cwd, env, trusted, **kw):
    """The records, and what the command wrote."""
    shown = os.path.join(cwd, "shown")
    command = ["sh", "-c", 'exec "$@" >shown 2>&1 </dev/null', "sh", *argv]
    proxy = Proxy(*proxy_args, ca=trusted, command=["env", "-C", cwd, *(f"{k}={v}" for k, v in env.items()), *command], **kw)
    try:
        proxy.proc.wait(timeout=WAIT)
    except subprocess.TimeoutExpired:
        proxy.stop()
    return proxy, open(shown).read() if os.path.exists(shown) else ""


def answer_of(record):
    return "".join(p["text"] for c in record["response"]["choices"] for p in c["parts"] if p["kind"] == "text")


def check_agent(what, proxy, shown, want, api):
    mine = [r for r in proxy.records() if r["kind"] == "llm" and r["http"]["host"] != "127.0.0.1"]
    ok(want and digests(mine) == sorted(want), f"{what}: {len(want)} calls, byte for byte; {ledger(mine)}", len(mine), shown,
       proxy.stderr())
    ok(all(r["complete"] for r in mine) and {r["api"] for r in mine} == {api}, f"{what}: complete, as {api}", mine[:1])
    ok(any(answer_of(r) and answer_of(r) in shown for r in mine), f"{what}: the answer is what it shows", shown, mine[:1])
    ok("FAKESECRET" not in open(proxy.out).read(), f"{what}: the key is masked")
    return mine



# ---- again, without the provider ----

class Server:
    """llm-spy replay-server."""

    def __init__(self, recording):
        self.err = tempfile.NamedTemporaryFile(dir=TMP, delete=False)
        self.proc = subprocess.Popen([SPY, "replay-server", "-r", recording], stdout=subprocess.PIPE, stderr=self.err, text=True)
        started.append(self.proc)
        self.url = self.proc.stdout.readline().strip()

    def stop(self):
        self.proc.send_signal(signal.SIGINT)
        self.proc.wait(timeout=WAIT)
        return open(self.err.name).read()


def again(what, recording, argv, cwd, env, shown):
    """The same command against the recording says the same."""
    os.unlink(os.path.join(cwd, "shown"))
    done_ = subprocess.run(argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=WAIT)
    return done_.stdout + done_.stderr


# ---- agents ----

def test_claude(kind):
    what, mock = f"Claude Code, --proxy{kind}", Mock()
    home, env = new_home(ANTHROPIC_API_KEY=KEY, DISABLE_AUTOUPDATER="1", CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1")
    os.mkdir(work := os.path.join(home, "work"))
    recording = os.path.join(home, "calls.spy")
    ports = [f"--proxy-ports={mock.port}"] if kind else []
    argv = [claude, "-p", QUESTION]
    proxy, shown = run([f"--record={recording}", *ports], argv, work, {**env, "ANTHROPIC_BASE_URL": mock.url}, mock.ca, kind=kind)
    check_agent(what, proxy, shown, said(mock), "anthropic.messages")
    mock.stop()
    if kind:
        return
    server = Server(recording)
    repeated = again(what, recording, argv, work, {**env, "ANTHROPIC_BASE_URL": server.url}, shown)
    told = server.stop()
    ok(repeated == shown, "Claude Code against replay-server: it shows the same", repeated, shown, told)
    ok(", 0 not in the capture" in told, "Claude Code against replay-server: nothing was missing", told)


def test_codex(kind, socket):
    what = f"Codex, {'WebSocket' if socket else 'HTTP'}, --proxy{kind}"
    provider = (SocketProvider if socket else Provider)(key, cert, ca)
    home, env = new_home(MOCK_KEY=KEY)
    os.makedirs(os.path.join(home, ".codex"))
    os.mkdir(work := os.path.join(home, "work"))
    recording, config = os.path.join(home, "calls.spy"), os.path.join(home, ".codex/config.toml")

    def point(url):
        with open(config, "w") as f:
            f.write(CODEX_CONFIG % (url, "true" if socket else "false"))
    point(provider.url.replace("wss:", "https:"))
    ports = [f"--proxy-ports={provider.port}"] if kind else []
    argv = [codex, "exec", "--skip-git-repo-check", QUESTION]
    proxy, shown = run([f"--record={recording}", *ports], argv, work, env, ca, kind=kind)
    check_agent(what, proxy, shown, [(e["received"], e["sent"]) for e in provider.take_log()], "openai.responses")
    provider.stop()
    if kind or socket:
        return
    server = Server(recording)
    point(server.url)
    repeated = again(what, recording, argv, work, env, shown)
    told = server.stop()
    ok(answer_in(shown, repeated), "Codex against replay-server: its answer is the same", repeated, shown, told)
    ok(", 0 not in the capture" in told, "Codex against replay-server: nothing was missing", told)


def answer_in(shown, repeated):
    return shown.strip().splitlines()[-1] in repeated


# ---- a browser ----

PAGE = """<script>
fetch('/v1/chat/completions', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: %s})
    .then(r => r.text()).then(t => { document.body.textContent = t; document.title = 'done'; });
</script>"""


def test_chromium(kind):
    what = f"Chromium, --proxy{kind}"
    provider = Provider(key, cert, ca)
    home, env = new_home()
    os.mkdir(work := os.path.join(home, "work"))
    with open(os.path.join(home, "page.html"), "w") as f:
        f.write(PAGE.replace("'/v1", f"'{provider.url}/v1") % json.dumps(chat("from a browser", False)))
    ports = [f"--proxy-ports={provider.port}"] if kind else []
    # It reads none of the variables, but a store of its user's. Loopback goes past its proxy unless that is said.
    code = f'''
import subprocess, os
subprocess.run("mkdir -p $HOME/.pki/nssdb && certutil -N --empty-password -d sql:$HOME/.pki/nssdb && "
               "certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n llm-spy -i $NODE_EXTRA_CA_CERTS", shell=True, check=True)
proxy = os.environ.get("HTTPS_PROXY")
way = ["--proxy-server=" + proxy, "--proxy-bypass-list=<-loopback>"] if proxy else []
os.execv({CHROMIUM!r}, [{CHROMIUM!r}, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-web-security", "--disable-dev-shm-usage",
    "--user-data-dir={home}/profile", "--virtual-time-budget=20000", "--dump-dom", *way, "file://{home}/page.html"])
'''
    proxy, shown = run(ports, [PYTHON, "-c", code], work, env, ca, kind=kind)
    log = [e for e in provider.take_log()]
    mine = [r for r in proxy.records() if r["http"]["method"] == "POST"]
    ok(log and digests(mine) == sorted((e["received"], e["sent"]) for e in log), f"{what}: byte for byte; {ledger(mine)}", len(mine),
       len(log), shown[-1500:], proxy.stderr())
    ok(mine and answer_of(mine[0]) and answer_of(mine[0])[:40] in shown, f"{what}: the page has the answer", shown[-800:])
    ok(mine and mine[0]["process"]["name"].startswith("chrom"), f"{what}: who", mine and mine[0]["process"])
    provider.stop()


for kind in ("", "=transparent"):
    if CHROMIUM:
        test_chromium(kind)
    else:
        skip("a browser", "chromium or certutil is not installed")
    if AGENTS and claude:
        test_claude(kind)
    if AGENTS and codex:
        for socket in (False, True):
            test_codex(kind, socket)
done()
