/* SPDX-License-Identifier: MIT */
/* Random calls on random connections, seen at one end or at both: what is told of a connection
 * follows the order in which it happened on the wire, however late the other end is seen, and each
 * call is told once. Of a process whose calls follow one another the same is true across its
 * connections. Where the source can wait, calls are told in the order in which they began. */
#include <stdlib.h>

#include "base/buf.h"
#include "pipeline.h"
#include "tests/unit/tap.h"

#define CONNS	6
#define CALLS	60
#define ROUNDS	300
#define MS	1000000ull
#define JITTER	20
#define SIDES	2
#define STREAMS 3
#define LOG_MAX (4 * CALLS)
#define EVENTS	(8 * CALLS + 8 * CONNS)

enum mode {
	MIXED,	    /* compared by connection; what is captured comes out of order */
	SEQUENTIAL, /* by process: one call after another */
	IN_ORDER,   /* all together, by their beginnings */
};

enum seen { CLIENT_ALONE, SERVER_ALONE, BOTH_ENDS };

struct conn_state {
	enum seen seen;
	bool h2;
	unsigned process;
	unsigned open[STREAMS]; /* number of the call + 1 */
	unsigned next_stream;
	unsigned stream[STREAMS];
};

/* What is captured of one connection at one side. */
struct event {
	uint64_t ts, arrival;
	unsigned conn, side;
	bool request, preface;
	unsigned call, stream;
};

struct told {
	char what;
	unsigned conn, call;
};

struct round {
	unsigned seed;
	enum mode mode;
	uint64_t now;
	struct conn_state conns[CONNS];
	struct event events[EVENTS];
	size_t nevents;
	struct told wire[LOG_MAX], log[LOG_MAX];
	size_t nwire, nlog;
	uint64_t off[CONNS][SIDES][2];
	struct pipeline *pipeline;
	unsigned shown;
	unsigned strange; /* records that should not be there */
};

static unsigned pick(struct round *r, unsigned below)
{
	r->seed = r->seed * 1103515245 + 12345;
	return (r->seed >> 16) % below;
}

/* ---- what happens ---- */

static bool is_seen(const struct conn_state *c, unsigned side)
{
	return c->seen == BOTH_ENDS || c->seen == (side ? SERVER_ALONE : CLIENT_ALONE);
}

static void happens(struct round *r, unsigned conn, bool request, bool preface, unsigned call,
		    unsigned stream)
{
	struct conn_state *c = &r->conns[conn];

	for (unsigned i = 0; i < SIDES; i++) {
		unsigned side = request ? i : 1 - i;
		uint64_t ts = r->now + i * MS / 2;

		if (is_seen(c, side))
			r->events[r->nevents++] = (struct event){
				.ts = ts,
				.arrival = ts + (r->mode == MIXED ? pick(r, JITTER) * MS : 0),
				.conn = conn,
				.side = side,
				.request = request,
				.preface = preface,
				.call = call,
				.stream = stream
			};
	}
	if (!preface)
		r->wire[r->nwire++] = (struct told){ request ? 'q' : 'e', conn, call };
}

static void ask(struct round *r, unsigned conn, unsigned slot, unsigned call)
{
	struct conn_state *c = &r->conns[conn];

	c->open[slot] = call + 1;
	c->stream[slot] = c->next_stream;
	c->next_stream += 2;
	happens(r, conn, true, false, call, c->stream[slot]);
}

static void answer(struct round *r, unsigned conn, unsigned slot)
{
	struct conn_state *c = &r->conns[conn];

	happens(r, conn, false, false, c->open[slot] - 1, c->stream[slot]);
	c->open[slot] = 0;
}

static void begin(struct round *r)
{
	for (unsigned i = 0; i < CONNS; i++) {
		struct conn_state *c = &r->conns[i];

		c->seen = r->mode == SEQUENTIAL ? CLIENT_ALONE : (enum seen)pick(r, 3);
		c->h2 = pick(r, 2);
		c->process = pick(r, 2);
		c->next_stream = 1;
		r->now += 2 * MS;
		if (c->h2)
			happens(r, i, true, true, 0, 0);
	}
}

static void make(struct round *r)
{
	static const unsigned gaps[] = { 1, 2, 5, 30, 90, 150, 1200 };
	unsigned calls = 0;

	begin(r);
	while (calls < CALLS) {
		unsigned conn = pick(r, CONNS);
		unsigned slot = r->conns[conn].h2 && r->mode != SEQUENTIAL ? pick(r, STREAMS) : 0;

		r->now += gaps[pick(r, sizeof(gaps) / sizeof(*gaps))] * MS;
		if (r->conns[conn].open[slot])
			answer(r, conn, slot);
		else
			ask(r, conn, slot, calls++);
		if (r->mode == SEQUENTIAL) {
			r->now += pick(r, 200) * MS;
			answer(r, conn, slot);
		}
	}
	for (unsigned i = 0; i < CONNS; i++)
		for (unsigned slot = 0; slot < STREAMS; slot++)
			if (r->conns[i].open[slot]) {
				r->now += 2 * MS;
				answer(r, i, slot);
			}
}

/* ---- how it is seen ---- */

/* What one side of a connection saw is captured in its order. */
static void keep_order(struct round *r)
{
	for (size_t i = 0; i < r->nevents; i++)
		for (size_t j = 0; j < i; j++)
			if (r->events[j].conn == r->events[i].conn &&
			    r->events[j].side == r->events[i].side &&
			    r->events[j].arrival > r->events[i].arrival)
				r->events[i].arrival = r->events[j].arrival;
}

static int by_arrival(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->arrival != y->arrival)
		return x->arrival < y->arrival ? -1 : 1;
	return x->ts < y->ts ? -1 : x->ts > y->ts;
}

static struct chunk chunk_of(const struct round *r, unsigned conn, unsigned side, uint64_t ts)
{
	return (struct chunk){ .kind = CHUNK_DATA,
			       .flags = CHUNK_FROM_START,
			       .conn = { .tgid = (side ? 20 : 10) + r->conns[conn].process,
					 .object = 1 + conn,
					 .first_seen_ns = 1 },
			       .ts_ns = ts,
			       .comm = "t" };
}

static void tell_ends(struct round *r, unsigned conn, unsigned side)
{
	struct endpoint client = { .address = { 127, 0, 0, 1 }, .port = (uint16_t)(40000 + conn) };
	struct endpoint server = { .address = { 127, 0, 0, 1 }, .port = 443 };
	struct endpoints e = { .netns = 5,
			       .family = 4,
			       .local = side ? server : client,
			       .peer = side ? client : server };
	struct chunk c = chunk_of(r, conn, side, 1);
	uint8_t raw[ENDPOINTS_ENCODED];

	endpoints_encode(&e, raw);
	c.kind = CHUNK_ENDPOINTS;
	c.data = span_of(raw, sizeof(raw));
	pipeline_chunk(r->pipeline, &c);
}

static void add_frame(struct buf *b, unsigned type, unsigned flags, unsigned stream, struct span s)
{
	const uint8_t head[] = { 0, 0, (uint8_t)s.len, (uint8_t)type, (uint8_t)flags, 0,
				 0, 0, (uint8_t)stream };

	buf_add(b, span_of(head, sizeof(head)));
	buf_add(b, s);
}

static void write_h2(struct buf *b, const struct event *e)
{
	char path[16];

	if (e->preface) {
		buf_adds(b, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
		add_frame(b, 4, 0, 0, SPAN_LIT(""));
	} else if (e->request) { /* :method GET, :path, and the end of the stream */
		snprintf(path, sizeof(path), "\x82\x04\x03/%02u", e->call);
		add_frame(b, 1, 5, e->stream, span_str(path));
	} else { /* :status 204 */
		add_frame(b, 1, 5, e->stream, SPAN_LIT("\x89"));
	}
}

static void capture(struct round *r, const struct event *e)
{
	struct chunk c = chunk_of(r, e->conn, e->side, e->ts);
	struct buf b;

	buf_init(&b, 1024);
	if (r->conns[e->conn].h2)
		write_h2(&b, e);
	else if (e->request)
		buf_addf(&b, "GET /%02u HTTP/1.1\r\n\r\n", e->call);
	else
		buf_adds(&b, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{  }");
	c.dir = e->request == (e->side == 0) ? DIR_WRITE : DIR_READ;
	c.off = r->off[e->conn][e->side][c.dir];
	c.data = buf_span(&b);
	r->off[e->conn][e->side][c.dir] += b.len;
	pipeline_chunk(r->pipeline, &c);
	buf_done(&b);
}

/* ---- what is told ---- */

static void note(struct round *r, char what, const struct exchange *x)
{
	if (r->nlog < LOG_MAX && x->target)
		r->log[r->nlog++] = (struct told){ what, (unsigned)x->conn_object - 1,
						   (unsigned)atoi(x->target + 1) };
	else
		r->strange++;
}

static void on_request(void *arg, struct exchange *x)
{
	struct round *r = arg;

	r->shown++;
	r->strange += x->id != r->shown; /* numbers have no holes */
	note(r, 'q', x);
}

static void on_ended(void *arg, struct exchange *x)
{
	struct round *r = arg;

	if (r->mode == IN_ORDER)
		r->strange += x->id != ++r->shown;
	r->strange += x->twin_of != 0 || !exchange_complete(x);
	note(arg, 'e', x);
}

static void on_superseded(void *arg, struct exchange *x)
{
	struct round *r = arg;

	r->strange += r->conns[x->conn_object - 1].seen != BOTH_ENDS || !x->is_server;
}

static const struct observer observer = { .request = on_request,
					  .superseded = on_superseded,
					  .ended = on_ended };

/* What is compared by itself: a connection, a process, or all. */
static unsigned group_of(const struct round *r, const struct told *t)
{
	return r->mode == MIXED ? t->conn : r->mode == SEQUENTIAL ? r->conns[t->conn].process : 0;
}

static void list(const struct round *r, const struct told *all, size_t count, unsigned which,
		 struct buf *out)
{
	for (size_t i = 0; i < count; i++)
		if (group_of(r, &all[i]) == which)
			buf_addf(out, "%c%u ", all[i].what, all[i].call);
}

/* Where the source can wait: an end for each call, in the order of the requests. */
static void want_in_order(struct round *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->nwire; i++)
		if (r->wire[i].what == 'q')
			r->wire[n++] = (struct told){ 'e', r->wire[i].conn, r->wire[i].call };
	r->nwire = n;
}

static bool compare(const struct round *r, unsigned which)
{
	struct buf want, got;
	bool same;

	buf_init(&want, 1 << 16);
	buf_init(&got, 1 << 16);
	buf_addc(&want, ' ');
	buf_addc(&got, ' ');
	list(r, r->wire, r->nwire, which, &want);
	list(r, r->log, r->nlog, which, &got);
	same = strcmp(want.ptr ? (char *)want.ptr : "", got.ptr ? (char *)got.ptr : "") == 0;
	if (!same)
		printf("# seen %d h2 %d\n# wire %s\n# told %s\n", r->conns[which].seen,
		       r->conns[which].h2, (char *)want.ptr, (char *)got.ptr);
	buf_done(&want);
	buf_done(&got);
	return same;
}

static void play(unsigned seed, enum mode mode, unsigned *wrong, unsigned *strange)
{
	static struct round r;
	struct limits lim;

	r = (struct round){ .seed = seed, .mode = mode, .now = MS };
	limits_init(&lim);
	r.pipeline = pipeline_new(&lim);
	pipeline_observe(r.pipeline, &observer, &r);
	if (mode == IN_ORDER)
		pipeline_set_in_order(r.pipeline);
	make(&r);
	keep_order(&r);
	qsort(r.events, r.nevents, sizeof(*r.events), by_arrival);
	for (unsigned i = 0; i < CONNS; i++)
		for (unsigned side = 0; side < SIDES; side++)
			if (is_seen(&r.conns[i], side))
				tell_ends(&r, i, side);
	for (size_t i = 0; i < r.nevents; i++)
		capture(&r, &r.events[i]);
	pipeline_finish(r.pipeline, r.now);
	pipeline_free(r.pipeline);
	if (mode == IN_ORDER)
		want_in_order(&r);
	for (unsigned i = 0; i < CONNS; i++)
		*wrong += !compare(&r, i);
	*strange += r.strange;
}

static void test_mode(enum mode mode, const char *what)
{
	unsigned wrong = 0, strange = 0;

	for (unsigned i = 0; i < ROUNDS; i++)
		play(i + 1, mode, &wrong, &strange);
	is_int(wrong, 0, "%s", what);
	is_int(strange, 0, "and each call once, whole, by its number");
}

/* ---- how much is held ---- */

static void say(struct round *r, unsigned conn, bool request, unsigned call)
{
	struct event e = { .ts = r->now += MS, .conn = conn, .request = request, .call = call };

	capture(r, &e);
}

/* A long call, and 30 others while it lasts. */
static void play_long(struct round *r, size_t memory, size_t *ret_before)
{
	struct limits lim;

	limits_init(&lim);
	lim.max[LIMIT_memory] = memory;
	*r = (struct round){ .mode = IN_ORDER, .now = MS };
	r->pipeline = pipeline_new(&lim);
	pipeline_observe(r->pipeline, &observer, r);
	pipeline_set_in_order(r->pipeline);
	say(r, 0, true, 0);
	for (unsigned i = 1; i <= 30; i++) {
		say(r, 1, true, i);
		say(r, 1, false, i);
	}
	*ret_before = r->nlog;
	say(r, 0, false, 0);
	pipeline_finish(r->pipeline, r->now);
	pipeline_free(r->pipeline);
	is_int(r->strange, 0, "all are told, by their numbers");
	is_int(lim.memory, 0, "and nothing is held in the end");
}

static bool is_rising(const struct told *log, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (log[i].call <= log[i - 1].call)
			return false;
	return true;
}

static void test_ceiling(void)
{
	static struct round r;
	size_t before;

	play_long(&r, 1 << 30, &before);
	is_int(before, 0, "what began later waits for a long call");
	ok(r.nlog == 31 && is_rising(r.log, r.nlog), "and comes in order after it");
	play_long(&r, 16 * 10 * sizeof(struct exchange), &before);
	ok(before > 20 && before < 30, "past a ceiling it is told before: %zu", before);
	ok(r.nlog == 31 && is_rising(r.log, before) && r.log[before].call == 0,
	   "in order, but for the long one");
	ok(is_rising(r.log + before, r.nlog - before), "which is followed by what was held");
}

int main(void)
{
	test_mode(MIXED, "each connection is told in the order of its wire");
	test_mode(SEQUENTIAL, "a process whose calls follow one another is told in their order");
	test_mode(IN_ORDER, "where the source can wait, all are told as they began");
	test_ceiling();
	return tap_done();
}
