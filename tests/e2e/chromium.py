# SPDX-License-Identifier: MIT
"""What tests of pages share: a real browser, what drives it, and scenarios (browser/*.mjs), each line of which is a check."""
import json
import os
import shutil
import socket
import subprocess

from tap import ok, skip, skip_all

HERE = os.path.dirname(os.path.abspath(__file__))
WAIT = 900  # seconds that a scenario may take, on a host that does much else


def node():
    for path in (os.environ.get("NODE"), "/usr/bin/node", shutil.which("node")):
        if path and os.access(path, os.X_OK) and int(subprocess.check_output([path, "-p", "parseInt(process.versions.node)"])) >= 18:
            return path
    skip_all("no Node.js of version 18 or later")


def chromium():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        # Ubuntu's is a snap, which cannot read what lies in /tmp.
        if path and not os.path.realpath(path).startswith("/snap"):
            return path
    skip_all("no Chromium: apt-get install chromium")


def modules():
    r = subprocess.run([os.path.join(HERE, "fetch_sdks"), "browser"], capture_output=True, text=True)
    if r.returncode:
        said = [line for line in r.stderr.splitlines() if not line.startswith("npm warn")]
        skip_all("playwright-core and axe-core cannot be fetched: " + "; ".join(said[:3] or [f"status {r.returncode}"]))
    return r.stdout.splitlines()[-1]


class Browser:
    def __init__(self, spy):
        if "serve" not in subprocess.run([spy, "--help-all"], capture_output=True, text=True).stdout:
            skip_all("built without `serve`")
        self.node = node()
        self.env = dict(os.environ, TZ="UTC", LC_ALL="C.UTF-8", CHROMIUM=chromium(), MODULES=modules())

    def play(self, scenario, url, does=None, **said):
        """does: what the scenario may ask for, by name."""
        print(f"# ---- {scenario}")
        argv = ["timeout", str(WAIT), self.node, os.path.join(HERE, "browser", scenario + ".mjs"), url, json.dumps(said)]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=self.env) as proc:
            for line in proc.stdout:
                check = json.loads(line)
                if "ask" in check:
                    does[check["ask"]]()
                elif "skip" in check:
                    skip(f"{scenario}: {check['skip']}", check["why"])
                else:
                    ok(check["ok"], f"{scenario}: {check['what']}", *check["more"])
        ok(proc.returncode == 0, f"{scenario}: comes to its end", f"status {proc.returncode}")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
