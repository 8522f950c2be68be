/* SPDX-License-Identifier: MIT */
/* Which connections nothing has carried. */
#include "report/carried.h"

#include "tests/unit/tap.h"

#define MS    1000000ull
#define BEGIN (100000 * MS)

static unsigned told;
static struct uncarried last;

static void on_uncarried(void *arg, const struct uncarried *u)
{
	told++;
	last = *u;
}

static struct endpoints ends_of(uint16_t port)
{
	return (struct endpoints){ .family = 4,
				   .netns = 1,
				   .local = { .address = { 127, 0, 0, 1 }, .port = port },
				   .peer = { .address = { 127, 0, 0, 2 }, .port = 8443 } };
}

static void notice(struct carried *c, uint32_t tgid, uint16_t port, uint32_t seq, uint64_t at_ms,
		   const char *data, size_t len, bool quic)
{
	struct notice n = { .tgid = tgid,
			    .id = port,
			    .ts_ns = BEGIN + at_ms * MS,
			    .seq = seq,
			    .sent = (uint32_t)len,
			    .datagram = quic,
			    .comm = "client",
			    .ends = ends_of(port),
			    .data = span_of(data, len) };

	carried_notice(c, &n);
}

/* A handshake, and data after it. */
static void talk(struct carried *c, uint32_t tgid, uint16_t port, uint64_t at_ms)
{
	char after[200] = "\x16\x03\x03\x00\x02xx\x14\x03\x03\x00\x01x\x16\x03\x03\x00\x02xx"
			  "\x17\x03\x03\x00\x20";

	notice(c, tgid, port, 0, at_ms, "\x16\x03\x01", 3, false);
	notice(c, tgid, port, 1, at_ms + 5, after, sizeof(after), false);
}

static void capture(struct carried *c, uint32_t tgid, uint64_t object, enum dir dir, uint64_t at_ms)
{
	carried_chunk(c, &(struct chunk){ .kind = CHUNK_DATA,
					  .dir = dir,
					  .flags = CHUNK_FROM_START,
					  .conn = { .tgid = tgid,
						    .object = object,
						    .first_seen_ns = BEGIN + at_ms * MS },
					  .ts_ns = BEGIN + (at_ms + 10) * MS,
					  .data = SPAN_LIT("POST / HTTP/1.1") });
}

static void tell_ends(struct carried *c, uint32_t tgid, uint64_t object, uint16_t port,
		      uint64_t at_ms)
{
	struct endpoints e = ends_of(port);
	uint8_t encoded[ENDPOINTS_ENCODED];

	endpoints_encode(&e, encoded);
	carried_chunk(c, &(struct chunk){ .kind = CHUNK_ENDPOINTS,
					  .conn = { .tgid = tgid,
						    .object = object,
						    .first_seen_ns = BEGIN + at_ms * MS },
					  .ts_ns = BEGIN + (at_ms + 11) * MS,
					  .data = span_of(encoded, sizeof(encoded)) });
}

static void receive(struct carried *c, uint32_t tgid, uint64_t object, uint64_t at_ms)
{
	carried_chunk(c, &(struct chunk){ .kind = CHUNK_DATA,
					  .dir = DIR_READ,
					  .flags = CHUNK_FROM_START,
					  .conn = { tgid, object, BEGIN + at_ms * MS },
					  .ts_ns = BEGIN + (at_ms + 1) * MS,
					  .data = SPAN_LIT("HTTP/1.1 200 OK") });
}

/* How many are told of by then. */
static unsigned settle(struct carried *c, uint64_t at_ms, bool at_end)
{
	told = 0;
	carried_settle(c, BEGIN + at_ms * MS, at_end, on_uncarried, NULL);
	return told;
}

static void test_uncarried(void)
{
	struct carried *c = carried_new();

	talk(c, 7, 40000, 0);
	is_int(settle(c, 2000, false), 0, "not before its time");
	is_int(settle(c, 4000, false), 1, "then it is told of");
	ok(last.tgid == 7 && !last.captured && !last.quic && last.begun_ns == BEGIN,
	   "who and when");
	is_str(last.peer, "127.0.0.2:8443", "to whom");
	is_int(settle(c, 9000, true), 0, "once");
	notice(c, 7, 40001, 0, 0, "\x16\x03\x01", 3, false);
	is_int(settle(c, 9000, true), 0, "a handshake without data is none");
	talk(c, 7, 40002, 0);
	is_int(settle(c, 10, true), 1, "at the end at once");
	talk(c, 7, 40003, 0);
	carried_lost(c);
	is_int(settle(c, 9000, true), 0, "nothing where events were lost");
	carried_free(c);
}

static void test_carried(void)
{
	struct carried *c = carried_new();

	talk(c, 7, 40000, 0);
	capture(c, 7, 1, DIR_WRITE, 2);
	tell_ends(c, 7, 1, 40000, 2);
	is_int(settle(c, 9000, true), 0, "captured, with its endpoints");
	talk(c, 7, 40001, 0);
	is_int(settle(c, 9000, true), 1, "which stand for no other");
	ok(last.captured, "others of its process were");

	talk(c, 8, 40002, 20000);
	capture(c, 8, 2, DIR_WRITE, 20002);
	is_int(settle(c, 29000, true), 0, "endpoints that are not known may be its");
	talk(c, 8, 40003, 20000);
	is_int(settle(c, 29000, true), 1, "but stand for one");

	talk(c, 9, 40004, 40000);
	talk(c, 9, 40005, 40001);
	capture(c, 9, 3, DIR_WRITE, 40002);
	capture(c, 9, 4, DIR_WRITE, 40003);
	tell_ends(c, 9, 3, 40005, 40002);
	tell_ends(c, 9, 4, 40005, 40003);
	is_int(settle(c, 49000, true), 0, "endpoints that are another's");

	talk(c, 10, 40006, 60000);
	capture(c, 11, 5, DIR_WRITE, 60002);
	is_int(settle(c, 69000, true), 1, "another process's do not count");
	talk(c, 10, 40007, 80000);
	capture(c, 10, 6, DIR_WRITE, 50000);
	is_int(settle(c, 89000, true), 1, "nor does what was over before");
	talk(c, 12, 40008, 90000);
	capture(c, 12, 7, DIR_READ, 90001);
	is_int(settle(c, 99000, true), 1, "nor a server's connection");
	talk(c, 12, 40009, 100000);
	carried_chunk(c, &(struct chunk){ .kind = CHUNK_DATA,
					  .dir = DIR_READ,
					  .flags = CHUNK_FROM_START,
					  .conn = { 12, 8, BEGIN + 100001 * MS },
					  .ts_ns = BEGIN + 100001 * MS,
					  .data = SPAN_LIT("HTTP/1.1 200 OK") });
	is_int(settle(c, 109000, true), 0, "but one whose answer is told of first");
	carried_free(c);
}

static void test_pending(void)
{
	struct carried *c = carried_new();

	talk(c, 7, 40000, 0);
	talk(c, 7, 40001, 3);
	capture(c, 7, 1, DIR_WRITE, 5);
	tell_ends(c, 7, 1, 40001, 5);
	is_int(settle(c, 3006, false), 1, "one whose endpoints are a later one's is not its");
	is_int(settle(c, 9000, true), 0, "but that one's");
	talk(c, 7, 40002, 20000);
	notice(c, 7, 40003, 0, 20002, "\x16\x03\x01", 3, false);
	capture(c, 7, 2, DIR_WRITE, 20003);
	tell_ends(c, 7, 2, 40003, 20003);
	is_int(settle(c, 29000, true), 0, "endpoints of one without data are wrong");
	carried_free(c);
}

/* who: of the random bytes. */
/* Objects are freed unseen, and used again at their address: the one before is given the endpoints
 * of the next connection. Each stands for one all the same, whatever their addresses are. */
static void test_reused(void)
{
	unsigned all = 0;

	for (uint64_t object = 0x10; object < 0x410; object += 0x10) {
		struct carried *c = carried_new();

		for (unsigned i = 0; i < 6; i++) {
			talk(c, 7, (uint16_t)(40000 + i), 100 * i);
			capture(c, 7, object + i / 2 * 0x1000, DIR_WRITE, 100 * i);
			tell_ends(c, 7, object + i / 2 * 0x1000, (uint16_t)(40000 + (i | 1)),
				  100 * i);
		}
		all += settle(c, 9000, true);
		carried_free(c);
	}
	is_int(all, 0, "objects whose addresses are used again");
}

static void say_hello(struct carried *c, uint32_t tgid, uint16_t port, uint64_t at_ms, char who,
		      bool received)
{
	char hello[64] = "\x16\x03\x01\x00\x40\x01\x00\x00\x3c\x03\x03";
	struct notice n = { .tgid = tgid,
			    .id = port,
			    .ts_ns = BEGIN + at_ms * MS,
			    .received = received,
			    .ends = ends_of(port),
			    .data = span_of(hello, sizeof(hello)) };

	memset(hello + 11, who, 32);
	carried_notice(c, &n);
}

static void say_more(struct carried *c, uint32_t tgid, uint16_t port, uint64_t at_ms)
{
	notice(c, tgid, port, 1, at_ms,
	       "\x16\x03\x03\x00\x01x\x14\x03\x03\x00\x01x\x16\x03\x03\x00\x01x", 18, false);
	notice(c, tgid, port, 2, at_ms, "\x17\x03\x03\x00\x20", 37, false);
}

static void test_passed_on(void)
{
	static const uint8_t hello[64] = "\x16\x03\x01\x00\x40\x01";
	struct carried *c = carried_new();

	say_hello(c, 7, 40000, 0, 'a', false);
	say_more(c, 7, 40000, 5);
	is_int(settle(c, 9000, true), 1, "its own handshake");
	say_hello(c, 8, 40001, 10, 'a', false);
	say_more(c, 8, 40001, 15);
	is_int(settle(c, 9000, true), 0, "one that another sent before");
	say_hello(c, 9, 40002, 20, 'b', true);
	say_hello(c, 9, 40003, 21, 'b', false);
	say_more(c, 9, 40003, 25);
	is_int(settle(c, 9000, true), 0, "one that it received");
	say_hello(c, 9, 40004, 30, 'c', true);
	say_hello(c, 10, 40005, 31, 'c', false);
	say_more(c, 10, 40005, 35);
	is_int(settle(c, 9000, true), 1, "one that a server received is its client's own");
	carried_chunk(c, &(struct chunk){ .kind = CHUNK_DATA,
					  .dir = DIR_READ,
					  .off = 100,
					  .conn = { 11, 8, BEGIN },
					  .ts_ns = BEGIN,
					  .data = span_of(hello, sizeof(hello)) });
	say_hello(c, 11, 40006, 40, '\0', false);
	say_more(c, 11, 40006, 45);
	is_int(settle(c, 9000, true), 0, "one that it received within TLS");
	carried_free(c);
}

static void test_quic(void)
{
	struct carried *c = carried_new();

	notice(c, 7, 50000, 0, 0, "\xc3", 1, true);
	notice(c, 7, 50000, 1, 1, "\xe3", 1, true);
	is_int(settle(c, 9000, true), 0, "QUIC: a handshake alone");
	notice(c, 7, 50000, 2, 2, "\x41", 1, true);
	notice(c, 7, 50000, 3, 3, "\x42", 1, true);
	capture(c, 7, 1, DIR_WRITE, 1);
	is_int(settle(c, 9000, true), 1, "QUIC is never captured");
	ok(last.quic && last.captured, "and says so");
	carried_free(c);
}

static bool ends_are_late(struct carried *c, uint16_t port, uint64_t at_ms, uint8_t flags)
{
	struct endpoints e = ends_of(port);
	struct chunk k = { .kind = CHUNK_ENDPOINTS,
			   .flags = flags,
			   .conn = { 7, port, BEGIN + at_ms * MS },
			   .ts_ns = BEGIN + (at_ms + 1) * MS };
	uint8_t encoded[ENDPOINTS_ENCODED];
	bool late;

	endpoints_encode(&e, encoded);
	k.data = span_of(encoded, sizeof(encoded));
	late = carried_chunk(c, &k);
	k.kind = CHUNK_DATA;
	k.data = SPAN_LIT("x");
	return carried_chunk(c, &k) && late;
}

static void test_late(void)
{
	struct carried *c = carried_new();

	talk(c, 7, 40000, 0);
	ok(ends_are_late(c, 40000, 1000, 0), "captured from its middle on");
	is_int(settle(c, 9000, true), 1, "which is told of");
	ok(last.joined, "as what it is");
	talk(c, 7, 40001, 20000);
	is_int(settle(c, 25000, false), 1, "not captured in time");
	ok(ends_are_late(c, 40001, 26000, 0), "and captured later is late");
	is_int(settle(c, 99000, true), 0, "told of once");
	talk(c, 7, 40002, 30000);
	ok(!ends_are_late(c, 40002, 30010, 0), "one that was captured in time");
	ok(!ends_are_late(c, 40002, 31000, CHUNK_FROM_START), "or from its start");
	ok(!ends_are_late(c, 40003, 31000, 0), "or was not noticed, is not late");
	is_int(settle(c, 99000, true), 0, "and not told of");
	carried_free(c);
}

static void test_unwritten(void)
{
	struct carried *c = carried_new();

	talk(c, 7, 40000, 0);
	capture(c, 7, 1, DIR_READ, 2);
	tell_ends(c, 7, 1, 40000, 2);
	is_int(settle(c, 9000, true), 0, "a server's connection that is also a client's is let be");
	talk(c, 8, 40001, 10000);
	receive(c, 8, 2, 10002);
	tell_ends(c, 8, 2, 40001, 10002);
	is_int(settle(c, 11000, false), 0, "what it sent may be told of yet");
	is_int(settle(c, 14000, false), 1, "then it was not captured");
	ok(last.unwritten && !last.joined, "and only that");
	talk(c, 8, 40002, 20000);
	receive(c, 8, 3, 20002);
	tell_ends(c, 8, 3, 40002, 20002);
	capture(c, 8, 4, DIR_WRITE, 20002);
	is_int(settle(c, 29000, true), 0, "another object's may be what it sent");
	carried_free(c);
}

static void test_many(void)
{
	struct carried *c = carried_new();
	unsigned n = 0;

	for (uint16_t i = 1; i <= 3000; i++)
		talk(c, i, i, i);
	n = settle(c, 99000, true);
	is_int(n, 1024, "of too many the last are remembered");
	for (uint16_t i = 1; i <= 20000; i++)
		capture(c, 7, i, DIR_WRITE, i);
	is_int(settle(c, 99000, true), 0, "however much is captured");
	carried_free(c);
}

int main(void)
{
	test_uncarried();
	test_carried();
	test_pending();
	test_reused();
	test_passed_on();
	test_quic();
	test_late();
	test_unwritten();
	test_many();
	return tap_done();
}
