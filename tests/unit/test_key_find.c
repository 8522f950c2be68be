/* SPDX-License-Identifier: MIT */
/* Which texts hold which kind of credential, and which only look so. */

#include "redact/key_find.h"
#include "redact/redact_stream.h"
#include "tests/unit/tap.h"

#define ALL   ((key_set)-1)
#define R10   "Qw3rT7yU1o"
#define R20   R10 "pA5sD9fG2h"
#define R40   R20 R20
#define HEX32 "0123456789abcdef0123456789abcdef"
#define MII   "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"

/* {"alg":"HS256","typ":"JWT"} and {"a":1,"b":2} */
#define JWT_HEAD "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
#define JWT_REST ".eyJhIjoxLCJiIjoyfQ.c2lnbmF0dXJlIG9mIGl0"

/* NULL: none. */
static const struct row {
	const char *want, *text;
} rows[] = {
	{ "aws-key", "AKIAZZZZ2345ABCDEFGH" },
	{ "aws-key", "use ASIAZZZZ2345ABCDEFGH, please" },
	{ "aws-key", "id=AKIAZZZZ2345ABCDEFGH\nnext" },
	{ "aws-key", "{\"a\":\"x\\nAKIAZZZZ2345ABCDEFGH\"}" }, /* JSON that is quoted */
	{ NULL, "AKIAIOSFODNN7EXAMPLE" },		       /* of AWS's manuals */
	{ NULL, "AKIAZZZZ2345ABCDEFG" },		       /* one too few */
	{ NULL, "AKIAZZZZ2345ABCDEFGHI" },		       /* one too many */
	{ NULL, "AKIAZZZZ0189ABCDEFGH" },		       /* no base32 */
	{ NULL, "xAKIAZZZZ2345ABCDEFGH" },		       /* within a word */
	{ NULL, "AKIA" },
	{ "github-token", "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" },
	{ NULL, "ghp_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq18" }, /* the checksum is wrong */
	{ NULL, "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" },
	{ NULL, "ghp_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq1" },
	{ "npm-token", "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" },
	{ NULL, "npm_config_registry_https_registry_npmjs_or" },
	{ "github-token", "github_pat_11ABCDEFG0Qw3rT7yU1opA_5sD9fG2h" R40 "abcdefghijk" },
	{ NULL, "github_pat_11ABCDEFG0Qw3rT7yU1opA5_sD9fG2h" R40 "abcdefghijk" },
	{ "google-key", "AIzaSyD1234567890abcdefghijklmnopqrstuv" },
	{ NULL, "AIzaSyD1234567890abcdefghijklmnopqrstu" },
	{ "gitlab-token", "glpat-" R20 },
	{ "pypi-token", "pypi-AgEIcHlwaS5vcmc" R40 R20 },
	{ NULL, "pypi-" R40 R40 },
	{ "slack-token", "xoxb-123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx" },
	{ NULL, "xoxb-your-token" },
	{ "stripe-key", "sk_live_" R20 "4eC39" },
	{ "stripe-key", "sk_test_" R20 "4eC39" },
	{ NULL, "sk_live_short1" },
	{ "sendgrid-key", "SG." R20 "ab." R40 "abc" },
	{ NULL, "SG." R20 "ab" R40 "abc." },
	{ "digitalocean-token", "dop_v1_" HEX32 HEX32 },
	{ NULL, "dop_v1_" R40 R20 "abcd" },
	{ "shopify-token", "shpat_" HEX32 },
	{ "openai-key", "sk-proj-" R40 "T3BlbkFJ" R40 },
	{ "openai-key", "sk-" R20 "T3BlbkFJ" R20 },
	{ NULL, "sk-proj-" R40 R40 },
	{ "anthropic-key", "sk-ant-api03-" R40 R40 "-AA" },
	{ "anthropic-key", "sk-ant-oat01-" R40 R40 "-AA" },
	{ NULL, "sk-ant-api03-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx1" },
	{ NULL, "sk-ant-..." },
	{ "llm-key", "sk-or-v1-" HEX32 HEX32 },
	{ "llm-key", "sk-" HEX32 },
	{ "llm-key", "hf_" R20 R10 "abcd" },
	{ "llm-key", "gsk_" R40 R10 "ab" },
	{ NULL, "hf_hub_download_the_model_files_from_it" },
	{ NULL, "sk-learn-pipelines-and-other-things-2024" },
	{ NULL, "task-0123456789abcdef0123456789abcdef" },
	{ "bedrock-key", "ABSK" R40 R40 },
	{ "jwt", JWT_HEAD JWT_REST },
	{ NULL, JWT_HEAD },
	{ NULL, "eyJhIjoxLCJiIjoyLCJjIjozLCJkIjo0fQ" JWT_REST }, /* its head has no "alg" */
	{ "private-key",
	  "-----BEGIN PRIVATE KEY-----\n" MII "\n" MII "\n-----END PRIVATE KEY-----" },
	{ "private-key", "-----BEGIN RSA PRIVATE KEY-----\\n" MII "\\n" MII },
	{ "private-key", "-----BEGIN OPENSSH PRIVATE KEY-----\r\n" MII },
	{ "private-key", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n" MII },
	{ NULL, "a file that begins with -----BEGIN PRIVATE KEY----- is a private key" },
	{ NULL, "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----" },
	{ NULL, "-----BEGIN CERTIFICATE-----\n" MII },
	{ NULL, "-----BEGIN PUBLIC KEY-----\n" MII },
	{ NULL, "" },
	{ NULL, "words, and more words: 4f2b1c9d8e7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c" },
	{ NULL, "550e8400-e29b-41d4-a716-446655440000" },
};

static const char *names(key_set found)
{
	static char text[256];
	size_t n = 0;

	text[0] = '\0';
	for (int k = 0; k < KEY_KINDS; k++)
		if (found & 1u << k)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n ? " " : "",
					      key_kind_name((enum key_kind)k));
	return text;
}

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct span text = span_str(rows[i].text);
		key_set found = key_find(text, ALL, false);

		is_str(names(found), rows[i].want ? rows[i].want : "", "%.60s", rows[i].text);
		/* Whatever an alert names is masked. */
		if (found) {
			struct buf out;

			buf_init(&out, 1 << 16);
			ok(redact_masks(text, REDACT_TEXT, &out), "it is masked");
			ok(!key_find(buf_span(&out), ALL, true), "and is none any more");
			buf_done(&out);
		}
	}
}

static void test_wanted(void)
{
	struct span both = SPAN_LIT("AKIAZZZZ2345ABCDEFGH and "
				    "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");

	is_str(names(key_find(both, ALL, false)), "aws-key github-token", "both are found");
	is_str(names(key_find(both, 1u << KEY_GITHUB, false)), "github-token",
	       "or only what is asked for");
	is_str(names(key_find(both, 0, false)), "", "or nothing");
}

/* As a recording has it. */
static void test_blanked(void)
{
	static const struct row blanked[] = {
		{ "aws-key", "AKIA****************" },
		{ NULL, "AKIA***************" },
		{ "github-token", "ghp_************************************" },
		{ NULL, "ghp_***" },
		{ "private-key",
		  "-----BEGIN PRIVATE KEY-----\n"
		  "****************************************************************\n" },
	};

	for (size_t i = 0; i < sizeof(blanked) / sizeof(*blanked); i++) {
		struct span text = span_str(blanked[i].text);

		is_str(names(key_find(text, ALL, true)), blanked[i].want ? blanked[i].want : "",
		       "of a recording: %.40s", blanked[i].text);
		ok(!key_find(text, ALL, false), "which is nothing elsewhere");
	}
}

static void test_names(void)
{
	for (int k = 0; k < KEY_KINDS; k++)
		is_int(key_kind_of(span_str(key_kind_name((enum key_kind)k))), k, "%s",
		       key_kind_name((enum key_kind)k));
	is_int(key_kind_of(SPAN_LIT("aws")), KEY_KINDS, "no kind has such a name");
	is_str(key_prefix(SPAN_LIT("sk-ant-api03-abc")), "sk-ant-", "the longest beginning");
	is_str(key_prefix(SPAN_LIT("sk-abc")), "sk-", "another one");
	ok(!key_prefix(SPAN_LIT("abc")), "none");
	is_str(key_prefix_named(SPAN_LIT("sk-ant-")), "sk-ant-", "the same, by its text");
}

/* What an alert knows, masks know: each row of keys.def begins as one of key_shapes.def. */
static void test_shapes(void)
{
	static const char *const shapes[] = {
#define GROUP(name, letter)
#define SHAPE(prefix, set, min, needs) prefix,
#include "redact/key_shapes.def"
#undef GROUP
#undef SHAPE
	};
	static const char *const keys[] = {
#define KIND(id, name, whose, checked)
#define KEY(id, prefix, set, min, max, check) prefix,
#include "redact/keys.def"
#undef KIND
#undef KEY
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		bool any = false;

		for (size_t k = 0; k < sizeof(shapes) / sizeof(*shapes); k++)
			any |= strncmp(keys[i], shapes[k], strlen(shapes[k])) == 0;
		ok(any, "%s has a shape", keys[i]);
	}
}

int main(void)
{
	test_rows();
	test_wanted();
	test_blanked();
	test_names();
	test_shapes();
	return tap_done();
}
