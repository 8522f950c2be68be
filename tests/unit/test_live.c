/* SPDX-License-Identifier: MIT */
/* What a live view is made of: calls under way, keys, sums, and the lines of them. */
#include <stdlib.h>

#include "exchange/builder.h"
#include "sink/inflight.h"
#include "sink/keys.h"
#include "sink/live_match.h"
#include "sink/status.h"
#include "tests/unit/tap.h"

#define SECOND 1000000000ull

static struct exchange *call(uint64_t id, const char *program, const char *model)
{
	struct exchange *x = builder_new(id, 1 << 20, NULL, NULL);

	x->kind = EXCHANGE_LLM;
	x->id = id;
	x->tgid = 100 + (uint32_t)id;
	x->request_seen = x->response_seen = true;
	x->t.request_first = SECOND;
	set_string(&x->process, span_str(program));
	set_string(&x->model_asked, span_str(model));
	return x;
}

static void says(struct inflight *f, const struct exchange *x, size_t part, enum part_kind kind,
		 const char *text)
{
	struct exchange_delta d = { .id = x->id, .part = part, .kind = kind };

	d.text = span_str(text);
	d.name = kind == PART_TOOL_CALL ? SPAN_LIT("Bash") : span_of(NULL, 0);
	inflight_delta(f, x, &d, 2 * SECOND);
}

/* ---- calls under way ---- */

static void test_calls(void)
{
	struct inflight *f = inflight_new();
	struct exchange *a = call(1, "a", "m"), *b = call(2, "b", "m");

	inflight_add(f, a, SECOND);
	inflight_add(f, b, SECOND);
	inflight_add(f, a, SECOND);
	is_int(inflight_count(f), 2, "a call is there once");
	says(f, b, 0, PART_TEXT, "12345 \xe6\xbc\xa2\xe5\xad\x97");
	is_int(inflight_find(f, 2)->answer.bytes, 12, "what came is counted");
	inflight_remove(f, 1);
	is_int(inflight_at(f, 0)->x->id, 2, "what ended is gone");
	inflight_expire(f, 2 * SECOND);
	is_int(inflight_count(f), 1, "what spoke stays");
	inflight_expire(f, 3 * SECOND);
	is_int(inflight_count(f), 0, "what is silent for long goes");
	says(f, a, 0, PART_TEXT, "text of a call that is not known");
	inflight_free(f);
	exchange_unref(a);
	exchange_unref(b);
}

static void test_bounds(void)
{
	struct inflight *f = inflight_new();

	for (uint64_t i = 1; i < 400; i++) {
		struct exchange *x = call(i, "a", "m");

		inflight_add(f, x, SECOND);
		exchange_unref(x);
	}
	is_int(inflight_count(f), INFLIGHT_CALLS, "so many calls have a place");
	is_int(inflight_surplus(f), 399 - INFLIGHT_CALLS, "others are counted");
	inflight_remove(f, 399);
	is_int(inflight_surplus(f), 398 - INFLIGHT_CALLS, "until they end");
	inflight_free(f);
}

/* ---- keys ---- */

static enum key_action press(struct keys *k, const char *bytes)
{
	enum key_action a = KEY_NOTHING;

	for (; *bytes; bytes++)
		a = keys_press(k, *bytes);
	return a;
}

static void test_keys(void)
{
	struct keys k = { 0 };

	is_int(press(&k, "p"), KEY_REDRAW, "p pauses");
	is_int(k.paused, true, "it does");
	is_int(press(&k, "p"), KEY_RESUME, "and goes on");
	is_int(press(&k, "3"), KEY_FOLLOW, "a digit follows");
	is_int(k.follow, 3, "that line");
	is_int(press(&k, "\x1b[A\x1b[1;5q\x1bOq"), KEY_NOTHING, "an arrow is no q");
	is_int(press(&k, "q"), KEY_QUIT, "q is");
	press(&k, "fgpt 4pq\x7f");
	is_str(k.typed, "gpt 4p", "in a filter letters are letters");
	is_str(k.filter, "", "which has no effect yet");
	press(&k, "\r");
	is_str(k.filter, "gpt 4p", "but has one with Enter");
	press(&k, "f\x15\xc3\xa9t\xc3\xa9\x7f");
	is_str(k.typed, "\xc3\xa9t", "a character is erased as a whole");
	press(&k, "\x1b");
	is_str(k.filter, "gpt 4p", "Escape leaves it as it was");
	press(&k, "f\x15\r");
	is_str(k.filter, "", "an empty one is none");
	is_int(press(&k, "\x1bx"), KEY_NOTHING, "Escape alone does nothing");
	for (unsigned i = 0; i < 300; i++)
		press(&k, k.is_typing ? "\xe6\xbc\xa2" : "f");
	ok(strlen(k.typed) < KEYS_WORD, "a filter has an end");
}

/* ---- lines ---- */

static char *lines(const struct inflight *f, const struct tally *t, const struct status_view *v,
		   unsigned width, bool utf8)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct page p;

	page_init(&p, out, width, false, utf8);
	status_write(&p, f, t, v);
	page_done(&p);
	fclose(out);
	return text;
}

static void writes(const struct inflight *f, const struct tally *t, const struct status_view *v,
		   unsigned width, bool utf8, const char *want, const char *what)
{
	char *got = lines(f, t, v, width, utf8);

	is_str(got, want, "%s", what);
	free(got);
}

static void test_lines(void)
{
	struct inflight *f = inflight_new();
	struct tally t = { .calls = 11,
			   .failed = 2,
			   .input = 27300,
			   .output = 310,
			   .any_tokens = true,
			   .usd = 0.027,
			   .any_usd = true,
			   .nagents = 3 };
	struct status_view v = { .now_ns = 4 * SECOND, .most = 5, .keys = true };
	struct exchange *a = call(11, "agent0.py", "gpt-4o"), *b = call(7, "b", "gpt-4o-mini");

	writes(f, &t, &v, 80, true,
	       "────────────────────────────────────────────────────────────────────────────────\n"
	       " 11 calls · 2 failed · 27.3k→310 tok · $0.0270 · 3 agents         ^C end  ? keys\n",
	       "the sums");
	inflight_add(f, a, SECOND);
	inflight_add(f, b, SECOND);
	says(f, a, 0, PART_REASONING, "hm");
	says(f, a, 1, PART_TEXT, "the watchdog\n\n  kills the process\x1b[2J");
	v.numbered = true;
	writes(f, &t, &v, 80, false,
	       "--------------------------------------------------------------------------------\n"
	       " | 1 #11 agent0.py[111] gpt-4o        3.0s    ~10 tok  ...lls the process\\x1b[2J\n"
	       " | 2 #7  b[107]         gpt-4o-mini   3.0s             waits for the answer\n"
	       " 11 calls | 2 failed | 27.3k->310 tok | $0.0270 | 3 agents        ^C end  ? keys\n",
	       "a line each, in ASCII");
	v.most = 1;
	v.numbered = false;
	v.paused = true;
	v.waiting = 3;
	t = (struct tally){ .calls = 1 };
	writes(f, &t, &v, 50, true,
	       "──────────────────────────────────────────────────\n"
	       "   and 2 more\n"
	       " 1 call        paused, 3 blocks waiting  p goes on\n",
	       "what finds no place is counted");
	ok(status_call(f, &v, 2)->x == b && !status_call(f, &v, 3), "a line's number is a call's");
	v.followed = 11;
	ok(status_call(f, &v, 1)->x == b, "which is not the one above them");
	inflight_free(f);
	exchange_unref(a);
	exchange_unref(b);
}

/* Whatever its width, no row is longer. */
static void test_widths(void)
{
	struct inflight *f = inflight_new();
	struct exchange *x =
		call(1234567, "a-program-with-a-very-long-name", "\xe6\xbc\xa2\xe5\xad\x97-4");
	struct tally t = { .calls = 1234567, .failed = 12345, .others = 3, .any_tokens = true };
	struct status_view v = { .most = 5, .keys = true, .help = true, .numbered = true };
	unsigned longest = 0;
	struct page measuring;

	inflight_add(f, x, SECOND);
	says(f, x, 0, PART_TOOL_CALL, "{\"command\": \"\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\"}");
	page_init(&measuring, stdout, 0, false, true);
	for (unsigned width = 24; width < 200; width++) {
		char *got = lines(f, &t, &v, width, true);
		struct span rest = span_str(got);

		while (rest.len) {
			struct span line = span_first(rest, span_find(rest, '\n'));
			unsigned n = page_columns(&measuring, line);

			if (n > width && n - width > longest)
				longest = n - width;
			rest = span_from(rest, line.len + 1);
		}
		free(got);
	}
	is_int(longest, 0, "no row is longer than the terminal is wide");
	page_done(&measuring);
	inflight_free(f);
	exchange_unref(x);
}

static void test_tally(void)
{
	struct tally t = { 0 };
	struct exchange *a = call(1, "a", "m"), *b = call(2, "b", "m");

	a->usage.input = 100;
	a->cost = (struct cost){ .source = COST_TABLE, .usd = 0.5 };
	tally_add(&t, a);
	b->status = 429;
	tally_add(&t, b);
	is_int(t.calls, 2, "calls");
	is_int(t.failed, 1, "one failed");
	is_int(t.input, 100, "tokens that are known");
	ok(t.any_usd && !t.some_unknown, "what has no tokens has no unknown price");
	b->usage.output = 5;
	tally_add(&t, b);
	ok(t.some_unknown, "what has some has");
	is_int(t.nagents, 2, "agents");
	b->twin_of = 1;
	tally_add(&t, b);
	is_int(t.calls, 3, "a call that was seen twice counts once");
	exchange_unref(a);
	exchange_unref(b);
}

static bool matches(const struct exchange *x, const char *word)
{
	struct error e = { 0 };
	struct needle *n = needle_new(word, &e);
	bool match = n && live_match(x, n);

	needle_free(n);
	return match;
}

static void test_match(void)
{
	struct exchange *x = call(1, "Agent.py", "gpt-4o");

	ok(matches(x, "GPT") && matches(x, "agent"), "names match whatever their case");
	ok(!matches(x, "claude"), "others do not");
	ok(matches(x, "/^gpt-[45]/"), "an expression does");
	exchange_unref(x);
}

int main(void)
{
	test_calls();
	test_bounds();
	test_keys();
	test_lines();
	test_widths();
	test_tally();
	test_match();
	return tap_done();
}
