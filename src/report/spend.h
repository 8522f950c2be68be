/* SPDX-License-Identifier: MIT */
/* Who spent how much: sums over the calls to models that were shown, by process, model, provider,
 * user and cgroup. */
#ifndef SPY_REPORT_SPEND_H
#define SPY_REPORT_SPEND_H

#include "base/buf.h"
#include "exchange/exchange.h"

/* What a user is called, valid until the next call; NULL where that is not known. */
typedef const char *(*user_name_fn)(uint32_t uid);

struct spend;
struct spend *spend_new(void);
void spend_free(struct spend *t); /* accepts NULL */
void spend_add(struct spend *t, const struct exchange *x);
/* Tables, each sorted by cost, then by tokens; those with a single row are left out but for the
 * models'. user_name may be NULL. */
void spend_write(struct buf *out, const struct spend *t, bool utf8, user_name_fn user_name);

#endif
