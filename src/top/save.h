/* SPDX-License-Identifier: MIT */
/* What is taken out of the view: a call or an agent's calls as a file, a request as a command. */
#ifndef SPY_TOP_SAVE_H
#define SPY_TOP_SAVE_H

#include "cli/kept.h"
#include "top/screen.h"

/* The calls of these numbers, in the form that the file's name ends in: .md, .html, .har, .jsonl. A
 * new file, private. 0, or -errno with a reason. */
int top_save_calls(struct kept *k, const uint64_t *ids, size_t count, const char *path,
		   struct error *reterr);
/* The request of a call as a command: into the terminal's clipboard, where it is short enough, and
 * into a new private file, whose name *ret_path is, to be freed. */
int top_save_curl(struct kept *k, struct top_screen *screen, uint64_t id, char **ret_path,
		  struct error *reterr);

#endif
