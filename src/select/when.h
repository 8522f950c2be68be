/* SPDX-License-Identifier: MIT */
/* Moments that people type, in local time: "2026-11-29 10:00", "10:00" (today), "today",
 * "yesterday" (their first moment), "now", "2h" (ago); also times as records have them. It reads no
 * clock. */
#ifndef SPY_SELECT_WHEN_H
#define SPY_SELECT_WHEN_H

#include <stdint.h>

/* now_s and the result: since 1970. 0 or -EINVAL. */
int when_read(const char *text, int64_t now_s, int64_t *ret_ns);

#endif
