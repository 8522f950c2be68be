#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Agents as they are published, each asked one question by its command line: what llm-spy reports is what the
server saw, and the answer is what the agent shows. opencode; with LLM_SPY_AGENTS=1 (scripts/check --agents) Claude
Code and Codex as well. Dummy keys; all runs in a network namespace that has loopback alone."""
import json
import re
import subprocess

from agents import AGENTS, CODEX_CONFIG, check_calls, check_start, is_there, loopback_alone, of_program, program, run_agent, said
from mock_provider import Provider, SocketProvider, certificates
from spy import *
try:
    from screen import Screen
except ImportError:
    Screen = None

KEY = "sk-ant-e2e-FAKESECRET0123456789"
QUESTION = "Say hello."

need_tracing()
if os.uname().machine != "x86_64":
    skip_all("the programs are for x86-64")
CODEX = "vendor/x86_64-unknown-linux-musl/bin/codex"
opencode = program("opencode-linux-x64", "1.18.34", "bin/opencode")
claude = old_codex = codex = None
if AGENTS:
    claude = program("@anthropic-ai/claude-code-linux-x64", "2.1.331", "claude")
    old_codex = program("@openai/codex", "0.137.0-linux-x64", CODEX)
    codex = program("@openai/codex", "0.169.0-linux-x64", CODEX)
if not (opencode or claude or codex or old_codex):
    skip_all("the programs cannot be fetched from npm")
need_root()
loopback_alone()
key, cert, ca = certificates(TMP)


def new_home():
    home = tempfile.mkdtemp(dir=TMP)
    return home, {"HOME": home, "PATH": "/usr/bin:/bin", "TERM": "dumb"}


def write(text, *path):
    path = os.path.join(*path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)


def answer_of(record):
    return "".join(p["text"] for c in record["response"]["choices"] for p in c["parts"] if p["kind"] == "text")


def check_answer(what, spy, mine, shown, api):
    ok(any(answer_of(r) and answer_of(r) in shown for r in mine) and {r["api"] for r in mine} == {api},
       f"{what}: the answer is what it shows", shown, mine[:1])
    ok("FAKESECRET" not in open(spy.out).read(), f"{what}: the key is masked")


def test_opencode():
    what, provider, spy = "opencode", Provider(key, cert, ca), Spy(f"--libssl={opencode}")
    home, env = new_home()
    mock = {"npm": "@ai-sdk/openai-compatible", "name": "mock", "models": {"gpt-4o": {"name": "gpt-4o"}},
            "options": {"baseURL": provider.url + "/v1", "apiKey": KEY}}
    write(json.dumps({"model": "mock/gpt-4o", "small_model": "mock/gpt-4o", "autoupdate": False, "share": "disabled",
                      "provider": {"mock": mock}}), home, "work/opencode.json")
    # It gives the session a title too: how many calls it makes is its own affair, so it is left to end.
    shown = run_agent(spy, [opencode, "run", QUESTION], 1000, cwd=os.path.join(home, "work"),
                      env={**env, "NODE_EXTRA_CA_CERTS": ca, "OPENCODE_DISABLE_AUTOUPDATE": "1",
                           "OPENCODE_DISABLE_MODELS_FETCH": "1", "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
                           "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1"})
    mine, log = of_program(spy.stop(), opencode), provider.take_log()
    check_calls(what, mine, sorted((e["received"], e["sent"]) for e in log))
    check_start(what, mine)
    check_answer(what, spy, mine, shown, "openai.chat")
    provider.stop()


def test_claude():
    what, mock, spy = "Claude Code", Mock(), Spy(f"--libssl={claude}")
    home, env = new_home()
    shown = run_agent(spy, [claude, "-p", QUESTION], 1000, cwd=home,
                      env={**env, "ANTHROPIC_BASE_URL": mock.url, "NODE_EXTRA_CA_CERTS": mock.ca, "ANTHROPIC_API_KEY": KEY,
                           "DISABLE_AUTOUPDATER": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"})
    mine = of_program(spy.stop(), claude)
    check_calls(what, mine, said(mock))
    check_start(what, mine)
    check_answer(what, spy, mine, shown, "anthropic.messages")
    ok(mine and mine[0]["process"]["name"] == "claude", f"{what}: is what is named", mine[:1])
    mock.stop()


ANSWERED = re.compile(r"^. [A-Z]\w+ for (\d+m )?\d+s", re.M)  # in a word that it chooses anew each time


def claude_on_screen(*prefix):
    """Its screens on a terminal, without the first row: with the answer, before it ends, and when it has ended."""
    mock = Mock()
    home, env = new_home()
    work = os.path.join(home, "work")
    os.mkdir(work)
    write(json.dumps({"hasCompletedOnboarding": True, "theme": "dark", "customApiKeyResponses": {"approved": [KEY[-20:]], "rejected": []},
                      "projects": {work: {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}}}), home, ".claude.json")
    s = Screen(*prefix, claude, cwd=work, columns=120, lines=40, env={
        **env, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "ANTHROPIC_BASE_URL": mock.url, "NODE_EXTRA_CA_CERTS": mock.ca,
        "ANTHROPIC_API_KEY": KEY, "DISABLE_AUTOUPDATER": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"})
    screens = []

    def look():
        cells, cursor = s.cells()
        text = s.lines()
        top = next((y for y, line in enumerate(text) if "Claude Code v" in line), 0)
        for y, line in enumerate(text):
            # What it says differently each time, and our own last line.
            if ANSWERED.match(line) or "claude --resume " in line or line.startswith("llm-spy: "):
                cells[y] = [" "] * len(cells[y])
            elif top <= y < top + 3:
                cells[y][:11] = [" "] * 11  # its figure moves
        screens.append((cells[1:], cursor[0], s.attributes()))

    s.until(lambda s: "\n\u276f" in s.text(), WAIT)
    s.type(QUESTION)
    s.shows("\u276f\u00a0" + QUESTION, WAIT)
    s.type("\r")
    done = s.until(lambda s: ANSWERED.search(s.text()) and "for agents" in s.text(), WAIT)
    look()
    s.type("\x03")
    done = s.shows("again to exit", WAIT) and done
    look()
    s.type("\x03")
    status = s.end(WAIT)
    look()
    text, logs = s.text(), [name for name in os.listdir(work) if name.startswith("llm-spy-")]
    log = "".join(open(os.path.join(work, name)).read() for name in logs)
    s.close()
    mock.stop()
    return screens, done and status == 0, text, log


def test_claude_screen():
    what = "llm-spy -- claude, on a terminal"
    want = claude_on_screen("sh", "-c", "echo ...; \"$@\"; code=$?; echo llm-spy: ...; exit $code", "sh")
    got = claude_on_screen(SPY, f"--libssl={claude}", "--")
    ok(want[1] and got[1], f"{what}: both runs come to their end", want[2], got[2])
    for i, (a, b) in enumerate(zip(want[0], got[0])):
        rows = [y for y, (r, s) in enumerate(zip(a[0], b[0])) if r != s]
        ok(not rows and a[1:] == b[1:], f"{what}: screen {i + 1} of 3 is the same, cell by cell", rows, a[1:], b[1:],
           *[["".join(c[0] for c in row) for row in (a[0][y], b[0][y])] for y in rows])
    ok(QUESTION in got[3] and "eBPF runs small verified programs" in got[3], f"{what}: its call is in the log", got[3][:2000])


SYSTEM = "/etc/ssl/certs/ca-certificates.crt"


def test_codex(codex, name, socket, tls):
    """tls: what it takes, for it has two. WebSocket is rustls; so is HTTP where a CA is named in the environment."""
    what = f"{name}, {'WebSocket' if socket else 'HTTP'}, {tls}"
    provider, spy = (SocketProvider if socket else Provider)(key, cert, ca), Spy(f"--libssl={codex}")
    home, env = new_home()
    write(CODEX_CONFIG % (provider.url.replace("wss:", "https:"), "true" if socket else "false"), home,
          ".codex/config.toml")
    env["MOCK_KEY"] = KEY
    if tls == "rustls":
        env["SSL_CERT_FILE"] = ca
    else: # in this mount namespace alone
        subprocess.run(["mount", "--bind", ca, SYSTEM], check=True)
    shown = run_agent(spy, [codex, "exec", "--skip-git-repo-check", QUESTION], 1000, cwd=home, env=env)
    if tls != "rustls":
        subprocess.run(["umount", SYSTEM], check=True)
    # Of a connection that was upgraded there is a record of its own.
    mine, log = [r for r in of_program(spy.stop(), codex) if r["kind"] == "llm"], provider.take_log()
    check_calls(what, mine, sorted((e["received"], e["sent"]) for e in log))
    check_start(what, mine)
    check_answer(what, spy, mine, shown, "openai.responses")
    # rustls knows nine cipher suites.
    ok({"rustls" if n <= 10 else "OpenSSL" for n in provider.suites} == {tls}, f"{what}: that is what offered its suites",
       provider.suites)
    ok("could not be matched" not in spy.stderr(), f"{what}: both directions are one connection", spy.stderr())
    provider.stop()


def test_codex_command(codex, name):
    """As a command, begun by a script: nothing tells before it runs that it will need probes for rustls."""
    what, provider = f"llm-spy -- {name}", Provider(key, cert)
    home, env = new_home()
    write(CODEX_CONFIG % (provider.url, "false"), home, ".codex/config.toml")
    write(f'exec {codex} exec --skip-git-repo-check "$@" >{home}/shown 2>&1\n', home, "run")
    os.environ["XDG_CACHE_HOME"] = home # nothing is known of it
    spy = Spy("--", "env", "-i", *(f"{k}={v}" for k, v in env.items()), "MOCK_KEY=" + KEY, "SSL_CERT_FILE=" + ca,
              "sh", os.path.join(home, "run"), QUESTION, ready=False)
    del os.environ["XDG_CACHE_HOME"]
    spy.proc.wait(timeout=120)
    mine, log = of_program(spy.records(), codex), provider.take_log()
    check_calls(what, mine, sorted((e["received"], e["sent"]) for e in log))
    check_start(what, mine)
    check_answer(what, spy, mine, open(os.path.join(home, "shown")).read(), "openai.responses")
    provider.stop()


if is_there(opencode, "opencode"):
    test_opencode()
if AGENTS:
    if is_there(claude, "Claude Code"):
        test_claude()
        if Screen:
            test_claude_screen()
        else:
            skip("Claude Code on a terminal", "python3-pyte is not installed")
    if is_there(old_codex, "Codex 0.137.0"):
        test_codex(old_codex, "Codex 0.137.0", False, "OpenSSL")
    if is_there(codex, "Codex 0.169.0"):
        for socket, tls in ((False, "OpenSSL"), (False, "rustls"), (True, "rustls")):
            test_codex(codex, "Codex 0.169.0", socket, tls)
        test_codex_command(codex, "Codex 0.169.0")
done()
