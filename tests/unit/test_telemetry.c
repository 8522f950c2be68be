/* SPDX-License-Identifier: MIT */
/* What strangers say to us for telemetry: values of traceparent, Host and Accept, answers of
 * receivers; and how long is waited for them. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "telemetry/otlp_batch.h"
#include "base/percent.h"
#include "telemetry/scrape.h"

#include "tests/unit/tap.h"

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN  "00f067aa0ba902b7"

static void test_traceparent(void)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
		{ "00-" TRACE "-" SPAN "-01", true },
		{ "  00-" TRACE "-" SPAN "-00\t", true },
		{ "01-" TRACE "-" SPAN "-01", true },
		{ "cc-" TRACE "-" SPAN "-01-what-comes", true },
		{ "cc-" TRACE "-" SPAN "-01.what", false },
		{ "00-" TRACE "-" SPAN "-01-more", false },
		{ "ff-" TRACE "-" SPAN "-01", false },
		{ "00-00000000000000000000000000000000-" SPAN "-01", false },
		{ "00-" TRACE "-0000000000000000-01", false },
		{ "00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN "-01", false },
		{ "00-" TRACE "-" SPAN "-0g", false },
		{ "00_" TRACE "-" SPAN "-01", false },
		{ "***", false },
		{ "", false },
	};
	struct trace_context t;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		ok(trace_context_read(span_str(rows[i].text), &t) == rows[i].good, "'%s' is %s",
		   rows[i].text, rows[i].good ? "a traceparent" : "none");
		is_str(t.trace, rows[i].good ? TRACE : "", "its trace");
		is_str(t.span, rows[i].good ? SPAN : "", "its span");
	}
}

/* Each length is its own allocation, so that a sanitizer sees what is read behind it. */
static void test_cut(void)
{
	const char whole[] = "cc-" TRACE "-" SPAN "-01-x";
	size_t good = 0;

	for (size_t n = 0; n < sizeof(whole); n++) {
		uint8_t *part = xmalloc(n + 1);
		struct trace_context t;

		memcpy(part, whole, n);
		part = xrealloc(part, n ? n : 1);
		good += trace_context_read(span_of(part, n), &t);
		scrape_host_is_ours(span_of(part, n), NULL);
		scrape_format(span_of(part, n));
		free(part);
	}
	is_int(good, 3, "cut anywhere, it is one when its four parts are whole");
}

static void test_hosts(void)
{
	static const struct {
		const char *host, *own;
		bool ours;
	} rows[] = {
		{ "127.0.0.1:7556", NULL, true },
		{ "10.1.2.3", NULL, true },
		{ "[::1]:7556", NULL, true },
		{ "[fe80::1]", NULL, true },
		{ "localhost", NULL, true },
		{ "LocalHost:1", NULL, true },
		{ "spy.example:80", NULL, false },
		{ "spy.example:80", "spy.example", true },
		{ "a.spy.example", "spy.example", false },
		{ "localhost.evil.example", NULL, false },
		{ "127.0.0.1.nip.io", NULL, false },
		{ "[::1].evil.example", NULL, false },
		{ "[]", NULL, false },
		{ "", NULL, false },
		{ ":80", NULL, false },
		{ "evil.example:127.0.0.1", NULL, false },
		{ "0x7f000001", NULL, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		ok(scrape_host_is_ours(span_str(rows[i].host), rows[i].own) == rows[i].ours,
		   "Host '%s' is %s", rows[i].host, rows[i].ours ? "ours" : "another's");
}

static void test_answers(void)
{
	static const struct {
		unsigned status;
		const char *body;
		enum otlp_verdict verdict;
		uint64_t rejected;
		const char *reason;
	} rows[] = {
		{ 200, "{}", OTLP_TAKEN, 0, "" },
		{ 200, "", OTLP_TAKEN, 0, "" },
		{ 202, "\x0a\x02", OTLP_TAKEN, 0, "" },
		{ 200, "{\"partialSuccess\":{\"rejectedSpans\":\"7\",\"errorMessage\":\"no\"}}",
		  OTLP_TAKEN, 7, "no" },
		{ 200, "{\"partialSuccess\":{\"rejectedLogRecords\":2}}", OTLP_TAKEN, 2, "" },
		{ 200, "{\"partialSuccess\":{\"rejectedDataPoints\":-2}}", OTLP_TAKEN, 0, "" },
		{ 200, "{\"partialSuccess\":[]}", OTLP_TAKEN, 0, "" },
		{ 0, "", OTLP_LATER, 0, "" },
		{ 429, "{\"message\":\"\\u001b[2Jwait\"}", OTLP_LATER, 0, "\\x1b[2Jwait" },
		{ 502, "<html>", OTLP_LATER, 0, "" },
		{ 503, "", OTLP_LATER, 0, "" },
		{ 504, "", OTLP_LATER, 0, "" },
		{ 500, "", OTLP_REFUSED, 0, "" },
		{ 400, "{\"message\":\"bad\"}", OTLP_REFUSED, 0, "bad" },
		{ 301, "", OTLP_REFUSED, 0, "" },
		{ 404, "", OTLP_REFUSED, 0, "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct otlp_reply r = { rows[i].status, span_str(rows[i].body) };
		char reason[OTLP_REASON_SIZE];
		uint64_t rejected = 99;

		ok(otlp_judge(&r, &rejected, reason) == rows[i].verdict, "%u %s", rows[i].status,
		   rows[i].body);
		is_int(rejected, rows[i].rejected, "rejected");
		is_str(reason, rows[i].reason, "reason");
	}
}

static void test_back_off(void)
{
	uint64_t least = 0, most = 0;
	bool bounded = true;

	for (unsigned failures = 1; failures < 100; failures++) {
		least = otlp_back_off_ms(failures, 0, 0);
		most = otlp_back_off_ms(failures, least, 0);
		for (uint64_t random = 0; random < 5000000000; random += 12345678) {
			uint64_t ms = otlp_back_off_ms(failures, random, 0);

			bounded &= ms >= least && ms <= 2 * least && ms >= 250 && ms <= 30000;
		}
		if (failures < 6)
			ok(least == 250ull << (failures - 1), "after %u failures from %d ms on",
			   failures, (int)least);
	}
	ok(bounded, "each wait is within its range");
	is_int(least, 15000, "it does not grow for ever");
	is_int(most, 30000, "beyond half a minute");
	is_int(otlp_back_off_ms(1, 0, 5000), 5000, "a receiver's wish counts");
	is_int(otlp_back_off_ms(1, 0, UINT64_MAX), 600000, "as far as ten minutes");
}

static bool add(struct otlp_batch *b, const char *resource, const char *text, bool is_record)
{
	return otlp_batch_add(b, xstrdup(resource), xstrdup(text), is_record);
}

static void test_batch(void)
{
	struct otlp_batch b;
	struct buf out;

	otlp_batch_init(&b, OTLP_TRACES, 1000);
	buf_init(&out, 4096);
	add(&b, "1", "\"a\"", true);
	add(&b, "2", "\"b\"", true);
	add(&b, "1", "\"c\"", false);
	is_int(otlp_batch_write(&b, 10, 4096, "0", NULL, &out), 3, "three items");
	is_str(out.ptr,
	       "{\"resourceSpans\":["
	       "{\"resource\":1,\"scopeSpans\":[{\"scope\":{\"name\":\"llm-spy\","
	       "\"version\":\"0\"},\"spans\":[\"a\",\"c\"]}]},"
	       "{\"resource\":2,\"scopeSpans\":[{\"scope\":{\"name\":\"llm-spy\","
	       "\"version\":\"0\"},\"spans\":[\"b\"]}]}]}",
	       "in groups by resource");
	buf_reset(&out);
	is_int(otlp_batch_write(&b, 2, 4096, "0", NULL, &out), 2, "no more than are asked for");
	buf_reset(&out);
	is_int(otlp_batch_write(&b, 9, 1, "0", NULL, &out), 1, "one at least, however large");
	is_int(otlp_batch_drop(&b, 2), 2, "records are told from what comes besides");
	is_int(otlp_batch_drop(&b, 5), 0, "and no more than there are can go");
	ok(b.count == 0 && b.bytes == 0, "nothing is left");
	while (add(&b, "resource", "text", true))
		;
	ok(b.bytes <= 1000 && b.count > 5, "it has a ceiling: %zu items", b.count);
	buf_done(&out);
	otlp_batch_done(&b);
}

static void test_percent(void)
{
	static const struct {
		const char *text, *want;
	} rows[] = { { "a%20b", "a b" }, { "%3D%2c", "=," }, { "%", "%" }, { "%2", "%2" },
		     { "%zz", "%zz" },	 { "100%", "100%" }, { "", "" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		AUTO_FREE char *got = NULL;
		struct buf out;

		buf_init(&out, 64);
		percent_decode(span_str(rows[i].text), &out);
		got = buf_take(&out);
		is_str(got, rows[i].want, "'%s'", rows[i].text);
	}
}

int main(void)
{
	test_traceparent();
	test_cut();
	test_hosts();
	test_answers();
	test_back_off();
	test_batch();
	test_percent();
	return tap_done();
}
