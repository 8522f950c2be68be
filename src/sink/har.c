/* SPDX-License-Identifier: MIT */
/* An HTTP archive (HAR 1.2) for a browser's developer tools: one entry for each exchange, in the
 * order in which they end, each on a line of its own. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "json/write.h"
#include "sink/har.h"
#include "sink/sink.h"

struct sink {
	FILE *out;
	struct buf line;
	bool any, any_there; /* entries; of these, what is in the file */
};

/* JSON-RPC over pipes is no HTTP, but has a request and an answer all the same. */
static int har_end(struct sink *s, const struct exchange *x, struct error *reterr)
{
	json_t *entry = har_entry(x);

	buf_reset(&s->line);
	if (s->any)
		buf_addc(&s->line, ',');
	json_write(entry, &s->line);
	buf_addc(&s->line, '\n');
	fwrite(s->line.ptr, 1, s->line.len, s->out);
	s->any = true;
	json_decref(entry);
	return 0;
}

static struct span har_closing(struct sink *s)
{
	return SPAN_LIT("]}}\n");
}

static void har_committed(struct sink *s, bool is_there)
{
	if (is_there)
		s->any_there = s->any;
	else
		s->any = s->any_there;
}

static int har_open(struct sink **ret, const struct sink_config *c, struct error *reterr)
{
	*ret = xcalloc(1, sizeof(**ret));
	(*ret)->out = c->out;
	buf_init(&(*ret)->line, SIZE_MAX / 2);
	fputs("{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"" PACKAGE_NAME
	      "\",\"version\":\"" PACKAGE_VERSION "\"},\"entries\":[\n",
	      c->out);
	return 0;
}

static void har_free(struct sink *s)
{
	if (s)
		buf_done(&s->line);
	free(s);
}

const struct sink_ops sink_har = {
	.name = "har",
	.help = "an HTTP archive, for a browser's developer tools",
	.wants = SINK_WRITES | SINK_ALL_BODIES,
	.open = har_open,
	.end = har_end,
	.closing = har_closing,
	.committed = har_committed,
	.free = har_free,
};
