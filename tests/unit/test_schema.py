#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every record that the unit tests make is as doc/record.schema.json says, and what is not
is noticed: with a member taken away, added or of another type."""
import copy
import json
import os
import subprocess
import sys
import tempfile

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path.insert(0, os.path.join(SRC, "tests/lib"))
import record_schema  # noqa: E402
from calls import Recording, message  # noqa: E402

count = failed = 0


def ok(good, what, *more):
    global count, failed
    count += 1
    failed += not good
    print("ok" if good else "not ok", count, "-", what)
    for m in more if not good else ():
        print("#", str(m)[:2000])


def objects(v, path="record"):
    """All objects in it whose members are documented."""
    if isinstance(v, dict):
        yield path, v
        for k, item in v.items():
            if k not in ("params", "raw", "schema"):
                yield from objects(item, f"{path}.{k}")
    elif isinstance(v, list):
        for i, item in enumerate(v):
            yield from objects(item, f"{path}[{i}]")


def seen_members(v, path=""):
    if isinstance(v, dict):
        for k, item in v.items():
            yield path + k
            if k not in ("params", "raw", "schema"):
                yield from seen_members(item, f"{path}{k}.")
    elif isinstance(v, list):
        for item in v:
            yield from seen_members(item, path[:-1] + "[].")


def broken(record):
    """Copies of a record, each with one fault, and which."""
    for path, _ in objects(record):
        for fault in ("unknown", "type"):
            r = copy.deepcopy(record)
            o = dict(objects(r))[path]
            if fault == "unknown":
                o["no_such_member"] = 1
            elif o:
                name = list(o)[-1]
                if name in ("params", "raw", "schema"):
                    continue
                o[name] = [[]]
            yield f"{path}: {fault}", r


def judge(validators, what, record, good):
    for name, accepts in validators.items():
        if accepts(record) != good:
            return f"{name} {'refuses' if good else 'accepts'} {what}"
    return None


with tempfile.NamedTemporaryFile(suffix=".jsonl") as f:
    for test in ("test_cases", "test_exchange_json"):
        r = subprocess.run([os.path.join(BUILD, "tests/unit", test)], stdout=subprocess.DEVNULL,
                           env={**os.environ, "LLM_SPY_TEST_RECORDS": f.name})
        ok(r.returncode == 0, f"{test} runs")
    records = [json.loads(line) for line in open(f.name)]
ok(len(records) > 100, f"they made {len(records)} records")

# With --events, of requests too; they lack nothing but what the answer says.
r = Recording()
r.messages("Be brief.", [{"role": "user", "content": "Name a whale."}], [{"type": "text", "text": "Orca."}])
r.add((0, b"GET /x HTTP/1.1\r\nHost: x.example\r\n\r\n"), (1, message("HTTP/1.1 204 No Content")))
out = subprocess.run([os.path.join(BUILD, "llm-spy"), "-r", "-", "-f", "jsonl", "--all", "--events", "--bodies"], input=r.bytes(),
                     capture_output=True).stdout
events = [json.loads(line) for line in out.splitlines()]
ok([(e["event"], e["id"], e["kind"]) for e in events] == [("request", 1, "llm"), ("end", 1, "llm"), ("request", 2, "http"), ("end", 2, "http")],
   "a replay writes requests before ends", out)
asked, end = events[:2]
ok(asked["request"] == end["request"] and asked["process"] == end["process"] and asked["conversation"] == end["conversation"] and
   asked["times"]["start"] == end["times"]["start"], "a request's record says what was asked, by whom and when", asked)
ok("Orca" not in json.dumps(asked) and asked["http"]["status"] is None and asked["cost"]["usd"] is None and asked["usage"]["input"] is None and
   asked["duration_ms"] is None and asked["http"]["response_headers"] == [] and asked["response"]["body"]["state"] == "none", "and nothing of the answer", asked)
ok(end["duration_ms"] > 900 and end["request"]["new_messages"] == 1, "an end's has durations, and how many messages are new", end["duration_ms"])
records += events

validators = {"tests/lib/record_schema.py": lambda r: not list(record_schema.errors(r))}
try:
    import jsonschema
    jsonschema.Draft202012Validator.check_schema(record_schema.SCHEMA)
    validators["jsonschema"] = jsonschema.Draft202012Validator(record_schema.SCHEMA).is_valid
    ok(True, "the schema is one, as python3-jsonschema says")
except (ImportError, AttributeError):
    ok(True, "the schema is one # SKIP python3-jsonschema is not installed, or too old")

for i, record in enumerate(records):
    found = [f"{path}: {why}" for path, why in record_schema.errors(record)]
    ok(not found and not judge(validators, "it", record, True), f"record {i} is as documented", *found[:5])

# One of each kind is enough for faults.
for kind, record in {r["kind"]: r for r in records}.items():
    missed = [judge(validators, what, r, False) for what, r in broken(record)]
    ok(missed and not any(missed), f"{len(missed)} faults of a record of kind {kind} are noticed", *filter(None, missed))
    required = [judge(validators, f"it without {name}", {k: v for k, v in record.items() if k != name}, False)
                for name in record]
    ok(not any(required), f"each member of a record of kind {kind} is required", *filter(None, required))

# A member that no test produces would be documented by hope alone.
aliases = [("request.body.", "body."), ("response.body.", "body."), ("request.messages[].", ""),
           ("request.system.", ""), ("response.choices[].", "")]
made = set()
for path in {p for r in records for p in seen_members(r)}:
    made.add(path)
    made.update(new + path[len(old):] for old, new in aliases if path.startswith(old))
for path, schema in record_schema.members():
    ok(path in made or path == "body", f"{path} occurs in a record")

print(f"1..{count}")
sys.exit(1 if failed else 0)
