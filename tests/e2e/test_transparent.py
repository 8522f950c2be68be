#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""llm-spy --proxy=transparent: the connections of chosen users, cgroups or a command are led to the proxy, and nobody
else's; the client sees the address that it asked for; what is left when llm-spy is killed: nothing."""
import re
import socket
import threading

from mock_provider import Provider, certificates
from proxied import *

NOBODY = 65534
if os.geteuid() != 0:
    skip_all("redirecting needs root")
# What the clients run: a call over TLS to an address, by a name; prints the address that it believes to speak to, and
# the answer's digest.
CLIENT_CODE = """
import hashlib, socket, ssl, sys
family, address, port, name, ca, body = sys.argv[1:]
s = socket.socket(getattr(socket, family))
s.connect((address, int(port)))
peer = s.getpeername()[:2]
tls = ssl.create_default_context(cafile=ca).wrap_socket(s, server_hostname=name)
tls.sendall(b"POST /v1/chat/completions HTTP/1.1\\r\\nHost: localhost:%d\\r\\nContent-Type: application/json\\r\\n"
            b"Connection: close\\r\\nContent-Length: %d\\r\\n\\r\\n" % (int(port), len(body.encode())) + body.encode())
text = b""
while piece := tls.recv(65536):
    text += piece
print(*peer, hashlib.sha256(text.split(b"\\r\\n\\r\\n", 1)[1]).hexdigest())
"""


def call(port, trusted, body="Hello", family="AF_INET", address="127.0.0.1", name="localhost", user=None, via=()):
    """What the client printed, split; or its error."""
    done_ = subprocess.run([*via, PYTHON, "-c", CLIENT_CODE, family, address, str(port), name, trusted, chat(body, False)], user=user,
                           capture_output=True, text=True, timeout=WAIT)
    return done_.stdout.split() if done_.returncode == 0 else done_.stderr


def readable(path):
    """A copy for any user."""
    copy = tempfile.NamedTemporaryFile(dir=TMP, delete=False).name
    shutil.copy(path, copy)
    os.chmod(copy, 0o644)
    return copy


def transparent(provider, *args, **kw):
    return Proxy(f"--proxy-ports={provider.port}", *args, kind="=transparent", ca=ca, **kw)


class Sixth(threading.Thread):
    """An IPv6 address in front of a provider."""

    def __init__(self, provider):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("::1", provider.port), family=socket.AF_INET6)
        self.to = provider.port
        self.peers = []
        self.start()

    def run(self):
        while True:
            try:
                one, peer = self.listener.accept()
            except OSError:
                return
            other = socket.create_connection(("127.0.0.1", self.to))
            for a, b in ((one, other), (other, one)):
                threading.Thread(target=copy_bytes, args=(a, b), daemon=True).start()


def test_user():
    provider = Provider(key, cert, ca)
    proxy = transparent(provider, "--user=nobody")
    trusted = readable(proxy.ca)
    sixth = Sixth(provider)
    got = [call(provider.port, trusted, "by IPv4", user=NOBODY),
           call(provider.port, trusted, "mapped", "AF_INET6", "::ffff:127.0.0.1", user=NOBODY),
           call(provider.port, trusted, "by IPv6", "AF_INET6", "::1", user=NOBODY)]
    log = provider.take_log()
    ok(all(isinstance(g, list) for g in got) and [g[2] for g in got] == [e["sent"] for e in log],
       "a user's connections: the client got what the provider sent", got, log, proxy.stderr())
    ok([g[0] for g in got] == ["127.0.0.1", "::ffff:127.0.0.1", "::1"] and {g[1] for g in got} == {str(provider.port)},
       "a user's connections: the client sees the address that it asked for", got)
    ok(set(listeners(proxy.port)) <= {f"0100007F:{proxy.port:04X}", f"{'0' * 24}01000000:{proxy.port:04X}"},
       "the proxy that they are led to listens on loopback alone", listeners(proxy.port))
    other = call(provider.port, ca, "not chosen")
    ok(other[2:] == [e["sent"] for e in provider.take_log()], "another user's connections go where they went", other)
    until(lambda: len(proxy.records()) >= 3)
    records = proxy.stop()
    ok(digests(records) == sorted((e["received"], e["sent"]) for e in log), "a user's connections: recorded, byte for byte",
       digests(records), log)
    ok({(r["process"]["user"], r["http"]["host"], r["http"]["port"]) for r in records} == {("nobody", "localhost", provider.port)},
       "a user's connections: who, and to where", [(r["process"], r["http"]) for r in records])
    ok(not call(provider.port, ca, "after", user=NOBODY)[0].startswith("Traceback"), "when llm-spy has ended they go where they went")
    sixth.listener.close()
    provider.stop()


def test_untouched():
    """What is not to be opened passes, by name."""
    provider = Provider(key, cert, ca)
    proxy = transparent(provider, "--user=nobody", hosts="other.example")
    got = call(provider.port, readable(ca), "private", user=NOBODY)
    ok(got[2:] == [e["sent"] for e in provider.take_log()], "a host that is not to be opened passes untouched", got)
    ok(not proxy.stop(), "and nothing is recorded of it")
    provider.stop()


def test_lies():
    """The name in the ClientHello says whose certificate is demanded, the address where the connection goes."""
    provider = Provider(key, cert, ca)
    proxy = transparent(provider, "--user=nobody", hosts="*")
    got = call(provider.port, readable(proxy.ca), "secret", name="api.openai.com", user=NOBODY)
    ok("SSL" in got and not provider.take_log(), "a false name: the server does not have its certificate, and gets nothing", got)
    ok(until(lambda: "no TLS with api.openai.com" in proxy.stderr()), "a false name: it is said", proxy.stderr())
    proxy.stop()
    provider.stop()


def test_other_address():
    """The address that a client tries first answers nobody: it would try the next, did it not believe to be connected."""
    provider = Provider(key, cert, ca)  # at 127.0.0.1 alone
    proxy = transparent(provider, "--user=nobody")
    got = call(provider.port, readable(proxy.ca), "by IPv6", "AF_INET6", "::1", user=NOBODY)
    ok(got[2:] == [e["sent"] for e in provider.take_log()], "an address where nobody listens: another one of that name is tried",
       got, proxy.stderr())
    with socket.socket(socket.AF_INET6) as deaf:  # its queue is full, so it does not even answer
        deaf.bind(("::1", provider.port))
        deaf.listen(0)
        held = [socket.socket(socket.AF_INET6) for _ in range(4)]
        for s in held:
            s.setblocking(False)
            s.connect_ex(("::1", provider.port))
        got = call(provider.port, readable(proxy.ca), "by IPv6", "AF_INET6", "::1", user=NOBODY)
        ok(got[2:] == [e["sent"] for e in provider.take_log()], "nor does one that is deaf keep it waiting", got, proxy.stderr())
        for s in held:
            s.close()
    proxy.stop()
    proxy = transparent(provider, "--user=nobody", hosts="other.example")
    got = call(provider.port, readable(ca), "by IPv6", "AF_INET6", "::1", user=NOBODY)
    ok("reset" in got.lower() and not provider.take_log(), "but not for what is not opened", got)
    proxy.stop()
    provider.stop()


def test_cgroup():
    try:
        chosen = os.path.join(cgroup_here(), f"spy-proxied-{os.getpid()}", "below")
        os.makedirs(chosen)
    except OSError as e:
        return skip("a cgroup's connections", f"none can be made: {e}")
    provider = Provider(key, cert, ca)
    proxy = transparent(provider, f"--cgroup={os.path.dirname(chosen)}")
    into = ["sh", "-c", f'echo $$ > {chosen}/cgroup.procs; exec "$@"', "sh"]
    got = [call(provider.port, proxy.ca, "in it", via=into), call(provider.port, ca, "beside it")]
    log = provider.take_log()
    ok([g[2:] for g in got] == [[e["sent"]] for e in log], "a cgroup's connections, and those beside it", got, log)
    until(proxy.records)
    ok(digests(proxy.stop()) == [(log[0]["received"], log[0]["sent"])], "a cgroup's connections: those alone are recorded")
    remove_cgroup(os.path.dirname(chosen))
    provider.stop()


def test_command():
    provider = Provider(key, cert, ca)
    # Its child has a child: the whole tree.
    code = f"import subprocess, sys, os; sys.exit(subprocess.run([sys.executable, '-c', {CLIENT_CODE!r}, 'AF_INET', '127.0.0.1', " \
           f"'{provider.port}', 'localhost', os.environ['SSL_CERT_FILE'], {chat('from a command', False)!r}]).returncode + 5)"
    proxy = transparent(provider, command=["sh", "-c", f'{PYTHON} -c "$0"; exit $?', code])
    status = proxy.proc.wait(timeout=WAIT)
    log = provider.take_log()
    ok(status == 5, "a command's connections: its exit status is ours", status, proxy.stderr())
    ok(log and digests(proxy.records()) == [(e["received"], e["sent"]) for e in log], "a command's connections: recorded",
       proxy.records(), log)
    ok(not leftovers(), "a command's cgroup is gone", leftovers())
    provider.stop()


def leftovers():
    here = cgroup_here()
    return [e.name for e in os.scandir(here) if re.fullmatch(r"llm-spy-\d+", e.name)]


def test_killed():
    """Whatever ends llm-spy, connections go where they went before."""
    provider = Provider(key, cert, ca)
    proxy = transparent(provider, "--user=nobody")
    proxy.proc.kill()
    proxy.proc.wait()
    got = until(lambda: isinstance(g := call(provider.port, readable(ca), "after", user=NOBODY), list) and g)
    ok(got[2:] == [e["sent"] for e in provider.take_log()][-1:], "llm-spy was killed: connections go where they went", got)
    proxy = transparent(provider, "--user=nobody")
    os.kill(proxy.proxy_pid(), signal.SIGKILL)
    status = proxy.proc.wait(timeout=WAIT)
    got = call(provider.port, readable(ca), "after", user=NOBODY)
    ok(got[2:] == [e["sent"] for e in provider.take_log()][-1:] and status == 1 and "ended by itself" in proxy.stderr(),
       "its proxy was killed: llm-spy ends and says so, connections go where they went", got, status, proxy.stderr())
    proxy = transparent(provider, command=["sleep", "600"])
    until(lambda: any(leftovers()))
    proxy.proc.kill()
    proxy.proc.wait()
    left = leftovers()
    for name in left:
        for pid in members(os.path.join(cgroup_here(), name)):
            os.kill(pid, signal.SIGKILL)
        until(lambda: not members(os.path.join(cgroup_here(), name)))
    again = transparent(provider, command=["true"])
    again.proc.wait(timeout=WAIT)
    ok(left and not leftovers(), "its command's cgroup goes with the next run", left, leftovers())
    provider.stop()


def test_refused():
    for what, args in (("nobody's", ["--proxy=transparent"]), ("of --listen", ["--proxy=transparent", "--user=nobody", "--listen=::1"]),
                       ("of ports that are none", ["--proxy=transparent", "--user=nobody", "--proxy-ports=0"]),
                       ("of --proxy-ports alone", ["--proxy", "--proxy-ports=443"]), ("of another word", ["--proxy=opaque"])):
        ok(subprocess.run([SPY, *args], capture_output=True, timeout=WAIT).returncode == 2, f"connections {what}: refused as wrong usage")
    done_ = subprocess.run([for_nobody(SPY), "--proxy=transparent", "--user=nobody"], user=NOBODY, capture_output=True, text=True,
                           timeout=WAIT, env={"HOME": "/nonexistent"})
    ok(done_.returncode == 3, "without root: it cannot", done_.returncode, done_.stderr)


key, cert, ca = certificates(TMP)
os.chmod(TMP, 0o755)
test_user()
test_untouched()
test_lies()
test_other_address()
test_cgroup()
test_command()
test_killed()
test_refused()
done()
