/* SPDX-License-Identifier: MIT */
/* What the files of the sessions share. */
#ifndef SPY_VIEW_SESSIONS_INT_H
#define SPY_VIEW_SESSIONS_INT_H

#include "view/sessions.h"

/* Gives each row the one that it stands below, without circles (session_tree.c). */
void sessions_find_parents(struct sessions *s, enum session_tree tree);
/* The row of an agent of this session, NULL: its first one. NULL: there is none. */
struct session *sessions_of_agent(const struct sessions *s, const char *session, const char *agent);
/* Removes rows without calls, none of which is under way. */
void sessions_drop_empty(struct sessions *s);

#endif
