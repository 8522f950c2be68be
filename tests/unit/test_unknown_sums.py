#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What is not known is never 0 in a sum: calls without usage, streams that ended early, refused calls, and calls that
only count tokens, as the summary (text and JSON), jsonl, csv and sqlite have them."""
import csv
import json
import os
import subprocess
import sys
import tempfile

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path[:0] = [os.path.join(SRC, "tests", "lib"), os.path.join(SRC, "tests", "conformance")]
import sums  # noqa: E402
from spyfile import READ, WRITE, SpyFile, cut_whole  # noqa: E402
from tap import done, ok, skip  # noqa: E402

SPY = os.path.join(BUILD, "llm-spy")
OPENAI, ANTHROPIC, GEMINI = "api.openai.com", "api.anthropic.com", "generativelanguage.googleapis.com"
CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
ASK = {"model": "gpt-4o", "messages": [{"role": "user", "content": "q"}]}
ASK_CLAUDE = {"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "q"}]}
ASK_GEMINI = {"contents": [{"role": "user", "parts": [{"text": "q"}]}]}


def chat(**more):
    return {"model": "gpt-4o", "choices": [{"index": 0, "finish_reason": "stop",
                                            "message": {"role": "assistant", "content": "a"}}], **more}


def chunk(delta, finish=None, **more):
    return {"object": "chat.completion.chunk", "model": "gpt-4o",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}


START = {"type": "message_start", "message": {"id": "m", "type": "message", "role": "assistant", "content": [],
                                              "model": "claude-sonnet-4-5", "usage": {"input_tokens": 50, "output_tokens": 1}}}
PIECES = [{"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
          {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a"}}]
END = [{"type": "content_block_stop", "index": 0},
       {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}}, {"type": "message_stop"}]
OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
USAGE = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}

# What, host, path, request, status, answer (a list: events of a stream; None at its end: it goes on), tokens in and
# out that are known, whether they are all, whether it is a failure.
CALLS = [
    ("usage", OPENAI, CHAT, ASK, 200, chat(usage=USAGE), 100, 10, True, False),
    ("no usage", OPENAI, CHAT, ASK, 200, chat(), None, None, False, False),
    ("usage null", OPENAI, CHAT, ASK, 200, chat(usage=None), None, None, False, False),
    ("a stream without usage", OPENAI, CHAT, dict(ASK, stream=True), 200,
     [chunk({"content": "a"}), chunk({}, "stop"), "[DONE]"], None, None, False, False),
    ("a stream that ended early", OPENAI, CHAT, dict(ASK, stream=True), 200, [chunk({"content": "a"}), None],
     None, None, False, False),
    ("a whole stream", ANTHROPIC, MESSAGES, ASK_CLAUDE, 200, [START, *PIECES, *END], 50, 5, True, False),
    ("running counts of a stream that ended early", ANTHROPIC, MESSAGES, ASK_CLAUDE, 200, [START, *PIECES, None],
     50, 1, False, False),
    ("running counts of a stream that failed", ANTHROPIC, MESSAGES, ASK_CLAUDE, 200, [START, *PIECES, OVERLOADED],
     50, 1, False, True),
    ("refused", OPENAI, CHAT, ASK, 429, {"error": {"type": "rate_limit", "message": "slow down"}}, None, None, True, True),
    ("an embedding has no output", OPENAI, "/v1/embeddings", {"model": "text-embedding-3-small", "input": "q"}, 200,
     {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.1]}], "model": "text-embedding-3-small",
      "usage": {"prompt_tokens": 7, "total_tokens": 7}}, 7, None, True, False),
    ("a cut stream of Gemini", GEMINI, "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse", ASK_GEMINI, 200,
     [{"candidates": [{"content": {"role": "model", "parts": [{"text": "a"}]}}],
       "usageMetadata": {"promptTokenCount": 20, "totalTokenCount": 20}}, None], 20, None, False, False),
]
COUNTS = [
    (ANTHROPIC, MESSAGES + "/count_tokens", ASK_CLAUDE, {"input_tokens": 1000000}),
    (GEMINI, "/v1beta/models/gemini-2.5-flash:countTokens", ASK_GEMINI, {"totalTokens": 1000000}),
    (OPENAI, "/v1/responses/input_tokens", {"model": "gpt-4o", "input": "q"},
     {"object": "response.input_tokens", "input_tokens": 1000000}),
    ("bedrock-runtime.eu-west-1.amazonaws.com", "/model/m/count-tokens",
     {"input": {"converse": {"messages": [{"role": "user", "content": [{"text": "q"}]}]}}}, {"inputTokens": 1000000}),
    ("localhost:8000", "/tokenize", {"model": "m", "prompt": "q"}, {"count": 1000000, "tokens": []}),
]


def message(first, kind, body, *more):
    return "\r\n".join([first, f"Content-Type: {kind}", *more, "", ""]).encode() + body


def exchange(host, path, request, status, answer):
    asked = json.dumps(request).encode()
    asked = message(f"POST {path} HTTP/1.1", "application/json", asked, f"Host: {host}", f"Content-Length: {len(asked)}")
    if not isinstance(answer, list):
        body = json.dumps(answer).encode()
        return asked, message(f"HTTP/1.1 {status} X", "application/json", body, f"Content-Length: {len(body)}")
    body = b""
    for event in answer:
        text = f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n".encode()
        body += b"" if event is None else b"%x\r\n%s\r\n" % (len(text), text)
    body += b"" if None in answer else b"0\r\n\r\n"
    return asked, message(f"HTTP/1.1 {status} X", "text/event-stream", body, "Transfer-Encoding: chunked")


def record(path, calls):
    f = SpyFile()
    for conn, call in enumerate(calls, 1):
        asked, answered = exchange(*call)
        f.connection(conn, [(WRITE, asked), (READ, answered)], cut_whole)
    with open(path, "wb") as out:
        out.write(f.bytes())


def run(*args):
    return subprocess.run([SPY, *args], capture_output=True, text=True)


def dollars(r):
    return r["cost"]["usd"] if r["cost"]["source"] != "unknown" else None


def check_calls(records):
    for r, (what, _, _, _, _, _, tokens_in, tokens_out, whole, failed) in zip(records, CALLS):
        ok((r["usage"]["input"], r["usage"]["output"]) == (tokens_in, tokens_out), f"{what}: its tokens", r["usage"])
        known = whole and not failed
        ok(dollars(r) is None or r["cost"]["partial"] == (not known), f"{what}: its cost is what it is at least", r["cost"])
        ok((dollars(r) is None) == (tokens_in is None), f"{what}: its cost", r["cost"])


with tempfile.TemporaryDirectory() as tmp:
    path = {name: os.path.join(tmp, name) for name in ("calls.spy", "one.spy", "a.jsonl", "a.csv", "a.db")}
    record(path["calls.spy"], [c[1:6] for c in CALLS] + [(h, p, q, 200, a) for h, p, q, a in COUNTS])
    outputs = ["-o", f"jsonl:{path['a.jsonl']}", "-o", f"csv:{path['a.csv']}"]
    has_sqlite = "without SQLite" not in run("-r", path["calls.spy"], "-o", f"sqlite:{path['a.db']}").stderr
    r = run("-r", path["calls.spy"], "--summary=json", *outputs)
    with open(path["a.jsonl"]) as f:
        records = [json.loads(line) for line in f]
    ok(len(records) == len(CALLS) + len(COUNTS) and all(x["kind"] == "llm" for x in records), "all are calls to models")
    check_calls(records)
    for x in records[len(CALLS):]:
        ok(x["counted_tokens"] == 1000000 and x["usage"]["input"] is None and dollars(x) is None, f"{x['api']}: counted")
    want_in, want_out = (sum(c[n] or 0 for c in CALLS) for n in (6, 7))
    usd = sum(dollars(x) or 0 for x in records)
    s = sums.summary(r.stderr)
    ok((s["calls"], s["input"], s["output"]) == (len(CALLS), want_in, want_out), "the summary's sums", s)
    ok(abs(s["usd"] - usd) < 1e-9, "and dollars", s["usd"], usd)
    ok(s["token_counts"] == len(COUNTS), "and how often tokens were counted", s)
    ok(s["failed"] == sum(c[9] for c in CALLS), "and failures", s)
    ok(s["tokens_unknown"] == sum(not c[8] for c in CALLS), "and of how many the tokens are not all known", s)
    ok(s["cost_unknown"] == sum(dollars(x) is None for x, c in zip(records, CALLS) if not c[8]), "and of how many the cost", s)
    with open(path["a.csv"], newline="") as f:
        rows = list(csv.DictReader(f))
    ok([(x["input_tokens"], x["output_tokens"], x["counted_tokens"]) for x in rows[:len(CALLS)]] ==
       [("" if c[6] is None else str(c[6]), "" if c[7] is None else str(c[7]), "") for c in CALLS], "csv: unknown is empty", rows)
    ok(all((x["input_tokens"], x["cost_usd"], x["counted_tokens"]) == ("", "", "1000000") for x in rows[len(CALLS):]),
       "csv: what was counted has a column of its own", rows)
    if has_sqlite:
        row = sums.ask(path["a.db"], "SELECT sum(input), sum(output), sum(counted) FROM call")
        ok(row == [(want_in, want_out, 1000000 * len(COUNTS))], "so has sqlite", row)
    else:
        skip("sqlite", "built without it")
    text = run("-r", path["calls.spy"], "-o", "jsonl:/dev/null").stderr
    ok(f"{want_in}+ in" in text and f"{want_out}+ out" in text, "the text of the summary says at least", text)
    ok(f"tokens of {s['tokens_unknown']} calls unknown" in text and f"{len(COUNTS)} token counts" in text, "and counts them", text)
    record(path["one.spy"], [CALLS[1][1:6]])
    text = run("-r", path["one.spy"], "-o", "jsonl:/dev/null").stderr
    ok("tokens unknown" in text and "cost unknown" in text and " 0 " not in text.split("\n")[1][40:], "none known: no 0", text)
done()
