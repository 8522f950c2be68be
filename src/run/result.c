/* SPDX-License-Identifier: MIT */
#include "run/result.h"

#include <inttypes.h>

#include "report/missed.h"

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static const char *dot(const struct run_report *r)
{
	return r->utf8 ? " · " : ", ";
}

static void add_count(void *arg, const char *text, uint64_t count)
{
	*(uint64_t *)arg += count;
}

/* Whatever it was; the summary tells the kinds apart. */
static uint64_t count_missed(const struct run_report *r)
{
	uint64_t n = 0;

	missed_each(r, add_count, &n);
	return n;
}

static uint64_t count_unseen(const struct run_report *r)
{
	uint64_t n = 0;

	for (size_t i = 0; r->unseen && i < r->unseen->count; i++)
		n += r->unseen->items[i].processes;
	return n;
}

void result_write(struct buf *out, const struct run_report *r, uint64_t warnings)
{
	uint64_t missed = count_missed(r), unseen = count_unseen(r);
	struct run_report calls = *r;

	calls.duration_ns = 0; /* who ran the command knows */
	summary_write_head(out, &calls);
	if (missed)
		buf_addf(out, "%s%" PRIu64 " missed", dot(r), missed);
	if (unseen)
		buf_addf(out, "%s%" PRIu64 " program%s not seen", dot(r), unseen, plural(unseen));
	if (!missed && !unseen)
		buf_addf(out, "%snothing missed", dot(r));
	if (warnings)
		buf_addf(out, "%s%" PRIu64 " warning%s", dot(r), warnings, plural(warnings));
}

bool result_is_nothing(const struct run_report *r)
{
	return !r->totals->exchanges && !count_missed(r) && !count_unseen(r);
}
