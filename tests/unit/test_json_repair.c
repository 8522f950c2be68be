/* SPDX-License-Identifier: MIT */
#include "llm/json_read.h"
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
		json_t *v = json_read(NULL, span_of(text, len), true, &partial);

		bad += !v || !partial;
		json_decref(v);
	}
	is_int(bad, 0, "each beginning of a text is read, and known to be partial");
}

static void test_refused(void)
{
	struct buf deep;
	bool partial;
	json_t *v;

	ok(!json_read(NULL, SPAN_LIT("hello"), true, &partial), "words are no JSON");
	ok(!json_read(NULL, SPAN_LIT("{\"a\":1"), false, &partial),
	   "a cut text is refused where none was expected");
	ok(!json_read(NULL, SPAN_LIT("{\"a\":1}{"), false, &partial), "so is more than one value");
	buf_init(&deep, 4 << 20);
	for (unsigned i = 0; i < 1000000; i++)
		buf_addc(&deep, '[');
	v = json_read(NULL, buf_span(&deep), true, &partial);
	ok(json_array_size(v) == 1 && partial, "of a million brackets the first are read");
	json_decref(v);
	buf_done(&deep);
}

/* ---- ceilings ---- */

static json_t *read_with(enum limit which, size_t max, struct span s, struct limits *lim,
			 bool *ret_partial)
{
	limits_init(lim);
	lim->max[which] = max;
	return json_read(lim, s, false, ret_partial);
}

static void test_limits(void)
{
	static const struct {
		enum limit which;
		size_t max;
		const char *text, *want; /* NULL: nothing */
		bool partial;
	} rows[] = {
		{ LIMIT_json_depth, 2, "{\"a\":[[[1]],{}],\"b\":[1]}",
		  "{\"a\":[null,null],\"b\":[1]}", true },
		{ LIMIT_json_depth, 2, "{\"a\":[\"[[[\"],\"b\":[1]}", "{\"a\":[\"[[[\"],\"b\":[1]}",
		  false },
		{ LIMIT_json_depth, 1, "[[\"]\\\"]\"],2]", "[null,2]", true },
		{ LIMIT_json_values, 5, "{\"a\":[1,2,3],\"b\":4}", "{\"a\":[1,2]}", true },
		{ LIMIT_json_values, 8, "{\"a\":[1,2,3],\"b\":4}", "{\"a\":[1,2,3],\"b\":4}",
		  false },
		{ LIMIT_json_memory, 1000, "[\"a\",[],[],[],[],[],[],[]]", "[\"a\",[],[],[],[]]",
		  true },
		{ LIMIT_memory, 1000, "[\"a\",[],[],[],[],[],[],[]]", "[\"a\",[],[],[],[],[]]",
		  true },
		{ LIMIT_memory, 10, "[1]", NULL, true },
		{ LIMIT_json_values, 100, "[1", NULL, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		bool partial = false;
		struct limits lim;
		json_t *v = read_with(rows[i].which, rows[i].max, span_str(rows[i].text), &lim,
				      &partial);
		json_t *want = rows[i].want ? json_loads(rows[i].want, 0, NULL) : NULL;

		if (!ok((!v && !want) || (v && want && json_equal(v, want)), "%s with %s %zu",
			rows[i].text, limit_infos[rows[i].which].name, rows[i].max))
			json_dumpf(v, stdout, 0);
		ok(partial == rows[i].partial && (lim.hits[rows[i].which] == 1) == partial,
		   "is %s, and so counted", partial ? "partial" : "whole");
		json_decref(v);
		json_decref(want);
	}
}

/* Whatever is in use of the limit `memory` is missing for values. */
static void test_memory_in_use(void)
{
	bool partial = false;
	struct limits lim;
	json_t *v;

	limits_init(&lim);
	lim.memory = lim.max[LIMIT_memory];
	v = json_read(&lim, SPAN_LIT("[1]"), false, &partial);
	ok(v && !partial, "a little can be read when bodies fill the memory");
	json_decref(v);
	lim.memory *= 2;
	v = json_read(&lim, SPAN_LIT("[1]"), false, &partial);
	ok(!v && partial && lim.hits[LIMIT_memory] == 1, "nothing when more than that is in use");
}

int main(void)
{
	test_limits();
	test_memory_in_use();
	test_rows();
	test_every_cut();
	test_refused();
	return tap_done();
}
