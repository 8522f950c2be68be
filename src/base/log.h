/* SPDX-License-Identifier: MIT */
/* Messages for the person at the terminal, on stderr: all of them go through here. Data never
 * does. */
#ifndef SPY_BASE_LOG_H
#define SPY_BASE_LOG_H

#include <stdbool.h>

#include "base/span.h"

extern bool log_debug_on; /* set once, by --debug */

/* "llm-spy: ..." and a line end. What the text quotes is made safe for a terminal. */
void log_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* `stage` names the part of the program ("attach", "trace"), so that lines can be filtered. */
void log_warn(const char *stage, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_debug(const char *stage, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Whole lines, as they are: what they quote went through safe_text_add. */
void log_lines(struct span lines);

enum log_kind { LOG_SAID, LOG_WARNING, LOG_DEBUG };
/* Takes whole lines instead of standard error. Called by any thread, by one at a time; it must not
 * log. */
typedef void (*log_fn)(void *arg, enum log_kind kind, struct span lines);
/* Where lines go from now on; NULL: standard error again. Nobody is in the former one any more when
 * it returns. */
void log_set_sink(log_fn fn, void *arg);
/* Whether the user's terminal reads UTF-8, as far as the locale knows. */
bool log_utf8(void);
/* Whether standard error does: a terminal as its locale says, a file or a pipe in any case. */
bool log_takes_utf8(void);

#endif
