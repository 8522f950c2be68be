/* SPDX-License-Identifier: MIT */
/* Randomness shows in coincidences: how many pairs of bytes are equal. In random bytes, so in
 * ciphertext and in well compressed data, it is one pair of 256. In English text it is one of 15,
 * in base64 one of 64, in binary protocols more for their zeroes. Half way to the next of these, in
 * terms of ratios, is a safe border: in 64 bytes, the fewest that are judged, random ones pass it
 * in 1 of 100 cases, and text or base64 never comes near it. */
#include "http/traffic_class.h"

#include "base/utf8.h"
#include "http/h1_head.h"
#include "http/h2_start.h"
#include "http/ws_frame.h"

/* Fewer bytes are not called text, and fewer are not called noise. */
#define TEXT_MIN  16
#define NOISE_MIN 64
/* Times as many equal pairs as there are by chance. */
#define CHANCE 2
/* Of what is text so many bytes of a hundred are printable. By chance it is 38. */
#define PRINTABLE 90
/* One address among so many words is one too many: no protocol sends any. */
#define WORDS_FOR_ADDRESS 4
static bool is_http(struct span s)
{
	enum h1_start h1 = h1_start(s);
	enum h2_start h2 = h2_start(s);
	struct ws_setup setup;

	return h1 == H1_START_REQUEST || h1 == H1_START_RESPONSE || h2 == H2_START_PREFACE ||
	       h2 == H2_START_FRAMES || ws_is_joined(s, &setup);
}

static bool is_text(struct span s)
{
	size_t printable = 0;
	bool utf8;

	if (s.len < TEXT_MIN)
		return false;
	utf8 = utf8_valid(span_first(s, utf8_whole(s)));
	for (size_t i = 0; i < s.len; i++)
		printable += (s.ptr[i] >= ' ' && s.ptr[i] < 0x7f) ||
			     (s.ptr[i] >= '\t' && s.ptr[i] <= '\r') || (s.ptr[i] >= 0x80 && utf8);
	return printable * 100 >= s.len * PRINTABLE;
}

static bool is_chance(struct span s)
{
	size_t counts[256] = { 0 }, equal = 0, pairs = s.len * (s.len - 1) / 2;

	for (size_t i = 0; i < s.len; i++)
		equal += counts[s.ptr[i]]++;
	return equal * 256 < CHANCE * pairs;
}

/* Words that are addresses of a program on a 64-bit Linux: its stack and libraries, or its own code
 * and heap, where these are placed at random. */
static bool is_memory(struct span s)
{
	size_t words = s.len / 8, addresses = 0;
	struct cursor c = { .rest = span_first(s, words * 8) };

	for (size_t i = 0; i < words; i++) {
		uint64_t top = cursor_le(&c, 8) >> 40;

		addresses += top == 0x7f || top == 0x7e || top == 0x55 || top == 0x56;
	}
	return addresses * WORDS_FOR_ADDRESS >= words;
}

enum traffic_class traffic_class_of(struct span s)
{
	if (is_http(s) || is_text(s))
		return TRAFFIC_TEXT;
	if (s.len < NOISE_MIN)
		return TRAFFIC_TOO_LITTLE;
	return is_chance(s) || is_memory(s) ? TRAFFIC_UNINTELLIGIBLE : TRAFFIC_UNCLEAR;
}

void traffic_sample_add(struct traffic_sample *s, enum dir d, struct span bytes)
{
	struct span fits = span_first(bytes, TRAFFIC_SAMPLE - s->len[d]);

	if (fits.len)
		memcpy(s->bytes[d] + s->len[d], fits.ptr, fits.len);
	s->len[d] += fits.len;
}

bool traffic_sample_full(const struct traffic_sample *s)
{
	return s->len[0] == TRAFFIC_SAMPLE && s->len[1] == TRAFFIC_SAMPLE;
}

enum traffic_class traffic_classify(const struct traffic_sample *s, bool from_start, uint64_t ios,
				    uint64_t implausible)
{
	enum traffic_class a = traffic_class_of(span_of(s->bytes[0], s->len[0]));
	enum traffic_class b = traffic_class_of(span_of(s->bytes[1], s->len[1]));

	if (a == TRAFFIC_TEXT || b == TRAFFIC_TEXT)
		return TRAFFIC_TEXT;
	/* Memory that was paged out is rare. */
	if (ios && implausible * 2 > ios)
		return TRAFFIC_UNINTELLIGIBLE;
	if (a == TRAFFIC_UNCLEAR || b == TRAFFIC_UNCLEAR)
		return TRAFFIC_UNCLEAR;
	/* The middle of a compressed body looks no better; but not of a request and its answer. */
	if (!from_start && a != b)
		return TRAFFIC_TOO_LITTLE;
	return a == TRAFFIC_UNINTELLIGIBLE || b == TRAFFIC_UNINTELLIGIBLE ? TRAFFIC_UNINTELLIGIBLE
									  : TRAFFIC_TOO_LITTLE;
}
