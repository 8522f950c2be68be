/* SPDX-License-Identifier: MIT */
/* base/config_text: what a file of settings says, and where one is wrong. */
#include "base/config_text.h"

#include "base/buf.h"
#include "base/xalloc.h"
#include "tests/unit/tap.h"

static const struct {
	const char *text;
	const char *read;  /* "section.name=value;" ... */
	const char *wrong; /* "line: why"; NULL: nothing is */
} cases[] = {
	{ "", "", NULL },
	{ "\n\n# a comment\n  # another = 1\n", "", NULL },
	{ "keep = 7d", ".keep=7d;", NULL },
	{ "keep=7d\nno-peer\n", ".keep=7d;.no-peer;", NULL },
	{ "\tkeep\t=\t7d \r\n", ".keep=7d;", NULL },
	{ "\xef\xbb\xbfkeep = 7d", ".keep=7d;", NULL },
	{ "plain = 8000,9000  # of models", ".plain=8000,9000;", NULL },
	{ "plain # = 8000", ".plain;", NULL },
	{ "output = otlp:http://h/#a", ".output=otlp:http://h/#a;", NULL },
	{ "output = \"a # b\" # c", ".output=a # b;", NULL },
	{ "grep = \" \\\"x\\\\ \\n\"", ".grep= \"x\\ \\n;", NULL },
	{ "grep = \"\"", ".grep=;", NULL },
	{ "limit = memory=1G", ".limit=memory=1G;", NULL },
	{ "a\n[daemon] # of it\nb = 1\n[ spend ]\nc", ".a;[daemon];daemon.b=1;[spend];spend.c;",
	  NULL },
	{ "a\nb =\nc", ".a;", "2: no value stands behind '='" },
	{ "b = # c", "", "1: no value stands behind '='" },
	{ "b = \"c", "", "1: a quote is not closed" },
	{ "b = \"c\\\"", "", "1: a quote is not closed" },
	{ "b = \"c\" d", "", "1: something stands behind the closing quote" },
	{ "--keep = 7d", "", "1: names have no dashes in front here: keep" },
	{ "a\n\nkeep 7d", ".a;", "3: expected NAME = VALUE, or a name alone" },
	{ "= 7d", "", "1: expected NAME = VALUE, or a name alone" },
	{ "Keep = 7d", "", "1: expected NAME = VALUE, or a name alone" },
	{ "[daemon", "", "1: a section is a name in brackets: [daemon]" },
	{ "[]", "", "1: a section is a name in brackets: [daemon]" },
	{ "[a] b", "", "1: a section is a name in brackets: [daemon]" },
	{ "a = \x1b[2J", "", "1: there is a control character: this is no text" },
};

static int on_line(void *arg, const struct config_line *line, struct error *reterr)
{
	struct buf *b = arg;

	if (line->opens) {
		buf_addf(b, "[%.*s];", (int)line->section.len, (const char *)line->section.ptr);
		return 0;
	}
	buf_addf(b, "%.*s.%.*s", (int)line->section.len, (const char *)line->section.ptr,
		 (int)line->name.len, (const char *)line->name.ptr);
	if (line->value)
		buf_addf(b, "=%s", line->value);
	buf_addc(b, ';');
	return 0;
}

static int stop(void *arg, const struct config_line *line, struct error *reterr)
{
	return line->number == 2 ? -7 : 0;
}

int main(void)
{
	struct error e;
	unsigned at;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		AUTO_FREE char *read = NULL, *wrong = NULL;
		struct buf b;
		int err;

		buf_init(&b, 4096);
		err = config_text_read(span_str(cases[i].text), on_line, &b, &at, &e);
		read = buf_take(&b);
		wrong = err ? xasprintf("%u: %s", at, e.text) : NULL;
		is_str(read ? read : "", cases[i].read, "case %zu is read", i);
		is_str(wrong ? wrong : "", cases[i].wrong ? cases[i].wrong : "",
		       "and what is wrong with it is said");
	}

	AUTO_FREE char *line = xcalloc(1, 5002);

	memset(line, 'a', 5000);
	ok(config_text_read(span_of("a\0b", 3), on_line, NULL, &at, &e) != 0, "a NUL is no text");
	ok(config_text_read(span_str(line), on_line, NULL, &at, &e) != 0, "nor a line without end");
	ok(config_text_read(SPAN_LIT("a\nb\nc"), stop, NULL, &at, &e) == -7 && at == 2,
	   "who reads may end it");
	return tap_done();
}
