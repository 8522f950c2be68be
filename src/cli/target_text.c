/* SPDX-License-Identifier: MIT */
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/target_row.h"
#include "base/units.h"
#include "sink/term.h"

#define PROGRAM_COLUMNS 24
/* Where what is known of a process begins: beside the rest of its row, below it on a narrow
 * terminal. */
#define BESIDE_COLUMN 64
#define BELOW_COLUMN  10
#define WIDE_COLUMNS  120

unsigned target_detail_column(void)
{
	struct winsize w;
	bool narrow =
		ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col && w.ws_col < WIDE_COLUMNS;

	return narrow ? BELOW_COLUMN : BESIDE_COLUMN;
}

void target_print_head(FILE *out, unsigned column)
{
	fprintf(out, "%8s  %-*s  %-8s%6s  %10s  %s\n", "PID", PROGRAM_COLUMNS, "PROGRAM", "STATUS",
		"CALLS", "BYTES", column == BESIDE_COLUMN ? "TLS / REASON" : "");
}

static void pad(struct term *t, unsigned column)
{
	while (t->column < column)
		term_own(t, " ");
}

static void print_seen(struct term *t, const struct target_row *r)
{
	const struct process_row *s = r->seen;

	if (s)
		term_ownf(t, "%6llu  %10s  ", (unsigned long long)s->calls,
			  text_bytes(s->bytes[DIR_WRITE] + s->bytes[DIR_READ]).text);
	else
		term_ownf(t, "%6s  %10s  ", "-", "-");
}

static void print_hosts(struct term *t, const struct process_row *s)
{
	for (size_t i = 0; i < PROCESS_HOSTS && s->hosts[i][0]; i++) {
		term_own(t, i ? ", " : "with ");
		term_inline(t, span_str(s->hosts[i]), PROCESS_HOST_LEN);
	}
}

/* A further line of the same row. */
static void next(struct term *t, unsigned column)
{
	if (t->column > column)
		term_ownf(t, "\n%*s", (int)column, "");
}

/* Names and paths are the programs' own: they are written as traffic is. */
void target_print_text(FILE *out, unsigned column, const struct target_row *r)
{
	struct term t;

	term_init(&t, out, 0, log_utf8());
	if (r->pid)
		term_ownf(&t, "%8d  ", (int)r->pid);
	else
		term_ownf(&t, "%7llux  ", (unsigned long long)r->processes);
	term_inline(&t, span_str(r->program), PROGRAM_COLUMNS);
	pad(&t, 10 + PROGRAM_COLUMNS + 2);
	term_ownf(&t, "%-8s", r->status);
	print_seen(&t, r);
	if (column == BESIDE_COLUMN)
		pad(&t, column);
	for (size_t i = 0; r->c && i < r->c->ntls; i++) {
		next(&t, column);
		term_ownf(&t, "%s by %s: ", r->c->tls[i].implementation, r->c->tls[i].method);
		term_inline(&t, span_str(r->c->tls[i].file), 4096);
	}
	if (r->reason) {
		next(&t, column);
		term_inline(&t, span_str(r->reason), 4096);
		if (r->c && r->c->conns && r->c->udp)
			term_ownf(
				&t,
				" (%zu TCP and %zu UDP connections to port 443, one of them to %s)",
				r->c->conns, r->c->udp, r->c->peer);
		else if (r->c && r->c->conns + r->c->udp)
			term_ownf(&t, " (%zu, one of them to %s)", r->c->conns + r->c->udp,
				  r->c->peer);
	}
	if (r->remedy) {
		next(&t, column);
		term_own(&t, "-> ");
		term_inline(&t, span_str(r->remedy), 4096);
	}
	if (r->seen && r->seen->hosts[0][0]) {
		next(&t, column);
		print_hosts(&t, r->seen);
	}
	term_fresh_line(&t);
	term_done(&t);
}
