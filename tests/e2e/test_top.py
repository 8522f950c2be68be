#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""llm-spy top that traces: real programs and streams, seen through a terminal emulator, as they are under way and when they
have ended; equal sums in a jsonl output beside it; a command; and what is left behind."""
import glob
import re

from spy import *

try:
    from screen import Screen
except ImportError:
    skip_all("python3-pyte is not installed")
import stage
from stage import Program, Stage, chat_stream, whole

CHAT = "/v1/chat/completions"
EVIL = "\x1b[2J\x1b]0;owned\x07\u202e\u009b31m"
LEAVE = b"\x1b[?1049l"

need_root()
if "view of llm-spy top: yes" not in subprocess.run([SPY, "--version"], capture_output=True, text=True).stdout:
    skip_all("llm-spy was built without ncursesw")
theatre = Stage()
LIVE = "llm-spy-live-"


def environment(**kw):
    env = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "TZ": "UTC", **kw}
    env.pop("NO_COLOR", None)
    return env


def private(s):
    """The directory of its private archive, which it holds open: other tests have some of their own meanwhile."""
    held = set()
    for fd in glob.glob(f"/proc/{s.pid}/fd/*"):
        try:
            held.add(os.readlink(fd))
        except OSError:
            pass
    return sorted(path for path in held if os.path.basename(path).startswith(LIVE))


def start(*args, columns=100, lines=30, ready="q quit", **kw):
    s = Screen(SPY, "top", *stage.scope(), *args, columns=columns, lines=lines, env=environment(**kw), cwd=TMP)
    ok(s.shows(ready), f"top {' '.join(args)[:60]} begins", *s.lines())
    s.archive = private(s)
    return s


def seen(pattern):
    return lambda s: re.search(pattern, s.text())


def finish(s, name, status=0):
    ok(s.end() == status, f"{name}: it ends with {status}", s.status, *s.lines())
    ok(LEAVE in s.bytes and b"\x1b[?25h" in s.bytes, f"{name}: the screen and the cursor are back")
    ok(len(s.archive) == 1 and not os.path.exists(s.archive[0]), f"{name}: no private archive is left", s.archive)
    s.close()


def asks(text, **kw):
    return {"model": "gpt-4o", "stream": True, "messages": [{"role": "user", "content": text}], **kw}


# ---- under way, then ended ----
theatre.answers["slow"] = chat_stream(["It is ", ("gate", "middle"), "forty ", f"two. {EVIL} ", ("gate", "long"), "\n", *(f"line {i}\n" for i in range(100)),
                                        ("gate", "end"), "Bye."], usage=(1200, 40))
theatre.answers["busy"] = whole({"error": {"message": "slow down", "type": "rate_limit_exceeded"}}, status=429, retry_after="600")
jsonl = os.path.join(TMP, "beside.jsonl")
s = start("-o", f"jsonl:{jsonl}")
ok(seen(r"0 agents, 0 calls.*live")(s), "nothing yet", *s.lines())
agent = Program(theatre, "agent.py")
agent.ask("slow", CHAT, asks("What is the answer?"))
ok(s.until(seen(r"▶ +\d+ .*agent.py .*streaming ~\d+ tok")), "a call under way stands there as it streams", *s.lines())
ok(s.until(seen(r"1 agent, 0 calls, 0 failed, 1 under way")), "and is counted as that", *s.lines())
ok(s.until(seen(r"user  What is the answer\?\s+say   It is")), "the pane shows what was asked and what came", *s.lines())
theatre.open("middle")
ok(s.until(seen(r"say   It is forty two\. \\x1b\[2J")), "the pane goes on as it is written, and nothing of it gets through", *s.lines())
theatre.open("long")
ok(s.until(lambda s: [line.split()[-2:] for line in s.lines()[-23:-1]] == [["line", str(n)] for n in range(78, 100)]),
   "and fills what the table leaves empty, the newest at the bottom", *s.lines())
s.resize(100, 12)
ok(s.until(lambda s: [line.split()[-2:] for line in s.lines()[-5:-1]] == [["line", str(n)] for n in range(96, 100)]), "on a small screen too", *s.lines())
s.resize(100, 30)
s.type("\r")
ok(s.until(seen("the next turn is written:")), "Enter: the conversation, with what is written", *s.lines())
s.type("q")
s.resize(80, 24)
ok(s.until(lambda s: len(s.lines()) == 24 and seen(r"▶.*streaming")(s)), "at 80x24, too", *s.lines())
theatre.open("end")
ok(s.until(seen(r"1 agent, 1 call, 0 failed  live")), "it has ended", *s.lines())
ok(s.until(seen(r"○ .*agent.py .*1\.2k.* idle ")), "and its tokens are there", *s.lines())
other = Program(theatre, "other.py")
other.ask("busy", CHAT, asks("Again?"))
ok(s.until(seen(r"✗ .*other.py .*429 rate_limit")), "one that was refused", *s.lines())
s.resize(160, 30)
ok(s.until(seen(r"429 rate_limit_exceeded, retry in \d+s")), "may be tried again some time later", *s.lines())
s.type("p")
ok(s.until(seen("PAUSED")), "p: paused", *s.lines())
theatre.answers["more"] = chat_stream(["More."], usage=(800, 10))
agent.ask("more", CHAT, asks("What is the answer?", messages=[{"role": "user", "content": "What is the answer?"},
                                                              {"role": "assistant", "content": "It is forty two."}, {"role": "user", "content": "More?"}]))
agent.answered()
agent.answered()
ok(until(lambda: open(jsonl).read().count('"api":"openai.chat"') >= 3), "another call meanwhile")
ok(seen("2 agents, 2 calls, 1 failed")(s), "is not shown", *s.lines())
s.type("p")
ok(s.until(seen(r"\d agents, 3 calls, 1 failed")), "until it goes on", *s.lines())
records = [r for r in map(json.loads, open(jsonl)) if r["kind"] == "llm" and r["connection"]["role"] == "client"]
tokens = [sum(r["usage"][k] or 0 for r in records) for k in ("input", "output")]
ok(len(records) == 3 and tokens == [2000, 50] and s.until(seen(r"tokens in 2\.0k, cached -, out 50 ")), "sums equal those of jsonl", tokens, *s.lines())
ok(b"\x1b]0;owned" not in s.bytes and "\u202e".encode() not in s.bytes and "\u009b".encode() not in s.bytes, "nothing hostile was written")

# ---- quiet where nothing happens, whatever the size does ----
s.read(0.3)
before = len(s.bytes)
end = time.monotonic() + 3
while time.monotonic() < end:
    s.read(0.1)
ok(len(s.bytes) - before < 3 * 1000, "three seconds of nothing take less than 1000 bytes each", len(s.bytes) - before)
for i in range(40):
    s.resize(40 + i * 3, 10 + i)
    s.read(0.005)
s.resize(80, 24)
ok(s.until(lambda s: len(s.lines()) == 24 and seen("q quit")(s)), "a storm of sizes ends well", *s.lines())
s.type("q")
finish(s, "q")
agent.stop()
other.stop()

# ---- a command, whose terminal it is not ----
theatre.answers["quick"] = chat_stream(["Done."], usage=(100, 5))
script = os.path.join(TMP, "command.py")
with open(script, "w") as f:
    f.write(stage.TALKER.replace("for line in sys.stdin:\n    ask(json.loads(line))",
                                 f"print('tty', sys.stdin.isatty(), sys.stdout.isatty(), sys.stderr.isatty())\nask({{'path': '{CHAT}', 'answer': 'quick', 'body': {asks('Do it.')!r}}})\nprint('said by the command')"))
s = Screen(SPY, "top", "--", PYTHON, script, str(theatre.port), theatre.ca, columns=120, lines=24, env=environment(), cwd=TMP)
ok(s.until(seen(r"1 agent, 1 call, 0 failed .*\(the command has ended\)")), "a command's call, and that it has ended", *s.lines())
said = glob.glob(os.path.join(TMP, "llm-spy-*-python3*.out"))
ok(len(said) == 1 and os.stat(said[0]).st_mode & 0o777 == 0o600, "what it says goes to a file", said)
text = open(said[0]).read() if said else ""
ok("said by the command" in text and "tty False False False" in text and "said by the command" not in s.text(), "and not to the terminal", text)
s.archive = private(s)
s.type("q")
finish(s, "a command")
ok("1 call" in s.text() and said and os.path.basename(said[0]) in s.text(), "one line says what came of it", *s.lines())

# ---- ends ----
for keys, number, status in (("\x03", None, 0), ("", signal.SIGTERM, 0)):
    s = start()
    s.type(keys) if keys else os.kill(s.pid, number)
    finish(s, f"{number.name if number else 'Ctrl-C'}", status)
s = start()
os.kill(s.pid, signal.SIGKILL)
s.end()
left = s.archive
ok(len(left) == 1 and os.stat(left[0]).st_mode & 0o777 == 0o700, "killed, it leaves its private archive", left)
s.close()
s = start()
s.type("q")
finish(s, "the next one, which removes that")
ok(left and not os.path.exists(left[0]), "and it is gone")

# ---- without a screen ----
theatre.answers["slow2"] = chat_stream(["One ", ("gate", "two"), "two."], usage=(300, 7))
s = Screen(SPY, "top", *stage.scope(), columns=120, lines=24, env=environment(TERM="dumb"), cwd=TMP)
s.shows("ready")
agent = Program(theatre, "agent.py")
agent.ask("slow2", CHAT, asks("Count."))
ok(s.until(seen(r"▶ +\d+ .*agent.py")), "TERM=dumb: a line when a call begins", *s.lines())
theatre.open("two")
ok(s.until(seen(r"○ +\d+ .*agent.py .* 300 .* 7 ")), "and one when it has ended", *s.lines())
ok(b"\x1b" not in s.bytes, "without escape sequences")
os.kill(s.pid, signal.SIGINT)
ok(s.end() == 0, "and it ends")
s.close()
agent.stop()

# ---- what is refused ----
for args, words in ((["-o", "-"], "give -o and -w a file"), (["-r", jsonl, "--no-peer"], "cannot be combined with --replay"), (["--"], "no command after --")):
    r = subprocess.run([SPY, "top", *args], capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment())
    ok(r.returncode in (1, 2) and words in r.stderr, f"top {' '.join(args[:1])} is refused", r.returncode, r.stderr)

done()
