/* SPDX-License-Identifier: MIT */
/* Errors, usage and base64 of Amazon Bedrock: docs.aws.amazon.com/bedrock/latest/APIReference/
 * (bedrock-runtime, read November 2026). */
#include "llm/dialects/bedrock.h"

#include <nettle/base64.h>

#include "exchange/headers.h"
#include "llm/error.h"
#include "llm/json.h"
#include "json/read.h"

/* ---- errors ---- */

/* Services behind the same endpoint use either spelling. */
static const json_t *error_text(const json_t *body)
{
	const json_t *v = json_object_get(body, "message");

	return json_is_text(v) ? v : json_object_get(body, "Message");
}

bool bedrock_exception(struct exchange *x, struct span name, const json_t *data)
{
	if (!name.len || name.ptr[0] != '!')
		return false;
	answer_error(x, NULL, json_object_get(data, "originalStatusCode"), error_text(data));
	set_string(&x->error->type, span_from(name, 1));
	return true;
}

bool bedrock_error(struct exchange *x, const json_t *body)
{
	struct span type = headers_find(&x->response_headers, "x-amzn-errortype");
	const json_t *text = error_text(body);

	/* Without a head there is no status. What is no operation at all is an error in a 200. */
	if (json_has(json_object_get(body, "Output"), "__type")) {
		answer_error(x, json_at2(body, "Output", "__type"), NULL, error_text(body));
		return true;
	}
	if (x->status && x->status < 400 && !json_has(body, "__type"))
		return false;
	if (!json_is_text(text))
		return answer_error_of(x, body);
	answer_error(x, json_object_get(body, "__type"), json_object_get(body, "code"), text);
	/* "ValidationException:http://internal.amazon.com/..." */
	set_string(&x->error->type, span_first(type, span_find(type, ':')));
	return true;
}

/* ---- usage ---- */

/* Sum of the known counts. The numbers come from traffic, so they may overflow. */
static int64_t plus(int64_t a, int64_t b)
{
	int64_t sum;

	if (b < 0)
		return a;
	if (a < 0)
		return b;
	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

/* Written tokens by lifetime; all but an hour's count as the default's, five minutes. */
static void read_lifetimes(struct usage *u, const json_t *details)
{
	int64_t hour = COUNT_UNKNOWN, minutes = COUNT_UNKNOWN;
	const json_t *v;
	size_t i;

	json_each(details, i, v) {
		int64_t n = COUNT_UNKNOWN;

		usage_count(&n, json_object_get(v, "inputTokens"));
		if (json_is(v, "ttl", "1h"))
			hour = plus(hour, n);
		else
			minutes = plus(minutes, n);
	}
	u->cache_write_1h = hour;
	u->cache_write_5m = minutes;
}

void bedrock_usage(struct exchange *x, const json_t *usage)
{
	struct usage *u = &x->usage;
	int64_t plain = COUNT_UNKNOWN, written = COUNT_UNKNOWN;
	const json_t *raw;

	if (!json_is_object(usage))
		return;
	usage_raw(x, usage);
	raw = u->raw;
	usage_count(&plain, json_object_get(raw, "inputTokens"));
	usage_count(&u->output, json_object_get(raw, "outputTokens"));
	usage_count(&u->total, json_object_get(raw, "totalTokens"));
	/* Nova through InvokeModel has only the second name, Converse sometimes both. */
	usage_count(&u->cached_read, json_object_get(raw, "cacheReadInputTokenCount"));
	usage_count(&u->cached_read, json_object_get(raw, "cacheReadInputTokens"));
	usage_count(&written, json_object_get(raw, "cacheWriteInputTokenCount"));
	usage_count(&written, json_object_get(raw, "cacheWriteInputTokens"));
	if (json_holds(json_object_get(usage, "cacheDetails")))
		read_lifetimes(u, json_object_get(usage, "cacheDetails"));
	else if (!json_holds(json_object_get(raw, "cacheDetails")) && written != COUNT_UNKNOWN)
		u->cache_write_5m = written;
	/* inputTokens excludes tokens read from or written to the cache. */
	if (plain != COUNT_UNKNOWN)
		u->input = plus(plus(plain, u->cached_read), written);
}

static const struct {
	const char *member, *header;
} count_names[] = {
	{ "inputTokenCount", "x-amzn-bedrock-input-token-count" },
	{ "outputTokenCount", "x-amzn-bedrock-output-token-count" },
	{ "cacheReadInputTokenCount", "x-amzn-bedrock-cache-read-input-token-count" },
	{ "cacheWriteInputTokenCount", "x-amzn-bedrock-cache-write-input-token-count" },
};
#define COUNT_NAMES (sizeof(count_names) / sizeof(*count_names))

static void fill(int64_t *count, int64_t n)
{
	if (*count == COUNT_UNKNOWN)
		*count = n;
}

void bedrock_counts(struct exchange *x, const json_t *counts)
{
	struct usage *u = &x->usage;
	json_t *kept = json_object();
	int64_t n[COUNT_NAMES];

	for (size_t i = 0; i < COUNT_NAMES; i++) {
		json_t *v = json_object_get(counts, count_names[i].member);

		n[i] = COUNT_UNKNOWN;
		usage_count(&n[i], v);
		if (n[i] != COUNT_UNKNOWN)
			json_object_set(kept, count_names[i].member, v);
	}
	if (json_object_size(kept) > 0)
		usage_raw(x, kept);
	json_decref(kept);
	fill(&u->output, n[1]);
	/* The parts of the input are only meaningful together. */
	if (u->input != COUNT_UNKNOWN || n[0] == COUNT_UNKNOWN)
		return;
	u->input = plus(plus(n[0], n[2]), n[3]);
	fill(&u->cached_read, n[2]);
	if (u->cache_write_1h == COUNT_UNKNOWN)
		fill(&u->cache_write_5m, n[3]);
}

/* The number, if it consists of few enough digits; else -1. */
static json_int_t number_of(struct span s)
{
	json_int_t n = 0;

	if (!s.len || s.len > 15)
		return -1;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return -1;
		n = n * 10 + (s.ptr[i] - '0');
	}
	return n;
}

void bedrock_header_counts(struct exchange *x)
{
	json_t *counts = json_object();

	for (size_t i = 0; i < COUNT_NAMES; i++) {
		json_int_t n = number_of(
			span_trim(headers_find(&x->response_headers, count_names[i].header)));

		if (n >= 0)
			json_object_set_new(counts, count_names[i].member, json_integer(n));
	}
	bedrock_counts(x, counts);
	json_decref(counts);
}

/* ---- the rest ---- */

void bedrock_stream_asked(struct exchange *x)
{
	struct span path = span_str(x->target);

	path = span_first(path, span_find(path, '?'));
	while (path.len && path.ptr[path.len - 1] == '/')
		path.len--;
	x->stream_requested = span_ends(path, SPAN_LIT("/converse-stream")) ||
			      span_ends(path, SPAN_LIT("/invoke-with-response-stream"));
}

bool bedrock_decode(struct span base64, struct buf *out)
{
	struct base64_decode_ctx decoder;
	uint8_t plain[BASE64_DECODE_LENGTH(1024)];

	base64_decode_init(&decoder);
	while (base64.len) {
		struct span piece = span_first(base64, 1024);
		const char *at = (const char *)piece.ptr;
		size_t n = sizeof(plain);

		if (!base64_decode_update(&decoder, &n, plain, piece.len, at) ||
		    buf_add(out, span_of(plain, n)) != 0)
			return false;
		base64 = span_from(base64, piece.len);
	}
	return base64_decode_final(&decoder);
}

json_t *bedrock_unpack(struct limits *lim, const json_t *base64, size_t max, bool *ret_whole)
{
	struct buf plain;
	bool whole, partial;
	json_t *v;

	buf_init(&plain, max);
	whole = bedrock_decode(json_span(base64), &plain);
	v = json_read(lim, buf_span(&plain), &partial);
	buf_done(&plain);
	*ret_whole = whole && v && !partial;
	return v;
}
