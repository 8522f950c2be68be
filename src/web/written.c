/* SPDX-License-Identifier: MIT */
#include "web/written.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int written_begin(struct written *w, const char *format, struct error *reterr)
{
	struct sink_config c = { .mode = SHOW_ALL,
				 .utf8 = true,
				 .bodies = true,
				 .lines = SINK_LINES_MAX,
				 .fd = -1,
				 .recorded = true };
	int err;

	*w = (struct written){ .ops = sink_find(span_str(format)) };
	w->out = open_memstream(&w->text, &w->len);
	if (!w->out)
		return error_set(reterr, -errno, "cannot write: %s", strerror(errno));
	c.out = w->out;
	err = w->ops->open(&w->sink, &c, reterr);
	if (err)
		fclose(w->out);
	if (err)
		free(w->text);
	return err;
}

int written_add(struct written *w, const struct exchange *x, struct error *reterr)
{
	return w->ops->end(w->sink, x, reterr);
}

int written_end(struct written *w, struct buf *out, struct error *reterr)
{
	struct span closing = w->ops->closing ? w->ops->closing(w->sink) : span_of(NULL, 0);
	bool failed;

	if (w->ops->finish)
		w->ops->finish(w->sink);
	if (closing.len)
		fwrite(closing.ptr, 1, closing.len, w->out);
	failed = ferror(w->out) != 0;
	failed |= fclose(w->out) != 0;
	w->ops->free(w->sink);
	if (!failed)
		buf_add(out, span_of(w->text, w->len));
	free(w->text);
	return failed ? error_set(reterr, -ENOMEM, "it is too long") : 0;
}
