/* SPDX-License-Identifier: MIT */
#include "options/read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "options/table.h"

void names_add(struct names *n, const char *name)
{
	n->items = xgrow(n->items, n->count, sizeof(*n->items));
	n->items[n->count++] = name;
}

int read_number(const char *text, unsigned long max, unsigned long *ret)
{
	char *end;

	errno = 0;
	*ret = strtoul(text, &end, 10);
	return text[0] < '0' || text[0] > '9' || *end || errno || *ret > max ? -EINVAL : 0;
}

static int refuse_choice(const char *const *list, struct error *reterr)
{
	AUTO_FREE char *text = NULL;
	struct buf b;

	buf_init(&b, sizeof(reterr->text));
	for (size_t i = 0; list[i]; i++)
		buf_addf(&b, "%s%s", i == 0 ? "" : list[i + 1] ? ", " : " or ", list[i]);
	text = buf_take(&b);
	return error_set(reterr, -EINVAL, "choose %s", text);
}

int read_choice(const char *arg, const char *kind, unsigned *ret, struct error *reterr)
{
	const char *const *list = choices_of(kind);

	for (unsigned i = 0; list[i]; i++)
		if (strcmp(arg, list[i]) == 0) {
			*ret = i;
			return 0;
		}
	return refuse_choice(list, reterr);
}
