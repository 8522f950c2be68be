#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The page of `llm-spy --web` in a real browser while real clients run: what is in flight, what ends, an agent's turns."""
import re
import subprocess

from spy import *

need_root()
from chromium import Browser, free_port  # noqa: E402

AGENT = os.path.abspath(os.path.join(SRC, "src/demo/agent.py"))
browser = Browser(SPY)


clients = []


def curl(query, words):
    body = {"model": "gpt-4o", "stream": True, "stream_options": {"include_usage": True}, "messages": [{"role": "user", "content": words}]}
    start("curl", "-sN", "--noproxy", "*", "--cacert", mock.ca, "-H", "Host: api.openai.com", "-H", "Content-Type: application/json",
          "--data-binary", json.dumps(body), f"{mock.url}/v1/chat/completions?{query}")


def start(*argv):
    clients.append(subprocess.Popen(argv, stdout=subprocess.DEVNULL))
    started.append(clients[-1])


DOES = {
    "stream": lambda: curl("delay_ms=250&chunks=4000&size=40000", "Explain eBPF."),  # longer than any test
    "break off": lambda: clients[-1].kill(),
    "short": lambda: curl("", "Briefly."),
    "agent": lambda: start(PYTHON, AGENT, mock.url, mock.ca),
}

mock = Mock()
spy = Spy(f"--web=127.0.0.1:{free_port()}")
url = until(lambda: re.search(r"http://127\S+\?token=\S+", spy.stderr()))
if ok(url, "the address of the page is told", spy.stderr()):
    browser.play("live", url[0], does=DOES)
for proc in clients:
    proc.wait(WAIT)
records = spy.stop()
ok(len(records) >= 6, "and all of it is in the records", len(records))
mock.stop()
done()
