/* SPDX-License-Identifier: MIT */
/* Local and peer address of a TCP connection, as one process has them: the data of a
 * CHUNK_ENDPOINTS, byte for byte struct spy_endpoints of probes/event.h. */
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
	uint64_t netns; /* distinguishes network namespaces; 0: unknown */
	int family;	/* 4 or 6; 0: nothing is known. IPv4 within IPv6 (::ffff:a.b.c.d) is 4 */
	struct endpoint local, peer;
};

/* 0 or -EPROTO, which leaves ret alone. */
int endpoints_decode(struct span in, struct endpoints *ret);
void endpoints_encode(const struct endpoints *e, uint8_t out[ENDPOINTS_ENCODED]);

/* "127.0.0.1:443", "[::1]:443". */
void endpoint_text(int family, const struct endpoint *e, char out[ENDPOINT_TEXT]);
bool endpoint_eq(const struct endpoint *a, const struct endpoint *b);
bool endpoint_is_loopback(int family, const struct endpoint *e);
/* Whether the peer may be on this host: on loopback, at the same address or, like a container, at a
 * private one. */
bool endpoints_near(const struct endpoints *e);
/* Whether both are one connection, seen from its two ends. Every network namespace has the same
 * loopback addresses, so for those the namespaces must be known and equal. */
bool endpoints_mirror(const struct endpoints *a, const struct endpoints *b);

#endif
