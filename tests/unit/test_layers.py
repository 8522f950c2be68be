#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The rooms of src/: which may include which, and which of their files do neither I/O nor look at a clock."""
import os
import re
import sys

SRC = os.environ.get("srcdir", ".")
sys.path.insert(0, os.path.join(SRC, "tests", "lib"))
from tap import done, ok  # noqa: E402

# Each may include what precedes it. "pipeline" is src/pipeline.[ch], "main" src/main.c.
ORDER = ("base json kernel capture http redact proc find hold probe source stream exchange select llm cost conversation archive "
         "assemble alert report telemetry discover sink pipeline view web options run proxy demo cli top main").split()
# Headers that belong to no room: all may include them.
SHARED = ("probes", "config", "revision")
# Includes against the order that are still to be cut.
UPWARD = set()

# Files of libpure.a that do what the others may not: they speak to the person or the disk, write into the stream that
# they were given, or are shared by threads.
IMPURE_FILES = {"src/base/clock.h", "src/base/cache_dir.c", "src/base/caller.c", "src/base/file.c", "src/base/file.h", "src/base/locked_dir.c", "src/base/log.c", "src/base/log.h",
                "src/base/xalloc.c",
                "src/proc/port_holder.c",
                "src/report/registry.c",
                "src/source/record.c", "src/source/replay.c",
                "src/select/redact_setting.c", "src/select/select.c",
                "src/archive/accounts.c", "src/archive/archive.c", "src/archive/db.c", "src/archive/private_file.c", "src/archive/retain.c", "src/view/live_store.c", "src/view/curl.c", "src/view/view.c", "src/view/from_file.c", "src/run/service.c",
                "src/sink/block.c", "src/sink/console.c", "src/sink/csv.c", "src/sink/har.c", "src/sink/html.c", "src/sink/jsonl.c", "src/sink/live_view.c", "src/sink/md.c", "src/sink/metrics.c", "src/sink/http_port.c", "src/sink/screen.c", "src/sink/otlp.c", "src/sink/otlp_config.c", "src/sink/output.c", "src/sink/page.c", "src/sink/queue.c", "src/sink/term.c", "src/sink/text.c", "src/sink/writer.c"}
IMPURE = re.compile(r"\b(fopen|fdopen|open|openat|read|write|send|recv|f?printf|fputs|fputc|puts|putchar|fwrite|fread|fflush|"
                    r"perror|time|clock|clock_gettime|gettimeofday|now_ns|getenv|rand|random|getpid|geteuid|getpw\w+|"
                    r"[fl]?stat|poll|nanosleep|u?sleep|pthread_\w+|socket|connect|ioctl|isatty|unlink|rename|mkdir|kill|"
                    r"fork|exit|nl_langinfo|log_\w+|"
                    r"file_(?:create_private|create_new|create_as_caller|open_own_dir|replace|write_all|read_all))\s*\(")


def read(path):
    with open(os.path.join(SRC, path)) as f:
        return f.read()


def room_of(path):
    """Of src/ROOM/file.c and of ROOM/file.h alike; what stands at the top is a room by its own name."""
    path = path.removeprefix("src/")
    return path.split("/")[0] if "/" in path else path.split(".")[0]


def sources():
    for folder, _, names in sorted(os.walk(os.path.join(SRC, "src"))):
        for name in sorted(names):
            if name.endswith((".c", ".h", ".def")):
                yield os.path.relpath(os.path.join(folder, name), SRC)


def is_upward(source, header):
    a, b = room_of(source), room_of(header)
    return a in ORDER and b in ORDER and ORDER.index(b) > ORDER.index(a)


def without_text(code):
    """Without comments, strings and calls through members."""
    code = re.sub(r"/\*.*?\*/", "", code, flags=re.S)
    code = re.sub(r'"(?:[^"\\\n]|\\.)*"', '""', code)
    return re.sub(r"(->|\.)\s*\w+\s*\(", "", code)


def pure_files():
    """What libpure.a is made of."""
    for path in ["src/local.mk", *(f"src/{room}/local.mk" for room in sorted(ORDER))]:
        if os.path.exists(os.path.join(SRC, path)):
            for line in re.findall(r"^libpure_a_SOURCES \+=(.*)$", read(path).replace("\\\n", " "), re.M):
                yield from (name for name in line.split() if name.endswith((".c", ".h")))


# ---- who includes whom ----
ok(is_upward("src/base/buf.c", "http/h1.h") and is_upward("src/sink/verbose.c", "pipeline.h"), "an include upwards is seen")
ok(not is_upward("src/http/h1.c", "base/buf.h") and not is_upward("src/main.c", "pipeline.h"), "and one downwards is fine")
upward = set()
for path in sources():
    headers = re.findall(r'^\s*#\s*include "([^"]+)"', read(path), re.M)
    ok(room_of(path) in ORDER, f"{path} is in a room of the order")
    # A header beside its source, without its folder, is the room's own.
    unknown = [h for h in headers if room_of(h) not in ORDER and room_of(h) not in SHARED]
    ok(not unknown, f"{path} includes what belongs to a room {unknown or ''}")
    found = {(path, h) for h in headers if is_upward(path, h)}
    upward |= found
    ok(found <= UPWARD, f"{path} includes only what is below it {sorted(h for _, h in found - UPWARD) or ''}")
ok(UPWARD <= upward, f"each exception is still needed {sorted(UPWARD - upward) or ''}")

# ---- who is pure ----
ok(IMPURE.search(without_text("x = clock_gettime(a);")) and not IMPURE.search(without_text('o->read(x); s = "open("; /* read() */')),
   "a call is told from a member, a text and a comment")
pure = list(pure_files())
ok(len(pure) > 150, f"libpure.a has files: {len(pure)}")
impure = set()
for path in pure:
    found = set(IMPURE.findall(without_text(read(path))))
    if found:
        impure.add(path)
    ok(not found or path in IMPURE_FILES, f"{path} does no I/O and looks at no clock {sorted(found) or ''}")
ok(IMPURE_FILES <= impure, f"each exception is still needed {sorted(IMPURE_FILES - impure) or ''}")

# ---- tests: automake names the log of a test without its ending, so of two with one name only one would run ----
names = [os.path.splitext(os.path.relpath(os.path.join(folder, n), SRC))[0] for folder, _, files in os.walk(os.path.join(SRC, "tests"))
         for n in files if n.startswith(("test_", "fuzz_")) and n.endswith((".c", ".py"))]
twice = sorted({n for n in names if names.count(n) > 1})
ok(len(names) > 100 and not twice, f"each test has a name of its own {twice or ''}")

# ---- names of credentials: those that end in no pair of credential_may_end() would never be found ----
source = read("src/redact/credential.c")
lists = re.findall(r"(?:header_names|header_ends|member_names|member_ends|vague_names)\[\] = (.*?);", source, re.S)
names = set(re.findall(r'NAME\("(.*?)"\)', "".join(lists)))
pairs = {a + b for a, b in re.findall(r"case PAIR\('(.)', '(.)'\)", source)}
ok(len(lists) == 5 and len(names) > 50, f"names of credentials are found: {len(names)}")
ok({n[-2:] for n in names} == pairs, f"credential_may_end knows their ends {sorted({n[-2:] for n in names} ^ pairs) or ''}")

done()
