/* SPDX-License-Identifier: MIT */
#include "proxy/upstream.h"

#include <arpa/inet.h>
#include <nettle/base64.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/percent.h"
#include "proxy/ask.h"

/* ---- the URL ---- */

/* With "%40" and the like undone. */
static bool decode(struct span s, char *ret, size_t size)
{
	struct buf text;
	bool fits;

	buf_init(&text, size - 1);
	percent_decode(s, &text);
	fits = !text.full && !memchr(text.ptr ? text.ptr : "", '\0', text.len);
	snprintf(ret, size, "%.*s", fits ? (int)text.len : 0, text.ptr ? text.ptr : "");
	buf_done(&text);
	return fits;
}

static bool read_user(struct span s, struct upstream *u)
{
	size_t colon = span_find(s, ':');

	u->has_user = true;
	return decode(span_first(s, colon), u->user, sizeof(u->user)) &&
	       decode(span_from(s, colon + 1), u->password, sizeof(u->password));
}

static enum upstream_kind read_scheme(struct span *rest)
{
	static const struct {
		const char *text;
		enum upstream_kind kind;
	} schemes[] = {
		{ "http://", UPSTREAM_HTTP },
		{ "socks5://", UPSTREAM_SOCKS },
		{ "socks5h://", UPSTREAM_SOCKS },
		{ "socks://", UPSTREAM_SOCKS },
	};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		struct span scheme = span_str(schemes[i].text);

		if (span_caseeq(span_first(*rest, scheme.len), scheme)) {
			*rest = span_from(*rest, scheme.len);
			return schemes[i].kind;
		}
	}
	return memmem(rest->ptr, rest->len, "://", 3) ? UPSTREAM_NONE : UPSTREAM_HTTP;
}

bool upstream_read(struct span url, struct upstream *ret)
{
	struct span rest = span_trim(url);
	struct ask a = { 0 };
	size_t at;

	*ret = (struct upstream){ 0 };
	if (!rest.len)
		return false;
	ret->kind = read_scheme(&rest);
	rest = span_first(rest, span_find(rest, '/'));
	at = rest.len;
	while (at && rest.ptr[at - 1] != '@')
		at--;
	if (at && !read_user(span_first(rest, at - 1), ret))
		return false;
	if (!ret->kind ||
	    !ask_authority(&a, span_from(rest, at), ret->kind == UPSTREAM_SOCKS ? 1080 : 8080))
		return false;
	snprintf(ret->host, sizeof(ret->host), "%s", a.host);
	ret->port = a.port;
	return true;
}

/* ---- exceptions ---- */

static bool in_network(struct span network, const char *host)
{
	size_t slash = span_find(network, '/');
	uint8_t a[16], b[16];
	char text[INET6_ADDRSTRLEN];
	unsigned bits = 0;
	int family = strchr(host, ':') ? AF_INET6 : AF_INET;

	if (slash == network.len || slash >= sizeof(text) || inet_pton(family, host, a) != 1)
		return false;
	memcpy(text, network.ptr, slash);
	text[slash] = '\0';
	if (inet_pton(family, text, b) != 1)
		return false;
	for (size_t i = slash + 1; i < network.len; i++) {
		if (network.ptr[i] < '0' || network.ptr[i] > '9' || bits > 128)
			return false;
		bits = bits * 10 + (unsigned)(network.ptr[i] - '0');
	}
	if (bits > (family == AF_INET ? 32u : 128u))
		return false;
	if (memcmp(a, b, bits / 8) != 0)
		return false;
	return bits % 8 == 0 || (a[bits / 8] ^ b[bits / 8]) >> (8 - bits % 8) == 0;
}

static bool excepts(struct span item, const char *host, unsigned port)
{
	struct span name = span_str(host);
	struct ask a = { 0 };

	if (span_eq(item, SPAN_LIT("*")) || in_network(item, host))
		return true;
	while (item.len && (item.ptr[0] == '.' || item.ptr[0] == '*'))
		item = span_from(item, 1);
	/* "name:port"; an address of IPv6 has colons of its own. */
	if (item.len && item.ptr[0] != '[' && span_find(item, ':') != item.len && strchr(host, ':'))
		return span_caseeq(item, name);
	if (!item.len || !ask_authority(&a, item, 65536) || (a.port != 65536 && a.port != port))
		return false;
	item = span_str(a.host);
	if (span_caseeq(name, item))
		return true;
	return name.len > item.len && name.ptr[name.len - item.len - 1] == '.' &&
	       span_caseeq(span_from(name, name.len - item.len), item);
}

bool upstream_excepts(const char *list, const char *host, unsigned port)
{
	struct span rest = span_str(list);

	while (rest.len) {
		size_t end = span_find(rest, ',');

		if (excepts(span_trim(span_first(rest, end)), host, port))
			return true;
		rest = span_from(rest, end + 1);
	}
	return false;
}

const struct upstream *upstreams_choose(const struct upstreams *u, bool plain, const char *host,
					unsigned port)
{
	const struct upstream *one = plain ? &u->plain : &u->secure;

	return one->kind && !upstream_excepts(u->except, host, port) ? one : NULL;
}

/* ---- HTTP ---- */

static void add_credentials(struct buf *out, const struct upstream *u)
{
	char coded[BASE64_ENCODE_RAW_LENGTH(sizeof(u->user) + sizeof(u->password) + 1)];
	struct buf both;

	if (!u->has_user)
		return;
	buf_init(&both, sizeof(u->user) + sizeof(u->password) + 1);
	buf_addf(&both, "%s:%s", u->user, u->password);
	base64_encode_raw(coded, both.len, (const uint8_t *)both.ptr);
	buf_adds(out, "Proxy-Authorization: Basic ");
	buf_add(out, span_of(coded, BASE64_ENCODE_RAW_LENGTH(both.len)));
	buf_adds(out, "\r\n");
	buf_done(&both);
}

static void add_authority(struct buf *out, const char *host, unsigned port)
{
	buf_addf(out, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port);
}

static int http_answer(struct upstream_talk *talk, struct span in, bool *ret_stands)
{
	const uint8_t *end = in.len ? memmem(in.ptr, in.len, "\r\n\r\n", 4) : NULL;
	struct span s = SPAN_LIT("HTTP/1.");

	if (!end)
		return in.len >= ASK_MAX ? -1 : 0;
	if (!span_starts(in, s) || in.len < 12 || in.ptr[8] != ' ')
		return -1;
	talk->status = 0;
	for (size_t i = 9; i < 12 && in.ptr[i] >= '0' && in.ptr[i] <= '9'; i++)
		talk->status = talk->status * 10 + (unsigned)(in.ptr[i] - '0');
	if (talk->status / 100 != 1 && talk->status / 100 != 2)
		return -1;
	*ret_stands = talk->status / 100 == 2;
	return (int)(end - in.ptr) + 4;
}

void upstream_head(const struct upstream *u, const char *host, unsigned port, struct span head,
		   struct buf *out)
{
	size_t space = span_find(head, ' ');
	const uint8_t *line = head.len ? memmem(head.ptr, head.len, "\r\n", 2) : NULL;
	size_t end = line ? (size_t)(line - head.ptr) + 2 : head.len;

	buf_add(out, span_first(head, space));
	buf_adds(out, " http://");
	add_authority(out, host, port);
	buf_add(out, span_first(span_from(head, space + 1), end - space - 1));
	add_credentials(out, u);
	buf_add(out, span_from(head, end));
}

/* ---- SOCKS ---- */

enum { SOCKS_METHOD, SOCKS_USER, SOCKS_REPLY };

static void add_short(struct buf *out, const char *text)
{
	buf_addc(out, (char)strlen(text));
	buf_adds(out, text);
}

static void ask_socks(const char *host, unsigned port, struct buf *out)
{
	uint8_t address[16];

	buf_add(out, span_of("\5\1\0", 3));
	if (inet_pton(AF_INET, host, address) == 1) {
		buf_addc(out, 1);
		buf_add(out, span_of(address, 4));
	} else if (inet_pton(AF_INET6, host, address) == 1) {
		buf_addc(out, 4);
		buf_add(out, span_of(address, 16));
	} else {
		buf_addc(out, 3);
		add_short(out, host);
	}
	buf_addc(out, (char)(port >> 8));
	buf_addc(out, (char)port);
}

static size_t reply_length(struct span in)
{
	if (in.len < 5)
		return 5;
	return in.ptr[3] == 1 ? 10u : in.ptr[3] == 4 ? 22u : in.ptr[3] == 3 ? 7u + in.ptr[4] : 5u;
}

static size_t socks_length(const struct upstream_talk *talk, struct span in)
{
	return talk->step == SOCKS_REPLY ? reply_length(in) : 2;
}

static int socks_answer(const struct upstream *u, const char *host, unsigned port,
			struct upstream_talk *talk, struct span in, struct buf *out,
			bool *ret_stands)
{
	size_t len = socks_length(talk, in);

	if (in.len < len)
		return 0;
	talk->status = in.ptr[1];
	switch (talk->step) {
	case SOCKS_METHOD:
		if (in.ptr[0] != 5 || (in.ptr[1] != 0 && (in.ptr[1] != 2 || !u->has_user)))
			return -1;
		talk->step = in.ptr[1] == 2 ? SOCKS_USER : SOCKS_REPLY;
		if (in.ptr[1] == 0) {
			ask_socks(host, port, out);
			break;
		}
		buf_addc(out, 1);
		add_short(out, u->user);
		add_short(out, u->password);
		break;
	case SOCKS_USER:
		if (in.ptr[1] != 0)
			return -1;
		talk->step = SOCKS_REPLY;
		ask_socks(host, port, out);
		break;
	default:
		if (in.ptr[0] != 5 || in.ptr[1] != 0 || len == 5)
			return -1;
		*ret_stands = true;
	}
	return (int)len;
}

/* ---- both ---- */

void upstream_begin(const struct upstream *u, const char *host, unsigned port, struct buf *out)
{
	if (u->kind == UPSTREAM_SOCKS) {
		buf_add(out, u->has_user ? span_of("\5\2\0\2", 4) : span_of("\5\1\0", 3));
		return;
	}
	buf_adds(out, "CONNECT ");
	add_authority(out, host, port);
	buf_adds(out, " HTTP/1.1\r\nHost: ");
	add_authority(out, host, port);
	buf_adds(out, "\r\n");
	add_credentials(out, u);
	buf_adds(out, "\r\n");
}

int upstream_answer(const struct upstream *u, const char *host, unsigned port,
		    struct upstream_talk *talk, struct span in, struct buf *out, bool *ret_stands)
{
	*ret_stands = false;
	return u->kind == UPSTREAM_SOCKS ? socks_answer(u, host, port, talk, in, out, ret_stands)
					 : http_answer(talk, in, ret_stands);
}

size_t upstream_take(const struct upstream *u, const struct upstream_talk *talk, struct span had,
		     struct span more)
{
	size_t len;

	if (u->kind != UPSTREAM_SOCKS)
		return ask_take_head(had, more);
	len = socks_length(talk, had);
	len = len > had.len ? len - had.len : 0;
	return len < more.len ? len : more.len;
}
