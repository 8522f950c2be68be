/* SPDX-License-Identifier: MIT */
#include "redact/scrub_hpack.h"

#define STAR	0xf9 /* the 8 bits of '*' in the Huffman code */
#define REFUSED 0x80 /* a field of index 0, which is an error: section 6.1 */

enum state {
	F_FIELD,    /* before a field */
	F_NUMBER,   /* in the integer that a field begins with */
	F_NAME_LEN, /* before a string, which begins with its length */
	F_NAME_LEN_MORE,
	F_NAME,
	F_VALUE_LEN,
	F_VALUE_LEN_MORE,
	F_VALUE,
	F_LOST, /* until the block ends */
};

/* What the integer in front is for: a whole field, the name of a literal, the table's size. */
enum op { OP_FIELD, OP_LITERAL, OP_SIZE };

/* How a value is treated. */
enum value { FIELD_BLANK, FIELD_KEEP, FIELD_TARGET };

/* ---- which values are kept ---- */

static const struct {
	const char *name;
	enum value value;
} statics[] = {
#define STATIC(name, value) { name, value },
#define NAME(name)
#define PREFIX(name)
#include "redact/kept_fields.def"
#undef STATIC
#undef NAME
#undef PREFIX
};

static const char *const names[] = {
#define STATIC(name, value)
#define NAME(name) name,
#define PREFIX(name)
#include "redact/kept_fields.def"
#undef NAME
#undef PREFIX
#define HEADER(name, roles) name,
#include "http/known_headers.def"
#undef HEADER
};

static const char *const prefixes[] = {
#define NAME(name)
#define PREFIX(name) name,
#include "redact/kept_fields.def"
#undef STATIC
#undef NAME
#undef PREFIX
};

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

/* Of a name that is written out. */
static enum value value_of_name(struct span name)
{
	if (name.len > FIELDBLANK_NAME || credential_header(name))
		return FIELD_BLANK;
	for (size_t i = 0; i < COUNT(statics); i++)
		if (span_caseeq(name, span_str(statics[i].name)))
			return statics[i].value;
	for (size_t i = 0; i < COUNT(names); i++)
		if (span_caseeq(name, span_str(names[i])))
			return FIELD_KEEP;
	for (size_t i = 0; i < COUNT(prefixes); i++) {
		struct span prefix = span_str(prefixes[i]);

		if (span_caseeq(span_first(name, prefix.len), prefix))
			return FIELD_KEEP;
	}
	return FIELD_BLANK;
}

/* Section 2.3.3: static entries come first, then dynamic ones from the newest on. */
static enum value value_of_index(const struct scrub_hpack *f, uint32_t index)
{
	uint32_t age = index - (uint32_t)COUNT(statics) - 1;

	if (index <= COUNT(statics))
		return statics[index - 1].value;
	if (age >= f->known)
		return FIELD_BLANK;
	return (enum value)f->values[(f->newest - age) % FIELDBLANK_ENTRIES];
}

static void add_entry(struct scrub_hpack *f)
{
	f->newest = (f->newest + 1) % FIELDBLANK_ENTRIES;
	f->values[f->newest] = f->value;
	if (f->known < FIELDBLANK_ENTRIES)
		f->known++;
}

/* ---- integers ---- */

/* Section 5.1. Whether a first byte with `nbits` of the number was all of it. */
static bool begin_number(struct scrub_hpack *f, uint8_t c, unsigned nbits)
{
	uint8_t mask = (uint8_t)((1u << nbits) - 1);

	f->number = c & mask;
	f->shift = 0;
	return f->number < mask;
}

enum more { MORE_BAD, MORE_YES, MORE_DONE };

static enum more more_number(struct scrub_hpack *f, uint8_t c)
{
	uint64_t sum = f->number + ((uint64_t)(c & 0x7f) << f->shift);

	if (sum > UINT32_MAX)
		return MORE_BAD;
	f->number = (uint32_t)sum;
	if (!(c & 0x80))
		return MORE_DONE;
	f->shift += 7;
	return f->shift > 28 ? MORE_BAD : MORE_YES;
}

/* ---- fields ---- */

void scrub_hpack_desync(struct scrub_hpack *f)
{
	f->state = F_LOST;
	f->known = 0;
}

static void number_done(struct scrub_hpack *f)
{
	f->state = F_FIELD;
	if (f->op == OP_FIELD && !f->number) {
		scrub_hpack_desync(f);
	} else if (f->op == OP_LITERAL) {
		f->state = f->number ? F_VALUE_LEN : F_NAME_LEN;
		f->value = f->number ? (uint8_t)value_of_index(f, f->number) : FIELD_BLANK;
	}
}

/* Section 6: the kinds of representation, told by the first bits. */
static void begin_field(struct scrub_hpack *f, uint8_t c)
{
	unsigned nbits = c & 0x80 ? 7 : c & 0x40 ? 6 : c & 0x20 ? 5 : 4;

	f->op = c & 0x80 ? OP_FIELD : (c & 0xe0) == 0x20 ? OP_SIZE : OP_LITERAL;
	f->enters = (c & 0xc0) == 0x40;
	f->state = F_NUMBER;
	if (begin_number(f, c, nbits))
		number_done(f);
}

static void end_value(struct scrub_hpack *f)
{
	if (f->enters)
		add_entry(f);
	f->state = F_FIELD;
}

static void end_name(struct scrub_hpack *f)
{
	f->value = (uint8_t)value_of_name(span_of(f->name, f->name_len));
	f->state = F_VALUE_LEN;
}

/* The length of a string is known. */
static void begin_string(struct scrub_hpack *f)
{
	bool is_name = f->state == F_NAME_LEN || f->state == F_NAME_LEN_MORE;

	f->state = is_name ? F_NAME : F_VALUE;
	f->code = (struct huffman){ 0 };
	f->target = (struct credential_scan){ 0 };
	f->secret = false;
	f->nfill = 0;
	f->name_len = 0;
	if (!f->number && is_name)
		end_name(f);
	else if (!f->number)
		end_value(f);
}

/* ---- strings ---- */

static void add_to_name(struct scrub_hpack *f, uint8_t c)
{
	if (f->name_len < sizeof(f->name))
		f->name[f->name_len++] = (char)c;
}

/* What is not a code leaves a name that is none of ours. */
static void in_name(struct scrub_hpack *f, uint8_t c)
{
	for (int bit = 7; bit >= 0 && f->coded; bit--) {
		int symbol = huffman_bit(&f->code, c >> bit & 1);

		if (symbol == HUFFMAN_BAD)
			f->name_len = sizeof(f->name);
		else if (symbol != HUFFMAN_MORE)
			add_to_name(f, (uint8_t)symbol);
	}
	if (!f->coded)
		add_to_name(f, c);
}

static uint8_t in_target(struct scrub_hpack *f, uint8_t c)
{
	bool was_secret = f->secret;

	f->secret = credential_target_next(&f->target, c);
	return was_secret && f->secret ? '*' : c;
}

/* The next symbol of a filling that ends where the string does. `nbits` are left of the string: as
 * it is whole bytes, they also say where in a byte it stands. A few symbols of 5 bits lead to a
 * byte's end; stars follow. Fewer than 5 bits are padding, which is ones (section 5.2). */
static void choose_fill(struct scrub_hpack *f, uint64_t nbits)
{
	if (nbits % 8 == 0) {
		f->nfill = 8;
		f->fill = STAR;
	} else if (nbits >= 5) {
		f->nfill = 5;
		f->fill = 0; /* '0' */
	} else {
		f->nfill = (uint8_t)nbits;
		f->fill = 0xff;
	}
}

/* Symbols differ in length, so where the credential ends, others could not begin where they stood:
 * all behind it is blanked too. */
static uint8_t in_coded_target(struct scrub_hpack *f, uint8_t c)
{
	uint8_t out = 0;

	for (unsigned left = 8; left > 0; left--) {
		bool bit = c >> (left - 1) & 1;

		if (!f->secret) {
			int symbol = huffman_bit(&f->code, bit);

			out = (uint8_t)(out << 1 | bit);
			f->secret = symbol == HUFFMAN_BAD ||
				    (symbol >= 0 &&
				     credential_target_next(&f->target, (uint8_t)symbol));
			continue;
		}
		if (!f->nfill)
			choose_fill(f, 8 * ((uint64_t)f->number - 1) + left);
		out = (uint8_t)(out << 1 | (f->fill >> --f->nfill & 1));
	}
	return out;
}

static uint8_t in_value(struct scrub_hpack *f, uint8_t c)
{
	if (f->value == FIELD_KEEP)
		return c;
	if (f->value == FIELD_TARGET)
		return f->coded ? in_coded_target(f, c) : in_target(f, c);
	/* Whole symbols to the last byte: no padding is needed. */
	return f->coded ? STAR : '*';
}

/* ---- the walk ---- */

static void in_length(struct scrub_hpack *f, uint8_t c)
{
	f->coded = c & 0x80;
	if (begin_number(f, c, 7))
		begin_string(f);
	else
		f->state = f->state == F_NAME_LEN ? F_NAME_LEN_MORE : F_VALUE_LEN_MORE;
}

static void in_number(struct scrub_hpack *f, uint8_t c)
{
	enum more more = more_number(f, c);

	if (more == MORE_BAD)
		scrub_hpack_desync(f);
	else if (more == MORE_DONE && f->state == F_NUMBER)
		number_done(f);
	else if (more == MORE_DONE)
		begin_string(f);
}

/* What stands in place of this byte. */
static uint8_t next(struct scrub_hpack *f, uint8_t c)
{
	switch ((enum state)f->state) {
	case F_FIELD:
		begin_field(f, c);
		break;
	case F_NAME_LEN:
	case F_VALUE_LEN:
		in_length(f, c);
		break;
	case F_NUMBER:
	case F_NAME_LEN_MORE:
	case F_VALUE_LEN_MORE:
		in_number(f, c);
		break;
	case F_NAME:
		in_name(f, c);
		if (!--f->number)
			end_name(f);
		break;
	case F_VALUE:
		c = in_value(f, c);
		if (!--f->number)
			end_value(f);
		break;
	case F_LOST:
		break;
	}
	return f->state == F_LOST ? REFUSED : c;
}

void scrub_hpack_feed(struct scrub_hpack *f, uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = next(f, bytes[i]);
}

void scrub_hpack_end(struct scrub_hpack *f)
{
	/* Cut off inside of a field: a decoder stops, and what it would know is not known. */
	if (f->state != F_FIELD)
		scrub_hpack_desync(f);
	f->state = F_FIELD;
}
