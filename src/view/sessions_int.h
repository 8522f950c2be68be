/* SPDX-License-Identifier: MIT */
/* What the files of the sessions share. */
#ifndef SPY_VIEW_SESSIONS_INT_H
#define SPY_VIEW_SESSIONS_INT_H

#include "view/sessions.h"

/* Gives each row the one that began it, without circles. */
void sessions_find_parents(struct sessions *s);

#endif
