/* SPDX-License-Identifier: MIT */
/* What `-o NAME[:TARGET][,key=value...]` asks for. */
#ifndef SPY_SINK_OUTPUT_SPEC_H
#define SPY_SINK_OUTPUT_SPEC_H

#include "exchange/redact_policy.h"
#include "select/select.h"
#include "sink/sink.h"

struct output_spec {
	const struct sink_ops *ops;
	char *target;  /* NULL: standard output */
	char name[80]; /* for people */
	struct select select;
	struct redact_policy policy; /* whoever applies it takes it over */
	size_t queue_bytes;
	struct sink_value *values; /* the sink's own settings */
	size_t nvalues;
};

/* Adds to what the caller has set as defaults. Where `arg` does not begin with the name of a sink,
 * it is a file for `format`. output_spec_done() in any case. */
int output_spec_read(struct output_spec *o, const char *arg, const struct sink_ops *format,
		     struct error *reterr);
void output_spec_done(struct output_spec *o);

#endif
