/* SPDX-License-Identifier: MIT */
/* Which exchanges are worth showing, by what they are. */
#ifndef SPY_EXCHANGE_SHOW_MODE_H
#define SPY_EXCHANGE_SHOW_MODE_H

#include "exchange/exchange.h"

enum show_mode {
	SHOW_DEFAULT, /* nothing was asked for: as the sink prefers, else as SHOW_SMART */
	SHOW_SMART,   /* model calls, and other HTTP that carries JSON */
	SHOW_AGENTS,  /* model calls, MCP, ACP, A2A, and RPC that is no plumbing */
	SHOW_ALL,     /* all HTTP */
	SHOW_RAW,     /* all HTTP, with heads and bodies as they are (secrets masked) */
};

bool show_mode_has(enum show_mode mode, const struct exchange *x);

#endif
