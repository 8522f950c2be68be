/* SPDX-License-Identifier: MIT */
#include "report/summary.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/safe_text.h"
#include "base/units.h"
#include "report/missed.h"

#define NAME_COLUMNS   24
#define ROWS_SHOWN     20
#define WIDTH	       80
#define UNPRICED_SHOWN 3

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

unsigned summary_name(struct buf *out, const struct run_report *r, const char *name, unsigned max)
{
	unsigned columns;
	struct buf all;

	buf_init(&all, 64 << 10);
	columns = safe_text_add(&all, span_str(name), r->utf8, UINT_MAX);
	if (columns <= max)
		buf_add(out, buf_span(&all));
	else /* which ends in "..." */
		columns = safe_text_add(out, span_str(name), r->utf8, max < 3 ? 0 : max - 3);
	buf_done(&all);
	return columns;
}

unsigned summary_who(struct buf *out, const struct run_report *r, const char *program, uint32_t pid,
		     uint64_t processes)
{
	unsigned columns = summary_name(out, r, program, UINT_MAX);
	size_t before = out->len;

	if (pid)
		buf_addf(out, "[%u]", pid);
	else
		buf_addf(out, " (%" PRIu64 " process%s)", processes, processes == 1 ? "" : "es");
	return columns + (unsigned)(out->len - before);
}

static const char *dot(const struct run_report *r)
{
	return r->utf8 ? " · " : ", ";
}

/* ---- the head ---- */

static void write_spent(struct buf *out, const struct run_report *r, const struct spend_sum *s)
{
	bool tokens = s->input || s->output;

	if (tokens) {
		buf_addf(out, "%s%s%s in", dot(r), text_tokens((uint64_t)s->input).text,
			 s->no_tokens ? "+" : "");
		if (s->cached && s->cache_input)
			buf_addf(out, " (%s cached)",
				 text_percent((uint64_t)s->cached, (uint64_t)s->cache_input).text);
		buf_addf(out, " %s %s%s out", r->utf8 ? "→" : "->",
			 text_tokens((uint64_t)s->output).text, s->no_tokens ? "+" : "");
	} else if (s->no_tokens) {
		buf_addf(out, "%stokens unknown", dot(r));
	}
	if (s->usd > 0)
		buf_addf(out, "%s%s%s", dot(r), text_usd(s->usd).text,
			 s->no_cost || s->at_least ? "+" : "");
	else if (s->no_cost)
		buf_addf(out, "%scost unknown", dot(r));
	else if (s->free)
		buf_addf(out, "%sfree", dot(r));
}

void summary_write_head(struct buf *out, const struct run_report *r)
{
	const struct spend_sum *s = r->totals ? &r->totals->spend->all : NULL;

	if (r->duration_ns)
		buf_addf(out, "%s%s", text_duration(r->duration_ns).text, dot(r));
	if (!s || !s->calls) {
		buf_adds(out, "no calls to models");
		return;
	}
	buf_addf(out, "%" PRIu64 " call%s", s->calls, plural(s->calls));
	if (s->failed)
		buf_addf(out, " (%" PRIu64 " failed)", s->failed);
	write_spent(out, r, s);
}

static void rule(struct buf *out, const struct run_report *r, size_t columns)
{
	for (size_t i = 0; i < columns; i++)
		buf_adds(out, r->utf8 ? "─" : "-");
}

/* Bytes that begin a character: what this file writes is one column wide. */
static size_t columns_of(const struct buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += (b->ptr[i] & 0xc0) != 0x80;
	return n;
}

static void write_head(struct buf *out, const struct run_report *r)
{
	size_t width = r->width ? r->width : WIDTH, used;
	struct buf head;

	buf_init(&head, 1024);
	summary_write_head(&head, r);
	used = columns_of(&head) + 4;
	rule(out, r, 2);
	buf_addf(out, " %s ", head.ptr);
	rule(out, r, used < width ? width - used : 0);
	buf_addc(out, '\n');
	buf_done(&head);
}

/* ---- notes ---- */

/* Short items, with a dot between them; an item that does not fit begins a line of its own. */
struct line {
	struct buf *out;
	const struct run_report *r;
	size_t count, column;
};

static void put(struct line *l, const struct buf *item)
{
	size_t width = l->r->width ? l->r->width : WIDTH, columns = columns_of(item);
	bool fits = l->column + 3 + columns <= width;

	buf_adds(l->out, !l->count ? " " : fits ? dot(l->r) : "\n ");
	buf_add(l->out, buf_span(item));
	l->column = (l->count && fits ? l->column + 3 : 1) + columns;
	l->count++;
}

static void end_line(struct line *l)
{
	if (l->count)
		buf_addc(l->out, '\n');
}

static void __attribute__((format(printf, 2, 3))) note(struct line *l, const char *fmt, ...)
{
	struct buf item;
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_init(&item, sizeof(text));
	buf_adds(&item, text);
	put(l, &item);
	buf_done(&item);
}

/* Which models have no price, for who wants to give them one. */
static void add_unpriced(struct buf *out, const struct run_report *r, const struct spend_table *t)
{
	size_t shown = 0;

	for (size_t i = 0; i < t->count && shown <= UNPRICED_SHOWN; i++) {
		if (!t->rows[i]->sum.no_cost || t->rows[i]->nameless)
			continue;
		buf_adds(out, shown++ ? ", " : " (");
		if (shown > UNPRICED_SHOWN)
			buf_adds(out, "...");
		else
			summary_name(out, r, t->rows[i]->name, 40);
	}
	buf_adds(out, shown ? ")" : "");
}

static void note_no_cost(struct line *l, const struct spend *s)
{
	struct buf item;

	buf_init(&item, 4096);
	buf_addf(&item, "cost of %" PRIu64 " call%s unknown", s->all.no_cost,
		 plural(s->all.no_cost));
	add_unpriced(&item, l->r, &s->models);
	put(l, &item);
	buf_done(&item);
}

static void write_notes(struct buf *out, const struct run_report *r)
{
	const struct totals *t = r->totals;
	const struct spend *s = t->spend;
	struct line l = { .out = out, .r = r };
	uint64_t other = t->exchanges - t->llm;

	if (s->counts)
		note(&l, "%" PRIu64 " token count%s", s->counts, plural(s->counts));
	if (s->all.no_tokens)
		note(&l, "tokens of %" PRIu64 " call%s unknown", s->all.no_tokens,
		     plural(s->all.no_tokens));
	if (s->all.no_cost)
		note_no_cost(&l, s);
	if (t->unselected)
		note(&l, "%" PRIu64 " not selected", t->unselected);
	if (t->twice)
		note(&l, "%" PRIu64 " call%s seen at both ends", t->twice, plural(t->twice));
	if (t->passed_on)
		note(&l, "%" PRIu64 " call%s passed on by a gateway", t->passed_on,
		     plural(t->passed_on));
	if (other)
		note(&l, "%" PRIu64 " other exchange%s", other, plural(other));
	end_line(&l);
}

/* " 3 alerts: aws-key (2), loop:5" */
static void write_alerts(struct buf *out, const struct run_report *r)
{
	const struct totals *t = r->totals;

	if (!t->alerts)
		return;
	buf_addf(out, " %" PRIu64 " alert%s: ", t->alerts, plural(t->alerts));
	for (size_t i = 0; i < t->nalert_counts; i++) {
		buf_adds(out, i ? ", " : "");
		summary_name(out, r, t->alert_counts[i].rule, 40);
		if (t->alert_counts[i].count > 1)
			buf_addf(out, " (%" PRIu64 ")", t->alert_counts[i].count);
	}
	buf_addc(out, '\n');
}

/* Where no call was seen, what else was: for who expected some. */
static void write_traffic(struct buf *out, const struct run_report *r)
{
	const struct report_traffic *t = &r->traffic;

	if (!t->conns)
		return;
	buf_addf(out, " %" PRIu64 " connection%s captured (%s)", t->conns, plural(t->conns),
		 text_bytes(t->bytes).text);
	if (t->opaque_conns)
		buf_addf(out, "; %" PRIu64 " without HTTP (%s)", t->opaque_conns,
			 text_bytes(t->opaque_bytes).text);
	buf_addc(out, '\n');
}

/* ---- what was missed ---- */

static bool is_same(const struct unseen_note *a, const struct unseen_note *b)
{
	return a->processes && b->processes && strcmp(a->name, b->name) == 0 &&
	       strcmp(a->reason, b->reason) == 0;
}

/* How many processes are like this one; 0 when one before it was. */
static uint64_t count_same(const struct unseen *u, size_t at)
{
	uint64_t same = 0;

	for (size_t i = 0; i < u->count; i++) {
		if (!is_same(&u->items[i], &u->items[at]))
			continue;
		if (i < at)
			return 0;
		same += u->items[i].processes;
	}
	return same;
}

static uint64_t count_unseen(const struct unseen *u)
{
	uint64_t n = 0;

	for (size_t i = 0; u && i < u->count; i++)
		n += count_same(u, i) != 0;
	return n;
}

struct missed_line {
	struct buf *out;
	const struct run_report *r;
	size_t count;
};

static void add_missed(void *arg, const char *text, uint64_t count)
{
	struct missed_line *l = arg;

	buf_adds(l->out, l->count++ ? dot(l->r) : " missed: ");
	buf_adds(l->out, text);
}

/* However much it was: one line, for who searches it. */
static void write_missed(struct buf *out, const struct run_report *r)
{
	struct missed_line l = { .out = out, .r = r };
	uint64_t blind = count_unseen(r->unseen);

	missed_each(r, add_missed, &l);
	if (!l.count && !blind)
		buf_adds(out, " nothing was missed");
	if (blind)
		buf_addf(out, "%s%" PRIu64 " program%s could not be seen:", l.count ? dot(r) : " ",
			 blind, plural(blind));
	buf_addc(out, '\n');
}

static void write_note(struct buf *out, const struct run_report *r, const struct unseen_note *n,
		       uint64_t same)
{
	buf_adds(out, "   ");
	summary_who(out, r, n->name, same == 1 ? (uint32_t)n->pid : 0, same);
	buf_adds(out, ": ");
	summary_name(out, r, n->reason, UINT_MAX);
	if (n->remedy) {
		buf_adds(out, r->utf8 ? " → " : " -> ");
		summary_name(out, r, n->remedy, UINT_MAX);
	}
	buf_addc(out, '\n');
}

/* Processes of one program with one reason are one line. Files are listed elsewhere. */
static void write_unseen(struct buf *out, const struct run_report *r)
{
	size_t shown = 0;

	for (size_t i = 0; r->unseen && i < r->unseen->count; i++) {
		uint64_t same = count_same(r->unseen, i);

		if (same && shown++ < ROWS_SHOWN)
			write_note(out, r, &r->unseen->items[i], same);
	}
	if (shown > ROWS_SHOWN)
		buf_addf(out, "   and %zu more\n", shown - ROWS_SHOWN);
}

static void write_file(struct buf *out, const struct run_report *r, const struct report_file *f)
{
	const char *problem = f->problem ? f->problem : f->hooked ? "" : "not tried";

	buf_adds(out, f->hooked ? " hooked " : " not hooked: ");
	summary_name(out, r, f->name, UINT_MAX);
	if (f->hooked)
		buf_addf(out, " (%s)%s", f->found, *problem ? "; not hooked" : "");
	buf_adds(out, *problem ? ": " : "");
	summary_name(out, r, problem, UINT_MAX);
	buf_addc(out, '\n');
}

/* Outputs that did not get all that was meant for them. */
static void write_output(struct buf *out, const struct run_report *r, const struct output_totals *o)
{
	if (!o->dropped && !o->failed && !o->problem[0])
		return;
	buf_adds(out, " output ");
	summary_name(out, r, o->name, UINT_MAX);
	buf_addf(out, ": %" PRIu64 " record%s written", o->written, plural(o->written));
	if (o->dropped)
		buf_addf(out, ", %" PRIu64 " dropped because it is too slow", o->dropped);
	if (o->failed)
		buf_addf(out, ", %" PRIu64 " failed", o->failed);
	if (o->problem[0]) {
		buf_adds(out, ": ");
		summary_name(out, r, o->problem, UINT_MAX);
	}
	buf_addc(out, '\n');
}

void summary_write(struct buf *out, const struct run_report *r)
{
	write_head(out, r);
	if (r->totals) {
		summary_write_tables(out, r);
		write_notes(out, r);
		write_alerts(out, r);
	}
	if (!r->totals || !r->totals->spend->all.calls)
		write_traffic(out, r);
	write_missed(out, r);
	write_unseen(out, r);
	for (size_t i = 0; i < r->nfiles; i++)
		write_file(out, r, &r->files[i]);
	for (size_t i = 0; i < r->noutputs; i++)
		write_output(out, r, &r->outputs[i]);
}

/* ---- traffic of each process ---- */

static void write_process(struct buf *out, const struct run_report *report,
			  const struct process_row *r)
{
	unsigned n;

	buf_addc(out, ' ');
	n = summary_who(out, report, r->program, r->tgid, r->processes);
	buf_addf(out, "%*s %6" PRIu64 " %6" PRIu64 " %10s %10s",
		 n < NAME_COLUMNS ? (int)(NAME_COLUMNS - n) : 0, "", r->calls, r->others,
		 text_bytes(r->bytes[DIR_WRITE]).text, text_bytes(r->bytes[DIR_READ]).text);
	for (size_t i = 0; i < PROCESS_HOSTS && r->hosts[i][0]; i++) {
		buf_adds(out, i ? ", " : "  ");
		summary_name(out, report, r->hosts[i], UINT_MAX);
	}
	buf_adds(out, r->more_hosts ? " and more" : "");
	if (r->opaque)
		buf_addf(out, "  (%" PRIu64 " of %" PRIu64 " connection%s without HTTP)", r->opaque,
			 r->conns, plural(r->conns));
	buf_addc(out, '\n');
}

void summary_write_map(struct buf *out, const struct run_report *r)
{
	size_t count = 0, n = 0;
	const struct process_row *rows =
		r->processes ? process_stats_rows(r->processes, &count) : NULL;
	struct process_row *sums = process_rows_sum_up(rows, count, &n);

	summary_write(out, r);
	if (n)
		buf_addf(out, " %-*s %6s %6s %10s %10s  %s\n", NAME_COLUMNS, "TRAFFIC OF", "CALLS",
			 "OTHER", "SENT", "RECEIVED", "HOSTS");
	for (size_t i = 0; i < n && i < ROWS_SHOWN; i++)
		write_process(out, r, &sums[i]);
	if (n > ROWS_SHOWN)
		buf_addf(out, " and %zu more\n", n - ROWS_SHOWN);
	free(sums);
}
