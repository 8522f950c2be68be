#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The text output on a terminal: real programs and streams, seen through a terminal emulator.

tests/e2e/screens/ has what is to be seen, times and numbers of processes made equal; <red:text> is coloured text.
`test_screen.py --write` writes these files anew."""
import base64
import re
import signal
import termios

from spy import *

try:
    from screen import Screen
except ImportError:
    skip_all("python3-pyte is not installed")
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
            (r" [⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏|/\\-] (\d |<|#)", r" * \1"),
            (r"\b\d+(\.\d+)?(ms|s)\b", "TIME"),
            (r" +TIME", " TIME"),
            (r"\b\d+(\.\d+)? tok/s", "N tok/s")):
        text = re.sub(pattern, by, text)
    return text


def compare_golden(name, text):
    path = os.path.join(FOLDER, name + ".txt")
    if WRITE:
        with open(path, "w") as f:
            f.write(text)
    with open(path) as f:
        want = f.read()
    got_lines, want_lines = text.split("\n"), want.split("\n")
    at = next((i for i, (g, w) in enumerate(zip(got_lines + ["(end)"], want_lines + ["(end)"])) if g != w), 0)
    ok(text == want, f"{name}: the screen is as it should be", f"line {at + 1}:", *got_lines[at:at + 3], "want:",
       *want_lines[at:at + 3])


def plain(marked):
    """Without the marks of colours."""
    return re.sub(r"<(?:bold\+?)?(?:[a-z]+)?:(.*?)>(?=<|[^>]|$)", r"\1", marked)


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
        return same("\n".join(self.picture(marked)) + "\n")

    def widest(self):
        return max(map(len, self.screen.everything()))

    def stop(self):
        self.screen.type("q")
        return self.screen.end()


def scene(run, name, ask, until_under_way=None, gates=(), ended=1):
    """ask() begins; what is under way is looked at once `until_under_way` shows; gates are opened then."""
    run.begin()
    sums = re.compile(r"(\d+) calls?\b(?! under)|(\d+) others?\b")
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
        ok(text[False] == Run.plain_of[run.size].get(name), f"{name}: and nothing else is another")


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
          lambda s: "static int" in s.text(), ["one" + tag])


def three(run, tag):
    for i in range(3):
        theatre.answers[f"three{i}"] = chat_stream(in_pieces(CODE, 20 + 10 * i, f"three{i}{tag}"), ident=f"chatcmpl-three{i}")

    def ask():
        for i in range(3):
            agents[i].ask(f"three{i}", CHAT, {"model": ["gpt-4o", "gpt-4o-mini", "gpt-4.1"][i], "stream": True,
                                              "messages": [user(f"Question {i}: how is it to be fixed?")]})
            run.screen.until(lambda s: sum("tok" in line and "#" in line for line in s.lines()) >= i + 1
                             or i == 0 and "static" in s.text(), WAIT)
    run.begin()
    before = total(run)
    ask()
    run.screen.until(lambda s: sum(bool(re.search(r"[~≈]\d+ tok  \S", line)) for line in s.lines()) == 3)
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


Run.plain_of = {}
agents = [Program(theatre, f"agent{i}.py") for i in range(3)]
claude = Program(theatre, "claude.py")
import mock_provider  # noqa: E402
sockets = mock_provider.SocketProvider(*mock_provider.certificates(TMP))
socket = Program(theatre, "ws_agent.py", SOCKET)
if __name__ == "__main__":
    for columns, lines in ((80, 24), (160, 50)):
        play(columns, lines, "color")
        play(columns, lines, "no-color", NO_COLOR="1")
        play(columns, lines, "ascii", LC_ALL="C", NO_COLOR="1")
    done()
