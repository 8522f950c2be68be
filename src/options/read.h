/* SPDX-License-Identifier: MIT */
/* Readers: what FN(read_x) in options.def names. The table declares them; they are defined in
 * read_*.c. A reader returns 0, or -errno with reterr saying what is expected ("choose text or
 * jsonl"); the option and its argument are put before that. `arg` is NULL where it was left out.
 * Strings are borrowed from argv. */
#ifndef SPY_OPTIONS_READ_H
#define SPY_OPTIONS_READ_H

#include "options/options.h"

#define SECTION(title)
#define OPTION(name, letter, arg, set, scope, help) set
#define BOOL(member)
#define TEXT(member)
#define NAMES(member)
#define SIZE(member)
#define CHOICE(member, value)
#define FN(reader) int reader(struct options *o, const char *arg, struct error *reterr);
#include "options/options.def"
#undef SECTION
#undef OPTION
#undef BOOL
#undef TEXT
#undef NAMES
#undef SIZE
#undef CHOICE
#undef FN

/* Of what was kept, processes are selected as exchanges are: by the words of settings. */
int options_select_processes(struct options *o, struct error *reterr);

/* ---- what readers share ---- */

void names_add(struct names *n, const char *name);
/* A whole number up to `max`, in digits. 0 or -EINVAL. */
int read_number(const char *text, unsigned long max, unsigned long *ret);
/* Its place among choices_of(kind), else -EINVAL with "choose a, b or c". */
int read_choice(const char *arg, const char *kind, unsigned *ret, struct error *reterr);

#endif
