#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Packages that bring a TLS library of their own, from Maven Central and PyPI: Netty with its BoringSSL, as
grpc-netty-shaded has it, and the same without its symbols; aws-crt with s2n. Large downloads: only with
LLM_SPY_AGENTS=1 (scripts/check --agents)."""
import glob
import subprocess
import zipfile

from agents import AGENTS, is_there
from packages import jar_file, wheel
from spy import *

JAVA = shutil.which("java")
NATIVE = "META-INF/native/libio_grpc_netty_shaded_netty_tcnative_linux_x86_64.so"


def stripped(jar):
    """The same, with a library that has no symbols."""
    path, library = os.path.join(TMP, "stripped.jar"), os.path.join(TMP, "native.so")
    with zipfile.ZipFile(jar) as old, zipfile.ZipFile(path, "w") as new:
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename == NATIVE:
                with open(library, "wb") as f:
                    f.write(data)
                subprocess.run(["strip", library], check=True)
                with open(library, "rb") as f:
                    data = f.read()
            new.writestr(entry, data)
    return path


def native_of(jar):
    """The library by itself: the JVM will have another copy of it, which is found in time by what is known of this one."""
    path = os.path.join(TMP, os.path.basename(jar) + ".so")
    with zipfile.ZipFile(jar) as z, open(path, "wb") as f:
        f.write(z.read(NATIVE))
    return path


def check_netty(what, jar, found):
    mock, out = Mock(), os.path.join(TMP, what.replace(" ", "-"))
    spy = Spy("--debug", "-P", "java", "--libssl", native_of(jar))
    r = subprocess.run([JAVA, "-cp", jar, os.path.join(SRC, "tests/e2e/java/Netty.java"), mock.url, mock.ca, out, "4", "5"],
                       capture_output=True, text=True, timeout=WAIT, env={**os.environ, "TMPDIR": TMP})
    ok(r.returncode == 0, f"{what}: runs", r.stdout, r.stderr)
    spy.wait_for(20)
    records = spy.stop()
    compare(what, records, notes(out))
    ok(all(f"({found})" in line for line in spy.stderr().splitlines() if "tcnative" in line and "hooked" in line) and
       f"({found})" in spy.stderr() and "nothing was missed" in spy.stderr(), f"{what}: {found}", spy.stderr())
    mock.stop()


def check_aws(folder):
    """Most of its functions begin with cs prefixes, where the kernel allows no probe."""
    mock, out = Mock(), os.path.join(TMP, "aws-crt")
    spy = Spy("--debug", "--libssl", glob.glob(os.path.join(folder, "_awscrt*.so"))[0])
    subprocess.run([PYTHON, os.path.join(SRC, "tests/e2e/awscrt_client.py"), mock.url, mock.ca, out], check=True,
                   timeout=WAIT, env={**os.environ, "PYTHONPATH": folder})
    spy.wait_for(6)
    records = spy.stop()
    compare("aws-crt", of_client(records), notes(out))
    ok(all(r["connection"]["server_name"] == "localhost" and not r["connection"]["from_middle"] for r in of_client(records)),
       "aws-crt: server name, and from the first byte", records[:1])
    ok("(s2n by symbols)" in spy.stderr() and "nothing was missed" in spy.stderr(), "aws-crt: nothing is missed", spy.stderr())
    mock.stop()


need_tracing()
if not AGENTS:
    skip_all("large packages from Maven Central and PyPI: LLM_SPY_AGENTS=1")
if os.uname().machine != "x86_64":
    skip_all("the packages are for x86-64")
aws = wheel("awscrt", "0.38.1")
jar = JAVA and jar_file("io.grpc", "grpc-netty-shaded", "1.85.1")
need_root()
if is_there(aws, "aws-crt"):
    check_aws(aws)
if is_there(jar, "grpc-netty-shaded"):
    check_netty("Netty", jar, "OpenSSL by symbols")
    check_netty("Netty without symbols", stripped(jar), "BoringSSL by strings and constants")
done()
