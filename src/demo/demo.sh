# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# The clients of --demo: sh -c THIS demo BASE-URL CA-FILE AGENT. curl in OpenAI's form, refused once and tried again,
# then streamed; and an agent that calls tools, in Anthropic's.
url=$1 ca=$2 agent=$3
have() { command -v "$1" >/dev/null 2>&1; }

call() { # PATH BODY
	curl -sSN --retry 2 --noproxy '*' --cacert "$ca" -H 'Host: api.openai.com' -H 'Content-Type: application/json' \
		-H 'Authorization: Bearer sk-demo-not-a-key' --data-binary "$2" "$url$1" >/dev/null
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
	ask='{"model":"gpt-4o","messages":[{"role":"system","content":"You are a helpful assistant."},{"role":"user","content":"What is eBPF?"}],"temperature":0.7,"max_tokens":1000}'
	call '/v1/chat/completions?busy=1' "$ask"
	call '/v1/chat/completions?delay_ms=60' '{"model":"gpt-4o","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"And in one sentence?"}]}'
}
[ -n "$python" ] && "$python" "$agent" "$url" "$ca"
exit 0
