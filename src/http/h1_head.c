/* SPDX-License-Identifier: MIT */
#include "http/h1_head.h"

#define METHOD_MAX 20

/* ---- the beginning of a message ---- */

static bool is_token(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

static enum h1_start request_start(struct span s)
{
	struct span line = span_first(s, span_find(s, '\n'));
	size_t at = 0;

	while (at < s.len && at <= METHOD_MAX && is_token(s.ptr[at]))
		at++;
	if (at == s.len && at <= METHOD_MAX)
		return H1_START_MORE;
	if (at < 3 || at > METHOD_MAX || s.ptr[at] != ' ')
		return H1_START_NO;
	if (line.len == s.len)
		return H1_START_MORE;
	while (line.len && line.ptr[line.len - 1] == '\r')
		line.len--;
	return line.len > at + 10 &&
			       span_starts(span_from(line, line.len - 9), SPAN_LIT(" HTTP/1."))
		       ? H1_START_REQUEST
		       : H1_START_NO;
}

enum h1_start h1_start(struct span s)
{
	static const struct span version = SPAN_LIT("HTTP/1.");

	while (s.len && (s.ptr[0] == '\r' || s.ptr[0] == '\n'))
		s = span_from(s, 1);
	if (span_starts(version, span_first(s, version.len)))
		return s.len < version.len ? H1_START_MORE : H1_START_RESPONSE;
	return request_start(s);
}

/* ---- the start line ---- */

static bool read_status_line(struct span line, struct http_head *head)
{
	struct span rest = span_from(line, span_find(line, ' ') + 1);

	if (line.len < 12 || !span_starts(line, SPAN_LIT("HTTP/1.")) || rest.len < 3)
		return false;
	head->version = line.ptr[7] == '0' ? HTTP_1_0 : HTTP_1_1;
	for (int i = 0; i < 3; i++) {
		if (rest.ptr[i] < '0' || rest.ptr[i] > '9')
			return false;
		head->status = head->status * 10 + (rest.ptr[i] - '0');
	}
	return head->status >= 100;
}

static bool read_request_line(struct span line, struct http_head *head)
{
	size_t sp = span_find(line, ' ');
	struct span rest = span_from(line, sp + 1);

	head->method = span_first(line, sp);
	if (rest.len < 10 || !span_starts(span_from(rest, rest.len - 9), SPAN_LIT(" HTTP/1.")))
		return false;
	head->version = rest.ptr[rest.len - 1] == '0' ? HTTP_1_0 : HTTP_1_1;
	head->target = span_trim(span_first(rest, rest.len - 9));
	return true;
}

/* ---- the fields ---- */

/* Takes a line without its end. A fold (a line that begins with a blank) is joined to its line by
 * turning the line end into blanks; a start line has none. */
static struct span take_line(uint8_t *bytes, size_t len, size_t *at, bool folds)
{
	size_t begin = *at, stop;

	for (;;) {
		struct span rest = span_of(bytes + *at, len - *at);

		stop = *at + span_find(rest, '\n');
		*at = stop < len ? stop + 1 : len;
		if (!folds || *at >= len || (bytes[*at] != ' ' && bytes[*at] != '\t'))
			break;
		bytes[stop] = ' ';
		if (stop > begin && bytes[stop - 1] == '\r')
			bytes[stop - 1] = ' ';
	}
	if (stop > begin && bytes[stop - 1] == '\r')
		stop--;
	return span_of(bytes + begin, stop - begin);
}

static void read_fields(uint8_t *bytes, size_t len, size_t at, struct http_head *head,
			struct http_field fields[H1_FIELDS_MAX])
{
	size_t n = 0;

	while (at < len) {
		struct span line = take_line(bytes, len, &at, true);
		size_t colon = span_find(line, ':');

		if (colon == line.len)
			continue; /* an empty line, or no field */
		if (n == H1_FIELDS_MAX) {
			head->cut = true;
			break;
		}
		fields[n++] = (struct http_field){ .name = span_trim(span_first(line, colon)),
						   .value = span_trim(span_from(line, colon + 1)) };
	}
	head->fields = fields;
	head->nfields = n;
}

bool h1_head_read(uint8_t *bytes, size_t len, struct http_head *head,
		  struct http_field fields[H1_FIELDS_MAX])
{
	size_t at = 0;
	struct span start = take_line(bytes, len, &at, false);

	if (head->msg == HTTP_REQUEST ? !read_request_line(start, head)
				      : !read_status_line(start, head))
		return false;
	read_fields(bytes, len, at, head, fields);
	head->authority = http_field_find(head, "host");
	return true;
}

void h1_trailer_read(uint8_t *bytes, size_t len, struct http_head *head,
		     struct http_field fields[H1_FIELDS_MAX])
{
	read_fields(bytes, len, 0, head, fields);
}

/* ---- the body ---- */

static void read_length(struct h1_framing *f, struct span value)
{
	while (value.len) {
		struct span one = span_first(value, span_find(value, ','));
		struct span digits = span_trim(one);
		uint64_t n = 0;

		if (!digits.len || digits.len > 18)
			f->malformed = true;
		for (size_t i = 0; i < digits.len && !f->malformed; i++) {
			if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
				f->malformed = true;
			n = n * 10 + (digits.ptr[i] - '0');
		}
		if (f->has_length && f->length != n)
			f->malformed = true;
		f->has_length = true;
		f->length = n;
		value = span_from(value, one.len + 1);
	}
}

struct h1_framing h1_framing_read(const struct http_head *head)
{
	struct h1_framing f = { 0 };

	for (size_t i = 0; i < head->nfields; i++) {
		struct span name = head->fields[i].name, value = head->fields[i].value;

		if (span_caseeq(name, SPAN_LIT("content-length"))) {
			read_length(&f, value);
		} else if (span_caseeq(name, SPAN_LIT("transfer-encoding"))) {
			f.has_coding = true;
			f.chunked = value.len >= 7 && span_caseeq(span_from(value, value.len - 7),
								  SPAN_LIT("chunked"));
		}
	}
	/* RFC 9112 section 6.3: transfer coding overrides a length. */
	if (f.has_coding)
		f.has_length = f.malformed = false;
	return f;
}
