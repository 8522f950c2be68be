/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "redact/credential.h"
#include "tests/unit/cuts.h"
#include "tests/unit/tap.h"

static void test_headers(void)
{
	static const struct {
		const char *name;
		bool secret;
	} rows[] = {
		{ "Authorization", true },
		{ "proxy-authorization", true },
		{ "X-API-Key", true },
		{ "api-key", true },
		{ "x-goog-api-key", true },
		{ "Cookie", true },
		{ "set-cookie", true },
		{ "X-Amz-Security-Token", true },
		{ "my-apikey", true },
		{ "x-client-secret", true },
		{ "Content-Type", false },
		{ "x-request-id", false },
		{ "anthropic-version", false },
		{ "x-ratelimit-remaining-tokens", false },
		{ "", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		is_int(credential_header(span_str(rows[i].name)), rows[i].secret, "header %s",
		       rows[i].name);
}

static void test_values(void)
{
	static const struct {
		const char *name, *value, *want;
	} rows[] = {
		{ "Authorization", "Bearer sk-abc", "Bearer ***" },
		{ "Authorization", "sk-abc", "***" },
		{ "Authorization", "Basic dXNlcjpwYXNz", "Basic ***" },
		{ "x-api-key", "sk-ant-abc", "***" },
		{ "Cookie", "a=1; session=xyz", "a=***; session=***" },
		{ "Set-Cookie", "sid=abc; Path=/; HttpOnly", "***" },
	};
	struct buf b;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_init(&b, 1000);
		credential_mask_value(span_str(rows[i].name), span_str(rows[i].value), &b);
		ok(!strstr(b.ptr, "abc") && !strstr(b.ptr, "xyz"), "%s: %s shows nothing",
		   rows[i].name, b.ptr);
		is_str(b.ptr, rows[i].want, "%s: %s", rows[i].name, rows[i].value);
		buf_done(&b);
	}
}

static void test_targets(void)
{
	static const char *const rows[][2] = {
		{ "/v1/x?key=abc", "/v1/x?key=***" },
		{ "/v1/x?alt=sse&key=abc&z=1", "/v1/x?alt=sse&key=***&z=1" },
		{ "/v1/x?api_key=abc&access_token=d", "/v1/x?api_key=***&access_token=***" },
		{ "/v1/x?monkey=abc", "/v1/x?monkey=abc" },
		{ "/v1/key=abc", "/v1/key=abc" },
		{ "/x?%6bey=abc", "/x?%6bey=***" },
	};
	struct buf b;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_init(&b, 1000);
		credential_mask_target(span_str(rows[i][0]), &b);
		is_str(b.ptr, rows[i][1], "target %s", rows[i][0]);
		buf_done(&b);
	}
}

static void test_arguments(void)
{
	static const char *const rows[][3] = {
		{ "-H", "Authorization: Bearer abc", "Authorization: Bearer ***" },
		{ "", "--api-key=abc", "--api-key=***" },
		{ "--api-key", "abc", "***" },
		{ "", "OPENAI_API_KEY=abc", "OPENAI_API_KEY=***" },
		{ "", "https://h/x?key=abc&b=1", "https://h/x?key=***&b=1" },
		{ "", "sk-proj-abcdefghijklmnop", "***" },
		{ "-m", "skip-me", "skip-me" },
	};
	struct buf b;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_init(&b, 1000);
		credential_mask_argument(span_str(rows[i][0]), span_str(rows[i][1]), &b);
		is_str(b.ptr, rows[i][2], "argument %s %s", rows[i][0], rows[i][1]);
		buf_done(&b);
	}
}

struct blanker {
	struct credential_scan scan;
	struct buf out;
};

static void on_piece(void *arg, struct span s)
{
	struct blanker *b = arg;
	uint8_t copy[4096];

	memcpy(copy, s.ptr, s.len);
	credential_scrub(&b->scan, copy, s.len);
	buf_add(&b->out, span_of(copy, s.len));
}

static void test_blanking(void)
{
	static const char in[] =
		"POST /x?a=1&key=abcdef HTTP/1.1\r\nHost: h\r\nX-Api-Key: abcdef\r\nCookie: a=bcd; "
		"e=f\r\n"
		"authorization:Bearer abcdef\r\nAccept: */*\r\n\r\nthe key=abcdef of free text";
	static const char want[] =
		"POST /x?a=1&key=****** HTTP/1.1\r\nHost: h\r\nX-Api-Key: ******\r\nCookie: ****** "
		"***\r\n"
		"authorization:Bearer ******\r\nAccept: */*\r\n\r\nthe key=abcdef of free text";

	for (unsigned way = 0; way < CUT_WAYS; way++) {
		struct blanker b = { 0 };

		buf_init(&b.out, 4096);
		cut_feed(way, span_str(in), on_piece, &b);
		is_str(b.out.ptr, want, "a recording's bytes, %s", cut_name(way));
		buf_done(&b.out);
	}
}

int main(void)
{
	test_headers();
	test_values();
	test_targets();
	test_arguments();
	test_blanking();
	return tap_done();
}
