/* SPDX-License-Identifier: MIT */
/* An output's format: what a record looks like on its way out. Rows in sinks.def. A sink is called
 * on the thread of its output only (sink/output.h), which has selected and redacted what it gets;
 * it never changes a record, and has no need to know of other sinks, of queues or of filters. */
#ifndef SPY_SINK_SINK_H
#define SPY_SINK_SINK_H

#include <stdio.h>

#include "base/error.h"
#include "exchange/show_mode.h"

enum sink_wants {
	SINK_DELTAS = 1, /* request, response, delta and superseded, beside end */
	SINK_WRITES = 2, /* a stream to write to: config.out */
	SINK_BODIES = 4, /* bodies of HTTP that no dialect reads are shown, whatever config says */
	SINK_ALL_BODIES = 8, /* those of all that it shows */
	SINK_EVENTS = 16,    /* request and superseded, beside end, if config.events */
};

/* -o NAME:TARGET,name=value: a setting of the sink's own. */
struct sink_setting {
	const char *name, *help;
};

struct sink_value {
	const char *name, *value;
};

#define SINK_LINES_MAX 100000

/* telemetry/metrics.h */
struct health;

struct sink_config {
	const char *target; /* NULL: standard output */
	FILE *out;	    /* with SINK_WRITES: standard output, or a private file */
	/* The sink's own settings that were given: their names are in its list. */
	const struct sink_value *values;
	size_t nvalues;
	enum show_mode mode; /* which exchanges come; SHOW_RAW also how they are to look */
	bool color;	     /* escape sequences of our own may be used */
	bool utf8;	     /* marks beyond ASCII may be used */
	bool full;	     /* show what earlier turns of a conversation showed as well */
	bool bodies;	     /* with the text of the bodies */
	bool follow;	     /* lines as they arrive rather than what has ended */
	bool events;	     /* a record also of what begins */
	unsigned lines;	     /* rows of each text at most; 0: as it suits */
	unsigned width;	     /* columns to wrap to, 0: do not wrap */
	bool terminal;	     /* `fd` is one, which tells its width at any time */
	bool live;	     /* what is under way can be shown on it, and drawn again */
	bool keys;	     /* its keys are for us */
	int fd;
	bool recorded; /* what comes is a recording's, maybe of another host */
	/* What the tracer says of itself: read with health_read. NULL: nothing. */
	const struct health *health;
};

struct sink; /* each sink defines its own */
struct pollfd;
#define SINK_POLLFDS 4

/* Calls return 0, or -errno with the reason in reterr: then this record was not taken. Those that
 * are NULL are not called. Records are borrowed; exchange_ref() keeps one. */
struct sink_ops {
	const char *name; /* as in -o NAME */
	const char *help;
	const struct sink_setting *settings; /* ends with a NULL name; NULL: it has none */
	unsigned wants;			     /* enum sink_wants */
	const struct sink_ops *raw;	     /* what writes SHOW_RAW in its place; or NULL */
	enum show_mode mode;		     /* where none is asked for */
	int (*open)(struct sink **ret, const struct sink_config *c, struct error *reterr);
	/* With SINK_DELTAS; request and superseded with SINK_EVENTS too. x is a snapshot: of a
	 * delta, as it was when the request, or the head of the answer, was known. Deltas may be
	 * left out where the output is slow (d->seq has a gap then); end always shows the whole. */
	int (*request)(struct sink *s, const struct exchange *x, struct error *reterr);
	int (*response)(struct sink *s, const struct exchange *x, struct error *reterr);
	int (*delta)(struct sink *s, const struct exchange *x, const struct exchange_delta *d,
		     struct error *reterr);
	/* What was shown of x is shown again, as x->twin_of; no end follows. */
	int (*superseded)(struct sink *s, const struct exchange *x, struct error *reterr);
	int (*end)(struct sink *s, const struct exchange *x, struct error *reterr);
	/* What it waits for beside records: descriptors, at most `max`, and in *ret_ms when its
	 * tick is due at the latest, if that is not in a second. Tick comes as soon as one of them
	 * is ready. */
	size_t (*pollfds)(struct sink *s, struct pollfd *fds, size_t max, unsigned *ret_ms);
	/* About once a second, or as pollfds says, and before flush: batches, retries. now_ns:
	 * CLOCK_MONOTONIC. */
	int (*tick)(struct sink *s, uint64_t now_ns, struct error *reterr);
	/* What was taken before is safe after it. With SINK_WRITES the stream is flushed besides.
	 */
	int (*flush)(struct sink *s, struct error *reterr);
	/* How many records were taken and are lost after all, since the last call; with or without
	 * one, reterr says what else went wrong since. */
	uint64_t (*lost)(struct sink *s, struct error *reterr);
	/* No record comes any more; a flush follows. */
	void (*finish)(struct sink *s);
	/* With SINK_WRITES: what makes a file whole that ends behind the last record; valid until
	 * the next call. A file has it at any time, another target at the end. */
	struct span (*closing)(struct sink *s);
	/* With SINK_WRITES: what was written since the last commit is there, or, as when a disk is
	 * full, is not and will not be. */
	void (*committed)(struct sink *s, bool is_there);
	void (*free)(struct sink *s); /* accepts NULL */
};

#define SINK(id, symbol) extern const struct sink_ops symbol;
#include "sink/sinks.def"
#undef SINK

extern const struct sink_ops *const sinks[]; /* all, NULL-terminated */
const struct sink_ops *sink_find(struct span name);
/* The value given for a setting, or NULL. */
const char *sink_value(const struct sink_config *c, const char *name);
/* The same of one that is yes or no; `without` where it was not given. */
int sink_flag(const struct sink_config *c, const char *name, bool without, bool *ret,
	      struct error *reterr);
/* Its setting `width`: columns, 0 for as many as a line has. */
int sink_width(const struct sink_config *c, unsigned *ret, struct error *reterr);
/* Its setting `lines`: rows of each text, 0 as it suits. */
int sink_lines(const struct sink_config *c, unsigned *ret, struct error *reterr);

#endif
