/* SPDX-License-Identifier: MIT */
/* What is to be hidden, as it is asked for: by --redact=WHAT for all outputs, by redact=WHAT for
 * one. This reads files. */
#ifndef SPY_SELECT_REDACT_SETTING_H
#define SPY_SELECT_REDACT_SETTING_H

#include "exchange/redact_policy.h"

/* As redact_policy_add; anything else names a file of patterns (redact/pattern_list.h). */
int redact_setting_add(struct redact_policy *p, const char *setting, struct error *reterr);
/* Reads a file of patterns; *ret_lines as in pattern_list_read. 0, or -errno with a reason that
 * begins with the file's name. */
int pattern_file_read(struct patterns *p, const char *path, unsigned **ret_lines,
		      struct error *reterr);

#endif
