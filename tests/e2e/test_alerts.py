#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""--alert: a provider that does not answer before the alert is there; what is done about one; and what tells keys apart."""
import http.server
import socket
import ssl
import stat
import threading

from mock_provider import certificates
from spy import *

need_root()
AWS = "AKIAZZZZ2345ABCDEFGH"
GITHUB = "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"
KEYS = ["sk-ant-api03-Kq3rT7yU1opA5sD9fG2h-one", "sk-ant-api03-Kq3rT7yU1opA5sD9fG2h-two"]
STATE = os.path.join(TMP, "state")
os.environ["XDG_STATE_HOME"] = STATE
HIDDEN = [AWS, GITHUB, *KEYS, AWS[4:], GITHUB[4:]]
CLIENT = """
import http.client, json, ssl, sys
url, ca, key, text = sys.argv[1:5]
host = url.split("/")[2].split(":")
context = ssl.create_default_context(cafile=ca)
proxy = sys.argv[5].split(":") if sys.argv[5:] else None
conn = http.client.HTTPSConnection(*(proxy or host), context=context, timeout=100)
if proxy:
    conn.set_tunnel(host[0], int(host[1]))
body = json.dumps({"model": "gpt-4o", "messages": [{"role": "system", "content": "help"}, {"role": "user", "content": text}]})
conn.request("POST", "/v1/chat/completions", body, {"Authorization": "Bearer " + key, "Content-Type": "application/json"})
answer = conn.getresponse()
answer.read()
print(answer.status)
"""
ANSWER = json.dumps({"id": "x", "object": "chat.completion", "model": "gpt-4o", "choices": [
    {"index": 0, "message": {"role": "assistant", "content": "well"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1000000, "completion_tokens": 1, "total_tokens": 1000001}}).encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(body)
        self.server.before_answer.append(bool(until(self.server.awaits, 60)))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)


def serve(tls):
    """A server that answers when `awaits` is true; before_answer says whether it became so."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.awaits, server.before_answer, server.received = lambda: True, [], []
    if tls:
        key, cert, server.ca = certificates(TMP)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.url = f"http{'s' if tls else ''}://localhost:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def ask(text, key=KEYS[0], proxy=()):
    r = subprocess.run([PYTHON, "-c", CLIENT, provider.url, ca, key, text, *proxy], capture_output=True, text=True, timeout=WAIT)
    return r.stdout.strip() == "200" or r.stderr


def shows_none(what, *texts):
    shown = [h for h in HIDDEN for t in texts if h in t]
    ok(not shown, f"{what}: no secret is shown", *shown)


def read(path):
    with open(path, errors="replace") as f:
        return f.read()


provider, hook = serve(True), serve(False)
ca = provider.ca
ran = os.path.join(TMP, "ran")
os.mkdir(ran)
os.chmod(ran, 0o777)

# ---- live: before the answer ----
recording, archive = os.path.join(TMP, "calls.spy"), os.path.join(TMP, "calls.db")
prices = os.path.join(TMP, "prices.tsv")
with open(prices, "w") as f:
    f.write("provider\tmodel\tinput\toutput\nopenai-compatible\tgpt-4o*\t2.5\t10\n")
spy = Spy("--prices", prices, "--alert", "secrets,/acme-[0-9]+/,budget:user=4", "--on-alert", f'env > {ran}/$LLM_SPY_RULE; id -u > {ran}/uid',
          "--alert-webhook", hook.url, "--alert-exit", "-w", recording, "-o", f"jsonl:{TMP}/calls.jsonl", "-o", f"sqlite:{archive}",
          via=("env", "SUDO_UID=65534", "SUDO_GID=65534"))
provider.awaits = lambda: "alert: aws-key (message 2)" in spy.stderr()
good = ask(f"use {AWS} please")
ok(good is True, "the call goes its way", good)
ok(provider.before_answer == [True], "the alert comes before the answer is begun", spy.stderr())
provider.awaits = lambda: "alert: github-token (message 2)" in spy.stderr()
ok(ask(f"use {AWS} and {GITHUB}") is True and provider.before_answer[-1], "and one of another kind", spy.stderr())
provider.awaits = lambda: True
ok(ask("nothing of that kind, ghp_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq18 and sk-learn", KEYS[1]) is True, "a call without")
ok(until(lambda: len(hook.received) >= 3 and len(os.listdir(ran)) >= 4), "webhook and command were called", os.listdir(ran), hook.received)
until(lambda: os.path.exists(f"{TMP}/calls.jsonl") and read(f"{TMP}/calls.jsonl").count("\n") >= 3)
spy.stop()
err, lines = spy.stderr(), read(f"{TMP}/calls.jsonl")
records = record_schema.check([json.loads(line) for line in lines.splitlines()])
said = [line for line in err.splitlines() if "alert: " in line and "warning" in line]
ok(len(said) == 4 and all("call " in s and f"[{records[0]['process']['pid']}]" in said[0] for s in said), "each is said once", *said)
ok("4 alerts: aws-key (2), github-token, budget:user=4" in err, "the summary counts them", err)
ok(spy.proc.returncode == 5, "--alert-exit: status 5", spy.proc.returncode)
ok([[a["rule"] for a in r["alerts"]] for r in records] == [["aws-key"], ["aws-key", "github-token", "budget:user=4"], []] and
   records[0]["alerts"][0]["where"] == "message 2", "the records have them", [r["alerts"] for r in records])
environment = dict(line.split("=", 1) for line in read(f"{ran}/aws-key").splitlines() if "=" in line)
ok(environment.get("LLM_SPY_RULE") == "aws-key" and environment.get("LLM_SPY_WHERE") == "message 2" and
   "python3" in environment.get("LLM_SPY_PROGRAM", "") and environment.get("LLM_SPY_MODEL") == "gpt-4o", "the command is told what", environment)
ok(read(f"{ran}/uid").strip() == "65534", "it runs as who called sudo", read(f"{ran}/uid"))
bodies = [json.loads(b) for b in hook.received]
ok({b["rule"] for b in bodies} == {"aws-key", "github-token", "budget:user=4"} and all(b["text"] and b["call"] for b in bodies),
   "the webhook is told what", bodies)
with open(recording, "rb") as f:
    recorded = f.read().decode("latin-1")
with open(archive, "rb") as f:
    archived = f.read().decode("latin-1")
shows_none("live", err, lines, recorded, archived, *map(str, hook.received), *(read(os.path.join(ran, f)) for f in os.listdir(ran)))

# ---- keys ----
secret = os.path.join(STATE, "llm-spy", "key-secret")
ok(os.path.getsize(secret) == 32 and stat.S_IMODE(os.stat(secret).st_mode) == 0o600, "the host's secret is its own")
prints = [r["request"]["key"] for r in records]
ok(prints[0] == prints[1] and prints[0]["id"] != prints[2]["id"] and prints[0]["hint"] == "sk-ant-", "keys are told apart", prints)
ids = [prints[2]["id"], prints[0]["id"]]
for source in (f"{TMP}/calls.jsonl", recording, archive):
    r = subprocess.run([SPY, "keys", "-r", source, "--json", "--prices", prices], capture_output=True, text=True)
    rows = [json.loads(line) for line in r.stdout.splitlines()]
    ok([(k["key"], k["calls"]) for k in rows] == [(ids[0], 1), (ids[1], 2)] and all("python3" in k["programs"] for k in rows) and
       round(rows[1]["cost_usd"], 2) == 5, f"keys of {os.path.basename(source)}", r.stdout, r.stderr)
    shows_none(f"keys of {os.path.basename(source)}", r.stdout, r.stderr)

# ---- a replay says the same ----
r = subprocess.run([SPY, "-r", recording, "--alert=secrets", "-f", "jsonl", "--alert-exit"], capture_output=True, text=True)
again = [json.loads(line) for line in r.stdout.splitlines()]
ok(r.returncode == 5 and [[a["rule"] for a in x["alerts"]] for x in again][:2] == [["aws-key"], ["aws-key", "github-token"]],
   "a recording's credentials are known by what is left of them", r.stdout, r.stderr)
shows_none("replay", r.stdout, r.stderr)

# ---- daemon ----
state = os.path.join(TMP, "daemon")
here = sys.modules["spy"].cgroup
scope = [f"--cgroup={here}"] if here else []
spy_env = {**os.environ, "STATE_DIRECTORY": state}


def of_daemon(text, alert):
    """What it says of a call that it sees as the only one after its start; alert: that has to come before the answer."""
    err = f"{TMP}/daemon.err"
    with open(err, "w") as log:
        daemon = subprocess.Popen([SPY, "daemon", "--prices", prices, "--alert", "aws-key,budget:all=4", *scope], env=spy_env, stderr=log)
    started.append(daemon)
    ok(until(lambda: "ready:" in read(err)), "a daemon", read(err))
    provider.awaits = lambda: not alert or alert in read(err)
    ok(ask(text) is True and provider.before_answer[-1], "sees a call", read(err))
    daemon.send_signal(signal.SIGTERM)
    daemon.wait(WAIT)
    return read(err)


ok("alert: aws-key" in of_daemon(f"use {AWS} please", "alert: aws-key"), "it warns too", read(f"{TMP}/daemon.err"))
r = subprocess.run([SPY, "export", "-r", f"{state}/llm-spy.db", "-f", "jsonl"], capture_output=True, text=True)
ok([[a["rule"] for a in json.loads(line)["alerts"]] for line in r.stdout.splitlines()] == [["aws-key"]], "and keeps that", r.stdout, r.stderr)
shows_none("daemon", read(f"{TMP}/daemon.err"), r.stdout)
said = of_daemon("nothing of that kind", "")
ok("alert: budget:all=4 ($5.00 today)" in said, "started again, it goes on with the budget of the day", said)
said = of_daemon("nor of another", "")
ok("alert: " not in said, "and once more, it does not tell that again", said)

# ---- proxy ----
if not os.path.exists(os.path.join(BUILD, "llm-spy-proxy")):
    skip("alerts of the proxy", "built without it")
else:
    config = os.path.join(TMP, "config")
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    with open(f"{TMP}/proxy.err", "w") as log:
        proxy = subprocess.Popen([SPY, "--proxy", f"--port={port}", "--proxy-hosts=localhost", "--alert=secrets", "-o", f"jsonl:{TMP}/proxy.jsonl"],
                                 env={**os.environ, "XDG_CONFIG_HOME": config, "SSL_CERT_FILE": provider.ca}, stderr=log)
    started.append(proxy)
    ok(until(lambda: "ready:" in read(f"{TMP}/proxy.err")), "a proxy", read(f"{TMP}/proxy.err"))
    ca = os.path.join(config, "llm-spy/proxy/ca.pem")
    provider.awaits = lambda: "alert: github-token" in read(f"{TMP}/proxy.err")
    good = ask(f"use {GITHUB}", proxy=(f"127.0.0.1:{port}",))
    ok(good is True and provider.before_answer[-1], "it warns too, before the answer", good, read(f"{TMP}/proxy.err"))
    proxy.send_signal(signal.SIGINT)
    proxy.wait(WAIT)
    shows_none("proxy", read(f"{TMP}/proxy.err"), read(f"{TMP}/proxy.jsonl"))
done()
