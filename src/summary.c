/* SPDX-License-Identifier: MIT */
#include "summary.h"

#include <inttypes.h>
#include <linux/types.h>

#include "config.h"
#ifdef HAVE_BPF
#include "attach/discover.h"
#endif
#include "probes/event.h"
#include "totals.h"

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* 1536 -> "1.5 KiB", in one of a few buffers that take turns. */
static const char *size_text(uint64_t bytes)
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
	const struct show *w = s->show;
	uint64_t other = w->shown - w->llm;

	if (w->twice == 1)
		fprintf(out, "llm-spy: 1 call was seen at both ends and is shown once\n");
	else if (w->twice)
		fprintf(out, "llm-spy: %" PRIu64 " calls were seen at both ends and are shown once\n",
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

	fprintf(out, "llm-spy: %" PRIu64 " connection%s, %s captured; %s missing in %" PRIu64 " gap%s\n",
		p.stream->conns, plural(p.stream->conns),
		size_text(p.stream->bytes[0] + p.stream->bytes[1]),
		size_text(p.stream->missing_bytes), p.stream->gaps, plural(p.stream->gaps));
	if (p.opaque_conns)
		fprintf(out, "llm-spy: %" PRIu64 " connection%s spoke no HTTP (%s)\n", p.opaque_conns,
			plural(p.opaque_conns), size_text(p.opaque_bytes));
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
		{ SPY_N_UNJOINED, "directions of rustls connections could not be joined to the other" },
	};

	if (s->lost)
		fprintf(out, "llm-spy: %" PRIu64 " event%s lost in the kernel's buffer (try a larger "
			"--buffer-size)\n", s->lost, plural(s->lost));
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

#ifdef HAVE_BPF

/* Names are the programs' own: no control character of theirs may reach the terminal. */
static void print_name(FILE *out, const char *name)
{
	for (; *name; name++)
		fputc((unsigned char)*name < ' ' || *name == 0x7f ? '?' : *name, out);
}

static void print_target(FILE *out, const struct target *t)
{
	fputs(t->hooked ? "llm-spy: hooked " : "llm-spy: not hooked: ", out);
	print_name(out, t->name);
	if (t->hooked)
		fprintf(out, " (%s)%s%s\n", t->found, t->problem ? "; not hooked in it: " : "",
			t->problem ? t->problem : "");
	else
		fprintf(out, ": %s\n", t->problem ? t->problem : "never tried");
}

static void print_coverage(FILE *out, const struct summary *s)
{
	const struct target_list *l = s->discover ? discover_targets(s->discover) : NULL;
	const struct blind *blind;
	size_t n = 0;

	for (size_t i = 0; l && i < l->count; i++)
		if (l->items[i].tls && !l->items[i].changed)
			print_target(out, &l->items[i]);
	blind = l ? discover_blind(s->discover, &n) : NULL;
	for (size_t i = 0; i < n; i++) {
		fputs("llm-spy: not seen: ", out);
		print_name(out, blind[i].program);
		fprintf(out, "[%d]: %s (llm-spy targets says what helps)\n", (int)blind[i].pid,
			blind[i].reason);
	}
}

#endif

void summary_print(FILE *out, const struct summary *s)
{
#ifdef HAVE_BPF
	print_coverage(out, s);
#endif
	print_streams(out, s);
	print_losses(out, s);
	totals_print(out, s->show->totals);
	print_calls(out, s);
	fflush(out);
}
