/* SPDX-License-Identifier: MIT */
/* The environment of a command under sudo: that of the user who called it, as it would be without
 * sudo and llm-spy. Pure. */
#ifndef SPY_RUN_ENVIRONMENT_H
#define SPY_RUN_ENVIRONMENT_H

#include "base/span.h"

/* Texts, each with a NUL behind it (proc/sudo.h). */
struct environment_sources {
	struct span caller; /* what sudo was called with */
	struct span given;  /* what sudo made of it */
	struct span args;   /* sudo's own command line */
};

/* The caller's variables, but what was set for us on purpose wins: behind sudo, or on its command
 * line. Of what sudo itself made up nothing stays. `ours` ends with NULL, and so does what is
 * returned; environment_free() it. */
char **environment_merge(const struct environment_sources *from, char *const *ours);
/* In place of the variable of that name, or beside the others. */
void environment_set(char ***environment, const char *name, const char *value);
void environment_free(char **environment); /* accepts NULL */

#endif
