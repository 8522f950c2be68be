/* SPDX-License-Identifier: MIT */
#include "sink/fanout.h"

#include <errno.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "sink/queue.h"

struct fanout {
	struct output **outputs;
	size_t count;
};

/* ---- events ---- */

static void put(struct output *o, enum event_kind kind, struct exchange *x,
		const struct exchange_delta *d)
{
	output_put(o, queued_new(kind, x, d));
}

/* To those that show exchanges while they are under way. */
static void put_live(struct fanout *f, enum event_kind kind, struct exchange *x,
		     const struct exchange_delta *d)
{
	for (size_t i = 0; i < f->count; i++) {
		struct output *o = f->outputs[i];

		if (output_takes(o, kind) && output_has_live(o, x, !d || d->seq == 0))
			put(o, kind,
			    exchange_snapshot(x, kind == EVENT_REQUEST ? output_parts(o) : 0), d);
	}
}

static void on_request(void *arg, struct exchange *x)
{
	put_live(arg, EVENT_REQUEST, x, NULL);
}

static void on_response(void *arg, struct exchange *x)
{
	put_live(arg, EVENT_RESPONSE, x, NULL);
}

static void on_delta(void *arg, struct exchange *x, const struct exchange_delta *d)
{
	/* The model and the answer's id come with the first of its elements. */
	if (d->seq == 0)
		exchange_changed(x);
	put_live(arg, EVENT_DELTA, x, d);
}

static void on_superseded(void *arg, struct exchange *x)
{
	struct fanout *f = arg;

	if (!x->id)
		return; /* nothing was shown of it */
	for (size_t i = 0; i < f->count; i++)
		if (output_has_end(f->outputs[i], x, true))
			put(f->outputs[i], EVENT_SUPERSEDED, exchange_ref(x), NULL);
}

static void on_ended(void *arg, struct exchange *x)
{
	struct fanout *f = arg;

	for (size_t i = 0; i < f->count; i++)
		if (output_has_end(f->outputs[i], x, false))
			put(f->outputs[i], EVENT_END, exchange_ref(x), NULL);
}

const struct observer fanout_observer = {
	.request = on_request,
	.response = on_response,
	.delta = on_delta,
	.superseded = on_superseded,
	.ended = on_ended,
};

/* ---- outputs ---- */

bool fanout_shows_bodies(const void *fanout, const struct exchange *x)
{
	const struct fanout *f = fanout;

	for (size_t i = 0; i < f->count; i++)
		if (output_shows_bodies(f->outputs[i], x))
			return true;
	return false;
}

bool fanout_shows(const void *fanout, const struct exchange *x)
{
	const struct fanout *f = fanout;

	for (size_t i = 0; i < f->count; i++)
		if (output_shows(f->outputs[i], x))
			return true;
	return false;
}

int fanout_add(struct fanout *f, const char *arg, const struct sink_ops *format,
	       const struct output_defaults *d, struct error *reterr)
{
	int err;

	f->outputs = xgrow(f->outputs, f->count, sizeof(struct output *));
	err = output_open(&f->outputs[f->count], arg, format, d, reterr);
	if (err)
		return err;
	for (size_t i = 0; i < f->count; i++)
		if (output_is_stdout(f->outputs[i]) && output_is_stdout(f->outputs[f->count])) {
			output_free(f->outputs[f->count]);
			return error_set(reterr, -EINVAL,
					 "two outputs cannot share standard output: give one a "
					 "target, as in -o jsonl:calls.jsonl");
		}
	f->count++;
	return 0;
}

int fanout_open(struct fanout **ret, const char *const *args, size_t count,
		const struct sink_ops *format, const struct output_defaults *d,
		struct error *reterr)
{
	struct fanout *f = xcalloc(1, sizeof(*f));
	int err = 0;

	for (size_t i = 0; !err && i < count; i++)
		err = fanout_add(f, args[i], format, d, reterr);
	if (err) {
		fanout_free(f);
		return err;
	}
	*ret = f;
	return 0;
}

int fanout_start(struct fanout *f, struct error *reterr)
{
	int err = 0;

	for (size_t i = 0; !err && i < f->count; i++)
		err = output_start(f->outputs[i], reterr);
	return err;
}

enum show_mode fanout_mode(const struct fanout *f)
{
	enum show_mode widest = SHOW_AGENTS;

	for (size_t i = 0; i < f->count; i++) {
		enum show_mode mode = output_mode(f->outputs[i]);

		if (mode == SHOW_ALL || mode == SHOW_RAW)
			return SHOW_ALL;
		if (mode != SHOW_AGENTS)
			widest = SHOW_SMART;
	}
	return widest;
}

bool fanout_is_alive(const struct fanout *f)
{
	bool any = !f->count;

	for (size_t i = 0; i < f->count; i++) {
		bool alive = output_is_alive(f->outputs[i]);

		if (!alive && output_is_stdout(f->outputs[i]))
			return false;
		any |= alive;
	}
	return any;
}

void fanout_note(struct fanout *f, struct span lines)
{
	output_note(f->outputs[0], lines);
}

bool fanout_has_reader(const struct fanout *f)
{
	for (size_t i = 0; i < f->count; i++)
		if (output_is_stdout(f->outputs[i]) && !output_has_reader(f->outputs[i]))
			return false;
	return true;
}

void fanout_finish(struct fanout *f)
{
	for (size_t i = 0; i < f->count; i++)
		output_close(f->outputs[i]);
	for (size_t i = 0; i < f->count; i++)
		output_finish(f->outputs[i]);
}

struct output_totals *fanout_totals(const struct fanout *f, size_t *ret_count, bool *ret_failed)
{
	struct output_totals *all = xcalloc(f->count, sizeof(*all));

	*ret_count = f->count;
	*ret_failed = false;
	for (size_t i = 0; i < f->count; i++) {
		all[i] = output_totals(f->outputs[i]);
		*ret_failed |= all[i].failed || all[i].problem[0];
	}
	return all;
}

void fanout_free(struct fanout *f)
{
	if (!f)
		return;
	fanout_finish(f);
	for (size_t i = 0; i < f->count; i++)
		output_free(f->outputs[i]);
	free(f->outputs);
	free(f);
}
