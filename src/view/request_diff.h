/* SPDX-License-Identifier: MIT */
/* What differs between two requests, piece by piece: settings, system prompt, each tool, each
 * message. Pure. */
#ifndef SPY_VIEW_REQUEST_DIFF_H
#define SPY_VIEW_REQUEST_DIFF_H

#include "exchange/exchange.h"
#include "sink/diff.h"

enum piece_change { PIECE_SAME, PIECE_ADDED, PIECE_REMOVED, PIECE_CHANGED };

enum piece_kind { PIECE_SETTINGS, PIECE_SYSTEM, PIECE_TOOL, PIECE_MESSAGE };

struct piece {
	enum piece_kind kind;
	size_t number; /* of a message, from 1: in the newer request, of one removed in the older */
	const char *name; /* of a tool, or the role of a message; borrowed, or NULL */
	enum piece_change change;
	const struct diff *diff; /* its lines */
};

/* Called for each piece that differs. */
typedef void (*piece_fn)(void *arg, const struct piece *p);
/* How many pieces of each kind are the same goes to ret_same, by enum piece_kind. */
void request_diff(const struct exchange *before, const struct exchange *after, piece_fn fn,
		  void *arg, size_t ret_same[4]);

#endif
