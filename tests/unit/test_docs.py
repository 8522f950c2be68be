#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the documents say agrees with the program and its source; and what the source may not do."""
import os
import re
import shutil
import sqlite3
import subprocess
import sys

SRC, BUILD = os.environ.get("srcdir", "."), os.environ.get("builddir", ".")
sys.path.insert(0, os.path.join(SRC, "tests", "lib"))
import record_schema  # noqa: E402
from tap import done, ok, skip  # noqa: E402


def read(*path):
    with open(os.path.join(SRC, *path)) as f:
        return f.read()


def rows(path, name):
    """Arguments of the rows of a .def file, as text."""
    return re.findall(r"^%s\((.*)\)$" % name, read(path), re.M)


man = re.sub(r"\\[-&]", lambda m: "-" if m[0] == r"\-" else "", read("man", "llm-spy.8"))
options = [re.findall(r'"([a-z-]+)", (?:\'(.)\'|0)', row)[0] for row in rows("src/options/options.def", "OPTION")]
words = [re.findall(r'"([a-z-]+)"', row)[0] for row in rows("src/select/words.def", "WORD")]
processes = [re.findall(r'"([a-z-]+)"', row)[0] for row in rows("src/select/words.def", "PROCESS")]
options += [(word, "") for word in words]
help_text = subprocess.run([os.path.join(BUILD, "llm-spy"), "--help-all"], capture_output=True, text=True).stdout

# ---- options ----
for name, letter in options:
    ok(re.search(r"^\.It Fl .*-%s\b(?!-)" % name, man, re.M), f"the man page describes --{name}")
    ok(re.search(r"--%s\b" % name, help_text), f"--help-all describes --{name}")
    if letter:
        ok(re.search(r"^\.It Fl %s , -%s\b" % (letter, name), man, re.M), f"the man page describes -{letter}")
known = {name for name, _ in options}
outputs = man[man.index(".Ss Outputs"):man.index(".Ss Tables")]
for word in words + processes:
    ok(word in known, f"--{word} is an option")
    ok(re.search(r"^\.It Cm (?:[a-z-]+ , )*%s\b(?!-)" % word, outputs, re.M), f"the man page has {word} as a setting of outputs")
letters = {letter for _, letter in options}
for line in re.findall(r"^\.It Fl (.*)$", man, re.M):
    for name in re.findall(r"(?:^|, )-([a-z-]+)", line):
        ok(name in known, f"the man page's --{name} exists")
for doc in ("README.md", "NEWS", "CONTRIBUTING.md", "doc/RECORD.md", "doc/RECORDING.md", "doc/INTERNALS.md", "doc/GLOSSARY.md",
            "doc/PRICES.md", "doc/PRIVACY.md", "doc/STORE.md", "doc/TELEMETRY.md"):
    commands = re.findall(r"llm-spy((?: +-[^\n|`]*)?)", read(doc))
    for words in (c.split(" -- ")[0].split() for c in commands):
        for w in words:
            if w.startswith("--") and len(w) > 2:
                ok(w[2:].split("=")[0].rstrip(".,;)") in known, f"{doc}: {w} exists")
            elif re.fullmatch(r"-[a-zA-Z]", w):
                ok(w[1] in letters, f"{doc}: {w} exists")

# ---- ceilings ----
section = man[man.index(".Sh LIMITS"):man.index(".Sh ENVIRONMENT")]
limits = [re.match(r'(\w+), ([^,]+), "[^"]*", "(.*)"', row).groups() for row in rows("src/base/limits.def", "LIMIT")]
for name, value, text in limits:
    number = eval(value)
    short = next(f"{number >> bits}{unit}" for bits, unit in ((30, "G"), (20, "M"), (10, "K"), (0, ""))
                 if number % (1 << bits) == 0 and (number >= 1 << (bits + 4) or not bits or number == 1 << bits
                                                   or bits and number >> bits in (2, 4, 8)))
    entry = re.search(r"^\.It Cm %s\n([^.][^\n]*(?:\n[^.][^\n]*)*)" % name, section, re.M)
    ok(entry and re.match(r"(%s|%d);" % (short, number), entry[1]), f"the man page gives limit {name} as {short}")
    ok(entry and text.split(";")[0] in " ".join(entry[1].split()), f"the man page says what limit {name} is")
ok(set(re.findall(r"^\.It Cm (\w+)$", section, re.M)) == {n for n, _, _ in limits}, "the man page lists no other limit")

# ---- what a replay-server does not compare ----
section = man[man.index(".Ss replay-server"):man.index(".Sh OUTPUT")]
volatile = [re.match(r'(\w+), "([^"]*)"', row).groups() for row in rows("src/view/volatile.def", "VOLATILE")]
for kind, name in volatile:
    # Spelled in two ways, by underscores or another apostrophe, it stands there once.
    plain = name.replace("_", " ").replace("\\xe2\\x80\\x99", "'") if kind == "DATE" else name
    ok(plain in section, f"the man page says that {name} is not compared")
said = {n.strip('"') for n in re.findall(r'^\.(?:Li|Dq) (\S+(?: \S+)*?)(?: [,;])?$', section[:section.index("the boundary of a form")], re.M)}
known = {name for _, name in volatile} | {"Host", "localhost", "bodies=yes"}
ok(said <= known, f"and of nothing else {sorted(said - known)}")

# ---- ports ----
plain = " ".join(man[man.index(".It Fl -plain"):man.index(".It Fl -no-peer")].split())
for row in rows("src/capture/plainports.def", "PORT"):
    number, who = re.fullmatch(r'(\d+), "(.*)"', row).groups()
    ok(f" {number} ({who})" in plain, f"the man page names port {number} of {who}")

# ---- exit status ----
codes = set(re.findall(r"^\s+EXIT_\w+ = (\d)", read("src/options/exit_code.h"), re.M))
section = man[man.index(".Sh EXIT STATUS"):man.index(".Sh EXAMPLES")]
ok(codes == set(re.findall(r"^\.It (\d)$", section, re.M)), "the man page lists the exit statuses")

# ---- the record ----
JSON_TYPES = {"string": {"string"}, "bool": {"boolean"}, "array": {"array"}, "object": {"object"}, "number": {"integer", "number"}}
documented = dict(re.findall(r"^\| `([a-z0-9_.\[\]]+)` \| (\w+) \|", read("doc", "RECORD.md"), re.M))
described = dict(record_schema.members())
ok(len(documented) > 100, "doc/RECORD.md has rows")
for path in sorted(documented.keys() | described.keys()):
    ok(path in documented and path in described, f"doc/RECORD.md and doc/record.schema.json both have {path}")
for path in sorted(documented.keys() & described.keys()):
    types = described[path].get("type", [])
    types = {types} if isinstance(types, str) else set(types)
    ok(types - {"null"} <= JSON_TYPES[documented[path]], f"{path} has the same type in both")
    ok(described[path].get("description"), f"doc/record.schema.json describes {path}")

# ---- tables ----
store = read("doc", "STORE.md")
part = store[:store.index("## sqlite")]
columns = [row.split(",")[0] for row in rows("src/sink/csv_columns.def", "COLUMN")]
ok(columns and re.findall(r"^\| `(\w+)` \|", part, re.M) == columns, "doc/STORE.md has the columns of csv, in order")
db = sqlite3.connect(":memory:")
for text in re.findall(r"^MIGRATION\(\d+,(.*?)\)$", read("src", "archive", "migrations.def"), re.M | re.S):
    db.executescript("".join(re.findall(r'"([^"]*)"', text)))
for table, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
    have = [(name, kind) for _, name, kind, *_ in db.execute(f"PRAGMA table_info({table})")]
    said = re.findall(r"^\| `%s\.(\w+)` \| (\w+) \|" % table, store, re.M)
    ok(have and sorted(have) == sorted(said), f"doc/STORE.md has the columns of table {table}")
version = len(re.findall(r"^MIGRATION\(", read("src", "archive", "migrations.def"), re.M))
ok(f"version, now {version}." in store, "doc/STORE.md names the schema's version")
for setting in re.findall(r'^\t\{ "([a-z-]+)", "', read("src", "sink", "sqlite.c"), re.M):
    ok(f"| `{setting}` |" in store, f"doc/STORE.md describes the setting {setting}")

# ---- telemetry ----
privacy = read("doc", "PRIVACY.md")
kinds = re.findall(r'^KIND\(\w+, "([\w-]+)"', read("src", "redact", "keys.def"), re.M)
words = re.findall(r'^RULE\(\w+, "([\w-]+)"', read("src", "alert", "rules.def"), re.M)
ok(re.findall(r"^\| `([a-z-]+)` \|", privacy.split("| credential |")[1].split("\n\n")[0], re.M) == kinds, "doc/PRIVACY.md has the credentials, in order", kinds)
for name in kinds + words:
    ok(f".It Cm {name}\n" in man or f".It Cm {name} :" in man, f"the man page has the rule {name}")
    ok(f"`{name}" in privacy, f"and so has doc/PRIVACY.md: {name}")

telemetry = read("doc", "TELEMETRY.md")
said = [(n, kind, set(re.findall(r"`(\w+)`", own.partition(":")[2])), text)
        for n, kind, own, text in re.findall(r"^\| `(llm_spy_\w+)` \| (counter|gauge|histogram) \| (.*?) \| (.*?) \|$", telemetry, re.M)]
have = []
for line in read("src", "telemetry", "metrics.def").splitlines():
    row = re.match(r'(COUNTER|HISTOGRAM|STATE)\((?:(\w+), )?"(\w+)", "\w*", (?:\w+, )?"([^"]*)"', line)
    value = re.match(r'VALUE\("\w+", "(\w+)"', line)
    if row:
        kind = row[2].lower() if row[1] == "STATE" else row[1].lower()
        have.append((row[3] + "_total" * (kind == "counter"), kind, set(), row[4]))
    elif value:
        have[-1][2].add(value[1])
ok(len(have) > 10 and said[:-1] == have, "doc/TELEMETRY.md has the metrics, in order", said, have)
for setting in re.findall(r'^\t\{ "([a-z-]+)", "', read("src", "sink", "metrics.c"), re.M):
    ok(f"setting `{setting}`" in telemetry, f"doc/TELEMETRY.md describes the setting {setting}")
for setting in re.findall(r'^\t\{ "([a-z-]+)", "', read("src", "sink", "otlp.c"), re.M):
    ok(f"| `{setting}` |" in telemetry, f"doc/TELEMETRY.md describes the setting {setting}")
said = re.findall(r"^\| `([a-z0-9_.]+)` \| (?:`([a-z0-9_.]+)`|(none)|) \| (?:attribute|resource|metric|event) \|$", telemetry, re.M)
have = [(name, *("" if newer == "NULL" else newer.strip('"'), "none" if newer == '""' else "")) for name, newer in
        re.findall(r'^NAME\(\w+, "([^"]+)", (NULL|"[^"]*")\)$', read("src", "telemetry", "semconv.def"), re.M)]
ok(len(have) > 50 and said == have, "doc/TELEMETRY.md has the names of OpenTelemetry, in order", set(said) ^ set(have))
config = read("src", "sink", "otlp_config.c")
for name in set(re.findall(r'"(OTEL_[A-Z_]+[A-Z])"', config)) | {"OTEL_EXPORTER_OTLP_" + w for w in re.findall(r'of_signal\(s, "(\w+)"\)', config)}:
    ok(f"`{name}`" in telemetry, f"doc/TELEMETRY.md describes {name}")

# ---- deploy/ ----
try:
    import yaml
except ImportError:
    skip("the YAML of deploy/", "python3-yaml is not installed")
else:
    deployed = yaml.safe_load(read("deploy", "otel-collector-clickhouse.yaml"))
    used = [(kind, name) for p in deployed["service"]["pipelines"].values() for kind, names in p.items() for name in names]
    ok({p.split("/")[0] for p in deployed["service"]["pipelines"]} == {"traces", "metrics", "logs"}, "deploy/ has a pipeline for each signal")
    ok(used and all(name in deployed[kind] for kind, name in used), "whose parts are defined", used)
    ok(set(used) >= {(kind, name) for kind in ("receivers", "processors", "exporters") for name in deployed[kind]}, "and all parts are used")

# ---- the man page's own form ----
if shutil.which("mandoc"):
    r = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", os.path.join(SRC, "man", "llm-spy.8")],
                       capture_output=True, text=True)
    ok(not r.stdout.strip(), "mandoc has nothing to say of the man page", r.stdout)
else:
    skip("mandoc's opinion of the man page", "mandoc is not installed")

# ---- the source ----
banned = re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|scanf|alloca|system|popen|tmpnam|mktemp|json_dumps)\s*\(")
for folder, _, files in sorted(os.walk(os.path.join(SRC, "src"))):
    for name in sorted(files):
        if not name.endswith((".c", ".h")):
            continue
        path = os.path.relpath(os.path.join(folder, name), SRC)
        code = re.sub(r"/\*.*?\*/", "", read(path), flags=re.S)
        code = re.sub(r'"(?:[^"\\\n]|\\.)*"', '""', code)
        found = set(banned.findall(code))
        ok(not found, f"{path} calls nothing unsafe {found or ''}")
        ok("SPDX-License-Identifier:" in read(path).split("\n", 1)[0], f"{path} states its licence")

done()
