/* SPDX-License-Identifier: MIT */
#include "cli/cmd_targets.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "discover/coverage.h"
#include "options/exit_code.h"
#include "proc/list.h"
#include "proc/maps.h"
#include "report/size_text.h"
#include "report/status_file.h"
#include "sink/term.h"

#define PROGRAM_COLUMNS 24
/* Where what is known of a process begins: beside the rest of its row, below it on a narrow
 * terminal. */
#define BESIDE_COLUMN 64
#define BELOW_COLUMN  10
#define WIDE_COLUMNS  120
/* Rows of text for what has ended; JSON has all that tracers tell. */
#define ENDED_ROWS 20

/* One line: what can be seen of a process, and what tracers have seen. */
struct row {
	const struct coverage *c; /* NULL: it has ended */
	pid_t pid;		  /* 0: several */
	uint64_t processes;	  /* how many */
	const char *program, *status, *reason, *remedy;
	const struct process_row *seen; /* NULL: nobody looks at it */
};

struct table {
	FILE *out;
	bool json;
	unsigned column; /* BESIDE_COLUMN or BELOW_COLUMN */
	size_t rows, denied;
	/* What running tracers have seen, by process; *met: it was listed. */
	struct status *tracers;
	size_t ntracers, unread;
	struct process_row *seen;
	bool *met;
	size_t nseen;
};

/* ---- JSON ---- */

/* NULL is null. A name may hold any bytes. */
static json_t *text_of(const char *value)
{
	struct buf text;
	json_t *ret;

	if (!value)
		return json_null();
	buf_init(&text, 64 << 10);
	utf8_fix(span_str(value), &text);
	ret = json_stringn(text.ptr ? text.ptr : "", text.len);
	buf_done(&text);
	return ret;
}

static void set(json_t *o, const char *key, const char *value)
{
	json_object_set_new(o, key, text_of(value));
}

static void set_number(json_t *o, const char *key, bool known, uint64_t value)
{
	json_object_set_new(o, key, known ? json_integer((json_int_t)value) : json_null());
}

static json_t *hosts_of(const struct process_row *r)
{
	json_t *hosts = json_array();

	for (size_t i = 0; r && i < PROCESS_HOSTS && r->hosts[i][0]; i++)
		json_array_append_new(hosts, text_of(r->hosts[i]));
	return hosts;
}

static json_t *tls_of(const struct coverage *c)
{
	json_t *all = json_array();

	for (size_t i = 0; c && i < c->ntls; i++) {
		json_t *t = json_object();

		set(t, "implementation", c->tls[i].implementation);
		set(t, "method", c->tls[i].method);
		set(t, "file", c->tls[i].file);
		json_array_append_new(all, t);
	}
	return all;
}

static void print_json(FILE *out, const struct row *r)
{
	static const struct process_row none;
	const struct process_row *s = r->seen ? r->seen : &none;
	json_t *o = json_object();
	bool known = r->seen != NULL;
	char *text;

	set_number(o, "pid", r->pid != 0, (uint64_t)r->pid);
	set(o, "program", r->program);
	set(o, "status", r->status);
	json_object_set_new(o, "tls", tls_of(r->c));
	set_number(o, "connections", true, r->c ? r->c->conns : 0);
	set_number(o, "udp_connections", true, r->c ? r->c->udp : 0);
	set(o, "peer", r->c && r->c->peer[0] ? r->c->peer : NULL);
	set(o, "reason", r->reason);
	set(o, "remedy", r->remedy);
	set_number(o, "processes", true, r->processes);
	set_number(o, "calls", known, s->calls);
	set_number(o, "other_exchanges", known, s->others);
	set_number(o, "bytes_sent", known, s->bytes[DIR_WRITE]);
	set_number(o, "bytes_received", known, s->bytes[DIR_READ]);
	set_number(o, "seconds_ago", known && s->last_ns, (now_ns() - s->last_ns) / 1000000000);
	json_object_set_new(o, "hosts", hosts_of(r->seen));
	text = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII);
	fprintf(out, "%s\n", text ? text : "");
	free(text);
	json_decref(o);
}

/* ---- text ---- */

static void pad(struct term *t, unsigned column)
{
	while (t->column < column)
		term_own(t, " ");
}

static void print_seen(struct term *t, const struct row *r)
{
	const struct process_row *s = r->seen;

	if (s)
		term_ownf(t, "%6llu  %10s  ", (unsigned long long)s->calls,
			  size_text(s->bytes[DIR_WRITE] + s->bytes[DIR_READ]).text);
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
static void print_text(FILE *out, unsigned column, const struct row *r)
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
			term_ownf(&t, " (%zu by TCP and %zu by UDP to port 443, one to %s)",
				  r->c->conns, r->c->udp, r->c->peer);
		else if (r->c && r->c->conns + r->c->udp)
			term_ownf(&t, " (%zu, one to %s)", r->c->conns + r->c->udp, r->c->peer);
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

static void print(struct table *t, const struct row *r)
{
	if (!t->json && !t->rows++)
		fprintf(t->out, "%8s  %-*s  %-8s%6s  %10s  %s\n", "PID", PROGRAM_COLUMNS, "PROGRAM",
			"STATUS", "CALLS", "BYTES",
			t->column == BESIDE_COLUMN ? "TLS, OR WHAT HINDERS" : "");
	if (t->json)
		print_json(t->out, r);
	else
		print_text(t->out, t->column, r);
}

static unsigned detail_column(void)
{
	struct winsize w;
	bool narrow =
		ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col && w.ws_col < WIDE_COLUMNS;

	return narrow ? BELOW_COLUMN : BESIDE_COLUMN;
}

/* ---- what tracers tell ---- */

static void read_tracers(struct table *t)
{
	t->ntracers = status_file_read_all(&t->tracers, &t->unread);
	for (size_t i = 0; i < t->ntracers; i++)
		for (size_t k = 0; k < t->tracers[i].nrows; k++) {
			const struct process_row *from = &t->tracers[i].rows[k];
			size_t at = 0;

			/* Two tracers see the same traffic: the one that saw more counts. */
			while (at < t->nseen && (t->seen[at].tgid != from->tgid ||
						 strcmp(t->seen[at].program, from->program) != 0))
				at++;
			if (at == t->nseen) {
				t->seen = xgrow(t->seen, t->nseen++, sizeof(*t->seen));
				t->seen[at] = *from;
			} else if (from->bytes[0] + from->bytes[1] >
				   t->seen[at].bytes[0] + t->seen[at].bytes[1]) {
				t->seen[at] = *from;
			}
		}
	t->met = xcalloc(t->nseen + 1, sizeof(*t->met));
}

static uint64_t clock_of(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* When a process began, by the clock of chunks; UINT64_MAX: it is gone. */
static uint64_t began_ns(pid_t pid)
{
	uint64_t now = clock_of(CLOCK_MONOTONIC), asleep = clock_of(CLOCK_BOOTTIME) - now;
	uint64_t ns = proc_started(pid) * (1000000000 / (uint64_t)sysconf(_SC_CLK_TCK));

	return !ns ? UINT64_MAX : ns > asleep ? ns - asleep : 0;
}

/* The process that began then and has this number now said what is in the row; under what name,
 * does not matter: it may run another program by now. */
static bool is_of(const struct process_row *r, pid_t pid, uint64_t began)
{
	return (pid_t)r->tgid == pid && r->last_ns >= began;
}

/* NULL: no tracer looks at it, or none has a row for it alone. */
static const struct process_row *seen_of(struct table *t, pid_t pid)
{
	static const struct process_row nothing;
	const struct process_row *found = NULL;
	uint64_t began = began_ns(pid);

	for (size_t i = 0; i < t->nseen; i++) {
		const struct process_row *r = &t->seen[i];

		if (!is_of(r, pid, began))
			continue;
		t->met[i] = true;
		if (!found || found->bytes[0] + found->bytes[1] < r->bytes[0] + r->bytes[1])
			found = r;
	}
	for (size_t i = 0; i < t->ntracers && !found; i++)
		if (t->tracers[i].all && !t->tracers[i].more)
			found = &nothing;
	return found;
}

struct correction {
	const struct table *t;
	const struct coverage *c;
	const struct unseen_note *note; /* of one that was given up; NULL */
	bool *lost;			/* by c->tls */
};

/* The same path may be another file in another container. */
static const struct unseen_note *note_of(const struct table *t, const struct file_id *id,
					 const char *name)
{
	for (size_t i = 0; i < t->ntracers; i++)
		for (size_t k = 0; k < t->tracers[i].notes.count; k++) {
			const struct unseen_note *n = &t->tracers[i].notes.items[k];

			if (!n->processes && n->ino == id->ino &&
			    (n->dev ? n->dev == id->dev : strcmp(n->name, name) == 0))
				return n;
		}
	return NULL;
}

static void on_mapped(void *arg, const char *path, const char *name)
{
	struct correction *f = arg;
	const struct unseen_note *n;
	struct file_id id;

	if (scan_cache_identify(path, &id) != 0)
		return;
	n = note_of(f->t, &id, name);
	for (size_t i = 0; n && i < f->c->ntls; i++)
		if (strcmp(f->c->tls[i].file, name) == 0) {
			f->note = n;
			f->lost[i] = true;
		}
}

/* A file that a tracer gave up is hooked no more, whatever is known of it otherwise. */
static void correct(const struct table *t, const struct coverage *c, struct row *r)
{
	struct correction f = { .t = t, .c = c, .lost = xcalloc(c->ntls + 1, sizeof(*f.lost)) };
	size_t lost = 0;

	if (t->ntracers && c->ntls)
		maps_each(c->pid, on_mapped, &f);
	for (size_t i = 0; i < c->ntls; i++)
		lost += f.lost[i];
	if (lost) {
		r->status = lost == c->ntls ? "blind" : "partly";
		r->reason = f.note->reason;
		r->remedy = f.note->remedy;
	}
	free(f.lost);
}

static void add_process(struct table *t, struct scan_cache *f, const struct sockets *conns,
			pid_t pid)
{
	struct coverage c;
	int err = coverage_of(f, conns, pid, &c);

	if (err == -EACCES || err == -EPERM) {
		t->denied++;
	} else if (!err) {
		struct row r = { .c = &c,
				 .pid = pid,
				 .processes = 1,
				 .program = c.program,
				 .status = coverage_status_name(c.status),
				 .reason = c.reason,
				 .remedy = c.remedy,
				 .seen = seen_of(t, pid) };

		correct(t, &c, &r);
		if (c.status != COVERAGE_NONE || (r.seen && r.seen->processes))
			print(t, &r);
	}
	coverage_done(&c);
}

/* ---- what has ended ---- */

/* Of several that a tracer put together, some may run yet; so does one that could not be looked at.
 */
static bool may_run(const struct process_row *r)
{
	return !r->tgid || is_of(r, (pid_t)r->tgid, began_ns((pid_t)r->tgid));
}

static void add_ended_seen(struct table *t)
{
	struct process_row *left = xcalloc(t->nseen + 1, sizeof(*left)), *sums;
	size_t n = 0;

	for (size_t i = 0; i < t->nseen; i++) {
		const struct process_row *r = &t->seen[i];

		if (!t->met[i] && may_run(r))
			print(t, &(struct row){ .pid = (pid_t)r->tgid,
						.processes = r->processes,
						.program = r->program,
						.status = coverage_status_name(COVERAGE_NONE),
						.seen = r });
		else if (!t->met[i])
			left[n++] = *r;
	}
	sums = process_rows_sum_up(left, n, &n);
	for (size_t i = 0; i < n && (t->json || i < ENDED_ROWS); i++)
		print(t, &(struct row){ .pid = (pid_t)sums[i].tgid,
					.processes = sums[i].processes,
					.program = sums[i].program,
					.status = "ended",
					.seen = &sums[i] });
	if (n > ENDED_ROWS && !t->json)
		fprintf(t->out, "and %zu more that have ended\n", n - ENDED_ROWS);
	free(sums);
	free(left);
}

static void add_ended_unseen(struct table *t)
{
	size_t rows = 0;

	for (size_t i = 0; i < t->ntracers; i++)
		for (size_t k = 0; k < t->tracers[i].notes.count; k++) {
			const struct unseen_note *n = &t->tracers[i].notes.items[k];

			if (!n->processes || (!n->ended && proc_started(n->pid)) ||
			    (rows++ >= ENDED_ROWS && !t->json))
				continue;
			print(t, &(struct row){ .pid = n->pid,
						.processes = n->processes,
						.program = n->name,
						.status = "ended",
						.reason = n->reason,
						.remedy = n->remedy });
		}
	if (rows > ENDED_ROWS && !t->json)
		fprintf(t->out, "and %zu more that were not seen\n", rows - ENDED_ROWS);
}

static void say_end(const struct table *t)
{
	if (!t->rows && !t->json)
		fprintf(t->out,
			"no process%s has a TLS implementation mapped or a connection to port "
			"443\n",
			t->denied ? " that may be looked at" : "");
	if (t->denied)
		log_say("%zu process%s could not be looked at%s", t->denied,
			t->denied == 1 ? "" : "es", geteuid() == 0 ? "" : ": run with sudo");
	if (t->unread)
		log_say("the status of %zu tracer%s could not be read: what %s saw is missing",
			t->unread, t->unread == 1 ? "" : "s", t->unread == 1 ? "it" : "they");
}

int targets_run(const struct options *o, struct error *reterr)
{
	struct table t = { .out = stdout,
			   .json = strcmp(o->format->name, "jsonl") == 0,
			   .column = detail_column() };
	struct scan_cache *f = scan_cache_open(o->limits.max[LIMIT_files]);
	struct sockets conns;
	pid_t *pids;
	size_t n;

	for (size_t i = 0; i < o->filter.npids; i++)
		if (!proc_started(o->filter.pids[i])) {
			scan_cache_close(f);
			error_set(reterr, -ESRCH, "there is no process %d", (int)o->filter.pids[i]);
			return EXIT_FAILED;
		}
	/* First, so that whoever they tell of is listed if it runs. */
	read_tracers(&t);
	n = proc_list(&pids);
	sockets_scan(&conns);
	for (size_t i = 0; i < o->filter.npids; i++)
		add_process(&t, f, &conns, o->filter.pids[i]);
	for (size_t i = 0; i < n && !o->filter.npids; i++)
		if (pids[i] != getpid())
			add_process(&t, f, &conns, pids[i]);
	if (!o->filter.npids) {
		add_ended_seen(&t);
		add_ended_unseen(&t);
	}
	say_end(&t);
	free(pids);
	free(t.seen);
	free(t.met);
	for (size_t i = 0; i < t.ntracers; i++)
		status_done(&t.tracers[i]);
	free(t.tracers);
	sockets_done(&conns);
	scan_cache_close(f);
	if (fflush(stdout) != 0) {
		error_set(reterr, -errno, "the output could not be written");
		return EXIT_FAILED;
	}
	return EXIT_FINE;
}
