/* SPDX-License-Identifier: MIT */
/* One JSON object a line for each exchange, written when it has ended; with `events`, one for each
 * request before it. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "exchange/asked.h"
#include "exchange/json.h"
#include "json/write.h"
#include "sink/begun.h"
#include "sink/sink.h"

struct sink {
	FILE *out;
	struct buf line;
	unsigned flags;
	bool events;
	struct begun asked; /* a record of its request was written */
};

static void write_record(struct sink *s, const struct exchange *x, unsigned flags)
{
	json_t *o = exchange_to_json(x, s->flags | flags);

	buf_reset(&s->line);
	json_write(o, &s->line);
	buf_addc(&s->line, '\n');
	fwrite(s->line.ptr, 1, s->line.len, s->out);
	json_decref(o);
}

/* Live, its answer is under way; in a replay it is known already and left out. */
static void write_request(struct sink *s, const struct exchange *x)
{
	struct exchange asked = exchange_asked(x);

	write_record(s, &asked, EXCHANGE_JSON_REQUEST);
}

static int jsonl_request(struct sink *s, const struct exchange *x, struct error *reterr)
{
	write_request(s, x);
	begun_add(&s->asked, x->id);
	return 0;
}

static int jsonl_superseded(struct sink *s, const struct exchange *x, struct error *reterr)
{
	if (begun_drop(&s->asked, x->id))
		write_record(s, x, EXCHANGE_JSON_SUPERSEDED);
	return 0;
}

static int jsonl_end(struct sink *s, const struct exchange *x, struct error *reterr)
{
	if (s->events && !begun_drop(&s->asked, x->id))
		write_request(s, x);
	write_record(s, x, 0);
	return 0;
}

static int jsonl_open(struct sink **ret, const struct sink_config *c, struct error *reterr)
{
	bool bodies;
	int err = sink_flag(c, "bodies", c->bodies, &bodies, reterr);

	if (err)
		return err;
	*ret = xcalloc(1, sizeof(**ret));
	**ret = (struct sink){ .out = c->out,
			       .events = c->events,
			       .flags = bodies ? EXCHANGE_JSON_BODIES : 0 };
	buf_init(&(*ret)->line, SIZE_MAX / 2);
	return 0;
}

static void jsonl_free(struct sink *s)
{
	if (!s)
		return;
	buf_done(&s->line);
	begun_done(&s->asked);
	free(s);
}

static const struct sink_setting settings[] = {
	{ "bodies", "yes: with the text of the bodies" },
	{ "events", "yes: also a record of each request, before its answer" },
	{ NULL, NULL },
};

const struct sink_ops sink_jsonl = {
	.name = "jsonl",
	.help = "one JSON object a line",
	.settings = settings,
	.wants = SINK_WRITES | SINK_EVENTS,
	.open = jsonl_open,
	.request = jsonl_request,
	.superseded = jsonl_superseded,
	.end = jsonl_end,
	.free = jsonl_free,
};
