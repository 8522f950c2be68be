/* SPDX-License-Identifier: MIT */
/* What the beginnings of sends say: the server's name, and whether data followed the handshake. */
#include "capture/hello.h"

#include <errno.h>
#include <linux/types.h>

#include "base/buf.h"
#include "capture/chunk.h"
#include "probes/event.h"
#include "tests/unit/tap.h"

static void add_be(struct buf *out, uint64_t v, size_t nbytes)
{
	for (size_t i = nbytes; i > 0; i--)
		buf_addc(out, (char)(v >> (8 * (i - 1))));
}

static void add_bytes(struct buf *out, size_t n)
{
	while (n--)
		buf_addc(out, 'x');
}

/* before: bytes of an extension in front of the name's, as a large key share. */
static void make_hello(struct buf *out, const char *name, size_t before)
{
	size_t len = name ? strlen(name) : 0;

	add_be(out, 0x160301, 3);
	add_be(out, 0, 2); /* the length is not looked at */
	buf_addc(out, 1);
	add_be(out, 0, 3);
	add_be(out, 0x0303, 2);
	add_bytes(out, 32);
	buf_addc(out, 32);
	add_bytes(out, 32);
	add_be(out, 4, 2);
	add_bytes(out, 4);
	add_be(out, 0x0100, 2);
	add_be(out, before + 4 + (name ? 9 + len : 0), 2);
	add_be(out, 51, 2);
	add_be(out, before, 2);
	add_bytes(out, before);
	if (!name)
		return;
	add_be(out, 0, 2);
	add_be(out, len + 5, 2);
	add_be(out, len + 3, 2);
	buf_addc(out, 0);
	add_be(out, len, 2);
	buf_adds(out, name);
}

static void test_names(void)
{
	static const struct {
		const char *name, *want;
		size_t before;
	} rows[] = {
		{ "api.example.com", "api.example.com", 0 },
		{ "API.Example.com", "api.example.com", 1216 },
		{ "x", "x", 3 },
		{ NULL, "", 10 },
		{ "a b", "", 0 },
		{ "\x1b[31m", "", 0 },
		{ "", "", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char name[HELLO_NAME];
		struct buf b;
		size_t cut = 0;

		buf_init(&b, 8192);
		make_hello(&b, rows[i].name, rows[i].before);
		is_int(hello_server_name(buf_span(&b), name), rows[i].want[0] != '\0', "row %zu",
		       i);
		is_str(name, rows[i].want, "its name");
		/* Cut anywhere, there is all of the name or none. */
		for (size_t n = 0; n < b.len; n++)
			cut += hello_server_name(span_first(buf_span(&b), n), name);
		is_int(cut, 0, "row %zu: none when it is cut", i);
		buf_done(&b);
	}
}

static void test_no_hello(void)
{
	char name[HELLO_NAME];

	ok(!hello_server_name(SPAN_LIT("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), name), "HTTP");
	ok(!hello_server_name(SPAN_LIT(""), name) && !name[0], "nothing");
	ok(!hello_server_name(SPAN_LIT("\x16\x03\x03\x00\x40\x02"), name), "a ServerHello");
}

/* ---- what follows ---- */

/* "type length" of each record; '|' ends a send; '~': the rest of the send is not readable. */
static bool moves(const char *script)
{
	struct hello_flow f = { .done = false };
	const char *at = script;

	while (*at) {
		size_t readable = SIZE_MAX, sent;
		struct buf b;

		buf_init(&b, 1 << 20);
		for (; *at && *at != '|'; at += strcspn(at, " |"), at += *at == ' ') {
			unsigned type, len;

			if (*at == '~') {
				readable = b.len;
				at++;
			}
			if (sscanf(at, "%u:%u", &type, &len) != 2)
				break;
			add_be(&b, type, 1);
			add_be(&b, 0x0303, 2);
			add_be(&b, len, 2);
			add_bytes(&b, len);
		}
		sent = b.len;
		hello_flow_tls(&f, span_first(buf_span(&b), readable), (uint32_t)sent);
		buf_done(&b);
		at += *at == '|';
	}
	return f.moved;
}

static void test_flows(void)
{
	static const struct {
		const char *script;
		bool moved;
		const char *what;
	} rows[] = {
		{ "20:1 23:53|23:300", true, "1.3: Finished, data" },
		{ "20:1 23:53 23:300", true, "1.3: both in one send" },
		{ "20:1|23:69|23:40", true, "1.3: SHA-384, each by itself" },
		{ "20:1 23:53", false, "1.3: Finished alone" },
		{ "20:1 23:53|23:19", false, "1.3: Finished, then an alert" },
		{ "20:1 23:19", false, "1.3: a certificate that is refused" },
		{ "20:1|23:85|23:96", true, "1.3: Java's, which are longer" },
		{ "20:1|23:85|23:35", false, "1.3: Java's without data" },
		{ "21:2", false, "an alert in the clear" },
		{ "", false, "nothing" },
		{ "20:1 ~23:53|23:300", true, "1.3: in pieces, of which one is readable" },
		{ "20:1 ~23:53", false, "1.3: the same without data" },
		{ "20:1 23:900 23:264 23:53|23:100", true, "1.3: a certificate of the client" },
		{ "20:1 23:900 23:264 23:53", false, "1.3: the same without data" },
		{ "23:300 23:300|20:1 23:21 23:53|23:90", true, "1.3: early data" },
		{ "20:1 23:1200|23:500|23:500|23:500", true,
		  "1.3: Finished within another record" },
		{ "20:1 23:53|23:22", false, "1.3: a change of keys" },
		{ "22:37 20:1 22:40|23:120", true, "1.2" },
		{ "22:37 20:1 22:40", false, "1.2: the handshake alone" },
		{ "22:37|23:120", true, "1.2: its end was in a buffer that was not read" },
		{ "22:37 20:1 22:40|21:26", false, "1.2: then an alert" },
		{ "20:1 22:40|23:120", true, "1.2: resumed" },
		{ "22:37 20:1 22:40 23:90 23:120", true, "1.2: in one send" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		is_int(moves(rows[i].script), rows[i].moved, "%s", rows[i].what);
}

static void test_quic(void)
{
	struct hello_flow f = { .done = false };

	hello_flow_quic(&f, SPAN_LIT("\xc3\x00\x00\x00\x01"));
	hello_flow_quic(&f, SPAN_LIT("\xe3\x00\x00\x00\x01"));
	hello_flow_quic(&f, SPAN_LIT(""));
	ok(!f.moved, "QUIC: a handshake is no data");
	hello_flow_quic(&f, SPAN_LIT("\x45xx"));
	hello_flow_quic(&f, SPAN_LIT("\x51xx"));
	ok(f.moved, "QUIC: packets after it are");
}

/* ---- events ---- */

static void test_events(void)
{
	struct {
		struct spy_event ev;
		struct spy_endpoints ends;
		uint8_t data[8];
	} m = { .ev = { .kind = SPY_NOTICE_EVENT,
			.tgid = 7,
			.object = 9,
			.ts_ns = 5,
			.io_len = 600,
			.flags = SPY_DATAGRAM,
			.len = sizeof(m.ends) + 3 },
		.ends = { .family = 4, .peer = { 127, 0, 0, 1 }, .peer_port = { 0x01, 0xbb } },
		.data = "abcdefg" };
	struct notice n;

	ok(chunk_notice(&m, sizeof(m), &n) && n.tgid == 7 && n.id == 9 && n.sent == 600 &&
		   n.datagram && n.ends.peer.port == 443,
	   "a notice");
	ok(span_eq(n.data, SPAN_LIT("abc")), "its data, as long as it says");
	m.ends = (struct spy_endpoints){ .family = 6,
					 .peer = { [10] = 0xff, 0xff, 127, 0, 0, 1 },
					 .peer_port = { 0x11, 0x51 } };
	ok(chunk_notice(&m, sizeof(m), &n) && n.ends.family == 4 && n.ends.peer.port == 4433 &&
		   n.ends.peer.address[0] == 127,
	   "IPv4 by a socket of IPv6 that is not connected");
	m.ev.len = 4000;
	ok(chunk_notice(&m, sizeof(m), &n) && n.data.len == 8, "never more than there is");
	ok(!chunk_notice(&m, sizeof(m.ev) + 47, &n), "one without endpoints");
	ok(!chunk_notice(&m, 5, &n), "one that is cut");
	m.ev.kind = SPY_CONNECT;
	ok(!chunk_notice(&m, sizeof(m), &n), "another kind");
}

int main(void)
{
	test_names();
	test_no_hello();
	test_flows();
	test_quic();
	test_events();
	return tap_done();
}
