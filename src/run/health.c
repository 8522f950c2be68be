/* SPDX-License-Identifier: MIT */
/* What a live run says of itself to metrics. */
#include "run/tracer_int.h"

static uint64_t count_blind(const struct tracer *t)
{
	struct unseen notes = { 0 };
	uint64_t n = 0;

	if (t->discover)
		discover_unseen(t->discover, &notes);
	for (size_t i = 0; i < notes.count; i++)
		n += notes.items[i].processes;
	unseen_done(&notes);
	return n;
}

void health_tell(struct tracer *t)
{
	if (!options_have_metrics(t->o))
		return;
	health_set(&t->health.lost_events, t->lost);
	health_set(&t->health.missing_bytes, pipeline_stats(t->pipeline).stream->missing_bytes);
	health_set(&t->health.blind, count_blind(t));
}
