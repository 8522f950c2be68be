/* SPDX-License-Identifier: MIT */
/* Which requests ask the same, where others differ, and how a recorded answer is given again. */
#include "view/match.h"

#include <stdlib.h>

#include "exchange/arrival.h"
#include "tests/unit/tap.h"
#include "view/reply.h"
#include "view/volatile.h"

static struct match_request request(const char *target, const char *type, const char *body)
{
	return (struct match_request){ .method = SPAN_LIT("POST"),
				       .target = span_str(target),
				       .type = span_str(type),
				       .body = span_str(body) };
}

static bool same(const struct match_request *a, const struct match_request *b)
{
	struct limits lim;
	struct match x, y;
	bool equal;

	limits_init(&lim);
	match_init(&x, a, &lim);
	match_init(&y, b, &lim);
	equal = memcmp(x.digest, y.digest, sizeof(x.digest)) == 0;
	ok(!equal || match_likeness(&x, &y) == 1000, "what is equal is wholly alike");
	match_done(&x);
	match_done(&y);
	return equal;
}

static const struct {
	const char *what, *a, *b;
	const char *difference; /* NULL: they ask the same */
} bodies[] = {
	{ "order of members", "{\"a\":1,\"b\":[{\"c\":2,\"d\":3}]}",
	  "{ \"b\":[{\"d\":3,\"c\":2}],\n\"a\":1}" },
	{ "numbers", "{\"t\":1,\"u\":0.10}", "{\"t\":1.0,\"u\":1e-1}" },
	{ "escapes", "{\"t\":\"\\u00e4/\"}", "{\"t\":\"\xc3\xa4\\/\"}" },
	{ "ids of clients", "{\"m\":1,\"user\":\"a\",\"metadata\":{\"user_id\":\"x\"}}",
	  "{\"m\":1,\"prompt_cache_key\":\"b\",\"metadata\":{}}" },
	{ "ids of items", "{\"input\":[{\"id\":\"a\",\"x\":1},{\"id\":\"b\"}]}",
	  "{\"input\":[{\"id\":\"c\",\"x\":1},{}]}" },
	{ "an item's other id", "{\"input\":[{\"call_id\":\"a\"}]}",
	  "{\"input\":[{\"call_id\":\"b\"}]}", "at input[0].call_id: \"a\" instead of \"b\"" },
	{ "an id of no item", "{\"input\":{\"id\":\"a\"}}", "{\"input\":{\"id\":\"b\"}}",
	  "at input.id: \"a\" instead of \"b\"" },
	{ "another member of that name", "{\"m\":{\"user\":1}}", "{\"m\":{\"user\":2}}",
	  "at m.user: 1 instead of 2" },
	{ "a date", "{\"s\":\"<env>\\nToday's date: 2026-11-29\\nx 1\"}",
	  "{\"s\":\"<env>\\nToday's date: 2026-12-01\\nx 1\"}" },
	{ "a date in words", "{\"s\":\"today's date is Sunday, November 29, 2026.\"}",
	  "{\"s\":\"today's date is Monday, December 1, 2026.\"}" },
	{ "a number behind a date's line", "{\"s\":\"Today is 1 May\\n1\"}",
	  "{\"s\":\"Today is 1 May\\n2\"}",
	  "at s: \"Today is 0 @\\n1\" instead of \"Today is 0 @\\n2\"" },
	{ "a number without a date", "{\"s\":\"in 2024\"}", "{\"s\":\"in 2025\"}",
	  "at s: \"in 2024\" instead of \"in 2025\"" },
	{ "a line of a client", "{\"s\":\"x-anthropic-billing-header: cch=1;\\nyou\"}",
	  "{\"s\":\"x-anthropic-billing-header: cch=2;\\nyou\"}" },
	{ "a prompt", "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}",
	  "{\"messages\":[{\"role\":\"user\",\"content\":\"ho\"}]}",
	  "at messages[0].content: \"hi\" instead of \"ho\"" },
	{ "types", "{\"a\":\"1\"}", "{\"a\":1}", "at a: \"1\" instead of 1" },
	{ "null and nothing", "{\"a\":null}", "{}", "at a: it was not recorded" },
	{ "nothing and null", "{}", "{\"a\":null}", "at a: it is missing" },
	{ "an item more", "{\"a\":[1,2]}", "{\"a\":[1]}", "at a[1]: it was not recorded" },
	{ "an item less", "{\"a\":[1]}", "{\"a\":[1,{}]}", "at a[1]: it is missing" },
	{ "order of items", "[1,2]", "[2,1]", "at [0]: 1 instead of 2" },
	{ "empty containers", "{\"a\":[]}", "{\"a\":{}}", "at a: an array instead of an object" },
	{ "nesting", "{\"a\":[[1],2]}", "{\"a\":[[1,2]]}", "at a[0][1]: it is missing" },
	{ "broken JSON", "{\"a\":1", "{\"a\":1}", "in the body: it is no JSON" },
	{ "bytes", "abc", "abd", "in the body: from byte 2 on" },
	{ "two texts of JSON", "{} {}", "{}", "in the body: it is no JSON" },
};

static void test_bodies(void)
{
	struct limits lim;
	struct buf said;

	limits_init(&lim);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		struct match_request a = request("/v1/x", "application/json", bodies[i].a);
		struct match_request b = request("/v1/x", "application/json", bodies[i].b);

		buf_init(&said, 4096);
		buf_adds(&said, "");
		match_difference(&a, &b, &lim, &said);
		is_int(same(&a, &b), !bodies[i].difference, "%s", bodies[i].what);
		is_str(said.ptr, bodies[i].difference ? bodies[i].difference : "",
		       "%s: the difference", bodies[i].what);
		buf_done(&said);
	}
}

static void test_targets(void)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{ "/p?a=1&b=2", "/p?b=2&a=1", true },
		{ "/p?", "/p", true },
		{ "http://h:1/p?a", "/p?a", true },
		{ "/p?X-Amz-Date=1&a", "/p?a&X-Amz-Date=2", true },
		{ "/p?a=1", "/p?a=2", false },
		{ "/p?a&a", "/p?a", false },
		{ "/p", "/q", false },
		{ "/p?a", "/pa", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct match_request a = request(rows[i].a, "", "{}"),
				     b = request(rows[i].b, "", "{}");

		is_int(same(&a, &b), rows[i].same, "%s and %s", rows[i].a, rows[i].b);
	}
}

static void test_forms(void)
{
	struct match_request a =
		request("/f", "multipart/form-data; boundary=\"x y\"", "--x y\r\nA\r\n--x y--");
	struct match_request b =
		request("/f", "multipart/form-data; boundary=zz; c=d", "--zz\r\nA\r\n--zz--");
	struct match_request c = b;

	ok(same(&a, &b), "the boundary of a form does not count");
	c.body = SPAN_LIT("--zz\r\nB\r\n--zz--");
	ok(!same(&a, &c), "what it holds does");
	c = b;
	c.method = SPAN_LIT("PUT");
	ok(!same(&b, &c), "nor is it sent by another method");
}

static void test_likeness(void)
{
	struct match_request asked = request("/x", "", "{\"m\":\"a\",\"t\":[1,2,3,4]}");
	struct match_request near = request("/x", "", "{\"m\":\"b\",\"t\":[1,2,3,4]}");
	struct match_request far = request("/x", "", "{\"m\":\"a\",\"z\":1}");
	struct match x, y, z;
	struct limits lim;

	limits_init(&lim);
	match_init(&x, &asked, &lim);
	match_init(&y, &near, &lim);
	match_init(&z, &far, &lim);
	ok(match_likeness(&x, &y) > match_likeness(&x, &z) && match_likeness(&x, &z) > 0,
	   "the likest is found: %u, %u", match_likeness(&x, &y), match_likeness(&x, &z));
	ok(match_same_place(&x, &y), "both have one path");
	match_done(&x);
	match_done(&y);
	match_done(&z);
}

/* ---- answers ---- */

static void add(struct exchange *x, uint64_t ns, const char *text)
{
	buf_adds(&x->response_body.text, text);
	arrival_add(&x->response_body.arrival, ns, span_str(text));
}

static void test_pieces(void)
{
	struct exchange *x = exchange_new(1, 1000);
	struct reply_cursor c = { 0 };
	uint64_t ns;

	add(x, 10, "a\n\n");
	add(x, 20, "b");
	add(x, 30, "b\n\nc\n\n");
	add(x, 40, "d");
	x->t.response_last = 50;
	is_int(reply_next(x, &c, &ns), 3, "the first event");
	is_int(ns, 10, "when it came");
	is_int(reply_next(x, &c, &ns), 7, "what came next, by whole lines");
	is_int(ns, 30, "when it was whole");
	is_int(reply_next(x, &c, &ns), 1, "a line that does not end");
	is_int(ns, 50, "it came last");
	is_int(reply_next(x, &c, &ns), 0, "then nothing");
	exchange_unref(x);
}

static void test_fields(void)
{
	static const struct {
		const char *name, *value;
		bool served;
	} rows[] = {
		{ "Content-Type", "text/event-stream", true },
		{ "x-request-id", "req_1", true },
		{ "retry-after", "2", true },
		{ "Content-Encoding", "gzip", false },
		{ "Alt-Svc", "h3=\":443\"", false },
		{ "Set-Cookie", "a=***", false },
		{ ":status", "200", false },
		{ "a b", "c", false },
		{ "", "c", false },
		{ "a", "b\r\nc: d", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct header h = { (char *)rows[i].name, (char *)rows[i].value };

		is_int(reply_has_field(&h), rows[i].served, "field '%s'", rows[i].name);
	}
}

static void test_refusals(void)
{
	static const char *const apis[] = { "anthropic.messages", "gemini.generate", "mcp",
					    "openai.chat",	  "unknown",	     NULL };
	struct buf b;

	for (size_t i = 0; i < sizeof(apis) / sizeof(*apis); i++) {
		json_t *v;

		buf_init(&b, 1000);
		reply_refusal(apis[i], "a \"b\"\n@", &b);
		v = json_loads(b.ptr, 0, NULL);
		ok(json_is_object(v) && strstr(b.ptr, "a \\\"b\\\"\\n@"), "refusal of %s: %s",
		   apis[i] ? apis[i] : "nobody", b.ptr);
		json_decref(v);
		buf_done(&b);
	}
}

int main(void)
{
	test_bodies();
	test_targets();
	test_forms();
	test_likeness();
	test_pieces();
	test_fields();
	test_refusals();
	return tap_done();
}
