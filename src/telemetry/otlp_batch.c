/* SPDX-License-Identifier: MIT */
/* Source: OTLP 1.x, "OTLP/HTTP": requests, partial success, failures, retries. */
#include "telemetry/otlp_batch.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/safe_text.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "json/read.h"

#define BACK_OFF_MS	500
#define BACK_OFF_MAX_MS 30000
#define DOUBLINGS	6
/* Nobody is waited for longer. */
#define RETRY_AFTER_MAX_MS 600000

static const struct {
	const char *resources, *scopes, *items;
} members[OTLP_SIGNALS] = {
	[OTLP_TRACES] = { "resourceSpans", "scopeSpans", "spans" },
	[OTLP_LOGS] = { "resourceLogs", "scopeLogs", "logRecords" },
	[OTLP_METRICS] = { "resourceMetrics", "scopeMetrics", "metrics" },
};

void otlp_batch_init(struct otlp_batch *b, enum otlp_signal signal, size_t max_bytes)
{
	*b = (struct otlp_batch){ .signal = signal, .end = &b->first, .max = max_bytes };
}

static size_t bytes_of(const struct otlp_item *i)
{
	return strlen(i->resource) + strlen(i->text) + sizeof(*i);
}

static void item_free(struct otlp_item *i)
{
	free(i->resource);
	free(i->text);
	free(i);
}

void otlp_batch_done(struct otlp_batch *b)
{
	otlp_batch_drop(b, b->count);
}

bool otlp_batch_add(struct otlp_batch *b, char *resource, char *text, bool is_record)
{
	struct otlp_item *i = xcalloc(1, sizeof(*i));

	*i = (struct otlp_item){ .resource = resource, .text = text, .is_record = is_record };
	if (b->bytes + bytes_of(i) > b->max) {
		item_free(i);
		return false;
	}
	*b->end = i;
	b->end = &i->next;
	b->count++;
	b->bytes += bytes_of(i);
	return true;
}

size_t otlp_batch_drop(struct otlp_batch *b, size_t count)
{
	size_t records = 0;

	for (; count && b->first; count--) {
		struct otlp_item *i = b->first;

		b->first = i->next;
		b->count--;
		b->bytes -= bytes_of(i);
		records += i->is_record;
		item_free(i);
	}
	if (!b->first)
		b->end = &b->first;
	return records;
}

/* ---- a request ---- */

/* All of the same resource, from `i` on. */
static void group(const struct otlp_batch *b, struct otlp_item *i, size_t left, const char *version,
		  const char *schema, struct buf *out)
{
	const char *resource = i->resource, *comma = "";

	buf_adds(out, "{\"resource\":");
	buf_adds(out, resource);
	buf_addf(out, ",\"%s\":[{\"scope\":{\"name\":\"llm-spy\",\"version\":\"%s\"},\"%s\":[",
		 members[b->signal].scopes, version, members[b->signal].items);
	for (; i && left; i = i->next, left--) {
		if (i->written || strcmp(i->resource, resource) != 0)
			continue;
		buf_adds(out, comma);
		buf_adds(out, i->text);
		i->written = true;
		comma = ",";
	}
	buf_adds(out, "]");
	if (schema)
		buf_addf(out, ",\"schemaUrl\":\"%s\"", schema);
	buf_adds(out, "}]}");
}

static size_t fitting(struct otlp_batch *b, size_t max_items, size_t max_bytes)
{
	size_t n = 0, bytes = 0;

	for (struct otlp_item *i = b->first; i && n < max_items; i = i->next, n++) {
		bytes += bytes_of(i);
		if (n && bytes > max_bytes)
			break;
		i->written = false;
	}
	return n;
}

size_t otlp_batch_write(struct otlp_batch *b, size_t max_items, size_t max_bytes,
			const char *version, const char *schema, struct buf *out)
{
	size_t n = fitting(b, max_items, max_bytes), left = n;
	const char *comma = "";

	buf_addf(out, "{\"%s\":[", members[b->signal].resources);
	for (struct otlp_item *i = b->first; i && left; i = i->next, left--) {
		if (i->written)
			continue;
		buf_adds(out, comma);
		group(b, i, left, version, schema, out);
		comma = ",";
	}
	buf_adds(out, "]}");
	return n;
}

/* ---- the answer ---- */

/* Of the receiver, for a person. */
static void set_reason(char *ret, const char *text)
{
	struct buf safe;

	buf_init(&safe, 4 * OTLP_REASON_SIZE);
	safe_text_add(&safe, span_str(text), true, OTLP_REASON_SIZE - 20);
	utf8_cut(buf_span(&safe), ret, OTLP_REASON_SIZE);
	buf_done(&safe);
}

static uint64_t count_of(const json_t *v)
{
	if (json_is_string(v))
		return strtoull(json_string_value(v), NULL, 10);
	return json_is_integer(v) && json_integer_value(v) > 0 ? (uint64_t)json_integer_value(v)
							       : 0;
}

static uint64_t read_partial(const json_t *partial, char *reason)
{
	static const char *const counts[] = { "rejectedSpans", "rejectedLogRecords",
					      "rejectedDataPoints" };
	const char *message = json_string_value(json_object_get(partial, "errorMessage"));
	uint64_t n = 0;

	for (size_t i = 0; !n && i < sizeof(counts) / sizeof(*counts); i++)
		n = count_of(json_object_get(partial, counts[i]));
	if (message)
		set_reason(reason, message);
	return n;
}

enum otlp_verdict otlp_judge(const struct otlp_reply *r, uint64_t *ret_rejected,
			     char reason[OTLP_REASON_SIZE])
{
	bool partial;
	json_t *body = r->status ? json_read(NULL, r->body, &partial) : NULL;
	const char *message = json_string_value(json_object_get(body, "message"));

	*ret_rejected = 0;
	reason[0] = '\0';
	if (r->status / 100 == 2)
		*ret_rejected = read_partial(json_object_get(body, "partialSuccess"), reason);
	else if (message)
		set_reason(reason, message);
	json_decref(body);
	if (r->status / 100 == 2)
		return OTLP_TAKEN;
	return !r->status || r->status == 429 || r->status == 502 || r->status == 503 ||
			       r->status == 504
		       ? OTLP_LATER
		       : OTLP_REFUSED;
}

uint64_t otlp_back_off_ms(unsigned failures, uint64_t random, uint64_t retry_after_ms)
{
	unsigned doublings = failures > DOUBLINGS ? DOUBLINGS : failures ? failures - 1 : 0;
	uint64_t most = (uint64_t)BACK_OFF_MS << doublings;
	uint64_t ms;

	if (most > BACK_OFF_MAX_MS)
		most = BACK_OFF_MAX_MS;
	ms = most / 2 + random % (most / 2 + 1);
	if (retry_after_ms > RETRY_AFTER_MAX_MS)
		retry_after_ms = RETRY_AFTER_MAX_MS;
	return ms > retry_after_ms ? ms : retry_after_ms;
}
