#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What completes the command line in bash, zsh and fish: in the shells themselves, in a terminal where they need one."""
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path.insert(0, os.path.join(SRC, "tests", "lib"))
from tap import done, ok, skip  # noqa: E402

SPY = os.path.abspath(os.path.join(BUILD, "llm-spy"))
WAIT = 20
folder = tempfile.mkdtemp(prefix="llm-spy-completions-")
os.mkdir(os.path.join(folder, "cwd"))
for name in ("calls one.spy", "calls two.spy"):
    open(os.path.join(folder, "cwd", name), "w").close()
os.mkdir(os.path.join(folder, "cwd", "folder"))
FILES = {"bash": "llm-spy", "zsh": "_llm-spy", "fish": "llm-spy.fish"}
for shell, name in FILES.items():
    with open(os.path.join(folder, name), "w") as out:
        made = subprocess.run([SPY, "--completions", shell], stdout=out, stderr=subprocess.PIPE)
    ok(made.returncode == 0 and not made.stderr, f"--completions {shell}", made)
helped = subprocess.run([SPY, "--help-all"], capture_output=True, text=True).stdout
options = re.findall(r"^  (?:-\w, |    )(--[a-z-]+)", helped, re.M)
with open(os.path.join(SRC, "src/options/options.def")) as f:
    # Those of subcommands alone.
    own = ["--" + name for name in re.findall(r'^OPTION\("([a-z-]+)".*\bOWN\b, "', f.read(), re.M)]
shared = [o for o in options if o not in own]
with open(os.path.join(SRC, "src/options/subcommands.def")) as f:
    subcommands = re.findall(r'^SUBCOMMAND\("([a-z-]+)"', f.read(), re.M)


class Terminal:
    """A shell in a terminal of 100 columns, with nothing of the user's."""

    def __init__(self, *argv):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(os.path.join(folder, "cwd"))
            env = {"TERM": "dumb", "PATH": "/usr/bin:/bin", "HOME": folder, "LC_ALL": "C.UTF-8", "PS1": "$ ", "COLUMNS": "100"}
            os.execvpe(argv[0], argv, env)
        self.seen = ""

    def until(self, text):
        end = time.time() + WAIT
        while text not in self.seen and time.time() < end:
            if select.select([self.fd], [], [], 1)[0]:
                try:
                    self.seen += os.read(self.fd, 65536).decode(errors="replace")
                except OSError:
                    break
        return text in self.seen

    def type(self, text):
        self.seen = ""
        os.write(self.fd, text.encode())

    def end(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


# What is typed before the tab, and what the line is then.
TYPED = [("llm-spy --repl", "llm-spy --replay"),
         ("llm-spy --format js", "llm-spy --format jsonl"), ("llm-spy tar", "llm-spy targets"),
         ("llm-spy targets --pi", "llm-spy targets --pid"), ("llm-spy --color alw", "llm-spy --color always"), ("llm-spy --kind ht", "llm-spy --kind http"),
         ("llm-spy spend --by conv", "llm-spy spend --by conversation"), ("llm-spy --limit connec", "llm-spy --limit connections="), ("llm-spy -u roo", "llm-spy -u root"),
         ("llm-spy -r calls\\ o", "llm-spy -r calls\\ one.spy"), ("llm-spy --cgroup fol", "llm-spy --cgroup folder"),
         ("llm-spy -- pyth", "llm-spy -- python")]


def try_terminal(shell, terminal):
    for typed, line in TYPED:
        terminal.type("\x15" + typed + "\t")
        ok(terminal.until(line), f"{shell}, in a terminal: {typed}<TAB>", terminal.seen)
    terminal.end()


# ---- bash ----
def bash(*words):
    """COMPREPLY for these words, the last one being completed."""
    script = ('compopt() { :; }; source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _llm_spy; '
              'printf "%s\\n" "${COMPREPLY[@]}"')
    r = subprocess.run(["bash", "--norc", "--noprofile", "-c", script, "bash", os.path.join(folder, "llm-spy"), *words],
                       capture_output=True, text=True, cwd=os.path.join(folder, "cwd"))
    return (r.stdout + r.stderr).split("\n")[:-1]


if shutil.which("bash"):
    ok(own and bash("llm-spy", "--") == shared, "bash completes all options", bash("llm-spy", "--"))
    ok(set(subcommands) <= set(bash("llm-spy", "")), "and subcommands", bash("llm-spy", ""))
    ok("targets" not in bash("llm-spy", "-a", ""), "which come first only")
    ok({"--debug", "--help"} <= set(bash("llm-spy", "doctor", "--")) and "--raw" not in bash("llm-spy", "doctor", "--"),
       "those of a subcommand alone", bash("llm-spy", "doctor", "--"))
    ok(set(own) == {o for s in subcommands for o in bash("llm-spy", s, "--") if o in own}, "and each has one that takes it", own)
    ok(bash("llm-spy", "--format", "=", "js") == ["jsonl"] and bash("llm-spy", "--color", "=") == ["auto", "always", "never"],
       "--format=js, which bash cuts up")
    ok(bash("llm-spy", "-w", "calls") == ["calls one.spy", "calls two.spy"], "files with blanks", bash("llm-spy", "-w", "calls"))
    ok(bash("llm-spy", "--cgroup", "") == ["folder"], "directories", bash("llm-spy", "--cgroup", ""))
    ok(str(os.getpid()) in bash("llm-spy", "-p", str(os.getpid())[:2]), "processes")
    ok(bash("llm-spy", "--call-limit", "") == [""], "nothing for a size", bash("llm-spy", "--call-limit", ""))
    ok("bash" in bash("llm-spy", "-a", "--", "bas"), "a command", bash("llm-spy", "-a", "--", "bas"))
    t = Terminal("bash", "--norc", "--noprofile", "-i")
    t.type(f"bind 'set bell-style none'; source {folder}/llm-spy; echo rea''dy\n")
    if ok(t.until("ready"), "bash starts", t.seen):
        try_terminal("bash", t)
else:
    skip("bash", "it is not installed")

# ---- zsh ----
if shutil.which("zsh"):
    r = subprocess.run(["zsh", "-n", os.path.join(folder, "_llm-spy")], capture_output=True, text=True)
    ok(r.returncode == 0 and not r.stderr, "zsh can read it", r.stderr)
    t = Terminal("zsh", "-f", "-i")
    t.type(f"PS1='$ '; fpath=({folder} $fpath); autoload -U compinit; compinit -u -d {folder}/zcompdump; unsetopt beep; echo rea''dy\n")
    if ok(t.until("\nready"), "zsh starts", t.seen):
        try_terminal("zsh", t)
else:
    skip("zsh", "it is not installed")


# ---- fish ----
def fish(line):
    r = subprocess.run(["fish", "--no-config", "-c", f"source {folder}/llm-spy.fish; complete -C '{line}'"],
                       capture_output=True, text=True, cwd=os.path.join(folder, "cwd"), env={**os.environ, "HOME": folder})
    ok(not r.stderr, f"fish says nothing else: {line}", r.stderr)
    return [word.split("\t")[0] for word in r.stdout.splitlines()]


if shutil.which("fish"):
    r = subprocess.run(["fish", "--no-execute", os.path.join(folder, "llm-spy.fish")], capture_output=True, text=True)
    ok(r.returncode == 0 and not r.stderr, "fish can read it", r.stderr)
    ok(sorted(set(fish("llm-spy --"))) == sorted(shared), "fish completes all options", sorted(set(fish("llm-spy --")) ^ set(shared)))
    ok(set(subcommands) <= set(fish("llm-spy ")), "and subcommands", fish("llm-spy "))
    ok("--raw" not in fish("llm-spy targets --"), "those of a subcommand alone", fish("llm-spy targets --"))
    for typed, line in TYPED:
        last = line.split(" ")[-1].replace("\\", "")
        found = fish(typed.replace("\\ o", "\\\\ o"))
        ok(any(last in word for word in found), f"fish: {typed}<TAB>", found)
else:
    skip("fish", "it is not installed")

shutil.rmtree(folder)
done()
