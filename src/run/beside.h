/* SPDX-License-Identifier: MIT */
/* Programs that come with ours. */
#ifndef SPY_RUN_BESIDE_H
#define SPY_RUN_BESIDE_H

/* Beside our own program, as in a build tree, or where it is installed. The caller frees it. */
char *program_beside(const char *name);

#endif
