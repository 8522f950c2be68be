/* SPDX-License-Identifier: MIT */
/* Whole exchanges, as outputs write them. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "cli/kept.h"
#include "run/by_signal.h"
#include "sink/fanout.h"

struct writing {
	struct fanout *fanout;
	size_t count;
};

static int open_outputs(struct writing *w, const struct kept *k, bool full, struct error *reterr)
{
	static const char *const standard[] = { "-" };
	struct output_defaults d = options_output(k->o);
	const struct names *outputs = &k->o->outputs;
	int err;

	/* What was asked for was selected already. */
	d.mode = k->o->mode == SHOW_DEFAULT ? SHOW_ALL : k->o->mode;
	d.selection = NULL;
	d.lossless = true;
	d.full |= full;
	err = fanout_open(&w->fanout, outputs->count ? outputs->items : standard,
			  outputs->count ? outputs->count : 1, k->o->format, &d, reterr);
	return err ? err : fanout_start(w->fanout, reterr);
}

/* It was not seen to begin: an output gets it whole, as of a replay. */
static int write_one(void *arg, const struct exchange *x, struct error *reterr)
{
	struct writing *w = arg;
	struct exchange *own = exchange_copy(x, EXCHANGE_CONTENT | EXCHANGE_BODIES);

	exchange_freeze(own);
	fanout_observer.ended(w->fanout, own);
	exchange_unref(own);
	w->count++;
	return fanout_is_alive(w->fanout) && fanout_has_reader(w->fanout) ? 0 : 1;
}

static int close_outputs(struct writing *w, int err, struct error *reterr)
{
	struct output_totals *totals;
	size_t count;
	bool failed;

	fanout_finish(w->fanout);
	if (!fanout_has_reader(w->fanout)) {
		fanout_free(w->fanout);
		return by_signal_end(SIGPIPE);
	}
	totals = fanout_totals(w->fanout, &count, &failed);
	for (size_t i = 0; i < count && !err; i++)
		if (totals[i].problem[0])
			err = error_set(reterr, -EIO, "%s: %s", totals[i].name, totals[i].problem);
	free(totals);
	fanout_free(w->fanout);
	return err;
}

/* All that the query has, to the outputs. */
static int write_all(struct kept *k, const struct view_query *q, bool full, const char *none,
		     struct error *reterr)
{
	struct writing w = { 0 };
	int err = open_outputs(&w, k, full, reterr);

	if (!err)
		err = view_each(k->view, q, write_one, &w, reterr);
	if (!err && !w.count)
		err = error_set(reterr, -ENOENT, "%s", none);
	return w.fanout ? close_outputs(&w, err, reterr) : err;
}

int show_run(struct kept *k, struct error *reterr)
{
	struct view_query q = k->query;
	char none[80];
	int err = kept_id(k->o->operands[0], &q.id, reterr);

	if (err)
		return err;
	q.whole = true;
	snprintf(none, sizeof(none), "there is no exchange %llu here", (unsigned long long)q.id);
	return write_all(k, &q, true, none, reterr);
}
