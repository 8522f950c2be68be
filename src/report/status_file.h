/* SPDX-License-Identifier: MIT */
/* Where running tracers leave their status: one file for each in /run/llm-spy, which belongs to us
 * alone. Where that cannot be, there is none. */
#ifndef SPY_REPORT_STATUS_FILE_H
#define SPY_REPORT_STATUS_FILE_H

#include "report/status.h"

struct status_file;
struct status_file *status_file_open(void); /* never NULL */
/* Whether the next write is due: one a second is enough. */
bool status_file_is_due(const struct status_file *f, uint64_t now_ns);
/* `key` tells whether anything has changed since the last one; else nothing is written. */
void status_file_write(struct status_file *f, struct status *s, uint64_t key, uint64_t now_ns);
void status_file_close(struct status_file *f); /* removes the file; accepts NULL */

/* Of all tracers that run; what others left behind is removed. *ret_unread: of how many more it
 * could not be read. The caller frees each, and *ret. */
size_t status_file_read_all(struct status **ret, size_t *ret_unread);

#endif
