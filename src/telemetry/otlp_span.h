/* SPDX-License-Identifier: MIT */
/* Records as spans, resources and events of OTLP. */
#ifndef SPY_TELEMETRY_OTLP_SPAN_H
#define SPY_TELEMETRY_OTLP_SPAN_H

#include "telemetry/otlp_value.h"
#include "telemetry/trace_context.h"

struct otlp_options {
	bool newer;		/* conventions */
	bool content;		/* what was said, and command lines */
	const char *service;	/* name; NULL: that of the program */
	const char *host;	/* where it was captured; NULL: not known */
	const char *attributes; /* more of the resource: "key=value,..."; NULL */
};

/* The trace of a record, its own span, and its parent ("": none). The same record has the same ids
 * each time it is replayed. */
struct otlp_ids {
	struct trace_context own;
	char parent[SPAN_ID_SIZE];
};
void otlp_ids(const struct exchange *x, struct otlp_ids *ret);

/* Times of the record by the wall clock, ns; 0: not known. */
uint64_t otlp_start_ns(const struct exchange *x);
uint64_t otlp_end_ns(const struct exchange *x);

/* The caller owns what is returned. */
json_t *otlp_span(const struct exchange *x, const struct otlp_ids *ids,
		  const struct otlp_options *o);
/* The program and its host; x NULL: llm-spy's own name. */
json_t *otlp_service(const struct exchange *x, const struct otlp_options *o);
/* Those, and the process. */
json_t *otlp_resource(const struct exchange *x, const struct otlp_options *o);
/* Of a model call: system prompt, messages and answer. */
json_t *otlp_content(const struct exchange *x, const struct otlp_ids *ids,
		     const struct otlp_options *o);

/* Those that tell calls of models apart, for spans and metrics alike. */
void otlp_add_call(struct attributes *a, const struct exchange *x);
/* error.type; NULL: it did not fail. `room` may hold it. */
#define OTLP_ERROR_SIZE 24
const char *otlp_error_type(const struct exchange *x, char room[OTLP_ERROR_SIZE]);

#endif
