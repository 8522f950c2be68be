#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""llm-spy -- COMMAND: the terminal and standard output stay the command's, and under sudo it has what its caller has.
On a terminal, what is shown is compared cell by cell with the same run without llm-spy."""
import glob
import re
import stat
import subprocess

import person
from spy import *
try:
    from screen import Screen
except ImportError:
    skip_all("python3-pyte is not installed")

need_root()
mock = Mock()
BODY = '{"model":"gpt-4o","messages":[{"role":"user","content":"hello"}]}'
CURL = ["curl", "-sS", "--noproxy", "*", "--cacert", mock.ca, "-H", "Authorization: Bearer sk-FAKESECRET", "-o", "/dev/null",
        "--data-binary", BODY, mock.url + "/v1/chat/completions"]
PLAIN = {"PATH": os.environ["PATH"], "HOME": TMP, "TERM": "xterm", "LC_ALL": "C.UTF-8"}


def run(*args, program=SPY, **kw):
    return subprocess.run([program, *args], text=True, capture_output=True, timeout=WAIT, **kw)


def records(text):
    return record_schema.check([json.loads(line) for line in text.splitlines()])


def folder(name, mode=0o755):
    path = os.path.join(TMP, name)
    os.mkdir(path)
    os.chmod(path, mode)
    return path


def contents(path):
    with open(path, errors="replace") as f:
        return f.read()


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


# ---- where the view goes ----

def test_terminal():
    here = folder("terminal")
    s = Screen(SPY, "--", "sh", "-c", "\"$@\"; echo its own words; exit 7", "sh", *CURL, cwd=here, env=PLAIN, columns=140)
    status, shown = s.end(), s.text().splitlines()
    s.close()
    logs = os.listdir(here)
    ok(status == 7 and len(logs) == 1, "on a terminal a command has a log, and its status is passed on", status, shown, logs)
    name = logs[0]
    ok(re.fullmatch(r"llm-spy-\d{4}-\d{6}-sh\.log", name) and mode(os.path.join(here, name)) == 0o600,
       "whose name says when and what, and which nobody else reads", name)
    ok(shown[:2] == [f"llm-spy: writing to ./{name} (-o - shows it here)", "its own words"],
       "it is named in one line before the command says anything", shown)
    ok(shown[2].startswith("llm-spy: 1 call") and shown[2].endswith("  ./" + name) and "nothing missed" in shown[2] and not any(shown[3:]),
       "the result is one line, which names it again", shown)
    log = contents(os.path.join(here, name))
    ok("hello" in log and "gpt-4o" in log and "\x1b" not in log and "FAKESECRET" not in log, "the view is in it", log)

    asked = "\"$@\"; until grep -q '^ TRAFFIC OF' $PWD/*-asked.log; do kill -USR1 $PPID; sleep 0.1; done"
    program = os.path.join(here, "asked")
    with open(program, "w") as f:
        f.write("#!/bin/sh\n" + asked)
    os.chmod(program, 0o755)
    s = Screen(SPY, "--", program, *CURL, cwd=here, env=PLAIN, columns=140)
    s.end()
    s.close()
    ok(s.status == 0 and len(s.text().rstrip().splitlines()) == 2, "what is said meanwhile is in the log, at once", s.text())

    quiet = folder("quiet")
    s = Screen(SPY, "--", "true", cwd=quiet, env=PLAIN)
    s.end()
    s.close()
    ok(not os.listdir(quiet), "where nothing was seen or missed, no log stays", os.listdir(quiet), s.text())

    s = Screen(SPY, "-o", "-", "--", *CURL, cwd=quiet, env=PLAIN, lines=60)
    s.end()
    s.close()
    ok("hello" in s.text() and not os.listdir(quiet), "-o - shows it on the terminal", s.text())

    s = Screen(SPY, "-f", "jsonl", "--", *CURL, cwd=quiet, env=PLAIN)
    s.end()
    s.close()
    logs = glob.glob(quiet + "/*")
    ok(len(logs) == 1 and logs[0].endswith("-curl.jsonl") and len(records(contents(logs[0]))) == 1,
       "-f jsonl has a log too, with records alone", logs)

    path = os.path.join(quiet, "named.txt")
    s = Screen(SPY, "-o", path, "--libssl=/etc/hostname", "--", *CURL, cwd=quiet, env=PLAIN, columns=140)
    s.end()
    s.close()
    ok(s.text().rstrip().splitlines()[-1].startswith("llm-spy: 1 call") and path in s.text().replace("\n", ""),
       "a file that was named is named at the end", s.text())


def test_pipe():
    talk = ["sh", "-c", "echo its own words; \"$@\"; exit 3", "sh", *CURL]
    r = run("-f", "jsonl", "--", *talk)
    ok(r.returncode == 3 and len(records(r.stdout)) == 1 and "its own words\n" in r.stderr,
       "a command's standard output is never mixed into jsonl: it goes to standard error", r.stdout, r.stderr)
    r = run("-o", "text", "--", *talk)
    ok("hello" in r.stdout and "its own words" not in r.stdout and "its own words" in r.stderr, "nor into text", r.stdout)
    r = run("-o", "csv:-", "--", *talk)
    ok("its own words" not in r.stdout and "its own words" in r.stderr and r.stdout.count("\n") == 2, "nor into csv", r.stdout)
    r = subprocess.run([SPY, "-w", "-", "-o", "/dev/null", "--", *talk], capture_output=True, timeout=WAIT)
    again = run("-r", "-", "-f", "jsonl", input=None, stdin=piped(r.stdout))
    ok(len(records(again.stdout)) == 1 and b"its own words" not in r.stdout, "nor into a recording", r.stderr)
    path = os.path.join(TMP, "beside.jsonl")
    r = run("-o", f"jsonl:{path}", "--", *talk)
    ok(r.stdout == "its own words\n" and len(records(contents(path))) == 1, "with -o FILE it stays where it was", r.stdout, r.stderr)


def piped(data):
    f = tempfile.TemporaryFile(dir=TMP)
    f.write(data)
    f.seek(0)
    return f


def test_recording():
    path = os.path.join(TMP, "alone.spy")
    r = run("-w", path, "--", "sh", "-c", "echo its own words; \"$@\"", "sh", *CURL)
    ok(r.stdout == "its own words\n" and r.stderr.startswith("llm-spy: 1 call") and r.stderr.count("\n") == 1 and path in r.stderr,
       "-w alone is quiet: one line at the end", r.stdout, r.stderr)
    ok(len(records(run("-r", path, "-f", "jsonl").stdout)) == 1, "and what it recorded is there")
    err = open(os.path.join(TMP, "alone.err"), "w+")
    scope = [f"--cgroup={cgroup}"] if cgroup else []
    spy = subprocess.Popen([SPY, "-w", path, "--force", *scope], stdout=subprocess.PIPE, stderr=err)
    started.append(spy)
    until(lambda: "\n" in contents(err.name))
    subprocess.run(CURL, check=True)
    spy.send_signal(signal.SIGINT)
    out = spy.communicate(timeout=WAIT)[0]
    lines = contents(err.name).splitlines()
    ok(out == b"" and len(lines) == 2 and lines[1].startswith("llm-spy: 1 call"), "without a command too", out, lines)
    r = run("-w", path, "--force", "-f", "jsonl", "--", *CURL)
    ok(len(records(r.stdout)) == 1, "with -f there is output as well", r.stdout, r.stderr)


def test_force():
    for what in ("-w{}", "-o{}", "-ojsonl:{}", "-ocsv:{}"):
        path = os.path.join(TMP, "there")
        with open(path, "w") as f:
            f.write("precious\n")
        arg = what.format(path)
        r = run(arg, "--", "touch", path + ".ran")
        ok(r.returncode == 1 and r.stderr == f"llm-spy: {path} exists: use --force to overwrite it, or name another file\n" and
           contents(path) == "precious\n" and not os.path.exists(path + ".ran"), f"{what}: what is there stays", r.stderr)
        r = run("--force", arg, "--", *CURL)
        ok(r.returncode == 0 and "precious" not in contents(path) and os.path.getsize(path), f"{what}: --force", r.stderr)
    recording = os.path.join(TMP, "there.spy")
    run("-w", recording, "--", *CURL)
    r = run("-r", recording, "-o", path)
    ok(r.returncode == 1 and "use --force" in r.stderr, "the same in a replay", r.stderr)
    r = run("-r", recording, "-o", "/dev/null")
    ok(r.returncode == 0, "a device needs no force", r.stderr)
    fifo = os.path.join(TMP, "fifo")
    os.mkfifo(fifo)
    reader = subprocess.Popen(["cat", fifo], stdout=subprocess.PIPE, text=True)
    for _ in range(2):  # until it has it open
        r = run("-r", recording, "-f", "jsonl", "-o", fifo) if until(lambda: "fifo" in str(open_files(reader.pid))) else None
        break
    ok(r and r.returncode == 0 and len(records(reader.communicate(timeout=WAIT)[0])) == 1, "nor does a FIFO", r and r.stderr)


def open_files(pid):
    """A reader that waits for a writer has not opened it yet, but stands in open(2)."""
    return [contents(f"/proc/{pid}/syscall"), "fifo"] if contents(f"/proc/{pid}/wchan") == "wait_for_partner" else []


def test_not_found():
    here = folder("nothing")
    for tty in (False, True):
        if tty:
            s = Screen(SPY, "--", "no-such-program", cwd=here, env=PLAIN)
            status, text = s.end(), s.text().rstrip()
            s.close()
        else:
            r = run("--", "no-such-program", cwd=here)
            status, text = r.returncode, r.stderr.rstrip()
        ok(status == 127 and text == "llm-spy: no-such-program: command not found", f"no such command{', on a terminal' * tty}: that alone", text)
    plain = os.path.join(here, "plain")
    open(plain, "w").close()
    r = run("--", plain, cwd=here)
    ok(r.returncode == 126 and r.stderr == f"llm-spy: {plain}: Permission denied\n", "one that is no program", r.stderr)
    with open(plain, "w") as f:
        f.write("#!/nonexistent/interpreter\n")
    os.chmod(plain, 0o755)
    r = run("--", plain, cwd=here)
    ok(r.returncode == 127 and r.stderr == f"llm-spy: {plain}: No such file or directory\n", "one that cannot be executed", r.stderr)
    os.unlink(plain)
    ok(not os.listdir(here), "nothing is left behind", os.listdir(here))


# ---- a program that uses the terminal ----

# What is done on the terminal, in both runs: a text to type, and what is to be true before it goes on.
def play(prefix, program, steps, **kw):
    """The screens, one after each step, without the first row, and the status. That row is llm-spy's."""
    s = Screen(*prefix, *program, env={**PLAIN, **kw.pop("env", {})}, **kw)
    screens, pace = [], []
    for text, arrives in steps:
        pace.append(bool(s.until(arrives)))
        cells, (x, y, hidden) = s.cells()
        screens.append((cells[1:], (x, y, hidden), s.attributes()))
        if isinstance(text, tuple):
            s.resize(*text)
        else:
            s.type(text)
    status = s.end()
    left = s.lines()
    s.close()
    return screens, status, pace, left


def compare_screens(what, program, steps, **kw):
    here = folder(re.sub(r"\W", "-", what))
    want = play(["sh", "-c", "echo ...; exec \"$@\"", "sh"], program, steps, cwd=here, **kw)
    got = play([SPY, "--"], program, steps, cwd=here, **kw)
    ok(all(want[2]) and all(got[2]), f"{what}: both runs come to their end", want[2], got[2], "\n".join(want[3]), "\n".join(got[3]))
    for i, (a, b) in enumerate(zip(want[0], got[0])):
        rows = [y + 1 for y, (r, s) in enumerate(zip(a[0], b[0])) if r != s]
        ok(not rows and a[1] == b[1], f"{what}: screen {i + 1} of {len(steps)} is the same, cell by cell", rows, a[1], b[1],
           [("".join(c[0] for c in a[0][y - 1]), "".join(c[0] for c in b[0][y - 1])) for y in rows])
        ok(a[2] == b[2], f"{what}: so are the terminal's settings", a[2], b[2])
    ok(want[1] == got[1] is not None, f"{what}: and the status", want[1], got[1])
    return got


def last(text):
    """The last line on the screen is this one."""
    return lambda s: ([line for line in s.lines() if line] or [""])[-1] == text


def has(*texts):
    return lambda s: all(t in s.text() for t in texts)


def job(program, line):
    """The shell has started it and given it the terminal; what was typed last is on the screen."""
    def is_there(s):
        pid = os.tcgetpgrp(s.fd)
        return os.path.exists(f"/proc/{pid}") and contents(f"/proc/{pid}/comm") == program + "\n" and last(line)(s)
    return is_there


def rests(line, interrupted):
    """Python waits at its prompt, and said so often that it was interrupted. It loses a Ctrl-C that comes between both."""
    def is_there(s):
        about = contents(f"/proc/{os.tcgetpgrp(s.fd)}/stat")
        return last(line)(s) and s.text().count("KeyboardInterrupt") == interrupted and about.rpartition(")")[2].split()[:1] == ["S"]
    return is_there


def test_bash():
    prompt = {"PS1": "<$n> ", "PROMPT_COMMAND": "n=$((n+1))", "HISTFILE": ""}
    steps = [("printf '\\e[1;32mgr\\303\\274n\\e[m %s\\n' $-; stty -a | md5sum; [ -t 0 -a -t 1 -a -t 2 ] && echo tty\n", last("<1>")),
             ("[ $(ps -o pgid= -p $$) = $(ps -o tpgid= -p $$) ] && echo foreground; kill -l INT; trap; ulimit -Sn\n", last("<2>")),
             ("cat\n", last("<3>")),
             ("twice\n", job("cat", "<3> cat")),
             ("\x1a", lambda s: s.text().count("twice") == 2),
             ("jobs; fg\n", last("<4>")),
             ("again\n", job("cat", "cat")),
             ("\x04", lambda s: s.text().count("again") == 2),
             ("sleep 1000\n", last("<5>")),
             ("\x03", job("sleep", "<5> sleep 1000")),
             ((100, 20), last("<6>")),
             ("stty size; echo $LINES\n", last("<6>")),
             ("kill -QUIT $$; exit 3\n", last("<7>"))]
    got = compare_screens("bash -i", ["bash", "--norc", "--noprofile", "-i"], steps, env=prompt)
    ok(got[1] == 3, "bash -i: its own", got[1])
    text = got[3]
    ok("20 100" in text, "bash -i: a new size arrives", text)


REPL = """
import os, signal, sys
sys.ps1 = ">>> "
print("group", os.getpgrp() == os.tcgetpgrp(0), signal.getsignal(signal.SIGTSTP), sys.stdout.isatty())
"""


def test_repl():
    program = os.path.join(TMP, "begin.py")
    with open(program, "w") as f:
        f.write(REPL)
    compare_screens("a REPL", [PYTHON, "-q", "-i", program],
                    [("1 + 1\n", last(">>>")),
                     ("for i in range(1 << 60): None if i else print('runs')\n", has("2\n>>>")),
                     ("\n", last("...")),
                     ("\x03", has("\nruns")),
                     ("\x03", rests(">>>", 1)),
                     ("\x03", rests(">>>", 2)),
                     ("input('? ')\n", rests(">>>", 3)),
                     ("an answer\n", last("?")),
                     ("\x04", has("'an answer'\n>>>"))])


CURSES = """
import curses
def main(w):
    curses.start_color()
    curses.use_default_colors()
    curses.init_pair(1, curses.COLOR_RED, -1)
    said = ""
    while True:
        w.erase()
        w.border()
        h, width = w.getmaxyx()
        w.addstr(1, 2, f"{width}x{h} \\u2713", curses.color_pair(1) | curses.A_BOLD)
        w.addstr(2, 2, said, curses.A_REVERSE)
        w.refresh()
        c = w.getch()
        if c == ord("q"):
            return
        said += " resized" if c == curses.KEY_RESIZE else f" {c}"
curses.wrapper(main)
"""


def test_curses():
    compare_screens("a curses program", [PYTHON, "-c", CURSES],
                    [("a", has("80x24", "\nmqqq")), ("\x1b[A", has(" 97")), ((60, 12), has(" 97 27 91 65")),
                     ("q", has("60x12", "resized", "\nmqqq"))])


STOPPER = """
import os, signal, sys
print("begun", flush=True)
os.kill(os.getpid(), getattr(signal, sys.argv[1]))
print("goes on:", sys.stdin.readline(), flush=True)
sys.exit(4)
"""


def test_stop():
    """A program that stops itself, as agents do on Ctrl-Z, gives the terminal back to the shell."""
    for name in ("SIGSTOP", "SIGTSTP"):
        here = folder(name)
        with open(os.path.join(here, "stopper.py"), "w") as f:
            f.write(STOPPER)
        s = Screen("bash", "--norc", "--noprofile", "-i", cwd=here, columns=200,
                   env={**PLAIN, "PS1": "<$n> ", "PROMPT_COMMAND": "n=$((n+1))", "HISTFILE": ""})
        s.until(last("<1>"))
        s.type(f"{SPY} -- {PYTHON} stopper.py {name}\n")
        ok(s.until(last("<2>")) and "Stopped" in s.text(), f"{name}: the shell has its terminal back", s.text())
        s.type("fg\n")
        s.type("words\n")
        ok(s.until(last("<3>")) and "goes on: words" in s.text(), f"{name}: and fg lets the command go on", s.text())
        s.type("echo status $?\n")
        ok(s.shows("status 4"), f"{name}: to its end", s.text())
        s.close()
    s = Screen("bash", "--norc", "--noprofile", "-i", cwd=here, columns=200,
               env={**PLAIN, "PS1": "<$n> ", "PROMPT_COMMAND": "n=$((n+1))", "HISTFILE": ""})
    s.until(last("<1>"))
    s.type(f"{SPY} -- cat\n")
    s.shows("writing to")
    s.type("twice\n")
    s.until(lambda s: s.text().count("twice") == 2)
    s.type("\x1a")
    ok(s.until(last("<2>")) and "Stopped" in s.text(), "Ctrl-Z stops a command and llm-spy", s.text())
    s.type("fg\n")
    s.until(lambda s: contents(f"/proc/{os.tcgetpgrp(s.fd)}/comm") == "llm-spy\n")
    s.type("again\n")
    s.until(lambda s: s.text().count("again") == 2)
    s.type("\x04")
    ok(s.until(last("<3>")) and s.text().count("again") == 2, "and fg lets both go on", s.text())
    s.close()


def test_signals():
    """Keys are the command's affair; what is sent to llm-spy alone is passed on as before."""
    here = folder("signals")
    trap = "trap 'echo quit' QUIT; trap 'echo int' INT; echo begun; while :; do read x && exit 5; done"
    s = Screen(SPY, "--", "bash", "-c", trap, cwd=here, env=PLAIN)
    s.shows("begun")
    for key, word in (("\x1c", "quit"), ("\x03", "int"), ("\x03", "int\n^Cint")):
        s.type(key)
        ok(s.shows(word), f"a key reaches the command, which goes on: {word!r}", s.text())
    s.type("\n")
    ok(s.end() == 5, "until it ends by itself", s.status, s.text())
    s.close()
    s = Screen(SPY, "--", "sleep", "1000", cwd=here, env=PLAIN)
    s.shows("writing to")
    s.until(lambda s: any(contents(f"/proc/{child}/comm") == "sleep\n" for child in children(s.pid)))
    os.kill(s.pid, signal.SIGTERM)
    ok(s.end() == 128 + signal.SIGTERM, "SIGTERM is passed on, and so is how the command ended", s.status, s.text())
    s.close()


def children(pid):
    return [p for p in contents(f"/proc/{pid}/task/{pid}/children").split() if contents(f"/proc/{p}/comm") == "sleep\n"]


# ---- sudo ----

AGENT = """import json, os, ssl, sys, urllib.request
body = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "hello from " + sys.argv[1]}]}).encode()
request = urllib.request.Request(os.environ["OPENAI_BASE_URL"] + "/chat/completions", body, {"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"]})
urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=os.environ["CA"]))).open(request).read()
print(json.dumps({"prefix": sys.prefix, "uid": os.getuid(), "groups": os.getgroups(), "env": dict(os.environ)}))
"""


class Person(person.Person):
    """With an agent in the virtual environment that tells how it was run."""

    def __enter__(self):
        super().__enter__()
        agent = os.path.join(self.venv, "bin/my-agent")
        with open(agent, "w") as f:
            f.write(f"#!{self.venv}/bin/python\n" + AGENT)
        os.chmod(agent, 0o755)
        self.env.update({"PATH": f"{self.venv}/bin:/usr/bin:/bin", "SHELL": "/bin/bash", "EMPTY": "", "LD_BIND_NOW": "1"})
        return self

    def do(self, argv):
        return self.run(*argv, env={"PATH": "/usr/bin:/bin", "HOME": self.home}, timeout=WAIT)

    def sudo(self, *argv):
        return self.run("sudo", "-n", *argv, timeout=WAIT)


def facts(text):
    return json.loads(next(line for line in text.splitlines() if line.startswith("{")))


def test_sudo(me, spy):
    out = os.path.join(me.home, "o.jsonl")
    r = me.sudo(spy, "-o", f"jsonl:{out}", "-w", "calls.spy", "-o", f"sqlite:{me.home}/calls.db", "--", "my-agent", "sudo")
    got = facts(r.stdout) if r.returncode == 0 else {}
    ok(got and got["uid"] == me.pw.pw_uid and got["prefix"] == me.venv, "sudo: the command is found in the caller's PATH", r.stdout, r.stderr)
    env = got.get("env", {})
    changed = {k: (v, env.get(k)) for k, v in me.env.items() if env.get(k) != v}
    more = {k: v for k, v in env.items() if k not in me.env}
    ok(not changed and not more, "sudo: and has the caller's environment, no more and no less", changed, more)
    files = [out, *(os.path.join(me.home, n) for n in ("calls.spy", "calls.db"))]
    ok(all(os.stat(f).st_uid == me.pw.pw_uid and os.stat(f).st_gid == me.pw.pw_gid and mode(f) == 0o600 for f in files),
       "sudo: files are the caller's, and nobody else reads them", [(f, os.stat(f)) for f in files])
    ok(len(records(contents(out))) == 1 and "FAKESECRET" not in contents(out), "sudo: the call was seen", contents(out))
    r = me.do([spy, "-r", "calls.spy", "-f", "jsonl"])
    ok(r.returncode == 0 and len(records(r.stdout)) == 1, "sudo: the caller replays a recording without root", r.stderr)
    r = me.do([PYTHON, "-c", "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('select count(*) from exchange').fetchone()[0])",
               os.path.join(me.home, "calls.db")])
    ok(r.stdout == "1\n", "sudo: and asks the database", r.stdout, r.stderr)


def test_sudo_variables(me, spy):
    def env_of(*before):
        r = me.sudo(*before, "--force", "-o", "x", "--", "my-agent", "x")
        return facts(r.stdout)["env"] if r.returncode == 0 else {"failed": r.stderr}

    env = env_of("OPENAI_API_KEY=sk-FAKESECRET-other", "FOO=new", spy)
    ok(env.get("OPENAI_API_KEY") == "sk-FAKESECRET-other" and env.get("FOO") == "new" and env.get("VIRTUAL_ENV") == me.venv,
       "sudo NAME=VALUE wins", env)
    env = env_of("--preserve-env=OPENAI_API_KEY", "EMPTY=no", spy)
    ok(env.get("OPENAI_API_KEY") == me.env["OPENAI_API_KEY"] and env.get("EMPTY") == "no", "--preserve-env too", env)
    env = env_of("sh", "-c", "FOO=between; export FOO; unset LC_ALL; exec \"$@\"", "sh", spy)
    ok(env.get("FOO") == "between" and "SUDO_UID" not in env and env.get("HOME") == me.home, "what a program between sets stays", env)
    r = me.sudo(spy, "--", "no-such-agent")
    ok(r.returncode == 127 and r.stderr == "llm-spy: no-such-agent: command not found\n", "sudo: no such command", r.stderr)
    # Nobody lies about who called: the nearest sudo was called by somebody else.
    r = me.run("sh", "-c", "sudo -n env SUDO_UID=65534 SUDO_GID=65534 \"$@\"; exit $?", "sh", spy, "-o", "/dev/null", "--", "env")
    ok("FAKESECRET" not in r.stdout and "VIRTUAL_ENV" not in r.stdout and "cannot be read" in r.stderr and "--preserve-env=PATH" in r.stderr,
       "an environment is given to nobody but its owner", r.stdout, r.stderr)
    # Without sudo above us, as from a server that was started by it.
    who = {**os.environ, "SUDO_UID": str(me.pw.pw_uid), "SUDO_GID": str(me.pw.pw_gid), "SUDO_USER": person.USER}
    r = run("--", "no-such-agent", env=who)
    ok(r.returncode == 127 and "sudo --preserve-env=PATH" in r.stderr, "where PATH may have been sudo's, it is said how to keep one's own", r.stderr)
    r = run("-o", "/dev/null", "--", "env", env=who)
    ok(f"HOME={me.home}\n" in r.stdout and f"USER={person.USER}\n" in r.stdout, "and home and name are the caller's", r.stdout)


def test_sudo_files(me, spy):
    r = me.sudo(spy, "--force", "-o", "/root/llm-spy-test-of-root", "--", "true")
    ok(os.stat("/root/llm-spy-test-of-root").st_uid == 0, "where the caller may make no file, it is root's", r.stderr)
    os.unlink("/root/llm-spy-test-of-root")
    shared = folder("shared")
    os.chown(shared, 0, me.pw.pw_gid)
    os.chmod(shared, 0o775)
    r = me.sudo(spy, "-o", f"{shared}/a", "--", "true")
    ok(os.stat(f"{shared}/a").st_uid == me.pw.pw_uid, "where the caller's group may, it is the caller's", r.stderr)
    for cwd, where in ((me.home, "./"), ("/etc", me.home + "/")):
        before = set(glob.glob(me.home + "/llm-spy-*"))
        s = Screen("sudo", "-n", spy, "--", "my-agent", "terminal", cwd=cwd, env=me.env, user=me.pw.pw_uid, group=me.pw.pw_gid,
                   columns=120)
        s.end()
        s.close()
        made = set(glob.glob(me.home + "/llm-spy-*")) - before
        ok(len(made) == 1 and all(os.stat(f).st_uid == me.pw.pw_uid and mode(f) == 0o600 for f in made),
           f"sudo, in {cwd}: the log is the caller's", made, s.text())
        ok(f"writing to {where}llm-spy-" in s.text() and ("cannot write a log in this directory (Permission denied)" in s.text()) == (cwd == "/etc"),
           f"sudo, in {cwd}: and named", s.text())
        ok(all("hello from terminal" in contents(f) for f in made), f"sudo, in {cwd}: with the call", s.text())
    ok(not glob.glob("/etc/llm-spy-*"), "none is made where the caller may not")


test_terminal()
test_pipe()
test_recording()
test_force()
test_not_found()
test_bash()
test_repl()
test_curses()
test_stop()
test_signals()
if not shutil.which("sudo") or not shutil.which("useradd"):
    skip("sudo", "it is not installed")
else:
    with Person(mock, TMP) as me:
        spy = for_nobody(SPY)
        test_sudo(me, spy)
        test_sudo_variables(me, spy)
        test_sudo_files(me, spy)
mock.stop()
done()
