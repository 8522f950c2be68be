/* SPDX-License-Identifier: MIT */
/* Files that no process has mapped yet, and that are worth a look nevertheless. */
#ifndef SPY_DISCOVER_INSTALL_PATHS_H
#define SPY_DISCOVER_INSTALL_PATHS_H

#include "proc/maps.h"

/* TLS libraries and dynamic linkers, by name, on the linker's path: /etc/ld.so.conf, the usual
 * directories, and `extra`, a list with colons that may be NULL. */
void install_paths_linker(const char *extra, mapping_fn fn, void *arg);

/* The program that a command runs: the file, its interpreter and that one's, and so on; and the
 * native programs of npm's package that a script belongs to. */
void install_paths_command(char **argv, mapping_fn fn, void *arg);

/* Executable files in the places of places.def; the caller frees all of it. */
struct install_paths {
	char **items;
	size_t count;
};
void install_paths_usual(struct install_paths *ret);
void install_paths_done(struct install_paths *p);

#endif
