/* SPDX-License-Identifier: MIT */
/* A block may refer to fields of earlier ones by their distance from the newest. Where earlier
 * ones were not seen, the table is first filled with entries that stand for what is unknown, as
 * many as can be in it: then every distance fits, and a reference to the unknown is told from a
 * field that is known. So nothing wrong is ever read, only less.
 *
 * The ceiling of the table is not taken from SETTINGS, which may have been missed or be under
 * way: an encoder announces in its blocks what it uses (RFC 7541 section 6.3), and any size up
 * to limit `head` is followed. */
#include "http/hpack.h"

#include <nghttp2/nghttp2.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/xalloc.h"

#define FIELDS_MAX 1024
/* No field's name: '?' is no token character. */
#define UNKNOWN	   '?'
#define TABLE_SIZE 4096 /* before an encoder says otherwise */
/* So many such entries fill it: each counts 32 and its name. */
#define UNKNOWNS (TABLE_SIZE / 33)

/* A field in `text`: its name at `at`, its value behind it. */
struct entry {
	size_t at, name, value;
};

struct hpack {
	struct limits *lim;
	nghttp2_hd_inflater *inflater; /* NULL: made when a block begins */
	bool gapped;		       /* some of them since it was joined */
	bool primed; /* earlier blocks are missing: the next inflater is filled with unknowns */
	/* Of the block under way: */
	bool unreadable; /* the rest of it */
	bool cut, unseen, full, start_unknown;
	struct buf text;
	struct entry *entries;	   /* `count` are used */
	struct http_field *fields; /* made of them; as many */
	size_t count;
};

struct hpack *hpack_new(struct limits *lim, bool from_start)
{
	struct hpack *p = xcalloc(1, sizeof(*p));

	p->lim = lim;
	p->primed = !from_start;
	buf_init(&p->text, lim->max[LIMIT_head]);
	return p;
}

void hpack_free(struct hpack *p)
{
	if (!p)
		return;
	if (p->inflater)
		nghttp2_hd_inflate_del(p->inflater);
	buf_done(&p->text);
	free(p->entries);
	free(p->fields);
	free(p);
}

/* ---- the inflater ---- */

static void *mem_malloc(size_t size, void *arg)
{
	return xmalloc(size);
}

static void mem_free(void *ptr, void *arg)
{
	free(ptr);
}

static void *mem_calloc(size_t n, size_t size, void *arg)
{
	return xcalloc(n, size);
}

static void *mem_realloc(void *ptr, size_t size, void *arg)
{
	return xrealloc(ptr, size);
}

static void add_field(struct hpack *p, const nghttp2_nv *nv);

/* All of `s`; `last`: the block ends with it. False where it is malformed. */
static bool inflate(struct hpack *p, struct span s, bool last, bool keep)
{
	int flags;

	do {
		nghttp2_nv nv;
		ssize_t n;

		flags = 0;
		n = nghttp2_hd_inflate_hd2(p->inflater, &nv, &flags, s.ptr, s.len, last);
		if (n < 0)
			return false;
		s = span_from(s, (size_t)n);
		if (keep && flags & NGHTTP2_HD_INFLATE_EMIT)
			add_field(p, &nv);
	} while (s.len || flags & NGHTTP2_HD_INFLATE_EMIT);
	if (last)
		nghttp2_hd_inflate_end_headers(p->inflater);
	return true;
}

static void make_inflater(struct hpack *p)
{
	/* A literal that enters the table, RFC 7541 section 6.2.1: name of one byte, no value. */
	static const uint8_t unknown[] = { 0x40, 1, UNKNOWN, 0 };
	static nghttp2_mem mem = { NULL, mem_malloc, mem_free, mem_calloc, mem_realloc };
	size_t max = p->lim->max[LIMIT_head];

	if (nghttp2_hd_inflate_new2(&p->inflater, &mem) != 0)
		abort(); /* it fails only without memory, which mem does not */
	nghttp2_hd_inflate_change_table_size(p->inflater, max > TABLE_SIZE ? max : TABLE_SIZE);
	for (size_t i = 0; p->primed && i < UNKNOWNS; i++)
		inflate(p, span_of(unknown, sizeof(unknown)), i == UNKNOWNS - 1, false);
}

void hpack_gap(struct hpack *p)
{
	if (p->inflater)
		nghttp2_hd_inflate_del(p->inflater);
	p->inflater = NULL;
	p->primed = p->gapped = p->unreadable = p->cut = true;
	p->start_unknown |= !p->count;
}

/* ---- fields ---- */

/* RFC 9113 section 8.2.1, as far as a field that breaks it could mislead a reader. */
static bool is_well_formed(struct span name, struct span value)
{
	if (!name.len)
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] <= ' ' || name.ptr[i] >= 0x7f || (i && name.ptr[i] == ':'))
			return false;
	return span_find(value, '\0') == value.len && span_find(value, '\r') == value.len &&
	       span_find(value, '\n') == value.len;
}

static void add_field(struct hpack *p, const nghttp2_nv *nv)
{
	struct span name = span_of(nv->name, nv->namelen);
	struct span value = span_trim(span_of(nv->value, nv->valuelen));
	static const uint8_t unknown = UNKNOWN;

	if (p->full)
		return;
	if (span_eq(name, span_of(&unknown, 1)) || !is_well_formed(name, value)) {
		if (span_eq(name, span_of(&unknown, 1)) && !p->gapped)
			p->unseen = true;
		else
			p->cut = true;
		p->start_unknown |= !p->count;
		return;
	}
	if (p->count == FIELDS_MAX || p->text.max - p->text.len < name.len + value.len) {
		limit_hit(p->lim, LIMIT_head);
		p->cut = p->full = true;
		return;
	}
	p->entries = xgrow(p->entries, p->count, sizeof(*p->entries));
	p->fields = xgrow(p->fields, p->count, sizeof(*p->fields));
	p->entries[p->count++] =
		(struct entry){ .at = p->text.len, .name = name.len, .value = value.len };
	buf_add(&p->text, name);
	buf_add(&p->text, value);
}

static unsigned read_status(struct span s)
{
	unsigned status = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.len != 3 || s.ptr[i] < '0' || s.ptr[i] > '9')
			return 0;
		status = status * 10 + (s.ptr[i] - '0');
	}
	return status;
}

/* Section 8.3: what HTTP/1.1 has in its first line. The first of a name counts. */
static void read_pseudo(struct hpack_head *h, struct span name, struct span value)
{
	struct http_head *head = &h->head;
	struct span *to = span_eq(name, SPAN_LIT(":method"))	  ? &head->method
			  : span_eq(name, SPAN_LIT(":path"))	  ? &head->target
			  : span_eq(name, SPAN_LIT(":authority")) ? &head->authority
								  : NULL;

	if (span_eq(name, SPAN_LIT(":status"))) {
		h->answers = true;
		if (!head->status)
			head->status = read_status(value);
	} else {
		h->asks = true;
		if (to && !to->ptr)
			*to = value;
	}
}

static void read_length(struct http_head *head)
{
	struct span digits = http_field_find(head, "content-length");
	uint64_t n = 0;

	for (size_t i = 0; i < digits.len; i++) {
		if (digits.len > 18 || digits.ptr[i] < '0' || digits.ptr[i] > '9')
			return;
		n = n * 10 + (digits.ptr[i] - '0');
	}
	head->has_length = digits.len > 0;
	head->length = n;
}

static void read_fields(struct hpack *p, struct hpack_head *h)
{
	struct http_head *head = &h->head;
	size_t n = 0;

	for (size_t i = 0; i < p->count; i++) {
		const struct entry *e = &p->entries[i];
		struct span bytes = span_from(buf_span(&p->text), e->at);
		struct http_field f = { .name = span_first(bytes, e->name),
					.value = span_first(span_from(bytes, e->name), e->value) };

		if (f.name.ptr[0] == ':')
			read_pseudo(h, f.name, f.value);
		/* RFC 8441: says what a CONNECT is for, so it is shown. */
		if (f.name.ptr[0] != ':' || span_eq(f.name, SPAN_LIT(":protocol")))
			p->fields[n++] = f;
	}
	head->fields = p->fields;
	head->nfields = n;
	if (!head->authority.len)
		head->authority = http_field_find(head, "host");
	/* A plain CONNECT has no path: its target is where it leads, as in HTTP/1.1. */
	if (!head->target.len && span_eq(head->method, SPAN_LIT("CONNECT")))
		head->target = head->authority;
	read_length(head);
}

/* ---- blocks ---- */

void hpack_begin(struct hpack *p)
{
	if (!p->inflater)
		make_inflater(p);
	p->unreadable = p->cut = p->unseen = p->full = p->start_unknown = false;
	p->count = 0;
	buf_reset(&p->text);
}

void hpack_feed(struct hpack *p, struct span fragment)
{
	if (!p->unreadable && fragment.len && !inflate(p, fragment, false, true))
		hpack_gap(p);
}

void hpack_end(struct hpack *p, struct hpack_head *ret)
{
	if (!p->unreadable && !inflate(p, span_of("", 0), true, true))
		hpack_gap(p);
	*ret = (struct hpack_head){
		.head = { .version = HTTP_2, .cut = p->cut, .unseen = p->unseen },
		.start_unknown = p->start_unknown
	};
	read_fields(p, ret);
}
