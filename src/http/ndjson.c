/* SPDX-License-Identifier: MIT */
/* Newline-delimited JSON (github.com/ndjson/ndjson-spec): each line that is not blank is one
 * element. */
#include "http/framing.h"
#include "http/lines.h"

struct ndjson {
	struct framing f;
	struct lines lines;
};

static void on_line(void *arg, struct span line, bool cut)
{
	struct ndjson *n = arg;

	if (span_trim(line).len)
		n->f.fn(n->f.arg, span_of(NULL, 0), line, cut);
}

static void ndjson_init(void *state)
{
	struct ndjson *n = state;

	lines_init(&n->lines, &n->f, on_line, false);
}

static void ndjson_done(void *state)
{
	struct ndjson *n = state;

	lines_done(&n->lines);
}

static void ndjson_feed(void *state, struct span s)
{
	struct ndjson *n = state;

	lines_feed(&n->lines, s);
}

static void ndjson_gap(void *state)
{
	struct ndjson *n = state;

	lines_gap(&n->lines);
}

static void ndjson_finish(void *state)
{
	struct ndjson *n = state;

	lines_finish(&n->lines);
}

const struct framing_ops framing_lines = {
	.name = "ndjson",
	.size = sizeof(struct ndjson),
	.init = ndjson_init,
	.feed = ndjson_feed,
	.gap = ndjson_gap,
	.finish = ndjson_finish,
	.done = ndjson_done,
};
