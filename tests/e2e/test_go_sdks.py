#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The SDKs of Go (openai-go, anthropic-sdk-go, genai), as a program of a user calls them: what llm-spy reports is what
the SDK, and what the provider say of each call. They come from Go's module proxy and take minutes to compile, so only
with LLM_SPY_AGENTS=1 (scripts/check --agents)."""
import hashlib
import subprocess

from agents import AGENTS, BESIDE, CACHE, making
from mock_provider import Provider, certificates
from sdk_calls import try_sdks
from spy import *

GO = os.environ.get("GO", "go")
SOURCE = os.path.abspath(os.path.join(SRC, "tests/e2e/sdks/go"))
SDKS = {"openai": 9, "anthropic": 5, "google": 5}


def build():
    """The program, in the cache by what it is made of."""
    digest = hashlib.sha256()
    for name in ("main.go", "go.mod", "go.sum"):
        with open(os.path.join(SOURCE, name), "rb") as f:
            digest.update(f.read())
    program = os.path.join(CACHE, "go", "sdks-" + digest.hexdigest()[:12])
    with making(program) as missing:
        if not missing:
            return program
        r = subprocess.run([*BESIDE, GO, "build", "-o", program, "."], cwd=SOURCE, capture_output=True, text=True, timeout=3000)
        if r.returncode != 0:
            skip_all("the SDKs cannot be built: " + r.stderr[-300:].replace("\n", " "))
    return program


if not AGENTS:
    skip_all("packages of Go's module proxy: LLM_SPY_AGENTS=1")
need_tracing()
if not shutil.which(GO):
    skip_all("no Go compiler")
program = build()
need_root()
http = Provider(*certificates(TMP))

try_sdks(SDKS, http, program, [program], {"MOCK_URL": http.url, "SSL_CERT_FILE": http.ca}, "--libssl", program)
http.stop()
done()
