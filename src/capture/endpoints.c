/* SPDX-License-Identifier: MIT */
#include "capture/endpoints.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

/* 16 bytes; an IPv4 address uses the first four. */
static void read_address(struct cursor *c, bool is_mapped, int family, struct endpoint *ret)
{
	struct span s = cursor_take(c, 16);

	if (is_mapped)
		s = span_from(s, sizeof(mapped));
	else if (family == 4)
		s = span_first(s, 4);
	*ret = (struct endpoint){ .port = 0 };
	if (s.len)
		memcpy(ret->address, s.ptr, s.len);
}

int endpoints_decode(struct span in, struct endpoints *ret)
{
	struct cursor c = { .rest = in };
	struct endpoints e = { .netns = cursor_le(&c, 8) };
	bool is_mapped;

	if (in.len != ENDPOINTS_ENCODED || (in.ptr[44] != 4 && in.ptr[44] != 6))
		return -EPROTO;
	e.family = in.ptr[44];
	is_mapped = e.family == 6 && memcmp(in.ptr + 8, mapped, sizeof(mapped)) == 0 &&
		    memcmp(in.ptr + 24, mapped, sizeof(mapped)) == 0;
	read_address(&c, is_mapped, e.family, &e.local);
	read_address(&c, is_mapped, e.family, &e.peer);
	e.local.port = (uint16_t)cursor_be(&c, 2);
	e.peer.port = (uint16_t)cursor_be(&c, 2);
	if (is_mapped)
		e.family = 4;
	*ret = e;
	return 0;
}

void endpoints_encode(const struct endpoints *e, uint8_t out[ENDPOINTS_ENCODED])
{
	memset(out, 0, ENDPOINTS_ENCODED);
	put_le(out, e->netns, 8);
	memcpy(out + 8, e->local.address, 16);
	memcpy(out + 24, e->peer.address, 16);
	out[40] = (uint8_t)(e->local.port >> 8);
	out[41] = (uint8_t)e->local.port;
	out[42] = (uint8_t)(e->peer.port >> 8);
	out[43] = (uint8_t)e->peer.port;
	out[44] = (uint8_t)e->family;
}

void endpoint_text(int family, const struct endpoint *e, char out[ENDPOINT_TEXT])
{
	char address[INET6_ADDRSTRLEN] = "?";

	inet_ntop(family == 4 ? AF_INET : AF_INET6, e->address, address, sizeof(address));
	snprintf(out, ENDPOINT_TEXT, family == 4 ? "%s:%u" : "[%s]:%u", address, e->port);
}

bool endpoint_is_loopback(int family, const struct endpoint *e)
{
	static const uint8_t one[16] = { [15] = 1 };

	return family == 4 ? e->address[0] == 127 : memcmp(e->address, one, sizeof(one)) == 0;
}

/* RFC 1918, RFC 4193, and link-local. */
static bool is_private(int family, const uint8_t *a)
{
	if (family == 4)
		return a[0] == 10 || (a[0] == 172 && (a[1] & 0xf0) == 16) ||
		       (a[0] == 192 && a[1] == 168) || (a[0] == 169 && a[1] == 254);
	return (a[0] & 0xfe) == 0xfc || (a[0] == 0xfe && (a[1] & 0xc0) == 0x80);
}

bool endpoints_near(const struct endpoints *e)
{
	if (!e->family)
		return false;
	return endpoint_is_loopback(e->family, &e->peer) ||
	       is_private(e->family, e->peer.address) ||
	       memcmp(e->local.address, e->peer.address, sizeof(e->peer.address)) == 0;
}

bool endpoint_eq(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

bool endpoints_mirror(const struct endpoints *a, const struct endpoints *b)
{
	if (!a->family || a->family != b->family || !endpoint_eq(&a->local, &b->peer) ||
	    !endpoint_eq(&a->peer, &b->local))
		return false;
	return !endpoint_is_loopback(a->family, &a->peer) || (a->netns && a->netns == b->netns);
}
