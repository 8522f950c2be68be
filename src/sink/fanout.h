/* SPDX-License-Identifier: MIT */
/* From exchanges to the chosen sink, and the summary of a run. */
#ifndef SPY_SINK_FANOUT_H
#define SPY_SINK_FANOUT_H

#include "assemble/assembler.h"
#include "base/error.h"
#include "options/options.h"

struct totals;

struct show {
	const struct sink_ops *ops;
	struct sink *sink;
	FILE *out;
	enum show_mode mode;
	uint64_t shown, llm, incomplete, errors;
	uint64_t request_bytes, response_bytes;
	uint64_t twice; /* seen at both ends of a connection and shown once */
	struct totals *totals;
};

extern const struct calls_out show_calls; /* give it a struct show * as arg */

/* Opens the output as the options say. */
int show_open(struct show *s, const struct options *o, struct error *reterr);
/* -EPIPE and the like when what was written did not arrive. */
int show_close(struct show *s);
/* False once nobody reads what is written. */
bool show_alive(const struct show *s);

#endif
