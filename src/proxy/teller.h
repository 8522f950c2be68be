/* SPDX-License-Identifier: MIT */
/* What the reader of the outlet is told of one connection: who, where, and what each end says. */
#ifndef SPY_PROXY_TELLER_H
#define SPY_PROXY_TELLER_H

#include "capture/chunk.h"
#include "capture/endpoints.h"
#include "proxy/outlet.h"
#include "proxy/owner.h"

struct teller {
	struct outlet *outlet; /* NULL: nothing is told */
	struct chunk common;   /* what all chunks have */
	uint64_t said[2];      /* bytes, by enum dir */
};

/* server: the host that was asked for. */
void teller_begin(struct teller *t, struct outlet *o, uint64_t number, const struct owner *who,
		  const struct endpoints *ends, const char *server, bool cleartext);
void teller_data(struct teller *t, enum dir dir, struct span bytes);
void teller_end(struct teller *t);

#endif
