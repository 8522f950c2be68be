/* SPDX-License-Identifier: MIT */
/* Whole exchanges, as outputs write them. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "view/curl.h"
#include "cli/kept.h"
#include "run/by_signal.h"
#include "sink/fanout.h"

struct writing {
	const char *output; /* the only one; NULL: those of the options */
	const struct sink_ops *format;
	bool full;
	unsigned lines;
	bool one_conversation; /* the first that comes */
	struct fanout *fanout;
	size_t count;
	char conversation[17];
};

static int open_outputs(struct writing *w, const struct kept *k, struct error *reterr)
{
	static const char *const standard[] = { "-" };
	struct output_defaults d = options_output(k->o);
	const struct names own = { &w->output, 1 };
	const struct names *outputs = w->output ? &own : &k->o->outputs;
	int err;

	/* What was asked for was selected already. */
	d.mode = k->o->mode == SHOW_DEFAULT ? SHOW_ALL : k->o->mode;
	d.selection = NULL;
	d.lossless = true;
	d.source = kept_path(k->o);
	d.full |= w->full;
	if (!d.lines)
		d.lines = w->lines;
	err = fanout_open(&w->fanout, outputs->count ? outputs->items : standard,
			  outputs->count ? outputs->count : 1, w->format, &d, reterr);
	return err ? err : fanout_start(w->fanout, reterr);
}

/* It was not seen to begin: an output gets it whole, as of a replay. */
static int write_one(void *arg, const struct exchange *x, struct error *reterr)
{
	struct writing *w = arg;
	struct exchange *own;

	if (w->one_conversation && w->count && strcmp(w->conversation, x->conversation.id) != 0)
		return error_set(reterr, -EINVAL,
				 "other conversations begin so too, such as %s; this is %s",
				 x->conversation.id, w->conversation);
	snprintf(w->conversation, sizeof(w->conversation), "%s", x->conversation.id);
	own = exchange_copy(x, EXCHANGE_CONTENT | EXCHANGE_BODIES);
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
static int write_all(struct kept *k, const struct view_query *q, struct writing *w,
		     struct error *reterr)
{
	int err = open_outputs(w, k, reterr);

	if (!err)
		err = view_each(k->view, q, write_one, w, reterr);
	return w->fanout ? close_outputs(w, err, reterr) : err;
}

int show_run(struct kept *k, struct error *reterr)
{
	struct writing w = { .format = k->o->format, .full = true };
	struct exchange *x = kept_one(k, k->o->operands[0], reterr);
	int err = x ? 0 : reterr->code;

	if (!err && k->o->curl)
		err = curl_print(x, stdout, reterr);
	else if (!err)
		err = open_outputs(&w, k, reterr);
	if (w.fanout) {
		write_one(&w, x, reterr);
		err = close_outputs(&w, err, reterr);
	}
	exchange_unref(x);
	return err;
}

/* An archive finds each by its number; a file is read from the front. */
int kept_export(struct kept *k, const char *output, const uint64_t *ids, size_t count,
		struct error *reterr)
{
	struct writing w = { .output = output, .format = k->o->format };
	int err = open_outputs(&w, k, reterr);

	for (size_t i = 0; !err && i < count; i++) {
		struct view_query q = { .select = &k->select, .whole = true, .id = ids[i] };

		err = view_each(k->view, &q, write_one, &w, reterr);
	}
	return w.fanout ? close_outputs(&w, err, reterr) : err;
}

/* ---- conversations ---- */

int conversation_run(struct kept *k, struct error *reterr)
{
	/* Each turn shows what is new in it, whole. */
	struct writing w = { .format = k->o->format,
			     .lines = SINK_LINES_MAX,
			     .one_conversation = true };
	struct view_query q = k->query;
	const char *id = k->o->operands[0];
	int err;

	if (!*id || strlen(id) > 16 || id[strspn(id, "0123456789abcdef")])
		return error_set(reterr, -EINVAL,
				 "'%.40s' is no conversation: its ID, or how it begins, is up to "
				 "16 of 0-9 and a-f",
				 id);
	q.conversation = id;
	q.whole = q.once = true;
	err = write_all(k, &q, &w, reterr);
	if (!err && !w.count)
		err = error_set(reterr, -ENOENT, "there is no conversation %s in %s", id,
				kept_name(k->o));
	return err;
}

/* ---- all ---- */

int export_run(struct kept *k, struct error *reterr)
{
	struct writing w = { .format = k->o->format };
	struct view_query q = k->query;

	q.whole = true;
	return write_all(k, &q, &w, reterr);
}
