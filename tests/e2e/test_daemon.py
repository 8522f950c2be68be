#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""llm-spy daemon: told by a configuration file, it keeps an archive, and beside it writes jsonl, sends spans and serves
metrics, all of the same calls; and tells its manager."""
import json
import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import urllib.request

from spy import *
import spy as harness
from otlp_receiver import Receiver

need_root()

mock = Mock()
receiver = Receiver()
state, config = os.path.join(TMP, "state"), os.path.join(TMP, "config")
os.mkdir(state, 0o700)
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind(os.path.join(TMP, "notify"))
notify.settimeout(WAIT)
with socket.create_server(("127.0.0.1", 0)) as s:
    port = s.getsockname()[1]
with open(config, "w") as f:
    f.write(f"""# of a host
as = 127.0.0.1=mistral
as = localhost=mistral
as = *.openai.com=mistral
[daemon]
keep = 1d
cgroup = {harness.cgroup or "/sys/fs/cgroup"}
output = jsonl:{TMP}/beside.jsonl
output = otlp:{receiver.url}
metrics = 127.0.0.1:{port}
[trace]
output = jsonl:{TMP}/never.jsonl
""")
os.chmod(config, 0o644)
env = dict(os.environ, STATE_DIRECTORY=state, NOTIFY_SOCKET=os.path.join(TMP, "notify"))
err = open(os.path.join(TMP, "err"), "w+")
daemon = subprocess.Popen([SPY, "daemon", "--config", config], env=env, stdout=err, stderr=err)
started.append(daemon)


def said():
    err.flush()
    with open(err.name) as f:
        return f.read()


try:
    told = notify.recv(100)
except TimeoutError:
    told = b"nothing"
ok(told.startswith(b"READY=1"), "it is ready", told, said())
client(mock, "keepalive")


def kept():
    path = os.path.join(state, "llm-spy.db")
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
            return db.execute("SELECT provider, input, output FROM exchange WHERE kind = 'llm'").fetchall()
    except sqlite3.OperationalError:
        return []


rows = until(kept)
ok(rows and {p for p, *_ in rows} == {"mistral"}, "the archive has the calls, of the provider that the file names", rows, said())


def scraped():
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as r:
            return r.read().decode()
    except OSError as e:
        return str(e)


count = until(lambda: len(kept()) == sum(int(float(n)) for n in re.findall(r"^llm_spy_calls_total\{[^}]*\} (\S+)", scraped(), re.M)))
ok(count, "metrics count as many", len(kept()), scraped()[:2000])
daemon.send_signal(signal.SIGTERM)
daemon.wait(timeout=WAIT)
ok(daemon.returncode == 0, "a signal ends it", daemon.returncode, said())
while told and not told.startswith(b"STOPPING=1"):
    try:
        told = notify.recv(100)
    except TimeoutError:
        told = b""
ok(told.startswith(b"STOPPING=1"), "and it says so", told)
rows = kept()
with open(os.path.join(TMP, "beside.jsonl")) as f:
    beside = [x for x in map(json.loads, f) if x["kind"] == "llm"]
said_there = [(x["provider"], x["usage"]["input"], x["usage"]["output"]) for x in beside]
ok(sorted(said_there, key=str) == sorted(rows, key=str), "jsonl has the same calls", beside, rows)
ok(all(x["provider_from"] == "option" for x in beside), "whose provider was named")
spans = [s for _, s in receiver.taken["/v1/traces"]]
ok(len(spans) >= len(rows), "they were sent as spans", len(spans), rows, said())
for name in ("state/llm-spy.db", "beside.jsonl"):
    mode = stat.S_IMODE(os.stat(os.path.join(TMP, name)).st_mode)
    ok(mode in (0o600, 0o640 if name.endswith("db") else 0o600), f"{name} is private", oct(mode))
ok(not os.path.exists(os.path.join(TMP, "never.jsonl")), "what is in [trace] is not for it")
mock.stop()
done()
