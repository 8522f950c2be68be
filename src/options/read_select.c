/* SPDX-License-Identifier: MIT */
/* Which exchanges are shown: an option for each word of select/words.def. */
#include <errno.h>

#include "options/read.h"

static int read_word(struct options *o, const char *word, const char *arg, struct error *reterr)
{
	int err = select_add(&o->select, word, arg ? arg : "only", reterr);

	return err < 0 ? err : 0;
}

#define PROCESS(id, word, read, has)
#define WORD(id, word, arg_, read, has, when, help)                                                \
	int read_select_##id(struct options *o, const char *arg, struct error *reterr)             \
	{                                                                                          \
		return read_word(o, word, arg, reterr);                                            \
	}
#include "select/words.def"
#undef PROCESS
#undef WORD
