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


def of_jsonl(path):
    with open(path) as f:
        records = [json.loads(line) for line in f]
    record_schema.check(records[:1000])
    calls = [r for r in records if r["kind"] == "llm" and not r["twin_of"]]
    return (len(calls), sum(r["usage"]["input"] or 0 for r in calls), sum(r["usage"]["output"] or 0 for r in calls),
            round(sum(r["cost"]["usd"] or 0 for r in calls), 6))


def of_csv(path):
    with open(path, newline="") as f:
        rows = [r for r in csv.DictReader(f) if r["kind"] == "llm"]
    return (len(rows), sum(int(r["input_tokens"] or 0) for r in rows), sum(int(r["output_tokens"] or 0) for r in rows),
            round(sum(float(r["cost_usd"] or 0) for r in rows), 6))


def of_sqlite(path):
    rows = ask(path, "SELECT count(*), sum(input), sum(output), sum(usd) FROM exchange "
                     "WHERE kind = 'llm' AND twin_of IS NULL")
    n, tokens_in, tokens_out, usd = rows[0] if rows else (None, None, None, 0)
    return n, tokens_in, tokens_out, round(usd or 0, 6)


def of_summary(stderr, model):
    """The one row of this model, its dollars rounded to four digits."""
    rows = re.findall(r"^llm-spy:   %s\S*\s+(\d+)\s+(\d+)\s+(\d+)\s+([\d.]+)(?: \(.*\))?$" % re.escape(model), stderr, re.M)
    n, tokens_in, tokens_out, usd = rows[0] if len(rows) == 1 else (0, 0, 0, 0)
    return int(n), int(tokens_in), int(tokens_out), float(usd)
