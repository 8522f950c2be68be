/* SPDX-License-Identifier: MIT */
/* Messages for the person at the terminal, on stderr. Data never goes through here. */
#ifndef SPY_BASE_LOG_H
#define SPY_BASE_LOG_H

#include <stdbool.h>

extern bool log_debug_on; /* set once, by --debug */

/* `stage` is the folder that speaks ("attach", "http"), so that lines can be filtered. */
void log_warn(const char *stage, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_debug(const char *stage, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
