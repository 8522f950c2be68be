# SPDX-License-Identifier: MIT
"""Calls, tokens and dollars, as each output and the summary have them."""
import csv
import json
import re
import sqlite3

import record_schema


def ask(path, query):
    """Rows of a database, also while a tracer writes it; none as long as it is not there."""
    try:
        db = sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=60)
        try:
            return db.execute(query).fetchall()
        finally:
            db.close()
    except sqlite3.OperationalError:
        return []


def counts(api):
    """Whether such a call only asks how many tokens a prompt has."""
    return api.endswith(".count") or api == "tokenize"


def of_jsonl(path):
    with open(path) as f:
        records = [json.loads(line) for line in f]
    record_schema.check(records[:1000])
    calls = [r for r in records if r["kind"] == "llm" and not r["twin_of"] and not r["via"] and not counts(r["api"])]
    return (len(calls), sum(r["usage"]["input"] or 0 for r in calls), sum(r["usage"]["output"] or 0 for r in calls),
            round(sum(r["cost"]["usd"] or 0 for r in calls), 6))


def of_csv(path):
    with open(path, newline="") as f:
        rows = [r for r in csv.DictReader(f) if r["kind"] == "llm"]
    return (len(rows), sum(int(r["input_tokens"] or 0) for r in rows), sum(int(r["output_tokens"] or 0) for r in rows),
            round(sum(float(r["cost_usd"] or 0) for r in rows), 6))


def of_har(path):
    with open(path) as f:
        entries = json.load(f)["log"]["entries"]
    calls = [e["_llm"] for e in entries if "_llm" in e and "_twinOf" not in e and "_via" not in e and not counts(e["_llm"]["api"])]
    return (len(calls), sum(c.get("input_tokens", 0) for c in calls), sum(c.get("output_tokens", 0) for c in calls),
            round(sum(c.get("cost_usd", 0) for c in calls), 6))


def of_sqlite(path):
    rows = ask(path, "SELECT count(*), sum(input), sum(output), sum(usd) FROM exchange "
                     "WHERE kind = 'llm' AND twin_of IS NULL")
    n, tokens_in, tokens_out, usd = rows[0] if rows else (None, None, None, 0)
    return n, tokens_in, tokens_out, round(usd or 0, 6)


def summary(stderr):
    """The summary as --summary=json prints it; {} where there is none."""
    lines = [line for line in stderr.splitlines() if line.startswith('{"duration_ns"')]
    return json.loads(lines[-1]) if lines else {}


def of_summary(stderr):
    s = summary(stderr)
    return s.get("calls"), s.get("input"), s.get("output"), round(s.get("usd", 0), 6)


def of_exposition(text):
    """Of metrics as Prometheus is given them."""
    def total(name, also=""):
        return sum(float(v) for labels, v in re.findall(r"^%s\{(.*)\} (\S+)$" % name, text, re.M) if also in labels)
    return (int(total("llm_spy_calls_total")), int(total("llm_spy_tokens_total", 'kind="input"')),
            int(total("llm_spy_tokens_total", 'kind="output"')), round(total("llm_spy_cost_dollars_total"), 6))


def of_spans(spans):
    """Of spans of OpenTelemetry, as their attributes."""
    calls = [a for a in spans if a.get("llm_spy.kind") == "llm" and "llm_spy.twin_of" not in a and "llm_spy.via.program" not in a]
    return (len(calls), *(sum(a.get(f"gen_ai.usage.{k}_tokens", 0) for a in calls) for k in ("input", "output")),
            round(sum(a.get("llm_spy.cost.usd", 0) for a in calls), 6))


def tokens(n):
    """As the text of the summary writes them."""
    for limit, unit in ((1000, ""), (999950, "k"), (999950000, "M"), (float("inf"), "G")):
        if n < limit:
            return f"{n}" if not unit else f"{n / 1000 ** 'kMG'.index(unit) / 1000:.1f}{unit}"


def row_of_text(stderr, name):
    """Cells of the row that begins with this name: of a model, or of who."""
    rows = [line.split() for line in stderr.splitlines() if line.startswith(f" {name} ")]
    return rows[0][len(name.split()):] if len(rows) == 1 else None
