/* SPDX-License-Identifier: MIT */
/* One output: what it selects, how it redacts, and its own thread behind a queue bounded in bytes.
 * What it cannot take is counted here and is nobody else's loss. */
#ifndef SPY_SINK_OUTPUT_H
#define SPY_SINK_OUTPUT_H

#include "report/totals.h"
#include "select/select.h"
#include "sink/queue.h"
#include "sink/sink.h"

enum color_when { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* What outputs have in common unless their own settings say otherwise. */
struct output_defaults {
	enum show_mode mode;		/* SHOW_DEFAULT: as each sink prefers */
	const struct select *selection; /* for all outputs, beside their own; NULL: all */
	enum color_when color;
	bool full, bodies, follow, events;
	unsigned lines;
	const char *const *redact; /* what all hide, as redact_setting_add takes it */
	size_t nredact;
	bool force;	    /* files that are there are overwritten */
	const char *source; /* but not this one, which is read; "-" standard input; NULL */
	bool command;	    /* one that we started has the terminal's keyboard */
	/* Nothing is left out, whoever is slow: the source can wait, as a recording can. */
	bool lossless;
	const struct health *health; /* of the tracer, for metrics; NULL */
};

/* -o FILE: what `format` makes of it goes to FILE. -o NAME[:TARGET][,key=value...], where NAME is a
 * sink's: that sink. "-" and no target: standard output. `,` ends the target; `\,` is a comma. */
struct output;
int output_open(struct output **ret, const char *arg, const struct sink_ops *format,
		const struct output_defaults *d, struct error *reterr);
/* Only after output_finish(). Accepts NULL. */
void output_free(struct output *o);
int output_start(struct output *o, struct error *reterr); /* its thread */

/* On the thread that assembles. */
unsigned output_parts(const struct output *o); /* of snapshots, enum exchange_parts */
/* With the text of its bodies. */
bool output_shows_bodies(const struct output *o, const struct exchange *x);
/* By its kind alone (show mode), whatever is selected of that. */
bool output_shows(const struct output *o, const struct exchange *x);
enum show_mode output_mode(const struct output *o);
/* x is under way: whether the output shows that. Once it does, it shows x to its end. `news`: more
 * is known of x than its answer's text. */
bool output_has_live(struct output *o, const struct exchange *x, bool news);
/* Whether it wants to be told that, of what is under way. */
bool output_takes(const struct output *o, enum event_kind kind);
/* x is over: whether the output has it. `superseded`: it only has what it followed. */
bool output_has_end(struct output *o, const struct exchange *x, bool superseded);
void output_put(struct output *o, struct event *e); /* takes it over */
/* False once it has failed for good: nobody reads, the sink is gone. */
bool output_is_alive(const struct output *o);
/* Whether it writes to standard output. */
/* False once who reads from the pipe that it writes to has left. */
bool output_has_reader(const struct output *o);
bool output_is_stdout(const struct output *o);

/* Lines that are no records, for an output that writes text (writer_note). After output_finish() at
 * once. */
void output_note(struct output *o, struct span lines);

/* Has what is in the queue written out, as long as its reader takes something. */
void output_close(struct output *o);
void output_finish(struct output *o);

struct output_totals output_totals(const struct output *o);

#endif
