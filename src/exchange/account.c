/* SPDX-License-Identifier: MIT */
#include "exchange/account.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "exchange/retry_after.h"

static int64_t since(uint64_t from, uint64_t to)
{
	if (!from || !to)
		return COUNT_UNKNOWN;
	return to > from ? (int64_t)(to - from) : 0;
}

static int64_t sum(int64_t a, int64_t b)
{
	if (a == COUNT_UNKNOWN || b == COUNT_UNKNOWN)
		return a == COUNT_UNKNOWN ? b : a;
	return a + b;
}

static int64_t tool_calls(const struct exchange *x)
{
	int64_t n = 0;

	if (x->kind != EXCHANGE_LLM || !x->response_seen)
		return COUNT_UNKNOWN;
	for (size_t i = 0; i < x->nchoices; i++)
		for (size_t p = 0; p < x->choices[i].msg.nparts; p++)
			n += x->choices[i].msg.parts[p].kind == PART_TOOL_CALL;
	return n;
}

static int64_t new_messages(const struct exchange *x)
{
	if (!x->request_parsed && !x->nmessages)
		return COUNT_UNKNOWN;
	return (int64_t)(x->nmessages - x->conversation.repeated);
}

/* The type of OpenAI's rate limits is what they limit, "tokens" or "requests". */
static bool is_limited(const struct api_error *e)
{
	return e->code && strcmp(e->code, "rate_limit_exceeded") == 0 &&
	       (strcmp(e->type, "tokens") == 0 || strcmp(e->type, "requests") == 0);
}

const char *exchange_error_type(const struct exchange *x)
{
	const struct api_error *e = x->error;

	if (!e)
		return NULL;
	return e->type && !is_limited(e) ? e->type : e->code;
}

static void money(const struct exchange *x, struct account *ret)
{
	ret->priced = x->kind == EXCHANGE_LLM && x->cost.source != COST_UNKNOWN;
	ret->usd = ret->priced ? x->cost.usd : 0;
	ret->cost_source = ret->priced ? cost_source_name(x->cost.source) : NULL;
}

void exchange_account(const struct exchange *x, struct account *ret)
{
	int64_t start =
		exchange_wall_ns(x, x->t.request_first ? x->t.request_first : x->t.response_first);
	const char *error = exchange_error_type(x);
	bool finished = x->nchoices && x->choices[0].finish != FINISH_NONE;

	*ret = (struct account){
		.start_ns = start ? start : COUNT_UNKNOWN,
		.duration_ns = since(x->t.request_first, x->t.response_last),
		/* A whole answer has its first token with its last. */
		.first_token_ns =
			x->stream ? since(x->t.request_first, x->t.first_token) : COUNT_UNKNOWN,
		.status = x->status ? (int64_t)x->status : COUNT_UNKNOWN,
		.finish = finished ? finish_name(x->choices[0].finish) : NULL,
		.error_type = error || !x->error ? error : "error",
		.input = x->usage.input,
		.cached = x->usage.cached_read,
		.written = sum(x->usage.cache_write_5m, x->usage.cache_write_1h),
		.output = x->usage.output,
		.reasoning = x->usage.reasoning,
		.conversation = x->conversation.id[0] ? x->conversation.id : NULL,
		.turn = x->conversation.turn ? (int64_t)x->conversation.turn : COUNT_UNKNOWN,
		.tool_calls = tool_calls(x),
		.new_messages = new_messages(x),
		.retry_after_ms = exchange_retry_after_ms(x),
	};
	money(x, ret);
}

bool wall_text(int64_t ns, char ret[WALL_TEXT])
{
	time_t seconds = (time_t)(ns / 1000000000);
	char day[24];
	struct tm tm;

	if (ns <= 0 || !gmtime_r(&seconds, &tm))
		return false;
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(ret, WALL_TEXT, "%s.%09lldZ", day, (long long)(ns % 1000000000));
	return true;
}

double exchange_speed(const struct exchange *x)
{
	uint64_t from = x->t.first_token, to = x->t.response_last;

	if (!x->stream || !from || to <= from || x->usage.output <= 0 || exchange_tokens_unknown(x))
		return 0;
	return (double)x->usage.output * 1e9 / (double)(to - from);
}
