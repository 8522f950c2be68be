/* SPDX-License-Identifier: MIT */
/* Names of servers, by who asked for them and where. */
#include "source/asked_names.h"

#include <string.h>

#include "tests/unit/tap.h"

/* A ClientHello that asks for a.example.net (RFC 8446 section 4.1.2, RFC 6066 section 3). */
static const uint8_t hello[] =
	"\x16\x03\x01\x00\x45\x01\x00\x00\x41\x03\x03"
	"01234567890123456789012345678901"
	"\x00\x00\x02\x13\x01\x01\x00\x00\x16\x00\x00\x00\x12\x00\x10\x00\x00\x0d"
	"a.example.net";

static struct notice notice(uint16_t port)
{
	return (struct notice){
		.tgid = 7,
		.ends = { .family = 4, .local = { .port = port }, .peer = { .port = 443 } },
		.data = span_of(hello, sizeof(hello) - 1),
	};
}

/* Others whose numbers lead to the same place: a host has many connections at once. */
static void test_same_place(void)
{
	static struct asked_names a;
	struct notice n = notice(40000), other;

	asked_names_note(&a, &n);
	for (uint16_t i = 1; i < ASKED_NAMES_EACH; i++) {
		other = notice((uint16_t)(40000 + i * ASKED_PLACES));
		asked_names_note(&a, &other);
		asked_names_note(&a, &other);
	}
	ok(asked_names_find(&a, 7, &n.ends), "others at the same place leave it");
	other = notice((uint16_t)(40000 + ASKED_NAMES_EACH * ASKED_PLACES));
	other.received = true;
	asked_names_note(&a, &other);
	ok(asked_names_find(&a, 7, &n.ends), "so does a server that receives one");
	other.received = false;
	asked_names_note(&a, &other);
	ok(!asked_names_find(&a, 7, &n.ends), "the oldest goes when there are too many");
	ok(asked_names_find(&a, 7, &other.ends), "the newest is known");
}

int main(void)
{
	static struct asked_names a;
	struct notice n = notice(40000), other;
	const char *name;

	ok(!asked_names_find(&a, 7, &n.ends), "at first nothing is known");
	asked_names_note(&a, &n);
	name = asked_names_find(&a, 7, &n.ends);
	ok(name && strcmp(name, "a.example.net") == 0, "a name that was asked for: %s",
	   name ? name : "");
	ok(!asked_names_find(&a, 8, &n.ends), "not by another process");
	other = notice(40001);
	ok(!asked_names_find(&a, 7, &other.ends), "nor on another socket");
	n.ends.peer.port = 444;
	ok(!asked_names_find(&a, 7, &n.ends), "nor of another server");
	n = notice(40000);
	n.seq = 1;
	n.data = span_of(NULL, 0);
	asked_names_note(&a, &n);
	ok(asked_names_find(&a, 7, &n.ends), "what follows the handshake changes nothing");
	n.seq = 0;
	asked_names_note(&a, &n);
	ok(!asked_names_find(&a, 7, &n.ends), "a later one without a name does");
	test_same_place();
	return tap_done();
}
