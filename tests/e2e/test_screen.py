#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The text output on a terminal: real programs and streams, seen through a terminal emulator.

tests/e2e/screens/ has what is to be seen, times and numbers of processes made equal; <red:text> is coloured text.
`test_screen.py --write` writes these files anew."""
import base64
import re
import signal

from spy import *

try:
    from screen import Screen
except ImportError:
    skip_all("python3-pyte is not installed")
import mock_provider
import stage
from stage import Program, Stage, chat_stream, messages_stream, whole

FOLDER = os.path.join(SRC, "tests/e2e/screens")
WRITE = "--write" in sys.argv
CLAUDE, CHAT = "/v1/messages", "/v1/chat/completions"

need_root()
theatre = Stage()


def environment(**kw):
    env = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "TZ": "UTC", **kw}
    env.pop("NO_COLOR", None) if "NO_COLOR" not in kw else None
    return env


def start(columns, lines, *args, **kw):
    s = Screen(SPY, *stage.scope(), *args, columns=columns, lines=lines, env=environment(**kw), history=20000)
    s.before = s.attributes()
    if not s.shows("ready"):
        raise RuntimeError("llm-spy does not get ready: " + s.text())
    return s


def shows(s, text):
    """Also in what has left at the top."""
    return s.until(lambda s: text in "\n".join(s.everything()), WAIT)


# ---- goldens ----

RULE = re.compile(r"^(<[a-z]+:)?(─{20,}|-{20,})>?$")


def same(text):
    """What differs from run to run."""
    for pattern, by in (
            (r"\b\d\d:\d\d:\d\d\b", "HH:MM:SS"),
            (r"(──|--) \w{3} \d\d \w{3} \d{4} (──|--)", r"\1 DATE \2"),
            (r"\[\d{5,7}\]", "[PID]"),
            (r"(localhost):\d+", r"\1:PORT"),
            (r"([⟨<\[( ])[0-9a-f]{6}( t\d)", r"\1CONVER\2"),
            (r"(?m)^(<cyan: | <cyan:| )[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏|/\\-] ", r"\1* "),
            (r"\b\d+(\.\d+)?(ms|s)\b", "TIME"),
            (r" +TIME", " TIME"),
            (r"((?:Bash|Read)>? TIME  ).*… (\(\d+ lines\))", r"\1CUT \2"),  # where depends on the time before it
            (r"((?:Bash|Read)>? TIME  ).*\.\.\. (\(\d+ lines\))", r"\1CUT \2"),
            (r"\b\d+(\.\d+)? tok/s", "N tok/s")):
        text = re.sub(pattern, by, text)
    return text


def compare_text(what, text, want):
    got, want = text.split("\n") + ["(end)"], want.split("\n") + ["(end)"]
    at = next((i for i, (g, w) in enumerate(zip(got, want)) if g != w), 0)
    ok(got == want, what, f"line {at + 1}:", *got[at:at + 3], "want:", *want[at:at + 3])


def compare_golden(name, text):
    path = os.path.join(FOLDER, name + ".txt")
    if WRITE:
        with open(path, "w") as f:
            f.write(text)
    with open(path) as f:
        want = f.read()
    compare_text(f"{name}: the screen is as it should be", text, want)


class Run:
    """One tracer on a terminal, with a scene after another."""

    def __init__(self, columns, lines, look, **kw):
        self.size, self.look = f"{columns}x{lines}", look
        self.screen = start(columns, lines, **kw)
        self.at = 0

    def picture(self, marked):
        """From the beginning of the scene on; the region is there too."""
        return self.screen.marked()[self.at:] if marked else self.screen.everything()[self.at:]

    def begin(self):
        """What was shown before is not looked at again: above the region, or all there is."""
        lines = self.screen.everything()
        rules = [i for i, line in enumerate(lines) if RULE.match(line)]
        self.at = rules[-1] if rules else len(lines)

    def take(self, marked):
        """Without messages, which other programs of this host may be the cause of."""
        kept, is_message = [], False
        for line in self.picture(marked):
            goes_on = is_message and len(last) == self.screen.emulator.columns
            is_message = line.startswith("llm-spy: ") or goes_on
            last = line
            if not is_message:
                kept.append(line)
        return same("\n".join(kept) + "\n")

    def widest(self):
        return max(map(len, self.screen.everything()))

    def stop(self):
        self.screen.type("q")
        return self.screen.end()


def scene(run, name, ask, until_under_way=None, gates=(), ended=1):
    """ask() begins; what is under way is looked at once `until_under_way` holds; gates are opened then."""
    run.begin()
    before = total(run)
    ask()
    text = {False: "", True: ""}
    kinds = (False, True)
    if until_under_way:
        if not run.screen.until(until_under_way, WAIT):
            ok(False, f"{name}: something is under way", *run.screen.lines())
        for k in kinds:
            text[k] += "== under way ==\n" + run.take(k)
    for g in gates:
        theatre.open(g)
    run.screen.until(lambda s: total(run) >= before + ended and not under_way(s), WAIT)
    for k in kinds:
        text[k] += "== ended ==\n" + run.take(k)
    check(run, name, text)


def total(run):
    """Calls that ended, as the last line counts them."""
    line = next((line for line in reversed(run.screen.lines()) if line), "")
    return sum(int(n.replace(",", "")) for n in re.findall(r"([\d,]+) (?:calls?(?! under)|others?)\b", line))


def call_lines(s):
    """Calls under way that have a line."""
    return sum(bool(re.match(r"^ [⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏|/\\-] \d #", line)) for line in s.lines())


def under_way(s):
    return any(re.match(r"^ [⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏|/\\-] ", line) for line in s.lines())


def check(run, name, text):
    if run.look == "color":
        compare_golden(f"{name}-{run.size}", text[True])
        run.plain[name] = text[False]
    elif run.look == "ascii":
        compare_golden(f"{name}-{run.size}-ascii", text[False])
        ok(all(ord(c) < 128 for c in text[False]), f"{name}: ASCII alone")
    else:
        ok(text[True] == text[False], f"{name}: without colours there is none")
        compare_text(f"{name}: and nothing else is another", text[False], Run.plain_of[run.size].get(name, ""))


# ---- scenes ----

def user(text):
    return {"role": "user", "content": text}


CODE = """Here is how to fix it. The bug is in `parse_header()`:

```c
static int parse_header(struct span *s)
{
	size_t len = span_find(*s, ':');

	if (len == 0)
		return -EINVAL;	/* an empty name */
	*s = span_from(*s, len + 1);
	return 0;
}
```

The watchdog kills the process because `p` never advances when the length is zero.
"""


def in_pieces(text, at, gate):
    """Words, and a gate so far in it."""
    words = re.findall(r"\S*\s*", text)
    return [*words[:at], ("gate", gate), *words[at:]]


def one(run, tag):
    theatre.answers["one"] = chat_stream(in_pieces(CODE, 30, "one" + tag), ident="chatcmpl-one")
    scene(run, "one",
          lambda: agents[0].ask("one", CHAT, {"model": "gpt-4o", "stream": True, "messages": [user("Why does it hang?")]}),
          lambda s: "return -EINVAL; /*" in s.text(), ["one" + tag])


def three(run, tag):
    for i in range(3):
        theatre.answers[f"three{i}"] = chat_stream(in_pieces(CODE, 20 + 10 * i, f"three{i}{tag}"), ident=f"chatcmpl-three{i}")

    def ask():
        for i in range(3):
            agents[i].ask(f"three{i}", CHAT, {"model": ["gpt-4o", "gpt-4o-mini", "gpt-4.1"][i], "stream": True,
                                              "messages": [user(f"Question {i}: how is it to be fixed?")]})
            run.screen.until(lambda s: call_lines(s) == i + 1 if i else "Question 0" in s.text(), WAIT)
    run.begin()
    before = total(run)
    ask()
    ends = ("size_t len", "-EINVAL; /*", "len + 1);")
    run.screen.until(lambda s: all(any(" tok  " in line and line.endswith(end) for line in s.lines()) for end in ends))
    text = {k: "== under way ==\n" + run.take(k) for k in (False, True)}
    for i in range(3):
        theatre.open(f"three{i}{tag}")
        run.screen.until(lambda s: total(run) == before + i + 1, WAIT)
    for k in text:
        text[k] += "== ended ==\n" + run.take(k)
    check(run, "three", text)
    whole_blocks(run, text[False].split("== ended ==")[1])


def whole_blocks(run, text):
    """No line of one is inside another's."""
    blocks = re.split(r"(?m)^HH:MM:SS ", text)[1:]
    ok(len(blocks) == 3 and all(b.count("parse_header(struct span *s)") == 1 and b.count("never advances") == 1 for b in blocks),
       f"three, {run.size} {run.look}: each block is whole", *text.split("\n")[:60])


SYSTEM = "You are Claude Code, Anthropic's official CLI for Claude.\n" + "".join(
    f"Rule {i}: keep answers short, and do not repeat what is known.\n" for i in range(121))
TOOLS = [{"name": n, "description": f"The tool {n}", "input_schema": {"type": "object", "properties": {"x": {"type": "string"}}}}
         for n in "Bash Read Edit Write Grep Glob Task WebFetch TodoWrite".split()]
STEPS = [
    ("I'll look at the repository first.", "Bash", {"command": "ls -la src && git status --short"},
     "total 48\ndrwxr-xr-x 2 root root 4096 Nov 28 src\n-rw-r--r-- 1 root root 912 parse.c\n M src/parse.c"),
    (None, "Read", {"file_path": "/home/alice/proj/src/parse.c"},
     "".join(f"{i:6}\tint line_{i}(void);\n" for i in range(1, 121))),
    (None, "Grep", {"pattern": "parse_header", "path": "src"}, "src/parse.c:41\nsrc/parse.h:7"),
    ("Now I fix the loop.", "Edit", {"file_path": "/home/alice/proj/src/parse.c", "old_string": "\t\tp += len;\n",
                                     "new_string": "\t\tif (len == 0)\n\t\t\tlen = 1;\n\t\tp += len;\n"},
     "The file was changed."),
    (None, "Bash", {"command": "make check"}, "".join(f"ok {i} - case {i}\n" for i in range(1, 41)) + "1..40"),
]


def agent(run, tag):
    messages, turns = [user("The parser hangs on empty headers. Please fix it.")], []
    for i in range(6):
        name = f"agent{i}"
        said, tool, arguments, result = STEPS[i] if i < 5 else (CODE, None, None, None)
        blocks = ([[said]] if said else []) + ([("tool", f"toolu_{i}", tool, arguments)] if tool else [])
        cached = 2700 + 300 * i if i else 0
        theatre.answers[name] = messages_stream(blocks, usage=(2800 + 300 * i, 8 + i), cached=cached, written=2700 if not i else 0,
                                                ident=f"msg_{tag}{i}")
        turns.append((name, list(messages)))
        content = ([{"type": "text", "text": said}] if said else [])
        if tool:
            content.append({"type": "tool_use", "id": f"toolu_{i}", "name": tool, "input": arguments})
            messages += [{"role": "assistant", "content": content},
                         {"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"toolu_{i}", "content": result}]}]

    def ask():
        for name, m in turns:
            claude.ask(name, CLAUDE, {"model": "claude-sonnet-4-5-20250929", "max_tokens": 32000, "stream": True, "system": SYSTEM,
                                      "tools": TOOLS, "messages": m}, connection="kept")
            claude.answered()
    scene(run, "agent", ask, ended=6)


def retry(run, tag):
    theatre.answers["429"] = whole({"error": {"message": "Rate limit reached for gpt-4o", "type": "tokens",
                                              "code": "rate_limit_exceeded"}}, 429, retry_after="1",
                                   x_ratelimit_limit_tokens="30000", x_ratelimit_remaining_tokens="500",
                                   x_ratelimit_reset_tokens="1s")
    theatre.answers["then"] = chat_stream(["A way to run programs in the kernel."], ident="chatcmpl-then")

    def ask():
        for name in ("429", "then"):
            agents[0].ask(name, CHAT, {"model": "gpt-4o", "stream": True, "messages": [user("What is eBPF?")]})
            agents[0].answered()
    scene(run, "retry", ask, ended=2)


def simple(run, name, question, answer="It is done.", path=CHAT, model="gpt-4o"):
    theatre.answers[name] = chat_stream([answer], ident="chatcmpl-" + name)
    scene(run, name, lambda: agents[0].ask(name, path, {"model": model, "stream": True, "messages": [user(question)]}))


def long_prompt(run, tag):
    simple(run, "long-prompt", "Summarise this log:\n" + "".join(
        f"line {i}: a message of no importance, but of some length, as logs have them\n" for i in range(2700)) + "What went wrong?")


def image(run, tag):
    data = base64.b64encode(bytes(range(256)) * 235).decode()
    simple(run, "image", [{"type": "text", "text": "What is in this picture?"},
                          {"type": "image_url", "image_url": {"url": "data:image/png;base64," + data}}], "A cat.")


def embedding(run, tag):
    theatre.answers["embedding"] = whole({"object": "list", "model": "text-embedding-3-small", "data": [
        {"object": "embedding", "index": 0, "embedding": [0.5] * 1536}], "usage": {"prompt_tokens": 5, "total_tokens": 5}})
    scene(run, "embedding",
          lambda: agents[0].ask("embedding", "/v1/embeddings", {"model": "text-embedding-3-small", "input": "the quick brown fox"}))


def mcp(run, tag):
    theatre.answers["mcp"] = whole({"jsonrpc": "2.0", "id": 1, "result": {"content": [{"type": "text", "text": "17 °C, sunny"}]}})
    scene(run, "mcp", lambda: agents[0].ask("mcp", "/mcp", {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "get_weather", "arguments": {"city": "Paris"}}}, headers={"Accept": "application/json, text/event-stream"}))


def cjk(run, tag):
    simple(run, "cjk", "请翻译 „Hello“ 🌏 und שלום \u202eevil\u202c مرحبا 👩‍👩‍👧 é",
           "你好，世界！这是一个很长的句子，用来检查宽字符在行尾的换行是否正确，没有任何字符丢失。\n안녕하세요 こんにちは 🎉🎉\x1b[31m not red\n")


def long_line(run, tag):
    simple(run, "long-line", "Say it " + "x" * 24000, "word " * 4800)


SOCKET = '''
import asyncio, json, ssl, sys, websockets
async def main():
    for line in sys.stdin:
        url = json.loads(line)["answer"]
        async with websockets.connect(url, ssl=ssl.create_default_context(cafile=json.loads(line)["path"])) as ws:
            await ws.send(json.dumps(json.loads(line)["body"]))
            async for m in ws:
                if json.loads(m)["type"] in ("response.completed", "error"):
                    break
        print("done x", flush=True)
print("ready", flush=True)
asyncio.run(main())
'''


def websocket(run, tag):
    scene(run, "websocket", lambda: (socket.ask(sockets.url, sockets.ca, {
        "type": "response.create", "model": "gpt-5", "input": [user("How is the weather?")]}), socket.answered()), ended=1)


SCENES = [one, three, agent, retry, long_prompt, image, embedding, mcp, websocket, cjk, long_line]


def play(columns, lines, look, **kw):
    run = Run(columns, lines, look, **kw)
    run.plain = {}
    for i, act in enumerate(SCENES):
        act(run, f"-{run.size}-{look}")
    if look == "color":
        Run.plain_of[run.size] = run.plain
    ok(run.widest() <= columns, f"{run.size} {look}: no line is wider than the terminal")
    ok(run.stop() == 0, f"{run.size} {look}: q ends it")
    ok(run.screen.attributes() == run.screen.before, f"{run.size} {look}: the terminal is set as it was before")
    after = run.screen.everything()
    ok(not any(RULE.match(line) for line in after), f"{run.size} {look}: no region is left", *after[-12:])
    run.screen.close()


# ---- what a person does ----

def ask_slowly(program, tag, i=0):
    """A stream that waits in its middle for the gate `tag`."""
    theatre.answers[tag] = chat_stream(in_pieces(CODE, 30, tag), ident="chatcmpl-" + tag)
    program.ask(tag, CHAT, {"model": "gpt-4o", "stream": True, "messages": [user(f"Question {tag}: what is wrong?")]})


def rules(s):
    return [i for i, line in enumerate(s.lines()) if RULE.match(line)]


def one_region(s, what):
    s.until(lambda s: len(rules(s)) == 1)
    ok(len(rules(s)) == 1, what, *s.lines())


def last_line(s):
    return next((line for line in reversed(s.lines()) if line), "")


def resizes():
    s = start(80, 24)
    ask_slowly(agents[0], "resize")
    s.shows("return -EINVAL; /*")
    for columns, lines in ((50, 20), (120, 40), (40, 10), (80, 24)):
        s.resize(columns, lines)
        s.until(lambda s: any(len(line) == columns for line in s.lines() if RULE.match(line)))
        one_region(s, f"{columns}x{lines}: after a resize there is one region, as wide as the terminal")
    theatre.open("resize")
    shows(s, "never advances")
    s.until(lambda s: last_line(s).startswith(" 1 call"))
    text = "\n".join(s.everything())
    ok(text.count("never advances") == 1 and text.count("HH") == 0, "the block is whole, and there once", text)
    s.type("q")
    ok(s.end() == 0 and not rules(s), "no region is left")
    s.close()


def has_block(s, tag):
    return any(f"Question {tag}:" in line for line in s.everything())


def presses_keys():
    s = start(80, 24)
    for i in range(3):
        ask_slowly(agents[i], f"key{i}")
    s.until(lambda s: s.text().count(" tok  ") == 3)
    s.type("?")
    ok(s.shows("pause:"), "? explains the keys")
    s.type("?")
    ok(s.until(lambda s: "pause:" not in s.text()), "and closes that again")
    second = next(line for line in s.lines() if line[3:5] == "2 ").split()[2]
    s.type("2")
    ok(s.until(lambda s: any(second in line and "⟨" in line for line in s.lines()) and s.text().count(" tok  ") == 2),
       "2 follows the second call", *s.lines())
    one_region(s, "others keep their lines below")
    s.type("0")
    s.until(lambda s: s.text().count(" tok  ") == 3)
    s.type("p")
    s.shows("paused")
    theatre.open("key0")
    ok(s.shows("paused, 1 block waiting"), "p holds back what ends", *s.lines())
    ok(not has_block(s, "key0"), "it is not shown")
    s.type("p")
    ok(s.until(lambda s: has_block(s, "key0")), "until p is pressed again", *s.lines())
    s.type("fkey2\r")
    ok(s.shows("only key2"), "f sets a filter, which is named", *s.lines())
    theatre.open("key1")
    theatre.open("key2")
    ok(s.until(lambda s: has_block(s, "key2")), "what has the word is shown", *s.lines())
    s.until(lambda s: "3 calls" in s.text())
    ok(not has_block(s, "key1"), "what has not is counted alone", *s.lines())
    s.type("f" + "\x7f" * 4 + "\r")
    ok(s.until(lambda s: "only key2" not in s.text()), "an empty filter is none")
    theatre.answers["much"] = chat_stream(["".join(f"line {i}\n" for i in range(200))], ident="chatcmpl-much")
    agents[0].ask("much", CHAT, {"model": "gpt-4o", "stream": True, "messages": [user("Say much.")]})
    s.until(lambda s: "4 calls" in s.text())
    ok("line 100" not in "\n".join(s.everything()), "a long answer is shown in part")
    s.type("e")
    ok(shows(s, "line 100"), "e shows all of it")
    one_region(s, "above the region")
    s.type("\x1b[A\x1bOP")
    s.type("q")
    ok(s.end() == 0, "q ends it, arrows do not")
    s.close()


def under_a_shell():
    s = Screen("/bin/bash", "--norc", "--noprofile", "-i", env=environment(PS1="shell> ", HISTFILE="/dev/null"), history=20000)
    s.shows("shell>")
    s.type(f"{SPY} {' '.join(stage.scope())}\n")
    s.shows("ready")
    ask_slowly(agents[0], "stop")
    s.shows("return -EINVAL; /*")
    one_region(s, "a region in a shell")
    s.type("\x1a")
    ok(s.shows("Stopped"), "Ctrl-Z stops it", *s.lines())
    ok(not rules(s), "no region is left on the shell's screen", *s.lines())
    s.type("stty -a\n")
    s.shows("icanon")
    ok("-icanon" not in s.text() and "-echo " not in s.text(), "the terminal is the shell's again", *s.lines())
    s.type("clear; fg\n")
    ok(s.until(rules), "fg draws the region again", *s.lines())
    s.type("?")
    ok(s.shows("pause:"), "and the keys are read again", *s.lines())
    theatre.open("stop")
    ok(shows(s, "never advances"), "nothing was lost", *s.lines())
    s.type("\x1a")
    s.until(lambda s: not rules(s))
    s.type("bg\n")
    ask_slowly(agents[1], "background")
    theatre.open("background")
    ok(s.until(lambda s: has_block(s, "background")), "in the background, blocks come", *s.lines())
    ok(not rules(s), "but no region, since the terminal is another's", *s.lines())
    s.type("fg\n")
    ok(s.until(rules), "which comes back in the foreground", *s.lines())
    s.type("\x03")
    s.until(lambda s: last_line(s).startswith("shell>"))
    ok(not rules(s), "Ctrl-C ends it", *s.lines())
    s.type("exit\n")
    s.end()
    s.close()


def is_told_of():
    s = start(80, 24)
    ask_slowly(agents[0], "told")
    s.shows("return -EINVAL; /*")
    os.kill(s.pid, signal.SIGUSR1)
    ok(s.shows("llm-spy: "), "a message comes while the region stands")
    s.until(lambda s: s.text().count("return -EINVAL") == 1)
    one_region(s, "and is above it")
    theatre.open("told")
    s.until(lambda s: last_line(s).startswith(" 1 call"))
    os.kill(s.pid, signal.SIGTERM)
    ok(s.end() is not None and not rules(s), "SIGTERM leaves no region", *s.lines())
    ok(s.attributes() == s.before, "nor changed attributes")
    s.close()


def breaks_off():
    s = start(80, 24)
    ask_slowly(agents[0], "fault")
    s.shows("return -EINVAL; /*")
    ok(s.attributes() != s.before, "keys are read one by one")
    os.kill(s.pid, signal.SIGSEGV)
    ok(s.end() == 128 + signal.SIGSEGV, "a fault ends it")
    ok(s.attributes() == s.before, "and the terminal is as it was", *s.lines())
    ok(not rules(s), "without a region", *s.lines())
    s.close()
    theatre.open("fault")


def plain_blocks():
    s = start(80, 24, TERM="dumb")
    ask_slowly(agents[0], "dumb")
    theatre.open("dumb")
    ok(shows(s, "never advances"), "a dumb terminal gets blocks")
    ok(not rules(s) and "\x1b" not in s.bytes.decode(), "without a region or a single escape")
    ok(s.attributes() == s.before, "its keys are left alone")
    s.type("\x03")
    s.end()
    s.close()


Run.plain_of = {}
agents = [Program(theatre, f"agent{i}.py") for i in range(3)]
claude = Program(theatre, "claude.py")
sockets = mock_provider.SocketProvider(*mock_provider.certificates(TMP))
socket = Program(theatre, "ws_agent.py", SOCKET)
for columns, lines in ((80, 24), (160, 50)):
    play(columns, lines, "color")
    play(columns, lines, "no-color", NO_COLOR="1")
    play(columns, lines, "ascii", LC_ALL="C", NO_COLOR="1")
for act in (resizes, presses_keys, under_a_shell, is_told_of, breaks_off, plain_blocks):
    act()
done()
