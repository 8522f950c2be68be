/* SPDX-License-Identifier: MIT */
#include "exchange/show_mode.h"

static bool is_json(const char *media_type)
{
	struct span type = span_str(media_type);

	return span_eq(type, SPAN_LIT("application/json")) || span_ends(type, SPAN_LIT("+json")) ||
	       span_ends(type, SPAN_LIT("ndjson")) || span_ends(type, SPAN_LIT("jsonl"));
}

/* Services that any program has, agent or not. Any other may be a call to a model. */
static bool is_plumbing(const char *rpc_method)
{
	static const struct span services[] = {
		SPAN_LIT("grpc.health."),
		SPAN_LIT("grpc.reflection."),
		SPAN_LIT("opentelemetry.proto.collector."),
	};

	for (size_t i = 0; i < sizeof(services) / sizeof(*services); i++)
		if (span_starts(span_str(rpc_method), services[i]))
			return true;
	return false;
}

bool show_mode_has(enum show_mode mode, const struct exchange *x)
{
	switch (mode) {
	case SHOW_AGENTS:
		return x->kind != EXCHANGE_HTTP &&
		       !(x->kind == EXCHANGE_RPC && is_plumbing(x->rpc_method));
	case SHOW_DEFAULT:
	case SHOW_SMART:
		return x->kind != EXCHANGE_HTTP || is_json(x->request_body.media_type) ||
		       is_json(x->response_body.media_type);
	case SHOW_ALL:
	case SHOW_RAW:
		return true;
	}
	return true;
}
