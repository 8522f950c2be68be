#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""rustls: Deno as it is published, and with LLM_SPY_AGENTS=1 an older one (with ring in place of aws-lc), Codex
and Grok; Deno and Codex also changed so that rustls' vtables are not found. All runs in a network namespace that
has loopback alone."""
import platform
import re
import shutil
import subprocess

from agents import AGENTS, fetch, is_there, loopback_alone, program
from mock_provider import Provider, certificates
from nginx import NGINX, Nginx
from spy import *

CALLS = os.path.abspath(os.path.join(SRC, "tests/e2e/rustls.mjs"))
CODEX_MOCK = ('model_providers.mock={name="mock",base_url="%s/v1",env_key="OPENAI_API_KEY",wire_api="responses",'
              'request_max_retries=0,stream_max_retries=0}')
UNBROTLI = ("const z = require('zlib'), fs = require('fs'); "
            "fs.writeFileSync(process.argv[2], z.brotliDecompressSync(fs.readFileSync(process.argv[1])))")


def fetch_grok():
    """It comes compressed, and unpacks itself when it is installed."""
    folder, node = fetch("@xai-official/grok-linux-x64", "1.0.41"), shutil.which("node")
    if not folder or not node:
        return None
    packed = os.path.join(folder, "bin/grok.br")
    path = packed[:-3]
    if not os.path.exists(path):
        subprocess.run([node, "-e", UNBROTLI, packed, path + ".new"], check=True)
        os.chmod(path + ".new", 0o755)
        os.rename(path + ".new", path)
    return path


altered = [] # programs whose vtables are hidden


def without_vtables(program):
    """A copy in which what the vtables are known by, encrypted_payload_len, is other code of the same meaning."""
    code = re.compile(rb"\x55\x48\x89\xe5\x48\x8d\x46\x11\x5d\xc3|\x48\x8d\x46\x11\xc3\xcc{3}", re.DOTALL)
    longer = bytes.fromhex("488d8611000000c3") # lea rax, [rsi + 17] with a displacement of four bytes; ret
    with open(program, "rb") as f:
        changed = code.sub(lambda m: longer + m[0][len(longer):], f.read())
    path = os.path.join(TMP, os.path.basename(program))
    with open(path, "wb") as f:
        f.write(changed)
    os.chmod(path, 0o755)
    altered.append(path)
    return path


def environment(**more):
    """Nothing of the caller's, above all no key and no proxy."""
    home = os.path.join(TMP, "home")
    os.makedirs(home, exist_ok=True)
    return {"HOME": home, "PATH": os.environ["PATH"], "TERM": "dumb", "DENO_NO_UPDATE_CHECK": "1",
            "NO_COLOR": "1", **more}


class Front:
    """What a program connects to, and the provider behind it, whose log says what went by."""

    def __init__(self, protocol):
        self.protocol = protocol
        if protocol == "http/2":
            self.provider = Provider()
            self.nginx = Nginx(self.provider.port, key, cert, ca)
            self.url = self.nginx.url
        else:
            self.provider = Provider(key, cert, ca)
            self.url = self.provider.url

    def stop(self):
        if self.protocol == "http/2":
            self.nginx.stop()
        self.provider.stop()


def text_of(record):
    return "".join(p["text"] for c in record["response"]["choices"] for p in c["parts"])


def check(what, spy, program, front, log, whole=True):
    """What llm-spy says of a program's posts against what the provider received and sent. whole: all of it was
    read, and by who saw the connection from its start."""
    records = [r for r in of_client(spy.stop())
               if r["process"]["exe"] == os.path.realpath(program) and r["http"]["method"] == "POST"]
    notes_ = [{"sent": e["received"], "received": e["sent"]} for e in log]
    if whole:
        compare(what, records, notes_)
    else:
        read = [r for r in records if r["response"]["body"]["state"] == "complete"]
        sent = sorted(r["request"]["body"]["wire_sha256"] for r in records)
        ok(read and sent == sorted(n["sent"] for n in notes_) and
           set(digests(read)) <= {(n["sent"], n["received"]) for n in notes_},
           f"{what}: {len(records)} exchanges, {len(read)} of them read to their end, byte for byte; {ledger(records)}",
           digests(records), notes_)
    protocols = {r["connection"]["protocol"] for r in records}
    ok(protocols == {front.protocol}, f"{what}: protocol", protocols)
    texts = {e["received"]: e["text"] for e in log}
    calls = [r for r in records if r["kind"] == "llm" and r["response"]["body"]["state"] == "complete"]
    wrong = [r for r in calls if text_of(r) != texts.get(r["request"]["body"]["wire_sha256"])]
    ok(calls and not wrong, f"{what}: each answer is with its question", wrong[:1])
    way = "aws-lc's functions" if program in altered else "vtables"
    hooked = [line for line in spy.stderr().splitlines() if f"hooked {os.path.realpath(program)} (" in line]
    ok(hooked and f"rustls by {way}" in hooked[0], f"{what}: found by {way}", hooked)
    ok("could not be matched" not in spy.stderr(), f"{what}: both directions are one connection", spy.stderr())
    ok("FAKESECRET" not in open(spy.out).read(), f"{what}: the key is masked")
    return records


def deno_command(deno, mode, front):
    return [deno, "run", "--allow-all", "--no-config", CALLS, mode, front.url, ca]


def test_deno(name, deno, front):
    for mode in ("calls", "together", "parallel"):
        what = f"{name}, {front.protocol}, {mode}"
        spy = Spy("--debug", "--libssl", deno)
        subprocess.run(deno_command(deno, mode, front), check=True, timeout=WAIT, env=environment())
        log = front.provider.take_log()
        spy.wait_for(2 * len(log))
        records = check(what, spy, deno, front, log)
        ids = {r["connection"]["id"] for r in records}
        ends = {r["connection"]["local"] for r in records}
        ok(not any(r["connection"]["from_middle"] for r in records) and (mode != "calls" or len(ids) == 1) and
           len(ids) == len(ends),
           f"{what}: {len(ids)} connections, each by a socket of its own, seen from their start", ids, ends)


def test_joined(name, deno, front):
    """The call before the tracer is not seen, those after it are. With HTTP/2 header fields are missing."""
    what = f"{name}, {front.protocol}, joined in the middle"
    slow = subprocess.Popen(deno_command(deno, "slow", front), env=environment(), text=True,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    slow.stdout.readline()
    front.provider.take_log()
    spy = Spy("--debug", "--libssl", deno)
    for _ in range(3):
        slow.stdin.write("go\n")
        slow.stdin.flush()
        slow.stdout.readline()
    slow.stdin.close()
    slow.wait()
    log = front.provider.take_log()
    spy.wait_for(2 * len(log))
    records = check(what, spy, deno, front, log, front.protocol == "http/1.1")
    ok(records and all(r["connection"]["from_middle"] for r in records), f"{what}: and it is said")


def test_command(name, deno, front):
    """Nobody knows the program, and it is a child of the command: it is held until it was searched."""
    what = f"{name}, {front.protocol}, run for the first time by a command"
    os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(dir=TMP)
    spy = Spy("--debug", "--", "env", "-i", *(f"{k}={v}" for k, v in environment().items()), "sh", "-c", '"$@"; exit 5', "sh",
              *deno_command(deno, "calls", front), ready=False)
    del os.environ["XDG_CACHE_HOME"]
    code = spy.proc.wait(120)
    records = check(what, spy, deno, front, front.provider.take_log())
    ok(code == 5 and records and not any(r["connection"]["from_middle"] for r in records), f"{what}: seen from its start", code)


def test_codex(name, program, front):
    test_agent(name, program, front, [program, "exec", "--skip-git-repo-check", "-m", "gpt-4o", "-c",
                                      "model_provider=mock", "-c", CODEX_MOCK % front.url, "Hello"],
               OPENAI_API_KEY="sk-e2e-FAKESECRET")


def test_agent(name, program, front, command, **env):
    """Grok ends before it has read its last answer."""
    what = f"{name}, {front.protocol}"
    spy = Spy("--debug", "--libssl", program)
    subprocess.run(command, timeout=2 * WAIT, cwd=TMP, env=environment(SSL_CERT_FILE=ca, **env), stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    log = front.provider.take_log()
    spy.wait_for(len(log))
    if ok(log, f"{what}: it called"):
        check(what, spy, program, front, log, program != grok)


need_tracing()
if platform.machine() != "x86_64":
    skip_all("the finder of rustls knows x86-64 only")
deno = program("@deno/linux-x64-glibc", "2.9.6", "deno")
if not NGINX or not deno:
    skip_all("no nginx" if not NGINX else "Deno cannot be fetched from npm")
ring = codex = grok = None
if AGENTS:
    ring = program("@deno/linux-x64-glibc", "2.3.0", "deno")
    codex = program("@openai/codex", "0.169.0-linux-x64", "vendor/x86_64-unknown-linux-musl/bin/codex")
    grok = fetch_grok()
need_root()
loopback_alone()
key, cert, ca = certificates(TMP)
bare = without_vtables(deno)
bare_codex = without_vtables(codex) if codex else None
for protocol in ("http/1.1", "http/2"):
    front = Front(protocol)
    test_deno("Deno 2.9.6", deno, front)
    test_joined("Deno 2.9.6", deno, front)
    test_command("Deno 2.9.6", deno, front)
    test_deno("Deno without vtables", bare, front)
    test_joined("Deno without vtables", bare, front)
    if AGENTS and is_there(ring, f"Deno 2.3.0, {protocol}"):
        test_deno("Deno 2.3.0", ring, front)
        test_joined("Deno 2.3.0", ring, front)
    if AGENTS and is_there(codex, f"Codex, {protocol}"):
        test_codex("Codex", codex, front)
        test_codex("Codex without vtables", bare_codex, front)
    if AGENTS and is_there(grok, f"Grok, {protocol}"):
        test_agent("Grok", grok, front, [grok, "-p", "Hello"], XAI_API_KEY="sk-e2e-FAKESECRET",
                   **{name: front.url + "/v1" for name in ("GROK_MODELS_BASE_URL", "GROK_XAI_API_BASE_URL")})
    front.stop()
done()
