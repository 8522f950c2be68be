/* SPDX-License-Identifier: MIT */
#include "proxy/ask.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#define BAD_REQUEST                                                                                \
	SPAN_LIT("HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n"   \
		 "Content-Length: 63\r\n\r\n"                                                      \
		 "llm-spy: this is a proxy; it takes CONNECT and absolute URLs.\r\n")

void ask_init(struct ask *a)
{
	*a = (struct ask){ 0 };
	buf_init(&a->head, ASK_MAX + 512);
}

void ask_done(struct ask *a)
{
	buf_done(&a->head);
}

struct span ask_granted(enum ask_kind k)
{
	static const uint8_t socks[] = { 5, 0, 0, 1, 0, 0, 0, 0, 0, 0 };

	if (k == ASK_SOCKS)
		return span_of(socks, sizeof(socks));
	return k == ASK_CONNECT ? SPAN_LIT("HTTP/1.1 200 Connection established\r\n\r\n")
				: span_of(NULL, 0);
}

struct span ask_refused(enum ask_kind k)
{
	static const uint8_t socks[] = { 5, 4, 0, 1, 0, 0, 0, 0, 0, 0 };

	if (k == ASK_SOCKS)
		return span_of(socks, sizeof(socks));
	return SPAN_LIT(
		"HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
}

/* ---- where ---- */

static bool set_host(struct ask *a, struct span host)
{
	if (!host.len || host.len >= sizeof(a->host) || memchr(host.ptr, 0, host.len))
		return false;
	memcpy(a->host, host.ptr, host.len);
	a->host[host.len] = '\0';
	return true;
}

static bool set_port(struct ask *a, struct span digits)
{
	a->port = 0;
	if (!digits.len || digits.len > 5)
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
			return false;
		a->port = a->port * 10 + (unsigned)(digits.ptr[i] - '0');
	}
	return a->port > 0 && a->port < 65536;
}

bool ask_authority(struct ask *a, struct span s, unsigned standard)
{
	struct span host = s, port = span_of(NULL, 0);
	size_t end;

	if (s.len && s.ptr[0] == '[') {
		end = span_find(s, ']');
		host = span_first(span_from(s, 1), end ? end - 1 : 0);
		s = span_from(s, end + 1);
		port = span_from(s, 1);
		if (end == host.len || (s.len && s.ptr[0] != ':'))
			return false;
	} else {
		end = span_find(s, ':');
		host = span_first(s, end);
		port = span_from(s, end + 1);
		if (end < s.len && !port.len)
			return false;
	}
	if (!set_host(a, host))
		return false;
	a->port = standard;
	return port.len ? set_port(a, port) : standard != 0;
}

/* ---- HTTP ---- */

static size_t head_length(struct span s)
{
	const uint8_t *end = s.len ? memmem(s.ptr, s.len, "\r\n\r\n", 4) : NULL;

	return end ? (size_t)(end - s.ptr) + 4 : 0;
}

static struct span next_line(struct span *rest)
{
	const uint8_t *end = rest->len ? memmem(rest->ptr, rest->len, "\r\n", 2) : NULL;
	struct span line = span_first(*rest, end ? (size_t)(end - rest->ptr) : rest->len);

	*rest = span_from(*rest, line.len + 2);
	return line;
}

static bool is_field(struct span line, const char *name)
{
	return span_caseeq(span_trim(span_first(line, span_find(line, ':'))), span_str(name));
}

static bool upgrades(struct span fields)
{
	while (fields.len)
		if (is_field(next_line(&fields), "Upgrade"))
			return true;
	return false;
}

/* Fields that concern the way to the proxy alone. Each request gets a connection of its own to its
 * server, which ends it: so none has to be found behind the body of another. */
static void add_fields(struct ask *a, struct span fields, struct span authority)
{
	bool keeps = a->upgrades = upgrades(fields);

	while (fields.len) {
		struct span line = next_line(&fields);
		bool connection = is_field(line, "Connection") || is_field(line, "Keep-Alive");

		if (!line.len || is_field(line, "Proxy-Connection") ||
		    is_field(line, "Proxy-Authorization") || (connection && !keeps))
			continue;
		if (authority.len && is_field(line, "Host"))
			continue;
		buf_add(&a->head, line);
		buf_adds(&a->head, "\r\n");
	}
	if (authority.len) {
		buf_adds(&a->head, "Host: ");
		buf_add(&a->head, authority);
		buf_adds(&a->head, "\r\n");
	}
	buf_adds(&a->head, keeps ? "\r\n" : "Connection: close\r\n\r\n");
}

/* "http://host:port/path" */
static bool read_url(struct ask *a, struct span target, struct span *ret_path)
{
	static const struct span scheme = SPAN_LIT("http://");
	struct span rest = span_from(target, scheme.len);
	size_t end = span_find(rest, '/'), query = span_find(rest, '?');

	if (!span_caseeq(span_first(target, scheme.len), scheme))
		return false;
	end = query < end ? query : end;
	*ret_path = span_from(rest, end);
	return ask_authority(a, span_first(rest, end), 80);
}

static void begin_head(struct ask *a, struct span method, struct span path, struct span version)
{
	buf_reset(&a->head);
	buf_add(&a->head, method);
	buf_adds(&a->head, path.len && path.ptr[0] == '/' ? " " : " /");
	buf_add(&a->head, path);
	buf_addc(&a->head, ' ');
	buf_add(&a->head, version);
	buf_adds(&a->head, "\r\n");
}

static bool read_absolute(struct ask *a, struct span method, struct span target,
			  struct span version, struct span fields)
{
	struct span path;

	a->kind = ASK_ABSOLUTE;
	if (!read_url(a, target, &path))
		return false;
	begin_head(a, method, path, version);
	add_fields(a, fields, span_of(NULL, 0));
	return !a->head.full;
}

static bool read_fixed(struct ask *a, const char *host, unsigned port, struct span method,
		       struct span target, struct span version, struct span fields)
{
	char authority[280];

	a->kind = ASK_ABSOLUTE;
	if (!target.len || target.ptr[0] != '/' || !set_host(a, span_str(host)))
		return false;
	a->port = port;
	snprintf(authority, sizeof(authority), port == 443 ? "%s" : "%s:%u", host, port);
	begin_head(a, method, target, version);
	add_fields(a, fields, span_str(authority));
	return !a->head.full;
}

static bool read_head(struct span head, const char *host, unsigned port, struct ask *a)
{
	struct span rest = head, line = next_line(&rest), method, target, version;
	size_t at = span_find(line, ' ');

	method = span_first(line, at);
	line = span_from(line, at + 1);
	at = span_find(line, ' ');
	target = span_first(line, at);
	version = span_from(line, at + 1);
	if (!method.len || !target.len || !span_starts(version, SPAN_LIT("HTTP/1.")))
		return false;
	if (host)
		return read_fixed(a, host, port, method, target, version, rest);
	if (!span_eq(method, SPAN_LIT("CONNECT")))
		return read_absolute(a, method, target, version, rest);
	a->kind = ASK_CONNECT;
	return ask_authority(a, target, 0);
}

static int ask_http(struct span in, const char *host, unsigned port, struct ask *ret,
		    struct span *ret_reply)
{
	size_t len = head_length(in);

	if (len && read_head(span_first(in, len), host, port, ret))
		return (int)len;
	if (!len && in.len < ASK_MAX)
		return 0;
	ret->host[0] = '\0';
	*ret_reply = BAD_REQUEST;
	return -1;
}

/* ---- SOCKS5 ---- */

#define SOCKS_NAME 3

static size_t socks_length(struct span in)
{
	if (in.len < 5)
		return 0;
	switch (in.ptr[3]) {
	case 1:
		return 10;
	case 4:
		return 22;
	case SOCKS_NAME:
		return 7u + in.ptr[4];
	default:
		return 5; /* of no address that is known */
	}
}

static bool read_socks(struct ask *a, struct span in, size_t len)
{
	int family = in.ptr[3] == 1 ? AF_INET : AF_INET6;

	if (in.ptr[0] != 5 || in.ptr[1] != 1)
		return false;
	if (in.ptr[3] == SOCKS_NAME) {
		if (!set_host(a, span_first(span_from(in, 5), in.ptr[4])))
			return false;
	} else if ((in.ptr[3] != 1 && in.ptr[3] != 4) ||
		   !inet_ntop(family, in.ptr + 4, a->host, sizeof(a->host))) {
		return false;
	}
	a->kind = ASK_SOCKS;
	a->port = (unsigned)(in.ptr[len - 2] << 8 | in.ptr[len - 1]);
	return a->port != 0;
}

static int ask_socks(struct span in, bool greeted, struct ask *ret, struct span *ret_reply)
{
	static const uint8_t open[] = { 5, 0 }, none[] = { 5, 0xff };
	size_t len;

	if (!greeted) {
		len = in.len < 2 ? 0 : 2u + in.ptr[1];
		if (!len || in.len < len)
			return 0;
		*ret_reply = memchr(in.ptr + 2, 0, len - 2) ? span_of(open, 2) : span_of(none, 2);
		return ret_reply->ptr == open ? (int)len : -1;
	}
	len = socks_length(in);
	if (!len || in.len < len)
		return 0;
	if (read_socks(ret, in, len))
		return (int)len;
	ret->host[0] = '\0';
	*ret_reply = ask_refused(ASK_SOCKS);
	return -1;
}

/* ---- the whole ---- */

int ask_read(struct span in, const char *fixed_host, unsigned fixed_port, struct ask *ret,
	     struct span *ret_reply)
{
	*ret_reply = span_of(NULL, 0);
	if (!in.len)
		return 0;
	if (in.ptr[0] == 5 && !fixed_host) {
		int n = ask_socks(in, ret->kind == ASK_SOCKS, ret, ret_reply);

		if (n > 0)
			ret->kind = ASK_SOCKS;
		return n;
	}
	return ask_http(in, fixed_host, fixed_port, ret, ret_reply);
}

size_t ask_take(struct span had, struct span more)
{
	if (had.len ? had.ptr[0] == 5 : more.len && more.ptr[0] == 5)
		return more.len; /* a client of SOCKS waits for each answer */
	return ask_take_head(had, more);
}

size_t ask_take_head(struct span had, struct span more)
{
	uint8_t join[6];
	size_t tail = had.len < 3 ? had.len : 3, head = more.len < 3 ? more.len : 3;
	const uint8_t *end;

	if (tail)
		memcpy(join, had.ptr + had.len - tail, tail);
	if (head)
		memcpy(join + tail, more.ptr, head);
	end = memmem(join, tail + head, "\r\n\r\n", 4);
	if (end && (size_t)(end - join) + 4 > tail)
		return (size_t)(end - join) + 4 - tail;
	end = more.len ? memmem(more.ptr, more.len, "\r\n\r\n", 4) : NULL;
	return end ? (size_t)(end - more.ptr) + 4 : more.len;
}
