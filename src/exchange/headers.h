/* SPDX-License-Identifier: MIT */
/* Header fields of a record by their name, and by what they mean. */
#ifndef SPY_EXCHANGE_HEADERS_H
#define SPY_EXCHANGE_HEADERS_H

#include "exchange/exchange.h"

/* Of a field in http/known_headers.def; it may have several. */
enum header_role {
	ROLE_NONE = 0,
	ROLE_REQUEST_ID = 1, /* of an answer: how the provider names the call */
	ROLE_SESSION = 2,    /* of a request: how the client names its conversation */
	ROLE_RETRY = 4,	     /* of a request: attempts before this one */
	ROLE_GATEWAY = 8,    /* of an answer: somebody passed it on */
	ROLE_COST = 16,	     /* of an answer: what it cost, USD */
	/* Of a request: how the client names its agent (struct agent). */
	ROLE_AGENT = 32,
	ROLE_AGENT_PARENT = 64,
	ROLE_AGENT_KIND = 128,
	ROLE_THREAD = 256,
	ROLE_TURN = 512,
	ROLE_AGENT_JSON = 1024, /* holds an object with members of these roles */
	ROLE_TIER = 2048,	/* of both: the service tier */
};

/* Value of the first field of that name (any case); ptr NULL where there is none. */
struct span headers_find(const struct headers *h, const char *name);
/* Value of the first field with that role which is not empty. */
struct span headers_of_role(const struct headers *h, enum header_role role);
/* The same of an object's members, which are strings; some clients repeat fields in the body. */
struct span members_of_role(const json_t *o, enum header_role role);

#endif
