/* SPDX-License-Identifier: MIT */
/* Names of users. The host may ask another one for them, so it may take long. */
#ifndef SPY_PROC_USERS_H
#define SPY_PROC_USERS_H

#include <sys/types.h>

#include "base/span.h"

#define USER_NAME_SIZE 256

/* Borrowed from `text`; empty: the user has no name here. */
struct span user_name(uid_t uid, char text[USER_NAME_SIZE]);
/* The user's home; empty: not known. */
struct span user_home(uid_t uid, char *text, size_t size);

#endif
