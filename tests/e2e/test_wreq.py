#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""wreq, a client in Rust for Python on a fork of BoringSSL: as it is since 0.13, which encrypts into its own memory
and sends that by itself, and as it was before. Fetched from PyPI, so only with LLM_SPY_AGENTS=1."""
import glob
import subprocess

from agents import AGENTS
from mock_provider import Provider, certificates
from nginx import NGINX, Nginx
from packages import wheel
from spy import *

CLIENT = """
import sys
sys.path.insert(0, sys.argv[1])
import wreq.blocking
client = wreq.blocking.Client(tls_verify=False)
for i, n in enumerate((5, 3000, 16384, 70000, 1 << 20)):
    ask = {"model": "gpt-4o", "stream": bool(i % 2), "messages": [{"role": "user", "content": str(i) + "x" * n}]}
    client.post(sys.argv[2] + "/v1/chat/completions", json=ask).text()
"""
VERSIONS = ("0.13.0", "0.12.3")


def test_calls(version, folder, provider, url, protocol):
    what = f"wreq {version}, {protocol}"
    library = glob.glob(os.path.join(folder, "wreq/*.so"))[0]
    spy = Spy("--debug", "--libssl", library)
    subprocess.run([PYTHON, "-c", CLIENT, folder, url], check=True, timeout=WAIT)
    log = provider.take_log()
    spy.wait_for(len(log))
    records = of_client(spy.stop())
    compare(what, records, [{"sent": e["received"], "received": e["sent"]} for e in log])
    ok({r["connection"]["protocol"] for r in records} == {protocol} and
       not any(r["connection"]["from_middle"] for r in records), f"{what}: from the first byte")


need_tracing()
if not AGENTS:
    skip_all("wreq is fetched from PyPI only with LLM_SPY_AGENTS=1")
fetched = {number: wheel("wreq", number) for number in VERSIONS}
need_root()
key, cert, ca = certificates(TMP)
secure, plain = Provider(key, cert, ca), Provider()
nginx = Nginx(plain.port, key, cert, ca) if NGINX else None
for number, wreq in fetched.items():
    if not wreq:
        skip(f"wreq {number}", "it cannot be fetched from PyPI")
        continue
    test_calls(number, wreq, secure, secure.url, "http/1.1")
    if nginx:
        test_calls(number, wreq, plain, nginx.url, "http/2")
if nginx:
    nginx.stop()
done()
