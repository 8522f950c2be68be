#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The finders on every program and library of this host: none claims a file that lacks the implementation, and
none that has one is passed over. What a file has is judged without them: by the names of source files that errors
and panics carry, and by what nm says. Nothing is traced."""
import mmap
import stat
import subprocess

from spy import *

FINDS = os.path.join(BUILD, "tests/finds")
FOLDERS = ("/usr/bin", "/usr/sbin", "/usr/lib", "/usr/libexec")
# Where the code is inside, so is one of these. None is a sign that a finder goes by.
INSIDE = {
    "OpenSSL": (b"ssl/statem/statem_clnt.c", b"ssl/statem/extensions_clnt.c"),
    "BoringSSL": (b"ssl/handshake_client.cc", b"ssl/tls13_client.cc"),
    "rustls": (b"rustls-0.",),
    "Go crypto/tls": (b"crypto/tls.(*Conn).Handshake",),
    "a fork of Go crypto/tls": (b"utls.(*Conn).Handshake",),
}
# One name for two.
BOTH = {"Go crypto/tls and its fork": {"Go crypto/tls", "a fork of Go crypto/tls"}}
# A library is one that defines this.
DEFINED = {"GnuTLS": "gnutls_record_recv", "NSPR": "PR_Read", "NSS": "SSL_ImportFD", "wolfSSL": "wolfSSL_read",
           "Mbed TLS": "mbedtls_ssl_read", "s2n": "s2n_recv", "Mono's BoringSSL": "mono_btls_ssl_read",
           "Erlang's ssl": "aead_cipher_nif", "Botan": "_ZN5Botan3TLS7Channel13received_dataEPKhm"}


def elf_files():
    for top in FOLDERS:
        for folder, _, names in os.walk(top):
            for name in names:
                path = os.path.join(folder, name)
                try:
                    if not stat.S_ISREG(os.lstat(path).st_mode) or "\n" in path:
                        continue
                    with open(path, "rb") as f:
                        if f.read(5) == b"\x7fELF\x02":
                            yield path
                except OSError:
                    pass


def defined(path):
    nm = subprocess.run(["nm", "-D", "--defined-only", path], capture_output=True, text=True)
    return {line.split()[-1].split("@")[0] for line in nm.stdout.splitlines() if line}


def has(path):
    with open(path, "rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as m:
        found = {name for name, strings in INSIDE.items() if any(m.find(s) >= 0 for s in strings)}
        maybe = {name: s for name, s in DEFINED.items() if m.find(s.encode()) >= 0}
    if maybe:
        symbols = defined(path)
        found |= {name for name, s in maybe.items() if s in symbols}
    return found


def claims(paths):
    """path: the implementations; only where there are any. And how many were looked at."""
    got = subprocess.run([FINDS], input="\n".join(paths), stdout=subprocess.PIPE, text=True, check=True)
    rows = [line.split("\t") for line in got.stdout.splitlines()]
    names = {path: {part.split(" by ")[0] for part in what.split("; ")} for path, _, what in rows if what}
    return {path: set().union(*(BOTH.get(n, {n}) for n in found)) for path, found in names.items()}, len(rows)


def worth_a_look(paths):
    """Those that hold any of the strings, by grep."""
    patterns = [s.decode() for strings in INSIDE.values() for s in strings] + list(DEFINED.values())
    got = subprocess.run(["xargs", "-d", "\\n", "grep", "-laF", *(f"-e{p}" for p in patterns), "--"],
                         input="\n".join(paths), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                         env={**os.environ, "LC_ALL": "C"})
    return got.stdout.splitlines()


need_root() # as for all that is not to slow down or fail the build of a package
files = list(elf_files())
claimed, looked = claims(files)
judged = {path: has(path) for path in {*worth_a_look(files), *claimed}}
by_name = sorted({name for names in claimed.values() for name in names})
wrong = {path: sorted(names - judged[path]) for path, names in claimed.items() if names - judged[path]}
ok(claimed and not wrong, f"{looked} programs and libraries, {len(claimed)} of them claimed ({', '.join(by_name)}): each "
   "has what is claimed", wrong)
missed = {path: sorted(names - claimed.get(path, set())) for path, names in judged.items()
          if names - claimed.get(path, set())}
ok(not missed, "and none of those that have an implementation is passed over", missed)
done()
