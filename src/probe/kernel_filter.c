/* SPDX-License-Identifier: MIT */
#include "probe/kernel_filter.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "probe/bytecode.h"

static void skip_unless(struct buf *skip, const char *condition)
{
	buf_addf(skip, "%s!(%s)", skip->len ? " || " : "", condition);
}

/* "a == 1 || a == 2" */
static void add_or(struct buf *any)
{
	buf_adds(any, any->len ? " || " : "");
}

int kernel_filter_expression(const struct kernel_filter *f, char **ret, struct error *reterr)
{
	const struct filter_options *o = f->filter;
	struct buf skip, pids, uids;
	char text[64];
	int err = 0;

	buf_init(&skip, 64 << 10);
	buf_init(&pids, 48 << 10);
	buf_init(&uids, 32 << 10);
	for (size_t i = 0; i < o->npids; i++) {
		add_or(&pids);
		buf_addf(&pids, "tgid == SPY_PID(%zu)", i);
	}
	if (o->npids)
		skip_unless(&skip, pids.ptr);
	for (size_t i = 0; i < o->nusers; i++)
		if (o->users[i].known) {
			add_or(&uids);
			buf_addf(&uids, "uid == %u", (unsigned)o->users[i].uid);
		}
	if (uids.len)
		skip_unless(&skip, uids.ptr);
	for (size_t i = 0; f->comm && i <= strlen(f->comm); i++) {
		snprintf(text, sizeof(text), "comm[%zu] == %d", i, f->comm[i]);
		skip_unless(&skip, text);
	}
	if (pids.full || uids.full || skip.full || o->npids >= BYTECODE_VALUES)
		err = error_set(reterr, -E2BIG, "too many processes or users are given");
	if (!skip.len)
		buf_adds(&skip, "0");
	*ret = buf_take(&skip);
	buf_done(&pids);
	buf_done(&uids);
	return err;
}
