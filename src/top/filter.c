/* SPDX-License-Identifier: MIT */
#include "top/filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/xalloc.h"

#define TEXT_MAX 4096

static int add_word(struct top_filter *f, const char *word, struct error *reterr)
{
	const char *equals = strchr(word, '=');
	AUTO_FREE char *name = xstrndup(word, (size_t)(equals - word));
	int taken = select_add(&f->select, name, equals + 1, reterr);

	if (taken == 0)
		return error_set(reterr, -EINVAL, "nothing is selected by '%.40s'", name);
	return taken < 0 ? taken : 0;
}

static int add_words(struct top_filter *f, const char *typed, struct buf *text,
		     struct error *reterr)
{
	int err = 0;

	for (; *typed && !err; typed += strspn(typed, " ")) {
		size_t len = strcspn(typed, " ");
		AUTO_FREE char *word = xstrndup(typed, len);

		typed += len;
		if (strchr(word, '='))
			err = add_word(f, word, reterr);
		else if (*word)
			buf_addf(text, "%s%s", text->len ? " " : "", word);
	}
	return err;
}

int top_filter_read(struct top_filter *f, const char *typed, struct error *reterr)
{
	struct buf text;
	int err;

	*f = (struct top_filter){ .select.recorded = true };
	buf_init(&text, TEXT_MAX);
	err = add_words(f, typed, &text, reterr);
	if (!err)
		err = select_check(&f->select, reterr);
	f->text = buf_take(&text);
	if (err)
		top_filter_done(f);
	return err;
}

void top_filter_done(struct top_filter *f)
{
	select_done(&f->select);
	free(f->text);
	*f = (struct top_filter){ 0 };
}
