/* SPDX-License-Identifier: MIT */
#include "run/report.h"

#include <pwd.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"

#define REPORT_BYTES_MAX (4u << 20)

static const char *user_name(uint32_t uid)
{
	static char name[64];
	static uint32_t of;
	const struct passwd *pw;

	if (name[0] && of == uid)
		return name;
	pw = getpwuid((uid_t)uid);
	snprintf(name, sizeof(name), "%s", pw ? pw->pw_name : "");
	of = uid;
	return name[0] ? name : NULL;
}

struct pipeline *report_begin(const struct report_way *w)
{
	struct pipeline *p = pipeline_new(w->limits);
	struct before_masks before = { .secret = w->secret };

	totals_init(w->totals, fanout_mode(w->fanout), w->selection);
	w->totals->spend->user_name = user_name;
	run_alerts_observe(w->alerts, p);
	pipeline_observe(p, &totals_observer, w->totals);
	pipeline_observe(p, &fanout_observer, w->fanout);
	pipeline_set_shown(p, fanout_shows, w->fanout);
	pipeline_set_shows_bodies(p, fanout_shows_bodies, w->fanout);
	run_alerts_before_masks(w->alerts, &before);
	pipeline_set_before_masks(p, &before);
	pipeline_set_prices(p, w->prices);
	pipeline_set_named_hosts(p, w->named);
	return p;
}

static unsigned columns(void)
{
	struct winsize w;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 ? w.ws_col : 0;
}

static struct report_traffic traffic_of(const struct pipeline *p)
{
	struct pipeline_stats s = pipeline_stats(p);

	return (struct report_traffic){
		.conns = s.stream->conns,
		.bytes = s.stream->bytes[0] + s.stream->bytes[1],
		.gaps = s.stream->gaps,
		.missing_bytes = s.stream->missing_bytes,
		.opaque_conns = s.opaque_conns,
		.opaque_bytes = s.opaque_bytes,
		.protocol_errors = s.protocol_errors,
	};
}

struct run_report report_gather(const struct pipeline *p, const struct totals *t,
				const struct limits *l)
{
	return (struct run_report){
		.processes = pipeline_process_stats(p),
		.traffic = traffic_of(p),
		.limits = l,
		.totals = t,
		.duration_ns = t->last_ns > t->first_ns ? t->last_ns - t->first_ns : 0,
		.utf8 = log_takes_utf8(),
		.width = columns(),
	};
}

static void print(void (*write)(struct buf *, const struct run_report *),
		  const struct run_report *r)
{
	struct buf text;

	buf_init(&text, REPORT_BYTES_MAX);
	write(&text, r);
	log_lines(buf_span(&text));
	buf_done(&text);
}

void report_print(const struct run_report *r, enum summary_form form)
{
	if (form != SUMMARY_NONE)
		print(form == SUMMARY_JSON ? summary_write_json : summary_write, r);
}

void report_print_map(const struct run_report *r)
{
	print(summary_write_map, r);
}
