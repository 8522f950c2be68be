#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""earlyclient.c by GnuTLS: the same words, and the same is said."""
import ctypes
import json
import re
import socket
import sys
from ctypes import byref, c_size_t, c_ssize_t, c_uint, c_void_p, create_string_buffer

SERVER, CLIENT, ENABLE_EARLY_DATA, EARLY_DATA_ACCEPTED = 1, 2, 1 << 20, 1 << 10
AGAIN, INTERRUPTED = -28, -52
MAX = 16384
ANSWER = {"id": "x", "object": "chat.completion", "model": "gpt-4o",
          "choices": [{"index": 0, "message": {"role": "assistant", "content": "early"}, "finish_reason": "stop"}],
          "usage": {"prompt_tokens": 7, "completion_tokens": 1, "total_tokens": 8}}
g = ctypes.CDLL("libgnutls.so.30")
for name in ("gnutls_record_send", "gnutls_record_recv", "gnutls_record_send_early_data", "gnutls_record_recv_early_data"):
    getattr(g, name).restype = c_ssize_t
Add = ctypes.CFUNCTYPE(ctypes.c_int, c_void_p, ctypes.c_long, c_void_p, c_void_p)


class Datum(ctypes.Structure):
    _fields_ = [("data", c_void_p), ("size", c_uint)]


def must(good, what):
    if not good:
        sys.exit(what)


class Connection:
    def __init__(self, flags, credentials):
        self.tls, self.have = c_void_p(), b""
        must(g.gnutls_init(byref(self.tls), flags) == 0, "gnutls_init")
        g.gnutls_set_default_priority(self.tls)
        g.gnutls_credentials_set(self.tls, 1, credentials)

    def begin(self, sock):
        self.sock = sock
        g.gnutls_transport_set_int2(self.tls, sock.fileno(), sock.fileno())
        return self

    def handshake(self):
        got = AGAIN
        while got in (AGAIN, INTERRUPTED):
            got = g.gnutls_handshake(self.tls)
        must(got == 0, f"handshake: {got}")

    def write(self, data):
        must(g.gnutls_record_send(self.tls, data, c_size_t(len(data))) == len(data), "write")

    def message(self):
        """A whole message that was read is taken out; False: there is none."""
        buf = create_string_buffer(MAX)
        while True:
            head, end, rest = self.have.partition(b"\r\n\r\n")
            length = int(re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)[1]) if end else 0
            if end and len(rest) >= length:
                self.have = rest[length:]
                return True
            got = g.gnutls_record_recv(self.tls, buf, c_size_t(MAX))
            if got in (AGAIN, INTERRUPTED):
                continue
            if got <= 0:
                return False
            self.have += buf.raw[:got]

    def end(self):
        g.gnutls_bye(self.tls, 1)
        g.gnutls_deinit(self.tls)
        self.sock.close()


def credentials():
    c = c_void_p()
    g.gnutls_certificate_allocate_credentials(byref(c))
    return c


# ---- the server ----

def early(c):
    buf = create_string_buffer(MAX)
    while True:
        got = g.gnutls_record_recv_early_data(c.tls, buf, c_size_t(100))
        if got <= 0:
            return
        c.have += buf.raw[:got]


def serve(key, cert, accepts):
    mine, ticket, replay, listener = credentials(), Datum(), c_void_p(), socket.create_server(("127.0.0.1", 0))
    must(g.gnutls_certificate_set_x509_key_file(mine, cert.encode(), key.encode(), 1) == 0, "certificate")
    g.gnutls_session_ticket_key_generate(byref(ticket))
    add = Add(lambda *args: 0)  # nothing is a replay
    g.gnutls_anti_replay_init(byref(replay))
    g.gnutls_anti_replay_set_add_function(replay, add)
    body = json.dumps(ANSWER)
    answer = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    print(listener.getsockname()[1], flush=True)
    while True:
        # A client sends early data if the ticket said that it may, also where the next connection does not.
        c = Connection(SERVER | ENABLE_EARLY_DATA, mine)
        g.gnutls_session_ticket_enable_server(c.tls, byref(ticket))
        g.gnutls_record_set_max_early_data_size(c.tls, c_size_t(MAX))
        sock = listener.accept()[0]
        if accepts:
            g.gnutls_anti_replay_enable(c.tls, replay)
        c.begin(sock).handshake()
        early(c)
        while c.message():
            c.write(answer)
        c.end()


# ---- the client ----

def request(n):
    body = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": f"request {n}"}]})
    return (f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode()


def dial(port, trust):
    c = Connection(CLIENT, trust)
    g.gnutls_server_name_set(c.tls, 1, b"localhost", c_size_t(9))
    return c.begin(socket.create_connection(("127.0.0.1", port)))


def call(port, ca, count):
    trust, session = credentials(), Datum()
    must(g.gnutls_certificate_set_x509_trust_file(trust, ca.encode(), 1) > 0, "authority")
    c = dial(port, trust)
    c.handshake()
    c.write(request(0))
    must(c.message(), "the first answer")
    must(g.gnutls_session_get_data2(c.tls, byref(session)) == 0, "a ticket")
    c.end()
    c = dial(port, trust)
    g.gnutls_session_set_data(c.tls, c_void_p(session.data), c_size_t(session.size))
    for i in range(1, count + 1):
        data = request(i)
        must(g.gnutls_record_send_early_data(c.tls, data, c_size_t(len(data))) == 0, "early data")
    g.gnutls_session_get_flags(c.tls)  # says nothing before the server has answered
    c.handshake()
    accepted = g.gnutls_session_get_flags(c.tls) & EARLY_DATA_ACCEPTED
    print("accepted" if accepted else "refused")
    for i in range(1, count + 1):
        if not accepted:
            c.write(request(i))
    for i in range(1, count + 1):
        must(c.message(), "an answer")
    c.write(request(count + 1))
    must(c.message(), "the last answer")
    c.end()


if sys.argv[1] == "serve":
    serve(sys.argv[2], sys.argv[3], sys.argv[4] == "accept")
else:
    call(int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
