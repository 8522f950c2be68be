#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What -o md and -o html make of calls: each conversation with what is new in each turn; whatever the traffic holds is
text there, and nothing else. With a folder as its argument, the files are left in it."""
import base64
import hashlib
import html.parser
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path[:0] = [os.path.join(SRC, "tests", folder) for folder in ("conformance", "lib")]
from calls import Recording, answer, ask  # noqa: E402
from spyfile import READ, WRITE  # noqa: E402
from tap import done, ok  # noqa: E402

SPY = os.path.join(BUILD, "llm-spy")
SYSTEM = "You are a careful engineer.\n" + "Read the files before you change them. " * 40
TOOLS = [{"name": n, "description": d, "input_schema": {"type": "object"}} for n, d in (
    ("Read", "Reads a file.\nThe whole of it."), ("Edit", "Replaces a text in a file."))]
SAID = """The header is parsed **twice**. In `parse_header` the first pass leaves the cursor behind the colon, so that the second one begins in the middle of the value:

```c
if (*at == ':')
\tat++;            /* and a line that is so long that no prose would be left like this, because it is code, which is not wrapped */
```

| pass | begins at |
| --- | --- |
| 1 | 0 |
"""
RESULT = "\n".join(f"{n}\tstatic int line_{n}(struct cursor *c);" for n in range(1, 41))


def user(text):
    return {"role": "user", "content": text}


def tool_use(name, arguments, number):
    return {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": arguments}


def tool_result(number, text, failed=False):
    return {"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": text, "is_error": failed}]}


def talk():
    """Two conversations whose turns alternate, a failure, and a call of nobody's."""
    r = Recording()
    one = [user("<system-reminder>\nThe user opened parse.c.\n</system-reminder>\n\nWhy does parse_header fail? It worked yesterday.")]
    two = [user("Name three whales.")]
    read = [{"type": "text", "text": "I look at the file."}, tool_use("Read", {"path": "src/parse.c"}, 1)]
    r.messages(SYSTEM, one, read, "tool_use", TOOLS, cmdline="python3 agent.py --fix")
    r.messages("Be brief.", two, [{"type": "text", "text": "Blue whale, orca, beluga."}], program="whales.py", cmdline="python3 whales.py")
    one = [*one, {"role": "assistant", "content": read}, tool_result(1, RESULT)]
    edit = [tool_use("Edit", {"path": "src/parse.c", "old": "at++;", "new": "at += *at == ':';"}, 2)]
    r.messages(SYSTEM, one, edit, "tool_use", TOOLS, cmdline="python3 agent.py --fix", tokens=(2400, 120))
    two = [*two, {"role": "assistant", "content": "Blue whale, orca, beluga."}, user("And the smallest?")]
    r.messages("Be brief.", two, [{"type": "text", "text": "The dwarf sperm whale."}], program="whales.py", cmdline="python3 whales.py")
    one = [*one, {"role": "assistant", "content": edit}, tool_result(2, "No such file: src/parse.c", True)]
    r.messages(SYSTEM, one, [{"type": "text", "text": SAID}], tools=TOOLS, cmdline="python3 agent.py --fix", tokens=(2900, 300))
    r.add((WRITE, ask("api.openai.com", "/v1/chat/completions", {"model": "gpt-4o", "messages": [user("Hello")]})),
          (READ, answer({"error": {"message": "Rate limit reached for gpt-4o", "type": "tokens", "code": "rate_limit_exceeded"}},
                        "429 Too Many Requests", "Retry-After: 20")))
    return r.bytes()


def run(data, sink, *options):
    """What the sink writes to a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "out")
        r = subprocess.run([SPY, "-r", "-", "-o", f"{sink}:{path}{''.join(options)}"], input=data, capture_output=True, timeout=120)
        if r.returncode:
            raise RuntimeError(r.stderr.decode())
        ok(os.stat(path).st_mode & 0o777 == 0o600, f"{sink}: its owner's alone")
        with open(path, encoding="utf-8") as f:
            return f.read()


# ---- HTML as a browser takes it apart ----

class Page(html.parser.HTMLParser):
    """Elements, their attributes, and the text between."""
    VOID = {"meta", "br", "hr", "img", "link", "input"}

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.text, self.open, self.wrong = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if len(dict(attrs)) != len(attrs):
            self.wrong.append((tag, attrs))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(("/", tag))

    def handle_data(self, data):
        self.text.append(data)

    def handle_comment(self, data):
        self.wrong.append(("comment", data))


ELEMENTS = {"html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "h4", "a", "b", "small", "article", "section",
            "p", "pre", "details", "summary", "code", "footer"}
ATTRIBUTES = {"html": {"lang"}, "meta": {"charset", "http-equiv", "content", "name"}, "h1": {"class"}, "a": {"class", "href"},
              "article": {"id", "class"}, "section": {"class"}, "p": {"class"}, "pre": {"class"}, "details": {"class", "open"}}


def harmless(text, what):
    """Only our own elements and attributes, closed in order; links into the page alone."""
    page = Page(text)
    bad = [(tag, attrs) for tag, attrs in page.elements if tag not in ELEMENTS or set(attrs) - ATTRIBUTES.get(tag, set())]
    bad += [a for tag, a in page.elements if tag == "a" and not re.fullmatch(r"#call-\d+", a.get("href", ""))]
    bad += [a for tag, a in page.elements if tag == "article" and not (re.fullmatch(r"call-\d+", a["id"]) and
                                                                       re.fullmatch(r"a\d+ b\d+ c\d+ d\d+", a["class"]))]
    ok(not bad and not page.wrong and not page.open, f"{what}: elements are ours alone", bad[:5], page.wrong[:5], page.open)
    policy = next(a["content"] for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    style = re.findall(r"<style>(.*?)</style>", text, re.S)
    digest = base64.b64encode(hashlib.sha256(style[0].encode()).digest()).decode()
    ok(len(style) == 1 and policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
       f"{what}: a policy that allows its style alone", policy, len(style))
    ids = [a["id"] for tag, a in page.elements if "id" in a]
    ok(len(ids) == len(set(ids)) and all(a["href"][1:] in ids for tag, a in page.elements if tag == "a"), f"{what}: links lead somewhere", ids)
    return page


# ---- Markdown as CommonMark takes it apart ----

def outside(text):
    """Lines outside of fences, without code spans; None where a fence is not closed."""
    fence, lines = None, []
    for line in text.split("\n"):
        run = re.match(r"(`{3,})([a-z]*)$", line)
        if fence is None and run:
            fence = run[1]
        elif fence is not None:
            if re.fullmatch(r" {0,3}(`{%d,})\s*" % len(fence), line):
                fence = None
        else:
            while True:
                span = re.search(r"(?<!`)(`+)(?!`)(.*?[^`])\1(?!`)", line)
                if not span:
                    break
                line = line[:span.start()] + "CODE" + line[span.end():]
            lines.append(line)
    return None if fence else lines


OWN = [r"", r"# Calls to language models", r"## CODE", r"Conversation [0-9a-f]{6}(, branched off [0-9a-f]{6} after turn \d+)?",
       r"### Call \d+: CODE( to CODE)?", r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC|time unknown)( · (turn \d+|user CODE|host CODE|CODE CODE))*(, tried again)?.*",
       r"\*\*([a-z]+|CODE)\*\*", r"\*[^*`<>\[\]!@#]*\*( CODE)?", r"\*\*[A-Za-z .]+:?\*\*( CODE)?", r"(Tool call|Tool result|Tool failed|Called|Other content|Sent|Received)( CODE)?",
       r"<details><summary>[A-Za-z ,:0-9]+, \d+ bytes</summary>", r"</details>", r"CODE", r"---", r"\d+ calls?.*"]


def is_markdown_of_ours(text, what):
    lines = outside(text)
    odd = [line for line in lines or () if not any(re.fullmatch(p, line) for p in OWN)]
    ok(lines is not None and not odd, f"{what}: outside of code there are our words alone", odd[:5] if lines else "a fence is open")


# ---- what they show ----
data = talk()
md, page_text = run(data, "md"), run(data, "html")
if len(sys.argv) > 1:
    for name, text in (("talk.md", md), ("talk.html", page_text)):
        with open(os.path.join(sys.argv[1], name), "w") as f:
            f.write(text)
is_markdown_of_ours(md, "md")
page = harmless(page_text, "html")
shown = "".join(page.text)
for what, text in (("md", md), ("html", shown)):
    for words in ("Why does parse_header fail?", "I look at the file.", "src/parse.c", "Blue whale, orca, beluga.", "The dwarf sperm whale.",
                  "static int line_40", "No such file: src/parse.c", "rate_limit_exceeded", "Rate limit reached", "claude-sonnet-4-5", "agent.py",
                  "2.4k tokens in, 120 out", "retry after 20", "6 calls · 1 failed", "earlier message", "System prompt unchanged",
                  "Edit: Replaces a text", "The user opened parse.c."):
        ok(words in text, f"{what} shows: {words}")
    ok(text.count("Why does parse_header fail? It worked") == 1, f"{what}: what earlier turns showed is not repeated", text.count("Why does"))
    ok(text.count("I look at the file.") == 1 and text.count("You are a careful engineer.") == 1, f"{what}: an answer and a system prompt are shown once")
    ok(text.count("$0.0") >= 6, f"{what} shows costs", text.count("$0.0"))
ok(md.count("\n## ") == 6 and md.count("\n### Call ") == 6, "md has a heading for each call, and one where the conversation changes", md.count("\n## "))
ok("<details><summary>System prompt" in md and "```json\n{" in md, "md folds the system prompt, and fences arguments")
ok("\n````\nThe header is parsed" in md, "a fence is longer than those inside")
ok(max(len(line) for line in md[md.index("The header is parsed"):].split("\n")[:4]) <= 100, "prose is wrapped")
ok("no prose would be left like this, because it is code, which is not wrapped */" in md, "code is not")
places = [a["class"] for tag, a in page.elements if tag == "article"]
ok([places.index(p) for p in places] == [0, 1, 0, 1, 0, 5], "html puts each call under its conversation", places)
ok(page_text.count('<a class="toc"') == 3 and page_text.count("<h2>") == 3, "with a table of contents", page_text.count("toc"))
opened = [("open" in a) for tag, a in page.elements if tag == "details"]
ok(True in opened and False in opened, "short texts of tools are open, long ones folded", opened)
ok(run(data, "md", ",lines=3").count("37 lines more") == 1 and run(data, "html", ",lines=3").count("37 lines more") == 1, "lines= cuts texts")
ok(run(data, "html", ",full=yes").count("It worked yesterday.") > page_text.count("It worked yesterday."), "full=yes repeats them")
hidden = run(data, "html", ",redact=content") + run(data, "md", ",redact=content")
ok("whale" not in hidden.replace("whales.py", "") and "static int" not in hidden and "2.4k tokens in" in hidden, "redact=content hides texts and keeps numbers")
cheap = Recording()
cheap.messages("Be brief.", [user("Hi")], [{"type": "text", "text": "Hello."}], tokens=(1, 1))
cheap = cheap.bytes()
text = run(cheap, "md")
is_markdown_of_ours(text, "md of a cheap call")
ok("under $0.0001" in text and "under $0.0001" in run(cheap, "html"), "our own words need no escape", text)
ok(run(data, "md", ",model=gpt*").count("### Call") == 1, "a selection holds")
ok(run(data, "html", ",model=none").endswith("<footer>0 calls</footer>\n</main>\n</body>\n</html>\n"), "a page may be empty")

# ---- hostile traffic ----
HOSTILE = ["<script>alert(1)</script>", "</pre></section></article><img src=x onerror=alert(1)>", "\" onmouseover=\"alert(1)", "' autofocus onfocus='x",
           "<!-- ", "-->", "]]>", "<style>*{display:none}</style>", "<meta http-equiv=refresh content=0;url=http://evil.example>", "<base href=//evil.example>",
           "javascript:alert(1)", "[a](javascript:alert(1))", "![x](http://evil.example/x.png)", "<http://evil.example>", "http://evil.example/", "@everyone #1 GH-2",
           "`", "``` \n```\n# heading\n", "````````", "~~~\n", "\n\n</details>\n\n# not ours\n", "\n---\n", "\r\n# cr\r", "\u202e\u2066gnp.exe", "\u200b\u2028\u2029\ufeff",
           "\x1b[2J\x1b]0;title\x07", "\x00\x07\x08\x7f\x9b", "&lt;b&gt; &amp;#60;", "<details open>", "</summary>", "\ud800", "*b* _i_ **x** ~~s~~", "| a | b |\n| - | - |",
           "\t\ttab", "$x^2$ $$y$$", ":smile:", "</main></body></html>", "<plaintext>", "<svg/onload=alert(1)>", "\u0000<script\u0000>"]


def hostile(text):
    """The text in every place of a call."""
    r = Recording()
    safe = text.replace("\x00", "")
    content = [{"type": "text", "text": text}, {"type": "thinking", "thinking": text, "signature": text}, tool_use(text, {text: text}, text),
               {"type": text, text: text}]
    body = {"model": text, "max_tokens": 5, "system": text, "metadata": {"user_id": text}, text: text,
            "tools": [{"name": text, "description": text, "input_schema": {text: text}}],
            "messages": [user(text), user(f"<{text}>{text}</{text}>"), {"role": text, "content": text}, {"role": "assistant", "content": content}, tool_result(text, text, True),
                         user([{"type": "image", "source": {"type": "url", "url": text}}, {"type": "document", "title": text, "source": {"type": "base64", "media_type": text, "data": "AAAA"}}])]}
    line = re.sub(r"[\x00-\x1f\x7f]", " ", safe).encode("utf-8", "replace").decode()
    one = (WRITE, ask("api.anthropic.com", "/v1/messages", body, "X-Session-Id: " + line.encode("ascii", "replace").decode()))
    back = {"id": text, "type": "message", "role": text, "model": text, "content": content, "stop_reason": text,
            "usage": {"input_tokens": 5, "output_tokens": 5, "service_tier": text}}
    r.add(one, (READ, answer(back)), program=line or "x", cmdline=line)
    r.add(one, (READ, answer({"type": "error", "error": {"type": text, "message": text}}, "400 Bad")), program=line or "x", cmdline=line)
    mcp = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": text, "arguments": {text: text}}}
    r.add((WRITE, ask("mcp.example", "/mcp", mcp)), (READ, answer({"jsonrpc": "2.0", "id": 1, "result": {"content": [{"type": "text", "text": text}]}})))
    r.add((WRITE, ask("x.example", "/" + re.sub(r"\s", "%20", line.encode("ascii", "replace").decode()), {text: text})), (READ, answer({text: text}, "200 OK", "Content-Encoding: " + line.encode("ascii", "replace").decode())))
    return r.bytes()


UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
for text in [*HOSTILE, "\n".join(HOSTILE), " ".join(HOSTILE)]:
    data = hostile(text)
    what = ascii(text)[:60]
    for sink, check in (("html", harmless), ("md", is_markdown_of_ours)):
        out = run(data, sink, ",show=all,full=yes")
        check(out, f"{sink} of {what}")
        ok(not UNSAFE.search(out), f"{sink} of {what}: nothing hides, moves or reorders text", ascii(UNSAFE.findall(out)[:5]))
if len(sys.argv) > 1:
    with open(os.path.join(sys.argv[1], "hostile.html"), "w") as f:
        f.write(run(hostile("\n".join(HOSTILE)), "html", ",show=all,full=yes"))

# ---- whole at any time ----
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "a.html")
    spy = subprocess.Popen([SPY, "-r", "-", "-o", f"html:{path}"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    whole = talk()
    spy.stdin.write(whole[:-30])
    spy.stdin.flush()
    until = time.monotonic() + 30
    while time.monotonic() < until and not (os.path.exists(path) and b"call-2" in open(path, "rb").read()):
        time.sleep(0.01)
    spy.send_signal(signal.SIGKILL)
    spy.wait()
    with open(path, encoding="utf-8") as f:
        harmless(f.read(), "a page of a tracer that was killed")
done()
