/* SPDX-License-Identifier: MIT */
#include "cli/cmd_targets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/ioctl.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "capture/process.h"
#include "cli/target_row.h"
#include "options/exit_code.h"
#include "proc/identity.h"
#include "proc/list.h"
#include "proc/maps.h"
#include "report/status_file.h"
#include "source/describer.h"

/* Rows of text for what has ended; JSON has all that tracers tell. */
#define ENDED_ROWS 20
/* So many that could not be looked at are named. */
#define DENIED_NAMED 5

/* Processes that could not be looked at. */
struct denied {
	size_t count;
	pid_t first[DENIED_NAMED];
};

struct table {
	FILE *out;
	bool json;
	struct target_rows *rows;
	struct describer *describer;
	struct denied denied;
	/* What running tracers have seen, by process; *met: it was listed. */
	struct status *tracers;
	size_t ntracers, unread;
	struct process_row *seen;
	bool *met;
	size_t nseen;
};

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

/* A file that a tracer gave up is hooked no more, whatever is known of it otherwise. True: all of
 * its TLS is in such files. */
static bool correct(const struct table *t, const struct coverage *c, struct target_row *r)
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
	return lost && lost == c->ntls;
}

/* What a tracer has seen of it is more than what its files say. */
static void correct_by_fact(const struct table *t, const struct coverage *c, struct target_row *r)
{
	for (size_t i = 0; i < t->ntracers; i++)
		for (size_t k = 0; k < t->tracers[i].notes.count; k++) {
			const struct unseen_note *n = &t->tracers[i].notes.items[k];

			if (!n->proven || n->ended || n->pid != c->pid)
				continue;
			r->status = c->ntls ? "partly" : "blind";
			r->reason = n->reason;
			r->remedy = n->remedy;
		}
}

/* What /proc says of it, as far as it says so soon: a process may make that take for ever. */
static bool describe(struct table *t, pid_t pid, struct buf *text, struct proc_text *ret)
{
	struct chunk of = { .conn = { .tgid = (uint32_t)pid }, .uid = proc_uid(pid) };

	return describer_get(t->describer, &of, text) && proc_decode(buf_span(text), ret) == 0;
}

/* What the options name beside numbers. A process that is gone is nobody's. */
static bool is_wanted(struct table *t, const struct filter_options *o, pid_t pid)
{
	struct proc_text about;
	struct buf text;
	bool wanted;

	if (!filter_asks_more(o))
		return true;
	buf_init(&text, IDENTITY_MAX);
	wanted =
		describe(t, pid, &text, &about) && filter_has_process(o, &about, proc_uid(pid), "");
	buf_done(&text);
	return wanted;
}

/* NULL where it is empty; the caller frees it. */
static char *text_of(struct span s)
{
	return s.len ? xstrndup((const char *)s.ptr, s.len) : NULL;
}

static void add_described(struct table *t, struct target_row *r)
{
	struct proc_text about = { 0 };
	struct buf text;

	buf_init(&text, IDENTITY_MAX);
	describe(t, r->pid, &text, &about);
	AUTO_FREE char *script = text_of(about.script);
	AUTO_FREE char *user = text_of(about.user);
	AUTO_FREE char *pod = text_of(about.pod), *unit = text_of(about.unit);
	AUTO_FREE char *container =
		text_of(about.container_name.len ? about.container_name : about.container);

	if (!user)
		user = xasprintf("%u", proc_uid(r->pid));
	r->script = script;
	r->user = user;
	r->pod = pod;
	r->unit = unit;
	r->container = container;
	target_rows_add(t->rows, r);
	buf_done(&text);
}

#define KTHREADD 2

static void note_denied(struct denied *d, pid_t pid)
{
	if (pid == KTHREADD || proc_parent(pid) == KTHREADD)
		return; /* a thread of the kernel */
	if (d->count < DENIED_NAMED)
		d->first[d->count] = pid;
	d->count++;
}

static void add_process(struct table *t, struct scan_cache *f, const struct sockets *conns,
			pid_t pid)
{
	struct coverage *c = xcalloc(1, sizeof(*c));
	int err = coverage_of(f, conns, pid, c);
	struct target_row r = { .c = c, .pid = pid, .processes = 1 };

	if (err == -EACCES || err == -EPERM)
		note_denied(&t->denied, pid);
	if (!err) {
		r.program = c->program;
		r.status = coverage_status_name(c->status);
		r.reason = c->reason;
		r.remedy = c->remedy;
		r.seen = seen_of(t, pid);
		/* Of what was given up a call that was missed is the consequence. */
		if (!correct(t, c, &r))
			correct_by_fact(t, c, &r);
	}
	if (!err && (c->status != COVERAGE_NONE || r.reason || (r.seen && r.seen->processes))) {
		add_described(t, &r);
		return;
	}
	coverage_done(c);
	free(c);
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
			target_rows_add(
				t->rows,
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
		target_rows_add(t->rows, &(struct target_row){ .pid = (pid_t)sums[i].tgid,
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
			target_rows_add(t->rows, &(struct target_row){ .pid = n->pid,
								       .processes = n->processes,
								       .program = n->name,
								       .status = "ended",
								       .reason = n->reason,
								       .remedy = n->remedy });
		}
	if (rows > ENDED_ROWS && !t->json)
		fprintf(t->out, "and %zu more that could not be captured\n", rows - ENDED_ROWS);
}

/* ---- all ---- */

static struct target_table layout(const struct table *t, bool wide)
{
	struct target_table ret = { .out = t->out,
				    .utf8 = log_utf8() || !isatty(STDOUT_FILENO),
				    .wide = wide,
				    .counted = t->ntracers > 0,
				    .now_ns = now_ns() };
	struct winsize w;

	if (wide)
		return ret;
	ret.width = ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col ? w.ws_col : 80;
	return ret;
}

static void print_rows(struct table *t, bool wide)
{
	size_t count;
	const struct target_row *rows = target_rows_sorted(t->rows, &count);
	struct target_table table = layout(t, wide);

	for (size_t i = 0; t->json && i < count; i++)
		target_print_json(t->out, &rows[i]);
	if (t->json)
		return;
	if (count)
		target_print_table(&table, rows, count);
	else if (t->denied.count && geteuid() != 0)
		fprintf(t->out, "You can see no process with TLS.\n");
	else
		fprintf(t->out, "No process uses TLS or has a connection to port 443.\n");
	if (count && !t->ntracers)
		fprintf(t->out, "\nNo llm-spy is running, so calls and bytes are not counted.\n");
}

/* Anybody may read what a process calls itself. */
static void name_denied(const struct denied *d, struct buf *out)
{
	for (size_t i = 0; i < d->count && i < DENIED_NAMED; i++) {
		char path[32], name[64] = "?";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/comm", (int)d->first[i]);
		f = fopen(path, "re");
		if (f && fgets(name, sizeof(name), f))
			name[strcspn(name, "\n")] = '\0';
		if (f)
			fclose(f);
		buf_addf(out, "%s%s[%d]", i ? ", " : "", name, (int)d->first[i]);
	}
	if (d->count > DENIED_NAMED)
		buf_addf(out, " and %zu more", d->count - DENIED_NAMED);
}

static void say_denied(const struct denied *d)
{
	struct buf who;

	if (!d->count)
		return;
	buf_init(&who, 1024);
	name_denied(d, &who);
	if (geteuid() == 0)
		log_say("not even root may look at %zu process%s (a sandbox forbids it): %s",
			d->count, d->count == 1 ? "" : "es", who.ptr);
	else
		log_say("%zu process%s of other users: sudo llm-spy targets", d->count,
			d->count == 1 ? " is" : "es are");
	buf_done(&who);
}

static void say_end(const struct table *t)
{
	say_denied(&t->denied);
	if (t->unread)
		log_say("could not read the status of %zu running tracer%s; %s data is not "
			"included",
			t->unread, t->unread == 1 ? "" : "s", t->unread == 1 ? "its" : "their");
}

static int check_pids(const struct options *o, struct error *reterr)
{
	for (size_t i = 0; i < o->filter.npids; i++)
		if (!proc_started(o->filter.pids[i]))
			return error_set(reterr, -ESRCH, "--pid %d: no such process",
					 (int)o->filter.pids[i]);
	return 0;
}

static void collect(struct table *t, const struct options *o, struct scan_cache *f)
{
	struct sockets conns;
	pid_t *pids;
	size_t n;

	/* First, so that whoever they tell of is listed if it runs. */
	read_tracers(t);
	n = proc_list(&pids);
	sockets_scan(&conns);
	for (size_t i = 0; i < n; i++)
		if (pids[i] != getpid() && filter_has_pid(&o->filter, pids[i]) &&
		    is_wanted(t, &o->filter, pids[i]))
			add_process(t, f, &conns, pids[i]);
	/* Of what has ended only numbers and names are known. */
	if (!filter_is_on(&o->filter)) {
		add_ended_seen(t);
		add_ended_unseen(t);
	}
	free(pids);
	sockets_done(&conns);
}

static void table_done(struct table *t)
{
	free(t->seen);
	free(t->met);
	for (size_t i = 0; i < t->ntracers; i++)
		status_done(&t->tracers[i]);
	free(t->tracers);
	target_rows_free(t->rows);
	describer_free(t->describer);
}

int targets_run(const struct options *o, struct error *reterr)
{
	struct table t = { .out = stdout, .json = strcmp(o->format->name, "jsonl") == 0 };
	struct scan_cache *f;

	if (check_pids(o, reterr) != 0)
		return EXIT_FAILED;
	f = scan_cache_open(o->limits.max[LIMIT_files]);
	t.rows = target_rows_new();
	t.describer = describer_new();
	collect(&t, o, f);
	print_rows(&t, strcmp(o->format->name, "verbose") == 0);
	say_end(&t);
	table_done(&t);
	scan_cache_close(f);
	if (fflush(stdout) != 0) {
		error_set(reterr, -errno, "cannot write the output");
		return EXIT_FAILED;
	}
	return EXIT_FINE;
}
