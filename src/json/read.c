/* SPDX-License-Identifier: MIT */
#include "json/read.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "json/memory.h"
#include "json/number.h"
#include "json/string.h"

/* This part of the limit `memory` is there beside it for what is read. */
#define READING 8
/* The deepest that the stack is known to bear. */
#define DEPTH_MAX 2000
/* What takes the place of what is no character. */
#define REPLACEMENT "\xef\xbf\xbd"

enum outcome {
	READ_GOES_ON,
	READ_ENDED,   /* the text did */
	READ_WRONG,   /* no client would read on */
	READ_LIMITED, /* a ceiling was reached */
};

struct reader {
	const uint8_t *at, *end;
	struct limits *lim; /* NULL: nothing is counted */
	size_t depth_max, values_max, memory_max;
	enum limit memory_which; /* that bounds memory */
	size_t depth, values, memory;
	enum outcome outcome;
	bool pruned; /* something was too deep */
	bool halves; /* of surrogate pairs are kept */
	struct buf scratch;
};

static size_t ceiling(const struct limits *lim, enum limit which)
{
	return lim ? lim->max[which] : limit_infos[which].value;
}

/* Of `memory`: bodies alone may fill it, so there is some more for reading them. */
static size_t memory_left(const struct limits *lim)
{
	size_t max = ceiling(lim, LIMIT_memory), used = lim ? limits_memory(lim) : 0;

	max += max / READING;
	return max > used ? max - used : 0;
}

/* For a text of so many bytes. */
static size_t ratio_of(const struct limits *lim, size_t len)
{
	size_t max;

	if (__builtin_mul_overflow(ceiling(lim, LIMIT_json_ratio), len, &max))
		return SIZE_MAX;
	return max > JSON_RATIO_FREE ? max : JSON_RATIO_FREE;
}

size_t json_memory_max(const struct limits *lim, size_t len, enum limit *ret_which)
{
	const struct {
		size_t max;
		enum limit which;
	} bounds[] = {
		{ ceiling(lim, LIMIT_json_memory), LIMIT_json_memory },
		{ ratio_of(lim, len), LIMIT_json_ratio },
		{ memory_left(lim), LIMIT_memory },
	};
	size_t least = 0;

	for (size_t i = 1; i < sizeof(bounds) / sizeof(*bounds); i++)
		if (bounds[i].max < bounds[least].max)
			least = i;
	*ret_which = bounds[least].which;
	return bounds[least].max;
}

static void set_ceilings(struct reader *r, struct limits *lim, size_t len)
{
	r->lim = lim;
	r->depth_max = ceiling(lim, LIMIT_json_depth);
	if (r->depth_max > DEPTH_MAX)
		r->depth_max = DEPTH_MAX;
	r->values_max = ceiling(lim, LIMIT_json_values);
	r->memory_max = json_memory_max(lim, len, &r->memory_which);
}

static void stop(struct reader *r, enum outcome why)
{
	if (r->outcome == READ_GOES_ON)
		r->outcome = why;
}

static void hit(struct reader *r, enum limit which)
{
	if (r->lim)
		limit_hit(r->lim, which);
}

static bool refuse(struct reader *r)
{
	if (r->outcome == READ_GOES_ON)
		hit(r, r->values > r->values_max ? LIMIT_json_values : r->memory_which);
	stop(r, READ_LIMITED);
	return false;
}

/* Whether one value more of so many bytes may be made. */
static inline bool may_take(struct reader *r, size_t memory)
{
	r->memory += memory;
	r->values++;
	return (r->values <= r->values_max && r->memory <= r->memory_max) || refuse(r);
}

static void skip_more(struct reader *r)
{
	while (r->at < r->end &&
	       (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t'))
		r->at++;
}

/* Most texts of programs have none. */
static inline void skip_blanks(struct reader *r)
{
	if (r->at < r->end && *r->at <= ' ')
		skip_more(r);
}

static struct span rewritten_text(struct reader *r)
{
	struct span s;

	r->at++;
	if (!json_string_read(&r->at, r->end, r->halves, &r->scratch, &s))
		stop(r, READ_ENDED);
	return s;
}

/* The text of the string at `at`, in the text itself or in `scratch`. */
static inline struct span string_text(struct reader *r)
{
	const uint8_t *begin = r->at + 1, *end = json_string_plain(begin, r->end);

	if (end == r->end || *end != '"')
		return rewritten_text(r);
	r->at = end + 1;
	return span_of(begin, (size_t)(end - begin));
}

/* A literal of the text as the front of what is left of it, or as all that is left. */
static bool takes_word(struct reader *r, struct span word)
{
	size_t left = (size_t)(r->end - r->at);

	if (left < word.len && memcmp(r->at, word.ptr, left) == 0) {
		r->at = r->end;
		stop(r, READ_ENDED);
		return true;
	}
	if (left < word.len || memcmp(r->at, word.ptr, word.len) != 0)
		return false;
	r->at += word.len;
	return true;
}

static json_t *string(struct reader *r)
{
	struct span s = string_text(r);
	size_t memory = JSON_STRING_MEMORY + s.len;

	return may_take(r, memory) ? json_stringn_nocheck(s.len ? (const char *)s.ptr : "", s.len)
				   : NULL;
}

/* ---- literals and numbers ---- */

static json_t *literal(struct reader *r)
{
	static const struct {
		struct span word;
		json_type type;
	} rows[] = {
		{ { (const uint8_t *)"true", 4 }, JSON_TRUE },
		{ { (const uint8_t *)"false", 5 }, JSON_FALSE },
		{ { (const uint8_t *)"null", 4 }, JSON_NULL },
		{ { (const uint8_t *)"NaN", 3 }, JSON_NULL },
		{ { (const uint8_t *)"Infinity", 8 }, JSON_NULL },
		{ { (const uint8_t *)"-Infinity", 9 }, JSON_NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (*r->at != *rows[i].word.ptr || !takes_word(r, rows[i].word))
			continue;
		/* Of one that was cut it is not known which it was. */
		if (r->outcome != READ_GOES_ON || !may_take(r, JSON_PLACE_MEMORY))
			return NULL;
		return rows[i].type == JSON_TRUE    ? json_true()
		       : rows[i].type == JSON_FALSE ? json_false()
						    : json_null();
	}
	stop(r, READ_WRONG);
	return NULL;
}

static json_t *number(struct reader *r)
{
	size_t len;
	json_t *v = json_number_front(span_of(r->at, (size_t)(r->end - r->at)), &len);

	if (len == (size_t)(r->end - r->at)) {
		/* It may go on. */
		r->at = r->end;
		stop(r, READ_ENDED);
	} else if (!v) {
		return literal(r);
	} else if (may_take(r, json_memory(v))) {
		r->at += len;
		return v;
	}
	json_decref(v);
	return NULL;
}

/* ---- containers ---- */

/* What nests too deeply is left out up to its end. */
static json_t *too_deep(struct reader *r)
{
	size_t depth = 0;

	r->pruned = true;
	do {
		if (*r->at == '"') {
			r->at = json_string_skip(r->at + 1, r->end);
			continue;
		}
		depth += *r->at == '[' || *r->at == '{';
		depth -= *r->at == ']' || *r->at == '}';
		r->at++;
	} while (depth && r->at < r->end);
	if (depth)
		stop(r, READ_ENDED);
	return may_take(r, JSON_PLACE_MEMORY) ? json_null() : NULL;
}

static json_t *value(struct reader *r);

/* Behind an element: whether another one follows; `close` ends the container. */
static bool goes_on(struct reader *r, uint8_t close)
{
	skip_blanks(r);
	if (r->at == r->end) {
		stop(r, READ_ENDED);
		return false;
	}
	if (*r->at == ',') {
		r->at++;
		return true;
	}
	if (*r->at == close)
		r->at++;
	else
		stop(r, READ_WRONG);
	return false;
}

/* Behind the opening mark: whether it is empty, and then behind its end. */
static bool is_empty(struct reader *r, uint8_t close)
{
	r->at++;
	skip_blanks(r);
	if (r->at == r->end)
		stop(r, READ_ENDED);
	if (r->at == r->end || *r->at != close)
		return r->at == r->end;
	r->at++;
	return true;
}

static json_t *array(struct reader *r)
{
	json_t *v = json_array(), *item;

	if (is_empty(r, ']'))
		return v;
	do {
		item = value(r);
		if (item)
			json_array_append_new(v, item);
	} while (r->outcome == READ_GOES_ON && goes_on(r, ']'));
	return v;
}

/* Takes `v` over. */
static void add_member(json_t *object, struct span name, json_t *v)
{
	const char *text = name.len ? (const char *)name.ptr : "";
#if JANSSON_VERSION_HEX >= 0x020e00
	json_object_setn_new_nocheck(object, text, name.len, v);
#else
	AUTO_FREE char *copy = xstrndup(text, name.len);

	json_object_set_new_nocheck(object, copy, v);
#endif
}

/* Between a name and its value. */
static bool colon(struct reader *r)
{
	skip_blanks(r);
	if (r->at == r->end) {
		stop(r, READ_ENDED);
	} else if (*r->at != ':') {
		stop(r, READ_WRONG);
	} else {
		r->at++;
		return true;
	}
	return false;
}

static void add_next(struct reader *r, json_t *object, struct span name)
{
	json_t *v = may_take(r, JSON_STRING_MEMORY + name.len) ? value(r) : NULL;

	if (v)
		add_member(object, name, v);
}

/* Of a name that is not in the text as it is, since values need `scratch` too; and jansson keeps no
 * NUL in a name. */
static void add_next_to_copy(struct reader *r, json_t *object, struct span name)
{
	struct buf copy;

	buf_init(&copy, SIZE_MAX / 4);
	for (size_t i = 0; i < name.len; i++)
		buf_add(&copy, name.ptr[i] ? span_of(name.ptr + i, 1) : SPAN_LIT(REPLACEMENT));
	add_next(r, object, buf_span(&copy));
	buf_done(&copy);
}

static inline void member(struct reader *r, json_t *object)
{
	struct span name;

	skip_blanks(r);
	if (r->at == r->end || *r->at != '"') {
		stop(r, r->at == r->end ? READ_ENDED : READ_WRONG);
		return;
	}
	name = string_text(r);
	if (r->outcome != READ_GOES_ON || !colon(r))
		return;
	if (name.ptr == (const uint8_t *)r->scratch.ptr || memchr(name.ptr, '\0', name.len))
		add_next_to_copy(r, object, name);
	else
		add_next(r, object, name);
}

static json_t *object(struct reader *r)
{
	json_t *v = json_object();

	if (is_empty(r, '}'))
		return v;
	do
		member(r, v);
	while (r->outcome == READ_GOES_ON && goes_on(r, '}'));
	return v;
}

static json_t *container(struct reader *r)
{
	bool is_array = *r->at == '[';
	json_t *v;

	if (r->depth == r->depth_max)
		return too_deep(r);
	if (!may_take(r, is_array ? JSON_ARRAY_MEMORY : JSON_OBJECT_MEMORY))
		return NULL;
	r->depth++;
	v = is_array ? array(r) : object(r);
	r->depth--;
	return v;
}

static inline json_t *value(struct reader *r)
{
	skip_blanks(r);
	if (r->at == r->end) {
		stop(r, READ_ENDED);
		return NULL;
	}
	switch (*r->at) {
	case '"':
		return string(r);
	case '{':
	case '[':
		return container(r);
	case '-':
	case '0':
	case '1':
	case '2':
	case '3':
	case '4':
	case '5':
	case '6':
	case '7':
	case '8':
	case '9':
		return number(r);
	default:
		return literal(r);
	}
}

/* ---- the whole ---- */

static size_t children(const json_t *v)
{
	return json_is_object(v) ? json_object_size(v) : json_array_size(v);
}

static json_t *read_next(struct reader *r, struct span *text, bool *ret_partial)
{
	json_t *v;

	*ret_partial = false;
	if (!text->len)
		return NULL;
	r->at = text->ptr;
	r->end = text->ptr + text->len;
	/* A string that it does not hold could not be made anyway. */
	buf_init(&r->scratch, r->memory_max < SIZE_MAX / 4 ? r->memory_max : SIZE_MAX / 4);
	if (span_starts(*text, SPAN_LIT("\xef\xbb\xbf")))
		r->at += 3;
	skip_blanks(r);
	v = r->at < r->end && (*r->at == '{' || *r->at == '[') ? container(r) : NULL;
	if (r->pruned)
		hit(r, LIMIT_json_depth);
	if (v && r->outcome == READ_WRONG && !children(v)) {
		json_decref(v);
		v = NULL;
	}
	*ret_partial = r->outcome == READ_LIMITED || r->pruned || (v && r->outcome != READ_GOES_ON);
	skip_blanks(r);
	*text = r->outcome == READ_GOES_ON ? span_of(r->at, (size_t)(r->end - r->at))
					   : span_of(NULL, 0);
	buf_done(&r->scratch);
	return v;
}

json_t *json_read_next(struct limits *lim, struct span *text, bool *ret_partial)
{
	struct reader r = { 0 };

	set_ceilings(&r, lim, text->len);
	return read_next(&r, text, ret_partial);
}

json_t *json_read_whole(struct span text, size_t *ret_at)
{
	struct reader r = { .depth_max = DEPTH_MAX,
			    .values_max = SIZE_MAX,
			    .memory_max = SIZE_MAX };
	struct span rest = text;
	bool partial;
	json_t *v = read_next(&r, &rest, &partial);

	*ret_at = text.len ? (size_t)(r.at - text.ptr) : 0;
	if (!partial && !rest.len)
		return v;
	json_decref(v);
	return NULL;
}

json_t *json_read_own(struct span text)
{
	size_t at;

	return json_read_whole(text, &at);
}

json_t *json_read_next_piece(struct limits *lim, struct span *text, bool *ret_partial)
{
	struct reader r = { .halves = true };

	set_ceilings(&r, lim, text->len);
	return read_next(&r, text, ret_partial);
}

json_t *json_read_piece(struct limits *lim, struct span text, bool *ret_partial)
{
	json_t *v = json_read_next_piece(lim, &text, ret_partial);

	*ret_partial |= v && text.len;
	return v;
}

json_t *json_read(struct limits *lim, struct span text, bool *ret_partial)
{
	json_t *v = json_read_next(lim, &text, ret_partial);

	*ret_partial |= v && text.len;
	return v;
}
