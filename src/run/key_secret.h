/* SPDX-License-Identifier: MIT */
/* The secret under which API keys of this host are told apart (exchange/key_print.h). It is made
 * once, at random, and kept with what cannot be made again, not in the cache: with another one,
 * the keys of records that were kept would all be new ones. */
#ifndef SPY_RUN_KEY_SECRET_H
#define SPY_RUN_KEY_SECRET_H

#include "exchange/key_print.h"

/* Fills and returns it; NULL where it can be neither read nor made: keys are not
 * told apart then, rather than differently in each run. */
const struct key_secret *key_secret_read(struct key_secret *s);

#endif
