/* SPDX-License-Identifier: MIT */
/* Addresses, parameters and cookies as an HTTP archive has them. */
#include <string.h>

#include "exchange/headers.h"
#include "json/text.h"
#include "sink/har.h"

#define URL_MAX (64u << 10)

/* ---- addresses ---- */

static bool may_stand(uint8_t c, const char *others)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c && strchr(others, c));
}

/* Whatever may not stand in a URL as it is, is percent-encoded. */
static void add_encoded(struct buf *out, struct span s, const char *others)
{
	for (size_t i = 0; i < s.len; i++)
		if (may_stand(s.ptr[i], others))
			buf_addc(out, (char)s.ptr[i]);
		else
			buf_addf(out, "%%%02X", s.ptr[i]);
}

#define IN_HOST "-._~:[]"
#define IN_PATH "-._~:/?#[]@!$&'()*+,;=%"

/* The host that was asked, else the address that was called. */
static void add_host(struct buf *out, const struct exchange *x)
{
	const char *end = x->is_server ? x->local : x->peer;

	if (!x->host) {
		add_encoded(out, span_str(end ? end : "unknown.invalid"), IN_HOST);
		return;
	}
	add_encoded(out, span_str(x->host), IN_HOST);
	if (x->port)
		buf_addf(out, ":%u", x->port);
}

static void add_scheme(struct buf *out, const struct exchange *x)
{
	if (har_is_websocket(x))
		buf_adds(out, x->cleartext ? "ws://" : "wss://");
	else
		buf_adds(out, x->cleartext ? "http://" : "https://");
}

/* A pair of pipes has no address: the program and the method stand for it. */
static void add_pipe(struct buf *out, const struct exchange *x)
{
	buf_adds(out, "stdio://");
	add_encoded(out, span_str(exchange_program(x)), "-._~");
	buf_addc(out, '/');
	add_encoded(out, span_str(x->rpc_method), "-._~/");
}

char *har_url(const struct exchange *x)
{
	struct span target = span_str(x->target);
	struct buf out;

	buf_init(&out, URL_MAX);
	if (exchange_is_stdio(x)) {
		add_pipe(&out, x);
		return buf_take(&out);
	}
	/* A proxy is asked for the whole of it. */
	if (!span_starts(target, SPAN_LIT("http://")) &&
	    !span_starts(target, SPAN_LIT("https://"))) {
		add_scheme(&out, x);
		add_host(&out, x);
		if (!span_starts(target, SPAN_LIT("/")))
			buf_addc(&out, '/');
	}
	add_encoded(&out, target, IN_PATH);
	return buf_take(&out);
}

/* ---- parameters and cookies ---- */

/* "name=value"; of a name alone the value is empty. */
static void add_pair(json_t *list, struct span s)
{
	size_t at = span_find(s, '=');
	json_t *o = json_object();

	json_object_set_new(o, "name", json_from_bytes(span_trim(span_first(s, at))));
	json_object_set_new(o, "value", json_from_bytes(span_trim(span_from(s, at + 1))));
	json_array_append_new(list, o);
}

json_t *har_query(const char *target)
{
	struct span s = span_str(target);
	json_t *list = json_array();

	s = span_from(s, span_find(s, '?') + 1);
	while (s.len) {
		size_t n = span_find(s, '&');

		if (n)
			add_pair(list, span_first(s, n));
		s = span_from(s, n + 1);
	}
	return list;
}

json_t *har_cookies(const struct headers *h)
{
	json_t *list = json_array();

	for (size_t i = 0; i < h->count; i++) {
		struct span s = span_str(h->items[i].value);

		if (!span_caseeq(span_str(h->items[i].name), SPAN_LIT("cookie")))
			continue;
		for (size_t n; s.len; s = span_from(s, n + 1)) {
			n = span_find(s, ';');
			if (span_trim(span_first(s, n)).len)
				add_pair(list, span_first(s, n));
		}
	}
	return list;
}
