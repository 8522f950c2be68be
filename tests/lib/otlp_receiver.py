# SPDX-License-Identifier: MIT
"""A receiver of OTLP/HTTP in JSON that answers as it is told: what it took, and what it was sent."""
import collections
import gzip
import http.server
import json
import re
import threading
import time

PATHS = {"/v1/traces": ("resourceSpans", "scopeSpans", "spans"), "/v1/logs": ("resourceLogs", "scopeLogs", "logRecords"),
         "/v1/metrics": ("resourceMetrics", "scopeMetrics", "metrics")}


def value(v):
    """Of an AnyValue, in Python; and nothing that is none."""
    if not v:
        return None
    (kind, x), = v.items()
    if kind == "arrayValue":
        return [value(i) for i in x["values"]]
    if kind == "kvlistValue":
        return {i["key"]: value(i["value"]) for i in x["values"]}
    if kind == "intValue":
        assert isinstance(x, str), "64 bits are text in JSON"
        return int(x)
    assert type(x) is {"stringValue": str, "boolValue": bool, "doubleValue": float}[kind], v
    return x


def attributes(o):
    keys = [a["key"] for a in o["attributes"]]
    assert len(keys) == len(set(keys)), f"an attribute twice: {keys}"
    return {a["key"]: value(a["value"]) for a in o["attributes"]}


class Receiver:
    """`answers`: for the requests to come, (status, header fields, body), "slow", "die" or "hang up"; then all are taken."""

    def __init__(self, answers=(), only="/v1/traces", host="127.0.0.1"):
        self.answers, self.only = collections.deque(answers), only
        self.taken = collections.defaultdict(list)  # by path: (resource, item)
        self.requests, self.bad = [], []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                outer.serve(self)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer((host, 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://{host}:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def serve(self, h):
        body = h.rfile.read(int(h.headers["Content-Length"]))
        self.requests.append((time.monotonic(), h.path, dict(h.headers), body))
        answer = self.answers.popleft() if self.answers and h.path == self.only else (200, {}, {})
        if answer == "die":
            h.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"par")
        if answer in ("die", "hang up"):
            h.close_connection = True
            return
        if answer == "slow":
            time.sleep(1.5)
            answer = (200, {}, {})
        status, fields, text = answer
        if status == 200:
            self.take(h, body)
        text = json.dumps(text).encode()
        h.send_response(status)
        for name, v in {**fields, "Content-Length": str(len(text))}.items():
            h.send_header(name, v)
        h.end_headers()
        try:
            h.wfile.write(text)
        except OSError:
            pass

    def take(self, h, body):
        try:
            assert h.headers["Content-Type"] == "application/json", h.headers
            body = gzip.decompress(body) if h.headers["Content-Encoding"] == "gzip" else body
            resources, scopes, items = PATHS[h.path]
            o = json.loads(body)
            assert list(o) == [resources]
            seen = [json.dumps(r["resource"]) for r in o[resources]]
            assert len(seen) == len(set(seen)), "one resource is one group"
            for r in o[resources]:
                for scope in r[scopes]:
                    assert scope["scope"]["name"] == "llm-spy" and scope[items]
                    for item in scope[items]:
                        self.check(item)
                        self.taken[h.path].append((attributes(r["resource"]), item))
        except (AssertionError, KeyError, ValueError) as e:
            self.bad.append(repr(e))

    @staticmethod
    def check(item):
        if "spanId" in item:
            assert re.fullmatch("[0-9a-f]{32}", item["traceId"]) and re.fullmatch("[0-9a-f]{16}", item["spanId"]), item
            attributes(item)
        for key, v in item.items():
            assert not key.endswith("UnixNano") or re.fullmatch("[0-9]{19}", v), (key, v)
        for p in item.get("histogram", {}).get("dataPoints", []):
            assert len(p["bucketCounts"]) == len(p["explicitBounds"]) + 1 and p["explicitBounds"] == sorted(p["explicitBounds"])
            assert sum(map(int, p["bucketCounts"])) == int(p["count"])

    def items(self, path):
        return [item for _, item in self.taken[path]]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
