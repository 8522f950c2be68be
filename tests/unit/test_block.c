/* SPDX-License-Identifier: MIT */
/* Blocks: how they look is in tests/cases (": " lines); here are their forms at other widths, with
 * colours and without UTF-8, and what holds for every record, however hostile. */
#include "sink/block.h"

#include <stdlib.h>

#include "base/safe_text.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "exchange/builder.h"
#include "tests/unit/tap.h"

#define MS 1000000ull

/* ---- records ---- */

/* Takes the value over. */
static void add_param(struct exchange *x, const char *name, json_t *value)
{
	request_param(x, name, value);
	json_decref(value);
}

static struct exchange *call(uint64_t id, const char *program)
{
	struct exchange *x = builder_new(id, 1 << 20, NULL, NULL);

	x->kind = EXCHANGE_LLM;
	x->id = id;
	x->request_seen = x->response_seen = x->request_parsed = true;
	x->status = 200;
	x->tgid = 5063;
	x->wall_offset = 1700000000ll * 1000000000;
	x->t = (struct times){ .request_first = id * 1000 * MS,
			       .request_last = id * 1000 * MS,
			       .response_first = id * 1000 * MS + 100 * MS,
			       .first_token = id * 1000 * MS + 345 * MS,
			       .response_last = id * 1000 * MS + 510 * MS };
	x->response_body.state = BODY_COMPLETE;
	x->process = xstrdup(program);
	x->user = xstrdup("alice");
	x->host = xstrdup("api.anthropic.com");
	x->model_asked = xstrdup("claude-sonnet-4-5-20250929");
	x->usage = USAGE_UNKNOWN;
	x->counted = COUNT_UNKNOWN;
	return x;
}

static void turn(struct exchange *x, unsigned n)
{
	snprintf(x->conversation.id, sizeof(x->conversation.id), "1035b0aabbccddee");
	x->conversation.turn = n;
}

static void user(struct exchange *x, const char *text)
{
	message_text(x, request_message(x, SPAN_LIT("user")), PART_TEXT, span_str(text));
}

static struct part *tool(struct exchange *x, const char *id, const char *name,
			 const char *arguments)
{
	struct part *p = answer_part(x, 0, PART_TOOL_CALL, (int)x->nchoices * 10 + atoi(id));

	set_string(&p->id, span_str(id));
	set_string(&p->name, span_str(name));
	buf_adds(&p->text, arguments);
	return p;
}

/* Not inlined: gcc 12 takes the text for the variable that the stream writes to. */
__attribute__((noinline)) static char *show(const struct exchange *x, struct history *h,
					    struct block_style style)
{
	const struct block b = { .x = x, .history = h };
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	block_write(f, &style, &b);
	fclose(f);
	return out;
}

/* ---- forms ---- */

static struct exchange *edit_call(void)
{
	struct exchange *x = call(6, "claude");

	turn(x, 4);
	x->system.role = xstrdup("system");
	message_text(x, &x->system, PART_TEXT, SPAN_LIT("You are a tester.\nBe brief.\n"));
	user(x,
	     "<system-reminder>\none\ntwo\n</system-reminder>\nThe parser hangs on empty headers.");
	answer_text(x, 0, PART_TEXT, SPAN_LIT("Now I fix the loop."));
	tool(x, "1", "Edit",
	     "{\"file_path\": \"/home/alice/proj/src/parse.c\", \"old_string\": "
	     "\"\\t\\tp += len;\\n\", \"new_string\": \"\\t\\tif (len == 0)\\n\\t\\t\\tlen = "
	     "1;\\n\\t\\tp += len;\\n\"}");
	x->usage = (struct usage){ .input = 4269,
				   .cached_read = 4180,
				   .cache_write_5m = 0,
				   .cache_write_1h = COUNT_UNKNOWN,
				   .output = 4,
				   .reasoning = COUNT_UNKNOWN };
	x->usage.raw = json_object();
	x->stream = true;
	x->cost = (struct cost){ .usd = 0.0016, .source = COST_TABLE };
	return x;
}

static void test_forms(void)
{
	static const char *const narrow =
		"22:13:26  #6 claude[5063] alice  claude-sonnet-4-5  ⟨1035b0 t4⟩\n"
		"  sys   You are a tester. ⏎ Be brief.\n"
		"  user  The parser hangs on empty headers.\n"
		"        + system-reminder 2 lines\n"
		"  say   Now I fix the loop.\n"
		"  tool  Edit  /home/alice/proj/src/parse.c\n"
		"        +                 if (len == 0)\n"
		"        +                         len = 1;\n"
		"  ✓ 0.51s (first 0.34s) · 4.3k→4 tok · 98% cached · $0.0016\n";
	static const char *const wide =
		"22:13:26  #6 claude[5063] alice → api.anthropic.com  claude-sonnet-4-5  ⟨1035b0 "
		"t4⟩\n";
	static const char *const ascii =
		"22:13:26  #6 claude[5063] alice  claude-sonnet-4-5  <1035b0 t4>\n"
		"  sys   You are a tester. / Be brief.\n";
	static const char *const color =
		"\x1b[2m22:13:26\x1b[0m\x1b[1m  #6\x1b[0m claude\x1b[2m[5063]\x1b[0m\x1b[2m "
		"\x1b[0m\x1b[2malice\x1b[0m\x1b[1m  \x1b[0m\x1b[1mclaude-sonnet-4-5\x1b[0m\x1b[2m  "
		"⟨1035b0 t4⟩\x1b[0m\n";
	struct history *h = history_new(1 << 20);
	struct exchange *x = edit_call();
	AUTO_FREE char *a = show(x, h, (struct block_style){ .width = 80, .utf8 = true });
	AUTO_FREE char *b = show(x, h, (struct block_style){ .width = 160, .utf8 = true });
	AUTO_FREE char *c = show(x, h, (struct block_style){ .width = 80 });
	AUTO_FREE char *d =
		show(x, h, (struct block_style){ .width = 80, .utf8 = true, .color = true });

	is_str(a, narrow, "80 columns");
	ok(strncmp(b, wide, strlen(wide)) == 0, "160 columns: %s", b);
	ok(strncmp(c, ascii, strlen(ascii)) == 0, "without UTF-8: %s", c);
	ok(strncmp(d, color, strlen(color)) == 0, "with colours: %s", d);
	ok(strstr(d, "\x1b[94mThe parser hangs on empty headers.\x1b[0m"), "the user is blue");
	ok(strstr(d, "\x1b[32m+ "), "what is added is green");
	exchange_unref(x);
	history_free(h);
}

/* What a tool returned, on one row. */
static void test_results(void)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "one", "  res   Bash  one\n" },
		{ "one\ntwo\n", "  res   Bash  one ⏎ two\n" },
		{ "{\"output\": \"a\\nb\", \"metadata\": {\"exit_code\": 0}}",
		  "  res   Bash  a ⏎ b\n" },
		{ "{\"output\": \"a\\nb\", \"metadata\": {\"exit_code\": 2}}",
		  "  res   Bash  a ⏎ b · exit_code 2\n" },
		{ "{\"temp\": 21}", "  res   Bash  {\"temp\": 21}\n" },
		{ "{\"output\": \"cut", "  res   Bash  {\"output\": \"cut\n" },
		{ "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n20\n",
		  "  res   Bash  1 ⏎ 2 ⏎ 3 ⏎ 4 ⏎ 5 ⏎ 6 ⏎ 7 ⏎ 8 ⏎ 9 ⏎ 10 ⏎ 11… (20 lines)\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct history *h = history_new(1 << 20);
		struct exchange *x = call(1, "claude");
		struct part *p = message_text(x, request_message(x, SPAN_LIT("tool")),
					      PART_TOOL_RESULT, span_str(rows[i].text));
		char *out;

		set_string(&p->name, SPAN_LIT("Bash"));
		out = show(x, h, (struct block_style){ .width = 70, .utf8 = true });
		if (!ok(strstr(out, rows[i].want) != NULL, "result %zu", i))
			printf("# %s\n", out);
		free(out);
		exchange_unref(x);
		history_free(h);
	}
}

/* What a tool is called with, as rows behind its name. */
static void test_arguments(void)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "{}", "  tool  T\n  ✓" },
		{ "", "  tool  T\n  ✓" },
		{ "{\"city\": \"Paris\", \"days\": 3}", "  tool  T  city Paris · days 3\n" },
		{ "{\"command\": \"ls -la\", \"description\": \"List\"}", "  tool  T  ls -la\n" },
		{ "{\"command\": [\"bash\", \"-lc\", \"make\"], \"workdir\": \"/x\"}",
		  "  tool  T  make · workdir /x\n" },
		{ "{\"command\": [\"git\", \"log\"]}", "  tool  T  git log\n" },
		{ "{\"command\": \"ls", "  tool  T  ls\n" },
		{ "{\"command\": \"ls\", \"timeout\": ", "  tool  T  ls\n" },
		{ "{\"path\": \"/x\", \"limit\": 12345678901234567890}",
		  "  tool  T  /x · limit 12345678901234567890\n" },
		{ "{\"file_path\": \"/x\", \"old_string\": \"a\\nb\\n\", \"new_string\": "
		  "\"a\\nc\\n\"}",
		  "  tool  T  /x\n        - b\n        + c\n" },
		{ "{\"file_path\": \"/x\", \"content\": \"1\\n2\\n\"}",
		  "  tool  T  /x\n        + 1\n        + 2\n" },
		{ "*** Begin Patch\n-a\n+b\n*** End Patch",
		  "  tool  T\n        *** Begin Patch\n        -a\n        +b\n        *** End "
		  "Patch\n" },
		{ "{\"edits\": [{\"old_str\": \"a\", \"new_str\": \"b\"}], \"path\": \"/x\"}",
		  "  tool  T  /x\n        - a\n        + b\n" },
		{ "plain text", "  tool  T  plain text\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct history *h = history_new(1 << 20);
		struct exchange *x = call(1, "claude");
		char *out;

		tool(x, "1", "T", rows[i].text);
		out = show(x, h, (struct block_style){ .width = 70, .utf8 = true });
		if (!ok(strstr(out, rows[i].want) != NULL, "arguments %zu", i))
			printf("# %s\n", out);
		free(out);
		exchange_unref(x);
		history_free(h);
	}
}

/* The head line stays one, whatever names are. */
static void test_long_names(void)
{
	struct history *h = history_new(1 << 20);

	for (unsigned width = 24; width <= 160; width += 17) {
		struct exchange *x = call(1234567, "a-program-with-a-name-that-has-no-end-at-all");
		char *out, *second;

		turn(x, 3);
		free(x->user);
		x->user = xstrdup("somebody-with-a-very-long-user-name");
		free(x->model_asked);
		x->model_asked =
			xstrdup("us.anthropic.claude-with-a-name-that-is-longer-than-a-row");
		out = show(x, h, (struct block_style){ .width = width, .utf8 = true });
		second = strchr(out, '\n');
		ok(second && strncmp(second, "\n  ✓", strlen("\n  ✓")) == 0,
		   "the head is one line at %u columns", width);
		free(out);
		exchange_unref(x);
	}
	history_free(h);
}

/* ---- rows ---- */

static void test_last_rows(void)
{
	struct history *h = history_new(1 << 20);
	struct exchange *x = edit_call();
	struct streamed s = { .nparts = 0 };
	struct exchange_delta d = { .kind = PART_TEXT, .text = SPAN_LIT("one\ntwo\nthree\nfour") };
	struct block b = { .x = x, .history = h, .streamed = &s, .now_ns = 9100 * MS };
	const struct block_style style = { .width = 60, .utf8 = true };
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	streamed_add(&s, &d);
	is_int(block_write_last(f, &style, &b, 4), 4, "so many rows as were wanted");
	fflush(f);
	is_str(out,
	       "22:13:26  #6 claude alice  claude-sonnet-4-5  ⟨1035b0 t4⟩\n"
	       "        two\n        three\n        four\n",
	       "head and end of a call under way");
	fclose(f);
	free(out);
	streamed_done(&s);
	exchange_unref(x);
	history_free(h);
}

/* ---- whatever comes ---- */

static const char *const nasty[] = {
	"",
	"\n\n\n",
	"\x1b]0;title\x07\x1b[2J\r\n\x9b",
	"\xe2\x80\xae\xe2\x81\xa6 evil \xf3\xa0\x81\x81 \xe2\x80\x8b",
	"\xff\xfe\xc3",
	"a\tb\tc\n\tx\n",
	"漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字",
	"👩‍💻👩‍💻👩‍💻👩‍💻👩‍💻👩‍💻",
	"e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81",
	"{\"command\": \"ls\\n\\u001b[31m\", \"x\": [1, 2, {\"y\": null}]}",
	"{\"edits\": [{\"old_string\": \"a\\nb\", \"new_string\": \"a\\nc\"}], \"path\": \"/x\"}",
	"{\"input\": \"*** Begin Patch\\n-a\\n+b\\n*** End Patch\"}",
	"{\"file_path\": \"/tmp/x\", \"content\": \"1\\n2\\n3\\n4\\n5\\n6\\n7\\n8\\n9\\n10\\n11\"}",
	"{\"command\": [\"bash\", \"-lc\", \"make check\"]}",
	"{\"path\": \"/x\", \"old_str\": \"",
	"<system-reminder>\n<system-reminder>\n</system-reminder>",
	"one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen",
};
#define NASTY (sizeof(nasty) / sizeof(*nasty))

static struct exchange *nasty_call(unsigned n)
{
	struct exchange *x = call(1 + n, nasty[n % NASTY]);
	const char *text = nasty[n * 7 % NASTY];
	struct message *m;
	struct part *p;

	turn(x, n % 3);
	x->is_server = n % 5 == 0;
	x->cleartext = n % 2;
	x->status = n % 4 ? 200 : 429;
	x->error = n % 4 ? NULL : xcalloc(1, sizeof(*x->error));
	if (x->error) {
		x->error->message = xstrdup(text);
		x->error->code = xstrdup(nasty[n % NASTY]);
	}
	x->conversation.broke = n % 3 == 1;
	x->conversation.broke_by = (enum conversation_break)(n % 3);
	x->conversation.lost_cache = n % 2 ? COUNT_UNKNOWN : 2000;
	x->kind = (enum exchange_kind)(n % 6 < 3 ? 0 : n % 6 - 2);
	x->rpc_method = xstrdup(text);
	x->target = xstrdup(text);
	x->system.role = xstrdup("system");
	message_text(x, &x->system, PART_TEXT, span_str(nasty[n * 3 % NASTY]));
	user(x, text);
	m = request_message(x, SPAN_LIT("tool"));
	p = message_part(x, m, PART_TOOL_RESULT);
	set_string(&p->id, SPAN_LIT("1"));
	buf_adds(&p->text, text);
	p = message_part(x, m, (enum part_kind)(n % 9));
	set_string(&p->name, span_str(text));
	buf_adds(&p->text, text);
	answer_text(x, 0, PART_TEXT, span_str(nasty[n * 11 % NASTY]));
	answer_text(x, n % 3, PART_REASONING, span_str(text));
	tool(x, "1", text, nasty[n * 5 % NASTY]);
	add_param(x, text, json_object());
	set_string(&request_tool(x)->name, span_str(text));
	return x;
}

/* Columns of the widest row; SIZE_MAX where a control character got through. */
static size_t widest(const char *text)
{
	struct span s = span_str(text);
	size_t columns = 0, most = 0;

	while (s.len) {
		uint32_t code = 0;
		size_t n = utf8_next(s, &code);

		if (n == 1 && code == 0x1b && span_find(s, 'm') < 5) {
			s = span_from(s, span_find(s, 'm') + 1);
			continue;
		}
		if (code == '\n') {
			most = columns > most ? columns : most;
			columns = 0;
		} else if (!n || code < 0x20 || safe_text_is_unsafe(code)) {
			return SIZE_MAX;
		} else {
			columns += safe_text_columns(code);
		}
		s = span_from(s, n);
	}
	return most;
}

static void test_nasty(void)
{
	static const struct block_style styles[] = {
		{ .width = 80, .utf8 = true },
		{ .width = 80, .color = true },
		{ .width = 24, .utf8 = true, .color = true },
		{ .width = 160, .utf8 = true, .full = true },
		{ .width = 40, .utf8 = true, .lines = 1 },
		{ .width = 100, .utf8 = true, .lines = 3, .color = true },
	};

	for (size_t s = 0; s < sizeof(styles) / sizeof(*styles); s++) {
		struct history *h = history_new(1 << 20);
		size_t wide = 0, unsafe = 0;

		for (unsigned n = 0; n < 400; n++) {
			struct exchange *x = nasty_call(n);
			AUTO_FREE char *out = show(x, h, styles[s]);
			size_t columns = widest(out);

			if (columns > styles[s].width && !wide && !unsafe)
				printf("# %u\n%s\n", n, out);
			unsafe += columns == SIZE_MAX;
			wide += columns != SIZE_MAX && columns > styles[s].width;
			history_add(h, x);
			exchange_unref(x);
		}
		is_int(wide, 0, "style %zu: no row is wider than the page", s);
		is_int(unsafe, 0, "style %zu: no control character gets through", s);
		history_free(h);
	}
}

static size_t rows_of(const struct exchange *x, struct history *h, struct block_style style)
{
	AUTO_FREE char *out = show(x, h, style);
	size_t n = 0;

	for (const char *at = out; *at; at++)
		n += *at == '\n';
	return n;
}

/* A record as large as one may be takes few rows. */
static void test_bounded(void)
{
	const struct block_style style = { .width = 80, .utf8 = true };
	struct history *h = history_new(1 << 20);
	struct exchange *x = call(1, "x");
	struct buf lines;

	buf_init(&lines, 1 << 20);
	while (!lines.full)
		buf_adds(&lines, "a line of text that is neither short nor long\n");
	for (unsigned i = 0; i < 100000; i++)
		user(x, "one of many");
	ok(rows_of(x, h, style) < 30, "100,000 messages");
	for (unsigned i = 0; i < 4000; i++)
		tool(x, "1", "Bash", "{\"command\": \"true\"}");
	ok(rows_of(x, h, style) < 30, "calls that share a slot");
	message_text(x, &x->messages[0], PART_TEXT, buf_span(&lines));
	answer_text(x, 0, PART_TEXT, buf_span(&lines));
	ok(rows_of(x, h, style) < 80, "1 MiB of lines on both sides");
	for (unsigned i = 0; i < 4000; i++)
		set_string(&request_tool(x)->name, SPAN_LIT("a_tool"));
	for (unsigned i = 0; i < 4000; i++)
		add_param(x, "a_param", json_true());
	ok(rows_of(x, h, style) < 80, "4000 tools and parameters");
	is_int(rows_of(x, h, (struct block_style){ .width = 80, .lines = 2 }) < 60, true,
	       "two rows of each text");
	history_add(h, x);
	exchange_unref(x);
	buf_done(&lines);
	history_free(h);
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	test_forms();
	test_results();
	test_arguments();
	test_long_names();
	test_last_rows();
	test_nasty();
	test_bounded();
	return tap_done();
}
