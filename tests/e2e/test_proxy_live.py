#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A call through llm-spy --proxy that probes see too: it counts once, and is the program's."""
from mock_provider import Provider, certificates
from proxied import *

need_root()
key, cert, ca = certificates(TMP)
provider = Provider(key, cert, ca)
recording = os.path.join(TMP, "live.spy")
live = Spy(f"--record={recording}", "--summary=json")
proxy = Proxy(ca=ca)
got = [curl(proxy, provider.url, chat(f"twice, {i}")) for i in range(3)]
log = provider.take_log()
until(lambda: len(proxy.records()) >= 3)
live.wait_for(9)
theirs = proxy.stop()
mine = [r for r in live.stop() if r["kind"] == "llm"]
want = sorted((e["received"], e["sent"]) for e in log)
ok(got == [e["sent"] for e in log] and digests(theirs) == want, "the proxy's records: each call once", digests(theirs), want)
by = {name: [r for r in mine if r["process"]["name"] == name] for name in ("curl", "llm-spy-proxy")}
ok(digests(by["curl"]) == want and all(r["via"]["program"] == "llm-spy-proxy" for r in by["curl"]),
   "the tracer's records: the program's calls, passed on by llm-spy-proxy", [(r["process"]["name"], r["via"]) for r in mine])
ok(len(by["llm-spy-proxy"]) == 3 and all(r["made_for"] for r in by["llm-spy-proxy"]),
   "the tracer's records: what the proxy sent is made for those", [(r["process"]["name"], r["made_for"]) for r in mine])
summary = json.loads(next(line for line in live.stderr().splitlines() if line.startswith("{")))
calls = summary["calls"] if "calls" in summary else summary
ok(calls == 3 or calls.get("total") == 3 if isinstance(calls, dict) else calls == 3, "the tracer's summary counts each once", summary)
spent = subprocess.run([SPY, "spend", "-r", recording, "--json"], capture_output=True, text=True, timeout=WAIT)
rows = [json.loads(line) for line in spent.stdout.splitlines()]
ok(sum(r["calls"] for r in rows) == 3, "llm-spy spend counts each once", rows, spent.stderr)
provider.stop()
done()
