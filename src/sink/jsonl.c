/* SPDX-License-Identifier: MIT */
/* One JSON object a line for each exchange, written when it has ended. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "exchange/json.h"
#include "sink/sink.h"

struct sink {
	FILE *out;
	unsigned flags;
};

static int jsonl_end(struct sink *s, const struct exchange *x, struct error *reterr)
{
	json_t *o = exchange_to_json(x, s->flags);

	json_dumpf(o, s->out, JSON_COMPACT);
	fputc('\n', s->out);
	json_decref(o);
	return 0;
}

static int jsonl_open(struct sink **ret, const struct sink_config *c, struct error *reterr)
{
	bool bodies;
	int err = sink_flag(c, "bodies", c->bodies, &bodies, reterr);

	if (err)
		return err;
	*ret = xcalloc(1, sizeof(**ret));
	**ret = (struct sink){ .out = c->out, .flags = bodies ? EXCHANGE_JSON_BODIES : 0 };
	return 0;
}

static void jsonl_free(struct sink *s)
{
	free(s);
}

static const struct sink_setting settings[] = {
	{ "bodies", "yes: with the text of the bodies" },
	{ NULL, NULL },
};

const struct sink_ops sink_jsonl = {
	.name = "jsonl",
	.help = "one JSON object a line",
	.settings = settings,
	.wants = SINK_WRITES,
	.open = jsonl_open,
	.end = jsonl_end,
	.free = jsonl_free,
};
