#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Programs that use GnuTLS, NSS, wolfSSL and Mbed TLS: what llm-spy reports is what the server received
and sent."""
import ctypes.util
import json
import re
import shutil
import subprocess

from mock_provider import Provider, certificates
from nginx import NGINX, Nginx
from spy import *

LIBRARIES = os.path.abspath(os.path.join(SRC, "tests/e2e/libraries.py"))
BODIES = [json.dumps({"model": "gpt-4o", "stream": stream, "messages": [{"role": "user", "content": "é 你好 " + "x" * 20000}]})
          for stream in (False, True)]
KEY = "Authorization: Bearer sk-FAKESECRET"


class Traced:
    """What llm-spy, as a person runs it in front of a command, says of it and of nobody else."""

    def __init__(self):
        self.records, self.stderr, self.text = [], "", ""

    def run(self, *command, args=(), env={}, stdin=None):
        out = os.path.join(TMP, "records")
        open(out, "w").close()
        clean = {k: v for k, v in os.environ.items() if not k.startswith("SUDO_")}
        p = subprocess.Popen([SPY, "--format", "jsonl", "--all", "-o", out, *args, "--", *command], text=True,
                             stdin=stdin or subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             env={**clean, "NO_PROXY": "*", **env})
        return p, out

    def end(self, started):
        p, out = started
        self.stderr += p.communicate(timeout=WAIT)[1]
        with open(out) as f:
            self.text += f.read()
        self.records = [json.loads(line) for line in self.text.splitlines()]
        return p.returncode


def libraries(mode, server):
    """The command that runs libraries.py, and where its notes are."""
    out = os.path.join(TMP, "out-" + mode.replace(":", "-"))
    if os.path.exists(out):
        os.unlink(out)
    return [PYTHON, "-B", LIBRARIES, mode, server.url, server.ca or "", out], out


def provider_log(of):
    """What the server says of the calls, in the client's words."""
    return [{"sent": e["received"], "received": e["sent"]} for e in of.take_log()]


def compare_all(what, traced, logged, name):
    records = traced.records
    ok(len(logged) == 2, f"{what}: the server had both calls", logged, traced.stderr)
    compare(what, records, logged)
    mine = of_client(records)
    ok(all(r["process"]["name"].startswith(name) and r["connection"]["server_name"] == "localhost" and
           r["kind"] == "llm" and not r["connection"]["from_middle"] for r in mine),
       f"{what}: process, server name, and seen from its first byte", mine)
    ok({bool(r["response"]["stream"]) for r in mine} == {False, True}, f"{what}: plain and streamed", mine)
    ok("nothing was missed" in traced.stderr,
       f"{what}: nothing was lost", traced.stderr)
    ok("FAKESECRET" not in traced.text, f"{what}: the key is masked")


def test_library(mode, *args, server=None, logged_by=None):
    command, out = libraries(mode, server or provider)
    t = Traced()
    ok(t.end(t.run(*command, args=args)) == 0 and len(notes(out)) == 2, f"{mode}: the client had both answers", t.stderr)
    compare_all(" ".join((mode, *args)), t, provider_log(logged_by or provider), "python")


def test_wget():
    t = Traced()
    for body in BODIES:
        t.end(t.run("wget", "-q", "--no-hsts", "--ca-certificate", provider.ca, "--header", KEY, "--post-data", body,
                    "-O", "/dev/null", provider.url + "/v1/chat/completions"))
    compare_all("wget", t, provider_log(provider), "wget")


def write_request(body):
    path = os.path.join(TMP, "request")
    with open(path, "w") as f:
        f.write(f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{KEY}\r\n"
                f"Content-Length: {len(body.encode())}\r\n\r\n{body}")
    return path


def test_command_line(*command):
    """A client that leaves with the end of its input, so that has to wait for the answer."""
    t = Traced()
    for body in BODIES:
        started = t.run(*command)
        with open(write_request(body)) as f:
            started[0].stdin.write(f.read())
        started[0].stdin.flush()
        started[0].stdout.read()
        t.end(started)
    compare_all(command[0], t, provider_log(provider), command[0])


def test_tstclnt():
    t = Traced()
    for body in BODIES:
        with open(write_request(body)) as f:
            t.end(t.run("tstclnt", "-4", "-D", "-o", "-h", "localhost", "-p", str(provider.port), stdin=f))
    compare_all("tstclnt", t, provider_log(provider), "tstclnt")


def test_git():
    """Its transport is a process of its own; there is no repository."""
    t = Traced()
    t.end(t.run("git", "ls-remote", provider.url + "/repo", env={"GIT_SSL_CAINFO": provider.ca, "GIT_TERMINAL_PROMPT": "0"}))
    r = t.records
    ok(len(r) == 1 and r[0]["complete"] and r[0]["http"]["target"].startswith("/repo/info/refs") and
       r[0]["process"]["name"].startswith("git-remote-http"), "git over https", r, t.stderr)


def test_gap(mode):
    """Bytes that the probe cannot get at are missing, never silent."""
    t = Traced()
    t.end(t.run(*libraries(mode, provider)[0]))
    provider.take_log()
    ok(re.search(r"^ missed: .*B in \d+ gaps?", t.stderr, re.M) and not any(r["complete"] for r in t.records),
       f"{mode}: what cannot be read is said to be missing", t.stderr, t.records)


def test_middle(mode):
    command, out = libraries(mode, provider)
    p = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    p.stdout.readline()
    provider.take_log()
    spy = Spy(f"--pid={p.pid}")
    p.stdin.write("go\n")
    p.stdin.close()
    p.wait(timeout=WAIT)
    spy.wait_for(1)
    records = spy.stop()
    compare(f"{mode}: joined in the middle", records, provider_log(provider))
    ok(all(r["connection"]["from_middle"] for r in records), f"{mode}: and it is said so", records)


def test_prefixed():
    """Functions that begin with what takes no probe are probed behind it."""
    path = os.path.join(TMP, "prefixed.so")
    plain = Provider()
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", path, os.path.join(SRC, "tests/e2e/prefixed.c")], check=True)
    command, out = libraries("prefixed", plain)
    command[-2] = path
    spy = Spy(f"--libssl={path}", "--debug")
    subprocess.run(command, check=True, timeout=WAIT)
    spy.wait_for(2)
    records = spy.stop()
    compare("cs prefixes", records, provider_log(plain))
    ok(len(notes(out)) == 2 and not any(r["connection"]["from_middle"] for r in records) and
       "(s2n by symbols)" in spy.stderr() and "nothing was missed" in spy.stderr(), "cs prefixes: all of it", spy.stderr())
    plain.stop()


def test_unknown():
    """A library that holds nothing is worth a word only when it was named."""
    with open("/proc/self/maps") as f:
        path = next(line.split()[-1] for line in f if "/libc" in line)
    for args, want in (((f"--libssl={path}",), True), ((), False)):
        r = subprocess.run([SPY, *args, "--", "true"], capture_output=True, text=True, timeout=WAIT)
        ok(r.returncode == 0 and ("not hooked" in r.stderr) == want,
           f"a file without TLS: {'named, a warning' if want else 'nothing is said of those not named'}", r.stderr)


TCL = """
package require http
package require tls
lassign $argv url ca body
http::register https 443 [list ::tls::socket -cafile $ca -require 1 -servername localhost]
set f [open $body]
fconfigure $f -encoding utf-8
while {[gets $f line] >= 0} {
    http::geturl $url/v1/chat/completions -method POST -type application/json -headers {Authorization "Bearer sk-FAKESECRET"} \\
        -query [encoding convertto utf-8 $line]
}
"""


def test_tcl():
    """Its package tls reads and writes through OpenSSL's BIO."""
    script, bodies = os.path.join(TMP, "script.tcl"), os.path.join(TMP, "bodies")
    with open(script, "w") as f, open(bodies, "w") as b:
        f.write(TCL)
        b.writelines(body + "\n" for body in BODIES)
    t = Traced()
    t.end(t.run("tclsh", script, provider.url, provider.ca, bodies))
    compare_all("Tcl", t, provider_log(provider), "tclsh")


MONO = """
using System.IO; using System.Net; using System.Text;
class Client {
    static void Main(string[] a) {
        ServicePointManager.ServerCertificateValidationCallback = (sender, certificate, chain, errors) => true;
        foreach (var line in File.ReadAllLines(a[1])) {
            var r = (HttpWebRequest)WebRequest.Create(a[0] + "/v1/chat/completions");
            r.Method = "POST"; r.ContentType = "application/json"; r.ServicePoint.Expect100Continue = false;
            r.Headers.Add("Authorization", "Bearer sk-FAKESECRET");
            var body = Encoding.UTF8.GetBytes(line);
            using (var s = r.GetRequestStream()) s.Write(body, 0, body.Length);
            using (var s = new StreamReader(r.GetResponse().GetResponseStream())) s.ReadToEnd();
        }
    }
}
"""


def test_mono():
    """Its BoringSSL has names of its own."""
    source, bodies = os.path.join(TMP, "client.cs"), os.path.join(TMP, "bodies")
    with open(source, "w") as f, open(bodies, "w") as b:
        f.write(MONO)
        b.writelines(body + "\n" for body in BODIES)
    subprocess.run(["mcs", source], check=True, timeout=WAIT)
    t = Traced()
    t.end(t.run("mono", source.replace(".cs", ".exe"), provider.url, bodies))
    compare_all("Mono", t, provider_log(provider), "mono")


def test_static_mbedtls():
    path = os.path.join(TMP, "mbedclient")
    cc = subprocess.run(["cc", "-O2", "-s", "-o", path, os.path.join(SRC, "tests/e2e/mbedclient.c"), "-Wl,-Bstatic", "-lmbedtls",
                         "-lmbedx509", "-lmbedcrypto", "-Wl,-Bdynamic"], capture_output=True, text=True)
    if lacks("Mbed TLS to link", cc.returncode == 0):
        return
    t = Traced()
    for body in BODIES:
        with open(write_request(body)) as f:
            t.end(t.run(path, str(provider.port), ca, args=("--debug", f"--libssl={path}"), stdin=f))
    compare_all("Mbed TLS without symbols", t, provider_log(provider), "mbedclient")
    ok("(Mbed TLS by strings)" in t.stderr, "Mbed TLS by strings", t.stderr)


def lacks(what, there):
    if not there:
        skip(what, "it is not installed")
    return not there


need_root()
key, cert, ca = certificates(TMP)
provider = Provider(key, cert, ca)
find = ctypes.util.find_library
if not lacks("GnuTLS", find("gnutls")):
    for mode in ("gnutls", "gnutls:send2", "gnutls:cork"):
        test_library(mode)
    test_library("gnutls", "--buffer=perf")
    test_gap("gnutls:packet")
    test_middle("gnutls:slow")
if not lacks("wget", shutil.which("wget")):
    test_wget()
if not lacks("gnutls-cli", shutil.which("gnutls-cli")):
    test_command_line("gnutls-cli", "--x509cafile", ca, "-p", str(provider.port), "localhost")
if not lacks("Botan", shutil.which("botan")):
    test_command_line("botan", "tls_client", "localhost", f"--port={provider.port}", f"--trusted-cas={ca}",
                      "--skip-system-cert-store")
if not lacks("pycurl", subprocess.run([PYTHON, "-c", "import pycurl"], capture_output=True).returncode == 0):
    test_library("pycurl")
    if not lacks("nginx", NGINX):
        plain = Provider()
        nginx = Nginx(plain.port, key, cert, ca)
        test_library("pycurl:http2", server=nginx, logged_by=plain)
        nginx.stop()
        plain.stop()
if not lacks("git", shutil.which("git")):
    test_git()
if not lacks("NSS", find("ssl3") and find("nspr4")):
    for mode in ("nss", "nss:flags"):
        test_library(mode)
    test_gap("nss:writev")
    test_middle("nss:slow")
if not lacks("tstclnt", shutil.which("tstclnt")):
    test_tstclnt()
if not lacks("wolfSSL", find("wolfssl")):
    for mode in ("wolfssl", "wolfssl:send"):
        test_library(mode)
    test_middle("wolfssl:slow")
if not lacks("Mbed TLS", find("mbedtls")):
    test_library("mbedtls")
    test_middle("mbedtls:slow")
if not lacks("a C compiler", shutil.which("cc")):
    test_static_mbedtls()
if not lacks("Mono", shutil.which("mono") and shutil.which("mcs")):
    test_mono()
if not lacks("OpenSSL", find("ssl")):
    for mode in ("bio", "bio:mixed"):
        test_library(mode)
    test_middle("bio:slow")
if not lacks("Tcl's tls", shutil.which("tclsh") and subprocess.run(
        ["tclsh"], input="package require tls", capture_output=True, text=True).stderr == ""):
    test_tcl()
if not lacks("a C compiler for x86-64", shutil.which("cc") and os.uname().machine == "x86_64"):
    test_prefixed()
test_unknown()
provider.stop()
done()
