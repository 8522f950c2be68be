/* SPDX-License-Identifier: MIT */
/* What --alert takes, and what it refuses; files of patterns. */
#include <errno.h>
#include <stdlib.h>

#include "alert/rules.h"
#include "redact/pattern_list.h"
#include "tests/unit/tap.h"

static const char *file_text;

static int read_file(struct patterns *p, const char *path, unsigned **ret_lines,
		     struct error *reterr)
{
	if (!file_text)
		return error_set(reterr, -ENOENT, "%s: no such file", path);
	return pattern_list_read(p, span_str(file_text), ret_lines, reterr);
}

static void test_all(void)
{
	struct rules r = { 0 };
	struct error e;

	file_text = "# words\n\n  acme 7 \n/x[0-9]+/\n";
	is_int(rules_read(&r,
			  "aws-key, github-token,/a{1,3}/,/b,c/,file:/etc/words.txt,budget:user=5,"
			  "budget:all=$0.50,loop:5,loop:7,model-not:claude-*|gpt-5*,"
			  "provider-not:anthropic",
			  read_file, &e),
	       0, "all kinds of rules");
	is_int(r.keys, 1 << KEY_AWS | 1 << KEY_GITHUB, "credentials");
	is_int(patterns_count(r.patterns), 4, "patterns, commas and all");
	is_str(r.pattern_names[0], "pattern-1", "which have names of ours");
	is_str(r.pattern_names[1], "pattern-2", "each");
	is_str(r.pattern_names[2], "words.txt:3", "those of a file its name and the line");
	is_str(r.pattern_names[3], "words.txt:4", "each");
	is_int(r.nbudgets, 2, "budgets");
	is_str(r.budgets[0].name, "budget:user=5", "by name");
	ok(r.budgets[0].of == BUDGET_USER && r.budgets[0].usd == 5, "of users");
	ok(r.budgets[1].of == BUDGET_ALL && r.budgets[1].usd == 0.5, "of all");
	is_int(r.loop, 5, "the strictest of two loops");
	is_int(r.nallowed, 2, "lists");
	ok(allowed_has(&r.allowed[0], "claude-sonnet-4-5") && allowed_has(&r.allowed[0], "GPT-5") &&
		   !allowed_has(&r.allowed[0], "gpt-4o"),
	   "of models, in any case");
	ok(allowed_has(&r.allowed[1], "anthropic") && !allowed_has(&r.allowed[1], "anthropic2"),
	   "of providers");
	is_int(rules_read(&r, "model-not:o3", read_file, &e), 0, "another time");
	ok(allowed_has(&r.allowed[0], "o3") && allowed_has(&r.allowed[0], "gpt-5"),
	   "all that any list names is allowed");
	is_int(rules_read(&r, "secrets", read_file, &e), 0, "secrets");
	is_int(r.keys, (1u << (KEY_KINDS - 1)) * 2 - 1, "are all kinds");
	rules_done(&r);
}

static void test_refused(void)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "expected rules" },
		{ "aws-kee", "did you mean aws-key" },
		{ "zzzzzzzzz", "there is no rule 'zzzzzzzzz'; " },
		{ "/(/", "regular expression" },
		{ "//", "regular expression" },
		{ "/etc/words", "there is no rule" },
		{ "secrets:x", "expected secrets" },
		{ "budget", "expected budget:WHOSE=USD" },
		{ "budget:user", "budget:user=5" },
		{ "budget:user=-1", "budget:user=5" },
		{ "budget:user=0", "budget:user=5" },
		{ "budget:user=nan", "budget:user=5" },
		{ "budget:user=1e99", "budget:user=5" },
		{ "budget:team=1", "budget:user=5" },
		{ "loop:1", "from 2 to 1000" },
		{ "loop:x", "from 2 to 1000" },
		{ "loop:5x", "from 2 to 1000" },
		{ "model-not:", "expected model-not:LIST" },
		{ "model-not:|", "names with" },
		{ "file:/nothing", "no such file" },
		{ "aws-key,,nothing-of-ours", "there is no rule" },
	};

	file_text = NULL;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rules r = { 0 };
		struct error e = { 0 };

		ok(rules_read(&r, rows[i].text, read_file, &e) < 0 && strstr(e.text, rows[i].why),
		   "\"%s\" is refused: %s", rows[i].text, e.text);
		rules_done(&r);
	}
}

/* A pattern may be a secret: what is wrong with it is told without it. */
static void test_lists(void)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "no pattern" },
		{ "# only words\n\n", "no pattern" },
		{ "fine\n/hunter2(/\n", "line 2 is no regular expression: Unmatched" },
		{ "fine\r\n\r\n/[hunter2/\r\n", "line 3 is no regular expression" },
	};
	struct patterns *p = patterns_new();
	unsigned *lines = NULL;
	struct error e = { 0 };
	size_t at;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct patterns *bad = patterns_new();

		ok(pattern_list_read(bad, span_str(rows[i].text), NULL, &e) < 0 &&
			   strstr(e.text, rows[i].why) && !strstr(e.text, "hunter2"),
		   "refused: %s", e.text);
		patterns_free(bad);
	}
	is_int(pattern_list_read(p, SPAN_LIT("a.b*c[d]\\e{f}(g)|^h$+?\r\n \t/i+/ \r\n/"), &lines,
				 &e),
	       0, "texts, regular expressions, and a slash");
	is_int(patterns_count(p), 3, "are three");
	ok(lines[0] == 1 && lines[1] == 2 && lines[2] == 3, "of three lines");
	ok(patterns_find(p, 0, SPAN_LIT("x a.b*c[d]\\e{f}(g)|^h$+? y"), &at) && at == 0,
	   "a text is found as it stands");
	ok(!patterns_find(p, 0, SPAN_LIT("aXbbc"), &at), "and not as an expression");
	ok(patterns_find(p, 0, SPAN_LIT("one\nhiii\n"), &at) && at == 1,
	   "an expression, in any line");
	ok(patterns_find(p, 2, SPAN_LIT("iii/"), &at) && at == 2, "from a number on");
	free(lines);
	patterns_free(p);
}

/* In each place of a long line. */
static void test_long_line(void)
{
	struct patterns *p = patterns_new();
	struct error e;
	struct buf text;
	bool all = true;
	size_t at;

	patterns_add(p, "acme-[0-9]+$", &e);
	for (size_t before = 3900; before < 4300; before += 7) {
		buf_init(&text, 1 << 16);
		for (size_t i = 0; i < before; i++)
			buf_addc(&text, 'x');
		buf_adds(&text, "acme-123456789");
		all &= patterns_find(p, 0, buf_span(&text), &at);
		buf_adds(&text, "yyyy");
		all &= !patterns_find(p, 0, buf_span(&text), &at);
		buf_done(&text);
	}
	ok(all, "a line's end is where it ends, not where a piece of it does");
	patterns_free(p);
}

int main(void)
{
	test_all();
	test_refused();
	test_lists();
	test_long_line();
	return tap_done();
}
