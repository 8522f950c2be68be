/* SPDX-License-Identifier: MIT */
/* From exchanges to the chosen sink, and the summary of a run. */
#ifndef SPY_SINK_FANOUT_H
#define SPY_SINK_FANOUT_H

#include "assemble/assembler.h"
#include "base/error.h"
#include "options/options.h"

struct spend;

struct fanout {
	const struct sink_ops *ops;
	struct sink *sink;
	FILE *out;
	enum show_mode mode;
	uint64_t shown, llm, incomplete, errors;
	uint64_t request_bytes, response_bytes;
	uint64_t twice; /* seen at both ends of a connection and shown once */
	struct spend *totals;
};

extern const struct assembler_out fanout_events; /* give it a struct fanout * as arg */

/* Opens the output as the options say. */
int fanout_open(struct fanout *s, const struct options *o, struct error *reterr);
/* -EPIPE and the like when what was written did not arrive. */
int fanout_close(struct fanout *s);
/* False once nobody reads what is written. */
bool fanout_alive(const struct fanout *s);

#endif
