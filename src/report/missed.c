/* SPDX-License-Identifier: MIT */
#include "report/missed.h"

#include <inttypes.h>
#include <linux/types.h>
#include <stdio.h>

#include "base/units.h"
#include "probes/event.h"

struct kind {
	const char *one, *many;
};

static void tell(missed_fn item, void *arg, uint64_t n, struct kind k)
{
	char text[160];

	if (!n)
		return;
	snprintf(text, sizeof(text), "%" PRIu64 " %s", n, n == 1 ? k.one : k.many);
	item(arg, text, n);
}

/* The probe's own counters of what it did not see. */
static void tell_counters(const uint64_t *counters, missed_fn item, void *arg)
{
	static const struct {
		enum spy_counter which;
		struct kind kind;
	} rows[] = {
		{ SPY_N_NOSPACE,
		  { "fragment dropped, the buffer was full (try a larger --buffer-size)",
		    "fragments dropped, the buffer was full (try a larger --buffer-size)" } },
		{ SPY_N_FAULT,
		  { "fragment that could not be read from the program's memory",
		    "fragments that could not be read from the program's memory" } },
		{ SPY_N_CUT,
		  { "read or write cut by --call-limit", "reads or writes cut by --call-limit" } },
		{ SPY_N_ORPHAN,
		  { "read or write whose start was not captured",
		    "reads or writes whose start was not captured" } },
		{ SPY_N_TABLE_FULL,
		  { "read or write missed, a table of the probe was full",
		    "reads or writes missed, a table of the probe was full" } },
		{ SPY_N_UNJOINED,
		  { "direction of a connection of rustls or Erlang that could not be matched with "
		    "the other",
		    "directions of connections of rustls or Erlang that could not be matched with "
		    "the others" } },
	};

	for (size_t i = 0; counters && i < sizeof(rows) / sizeof(*rows); i++)
		tell(item, arg, counters[rows[i].which], rows[i].kind);
}

static void tell_gaps(const struct report_traffic *t, missed_fn item, void *arg)
{
	char text[96];

	if (!t->gaps && !t->missing_bytes)
		return;
	snprintf(text, sizeof(text), "%s in %" PRIu64 " gap%s", text_bytes(t->missing_bytes).text,
		 t->gaps, t->gaps == 1 ? "" : "s");
	item(arg, text, t->missing_bytes);
}

static void tell_limits(const struct limits *l, missed_fn item, void *arg)
{
	char text[128];

	for (size_t i = 0; l && i < LIMIT_COUNT; i++) {
		if (!l->hits[i])
			continue;
		snprintf(text, sizeof(text), "limit %s=%zu reached %" PRIu64 " time%s",
			 limit_infos[i].name, l->max[i], l->hits[i], l->hits[i] == 1 ? "" : "s");
		item(arg, text, l->hits[i]);
	}
}

void missed_each(const struct run_report *r, missed_fn item, void *arg)
{
	if (r->totals)
		tell(item, arg, r->totals->incomplete,
		     (struct kind){ "incomplete call", "incomplete calls" });
	tell(item, arg, r->lost,
	     (struct kind){ "event lost, the kernel's buffer was full (try a larger --buffer-size)",
			    "events lost, the kernel's buffer was full (try a larger "
			    "--buffer-size)" });
	tell_gaps(&r->traffic, item, arg);
	tell_counters(r->counters, item, arg);
	tell(item, arg, r->traffic.protocol_errors,
	     (struct kind){ "connection ended in malformed HTTP",
			    "connections ended in malformed HTTP" });
	tell(item, arg, r->unscanned,
	     (struct kind){ "file could not be scanned for TLS",
			    "files could not be scanned for TLS" });
	tell(item, arg, r->killed,
	     (struct kind){ "time that another process killed the file scanner",
			    "times that another process killed the file scanner" });
	tell_limits(r->limits, item, arg);
}
