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
import record_schema

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
