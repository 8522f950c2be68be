/* SPDX-License-Identifier: MIT */
/* Calls that are seen at both ends of a connection, in all orders of arrival: what is told. A row
 * is words; "c" begins those of the client's view and "s" those of the server's: cE sE    its ends
 * are told; cN, of another network namespace; cX, others that are wrong; cI, that both are the same
 *   c?1      the request for /1 is sent, or read; c?1a tells this one from others for /1
 *   s!1      its answer
 *   c(1 c)   the first, and the other half of an answer
 *   c~       half of an answer is missing; c# no HTTP at all; c. it is closed
 *   cP       HTTP/2 begins
 *   c^3      the same request on stream 3; c_3 its answer
 *   t        300 ms pass; T two seconds
 *   f        the next happens days later
 *   i        the clock is 300 ms ahead of the events, which are late
 *   b        what follows happened at the times from the beginning on, and is seen later
 * What is told: "q" a request, "e" an end; then the view and the target; of an end, "+" where the
 * other end is known, "!" where it is shown though it is a twin, "-" where it is hidden; with "a"
 * and the like, whose twin it is. */
#include "base/buf.h"
#include "pipeline.h"
#include "tests/unit/tap.h"

struct row {
	const char *what, *words, *want;
	unsigned flags;	  /* of the server's chunks */
	size_t exchanges; /* the limit; 0: the default */
	unsigned hits;
	bool joined; /* the client was not seen from its beginning */
	unsigned ends_hits;
};

static const struct row rows[] = {
	{ "client first", "cE c?1 sE s?1 s!1 c!1 c. s.", "qc1 ec1+ es1-" },
	{ "server first", "sE s?1 cE c?1 s!1 c!1 c. s.", "qc1 ec1+ es1-" },
	{ "all of the server first", "sE s?1 s!1 s. cE c?1 c!1 c.", "qc1 ec1+ es1-" },
	{ "all of the client first", "cE c?1 c!1 c. b sE s?1 s!1 s.", "qc1 ec1+ es1-" },
	{ "the client's answer first", "cE c?1 sE s?1 c!1 s!1", "qc1 ec1+ es1-" },
	{ "no ends", "c?1 s?1 s!1 c!1", "qc1 qs1 es1 ec1" },
	{ "the server's ends late", "cE c?1 s?1 sE s!1 c!1", "qc1 ec1+ es1-" },
	{ "the server's ends after all", "cE c?1 s?1 s!1 c!1 sE", "qc1 ec1+ es1-" },
	{ "the server's ends later yet", "cE c?1 s?1 t sE s!1 c!1", "qc1 qs1 ec1+ es1-" },
	{ "the server's ends too late", "cE c?1 s?1 s!1 t sE c!1", "qc1 qs1 es1 ec1" },
	{ "the client's ends late", "sE s?1 s!1 c?1 cE c!1", "qc1 ec1+ es1-" },
	{ "the client's ends too late", "sE s?1 s!1 c?1 t c!1 cE", "qc1 qs1 es1 ec1" },
	{ "ends that change as often as may be", "cE c?1 cX cE cX cE cX cE cX cE sE s?1 s!1 c!1",
	  "qc1 ec1+ es1-" },
	{ "ends that change more often", "cE c?1 cX cE cX cE cX cE cX cE cX cE cN sE s?1 s!1 c!1",
	  "qc1 ec1+ es1-", .ends_hits = 2 },
	{ "ends corrected", "cX c?1 sE s?1 cE s!1 c!1", "qc1 ec1+ es1-" },
	{ "ends that were wrong", "cE c?1 sE s?1 cX s!1 c!1", "qc1 ec1 qs1 es1" },
	{ "ends that were wrong, known when all is over", "cE c?1 sE s?1 s!1 cX t c!1 t",
	  "qc1 qs1 es1 ec1" },
	{ "the same ends again", "cE c?1 sE s?1 cE sE s!1 c!1", "qc1 ec1+ es1-" },
	{ "two network namespaces", "cN c?1 sE s?1 s!1 c!1", "qc1 ec1 qs1 es1" },
	{ "TLS at one end alone", "cE c?1 sE s?1 s!1 c!1", "qc1 ec1 qs1 es1", CHUNK_CLEARTEXT },
	{ "a server alone", "sE s?1 s!1 t", "qs1 es1" },
	{ "a server alone, slow", "sE s?1 t s!1", "qs1 es1" },
	{ "a client alone", "cE c?1 c!1 t", "qc1 ec1" },
	{ "a client that speaks no HTTP", "cE c# sE s?1 s!1 t", "qs1 es1" },
	{ "a client that lacks bytes", "cE c?1 sE s?1 s!1 c~ c.", "qc1 ec1+ es1!" },
	{ "the same, the client first", "cE c?1 sE s?1 c~ c. s!1", "qc1 ec1+ es1!" },
	{ "both lack bytes", "cE c?1 sE s?1 s~ c~ c. s.", "qc1 ec1+ es1-" },
	{ "a server that lacks bytes", "cE c?1 sE s?1 s~ s. c!1", "qc1 ec1+ es1-" },
	{ "different targets", "cE c?1 sE s?2 s!2 c!1 t", "qc1 qs2 es2 ec1" },
	{ "kept alive", "cE c?1 sE s?1 s!1 c!1 c?1 s?1 s!1 c!1 c?2 s?2 s!2 c!2",
	  "qc1 ec1+ es1- qc1 ec1+ es1- qc2 ec2+ es2-" },
	{ "kept alive, all of the client first",
	  "cE c?1 c!1 c?1 c!1 c?2 c!2 b sE s?1 s!1 s?1 s!1 s?2 s!2",
	  "qc1 ec1 qc1 ec1 qc2 es1- es1- ec2+ es2-" },
	{ "kept alive, all of the server first", "sE s?1 s!1 s?1 s!1 cE c?1 c!1 c?1 c!1",
	  "qc1 ec1+ es1- qc1 ec1+ es1-" },
	{ "kept alive, and the server is seen late", "cE c?1 c!1 c?2 b sE s?1 s!1 s?2 s!2 c!2",
	  "qc1 ec1 qc2 es1- ec2+ es2-" },
	{ "the same, of a client that lacks bytes", "cE c?1a c~ c. b sE s?1a s!1 t",
	  "qc1a ec1a+ es1a!1" },
	{ "ends that change when the client was told",
	  "cE c?1 c!1 c?2 cX cE b sE s?1 s!1 s?2 s!2 c!2", "qc1 ec1 qc2 es1- ec2+ es2-" },
	{ "pipelined", "cE c?1 c?1 c?2 sE s?1 s?1 s?2 s!1 s!1 s!2 c!1 c!1 c!2",
	  "qc1 qc1 qc2 ec1+ es1- ec1+ es1- ec2+ es2-" },
	{ "the server traced from the second on", "cE c?1 c!1 sE c?1 s?1 s!1 c!1 t",
	  "qc1 ec1 qc1 ec1+ es1-" },
	{ "pipelined, the ends late", "c?1a c?1b s?1a s?1b cE sE s!1 s!1 c!1 c!1",
	  "qc1a qc1b qs1a qs1b ec1a+ es1a-1 ec1b+ es1b-2" },
	{ "pipelined, the ends wrong for a while",
	  "cE c?1a c?1b sE s?1a s?1b cX c?1c cE s?1c s!1 s!1 s!1 c!1 c!1 c!1",
	  "qc1a qc1b qc1c ec1a+ es1a-1 ec1b+ es1b-2 ec1c+ es1c-3" },
	{ "the same, of the server",
	  "cE c?1a c?1b sE s?1a s?1b c?1c sX sE s?1c s!1 s!1 s!1 c!1 c!1 c!1",
	  "qc1a qc1b qc1c ec1a+ es1a-1 ec1b+ es1b-2 ec1c+ es1c-3" },
	{ "only the server's second is seen", "cE c?1a c!1 sE c?1b s?1b s!1 c~ c.",
	  "qc1a ec1a qc1b ec1b+ es1b!2" },
	{ "only the client's second is seen", "sE s?1a s!1 cE c?1b s?1b s!1 c!1",
	  "qc1b ec1b+ es1b-1 qs1a es1a", .joined = true },
	{ "the clock is ahead", "sE s?1 i cE c?1 s!1 c!1", "qc1 ec1+ es1-" },
	{ "one event is far ahead", "sE f s?1 b s?2 t s!1 s!2 t", "qs2 es2 qs1 es1" },
	{ "ends that were wrong, the client told", "cE c?1 sE s?1 c!1 sX s!1", "qc1 ec1+ qs1 es1" },
	{ "half an answer", "cE c?1 sE s?1 s(1 c(1 s) c)", "qc1 ec1+ es1-" },
	{ "a server that waits for no client", "sE s?1 s(1 t s)", "qs1 es1" },
	{ "the client is cut off", "cE c?1 sE s?1 c. s!1", "qc1 ec1+ es1!" },
	{ "HTTP/2", "cE cP c^1 c^3 sE sP s^1 s^3 s_3 s_1 c_3 c_1", "qc1 qc1 ec1+ es1- ec1+ es1-" },
	{ "HTTP/2, the server first", "sE sP s^1 s^3 s_3 cE cP c^1 c^3 c_3 s_1 c_1",
	  "qc1 qc1 ec1+ es1- ec1+ es1-" },
	{ "HTTP/2: the stream tells which", "cE cP c^1 c^3 sE sP s^3 s_3 c_3",
	  "qc1 qc1 ec1+ es1- ec1" },
	{ "HTTP/2: neither ends", "cE cP c^1 sE sP s^1", "qc1 ec1+ es1-" },
	{ "one end speaks HTTP/2", "cE cP c^1 sE s?1 s!1 c_1", "qc1 ec1 qs1 es1" },
	{ "the client's view has to make room", "cE c?1 sE s?1 c?2 s!1", "qc1 ec1+ qc2 es1! ec2", 0,
	  2, 1 },
	{ "the server's view has to make room", "sE s?1 cE c?1 c?2 c!1", "qc1 es1! qc2 ec1+ ec2", 0,
	  2, 1 },
	{ "a view that waits has to make room", "sE s?1 s!1 s?2 s!2 s?3", "qs1 es1 qs2 es2 qs3 es3",
	  0, 2 },
	{ "neither ends", "cE c?1 sE s?1", "qc1 ec1+ es1-" },
	{ "the client never ends", "cE c?1 sE s?1 s!1 s. T", "qc1 es1! ec1+" },
	{ "the same, seen late", "sE s?1 s!1 cE c?1 s. T", "qc1 es1! ec1+" },
	{ "a slow client", "cE c?1 sE s?1 s!1 t c!1", "qc1 ec1+ es1-" },
	{ "a slower client", "cE c?1 sE s?1 s!1 T c!1", "qc1 es1! ec1+" },
	{ "a slower client of a server that lacks bytes", "cE c?1 sE s?1 s~ s. T c!1",
	  "qc1 ec1+ es1-" },
	{ "neither is whole, the client never ends", "cE c?1 sE s?1 s~ s. T", "qc1 ec1+ es1-" },
	{ "ends that were wrong, known late", "cE c?1 sE s?1 s~ s. T cX t c!1 t",
	  "qc1 qs1 es1 ec1" },
};

enum { CLIENT, SERVER };

struct player {
	struct pipeline *pipeline;
	struct buf log;
	uint64_t now, off[2][2];
	unsigned flags[2];
};

/* "a" and the like; "". */
static const char *letter(const struct exchange *x)
{
	const struct headers *h = &x->request_headers;

	return h->count && strcmp(h->items[0].name, "N") == 0 ? h->items[0].value : "";
}

static void note(struct player *p, char what, const struct exchange *x)
{
	buf_addf(&p->log, "%s%c%c%s%s", p->log.len ? " " : "", what, x->is_server ? 's' : 'c',
		 x->target ? x->target + 1 : "?", letter(x));
}

static void on_request(void *arg, struct exchange *x)
{
	note(arg, 'q', x);
}

static void on_end(void *arg, struct exchange *x)
{
	struct player *p = arg;

	note(p, 'e', x);
	if (x->other && x->other->tgid != (x->is_server ? 7 : 8))
		buf_adds(&p->log, "(wrong)");
	buf_adds(&p->log, x->hidden ? "-" : x->twin_of ? "!" : x->other ? "+" : "");
	if (*letter(x) && x->twin_of)
		buf_addf(&p->log, "%u", (unsigned)x->twin_of);
}

static const struct observer observer = { .request = on_request,
					  .superseded = on_end,
					  .ended = on_end };

static struct chunk chunk_of(struct player *p, int side)
{
	return (struct chunk){
		.kind = CHUNK_DATA,
		.flags = p->flags[side],
		.conn = { .tgid = side == CLIENT ? 7 : 8, .object = 1, .first_seen_ns = 1 },
		.ts_ns = p->now,
		.comm = "t"
	};
}

static void say(struct player *p, int side, bool request, struct span s)
{
	struct chunk c = chunk_of(p, side);

	c.dir = request == (side == CLIENT) ? DIR_WRITE : DIR_READ;
	c.off = p->off[side][c.dir];
	c.data = s;
	p->off[side][c.dir] += s.len;
	pipeline_chunk(p->pipeline, &c);
}

static void add_frame(struct buf *b, unsigned type, unsigned flags, unsigned stream, struct span s)
{
	const uint8_t head[] = { 0, 0, (uint8_t)s.len, (uint8_t)type, (uint8_t)flags, 0,
				 0, 0, (uint8_t)stream };

	buf_add(b, span_of(head, sizeof(head)));
	buf_add(b, s);
}

static void say_h2(struct player *p, int side, const char *word)
{
	unsigned stream = (unsigned)(word[1] - '0');
	struct buf b;

	buf_init(&b, 1024);
	switch (word[0]) {
	case 'P':
		buf_adds(&b, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
		add_frame(&b, 4, 0, 0, SPAN_LIT(""));
		break;
	case '^': /* :method GET, :path, and the end of the stream */
		add_frame(&b, 1, 5, stream, SPAN_LIT("\x82\x04\x02/1"));
		break;
	case '_': /* :status 204 */
		add_frame(&b, 1, 5, stream, SPAN_LIT("\x89"));
		break;
	}
	say(p, side, word[0] != '_', buf_span(&b));
	buf_done(&b);
}

static void tell_where(struct player *p, int side, char what)
{
	struct endpoints e = { .netns = what == 'N' ? 6 : 5,
			       .family = 4,
			       .local = { .address = { 127, 0, 0, 1 },
					  .port = what == 'X' ? 9 : 40000 },
			       .peer = { .address = { 127, 0, 0, 1 }, .port = 443 } };
	struct chunk c = chunk_of(p, side);
	struct endpoint local = e.local;
	uint8_t raw[ENDPOINTS_ENCODED];

	if (what == 'I')
		e.local = e.peer;
	if (side == SERVER) {
		e.local = e.peer;
		e.peer = local;
	}
	endpoints_encode(&e, raw);
	c.kind = CHUNK_ENDPOINTS;
	c.data = span_of(raw, sizeof(raw));
	pipeline_chunk(p->pipeline, &c);
}

static void close_conn(struct player *p, int side)
{
	struct chunk c = chunk_of(p, side);

	c.kind = CHUNK_CLOSE;
	memcpy(c.totals, p->off[side], sizeof(c.totals));
	pipeline_chunk(p->pipeline, &c);
}

static void play_word(struct player *p, const char *word)
{
	int side = word[0] == 's' ? SERVER : CLIENT;
	char text[128];

	if (word[0] == 'b' || word[0] == 'f') {
		p->now = word[0] == 'b' ? 1 : 1ull << 50;
		return;
	}
	p->now += 1000000;
	if (word[0] == 't' || word[0] == 'T') {
		p->now += word[0] == 't' ? 300000000 : 2000000000;
		pipeline_tick(p->pipeline, p->now - 1);
		pipeline_tick(p->pipeline, p->now);
		return;
	}
	if (word[0] == 'i') {
		pipeline_tick(p->pipeline, p->now + 300000000);
		return;
	}
	switch (word[1]) {
	case '?':
		snprintf(text, sizeof(text),
			 word[3] && word[3] != ' ' ? "GET /%c HTTP/1.1\r\nN: %c\r\n\r\n"
						   : "GET /%c HTTP/1.1\r\n\r\n",
			 word[2], word[3]);
		say(p, side, true, span_str(text));
		break;
	case '!':
		say(p, side, false, SPAN_LIT("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{  }"));
		break;
	case '(':
		say(p, side, false, SPAN_LIT("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{ "));
		break;
	case ')':
		say(p, side, false, SPAN_LIT(" }"));
		break;
	case '~':
		say(p, side, false, SPAN_LIT("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{ "));
		p->off[side][side == CLIENT ? DIR_READ : DIR_WRITE] += 2;
		break;
	case '#':
		say(p, side, true, SPAN_LIT("\x01\x02\x03\x04\x05\x06 something else"));
		break;
	case 'P':
	case '^':
	case '_':
		say_h2(p, side, word + 1);
		break;
	case '.':
		close_conn(p, side);
		break;
	default:
		tell_where(p, side, word[1]);
	}
}

static void say_frame(struct player *p, bool request, unsigned type, unsigned flags, struct span s)
{
	struct buf b;

	buf_init(&b, 1024);
	add_frame(&b, type, flags, 1, s);
	say(p, CLIENT, request, buf_span(&b));
	buf_done(&b);
}

/* HTTP/2 joined in its middle may turn out to be a server's, so that one connection has calls of
 * both roles: those are no two views. */
static void play_itself(void)
{
	struct player p = { .now = 1 };
	struct limits lim;

	limits_init(&lim);
	buf_init(&p.log, 1 << 16);
	p.pipeline = pipeline_new(&lim);
	pipeline_observe(p.pipeline, &observer, &p);
	play_word(&p, "cE");
	say_frame(&p, true, 1, 4, SPAN_LIT("\x82\x04\x02/1\x89")); /* asks and answers */
	say_frame(&p, false, 0, 0, SPAN_LIT("hello"));
	say_frame(&p, true, 1, 4, SPAN_LIT("\x89"));
	say_frame(&p, false, 1, 5, SPAN_LIT("\x82\x04\x02/1"));
	say_frame(&p, true, 0, 1, SPAN_LIT("hello"));
	play_word(&p, "cI");
	pipeline_finish(p.pipeline, p.now);
	is_str(p.log.ptr, "qc1 ec1 qs1 es1", "a connection to itself");
	pipeline_free(p.pipeline);
	buf_done(&p.log);
}

static void play(const struct row *row)
{
	struct player p = { .now = 1,
			    .flags = { row->joined ? 0 : CHUNK_FROM_START,
				       CHUNK_FROM_START | row->flags } };
	struct limits lim;

	limits_init(&lim);
	if (row->exchanges)
		lim.max[LIMIT_exchanges] = row->exchanges;
	buf_init(&p.log, 1 << 16);
	p.pipeline = pipeline_new(&lim);
	pipeline_observe(p.pipeline, &observer, &p);
	for (const char *at = row->words; *at; at += strcspn(at, " "), at += strspn(at, " "))
		play_word(&p, at);
	pipeline_finish(p.pipeline, p.now);
	is_str(p.log.ptr, row->want, "%s", row->what);
	is_int(lim.hits[LIMIT_exchanges], row->hits, "and nothing more had to go");
	is_int(lim.hits[LIMIT_endpoints], row->ends_hits,
	       "and all other changes of ends were believed");
	pipeline_free(p.pipeline);
	buf_done(&p.log);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		play(&rows[i]);
	play_itself();
	return tap_done();
}
