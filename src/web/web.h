/* SPDX-License-Identifier: MIT */
/* Pages and an API over what was kept, for a browser: read-only, on threads of its own. */
#ifndef SPY_WEB_WEB_H
#define SPY_WEB_WEB_H

#include "view/live_store.h"
#include "view/view.h"

struct web_config {
	const char *where; /* as http_port_listen() takes it */
	struct view *kept; /* what is shown; it must outlive the server */
	const char *path;  /* of that */
	const struct select *select;
	const char *another;	 /* how to choose another port: "--port=PORT" */
	struct live_store *live; /* of which it is a view; NULL: nothing goes on */
};

struct web;
/* Serves from here on. 0, or -errno with a reason. */
int web_start(struct web **ret, const struct web_config *c, struct error *reterr);
/* Ends at once, whoever still reads; accepts NULL. */
void web_stop(struct web *w);
/* "http://127.0.0.1:7557/?token=...": whoever has it may read everything. */
const char *web_url(const struct web *w);
/* Whether a page is open. On any thread. */
bool web_is_watched(const struct web *w);

#endif
