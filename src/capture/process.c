/* SPDX-License-Identifier: MIT */
#include "capture/process.h"

#include <errno.h>

#include "capture/script_name.h"

/* Those that earlier versions wrote, too. */
#define FIRST  3
#define SECOND 11
#define MEMBERS(p)                                                                                 \
	&(p)->name, &(p)->exe, &(p)->cmdline, &(p)->script, &(p)->user, &(p)->runtime,             \
		&(p)->container, &(p)->container_name, &(p)->pod, &(p)->unit, &(p)->cgroup,        \
		&(p)->ancestors

void proc_encode(const struct proc_text *p, struct buf *out)
{
	const struct span *const members[] = { MEMBERS(p) };

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		buf_add_le(out, members[i]->len, 4);
		buf_add(out, *members[i]);
	}
}

int proc_decode(struct span in, struct proc_text *ret)
{
	struct span *const members[] = { MEMBERS(ret) };
	struct cursor c = { .rest = in };
	bool early;
	size_t i = 0;

	*ret = (struct proc_text){ .name = { NULL, 0 } };
	for (; i < sizeof(members) / sizeof(*members); i++) {
		if ((i == FIRST || i == SECOND) && !c.bad && !c.rest.len)
			break;
		*members[i] = cursor_take(&c, cursor_le(&c, 4));
	}
	early = i == FIRST;
	if (early) {
		struct command_line line = { .exe = ret->exe,
					     .args = ret->cmdline,
					     .separator = ' ' };

		ret->script = script_name(&line);
	}
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

bool proc_is_named(const struct proc_text *p, struct span word)
{
	struct span none = { NULL, 0 };

	return word.len &&
	       (span_eq(p->name, word) || span_eq(proc_name(none, p->cmdline, none), word) ||
		script_is(p->script, word));
}
