/* SPDX-License-Identifier: MIT */
/* What only archives do: sums that were kept, and records that are. */
#ifndef SPY_VIEW_SUMS_H
#define SPY_VIEW_SUMS_H

#include "archive/reading.h"
#include "view/view.h"

typedef reading_sum_fn view_sum_fn;
/* Of an archive, from quarter `since` on, before `until`. */
int view_sums(struct view *v, enum sums_of of, int64_t since, int64_t until, view_sum_fn fn,
	      void *arg, struct error *reterr);
typedef reading_key_fn view_key_fn;
/* Of an archive: calls by their keys, as reading_keys has them. */
int view_keys(struct view *v, int64_t since_ns, int64_t until_ns, view_key_fn fn, void *arg,
	      struct error *reterr);
/* Keeps a record of the archive for ever, or no longer than others. */
int view_pin(const char *path, uint64_t id, bool pin, struct error *reterr);

#endif
