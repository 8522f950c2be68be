/* SPDX-License-Identifier: MIT */
#include "targets.h"

#include <errno.h>
#include <jansson.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/coverage.h"
#include "attach/maps.h"
#include "base/utf8.h"
#include "exitcode.h"
#include "sink/term.h"

#define PROGRAM_COLUMNS 24
#define TLS_COLUMN	46

struct table {
	FILE *out;
	bool json;
	size_t rows, denied;
};

/* NULL is null. A name may hold any bytes. */
static void set(json_t *o, const char *key, const char *value)
{
	struct buf text;

	buf_init(&text, 64 << 10);
	utf8_fix(span_str(value), &text);
	json_object_set_new(o, key,
			    value ? json_stringn(text.ptr ? text.ptr : "", text.len) : json_null());
	buf_done(&text);
}

static void print_json(FILE *out, const struct coverage *c)
{
	json_t *o = json_object(), *all = json_array();
	char *text;

	json_object_set_new(o, "pid", json_integer(c->pid));
	set(o, "program", c->program);
	set(o, "status", coverage_status_name(c->status));
	for (size_t i = 0; i < c->ntls; i++) {
		json_t *t = json_object();

		set(t, "implementation", c->tls[i].implementation);
		set(t, "method", c->tls[i].method);
		set(t, "file", c->tls[i].file);
		json_array_append_new(all, t);
	}
	json_object_set_new(o, "tls", all);
	json_object_set_new(o, "connections", json_integer((json_int_t)c->conns));
	set(o, "peer", c->peer[0] ? c->peer : NULL);
	set(o, "reason", c->reason);
	set(o, "remedy", c->remedy);
	text = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII);
	fprintf(out, "%s\n", text ? text : "");
	free(text);
	json_decref(o);
}

/* Names and paths are the programs' own: they are written as traffic is. */
static void print_text(FILE *out, const struct coverage *c)
{
	struct term t;

	term_init(&t, out, 0, strcmp(nl_langinfo(CODESET), "UTF-8") == 0);
	term_ownf(&t, "%8d  ", (int)c->pid);
	term_inline(&t, span_str(c->program), PROGRAM_COLUMNS);
	while (t.column < 10 + PROGRAM_COLUMNS + 2)
		term_own(&t, " ");
	term_ownf(&t, "%-8s  ", coverage_status_name(c->status));
	for (size_t i = 0; i < c->ntls; i++) {
		if (i)
			term_ownf(&t, "\n%*s", TLS_COLUMN, "");
		term_ownf(&t, "%s by %s: ", c->tls[i].implementation, c->tls[i].method);
		term_inline(&t, span_str(c->tls[i].file), 4096);
	}
	if (c->reason) {
		term_inline(&t, span_str(c->reason), 4096);
		if (c->conns)
			term_ownf(&t, " (%zu, one to %s)", c->conns, c->peer);
		term_ownf(&t, "\n%*s-> %s", TLS_COLUMN, "", c->remedy);
	}
	term_fresh_line(&t);
	term_done(&t);
}

static void add_process(struct table *t, struct files *f, const struct conns *conns, pid_t pid)
{
	struct coverage c;
	int err = coverage_of(f, conns, pid, &c);

	if (err == -EACCES || err == -EPERM) {
		t->denied++;
	} else if (!err && c.status != COVERAGE_NONE) {
		if (!t->json && !t->rows)
			fprintf(t->out, "%8s  %-*s  %-8s  %s\n", "PID", PROGRAM_COLUMNS, "PROGRAM",
				"STATUS", "TLS, OR WHAT HINDERS");
		t->rows++;
		if (t->json)
			print_json(t->out, &c);
		else
			print_text(t->out, &c);
	}
	coverage_done(&c);
}

static void say_end(const struct table *t)
{
	if (!t->rows && !t->json)
		fprintf(t->out,
			"no process has a TLS implementation mapped or a connection to port 443\n");
	if (t->denied)
		fprintf(stderr, "llm-spy: %zu process%s could not be looked at%s\n", t->denied,
			t->denied == 1 ? "" : "es", geteuid() == 0 ? "" : ": run with sudo");
}

int targets_run(const struct options *o, struct error *reterr)
{
	struct table t = { .out = stdout, .json = strcmp(o->format->name, "jsonl") == 0 };
	struct files *f = files_open(o->limits.max[LIMIT_files]);
	struct conns conns;
	pid_t *pids;
	size_t n = maps_processes(&pids);

	conns_scan(&conns);
	for (size_t i = 0; i < o->filter.npids; i++)
		add_process(&t, f, &conns, o->filter.pids[i]);
	for (size_t i = 0; i < n && !o->filter.npids; i++)
		if (pids[i] != getpid())
			add_process(&t, f, &conns, pids[i]);
	say_end(&t);
	free(pids);
	conns_done(&conns);
	files_close(f);
	if (fflush(stdout) != 0) {
		error_set(reterr, -errno, "the output could not be written");
		return EXIT_FAILED;
	}
	return EXIT_FINE;
}
