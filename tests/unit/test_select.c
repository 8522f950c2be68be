/* SPDX-License-Identifier: MIT */
/* What people type to select exchanges, and which records it selects. */
#include "select/select.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/comma.h"
#include "base/xalloc.h"
#include "exchange/builder.h"
#include "select/amount.h"
#include "select/needle.h"
#include "select/when.h"
#include "sink/begun.h"
#include "tests/unit/tap.h"

/* ---- what is typed ---- */

static void test_lists(void)
{
	static const struct {
		const char *text, *separators, *elements;
	} rows[] = {
		{ "1,2", ",\n", "<1><2>" },
		{ "12\n34\n", ", \n", "<12><34>" },
		{ " a , b ", ",\n", "<a><b>" },
		{ "my prog,other", ",\n", "<my prog><other>" },
		{ ",,", ",\n", "" },
		{ "", ",\n", "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct span rest = span_str(rows[i].text), one;
		struct buf got;

		buf_init(&got, 100);
		buf_adds(&got, "");
		while (comma_next(&rest, rows[i].separators, &one))
			buf_addf(&got, "<%.*s>", (int)one.len, (const char *)one.ptr);
		is_str(got.ptr ? got.ptr : "", rows[i].elements, "list %zu", i);
		buf_done(&got);
	}
}

static void test_times(void)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1: refused */
	} rows[] = {
		{ "2s", 2000 },	   { "500ms", 500 },   { "1.5m", 90000 },
		{ "2h", 7200000 }, { "1d", 86400000 }, { "1h30m", 5400000 },
		{ "2", 2000 },	   { ".5s", 500 },     { "0", 0 },
		{ "", -1 },	   { "s", -1 },	       { "2x", -1 },
		{ "-2s", -1 },	   { "1h30", -1 },     { "2 s", -1 },
		{ "1e3s", -1 },	   { "inf", -1 },      { "99999999999999999s", -1 },
		{ "36501d", -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint64_t ns = 0;
		int err = amount_time(rows[i].text, &ns);

		is_int(err ? -1 : (int64_t)(ns / 1000000), rows[i].ms, "a time of \"%s\"",
		       rows[i].text);
	}
}

static void test_amounts(void)
{
	static const struct {
		const char *text;
		int64_t number, cents; /* -1: refused */
	} rows[] = {
		{ "5", 5, 500 },   { "0", 0, 0 },
		{ "0.05", -1, 5 }, { "$1.5", -1, 150 },
		{ "", -1, -1 },	   { "-1", -1, -1 },
		{ "1,5", -1, -1 }, { "$", -1, -1 },
		{ "0x5", -1, -1 }, { "18446744073709551616", -1, -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint64_t n = 0;
		double usd = 0;

		is_int(amount_number(rows[i].text, UINT64_MAX, &n) ? -1 : (int64_t)n,
		       rows[i].number, "a number of \"%s\"", rows[i].text);
		is_int(amount_dollars(rows[i].text, &usd) ? -1 : (int64_t)(usd * 100 + 0.5),
		       rows[i].cents, "dollars of \"%s\"", rows[i].text);
	}
}

/* In Berlin, where winter time began in the night of October 25th. */
static void test_moments(void)
{
	enum { NOW = 1795951200 }; /* 2026-11-29 12:20:00 +01:00 */
	static const struct {
		const char *text;
		int64_t ms; /* -1: refused */
	} rows[] = {
		{ "now", 1795951200000 },
		{ "today", 1795906800000 },
		{ "yesterday", 1795820400000 },
		{ "2h", 1795944000000 },
		{ "1.5h", 1795945800000 },
		{ "10:00", 1795942800000 },
		{ "10:00:30", 1795942830000 },
		{ "2026-11-29 10:00", 1795942800000 },
		{ "2026-11-29T10:00", 1795942800000 },
		{ "2026-11-29T10:00:00.250+01:00", 1795942800250 },
		{ "2026-11-29T09:00:00Z", 1795942800000 },
		{ "2026-10-24 10:00", 1792828800000 },
		{ "2026-11-29", 1795906800000 },
		{ "", -1 },
		{ "10", -1 },
		{ "2026", -1 },
		{ "25:00", -1 },
		{ "10:60", -1 },
		{ "2026-02-30", -1 },
		{ "2026-13-01", -1 },
		{ "2026-11-29 ", -1 },
		{ "2026-11-29 10", -1 },
		{ "2026-11-29 10:00x", -1 },
		{ "2026-11-29 10:00+1", -1 },
		{ "1969-01-01", -1 },
		{ "tomorrow", -1 },
	};

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int64_t ns = 0;

		is_int(when_read(rows[i].text, NOW, &ns) ? -1 : ns / 1000000, rows[i].ms,
		       "the moment \"%s\"", rows[i].text);
	}
}

static void test_needles(void)
{
	static const struct {
		const char *needle, *text;
		bool found;
	} rows[] = {
		{ "ebpf", "What is eBPF?", true },
		{ "EBPF?", "what is ebpf?", true },
		{ "ebpf", "ebp f", false },
		{ "a.c", "abc", false },
		{ "äpfel", "viele ÄPFEL", true },
		{ "你好", "请说你好", true },
		{ "aab", "aaab", true },
		{ "b\nc", "a\nb\nc", true },
		{ "/a.c/", "xABCx", true },
		{ "/^two$/", "one\ntwo\nthree", true },
		{ "/^two$/", "one two", false },
		{ "/AKIA[0-9A-Z]{16}/", "key AKIAABCDEFGHIJKLMNOP!", true },
		{ "//", "a//b", true },
		{ "/", "a/b", true },
	};
	struct error e = { 0 };
	struct needle *n;
	AUTO_FREE char *line = xmalloc(200000);

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		n = needle_new(rows[i].needle, &e);
		is_int(n && needle_is_in(n, span_str(rows[i].text)), rows[i].found, "needle %zu",
		       i);
		needle_free(n);
	}
	ok(!needle_new("", &e) && strstr(e.text, "expected a text"), "nothing: %s", e.text);
	ok(!needle_new("/(/", &e) && strstr(e.text, "expression"), "no expression: %s", e.text);
	/* Where a piece of the line ends. */
	memset(line, 'x', 200000);
	memcpy(line + 65530, "across the border", 17);
	n = needle_new("/across.the.border/", &e);
	ok(needle_is_in(n, span_of(line, 200000)), "a match in a line that is read in pieces");
	needle_free(n);
}

/* ---- what is selected ---- */

static void say(struct exchange *x, const char *role, const char *text)
{
	struct message *m = request_message(x, span_str(role));

	message_text(x, m, PART_TEXT, span_str(text));
}

/* A call of agent.py's, the second turn of a conversation. */
static struct exchange *sample(void)
{
	struct exchange *x = builder_new(7, 1 << 20, NULL, NULL);

	x->kind = EXCHANGE_LLM;
	x->tgid = 4711;
	x->uid = 1000;
	x->user = xstrdup("alice");
	x->cgroup = 44;
	x->process = xstrdup("python3.11");
	x->script = xstrdup("agent.py");
	x->cmdline = xstrdup("/usr/bin/python3 agent.py");
	x->comm = xstrdup("worker");
	x->container.id = xstrdup("0123456789abcdef0123");
	x->container.name = xstrdup("web-1");
	x->container.unit = xstrdup("app.service");
	x->host = xstrdup("api.openai.com");
	x->provider = "openai";
	x->model_asked = xstrdup("gpt-4o");
	x->model_answered = xstrdup("gpt-4o-2024-08-06");
	x->request_seen = x->response_seen = true;
	x->status = 200;
	x->wall_offset = 1795942799000000000; /* 2026-11-29 10:00 */
	x->t.request_first = 1000000000;
	x->t.response_last = 3500000000;
	x->usage.input = 1000;
	x->usage.output = 200;
	x->cost = (struct cost){ .source = COST_TABLE, .usd = 0.05 };
	snprintf(x->conversation.id, sizeof(x->conversation.id), "1035b0aa1035b0aa");
	say(x, "user", "an earlier question");
	say(x, "user", "What is eBPF?");
	x->conversation.repeated = 1;
	return x;
}

static void test_words(void)
{
	static const struct {
		const char *word, *value;
		bool has;
	} rows[] = {
		{ "kind", "llm", true },
		{ "kind", "mcp,rpc", false },
		{ "provider", "OpenAI", true },
		{ "provider", "anthropic,open*", true },
		{ "model", "gpt-4o", true },
		{ "model", "*-08-06", true },
		{ "model", "gpt", false },
		{ "host", "*.openai.com", true },
		{ "host", "openai.com", false },
		{ "conversation", "1035b0", true },
		{ "conversation", "91b2,1035b0aa1035b0aa", true },
		{ "conversation", "035b", false },
		{ "grep", "ebpf", true },
		{ "grep", "earlier", false }, /* shown with the turn before */
		{ "since", "2026-11-29 10:00", true },
		{ "since", "2026-11-29 10:01", false },
		{ "until", "2026-11-29 10:01", true },
		{ "until", "2026-11-29 10:00", false },
		{ "errors", "only", false },
		{ "slow", "2.5s", true },
		{ "slow", "2501ms", false },
		{ "min-tokens", "1200", true },
		{ "min-tokens", "1201", false },
		{ "min-cost", "0.05", true },
		{ "min-cost", "0.051", false },
		{ "pid", "1,4711", true },
		{ "pid", "471", false },
		{ "process", "agent.py", true },
		{ "process", "agent", true },
		{ "process", "python3.11", true },
		{ "process", "python3", true },
		{ "process", "worker", true },
		{ "process", "claude,agent*", true },
		{ "process", "python", false },
		{ "user", "alice", true },
		{ "user", "1000", true },
		{ "user", "root,1", false },
		{ "container", "0123456789ab", true },
		{ "container", "web-?", true },
		{ "container", "0124", false },
		{ "unit", "app.service", true },
		{ "unit", "app", false },
		{ "cgroup", "44", true },
		{ "cgroup", "4", false },
	};
	struct exchange *x = sample();

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct select s = { .recorded = true };
		struct error e = { 0 };

		is_int(select_add(&s, rows[i].word, rows[i].value, &e), 1, "%s=%s is read",
		       rows[i].word, rows[i].value);
		is_int(select_has(&s, x), rows[i].has, "%s=%s", rows[i].word, rows[i].value);
		select_done(&s);
	}
	exchange_unref(x);
}

static void test_refused(void)
{
	static const struct {
		const char *word, *value, *why;
	} rows[] = {
		{ "kind", "llms", "llm, mcp, acp, a2a, rpc or http" },
		{ "model", "", "nothing is given" },
		{ "model", " , ", "nothing is given" },
		{ "conversation", "xyz", "ID" },
		{ "conversation", "00000000000000000", "ID" },
		{ "grep", "", "a text" },
		{ "since", "tomorrow", "expected a time" },
		{ "slow", "fast", "such as 2s" },
		{ "min-tokens", "many", "a number" },
		{ "min-cost", "-1", "dollars" },
		{ "pid", "0", "number of a process" },
		{ "pid", "init", "number of a process" },
		{ "user", "no-such-user", "no user 'no-such-user' on this host" },
		{ "cgroup", "/sys/fs/cgroup", "--cgroup takes a directory" },
		{ "errors", "all", "expected only" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct select s = { 0 };
		struct error e = { 0 };

		ok(select_add(&s, rows[i].word, rows[i].value, &e) < 0 &&
			   strstr(e.text, rows[i].why),
		   "%s=%s: %s", rows[i].word, rows[i].value, e.text);
		select_done(&s);
	}
}

static void test_together(void)
{
	struct select s = { .recorded = true };
	struct error e = { 0 };
	struct exchange *x = sample();

	ok(select_has(&s, x) && !select_needs_end(&s), "nothing asked for selects everything");
	ok(select_add(&s, "nonsense", "1", &e) == 0, "another's word");
	select_add(&s, "model", "claude*", &e);
	ok(!select_has(&s, x), "another model");
	select_add(&s, "model", "gpt*", &e);
	ok(select_has(&s, x) && !select_needs_end(&s), "the same word again widens");
	select_add(&s, "errors", "only", &e);
	ok(!select_has(&s, x) && select_needs_end(&s), "another word narrows, and needs the end");
	x->status = 429;
	ok(select_has(&s, x), "an error of this model");
	s.mode = SHOW_AGENTS;
	x->kind = EXCHANGE_HTTP;
	ok(!select_has(&s, x) && select_words_have(&s, x), "the mode narrows beside the words");
	ok(select_check(&s, &e) == 0, "this can be selected");
	select_add(&s, "since", "2026-11-29 10:00", &e);
	select_add(&s, "until", "2026-11-29 09:00", &e);
	ok(select_check(&s, &e) != 0 && strstr(e.text, "not before"), "this cannot: %s", e.text);
	select_add(&s, "until", "2026-11-29 11:00", &e);
	ok(select_check(&s, &e) == 0, "unless another --until is later");
	select_done(&s);
	exchange_unref(x);
}

/* A recording may be another host's: a name of it is not one of ours. */
static void test_users(void)
{
	struct select s = { .recorded = true };
	struct error e = { 0 };
	struct exchange *x = sample();

	select_add(&s, "user", "root", &e);
	x->uid = 0;
	ok(!select_has(&s, x), "a recorded name is what counts");
	free(x->user);
	x->user = NULL;
	ok(select_has(&s, x), "without it, this host's number for the name");
	select_done(&s);
	s = (struct select){ .recorded = true };
	ok(select_add(&s, "user", "no-such-user", &e) == 1 && !select_has(&s, x),
	   "a name that is not known here may be known there");
	select_done(&s);
	exchange_unref(x);
}

static void test_modes(void)
{
	static const struct {
		enum exchange_kind kind;
		const char *rpc, *media_type;
		bool agents, smart;
	} rows[] = {
		{ EXCHANGE_LLM, NULL, NULL, true, true },
		{ EXCHANGE_MCP, NULL, NULL, true, true },
		{ EXCHANGE_RPC, "aiserver.v1.ChatService/Stream", NULL, true, true },
		{ EXCHANGE_RPC, "opentelemetry.proto.collector.trace.v1.TraceService/Export", NULL,
		  false, true },
		{ EXCHANGE_RPC, "grpc.health.v1.Health/Check", NULL, false, true },
		{ EXCHANGE_HTTP, NULL, "application/json", false, true },
		{ EXCHANGE_HTTP, NULL, "text/html", false, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct exchange *x = builder_new(1, 100, NULL, NULL);

		x->kind = rows[i].kind;
		x->rpc_method = rows[i].rpc ? xstrdup(rows[i].rpc) : NULL;
		x->response_body.media_type =
			rows[i].media_type ? xstrdup(rows[i].media_type) : NULL;
		is_int(show_mode_has(SHOW_AGENTS, x), rows[i].agents, "row %zu: -l", i);
		is_int(show_mode_has(SHOW_SMART, x), rows[i].smart, "row %zu: --smart", i);
		is_int(show_mode_has(SHOW_DEFAULT, x), rows[i].smart, "row %zu: nothing", i);
		ok(show_mode_has(SHOW_ALL, x) && show_mode_has(SHOW_RAW, x), "row %zu: --all", i);
		exchange_unref(x);
	}
}

static void test_following(void)
{
	struct begun f = { 0 };

	for (uint64_t id = 1; id <= 3; id++)
		begun_add(&f, id);
	ok(begun_has(&f, 1) && !begun_has(&f, 4), "those that were added are followed");
	ok(begun_drop(&f, 1) && !begun_drop(&f, 1), "one is dropped once");
	ok(!begun_has(&f, 1) && begun_has(&f, 2) && begun_has(&f, 3), "the others stay");
	begun_done(&f);
}

int main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	test_lists();
	test_times();
	test_amounts();
	test_moments();
	test_needles();
	test_words();
	test_refused();
	test_together();
	test_users();
	test_modes();
	test_following();
	return tap_done();
}
