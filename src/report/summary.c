/* SPDX-License-Identifier: MIT */
#include "report/summary.h"

#include <inttypes.h>
#include <linux/types.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#ifdef HAVE_BPF
#include "discover/discover.h"
#endif
#include "probes/event.h"
#include "report/spend.h"
#include "report/unseen.h"

#define NAME_COLUMNS 24
#define ROWS_SHOWN   20

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

const char *size_text(uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	static char texts[4][32];
	static unsigned turn;
	char *text = texts[turn++ % 4];
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1024 && unit < 4) {
		value /= 1024;
		unit++;
	}
	snprintf(text, sizeof(texts[0]), unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
	return text;
}

static void print_calls(FILE *out, const struct summary *s)
{
	const struct fanout *w = s->show;
	uint64_t other = w->shown - w->llm;

	if (w->twice == 1)
		fprintf(out, "llm-spy: 1 call was seen at both ends and is shown once\n");
	else if (w->twice)
		fprintf(out,
			"llm-spy: %" PRIu64 " calls were seen at both ends and are shown once\n",
			w->twice);
	fprintf(out, "llm-spy: %" PRIu64 " model call%s", w->llm, plural(w->llm));
	if (other)
		fprintf(out, " and %" PRIu64 " other exchange%s", other, plural(other));
	fprintf(out, " shown: %s sent, %s received", size_text(w->request_bytes),
		size_text(w->response_bytes));
	if (w->errors)
		fprintf(out, "; %" PRIu64 " failed", w->errors);
	if (w->incomplete)
		fprintf(out, "; %" PRIu64 " incomplete", w->incomplete);
	fputc('\n', out);
}

static void print_streams(FILE *out, const struct summary *s)
{
	struct pipeline_stats p = pipeline_stats(s->pipeline);

	fprintf(out,
		"llm-spy: %" PRIu64 " connection%s, %s captured; %s missing in %" PRIu64 " gap%s\n",
		p.stream->conns, plural(p.stream->conns),
		size_text(p.stream->bytes[0] + p.stream->bytes[1]),
		size_text(p.stream->missing_bytes), p.stream->gaps, plural(p.stream->gaps));
	if (p.opaque_conns)
		fprintf(out, "llm-spy: %" PRIu64 " connection%s spoke no HTTP (%s)\n",
			p.opaque_conns, plural(p.opaque_conns), size_text(p.opaque_bytes));
	if (p.garbled_conns)
		fprintf(out, "llm-spy: %" PRIu64 " connection%s broke off in malformed HTTP\n",
			p.garbled_conns, plural(p.garbled_conns));
}

/* Each counter of the probe that tells of something not seen. */
static void print_losses(FILE *out, const struct summary *s)
{
	static const struct {
		enum spy_counter which;
		const char *what;
	} rows[] = {
		{ SPY_N_NOSPACE, "fragments found the buffer full (try a larger --buffer-size)" },
		{ SPY_N_FAULT, "fragments could not be read from the program's memory" },
		{ SPY_N_CUT, "calls were longer than --call-limit and were cut" },
		{ SPY_N_ORPHAN, "calls returned whose beginning was not seen" },
		{ SPY_N_TABLE_FULL, "calls found a table of the probe full" },
		{ SPY_N_UNJOINED,
		  "directions of rustls connections could not be joined to the other" },
	};

	if (s->lost)
		fprintf(out,
			"llm-spy: %" PRIu64 " event%s lost in the kernel's buffer (try a larger "
			"--buffer-size)\n",
			s->lost, plural(s->lost));
	if (s->unsearched)
		fprintf(out, "llm-spy: %" PRIu64 " file%s could not be searched for TLS\n",
			s->unsearched, plural(s->unsearched));
	if (s->killed)
		fprintf(out, "llm-spy: %" PRIu64 " search%s for TLS w%s killed by somebody else\n",
			s->killed, s->killed == 1 ? "" : "es", s->killed == 1 ? "as" : "ere");
	for (size_t i = 0; s->counters && i < sizeof(rows) / sizeof(*rows); i++)
		if (s->counters[rows[i].which])
			fprintf(out, "llm-spy: %" PRIu64 " %s\n", s->counters[rows[i].which],
				rows[i].what);
	for (size_t i = 0; i < LIMIT_COUNT; i++)
		if (s->limits->hits[i])
			fprintf(out, "llm-spy: limit %s (%zu) was reached %" PRIu64 " time%s\n",
				limit_infos[i].name, s->limits->max[i], s->limits->hits[i],
				plural(s->limits->hits[i]));
}

/* ---- who was seen, and who not ---- */

/* Names are the programs' own: no control character of theirs may reach the terminal. Returns how
 * many characters were written. */
static int print_name(FILE *out, const char *name)
{
	int n = 0;

	for (; *name; name++, n++)
		fputc((unsigned char)*name < ' ' || *name == 0x7f ? '?' : *name, out);
	return n;
}

static int print_who(FILE *out, const char *program, uint32_t pid, uint64_t processes)
{
	int n = print_name(out, program);

	if (pid)
		return n + fprintf(out, "[%u]", pid);
	return n + fprintf(out, " (%" PRIu64 " process%s)", processes, processes == 1 ? "" : "es");
}

static void print_seen(FILE *out, const struct process_row *r)
{
	int n = fprintf(out, "llm-spy:   ") - 11;

	n += print_who(out, r->program, r->tgid, r->processes);
	fprintf(out, "%*s %6" PRIu64 " %6" PRIu64 " %10s %10s",
		n < NAME_COLUMNS ? NAME_COLUMNS - n : 0, "", r->calls, r->others,
		size_text(r->bytes[DIR_WRITE]), size_text(r->bytes[DIR_READ]));
	for (size_t i = 0; i < PROCESS_HOSTS && r->hosts[i][0]; i++) {
		fputs(i ? ", " : "  ", out);
		print_name(out, r->hosts[i]);
	}
	fputs(r->more_hosts ? " and more" : "", out);
	if (r->opaque)
		fprintf(out, "  (%" PRIu64 " of %" PRIu64 " connection%s without HTTP)", r->opaque,
			r->conns, plural(r->conns));
	fputc('\n', out);
}

static void print_all_seen(FILE *out, const struct process_stats *seen)
{
	size_t count, n;
	const struct process_row *rows = process_stats_rows(seen, &count);
	struct process_row *sums = process_rows_sum_up(rows, count, &n);

	if (n)
		fprintf(out, "llm-spy: %-*s %6s %6s %10s %10s  %s\n", NAME_COLUMNS + 2,
			"traffic by process", "calls", "other", "sent", "received", "with");
	for (size_t i = 0; i < n && i < ROWS_SHOWN; i++)
		print_seen(out, &sums[i]);
	if (n > ROWS_SHOWN)
		fprintf(out, "llm-spy:   and %zu more\n", n - ROWS_SHOWN);
	free(sums);
}

static bool is_same(const struct unseen_note *a, const struct unseen_note *b)
{
	return a->processes && b->processes && strcmp(a->name, b->name) == 0 &&
	       strcmp(a->reason, b->reason) == 0;
}

/* Processes of one program with one reason are one line. Files are listed elsewhere. */
static void print_unseen(FILE *out, const struct unseen *notes)
{
	size_t shown = 0;

	for (size_t i = 0; i < notes->count; i++) {
		const struct unseen_note *n = &notes->items[i];
		uint64_t same = 0;
		size_t first = 0;

		while (!is_same(&notes->items[first], n) && first < i)
			first++;
		for (size_t k = i; k < notes->count; k++)
			same += is_same(&notes->items[k], n) ? notes->items[k].processes : 0;
		if (first < i || !n->processes || shown++ >= ROWS_SHOWN)
			continue;
		fputs("llm-spy: not seen: ", out);
		print_who(out, n->name, same == 1 ? (uint32_t)n->pid : 0, same);
		fprintf(out, ": %s\n", n->reason);
		if (n->remedy)
			fprintf(out, "llm-spy:   -> %s\n", n->remedy);
	}
	if (shown > ROWS_SHOWN)
		fprintf(out, "llm-spy: not seen: and %zu more\n", shown - ROWS_SHOWN);
}

void summary_print_map(FILE *out, const struct process_stats *seen, const struct unseen *notes)
{
	print_all_seen(out, seen);
	if (notes)
		print_unseen(out, notes);
	fflush(out);
}

#ifdef HAVE_BPF

static void print_target(FILE *out, const struct target *t)
{
	fputs(t->links.hooked ? "llm-spy: hooked " : "llm-spy: not hooked: ", out);
	print_name(out, t->name);
	if (t->links.hooked)
		fprintf(out, " (%s)%s%s\n", t->found,
			t->links.problem ? "; not hooked in it: " : "",
			t->links.problem ? t->links.problem : "");
	else
		fprintf(out, ": %s\n", t->links.problem ? t->links.problem : "never tried");
}

/* What matters of the files: those that the user named or that somebody is known to have used, and
 * those that somebody could not be seen for. */
static void print_targets(FILE *out, const struct summary *s)
{
	const struct target_list *l = discover_targets(s->discover);
	size_t rest = 0;

	for (size_t i = 0; i < l->count; i++) {
		const struct target *t = &l->items[i];

		if (!t->tls || t->changed)
			continue;
		if (s->every_file || t->named || (t->links.hooked ? t->used : t->mapped))
			print_target(out, t);
		else
			rest += t->links.hooked;
	}
	if (rest)
		fprintf(out, "llm-spy: hooked %zu %sfile%s (--debug names them)\n", rest,
			rest < target_count_hooked(l) ? "more " : "", plural(rest));
}

#endif

/* Files first, for what follows is read first from the end. */
static void print_coverage(FILE *out, const struct summary *s)
{
	struct unseen notes = { 0 };

#ifdef HAVE_BPF
	if (s->discover) {
		print_targets(out, s);
		discover_unseen(s->discover, &notes);
	}
#endif
	summary_print_map(out, pipeline_process_stats(s->pipeline), &notes);
	unseen_done(&notes);
}

void summary_print(FILE *out, const struct summary *s)
{
	print_coverage(out, s);
	print_streams(out, s);
	print_losses(out, s);
	spend_print(out, s->show->totals);
	print_calls(out, s);
	fflush(out);
}
