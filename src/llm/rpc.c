/* SPDX-License-Identifier: MIT */
#include "llm/rpc.h"

#include "base/buf.h"
#include "llm/json.h"
#include "llm/rest.h"

/* No state that is known has a longer name. */
#define STATE_MAX 64

const char *const rpc_envelope[] = {
	"jsonrpc", "id", "method", "params", "result", "error", NULL,
};

void rpc_request_envelope(struct exchange *x, const json_t *v)
{
	set_json(&x->rpc_method, json_object_get(v, "method"));
	set_json(&x->rpc_id, json_object_get(v, "id"));
	request_rest(x, "message", v, rpc_envelope);
}

void rpc_error(struct exchange *x, const json_t *error)
{
	static const char *const known[] = { "code", "message", NULL };

	answer_error(x, NULL, json_object_get(error, "code"), json_object_get(error, "message"));
	answer_rest(x, 0, error, known);
}

void rpc_state(struct exchange *x, struct span state)
{
	static const struct span prefix = SPAN_LIT("TASK_STATE_");
	struct span word = span_starts(state, prefix) ? span_from(state, prefix.len) : state;
	char text[STATE_MAX];

	if (!word.len || word.len >= STATE_MAX)
		return;
	for (size_t i = 0; i < word.len; i++) {
		char c = (char)word.ptr[i];

		text[i] = c == '-' ? '_' : c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	word = span_of(text, word.len);
	set_string(&x->rpc_state, word);
	x->rpc_failed = span_eq(word, SPAN_LIT("failed")) || span_eq(word, SPAN_LIT("rejected"));
}
