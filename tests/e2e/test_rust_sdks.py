#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""async-openai, as a program of a user calls it: what llm-spy reports is what the SDK, and what the provider say of each
call. It comes from crates.io and takes a minute to compile, so only with LLM_SPY_AGENTS=1 (scripts/check --agents)."""
import hashlib
import subprocess
import tempfile

from agents import AGENTS, BESIDE, CACHE, making
from mock_provider import Provider, certificates
from rust_clients import CARGO, environment
from sdk_calls import try_sdks
from spy import *

SOURCE = os.path.abspath(os.path.join(SRC, "tests/e2e/sdks/rust"))
FILES = ("main.rs", "Cargo.toml", "Cargo.lock")


def build():
    """The program, in the cache by what it is made of."""
    digest = hashlib.sha256(b"".join(open(os.path.join(SOURCE, name), "rb").read() for name in FILES)).hexdigest()[:12]
    program = os.path.join(CACHE, "rust", "sdks-" + digest)
    with making(program) as missing, tempfile.TemporaryDirectory(dir=os.path.dirname(program)) as target:
        if not missing:
            return program
        if not CARGO:
            skip_all("no cargo")
        r = subprocess.run([*BESIDE, CARGO, "build", "--quiet", "--locked", "--manifest-path", os.path.join(SOURCE, "Cargo.toml"),
                            "--target-dir", target], capture_output=True, text=True, timeout=1800, env=environment())
        if r.returncode != 0:
            skip_all("async-openai cannot be built: " + r.stderr[-300:].replace("\n", " "))
        shutil.move(os.path.join(target, "debug", "sdks"), program)
    return program


if not AGENTS:
    skip_all("packages of crates.io: LLM_SPY_AGENTS=1")
need_tracing()
program = build()
need_root()
http = Provider(*certificates(TMP))

try_sdks({"openai": 9}, http, program, [program], {"MOCK_URL": http.url, "SSL_CERT_FILE": http.ca}, "--libssl", program)
http.stop()
done()
