# SPDX-License-Identifier: MIT
"""A recording of made-up agents at work, with the times and names that a real one has: for views of what was kept."""
import json
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests", "conformance"))
from spyfile import CLOSE, DATA, READ, WRITE, SpyFile  # noqa: E402

CLOCK, PROCESS, BEGAN = 4, 3, 1795942800  # 2026-11-29 09:00 UTC
MS = 10**6


class Traffic:
    """Calls that overlap: what happens is kept, and written in the order of time."""

    def __init__(self, began=BEGAN):
        self.began, self.conn, self.happened, self.pids = began, 0, [], {}

    def at(self, ms, what):
        self.happened.append((ms, len(self.happened), what))

    def call(self, start, request, answer, program="claude", user="alice", pid=None):
        """At `start` (ms) the bytes of the request; then (ms later, bytes) of the answer. When it ends, in ms."""
        self.conn += 1
        conn, off = self.conn, [0, 0]
        pid = pid or self.pids.setdefault((program, user), 5000 + 37 * len(self.pids))
        script = program if program.endswith(".py") else ""
        name = "python3" if script else program
        # All members that a process has (src/capture/process.c).
        names = (name, f"/usr/bin/{name}", f"{name} {script}".strip(), script, user, "", "", "", "", "", "")

        def data(direction, piece):
            def write(f):
                for at in range(0, len(piece), 60000):
                    part = piece[at:at + 60000]
                    f.chunk(DATA, conn, direction, off[direction], data=part)
                    off[direction] += len(part)
            return write

        def begin(f):
            f.processes[conn] = pid
            f.chunk(PROCESS, conn, data=b"".join(struct.pack("<I", len(t.encode())) + t.encode() for t in names))
            data(WRITE, request)(f)
        self.at(start, begin)
        for later, piece in answer:
            start += later
            self.at(start, data(READ, piece))
        self.at(start, lambda f: f.chunk(CLOSE, conn, totals=off))
        return start

    def bytes(self):
        f = SpyFile()
        f.chunk(CLOCK, 0, off=self.began * 10**9)
        origin = f.now
        for ms, _, what in sorted(self.happened, key=lambda h: h[:2]):
            f.now = max(f.now, origin + int(ms * MS))
            what(f)
        return f.bytes()


def head(first, *fields):
    return ("\r\n".join((first, *fields)) + "\r\n\r\n").encode()


def asks(host, path, body, *fields):
    data = json.dumps(body).encode()
    return head(f"POST {path} HTTP/1.1", f"Host: {host}", "Content-Type: application/json", *fields, f"Content-Length: {len(data)}") + data


def whole(body, *fields, status="200 OK", after=300):
    data = json.dumps(body).encode()
    return [(after, head(f"HTTP/1.1 {status}", "Content-Type: application/json", *fields, f"Content-Length: {len(data)}") + data)]


def events(list_, *fields, first=350, each=25, pauses=()):
    """A stream in chunks: [(type or None, object or text)]. Before the events whose numbers `pauses` names lies more than a second."""
    out = [(first, head("HTTP/1.1 200 OK", "Content-Type: text/event-stream", *fields, "Transfer-Encoding: chunked"))]
    for n, (kind, data) in enumerate(list_):
        text = (f"event: {kind}\n" if kind else "") + f"data: {data if isinstance(data, str) else json.dumps(data)}\n\n"
        out.append((1400 if n in pauses else each, b"%x\r\n%s\r\n" % (len(text.encode()), text.encode())))
    return out + [(1, b"0\r\n\r\n")]


def pieces(text, size=14):
    return [text[i:i + size] for i in range(0, len(text), size)]


def message(model, blocks, usage, stop):
    """Anthropic's events of an answer."""
    yield "message_start", {"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": [],
                                                               "usage": {**usage, "output_tokens": 1}}}
    for n, block in enumerate(blocks):
        text, delta = (block["text"], "text") if block["type"] == "text" else (json.dumps(block["input"]), "partial_json")
        start = {**block, "text": ""} if block["type"] == "text" else {**block, "input": {}}
        yield "content_block_start", {"type": "content_block_start", "index": n, "content_block": start}
        for piece in pieces(text):
            yield "content_block_delta", {"type": "content_block_delta", "index": n, "delta": {"type": f"{'text' if delta == 'text' else 'input_json'}_delta", delta: piece}}
        yield "content_block_stop", {"type": "content_block_stop", "index": n}
    yield "message_delta", {"type": "message_delta", "delta": {"stop_reason": stop}, "usage": {"output_tokens": usage["output_tokens"]}}
    yield "message_stop", {"type": "message_stop"}


def text(words):
    return {"type": "text", "text": words}


def use(id_, name, **takes):
    return {"type": "tool_use", "id": id_, "name": name, "input": takes}


def result(id_, words, **more):
    return {"type": "tool_result", "tool_use_id": id_, "content": words, **more}


TOOLS = [{"name": name, "description": about, "input_schema": {"type": "object", "properties": {p: {"type": "string"} for p in takes}}}
         for name, about, takes in (("Bash", "Runs a command", ["command"]), ("Read", "Reads a file", ["file_path"]),
                                    ("Edit", "Replaces text", ["file_path", "old_string", "new_string"]), ("Task", "Starts an agent", ["prompt"]))]
SYSTEM = "You are a coding agent. Use the tools to look at the code and to change it.\n" + "\n".join(
    f"Rule {n}: {rule}" for n, rule in enumerate(("Read before you write.", "Make the smallest change that is right.", "Run the tests."), 1))
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="

def explores(task):
    return f"List all callers of parse_header. It is for: {task}"


def mcp(t, start, method, params, result, after=900, program="claude", user="alice"):
    """A call to a tool server. When it ends."""
    body = {"jsonrpc": "2.0", "id": t.conn + 1, "method": method, "params": params}
    return t.call(start, asks("tracker.example", "/mcp", body, "Mcp-Session-Id: s1"), whole({"jsonrpc": "2.0", "id": t.conn + 1, "result": result}, after=after), program=program, user=user)


def find_issue(t, start, task, user):
    mcp(t, start, "tools/call", {"name": "find_issue", "arguments": {"text": task}}, {"content": [text("#17: " + task)]}, after=2100, user=user)


def loop(task):
    """What the agent says and does, turn by turn: (tokens read from the cache, blocks of the answer, results of its tools)."""
    return [
        (0, [text("I look at the repository first."), use("t1", "Bash", command="ls -la src && git status --short"), use("t0", "mcp__tracker__find_issue", text=task)],
         [result("t0", f"#17: {task}"), result("t1", "total 48\ndrwxr-xr-x 2 alice alice 4096 Nov 28 src\n-rw-r--r-- 1 alice alice 1204 Nov 28 parse.c\n-rw-r--r-- 1 alice alice  310 Nov 28 parse.h")]),
        (2800, [use("t2", "Read", file_path="/home/alice/proj/src/parse.c"), use("t3", "Task", description="find callers", prompt=explores(task), subagent_type="Explore")],
         [result("t2", "41:\twhile (len < end) {\n42:\t\tlen = header_length(p);\n43:\t\tparse_header(p, len);\n44:\t\tp += len;\n45:\t}"),
          result("t3", "parse.c:43 and test_parse.c:12 call it.")]),
        (4200, [text("The length may be 0, and then `p` never advances. I fix the loop."),
                use("t4", "Edit", file_path="/home/alice/proj/src/parse.c", old_string="\t\tparse_header(p, len);\n\t\tp += len;",
                    new_string="\t\tparse_header(p, len);\n\t\tif (len == 0)\n\t\t\tlen = 1;\n\t\tp += len;")],
         [result("t4", "The file /home/alice/proj/src/parse.c has been updated.")]),
        (4400, [use("t5", "Bash", command="make check")], [result("t5", "FAIL: test_empty\n# 1 of 42 failed", is_error=True)]),
        (4600, [text("## What was wrong\n\nThe loop did not end on an **empty header**:\n\n- `header_length()` gives 0\n- `p += 0` stays where it is\n\n```c\nif (len == 0)\n\tlen = 1;\n```\n\n42 tests pass."), ],
         None),
    ]


TASKS = ("The parser hangs on empty headers. Please fix it.", "make check fails since yesterday. Find out why.",
         "Add a limit for the length of a header.", "The parser is slow on large files. What can be done?")


def claude(t, start, session="9980d568", user="alice", breaks_at=None, think=2500, task=TASKS[0]):
    """An agent's loop with a sub-agent, in Anthropic's form. When it ends."""
    fields = ("x-api-key: sk-ant-none", f"X-Claude-Code-Session-Id: {session}", "X-Claude-Code-Request-Class: main")
    mcp(t, start - 700, "tools/list", {}, {"tools": [{"name": "find_issue", "inputSchema": {"type": "object"}}]}, after=150, user=user)
    model, messages = "claude-sonnet-4-5-20250929", [{"role": "user", "content": [text(task),
                                                     {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PICTURE}}]}]
    for n, (cached, blocks, results) in enumerate(loop(task)):
        broken = n == breaks_at
        system = SYSTEM + ("\nToday is Monday." if breaks_at is not None and n >= breaks_at else "\nToday is Sunday.")
        usage = {"input_tokens": 140 + 4000 * broken, "cache_read_input_tokens": 0 if broken else cached,
                 "cache_creation_input_tokens": 2600 if not n else 300, "output_tokens": 30 + 40 * n}
        body = {"model": model, "max_tokens": 4096, "stream": True, "system": [{"type": "text", "text": system, "cache_control": {"type": "ephemeral"}}],
                "tools": TOOLS, "messages": messages}
        limits = (f"anthropic-ratelimit-requests-limit: 50", f"anthropic-ratelimit-requests-remaining: {49 - n}", "anthropic-ratelimit-tokens-limit: 80000",
                  f"anthropic-ratelimit-tokens-remaining: {78000 - 3000 * n}", f"request-id: req_{n}")
        end = t.call(start, asks("api.anthropic.com", "/v1/messages", body, *fields),
                     events(list(message(model, blocks, usage, "tool_use" if results else "end_turn")), *limits, first=900 + 200 * n, each=140, pauses=(6,) if n == 2 else ()), user=user)
        if n == 0:
            find_issue(t, end + 250, task, user)
        if n == 1:
            explore(t, end + 200, session, user, task)
        messages = messages + [{"role": "assistant", "content": blocks}] + ([{"role": "user", "content": results}] if results else [])
        start = end + think + (320000 if broken else 0)
    return end


def explore(t, start, session, user, task):
    """The sub-agent, with calls of its own."""
    fields = ("x-api-key: sk-ant-none", f"X-Claude-Code-Session-Id: {session}", "X-Claude-Code-Agent-Id: a-17", "X-Claude-Code-Agent-Type: Explore")
    model, messages = "claude-haiku-4-5-20251001", [{"role": "user", "content": explores(task)}]
    for n, blocks in enumerate(([use("s1", "Bash", command="grep -rn parse_header src")], [text("parse.c:43 and test_parse.c:12 call it.")])):
        usage = {"input_tokens": 420, "cache_read_input_tokens": 380 * n, "output_tokens": 18}
        end = t.call(start, asks("api.anthropic.com", "/v1/messages", {"model": model, "max_tokens": 500, "stream": True, "system": "You explore.", "tools": TOOLS[:1], "messages": messages}, *fields),
                     events(list(message(model, blocks, usage, "end_turn" if n else "tool_use")), first=400, each=110), user=user)
        messages = messages + [{"role": "assistant", "content": blocks}, {"role": "user", "content": [result("s1", "src/parse.c:43\nsrc/test_parse.c:12")]}]
        start = end + 1500


def completion(model, words, tokens=(900, 120), cached=0):
    return {"id": "c1", "object": "chat.completion", "model": model, "choices": [{"index": 0, "message": {"role": "assistant", "content": words}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens), "prompt_tokens_details": {"cached_tokens": cached}}}


def chat(t, start, words, said, model="gpt-4o", program="report.py", user="bob", after=900, **more):
    body = {"model": model, "messages": [{"role": "system", "content": "You are brief."}, {"role": "user", "content": words}]}
    limits = ("x-ratelimit-limit-requests: 500", "x-ratelimit-remaining-requests: 77", "x-ratelimit-limit-tokens: 30000", "x-ratelimit-remaining-tokens: 1200",
              "x-ratelimit-reset-requests: 12s", "x-ratelimit-reset-tokens: 3s")
    return t.call(start, asks("api.openai.com", "/v1/chat/completions", body, "Authorization: Bearer sk-none"), whole(completion(model, said, **more), *limits, after=after),
                  program=program, user=user)


def streamed_chat(t, start, words, said, model="gpt-4o-mini", program="chat.py", user="bob"):
    list_ = [(None, {"id": "c2", "object": "chat.completion.chunk", "model": model, "choices": [{"index": 0, "delta": {"content": w}}]}) for w in pieces(said)]
    list_ += [(None, {"id": "c2", "object": "chat.completion.chunk", "model": model, "choices": [], "usage": {"prompt_tokens": 40, "completion_tokens": len(list_), "total_tokens": 40 + len(list_)}}),
              (None, "[DONE]")]
    body = {"model": model, "stream": True, "messages": [{"role": "user", "content": words}]}
    return t.call(start, asks("api.openai.com", "/v1/chat/completions", body, "Authorization: Bearer sk-none"), events(list_, each=300), program=program, user=user)


def refused(t, start, words, program="drive.py", user="carol"):
    error = {"error": {"message": "Rate limit reached: tokens per minute 29500 of 30000", "type": "tokens", "code": "rate_limit_exceeded"}}
    return t.call(start, asks("api.openai.com", "/v1/chat/completions", {"model": "gpt-4o", "messages": [{"role": "user", "content": words}]}, "Authorization: Bearer sk-none"),
                  whole(error, "retry-after: 1", status="429 Too Many Requests", after=160), program=program, user=user)


def morning():
    """Some agents and scripts of three users: what a host sees in a quarter of an hour."""
    t = Traffic()
    for n in range(4):
        claude(t, 20000 + n * 110000, session=f"9980d56{n}", user=("alice", "bob")[n % 2], breaks_at=3 if n == 1 else None, think=3500 + 4000 * n, task=TASKS[n])
    for n in range(6):
        chat(t, 5000 + n * 130000, f"Summarise report {n}.", f"Report {n} says that all is well.", tokens=(900 + 2100 * n, 120), cached=700 * (n % 3), after=6000 + 2000 * n)
    for n in range(4):
        streamed_chat(t, 60000 + n * 150000, f"Explain step {n} of the eBPF verifier.", f"Step {n}: it walks each path, and checks what a register may hold. " * 3)
    for n in range(3):
        refused(t, 300000 + n * 1100, "What is eBPF?")
    return t.bytes()
