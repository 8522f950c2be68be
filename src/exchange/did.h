/* SPDX-License-Identifier: MIT */
/* What a call came to, on one line: for lists, and kept in archives, which do not read records for
 * them. */
#ifndef SPY_EXCHANGE_DID_H
#define SPY_EXCHANGE_DID_H

#include "exchange/exchange.h"

/* The tool that its answer asks for, or how its text begins; why it failed. At most 240 bytes of a
 * text. The caller frees it; NULL: the answer says nothing. */
char *exchange_did(const struct exchange *x);

#endif
