/* SPDX-License-Identifier: MIT */
/* The text of a run's end, from plain numbers. */
#include "report/summary.h"

#include <jansson.h>
#include <linux/types.h>
#include <stdlib.h>

#include "base/units.h"
#include "probes/event.h"
#include "tests/unit/tap.h"

#define MS 1000000ull

static void says(const struct run_report *r, const char *words, const char *what)
{
	struct buf out;

	buf_init(&out, 1 << 20);
	summary_write(&out, r);
	if (!ok(out.ptr && strstr(out.ptr, words), "%s", what))
		printf("# %s\n", out.ptr);
	buf_done(&out);
}

static void is_all(const struct run_report *r, const char *want, const char *what)
{
	struct buf out;

	buf_init(&out, 1 << 20);
	summary_write(&out, r);
	is_str(out.ptr, want, "%s", what);
	buf_done(&out);
}

/* ---- calls ---- */

struct made {
	const char *asked, *answered, *user, *process, *script;
	uint32_t tgid;
	unsigned status;
	int64_t input, cached, output;
	enum cost_source source;
	double usd;
	unsigned ms;
	const char *api;
};

static void add(struct totals *t, const struct made *m)
{
	struct usage usage = USAGE_UNKNOWN;
	struct exchange x = { .kind = EXCHANGE_LLM,
			      .model_asked = (char *)m->asked,
			      .model_answered = (char *)m->answered,
			      .user = (char *)m->user,
			      .process = (char *)m->process,
			      .script = (char *)m->script,
			      .tgid = m->tgid,
			      .uid = 1000,
			      .status = m->status,
			      .api = m->api ? m->api : "openai.chat",
			      .counted = 4242,
			      .cost = { .source = m->source, .usd = m->usd },
			      .request_seen = true,
			      .response_seen = true,
			      .request_body = { .state = BODY_COMPLETE },
			      .response_body = { .state = BODY_COMPLETE } };

	usage.input = m->input;
	usage.cached_read = m->cached;
	usage.output = m->output;
	x.usage = usage;
	x.t.request_first = 1000 * MS;
	x.t.response_last = (1000 + m->ms) * MS;
	totals_observer.ended(t, &x);
}

static const struct made calls[] = {
	{ "gpt-4o", "gpt-4o-2024-08-06", "alice", "python3.11", "drive.py", 7, 200, 71800, 0, 623,
	  COST_TABLE, 0.1857, 200, NULL },
	{ "gpt-4o", NULL, "alice", "python3.11", "drive.py", 8, 429, -1, -1, -1, COST_UNKNOWN, 0,
	  160, NULL },
	{ "gpt-4o", "gpt-4o-2024-08-06", "alice", "python3.11", "drive.py", 8, 200, -1, -1, -1,
	  COST_UNKNOWN, 0, 8500, NULL },
	{ "claude-sonnet-4-5", "claude-sonnet-4-5-20250929", "alice", "claude", NULL, 9, 200, 47200,
	  28800, 322, COST_TABLE, 0.1027, 400, NULL },
	{ "claude-sonnet-4-5", NULL, "alice", "claude", NULL, 9, 200, -1, -1, -1, COST_UNKNOWN, 0,
	  10, "anthropic.count" },
	{ "llama3.2", "llama3.2", NULL, "curl", NULL, 10, 200, 26, -1, 17, COST_LOCAL, 0, 610,
	  "ollama.chat" },
	{ "ours", "gpt-4o-mini-2024-07-18", "alice", "claude", NULL, 9, 200, 500, 0, 20, COST_TABLE,
	  0.00002, 12, NULL },
	{ "ours", NULL, "alice", "claude", NULL, 9, 500, -1, -1, -1, COST_UNKNOWN, 0, 12, NULL },
	{ "a-model-with-a-name-that-is-far-too-long", NULL, "alice", "claude", NULL, 9, 200, 5, -1,
	  6, COST_UNKNOWN, 0, 123000, NULL },
};

static void add_all(struct totals *t)
{
	totals_init(t, SHOW_AGENTS, NULL);
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		add(t, &calls[i]);
}

static const char at_80[] =
	"── 14m02s · 8 calls (2 failed) · 119.5k+ in (24% cached) → 988+ out · $0.2884+ ─\n"
	" MODEL                  CALLS FAIL      IN CACHED     OUT      USD    P50    MAX\n"
	" gpt-4o                     3    1  71.8k+     0%    623+  0.1857+  0.20s  8.50s\n"
	" claude-sonnet-4-5          1    0   47.2k    61%     322   0.1027  0.40s  0.40s\n"
	" gpt-4o-mini-2024-07-18     2    1     500     0%      20  <0.0001   12ms   12ms\n"
	" llama3.2 (local)           1    0      26      -      17     free  0.61s  0.61s\n"
	" a-model-with-a-name...     1    0       5      -       6  unknown  2m03s  2m03s\n"
	" WHO                    CALLS FAIL      IN CACHED     OUT      USD\n"
	" alice drive.py             3    1  71.8k+     0%    623+  0.1857+  2 processes\n"
	" alice claude               4    1   47.7k    60%     348  0.1027+  pid 9\n"
	" 1000  curl                 1    0      26      -      17     free  pid 10\n"
	" 1 token count · tokens of 1 call unknown\n"
	" cost of 2 calls unknown (gpt-4o, a-model-with-a-name-that-is-far-too-long)\n"
	" nothing was missed\n";

static const char at_120[] =
	"-- 14m02s, 8 calls (2 failed), 119.5k+ in (24% cached) -> 988+ out, $0.2884+ "
	"-------------------------------------------\n"
	" MODEL                                             CALLS FAIL      IN CACHED     OUT      "
	"USD    P50    MAX\n"
	" gpt-4o                                                3    1  71.8k+     0%    623+  "
	"0.1857+  0.20s  8.50s\n"
	" claude-sonnet-4-5                                     1    0   47.2k    61%     322   "
	"0.1027  0.40s  0.40s\n"
	" gpt-4o-mini-2024-07-18                                2    1     500     0%      20  "
	"<0.0001   12ms   12ms\n"
	" llama3.2 (local)                                      1    0      26      -      17     "
	"free  0.61s  0.61s\n"
	" a-model-with-a-name-that-is-far-too-long              1    0       5      -       6  "
	"unknown  2m03s  2m03s\n"
	" WHO                                               CALLS FAIL      IN CACHED     OUT      "
	"USD\n"
	" alice drive.py                                        3    1  71.8k+     0%    623+  "
	"0.1857+  2 processes\n"
	" alice claude                                          4    1   47.7k    60%     348  "
	"0.1027+  pid 9\n"
	" 1000  curl                                            1    0      26      -      17     "
	"free  pid 10\n"
	" 1 token count, tokens of 1 call unknown, cost of 2 calls unknown (gpt-4o, "
	"a-model-with-a-name-that-is-far-too-long)\n"
	" nothing was missed\n";

static void test_golden(void)
{
	struct totals totals;
	struct run_report r = { .totals = &totals, .utf8 = true, .duration_ns = 842000 * MS };

	add_all(&totals);
	is_all(&r, at_80, "80 columns, where nothing is known of the terminal");
	r.width = 120;
	r.utf8 = false;
	is_all(&r, at_120, "120 columns in ASCII");
	totals_done(&totals);
}

/* What is added up is what was given, whatever the text rounds. */
static void test_json(void)
{
	struct totals totals;
	struct run_report r = { .totals = &totals };
	json_t *v, *first;
	struct buf out;

	add_all(&totals);
	buf_init(&out, 1 << 20);
	summary_write_json(&out, &r);
	v = json_loads(out.ptr ? out.ptr : "", 0, NULL);
	is_int(json_integer_value(json_object_get(v, "calls")), 8, "JSON: calls");
	is_int(json_integer_value(json_object_get(v, "failed")), 2, "JSON: failed ones");
	is_int(json_integer_value(json_object_get(v, "token_counts")), 1, "JSON: token counts");
	is_int(json_integer_value(json_object_get(v, "input")), 71800 + 47200 + 26 + 500 + 5,
	       "JSON: tokens in");
	is_int(json_integer_value(json_object_get(v, "tokens_unknown")), 1, "JSON: unknown tokens");
	is_int(json_integer_value(json_object_get(v, "cost_unknown")), 2, "JSON: unknown cost");
	first = json_array_get(json_object_get(v, "models"), 0);
	is_str(json_string_value(json_object_get(first, "model")), "gpt-4o", "JSON: the dearest");
	is_int(json_integer_value(json_object_get(first, "calls")), 3,
	       "JSON: a failed call joins the model that was asked for");
	is_int(json_array_size(json_object_get(v, "models")), 5, "JSON: one row for each model");
	json_decref(v);
	buf_done(&out);
	totals_done(&totals);
}

/* Whether two calls share a row. */
static void test_models(void)
{
	static const struct {
		const char *asked, *answered;
		bool one;
	} rows[] = {
		{ "gpt-4o", "gpt-4o-2024-08-06", true },
		{ "gpt-4", "gpt-4o", false },
		{ "gpt-5", "gpt-5-mini", false },
		{ "gpt-5", "gpt-5-2025-08-07", true },
		{ "claude-3-5-haiku-latest", "claude-3-5-haiku-20241022", true },
		{ "claude-opus-4-1", "claude-opus-4-1@20250805", true },
		{ "gemini-2.5-flash", "gemini-2.5-flash-001", true },
		{ "claude-3", "claude-3-5", false },
		{ "m-latest", "m", true },
		{ "a", "b", true }, /* the failed call joins it: nothing else was asked so */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct totals t;
		struct made good = { .asked = rows[i].asked, .answered = rows[i].answered };
		struct made bad = { .asked = rows[i].asked, .status = 500 };
		struct made other = { .asked = rows[i].answered, .answered = rows[i].answered };

		totals_init(&t, SHOW_AGENTS, NULL);
		add(&t, &good);
		add(&t, &bad);
		spend_sort(t.spend);
		is_int(t.spend->models.count, 1, "%s: a failed call has no row", rows[i].asked);
		add(&t, &other);
		spend_sort(t.spend);
		is_str(t.spend->models.rows[0]->name,
		       rows[i].one && i != 9 ? rows[i].asked : rows[i].answered,
		       "%s, answered by %s", rows[i].asked, rows[i].answered);
		totals_done(&t);
	}
}

/* The leg that a gateway passed on counts in no sum, and the gateway's own is its client's. */
static void test_gateway(void)
{
	static char agent[] = "agent", alice[] = "alice", litellm[] = "litellm", root[] = "root";
	struct exchange in = { .kind = EXCHANGE_LLM,
			       .process = agent,
			       .user = alice,
			       .tgid = 5,
			       .status = 200,
			       .usage = USAGE_UNKNOWN,
			       .via = { .tgid = 6, .program = litellm, .user = root } };
	struct exchange out = { .kind = EXCHANGE_LLM,
				.process = litellm,
				.user = root,
				.tgid = 6,
				.status = 200,
				.usage = USAGE_UNKNOWN,
				.made_for = { .tgid = 5, .program = agent, .user = alice } };
	struct totals t;
	struct run_report r = { .totals = &t, .utf8 = true };

	out.usage.input = 1200;
	out.usage.output = 3;
	totals_init(&t, SHOW_AGENTS, NULL);
	totals_observer.ended(&t, &out);
	totals_observer.ended(&t, &in);
	is_int(t.spend->all.calls, 1, "a call that was passed on counts once");
	is_int(t.spend->who.count, 1, "for one");
	is_str(t.spend->who.rows[0]->name, "agent", "who asked the gateway");
	says(&r, "1 call · 1.2k in → 3 out", "in the head too");
	says(&r, " · 1 call passed on by a gateway\n", "and it is said");
	totals_done(&t);
}

static void test_ceilings(void)
{
	struct totals t;
	struct run_report r = { .totals = &t, .utf8 = true };
	char name[32];

	totals_init(&t, SHOW_AGENTS, NULL);
	for (unsigned i = 0; i < 600; i++) {
		struct made m = { .asked = name, .process = name, .tgid = i, .status = 200 };

		snprintf(name, sizeof(name), "m%u", i);
		add(&t, &m);
	}
	spend_sort(t.spend);
	is_int(t.spend->models.count, 256, "rows have a ceiling");
	is_int(t.spend->models.rows[255]->sum.calls, 600 - 255, "the rest shares the last one");
	says(&r, " and 246 more\n", "ten are shown");
	totals_done(&t);
}

static void test_latency(void)
{
	struct latency l = { 0 };

	is_int(latency_median(&l), 0, "no call has no median");
	for (uint64_t i = 1; i <= 1001; i++)
		latency_add(&l, i * MS);
	ok(latency_median(&l) > 490 * MS && latency_median(&l) < 512 * MS,
	   "the median of 1 to 1001 ms is near 501");
	is_int(l.max_ns, 1001 * MS, "the maximum is exact");
	latency_add(&l, UINT64_MAX);
	latency_add(&l, 0);
	is_int(l.count, 1003, "the largest and the smallest number have a bucket");
}

/* ---- the rest ---- */

static void test_empty(void)
{
	struct totals totals = { .spend = spend_new() };
	struct run_report r = { .totals = &totals };

	is_all(&r,
	       "-- no calls to models "
	       "----------------------------------------------------------\n"
	       " nothing was missed\n",
	       "a run without anything");
	r.traffic = (struct report_traffic){
		.conns = 2, .bytes = 2048, .opaque_conns = 1, .opaque_bytes = 9
	};
	says(&r, " 2 connections captured (2.0 KiB); 1 without HTTP (9 B)\n",
	     "what else there was, where no call was seen");
	totals_done(&totals);
}

static void test_missed(void)
{
	uint64_t counters[SPY_N_COUNTERS] = { [SPY_N_CUT] = 3 };
	struct totals totals = { .exchanges = 3, .llm = 2, .incomplete = 1, .twice = 2 };
	struct limits limits;
	struct run_report r = {
		.traffic = { .gaps = 1, .missing_bytes = 7, .protocol_errors = 1 },
		.counters = counters,
		.lost = 5,
		.limits = &limits,
		.totals = &totals,
	};

	totals.spend = spend_new();
	limits_init(&limits);
	limits.hits[LIMIT_body] = 1;
	says(&r,
	     " missed: 1 incomplete call, 5 events lost, the kernel's buffer was full (try a "
	     "larger --buffer-size), 7 B in 1 gap, 3 reads or writes cut by --call-limit, 1 "
	     "connection ended in malformed HTTP, limit body=67108864 reached 1 time\n",
	     "what was missed is one line");
	says(&r, " 2 calls seen at both ends, 1 other exchange\n", "what counts in no sum");
	totals_done(&totals);
}

static void test_outputs(void)
{
	struct output_totals outputs[] = {
		{ .name = "text", .written = 3 },
		{ .name = "jsonl:a\x1b.jsonl",
		  .written = 1,
		  .dropped = 4,
		  .failed = 2,
		  .problem = "No space left on device" },
	};
	struct run_report r = { .outputs = outputs, .noutputs = 2 };

	says(&r,
	     " nothing was missed\n output jsonl:a\\x1b.jsonl: 1 record written, 4 dropped because "
	     "it is too slow, 2 failed: No space left on device\n",
	     "an output that lost something, and no other");
}

static void test_files(void)
{
	struct report_file files[] = {
		{ .hooked = true, .name = "/lib/a.so", .found = "openssl by symbols" },
		{ .hooked = true, .name = "/lib/b.so", .found = "openssl", .problem = "x refused" },
		{ .name = "/tmp/c\x1b[2J", .problem = "cut\noff" },
		{ .name = "/lib/d.so" },
	};
	struct run_report r = { .files = files, .nfiles = 4 };

	says(&r, " hooked /lib/a.so (openssl by symbols)\n", "a hooked file");
	says(&r, " hooked /lib/b.so (openssl); not hooked: x refused\n", "one hooked in part");
	says(&r, " not hooked: /tmp/c\\x1b[2J: cut\\x0aoff\n", "one not hooked, made safe");
	says(&r, " not hooked: /lib/d.so: not tried\n", "one never tried");
}

static void test_unseen(void)
{
	struct unseen notes = { 0 };
	struct run_report r = { .unseen = &notes, .utf8 = true };

	unseen_add(&notes, 7, "go", "why", "do");
	unseen_add(&notes, 8, "a\xe2\x80\xae\x9b", "why", NULL);
	unseen_add(&notes, 9, "go", "why", "do");
	unseen_add_file(&notes, "/some/file", 1, 2, "file", NULL);
	says(&r, " 2 programs could not be seen:\n   go (2 processes): why → do\n",
	     "those alike together");
	says(&r, "   a\\u202e\\x9b[8]: why\n", "a name made safe");
	for (int i = 0; i < 30; i++) {
		char name[16];

		snprintf(name, sizeof(name), "p%d", i);
		unseen_add(&notes, 100 + i, name, "why", NULL);
	}
	says(&r, "   and 12 more\n", "no more than twenty, and how many more");
	unseen_done(&notes);
}

static void test_map(void)
{
	struct process_stats *s = process_stats_new();
	struct proc proc = { .tgid = 5, .name = "evil\xc2\x9bname" };
	struct conn conn = { .id = { .tgid = 5 }, .proc = &proc, .host = "h\x1bost" };
	struct run_report r = { .processes = s, .utf8 = true };
	struct buf out;

	process_stats_bytes(s, &conn, DIR_WRITE, 10, 1);
	process_stats_bytes(s, &conn, DIR_READ, 2048, 1);
	buf_init(&out, 1 << 20);
	summary_write_map(&out, &r);
	if (!ok(strstr(out.ptr,
		       "\n evil\\u009bname[5]             0      0       10 B    2.0 KiB\n") !=
			NULL,
		"a process's row, its name made safe, in columns"))
		printf("# %s\n", out.ptr);
	buf_done(&out);
	process_stats_free(s);
}

int main(void)
{
	test_golden();
	test_json();
	test_models();
	test_gateway();
	test_ceilings();
	test_latency();
	test_empty();
	test_missed();
	test_outputs();
	test_files();
	test_unseen();
	test_map();
	return tap_done();
}
