/* SPDX-License-Identifier: MIT */
/* What users wrote, told from what clients wrap around it. */
#include "conversation/own_words.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "tests/unit/tap.h"

/* Pieces as "own:text|tag:text|...". */
static char *pieces(const char *text)
{
	struct span rest = span_str(text);
	struct words w;
	struct buf out;

	buf_init(&out, 4096);
	while (own_words_next(&rest, &w)) {
		buf_adds(&out, out.len ? "|" : "");
		buf_adds(&out, w.own ? "own" : "");
		if (w.tag.len) {
			buf_adds(&out, "<");
			buf_add(&out, w.tag);
		}
		buf_adds(&out, ":");
		buf_add(&out, w.text);
	}
	return buf_take(&out);
}

static void test_pieces(void)
{
	static const struct {
		const char *text, *want, *what;
	} rows[] = {
		{ "Hello", "own:Hello", "plain words" },
		{ "", "", "nothing" },
		{ " \n\n ", "", "blank space" },
		{ "<system-reminder>\nBe brief.\n</system-reminder>\nFix it.",
		  "<system-reminder:Be brief.|own:Fix it.", "Claude Code: a reminder before" },
		{ "Fix "
		  "it.\n<system-reminder>a</system-reminder><system-reminder>b</system-reminder>",
		  "own:Fix it.|<system-reminder:a|<system-reminder:b", "reminders behind" },
		{ "a\n<system-reminder>b</system-reminder>\n\nc", "own:a|<system-reminder:b|own:c",
		  "and between" },
		{ "<environment_context>\n  <cwd>/w</cwd>\n</environment_context>",
		  "<environment_context:<cwd>/w</cwd>", "Codex: its environment alone" },
		{ "# AGENTS.md instructions for /w\n\n<INSTRUCTIONS>\nTabs.\n</INSTRUCTIONS>\n"
		  "<environment_context><cwd>/w</cwd></environment_context>",
		  ":# AGENTS.md instructions for /w|<INSTRUCTIONS:Tabs.|"
		  "<environment_context:<cwd>/w</cwd>",
		  "Codex: instructions of the project" },
		{ "<permissions instructions>\nNo.\n</permissions instructions>\nGo",
		  "<permissions:No.|own:Go", "a tag of two words" },
		{ "<task>\nWrite a poem\n</task>\n<environment_details>\n# "
		  "Time\n</environment_details>",
		  "own<task:Write a poem|<environment_details:# Time", "Cline" },
		{ "<user_info>\nOS\n</user_info>\n<user_query>\nWhy?\n</user_query>",
		  "<user_info:OS|own<user_query:Why?", "Cursor" },
		{ "<attachments></attachments>\n<userRequest>\nWhy?\n</userRequest>",
		  "own<userRequest:Why?", "Copilot; an empty piece is left out" },
		{ "<command-name>/review</command-name>\n<command-args>12</command-args>",
		  "<command-name:/review|<command-args:12", "a slash command" },
		{ "Why is <div> here?\n<div>\n</div>\n<b>",
		  "own:Why is <div> here?\n<div>\n</div>\n<b>", "a user's own HTML" },
		{ "What does <system-reminder> mean?", "own:What does <system-reminder> mean?",
		  "a tag within a sentence" },
		{ "<system-reminder>cut", "<system-reminder:cut", "a tag without an end" },
		{ "<system-reminder>a</system-reminders></system-reminder>b",
		  "<system-reminder:a</system-reminders>|own:b", "a longer name ends nothing" },
		{ "<system-reminder>a</system-reminder", "<system-reminder:a",
		  "an end that is cut" },
		{ "<system-reminder\n>a", "own:<system-reminder\n>a", "a tag is on one line" },
		{ "<", "own:<", "a bracket" },
		{ "<a", "own:<a", "and a letter" },
		{ "a\n<", "own:a\n<", "a bracket on the last line" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *got = pieces(rows[i].text);

		is_str(got, rows[i].want, "%s", rows[i].what);
		free(got);
	}
}

static void test_sentences(void)
{
	static const struct {
		const char *text, *want;
		unsigned columns;
	} rows[] = {
		{ "The parser hangs on empty headers. Please fix it.",
		  "The parser hangs on empty headers.", 120 },
		{ "<system-reminder>Be brief.</system-reminder>\nFix  the\n\tparser in foo.c now",
		  "Fix the", 120 },
		{ "Fix the\nparser", "Fix the parser", 120 },
		{ "Look at foo.c, e.g. line 3. Then stop.", "Look at foo.c, e.g. line 3.", 120 },
		{ "1. First\n2. Second", "1. First", 120 },
		{ "## Task\nDo it", "Task", 120 },
		{ "Why? Because.", "Why?", 120 },
		{ "v2.5 is out", "v2.5 is out", 120 },
		{ "\xe8\xaf\xb7\xe7\xbf\xbb\xe8\xaf\x91\xe3\x80\x82\xe5\xa5\xbd",
		  "\xe8\xaf\xb7\xe7\xbf\xbb\xe8\xaf\x91\xe3\x80\x82", 120 },
		{ "abcdef", "abcd\u2026", 5 },
		{ "abcdef", "abcdef", 6 },
		{ "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", "\xe6\x97\xa5\xe6\x9c\xac\u2026", 5 },
		{ "a\x1b[31mb\xe2\x80\xaeg", "a [31mb g", 120 },
		{ "a\xff\xfe z", "a z", 120 },
		{ "---", "", 120 },
		{ "<environment_context>x</environment_context>", "", 120 },
		{ "", "", 120 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf out;
		char *got;
		bool any;

		buf_init(&out, 1024);
		any = own_words_sentence(span_str(rows[i].text), rows[i].columns, &out);
		ok(any == (rows[i].want[0] != '\0') && utf8_valid(buf_span(&out)),
		   "whether there is a sentence: \"%s\"", rows[i].want);
		got = buf_take(&out);
		is_str(got, rows[i].want, "it is the first: \"%s\"", rows[i].want);
		free(got);
	}
}

int main(void)
{
	test_pieces();
	test_sentences();
	return tap_done();
}
