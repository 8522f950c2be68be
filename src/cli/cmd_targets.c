/* SPDX-License-Identifier: MIT */
#include "cli/cmd_targets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "cli/target_row.h"
#include "options/exit_code.h"
#include "proc/list.h"
#include "proc/maps.h"
#include "report/status_file.h"

/* Rows of text for what has ended; JSON has all that tracers tell. */
#define ENDED_ROWS 20

struct table {
	FILE *out;
	bool json;
	unsigned column; /* target_detail_column */
	size_t rows, denied;
	/* What running tracers have seen, by process; *met: it was listed. */
	struct status *tracers;
	size_t ntracers, unread;
	struct process_row *seen;
	bool *met;
	size_t nseen;
};

static void print(struct table *t, const struct target_row *r)
{
	if (!t->json && !t->rows++)
		target_print_head(t->out, t->column);
	if (t->json)
		target_print_json(t->out, r);
	else
		target_print_text(t->out, t->column, r);
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
static void correct(const struct table *t, const struct coverage *c, struct target_row *r)
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
		struct target_row r = { .c = &c,
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
			print(t,
			      &(struct target_row){ .pid = (pid_t)r->tgid,
						    .processes = r->processes,
						    .program = r->program,
						    .status = coverage_status_name(COVERAGE_NONE),
						    .seen = r });
		else if (!t->met[i])
			left[n++] = *r;
	}
	sums = process_rows_sum_up(left, n, &n);
	for (size_t i = 0; i < n && (t->json || i < ENDED_ROWS); i++)
		print(t, &(struct target_row){ .pid = (pid_t)sums[i].tgid,
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
			print(t, &(struct target_row){ .pid = n->pid,
						       .processes = n->processes,
						       .program = n->name,
						       .status = "ended",
						       .reason = n->reason,
						       .remedy = n->remedy });
		}
	if (rows > ENDED_ROWS && !t->json)
		fprintf(t->out, "and %zu more that could not be captured\n", rows - ENDED_ROWS);
}

static void say_end(const struct table *t)
{
	if (!t->rows && !t->json)
		fprintf(t->out,
			"no process%s has a TLS implementation mapped or a connection to port "
			"443\n",
			t->denied ? " that may be inspected" : "");
	if (t->denied)
		log_say("could not inspect %zu process%s%s", t->denied, t->denied == 1 ? "" : "es",
			geteuid() == 0 ? "" : "; run llm-spy with sudo");
	if (t->unread)
		log_say("could not read the status of %zu running tracer%s; %s data is not "
			"included",
			t->unread, t->unread == 1 ? "" : "s", t->unread == 1 ? "its" : "their");
}

int targets_run(const struct options *o, struct error *reterr)
{
	struct table t = { .out = stdout,
			   .json = strcmp(o->format->name, "jsonl") == 0,
			   .column = target_detail_column() };
	struct scan_cache *f = scan_cache_open(o->limits.max[LIMIT_files]);
	struct sockets conns;
	pid_t *pids;
	size_t n;

	for (size_t i = 0; i < o->filter.npids; i++)
		if (!proc_started(o->filter.pids[i])) {
			scan_cache_close(f);
			error_set(reterr, -ESRCH, "--pid %d: no such process",
				  (int)o->filter.pids[i]);
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
		error_set(reterr, -errno, "cannot write the output");
		return EXIT_FAILED;
	}
	return EXIT_FINE;
}
