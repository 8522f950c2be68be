/* SPDX-License-Identifier: MIT */
#include "report/summary.h"

#include <inttypes.h>
#include <limits.h>
#include <linux/types.h>
#include <stdlib.h>
#include <string.h>

#include "base/safe_text.h"
#include "probes/event.h"
#include "base/units.h"

#define NAME_COLUMNS 24
#define ROWS_SHOWN   20

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void write_totals(struct buf *out, const struct totals *w)
{
	uint64_t other = w->exchanges - w->llm;

	if (w->twice == 1)
		buf_adds(out, "llm-spy: 1 call was captured at both ends and is shown once\n");
	else if (w->twice)
		buf_addf(out,
			 "llm-spy: %" PRIu64
			 " calls were captured at both ends and are shown once\n",
			 w->twice);
	buf_addf(out, "llm-spy: %" PRIu64 " model call%s", w->llm, plural(w->llm));
	if (other)
		buf_addf(out, " and %" PRIu64 " other exchange%s", other, plural(other));
	buf_addf(out, " shown: %s sent, %s received", text_bytes(w->request_bytes).text,
		 text_bytes(w->response_bytes).text);
	if (w->errors)
		buf_addf(out, "; %" PRIu64 " failed", w->errors);
	if (w->incomplete)
		buf_addf(out, "; %" PRIu64 " incomplete", w->incomplete);
	buf_addc(out, '\n');
}

static void write_traffic(struct buf *out, const struct report_traffic *t)
{
	buf_addf(out,
		 "llm-spy: %" PRIu64 " connection%s, %s captured; %s missing in %" PRIu64
		 " gap%s\n",
		 t->conns, plural(t->conns), text_bytes(t->bytes).text,
		 text_bytes(t->missing_bytes).text, t->gaps, plural(t->gaps));
	if (t->opaque_conns)
		buf_addf(out, "llm-spy: %" PRIu64 " connection%s carried no HTTP (%s)\n",
			 t->opaque_conns, plural(t->opaque_conns),
			 text_bytes(t->opaque_bytes).text);
	if (t->protocol_errors)
		buf_addf(out, "llm-spy: %" PRIu64 " connection%s ended in malformed HTTP\n",
			 t->protocol_errors, plural(t->protocol_errors));
}

/* Each counter of the probe that tells of something not seen. */
static void write_losses(struct buf *out, const struct run_report *r)
{
	static const struct {
		enum spy_counter which;
		const char *what;
	} rows[] = {
		{ SPY_N_NOSPACE, "fragments were dropped because the buffer was full (try a larger "
				 "--buffer-size)" },
		{ SPY_N_FAULT, "fragments could not be read from the program's memory" },
		{ SPY_N_CUT, "reads or writes exceeded --call-limit and were cut" },
		{ SPY_N_ORPHAN, "reads or writes returned whose start was not captured" },
		{ SPY_N_TABLE_FULL,
		  "reads or writes were missed because a table of the probe was full" },
		{ SPY_N_UNJOINED,
		  "directions of rustls connections could not be matched with the opposite one" },
	};

	if (r->lost)
		buf_addf(out,
			 "llm-spy: %" PRIu64 " event%s lost because the kernel's buffer was full "
			 "(try a larger --buffer-size)\n",
			 r->lost, plural(r->lost));
	if (r->unscanned)
		buf_addf(out, "llm-spy: %" PRIu64 " file%s could not be scanned for TLS\n",
			 r->unscanned, plural(r->unscanned));
	if (r->killed)
		buf_addf(out,
			 "llm-spy: another process killed the file scanner %" PRIu64 " time%s\n",
			 r->killed, plural(r->killed));
	for (size_t i = 0; r->counters && i < sizeof(rows) / sizeof(*rows); i++)
		if (r->counters[rows[i].which])
			buf_addf(out, "llm-spy: %" PRIu64 " %s\n", r->counters[rows[i].which],
				 rows[i].what);
}

static void write_limits(struct buf *out, const struct limits *l)
{
	for (size_t i = 0; l && i < LIMIT_COUNT; i++)
		if (l->hits[i])
			buf_addf(out, "llm-spy: limit %s (%zu) was reached %" PRIu64 " time%s\n",
				 limit_infos[i].name, l->max[i], l->hits[i], plural(l->hits[i]));
}

/* ---- who was seen, and who not ---- */

/* Names are the programs' own. Returns how many columns were written. */
static unsigned write_name(struct buf *out, const struct run_report *r, const char *name)
{
	return safe_text_add(out, span_str(name), r->utf8, UINT_MAX);
}

static unsigned write_who(struct buf *out, const struct run_report *r, const char *program,
			  uint32_t pid, uint64_t processes)
{
	unsigned columns = write_name(out, r, program);
	size_t before = out->len;

	if (pid)
		buf_addf(out, "[%u]", pid);
	else
		buf_addf(out, " (%" PRIu64 " process%s)", processes, processes == 1 ? "" : "es");
	return columns + (unsigned)(out->len - before);
}

static void write_process(struct buf *out, const struct run_report *report,
			  const struct process_row *r)
{
	unsigned n;

	buf_adds(out, "llm-spy:   ");
	n = write_who(out, report, r->program, r->tgid, r->processes);
	buf_addf(out, "%*s %6" PRIu64 " %6" PRIu64 " %10s %10s",
		 n < NAME_COLUMNS ? (int)(NAME_COLUMNS - n) : 0, "", r->calls, r->others,
		 text_bytes(r->bytes[DIR_WRITE]).text, text_bytes(r->bytes[DIR_READ]).text);
	for (size_t i = 0; i < PROCESS_HOSTS && r->hosts[i][0]; i++) {
		buf_adds(out, i ? ", " : "  ");
		write_name(out, report, r->hosts[i]);
	}
	buf_adds(out, r->more_hosts ? " and more" : "");
	if (r->opaque)
		buf_addf(out, "  (%" PRIu64 " of %" PRIu64 " connection%s without HTTP)", r->opaque,
			 r->conns, plural(r->conns));
	buf_addc(out, '\n');
}

static void write_processes(struct buf *out, const struct run_report *r)
{
	size_t count, n;
	const struct process_row *rows = process_stats_rows(r->processes, &count);
	struct process_row *sums = process_rows_sum_up(rows, count, &n);

	if (n)
		buf_addf(out, "llm-spy: %-*s %6s %6s %10s %10s  %s\n", NAME_COLUMNS + 2,
			 "traffic by process", "calls", "other", "sent", "received", "hosts");
	for (size_t i = 0; i < n && i < ROWS_SHOWN; i++)
		write_process(out, r, &sums[i]);
	if (n > ROWS_SHOWN)
		buf_addf(out, "llm-spy:   and %zu more\n", n - ROWS_SHOWN);
	free(sums);
}

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

static void write_note(struct buf *out, const struct run_report *r, const struct unseen_note *n,
		       uint64_t same)
{
	buf_adds(out, "llm-spy: not captured: ");
	write_who(out, r, n->name, same == 1 ? (uint32_t)n->pid : 0, same);
	buf_adds(out, ": ");
	write_name(out, r, n->reason);
	buf_addc(out, '\n');
	if (!n->remedy)
		return;
	buf_adds(out, "llm-spy:   -> ");
	write_name(out, r, n->remedy);
	buf_addc(out, '\n');
}

/* Processes of one program with one reason are one line. Files are listed elsewhere. */
static void write_unseen(struct buf *out, const struct run_report *r)
{
	size_t shown = 0;

	for (size_t i = 0; i < r->unseen->count; i++) {
		uint64_t same = count_same(r->unseen, i);

		if (same && shown++ < ROWS_SHOWN)
			write_note(out, r, &r->unseen->items[i], same);
	}
	if (shown > ROWS_SHOWN)
		buf_addf(out, "llm-spy: not captured: and %zu more\n", shown - ROWS_SHOWN);
}

void summary_write_map(struct buf *out, const struct run_report *r)
{
	if (r->processes)
		write_processes(out, r);
	if (r->unseen)
		write_unseen(out, r);
}

static void write_file(struct buf *out, const struct run_report *r, const struct report_file *f)
{
	const char *problem = f->problem ? f->problem : f->hooked ? "" : "not tried";

	buf_adds(out, f->hooked ? "llm-spy: hooked " : "llm-spy: not hooked: ");
	write_name(out, r, f->name);
	if (f->hooked)
		buf_addf(out, " (%s)%s", f->found, *problem ? "; not hooked" : "");
	buf_adds(out, *problem ? ": " : "");
	write_name(out, r, problem);
	buf_addc(out, '\n');
}

static void write_files(struct buf *out, const struct run_report *r)
{
	for (size_t i = 0; i < r->nfiles; i++)
		write_file(out, r, &r->files[i]);
	if (r->files_more)
		buf_addf(out, "llm-spy: hooked %" PRIu64 " %sfile%s (--debug lists them)\n",
			 r->files_more, r->files_more < r->files_hooked ? "more " : "",
			 plural(r->files_more));
}

/* Files first, for what follows is read first from the end. */
/* Outputs that did not get all that was meant for them. */
static void write_outputs(struct buf *out, const struct run_report *r)
{
	for (size_t i = 0; i < r->noutputs; i++) {
		const struct output_totals *o = &r->outputs[i];

		if (!o->dropped && !o->failed && !o->problem[0])
			continue;
		buf_adds(out, "llm-spy: output ");
		write_name(out, r, o->name);
		buf_addf(out, ": %" PRIu64 " record%s written", o->written, plural(o->written));
		if (o->dropped)
			buf_addf(out, ", %" PRIu64 " dropped because it is too slow", o->dropped);
		if (o->failed)
			buf_addf(out, ", %" PRIu64 " failed", o->failed);
		if (o->problem[0]) {
			buf_adds(out, ": ");
			write_name(out, r, o->problem);
		}
		buf_addc(out, '\n');
	}
}

void summary_write(struct buf *out, const struct run_report *r)
{
	write_files(out, r);
	summary_write_map(out, r);
	write_traffic(out, &r->traffic);
	write_losses(out, r);
	write_limits(out, r->limits);
	write_outputs(out, r);
	if (!r->totals)
		return;
	spend_write(out, r->totals->spend, r->utf8, r->user_name);
	write_totals(out, r->totals);
}
