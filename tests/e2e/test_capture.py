#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Real programs against the mock provider: what llm-spy reports is what they sent and received."""
import json
import subprocess

from spy import *

need_root()
mock = Mock()

for buffer in ("ring", "perf"):
    for mode in ("single", "keepalive", "threads", "async", "big", "kinds", "pipeline"):
        spy = Spy(f"--buffer={buffer}")
        noted = client(mock, mode)
        spy.wait_for(2 * len(noted))
        compare(f"{buffer}: {mode}", spy.stop(), noted)

    for mode in ("cut", "server_cut"):
        spy = Spy(f"--buffer={buffer}")
        noted = client(mock, mode)
        spy.wait_for(2)
        mine = of_client(spy.stop())
        body = mine[0]["response"]["body"] if mine else {}
        ok(len(mine) == 1 and mine[0]["request"]["body"]["wire_sha256"] == noted[0]["sent"] and
           body["state"] == "cut" and body["captured"] > 0 and not mine[0]["complete"],
           f"{buffer}: {mode}: shown with what came, and as cut off", mine)

# Joined in the middle: the call before is not seen, those after are whole.
out = os.path.join(TMP, "slow")
slow = subprocess.Popen([PYTHON, CLIENT, "slow", mock.url, mock.ca, out], stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE, text=True)
slow.stdout.readline()
spy = Spy()
for _ in range(2):
    slow.stdin.write("go\n")
    slow.stdin.flush()
    slow.stdout.readline()
slow.stdin.close()
slow.wait()
spy.wait_for(4)
records = of_client(spy.stop())
compare("joined in the middle", records, notes(out)[1:])
ok(all(r["connection"]["from_middle"] for r in records), "and it is said that the connection was joined")

# curl: the other half of the call shapes (SSL_write, SSL_read).
spy = Spy()
body = '{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"curl"}]}'
for query in ("?chunks=5", "?chunks=5&encoding=gzip"):
    subprocess.run(["curl", "-sS", "--noproxy", "*", "--cacert", mock.ca, "-H", "Authorization: Bearer sk-FAKESECRET",
                    "--data-binary", body, mock.url + "/v1/chat/completions" + query],
                   check=True, stdout=subprocess.DEVNULL)
spy.wait_for(4)
mine = of_client(spy.stop())
texts = {r["response"]["choices"][0]["parts"][0]["text"] for r in mine}
ok(len(mine) == 2 and all(r["complete"] and r["response"]["stream"] for r in mine) and len(texts) == 1,
   "curl: streamed answers, plain and gzip, read alike", mine)
ok(all(r["process"]["name"] == "curl" and r["connection"]["server_name"] == "localhost" for r in mine),
   "curl: process and server name are known", mine)
ok("FAKESECRET" not in open(spy.out).read(), "curl: the key is masked")

# 32 MiB in one call, with default settings.
spy = Spy()
noted = client(mock, "huge")
spy.wait_for(4)
compare("5 and 32 MiB in one call each", spy.stop(), noted)

# A buffer that is too small for what passes: whose events were lost is said with the call.
spy = Spy("--no-peer", "--buffer-size=64K")
client(mock, "huge")
until(lambda: len(of_client(spy.records())) == 2)
mine = of_client(spy.stop())
ok(mine and all(not r["complete"] and r["lost_events"] and r["missing_bytes"] for r in mine),
   "a buffer that overflows: events were lost, and each call says so", [(r["complete"], r["lost_events"]) for r in mine])

# A call exceeded --call-limit is a gap, never silence.
spy = Spy("--call-limit=65536")
noted = client(mock, "big")
spy.wait_for(6)
mine = [r for r in of_client(spy.stop()) if r["request"]["body"]["expected"] > 1 << 20]
body = mine[0]["request"]["body"]
ok(len(mine) == 1 and body["captured"] + body["missing"] == noted[0]["sent_len"] and body["gap_count"] == 1 and
   not mine[0]["complete"], "a call over --call-limit: what is missing is counted", mine)
ok("cut by --call-limit" in spy.stderr(), "and named in the summary", spy.stderr())

mock.stop()
done()
