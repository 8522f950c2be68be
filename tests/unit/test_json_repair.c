/* SPDX-License-Identifier: MIT */
#include "llm/json_repair.h"
#include "tests/unit/tap.h"

static void test_rows(void)
{
	static const char *const rows[][2] = {
		{ "{\"a\":1,\"b\":\"x", "{\"a\":1,\"b\":\"x\"}" },
		{ "{\"a\":1,\"b\":", "{\"a\":1}" },
		{ "{\"a\":1,\"b", "{\"a\":1}" },
		{ "{\"a\":[1,2,{\"c\":tr", "{\"a\":[1,2,{}]}" },
		{ "{\"a\":\"\\u00", "{\"a\":\"\"}" },
		{ "{\"a\":\"\\", "{\"a\":\"\"}" },
		{ "{\"a\":12", "{}" },
		{ "[\"x\",", "[\"x\"]" },
		{ "{", "{}" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf b;
		json_t *got, *want = json_loads(rows[i][1], 0, NULL);

		buf_init(&b, 1 << 16);
		is_int(json_repair(span_str(rows[i][0]), &b), 0, "%s is a beginning", rows[i][0]);
		got = json_loadb(b.ptr, b.len, 0, NULL);
		if (!ok(got && json_equal(got, want), "and becomes %s", rows[i][1]))
			printf("#   got %s\n", b.ptr);
		json_decref(got);
		json_decref(want);
		buf_done(&b);
	}
}

/* However a text is cut, what is left of it parses. */
static void test_every_cut(void)
{
	static const char text[] =
		"{\"model\": \"m\", \"n\": [1, -2.5e3, true, null, \"a\\u00e9\\n\xc3\xa9\"], "
		"\"o\": {\"p\": {}, \"q\": []}, \"z\": \"end\"}";
	unsigned bad = 0;

	for (size_t len = 1; len < sizeof(text) - 1; len++) {
		bool partial = false;
		json_t *v = json_read(span_of(text, len), true, &partial);

		bad += !v || !partial;
		json_decref(v);
	}
	is_int(bad, 0, "each beginning of a text is read, and known to be partial");
}

static void test_refused(void)
{
	struct buf deep;
	bool partial;

	ok(!json_read(SPAN_LIT("hello"), true, &partial), "words are no JSON");
	ok(!json_read(SPAN_LIT("{\"a\":1"), false, &partial),
	   "a cut text is refused where none was expected");
	ok(!json_read(SPAN_LIT("{\"a\":1}{"), false, &partial), "so is more than one value");
	buf_init(&deep, 4 << 20);
	for (unsigned i = 0; i < 1000000; i++)
		buf_addc(&deep, '[');
	ok(!json_read(buf_span(&deep), true, &partial),
	   "a million brackets are refused without harm");
	buf_done(&deep);
}

int main(void)
{
	test_rows();
	test_every_cut();
	test_refused();
	return tap_done();
}
