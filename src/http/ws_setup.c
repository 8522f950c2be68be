/* SPDX-License-Identifier: MIT */
#include "http/ws_setup.h"

/* Takes the part before the next mark outside of quotes, a comma or semicolon, and the mark. */
static struct span take_part(struct span *rest, uint8_t *ret_mark)
{
	bool quoted = false;
	struct span part;
	size_t at;

	for (at = 0; at < rest->len; at++) {
		uint8_t c = rest->ptr[at];

		if (quoted && c == '\\')
			at++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == ',' || c == ';'))
			break;
	}
	part = span_trim(span_first(*rest, at));
	*ret_mark = at < rest->len ? rest->ptr[at] : ',';
	*rest = span_from(*rest, at + 1);
	return part;
}

/* RFC 7692 section 7.1. Window sizes need no care: see struct ws_setup. */
static void read_parameter(struct span part, struct ws_setup *ret)
{
	struct span name = span_trim(span_first(part, span_find(part, '=')));

	if (span_caseeq(name, SPAN_LIT("client_no_context_takeover")))
		ret->no_takeover[HTTP_REQUEST] = true;
	else if (span_caseeq(name, SPAN_LIT("server_no_context_takeover")))
		ret->no_takeover[HTTP_RESPONSE] = true;
}

/* RFC 6455 section 9.1. */
static void read_extensions(struct span value, struct ws_setup *ret)
{
	bool first = true, ours = false;
	uint8_t mark;

	while (value.len) {
		struct span part = take_part(&value, &mark);
		bool deflate = span_caseeq(part, SPAN_LIT("permessage-deflate"));

		if (first && part.len) {
			/* Agreed on twice it cannot be: the first one counts. */
			ours = deflate && !ret->deflate;
			ret->deflate |= deflate;
			ret->unknown |= !deflate;
		} else if (ours) {
			read_parameter(part, ret);
		}
		first = mark == ',';
	}
}

bool ws_is_named(const struct http_head *h)
{
	uint8_t mark;

	for (size_t i = 0; i < h->nfields; i++) {
		struct span value = h->fields[i].value;

		while (value.len && span_caseeq(h->fields[i].name, SPAN_LIT("upgrade")))
			if (span_caseeq(take_part(&value, &mark), SPAN_LIT("websocket")))
				return true;
	}
	return false;
}

bool ws_setup_read(const struct http_head *response, struct ws_setup *ret)
{
	bool opened = response->version == HTTP_2
			      ? response->status / 100 == 2
			      : response->status == 101 && ws_is_named(response);

	if (!opened)
		return false;
	*ret = (struct ws_setup){ 0 };
	for (size_t i = 0; i < response->nfields; i++)
		if (span_caseeq(response->fields[i].name, SPAN_LIT("sec-websocket-extensions")))
			read_extensions(response->fields[i].value, ret);
	return true;
}
