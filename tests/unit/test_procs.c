/* SPDX-License-Identifier: MIT */
#include "stream/procs.h"

#include <errno.h>
#include <stdlib.h>

#include "base/list.h"
#include "base/xalloc.h"
#include "capture/process.h"
#include "tests/unit/tap.h"

#define MANY 100000

static void describe(struct procs *p, uint32_t tgid, const char *name, const char *exe)
{
	procs_describe(p, tgid, 0,
		       &(struct proc_text){ .name = span_str(name), .exe = span_str(exe) });
}

static void test_one(void)
{
	struct procs *p = procs_new();
	struct proc *a = procs_ref(p, 7, 1000, 1, "comm");

	is_str(a->name, "comm", "a thread's name at first");
	ok(procs_ref(p, 7, 1001, 2, "other") == a && a->refs == 2 && a->uid == 1001,
	   "the same number is the same process");
	describe(p, 7, "curl", "/usr/bin/curl");
	is_str(a->name, "curl", "then the program's");
	describe(p, 7, "cu", "");
	is_str(a->name, "curl", "which stays when it has ended");
	procs_unref(p, a);
	procs_unref(p, a);
	describe(p, 8, "later", "/later");
	is_str(procs_ref(p, 8, 0, 0, "x")->name, "later", "one described before it is used");
	is_str(procs_ref(p, 9, 0, 0, "")->name, "?", "one without any name");
	procs_free(p);
}

/* 100,000 that have a connection each, and as many that come and go. A walk through all of them
 * for each would be 10^10 steps, minutes in place of milliseconds. */
static void test_many(void)
{
	struct procs *p = procs_new();
	struct proc **all = xcalloc(MANY, sizeof(*all));
	size_t wrong = 0;

	for (uint32_t i = 0; i < MANY; i++)
		all[i] = procs_ref(p, i + 1, i, 0, "x");
	for (uint32_t i = 0; i < MANY; i++) {
		struct proc *again = procs_ref(p, i + 1, i, 0, "x");

		wrong += again != all[i] || again->uid != i;
		procs_unref(p, again);
	}
	is_int(wrong, 0, "each of many processes is found again");
	is_int(procs_count(p), MANY, "all that are used are remembered");
	for (uint32_t i = 0; i < MANY; i++)
		describe(p, MANY + 1 + i, "short", "/short");
	is_int(procs_count(p), MANY + 256, "of those unused, no more than the ceiling");
	for (uint32_t i = 0; i < MANY; i++)
		procs_unref(p, all[i]);
	is_int(procs_count(p), 256, "also when all others become so");
	ok(procs_ref(p, MANY, 0, 0, "new") == all[MANY - 1], "the latest ones stay");
	is_str(procs_ref(p, 1, 0, 0, "new")->name, "new", "the first are forgotten");
	free(all);
	procs_free(p);
}

static void test_texts(void)
{
	const struct proc_text all = { SPAN_LIT("python3"),	 SPAN_LIT("/usr/bin/python3"),
				       SPAN_LIT("python3 a.py"), SPAN_LIT("a.py"),
				       SPAN_LIT("alice"),	 SPAN_LIT("docker"),
				       SPAN_LIT("4ecd"),	 SPAN_LIT("web-1"),
				       SPAN_LIT("ns/pod"),	 SPAN_LIT("a.service"),
				       SPAN_LIT("/a.slice"),	 SPAN_LIT("6 5 1") };
	struct procs *p = procs_new();
	struct proc_text t;
	struct proc *a;
	struct buf b;
	size_t early, second;

	buf_init(&b, 4096);
	proc_encode(&all, &b);
	ok(proc_decode(buf_span(&b), &t) == 0, "what was encoded is decoded");
	procs_describe(p, 7, 1000, &t);
	a = procs_ref(p, 7, 1000, 0, "");
	is_str(a->script, "a.py", "its script");
	is_str(a->user, "alice", "its user");
	is_str(a->container, "4ecd", "its container");
	is_str(a->container_name, "web-1", "and the name");
	is_str(a->unit, "a.service", "its unit");
	ok(a->ancestors.count == 3 && a->ancestors.pids[0] == 6 && a->ancestors.pids[2] == 1,
	   "what it descends from");
	ok(proc_is_named(&t, SPAN_LIT("a")) && proc_is_named(&t, SPAN_LIT("python3")) &&
		   !proc_is_named(&t, SPAN_LIT("alice")),
	   "it is meant by script and program");
	early = 3 * 4 + all.name.len + all.exe.len + all.cmdline.len;
	ok(proc_decode(span_first(buf_span(&b), early), &t) == 0, "of an earlier version");
	ok(span_eq(t.script, all.script) && !t.user.len, "the arguments tell the script");
	procs_describe(p, 7, 1000, &t);
	ok(!a->user && !a->unit, "what is not known any more is gone");
	second = b.len - 4 - all.ancestors.len;
	ok(proc_decode(span_first(buf_span(&b), second), &t) == 0, "of the version after that");
	ok(span_eq(t.cgroup, all.cgroup) && !t.ancestors.len, "which did not tell ancestors");
	procs_describe(p, 7, 1000, &t);
	is_int(a->ancestors.count, 0, "so they are not known");
	is_int(proc_decode(span_first(buf_span(&b), b.len - 1), &t), -EPROTO, "a cut one");
	buf_add(&b, SPAN_LIT("later"));
	is_int(proc_decode(buf_span(&b), &t), 0, "of a later version");
	buf_done(&b);
	procs_free(p);
}

/* Of a process that has just begun, nothing was read yet. */
static void test_users(void)
{
	struct proc_text alice = { .name = SPAN_LIT("a"), .user = SPAN_LIT("alice") };
	struct proc_text none = { .name = SPAN_LIT("b") };
	struct procs *p = procs_new();

	ok(!procs_ref(p, 6, 1000, 0, "")->user, "a user of whom nothing was told");
	procs_describe(p, 7, 1000, &alice);
	procs_describe(p, 8, 1001, &none);
	is_str(procs_ref(p, 9, 1000, 0, "")->user, "alice", "a number whose name was told");
	ok(!procs_ref(p, 10, 1001, 0, "")->user, "one that has none");
	for (uint32_t i = 0; i < 100; i++)
		procs_describe(p, 11, 2000 + i, &alice);
	is_str(procs_ref(p, 12, 2099, 0, "")->user, "alice", "the latest of many");
	ok(!procs_ref(p, 13, 2000, 0, "")->user, "an earlier one is forgotten");
	procs_free(p);
}

static void test_ancestors(void)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "", "" },
		{ "7", "7" },
		{ "812 790 1", "812 790 1" },
		{ "1 2 3 4 5 6 7 8 9", "1 2 3 4 5 6 7 8" },
		{ "5 x 1", "5" },
		{ "-5", "" },
		{ "5  4", "5" },
		{ "5 0 4", "5" },
		{ "5 2147483647 2147483648", "5 2147483647" },
		{ "99999999999999999999999", "" },
	};
	struct ancestors a, b;
	struct buf out;

	buf_init(&out, 256);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		ancestors_read(span_str(rows[i].text), &a);
		buf_reset(&out);
		ancestors_write(&a, &out);
		is_str(out.len ? out.ptr : "", rows[i].want, "'%s'", rows[i].text);
	}
	buf_done(&out);
	ancestors_read(SPAN_LIT("8 7 1"), &a);
	is_int(ancestors_distance(&a, 8), 1, "the parent");
	is_int(ancestors_distance(&a, 7), 2, "whose parent");
	is_int(ancestors_distance(&a, 6), 0, "a stranger");
	ancestors_read(SPAN_LIT("6 7 1"), &b);
	ok(!ancestors_are_apart(&a, &b), "two of one family");
	ancestors_read(SPAN_LIT("6 5 1"), &b);
	ok(ancestors_are_apart(&a, &b), "two of several");
	ancestors_read(SPAN_LIT("6 5"), &b);
	ok(!ancestors_are_apart(&a, &b) && !ancestors_are_apart(&b, &a), "not known to the end");
	ancestors_read(SPAN_LIT(""), &b);
	ok(!ancestors_are_apart(&a, &b), "not known");
}

struct item {
	int n;
	struct list in;
};

static void test_list(void)
{
	struct item items[3] = { { .n = 0 }, { .n = 1 }, { .n = 2 } };
	struct list l;
	int sum = 0;

	list_init(&l);
	ok(list_is_empty(&l) && !list_first(&l) && !list_last(&l), "a list is empty at first");
	for (int i = 0; i < 3; i++)
		list_add_first(&l, &items[i].in);
	is_int(container_of(list_first(&l), struct item, in)->n, 2, "the last added is first");
	is_int(container_of(list_last(&l), struct item, in)->n, 0, "the first added is last");
	list_remove(&items[1].in);
	list_remove(&items[1].in);
	list_each(at, &l) sum = 10 * sum + container_of(at, struct item, in)->n;
	is_int(sum, 20, "one is removed from the middle, twice without harm");
	list_remove(&items[0].in);
	list_remove(&items[2].in);
	ok(list_is_empty(&l), "and all");
}

int main(void)
{
	test_list();
	test_one();
	test_texts();
	test_users();
	test_ancestors();
	test_many();
	return tap_done();
}
