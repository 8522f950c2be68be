/* SPDX-License-Identifier: MIT */
/* Which two files are a connection, and whose, by what the kernel tells of their ends: in any
 * order, and of processes that are gone. */
#include <string.h>

#include <linux/types.h>

#include "base/buf.h"
#include "base/clock.h"
#include "probes/event.h"
#include "source/stdio.h"
#include "tests/unit/tap.h"

/* Numbers that no process has. */
#define INIT	 5000001
#define AGENT	 5000100
#define SHELL	 5000200
#define SERVER	 5000201
#define SECOND	 5000202
#define STRANGER 5000300

#define REQUEST "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}\n"
#define ANSWER	"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n"

static const uint32_t parents[][4] = {
	{ AGENT, INIT },
	{ SHELL, AGENT, INIT },
	{ SERVER, SHELL, AGENT, INIT },
	{ SECOND, SHELL, AGENT, INIT },
	{ STRANGER, INIT },
};

/* What came out: connections are letters, in the order of their first sight. "A:100 A=201 A>? A<!":
 * of process ...100, the other end is ...201, a request, an answer; "A>-": another line, "A.": the
 * connection is closed. */
struct out {
	struct buf text;
	struct conn_id conns[8];
	size_t count;
	bool silent; /* only what is closed is counted */
	unsigned closed;
};

static char letter(struct out *o, const struct chunk *c)
{
	size_t i = 0;

	while (i < o->count && (o->conns[i].object != c->conn.object ||
				o->conns[i].first_seen_ns != c->conn.first_seen_ns))
		i++;
	if (i == o->count) {
		o->conns[o->count++] = c->conn;
		buf_addf(&o->text, "%c:%u ", (int)('A' + i), c->conn.tgid - 5000000);
	}
	return (char)('A' + i);
}

static int on_chunk(void *arg, const struct chunk *c)
{
	struct out *o = arg;
	char conn;

	o->closed += c->kind == CHUNK_CLOSE;
	if (o->silent)
		return 0;
	conn = letter(o, c);
	if (c->kind == CHUNK_OTHER)
		buf_addf(&o->text, "%c=%u ", conn, (unsigned)c->off - 5000000);
	else if (c->kind == CHUNK_CLOSE)
		buf_addf(&o->text, "%c. ", conn);
	else
		buf_addf(&o->text, "%c%c%c ", conn, c->dir == DIR_WRITE ? '>' : '<',
			 span_eq(c->data, SPAN_LIT(REQUEST))  ? '?'
			 : span_eq(c->data, SPAN_LIT(ANSWER)) ? '!'
							      : '-');
	return 0;
}

/* Who is described with the user or the cgroup of another. */
static unsigned described, mistaken;

static int on_describe(void *arg, const struct chunk *of)
{
	(void)arg;
	described++;
	mistaken += of->uid != of->conn.tgid % 1000 || of->cgroup != of->conn.tgid;
	return 0;
}

/* ---- what the kernel tells ---- */

struct pair {
	struct stdio *s;
	struct out out;
	uint64_t off[16]; /* by file */
};

static struct chunk chunk_of(uint64_t file, uint32_t tgid, enum dir dir)
{
	return (struct chunk){ .flags = CHUNK_STDIO | CHUNK_CLEARTEXT,
			       .dir = dir,
			       .tid = tgid,
			       .uid = tgid % 1000,
			       .cgroup = tgid,
			       .conn = { .tgid = tgid, .object = file, .first_seen_ns = file } };
}

static void at_end(struct pair *p, uint64_t file, uint32_t tgid, enum dir dir, uint64_t out)
{
	struct spy_file_ends ends = { .peer = file, .out = out };
	struct chunk c = chunk_of(file, tgid, dir);

	for (size_t i = 0; i < sizeof(parents) / sizeof(*parents); i++)
		if (parents[i][0] == tgid)
			memcpy(ends.parents, parents[i] + 1, 3 * sizeof(uint32_t));
	stdio_file(p->s, &c, &ends);
}

static void reads(struct pair *p, uint64_t file, uint32_t tgid)
{
	at_end(p, file, tgid, DIR_READ, 0);
}

static void writes(struct pair *p, uint64_t file, uint32_t tgid, const char *text)
{
	struct chunk c = chunk_of(file, tgid, DIR_WRITE);

	at_end(p, file, tgid, DIR_WRITE, 0);
	c.data = span_str(text);
	c.off = p->off[file];
	p->off[file] += c.data.len;
	stdio_data(p->s, &c);
}

static void start(struct pair *p)
{
	struct stdio_out out = { .describe = on_describe, .chunk = on_chunk, .arg = &p->out };

	*p = (struct pair){ 0 };
	buf_init(&p->out.text, 1 << 16);
	p->s = stdio_new(-1, &out);
}

static void end(struct pair *p, const char *want, const char *what)
{
	stdio_finish(p->s);
	stdio_free(p->s);
	buf_add(&p->out.text, span_of("", 1));
	if (!ok(strcmp((const char *)p->out.text.ptr, want) == 0, "%s", what))
		printf("#   got  %s\n#   want %s\n", (const char *)p->out.text.ptr, want);
	buf_done(&p->out.text);
}

/* A call as it is seen most often. */
static void one_call(struct pair *p)
{
	writes(p, 1, AGENT, REQUEST);
	reads(p, 1, SERVER);
	writes(p, 2, SERVER, ANSWER);
	reads(p, 2, AGENT);
}

/* ---- cases ---- */

static void test_order(void)
{
	struct pair p;

	start(&p);
	one_call(&p);
	writes(&p, 1, AGENT, REQUEST);
	writes(&p, 2, SERVER, ANSWER);
	end(&p, "A:100 A=201 A>? A=201 A<! A>? A<! ",
	    "two files are a connection of who started the other");

	start(&p);
	reads(&p, 1, SERVER);
	writes(&p, 1, AGENT, REQUEST);
	reads(&p, 2, AGENT);
	writes(&p, 2, SERVER, ANSWER);
	end(&p, "A:100 A=201 A>? A=201 A<! ", "who reads may be told first");
}

static void test_waiting(void)
{
	struct pair p;

	start(&p);
	writes(&p, 1, AGENT, REQUEST);
	writes(&p, 1, AGENT, REQUEST);
	is_int(p.out.text.len, 0, "a file waits for its reader");
	stdio_tick(p.s, now_ns() - 1000000000);
	is_int(p.out.text.len, 0, "for a while");
	reads(&p, 1, SERVER);
	writes(&p, 1, AGENT, REQUEST);
	end(&p, "A:100 A=201 A>? A>? A>? ", "and is whole");

	start(&p);
	writes(&p, 1, AGENT, REQUEST);
	stdio_tick(p.s, now_ns() + 1000000000);
	end(&p, "A:100 A>? ", "not for ever");

	start(&p);
	writes(&p, 1, AGENT, REQUEST);
	stdio_exit(p.s, AGENT, 0);
	ok(p.out.text.len > 0, "nor for longer than its writer lives");
	end(&p, "A:100 A>? ", "whose connection it is");
}

static void test_strangers(void)
{
	struct pair p;

	start(&p);
	writes(&p, 1, STRANGER, REQUEST);
	reads(&p, 1, AGENT);
	writes(&p, 2, AGENT, ANSWER);
	reads(&p, 2, STRANGER);
	end(&p, "A:300 A=100 A>? A=100 A<! ",
	    "of two that are no kin, who asks first is the agent");
}

static void test_servers(void)
{
	struct pair p;

	start(&p);
	writes(&p, 1, AGENT, REQUEST);
	reads(&p, 1, SHELL); /* a launcher looks at it first */
	writes(&p, 2, SERVER, ANSWER);
	reads(&p, 2, AGENT);
	end(&p, "A:100 A=200 A>? A=201 A<! ", "a launcher and what it started are one server");

	start(&p);
	one_call(&p);
	writes(&p, 1, AGENT, REQUEST);
	reads(&p, 1, SECOND);
	writes(&p, 2, SECOND, ANSWER);
	end(&p, "A:100 A=201 A>? A=201 A<! A>? A=202 A<! ", "one that is started again goes on");

	start(&p);
	writes(&p, 1, AGENT, REQUEST);
	writes(&p, 3, SERVER, REQUEST); /* to a server of its own */
	reads(&p, 3, SECOND);
	reads(&p, 1, SERVER);
	writes(&p, 2, SERVER, ANSWER);
	writes(&p, 4, SECOND, ANSWER);
	reads(&p, 4, SERVER);
	reads(&p, 2, AGENT);
	end(&p, "A:201 A=202 A>? B:100 B=201 B>? A=202 A<! B=201 B<! ",
	    "a server may have one of its own");
}

static void test_output(void)
{
	struct pair p;

	start(&p);
	writes(&p, 1, AGENT, REQUEST);
	at_end(&p, 1, SERVER, DIR_READ, 2);
	writes(&p, 2, SERVER, "listening\n");
	writes(&p, 2, SERVER, "on stdio\n" ANSWER);
	reads(&p, 2, AGENT);
	end(&p, "A:100 A=201 A>? A=201 A<- A<- ", "lines before a server's first answer");

	start(&p);
	writes(&p, 1, AGENT, REQUEST);
	at_end(&p, 1, SERVER, DIR_READ, 3); /* its errors are there by now */
	writes(&p, 3, SERVER, "listening\n");
	writes(&p, 2, SERVER, ANSWER);
	writes(&p, 3, SERVER, "asked\n");
	reads(&p, 2, AGENT);
	end(&p, "A:100 A=201 A>? A=201 A<! ", "what speaks no JSON-RPC is no part of it");

	start(&p);
	writes(&p, 2, SERVER, "listening\n");
	writes(&p, 2, SERVER, ANSWER);
	reads(&p, 2, AGENT);
	end(&p, "A:100 A=201 A<! ", "what was refused is judged anew if more comes of it");
}

static void writes_some(struct pair *p, uint64_t file, struct span data)
{
	struct chunk c = chunk_of(file, SERVER, DIR_WRITE);

	c.data = data;
	stdio_data(p->s, &c);
}

/* Files whose first line does not end, more than can be held: of the last one nothing is. */
static void test_ceiling(void)
{
	static char half[32768] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"";
	struct pair p;

	memset(half + strlen(half), 'x', sizeof(half) - strlen(half));
	start(&p);
	for (uint64_t file = 100; file < 1100; file++)
		writes_some(&p, file, span_of(half, sizeof(half)));
	writes_some(&p, 100, SPAN_LIT("\"}\n"));
	writes_some(&p, 1099, SPAN_LIT("\"}\n"));
	end(&p, "A:201 A>- A>- ", "what is held has a ceiling");
}

/* More connections than there is room for: the oldest gives way, which is next to what settles. */
static void test_many(void)
{
	struct pair p;

	start(&p);
	writes(&p, 3, STRANGER, REQUEST); /* waits on */
	writes(&p, 1, AGENT, REQUEST);
	reads(&p, 1, SERVER);
	is_int(p.out.count, 1, "the first of many connections");
	for (uint64_t file = 100; file < 1124; file++)
		writes_some(&p, file, SPAN_LIT(REQUEST));
	p.out.silent = true;
	stdio_exit(p.s, SERVER, 0);
	is_int(p.out.closed, 1, "is closed for the last");
	p.out.silent = false;
	end(&p, "A:100 A=201 A>? B:300 B>? ", "and what waits goes on");
}

int main(void)
{
	test_order();
	test_waiting();
	test_strangers();
	test_servers();
	test_output();
	test_ceiling();
	test_many();
	ok(described && !mistaken, "each is described by what was told of it");
	return tap_done();
}
