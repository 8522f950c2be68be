/* SPDX-License-Identifier: MIT */
/* Where the two ends of a TCP connection are, as one process has them: the data of a CHUNK_PEER,
 * which is struct spy_ends of probes/event.h byte for byte. */
#ifndef SPY_CAPTURE_ENDPOINTS_H
#define SPY_CAPTURE_ENDPOINTS_H

#include "base/span.h"

#define ENDS_ENCODED 48
/* "[" IPv6 address "]:" port */
#define ENDS_TEXT 56

struct end {
	uint8_t address[16]; /* IPv4: the first four, the rest 0 */
	uint16_t port;
};

struct ends {
	uint64_t netns; /* tells network namespaces apart; 0: not known */
	int family;	/* 4 or 6; 0: nothing is known. IPv4 within IPv6 (::ffff:a.b.c.d) is 4 */
	struct end local, peer;
};

/* 0 or -EPROTO, which leaves ret alone. */
int ends_decode(struct span in, struct ends *ret);
void ends_encode(const struct ends *e, uint8_t out[ENDS_ENCODED]);

/* "127.0.0.1:443", "[::1]:443". */
void ends_text(int family, const struct end *e, char out[ENDS_TEXT]);
bool ends_loopback(int family, const struct end *e);
/* Whether the other end may well be on this host: on loopback, at the same address, or, as
 * containers are, at a private one. */
bool ends_near(const struct ends *e);
/* Whether these are one connection, seen from both sides. Loopback addresses are the same in every
 * network namespace, so those have to be known and agree. */
bool ends_mirror(const struct ends *a, const struct ends *b);

#endif
