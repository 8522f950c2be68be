/* SPDX-License-Identifier: MIT */
/* What --alert asks for: a list, separated by commas, of names of credentials (redact/keys.def), of
 * /REGEX/, and of what rules.def has. Pure: files are read by who calls. */
#ifndef SPY_ALERT_RULES_H
#define SPY_ALERT_RULES_H

#include "base/error.h"
#include "redact/key_find.h"
#include "redact/pattern.h"

enum budget_of { BUDGET_USER, BUDGET_PROGRAM, BUDGET_CONVERSATION, BUDGET_ALL };

struct budget {
	char *name; /* of the rule, as it was given */
	enum budget_of of;
	double usd; /* of a day */
};

/* A list of what is allowed, "|" between them. */
struct allowed {
	bool provider; /* else models */
	char *list;
};

struct rules {
	key_set keys;
	struct patterns *patterns; /* NULL: none */
	/* Of each: "pattern-1" of the first on the command line, "FILE:LINE" of a file; never the
	 * pattern, which may be a secret. */
	char **pattern_names;
	size_t ninline; /* of them, on the command line */
	struct budget *budgets;
	size_t nbudgets;
	unsigned loop; /* 0: none */
	struct allowed *allowed;
	size_t nallowed;
};

/* Adds the patterns of a file to `p`, with the line of each (redact/pattern_list.h). */
typedef int (*rules_file_fn)(struct patterns *p, const char *path, unsigned **ret_lines,
			     struct error *reterr);

/* Adds them to `r`, which is zeroed at first. 0, or -EINVAL with what is wrong. */
int rules_read(struct rules *r, const char *text, rules_file_fn read_file, struct error *reterr);
void rules_done(struct rules *r);

const char *budget_of_name(enum budget_of of);
/* Whether something of the list fits. */
bool allowed_has(const struct allowed *a, const char *name);

#endif
