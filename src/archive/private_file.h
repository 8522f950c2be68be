/* SPDX-License-Identifier: MIT */
/* The file of a database, which SQLite opens by its name: so nobody else may be able to put another
 * one there. */
#ifndef SPY_ARCHIVE_PRIVATE_FILE_H
#define SPY_ARCHIVE_PRIVATE_FILE_H

#include "base/error.h"

/* Makes the file, mode 0600, where there is none. Refuses one that is no regular file, has another
 * name too, belongs to another user or can be read by one; and a directory in which others may make
 * or rename files. Returns its path without symbolic links, which the caller frees; NULL with a
 * reason. */
char *private_file(const char *path, struct error *reterr);

#endif
