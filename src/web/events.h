/* SPDX-License-Identifier: MIT */
/* Server-sent events: what comes is told to whoever listens, who may come back and miss nothing. */
#ifndef SPY_WEB_EVENTS_H
#define SPY_WEB_EVENTS_H

#include "web/web_int.h"

struct listeners *listeners_new(void);
/* Nobody listens any more, and the server has stopped. Accepts NULL. */
void listeners_free(struct listeners *l);
size_t listeners_count(const struct listeners *l); /* on any thread */
/* Answers GET /api/events; NULL: too many listen. */
struct MHD_Response *listeners_add(struct web *w, struct MHD_Connection *c);
/* Wakes those for whom there is something; in *ret_ms when that is due at the latest. */
void listeners_wake(struct web *w, uint64_t *ret_ms);
/* Before the server stops: none may be suspended. */
void listeners_end(struct web *w);

#endif
