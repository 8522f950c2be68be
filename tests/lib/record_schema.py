# SPDX-License-Identifier: MIT
"""Judges records by doc/record.schema.json: the part of JSON Schema that it uses, and no more, so
that tests need no package. test_schema.py compares it with python3-jsonschema where that is."""
import json
import os
import re

with open(os.path.join(os.path.dirname(__file__), "../../doc/record.schema.json")) as f:
    SCHEMA = json.load(f)

NOTES = {"$schema", "$defs", "title", "description", "then", "else"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def is_type(v, name):
    if name in ("integer", "number"):
        return isinstance(v, int if name == "integer" else (int, float)) and not isinstance(v, bool)
    return isinstance(v, TYPES[name])


def resolve(ref):
    at = SCHEMA
    for step in ref.removeprefix("#/").split("/"):
        at = at[step]
    return at


def same(a, b):
    return a == b and isinstance(a, bool) == isinstance(b, bool)


def keyword(v, key, arg, schema, path):
    """What is wrong with `v` by one keyword: pairs of path and reason."""
    if key == "$ref":
        yield from errors(v, resolve(arg), path)
    elif key == "type":
        names = [arg] if isinstance(arg, str) else arg
        if not any(is_type(v, n) for n in names):
            yield path, f"{json.dumps(v)[:80]} is no {'/'.join(names)}"
    elif key in ("enum", "const"):
        if not any(same(v, a) for a in (arg if key == "enum" else [arg])):
            yield path, f"{json.dumps(v)[:80]} is not one of {arg}"
    elif key == "minimum":
        if is_type(v, "number") and v < arg:
            yield path, f"{v} is less than {arg}"
    elif key == "pattern":
        if isinstance(v, str) and not re.search(arg, v):
            yield path, f"{v[:80]!r} does not match {arg}"
    elif key in ("minItems", "maxItems"):
        if isinstance(v, list) and (len(v) < arg if key == "minItems" else len(v) > arg):
            yield path, f"{len(v)} elements"
    elif key == "items":
        for i, item in enumerate(v if isinstance(v, list) else []):
            yield from errors(item, arg, f"{path}[{i}]")
    elif key == "required":
        for name in arg if isinstance(v, dict) else []:
            if name not in v:
                yield path, f"{name} is missing"
    elif key == "properties":
        for name in arg.keys() & v.keys() if isinstance(v, dict) else []:
            yield from errors(v[name], arg[name], f"{path}.{name}")
    elif key == "additionalProperties":
        assert arg is False, "only false is known here"
        for name in v.keys() - schema["properties"].keys() if isinstance(v, dict) else []:
            yield path, f"{name} is not described"
    elif key == "anyOf":
        if all(list(errors(v, a, path)) for a in arg):
            yield path, "it is none of the alternatives"
    elif key == "allOf":
        for a in arg:
            yield from errors(v, a, path)
    elif key == "if":
        yield from errors(v, schema.get("else" if list(errors(v, arg, path)) else "then", True), path)
    elif key not in NOTES:
        raise ValueError(f"this validator does not know the keyword {key}")


def errors(v, schema=SCHEMA, path="record"):
    if schema is False:
        yield path, "it must not be there"
    elif schema is not True:
        for key, arg in schema.items():
            yield from keyword(v, key, arg, schema, path)


def check(records):
    """The records, all of which are as documented, or an exception."""
    for r in records:
        for path, why in errors(r):
            raise ValueError(f"{path}: {why} (doc/record.schema.json), in {json.dumps(r)[:2000]}")
    return records


def members(schema=SCHEMA, prefix=""):
    """Full path and schema of each member, as doc/RECORD.md has them: a body, a message and a part
    are documented once."""
    for name, s in schema.get("properties", {}).items():
        if s is False:
            continue
        if "$ref" not in s:
            yield prefix + name, s
        yield from members(s, f"{prefix}{name}.")
        if isinstance(s.get("items"), dict):
            yield from members(s["items"], f"{prefix}{name}[].")
    if schema is SCHEMA:
        yield "body", SCHEMA["$defs"]["body"]
        yield from members(SCHEMA["$defs"]["body"], "body.")
        yield from members(SCHEMA["$defs"]["message"])
        yield from members(SCHEMA["$defs"]["part"], "parts[].")
