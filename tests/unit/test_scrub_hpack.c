/* SPDX-License-Identifier: MIT */
/* Header blocks, blanked, and what nghttp2 then reads in them: names and harmless values as they
 * were, all others gone, and every byte at its place. */
#include <stdlib.h>

#include "redact/scrub_hpack.h"
#include "tests/unit/cuts.h"
#include "tests/unit/hpackmake.h"
#include "tests/unit/tap.h"

/* ---- a direction, block by block ---- */

struct blanked {
	struct scrub_hpack fields;
	nghttp2_hd_inflater *before, *after;
	struct buf bytes;     /* the last block, blanked */
	struct buf was, text; /* it as nghttp2 reads it, as it was and blanked */
};

static void open_blanked(struct blanked *b)
{
	*b = (struct blanked){ 0 };
	nghttp2_hd_inflate_new(&b->before);
	nghttp2_hd_inflate_new(&b->after);
	buf_init(&b->bytes, 1 << 20);
	buf_init(&b->was, 1 << 20);
	buf_init(&b->text, 1 << 20);
}

static void close_blanked(struct blanked *b)
{
	nghttp2_hd_inflate_del(b->before);
	nghttp2_hd_inflate_del(b->after);
	buf_done(&b->bytes);
	buf_done(&b->was);
	buf_done(&b->text);
}

static void on_piece(void *arg, struct span s)
{
	struct blanked *b = arg;
	uint8_t *copy = malloc(s.len);

	memcpy(copy, s.ptr, s.len);
	scrub_hpack_feed(&b->fields, copy, s.len);
	buf_add(&b->bytes, span_of(copy, s.len));
	free(copy);
}

static void blank_block(struct blanked *b, struct span block, unsigned way)
{
	buf_reset(&b->bytes);
	buf_reset(&b->was);
	buf_reset(&b->text);
	cut_feed(way, block, on_piece, b);
	scrub_hpack_end(&b->fields);
	inflate_to(b->before, block, &b->was);
	inflate_to(b->after, buf_span(&b->bytes), &b->text);
}

/* ---- the code ---- */

static void test_huffman(void)
{
	unsigned found = 0, right = 0;
	struct buf block, text;

	make_codes((struct huffman){ 0 }, 0, 0);
	buf_init(&block, 1 << 16);
	buf_init(&text, 1 << 16);
	for (unsigned c = 0; c < 256; c++) {
		uint8_t pair[2] = { (uint8_t)c, 'k' };
		nghttp2_hd_inflater *inflater;

		found += made_codes[c].len > 0;
		buf_reset(&block);
		buf_reset(&text);
		make_field(&block, false, 0, "n", span_of(pair, 2), true);
		nghttp2_hd_inflate_new(&inflater);
		inflate_to(inflater, buf_span(&block), &text);
		nghttp2_hd_inflate_del(inflater);
		right += text.len == 5 && memcmp(text.ptr, "n=", 2) == 0 &&
			 memcmp(text.ptr + 2, pair, 2) == 0;
	}
	is_int(found, 256, "every symbol has a code");
	is_int(right, 256, "which nghttp2 reads as that symbol");
	buf_done(&block);
	buf_done(&text);
}

/* ---- which values ---- */

static const struct {
	const char *name, *value;
	bool kept;
	size_t index; /* in the static table, or 0 */
} fields[] = {
	{ ":method", "QUERY", true, 2 },
	{ ":scheme", "wss", true, 6 },
	{ ":authority", "api.test", true, 1 },
	{ ":path", "/v1/x?alt=sse", true, 4 },
	{ ":status", "418", true, 8 },
	{ ":protocol", "websocket", true, 0 },
	{ "accept", "text/event-stream", true, 19 },
	{ "content-type", "application/json", true, 31 },
	{ "content-length", "123", true, 28 },
	{ "user-agent", "OpenAI/Python 1.0", true, 58 },
	{ "x-request-id", "req_1", true, 0 },
	{ "anthropic-version", "2023-06-01", true, 0 },
	{ "x-amzn-bedrock-cache-write-input-token-count", "17", true, 0 },
	{ "x-ratelimit-remaining-tokens", "99", true, 0 },
	{ "authorization", "Bearer sk-Secret", false, 23 },
	{ "cookie", "session=Secret", false, 32 },
	{ "set-cookie", "session=Secret; HttpOnly", false, 55 },
	{ "proxy-authorization", "Basic U2VjcmV0", false, 49 },
	{ "location", "https://a/?code=Secret", false, 46 },
	{ "x-api-key", "sk-ant-Secret", false, 0 },
	{ "x-ratelimit-api-key", "Secret", false, 0 },
	{ "x-amzn-oidc-data", "Secret", false, 0 },
	{ "openai-organization", "Secret", false, 0 },
	{ "sec-websocket-protocol", "openai-insecure-api-key.Secret", false, 0 },
	{ "x-of-our-own", "{\"Secret\": \"<\\>\"}", false, 0 },
	{ "x-empty", "", false, 0 },
	{ "x-ratelimit-0123456789-0123456789-0123456789-0123456789-0123456789", "Secret", false,
	  0 },
};
#define FIELDS (sizeof(fields) / sizeof(*fields))

/* All of them in one block, written so; `want` is what is to be read. */
static void make_all(struct buf *block, struct buf *want, bool coded, bool indexed, bool enters)
{
	for (size_t i = 0; i < FIELDS; i++) {
		struct span value = span_str(fields[i].value);
		size_t stars = coded ? coded_length(value) : value.len;

		make_field(block, enters, indexed ? fields[i].index : 0, fields[i].name, value,
			   coded);
		buf_addf(want, "%s=", fields[i].name);
		if (fields[i].kept)
			buf_add(want, value);
		for (size_t k = 0; k < stars && !fields[i].kept; k++)
			buf_addc(want, '*');
		buf_addc(want, '\n');
	}
}

static void test_values(void)
{
	for (unsigned how = 0; how < 8; how++) {
		struct buf block, want;
		unsigned wrong = 0;

		buf_init(&block, 1 << 16);
		buf_init(&want, 1 << 16);
		make_all(&block, &want, how & 1, how & 2, how & 4);
		for (unsigned way = 0; way < CUT_WAYS; way++) {
			struct blanked b;

			open_blanked(&b);
			blank_block(&b, buf_span(&block), way);
			wrong += !span_eq(buf_span(&b.text), buf_span(&want)) ||
				 b.bytes.len != block.len;
			close_blanked(&b);
		}
		is_int(wrong, 0, "values%s%s%s", how & 1 ? ", Huffman-coded" : ", raw",
		       how & 2 ? ", names by index" : "", how & 4 ? ", entering the table" : "");
		buf_done(&block);
		buf_done(&want);
	}
}

/* ---- request targets ---- */

static void one_target(struct blanked *b, struct span path, bool coded, unsigned way)
{
	struct buf block;

	buf_init(&block, 1 << 16);
	make_field(&block, true, 4, "", path, coded);
	make_field(&block, true, 0, "te", SPAN_LIT("trailers"), true);
	blank_block(b, buf_span(&block), way);
	if (b->bytes.len != block.len)
		buf_adds(&b->text, "length");
	buf_done(&block);
}

static void test_raw_targets(void)
{
	static const char *const rows[][2] = {
		{ "/v1/models", "/v1/models" },
		{ "/v1/x?key=abc", "/v1/x?key=***" },
		{ "/v1/x?alt=sse&key=abc&z=1", "/v1/x?alt=sse&key=***&z=1" },
		{ "/v1/x?api_key=a c\nd&access_token=&e", "/v1/x?api_key=*****&access_token=&e" },
		{ "/v1/x?monkey=abc&beta=true", "/v1/x?monkey=abc&beta=true" },
		{ "/v1&key=abc", "/v1&key=abc" },
		{ "/x?%6bey=a=b", "/x?%6bey=***" },
		{ "/x?key=***", "/x?key=***" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (unsigned way = 0; way < CUT_WAYS; way++) {
			struct blanked b;
			char want[200];

			open_blanked(&b);
			one_target(&b, span_str(rows[i][0]), false, way);
			snprintf(want, sizeof(want), ":path=%s\nte=trailers\n", rows[i][1]);
			is_str(b.text.ptr, want, "target %zu, %s", i, cut_name(way));
			close_blanked(&b);
		}
}

/* Every place in a byte where a credential may begin, and every length. What is before it is kept,
 * what replaces it is made of '*' and '0', and what follows is still read. */
static bool is_blanked(const struct blanked *b, struct span kept)
{
	struct span s = buf_span(&b->text), path = SPAN_LIT(":path="),
		    te = SPAN_LIT("\nte=trailers\n");

	if (!span_starts(s, path) || !span_starts(span_from(s, path.len), kept) ||
	    !span_ends(s, te))
		return false;
	s = span_from(s, path.len + kept.len);
	s = span_first(s, s.len - te.len);
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] != '*' && s.ptr[i] != '0')
			return false;
	return true;
}

static void test_coded_targets(void)
{
	/* Codes of 5, 6, 7, 8, 10, 13 and 15 bits, and no others' letters among them. */
	static const char shift[] = "/aaaaaaaabbbbbbbbBBBBBBBB~~~~",
			  secret[] = "eTz!k9;Q{tR~S}eT&b=2";
	unsigned wrong = 0, count = 0;

	for (size_t before = 1; before < sizeof(shift); before++)
		for (size_t len = 0; len < sizeof(secret); len++)
			for (unsigned way = 0; way < 3; way++) {
				struct blanked b;
				char path[100];
				size_t kept = (size_t)snprintf(path, sizeof(path),
							       "%.*s?c=d&key=", (int)before, shift);

				snprintf(path + kept, sizeof(path) - kept, "%.*s", (int)len,
					 secret);
				open_blanked(&b);
				one_target(&b, span_str(path), true, way);
				wrong += !is_blanked(&b, span_of(path, kept));
				count++;
				close_blanked(&b);
			}
	is_int(wrong, 0, "%u Huffman-coded targets with a credential", count);
	wrong = count = 0;
	for (size_t len = 1; len < sizeof(shift); len++, count++) {
		struct blanked b;

		open_blanked(&b);
		one_target(&b, span_of(shift, len), true, CUT_BYTES);
		wrong += !span_eq(buf_span(&b.was), buf_span(&b.text));
		close_blanked(&b);
	}
	is_int(wrong, 0, "%u without one", count);
}

/* ---- the table ---- */

static void deflate_to(nghttp2_hd_deflater *deflater, const char *const *pairs, size_t n,
		       struct buf *ret)
{
	nghttp2_nv nv[64] = { 0 };
	ssize_t len;

	for (size_t i = 0; i < n; i++)
		nv[i] = (nghttp2_nv){ (uint8_t *)pairs[2 * i], (uint8_t *)pairs[2 * i + 1],
				      strlen(pairs[2 * i]), strlen(pairs[2 * i + 1]), 0 };
	buf_init(ret, 1 << 16);
	ret->ptr = malloc(1 << 16);
	ret->cap = 1 << 16;
	len = nghttp2_hd_deflate_hd(deflater, (uint8_t *)ret->ptr, (1 << 16) - 1, nv, n);
	ret->len = len > 0 ? (size_t)len : 0;
}

static void test_table(void)
{
	static const char *const blocks[][10] = {
		{ ":path", "/a", "x-request-id", "r1", "x-own", "!1", "authorization", "!2" },
		/* Names by index into the dynamic table. */
		{ ":path", "/a", "x-request-id", "r2", "x-own", "!3", "authorization", "!4" },
		/* And whole fields, with values that were blanked. */
		{ ":path", "/a", "x-request-id", "r1", "x-own", "!3", "authorization", "!2" },
	};
	static const char *const want[] = {
		":path=/a\nx-request-id=r1\nx-own=**\nauthorization=**\n",
		":path=/a\nx-request-id=r2\nx-own=**\nauthorization=**\n",
		":path=/a\nx-request-id=r1\nx-own=**\nauthorization=**\n",
	};

	for (unsigned way = 0; way < 3; way++) {
		nghttp2_hd_deflater *deflater;
		struct blanked b;

		nghttp2_hd_deflate_new(&deflater, 4096);
		open_blanked(&b);
		for (size_t i = 0; i < 3; i++) {
			struct buf block;

			deflate_to(deflater, blocks[i], 4, &block);
			blank_block(&b, buf_span(&block), way);
			is_str(b.text.ptr, want[i], "block %zu of nghttp2, %s", i + 1,
			       cut_name(way));
			buf_done(&block);
		}
		nghttp2_hd_deflate_del(deflater);
		close_blanked(&b);
	}
}

/* More entries than are remembered: the newest ones are. */
static void test_many_entries(void)
{
	struct blanked b;
	struct buf block;

	open_blanked(&b);
	buf_init(&block, 1 << 16);
	nghttp2_hd_inflate_change_table_size(b.before, 65536);
	nghttp2_hd_inflate_change_table_size(b.after, 65536);
	make_int(&block, 0x20, 5, 65536); /* the table's size */
	for (int i = 0; i < 300; i++)
		make_field(&block, true, 0, i % 2 ? "te" : "x-te", SPAN_LIT("v"), i % 3);
	blank_block(&b, buf_span(&block), CUT_BYTES);
	buf_reset(&block);
	make_field(&block, false, 62, "", SPAN_LIT("newest"), false);
	make_field(&block, false, 63, "", SPAN_LIT("second"), false);
	make_field(&block, false, 62 + 254, "", SPAN_LIT("known"), false);
	make_field(&block, false, 62 + 256, "", SPAN_LIT("forgotten"), false);
	blank_block(&b, buf_span(&block), CUT_BYTES);
	is_str(b.text.ptr, "te=newest\nx-te=******\nte=known\nte=*********\n",
	       "names by index, among more than are remembered");
	buf_done(&block);
	close_blanked(&b);
}

/* ---- what is malformed ---- */

static void test_malformed(void)
{
	static const struct {
		struct span block;
		const char *want, *what;
	} rows[] = {
		{ SPAN_LIT("\x82\x80Secret"), ":method=GET\n!", "a field of index 0" },
		{ SPAN_LIT("\x82\x7f\xff\xff\xff\xff\xff\xff\x01Secret"), ":method=GET\n!",
		  "an integer too large" },
		{ SPAN_LIT("\x82\x40\x01n\x7fSecret"), ":method=GET\n!", "a value cut off" },
		{ SPAN_LIT("\x82\x40\x85n"), ":method=GET\n!", "a name cut off" },
		{ SPAN_LIT("\x82\x5f"), ":method=GET\n!", "a literal without a value" },
		/* Code that ends in EOS; the value is not seen, but blanked. */
		{ SPAN_LIT("\x82\x40\x84\xff\xff\xff\xff\x06Secret"), ":method=GET\n!",
		  "a name that is no code" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (unsigned way = 0; way < 3; way++) {
			struct blanked b;
			struct buf next;

			open_blanked(&b);
			blank_block(&b, rows[i].block, way);
			is_str(b.text.ptr, rows[i].want, "%s, %s", rows[i].what, cut_name(way));
			ok(!memmem(b.bytes.ptr, b.bytes.len, "Secret", 6),
			   "and nothing of it is left");
			buf_init(&next, 100);
			make_field(&next, false, 0, "te", SPAN_LIT("kept"), false);
			make_field(&next, false, 31, "", SPAN_LIT("kept"), false);
			make_field(&next, false, 62, "", SPAN_LIT("Secret"), false);
			buf_reset(&b.bytes);
			cut_feed(way, buf_span(&next), on_piece, &b);
			ok(span_starts(buf_span(&b.bytes),
				       SPAN_LIT("\x10\2te\4kept\x1f\x10\4kept")),
			   "the next block is read");
			ok(!memmem(b.bytes.ptr, b.bytes.len, "Secret", 6),
			   "without knowing the entries");
			buf_done(&next);
			close_blanked(&b);
		}
}

static void test_lost(void)
{
	struct blanked b;
	struct buf block;

	open_blanked(&b);
	buf_init(&block, 1000);
	make_field(&block, true, 0, "te", SPAN_LIT("v"), false);
	blank_block(&b, buf_span(&block), CUT_WHOLE);
	scrub_hpack_desync(&b.fields);
	cut_feed(CUT_BYTES, SPAN_LIT("the rest: Secret"), on_piece, &b);
	ok(!memmem(b.bytes.ptr, b.bytes.len, "Secret", 6), "behind a gap, the block is blanked");
	scrub_hpack_end(&b.fields);
	buf_reset(&block);
	make_field(&block, false, 62, "", SPAN_LIT("v"), false);
	make_field(&block, true, 0, "te", SPAN_LIT("x"), false);
	make_field(&block, false, 62, "", SPAN_LIT("y"), false);
	blank_block(&b, buf_span(&block), CUT_WHOLE);
	is_str(b.text.ptr, "te=*\nte=x\nte=y\n", "entries from before it are not known");
	buf_done(&block);
	close_blanked(&b);
}

/* ---- chance ---- */

static uint32_t chance = 7;

static uint32_t pick(uint32_t n)
{
	chance = chance * 1664525 + 1013904223;
	return (chance >> 8) % n;
}

static void chance_value(struct buf *ret)
{
	static const char common[] = "0123456789abcdefghijklmnopqrstuvwxyzABCXYZ-_./+= ";
	size_t len = pick(60);

	buf_reset(ret);
	for (size_t i = 0; i < len; i++)
		buf_addc(ret, pick(30) ? common[pick(sizeof(common) - 1)] : (char)(33 + pick(94)));
	buf_adds(ret, "$"); /* so that no value is empty, or stars */
}

/* A block of chance fields, of which `b` knows the table's; a reference now and then. */
static void chance_block(struct buf *block, size_t *nentries)
{
	struct buf value;
	size_t n = 1 + pick(12);

	buf_init(&value, 1000);
	while (n--) {
		size_t row = pick(FIELDS), index = pick(2) ? fields[row].index : 0;
		bool enters = pick(2);

		chance_value(&value);
		if (*nentries && pick(5) == 0) {
			make_int(block, 0x80, 7, 62 + pick((uint32_t)*nentries));
			continue;
		}
		if (*nentries && pick(4) == 0)
			index = 62 + pick((uint32_t)*nentries);
		make_field(block, enters, index, fields[row].name, buf_span(&value), pick(2));
		/* An entry takes 200 bytes at most, so the last 20 are in the table. */
		*nentries += enters && *nentries < 20;
	}
	buf_done(&value);
}

static bool is_kept(struct span name)
{
	for (size_t i = 0; i < FIELDS; i++)
		if (span_eq(name, span_str(fields[i].name)))
			return fields[i].kept && !span_eq(name, SPAN_LIT(":path"));
	return false;
}

static bool is_same_or_stars(struct span was, struct span is)
{
	size_t name = span_find(was, '=') + 1;
	bool path = span_starts(was, SPAN_LIT(":path="));

	if (is_kept(span_first(was, name - 1)))
		return span_eq(was, is);
	if (!span_eq(span_first(was, name), span_first(is, name)))
		return false;
	for (size_t i = name; i < is.len && !path; i++)
		if (is.ptr[i] != '*')
			return false;
	return true;
}

/* Line by line: names are the same, and values where they are to be. */
static bool is_right(const struct blanked *b)
{
	struct span was = buf_span(&b->was), is = buf_span(&b->text);

	while (was.len && is.len) {
		struct span x = span_first(was, span_find(was, '\n'));
		struct span y = span_first(is, span_find(is, '\n'));

		if (!is_same_or_stars(x, y))
			return false;
		was = span_from(was, x.len + 1);
		is = span_from(is, y.len + 1);
	}
	return !was.len && !is.len;
}

static void test_chance(void)
{
	unsigned wrong = 0, refused = 0;

	for (unsigned i = 0; i < 300; i++) {
		size_t nentries = 0;
		struct blanked b;

		open_blanked(&b);
		for (unsigned k = 0; k < 10; k++) {
			struct buf block;

			buf_init(&block, 1 << 16);
			chance_block(&block, &nentries);
			blank_block(&b, buf_span(&block), (i + k) % CUT_WAYS);
			refused += !b.was.len || b.was.ptr[b.was.len - 1] != '\n';
			wrong += b.bytes.len != block.len || !is_right(&b);
			buf_done(&block);
		}
		close_blanked(&b);
	}
	is_int(refused, 0, "blocks of chance are valid");
	is_int(wrong, 0, "and, blanked, have the same names and harmless values");
}

int main(void)
{
	test_huffman();
	test_values();
	test_raw_targets();
	test_coded_targets();
	test_table();
	test_many_entries();
	test_malformed();
	test_lost();
	test_chance();
	return tap_done();
}
