/* SPDX-License-Identifier: MIT */
/* One process is one line, cut where the terminal ends; columns are as wide as what they hold,
 * within bounds. Names, hosts and paths are the programs' own and made safe. */
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/safe_text.h"
#include "base/str.h"
#include "base/units.h"
#include "base/xalloc.h"
#include "cli/target_row.h"

enum column { PID, USER, PROGRAM, SEEN_BY, CALLS, BYTES, LAST, PLACE, TALKS_TO, COLUMNS };

static const struct {
	const char *title;
	unsigned least, most; /* columns that it takes; `most` not with --verbose */
	bool right;
} columns[COLUMNS] = {
	[PID] = { "PID", 7, 9, true },
	[USER] = { "USER", 4, 8, false },
	[PROGRAM] = { "PROGRAM", 12, 22, false },
	[SEEN_BY] = { "SEEN BY", 9, 13, false },
	[CALLS] = { "CALLS", 5, 7, true },
	[BYTES] = { "BYTES", 8, 10, true },
	[LAST] = { "LAST", 4, 4, true },
	[PLACE] = { "CONTAINER", 9, 20, false },
	[TALKS_TO] = { "TALKS TO", 0, UINT_MAX, false },
};

/* Below this width a container has no column. */
#define PLACE_WIDTH 110

struct cells {
	char *text[COLUMNS];
};

struct sheet {
	const struct target_table *t;
	struct cells *rows;
	size_t count;
	bool has[COLUMNS];
	unsigned width[COLUMNS];
};

/* ---- what stands in a cell ---- */

static char *taken(struct buf *b)
{
	return buf_take(b);
}

static void add_safe(struct buf *b, const struct target_table *t, const char *text)
{
	safe_text_add(b, span_str(text), t->utf8, UINT_MAX);
}

static char *cell_pid(const struct target_row *r)
{
	return r->pid ? xasprintf("%d", (int)r->pid) : xasprintf("%" PRIu64 "x", r->processes);
}

static char *cell_program(const struct target_table *t, const struct target_row *r)
{
	struct buf b;

	buf_init(&b, 4096);
	if (r->script) {
		add_safe(&b, t, r->script);
		buf_adds(&b, " (");
	}
	add_safe(&b, t, r->program);
	buf_adds(&b, r->script ? ")" : "");
	return taken(&b);
}

/* Whether, and by what: one sign, and the name of the TLS library or of what is in the way. */
static char *cell_seen_by(const struct target_table *t, const struct target_row *r)
{
	static const char *const signs[][2] = {
		[COVERAGE_NONE] = { "-", "-" },	  [COVERAGE_SEEN] = { "✓", "+" },
		[COVERAGE_PARTLY] = { "~", "~" }, [COVERAGE_MAYBE] = { "?", "?" },
		[COVERAGE_BLIND] = { "✗", "x" },
	};
	enum coverage_status s = r->c ? coverage_status_of(r->status) : COVERAGE_NONE;
	const char *what = "";
	struct buf b;

	if (!r->c)
		return xasprintf("ended");
	if (s == COVERAGE_SEEN || (s == COVERAGE_PARTLY && r->c->ntls))
		what = r->c->tls[0].implementation;
	else if (s != COVERAGE_NONE)
		what = r->c->brief ? r->c->brief : "not plaintext";
	buf_init(&b, 256);
	buf_adds(&b, signs[s][!t->utf8]);
	buf_adds(&b, *what ? " " : "");
	add_safe(&b, t, what);
	if (s == COVERAGE_SEEN && r->c->ntls > 1)
		buf_addf(&b, " +%zu", r->c->ntls - 1);
	return taken(&b);
}

static char *cell_last(const struct target_table *t, const struct process_row *s)
{
	uint64_t seconds;

	if (!s || !s->last_ns)
		return xasprintf("-");
	seconds = t->now_ns > s->last_ns ? (t->now_ns - s->last_ns) / 1000000000 : 0;
	if (seconds < 2)
		return xasprintf("now");
	if (seconds < 100)
		return xasprintf("%" PRIu64 "s", seconds);
	if (seconds < 100 * 60)
		return xasprintf("%" PRIu64 "m", seconds / 60);
	if (seconds < UINT64_C(100) * 3600)
		return xasprintf("%" PRIu64 "h", seconds / 3600);
	return xasprintf("%" PRIu64 "d", seconds / 86400);
}

static char *cell_place(const struct target_table *t, const struct target_row *r)
{
	const char *place = r->pod	   ? r->pod
			    : r->container ? r->container
			    : t->wide	   ? r->unit
					   : NULL;
	struct buf b;

	if (!place)
		return NULL;
	buf_init(&b, 4096);
	if (r->container && !r->pod && strlen(place) == 64) /* an id */
		safe_text_add(&b, span_of(place, 12), t->utf8, UINT_MAX);
	else
		add_safe(&b, t, place);
	return taken(&b);
}

static void add_hosts(struct buf *b, const struct target_table *t, const struct process_row *s)
{
	for (size_t i = 0; s && i < PROCESS_HOSTS && s->hosts[i][0]; i++) {
		buf_adds(b, i ? ", " : "");
		add_safe(b, t, s->hosts[i]);
	}
	if (s && s->more_hosts)
		buf_adds(b, ", ...");
}

static void add_peer(struct buf *b, const struct coverage *c)
{
	size_t more = c->conns + c->udp - 1;

	if (b->len || !c->peer[0])
		return;
	buf_adds(b, c->peer);
	if (c->conns + c->udp > 1)
		buf_addf(b, " and %zu more", more);
}

/* The library last, since it is the same for most. */
static void add_files(struct buf *b, const struct target_table *t, const struct coverage *c)
{
	for (size_t i = 0; i < c->ntls && (t->wide || !i); i++) {
		buf_adds(b, b->len ? "  " : "");
		if (t->wide)
			buf_addf(b, "%s by %s: ", c->tls[i].implementation, c->tls[i].method);
		add_safe(b, t, t->wide ? c->tls[i].file : path_name(c->tls[i].file));
	}
}

static char *cell_talks_to(const struct target_table *t, const struct target_row *r)
{
	struct buf b;

	buf_init(&b, 64 << 10);
	add_hosts(&b, t, r->seen);
	if (r->c)
		add_peer(&b, r->c);
	if (r->c && (t->wide || !b.len))
		add_files(&b, t, r->c);
	return taken(&b);
}

static void fill(const struct target_table *t, struct cells *c, const struct target_row *r)
{
	const struct process_row *s = r->seen;

	c->text[PID] = cell_pid(r);
	c->text[USER] = r->user ? xstrdup(r->user) : NULL;
	c->text[PROGRAM] = cell_program(t, r);
	c->text[SEEN_BY] = cell_seen_by(t, r);
	c->text[CALLS] = s ? xasprintf("%" PRIu64, s->calls) : NULL;
	c->text[BYTES] = s ? xstrdup(text_bytes(s->bytes[0] + s->bytes[1]).text) : NULL;
	c->text[LAST] = cell_last(t, s);
	c->text[PLACE] = cell_place(t, r);
	c->text[TALKS_TO] = cell_talks_to(t, r);
}

/* ---- the sheet ---- */

/* All cells are safe by now: how many columns one takes. */
static unsigned columns_of(const char *text, bool utf8)
{
	unsigned n;
	struct buf b;

	buf_init(&b, 64 << 10);
	n = safe_text_add(&b, span_str(text), utf8, UINT_MAX);
	buf_done(&b);
	return n;
}

static void choose_columns(struct sheet *s)
{
	const struct target_table *t = s->t;

	for (int c = 0; c < COLUMNS; c++) {
		s->has[c] = true;
		s->width[c] = columns[c].least;
	}
	s->has[CALLS] = s->has[BYTES] = s->has[LAST] = t->counted;
	s->has[PLACE] = false;
	for (size_t i = 0; i < s->count; i++)
		s->has[PLACE] |= s->rows[i].text[PLACE] && (!t->width || t->width >= PLACE_WIDTH);
	for (int c = 0; c < TALKS_TO; c++)
		for (size_t i = 0; i < s->count; i++) {
			const char *text = s->rows[i].text[c];
			unsigned n = text ? columns_of(text, t->utf8) : 1;

			n = n > columns[c].most && !t->wide ? columns[c].most : n;
			s->width[c] = n > s->width[c] ? n : s->width[c];
		}
}

static void pad(struct buf *out, unsigned from, unsigned to)
{
	if (from < to)
		buf_addf(out, "%*s", (int)(to - from), "");
}

static void add_cell(struct sheet *s, struct buf *out, const char *text, unsigned width, bool right)
{
	unsigned n = columns_of(text, s->t->utf8);

	if (n > width) {
		safe_text_add(out, span_str(text), s->t->utf8, width < 3 ? 0 : width - 3);
		return;
	}
	pad(out, right ? n : width, width);
	buf_adds(out, text);
	pad(out, right ? width : n, width);
}

static void print_line(struct sheet *s, const char *const *cells)
{
	unsigned at = 0;
	struct buf line;

	buf_init(&line, 128 << 10);
	for (int c = 0; c < COLUMNS; c++) {
		unsigned width = s->width[c];

		if (!s->has[c])
			continue;
		if (c == TALKS_TO && !s->t->width)
			width = UINT_MAX - 4;
		else if (c == TALKS_TO)
			width = s->t->width > at ? s->t->width - at : 0;
		add_cell(s, &line, cells[c] ? cells[c] : "-", width, columns[c].right);
		buf_addc(&line, ' ');
		at += width + 1;
	}
	while (line.len && line.ptr[line.len - 1] == ' ')
		line.ptr[--line.len] = '\0';
	fprintf(s->t->out, "%s\n", line.ptr);
	buf_done(&line);
}

/* ---- why some are not seen ---- */

static bool says_the_same(const struct target_row *a, const struct target_row *b)
{
	return b->reason && strcmp(a->reason, b->reason) == 0;
}

static bool was_before(const struct target_row *rows, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (says_the_same(&rows[at], &rows[i]))
			return true;
	return false;
}

/* Words of our own, between blanks. */
static void print_wrapped(const struct target_table *t, const char *first, const char *text)
{
	unsigned width = t->width ? t->width : UINT_MAX, at;
	struct buf b;

	buf_init(&b, 64 << 10);
	add_safe(&b, t, text);
	fputs(first, t->out);
	at = columns_of(first, true);
	for (char *word = b.ptr, *end; word && *word; word = end + (*end == ' ')) {
		end = strchrnul(word, ' ');
		if (at + (unsigned)(end - word) + 1 > width) {
			fputs("\n    ", t->out);
			at = 4;
		}
		at += (unsigned)fprintf(t->out, " %.*s", (int)(end - word), word);
	}
	fputc('\n', t->out);
	buf_done(&b);
}

static void print_reason(const struct target_table *t, const struct target_row *rows, size_t count,
			 size_t at)
{
	struct buf who;
	size_t n = 0;

	buf_init(&who, 4096);
	for (size_t i = at; i < count; i++) {
		if (!says_the_same(&rows[at], &rows[i]))
			continue;
		if (n++ == 3)
			buf_adds(&who, ", ...");
		if (n > 3)
			continue;
		buf_adds(&who, n > 1 ? ", " : "");
		add_safe(&who, t, rows[i].script ? rows[i].script : rows[i].program);
		if (rows[i].pid)
			buf_addf(&who, "[%d]", (int)rows[i].pid);
	}
	buf_adds(&who, ":");
	print_wrapped(t, who.ptr, rows[at].reason);
	if (rows[at].remedy)
		print_wrapped(t, t->utf8 ? "  →" : "  ->", rows[at].remedy);
	buf_done(&who);
}

void target_print_table(const struct target_table *t, const struct target_row *rows, size_t count)
{
	struct sheet s = { .t = t, .count = count, .rows = xcalloc(count + 1, sizeof(*s.rows)) };
	const char *titles[COLUMNS];
	bool blank = true;

	for (size_t i = 0; i < count; i++)
		fill(t, &s.rows[i], &rows[i]);
	choose_columns(&s);
	for (int c = 0; c < COLUMNS; c++)
		titles[c] = columns[c].title;
	print_line(&s, titles);
	for (size_t i = 0; i < count; i++)
		print_line(&s, (const char *const *)s.rows[i].text);
	for (size_t i = 0; i < count; i++) {
		if (!rows[i].reason || was_before(rows, i))
			continue;
		if (blank)
			fputc('\n', t->out);
		blank = false;
		print_reason(t, rows, count, i);
	}
	for (size_t i = 0; i < count; i++)
		for (int c = 0; c < COLUMNS; c++)
			free(s.rows[i].text[c]);
	free(s.rows);
}
