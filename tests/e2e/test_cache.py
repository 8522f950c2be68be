#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Compiled programs on disk: what a start does when they are there, when they are not, and when they are not to be
believed."""
import contextlib
import glob
import hashlib
import random
import re
import shutil
import stat
import struct
import threading

from spy import *

need_root()
mock = Mock()
HOME = os.path.join(TMP, "new", "dir")  # is missing, and what it is in too
CACHE = os.path.join(HOME, "llm-spy")
os.environ["XDG_CACHE_HOME"] = HOME
DEBUG = ("--debug", "--kernel-headers=builtin")


def ours():
    """Processes of this program, whoever started them."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.path.samefile(f"/proc/{pid}/exe", SPY):
                yield int(pid)
        except OSError:
            pass


def compilers(others):
    """Those that have LLVM mapped."""
    found = []
    for pid in set(ours()) - others:
        try:
            with open(f"/proc/{pid}/maps") as f:
                found += [pid] if "libLLVM" in f.read() else []
        except OSError:
            pass
    return found


class Watch(threading.Thread):
    """Whether any of them has LLVM mapped, from now on until it is asked."""
    def __init__(self):
        super().__init__()
        self.others, self.seen, self.over = set(ours()), False, False
        self.start()

    def run(self):
        while not self.over:
            self.seen |= bool(compilers(self.others))
            time.sleep(0.005)

    def end(self):
        self.over = True
        self.join()
        return self.seen


def start(*args, settle=True):
    """All groups loaded, then ended: what it said, and whether LLVM was seen."""
    watch = Watch()
    spy = Spy(*DEBUG, *args)
    if settle:
        until(lambda: all(f"probe {g}: " in spy.stderr() for g in GROUPS))
    llvm = watch.end()
    spy.stop()
    return spy.stderr(), llvm


with open(os.path.join(SRC, "probes/programs.def")) as f:
    # Pipes are watched where the kernel describes its types.
    GROUPS = [g for g in re.findall(r"^GROUP\((\w+),", f.read(), re.M) if g != "STDIO" or os.path.exists("/sys/kernel/btf/vmlinux")]


def core():
    """The file of the first group."""
    files = glob.glob(f"{CACHE}/probe-CORE-*")
    return files[0] if len(files) == 1 else None


def compiled(text, group="CORE"):
    return re_find(text, f"probe {group}: kernel headers: ")


def loaded(text, group="CORE"):
    return re_find(text, f"probe {group}: compiled before; loaded in ")


def re_find(text, what):
    return next((line for line in text.splitlines() if what in line), "")


# ---- the first start compiles, the second does not ----
text, llvm = start()
ok("(it was not compiled before)" in compiled(text) and llvm, "the first start compiles", text)
ok(stat.S_IMODE(os.stat(CACHE).st_mode) == 0o700 and stat.S_IMODE(os.stat(os.path.join(TMP, "new")).st_mode) == 0o700,
   "in a cache directory that it made")
kept = sorted(os.listdir(CACHE))
ok([f.split("-")[1] for f in kept if f.startswith("probe-")] == sorted(GROUPS),
   "each group is kept", kept)
ok(all(stat.S_IMODE(os.stat(os.path.join(CACHE, f)).st_mode) == 0o600 for f in kept), "for us alone")
text, llvm = start()
ok(all(loaded(text, g) for g in GROUPS) and "libbcc" not in text and not llvm,
   "the second loads all of it, and no process maps LLVM", llvm, text)
r = subprocess.run([SPY, "doctor", "-v"], text=True, capture_output=True)
ok(f"compiled BPF programs: {len(GROUPS)} files" in r.stdout and f"; {len(GROUPS)} are by libbcc" in r.stdout, "doctor counts them", r.stdout)

# ---- what is captured then ----
WAITING = ["sh", "-c", "read go; exec \"$@\"", "sh"]
for what, args in (("ring", ("--buffer=ring",)), ("perf", ("--buffer=perf",)), ("single probes", ())):
    for turn in ("cold", "warm"):
        out = tempfile.NamedTemporaryFile(dir=TMP, delete=False).name
        later = subprocess.Popen([*WAITING, PYTHON, CLIENT, "big", mock.url, mock.ca, out], stdin=subprocess.PIPE, text=True)
        one = args or (f"--pid={later.pid}",)
        spy = Spy(*DEBUG, *one)
        ok(bool(loaded(spy.stderr()) if turn == "warm" or what == "ring" else compiled(spy.stderr())),
           f"{what}, {turn}: as it should be started", spy.stderr())
        later.communicate("go\n", timeout=WAIT)
        spy.wait_for(len(notes(out)))
        compare(f"{what}, {turn}", spy.stop(), notes(out))
ok(not compiled(spy.stderr()), "another --pid is no reason to compile", spy.stderr())

# ---- what is not to be believed ----
text, llvm = start("--no-cache", settle=False)
ok(compiled(text) and llvm and "(" not in compiled(text), "--no-cache compiles", text)
shutil.rmtree(CACHE)
text, llvm = start("--no-cache", settle=False)
ok(not glob.glob(f"{CACHE}/probe-*"), "and keeps nothing", os.listdir(CACHE) if os.path.exists(CACHE) else "")
start(settle=False)
whole = open(core(), "rb").read()


def refused(what, why, spoil):
    """A start that finds the file spoilt compiles and mends it."""
    spoil()
    doctor = subprocess.run([SPY, "doctor"], text=True, capture_output=True).stdout
    text, llvm = start(settle=False)
    ok(why in compiled(text) and llvm, f"{what}: compiled anew", text)
    ok(os.path.isfile(core()) and not os.path.islink(core()) and open(core(), "rb").read()[-32:] != b"", f"{what}: replaced")
    text, llvm = start(settle=False)
    ok(loaded(text), f"{what}: and used by the next", text)
    return doctor


def rewrite(bytes):
    with open(core(), "wb") as f:
        f.write(bytes)


def flip():
    at = random.randrange(len(whole))
    rewrite(whole[:at] + bytes([whole[at] ^ 1 << random.randrange(8)]) + whole[at + 1:])


def as_link():
    os.rename(core(), os.path.join(TMP, "elsewhere"))
    os.symlink(os.path.join(TMP, "elsewhere"), os.path.join(CACHE, os.path.basename(name)))


def wrong_program():
    """In order but for one instruction, which no kernel knows."""
    at = whole.index(struct.pack("<H", len("spy_call")) + b"spy_call") + 2 + len("spy_call") + 4
    body = whole[:at] + b"\xff" + whole[at + 1:-32]
    rewrite(body + hashlib.sha256(body).digest())


name = core()
OTHERS = "another user could have written it"
text = refused("a changed bit", "it is damaged", flip)
ok("not used: " in text and "it is damaged" in text, "a changed bit: doctor says so", text)
refused("a part of it", "it is damaged", lambda: rewrite(whole[:len(whole) // 2]))
refused("nothing in it", "it is damaged", lambda: rewrite(b""))
text = refused("another user's", OTHERS, lambda: os.chown(core(), 65534, 65534))
ok(OTHERS in text, "another user's: doctor says so", text)
refused("open to others", OTHERS, lambda: os.chmod(core(), 0o644))
refused("a link", OTHERS, as_link)
refused("what the kernel refuses", "the kernel refused the program spy_call", wrong_program)
os.chmod(CACHE, 0o777)
text, llvm = start(settle=False)
ok(compiled(text) and llvm, "in a directory that others may write to nothing is believed", text)
text = subprocess.run([SPY, "doctor"], text=True, capture_output=True).stdout
ok("compiled BPF programs: none can be kept" in text, "as doctor says", text)
os.chmod(CACHE, 0o700)

# ---- what it depends on ----
lib = os.path.join(TMP, "lib")
os.mkdir(lib)
shutil.copy(os.path.realpath(next(line.split()[2] for line in subprocess.run(["ldd", SPY], text=True, capture_output=True).stdout.splitlines()
                                  if "libelf.so" in line)), f"{lib}/libelf.so.1")
os.environ["LD_LIBRARY_PATH"] = lib
text, llvm = start(settle=False)
ok("(it was not compiled before)" in compiled(text), "another LD_LIBRARY_PATH", text)
text, llvm = start(settle=False)
ok(loaded(text), "the same", text)
os.utime(f"{lib}/libelf.so.1")
text, llvm = start(settle=False)
ok(f"({lib}/libelf.so.1 has changed)" in compiled(text), "a library that has changed since", text)
del os.environ["LD_LIBRARY_PATH"]

# ---- the program behind a command ----
if os.path.exists("/usr/bin/node"):
    package = os.path.join(TMP, "lib/node_modules/@x/tool")
    native = f"{package}/node_modules/@x/tool-linux-x64/vendor/x/bin/tool"
    for path in (native, f"{package}/bin/tool.js", os.path.join(TMP, "bin/tool")):
        os.makedirs(os.path.dirname(path))
    shutil.copy(os.path.realpath("/usr/bin/node"), native)
    with open(f"{package}/bin/tool.js", "w") as f:
        f.write(f"#!/bin/sh\nexec {native} --version\n")
    os.chmod(f"{package}/bin/tool.js", 0o755)
    os.symlink("../lib/node_modules/@x/tool/bin/tool.js", os.path.join(TMP, "bin/tool"))
    r = subprocess.run([SPY, *DEBUG, "-o", "/dev/null", "--", os.path.join(TMP, "bin/tool")], text=True, capture_output=True, timeout=WAIT)
    ok(-1 < r.stderr.find(f"attach: {native}: ") < r.stderr.find("ready:"), "the native program of npm's package is hooked before it starts", r.stderr)
else:
    skip("the native program of npm's package", "no node to stand for it")

# ---- nobody is left ----
def stop_compilers(others):
    """So that none ends by itself. Returns those that were stopped."""
    stopped = []
    for pid in compilers(others):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
            stopped.append(pid)
    return stopped


for sig in (signal.SIGKILL, signal.SIGINT):
    for args in (("--no-cache",), ("--no-cache", "--", "sleep", "60")):
        others = set(ours())
        spy = Spy(*DEBUG, *args, ready=False)
        others.add(spy.proc.pid)
        until(lambda: compilers(others))
        time.sleep(random.uniform(0, 0.3))
        stopped = until(lambda: stop_compilers(others))
        spy.proc.send_signal(sig)
        spy.proc.wait(WAIT)
        ok(stopped and until(lambda: not set(ours()) - others), f"no compiler outlives a tracer that got {sig.name} ({' '.join(args)})",
           stopped, set(ours()) - others)

mock.stop()
done()
