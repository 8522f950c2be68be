/* SPDX-License-Identifier: MIT */
/* Tool calls as spans: from the end of the answer that asked for one to the begin of the request
 * that returns its result. They are children of the call that asked. */
#ifndef SPY_TELEMETRY_TOOL_SPANS_H
#define SPY_TELEMETRY_TOOL_SPANS_H

#include "telemetry/otlp_span.h"

struct tool_spans;
struct tool_spans *tool_spans_new(void);
void tool_spans_free(struct tool_spans *t); /* accepts NULL */

/* The tool call that a record says it serves, where it is waited for: the record's span is a child
 * of that call's, unless its request names a parent. Before tool_spans_see(). */
void tool_spans_parent(struct tool_spans *t, const struct exchange *x, struct otlp_ids *ids);

/* Called with records in the order of their ends. `add` takes each span over whose result came. */
typedef void (*tool_span_fn)(void *arg, json_t *span);
void tool_spans_see(struct tool_spans *t, const struct exchange *x, const struct otlp_ids *ids,
		    const struct otlp_options *o, tool_span_fn add, void *arg);

#endif
