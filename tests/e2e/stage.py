# SPDX-License-Identifier: MIT
"""A provider whose answers are written in the test, piece by piece, and programs that ask it. A piece waits for a gate,
so that a test decides what is under way when it looks."""
import atexit
import http.server
import json
import os
import ssl
import subprocess
import threading

import mock_provider
import spy

# What the programs run: a line of standard input is a request.
TALKER = '''
import http.client, json, ssl, sys
port, ca = int(sys.argv[1]), sys.argv[2]
context = ssl.create_default_context(cafile=ca)
kept = {}
def ask(r):
    c = kept.get(r.get("connection")) or http.client.HTTPSConnection("localhost", port, context=context)
    kept[r.get("connection")] = c
    c.request("POST", r["path"], json.dumps(r["body"], ensure_ascii=False).encode(), {"Content-Type": "application/json", "X-Answer": r["answer"], **r.get("headers", {})})
    c.getresponse().read()
    print("done", r["answer"], flush=True)
print("ready", flush=True)
for line in sys.stdin:
    ask(json.loads(line))
'''


class Stage:
    """answers: name -> (status, headers, [piece or gate ...]). A piece is bytes; a gate is a name, released by
    open(name)."""

    def __init__(self):
        key, cert, self.ca = mock_provider.certificates(spy.TMP)
        self.answers, self.gates = {}, {}
        stage = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                status, headers, pieces = stage.answers[self.headers["X-Answer"]]
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for piece in pieces:
                    if isinstance(piece, str):
                        stage.gate(piece).wait(spy.WAIT)
                        continue
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                self.wfile.write(b"0\r\n\r\n")

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, address):
                pass
        self.server = Server(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def gate(self, name):
        return self.gates.setdefault(name, threading.Event())

    def open(self, name):
        self.gate(name).set()


# ---- programs ----

cgroup = None  # of the programs alone: the test itself, which is the provider, is not to be seen


@atexit.register
def leave_cgroup():
    global cgroup
    if cgroup:
        spy.remove_cgroup(cgroup)
    cgroup = None


def scope():
    """Options for the tracer, so that it sees the programs."""
    global cgroup
    if not cgroup and spy.cgroup:
        cgroup = os.path.join(spy.cgroup, "programs")
        os.mkdir(cgroup)
    return [f"--cgroup={cgroup}"] if cgroup else []


def five_digits():
    """Lets the next process have a number of five digits, since columns follow from it."""
    try:
        with open("/proc/sys/kernel/ns_last_pid", "r+") as f:
            if not 10000 < int(f.read()) < 30000:
                f.seek(0)
                f.write("12000")
    except OSError:
        pass


class Program:
    """A program that asks when it is told to, by the name of its script."""

    def __init__(self, stage, name, text=TALKER):
        path = os.path.join(spy.TMP, name)
        with open(path, "w") as f:
            f.write(text)
        scope()
        five_digits()
        self.proc = subprocess.Popen([spy.PYTHON, path, str(stage.port), stage.ca], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, text=True, bufsize=1,
                                     preexec_fn=lambda: spy.join(cgroup) if cgroup else None)
        spy.started.append(self.proc)
        self.proc.stdout.readline()

    def ask(self, answer, path, body, **kw):
        self.proc.stdin.write(json.dumps({"answer": answer, "path": path, "body": body, **kw}) + "\n")
        self.proc.stdin.flush()

    def answered(self):
        return self.proc.stdout.readline().split()[1:]

    def stop(self):
        self.proc.stdin.close()
        self.proc.wait(spy.WAIT)


# ---- answers in the formats of providers ----

JSON = {"Content-Type": "application/json"}
STREAM = {"Content-Type": "text/event-stream"}


def event(value, name=None):
    text = f"event: {name}\n" if name else ""
    return (text + "data: " + (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)) + "\n\n").encode()


def chat_stream(pieces, model="gpt-4o-2024-08-06", usage=(1200, 40), ident="chatcmpl-1"):
    """OpenAI's chat completions; of the pieces, ("gate", name) is one."""
    def chunk(delta, finish=None, **kw):
        return event({"id": ident, "object": "chat.completion.chunk", "created": 1, "model": model,
                      "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **kw})
    out = [chunk({"role": "assistant", "content": ""})]
    for p in pieces:
        out.append(p[1] if isinstance(p, tuple) else chunk({"content": p}))
    out.append(chunk({}, "stop"))
    out.append(event({"id": ident, "object": "chat.completion.chunk", "created": 1, "model": model, "choices": [],
                      "usage": {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}}))
    out.append(event("[DONE]"))
    return (200, STREAM, out)


def messages_stream(blocks, model="claude-sonnet-4-5-20250929", usage=(2800, 8), cached=0, written=0, ident="msg_1"):
    """Anthropic's messages: blocks are text pieces in a list, or ("tool", id, name, arguments)."""
    def e(kind, **kw):
        return event({"type": kind, **kw}, kind)
    tokens = {"input_tokens": usage[0] - cached - written, "cache_read_input_tokens": cached,
              "cache_creation_input_tokens": written, "output_tokens": 1}
    out = [e("message_start", message={"id": ident, "type": "message", "role": "assistant", "model": model, "content": [],
                                       "stop_reason": None, "stop_sequence": None, "usage": tokens})]
    tools = False
    for i, block in enumerate(blocks):
        if isinstance(block, tuple):
            tools = True
            _, tool, name, arguments = block
            out.append(e("content_block_start", index=i, content_block={"type": "tool_use", "id": tool, "name": name, "input": {}}))
            text = json.dumps(arguments, ensure_ascii=False)
            for at in range(0, len(text), 20):
                out.append(e("content_block_delta", index=i, delta={"type": "input_json_delta", "partial_json": text[at:at + 20]}))
        else:
            out.append(e("content_block_start", index=i, content_block={"type": "text", "text": ""}))
            for p in block:
                out.append(p[1] if isinstance(p, tuple) else e("content_block_delta", index=i, delta={"type": "text_delta", "text": p}))
        out.append(e("content_block_stop", index=i))
    out.append(e("message_delta", delta={"stop_reason": "tool_use" if tools else "end_turn", "stop_sequence": None},
                 usage={"output_tokens": usage[1]}))
    out.append(e("message_stop"))
    return (200, STREAM, out)


def whole(value, status=200, **headers):
    return (status, {**JSON, **{k.replace("_", "-"): v for k, v in headers.items()}},
            [json.dumps(value, ensure_ascii=False).encode()])
