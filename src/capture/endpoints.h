/* SPDX-License-Identifier: MIT */
/* Where the two ends of a TCP connection are, as one process has them: the data of a
 * CHUNK_ENDPOINTS, which is struct spy_endpoints of probes/event.h byte for byte. */
#ifndef SPY_CAPTURE_ENDPOINTS_H
#define SPY_CAPTURE_ENDPOINTS_H

#include "base/span.h"

#define ENDPOINTS_ENCODED 48
/* "[" IPv6 address "]:" port */
#define ENDPOINT_TEXT 56

struct endpoint {
	uint8_t address[16]; /* IPv4: the first four, the rest 0 */
	uint16_t port;
};

struct endpoints {
	uint64_t netns; /* tells network namespaces apart; 0: not known */
	int family;	/* 4 or 6; 0: nothing is known. IPv4 within IPv6 (::ffff:a.b.c.d) is 4 */
	struct endpoint local, peer;
};

/* 0 or -EPROTO, which leaves ret alone. */
int endpoints_decode(struct span in, struct endpoints *ret);
void endpoints_encode(const struct endpoints *e, uint8_t out[ENDPOINTS_ENCODED]);

/* "127.0.0.1:443", "[::1]:443". */
void endpoint_text(int family, const struct endpoint *e, char out[ENDPOINT_TEXT]);
bool endpoint_is_loopback(int family, const struct endpoint *e);
/* Whether the other end may well be on this host: on loopback, at the same address, or, as
 * containers are, at a private one. */
bool endpoints_near(const struct endpoints *e);
/* Whether these are one connection, seen from both sides. Loopback addresses are the same in every
 * network namespace, so those have to be known and agree. */
bool endpoints_mirror(const struct endpoints *a, const struct endpoints *b);

#endif
