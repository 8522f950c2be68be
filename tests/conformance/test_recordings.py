#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Real traffic that others recorded, with what an independent parser made of it: $LLM_SPY_RECORDINGS,
by default ../shared/recordings beside the checkout. SKIP where there is none. Each exchange is
played as recorded, in random pieces, one byte at a time, as HTTP/2, coded as br and zstd, and as
seen at both ends of its connection."""
import ctypes
import ctypes.util
import glob
import json
import os
import subprocess
import sys

from spyfile import *

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path.insert(0, os.path.join(SRC, "tests", "lib"))
import record_schema  # noqa: E402
from tap import done, ok, skip_all  # noqa: E402

SPY = os.path.join(BUILD, "llm-spy")
ROOT = os.environ.get("LLM_SPY_RECORDINGS") or os.path.join(SRC, "..", "shared", "recordings")
SECRET = b"llmspyFAKEsecret0123456789abcdef"
VERBOSE = os.environ.get("VERBOSE_CONFORMANCE")

if not glob.glob(os.path.join(ROOT, "*/*/*/meta.json")):
    skip_all(f"no recordings in {ROOT}")

# What is not to be compared, and why.
ARGUED = {
    ("openai/responses/06277", "complete"): "its first event lacks a brace, which makes it incomplete",
    **{(f"snowflake/chat.completions/0{n}", "resp_tools"): "a function_call whose members are empty is no call"
       for n in (4799, 4800, 4802, 4803)},
}


class Case:
    def __init__(self, path):
        self.dir = os.path.dirname(path)
        self.name = os.path.relpath(self.dir, ROOT)
        self.meta = json.load(open(path))
        self.request = open(os.path.join(self.dir, "request.http"), "rb").read()
        self.response = open(os.path.join(self.dir, "response.http"), "rb").read()
        self.ws = self.meta.get("format") == "ws"
        self.grpc = self.meta["endpoint"] == "grpc"
        if self.grpc:  # recorded without heads
            self.request = (f"POST {self.meta['path']} HTTP/1.1\r\nHost: {self.meta['host']}\r\n"
                            "content-type: application/grpc+proto\r\n\r\n").encode() + self.request
            self.response = b"HTTP/1.1 200 OK\r\ncontent-type: application/grpc\r\n\r\n" + self.response

    def pieces(self):
        if not self.ws:
            return [(WRITE, self.request), (READ, self.response)]
        up, _, sent = self.request.partition(b"\r\n\r\n")
        down, _, received = self.response.partition(b"\r\n\r\n")
        queue = {"sent": ws_messages(sent), "received": ws_messages(received)}
        out = [(WRITE, up + b"\r\n\r\n"), (READ, down + b"\r\n\r\n")]
        for which, _ in self.meta.get("ws_order", []):
            if queue[which]:
                out.append((WRITE if which == "sent" else READ, queue[which].pop(0)))
        for which, d in (("sent", WRITE), ("received", READ)):
            out += [(d, m) for m in queue[which]]
        return out


def library(name):
    path = ctypes.util.find_library(name)
    return ctypes.CDLL(path) if path else None


def coder_br():
    lib = library("brotlienc")

    def code(data):
        room = ctypes.create_string_buffer(len(data) + 1024)
        size = ctypes.c_size_t(len(room))
        lib.BrotliEncoderCompress(4, 22, 0, ctypes.c_size_t(len(data)), data, ctypes.byref(size), room)
        return room.raw[:size.value]
    return code if lib else None


def coder_zstd():
    lib = library("zstd")

    def code(data):
        room = ctypes.create_string_buffer(len(data) + 1024)
        lib.ZSTD_compress.restype = ctypes.c_size_t
        n = lib.ZSTD_compress(room, ctypes.c_size_t(len(room)), data, ctypes.c_size_t(len(data)), 3)
        return room.raw[:n]
    return code if lib else None


def recode(raw, name, code):
    import gzip
    start, fields, body = split(raw)
    coding = next((v for n, v in fields if n.lower() == b"content-encoding"), b"")
    if coding == b"gzip":
        body = gzip.decompress(body)
    elif coding:
        return raw
    fields = [(n, v) for n, v in fields if n.lower() != b"content-encoding"]
    return join(start, fields + [(b"Content-Encoding", name)], code(body)) if body else raw


def form_faults(data):
    """What is wrong with the form of the records: by the schema, and when they are read back."""
    lines = subprocess.run([SPY, "-r", "-", "-f", "jsonl", "--all", "--bodies"], input=data, capture_output=True).stdout
    again = subprocess.run([os.path.join(BUILD, "tests/unit/test_exchange_json"), "-"], input=lines, capture_output=True)
    faults = [f"{path}: {why}" for line in lines.splitlines() for path, why in record_schema.errors(json.loads(line))]
    return faults + [line for line in again.stdout.decode().splitlines() if line.startswith("not ok")]


def spy(data):
    r = subprocess.run([SPY, "-r", "-", "-f", "jsonl", "--all"], input=data, capture_output=True)
    text = subprocess.run([SPY, "-r", "-", "--raw"], input=data, capture_output=True)
    leak = SECRET in r.stdout or SECRET in text.stdout
    return [json.loads(line) for line in r.stdout.splitlines()], leak, r.stderr + text.stderr


def play(cases, way, make):
    """Records by case name; cases share a file in groups."""
    result, faults, both = {}, [], way.endswith("both ends")
    for at in range(0, len(cases), 100):
        f = SpyFile()
        group = cases[at:at + 100]
        for number, case in enumerate(group, 1):
            if both:
                f.both_ends(number, 1000 + number, *make(case))
            else:
                f.connection(number, *make(case))
        records, leak, _ = spy(f.bytes())
        if way in ("as recorded", "as HTTP/2"):
            faults += [f"{way}: {fault}" for fault in form_faults(f.bytes())]
        if leak:
            faults.append(f"{way}: group {at}")
        for r in records:
            server = (r["other_end"] or {}).get("pid")
            if server != (1000 + r["process"]["pid"] if both else None):
                faults.append(f"{way}: {r['process']['pid']} has {server} at its other end")
                continue
            result.setdefault(group[r["process"]["pid"] - 1].name, []).append(r)
    return result, faults


# ---- comparing ----

def texts(record, kind, choice=0):
    for c in record["response"].get("choices", []):
        if c["index"] == choice:
            return "".join(p["text"] for p in c["parts"] if p["kind"] == kind)
    return ""


def tools(record):
    return [{"id": p.get("id"), "name": p.get("name"), "arguments": p["text"]}
            for c in record["response"].get("choices", []) for p in c["parts"]
            if p["kind"] == "tool_call" and p.get("type") in (None, "custom_tool_call")]


# The provider's own names of each number.
RAW = {
    "input": ("prompt_tokens", "input_tokens", "inputTokens", "promptTokenCount", "prompt_eval_count", "tokens.input_tokens",
              "total_input_tokens", "totalTokens", "inputTokenCount", "billed_units.input_tokens", "total_tokens"),
    "output": ("completion_tokens", "output_tokens", "outputTokens", "candidatesTokenCount", "eval_count",
               "tokens.output_tokens", "total_output_tokens", "outputTokenCount", "responseTokenCount"),
    "total": ("total_tokens", "totalTokens", "totalTokenCount"),
    "cached": ("prompt_tokens_details.cached_tokens", "input_tokens_details.cached_tokens", "cached_tokens",
               "cache_read_input_tokens", "cachedContentTokenCount", "cacheReadInputTokens", "total_cached_tokens",
               "cacheReadInputTokenCount", "prompt_cache_hit_tokens"),
    "cache_write": ("cache_creation_input_tokens", "cacheWriteInputTokens", "cacheWriteInputTokenCount",
                    "input_tokens_details.cache_write_tokens", "prompt_tokens_details.cache_write_tokens"),
    "reasoning": ("completion_tokens_details.reasoning_tokens", "output_tokens_details.reasoning_tokens",
                  "thoughtsTokenCount", "total_thought_tokens", "reasoning_tokens", "tokens.reasoning_tokens",
                  "output_tokens_details.thinking_tokens"),
    "billed_input": ("billed_units.input_tokens",),
    "billed_output": ("billed_units.output_tokens",),
    "search_units": ("billed_units.search_units", "search_units"),
    "cost": ("cost", "cost.total_cost"),
}


def at(v, path):
    for step in path.split("."):
        v = v.get(step) if isinstance(v, dict) else None
    return v


def usage_differs(record, want):
    raw = (record.get("usage") or {}).get("raw") or {}
    bad = {}
    for key, value in want.items():
        got = [at(raw, p) for p in RAW.get(key, (key,))]
        if value not in got:
            bad[key] = (value, [g for g in got if g is not None])
    return bad


def same_arguments(got, want):
    if got == want:
        return True
    try:
        return json.loads(got) == (json.loads(want) if isinstance(want, str) else want)
    except ValueError:
        return (got or "{}") == (want or "{}")


def differences(case, records):
    """What the records do not say as expected: a list of texts."""
    want = case.meta.get("expected")
    if case.ws:
        return socket_differences(records)
    if not want:
        return []
    if len(records) != 1:
        return [f"{len(records)} records"]
    r, bad = records[0], []
    if not r["complete"] and (case.name, "complete") not in ARGUED:
        bad.append(f"not complete: {r['request']['body']} {r['response']['body']}")
    req, resp = r["request"], r["response"]
    found = {
        "req_model": req.get("model"), "req_stream": req.get("stream", False),
        "resp_id": resp.get("id"), "resp_model": resp.get("model"),
        "resp_text": texts(r, "text"), "resp_reasoning": texts(r, "reasoning"),
        "resp_finish": [c["finish_raw"] for c in resp.get("choices", []) if c["finish_raw"]],
    }
    for key, value in want.items():
        if (case.name, key) in ARGUED or value is None:
            continue
        if key == "resp_usage":
            diff = usage_differs(r, value)
            if diff:
                bad.append(f"resp_usage {diff}")
        elif key == "resp_tools":
            got = tools(r)
            if len(got) != len(value) or not all(
                    (w.get("id") or None) == (g["id"] or None) and (w.get("name") or None) == (g["name"] or None) and
                    same_arguments(g["arguments"], w.get("arguments")) for g, w in zip(got, value)):
                bad.append(f"resp_tools {got} want {value}")
        elif key == "error":
            e = r["error"] or {}
            diff = {k: (e.get(k), v) for k, v in value.items() if v is not None and e.get(k) != str(v)}
            if diff:
                bad.append(f"error {diff}")
        elif key == "resp_error":
            if bool(r["error"]) != value:
                bad.append("resp_error")
        elif key == "bedrock_metrics":
            raw = (r.get("usage") or {}).get("raw") or {}
            if any(raw.get(k) != v for k, v in value.items() if k.endswith("TokenCount")):
                bad.append(f"bedrock_metrics {raw}")
        elif key == "resp_finish":
            # Some say it more than once; Gemini's may be numbers.
            once = [str(v) for i, v in enumerate(value) if i == 0 or len(resp["choices"]) > 1 or v != value[i - 1]]
            if found[key] != once:
                bad.append(f"resp_finish got {found[key]} want {value}")
        elif found.get(key) != value:
            bad.append(f"{key} got {str(found.get(key))[:200]!r} want {str(value)[:200]!r}")
    return bad


def socket_differences(records):
    """A WebSocket of these holds model calls, each with a model and an answer."""
    calls = [r for r in records if r["kind"] == "llm"]
    bad = [r for r in calls if not r["request"]["model"] or not r["complete"] or
           not any(c["parts"] for c in r["response"]["choices"])]
    return (["no call"] if not calls else []) + [f"call without content: {r['id']}" for r in bad]


def is_other(case):
    """Traffic that is no model call."""
    return case.name.startswith("other/") and case.meta["endpoint"] in ("other", "oauth") and "expected" not in case.meta


def main():
    only = sys.argv[1:]
    cases = [Case(p) for p in sorted(glob.glob(os.path.join(ROOT, "*/*/*/meta.json")))]
    cases = [c for c in cases if not only or any(o in c.name for o in only)]
    h1 = [c for c in cases if not c.grpc]
    h2 = [c for c in cases if not c.ws]
    plain = [c for c in h1 if not c.ws]
    ways = [("as recorded", h1, lambda c: (c.pieces(), cut_whole)),
            ("in random pieces", h1, lambda c: (c.pieces(), cut_random(7))),
            ("one byte at a time", h1, lambda c: (c.pieces(), cut_bytes)),
            ("as HTTP/2", h2, lambda c: (h2_pieces(c.request, c.response), cut_whole)),
            ("as HTTP/2 in random pieces", h2, lambda c: (h2_pieces(c.request, c.response), cut_random(3)))]
    ways += [("at both ends", h1, lambda c: (c.pieces(), cut_whole)),
             ("as HTTP/2 at both ends", h2, lambda c: (h2_pieces(c.request, c.response), cut_random(3)))]
    for name, coder in ((b"br", coder_br()), (b"zstd", coder_zstd())):
        if coder:
            ways.append((f"coded as {name.decode()}", plain, lambda c, n=name, k=coder:
                         ([(WRITE, c.request), (READ, recode(c.response, n, k))], cut_random(5))))
    for way, these, make in ways if not VERBOSE else ways[:int(VERBOSE)]:
        records, faults = play(these, way, make)
        expected = [c for c in these if "expected" in c.meta]
        bad = [(c.name, d) for c in these for d in differences(c, records.get(c.name, []))]
        wrong = [c.name for c in these if is_other(c) and any(r["kind"] != "http" for r in records.get(c.name, []))]
        missing = [c.name for c in these if not records.get(c.name)]
        most = 1000 if VERBOSE else 20
        ok(not bad, f"{way}: {len(expected) - len({b[0] for b in bad})} of {len(expected)} agree in every field", *bad[:most])
        ok(not wrong, f"{way}: what is no model call is not called one", *wrong[:most])
        ok(not missing, f"{way}: each exchange is shown", *missing[:most])
        ok(not faults, f"{way}: no credential is shown, the form of records, and who is at the other end", *faults[:most])
    done()


main()
