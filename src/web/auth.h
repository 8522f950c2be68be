/* SPDX-License-Identifier: MIT */
/* Who may read what the web server serves: whoever has its token, from a page that it served. */
#ifndef SPY_WEB_AUTH_H
#define SPY_WEB_AUTH_H

#include <stdbool.h>

#include "base/error.h"
#include "base/span.h"

#define WEB_TOKEN_DIGITS 48 /* 192 random bits */

struct web_auth {
	char token[WEB_TOKEN_DIGITS + 1];
	char cookie[32]; /* its name: a browser sends cookies of all ports of a host */
};

/* 0, or -errno with a reason. */
int web_auth_init(struct web_auth *a, unsigned port, struct error *reterr);
/* Takes as long whatever is given. */
bool web_auth_is_token(const struct web_auth *a, struct span given);
/* Whether a field Cookie has it. */
bool web_auth_has_cookie(const struct web_auth *a, struct span cookies);
/* Whether a page at `origin` ("http://127.0.0.1:7557"; empty: the browser does not say) was served
 * by whom the request names as its Host. */
bool web_auth_is_own_origin(struct span origin, struct span host);

#endif
