/* SPDX-License-Identifier: MIT */
/* Amounts that people type: whole numbers, times and dollars. Pure. All take the whole text: 0 or
 * -EINVAL. */
#ifndef SPY_SELECT_AMOUNT_H
#define SPY_SELECT_AMOUNT_H

#include <stdint.h>

int amount_number(const char *text, uint64_t max, uint64_t *ret);
/* "812", "10k", "1.5M", "2G": thousands and so on. */
int amount_count(const char *text, double *ret);
/* "2s", "500ms", "1.5m", "1h30m"; units ms, s, m, h, d; a bare number counts seconds. */
int amount_time(const char *text, uint64_t *ret_ns);
/* "0.05" or "$0.05". */
int amount_dollars(const char *text, double *ret);

#endif
