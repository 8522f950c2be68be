/* SPDX-License-Identifier: MIT */
/* What an exchange asked and was answered as lines of text, to be compared. Pure. */
#ifndef SPY_VIEW_ASKED_TEXTS_H
#define SPY_VIEW_ASKED_TEXTS_H

#include "exchange/exchange.h"

/* All append. */
void asked_message(struct buf *out, const struct message *m, bool role);
void asked_tool(struct buf *out, const struct tool *t);
void asked_settings(struct buf *out, const struct exchange *x);
void asked_answer(struct buf *out, const struct exchange *x);

#endif
