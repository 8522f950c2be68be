/* SPDX-License-Identifier: MIT */
#include "exchange/asked.h"

static void leave_answer(struct exchange *x)
{
	x->model_answered = x->request_id = x->response_id = x->service_tier = NULL;
	x->choices = NULL;
	x->citations = NULL;
	x->searches = NULL;
	x->nchoices = x->ncitations = x->nsearches = 0;
	x->stream = x->response_partial = x->rpc_failed = false;
	x->stream_events = x->rpc_messages[1] = 0;
	x->usage = USAGE_UNKNOWN;
	x->counted = COUNT_UNKNOWN;
	x->cost = (struct cost){ .source = COST_UNKNOWN };
	x->error = NULL;
	x->conversation.lost_cache = COUNT_UNKNOWN;
}

struct exchange exchange_asked(const struct exchange *x)
{
	struct exchange asked = *x;

	asked.response_seen = false;
	asked.status = 0;
	asked.response_headers = (struct headers){ 0 };
	asked.response_body = (struct body){ .expected = COUNT_UNKNOWN };
	asked.t.response_first = asked.t.first_token = asked.t.response_last = 0;
	asked.via = (struct leg){ 0 };
	asked.twin_of = 0;
	leave_answer(&asked);
	return asked;
}
