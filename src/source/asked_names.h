/* SPDX-License-Identifier: MIT */
/* The names that ClientHellos asked for, by process and ends of the connection, for TLS libraries
 * whose own call that sets the name is not known: Go, rustls, what is linked in. Pure. */
#ifndef SPY_SOURCE_ASKED_NAMES_H
#define SPY_SOURCE_ASKED_NAMES_H

#include "capture/hello.h"

/* Places by a number made of process and port, and in each the last ones: a new one takes the place
 * of the oldest there. */
#define ASKED_PLACES	 128
#define ASKED_NAMES_EACH 4

struct asked_names {
	struct asked_place {
		struct asked_name {
			uint32_t tgid;
			struct endpoints ends;
			char name[HELLO_NAME];
		} items[ASKED_NAMES_EACH];
		size_t next; /* where the oldest is */
	} places[ASKED_PLACES];
};

/* Of a handshake that begins and was sent; nothing else changes anything. */
void asked_names_note(struct asked_names *a, const struct notice *n);
/* NULL: none is known. */
const char *asked_names_find(const struct asked_names *a, uint32_t tgid,
			     const struct endpoints *ends);

#endif
