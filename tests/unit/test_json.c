/* SPDX-License-Identifier: MIT */
#include <malloc.h>
#include <math.h>
#include <stdlib.h>

#include "json/memory.h"
#include "json/number.h"
#include "json/read.h"
#include "json/write.h"
#include "tests/unit/tap.h"

/* ---- as far as it goes ---- */

static void test_rows(void)
{
	static const struct {
		const char *text, *want; /* NULL: nothing */
		bool partial;
	} rows[] = {
		/* cut */
		{ "{\"a\":1,\"b\":\"x", "{\"a\":1,\"b\":\"x\"}", true },
		{ "{\"a\":1,\"b\":", "{\"a\":1}", true },
		{ "{\"a\":1,\"b", "{\"a\":1}", true },
		{ "{\"a\":[1,2,{\"c\":tr", "{\"a\":[1,2,{}]}", true },
		{ "{\"a\":[1,-Inf", "{\"a\":[1]}", true },
		{ "{\"a\":\"\\u00", "{\"a\":\"\"}", true },
		{ "{\"a\":\"\\ud83d\\ude0", "{\"a\":\"\"}", true },
		{ "{\"a\":\"\\", "{\"a\":\"\"}", true },
		{ "{\"a\":\"x\xf0\x9f", "{\"a\":\"x\"}", true },
		{ "{\"a\":12", "{}", true },
		{ "[\"x\",", "[\"x\"]", true },
		{ "{", "{}", true },
		/* wrong */
		{ "{\"a\":1 \"b\":2}", "{\"a\":1}", true },
		{ "[1,2,x]", "[1,2]", true },
		{ "[1,2]]", "[1,2]", true },
		{ "{\"a\":1}{", "{\"a\":1}", true },
		{ "[01]", NULL, false },
		{ "[.5]", NULL, false },
		{ "[DONE]", NULL, false },
		{ "{hello}", NULL, false },
		{ "{'a':1}", NULL, false },
		{ "hello", NULL, false },
		{ "", NULL, false },
		{ "12", NULL, false },
		/* lenient */
		{ "\xef\xbb\xbf {\"a\":1} \n", "{\"a\":1}", false },
		{ "{\"a\":NaN,\"b\":[Infinity,-Infinity]}", "{\"a\":null,\"b\":[null,null]}",
		  false },
		{ "{\"a\":\"x\ty\x1b\n\"}", "{\"a\":\"x\\ty\\u001b\\n\"}", false },
		{ "[\"\\ud83d\",\"\\ude00\",\"\\ud83dx\",\"\\ud83d\\ud83d\\ude00\"]",
		  "[\"\\ufffd\",\"\\ufffd\",\"\\ufffdx\",\"\\ufffd\\ud83d\\ude00\"]", false },
		{ "[\"\xff-\xc3\xa9-\xe2\x82\"]", "[\"\\ufffd-\\u00e9-\\ufffd\\ufffd\"]", false },
		{ "[\"\\x\",\"\\u12x4\"]", "[\"\\\\x\",\"\\\\u12x4\"]", false },
		{ "{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}", false },
		{ "{\"a\\u0000b\":1}", "{\"a\\ufffdb\":1}", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		bool partial;
		json_t *got = json_read(NULL, span_str(rows[i].text), &partial);
		json_t *want = rows[i].want ? json_loads(rows[i].want, JSON_ALLOW_NUL, NULL) : NULL;

		if (!ok((!got && !want) || json_equal(got, want), "row %zu: is read as %s", i,
			rows[i].want ? rows[i].want : "nothing"))
			json_dumpf(got, stdout, 0);
		is_int(partial, rows[i].partial, "row %zu: is %s", i,
		       rows[i].partial ? "partial" : "whole");
		json_decref(got);
		json_decref(want);
	}
}

/* Any byte at any place among letters. */
static void test_bytes_in_strings(void)
{
	unsigned bad = 0;

	for (size_t n = 0; n <= 20; n++) {
		for (int byte = 0; byte < 256; byte++) {
			size_t want = n + (byte == '"'	  ? 0
					   : byte == '\\' ? 9
					   : byte < 0x80  ? 10
							  : 12);
			char text[64];
			bool partial;
			json_t *v;

			snprintf(text, sizeof(text), "[\"%.*s%cbbbbbbbbb\"]", (int)n,
				 "aaaaaaaaaaaaaaaaaaaa", byte);
			v = json_read(NULL, span_of(text, n + 14), &partial);
			bad += json_string_length(json_array_get(v, 0)) != want ||
			       partial != (byte == '"');
			json_decref(v);
		}
	}
	is_int(bad, 0, "a string ends at its quote, whatever is in it");
}

static void test_one_after_another(void)
{
	struct span rest = SPAN_LIT("{\"a\":1}\r\n[2] {\"b\":");
	bool partial;
	json_t *v = json_read_next(NULL, &rest, &partial);

	ok(json_object_get(v, "a") && !partial, "the first of several values is read");
	json_decref(v);
	v = json_read_next(NULL, &rest, &partial);
	ok(json_array_size(v) == 1 && !partial, "then the next");
	json_decref(v);
	v = json_read_next(NULL, &rest, &partial);
	ok(json_is_object(v) && partial && !rest.len, "of the last, what there is");
	json_decref(v);
}

/* ---- numbers ---- */

static void test_numbers(void)
{
	static const char *const texts[] = {
		"0",
		"-1",
		"52.37",
		"0.1",
		"1.50",
		"1.0",
		"-0",
		"-0.0",
		"1e5",
		"1E+05",
		"1e-7",
		"0.0001",
		"0.00001",
		"1e400",
		"-1e400",
		"5e-324",
		"1e22",
		"9007199254740993",
		"123456789",
		"0.30000000000000004",
		"1.7976931348623157e308",
		"9223372036854775807",
		"18446744073709551615",
		"123456789012345678901234567890123456789012345",
		"999999999999999.9",
		"1e15",
		"0.0",
		"0.00",
		"-0.5",
		"0.000011",
		"-12345678901234.5",
		"123456789012345.0",
		"100000000000000000",
		"-999999999999999999",
		"9999999999999999999",
		"-9223372036854775808",
		"-9223372036854775809",
		"1234567890123456.5",
		"0.12345678901234567",
		"1E5",
		"52.370",
	};
	unsigned bad = 0;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		char text[80];
		bool partial;
		double want = strtod(texts[i], NULL), got;
		json_t *v;
		char *again;

		snprintf(text, sizeof(text), "[%s]", texts[i]);
		v = json_read(NULL, span_str(text), &partial);
		again = json_write_text(v);
		got = json_number_double(json_array_get(v, 0));
		if (!again || strcmp(again, text) != 0 || got != want || partial) {
			printf("# %s became %s\n", text, again ? again : "nothing");
			bad++;
		}
		free(again);
		json_decref(v);
	}
	is_int(bad, 0, "numbers are written as they came, and count as what they are");
}

/* Whatever follows the digits, near the end of the text and far from it. */
static void test_ends_of_numbers(void)
{
	static const char digits[] = "98765432101234567890";
	unsigned bad = 0;

	for (int n = 1; n <= 20; n++) {
		for (int byte = 0; byte < 256; byte++) {
			bool ends = !strchr("0123456789+-.eE", byte) || !byte;
			char want[32], text[64];
			size_t len, wide_len;
			json_t *near_end, *wide;

			snprintf(want, sizeof(want), "-3.%.*s", n, digits);
			snprintf(text, sizeof(text), "%s%c12345678901", want, byte);
			near_end = json_number_front(span_of(text, strlen(want) + 1), &len);
			wide = json_number_front(span_of(text, strlen(want) + 12), &wide_len);
			if (ends)
				bad += len != strlen(want) || wide_len != len ||
				       json_number_double(near_end) != strtod(want, NULL) ||
				       json_number_double(wide) != strtod(want, NULL);
			else
				bad += len <= strlen(want) || wide_len <= len;
			json_decref(near_end);
			json_decref(wide);
		}
	}
	is_int(bad, 0, "a number ends where its digits do");
}

static void test_no_numbers(void)
{
	static const char *const texts[] = { ".5", "..5", "-.5",  "5.",	   "-",
					     ".",  "",	  "05.1", "1.2.3", "1.5x" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		ok(!json_number_new(span_str(texts[i])), "\"%s\" is no number", texts[i]);
}

/* Reals that we make ourselves have the shortest text that reads back the same. */
static void test_shortest(void)
{
	unsigned bad = 0;

	srandom(1);
	for (unsigned i = 0; i < 20000; i++) {
		uint64_t bits =
			(uint64_t)random() << 42 ^ (uint64_t)random() << 21 ^ (uint64_t)random();
		char room[JSON_NUMBER_SIZE], again_room[JSON_NUMBER_SIZE];
		struct span text, again_text;
		double v, back;
		json_t *real, *again;

		memcpy(&v, &bits, sizeof(v));
		if (!isfinite(v))
			continue;
		real = json_real(v);
		text = json_number_text(real, room);
		again = json_number_new(text);
		back = json_number_double(again);
		again_text = json_number_text(again, again_room);
		bad += back != v || !span_eq(again_text, text);
		json_decref(real);
		json_decref(again);
	}
	is_int(bad, 0, "each double survives its text");
}

/* ---- writing ---- */

static void test_writing(void)
{
	json_t *v =
		json_pack("{s:s%,s:[n,b,b,[],{}]}", "a",
			  "q\"\\\n\x01\x7f\xe2\x80\xa8\xe2\x80\xa9\xc2\x85\xc2\x9b\xc2\xa0\xc2\xa9"
			  "\xe2\x82\xac",
			  (size_t)23, "l", 1, 0);
	char *text = json_write_text(v), *lines = json_write_lines(v, 2);

	is_str(text,
	       "{\"a\":\"q\\\"\\\\\\n\\u0001\x7f\\u2028\\u2029\\u0085\\u009b\xc2\xa0\xc2\xa9"
	       "\xe2\x82\xac\",\"l\":[null,true,false,[],{}]}",
	       "what ends a line for some or moves a cursor is escaped, other text is not");
	ok(lines && strstr(lines, "\n  \"l\": [\n    null,\n    true,"), "in lines it is indented");
	free(text);
	free(lines);
	json_decref(v);
	text = json_write_text(NULL);
	ok(!text, "of nothing there is no text");
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
		json_t *v = json_read(NULL, span_of(text, len), &partial);

		bad += !v || !partial;
		json_decref(v);
	}
	is_int(bad, 0, "each beginning of a text is read, and known to be partial");
}

static void test_deep(void)
{
	struct buf deep;
	bool partial;
	json_t *v;

	buf_init(&deep, 4 << 20);
	for (unsigned i = 0; i < 1000000; i++)
		buf_addc(&deep, '[');
	v = json_read(NULL, buf_span(&deep), &partial);
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
	return json_read(lim, s, ret_partial);
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
	v = json_read(&lim, SPAN_LIT("[1]"), &partial);
	ok(v && !partial, "a little can be read when bodies fill the memory");
	json_decref(v);
	lim.memory *= 2;
	v = json_read(&lim, SPAN_LIT("[1]"), &partial);
	ok(!v && partial && lim.hits[LIMIT_memory] == 1, "nothing when more than that is in use");
}

/* What malloc really gives to jansson: a chunk has eight bytes before it. */
#define CHUNK_HEAD 8

static size_t taken, taken_most;

static void *take(size_t size)
{
	void *p = malloc(size);

	taken += malloc_usable_size(p) + CHUNK_HEAD;
	taken_most = taken > taken_most ? taken : taken_most;
	return p;
}

static void give_back(void *p)
{
	taken -= p ? malloc_usable_size(p) + CHUNK_HEAD : 0;
	free(p);
}

struct shape {
	const char *what, *head, *unit;
	double ratio; /* at least so much more than their text its values take; 0: below the limit
		       */
};

static void is_no_bomb(const struct shape *s, size_t len)
{
	size_t max = len * 8 > JSON_RATIO_FREE ? len * 8 : JSON_RATIO_FREE;
	struct limits lim;
	struct buf text;
	bool partial;
	json_t *v;

	limits_init(&lim);
	buf_init(&text, 2 * len + 100);
	buf_adds(&text, s->head);
	while (text.len < len)
		buf_adds(&text, s->unit);
	taken_most = taken;
	v = json_read(&lim, span_first(buf_span(&text), len), &partial);
	ok(v && taken_most <= max, "%s, %zu KiB: %zu KiB taken", s->what, len >> 10,
	   taken_most >> 10);
	ok(lim.hits[LIMIT_json_ratio] == ((double)len * s->ratio > (double)max),
	   "%s, %zu KiB: the limit is %sreached", s->what, len >> 10,
	   lim.hits[LIMIT_json_ratio] ? "" : "not ");
	/* What had no room may have been a container that has a place, but nothing in it. */
	ok(json_memory(v) <= max + JSON_OBJECT_MEMORY && json_memory(v) + 4096 >= taken,
	   "%s, %zu KiB: what is counted, %zu KiB, is not less than what was taken, %zu", s->what,
	   len >> 10, json_memory(v) >> 10, taken >> 10);
	json_decref(v);
	buf_done(&text);
}

/* Each NUL of a name becomes a character of three bytes. */
static void test_names_with_nul(void)
{
	char text[510] = "{\"";
	struct limits lim;
	bool partial = false;
	json_t *v;

	memcpy(text + 502, "\":1}", 4);
	v = read_with(LIMIT_json_memory, 1200, span_of(text, 506), &lim, &partial);
	ok(json_memory(v) <= 1200 && partial, "a name counts as what it becomes");
	json_decref(v);
}

static void test_ratio(void)
{
	static const struct shape rows[] = {
		{ "lists", "[", "[],", 50 },
		{ "objects", "[", "{},", 82 },
		{ "members", "[", "{\"a\":1},", 46 },
		{ "nested objects", "[", "{\"a\":{\"a\":{\"a\":{\"a\":0}}}},", 50 },
		{ "names", "{\"a\":1,\"b\":[", "{\"abcd\":0,\"efgh\":0},", 25 },
		{ "zeroes", "[", "0,", 28 },
		{ "small numbers", "[", "0.5,", 14 },
		{ "numbers kept as text", "[", "1e9,", 28 },
		{ "empty texts", "[", "\"\",", 37 },
		{ "letters", "[", "\"a\",", 28 },
		{ "coordinates of an embedding", "[", "-0.01234567,", 0 },
		{ "nulls", "[", "null,", 0 },
		{ "words of a transcript", "[",
		  "{\"word\":\"hello\",\"start\":10.12,\"end\":10.58},", 18 },
		{ "messages", "[",
		  "{\"role\":\"user\",\"content\":\"How do I get from here to there, and what "
		  "does it cost me? It is far. I have no car, and the last train has gone.\"},",
		  0 },
	};
	static const size_t lengths[] = { 64 << 10, 256 << 10, 4 << 20 };

	json_set_alloc_funcs(take, give_back);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t k = 0; k < sizeof(lengths) / sizeof(*lengths); k++)
			is_no_bomb(&rows[i], lengths[k]);
	is_int((long long)taken, 0, "all is given back");
	json_set_alloc_funcs(malloc, free);
}

int main(void)
{
	test_limits();
	test_memory_in_use();
	test_names_with_nul();
	test_ratio();
	test_rows();
	test_bytes_in_strings();
	test_one_after_another();
	test_numbers();
	test_ends_of_numbers();
	test_no_numbers();
	test_shortest();
	test_writing();
	test_every_cut();
	test_deep();
	return tap_done();
}
