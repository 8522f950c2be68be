# SPDX-License-Identifier: MIT
"""What tests of SDKs share: a call in the words of the SDK (see sdks/say.mjs), of llm-spy and of the provider."""
import json
import os
import subprocess

from mock_provider import ARGUMENTS, FAILURE, TOOL
from spy import WAIT, Spy, of_client, ok


def prompt_of(record):
    messages = record["request"].get("messages")
    return messages[-1]["parts"][0]["text"] if messages else None


def answer_of(record):
    """Text and tool call of the first choice."""
    parts = [p for c in record["response"]["choices"][:1] for p in c["parts"]]
    calls = [{"name": p["name"], "arguments": json.loads(p["text"])} for p in parts if p["kind"] == "tool_call"]
    return "".join(p["text"] for p in parts if p["kind"] == "text"), calls


def compare_bytes(what, record, logged):
    """The provider's note of the call."""
    bodies = (record["request"]["body"]["wire_sha256"], record["response"]["body"]["wire_sha256"])
    mine = [entry for entry in logged if (entry["received"], entry["sent"]) == bodies]
    ok(len(mine) == 1, f"{what}: byte for byte", bodies, logged)
    return mine[0] if mine else None


def compare_failure(what, said, record, logged):
    error = record["error"] or {}
    ok(record["api"] == said["api"] and record["complete"] and record["http"]["status"] == 400 and error.get("message") == FAILURE and
       FAILURE in said["error"], f"{what}: the failure is told as the SDK tells it", said, record)
    compare_bytes(what, record, logged)


def compare_call(script, said, record, logged):
    """One call, in the words of the SDK, of llm-spy and of the provider."""
    what = f"{script}: {said['prompt']}"
    if not ok(record is not None, f"{what}: seen once"):
        return
    if said.get("error"):
        compare_failure(what, said, record, logged)
        return
    seen = {"api": record["api"], "kind": record["kind"], "complete": record["complete"],
            "model": record["request"]["model"], "stream": record["response"]["stream"],
            "answer": answer_of(record), "usage": (record["usage"]["input"], record["usage"]["output"]),
            "cached": record["usage"]["cached_read"], "tools": [t["name"] for t in record["request"]["tools"]],
            "finish": record["response"]["choices"][0]["finish"] if record["response"]["choices"] else None}
    call = said["call"]
    want = {"api": said["api"], "kind": "llm", "complete": True, "model": said["model"], "stream": said["stream"],
            "answer": (said["text"] or "", [call] if call else []), "usage": (said["input"], said["output"]),
            "cached": None if said["api"] == "ollama.chat" else 5, "tools": [TOOL] if "weather" in said["prompt"] else [],
            "finish": "tool_call" if call else "stop"}
    ok(seen == want, f"{what}: as the SDK says", {k: (seen[k], want[k]) for k in seen if seen[k] != want[k]}, record)
    ok(not call or call == {"name": TOOL, "arguments": ARGUMENTS}, f"{what}: and as the provider answered", call)
    mine = compare_bytes(what, record, logged)
    ok(call or (mine and mine["text"] == said["text"]), f"{what}: its text is the provider's", said["text"], mine)


def compare_run(name, calls, said, logged, records, spy):
    """What a script said of its calls, so many; records: those of its process."""
    ok(len(said) == len(logged) == calls, f"{name}: {calls} calls were made", said, logged)
    for one in said:
        mine = [r for r in records if prompt_of(r) == one["prompt"]]
        if len(mine) != 1:
            print("#", len(mine), "records of it among", [prompt_of(r) for r in records], spy.stderr())
        compare_call(name, one, mine[0] if len(mine) == 1 else None, logged)
    ok("FAKESECRET" not in open(spy.out).read(), f"{name}: the key is masked")


def try_sdks(sdks, http, program, argv, env, *args):
    """Each script, of so many calls, beside llm-spy with these arguments; program: whose calls they are."""
    env = {**{k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}, **env}
    for name, calls in sdks.items():
        spy = Spy(*args)
        r = subprocess.run([*argv, name], env=env, capture_output=True, text=True, timeout=WAIT)
        ok(r.returncode == 0, f"{name}: runs", r.stdout, r.stderr)
        said = [json.loads(line) for line in r.stdout.splitlines() if line.startswith("{")]
        logged = http.take_log()
        spy.wait_for(2 * len(logged))
        records = [r for r in of_client(spy.stop()) if r["process"]["exe"] == os.path.realpath(program)]
        compare_run(name, calls, said, logged, records, spy)
