/* SPDX-License-Identifier: MIT */
/* Numbers for people, in one style everywhere. All return by value, so that one line can have
 * several: printf("%s", text_bytes(n).text). */
#ifndef SPY_BASE_UNITS_H
#define SPY_BASE_UNITS_H

#include <stdint.h>

struct unit_text {
	char text[32];
};

/* 12ms, 0.51s, 14.2s, 2m03s, 1h05m, 2d03h. */
struct unit_text text_duration(uint64_t ns);
/* 812, 27.3k, 1.9M. */
struct unit_text text_tokens(uint64_t n);
/* 12 B, 1.5 KiB, 3.0 MiB. */
struct unit_text text_bytes(uint64_t bytes);
/* $0, <$0.0001, $0.0106, $12.30. */
struct unit_text text_usd(double usd);
/* The same without the sign, for a column whose head says USD. */
struct unit_text text_usd_number(double usd);
/* 97%; below 1 and above 99 it is neither 0% nor 100% unless it is that. `of` 0: "-". */
struct unit_text text_percent(uint64_t part, uint64_t of);

#endif
