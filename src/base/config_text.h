/* SPDX-License-Identifier: MIT */
/* Files of settings, as people write them: "name = value" or a name alone on each line, below
 * sections as "[name]"; behind "#", where a line begins or behind a blank, a comment. Pure. */
#ifndef SPY_BASE_CONFIG_TEXT_H
#define SPY_BASE_CONFIG_TEXT_H

#include "base/error.h"
#include "base/span.h"

struct config_line {
	unsigned number;     /* from 1 */
	struct span section; /* empty: above the first one */
	bool opens;	     /* the line is that of the section itself, and has nothing else */
	struct span name;    /* of small letters, digits and '-' */
	const char *value;   /* without the quotes around it; NULL: there is none */
};

/* What `line` points to is valid until it returns. 0 to go on, else ends it. */
typedef int (*config_line_fn)(void *arg, const struct config_line *line, struct error *reterr);

/* Calls fn for each line that is neither empty nor a comment. 0; what fn returned; or -EINVAL with
 * what is wrong. *ret_line: where it ended. */
int config_text_read(struct span text, config_line_fn fn, void *arg, unsigned *ret_line,
		     struct error *reterr);

#endif
