/* SPDX-License-Identifier: MIT */
#include "run/alert_past.h"

#ifdef HAVE_SQLITE

#include "archive/reading.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "sink/output_spec.h"

char *alert_past_archive(const struct options *o)
{
	char *path = NULL;

	for (size_t i = 0; i < o->outputs.count && !path; i++) {
		struct output_spec s = { 0 };
		struct error ignored = { 0 };

		if (output_spec_read(&s, o->outputs.items[i], o->format, &ignored) == 0 &&
		    s.ops == &sink_sqlite && s.target)
			path = xstrdup(s.target);
		redact_policy_done(&s.policy);
		output_spec_done(&s);
	}
	return path;
}

static void on_sum(void *arg, const struct reading_sum *s)
{
	alerting_spent(arg, BUDGET_USER, s->user, s->usd);
	alerting_spent(arg, BUDGET_PROGRAM, s->program, s->usd);
	alerting_spent(arg, BUDGET_ALL, "", s->usd);
}

static int on_alerted(void *arg, const struct exchange *x, bool spends, struct error *reterr)
{
	alerting_told(arg, x);
	return 0;
}

void alert_past_tell(const char *path, struct alerting *a, int64_t since_ns, int64_t until_ns)
{
	struct reading_query q = { .since_ns = since_ns, .until_ns = until_ns, .alerted = true };
	struct reading *r = NULL;
	struct error why;
	int err = reading_open(&r, path, &why);

	if (!err)
		err = reading_sums(r, SUMS_OF_ALL, since_ns / SUMS_QUARTER_NS,
				   until_ns / SUMS_QUARTER_NS, on_sum, a, &why);
	if (!err)
		err = reading_rows(r, &q, on_alerted, a, &why);
	if (err)
		log_warn("alert", "budgets begin anew, since the archive cannot be read: %s",
			 why.text);
	reading_free(r);
}

#else

char *alert_past_archive(const struct options *o)
{
	return NULL;
}

void alert_past_tell(const char *path, struct alerting *a, int64_t since_ns, int64_t until_ns)
{
}

#endif
