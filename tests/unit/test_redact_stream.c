/* SPDX-License-Identifier: MIT */
/* What is masked in a text, that it does not depend on where the text is cut, and that masking
 * again changes nothing. */
#include "redact/redact_stream.h"

#include <stdlib.h>

#include "tests/unit/cuts.h"
#include "tests/unit/tap.h"

#define KEY "sk-proj-Ab3dEf6hIj9kLm2n"

/* NULL: nothing is masked. */
static const struct row {
	const char *text, *want;
} rows[] = {
	/* members of JSON */
	{ "{\"api_key\":\"a\\\"bc\",\"x\":1}", "{\"api_key\":\"***\",\"x\":1}" },
	{ "{\"authorization_token\": \"abc\", \"x\": \"y\"}",
	  "{\"authorization_token\": \"***\", \"x\": \"y\"}" },
	{ "{\"apiKey\":\"abc\\\\\",\"b\":\"c\"}", "{\"apiKey\":\"***\",\"b\":\"c\"}" },
	{ "{\"client_secret\":{\"value\":\"ek_abc\"}}", "{\"client_secret\":{\"value\":\"***\"}}" },
	{ "{\"password\" : 123456, \"x\": 1}", "{\"password\" : \"***\", \"x\": 1}" },
	{ "{\"password\":[\"ab\", \"cd\"],\"x\":[\"ab\"]}",
	  "{\"password\":[\"***\", \"***\"],\"x\":[\"ab\"]}" },
	{ "{\"a\":\"{\\\"api_key\\\": \\\"a\\\\\\\"b\\\", \\\"n\\\": 1}\"}",
	  "{\"a\":\"{\\\"api_key\\\": \\\"***\\\", \\\"n\\\": 1}\"}" },
	{ "\"{\\\"a\\\":\\\"{\\\\\\\"token\\\\\\\":\\\\\\\"abcdefgh12345678\\\\\\\"}\\\"}\"",
	  "\"{\\\"a\\\":\\\"{\\\\\\\"token\\\\\\\":\\\\\\\"***\\\\\\\"}\\\"}\"" },
	{ "{'X-Api-Key': 'abc', 'x': 'y'}", "{'X-Api-Key': '***', 'x': 'y'}" },
	{ "{\"private_key\":\"a\nb\",\"x\":1}", "{\"private_key\":\"***\",\"x\":1}" },
	{ "{\"token\":\" Internationalization\",\"logprob\":-0.1}", NULL },
	{ "{\"max_tokens\":5,\"next_page_token\":\"CAUQAA\",\"a\":\"password\"}", NULL },
	{ "{\"api_key\":{\"type\":\"string\",\"description\":\"the key\"},"
	  "\"required\":[\"api_key\",\"password\"]}",
	  NULL },
	{ "{\"password\":null,\"api_key\":true}", NULL },
	{ "{\"a\":\"{\\u0022api_key\\u0022:\\u0022a\\u002Bb\\u0022,\\u0022n\\u0022:1,"
	  "\\u0022passwd\\u0022: 12}\"}",
	  "{\"a\":\"{\\u0022api_key\\u0022:\\u0022***\\u0022,\\u0022n\\u0022:1,"
	  "\\u0022passwd\\u0022: \\u0022***\\u0022}\"}" },
	{ "{\"\\u0061pi\\u005fkey\":\"abc\"}", "{\"\\u0061pi\\u005fkey\":\"***\"}" },
	/* cut off */
	{ "{\"api_key\":\"abc", "{\"api_key\":\"***" },
	{ "{\"api_key\":", NULL },
	{ "\\", NULL },
	/* header fields */
	{ "GET / HTTP/1.1\r\nAuthorization: Bearer abc\r\nAccept: */*\r\n",
	  "GET / HTTP/1.1\r\nAuthorization: Bearer ***\r\nAccept: */*\r\n" },
	{ "{\"c\":\"a\\nX-Api-Key: abc def\\nHost: h\"}",
	  "{\"c\":\"a\\nX-Api-Key: ***\\nHost: h\"}" },
	{ "curl -H 'Cookie: a=b; c=d' -H \"api-key: abc\" http://h/",
	  "curl -H 'Cookie: ***' -H \"api-key: ***\" http://h/" },
	{ "> Authorization: Basic abc\n> Host: h", "> Authorization: Basic ***\n> Host: h" },
	{ "the authorization: none is needed", NULL },
	/* URLs */
	{ "see https://user:pass@host/x and http://host:8080/a@b",
	  "see https://***@host/x and http://host:8080/a@b" },
	{ "postgres://u:p@s:s@host/db", "postgres://***@***@host/db" },
	{ "\"postgres:\\/\\/u:p@h\\/db\"", "\"postgres:\\/\\/***@h\\/db\"" },
	{ "https://h/x?key=abc&b=1#token=abc, and key=abc",
	  "https://h/x?key=***&b=1#token=*** and key=abc" },
	{ "\"https://h/?a=1\\u0026access_token=abc\\u0026b=2\"",
	  "\"https://h/?a=1\\u0026access_token=***\\u0026b=2\"" },
	{ "https://h/?api%5Fkey=abc", "https://h/?api%5Fkey=***" },
	{ "is 5 > 3 ? key=abc", NULL },
	/* keys by their shape */
	{ "my key is " KEY ".", "my key is sk-***." },
	{ "(" KEY ")\\n" KEY, "(sk-***)\\nsk-***" },
	{ "Bearer abcDEF123456789012", "Bearer ***" },
	{ "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl;", "eyJ***;" },
	{ "AKIAIOSFODNN7EXAMPLE ghp_abcdefghij0123456789 xoxb-1234-ABCD5678",
	  "AKIA*** ghp_*** xoxb-***" },
	{ "a\n-----BEGIN RSA PRIVATE KEY-----\nDEK-Info: AES-128\nMIIabc\n-----END RSA PRIVATE KEY"
	  "-----\nb",
	  "a\n-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----\nb" },
	{ "sk-learn-based-approaches, task-1234ABCDEFGH, a Bearer of bad news", NULL },
	{ "Basic understanding of Basic internationalization, basic Representationalism", NULL },
	{ "eyJhbGciOiJIUzI1NiJ9 is base64", NULL },
	{ "-----BEGIN CERTIFICATE-----\nMIIabc\n-----END CERTIFICATE-----", NULL },
	/* assignments */
	{ "export DB_PASSWORD=hunter22; x", "export DB_PASSWORD=***; x" },
	{ "api_key = \"abcd1234\"", "api_key = \"***\"" },
	{ "db:\n  password: abcd1234\n", "db:\n  password: ***\n" },
	{ "mysql --password abcd1234 -v", "mysql --password *** -v" },
	{ "api_key = os.environ[\"API_KEY1\"], api_key: str, password: required", NULL },
	{ "max_tokens=12345678a", NULL },
	/* forms */
	{ "--b\r\nContent-Disposition: form-data; name=\"api_key\"\r\n\r\nabc\"d\r\n--b--",
	  "--b\r\nContent-Disposition: form-data; name=\"api_key\"\r\n\r\n***\r\n--b--" },
};

struct sink {
	struct redact_stream r;
	struct buf out;
};

static void on_piece(void *arg, struct span s)
{
	struct sink *k = arg;

	redact_stream_feed(&k->r, s, &k->out);
}

static void check(size_t row, const char *text, const char *want)
{
	for (unsigned way = 0; way < CUT_WAYS; way++) {
		struct sink k;

		redact_stream_init(&k.r, REDACT_TEXT);
		buf_init(&k.out, 4096);
		cut_feed(way, span_str(text), on_piece, &k);
		redact_stream_end(&k.r, &k.out);
		is_str(k.out.ptr, want, "text %zu, %s", row, cut_name(way));
		buf_done(&k.out);
	}
}

static void test_begins(void)
{
	static const struct {
		enum redact_begin begin;
		const char *text, *want;
	} list[] = {
		{ REDACT_URL, "/v1/x?key=abc&b=1", "/v1/x?key=***&b=1" },
		{ REDACT_URL, "/bot/" KEY "/x", "/bot/sk-***/x" },
		{ REDACT_FORM, "client_secret=a%20b&grant_type=x&refresh_token=c",
		  "client_secret=***&grant_type=x&refresh_token=***" },
	};
	struct buf b;

	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++) {
		buf_init(&b, 1000);
		redact_text(span_str(list[i].text), list[i].begin, &b);
		is_str(b.ptr, list[i].want, "%s", list[i].text);
		buf_done(&b);
	}
}

/* ---- random texts ---- */

/* What texts are made of: "KEY" is a credential. */
static const char *const pieces[] = {
	"\"",
	"\\\"",
	"'",
	":",
	" ",
	"\\n",
	"\n",
	"api_key",
	"token",
	"\"password\"",
	"Authorization",
	"Bearer ",
	"sk-",
	"***",
	"=",
	"https://",
	"@",
	"?",
	"&key=",
	"{",
	"[",
	"\"value\"",
	",",
	"eyJ",
	".",
	"-----",
	"BEGIN ",
	"PRIVATE KEY",
	"abc",
	"ABCDEFGH",
	"123456789",
	"\\",
	"\\u0026",
	"--api-key",
	"\r\n\r\n",
	"\"api_key\":",
	"\\\"secret\\\":\\\"",
	"AKIA",
	"\r",
	"%",
	"/",
	"\xc3\xa4",
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
};

static void random_text(struct buf *b)
{
	size_t n = 1 + (size_t)rand() % 40;

	for (size_t i = 0; i < n; i++)
		buf_adds(b, pieces[(size_t)rand() % (sizeof(pieces) / sizeof(*pieces))]);
}

static void test_random(void)
{
	unsigned cut = 0, again = 0, masked = 0;
	struct buf text, whole, twice;

	srand(1);
	for (unsigned i = 0; i < 30000; i++) {
		struct redact_stream r;
		struct buf parts;

		buf_init(&text, 1 << 16);
		buf_init(&whole, 1 << 17);
		buf_init(&parts, 1 << 17);
		buf_init(&twice, 1 << 17);
		random_text(&text);
		redact_text(buf_span(&text), REDACT_TEXT, &whole);
		redact_stream_init(&r, REDACT_TEXT);
		for (size_t at = 0; at < text.len;) {
			size_t len = 1 + (size_t)rand() % 30;

			redact_stream_feed(&r, span_first(span_from(buf_span(&text), at), len),
					   &parts);
			at += len;
		}
		redact_stream_end(&r, &parts);
		redact_text(buf_span(&whole), REDACT_TEXT, &twice);
		masked += !span_eq(buf_span(&text), buf_span(&whole));
		if (!span_eq(buf_span(&parts), buf_span(&whole)) && !cut++)
			printf("# cut: %s\n", text.ptr);
		if (!span_eq(buf_span(&twice), buf_span(&whole)) && !again++)
			printf("# again: %s\n#   once: %s\n#  twice: %s\n", text.ptr, whole.ptr,
			       twice.ptr);
		buf_done(&text);
		buf_done(&whole);
		buf_done(&parts);
		buf_done(&twice);
	}
	is_int(cut, 0, "texts in random pieces that come out differently");
	is_int(again, 0, "texts that change when they are masked again");
	ok(masked > 3000, "enough of the texts hold a credential: %u", masked);
}

/* A credential among words, cut anywhere: no delta and no sum of deltas holds it. */
static void test_planted(void)
{
	static const char *const places[] = {
		"{\"cmd\":\"curl -H 'Authorization: Bearer %s' x\",\"n\":1}",
		"{\"api_key\":\"%s\"}",
		"The key is sk-%s, keep it.",
		"{\"a\":\"{\\\"password\\\":\\\"%s\\\"}\"}",
		"https://u:%s@host/",
		"https://host/?b=1&token=%s#x",
		"X-Api-Key: %s\n",
	};
	static const char secret[] = "Plant3dSecretV4lue";
	unsigned leaks = 0;

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		char text[256];
		size_t len = (size_t)snprintf(text, sizeof(text), places[i], secret);

		for (size_t a = 0; a <= len; a++)
			for (size_t b = a; b <= len; b++) {
				struct redact_stream r;
				struct buf out;

				buf_init(&out, 1024);
				redact_stream_init(&r, REDACT_TEXT);
				redact_stream_feed(&r, span_of(text, a), &out);
				redact_stream_feed(&r, span_of(text + a, b - a), &out);
				redact_stream_feed(&r, span_of(text + b, len - b), &out);
				redact_stream_end(&r, &out);
				leaks += strstr(out.ptr, "Plant") || strstr(out.ptr, "V4lue");
				buf_done(&out);
			}
	}
	is_int(leaks, 0, "credentials that show in pieces");
}

/* ---- in place ---- */

static void test_blank(void)
{
	static const char *const list[][2] = {
		{ "{\"api_key\":\"a\\\"b c\",\"x\":1}", "{\"api_key\":\"*\\\"* *\",\"x\":1}" },
		{ "{\"a\":\"{\\\"token\\\":\\\"abcdefgh12345678\\\"}\"}",
		  "{\"a\":\"{\\\"token\\\":\\\"****************\\\"}\"}" },
		{ "{\"secret\":\"\\u00e4b\",\"passwd\":-12.5}",
		  "{\"secret\":\"\\u00e4*\",\"passwd\":-11.1}" },
		{ "{\"password\":[\"ab\", \"cd\"]}", "{\"password\":[\"**\", \"**\"]}" },
		{ "key " KEY ", x", "key sk-*********************, x" },
		{ "\"api_key\":\"ab\r\nHTTP/1.1 200 OK", "\"api_key\":\"**\r\nHTTP/1.1 200 OK" },
		{ "https://u:p@h/?key=abc&b=c", "https://***@h/?key=***&b=c" },
		{ "\"-----BEGIN PRIVATE KEY-----\\nMII\\n-----END PRIVATE KEY-----\"",
		  "\"-----BEGIN PRIVATE KEY-----\\n***\\n-----END PRIVATE KEY-----\"" },
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++) {
		struct redact_stream r;
		char text[256];

		snprintf(text, sizeof(text), "%s", list[i][0]);
		redact_stream_init(&r, REDACT_TEXT);
		redact_stream_blank(&r, (uint8_t *)text, strlen(text));
		is_str(text, list[i][1], "in place: text %zu", i);
	}
}

/* Cut anywhere: of the credential, what was written before it could be known as one is its
 * beginning that all keys share. */
static void test_blank_cut(void)
{
	static const char text[] = "{\"a\":\"the sk-Plant3dSecretV4lue\",\"api_key\":\"Plant3dS\","
				   "\"u\":\"https://u:Plant3dS@h/\",\"b\":\"c: Bearer "
				   "Plant3dSecretV4lue\"}";
	unsigned leaks = 0, moved = 0;

	for (size_t a = 0; a < sizeof(text); a++)
		for (size_t b = a; b < sizeof(text); b++) {
			struct redact_stream r;
			char copy[sizeof(text)];

			memcpy(copy, text, sizeof(text));
			redact_stream_init(&r, REDACT_TEXT);
			redact_stream_blank(&r, (uint8_t *)copy, a);
			redact_stream_blank(&r, (uint8_t *)copy + a, b - a);
			redact_stream_blank(&r, (uint8_t *)copy + b, sizeof(text) - 1 - b);
			leaks += strstr(copy, "lant") || strstr(copy, "V4") || strstr(copy, "3d");
			for (size_t i = 0; i < sizeof(text); i++)
				moved += copy[i] != text[i] &&
					 (copy[i] != '*' || strchr("\"\\{}", text[i]));
		}
	is_int(leaks, 0, "credentials that show in a recording, wherever it is cut");
	is_int(moved, 0, "bytes that became another than a star, or quotes that became one");
}

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		check(i, rows[i].text, rows[i].want ? rows[i].want : rows[i].text);
	test_begins();
	test_random();
	test_planted();
	test_blank();
	test_blank_cut();
	return tap_done();
}
