/* SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "stream/stream.h"
#include "tests/unit/tap.h"

struct log {
	struct buf text;
};

static void on_bytes(void *arg, struct conn *c, enum dir d, uint64_t ts_ns, struct span s)
{
	struct log *l = arg;

	buf_addf(&l->text, "%c%.*s", d == DIR_WRITE ? '>' : '<', (int)s.len, (const char *)s.ptr);
}

/* ~: told of; ?: lost */
static void on_gap(void *arg, struct conn *c, enum dir d, uint64_t ts_ns, uint64_t nbytes,
		   bool lost)
{
	struct log *l = arg;

	buf_addf(&l->text, "%c%c%u", d == DIR_WRITE ? '>' : '<', lost ? '?' : '~',
		 (unsigned)nbytes);
}

static void on_close(void *arg, struct conn *c, uint64_t ts_ns, bool ended)
{
	struct log *l = arg;

	buf_adds(&l->text, ended ? "." : "-");
}

static void on_refused(void *arg, struct conn *c, uint64_t ts_ns)
{
	struct log *l = arg;

	buf_adds(&l->text, "!");
}

static const struct stream_out out = { on_bytes, on_gap, on_close, .refused = on_refused };

/* A chunk in a few words. */
struct step {
	enum chunk_kind kind;
	uint64_t off;
	const char *data;
	uint32_t missing;
	uint64_t tls;
	uint8_t flags;
};

struct row {
	const char *what;
	struct step steps[6];
	const char *want;
};

static const struct row rows[] = {
	{ "in order",
	  { { CHUNK_DATA, 0, "ab" }, { CHUNK_DATA, 2, "cd" }, { CHUNK_CLOSE, 4 } },
	  ">ab>cd." },
	{ "out of order",
	  { { CHUNK_DATA, 2, "cd" }, { CHUNK_DATA, 0, "ab" }, { CHUNK_CLOSE, 4 } },
	  ">ab>cd." },
	{ "twice",
	  { { CHUNK_DATA, 0, "ab" },
	    { CHUNK_DATA, 0, "ab" },
	    { CHUNK_DATA, 1, "bc" },
	    { CHUNK_CLOSE, 3 } },
	  ">ab>c." },
	{ "a hole that is never filled",
	  { { CHUNK_DATA, 0, "ab" }, { CHUNK_DATA, 5, "fg" }, { CHUNK_CLOSE, 7 } },
	  ">ab>?3>fg." },
	{ "bytes that could not be captured",
	  { { CHUNK_DATA, 0, "ab" },
	    { CHUNK_DATA, 2, NULL, 4 },
	    { CHUNK_DATA, 6, "g" },
	    { CHUNK_CLOSE, 7 } },
	  ">ab>~4>g." },
	{ "the end is missing", { { CHUNK_DATA, 0, "ab" }, { CHUNK_CLOSE, 9 } }, ">ab>?7." },
	{ "all is missing", { { CHUNK_HOST, 0, "a.example" }, { CHUNK_CLOSE, 9 } }, ">?9." },
	{ "the process left it open",
	  { { CHUNK_DATA, 0, "ab" }, { CHUNK_CLOSE, 9, .flags = CHUNK_LEFT_OPEN } },
	  ">ab>?7-" },
	{ "early data that is refused",
	  { { CHUNK_DATA, 0, "ab" },
	    { CHUNK_REFUSED, 2 },
	    { CHUNK_DATA, 2, "ab" },
	    { CHUNK_CLOSE, 4 } },
	  ">ab!>ab." },
	{ "and not all of it was seen",
	  { { CHUNK_DATA, 0, "ab" },
	    { CHUNK_REFUSED, 5 },
	    { CHUNK_DATA, 5, "ab" },
	    { CHUNK_CLOSE, 7 } },
	  ">ab>?3!>ab." },
	{ "no close", { { CHUNK_DATA, 0, "ab" }, { CHUNK_DATA, 3, "d" } }, ">ab>?1>d-" },
};

static void play(const struct row *row)
{
	struct stream *s;
	struct limits lim;
	struct log l;

	limits_init(&lim);
	buf_init(&l.text, 1 << 16);
	s = stream_new(&lim, &out, &l);
	for (size_t i = 0; i < 6; i++) {
		const struct step *step = &row->steps[i];
		struct chunk c = {
			.kind = step->kind,
			.flags = (uint8_t)(step->flags | CHUNK_FROM_START |
					   (step->missing ? CHUNK_MISSING : 0)),
			.conn = { 1, 1, 1 },
			.ts_ns = i + 1,
			.off = step->off,
			.missing = step->missing,
			.data = span_str(step->data),
			.totals = { step->off, 0 },
			.comm = "t",
		};

		if (step->data || step->missing || step->kind == CHUNK_CLOSE ||
		    step->kind == CHUNK_REFUSED)
			stream_feed(s, &c);
	}
	stream_finish(s, 1000);
	is_str(l.text.ptr, row->want, "%s", row->what);
	stream_free(s);
	buf_done(&l.text);
}

static void feed(struct stream *s, uint64_t tls, uint64_t off, const char *data, uint64_t ts)
{
	struct chunk c = { .kind = CHUNK_DATA,
			   .flags = CHUNK_FROM_START,
			   .conn = { 1, tls, 1 },
			   .ts_ns = ts,
			   .off = off,
			   .data = span_str(data),
			   .comm = "t" };

	stream_feed(s, &c);
}

static void test_limits(void)
{
	struct stream *s;
	struct limits lim;
	struct log l;

	limits_init(&lim);
	lim.max[LIMIT_connections] = 2;
	lim.max[LIMIT_reorder] = 8;
	buf_init(&l.text, 1 << 16);
	s = stream_new(&lim, &out, &l);
	feed(s, 1, 0, "a", 1);
	feed(s, 2, 0, "b", 2);
	feed(s, 3, 0, "c", 3);
	is_str(l.text.ptr, ">a>b->c", "the connection that is idle longest makes room");
	ok(lim.hits[LIMIT_connections] > 0, "and that is counted");
	buf_reset(&l.text);
	for (unsigned i = 0; i < 10; i++)
		feed(s, 3, 10 + 4 * i, "wxyz", 4);
	ok(strstr(l.text.ptr, ">?9>wxyz") && lim.hits[LIMIT_reorder],
	   "waiting for a hole has a ceiling");
	stream_finish(s, 1000);
	stream_free(s);
	buf_done(&l.text);
}

static void test_patience(void)
{
	struct stream *s;
	struct limits lim;
	struct log l;

	limits_init(&lim);
	buf_init(&l.text, 1 << 16);
	s = stream_new(&lim, &out, &l);
	feed(s, 1, 0, "a", 1);
	feed(s, 1, 2, "c", 1);
	stream_tick(s, 2);
	is_str(l.text.ptr, ">a", "a late fragment is waited for");
	stream_tick(s, 60ull * 1000000000);
	is_str(l.text.ptr, ">a>?1>c", "but not for ever");
	stream_finish(s, 60ull * 1000000000);
	is_int(stream_stats(s)->missing_bytes, 1, "and what is missing is counted");
	stream_free(s);
	buf_done(&l.text);
}

static void feed_exit(struct stream *s, uint32_t tgid, uint64_t ts)
{
	struct chunk c = { .kind = CHUNK_EXIT, .conn = { .tgid = tgid }, .ts_ns = ts };

	stream_feed(s, &c);
}

static void test_exit(void)
{
	struct chunk socket = { .kind = CHUNK_DATA,
				.flags = CHUNK_FROM_START | CHUNK_CLEARTEXT,
				.conn = { 1, 3, 1 },
				.ts_ns = 1,
				.data = SPAN_LIT("c") };
	struct stream *s;
	struct limits lim;
	struct log l;

	limits_init(&lim);
	buf_init(&l.text, 1 << 16);
	s = stream_new(&lim, &out, &l);
	feed(s, 1, 0, "a", 1);
	feed(s, 2, 2, "b", 2);
	stream_feed(s, &socket);
	feed_exit(s, 2, 3);
	is_str(l.text.ptr, ">a>c", "another process has ended: nothing changes");
	feed_exit(s, 1, 0);
	is_str(l.text.ptr, ">a>c", "nor does one that had the same number before");
	feed_exit(s, 1, 3);
	is_str(l.text.ptr, ">a>c>?2>b--",
	       "an ended process: what is held comes out, and all is cut");
	socket.off = 1;
	stream_feed(s, &socket);
	is_str(l.text.ptr, ">a>c>?2>b-->c", "but for a socket, of which the kernel tells");
	stream_finish(s, 4);
	is_str(l.text.ptr, ">a>c>?2>b-->c-", "each connection is closed once");
	stream_free(s);
	buf_done(&l.text);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		play(&rows[i]);
	test_limits();
	test_patience();
	test_exit();
	return tap_done();
}
