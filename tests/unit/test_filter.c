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

/* ---- a description that comes late ---- */

/* What passed: 'd' with the first byte of its data, 'p' a description, 'x' an end, 'c' a close. */
static int note(void *arg, const struct chunk *c)
{
	struct buf *out = arg;

	if (c->kind == CHUNK_DATA)
		buf_addf(out, "d%c", c->data.len ? c->data.ptr[0] : '-');
	else
		buf_adds(out, c->kind == CHUNK_PROC    ? "p"
			      : c->kind == CHUNK_EXIT  ? "x"
			      : c->kind == CHUNK_CLOSE ? "c"
						       : "?");
	return 0;
}

/* Words: "a" data of the agent, "b" of another process, "A" and "B" their descriptions, "c" a
 * connection of the agent is closed, "x" the agent's end, "+" half a second passes, "t" a tick,
 * "M" 32 MiB of the other, "." the end. name: "": all are wanted. */
static void is_passed(const char *name, const char *words, const char *want)
{
	static uint8_t large[32 << 20] = "M";
	const char *const names[] = { name };
	struct filter_options o = { .names = names, .nnames = *name ? 1 : 0 };
	struct proc_text other = { .name = SPAN_LIT("other") };
	struct buf out, text;
	struct filter *f;
	uint64_t now = 1000000000000;

	buf_init(&out, 4096);
	buf_init(&text, 4096);
	buf_adds(&out, "");
	f = filter_new(&o, note, &out);
	filter_await_descriptions(f);
	for (char digit = '1'; *words; words++) {
		bool is_agent = strchr("aAcx", *words);
		struct chunk c = { .conn.tgid = is_agent ? 4711 : 4712,
				   .ts_ns = now++,
				   .comm = "worker" };
		uint8_t byte = (uint8_t)digit;

		now += *words == '+' ? 500000000 : 0;
		if (*words == '+')
			continue;
		if (*words == '.') {
			filter_finish(f);
			continue;
		}
		if (*words == 't') {
			uint64_t until = filter_tick(f, now);

			buf_addf(&out, until < now ? "<%d" : "t", (int)(now - until - 1));
			continue;
		}
		buf_reset(&text);
		if (*words == 'A' || *words == 'B') {
			c.kind = CHUNK_PROC;
			proc_encode(is_agent ? &agent : &other, &text);
			c.data = buf_span(&text);
		} else if (*words == 'x' || *words == 'c') {
			c.kind = *words == 'x' ? CHUNK_EXIT : CHUNK_CLOSE;
		} else {
			c.kind = CHUNK_DATA;
			c.data = *words == 'M' ? span_of(large, sizeof(large)) : span_of(&byte, 1);
			digit++;
		}
		filter_chunk(f, &c);
	}
	filter_free(f);
	is_str(out.len ? out.ptr : "", want, "%s", want);
	buf_done(&out);
	buf_done(&text);
}

/* Thousands of processes come and go, with numbers that follow one another. */
static void test_many(bool end)
{
	const char *const names[] = { "agent.py" };
	struct filter_options o = { .names = names, .nnames = 1 };
	struct proc_text other = { .name = SPAN_LIT("other") };
	struct chunk c = { .comm = "worker" };
	struct buf of_agent, of_other;
	size_t n = 0;
	struct filter *f = filter_new(&o, count_data, &n);

	buf_init(&of_agent, 4096);
	buf_init(&of_other, 4096);
	proc_encode(&agent, &of_agent);
	proc_encode(&other, &of_other);
	for (uint32_t tgid = 4711; tgid < (end ? 100000u : 16000u); tgid++) {
		c.conn.tgid = tgid;
		c.kind = CHUNK_PROC;
		c.data = buf_span(tgid == 4711 ? &of_agent : &of_other);
		filter_chunk(f, &c);
		c.kind = CHUNK_EXIT;
		if (end && tgid != 4711)
			filter_chunk(f, &c);
	}
	c.kind = CHUNK_DATA;
	c.conn.tgid = 4711;
	filter_chunk(f, &c);
	is_int(n, 1, "one that lives is known after thousands of others%s",
	       end ? " that have ended" : "");
	buf_done(&of_agent);
	buf_done(&of_other);
	filter_free(f);
}

static void test_late(void)
{
	/* Both are waited for, in the order in which they came. */
	is_passed("", "aabAa", "pd1d2");
	is_passed("", "aabAaB", "pd1d2pd3d4");
	is_passed("", "abBA", "ppd1d2");
	is_passed("", "AaBb", "pd1pd2");
	/* A description that comes anew is told in its place. */
	is_passed("", "AabAB", "pd1pd2p");
	is_passed("agent.py", "aabAaB", "pd1d2d4");
	is_passed("agent.py", "aAbaBb.", "pd1d3");
	is_passed("other", "ababBA", "pd2d4");
	/* Nobody waits for long, nor twice. */
	is_passed("worker", "ab++a", "d1d2d3");
	is_passed("worker", "ab++t", "d1d2t");
	is_passed("worker", "a+t+b", "<500000002d1");
	is_passed("worker", "a++tababB", "d1td2pd3d4d5");
	is_passed("agent.py", "ab++a.", "");
	is_passed("agent.py", "a++taAa", "tpd3");
	is_passed("worker", "aMMa", "d1dMdMd4");
	/* What needs no description. */
	is_passed("", "cxt", "cxt");
	is_passed("agent.py", "aaxA", "pd1d2x");
	is_passed("", "acxA", "pd1cx");
	is_passed("agent.py", "ax.", "x");
	is_passed("agent.py", "ababababAB.", "pd1d3d5d7");
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
	test_late();
	test_many(true);
	test_many(false);
	return tap_done();
}
