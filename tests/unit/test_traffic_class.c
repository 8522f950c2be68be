/* SPDX-License-Identifier: MIT */
/* Which bytes are classified as plaintext, and which as noise. */
#include <stdlib.h>

#include "http/traffic_class.h"
#include "tests/unit/tap.h"

static const char *const names[] = { "nothing", "unclear", "plain", "noise" };

static void check(struct span s, enum traffic_class want, const char *what)
{
	is_str(names[traffic_class_of(s)], names[want], "%s: %s", what, names[want]);
}

/* The same numbers each time, and no matter which C library. */
static uint32_t random_state;

static uint8_t random_byte(void)
{
	random_state = random_state * 1664525 + 1013904223;
	return (uint8_t)(random_state >> 24);
}

static struct span fill(uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = random_byte();
	return span_of(bytes, len);
}

static void test_plain(void)
{
	check(SPAN_LIT("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), TRAFFIC_TEXT, "a request");
	check(SPAN_LIT("HTTP/1.1 200 OK\r\n"), TRAFFIC_TEXT, "an answer");
	check(SPAN_LIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), TRAFFIC_TEXT, "HTTP/2");
	check(SPAN_LIT("\0\0\6\4\0\0\0\0\0\0\3\0\0\0\x64\0\0\4\x8\0\0\0\0\0\0\0\xff\0\0\0\0"
		       "\4\1\0\0\0\0"),
	      TRAFFIC_TEXT, "the first frames of an HTTP/2 server");
	check(SPAN_LIT("220 mail.example.org ESMTP\r\n"), TRAFFIC_TEXT, "SMTP");
	check(SPAN_LIT("{\"op\":\"hello\",\"n\":1}"), TRAFFIC_TEXT, "JSON");
	check(SPAN_LIT("Gr\303\274\303\237e, \344\275\240\345\245\275, \360\237\244\226!"),
	      TRAFFIC_TEXT, "UTF-8");
	check(SPAN_LIT("Gr\303\274\303\237e, \344\275\240\345\245\275 and so on \344\275"),
	      TRAFFIC_TEXT, "UTF-8 whose last character is cut");
}

static void test_unclear(void)
{
	/* An MQTT CONNECT, a PostgreSQL start, a Kafka request: short and full of small numbers. */
	static const char protobuf[] =
		"\0\0\0\0\x5a\x0a\x0b\x66\x69\x65\x6c\x64\x73\x20\x6f\x66\x20\x6f\x12\x08\x00\x01"
		"\x00\x01"
		"\x08\x96\x01\x12\x07\x74\x65\x73\x74\x69\x6e\x67\x1a\x03\x08\x96\x01\x22\x06\x03"
		"\x8e\x02\x9e"
		"\xa7\x05\x2a\x04\x00\x00\x00\x00\x32\x04\x01\x00\x00\x00\x3a\x04\x02\x00\x00\x00";

	check(span_of(NULL, 0), TRAFFIC_TOO_LITTLE, "no byte");
	check(SPAN_LIT("\x10\x0c\0\4MQTT\4\2\0\x3c\0\0"), TRAFFIC_TOO_LITTLE,
	      "a short start in binary");
	check(span_of(protobuf, sizeof(protobuf) - 1), TRAFFIC_UNCLEAR, "protobuf");
}

/* Of 10000 samples each: how many are called noise, and how many plain. */
static void count(size_t len, size_t framing, int *ret_noise, int *ret_plain)
{
	uint8_t bytes[TRAFFIC_SAMPLE];

	*ret_noise = *ret_plain = 0;
	for (int i = 0; i < 10000; i++) {
		struct span s = fill(bytes, len);

		/* So many of a hundred bytes are of a frame's head. */
		for (size_t k = 0; k < len * framing / 100; k++)
			bytes[k] = 0;
		*ret_noise += traffic_class_of(s) == TRAFFIC_UNINTELLIGIBLE;
		*ret_plain += traffic_class_of(s) == TRAFFIC_TEXT;
	}
}

static void test_noise(void)
{
	uint8_t bytes[TRAFFIC_SAMPLE], memory[TRAFFIC_SAMPLE] = { 0 };
	int noise, plain, as_text = 0;

	count(64, 0, &noise, &plain);
	ok(noise > 9800 && plain < 10, "64 random bytes are noise (%d), not plain (%d)", noise,
	   plain);
	count(TRAFFIC_SAMPLE, 0, &noise, &plain);
	ok(noise > 9990 && plain < 10, "%d are (%d, %d)", TRAFFIC_SAMPLE, noise, plain);
	count(TRAFFIC_SAMPLE, 20, &noise, &plain);
	is_int(noise, 0, "not when a fifth of it is zeroes");
	for (int i = 0; i < 1000; i++) {
		static const char base64[] =
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

		fill(bytes, sizeof(bytes));
		for (size_t k = 0; k < sizeof(bytes); k++)
			bytes[k] = (uint8_t)base64[bytes[k] % 64];
		as_text += traffic_class_of(span_of(bytes, sizeof(bytes))) == TRAFFIC_TEXT;
	}
	is_int(as_text, 1000, "base64 is text");
	for (size_t i = 0; i + 8 <= sizeof(memory); i += 32) {
		static const uint8_t address[8] = { 0x10, 0x32, 0x54, 0xf7, 0xff, 0x7f };

		memcpy(memory + i, address, 8);
	}
	check(span_of(memory, sizeof(memory)), TRAFFIC_UNINTELLIGIBLE, "a structure with pointers");
	memset(memory, 0, sizeof(memory));
	check(span_of(memory, sizeof(memory)), TRAFFIC_UNCLEAR, "zeroes");
}

static void add(struct traffic_sample *s, enum dir d, size_t len)
{
	uint8_t bytes[2 * TRAFFIC_SAMPLE];

	traffic_sample_add(s, d, fill(bytes, len));
}

static void test_connection(void)
{
	struct traffic_sample s = { 0 };

	is_int(traffic_classify(&s, true, 0, 0), TRAFFIC_TOO_LITTLE, "a connection without bytes");
	add(&s, DIR_WRITE, 2 * TRAFFIC_SAMPLE);
	is_int(s.len[DIR_WRITE], TRAFFIC_SAMPLE, "no more than the beginning is kept");
	is_int(traffic_classify(&s, true, 1, 0), TRAFFIC_UNINTELLIGIBLE, "noise one way");
	is_int(traffic_classify(&s, false, 1, 0), TRAFFIC_TOO_LITTLE,
	       "not in a connection joined in the middle: that may be what was compressed");
	add(&s, DIR_READ, 40);
	add(&s, DIR_READ, 60);
	is_int(traffic_classify(&s, false, 3, 0), TRAFFIC_UNINTELLIGIBLE, "but both ways");
	s = (struct traffic_sample){ 0 };
	add(&s, DIR_WRITE, TRAFFIC_SAMPLE);
	traffic_sample_add(&s, DIR_READ, SPAN_LIT("220 mail.example.org"));
	is_int(traffic_classify(&s, true, 2, 0), TRAFFIC_TEXT, "one way that is plain is enough");
	s = (struct traffic_sample){ 0 };
	is_int(traffic_classify(&s, true, 10, 6), TRAFFIC_UNINTELLIGIBLE,
	       "memory that cannot be read");
	is_int(traffic_classify(&s, true, 10, 5), TRAFFIC_TOO_LITTLE,
	       "some of it may be paged out");
}

int main(void)
{
	test_plain();
	test_unclear();
	test_noise();
	test_connection();
	return tap_done();
}
