/* SPDX-License-Identifier: MIT */
/* Requests for which texts of records have to be searched wait, while others are served. */
#ifndef SPY_WEB_SEARCH_H
#define SPY_WEB_SEARCH_H

#include "web/web_int.h"

/* The request waits, and is asked again when all is searched. */
void search_wait(struct web *w, struct MHD_Connection *c);
/* Searches for some milliseconds, if somebody waits. */
void search_step(struct web *w);
/* Lets all go, who are not answered any more. */
void search_end(struct web *w);

#endif
