#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""MCP over stdio as it is lived: the reference servers of npm and PyPI under Claude Code, Codex and opencode, whose model
calls their tools one after the other. What each server was asked and what it said is in one record, byte for byte, with
both ends named: compared with what passed a tee before the server. Only with LLM_SPY_AGENTS=1."""
import hashlib
import http.server
import subprocess
import threading
from collections import Counter

from agents import AGENTS, is_there, loopback_alone, npm_installed, program
from first_clients import CODEX, KEY
from mock_provider import Call, Provider, certificates
from packages import installed
from spy import *

if not AGENTS:
    skip_all("the servers are fetched only with LLM_SPY_AGENTS=1")
NODE = npm_installed("@modelcontextprotocol/server-everything@2026.8.31", "@modelcontextprotocol/server-filesystem@2026.8.31")
FETCH, GIT = installed("mcp-server-fetch==2026.10.24"), installed("mcp-server-git==2026.10.19")
CLAUDE = program("@anthropic-ai/claude-code-linux-x64", "2.1.331", "claude")
CODEX = program("@openai/codex", "0.169.0-linux-x64", CODEX)
OPENCODE = program("opencode-linux-x64", "1.18.34", "bin/opencode")
need_root()
if os.uname().machine != "x86_64":
    skip_all("the programs are for x86-64")
if not (NODE and FETCH and GIT and shutil.which("node")):
    skip_all("the servers cannot be fetched from npm and PyPI")
loopback_alone()
TEE = os.path.abspath(os.path.join(SRC, "tests/e2e/tee_stdio.py"))
key, cert, ca = certificates(TMP)


class Page(http.server.BaseHTTPRequestHandler):
    """What the server that fetches is asked for."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(b"a page\n" * 3000)

    def log_message(self, *args):
        pass


page = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
threading.Thread(target=page.serve_forever, daemon=True).start()


def servers(home):
    """name -> command"""
    modules = os.path.join(NODE, "node_modules/@modelcontextprotocol")
    node = shutil.which("node")
    return {
        "everything": [node, os.path.join(modules, "server-everything/dist/index.js"), "stdio"],
        "filesystem": [node, os.path.join(modules, "server-filesystem/dist/index.js"), home],
        "fetch": ["env", "PYTHONPATH=" + FETCH, PYTHON, "-m", "mcp_server_fetch", "--ignore-robots-txt"],
        "git": ["env", "PYTHONPATH=" + GIT, PYTHON, "-m", "mcp_server_git", "--repository", os.path.join(home, "repository")],
    }


def calls(home, port):
    """(server, tool, arguments): one that is plain, one with progress, one with a large result, one that fails."""
    yield "everything", "echo", {"message": "naïve 你好 😀"}
    yield "everything", "trigger-long-running-operation", {"duration": 1, "steps": 3}
    yield "filesystem", "list_directory", {"path": home}
    yield "filesystem", "read_text_file", {"path": os.path.join(home, "large.txt")}
    yield "filesystem", "read_text_file", {"path": "/etc/shadow"}
    yield "fetch", "fetch", {"url": f"http://127.0.0.1:{port}/"}
    yield "git", "git_status", {"repo_path": os.path.join(home, "repository")}


class Model:
    """Makes the calls, one for each time that it is asked with all tools there, then says something."""

    def __init__(self, todo):
        self.todo, self.made, self.lock = list(todo), 0, threading.Lock()

    def __call__(self, body, received):
        names = list(self.names(body.get("tools", [])))
        with self.lock:
            if self.made == len(self.todo) or not names:
                return None
            server, tool, arguments = self.todo[self.made]
            found = next((n for n in names if server in "".join(n) and n[1].replace("-", "_").endswith(tool.replace("-", "_"))), None)
            if not found:
                return None
            self.made += 1
            return Call(found[1], arguments, str(self.made), found[0])

    @staticmethod
    def names(tools):
        """(namespace, name)"""
        for t in tools:
            for within in t.get("tools", ()):
                yield t["name"], within["name"]
            if "tools" not in t:
                yield "", t.get("name") or t.get("function", {}).get("name") or ""


def new_home():
    home = tempfile.mkdtemp(dir=TMP)
    with open(os.path.join(home, "large.txt"), "w") as f:
        f.write("".join(f"line {i} of a large file\n" for i in range(5000)))
    subprocess.run(["git", "init", "-q", os.path.join(home, "repository")], check=True)
    return home


def write(text, *path):
    path = os.path.join(*path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)


def tee(home, name, command):
    return [PYTHON, TEE, os.path.join(home, f"{name}.log"), *command]


def run_claude(home, url):
    config = {"mcpServers": {n: {"command": c[0], "args": c[1:]} for n, c in teed(home)}}
    write(json.dumps(config), home, "mcp.json")
    return [CLAUDE, "-p", "Say hello.", "--mcp-config", os.path.join(home, "mcp.json"), "--strict-mcp-config", "--allowedTools",
            *(f"mcp__{n}" for n, _ in teed(home))], {
        "ANTHROPIC_BASE_URL": url, "NODE_EXTRA_CA_CERTS": ca, "ANTHROPIC_API_KEY": KEY, "DISABLE_AUTOUPDATER": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "ENABLE_TOOL_SEARCH": "false", "MCP_TIMEOUT": "60000"}


def run_codex(home, url):
    text = f'''model = "gpt-5"
model_provider = "mock"
approval_policy = "never"
sandbox_mode = "danger-full-access"
[model_providers.mock]
name = "mock"
base_url = "{url}/v1"
env_key = "MOCK_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
supports_websockets = false
'''
    for n, c in teed(home):
        text += f"[mcp_servers.{n}]\ncommand = {json.dumps(c[0])}\nargs = {json.dumps(c[1:])}\nstartup_timeout_sec = 60\nrequired = true\n"
    write(text, home, ".codex/config.toml")
    return [CODEX, "exec", "--skip-git-repo-check", "Say hello."], {"MOCK_KEY": KEY, "SSL_CERT_FILE": ca}


def run_opencode(home, url):
    mock = {"npm": "@ai-sdk/openai-compatible", "name": "mock", "models": {"gpt-4o": {"name": "gpt-4o", "tool_call": True}},
            "options": {"baseURL": url + "/v1", "apiKey": KEY}}
    write(json.dumps({"model": "mock/gpt-4o", "small_model": "mock/gpt-4o", "autoupdate": False, "share": "disabled",
                      "provider": {"mock": mock}, "permission": "allow",
                      "mcp": {n: {"type": "local", "command": c, "enabled": True, "timeout": 60000} for n, c in teed(home)}}),
          home, "opencode.json")
    return [OPENCODE, "run", "Say hello."], {
        "NODE_EXTRA_CA_CERTS": ca, "OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_MODELS_FETCH": "1",
        "OPENCODE_DISABLE_LSP_DOWNLOAD": "1", "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1"}


def teed(home):
    return [(n, tee(home, n, c)) for n, c in servers(home).items()]


def messages(record):
    """(direction, digest) of each message in a record of JSON-RPC."""
    for direction, body in (("asked", record["request"]["body"]), ("said", record["response"]["body"])):
        if body["captured"]:
            for line in body["text"].split("\n"):
                yield direction, hashlib.sha256(line.encode()).hexdigest()


def seen_of(records, agent):
    """All messages between the agent and its servers, as the server's ends have them."""
    seen = Counter()
    for r in records:
        from_agent = r["process"]["exe"] == agent
        if r["connection"]["protocol"] != "stdio" or not (from_agent or (r["other_end"] or {}).get("exe") == agent):
            continue
        for direction, digest in messages(r):
            seen[(direction if from_agent else "said" if direction == "asked" else "asked", digest)] += 1
    return seen


def logged(home):
    lines = []
    for name in servers(home):
        path = os.path.join(home, f"{name}.log")
        lines += [tuple(n) for n in notes(path)] if os.path.exists(path) else []
    return lines


def test(what, path, configure):
    home, provider = new_home(), Provider(key, cert, ca)
    model = Model(calls(home, page.server_port))
    provider.server.choose = model
    argv, env = configure(home, provider.url)
    out = os.path.join(home, "records")
    p = subprocess.run([SPY, "--all", "--hold=60s", "-o", f"jsonl:{out},bodies=yes", "--", *argv], cwd=home, stdin=subprocess.DEVNULL,
                       capture_output=True, text=True, timeout=4 * WAIT,
                       env={"HOME": home, "PATH": "/usr/bin:/bin", "TERM": "dumb", **env})
    with open(out, "rb") as f:
        records = record_schema.check([json.loads(line) for line in f])
    lines = logged(home)
    want = Counter((direction, digest) for direction, digest, _ in lines)
    seen = seen_of(records, path)
    ok(p.returncode == 0 and model.made == len(model.todo), f"{what}: it calls the {len(model.todo)} tools", model.made,
       p.stdout[-1000:], p.stderr[-1000:])
    missing, extra = want - seen, seen - want
    ok(want and not missing, f"{what}: {sum(want.values())} messages of {len(servers(home))} servers, each seen byte for byte",
       [n for n in lines if tuple(n[:2]) in missing][:5], sum(missing.values()))
    ok(not extra, f"{what}: and nothing else", sum(extra.values()))
    rpc = [r for r in records if r["kind"] == "mcp" and r["process"]["exe"] == path]
    named = [(r["rpc"]["name"], r["complete"]) for r in rpc if r["rpc"]["method"] == "tools/call"]
    ok(named == [(tool, True) for _, tool, _ in model.todo], f"{what}: the calls, in order, each with its result", named)
    bad = [r for r in rpc if not r["complete"]]
    ok(not bad, f"{what}: all are complete", json.dumps(bad[:1])[:1500])
    ok(all(r["other_end"] and r["other_end"]["pid"] != r["process"]["pid"] for r in rpc), f"{what}: both ends are named")
    provider.stop()


for what, path, configure in (("Claude Code", CLAUDE, run_claude), ("Codex", CODEX, run_codex), ("opencode", OPENCODE, run_opencode)):
    if is_there(path, what):
        test(what, path, configure)
done()
