# SPDX-License-Identifier: MIT
"""Answers of several formats, made at random: as one body, and as a stream in every order that a provider may choose.
A maker takes a generator of random numbers and blocks, and gives a path, the body and the events. Texts are cut at
random, also between the halves of a surrogate pair; the events of a block keep their order, those of different blocks
are mixed."""
import json
import struct
import zlib

WORDS = ["alpha", "\u00e4\u00f6", "\U0001f600", "\n", "\\\"", "{}", "two words", "\u4f60\u597d", "data: x"]


def text(rng):
    return " ".join(rng.choice(WORDS) for _ in range(rng.randint(1, 6)))


def pieces(rng, s):
    """Cut between UTF-16's units, as JavaScript does."""
    units, out = s.encode("utf-16-le"), []
    while units:
        n = 2 * rng.randint(1, 7)
        out.append(units[:n].decode("utf-16-le", "surrogatepass"))
        units = units[n:]
    return out


def dumps(v, ascii_only):
    """Halves of characters are always escapes."""
    s = json.dumps(v, ensure_ascii=ascii_only)
    return "".join(f"\\u{ord(c):04x}" if 0xd800 <= ord(c) < 0xe000 else c for c in s).encode()


def mixed(rng, lists):
    """One of the orders that keeps that of each list."""
    lists, out = [list(one) for one in lists if one], []
    while lists:
        one = rng.choice(lists)
        out.append(one.pop(0))
        lists = [one for one in lists if one]
    return out


class Block:
    """A text, a thought or a call."""
    def __init__(self, rng, kind, n):
        self.kind, self.n, self.id, self.name = kind, n, f"id{n}", f"tool{n}"
        self.text = json.dumps({"a": text(rng), "n": n}, ensure_ascii=False) if kind == "tool_call" else text(rng)
        self.pieces = pieces(rng, self.text)

    def part(self):
        return (self.kind, self.id if self.kind == "tool_call" else None,
                self.name if self.kind == "tool_call" else None, self.text)


def blocks(rng):
    calls = rng.randint(0, 3)
    kinds = (["reasoning"] if rng.random() < 0.5 else []) + ["text"] + ["tool_call"] * calls
    return [Block(rng, kind, n) for n, kind in enumerate(kinds)]


# ---- formats: how a server sends these blocks; events of each block in a list ----
def chat(rng, them):
    member = {"text": "content", "reasoning": "reasoning_content"}
    calls = [b for b in them if b.kind == "tool_call"]
    numbered = rng.random() < 0.7

    def call(b, n, **function):
        return {"tool_calls": [{**({"index": n} if numbered else {}), "id": b.id, "type": "function", "function": function}]}
    message = {"role": "assistant", **{member[b.kind]: b.text for b in them if b.kind in member}}
    if calls:
        message["tool_calls"] = [call(b, n, name=b.name, arguments=b.text)["tool_calls"][0] for n, b in enumerate(calls)]
    body = {"id": "x", "object": "chat.completion", "model": "m",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}

    def delta(d):
        return {"id": "x", "object": "chat.completion.chunk", "model": "m", "choices": [{"index": 0, "delta": d}]}
    said = [delta({member[b.kind]: p}) for b in them if b.kind in member for p in b.pieces]
    asked = [[delta(call(b, n, name=b.name, arguments=""))] + [delta(call(b, n, arguments=p)) for p in b.pieces]
             for n, b in enumerate(calls)]
    begun = [one.pop(0) for one in asked]
    return "/v1/chat/completions", body, said + begun + mixed(rng, asked) + \
        [{**delta({}), "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}]


def chat_choices(rng, them):
    """Two or three choices at once, each a text and perhaps calls."""
    choices = [(n, blocks(rng)) for n in range(rng.randint(2, 3))]
    whole, lists = [], []
    for n, some in choices:
        for b in some:
            b.id = f"id{n}-{b.n}"
        path, body, events = chat(rng, some)
        whole.append({**body["choices"][0], "index": n})
        lists.append([{**e, "choices": [{**e["choices"][0], "index": n}]} for e in events])
    return path, {**body, "choices": whole}, mixed(rng, lists)


def anthropic(rng, them):
    def block(b, whole):
        if b.kind == "tool_call":
            return {"type": "tool_use", "id": b.id, "name": b.name, "input": json.loads(b.text) if whole else {}}
        member = "text" if b.kind == "text" else "thinking"
        return {"type": member, member: b.text if whole else ""}

    def delta(b, p):
        kind, member = {"text": ("text_delta", "text"), "reasoning": ("thinking_delta", "thinking"),
                        "tool_call": ("input_json_delta", "partial_json")}[b.kind]
        return {"type": "content_block_delta", "index": b.n, "delta": {"type": kind, member: p}}
    for b in them:
        if b.kind == "tool_call":
            b.text = json.dumps(json.loads(b.text), ensure_ascii=False, separators=(",", ":"))
            b.pieces = pieces(rng, b.text)
    body = {"id": "x", "type": "message", "role": "assistant", "model": "claude-x",
            "content": [block(b, True) for b in them], "stop_reason": "end_turn", "usage": {}}
    begins = [{"type": "content_block_start", "index": b.n, "content_block": block(b, False)} for b in them]
    rest = [[delta(b, p) for p in b.pieces] + [{"type": "content_block_stop", "index": b.n}] for b in them]
    return "/v1/messages", body, [{"type": "message_start", "message": {**body, "content": [], "stop_reason": None}}] + \
        begins + mixed(rng, rest) + [{"type": "message_delta", "delta": {"stop_reason": "end_turn"}}, {"type": "message_stop"}]


def place(b):
    return {"output_index": b.n}


def responses(rng, them, number=None):
    def item(b, whole):
        if b.kind == "tool_call":
            return {"type": "function_call", "id": f"fc{b.n}", "call_id": b.id, "name": b.name,
                    "arguments": b.text if whole else ""}
        if b.kind == "text":
            return {"type": "message", "id": f"m{b.n}", "role": "assistant",
                    "content": [{"type": "output_text", "text": b.text}] if whole else []}
        return {"type": "reasoning", "id": f"r{b.n}", "summary": [{"type": "summary_text", "text": b.text}] if whole else []}
    kinds = {"text": "output_text", "reasoning": "reasoning_summary_text", "tool_call": "function_call_arguments"}
    # Some servers number nothing, or all alike: ids are enough.
    number = number or rng.choice([place, lambda b: {"output_index": 0}, lambda b: {}])
    body = {"id": "x", "object": "response", "model": "m", "status": "completed", "output": [item(b, True) for b in them]}

    def event(b, kind, **more):
        return {"type": f"response.{kind}", **number(b), **more}
    done = {"text": "text", "reasoning": "text", "tool_call": "arguments"}
    with_done = rng.random() < 0.5
    rest = [[event(b, "output_item.added", item=item(b, False))] + [event(b, kinds[b.kind] + ".delta", item_id=item(b, False)["id"], delta=p) for p in b.pieces] +
            ([event(b, kinds[b.kind] + ".done", item_id=item(b, False)["id"], **{done[b.kind]: b.text})] if with_done else []) +
            [event(b, "output_item.done", item=item(b, True))] for b in them]
    # Items begin in their order; what follows is mixed.
    begins = [one.pop(0) for one in rest for _ in range(2)]
    whole = rng.random() < 0.7  # else the events are all there is
    events = [{"type": "response.created", "response": {**body, "output": []}}] + begins + \
        mixed(rng, rest) + [{"type": "response.completed", "response": body if whole else {**body, "output": []}}]
    if rng.random() < 0.7:
        events = [{**e, "sequence_number": n} for n, e in enumerate(events)]
    return "/v1/responses", body, events


def assistants(rng, them):
    """Has no answer that is one body: the message and the steps as wholes take its place."""
    them = [b for b in them if b.kind != "reasoning"]
    calls, said = [b for b in them if b.kind == "tool_call"], [b for b in them if b.kind == "text"]

    def content(b, s):
        return [{"index": 0, "type": "text", "text": {"value": s}}]

    def call(b, s):
        return {"step_details": {"type": "tool_calls", "tool_calls": [
            {"index": 0, "id": b.id, "type": "function", "function": {"name": b.name, "arguments": s}}]}}

    def run(status):
        return {"id": "x", "object": "thread.run", "model": "m", "status": status}
    whole = [{"id": f"m{b.n}", "object": "thread.message", "content": content(b, b.text)} for b in said] + \
        [{"id": f"s{b.n}", "object": "thread.run.step", **call(b, b.text)} for b in calls]
    rest = [[{"id": f"m{b.n}", "object": "thread.message.delta", "delta": {"content": content(b, p)}} for p in b.pieces] for b in said] + \
        [[{"id": f"s{b.n}", "object": "thread.run.step.delta", "delta": call(b, p)} for p in b.pieces] for b in calls]
    begins = [one.pop(0) for one in rest]
    return "/v1/threads/t/runs", [*whole, run("completed")], [run("queued")] + begins + mixed(rng, rest) + \
        (whole if rng.random() < 0.5 else []) + [run("completed")]


def realtime(events):
    """The same events as Realtime has them."""
    return [{**e, **({"type": "response.done"} if e["type"] == "response.completed" else {}),
             **({} if "response" in e else {"response_id": "x"})} for e in events]


def cohere(rng, them):
    them = [b for b in them if b.kind != "reasoning"]
    calls = [b for b in them if b.kind == "tool_call"]
    said = [b for b in them if b.kind == "text"]

    def call(b):
        return {"id": b.id, "type": "function", "function": {"name": b.name, "arguments": b.text}}
    message = {"role": "assistant", "content": [{"type": "text", "text": b.text} for b in said],
               **({"tool_calls": [call(b) for b in calls]} if calls else {})}
    body = {"id": "x", "finish_reason": "COMPLETE", "message": message, "usage": {}}

    def event(kind, n, **m):
        return {"type": kind, "index": n, "delta": {"message": m}}
    texts = [event("content-delta", 0, content={"text": p}) for b in said for p in b.pieces]
    asked = [[event("tool-call-start", n, tool_calls={**call(b), "function": {"name": b.name, "arguments": ""}})] +
             [event("tool-call-delta", n, tool_calls={"function": {"arguments": p}}) for p in b.pieces]
             for n, b in enumerate(calls)]
    begun = [one.pop(0) for one in asked]
    return "/v2/chat", body, [{"type": "message-start", "id": "x", "delta": {"message": {"role": "assistant"}}}] + texts + \
        begun + mixed(rng, asked) + [{"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": {}}}]


def gemini(rng, them):
    """Parts have no numbers: a text goes on until another part comes; calls are whole, or in pieces of arguments."""
    def call(b, **more):
        return {"functionCall": {"id": b.id, "name": b.name, **more}}

    def said(b, t):
        return {"text": t, **({"thought": True} if b.kind == "reasoning" else {})}

    def piece(parts, **more):
        return {"candidates": [{"index": 0, "content": {"role": "model", "parts": parts}, **more}], "modelVersion": "m"}
    events = []
    for b in them:
        if b.kind != "tool_call":
            events += [piece([said(b, t)]) for t in b.pieces]
            continue
        args = json.loads(b.text)
        b.text = json.dumps(args, ensure_ascii=False, separators=(",", ":"))
        if rng.random() < 0.5:
            events.append(piece([call(b, args=args)]))
            continue
        events.append(piece([call(b, willContinue=True)]))
        events += [piece([{"functionCall": {"partialArgs": [{"jsonPath": "$.a", "stringValue": t}], "willContinue": True}}])
                   for t in pieces(rng, args["a"])]
        events += [piece([{"functionCall": {"partialArgs": [{"jsonPath": "$.n", "numberValue": args["n"]}], "willContinue": True}}]),
                   piece([{"functionCall": {}}])]
    parts_ = [call(b, args=json.loads(b.text)) if b.kind == "tool_call" else said(b, b.text) for b in them]
    return "/v1beta/models/m:streamGenerateContent", piece(parts_, finishReason="STOP"), events + [piece([], finishReason="STOP")]


def converse(rng, them):
    def block(b):
        if b.kind == "tool_call":
            return {"toolUse": {"toolUseId": b.id, "name": b.name, "input": json.loads(b.text)}}
        return {"text": b.text} if b.kind == "text" else {"reasoningContent": {"reasoningText": {"text": b.text}}}

    def delta(b, p):
        return {"contentBlockDelta": {"contentBlockIndex": b.n, "delta": {
            "text": {"text": p}, "reasoning": {"reasoningContent": {"text": p}}, "tool_call": {"toolUse": {"input": p}}}[b.kind]}}
    for b in them:
        if b.kind == "tool_call":
            b.text = json.dumps(json.loads(b.text), ensure_ascii=False, separators=(",", ":"))
            b.pieces = pieces(rng, b.text)
    begins = [[{"contentBlockStart": {"contentBlockIndex": b.n, "start": {"toolUse": {"toolUseId": b.id, "name": b.name}}}}]
              if b.kind == "tool_call" else [delta(b, b.pieces.pop(0))] for b in them]
    rest = [[delta(b, p) for p in b.pieces] + [{"contentBlockStop": {"contentBlockIndex": b.n}}] for b in them]
    body = {"output": {"message": {"role": "assistant", "content": [block(b) for b in them]}}, "stopReason": "end_turn",
            "usage": {"inputTokens": 1, "outputTokens": 1}}
    return "/model/m/converse-stream", body, [{"messageStart": {"role": "assistant"}}] + [e for one in begins for e in one] + \
        mixed(rng, rest) + [{"messageStop": {"stopReason": "end_turn"}}, {"metadata": {"usage": body["usage"]}}]


def ollama(rng, them):
    def line(message, **more):
        return {"model": "m", "created_at": "t", "message": {"role": "assistant", "content": "", **message}, "done": False, **more}

    def call(b):
        return {"id": b.id, "function": {"name": b.name, "arguments": json.loads(b.text)}}
    member = {"text": "content", "reasoning": "thinking"}
    for b in them:
        if b.kind == "tool_call":
            b.text = json.dumps(json.loads(b.text), ensure_ascii=False, separators=(",", ":"))
    calls = [call(b) for b in them if b.kind == "tool_call"]
    whole = line({**{member[b.kind]: b.text for b in them if b.kind in member}, **({"tool_calls": calls} if calls else {})},
                 done=True, done_reason="stop")
    events = [line({member[b.kind]: p}) for b in them if b.kind in member for p in b.pieces] + [line({"tool_calls": [c]}) for c in calls]
    return "/api/chat", whole, events + [line({}, done=True, done_reason="stop")]


# ---- how events are written ----
MEDIA = {converse: "application/vnd.amazon.eventstream", ollama: "application/x-ndjson"}


def aws_frame(name, data):
    """Of AWS's event stream."""
    def header(key, value):
        return bytes([len(key)]) + key + b"\x07" + struct.pack(">H", len(value)) + value
    heads = header(b":event-type", name.encode()) + header(b":message-type", b"event")
    prelude = struct.pack(">II", len(heads) + len(data) + 16, len(heads))
    out = prelude + struct.pack(">I", zlib.crc32(prelude)) + heads + data
    return out + struct.pack(">I", zlib.crc32(out))


def written(make, events, ascii_only):
    """The events as the body of an answer."""
    if make is converse:
        return b"".join(aws_frame(next(iter(e)), dumps(next(iter(e.values())), ascii_only)) for e in events)
    return b"".join((b"" if make is ollama else b"data: ") + dumps(e, ascii_only) + (b"\n" if make is ollama else b"\n\n")
                    for e in events)


def http(start, media, body, more=""):
    return f"{start}\r\nContent-Type: {media}\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode() + body
