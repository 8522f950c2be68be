/* SPDX-License-Identifier: MIT */
/* The file of a database, which SQLite opens by its name: so nobody else may be able to put another
 * one there. */
#ifndef SPY_ARCHIVE_PRIVATE_FILE_H
#define SPY_ARCHIVE_PRIVATE_FILE_H

#include <sys/types.h>

#include "base/error.h"

/* Who may read it beside its owner: nobody; the group that its mode lets already; or this one. */
#define PRIVATE_NOBODY (-1)
#define PRIVATE_AS_IS  (-2)

/* Makes the file, mode 0600, or 0640 for a group, where there is none. Refuses one that is no
 * regular file, has another name too, belongs to another user or can be read by one; and a
 * directory in which others may make or rename files. Returns its path without symbolic links,
 * which the caller frees; NULL with a reason. */
char *private_file(const char *path, long group, struct error *reterr);

#endif
