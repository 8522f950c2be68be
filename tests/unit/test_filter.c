/* SPDX-License-Identifier: MIT */
/* Which processes are selected, by what is recorded of them. */
#include "capture/filter.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "capture/process.h"
#include "tests/unit/tap.h"

static const struct proc_text agent = {
	.name = SPAN_LIT("python3.11"),
	.exe = SPAN_LIT("/usr/bin/python3.11"),
	.cmdline = SPAN_LIT("/usr/bin/python3 agent.py"),
	.script = SPAN_LIT("agent.py"),
	.user = SPAN_LIT("alice"),
	.runtime = SPAN_LIT("docker"),
	.container = SPAN_LIT("0123456789abcdef"),
	.container_name = SPAN_LIT("web-1"),
	.pod = SPAN_LIT("shop/cart"),
	.unit = SPAN_LIT("app.service"),
	.cgroup = SPAN_LIT("/system.slice/app.service"),
};

/* ---- words, each alone ---- */

static void test_names(void)
{
	static const struct {
		const char *word;
		bool name, container, unit, cgroup;
	} rows[] = {
		{ "python3.11", .name = true },
		{ "python3", .name = true },
		{ "python", .name = false },
		{ "agent.py", .name = true },
		{ "agent", .name = true },
		{ "agen?.py", .name = true },
		{ "py*", .name = true },
		{ "worker", .name = true },
		{ "0123456789ab", .container = true },
		{ "123456789ab", .container = false },
		{ "web-1", .container = true },
		{ "web-*", .container = true },
		{ "web", .container = false },
		{ "shop/cart", .container = true },
		{ "app.service", .unit = true },
		{ "app*", .unit = true },
		{ "app", .unit = false },
		{ "/system.slice/app.service", .cgroup = true },
		{ "/system.slice", .cgroup = true },
		{ "", .container = true, .cgroup = true },
		{ "/system.slice/app", .cgroup = false },
		{ "/system", .cgroup = false },
		{ "/user.slice", .cgroup = false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *const words[] = { "nothing", rows[i].word };
		struct filter_options o = { .names = words, .nnames = 2 };

		is_int(filter_has_process(&o, &agent, 1000, "worker"), rows[i].name, "name %s",
		       rows[i].word);
		o = (struct filter_options){ .containers = words, .ncontainers = 2 };
		is_int(filter_has_process(&o, &agent, 1000, "worker"), rows[i].container,
		       "container %s", rows[i].word);
		o = (struct filter_options){ .units = words, .nunits = 2 };
		is_int(filter_has_process(&o, &agent, 1000, "worker"), rows[i].unit, "unit %s",
		       rows[i].word);
		o = (struct filter_options){ .cgroups = words, .ncgroups = 2 };
		is_int(filter_has_process(&o, &agent, 1000, "worker"), rows[i].cgroup, "cgroup %s",
		       rows[i].word);
	}
}

static void test_users(void)
{
	static const struct {
		struct filter_user user;
		bool named, unnamed; /* whether the recording has the user's name */
	} rows[] = {
		{ { .uid = 1000, .known = true }, true, true },
		{ { .uid = 1001, .known = true }, false, false },
		{ { .name = "alice", .uid = 1000, .known = true }, true, true },
		{ { .name = "alice", .uid = 7, .known = true }, true, false },
		{ { .name = "alice" }, true, false },
		{ { .name = "bob", .uid = 1000, .known = true }, false, true },
	};
	struct proc_text unnamed = agent;

	unnamed.user = span_of(NULL, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct filter_options o = { .users = &rows[i].user, .nusers = 1 };

		is_int(filter_has_process(&o, &agent, 1000, ""), rows[i].named, "user %zu", i);
		is_int(filter_has_process(&o, &unnamed, 1000, ""), rows[i].unnamed,
		       "user %zu, whose name is not recorded", i);
	}
}

static void test_unknown(void)
{
	static const char *const words[] = { "*", "" };
	struct proc_text bare = { .name = SPAN_LIT("x") };
	struct filter_options o = { .containers = words, .ncontainers = 2 };

	ok(!filter_has_process(&o, &bare, 0, ""), "what is in no container is in none of these");
	o = (struct filter_options){ .units = words, .nunits = 2 };
	ok(!filter_has_process(&o, &bare, 0, ""), "nor of units");
	o = (struct filter_options){ .cgroups = words, .ncgroups = 2 };
	ok(!filter_has_process(&o, &bare, 0, ""), "nor of cgroups");
	o = (struct filter_options){ 0 };
	ok(!filter_is_on(&o) && filter_has_process(&o, &bare, 0, ""),
	   "without a filter all are wanted");
}

/* ---- chunks ---- */

static int count_data(void *arg, const struct chunk *c)
{
	*(size_t *)arg += c->kind == CHUNK_DATA;
	return 0;
}

static size_t passed(const struct filter_options *o, bool described)
{
	struct chunk c = { .kind = CHUNK_PROC, .conn.tgid = 4711, .uid = 1000, .comm = "worker" };
	size_t n = 0;
	struct filter *f = filter_new(o, count_data, &n);
	struct buf text;

	buf_init(&text, 4096);
	proc_encode(&agent, &text);
	c.data = buf_span(&text);
	if (described)
		filter_chunk(f, &c);
	c.kind = CHUNK_DATA;
	filter_chunk(f, &c);
	buf_done(&text);
	filter_free(f);
	return n;
}

static void test_chunks(void)
{
	static const pid_t pids[] = { 1, 4711 };
	static const char *const names[] = { "agent" }, *const threads[] = { "worker" },
				 *const containers[] = { "web-1" };
	static const struct filter_user alice = { .name = "alice" },
					thousand = { .uid = 1000, .known = true };
	static const struct {
		struct filter_options o;
		size_t described, unknown;
	} rows[] = {
		{ { 0 }, 1, 1 },
		{ { .pids = pids, .npids = 2 }, 1, 1 },
		{ { .pids = pids, .npids = 1 }, 0, 0 },
		{ { .names = names, .nnames = 1 }, 1, 0 },
		{ { .names = threads, .nnames = 1 }, 1, 1 },
		{ { .containers = containers, .ncontainers = 1 }, 1, 0 },
		{ { .users = &alice, .nusers = 1 }, 1, 0 },
		{ { .users = &thousand, .nusers = 1 }, 1, 1 },
		{ { .pids = pids, .npids = 1, .names = names, .nnames = 1 }, 0, 0 },
		{ { .names = names, .nnames = 1, .users = &thousand, .nusers = 1 }, 1, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		is_int(passed(&rows[i].o, true), rows[i].described, "filter %zu", i);
		is_int(passed(&rows[i].o, false), rows[i].unknown,
		       "filter %zu, of what is not described", i);
	}
}

int main(void)
{
	test_names();
	test_users();
	test_unknown();
	test_chunks();
	return tap_done();
}
