/* SPDX-License-Identifier: MIT */
/* The filter of one line: what it refuses, and which records it has. */
#include "select/terms.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "exchange/builder.h"
#include "tests/unit/tap.h"

#define NOW 1795951200 /* 2026-11-29 11:20 UTC */

static struct message said(const char *role, enum part_kind kind, const char *name,
			   const char *text)
{
	struct message m = { .role = xstrdup(role), .nparts = 1 };

	m.parts = xcalloc(1, sizeof(*m.parts));
	m.parts[0].kind = kind;
	m.parts[0].name = name ? xstrdup(name) : NULL;
	buf_init(&m.parts[0].text, 1000);
	buf_adds(&m.parts[0].text, text);
	return m;
}

/* A call that went well, with a tool; it began at 11:00. */
static struct exchange *call(void)
{
	struct exchange *x = builder_new(17, 1 << 20, NULL, NULL);

	x->id = 17;
	x->kind = EXCHANGE_LLM;
	x->provider = "anthropic";
	x->provider_label = "Anthropic";
	x->api = "anthropic.messages";
	x->model_asked = xstrdup("claude-sonnet-4-5");
	x->host = xstrdup("api.anthropic.com");
	x->process = xstrdup("node");
	x->script = xstrdup("agent.js");
	x->user = xstrdup("alice");
	x->tgid = 5063;
	x->uid = 1000;
	x->status = 200;
	x->request_seen = x->response_seen = x->stream = true;
	x->t = (struct times){ .request_first = 1,
			       .first_token = 300000001,
			       .response_last = 2000000001 };
	x->wall_offset = 1795950000000000000 - 1;
	x->usage.input = 12000;
	x->usage.cached_read = 9000;
	x->usage.output = 34;
	x->cost.source = COST_TABLE;
	x->cost.usd = 0.12;
	snprintf(x->conversation.id, sizeof(x->conversation.id), "1035b0c4");
	x->conversation.turn = 3;
	x->agent.session = xstrdup("9980d568");
	x->agent.kind = xstrdup("subagent");
	x->messages = xcalloc(1, sizeof(*x->messages));
	x->nmessages = 1;
	x->messages[0] = said("user", PART_TEXT, NULL, "The parser hangs: see http://x/1");
	x->choices = xcalloc(1, sizeof(*x->choices));
	x->nchoices = 1;
	x->choices[0].msg = said("assistant", PART_TOOL_CALL, "Bash", "{\"command\":\"ls\"}");
	x->request_body.state = x->response_body.state = BODY_COMPLETE;
	return x;
}

/* One that was refused. */
static struct exchange *failure(void)
{
	struct exchange *x = builder_new(18, 1 << 20, NULL, NULL);

	x->id = 18;
	x->kind = EXCHANGE_LLM;
	x->provider = "openai";
	x->model_asked = xstrdup("gpt-4o");
	x->process = xstrdup("drive.py");
	x->tgid = 5353;
	x->status = 429;
	x->request_seen = x->response_seen = true;
	x->error = xcalloc(1, sizeof(*x->error));
	x->error->type = xstrdup("rate_limit_exceeded");
	x->error->message = xstrdup("Slow down");
	return x;
}

static void test_has(void)
{
	static const struct {
		const char *text, *has; /* c: the call, f: the failure */
	} rows[] = {
		{ "", "cf" },
		{ "model:claude*", "c" },
		{ "model:CLAUDE-sonnet-4-5", "c" },
		{ "model:claude", "" },
		{ "model:/^gpt/", "f" },
		{ "model:claude*,gpt*", "cf" },
		{ "-model:claude*", "f" },
		{ "MODEL:gpt-4o", "f" },
		{ "provider:Anthropic", "c" },
		{ "user:alice", "c" },
		{ "user:1000", "c" },
		{ "program:agent.js", "c" },
		{ "program:node", "c" },
		{ "program:drive*", "f" },
		{ "host:*.anthropic.com", "c" },
		{ "tool:bash", "c" },
		{ "tool:*", "c" },
		{ "session:9980", "c" },
		{ "agent:subagent", "c" },
		{ "conversation:1035", "c" },
		{ "conversation:5", "" },
		{ "kind:llm", "cf" },
		{ "kind:mcp", "" },
		{ "error:rate*", "f" },
		{ "id:17", "c" },
		{ "id:17,18", "cf" },
		{ "id:>17", "f" },
		{ "pid:5353", "f" },
		{ "status:>=400", "f" },
		{ "status:429,500", "f" },
		{ "status:=200", "c" },
		{ "turn:3", "c" },
		{ "tok:>12k", "c" },
		{ "tok:>12.1k", "" },
		{ "tok:12034", "c" },
		{ "in:<=12k", "c" },
		{ "in:>12k", "" },
		{ "out:34", "c" },
		{ "out:>=0", "c" },
		{ "cost:>0.1", "c" },
		{ "cost:>$0.2", "" },
		{ "-cost:>0.1", "f" },
		{ "dur:2s", "c" },
		{ "dur:<2s", "" },
		{ "dur:>1500ms", "c" },
		{ "ttft:<500ms", "c" },
		{ "since:1h", "c" },
		{ "since:10m", "" },
		{ "until:now", "c" },
		{ "has:error", "f" },
		{ "-has:error", "c" },
		{ "has:tools", "c" },
		{ "has:stream", "c" },
		{ "has:cache", "c" },
		{ "has:image", "" },
		{ "has:sources,error", "f" },
		{ "has:reasoning", "" },
		{ "has:gap", "" },
		{ "parser", "c" },
		{ "PARSER hangs", "c" },
		{ "hangs parser", "c" },
		{ "\"hangs parser\"", "" },
		{ "\"parser hangs\"", "c" },
		{ "-parser", "f" },
		{ "slow", "f" },
		{ "/h[a-z]ngs:/", "c" },
		{ "/pars er/", "" },
		{ "\"see http://x\"", "c" },
		{ "Bash model:claude* -has:error", "c" },
		{ "  parser\tstatus:200  ", "c" },
		{ "-", "cf" },
	};
	struct exchange *c = call(), *f = failure();

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct terms *t = NULL;
		struct error e = { 0 };
		char got[3] = "";
		size_t at;

		if (!ok(terms_read(&t, rows[i].text, NOW, &at, &e) == 0, "%s is read %s",
			rows[i].text, e.text))
			continue;
		if (strcmp(rows[i].text, "-") == 0) {
			is_int(terms_texts(t), 1, "a lone sign is a text");
			terms_free(t);
			continue;
		}
		strcat(got, terms_have(t, c) ? "c" : "");
		strcat(got, terms_have(t, f) ? "f" : "");
		is_str(got, rows[i].has, "%s", rows[i].text);
		terms_free(t);
	}
	exchange_unref(c);
	exchange_unref(f);
}

static void test_refused(void)
{
	static const struct {
		const char *text;
		size_t at;
		const char *why;
	} rows[] = {
		{ "modle:x", 0, "there is no word modle: did you mean model:?" },
		{ "a http://x", 2, "there is no word http: (a text with a colon goes in quotes)" },
		{ "qqqq:1", 0, "there is no word qqqq: (a text with a colon goes in quotes)" },
		{ "ok \"open", 3, "a quote is not closed" },
		{ "model:", 0, "a value is missing" },
		{ "model:a,,b", 0, "a value is missing" },
		{ "status:x", 0, "expected a number such as 5, >10k or <=1.5M" },
		{ "tok:>", 0, "expected a number such as 5, >10k or <=1.5M" },
		{ "cost:>1x", 0, "expected dollars such as >0.1" },
		{ "dur:soon", 0, "expected a time such as >2s or <500ms" },
		{ "since:soon", 0, "expected a moment such as 2h, today or 2026-11-29" },
		{ "since:>2h", 0, "expected a moment such as 2h, today or 2026-11-29" },
		{ "has:eror", 0, "has: did you mean error?" },
		{ "x has:qqqqqq", 2,
		  "has: expected error, tools, image, stream, gap, cache, sources or reasoning" },
		{ "model:\"a\"b", 0, "a blank is missing" },
		{ "\"a\"b", 0, "a blank is missing" },
		{ "model:*a*b*c*d*e*f*g*h*", 0, "there are too many stars" },
		{ "/(a{50}){50}/", 0, "this expression repeats too much, or refers back" },
		{ "/(a*)\\1/", 0, "this expression repeats too much, or refers back" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct terms *t = NULL;
		struct error e = { 0 };
		size_t at = 99;

		ok(terms_read(&t, rows[i].text, NOW, &at, &e) == -EINVAL, "%s is refused",
		   rows[i].text);
		is_str(e.text, rows[i].why, "and why");
		is_int(at, rows[i].at, "and where");
	}
}

static void test_ceilings(void)
{
	struct terms *t = NULL;
	struct error e = { 0 };
	size_t at;
	struct buf text;

	buf_init(&text, 10000);
	for (int i = 0; i < TERMS_MAX; i++)
		buf_adds(&text, "x ");
	ok(terms_read(&t, text.ptr, NOW, &at, &e) == 0 && terms_texts(t) == TERMS_MAX,
	   "so many terms");
	terms_free(t);
	buf_adds(&text, "x");
	ok(terms_read(&t, text.ptr, NOW, &at, &e) != 0, "and no more: %s", e.text);
	for (int i = 0; i < TERMS_TEXT_MAX; i++)
		buf_adds(&text, "y");
	ok(terms_read(&t, text.ptr, NOW, &at, &e) != 0, "nor a longer text: %s", e.text);
	buf_done(&text);
}

/* Whatever is offered can be typed, and selects the call that has it. */
static void test_offered_of(const struct exchange *x, const char *word, size_t *count)
{
	char room[TERMS_VALUE_SIZE];
	const char *value;
	double number;

	for (size_t i = 0; (value = terms_value(word, x, i, room, &number)); i++, ++*count) {
		AUTO_FREE char *text = xasprintf("%s:%s", word, value);
		struct terms *t = NULL;
		struct error e = { 0 };
		size_t at;

		ok(terms_read(&t, text, NOW, &at, &e) == 0 && terms_have(t, x), "%s %s", text,
		   e.text);
		terms_free(t);
	}
}

static void test_offered(void)
{
	static const struct {
		double usd;
		int64_t in;
		uint64_t ns;
		const char *cost, *tokens, *took;
	} rows[] = {
		{ 0.12, 12000, 2000000000, ">=0.1", ">=10k", ">=2s" },
		{ 0.05, 999, 999000000, ">=0.05", ">=500", ">=500ms" },
		{ 25, 1, 60000000000, ">=20", ">=1", ">=50s" },
		{ 0.00021, 2500000, 1000000, ">=0.0002", ">=2M", ">=1ms" },
		{ 0.000001, 5000, 1, ">=0.000001", ">=5k", ">=0ms" },
		{ 0, 0, 0, NULL, NULL, NULL },
	};
	struct exchange *calls[] = { call(), failure() };
	char room[TERMS_VALUE_SIZE];
	size_t count = 0;
	double number;

	for (size_t i = 0; i < 2; i++) {
		for (size_t w = 0; terms_word(w); w++)
			test_offered_of(calls[i], terms_word(w), &count);
		test_offered_of(calls[i], "has", &count);
	}
	ok(count > 40, "%zu values are offered", count);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		calls[0]->cost.usd = rows[i].usd;
		calls[0]->usage.input = rows[i].in;
		calls[0]->t.response_last = calls[0]->t.request_first + rows[i].ns;
		is_str(terms_value("cost", calls[0], 0, room, &number), rows[i].cost, "dollars");
		is_str(terms_value("in", calls[0], 0, room, &number), rows[i].tokens, "tokens");
		is_str(terms_value("dur", calls[0], 0, room, &number), rows[i].took, "a time");
	}
	ok(terms_has_word("has") && terms_has_word("model") && !terms_has_word("modle"),
	   "words are known");
	exchange_unref(calls[0]);
	exchange_unref(calls[1]);
}

int main(void)
{
	test_has();
	test_refused();
	test_ceilings();
	test_offered();
	return tap_done();
}
