#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""make bench-history: how long it takes to read an archive of a million exchanges (ROWS=N), which it makes itself, beside a plain
query of SQLite that sums up the same rows. Needs no root, and 2 GB of disk: TMPDIR says where."""
import hashlib
import json
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path.insert(0, os.path.join(SRC, "tests", "conformance"))
from spyfile import READ, WRITE, SpyFile, cut_whole  # noqa: E402

SPY = os.path.join(BUILD, "llm-spy")
ROWS = int(os.environ.get("ROWS", "1000000"))
TURNS = int(os.environ.get("TURNS", "7"))
SECOND = 10**9
# So many days have about 100,000 calls, if there are a million.
TOP = "3d"
MONTH = 30 * 86400 * SECOND
MODELS = [f"model-{n}" for n in range(12)]
PROGRAMS = [f"agent-{n}" for n in range(10)]
USERS = [f"user-{n}" for n in range(20)]
# What is in every message, in one of a thousand, and in few.
COMMON, RARE, SINGLE = "whale", "narwhal", "axolotl"


def template(path):
    """A database as llm-spy makes it, with a call and one that fails."""
    body = json.dumps({"model": "model-0", "messages": [{"role": "user", "content": "hello"}]})
    answer = json.dumps({"id": "a", "model": "model-0", "choices": [{"index": 0, "finish_reason": "stop",
                                                                  "message": {"role": "assistant", "content": "hi"}}],
                         "usage": {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}})
    refusal = json.dumps({"error": {"message": "slow down", "type": "rate_limit"}})
    f = SpyFile()
    f.chunk(4, 0, off=time.time_ns() - MONTH)
    head = "Content-Type: application/json\r\nContent-Length:"
    f.connection(2, [(WRITE, f"POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\n{head} {len(body)}\r\n\r\n{body}".encode()),
                     (READ, f"HTTP/1.1 429 Too Many Requests\r\n{head} {len(refusal)}\r\n\r\n{refusal}".encode())], cut_whole)
    f.connection(1, [(WRITE, f"POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\n{head} {len(body)}\r\n\r\n{body}".encode()),
                     (READ, f"HTTP/1.1 200 OK\r\n{head} {len(answer)}\r\n\r\n{answer}".encode())], cut_whole)
    subprocess.run([SPY, "-r", "-", "--summary=none", "-o", f"sqlite:{path}"], input=f.bytes(), check=True)


def fill(path):
    """The rest of the rows: conversations of ten turns over a month, an hour of which is as busy as another."""
    rng = random.Random(1)
    words = [f"w{n:x}" for n in range(20000)] + [COMMON] * 40
    db = sqlite3.connect(path, isolation_level=None)
    db.row_factory = sqlite3.Row
    # A log of so many rows at once would be as large as the file.
    db.executescript("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; BEGIN")
    first, refused = (dict(db.execute(f"SELECT * FROM exchange WHERE failed = {n}").fetchone()) for n in (0, 1))
    columns = list(first)
    insert = f"INSERT INTO exchange({', '.join(columns)}) VALUES({', '.join('?' * len(columns))})"
    sums, talks, start = {}, {}, time.time_ns() - MONTH
    content = db.execute("SELECT max(id) FROM content").fetchone()[0]
    # Far fewer quarters than rows, as in life.
    for n in range(3, ROWS + 1):
        talk = n // 10
        who = random.Random(talk)
        program, user, model = who.choice(PROGRAMS), who.choice(USERS), who.choice(MODELS)
        began = start + MONTH * n // ROWS
        failed = rng.randrange(100) == 0
        tokens = None if failed else rng.randrange(100, 100000)
        usd = None if failed else tokens / 1e6
        conversation = hashlib.sha256(str(talk).encode()).hexdigest()[:16]
        key = (began // (900 * SECOND), "openai", model, "" if failed else model, program, user, "", 1000, user)
        s = sums.setdefault(key, [len(sums) + 3, 0, 0, 0, 0, 0])
        of_talk = talks.setdefault((conversation, key[0], f"talk {talk}"), [0] * 5)
        for i, amount in enumerate((1, failed, tokens or 0, (tokens or 0) // 10, round((usd or 0) * 1e12))):
            s[i + 1] += amount
            of_talk[i] += amount
        row = dict(refused if failed else first, id=n, number=n, stored_ns=began, start_ns=began, duration_ns=rng.randrange(SECOND, 60 * SECOND), program=program,
                   user=user, model_asked=model, model_answered=None if failed else model, status=429 if failed else 200,
                   error_type="rate_limit" if failed else None, finish=None if failed else "stop", input=tokens,
                   output=None if failed else tokens // 10, usd=usd, cost_source=None if failed else "table",
                   conversation=conversation, agent_session=f"session {talk // 5}", did=f"tool: Bash make {n}", turn=n % 10 + 1, title=f"talk {talk}",
                   failed=int(failed), spend=s[0], key_id=hashlib.sha256(user.encode()).hexdigest()[:16], key_hint="sk-")
        db.execute(insert, [row[c] for c in columns])
        text = " ".join(rng.choices(words, k=12)) + (f" {RARE}" if n % 1000 == 0 else "") + (f" {SINGLE}" if n == ROWS // 2 else "")
        data = json.dumps({"role": "user", "name": None, "parts": [{"kind": "text", "type": None, "text": text}]}).encode()
        content += 1
        db.execute("INSERT INTO content VALUES(?, ?, 1, ?, 0, ?, 1)", (content, hashlib.sha256(data).digest(), len(data), data))
        db.execute("INSERT INTO piece VALUES(?, 2, 0, ?)", (n, content))
        db.execute("INSERT INTO search(rowid, said, thought, tools) VALUES(?, ?, '', '')", (content, text))
    names = "calls, failed, input, output, pico_usd, free, no_tokens, no_cost, at_least, known_cache, cached, cache_input"
    none = "0, 0, 0, 0, 0, 0, 0"
    db.executemany("INSERT INTO spend(id, quarter, provider, asked, answered, program, user, container, uid, owner, " + names + ")"
                   f" VALUES({', '.join('?' * 15)}, {none})", [(*s[:1], *key, *s[1:]) for key, s in sums.items()])
    db.executemany(f"INSERT INTO talk(conversation, quarter, title, {names}) VALUES({', '.join('?' * 8)}, {none})",
                   [(*key, *s) for key, s in talks.items()])
    db.execute("COMMIT")
    db.execute("PRAGMA journal_mode = WAL")
    db.close()


def took(run):
    """Seconds, the median of several."""
    times = []
    for _ in range(TURNS):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def spy(*args):
    return lambda: subprocess.run([SPY, *args, "-r", path], check=True, capture_output=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="llm-spy-bench-") as folder:
        path = os.path.join(folder, "history.db")
        template(path)
        begin = time.monotonic()
        fill(path)
        print(f"{ROWS} exchanges, {os.path.getsize(path) / 1e9:.2f} GB, made in {time.monotonic() - begin:.0f} s")
        db = sqlite3.connect(path)
        plain = took(lambda: db.execute("SELECT model_answered, count(*), sum(input), sum(output), sum(usd) FROM exchange WHERE kind = 'llm' "
                                        "AND twin_of IS NULL GROUP BY 1").fetchall())
        print(f"a plain query of SQLite that sums up by model: {plain:.3f} s\n")
        print(f"{'llm-spy':44} {'seconds':>8} {'of the plain query':>20} {'at most':>8}")
        late = 0
        for limit, args in ((0.2, ["log"]), (0.2, ["log", "--model", "model-3", "-n", "200"]), (0.2, ["log", "--since", "2h"]), (0.2, ["errors"]),
                            (0.2, ["spend"]), (0.2, ["spend", "--by", "user"]), (0.2, ["spend", "--by", "day"]), (0.3, ["spend", "--by", "conversation"]),
                            (0.2, ["spend", "--model", "model-3"]), (0.3, ["spend", "--user", "user-3"]), (2, ["keys"]), (0.3, ["keys", "--since", TOP]), (1, ["top", "--once", "--since", TOP]), (1, ["search", SINGLE]), (1, ["search", RARE]), (1, ["search", COMMON]),
                            (1, ["search", f"{COMMON} w1"])):
            seconds = took(spy(*args))
            late += limit is not None and seconds > limit
            print(f"{' '.join(args):44} {seconds:8.3f} {seconds / plain:19.3f}x {limit or '-':>8}")
        db.close()
    sys.exit(f"{late} took longer" if late else 0)
