#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""wreq, a client in Rust for Python on a fork of BoringSSL: as it is since 0.13, which encrypts into its own memory
and sends that by itself, and as it was before. Fetched from PyPI, so only with LLM_SPY_AGENTS=1."""
import glob
import subprocess
import zipfile

from agents import AGENTS, CACHE
from mock_provider import Provider, certificates
from nginx import NGINX, Nginx
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


def fetch(version):
    folder = os.path.join(CACHE, "pypi", f"wreq-{version}")
    if os.path.isdir(folder):
        return folder
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    with tempfile.TemporaryDirectory(dir=os.path.dirname(folder)) as new:
        got = subprocess.run([PYTHON, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", new,
                              f"wreq=={version}"], capture_output=True, text=True, timeout=600)
        wheels = glob.glob(os.path.join(new, "*.whl"))
        if got.returncode != 0 or not wheels:
            print("# wreq", version, got.stderr[-300:].replace("\n", " "))
            return None
        zipfile.ZipFile(wheels[0]).extractall(os.path.join(new, "files"))
        os.rename(os.path.join(new, "files"), folder)
    return folder


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


need_root()
if not AGENTS:
    skip_all("wreq is fetched from PyPI only with LLM_SPY_AGENTS=1")
key, cert, ca = certificates(TMP)
secure, plain = Provider(key, cert, ca), Provider()
nginx = Nginx(plain.port, key, cert, ca) if NGINX else None
for number in VERSIONS:
    wreq = fetch(number)
    if not wreq:
        skip(f"wreq {number}", "it cannot be fetched from PyPI")
        continue
    test_calls(number, wreq, secure, secure.url, "http/1.1")
    if nginx:
        test_calls(number, wreq, plain, nginx.url, "http/2")
if nginx:
    nginx.stop()
done()
