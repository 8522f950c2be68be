#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Programs that bring Go's crypto/tls, built here by $GO (go): with symbols, stripped, and position
independent, against the mock provider and, for HTTP/2 and for TLS inside TLS, a server in Go."""
import json
import subprocess

from spy import *

GO = os.environ.get("GO", "go")
BUILDS = {"plain": [], "stripped": ["-ldflags=-s -w"], "pie": ["-buildmode=pie"],
          "stripped pie": ["-buildmode=pie", "-ldflags=-s -w"]}
THOROUGH = ("plain", "stripped pie")

need_root()
if not shutil.which(GO):
    skip_all("no Go compiler: apt-get install golang-go")


def build(name, flags):
    """No cgo: then it needs no C compiler, and takes the way of Go's own linker."""
    path = os.path.join(TMP, "go-" + name.replace(" ", "-"))
    env = {**os.environ, "CGO_ENABLED": "0", "GO111MODULE": "off", "GOTOOLCHAIN": "local", "GOFLAGS": "",
           "GOCACHE": os.environ.get("GOCACHE") or os.path.join(TMP, "cache"), "HOME": TMP}
    subprocess.run([GO, "build", *flags, "-o", path, os.path.join(SRC, "tests/e2e/go/client.go")], check=True, env=env)
    return path


class Server(Mock):
    def __init__(self, program):
        self.ca = os.path.join(TMP, "ca-" + os.path.basename(program))
        self.proc = subprocess.Popen([program, "serve", self.ca], stdout=subprocess.PIPE, text=True)
        self.port = int(self.proc.stdout.readline().split()[1])
        self.url = f"https://localhost:{self.port}"


def run(program, mode, server, *proxy):
    out = tempfile.NamedTemporaryFile(dir=TMP, delete=False).name
    roots = out + ".roots"
    with open(roots, "w") as f:
        f.writelines(open(s.ca).read() for s in (server, *proxy))
    subprocess.run([program, mode, server.url, roots, out, *(s.url for s in proxy)], check=True, timeout=120)
    return notes(out)


def of_program(records, program):
    return [r for r in of_client(records) if r["process"]["name"] == os.path.basename(program)]


def check_quiet(what, spy):
    """Nothing lost, and no return without its entry: each call was seen once."""
    text = spy.stderr()
    ok("(Go crypto/tls by pclntab)" in text and "not seen" not in text and "could not be read" not in text and
       "table of the probe full" not in text, f"{what}: nothing is missed", text)


def one(what, program, mode, server, *proxy):
    # Of this program alone, as client and as server: what else runs on the host is none of this.
    spy = Spy("--libssl", program, "--comm", os.path.basename(program)[:15])
    noted = run(program, mode, server, *proxy)
    spy.wait_for(len(noted) if server is mock else 2 * len(noted))
    records = of_program(spy.stop(), program)
    compare(f"{what}: {mode}", [r for r in records if r["http"]["method"] != "CONNECT"], noted)
    ok(not any(r["connection"]["from_middle"] for r in records), f"{what}: {mode}: seen from the handshake on",
       json.dumps(records[:1]))
    check_quiet(f"{what}: {mode}", spy)
    return records


mock = Mock()
for name, flags in BUILDS.items():
    program = build(name, flags)
    server = Server(program)
    for mode, peer in (("http1", mock), ("http2", server), ("many1", mock), ("many2", server)):
        if mode.startswith("many") and name not in THOROUGH:
            continue
        records = one(name, program, mode, peer)
        spoken = {r["connection"]["protocol"] for r in records}
        ok(spoken == {"http/2" if mode[-1] == "2" else "http/1.1"}, f"{name}: {mode}: the protocol is as wanted", spoken)
    if name in THOROUGH:
        one(name, program, "stack", mock)
        one(name, program, "proxy", mock, server)
    server.stop()

mock.stop()
done()
