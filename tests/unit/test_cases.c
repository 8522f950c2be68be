/* SPDX-License-Identifier: MIT */
/* Plays the transcripts of tests/cases/ through the whole pipeline and compares what the sinks
 * write. A case, line by line:
 *   # a comment
 *   > POST /v1/messages HTTP/1.1     a line that the client sends, CR LF added; "<": the server.
 *   >                                "Content-Length: *" is filled in.
 *   >> {"model": ...}                bytes of a body, nothing added; \n \r \t \\ \xNN are undone
 *   >+ {"model": ...}                the same, LF added
 *   >% {"model": ...}                the same as one chunk of transfer coding; empty: the last
 *   >& {"type": ...}                 the same as the text frame of a WebSocket, from the client
 *                                    masked: "> " lines with the upgrade and "< " lines with the
 *                                    101 come before
 *   >~ 10                            10 bytes that were not captured
 *   @2 server                        what follows is of connection 2, at which the process answers;
 * it begins as "client" and 1. "plain": it has no TLS; "same": of the process of connection 1
 *   @2                               what follows is of connection 2 again
 *   @2 ends 127.0.0.1:443 127.0.0.1:40000 5
 *                                    where its ends are, own first, and in which network namespace
 *   @2 close                         it is closed
 *   @ 150                            150 ms pass without any event
 *   = response.model "gpt-4"         a member of the first jsonl record, as JSON; "=2" the second
 *   =# 2                             number of records
 *   | text                           the output of `verbose`, line by line
 *   : text                           that of `text`, 80 columns wide
 * Consecutive lines of one direction up to the next head are one message; it is played whole, one
 * byte at a time and in random pieces, and, where there are several connections, recorded and
 * replayed; every way must write the same. Each record is read back from its JSON, which gives the
 * same JSON and the same text again. */
#include <arpa/inet.h>
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "cost/price.h"
#include "exchange/json.h"
#include "json/read.h"
#include "json/write.h"
#include "pipeline.h"
#include "source/record.h"
#include "source/replay.h"
#include "tests/unit/cuts.h"
#include "tests/unit/keep_record.h"
#include "tests/unit/outputs.h"
#include "tests/unit/tap.h"

#define CONNS_MAX 8
#define RECORDED  CUT_WAYS

enum piece_kind { PIECE_BYTES, PIECE_ENDS, PIECE_CLOSE, PIECE_WAIT };

struct piece {
	enum piece_kind kind;
	size_t conn; /* from 0 */
	uint64_t wait_ns;
	struct endpoints endpoints;
	enum dir dir; /* in the client's view */
	struct buf bytes;
	size_t body;  /* where the body begins; 0: there is no head */
	uint64_t gap; /* bytes missing after it */
};

struct want {
	size_t record;
	char *path, *value;
};

struct role {
	bool server, plain;
	bool same; /* the process of the first connection */
};

struct scenario {
	struct role roles[CONNS_MAX];
	size_t conn; /* of the lines being read */
	bool has_many;
	struct piece *pieces;
	size_t npieces;
	struct want *wants;
	size_t nwants;
	long nrecords; /* -1: not said */
	struct buf verbose, text;
};

static uint8_t unhex(char c)
{
	return (uint8_t)(c >= 'a' ? c - 'a' + 10 : c >= 'A' ? c - 'A' + 10 : c - '0');
}

static void add_escaped(struct buf *b, const char *s)
{
	for (; *s; s++) {
		if (*s != '\\') {
			buf_addc(b, *s);
			continue;
		}
		s++;
		if (*s == 'x' && s[1] && s[2]) {
			buf_addc(b, (char)(unhex(s[1]) << 4 | unhex(s[2])));
			s += 2;
		} else if (*s == '\\' || *s == 'n' || *s == 'r' || *s == 't') {
			buf_addc(b, *s == 'n' ? '\n' : *s == 'r' ? '\r' : *s == 't' ? '\t' : '\\');
		} else {
			buf_addc(b, '\\');
			s--;
		}
	}
}

/* One whole text frame, RFC 6455 section 5.2; the client's is masked. */
static void add_text_frame(struct buf *b, enum dir dir, struct span text)
{
	static const uint8_t key[] = { 0x11, 0x22, 0x33, 0x44 };
	uint8_t mask = dir == DIR_WRITE ? 0x80 : 0;
	size_t nbytes = text.len < 126 ? 0 : text.len <= UINT16_MAX ? 2 : 8;

	buf_addc(b, (char)0x81);
	buf_addc(b, (char)(mask | (nbytes == 0 ? text.len : nbytes == 2 ? 126 : 127)));
	for (size_t i = nbytes; i > 0; i--)
		buf_addc(b, (char)((uint64_t)text.len >> 8 * (i - 1)));
	if (mask)
		buf_add(b, span_of(key, sizeof(key)));
	for (size_t i = 0; i < text.len; i++)
		buf_addc(b, (char)(text.ptr[i] ^ (mask ? key[i & 3] : 0)));
}

static struct piece *new_piece(struct scenario *c, enum piece_kind kind, enum dir dir)
{
	c->pieces = xgrow(c->pieces, c->npieces, sizeof(*c->pieces));
	c->pieces[c->npieces].kind = kind;
	c->pieces[c->npieces].conn = c->conn;
	c->pieces[c->npieces].dir = dir;
	buf_init(&c->pieces[c->npieces].bytes, 16 << 20);
	return &c->pieces[c->npieces++];
}

/* The piece that this line continues, or a new one. */
static struct piece *piece_for(struct scenario *c, enum dir dir, bool head)
{
	struct piece *p = c->npieces ? &c->pieces[c->npieces - 1] : NULL;

	if (!p || p->kind != PIECE_BYTES || p->conn != c->conn || p->dir != dir || p->gap ||
	    (head && p->body))
		p = new_piece(c, PIECE_BYTES, dir);
	return p;
}

static bool read_end(char *text, struct endpoint *ret)
{
	char *colon = text ? strrchr(text, ':') : NULL;

	if (!colon)
		return false;
	*colon = '\0';
	ret->port = (uint16_t)strtoul(colon + 1, NULL, 10);
	return inet_pton(AF_INET, text, ret->address) == 1;
}

static bool ends_line(struct scenario *c, char **save)
{
	struct endpoints *e = &new_piece(c, PIECE_ENDS, DIR_WRITE)->endpoints;
	char *own = strtok_r(NULL, " ", save), *peer = strtok_r(NULL, " ", save);
	char *netns = strtok_r(NULL, " ", save);

	e->family = 4;
	e->netns = netns ? strtoull(netns, NULL, 10) : 0;
	return netns && read_end(own, &e->local) && read_end(peer, &e->peer);
}

static bool conn_line(struct scenario *c, char *line)
{
	char *at = line + 1, *save = NULL, *word;
	size_t n = strtoul(at, &at, 10);

	if (line[1] == ' ') {
		new_piece(c, PIECE_WAIT, DIR_WRITE)->wait_ns = n * 1000000;
		return true;
	}
	if (n - 1 >= CONNS_MAX)
		return false;
	c->conn = n - 1;
	c->has_many |= c->conn > 0;
	word = strtok_r(at, " ", &save);
	if (word && strcmp(word, "ends") == 0)
		return ends_line(c, &save);
	for (; word; word = strtok_r(NULL, " ", &save)) {
		if (strcmp(word, "server") == 0)
			c->roles[c->conn].server = true;
		else if (strcmp(word, "plain") == 0)
			c->roles[c->conn].plain = true;
		else if (strcmp(word, "same") == 0)
			c->roles[c->conn].same = true;
		else if (strcmp(word, "close") == 0)
			new_piece(c, PIECE_CLOSE, DIR_WRITE);
		else if (strcmp(word, "client") != 0)
			return false;
	}
	return true;
}

static void wire_line(struct scenario *c, char *line)
{
	enum dir dir = line[0] == '>' ? DIR_WRITE : DIR_READ;
	char *rest = line[1] ? line + 2 + (line[1] != ' ' && line[2]) : line + 1;
	struct piece *p = piece_for(c, dir, line[1] == ' ' || !line[1]);
	struct buf chunk; /* or the payload of a frame */

	switch (line[1]) {
	case '>':
	case '<':
		add_escaped(&p->bytes, rest);
		break;
	case '+':
		add_escaped(&p->bytes, rest);
		buf_addc(&p->bytes, '\n');
		break;
	case '%':
		buf_init(&chunk, 1 << 20);
		add_escaped(&chunk, rest);
		buf_addf(&p->bytes, "%zX\r\n", chunk.len);
		buf_add(&p->bytes, buf_span(&chunk));
		buf_adds(&p->bytes, "\r\n");
		buf_done(&chunk);
		break;
	case '&':
		buf_init(&chunk, 16 << 20);
		add_escaped(&chunk, rest);
		add_text_frame(&p->bytes, dir, buf_span(&chunk));
		buf_done(&chunk);
		break;
	case '~':
		p->gap = strtoull(rest, NULL, 10);
		break;
	default:
		buf_adds(&p->bytes, rest);
		buf_adds(&p->bytes, "\r\n");
		if (!*rest)
			p->body = p->bytes.len;
	}
}

static void fill_length(struct piece *p)
{
	char *star = p->bytes.len ? strstr(p->bytes.ptr, "Content-Length: *") : NULL;
	struct buf all;

	if (!star || !p->body)
		return;
	buf_init(&all, 17 << 20);
	buf_add(&all, span_of(p->bytes.ptr, (size_t)(star - p->bytes.ptr) + 16));
	buf_addf(&all, "%zu", p->bytes.len - p->body);
	buf_add(&all, span_from(buf_span(&p->bytes), (size_t)(star - p->bytes.ptr) + 17));
	buf_done(&p->bytes);
	p->bytes = all;
}

static void want_line(struct scenario *c, char *line)
{
	struct want w = { .record = 1 };
	char *at = line + 1, *space;

	if (*at == '#') {
		c->nrecords = strtol(at + 1, NULL, 10);
		return;
	}
	if (*at != ' ')
		w.record = strtoul(at, &at, 10);
	space = strchr(++at, ' ');
	if (!space) {
		ok(false, "malformed line: %s", line);
		return;
	}
	w.path = xstrndup(at, (size_t)(space - at));
	w.value = xstrdup(space + 1);
	c->wants = xgrow(c->wants, c->nwants, sizeof(w));
	c->wants[c->nwants++] = w;
}

static bool scenario_read(const char *path, struct scenario *c)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	*c = (struct scenario){ .nrecords = -1 };
	buf_init(&c->verbose, 1 << 20);
	buf_init(&c->text, 1 << 20);
	if (!f)
		return false;
	while ((len = getline(&line, &size, f)) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '>' || line[0] == '<') {
			wire_line(c, line);
		} else if (line[0] == '=') {
			want_line(c, line);
		} else if (line[0] == '@') {
			if (!conn_line(c, line))
				ok(false, "%s: malformed line: %s", path, line);
		} else if (line[0] == '|' || line[0] == ':') {
			struct buf *b = line[0] == '|' ? &c->verbose : &c->text;

			buf_adds(b, line[1] ? line + 2 : "");
			buf_addc(b, '\n');
		} else if (line[0] && line[0] != '#') {
			ok(false, "%s: malformed line: %s", path, line);
		}
	}
	free(line);
	fclose(f);
	for (size_t i = 0; i < c->npieces; i++)
		fill_length(&c->pieces[i]);
	return true;
}

static void scenario_done(struct scenario *c)
{
	for (size_t i = 0; i < c->npieces; i++)
		buf_done(&c->pieces[i].bytes);
	for (size_t i = 0; i < c->nwants; i++) {
		free(c->wants[i].path);
		free(c->wants[i].value);
	}
	free(c->pieces);
	free(c->wants);
	buf_done(&c->verbose);
	buf_done(&c->text);
}

/* ---- playing ---- */

struct player {
	struct pipeline *pipeline;
	struct recorder *recorder; /* chunks go there instead, to be replayed; or NULL */
	struct chunk chunk;
	uint64_t off[CONNS_MAX][2]; /* in the process's view */
	bool begun[CONNS_MAX], closed[CONNS_MAX];
	size_t conn;
};

/* The record as it is after a way through JSON; NULL, and a failed test, where it has none. */
static struct exchange *read_back(const struct exchange *x, unsigned flags)
{
	json_t *v = exchange_to_json(x, flags);
	AUTO_FREE char *line = json_write_text(v);
	json_t *parsed = json_read_own(span_str(line));
	struct error e = { 0 };
	struct exchange *again = exchange_from_json(parsed, &e);

	ok(again != NULL, "exchange %d is read back %s", (int)x->id, e.text);
	json_decref(parsed);
	json_decref(v);
	return again;
}

static char *line_of(const struct exchange *x, unsigned flags)
{
	json_t *v = exchange_to_json(x, flags);
	char *line = json_write_text(v);

	json_decref(v);
	return line;
}

static void check_round_trip(const struct exchange *x, unsigned flags)
{
	struct exchange *again = read_back(x, flags);
	AUTO_FREE char *first = line_of(x, flags);
	AUTO_FREE char *second = again ? line_of(again, flags) : NULL;

	is_str(second, first, "exchange %d has the same JSON after it", (int)x->id);
	if (!x->hidden)
		keep_record(first);
	exchange_unref(again);
}

/* What the text sink shows of a record that came without deltas. */
static char *text_of(const struct exchange *x, enum show_mode mode)
{
	struct sink_config c = { .mode = mode, .width = 100 };
	struct sink *s = NULL;
	char *out = NULL;
	struct error e;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	c.out = f;
	sink_verbose.open(&s, &c, &e);
	sink_verbose.end(s, x, &e);
	sink_verbose.free(s);
	fclose(f);
	return out;
}

static void check_text_of_copy(const struct exchange *x, enum show_mode mode)
{
	struct exchange *again = read_back(x, EXCHANGE_JSON_BODIES);
	AUTO_FREE char *first = text_of(x, mode);
	AUTO_FREE char *second = again ? text_of(again, mode) : NULL;

	is_str(second, first, "exchange %d has the same text after it", (int)x->id);
	exchange_unref(again);
}

static void on_ended(void *arg, struct exchange *x)
{
	check_round_trip(x, 0);
	check_round_trip(x, EXCHANGE_JSON_BODIES);
	if (!x->hidden)
		check_text_of_copy(x, SHOW_SMART);
}

static const struct observer reads_back = {
	.ended = on_ended,
};

static void feed(struct player *p, const struct chunk *c)
{
	if (p->recorder)
		recorder_chunk(p->recorder, c);
	else
		pipeline_chunk(p->pipeline, c);
}

static void play_piece(void *arg, struct span s)
{
	struct player *p = arg;

	uint64_t *off = &p->off[p->conn][p->chunk.dir];

	p->chunk.data = s;
	p->chunk.off = *off;
	*off += s.len;
	feed(p, &p->chunk);
}

static void play_close(struct player *p)
{
	p->chunk.kind = CHUNK_CLOSE;
	memcpy(p->chunk.totals, p->off[p->conn], sizeof(p->chunk.totals));
	feed(p, &p->chunk);
	p->closed[p->conn] = true;
}

/* The connection that chunks are of from here on. */
static void select_conn(struct player *p, const struct scenario *c, size_t conn)
{
	const struct role *role = &c->roles[conn];
	uint32_t process = 7 + (role->same ? 0 : (uint32_t)conn);

	p->conn = conn;
	p->begun[conn] = true;
	p->chunk =
		(struct chunk){ .kind = CHUNK_DATA,
				.flags = CHUNK_FROM_START | (role->plain ? CHUNK_CLEARTEXT : 0),
				.conn = { .tgid = process, .object = 1 + conn, .first_seen_ns = 1 },
				.tid = process,
				.ts_ns = p->chunk.ts_ns };
	snprintf(p->chunk.comm, sizeof(p->chunk.comm), "%s", role->server ? "server" : "tester");
}

static void play_one(struct player *p, const struct scenario *c, unsigned way,
		     const struct piece *one)
{
	uint8_t ends[ENDPOINTS_ENCODED];

	p->chunk.ts_ns += one->kind == PIECE_WAIT ? one->wait_ns : 10000000;
	if (one->kind == PIECE_WAIT) {
		pipeline_tick(p->pipeline, p->chunk.ts_ns - 1);
		pipeline_tick(p->pipeline, p->chunk.ts_ns);
		return;
	}
	select_conn(p, c, one->conn);
	switch (one->kind) {
	case PIECE_BYTES:
		p->chunk.dir = c->roles[one->conn].server ? 1 - one->dir : one->dir;
		cut_feed(way, buf_span(&one->bytes), play_piece, p);
		p->off[one->conn][p->chunk.dir] += one->gap;
		break;
	case PIECE_ENDS:
		endpoints_encode(&one->endpoints, ends);
		p->chunk.kind = CHUNK_ENDPOINTS;
		p->chunk.data = span_of(ends, sizeof(ends));
		feed(p, &p->chunk);
		break;
	case PIECE_CLOSE:
		play_close(p);
		break;
	case PIECE_WAIT:
		break;
	}
}

static void play_clock(struct player *p)
{
	struct chunk c = { .kind = CHUNK_CLOCK, .off = 1700000000ull * 1000000000, .ts_ns = 1 };

	feed(p, &c);
}

static void play_all(struct player *p, const struct scenario *c, unsigned way)
{
	play_clock(p);
	p->chunk.ts_ns = 1000000;
	for (size_t i = 0; i < c->npieces; i++)
		play_one(p, c, way, &c->pieces[i]);
	for (size_t i = 0; i < CONNS_MAX; i++) {
		if (!p->begun[i] || p->closed[i])
			continue;
		select_conn(p, c, i);
		play_close(p);
	}
}

/* Through a file. */
static void play_recorded(struct player *p, const struct scenario *c)
{
	char path[] = "/tmp/llm-spy-test-XXXXXX";
	struct error e;

	close(mkstemp(path));
	ok(recorder_open(&p->recorder, path, true, &e) == 0, "a recording is begun");
	play_all(p, c, CUT_WHOLE);
	is_int(recorder_close(p->recorder), 0, "and ended");
	is_int(replay_file_all(path, pipeline_chunk, p->pipeline, &e), 0, "and replayed");
	unlink(path);
}

/* What the sink wrote; the caller frees it. `way`: of cut_feed, or RECORDED. */
static char *play(const struct scenario *c, unsigned way, const char *format)
{
	bool jsonl = strcmp(format, "jsonl") == 0;
	AUTO_FREE char *settings =
		xasprintf(",show=all%s", jsonl			       ? ""
					 : strcmp(format, "text") == 0 ? ",width=80"
								       : ",width=100");
	struct prices *prices = prices_builtin();
	struct player p = { 0 };
	struct outputs outputs;
	struct limits lim;

	limits_init(&lim);
	if (!ok(outputs_open(&outputs, format, settings), "%s opens", format))
		return xstrdup("");
	p.pipeline = pipeline_new(&lim);
	pipeline_observe(p.pipeline, &fanout_observer, outputs.fanout);
	pipeline_set_shown(p.pipeline, fanout_shows, outputs.fanout);
	if (way == CUT_WHOLE && jsonl)
		pipeline_observe(p.pipeline, &reads_back, NULL); /* with the bodies */
	else
		pipeline_set_shows_bodies(p.pipeline, fanout_shows_bodies, outputs.fanout);
	pipeline_set_prices(p.pipeline, prices);
	if (way == RECORDED)
		play_recorded(&p, c);
	else
		play_all(&p, c, way);
	pipeline_finish(p.pipeline, UINT64_MAX);
	pipeline_free(p.pipeline);
	prices_free(prices);
	return outputs_close(&outputs);
}

/* ---- comparing ---- */

/* Member at "a.b.0.c"; borrowed, NULL when there is none. */
static const json_t *member(const json_t *v, char *path)
{
	char *save = NULL;

	for (char *step = strtok_r(path, ".", &save); step && v; step = strtok_r(NULL, ".", &save))
		v = json_is_array(v) ? json_array_get(v, strtoul(step, NULL, 10))
				     : json_object_get(v, step);
	return v;
}

static void check_want(const char *name, const struct want *w, const json_t *records)
{
	AUTO_FREE char *path = xstrdup(w->path);
	const json_t *got = member(json_array_get(records, w->record - 1), path);
	json_t *want = json_loads(w->value, JSON_DECODE_ANY, NULL);
	bool same = want && (got ? json_equal(got, want) : json_is_null(want));

	if (!ok(same, "%s: %s of record %zu", name, w->path, w->record)) {
		char *text = got ? json_write_text(got) : NULL;

		printf("#   got  %s\n#   want %s\n", text ? text : "(nothing)", w->value);
		free(text);
	}
	json_decref(want);
}

static json_t *parse_records(const char *lines)
{
	json_t *all = json_array();

	while (*lines) {
		size_t len = strcspn(lines, "\n");

		json_array_append_new(all, json_loadb(lines, len, 0, NULL));
		lines += len + (lines[len] == '\n');
	}
	return all;
}

static const char *const formats[] = { "jsonl", "verbose", "text" };
#define FORMATS 3

/* Each way writes the same as the whole. */
static void check_ways(const char *name, const struct scenario *c, const char *format,
		       const char *whole)
{
	for (unsigned way = CUT_BYTES; way <= (c->has_many ? RECORDED : RECORDED - 1); way++) {
		AUTO_FREE char *again = play(c, way, format);

		is_str(again, whole, "%s: %s writes the same %s", name,
		       way == RECORDED ? "a replay" : cut_name(way), format);
	}
}

static void run(const char *name, const struct scenario *c)
{
	char *whole[FORMATS];
	json_t *records;

	for (size_t i = 0; i < FORMATS; i++)
		whole[i] = play(c, CUT_WHOLE, formats[i]);
	records = parse_records(whole[0]);
	if (c->nrecords >= 0)
		is_int(json_array_size(records), c->nrecords, "%s: number of records", name);
	for (size_t i = 0; i < c->nwants; i++)
		check_want(name, &c->wants[i], records);
	json_decref(records);
	if (c->verbose.len)
		is_str(whole[1], c->verbose.ptr, "%s: verbose", name);
	if (c->text.len || getenv("ALL"))
		is_str(whole[2], c->text.len ? c->text.ptr : "", "%s: text", name);
	for (size_t i = 0; i < FORMATS; i++)
		check_ways(name, c, formats[i], whole[i]);
	for (size_t i = 0; i < FORMATS; i++)
		free(whole[i]);
}

static int is_case(const struct dirent *e)
{
#ifndef HAVE_ZSTD
	if (strcmp(e->d_name, "coded-request.case") == 0)
		return 0;
#endif
	return e->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir");
	AUTO_FREE char *dir = xasprintf("%s/tests/cases", srcdir ? srcdir : ".");
	struct dirent **entries;
	int n = scandir(dir, &entries, is_case, alphasort);

	setenv("TZ", "UTC", 1);
	ok(n > 0, "%s holds cases", dir);
	for (int i = 0; i < n; i++) {
		AUTO_FREE char *path = xasprintf("%s/%s", dir, entries[i]->d_name);
		struct scenario c;

		if ((argc < 2 || strstr(entries[i]->d_name, argv[1])) &&
		    ok(scenario_read(path, &c), "%s", path)) {
			run(entries[i]->d_name, &c);
			scenario_done(&c);
		}
		free(entries[i]);
	}
	free(entries);
	return tap_done();
}
