# SPDX-License-Identifier: MIT
"""An ordinary user of this host who may use sudo, with an agent in a virtual environment. Goes with the test."""
import os
import pwd
import signal
import subprocess

USER = "llm-spy-example"
SUDOERS = f"/etc/sudoers.d/{USER}"
PYTHON = "/usr/bin/python3"
# Asks once, or with LOOP set until it is killed; with TOOLS about the weather, which the mock answers by a tool call;
# QUERY is for the mock.
AGENT = """import json, os, ssl, sys, time, urllib.error, urllib.request
ask = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello from " + os.path.basename(sys.argv[0])}]}
if "TOOLS" in os.environ:
    ask["messages"][0]["content"] += ": how is the weather?"
    ask["tools"] = [{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}]
body = json.dumps(ask).encode()
request = urllib.request.Request(os.environ["OPENAI_BASE_URL"] + "/chat/completions" + os.environ.get("QUERY", ""), body,
                                 {"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"], "Content-Type": "application/json"})
tls = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=os.environ["CA"]))
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), tls)
while True:
    try:
        print(json.load(opener.open(request))["choices"][0]["message"]["content"], flush=True)
    except urllib.error.HTTPError as e:
        print(e.read().decode(), flush=True)
    if "LOOP" not in os.environ:
        break
    time.sleep(0.2)
"""


def end_all_of(uid):
    """Else userdel refuses."""
    for entry in os.scandir("/proc"):
        try:
            if entry.name.isdigit() and entry.stat().st_uid == uid:
                os.kill(int(entry.name), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            pass


class Person:
    """`folder` has the programs that sudo finds; `mock` is who the agent talks to."""

    def __init__(self, mock, folder):
        self.mock, self.folder = mock, folder

    def __enter__(self):
        self.leave()
        subprocess.run(["useradd", "-m", "-s", "/bin/bash", USER], check=True, capture_output=True)
        self.pw = pwd.getpwnam(USER)
        self.home = self.pw.pw_dir
        with open(SUDOERS, "w") as f:
            f.write(f'Defaults:{USER} secure_path="{self.folder}:/usr/sbin:/usr/bin:/sbin:/bin"\n{USER} ALL=(ALL) NOPASSWD: ALL\n')
        os.chmod(SUDOERS, 0o440)
        self.venv = os.path.join(self.home, "venv")
        self.env = {"PATH": f"{self.venv}/bin:{self.folder}:/usr/bin:/bin", "HOME": self.home, "USER": USER, "LOGNAME": USER,
                    "TERM": "xterm", "LC_ALL": "C.UTF-8", "VIRTUAL_ENV": self.venv, "OPENAI_API_KEY": "sk-FAKESECRET-of-the-caller",
                    "OPENAI_BASE_URL": self.mock.url + "/v1", "CA": self.mock.ca}
        self.run(PYTHON, "-m", "venv", "--without-pip", self.venv)
        return self

    def __exit__(self, *_):
        self.leave()

    @staticmethod
    def leave():
        if os.path.exists(SUDOERS):
            os.unlink(SUDOERS)
        if subprocess.run(["id", USER], capture_output=True).returncode == 0:
            end_all_of(pwd.getpwnam(USER).pw_uid)
            subprocess.run(["userdel", "-r", USER], capture_output=True)

    def who(self):
        """As arguments of subprocess."""
        return {"user": self.pw.pw_uid, "group": self.pw.pw_gid, "extra_groups": [], "cwd": self.home, "env": self.env}

    def run(self, *argv, **kw):
        return subprocess.run(argv, text=True, capture_output=True, **{**self.who(), **kw})

    def program(self, name):
        """The agent by this name, in a path below home."""
        path = os.path.join(self.home, name)
        with open(path, "w") as f:
            f.write(f"#!{self.venv}/bin/python\n" + AGENT)
        os.chmod(path, 0o755)
        os.chown(path, self.pw.pw_uid, self.pw.pw_gid)
        return path
