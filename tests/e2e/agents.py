# SPDX-License-Identifier: MIT
"""What tests of programs from npm share: the programs, fetched into a cache outside of the tree, and a
network that has loopback alone."""
import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

CACHE = os.environ.get("LLM_SPY_CACHE") or os.path.join(os.environ.get("HOME") or "/root", ".cache/llm-spy")
AGENTS = os.environ.get("LLM_SPY_AGENTS") == "1" # the large programs too
INSIDE = "LLM_SPY_LOOPBACK_ALONE"


def fetch(package, version):
    """The folder of a package as it is published; none of its scripts are run. None where it is not to be had."""
    folder = os.path.join(CACHE, "npm", package.replace("/", "-").lstrip("@") + "-" + version)
    if os.path.isdir(folder):
        return folder
    if os.environ.get(INSIDE) or not shutil.which("npm"):
        return None
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    with tempfile.TemporaryDirectory(dir=os.path.dirname(folder)) as new:
        got = subprocess.run(["npm", "pack", "--silent", "--fetch-retries=1", "--pack-destination", new,
                              f"{package}@{version}"], cwd=new, capture_output=True, text=True, timeout=600)
        if got.returncode != 0:
            print("#", package, version, got.stderr[-300:].replace("\n", " "))
            return None
        subprocess.run(["tar", "xzf", os.path.join(new, got.stdout.split()[-1]), "-C", new], check=True)
        # Some packages call their folder otherwise than "package".
        top = [d.path for d in os.scandir(new) if d.is_dir()]
        os.chmod(top[0], 0o755)
        os.rename(top[0], folder)
    return folder


def loopback_alone(tmp):
    """Begins the test again in a network of its own, so that no program under test reaches any other host;
    the mounts are its own too. `tmp` is removed before."""
    if not os.environ.get(INSIDE):
        shutil.rmtree(tmp, ignore_errors=True)
        os.environ[INSIDE] = "1"
        os.execvp("unshare", ["unshare", "--net", "--mount", "--", sys.executable, "-B", *sys.argv])
    SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        flags = struct.unpack("16sh22x", fcntl.ioctl(s, SIOCGIFFLAGS, struct.pack("16sh22x", b"lo", 0)))[1]
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | IFF_UP))
