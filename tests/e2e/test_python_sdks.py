#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The SDKs and frameworks of PyPI, as a script of a user calls them: what llm-spy reports is what the SDK, and what the
provider say of each call. Fetched from PyPI, so only with LLM_SPY_AGENTS=1 (scripts/check --agents)."""
import shutil
import subprocess

from agents import AGENTS, CACHE, making
from mock_provider import Provider, certificates
from sdk_calls import try_sdks
from spy import *

SCRIPT = os.path.abspath(os.path.join(SRC, "tests/e2e/sdks/sdks.py"))
REQUIREMENTS = os.path.abspath(os.path.join(SRC, "tests/e2e/sdks/requirements.txt"))
SDKS = {"openai": 9, "anthropic": 5, "google": 5, "mistral": 5, "cohere": 5, "boto": 5, "litellm": 10, "langchain": 10,
        "agents": 4, "pydantic_ai": 4}


def fetch():
    """The folder of the cache that has them, which is made anew when the list changes."""
    folder = os.path.join(CACHE, "python-sdks")
    fetched = os.path.join(folder, "requirements.txt")
    with making(folder) as missing:
        if not missing and os.path.exists(fetched) and open(fetched).read() == open(REQUIREMENTS).read():
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        try:
            subprocess.run([PYTHON, "-m", "pip", "install", "-q", "--only-binary=:all:", "--target", folder, "-r", REQUIREMENTS],
                           check=True, timeout=900, stdout=subprocess.DEVNULL)
        except (OSError, subprocess.SubprocessError) as e:
            skip_all(f"the SDKs cannot be fetched: {e}")
        shutil.copy(REQUIREMENTS, fetched)
    return folder


if not AGENTS:
    skip_all("some 400 MB of packages of PyPI: LLM_SPY_AGENTS=1")
need_tracing()
packages = fetch()
need_root()
http = Provider(*certificates(TMP))

try_sdks(SDKS, http, PYTHON, [PYTHON, "-B", SCRIPT],
         {"PYTHONPATH": packages, "MOCK_URL": http.url, "SSL_CERT_FILE": http.ca, "REQUESTS_CA_BUNDLE": http.ca, "AWS_CA_BUNDLE": http.ca})
http.stop()
done()
