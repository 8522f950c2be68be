/* SPDX-License-Identifier: MIT */
/* Patterns as they stand in a file: one a line, /a regular expression/ (redact/pattern.h) or a text
 * that is meant as it stands. Blanks around it, empty lines and lines that begin with "#" count for
 * nothing. Pure. */
#ifndef SPY_REDACT_PATTERN_LIST_H
#define SPY_REDACT_PATTERN_LIST_H

#include "redact/pattern.h"

#define PATTERN_LIST_MAX   1000	     /* patterns of one file */
#define PATTERN_LIST_BYTES (1 << 20) /* of one file */

/* Adds them to `p`; *ret_lines, an array of the line of each that the caller frees, in order; it
 * may be NULL. 0, or -EINVAL with a reason that names the line and quotes nothing of it, since a
 * pattern may be a secret itself. */
int pattern_list_read(struct patterns *p, struct span text, unsigned **ret_lines,
		      struct error *reterr);

#endif
