/* SPDX-License-Identifier: MIT */
/* What is new in a call, after others of its conversation and of its program were shown. */
#include "sink/history.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "exchange/builder.h"
#include "tests/unit/tap.h"

#define MS 1000000ull

/* Takes the value over. */
static void add_param(struct exchange *x, const char *name, json_t *value)
{
	request_param(x, name, value);
	json_decref(value);
}

static struct exchange *call(uint64_t id, const char *conversation, unsigned turn)
{
	struct exchange *x = builder_new(id, 1 << 20, NULL, NULL);

	x->kind = EXCHANGE_LLM;
	x->id = id;
	x->process = xstrdup("claude");
	snprintf(x->conversation.id, sizeof(x->conversation.id), "%s", conversation);
	x->conversation.turn = turn;
	x->t.request_first = id * 1000 * MS;
	x->t.response_last = id * 1000 * MS + 400 * MS;
	x->usage = USAGE_UNKNOWN;
	return x;
}

static struct part *say(struct exchange *x, const char *role, enum part_kind kind, const char *text)
{
	return message_text(x, request_message(x, span_str(role)), kind, span_str(text));
}

static void ask_tool(struct exchange *x, const char *id, const char *name)
{
	struct part *p = answer_part(x, 0, PART_TOOL_CALL, 1);

	set_string(&p->id, span_str(id));
	set_string(&p->name, span_str(name));
	buf_adds(&p->text, "{}");
}

static void test_turns(void)
{
	struct history *h = history_new(1 << 20);
	struct exchange *a = call(1, "c", 1), *b = call(2, "c", 2), *c = call(3, "c", 2);
	struct called called;
	struct news n;

	say(a, "system", PART_TEXT, "Be brief.");
	say(a, "user", PART_TEXT, "Why?");
	answer_text(a, 0, PART_TEXT, SPAN_LIT("I look  at it."));
	ask_tool(a, "t1", "Bash");
	history_look(h, a, &n);
	ok(!n.known && n.system == SEEN_NEVER && n.first == 1, "all of a first call is new");
	history_add(h, a);

	say(b, "system", PART_TEXT, "Be brief.");
	say(b, "user", PART_TEXT, "Why?");
	say(b, "assistant", PART_TEXT, "I look at\nit.");
	say(b, "user", PART_TOOL_RESULT, "src");
	b->conversation.repeated = 2;
	history_look(h, b, &n);
	ok(n.known && n.previous_id == 1, "the second goes on from it");
	is_int(n.gap_ns, 600 * MS, "after a gap");
	is_int(n.system, SEEN_BEFORE, "with the same system prompt");
	is_int(n.first, 2, "and two messages that were shown");
	ok(history_is_echo(h, &n, &b->messages[2].parts[0]),
	   "an answer comes back with other blanks");
	ok(!history_is_echo(h, &n, &b->messages[3].parts[0]), "a result is no echo");
	ok(history_called(h, "t1", &called) && strcmp(called.name, "Bash") == 0 &&
		   called.at_ns == 1400 * MS,
	   "a result's call is known");
	ok(!history_called(h, "t2", &called) && !history_called(h, NULL, &called),
	   "another is not");
	history_add(h, b);

	c->conversation.retry = true;
	history_look(h, c, &n);
	is_int(n.retry_of, 2, "a third tries the second again");
	is_int(n.retries, 1, "once");
	history_add(h, c);
	history_look(h, c, &n);
	is_int(n.retries, 2, "and twice");
	exchange_unref(a);
	exchange_unref(b);
	exchange_unref(c);
	history_free(h);
}

static void test_elsewhere(void)
{
	struct history *h = history_new(1 << 20);
	struct exchange *a = call(12, "c", 1), *b = call(13, "d", 1), *c = call(14, "c", 2);
	struct news n;

	say(a, "developer", PART_TEXT, "Be brief.");
	set_string(&request_tool(a)->name, SPAN_LIT("Bash"));
	add_param(a, "max_tokens", json_integer(9));
	history_add(h, a);
	say(b, "system", PART_TEXT, "Be brief.");
	set_string(&request_tool(b)->name, SPAN_LIT("Bash"));
	add_param(b, "max_tokens", json_integer(9));
	history_look(h, b, &n);
	ok(n.system == SEEN_ELSEWHERE && n.system_id == 12, "another run sends the same prompt");
	ok(n.tools == SEEN_ELSEWHERE && n.same_params, "and the same tools and parameters");
	free(b->process);
	b->process = xstrdup("codex");
	history_look(h, b, &n);
	is_int(n.system, SEEN_NEVER, "of another program it is new");
	say(c, "system", PART_TEXT, "Be long.");
	set_string(&request_tool(c)->name, SPAN_LIT("Read"));
	history_look(h, c, &n);
	is_int(n.system, SEEN_CHANGED, "a prompt that changed");
	ok(span_eq(n.system_before, SPAN_LIT("Be brief.")), "comes with the one before");
	ok(n.tools == SEEN_CHANGED && n.ntools_before == 1 &&
		   strcmp(n.tools_before[0].name, "Bash") == 0,
	   "and so do tools");
	ok(!n.same_params, "parameters changed");
	exchange_unref(a);
	exchange_unref(b);
	exchange_unref(c);
	history_free(h);
}

static void test_price(void)
{
	struct history *h = history_new(1 << 20);
	struct exchange *a = call(1, "c", 1);
	struct news n;

	snprintf(a->cost.row, sizeof(a->cost.row), "anthropic m");
	history_look(h, a, &n);
	ok(n.cached_price == 0, "what a token from cache costs is not known");
	a->usage.cached_read = 1000;
	a->cost.cached_usd = 0.0003;
	history_add(h, a);
	a->usage.cached_read = 0;
	a->cost.cached_usd = 0;
	history_look(h, a, &n);
	ok(n.cached_price > 2.9e-7 && n.cached_price < 3.1e-7, "and then it is");
	exchange_unref(a);
	history_free(h);
}

/* Ten thousand conversations with large prompts. */
static void test_ceiling(void)
{
	struct history *h = history_new(1 << 20);
	struct buf prompt;
	struct news n;

	buf_init(&prompt, 100000);
	while (!prompt.full)
		buf_adds(&prompt, "a long prompt ");
	for (unsigned i = 0; i < 10000; i++) {
		struct exchange *x;
		char id[17];

		snprintf(id, sizeof(id), "%u", i);
		x = call(i + 1, id, 1);
		message_text(x, request_message(x, SPAN_LIT("system")), PART_TEXT,
			     span_from(buf_span(&prompt), i % 1000));
		history_add(h, x);
		exchange_unref(x);
	}
	for (unsigned i = 0; i < 10000; i += 9999) {
		struct exchange *x;
		char id[17];

		snprintf(id, sizeof(id), "%u", i);
		x = call(20000, id, 2);
		history_look(h, x, &n);
		is_int(n.known, i != 0, i ? "the last one is known" : "the first one is forgotten");
		exchange_unref(x);
	}
	buf_done(&prompt);
	history_free(h);
}

int main(void)
{
	test_turns();
	test_elsewhere();
	test_price();
	test_ceiling();
	return tap_done();
}
