/* SPDX-License-Identifier: MIT */
#include "capture/process.h"

#include <errno.h>

static void put(struct buf *out, struct span s)
{
	buf_add_le(out, s.len, 4);
	buf_add(out, s);
}

void proc_encode(const struct proc_text *p, struct buf *out)
{
	put(out, p->name);
	put(out, p->exe);
	put(out, p->cmdline);
}

int proc_decode(struct span in, struct proc_text *ret)
{
	struct cursor c = { .rest = in };

	ret->name = cursor_take(&c, cursor_le(&c, 4));
	ret->exe = cursor_take(&c, cursor_le(&c, 4));
	ret->cmdline = cursor_take(&c, cursor_le(&c, 4));
	return c.bad || !ret->name.len ? -EPROTO : 0;
}

static struct span file_name(struct span path)
{
	for (size_t i = path.len; i > 0; i--)
		if (path.ptr[i - 1] == '/')
			return span_from(path, i);
	return path;
}

struct span proc_name(struct span exe, struct span cmdline, struct span comm)
{
	static const struct span gone = SPAN_LIT(" (deleted)");
	struct span name;

	if (span_ends(exe, gone))
		exe.len -= gone.len;
	name = file_name(exe);
	if (!name.len)
		name = file_name(span_first(cmdline, span_find(cmdline, ' ')));
	return name.len ? name : comm;
}
