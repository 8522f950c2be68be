# SPDX-License-Identifier: MIT
"""Recordings of those transcripts of tests/cases/ (tests/unit/test_cases.c) that are whole HTTP messages of clients."""
import re

from spyfile import CLOSE, DATA, READ, WRITE, SpyFile

CLOCK = 4
BEGAN = 1795942800  # 2026-11-29 09:00 UTC
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}


def undo(text):
    return re.sub(r"\\([nrt\\])", lambda m: ESCAPES[m[1]], text)


def messages(path):
    """(connection, direction, bytes) in order, and the connections that are of the first one's process; None: it is no such case."""
    out, same, conn, last = [], set(), 1, None
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    for line in lines:
        if m := re.fullmatch(r"@(\d+)(?: client)?( same)?", line):
            conn = int(m[1])
            same |= {conn} if m[2] else set()
        elif line.startswith("@") or line[:2] in (">%", ">&", ">~", "<%", "<&", "<~") or "\\x" in line and line[0] in "<>":
            return None, None
        elif line[:1] in ("<", ">"):
            is_body = line[1:2] in (">", "<", "+")
            if not is_body and (not last or last[:2] != (conn, line[0]) or last[2]):
                out.append([conn, WRITE if line[0] == ">" else READ, [], ""])
            if is_body:
                out[-1][3] += undo(line[3:]) + ("\n" if line[1] == "+" else "")
            else:
                out[-1][2].append(line[2:])
            last = (conn, line[0], is_body)
    return [(c, d, whole(head, body.encode())) for c, d, head, body in out], same


def whole(head, body):
    lines = [h for h in head if h]
    return ("\r\n".join(lines) + "\r\n\r\n").replace("Content-Length: *", f"Content-Length: {len(body)}").encode() + body


def recording(path):
    """The bytes of a recording; None where the case is of another kind."""
    pieces, same = messages(path)
    if not pieces:
        return None
    f, off = SpyFile(), {}
    f.processes = {c: 1 for c in same}
    f.chunk(CLOCK, 0, off=BEGAN * 10**9)
    for conn, direction, data in pieces:
        at = off.setdefault(conn, [0, 0])
        f.chunk(DATA, conn, direction, at[direction], data=data)
        at[direction] += len(data)
        f.now += 10_000_000
    for conn, totals in off.items():
        f.chunk(CLOSE, conn, totals=totals)
    return f.bytes()
