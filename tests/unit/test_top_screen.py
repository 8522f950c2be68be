#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""llm-spy top on a terminal, seen through an emulator: what it shows at several sizes, what keys do, what ends it, and that the
terminal is as it was afterwards."""
import base64
import json
import os
import pty
import shutil
import signal
import struct
import subprocess
import sys
import termios
import tempfile

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path[:0] = [os.path.join(SRC, "tests", folder) for folder in ("conformance", "lib")]
import cases  # noqa: E402
from spyfile import READ, WRITE, SpyFile, cut_whole  # noqa: E402
from tap import done, ok, skip_all  # noqa: E402

SPY = os.path.abspath(os.path.join(BUILD, "llm-spy"))
ENV = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
ENV.pop("NO_COLOR", None)
LEAVE = b"\x1b[?1049l"  # the terminal's first screen again
if "view of llm-spy top: yes" not in subprocess.run([SPY, "--version"], capture_output=True, text=True).stdout:
    skip_all("llm-spy was built without ncursesw")
try:
    from screen import Screen
except ImportError:
    skip_all("python3-pyte is not installed")

folder = tempfile.mkdtemp(prefix="llm-spy-top-")
os.chmod(folder, 0o700)
SPYFILE, OTHER, STRANGE, FAMILY, CUT = (os.path.join(folder, name) for name in ("agents.spy", "other.spy", "strange.spy", "family.spy", "cut.spy"))
EVIL = "\x1b[2J\x1b]0;owned\x07\u202e\u009b31m\u200b漢"


def call(status, said, tokens=1000):
    asked = {"model": "gpt-4o", "messages": [{"role": "user", "content": said}]}
    body = {"id": "x", "object": "chat.completion", "model": "gpt-4o",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": tokens, "completion_tokens": tokens // 10, "total_tokens": tokens + tokens // 10}}
    if status[0] != "2":
        body = {"error": {"message": said, "type": "rate_limit"}}
    first = f"POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\nX-Claude-Code-Session-Id: {said.encode('ascii', 'replace').hex()}"
    return [(d, (f"{head}\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n").encode() + text)
            for d, head, text in ((WRITE, first, json.dumps(asked).encode()), (READ, f"HTTP/1.1 {status}", json.dumps(body).encode()))]


def record(path, *calls, ancestors=()):
    """ancestors: of the process of each call, which is its number from 101 on."""
    f = SpyFile()
    f.now = 10**9  # later than the case
    f.chunk(cases.CLOCK, 0, off=cases.BEGAN * 10**9)
    for i, above in enumerate(ancestors):
        texts = [f"agent{101 + i}", "/a", *[""] * 9, above]
        f.chunk(3, 101 + i, data=b"".join(struct.pack("<I", len(t)) + t.encode() for t in texts))
    for i, pieces in enumerate(calls):
        f.connection(101 + i, pieces, cut_whole)
    with open(path, "wb") as out:
        out.write(f.bytes())


with open(SPYFILE, "wb") as out:
    out.write(cases.recording(os.path.join(SRC, "tests/cases/agents.case")))
record(OTHER, call("200 OK", "Newcomer."))
record(STRANGE, call("200 OK", EVIL + " strange"), call("429 Too Many", EVIL), *(call("200 OK", f"answer {i}") for i in range(60)))


record(FAMILY, *(call("200 OK", f"I am {n}.") for n in range(101, 107)), ancestors=("50 1", "60 101 50 1", "70 60 101 50 1", "102 60 101 50 1", "", "106 105 1"))


def fresh():
    """What a new terminal has; ours may be another's already when we look."""
    fds = pty.openpty()
    found = termios.tcgetattr(fds[0])
    for fd in fds:
        os.close(fd)
    return found


def start(*args, columns=80, lines=24, env=ENV, ready="q quit"):
    s = Screen(SPY, "top", *args, columns=columns, lines=lines, env=env, cwd=folder)
    s.before = fresh()
    ok(s.shows(ready), f"top {' '.join(os.path.basename(a) for a in args)} begins", *s.lines())
    return s


def press(s, keys, what, name):
    s.type(keys)
    ok(s.until(what), name, *s.lines())


def finish(s, name, status=0):
    ok(s.end() == status, f"{name} ends it with {status}", s.status)
    ok(LEAVE in s.bytes and b"\x1b[?25h" in s.bytes[s.bytes.rfind(LEAVE) - 40:], f"{name}: the screen and the cursor are back")
    ok(s.attributes() == s.before, f"{name}: and so is the terminal")
    s.close()


def chosen(s):
    """Numbers of the lines that are shown reversed."""
    return [y for y in range(s.emulator.lines) if s.emulator.buffer[y][0].reverse]


def row(text):
    """Whether a line has the words, in order."""
    words = text.split()
    return lambda s: any(line.split() == words for line in s.lines())


def seen(text):
    return lambda s: text in s.text()


# ---- what is shown ----
HEAD = ["llm-spy top  4 agents, 5 calls, 0 failed", None]
PACE = {n: f"tok/s in {bars} 0.8  out {bars} 0.2  0.083 call/s" for n, bars in ((80, "▁" * 11 + "█"), (160, "▁" * 29 + "█"))}
LIST80 = ["S PID AGENT          MODEL    CONV/TURN CALLS FAIL IN CACHE OUT USD LAST",
          "○   1 conformance    claude-x 0fb8e7 t1     1    0 10     -   1   ? None.",
          "○   1 conformance    claude-x 742e52 t2     2    0 20     -  10   ? All is tidy.",
          "○   1 └~ conformance claude-x b9b68e t1     1    0 10     -   1   ? None.",
          "○   1 └ conforma...  claude-x 68fc18 t1     1    0 10     -   1   ? None."]
LIST160 = ["S PID USER AGENT                 MODEL    CONV/TURN CALLS FAIL IN CACHE CTX% OUT USD TTFT LAST",
           "○   1 0    conformance           claude-x 0fb8e7 t1     1    0 10     -    ?   1   ?    - None.",
           "○   1 0    conformance           claude-x 742e52 t2     2    0 20     -    ?  10   ?    - All is tidy.",
           "○   1 0    └~ conformance        claude-x b9b68e t1     1    0 10     -    ?   1   ?    - None.",
           "○   1 0    └ conformance Explore claude-x 68fc18 t1     1    0 10     -    ?   1   ?    - None."]
TABS = " 1 Messages  2 Tools  3 Request  4 Response  5 Events  6 Timing  7 Raw"
TALK80 = ["conformance main  Tidy up.", TABS,
          "09:00:00 t1 10→9          09:00:00  #5 conformance  claude-x  ⟨742e52 t2⟩  +70ms",
          "09:00:00 t2 10→1            res   Task 70ms  None.",
          "                            res   mcp__files__list_files 70ms  a.c",
          "                            say   All is tidy.",
          "                            ✓ 10ms · 10→1 tok · cost unknown"]
KEYS = "? help  Enter turns  / filter  < > by time  t tree  o columns  q quit"


def shows_list(s, rows, lines, pace=True):
    got = s.lines()
    return got[0] == HEAD[0] and got[1].startswith("tokens in 50, cached -, out 13  cost unknown") and (got[2] == PACE[s.emulator.columns] or not pace) and \
        got[3:] == rows + [""] * (lines - 4 - len(rows)) + [KEYS]


s = start("-r", SPYFILE)
ok(s.until(lambda s: shows_list(s, LIST80, 24)), "the list at 80x24", *s.lines())
ok(chosen(s) == [4], "the first row is chosen", chosen(s))
s.resize(160, 50)
ok(s.until(lambda s: shows_list(s, LIST160, 50)), "the list at 160x50, after a resize", *s.lines())
for columns, lines in ((30, 5), (12, 3), (2, 1), (200, 60), (80, 24)):
    s.resize(columns, lines)
ok(s.until(lambda s: shows_list(s, LIST80, 24)), "and at 80x24 again, after others", *s.lines())

# ---- keys ----
press(s, "j", lambda s: chosen(s) == [5], "j: the next row")
press(s, "G", lambda s: chosen(s) == [7], "G: the last one")
press(s, "j", lambda s: chosen(s) == [7], "and no further")
press(s, "k", lambda s: chosen(s) == [6], "k: the row before")
press(s, "g", lambda s: chosen(s) == [4], "g: the first one")
press(s, "\x1bOB", lambda s: chosen(s) == [5], "an arrow: the next one")
press(s, "\r", lambda s: s.lines() == TALK80 + [""] * 16 + ["2 of 2 F  j k turn  Space text  Tab side  d diff  e y save  ? keys  q back"], "Enter: its latest turn")
ok(any("<green:say>" in line for line in s.marked()), "in the colours of the text output", *s.marked())
press(s, "k", lambda s: seen("Task  List all files that nobody uses.")(s) and seen("user  Tidy up.")(s), "k: the turn before")
s.resize(160, 50)
ok(s.until(lambda s: seen("user  Tidy up.")(s) and len(s.lines()) == 50), "which stays where the size changes", *s.lines())
s.resize(80, 24)
press(s, "\t", seen("Asked for by this answer"), "Tab: its tools")
ok("mcp__files__list_files" in s.text(), "which it asked for", *s.lines())
press(s, "3", seen("POST api.anthropic.com/v1/messages"), "3: its request")
press(s, "4", seen("Content-Type: application/json"), "4: its response")
press(s, "5", seen("the answer was no stream"), "5: its events")
press(s, "6", seen("waits              10ms"), "6: its timing")
s.resize(60, 24)
ok(s.until(lambda s: s.lines()[1] == " 1  2  3  4  5  6 Timing  7"), "where there is no room for all names, that of the side that is shown", *s.lines())
s.resize(80, 24)
press(s, "r", lambda s: seen('"provider": "anthropic"')(s) and s.marked()[1].endswith("7 Raw"), "r: the record")
press(s, "jd", lambda s: seen("+ user: None.")(s) or seen("lines more")(s), "d: what differs from the turn before")
press(s, "d1", seen("res   mcp__files__list_files"), "1: its messages again")
press(s, "e", seen("write to: llm-spy-5.md_"), "e: a file is asked for")
press(s, "x", seen("it has to end in .md"), "whose name is judged as it is typed")
press(s, "\x15calls.md\r", seen("written to calls.md"), "and written")
saved = os.path.join(folder, "calls.md")
ok("All is tidy." in open(saved).read() and os.stat(saved).st_mode & 0o777 == 0o600, "as Markdown, for nobody else")
press(s, "y", seen("as a curl command in llm-spy-5.sh"), "y: the request as a command")
script = open(os.path.join(folder, "llm-spy-5.sh")).read()
ok("curl" in script and base64.b64encode(script.encode()) in s.bytes and b"\x1b]52;c;" in s.bytes, "in a file, and for the clipboard")
press(s, "q", lambda s: shows_list(s, LIST80, 24), "q: back")
press(s, "\r", seen("2 of 2"), "there again")
press(s, "\x1b", lambda s: shows_list(s, LIST80, 24), "Escape: back")
press(s, "?", seen("Sums are without sub-agents"), "?: help")
press(s, "x", lambda s: shows_list(s, LIST80, 24), "any key: back")
s.resize(60, 12)
press(s, "?", lambda s: s.lines()[-1] == "Press a key: there is more." and all(len(line) <= 60 for line in s.lines()), "?: help on a small screen is wrapped")
for page in range(9):
    if s.lines()[-1] != "Press a key: there is more.":
        break
    before = s.lines()
    press(s, "x", lambda s: s.lines() != before and seen("Press a key")(s), "and goes on")
ok(seen("of all calls.")(s), "to its end", *s.lines())
s.type("x")
s.resize(80, 24)
ok(s.until(lambda s: shows_list(s, LIST80, 24)), "then the table is back", *s.lines())
press(s, "t", lambda s: seen("t processes")(s) and ["└" in line for line in s.lines()[4:8]] == [False, True, True, True], "t: all below their process")
press(s, "t", lambda s: "└" not in s.text() and seen("t list")(s), "t: all rows as they are sorted")
press(s, "\x1b[15~", lambda s: shows_list(s, LIST80, 24), "F5: the tree")
press(s, ">>", lambda s: seen("by CALLS")(s) and "742e52" in s.lines()[4] and chosen(s) == [4], "> >: by calls, the most first")
press(s, "<<", lambda s: seen("by time")(s) and chosen(s) == [4], "< <: by time again, the first row chosen")
press(s, "j>>", lambda s: seen("by CALLS")(s) and chosen(s) == [4], "another row stays chosen, wherever it goes")
press(s, "<<", lambda s: seen("by time")(s) and chosen(s) == [4], "(at the top, it is the first)")

press(s, "o", seen("[x] USD"), "o: the columns")
press(s, " ", seen("[ ] S "), "Space: the first one goes")
press(s, "j" * 30, lambda s: s.lines()[-1].startswith("[x] LAST") and chosen(s) == [23], "the last one, where there are more than rows")
press(s, "q", lambda s: s.lines()[3].startswith("PID AGENT"), "and the table has it no more")
press(s, "o" + "k" * 30 + " q", lambda s: shows_list(s, LIST80, 24), "until it is shown again")
press(s, ":", seen("number of a call"), ": asks where to go")
press(s, "742z", seen("a number such as 17"), "what is wrong is said")
press(s, "\x15742e\r", lambda s: chosen(s) == [5], "a conversation, by how it begins")
press(s, ":\x155\r", seen("2 of 2"), "a call, by its number")
press(s, "q:\x1599\r", seen("no call has this number"), "one that is not there")
press(s, "g\x1bOD", seen("4 calls, 0 failed, 1 under way  as of 2026-11-29 09:00:00"), "Left: as it was, with a call under way")
ok(s.until(lambda s: s.lines()[4].startswith("▶")), "which stands first", *s.lines())
press(s, "\x1bOC", lambda s: shows_list(s, LIST80, 24), "Right: the end again")
press(s, "\x1b[<0;5;7M\x1b[<0;5;7m", lambda s: chosen(s) == [6], "a click: that row")
press(s, "\x1b[<65;5;7M", lambda s: chosen(s) == [7], "the wheel: rows")
press(s, "\x1b[<0;45;4M\x1b[<0;45;4m", seen("by CALLS"), "a click on a head sorts by it")
press(s, "<<g", lambda s: shows_list(s, LIST80, 24), "(as before)")
press(s, "e\x15agent.jsonl\r", seen("1 call written to agent.jsonl"), "e: an agent's calls")
ok(len(open(os.path.join(folder, "agent.jsonl")).readlines()) == 1, "as JSON lines")

# ---- filter ----
press(s, "/", lambda s: s.lines()[-1].startswith("/_  model=gpt*"), "/: a prompt")
press(s, "nonsense=1", seen("nothing is selected by 'nonsense'"), "what is wrong is said as it is typed")
press(s, "\r", seen("nothing is selected by 'nonsense'"), "and not taken")
press(s, "\x15since=never", seen("since=never_  "), "Ctrl-U: from the beginning; a value that is wrong")
press(s, "\x15model=gpt*\r", seen("0 agents, 0 calls"), "model=gpt*: none of these calls")
press(s, "/\x15conversation=742e\r", row("llm-spy top 1 agent, 2 calls, 0 failed"), "conversation=742e: one row, whose sums are of that alone")
ok(s.until(lambda s: s.lines()[-1].startswith("FILTER conversation=742e  ? help")), "which the last line says", *s.lines())
press(s, "/\x15tidy\r", lambda s: seen("4 agents, 5 calls")(s) and chosen(s) == [5] and s.lines()[-1] == KEYS, "a text: all rows, the one with it chosen")
press(s, "g", lambda s: chosen(s) == [4], "(at the top)")
press(s, "n", lambda s: chosen(s) == [5], "n: the next row with it")
press(s, "/\x15NONE.\r", lambda s: chosen(s) == [6], "whatever its case")
press(s, "n", lambda s: chosen(s) == [7], "n: on")
press(s, "n", lambda s: chosen(s) == [4], "n: from the end to the beginning")
press(s, "N", lambda s: chosen(s) == [7], "N: back")
press(s, "/\x15absent\r", seen("no row has this text"), "a text that is nowhere")
s.type("q")
finish(s, "q")

# ---- ends ----
for keys, number in (("\x03", signal.SIGINT), ("\x1c", signal.SIGQUIT), ("", signal.SIGTERM), ("", signal.SIGHUP)):
    s = start("-r", SPYFILE)
    s.type(keys) if keys else os.kill(s.pid, number)
    finish(s, number.name, 128 + number)
s = start("-r", SPYFILE)
s.type("j\r")
s.shows("2 of 2")
os.kill(s.pid, signal.SIGTERM)
finish(s, "SIGTERM, with a turn shown", 128 + signal.SIGTERM)

# ---- Ctrl-Z ----
s = Screen("bash", "--norc", "--noprofile", "-i", env={**ENV, "PS1": "shell> ", "HISTFILE": "/dev/null"})
s.shows("shell>")
before = s.attributes()
s.type(f"{SPY} top -r {SPYFILE}\n")
s.shows("q quit")
s.type("\x1a")
ok(s.until(lambda s: s.bytes.count(LEAVE) == 1 and s.bytes.rstrip().endswith(b"shell>")), "Ctrl-Z stops it", *s.lines())
s.type("stty -a\n")
ok(s.shows("icanon") and "-icanon" not in s.text() and "-echo " not in s.text(), "the terminal is the shell's again", *s.lines())
s.type("clear; fg\n")
ok(s.until(lambda s: shows_list(s, LIST80, 24)), "fg shows it again", *s.lines())
press(s, "j", lambda s: chosen(s) == [5], "and keys are read again")
s.type("q")
s.until(lambda s: s.bytes.count(LEAVE) == 2)
s.close()

# ---- a tree of processes: 105 tells nothing of it, and 106 says that it is above itself ----
s = start("-r", FAMILY)
press(s, "s" * 7, seen("by PID"), "by process")
ok("└" not in s.text(), "agents that nobody began", *s.lines())
press(s, "t", lambda s: [line[2:line.find("gpt-4o")].rstrip() for line in s.lines()[4:10]] == [
    "101 agent101", "102 └ agent102", "104   └ agent104", "103 └ agent103", "105 agent105", "106 └ agent106"], "t: each below the nearest process that it descends from")
s.type("q")
finish(s, "q of processes")

# ---- looks ----
s = start("-r", STRANGE)
press(s, ">>>", lambda s: seen("by FAIL")(s) and "✗" in s.lines()[4], "by failures")
ok(s.until(lambda s: [line.split()[-1] for line in s.lines()[5:8]] == ["59", "58", "57"]), "and those that are equal by time, the latest first", *s.lines())
press(s, "j", lambda s: chosen(s) == [5] and s.emulator.buffer[4][0].fg == "red", "what failed is red")
press(s, "G", lambda s: chosen(s) == [22] and "62 agents" in s.lines()[0], "rows scroll")
press(s, "g\x1b[6~", lambda s: len(chosen(s)) == 1 and "✗" not in s.text(), "by pages, too")
press(s, "/\x15strange\r", lambda s: "\\x1b[2J" in s.lines()[chosen(s)[0]], "the hostile row is found")
press(s, "\r", seen("1 of 1"), "and opened")
ok(b"\x1b]0;owned" not in s.bytes and "\u202e".encode() not in s.bytes and "\u009b".encode() not in s.bytes, "nothing of it gets through")
ok("\\x1b]0;owned" in s.text(), "but as text", *s.lines())
press(s, "q/\x15\ro" + "j" * 18 + " q", seen("strange"), "back, with another column")
s.resize(160, 24)
ok(s.until(lambda s: "CTX%" in s.text() and "USD/H" in s.text() and all(line.split()[11:13] == ["<1%", "100"] for line in s.lines()[6:10])),
   "the share of a model's context, and dollars an hour", *s.lines())
s.type("q")
finish(s, "q")
s = start("-r", STRANGE, env={**ENV, "NO_COLOR": "1"})
press(s, ">>>j", lambda s: chosen(s) == [5] and s.emulator.buffer[4][0].bold, "with NO_COLOR what failed is bold")
cells = [cell for y in range(24) for cell in (s.emulator.buffer[y][x] for x in range(80))]
ok({c.fg for c in cells} == {"default"}, "and there is no colour", {c.fg for c in cells})
s.type("q")
finish(s, "q without colour")

# ---- the events of a stream ----
frames = [{"id": "x", "object": "chat.completion.chunk", "model": "gpt-4o", "choices": [{"index": 0, "delta": {"content": word}}]} for word in ("one " * 40, "two")]
answer = "".join(f"data: {json.dumps(frame)}\n\n" for frame in frames) + "data: [DONE]\n\n"
asked = json.dumps({"model": "gpt-4o", "stream": True, "messages": [{"role": "user", "content": "Family \U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f."}]})
record(STRANGE, [(d, (f"{first}\r\nContent-Type: {kind}\r\nContent-Length: {len(text)}\r\n\r\n{text}").encode()) for d, first, kind, text in (
    (WRITE, "POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com", "application/json", asked), (READ, "HTTP/1.1 200 OK", "text/event-stream", answer))])
s = start("-r", STRANGE)
press(s, "\r", seen("\U0001f468\U0001f469\U0001f467 \u2764."), "emoji that are joined")
ok("\u200d".encode() not in s.bytes and "\ufe0f".encode() not in s.bytes, "stand apart: terminals differ in how wide they draw them")
press(s, "5", lambda s: sum("ms  data: " in line for line in s.lines()) == 3 and sum("ms  " in line for line in s.lines()) == 3 and len([line for line in s.lines()[2:-1] if line]) > 5,
      "5: each event has its time, on its first row alone")
s.type("qq")
finish(s, "q of a stream")

# ---- an answer whose end is missing: what its first event says of tokens is no speed ----
started = {"type": "message_start", "message": {"id": "m", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5", "content": [], "usage": {"input_tokens": 9, "output_tokens": 1}}}
said = [{"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}] + [{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "On."}}] * 9
answer = "".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in [started, *said])
asked = json.dumps({"model": "claude-sonnet-4-5", "stream": True, "max_tokens": 9, "messages": [{"role": "user", "content": "Go on."}]})
whole = [(d, (f"{first}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{text}").encode()) for d, first, kind, length, text in (
    (WRITE, "POST /v1/messages HTTP/1.1\r\nHost: api.anthropic.com", "application/json", len(asked), asked),
    (READ, "HTTP/1.1 200 OK", "text/event-stream", len(answer) + 99, answer))]
record(CUT, [whole[0], (READ, whole[1][1][:700]), (READ, whole[1][1][700:])])
s = start("-r", CUT)
press(s, "\r", seen("the response ended early"), "an answer that was cut")
press(s, "6", lambda s: seen("first token")(s) and seen("all  ")(s) and not seen("tok/s")(s), "6: has no speed")
s.type("qq")
finish(s, "q of a cut answer")

# ---- once ----
for args, env, name in (([], {**ENV, "TERM": "dumb"}, "TERM=dumb"), (["--once"], ENV, "--once")):
    s = Screen(SPY, "top", "-r", SPYFILE, *args, env=env)
    ok(s.end() == 0 and s.lines()[2:7] == LIST80 and b"\x1b" not in s.bytes, f"{name}: the table once", *s.lines())
    s.close()

# ---- an archive that grows ----
archive = os.path.join(folder, "calls.db")
keep = [SPY, "-l", "--summary=none", "-o", f"sqlite:{archive}", "-r"]
made = subprocess.run([*keep, SPYFILE], capture_output=True, text=True)
if "without SQLite" not in made.stderr:
    s = start("-r", archive)
    ok(s.until(lambda s: shows_list(s, LIST80, 24, pace=False)), "an archive shows the same, but for what is of this hour", *s.lines())
    s.type("jj")
    s.until(lambda s: chosen(s) == [6])
    subprocess.run([*keep, OTHER], check=True)
    ok(s.until(lambda s: seen("5 agents, 6 calls")(s) and s.lines()[4].endswith("Newcomer.") and chosen(s) == [7]),
       "what it gets is there a second later, at the top, and the same row is chosen", *s.lines())
    press(s, "\x1bOD", seen("only a recording or jsonl can be shown as of a moment"), "Left: no moment can be chosen of what grows")
    s.type("q")
    finish(s, "q with an archive")

shutil.rmtree(folder)
done()
