#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Telemetry of a replay, as a receiver gets it: a span for each record, with the names of the conventions; tool calls, MCP and
the trace that a request belongs to; metrics that agree with the records; content only when it is asked for; receivers that are
slow, refuse, answer 429 or 503, die or are not there: nothing is lost that is not counted."""
import gzip
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path[:0] = [os.path.join(SRC, "tests", folder) for folder in ("conformance", "lib")]
import sums  # noqa: E402
from otlp_receiver import Receiver, attributes  # noqa: E402
from spyfile import READ, WRITE, SpyFile, cut_whole  # noqa: E402
from tap import done, ok, skip  # noqa: E402

SPY = os.path.join(BUILD, "llm-spy")
CLOCK = 4
BEGAN = 1795942800
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACES, METRICS, LOGS = "/v1/traces", "/v1/metrics", "/v1/logs"


def message(start, body):
    body = json.dumps(body).encode()
    return (start + f"\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body


def chat(fields, **body):
    return WRITE, message("POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com" + fields, {"model": "gpt-4o", **body})


def answer(said, finish="stop", tokens=(100, 20)):
    return READ, message("HTTP/1.1 200 OK", {
        "id": "resp-1", "object": "chat.completion", "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "finish_reason": finish, "message": {"role": "assistant", **said}}],
        "usage": {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens),
                  "prompt_tokens_details": {"cached_tokens": 40}, "completion_tokens_details": {"reasoning_tokens": 7}}})


def rpc(id_, method, params):
    return WRITE, message("POST /mcp HTTP/1.1\r\nHost: tools.example\r\nMcp-Session-Id: m-1\r\nMcp-Protocol-Version: 2025-06-18\r\n"
                          "Accept: application/json, text/event-stream", {"jsonrpc": "2.0", "id": id_, "method": method, "params": params})


def result(id_, v):
    return READ, message("HTTP/1.1 200 OK", {"jsonrpc": "2.0", "id": id_, "result": v})


def kinds():
    f = SpyFile()
    f.chunk(CLOCK, 0, off=BEGAN * 10**9)
    call = {"id": "call_1", "type": "function", "function": {"name": "read_file", "arguments": '{"path": "a.txt", "n": 3}'}}
    traced = f"\r\ntraceparent: 00-{TRACE}-{PARENT}-01\r\nx-session-id: session-9"
    first = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "read PRIVATE-WORDS"}]
    second = first + [{"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": "call_1", "content": "text"}]
    f.connection(1, [chat(traced, messages=first, temperature=0.25, max_tokens=50, user="alice"),
                     answer({"content": None, "tool_calls": [call]}, "tool_calls"),
                     chat("", messages=second), answer({"content": "Done."}),
                     chat("", messages=second + [{"role": "assistant", "content": "Done."}, {"role": "user", "content": "more"}]),
                     (READ, message("HTTP/1.1 429 Too Many Requests", {"error": {"message": "slow down", "type": "rate_limit_error"}}))], cut_whole)
    f.connection(2, [rpc(1, "tools/call", {"name": "weather", "arguments": {"city": "Oslo"},
                                           "_meta": {"traceparent": f"00-{TRACE[::-1]}-{PARENT[::-1]}-00"}}),
                     result(1, {"content": [{"type": "text", "text": "cold"}]}),
                     rpc(2, "resources/read", {"uri": "file:///x", "_meta": {"traceparent": f"00-{TRACE}-{PARENT}-01"}}),
                     result(2, {"contents": []}),
                     rpc("three", "tools/call", {"name": "fail", "arguments": {}}),
                     result("three", {"content": [{"type": "text", "text": "no"}], "isError": True})], cut_whole)
    f.connection(3, [(WRITE, b"GET /up?key=1 HTTP/1.1\r\nHost: web.example:8443\r\ntraceparent: 00-" + b"0" * 32 + b"-0000000000000000-00\r\n\r\n"),
                     (READ, message("HTTP/1.1 500 Oh", {"up": False}))], cut_whole)
    return f.bytes()


def many(count, size=10):
    """Of several processes."""
    f = SpyFile()
    f.chunk(CLOCK, 0, off=BEGAN * 10**9)
    for conn in range(1, 5):
        f.connection(conn, [p for i in range(count // 4)
                            for p in (chat("", messages=[{"role": "user", "content": f"{conn} {i} " + "x" * size}]),
                                      answer({"content": "Yes."}, tokens=(i + 1, 2)))], cut_whole)
    return f.bytes()


def run(data, url, *settings, env=None, args=()):
    """Its records as jsonl; the summary; the process."""
    with tempfile.TemporaryDirectory() as folder:
        jsonl = os.path.join(folder, "a.jsonl")
        clean = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")}
        r = subprocess.run([SPY, "-r", "-", "--summary=json", "-o", f"jsonl:{jsonl},show=all", *args,
                            "-o", ",".join(["otlp" + (":" + url.replace(",", "\\,") if url else ""), "show=all", *settings])],
                           input=data, capture_output=True, timeout=120, env={**clean, "no_proxy": "*", **(env or {})})
        r.stderr = r.stderr.decode()
        with open(jsonl) as f:
            records = [json.loads(line) for line in f]
    return records, sums.summary(r.stderr), r


def lost(summary):
    """Of the output."""
    out = [o for o in summary.get("outputs", []) if o["name"].startswith("otlp")]
    return (out[0]["written"], out[0]["failed"] + out[0]["dropped"], out[0]["problem"]) if out else None


def of_records(receiver):
    return [s for s in receiver.items(TRACES) if "llm_spy.id" in attributes(s)]


def points(receiver, name):
    return [p for m in receiver.items(METRICS) if m["name"] == name for p in m["histogram"]["dataPoints"]]


if "OpenTelemetry: yes" not in subprocess.run([SPY, "--version"], capture_output=True, text=True).stdout:
    r = subprocess.run([SPY, "-r", os.devnull, "-o", "otlp"], capture_output=True, text=True)
    ok(r.returncode != 0 and "without libcurl" in r.stderr, "a build without libcurl says so", r)
    skip("telemetry", "built without libcurl")
    done()

# ---- what a span says ----
data = kinds()
receiver = Receiver()
records, summary, r = run(data, receiver.url)
spans, plain = receiver.items(TRACES), receiver
ok(r.returncode == 0 and not receiver.bad, "all is well-formed", r.stderr, *receiver.bad)
told = sorted(attributes(s)["llm_spy.id"] for s in of_records(receiver))
ok(told == sorted(x["id"] for x in records) and len(told) == 7, "each record has one span", told)
ok(lost(summary)[:2] == (7, 0), "the summary counts them", summary)
by_id = {attributes(s)["llm_spy.id"]: (s, attributes(s)) for s in of_records(receiver)}
first, a = by_id[next(x["id"] for x in records if x["kind"] == "llm")]
ok(first["name"] == "chat gpt-4o" and first["kind"] == 3 and first["status"] == {}, "name, kind and status", first)
ok(first["traceId"] == TRACE and first["parentSpanId"] == PARENT, "traceparent is the parent")
WANT = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o",
        "gen_ai.response.model": "gpt-4o-2024-08-06", "gen_ai.response.id": "resp-1", "gen_ai.response.finish_reasons": ["tool_call"],
        "gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 20, "gen_ai.usage.cache_read.input_tokens": 40,
        "gen_ai.usage.reasoning.output_tokens": 7, "gen_ai.request.temperature": 0.25, "gen_ai.request.max_tokens": 50,
        "server.address": "api.openai.com", "server.port": 443, "session.id": "session-9", "gen_ai.conversation.id": "session-9",
        "user.id": "alice", "http.response.status_code": 200, "llm_spy.kind": "llm", "llm_spy.complete": True}
ok(WANT.items() <= a.items(), "attributes are those of the record", {k: (v, a.get(k)) for k, v in WANT.items() if a.get(k) != v})
record = next(x for x in records if x["id"] == a["llm_spy.id"])
ok(a["llm_spy.conversation.id"] == record["conversation"]["id"] and a["llm_spy.cost.usd"] == record["cost"]["usd"], "and so are ours")
start = int(first["startTimeUnixNano"])
ok(start // 10**9 == BEGAN and int(first["endTimeUnixNano"]) - start == record["times"]["response_last_ns"], "times are the record's")
calls = [by_id[x["id"]] for x in records if x["kind"] == "llm"]
ok("gen_ai.conversation.id" not in calls[1][1] and calls[1][1]["llm_spy.conversation.id"] == a["llm_spy.conversation.id"],
   "a conversation that we inferred is no gen_ai.conversation.id")
ok("parentSpanId" not in calls[1][0], "a call without traceparent has no parent")
failed = calls[2]
ok(failed[0]["status"] == {"code": 2, "message": "slow down"} and failed[1]["error.type"] == "rate_limit_error", "a failed call", failed)
tools = [s for s in spans if "llm_spy.id" not in attributes(s)]
ok(len(tools) == 1 and tools[0]["name"] == "execute_tool read_file" and tools[0]["kind"] == 1 and
   tools[0]["parentSpanId"] == first["spanId"] and tools[0]["traceId"] == TRACE and
   tools[0]["startTimeUnixNano"] == first["endTimeUnixNano"] and tools[0]["endTimeUnixNano"] == calls[1][0]["startTimeUnixNano"] and
   attributes(tools[0])["gen_ai.tool.call.id"] == "call_1", "a tool call is a span between the two calls, once", tools)
mcp = {s["name"]: (s, attributes(s)) for s, _ in (by_id[x["id"]] for x in records if x["kind"] == "mcp")}
ok(set(mcp) == {"tools/call weather", "resources/read", "tools/call fail"}, "MCP spans have the method's name", set(mcp))
s, m = mcp["tools/call weather"]
ok((s["traceId"], s["parentSpanId"]) == (TRACE[::-1], PARENT[::-1]), "_meta.traceparent is the parent", s)
ok({"mcp.method.name": "tools/call", "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "weather", "jsonrpc.request.id": "1",
    "mcp.session.id": "m-1", "network.transport": "tcp"}.items() <= m.items(), "attributes of MCP", m)
s, m = mcp["resources/read"]
ok(s["traceId"] == TRACE and m["mcp.resource.uri"] == "file:///x" and "gen_ai.operation.name" not in m, "of a resource", s)
s, m = mcp["tools/call fail"]
ok(m["error.type"] == "tool_error" and s["status"]["code"] == 2 and m["jsonrpc.request.id"] == "three", "of a tool that failed", m)
s, m = by_id[next(x["id"] for x in records if x["kind"] == "http")]
ok(s["name"] == "GET" and m["server.port"] == 8443 and m["error.type"] == "500" and s["status"]["code"] == 2 and "parentSpanId" not in s,
   "other HTTP; a traceparent of zeroes is none", s)
resources = {json.dumps(res, sort_keys=True) for res, _ in receiver.taken[TRACES]}
ok(len(resources) == 3 and all(json.loads(t)["service.name"] == "conformance" and "process.pid" in t for t in resources), "one resource per process")
ok(not any("host.name" in t for t in resources), "a recording's host is not this one")
ok(len({s["spanId"] for s in spans}) == len(spans), "span ids differ")
again = Receiver()
run(data, again.url)
ok([s["spanId"] for s in again.items(TRACES)] == [s["spanId"] for s in spans], "a second replay has the same ids")
again.close()

# ---- an MCP call that serves a tool call ----
f = SpyFile()
f.chunk(CLOCK, 0, off=BEGAN * 10**9)
call = {"id": "call_7", "type": "function", "function": {"name": "mcp__sky__weather", "arguments": '{"city": "Oslo", "days": 12345}'}}
talk = [{"role": "user", "content": "How will the weather be?"}]
f.connection(1, [chat("", messages=talk), answer({"content": None, "tool_calls": [call]}, "tool_calls"),
                 rpc(5, "tools/call", {"name": "weather", "arguments": {"city": "Oslo", "days": 12345}}), result(5, {"content": []}),
                 chat("", messages=talk + [{"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": "call_7", "content": "cold"}]),
                 answer({"content": "Cold."})], cut_whole)
nested = Receiver()
run(f.bytes(), nested.url)
by_name = {s["name"]: s for s in reversed(nested.items(TRACES))}
asked, tool, served = by_name["chat gpt-4o"], by_name["execute_tool mcp__sky__weather"], by_name["tools/call weather"]
ok(tool["parentSpanId"] == asked["spanId"] and served["parentSpanId"] == tool["spanId"] and
   asked["traceId"] == tool["traceId"] == served["traceId"], "it is the tool call's child", asked, tool, served)
nested.close()

# ---- metrics ----
used = points(receiver, "gen_ai.client.token.usage")
ok({attributes(p)["gen_ai.token.type"]: p["sum"] for p in used} == {"input": 200, "output": 40} and all(p["count"] == "2" for p in used),
   "gen_ai.client.token.usage is the sum of the records", used)
ok(sum(int(p["count"]) for p in points(receiver, "gen_ai.client.operation.duration")) == 3, "gen_ai.client.operation.duration has all calls")
ok({attributes(p).get("error.type") for p in points(receiver, "gen_ai.client.operation.duration")} == {None, "rate_limit_error"}, "with error.type")

# ---- content ----
sent = b"".join(body for _, _, _, body in plain.requests)
ok(b"PRIVATE-WORDS" not in sent and b"Oslo" not in sent and b"a.txt" not in sent and not plain.items(LOGS), "nothing that was said is sent unasked")
receiver = Receiver()
run(data, receiver.url, "content=yes", "compression=gzip")
events = receiver.items(LOGS)
e = attributes(events[0])
ok(len(events) == 3 and not receiver.bad and events[0]["eventName"] == "gen_ai.client.inference.operation.details" and
   (events[0]["traceId"], events[0]["spanId"]) == (TRACE, first["spanId"]), "content=yes: an event for each call", events, *receiver.bad)
ok(e["gen_ai.input.messages"][-1] == {"role": "user", "parts": [{"type": "text", "content": "read PRIVATE-WORDS"}]} and
   e["gen_ai.output.messages"][0]["parts"] == [{"type": "tool_call", "arguments": {"path": "a.txt", "n": 3}, "id": "call_1", "name": "read_file"}] and
   e["gen_ai.output.messages"][0]["finish_reason"] == "tool_call", "with messages in the form of the conventions", e)
ok(all(h.get("Content-Encoding") == "gzip" for _, _, h, _ in receiver.requests) and b"PRIVATE" in
   b"".join(gzip.decompress(body) for _, _, _, body in receiver.requests), "compression=gzip")
receiver = Receiver()
run(data, receiver.url, "content=yes", "redact=content")
ok(b"PRIVATE-WORDS" not in b"".join(body for _, _, _, body in receiver.requests) and len(receiver.items(LOGS)) == 3, "redaction stays in force")

# ---- the newer names ----
receiver = Receiver()
run(data, receiver.url, env={"OTEL_SEMCONV_STABILITY_OPT_IN": "http, gen_ai_latest_experimental"})
names = {m["name"] for m in receiver.items(METRICS)}
ok(names == {"gen_ai.client.inference.duration", "gen_ai.client.inference.operation.input_tokens",
             "gen_ai.client.inference.operation.output_tokens"} and not receiver.bad, "OTEL_SEMCONV_STABILITY_OPT_IN", names)
ok(not any("gen_ai.token.type" in attributes(p) for m in receiver.items(METRICS) for p in m["histogram"]["dataPoints"]), "without what they lack")

# ---- variables ----
receiver, other = Receiver(), Receiver()
variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url + "/base/", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": other.url + TRACES,
             "OTEL_EXPORTER_OTLP_HEADERS": "x-key=a%20b,x-two=%3D2,bad", "OTEL_SERVICE_NAME": "my-service", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
             "OTEL_EXPORTER_OTLP_METRICS_HEADERS": "x-key=m", "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=a%2Cb, service.name=no,=x,k",
             "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}
run(data, None, env=variables)
ok({p for _, p, _, _ in receiver.requests} == {"/base/v1/metrics"} and {p for _, p, _, _ in other.requests} == {TRACES}, "endpoints",
   [p for _, p, _, _ in receiver.requests])
h = other.requests[0][2]
ok(h["x-key"] == "a b" and h["x-two"] == "=2" and receiver.requests[0][2]["x-key"] == "m" and "x-two" not in receiver.requests[0][2], "headers", h)
ok(h["Content-Encoding"] == "gzip", "compression")
res = other.taken[TRACES][0][0]
ok(res["service.name"] == "my-service" and res["deployment.environment"] == "a,b" and "k" not in res, "name and attributes of the resource", res)
receiver = Receiver()
run(data, receiver.url, env={"OTEL_METRICS_EXPORTER": "none", "OTEL_EXPORTER_OTLP_HEADERS": "x-a=1%0d%0aX-Injected: 1"})
ok({p for _, p, _, _ in receiver.requests} == {TRACES} and "X-Injected" not in receiver.requests[0][2], "OTEL_METRICS_EXPORTER=none; no line ends in headers")
receiver = Receiver()
_, summary, r = run(data, receiver.url, env={"OTEL_SDK_DISABLED": "true"})
ok(not receiver.requests and r.returncode == 0 and "OTEL_SDK_DISABLED" in r.stderr, "OTEL_SDK_DISABLED", r.stderr)
for env, settings, word in (({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, [], "http/json"), ({"OTEL_EXPORTER_OTLP_ENDPOINT": "localhost:4317"}, [], "expected a URL"),
                            ({"OTEL_EXPORTER_OTLP_TIMEOUT": "soon"}, [], "milliseconds"), ({}, ["compression=br"], "gzip or none"), ({}, ["retry=-1"], "seconds")):
    r = subprocess.run([SPY, "-r", os.devnull, "-o", ",".join(["otlp", *settings])], capture_output=True, text=True, env={**os.environ, **env})
    ok(r.returncode in (1, 2) and word in r.stderr, f"refused: {env or settings}", r)
r = subprocess.run([SPY, "-r", os.devnull, "-o", "otlp:http://me:PASS-1@127.0.0.1:1"], capture_output=True, text=True)
ok(r.returncode in (1, 2) and "OTEL_EXPORTER_OTLP_HEADERS" in r.stderr and "PASS-1" not in r.stderr, "refused, and not repeated: a password in the URL", r)
receiver = Receiver()
records, summary, r = run(data, receiver.url, env={"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})
ok(len(of_records(receiver)) == 7 and "not followed" in r.stderr, "a protocol that we lack is said where a URL is given", r.stderr)

# ---- receivers that fail ----
N = 2000
data = many(N)
busy = (429, {"Retry-After": "2"}, {"message": "busy"})
CASES = {
    "429 with Retry-After": ([busy], 0), "503 twice": ([(503, {}, {}), (503, {"Retry-After": "0"}, {})], 0), "slow": (["slow"], 0),
    "one that hangs up": (["hang up"], 0), "502 and 504": ([(502, {}, {}), (504, {}, {})], 0),
    "partial success": ([(200, {}, {}), (200, {}, {"partialSuccess": {"rejectedSpans": "3", "errorMessage": "too old"}})], 3),
    "a warning": ([(200, {}, {"partialSuccess": {"rejectedSpans": 0, "errorMessage": "fine"}})], 0),
}
for name, (answers, rejected) in CASES.items():
    receiver = Receiver(answers)
    records, summary, r = run(data, receiver.url)
    ids = sorted(attributes(s)["llm_spy.id"] for s in of_records(receiver))
    ok(ids == sorted(x["id"] for x in records) and len(ids) == N and not receiver.bad, f"{name}: each of {N} records arrives once", len(ids), *receiver.bad)
    ok(lost(summary)[:2] == (N - rejected, rejected) and (r.returncode != 0) == bool(rejected), f"{name}: {rejected} are counted as lost", lost(summary))
    if name.startswith("429"):
        times = [t for t, p, _, _ in receiver.requests if p == TRACES]
        ok(times[1] - times[0] >= 1.9, "Retry-After is waited for", times[1] - times[0])
        first, second = (set(re.findall(rb'"spanId":"(\w+)"', b)) for b in [b for _, p, _, b in receiver.requests if p == TRACES][:2])
        ok(first and first <= second, "and the same is sent again")
    if rejected:
        ok("too old" in lost(summary)[2] and "too old" in r.stderr, "the receiver's reason is said", r.stderr)
    receiver.close()
ok(sum(p["sum"] for p in points(receiver, "gen_ai.client.token.usage")) == sum(x["usage"]["input"] + x["usage"]["output"] for x in records),
   "sums of metrics are those of the records")

# The answer never came whole: it is sent again, so that some may be there twice, and none is missing.
receiver = Receiver(["die"])
records, summary, r = run(data, receiver.url)
ok({attributes(s)["llm_spy.id"] for s in of_records(receiver)} == {x["id"] for x in records} and lost(summary)[:2] == (N, 0),
   "one that dies in the middle of its answer", lost(summary))

receiver = Receiver([(400, {}, {"message": "bad \x1b[31m data"})])
records, summary, r = run(data, receiver.url)
arrived = len(of_records(receiver))
written, failed, problem = lost(summary)
ok(written == arrived < N and failed == N - arrived and r.returncode != 0, "what is refused is given up and counted", lost(summary), arrived)
ok("400" in problem and "\x1b" not in problem + r.stderr and len([1 for t, p, h, b in receiver.requests if p == TRACES]) == len(
    [1 for body in {b for _, p, _, b in receiver.requests if p == TRACES}]), "it is not sent again; the reason is safe to show", problem)

receiver = Receiver([(503, {}, {})] * 1000)
began = time.monotonic()
records, summary, r = run(data, receiver.url, "retry=2")
ok(lost(summary)[:2] == (0, N) and not of_records(receiver), "one that never takes anything: all is counted as lost", lost(summary))
ok(time.monotonic() - began < 20 and r.returncode != 0, "and it ends", time.monotonic() - began)
with socket.create_server(("127.0.0.1", 0)) as s:
    nobody = f"http://127.0.0.1:{s.getsockname()[1]}"
records, summary, r = run(data, nobody, "retry=1")
ok(lost(summary)[:2] == (0, N) and len(records) == N and r.returncode != 0, "nobody is there: all is counted, and other outputs have all", lost(summary))
big = many(3000, 8000)
receiver = Receiver([(503, {}, {})] * 3, LOGS)
records, summary, r = run(big, receiver.url, "content=yes")
ok(len(receiver.items(LOGS)) == 3000 and lost(summary)[:2] == (3000, 0) and len(of_records(receiver)) == 3000,
   "more than is kept: a recording waits", len(receiver.items(LOGS)), lost(summary))
ok(max(len(body) for _, _, _, body in receiver.requests) < 3 << 20, "requests are bounded")
stalled = socket.create_server(("127.0.0.1", 0))
began = time.monotonic()
records, summary, r = run(kinds(), f"http://127.0.0.1:{stalled.getsockname()[1]}", "retry=1", env={"OTEL_EXPORTER_OTLP_TIMEOUT": "300"})
ok(lost(summary)[:2] == (0, 7) and time.monotonic() - began < 15, "one that never answers", lost(summary), time.monotonic() - began)

# ---- the names ----
with open(os.path.join(SRC, "src", "telemetry", "semconv.def")) as f:
    known = {n for row in re.findall(r'^NAME\(\w+, (.*)\)$', f.read(), re.M) for n in re.findall(r'"([^"]+)"', row)}
seen = {k for s in spans + events for k in attributes(s)} | {k for res, _ in plain.taken[TRACES] for k in res}
ok(seen <= known, "all names are in the table", seen - known)

done()
