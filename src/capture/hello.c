/* SPDX-License-Identifier: MIT */
#include "capture/hello.h"

enum { RECORD_CCS = 20, RECORD_ALERT, RECORD_HANDSHAKE, RECORD_DATA };
#define RECORD_HEAD  5
#define CLIENT_HELLO 1
#define SERVER_NAME  0

/* Lengths of encrypted records of TLS 1.3, with the type and a tag of 16 bytes. Finished has 53 or
 * 69, by SHA-256 and SHA-384; Java makes all but data 16 longer. An alert has 19 or 35, and no
 * request of HTTP is as short. */
#define FINISHED_MIN 53
#define FINISHED_MAX 100
#define SHORT_MAX    35
/* So many records before any Finished was recognised are no handshake: certificates at most. */
#define UNCLEAR_MAX 4
/* Packets that follow a handshake of QUIC that does not fail. */
#define PACKETS_MIN 2

/* ---- the server's name ---- */

static struct span take_vector(struct cursor *c, size_t nbytes)
{
	return cursor_take(c, (size_t)cursor_be(c, nbytes));
}

static bool is_name(uint8_t b)
{
	return (b >= 'a' && b <= 'z') || (b >= '0' && b <= '9') || b == '-' || b == '.' || b == '_';
}

static bool take_name(struct span extension, char ret[HELLO_NAME])
{
	struct cursor c = { .rest = extension };
	struct span list = take_vector(&c, 2), name;

	c = (struct cursor){ .rest = list, .bad = c.bad };
	if (cursor_be(&c, 1) != SERVER_NAME)
		return false;
	name = take_vector(&c, 2);
	if (c.bad || !name.len || name.len >= HELLO_NAME)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		uint8_t b = name.ptr[i];

		if (b >= 'A' && b <= 'Z')
			b |= 0x20;
		if (!is_name(b))
			return false;
		ret[i] = (char)b;
	}
	ret[name.len] = '\0';
	return true;
}

bool hello_server_name(struct span sent, char ret[HELLO_NAME])
{
	struct cursor c = { .rest = sent };
	bool found = false;

	ret[0] = '\0';
	if (cursor_be(&c, 1) != RECORD_HANDSHAKE)
		return false;
	cursor_take(&c, 4); /* version, length */
	if (cursor_be(&c, 1) != CLIENT_HELLO)
		return false;
	cursor_take(&c, 3 + 2 + 32); /* length, version, random */
	take_vector(&c, 1);	     /* session */
	take_vector(&c, 2);	     /* ciphers */
	take_vector(&c, 1);	     /* compression */
	cursor_take(&c, 2);
	while (!c.bad && !found && c.rest.len) {
		uint64_t type = cursor_be(&c, 2);
		struct span extension = take_vector(&c, 2);

		if (c.bad || type != SERVER_NAME)
			continue;
		found = take_name(extension, ret);
		break;
	}
	if (!found)
		ret[0] = '\0';
	return found;
}

/* The random bytes, or the identifiers of a connection and what follows them. */
#define RANDOM_AT  11
#define RANDOM_LEN 32
#define IDS_AT	   6
#define IDS_LEN	   26

uint64_t hello_mark(struct span sent, bool datagram)
{
	size_t len = datagram ? IDS_LEN : RANDOM_LEN;
	struct span s = span_first(span_from(sent, datagram ? IDS_AT : RANDOM_AT), len);
	uint64_t h = 14695981039346656037ull; /* FNV-1a */

	if (s.len < len || (!datagram && (sent.ptr[0] != RECORD_HANDSHAKE || sent.ptr[1] != 3 ||
					  sent.ptr[RECORD_HEAD] != CLIENT_HELLO)))
		return 0;
	for (size_t i = 0; i < s.len; i++)
		h = (h ^ s.ptr[i]) * 1099511628211ull;
	return h | 1;
}

/* ---- what follows ---- */

static void on_encrypted(struct hello_flow *f, size_t len)
{
	if (f->old)
		f->moved = true; /* a handshake has records of its own */
	else if (!f->done && len >= FINISHED_MIN && len <= FINISHED_MAX)
		f->done = true;
	else if (len > SHORT_MAX && (f->done || ++f->unclear >= UNCLEAR_MAX))
		f->moved = true;
}

/* first: of the content; -1: not known. */
static void on_record(struct hello_flow *f, uint8_t type, size_t len, int first)
{
	if (type == RECORD_CCS) {
		f->ccs = true;
	} else if (type == RECORD_HANDSHAKE) {
		/* TLS 1.3 repeats the ClientHello when it is asked to. */
		if (first == CLIENT_HELLO && len > 64)
			return;
		f->old = true;
	} else if (type == RECORD_DATA) {
		on_encrypted(f, len);
	}
}

static bool is_record(const struct span s)
{
	return s.ptr[0] >= RECORD_CCS && s.ptr[0] <= RECORD_DATA && s.ptr[1] == 3 && s.ptr[2] <= 4;
}

void hello_flow_tls(struct hello_flow *f, struct span begin, uint32_t sent)
{
	size_t at = 0;

	begin = span_first(begin, sent);
	while (begin.len > at && begin.len - at >= RECORD_HEAD) {
		struct span s = span_from(begin, at);
		size_t len = (size_t)s.ptr[3] << 8 | s.ptr[4];

		if (!is_record(s))
			return; /* the send goes on with a record of the one before */
		on_record(f, s.ptr[0], len, s.len > RECORD_HEAD ? s.ptr[RECORD_HEAD] : -1);
		at += RECORD_HEAD + len;
	}
	/* Of a send in several pieces one was readable: TLS 1.3's Finished follows its CCS. */
	if (f->ccs && !f->old && at && at < sent && sent - at > SHORT_MAX + RECORD_HEAD)
		on_encrypted(f, sent - at - RECORD_HEAD);
}

void hello_flow_quic(struct hello_flow *f, struct span begin)
{
	/* A short header, which there is only after the handshake. */
	if (begin.len && (begin.ptr[0] & 0xc0) == 0x40)
		f->moved |= ++f->packets >= PACKETS_MIN;
}
