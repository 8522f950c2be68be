/* SPDX-License-Identifier: MIT */
/* One JSON object a line for each exchange, written when it has ended. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "exchange/json.h"
#include "json/write.h"
#include "sink/sink.h"

struct sink {
	FILE *out;
	struct buf line;
	unsigned flags;
};

static int jsonl_end(struct sink *s, const struct exchange *x, struct error *reterr)
{
	json_t *o = exchange_to_json(x, s->flags);

	buf_reset(&s->line);
	json_write(o, &s->line);
	buf_addc(&s->line, '\n');
	fwrite(s->line.ptr, 1, s->line.len, s->out);
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
	buf_init(&(*ret)->line, SIZE_MAX / 2);
	return 0;
}

static void jsonl_free(struct sink *s)
{
	if (s)
		buf_done(&s->line);
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
