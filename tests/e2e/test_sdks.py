#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The SDKs of npm, as a script of a user calls them: what llm-spy reports is what the SDK, and what the
provider say of each call."""
import json
import shutil
import subprocess

from mock_provider import Provider, SocketProvider, certificates
from sdk_calls import compare_call, prompt_of
from spy import *

SCRIPTS = os.path.abspath(os.path.join(SRC, "tests/e2e/sdks"))
FETCH = os.path.abspath(os.path.join(SRC, "tests/e2e/fetch_sdks"))
SDKS = ("openai", "anthropic", "google", "cohere", "mistral", "ollama", "ai")
NODES = [n for n in (os.environ.get("NODE"), "/usr/bin/node", shutil.which("node")) if n and os.access(n, os.X_OK)]


def find_node():
    """One that uses the system's libssl, as those of the distributions do, if there is any; and the options
    for llm-spy: a program that has OpenSSL within is named to it."""
    good = [n for n in NODES if int(subprocess.check_output([n, "-p", "parseInt(process.versions.node)"])) >= 18]
    if not good:
        skip_all(f"no Node.js of version 18 or later: {NODES}")
    for node in good:
        if "libssl.so" in subprocess.run(["ldd", node], capture_output=True, text=True).stdout:
            return node, []
    return good[0], [f"--libssl={os.path.realpath(good[0])}"]


def fetch():
    r = subprocess.run([FETCH], capture_output=True, text=True)
    if r.returncode != 0:
        said = [line for line in r.stderr.splitlines() if not line.startswith("npm warn")]
        skip_all("the SDKs cannot be fetched: " + "; ".join(said[:3] or [f"status {r.returncode}"]))
    return r.stdout.splitlines()[-1]


def run(script):
    """What the script said of its calls."""
    env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    env.update(MOCK_URL=http.url, MOCK_SOCKET_URL=sockets.url.replace("wss:", "https:"), NODE_EXTRA_CA_CERTS=http.ca)
    r = subprocess.run([node, os.path.join(project, script + ".mjs")], env=env, capture_output=True, text=True,
                       timeout=WAIT)
    ok(r.returncode == 0, f"{script}: runs", r.stdout, r.stderr)
    return [json.loads(line) for line in r.stdout.splitlines()]


need_tracing()
node, hook = find_node()
packages = fetch()
need_root()
project = os.path.join(TMP, "project")
os.makedirs(project)
os.symlink(os.path.join(packages, "node_modules"), os.path.join(project, "node_modules"))
for name in os.listdir(SCRIPTS):
    if name.endswith(".mjs"):
        shutil.copy(os.path.join(SCRIPTS, name), project)
key, cert, ca = certificates(TMP)
http, sockets = Provider(key, cert, ca), SocketProvider(key, cert, ca)

for script in SDKS:
    spy = Spy(*hook)
    said = run(script)
    logged = http.take_log() + sockets.take_log()
    spy.wait_for(2 * len(logged))
    records = [r for r in of_client(spy.stop()) if r["process"]["exe"] == os.path.realpath(node)]
    ok(len(said) >= 4 and len(said) == len(logged), f"{script}: calls were made", said, logged)
    for one in said:
        mine = [r for r in records if prompt_of(r) == one["prompt"]]
        compare_call(script, one, mine[0] if len(mine) == 1 else None, logged)
    ok("FAKESECRET" not in open(spy.out).read(), f"{script}: the key is masked")

http.stop()
sockets.stop()
done()
