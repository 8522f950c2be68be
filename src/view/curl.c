/* SPDX-License-Identifier: MIT */
#include "view/curl.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/safe_text.h"
#include "base/utf8.h"
#include "redact/credential.h"

#define COMMAND_MAX ((size_t)1 << 30)

static const struct span masked = SPAN_LIT("***");

/* ---- quoting ---- */

/* Whether the character at the front is written as it is, between single quotes. */
static bool is_plain(struct span s, size_t *ret_len)
{
	uint32_t code;
	size_t len = utf8_next(s, &code);

	*ret_len = len ? len : 1;
	return len && (code == '\n' || code == '\t' || !safe_text_is_unsafe(code));
}

/* So many bytes at the front are plain, or so many are not. */
static size_t run_of(struct span s, bool plain)
{
	size_t at = 0, len;

	while (at < s.len && is_plain(span_from(s, at), &len) == plain)
		at += len;
	return at;
}

static void quote_plain(struct buf *out, struct span s)
{
	buf_addc(out, '\'');
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] == '\'')
			buf_adds(out, "'\\''");
		else
			buf_addc(out, (char)s.ptr[i]);
	buf_addc(out, '\'');
}

/* $'...', which POSIX has since 2024; octal digits end after three, whatever follows. */
static void quote_bytes(struct buf *out, struct span s)
{
	buf_adds(out, "$'");
	for (size_t i = 0; i < s.len; i++)
		buf_addf(out, "\\%03o", s.ptr[i]);
	buf_addc(out, '\'');
}

/* Words that a shell joins. */
static void quote(struct buf *out, struct span s)
{
	if (!s.len)
		buf_adds(out, "''");
	while (s.len) {
		size_t len = run_of(s, true);

		if (len) {
			quote_plain(out, span_first(s, len));
		} else {
			len = run_of(s, false);
			quote_bytes(out, span_first(s, len));
		}
		s = span_from(s, len);
	}
}

/* ---- credentials ---- */

/* OPENAI_API_KEY; for a provider that is not known API_KEY. */
static void add_variable(struct buf *out, const struct exchange *x)
{
	buf_adds(out, "\"$");
	for (const char *c = x->provider; c && isalnum((unsigned char)*c); c++)
		buf_addc(out, (char)toupper((unsigned char)*c));
	buf_adds(out, x->provider ? "_API_KEY\"" : "API_KEY\"");
}

/* Quoted, with the variable where a credential was masked. */
static void quote_masked(struct buf *out, const struct exchange *x, struct span s)
{
	const uint8_t *at;

	while (s.len && (at = memmem(s.ptr, s.len, masked.ptr, masked.len))) {
		size_t before = (size_t)(at - s.ptr);

		if (before)
			quote(out, span_first(s, before));
		add_variable(out, x);
		s = span_from(s, before + masked.len);
	}
	if (s.len)
		quote(out, s);
}

/* ---- the request ---- */

/* What curl makes itself, or what the body, decoded, has no longer. */
static bool is_curls(struct span name)
{
	static const char *const names[] = { "host",
					     "content-length",
					     "content-encoding",
					     "transfer-encoding",
					     "accept-encoding",
					     "connection",
					     "keep-alive",
					     "expect",
					     "upgrade",
					     "te",
					     "cookie" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (span_caseeq(name, span_str(names[i])))
			return true;
	return false;
}

/* RFC 9110's token: curl reads a file where a field begins with "@". */
static bool is_token(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!isalnum(s.ptr[i]) && !(s.ptr[i] && strchr("!#$%&'*+-.^_`|~", s.ptr[i])))
			return false;
	return s.len > 0;
}

static void add_header(struct buf *out, const struct exchange *x, const struct header *h)
{
	struct span name = span_str(h->name), value = span_str(h->value);
	struct buf field;

	if (!is_token(name) || is_curls(name))
		return;
	buf_adds(out, " \\\n  -H ");
	buf_init(&field, COMMAND_MAX);
	/* A field without a value would be left out otherwise. */
	buf_addf(&field, "%s%s", h->name, value.len ? ": " : ";");
	if (!credential_header(name))
		buf_add(&field, value);
	quote(out, buf_span(&field));
	if (credential_header(name))
		quote_masked(out, x, value);
	buf_done(&field);
}

static void add_url(struct buf *out, const struct exchange *x)
{
	struct buf url;

	buf_init(&url, COMMAND_MAX);
	buf_addf(&url, "%s://%s", x->cleartext ? "http" : "https", x->host);
	if (x->port)
		buf_addf(&url, ":%u", x->port);
	buf_adds(&url, x->target);
	quote_masked(out, x, buf_span(&url));
	buf_done(&url);
}

static int check(const struct exchange *x, struct error *reterr)
{
	const struct body *b = &x->request_body;

	if (exchange_is_stdio(x) || !x->host || !x->target || *x->target != '/' ||
	    !is_token(span_str(x->method)))
		return error_set(reterr, -EOPNOTSUPP, "it is no request that curl could send");
	if (x->status == 101)
		return error_set(reterr, -EOPNOTSUPP,
				 "it went over a WebSocket, which curl cannot send");
	if (b->state == BODY_NONE || (b->state == BODY_COMPLETE && !b->decoded))
		return 0;
	if (!b->text.len)
		return error_set(reterr, -ENODATA,
				 "its body was not kept: a recording has it, an archive with "
				 "bodies=yes, and jsonl with --bodies");
	if (b->state != BODY_COMPLETE || b->text.full || b->binary || b->ngaps ||
	    memchr(b->text.ptr, '\0', b->text.len))
		return error_set(reterr, -ENODATA, "its body was not kept whole, or is no text");
	return 0;
}

int curl_print(const struct exchange *x, FILE *out, struct error *reterr)
{
	struct span body = buf_span(&x->request_body.text);
	int err = check(x, reterr);
	struct buf text;

	if (err)
		return err;
	buf_init(&text, COMMAND_MAX);
	buf_adds(&text, "curl --globoff -X ");
	quote(&text, span_str(x->method));
	buf_addc(&text, ' ');
	add_url(&text, x);
	for (size_t i = 0; i < x->request_headers.count; i++)
		add_header(&text, x, &x->request_headers.items[i]);
	if (body.len) {
		buf_adds(&text, " \\\n  --data-raw ");
		quote(&text, body);
	}
	buf_addc(&text, '\n');
	if (body.len && memmem(body.ptr, body.len, masked.ptr, masked.len))
		log_say("what is *** in the body may be a credential that was masked");
	if (x->request_headers.cut)
		log_say("some header fields of the request were not captured");
	if (text.full)
		err = error_set(reterr, -EFBIG, "it is too long");
	else
		fwrite(text.ptr, 1, text.len, out);
	buf_done(&text);
	return err;
}
