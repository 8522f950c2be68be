/* SPDX-License-Identifier: MIT */
#include "exchange/show_mode.h"

static bool is_json(const char *media_type)
{
	struct span type = span_str(media_type);

	return span_eq(type, SPAN_LIT("application/json")) || span_ends(type, SPAN_LIT("+json")) ||
	       span_ends(type, SPAN_LIT("ndjson")) || span_ends(type, SPAN_LIT("jsonl"));
}

bool show_mode_has(enum show_mode mode, const struct exchange *x)
{
	switch (mode) {
	case SHOW_LLM_ONLY:
		return x->kind == EXCHANGE_LLM;
	case SHOW_SMART:
		return x->kind != EXCHANGE_HTTP || is_json(x->request_body.media_type) ||
		       is_json(x->response_body.media_type);
	case SHOW_ALL:
	case SHOW_RAW:
		return true;
	}
	return true;
}
