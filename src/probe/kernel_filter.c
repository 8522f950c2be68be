/* SPDX-License-Identifier: MIT */
#include "probe/kernel_filter.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"

static void skip_unless(struct buf *skip, const char *condition)
{
	buf_addf(skip, "%s!(%s)", skip->len ? " || " : "", condition);
}

static int add_cgroup(const char *cgroup, struct buf *skip, struct error *reterr)
{
	char text[64];
	struct stat st;

	if (stat(cgroup, &st) != 0 || !S_ISDIR(st.st_mode))
		return error_set(reterr, -ENOENT, "--cgroup %.200s: no such directory", cgroup);
	snprintf(text, sizeof(text), "cgroup == %lluull", (unsigned long long)st.st_ino);
	skip_unless(skip, text);
	return 0;
}

int kernel_filter_expression(const struct kernel_filter *f, char **ret, struct error *reterr)
{
	const struct filter_options *o = f->filter;
	struct buf skip, any;
	char text[64];
	int err = 0;

	buf_init(&skip, 64 << 10);
	buf_init(&any, 32 << 10);
	for (size_t i = 0; i < o->npids; i++)
		buf_addf(&any, "%stgid == %d", i ? " || " : "", (int)o->pids[i]);
	if (o->npids)
		skip_unless(&skip, any.ptr);
	if (o->has_uid) {
		snprintf(text, sizeof(text), "uid == %u", o->uid);
		skip_unless(&skip, text);
	}
	for (size_t i = 0; f->comm && i <= strlen(f->comm); i++) {
		snprintf(text, sizeof(text), "comm[%zu] == %d", i, f->comm[i]);
		skip_unless(&skip, text);
	}
	if (f->cgroup)
		err = add_cgroup(f->cgroup, &skip, reterr);
	if (!err && (any.full || skip.full))
		err = error_set(reterr, -E2BIG, "too many --pid options");
	if (!skip.len)
		buf_adds(&skip, "0");
	*ret = buf_take(&skip);
	buf_done(&any);
	return err;
}
