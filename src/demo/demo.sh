# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# The clients of --demo: sh -c THIS demo BASE-URL CA-FILE. Plain and streamed calls in OpenAI's and
# Anthropic's form, by curl and by python3 where they are.
url=$1 ca=$2
have() { command -v "$1" >/dev/null 2>&1; }

call() { # PATH BODY HEADER...
	path=$1 body=$2
	shift 2
	for h in "$@"; do set -- "$@" -H "$h"; shift; done
	curl -sSN --noproxy '*' --cacert "$ca" -o /dev/null -H 'Content-Type: application/json' "$@" \
		--data-binary "$body" "$url$path"
}

python=
for p in /usr/bin/python3 python3; do
	have "$p" && { python=$p; break; }
done

have curl || [ -n "$python" ] || {
	echo 'llm-spy: the demo needs curl or python3: apt install curl' >&2
	exit 1
}

have curl && {
	call /v1/chat/completions '{"model":"gpt-4","messages":[{"role":"system","content":"You are a helpful assistant."},{"role":"user","content":"What is eBPF?"}],"temperature":0.7,"max_tokens":1000}' \
		'Authorization: Bearer sk-demo-not-a-key'
	call '/v1/chat/completions?delay_ms=60' '{"model":"gpt-4","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"And in one sentence?"}]}' \
		'Authorization: Bearer sk-demo-not-a-key'
}

[ -n "$python" ] && "$python" - "$url" "$ca" <<'PYTHON'
import http.client, json, ssl, sys, urllib.parse
at = urllib.parse.urlsplit(sys.argv[1])
c = http.client.HTTPSConnection(at.hostname, at.port, context=ssl.create_default_context(cafile=sys.argv[2]))
headers = {"x-api-key": "sk-ant-demo-not-a-key", "anthropic-version": "2023-06-01", "Content-Type": "application/json"}
weather = {"name": "get_weather", "description": "Weather of a city", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}
calls = [
    ("/v1/messages", {"model": "claude-sonnet-4-5", "max_tokens": 256, "tools": [weather], "messages": [{"role": "user", "content": "How is the weather in Paris?"}]}),
    ("/v1/messages?delay_ms=60", {"model": "claude-sonnet-4-5", "max_tokens": 256, "stream": True, "system": "Answer briefly.", "messages": [{"role": "user", "content": "Who watches the watchers?"}]}),
]
for path, body in calls:
    c.request("POST", path, json.dumps(body), headers)
    c.getresponse().read()
PYTHON
exit 0
