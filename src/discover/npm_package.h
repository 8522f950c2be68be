/* SPDX-License-Identifier: MIT */
/* The native programs that belong to a script which npm installed: many agents are such a script
 * that does nothing but start one. */
#ifndef SPY_DISCOVER_NPM_PACKAGE_H
#define SPY_DISCOVER_NPM_PACKAGE_H

#include "proc/maps.h"

/* `path` is a script, by whatever links, and `command` the name by which it was called. Nothing,
 * if it belongs to no package. */
void npm_package_programs(const char *path, const char *command, mapping_fn fn, void *arg);

#endif
