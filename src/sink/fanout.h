/* SPDX-License-Identifier: MIT */
/* From the life of exchanges to the outputs that asked for it: an observer. It never waits for an
 * output, unless the source can wait (output_defaults.lossless). */
#ifndef SPY_SINK_FANOUT_H
#define SPY_SINK_FANOUT_H

#include "exchange/observer.h"
#include "sink/output.h"

struct fanout;
/* args: those of -o, `count` of them, perhaps none. */
int fanout_open(struct fanout **ret, const char *const *args, size_t count,
		const struct sink_ops *format, const struct output_defaults *d,
		struct error *reterr);
/* Starts the outputs' threads: after the last fork of a helper process. */
/* One more. */
int fanout_add(struct fanout *f, const char *arg, const struct sink_ops *format,
	       const struct output_defaults *d, struct error *reterr);
int fanout_start(struct fanout *f, struct error *reterr);
extern const struct observer fanout_observer; /* give it a struct fanout * as arg */

/* Lines that are no records, between those of the first output (writer_note). */
void fanout_note(struct fanout *f, struct span lines);

/* A shown_fn (numbering.h) with a struct fanout *: some output shows exchanges of this kind. */
bool fanout_shows(const void *fanout, const struct exchange *x);
/* The same: with its bodies. */
bool fanout_shows_bodies(const void *fanout, const struct exchange *x);
/* What some output shows, by kind: SHOW_AGENTS, SHOW_SMART or SHOW_ALL. */
enum show_mode fanout_mode(const struct fanout *f);
/* False once no output is left of those opened that could write anything, or standard output's
 * reader is gone. */
bool fanout_is_alive(const struct fanout *f);
/* False once the reader of standard output, such as head(1), has left. */
bool fanout_has_reader(const struct fanout *f);
/* No events come any more: everything is written out, as far as it is taken. */
void fanout_finish(struct fanout *f);
/* What became of the records of each output; the caller frees it. *ret_failed: some output could
 * not write what it was given. */
struct output_totals *fanout_totals(const struct fanout *f, size_t *ret_count, bool *ret_failed);
void fanout_free(struct fanout *f); /* finishes first; accepts NULL */

#endif
