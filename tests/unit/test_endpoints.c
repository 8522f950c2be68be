/* SPDX-License-Identifier: MIT */
/* Ends of connections: their recorded form, their text, and which two are one connection. */
#include <errno.h>

#include "capture/endpoints.h"
#include "tests/unit/tap.h"

static const struct endpoints four = { .netns = 7,
				       .family = 4,
				       .local = { .address = { 127, 0, 0, 1 }, .port = 40000 },
				       .peer = { .address = { 127, 0, 0, 2 }, .port = 11434 } };

static struct endpoints swapped(struct endpoints e)
{
	struct endpoint local = e.local;

	e.local = e.peer;
	e.peer = local;
	return e;
}

static void test_codec(void)
{
	uint8_t raw[ENDPOINTS_ENCODED];
	struct endpoints back = { .netns = 1 };

	endpoints_encode(&four, raw);
	is_int(endpoints_decode(span_of(raw, sizeof(raw)), &back), 0, "ends are decoded");
	ok(memcmp(&back, &four, sizeof(back)) == 0, "to the same");
	is_int(raw[40] << 8 | raw[41], 40000, "ports are as on the wire");
	for (size_t n = 0; n < sizeof(raw); n++)
		if (endpoints_decode(span_of(raw, n), &back) != -EPROTO)
			ok(false, "cut to %zu bytes it is refused", n);
	ok(memcmp(&back, &four, sizeof(back)) == 0, "what is refused changes nothing");
	raw[44] = 5;
	is_int(endpoints_decode(span_of(raw, sizeof(raw)), &back), -EPROTO,
	       "an unknown family is refused");
}

static void test_mapped(void)
{
	struct endpoints six = {
		.netns = 7,
		.family = 6,
		.local = { .address = { [10] = 255, 255, 127, 0, 0, 1 }, .port = 40000 },
		.peer = { .address = { [10] = 255, 255, 127, 0, 0, 2 }, .port = 11434 }
	};
	uint8_t raw[ENDPOINTS_ENCODED];
	struct endpoints back;

	endpoints_encode(&six, raw);
	is_int(endpoints_decode(span_of(raw, sizeof(raw)), &back), 0,
	       "IPv4 within IPv6 is decoded");
	ok(memcmp(&back, &four, sizeof(back)) == 0, "as IPv4");
}

static void test_text(void)
{
	struct endpoint six = { .address = { 0x20, 1, 0xd, 0xb8, [15] = 1 }, .port = 443 };
	char text[ENDPOINT_TEXT];

	endpoint_text(4, &four.peer, text);
	is_str(text, "127.0.0.2:11434", "IPv4 as text");
	endpoint_text(6, &six, text);
	is_str(text, "[2001:db8::1]:443", "IPv6 as text");
}

static void test_mirror(void)
{
	struct endpoints other = swapped(four), public = four;

	ok(endpoints_mirror(&four, &other), "two ends of one connection");
	ok(!endpoints_mirror(&four, &four), "not a connection and itself");
	other.netns = 8;
	ok(!endpoints_mirror(&four, &other), "loopback of two network namespaces differs");
	other.netns = 0;
	ok(!endpoints_mirror(&four, &other), "and so it may where one is unknown");
	public.local.address[0] = public.peer.address[0] = 10;
	other = swapped(public);
	other.netns = 9;
	ok(endpoints_mirror(&public, &other), "other addresses are one across namespaces");
	ok(!endpoints_mirror(&(struct endpoints){ 0 }, &(struct endpoints){ 0 }),
	   "unknown ends are no connection");
	ok(endpoint_is_loopback(4, &four.peer) && !endpoint_is_loopback(4, &public.peer),
	   "127.0.0.0/8 is loopback");
	ok(endpoint_is_loopback(6, &(struct endpoint){ .address = { [15] = 1 } }), "so is ::1");
}

static void test_near(void)
{
	static const struct {
		struct endpoints e;
		bool near;
		const char *what;
	} rows[] = {
		{ { .family = 4,
		    .local = { { 127, 0, 0, 1 }, 1 },
		    .peer = { { 127, 0, 0, 9 }, 2 } },
		  true,
		  "loopback" },
		{ { .family = 4, .local = { { 8, 8, 8, 8 }, 1 }, .peer = { { 8, 8, 8, 8 }, 2 } },
		  true,
		  "the same public address" },
		{ { .family = 4, .local = { { 8, 8, 8, 8 }, 1 }, .peer = { { 8, 8, 8, 9 }, 2 } },
		  false,
		  "another" },
		{ { .family = 4,
		    .local = { { 10, 0, 0, 1 }, 1 },
		    .peer = { { 172, 31, 0, 2 }, 2 } },
		  true,
		  "172.31.0.2" },
		{ { .family = 4,
		    .local = { { 10, 0, 0, 1 }, 1 },
		    .peer = { { 172, 32, 0, 2 }, 2 } },
		  false,
		  "172.32.0.2" },
		{ { .family = 4,
		    .local = { { 10, 0, 0, 1 }, 1 },
		    .peer = { { 192, 168, 1, 2 }, 2 } },
		  true,
		  "192.168.1.2" },
		{ { .family = 6, .local = { { 0xfd }, 1 }, .peer = { { 0xfd, 1 }, 2 } },
		  true,
		  "fd01::" },
		{ { .family = 6, .local = { { 0x20 }, 1 }, .peer = { { 0x20, 1 }, 2 } },
		  false,
		  "2001::" },
		{ { .family = 6, .local = { { 0xfe, 0x80 }, 1 }, .peer = { { 0xfe, 0x80, 1 }, 2 } },
		  true,
		  "fe80:100::" },
		{ { .family = 0 }, false, "an unknown end" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		ok(endpoints_near(&rows[i].e) == rows[i].near, "%s may%s be on this host",
		   rows[i].what, rows[i].near ? "" : " not");
}

int main(void)
{
	test_codec();
	test_mapped();
	test_text();
	test_mirror();
	test_near();
	return tap_done();
}
