# SPDX-License-Identifier: MIT
"""Writes recordings (doc/RECORDING.md) of made-up connections."""
import random
import struct
import zlib

DATA, CLOSE, PEER = 0, 1, 6
WRITE, READ = 0, 1


class SpyFile:
    def __init__(self):
        self.out = [b"LLMSPY\r\n" + struct.pack("<I", 1)]
        self.count = 0
        self.now = 1000000
        self.processes = {}  # of connections that have not one of their own

    def record(self, kind, payload):
        self.out.append(struct.pack("<B3xII", kind, len(payload), zlib.crc32(payload)) + payload)

    def chunk(self, kind, conn, direction=0, off=0, totals=(0, 0), data=b""):
        self.now += 1000
        self.count += 1
        process = self.processes.get(conn, conn)
        self.record(1, struct.pack("<BBBxIQQQQQIIIIIIQQ16s", kind, direction, 1, process, conn, 1, self.now, off, 0, 0, 0,
                                   len(data), 0, process, 0, *totals, b"conformance") + data)

    def connection(self, conn, pieces, cut):
        """pieces: (direction, bytes) in order; cut: bytes -> list of bytes."""
        off = [0, 0]
        for direction, data in pieces:
            for part in cut(data):
                self.chunk(DATA, conn, direction, off[direction], data=part)
                off[direction] += len(part)
        self.chunk(CLOSE, conn, totals=off)

    def ends(self, conn, own_port, peer_port):
        """On loopback."""
        address = bytes([127, 0, 0, 1]) + bytes(12)
        self.chunk(PEER, conn, data=struct.pack("<Q", 1) + 2 * address + struct.pack(">HHB3x", own_port, peer_port, 4))

    def both_ends(self, client, server, pieces, cut):
        """As `connection`, with a server on the same host."""
        off = {client: [0, 0], server: [0, 0]}
        self.ends(client, client, server)
        self.ends(server, server, client)
        for direction, data in pieces:
            for part in cut(data):
                for conn in (client, server) if direction == WRITE else (server, client):
                    d = direction if conn == client else 1 - direction
                    self.chunk(DATA, conn, d, off[conn][d], data=part)
                    off[conn][d] += len(part)
        for conn in (server, client):
            self.chunk(CLOSE, conn, totals=off[conn])

    def bytes(self):
        self.record(2, struct.pack("<Q", self.count))
        return b"".join(self.out)


def cut_whole(data):
    return [data[i:i + 60000] for i in range(0, len(data), 60000)]


def cut_bytes(data):
    """One at a time; of a long one, the middle in pieces of 7."""
    if len(data) < 6000:
        return [data[i:i + 1] for i in range(len(data))]
    return cut_bytes(data[:2500]) + [data[i:i + 7] for i in range(2500, len(data) - 2500, 7)
                                     if i + 7 <= len(data) - 2500] + \
        cut_bytes(data[2500 + (len(data) - 5000) // 7 * 7:][:5999])


def cut_random(seed):
    def cut(data):
        rng = random.Random(seed * 1000003 + len(data))
        parts, at = [], 0
        while at < len(data):
            n = rng.choice((1, 2, 3, 9, 70, 500, 4000))
            parts.append(data[at:at + n])
            at += n
        return parts
    return cut


# ---- HTTP/1.1 messages taken apart ----

def split(raw):
    """(start line, [(name, value)], body with transfer coding undone)."""
    head, _, rest = raw.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    fields = [tuple(p.strip() for p in line.split(b":", 1)) for line in lines[1:] if b":" in line]
    if any(n.lower() == b"transfer-encoding" for n, _ in fields):
        body = b""
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            n = int(size.split(b";")[0] or b"0", 16)
            if not n:
                break
            body, rest = body + rest[:n], rest[n + 2:]
        rest = body
    return lines[0], fields, rest


def join(start, fields, body):
    fields = [(n, v) for n, v in fields if n.lower() not in (b"content-length", b"transfer-encoding")]
    fields.append((b"Content-Length", str(len(body)).encode()))
    return start + b"\r\n" + b"".join(n + b": " + v + b"\r\n" for n, v in fields) + b"\r\n" + body


# ---- HTTP/2, as much as an encoder needs ----

def frame(kind, flags, stream, payload):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def hpack(fields):
    """Literals with indexing for some, without for others, so that the dynamic table is used."""
    def string(s):
        n = len(s)
        if n < 127:
            return bytes([n]) + s
        n -= 127
        out = b"\x7f"
        while n >= 128:
            out += bytes([n % 128 + 128])
            n //= 128
        return out + bytes([n]) + s
    return b"".join((b"\x40" if len(v) < 60 else b"\x00") + string(n.lower()) + string(v) for n, v in fields)


HOP = (b"connection", b"transfer-encoding", b"content-length", b"host", b"upgrade", b"keep-alive")


def h2_pieces(request, response, stream=1, preface=True):
    start, fields, body = split(request)
    method, target = start.split(b" ")[:2]
    host = next((v for n, v in fields if n.lower() == b"host"), b"localhost")
    head = hpack([(b":method", method), (b":scheme", b"https"), (b":authority", host), (b":path", target)] +
                 [(n, v) for n, v in fields if n.lower() not in HOP])
    out = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b"") if preface else b""
    out += frame(1, 0 if body else 1, stream, head[:20]) + frame(9, 4, stream, head[20:])
    for at in range(0, len(body), 9000):
        last = at + 9000 >= len(body)
        out += frame(0, (1 if last else 0) | 8, stream, b"\x03" + body[at:at + 9000] + b"pad")
    start, fields, body = split(response)
    head = hpack([(b":status", start.split(b" ")[1])] + [(n, v) for n, v in fields if n.lower() not in HOP])
    back = (frame(4, 0, 0, b"") + frame(4, 1, 0, b"") if preface else b"") + frame(1, 4, stream, head)
    for at in range(0, len(body), 4000):
        back += frame(0, 0, stream, body[at:at + 4000])
        if at % 8000 == 0:
            back += frame(6, 0, 0, b"12345678") + frame(8, 0, 0, b"\0\0\1\0")
    back += frame(0, 1, stream, b"")
    return [(WRITE, out), (READ, back)]


# ---- WebSocket ----

def ws_messages(raw):
    """Data messages of one direction, in order: (whole frames' bytes of each)."""
    out, at, begin = [], 0, 0
    while at + 2 <= len(raw):
        n, pos = raw[at + 1] & 127, at + 2
        if n == 126:
            n, pos = struct.unpack(">H", raw[pos:pos + 2])[0], pos + 2
        elif n == 127:
            n, pos = struct.unpack(">Q", raw[pos:pos + 8])[0], pos + 8
        pos += 4 if raw[at + 1] & 128 else 0
        at2 = pos + n
        if raw[at] & 128:
            out.append(raw[begin:at2])
            begin = at2
        at = at2
    if begin < len(raw):
        out.append(raw[begin:])
    return out
