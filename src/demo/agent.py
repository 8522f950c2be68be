# SPDX-License-Identifier: MIT
"""The agent of --demo: agent.py URL CA-FILE. A loop as agents have it: it asks, does what the model wants, and asks
again. The tools' results are made up; nothing is run and nothing is changed."""
import http.client
import json
import ssl
import sys
import time
import urllib.parse

RESULTS = {
    "grep": "41:\twhile (len < end) {\n42-\t\tlen = header_length(p);\n43-\t\tparse_header(p, len);\n44-\t\tp += len;\n45-\t}",
    "Edit": "The file src/parse.c has been updated.",
    "make": "PASS: test_parse 42\n# 42 passed, 0 failed",
}
SYSTEM = "You are a coding agent. Use the tools to look at the code and to change it.\n" + "\n".join(
    f"Rule {n}: {rule}" for n, rule in enumerate(("Read before you write.", "Make the smallest change that is right.",
                                                  "Run the tests.", "Say what you did in one sentence."), 1))
TOOLS = [{"name": name, "description": text, "input_schema": {"type": "object", "properties": {p: {"type": "string"} for p in takes}}}
         for name, text, takes in (("Bash", "Runs a command", ["command"]), ("Read", "Reads a file", ["file_path"]),
                                   ("Edit", "Replaces text", ["file_path", "old_string", "new_string"]))]


def ask(conn, messages):
    """The blocks of one streamed answer."""
    body = {"model": "claude-sonnet-4-5", "max_tokens": 4096, "stream": True, "system": SYSTEM, "tools": TOOLS, "messages": messages}
    conn.request("POST", "/v1/messages?delay_ms=45", json.dumps(body),
                 {"Host": "api.anthropic.com", "x-api-key": "sk-ant-demo-not-a-key", "anthropic-version": "2023-06-01",
                  "Content-Type": "application/json"})
    blocks = []
    for line in conn.getresponse():
        if not line.startswith(b"data: "):
            continue
        event = json.loads(line[6:])
        if event["type"] == "content_block_start":
            blocks.append(dict(event["content_block"], said=""))
        elif event["type"] == "content_block_delta":
            blocks[-1]["said"] += event["delta"].get("text", "") + event["delta"].get("partial_json", "")
    for block in blocks:
        said = block.pop("said")
        block.update({"input": json.loads(said)} if block["type"] == "tool_use" else {"text": said})
    return blocks


def result_of(call):
    time.sleep(0.3)
    word = call["input"].get("command", call["name"]).split()[0]
    return {"type": "tool_result", "tool_use_id": call["id"], "content": RESULTS.get(word, "")}


url, ca = urllib.parse.urlsplit(sys.argv[1]), sys.argv[2]
conn = http.client.HTTPSConnection(url.hostname, url.port, context=ssl.create_default_context(cafile=ca))
messages = [{"role": "user", "content": "The parser hangs on empty headers. Please fix it."}]
while True:
    blocks = ask(conn, messages)
    calls = [block for block in blocks if block["type"] == "tool_use"]
    if not calls:
        break
    messages += [{"role": "assistant", "content": blocks}, {"role": "user", "content": [result_of(call) for call in calls]}]
