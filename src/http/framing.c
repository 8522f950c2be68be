/* SPDX-License-Identifier: MIT */
#include "http/framing.h"

#include <stdlib.h>

#include "base/xalloc.h"

#define FRAMING(type, ops) extern const struct framing_ops ops;
#include "http/framings.def"
#undef FRAMING

static const struct {
	const char *media_type;
	const struct framing_ops *ops;
} rows[] = {
#define FRAMING(type, ops_) { .media_type = type, .ops = &ops_ },
#include "http/framings.def"
#undef FRAMING
};

const struct framing_ops *framing_find(struct span media_type)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (span_caseeq(media_type, span_str(rows[i].media_type)))
			return rows[i].ops;
	return NULL;
}

struct framing *framing_new(const struct framing_ops *ops, struct limits *lim, framing_fn fn,
			    void *arg)
{
	struct framing *f = xcalloc(1, ops->size);

	*f = (struct framing){ .ops = ops, .lim = lim, .fn = fn, .arg = arg };
	ops->init(f);
	return f;
}

void framing_free(struct framing *f)
{
	if (!f)
		return;
	f->ops->done(f);
	free(f);
}

void framing_feed(struct framing *f, struct span s)
{
	f->ops->feed(f, s);
}

void framing_gap(struct framing *f)
{
	f->ops->gap(f);
}

void framing_finish(struct framing *f)
{
	f->ops->finish(f);
}

uint64_t framing_unread_bytes(const struct framing *f)
{
	return f->unread;
}
