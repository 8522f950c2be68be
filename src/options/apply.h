/* SPDX-License-Identifier: MIT */
/* One option at a time, whoever gives it. */
#ifndef SPY_OPTIONS_APPLY_H
#define SPY_OPTIONS_APPLY_H

#include "options/table.h"

/* As they are when nothing is given. */
void options_init(struct options *o, const struct subcommand *sub);
/* 0, or -errno with what is expected. `arg` is borrowed as long as the options are used. */
int option_apply(struct options *o, const struct row *r, const char *arg, struct error *reterr);

#endif
