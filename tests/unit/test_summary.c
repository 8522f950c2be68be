/* SPDX-License-Identifier: MIT */
/* The text of a run's end, from plain numbers. */
#include "report/summary.h"

#include <linux/types.h>
#include <stdlib.h>

#include "probes/event.h"
#include "tests/unit/tap.h"

static void says(const struct run_report *r, const char *words, const char *what)
{
	struct buf out;

	buf_init(&out, 1 << 20);
	summary_write(&out, r);
	if (!ok(out.ptr && strstr(out.ptr, words), "%s", what))
		printf("# %s\n", out.ptr);
	buf_done(&out);
}

static void test_empty(void)
{
	struct totals totals = { .spend = spend_new() };
	struct run_report r = { .totals = &totals };
	struct buf out;

	buf_init(&out, 1 << 20);
	summary_write(&out, &r);
	is_str(out.ptr,
	       "llm-spy: 0 connections, 0 B captured; 0 B missing in 0 gaps\n"
	       "llm-spy: 0 model calls shown: 0 B sent, 0 B received\n",
	       "a run without anything");
	totals_done(&totals);
	buf_done(&out);
}

static void test_numbers(void)
{
	uint64_t counters[SPY_N_COUNTERS] = { [SPY_N_CUT] = 3 };
	struct totals totals = {
		.exchanges = 3, .llm = 2, .errors = 1, .incomplete = 1, .twice = 2
	};
	struct output_totals outputs[] = {
		{ .name = "text", .written = 3 },
		{ .name = "jsonl:a\x1b.jsonl",
		  .written = 1,
		  .dropped = 4,
		  .failed = 2,
		  .problem = "No space left on device" },
	};
	struct limits limits;
	struct run_report r = {
		.traffic = { .conns = 1,
			     .bytes = 2048,
			     .gaps = 1,
			     .missing_bytes = 7,
			     .opaque_conns = 2,
			     .opaque_bytes = 9,
			     .protocol_errors = 1 },
		.counters = counters,
		.lost = 5,
		.limits = &limits,
		.totals = &totals,
		.outputs = outputs,
		.noutputs = 2,
	};

	totals.spend = spend_new();
	limits_init(&limits);
	limits.hits[LIMIT_body] = 1;
	says(&r, "1 connection, 2.0 KiB captured; 7 B missing in 1 gap\n", "traffic");
	says(&r, "2 connections carried no HTTP (9 B)\n", "without HTTP");
	says(&r, "1 connection ended in malformed HTTP\n", "malformed");
	says(&r, "5 events lost because the kernel's buffer was full", "lost events");
	says(&r, "3 reads or writes exceeded --call-limit", "a counter of the probe");
	says(&r, "limit body (67108864) was reached 1 time\n", "a limit");
	says(&r,
	     "llm-spy: output jsonl:a\\x1b.jsonl: 1 record written, 4 dropped because it is too "
	     "slow, "
	     "2 failed: No space left on device\n",
	     "an output that lost something");
	says(&r, "2 calls were captured at both ends and are shown once\n", "seen twice");
	says(&r,
	     "2 model calls and 1 other exchange shown: 0 B sent, 0 B received; 1 failed; 1 "
	     "incomplete\n",
	     "what was shown");
	totals_done(&totals);
}

static void test_files(void)
{
	struct report_file files[] = {
		{ .hooked = true, .name = "/lib/a.so", .found = "openssl by symbols" },
		{ .hooked = true, .name = "/lib/b.so", .found = "openssl", .problem = "x refused" },
		{ .name = "/tmp/c\x1b[2J", .problem = "cut\noff" },
		{ .name = "/lib/d.so" },
	};
	struct run_report r = { .files = files, .nfiles = 4, .files_hooked = 5, .files_more = 3 };

	says(&r, "hooked /lib/a.so (openssl by symbols)\n", "a hooked file");
	says(&r, "hooked /lib/b.so (openssl); not hooked: x refused\n", "one hooked in part");
	says(&r, "not hooked: /tmp/c\\x1b[2J: cut\\x0aoff\n", "one not hooked, made safe");
	says(&r, "not hooked: /lib/d.so: not tried\n", "one never tried");
	says(&r, "hooked 3 more files (--debug lists them)\n", "the rest");
	r.files_more = 5;
	says(&r, "hooked 5 files (--debug", "when there are no others");
}

static void test_unseen(void)
{
	struct unseen notes = { 0 };
	struct run_report r = { .unseen = &notes, .utf8 = true };

	unseen_add(&notes, 7, "go", "why", "do");
	unseen_add(&notes, 8, "a\xe2\x80\xae\x9b", "why", NULL);
	unseen_add(&notes, 9, "go", "why", "do");
	unseen_add_file(&notes, "/some/file", 1, 2, "file", NULL);
	says(&r, "not captured: go (2 processes): why\nllm-spy:   -> do\n", "those alike together");
	says(&r, "not captured: a\\u202e\\x9b[8]: why\n", "a name made safe");
	for (int i = 0; i < 30; i++) {
		char name[16];

		snprintf(name, sizeof(name), "p%d", i);
		unseen_add(&notes, 100 + i, name, "why", NULL);
	}
	says(&r, "not captured: and 12 more\n", "no more than twenty, and how many more");
	unseen_done(&notes);
}

static void test_processes(void)
{
	struct process_stats *s = process_stats_new();
	struct proc proc = { .tgid = 5, .name = "evil\xc2\x9bname" };
	struct conn conn = { .id = { .tgid = 5 }, .proc = &proc, .host = "h\x1bost" };
	struct run_report r = { .processes = s, .utf8 = true };

	process_stats_bytes(s, &conn, DIR_WRITE, 10, 1);
	process_stats_bytes(s, &conn, DIR_READ, 2048, 1);
	says(&r, "llm-spy:   evil\\u009bname[5]             0      0       10 B    2.0 KiB",
	     "a process's row, its name made safe, in columns");
	process_stats_free(s);
}

int main(void)
{
	test_empty();
	test_numbers();
	test_files();
	test_unseen();
	test_processes();
	return tap_done();
}
