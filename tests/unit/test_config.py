#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Configuration files: which lines count for what, whose files are read, and what is said of a wrong one; and --as, which
stands in them."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path[:0] = [os.path.join(SRC, "tests", folder) for folder in ("conformance", "lib")]
import cases  # noqa: E402
from spyfile import READ, WRITE, SpyFile, cut_whole  # noqa: E402
from tap import done, ok, skip  # noqa: E402

SPY = os.path.realpath(os.path.join(BUILD, "llm-spy"))
NOBODY = "65534"
folder = tempfile.mkdtemp(prefix="llm-spy-config-")
os.chmod(folder, 0o755)


def at(name):
    return os.path.join(folder, name)


def put(text, name="xdg/llm-spy/config", mode=0o644):
    os.makedirs(os.path.dirname(at(name)), exist_ok=True)
    with open(at(name), "w") as f:
        f.write(text)
    os.chmod(at(name), mode)
    return at(name)


ENV = {k: v for k, v in os.environ.items() if not k.startswith(("SUDO_", "DOAS_"))}
ENV.update(TZ="UTC", LC_ALL="C.UTF-8", HOME=folder, XDG_CONFIG_HOME=at("xdg"))


def run(*args, **env):
    return subprocess.run([SPY, *args], capture_output=True, text=True, timeout=60, env=dict(ENV, **env))


def call(host, model="gpt-4o", path="/v1/chat/completions", server=""):
    asked = json.dumps({"model": model, "messages": [{"role": "user", "content": "hello"}]}).encode()
    said = json.dumps({"id": "a", "object": "chat.completion", "model": model,
                       "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hi"}}],
                       "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}}).encode()
    return [(WRITE, f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(asked)}\r\n\r\n".encode() + asked),
            (READ, f"HTTP/1.1 200 OK\r\n{server}Content-Type: application/json\r\nContent-Length: {len(said)}\r\n\r\n".encode() + said)]


def recording(name, *calls):
    f = SpyFile()
    f.chunk(cases.CLOCK, 0, off=cases.BEGAN * 10**9)
    for n, pieces in enumerate(calls):
        f.connection(n + 1, pieces, cut_whole)
    with open(at(name), "wb") as out:
        out.write(f.bytes())
    return at(name)


SPOKEN = recording("a.spy", call("api.openai.com"), call("api.openai.com", model="gpt-4o-mini"))


def models(*args, **env):
    """Rows of spend, whose names tell by what they are."""
    return [json.loads(line) for line in run("spend", "--json", "-r", SPOKEN, *args, **env).stdout.splitlines()]


# ---- what counts ----
ok("model" in models()[0], "without a file, spend is by model")
put("# mine\nplain = 8000\n[spend]\nby = provider\n")
ok("provider" in models()[0], "a section is for its subcommand", models())
ok("model" in models("--by", "model")[0], "the command line wins")
ok("model" in models("--no-config")[0], "--no-config reads none")
ok("user" in models("--config", put("[spend]\nby = user\n", "other"))[0], "--config reads that one in its place")
r = run("-r", SPOKEN, "--summary=none", "-f", "jsonl")
ok(r.returncode == 0 and len(r.stdout.splitlines()) == 2, "what a run does not take is ignored: plain, with -r", r)
shutil.rmtree(at("xdg"))
put("by = provider\n", ".config/llm-spy/config")
ok("provider" in models(XDG_CONFIG_HOME="")[0], "~/.config, where XDG_CONFIG_HOME does not say otherwise")
os.remove(at(".config/llm-spy/config"))
put("model = gpt-4o\n")
ok(len(models()) == 1 and len(models("--model", "*")) == 2, "lines above all sections are for each, and lists are not joined", models("--model", "*"))
put("model = gpt-4o\n[spend]\nmodel = gpt-4o-mini\n[log]\nmodel = none\n")
ok([m["model"] for m in models()] == ["gpt-4o-mini"], "a section wins over what stands above it", models())
put("model = gpt-4o\nmodel = gpt-4o-mini\n")
ok(len(models()) == 2, "lines of one file add up", models())
put("output = jsonl:" + at("never") + "\nmetrics = 127.0.0.1:1\nmodel = gpt-4o-mini\n")
for args in (["-r", SPOKEN, "--summary=none", "-f", "jsonl"], ["export", "-r", SPOKEN]):
    r = run(*args)
    ok(r.returncode == 0 and len(r.stdout.splitlines()) == 1 and not os.path.exists(at("never")), "outputs of a file are for tracing alone", r)
put("json\n[log]\njson = no\n")
ok(run("log", "-r", SPOKEN).stdout.startswith("ID") and run("spend", "-r", SPOKEN).stdout.startswith("{"), "= no is as if no file had named it",
   run("log", "-r", SPOKEN))
put("[trace]\nsummary = json\n")
ok(run("-r", SPOKEN).stderr.startswith("{"), "[trace] is for a run without a subcommand")
put('grep = "hello"\n')
ok(len(models()) == 2 and len(models("--grep", "absent")) == 0, "a value in quotes", models())
ok(run("--demo", "--help").returncode == 0 and run("--version").returncode == 0, "help and version need no file")

# ---- what is wrong ----
WRONG = (("plan = 8000", 1, "unknown option plan. Did you mean plain?"), ("\n\nzzzzzz", 3, "unknown option zzzzzz"),
         ("by = colour", 1, "choose model"), ("[demon]\nkeep = 1d", 1, "Did you mean [daemon]?"), ("[spend]\nkeep = 1d", 2, "keep is no option of [spend]"),
         ("no-peer = maybe", 1, "takes no value"), ("keep", 1, "needs a value"), ("limit = nothing=1", 1, "expected the name of a limit"),
         ("as = localhost=anthropc", 1, "Did you mean anthropic?"), ("as = localhost", 1, "expected a host"), ("slow = soon", 1, "expected a time"),
         ("# \n--plain = 8000", 2, "no dashes"), ("plain = \"8000", 1, "not closed"), ("[daemon]\nkeep = 1d", 1, "reads /etc/llm-spy/config alone"),
         ("p = 1", 1, "unknown option p"), ("model = \x1b]0;x", 1, "control character"),
         *((f"{name} = x", 1, "command line alone") for name in ("replay", "record", "pid", "force", "reverse", "proxy", "demo", "help", "config", "version")))
for text, line, said in WRONG:
    path = put(text + "\n")
    for args in (["spend", "-r", SPOKEN], ["-r", SPOKEN], ["config"], ["config", "check"]):
        r = run(*args)
        ok(r.returncode == 2 and f"{path}:{line}: " in r.stderr and said in r.stderr and not r.stdout, f"{args[0]}: {text!r}", r)
r = run("spend", "-r", SPOKEN, "--config", at("absent"))
ok(r.returncode == 2 and "absent" in r.stderr, "a file that is asked for has to be there", r)
r = run("config", "check", put("x" * 70000, "large"))
ok(r.returncode == 2 and "64 KiB" in r.stderr, "and to be of a size that somebody may have written", r)
r = run("config", "check", put("modle = x\n", "wrong"), "--no-config")
ok(r.returncode == 2 and "wrong:1" in r.stderr, "a file that is named is checked with --no-config too", r)
r = run("config", "check", folder)
ok(r.returncode == 2 and "is no file" in r.stderr, "and a file", r)
os.mkfifo(at("fifo"))
r = run("config", "check", at("fifo"))
ok(r.returncode == 2 and "is no file" in r.stderr, "a pipe is none, and nobody waits for it", r)

# ---- llm-spy config ----
put('# mine\nplain = 8000,9000\nlimit = body=64M\nas = localhost:4000=anthropic\nno-peer\nno-stdio = no\ngrep = "a # b\\"c"\n[spend]\nby = user\n')
r = run("config")
path = at("xdg/llm-spy/config")
ok(r.returncode == 0 and [line.split(" #")[0].rstrip() for line in r.stdout.splitlines() if line[0] != "#"][:5] ==
   ["plain = 8000,9000", "limit = body=64M", "as = localhost:4000=anthropic", "no-peer", 'grep = "a'], "what is in effect is printed", r)
ok(f"# {path}:2" in r.stdout and f"[spend]\nby = user{' ' * 31} # {path}:9\n" in r.stdout and "no-stdio" not in r.stdout, "with its place", r)
again = run("config", "--config", put(r.stdout, "again"))
bare = [re.sub(r" +# \S+:\d+$", "", line) for line in r.stdout.splitlines() if line[0] != "#"]
ok(bare == [re.sub(r" +# \S+:\d+$", "", line) for line in again.stdout.splitlines() if line[0] != "#"], "as a file that says the same", again)
ok(run("config", "check").stdout == f"{path} is right\n", "config check", run("config", "check"))
r = run("config", "--config", put("upstream-proxy = http://user:secretword1@host:1\n[trace]\noutput = otlp:http://user:secretword2@host:1\n", "url"))
ok("upstream-proxy" in r.stdout and "otlp:" in r.stdout and "secretword" not in r.stdout, "passwords in URLs are masked", r)
r = run("config", "chekc")
ok(r.returncode == 2 and "chekc" in r.stderr, "nothing else", r)
EXAMPLE = os.path.join(SRC, "doc", "config.example")
r = run("config", "check", EXAMPLE)
ok(r.returncode == 0 and r.stdout == f"{EXAMPLE} is right\n", "the example is right", r)
r = run("config", "--config", EXAMPLE)
with open(EXAMPLE) as f:
    meant = [line.strip() for line in f if re.match(r"[a-z\[]", line) and not line.rstrip().endswith("= no")]
ok([re.sub(r" +# \S+:\d+$", "", line) for line in r.stdout.splitlines() if line[0] != "#"] == meant, "and all of it counts somewhere", r, meant)

# ---- whose files ----
if os.geteuid() == 0:
    path = put("by = provider\n", "other")
    for mode, uid, said in ((0o664, 0, "chmod go-w"), (0o646, 0, "chmod go-w"), (0o644, 65534, "belongs to another user")):
        os.chmod(path, mode)
        os.chown(path, uid, 0)
        r = run("config", "check", path)
        ok(r.returncode == 2 and said in r.stderr, f"root does not read a file of user {uid} and mode {mode:o}", r)
    r = run("config", "check", path, SUDO_UID=NOBODY, SUDO_GID=NOBODY)
    ok(r.returncode == 0, "of the user who called sudo, it does", r)
    os.chmod(path, 0o600)
    os.chown(path, 0, 0)
    r = run("config", "check", path, SUDO_UID=NOBODY, SUDO_GID=NOBODY)
    ok(r.returncode == 2 and "Permission denied" in r.stderr, "with that user's rights", r)
    # Whatever an option is about, its argument names no file, directory, address or command that root would use.
    with open(os.path.join(SRC, "src", "options", "options.def")) as f:
        rows = re.findall(r'^OPTION\("([a-z-]+)", [^,]+, (?:"([^"]*)"|NULL), .*?\), ([A-Z_| 0-9]+), "', f.read(), re.M)
    barred = {name for name, arg, scope in rows if "LINE" not in scope.split(" | ") and
              re.search(r"FILE|DIR|ADDR|PORT\b|URL|HOSTS|COMMAND|WHICH|SIZE|RULE|PROGRAM", arg) and "PROVIDER" not in arg}
    ok({"output", "libssl", "prices", "kernel-headers", "cgroup", "metrics", "listen", "alert", "on-alert", "alert-webhook"} <= barred, "options with such arguments are known", barred)
    values = {"alert": "secrets", "alert-webhook": "http://127.0.0.1:1/", "upstream-proxy": "http://user:secretword1@host:1", "metrics": "127.0.0.1:1", "port": "1", "buffer-size": "1M", "call-limit": "1M", "max-size": "1M"}
    for name in sorted(barred):
        put(f"{name} = {values.get(name, '/tmp')}\nby = provider\n", "barred")
        r = run("config", "--config", at("barred"), SUDO_UID=NOBODY, SUDO_GID=NOBODY)
        ok(f"barred:1: {name} is left out" in r.stderr and f"\n{name}" not in r.stdout and "by = provider" in r.stdout,
           f"{name} of a caller of sudo is left out, and that is said", r)
        ok(name not in run("config", "--config", at("barred")).stderr, "of root itself it is not")
    r = run("spend", "--json", "-r", SPOKEN, "--config", put(f"prices = {at('absent')}\nby = provider\n", "barred"), SUDO_UID=NOBODY, SUDO_GID=NOBODY)
    ok(r.returncode == 0 and "provider" in json.loads(r.stdout.splitlines()[0]) and "prices is left out" in r.stderr, "nor is it used", r)

    # The host's file, in a mount namespace whose /etc has one.
    for name in ("upper", "work"):
        os.mkdir(at(name))
    put("by = user\nmodel = gpt-4o\nlimit = body=1M\n[spend]\nmodel = gpt-4o-mini\n[log]\njson\n", "upper/llm-spy/config")

    def first(*args):
        r = hosted(SPY, "spend", "--json", "-r", SPOKEN, *args)
        return json.loads(r.stdout.splitlines()[0]) if r.stdout else {"said": r.stderr}

    def hosted(*args, **env):
        mount = f'mount -t overlay overlay -o lowerdir=/etc,upperdir={at("upper")},workdir={at("work")} /etc && exec "$@"'
        return subprocess.run(["unshare", "-m", "sh", "-c", mount, "sh", *args], capture_output=True, text=True, env=dict(ENV, **env))

    if hosted("true").returncode == 0:
        shutil.rmtree(at("xdg"))
        row = first()
        ok("user" in row and row.get("calls") == 1, "the host's file is read", row)
        put("by = program\nmodel = *\nlimit = memory=700M\n[log]\njson = no\n")
        row = first()
        ok("program" in row and row.get("calls") == 2, "the user's wins, above all sections too", row)
        ok(hosted(SPY, "log", "-r", SPOKEN).stdout.startswith("ID"), "and takes back what the host's says")
        r = hosted(SPY, "config")
        ok("limit = body=1M" in r.stdout and "limit = memory=700M" in r.stdout and "by = user" not in r.stdout,
           "limits of both count, and nothing is in effect that the user's file replaces", r)
        row = first("--by", "day")
        ok("day" in row, "the command line wins over both", row)
        os.chmod(at("upper/llm-spy/config"), 0o666)
        r = hosted(SPY, "spend", "-r", SPOKEN)
        ok(r.returncode == 2 and "/etc/llm-spy/config can be written by others" in r.stderr, "but not one that anybody may write", r)
    else:
        skip("the host's file", "no overlay can be mounted here")
else:
    skip("whose files are read", "needs root")
shutil.rmtree(at("xdg"), ignore_errors=True)

# ---- --as ----
GATE = recording("gate.spy", call("localhost:4000", server="Server: uvicorn\r\n"), call("llm.corp.example", "claude-sonnet-4-5"), call("other.example:4000"))


def spoken(*args):
    return [json.loads(line) for line in run("-r", GATE, "--summary=none", "-f", "jsonl", *args).stdout.splitlines()]


found = spoken()
ok([x["provider"] for x in found] == ["openai-compatible"] * 3 and all(x["provider_from"] is None for x in found), "gateways have no provider of their own", found)
ok(found[0]["cost"]["source"] == "local", "a server on this host runs the model itself", found[0]["cost"])
found = spoken("--as", "localhost:4000=openai", "--as", "*.corp.example=anthropic", "--as", "other.example:4001=openai")
ok([(x["provider"], x.get("provider_from")) for x in found] == [("openai", "option"), ("anthropic", "option"), ("openai-compatible", None)],
   "but what the person says, by host and port, and the record says so", found)
ok([x["cost"]["source"] for x in found[:2]] == ["table", "table"] and abs(found[0]["cost"]["usd"] - 0.0035) < 1e-9, "with its prices", [x["cost"] for x in found])
ok(found[0]["provider_label"] == "OpenAI" and found[0]["api"] == "openai.chat", "and its name; the format is what it is", found[0])
put("as = localhost=mistral\nas = localhost:4000=openai\n")
ok(spoken()[0]["provider"] == "openai" and spoken("--as", "localhost=groq")[0]["provider"] == "groq", "files add up, and the last one counts", spoken()[0])
ok(len(spoken("--provider", "openai")) == 1, "--provider selects by it")
for args in (["spend", "--by", "provider", "--json", "-r", GATE], ["log", "--json", "-r", GATE], ["export", "-r", GATE]):
    ok('"openai"' in run(*args).stdout, f"{args[0]} of a recording has it", run(*args))
for form in ("jsonl", "sqlite"):
    ended = run("-r", GATE, "--summary=none", "-o", f"{form}:{at('kept.' + form)}")
    if "without SQLite" in ended.stderr:
        continue
    shutil.rmtree(at("xdg"), ignore_errors=True)
    kept = [json.loads(line) for line in run("export", "-r", at("kept." + form)).stdout.splitlines()]
    ok((kept[0]["provider"], kept[0]["provider_from"]) == ("openai", "option"), f"{form} keeps it", kept)
    put("as = localhost:4000=openai\n")
for wrong, said in (("localhost=antropic", "Did you mean anthropic?"), ("localhost=zzzzzzzz", "unknown provider"), ("=openai", "expected a host"),
                    ("localhost:0=openai", "expected a host"), ("localhost:70000=openai", "expected a host"), ("a:b=openai", "expected a host"), ("localhost=", "expected a host"),
                    ("[::1=openai", "expected a host"), ("a,b=openai", "expected a host")):
    r = run("-r", GATE, "--as", wrong)
    ok(r.returncode == 2 and said in r.stderr, f"--as {wrong}", r)

shutil.rmtree(folder)
done()
