/* SPDX-License-Identifier: MIT */
/* Reads our own table of prices: lines of cells separated by tabs, the first one naming the
 * columns; '#' begins a comment. doc/PRICES.md defines the columns. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "cost/price_int.h"

const struct rate_info rate_infos[RATE_COUNT] = {
#define RATE(id, genai_, unit_, litellm_, litellm_unit_)                                           \
	{ .column = #id,                                                                           \
	  .genai = genai_,                                                                         \
	  .genai_unit = unit_,                                                                     \
	  .litellm = litellm_,                                                                     \
	  .litellm_unit = litellm_unit_ },
#include "cost/rates.def"
#undef RATE
};

/* Columns other than rates. */
enum { COL_PROVIDER = RATE_COUNT, COL_MODEL, COL_FROM, COL_WINDOW, COL_SOURCE, COL_COUNT };

/* A number of so many digits is exactly a double, and so is 10^EXACT_MAX, so one division gives the
 * nearest double. */
#define DIGITS_MAX 15
#define EXACT_MAX  22

#define TIERS_MAX     8	  /* of one cell */
#define PROVIDERS_MAX 100 /* bytes of names in one cell */
#define DAY	      86400
#define WINDOW_MAX    1e12

static const double powers[EXACT_MAX + 1] = { 1e0,  1e1,  1e2,	1e3,  1e4,  1e5,  1e6,	1e7,
					      1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
					      1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

struct reader {
	struct sheet *sheet;
	struct error *err;
	unsigned line;
	int columns[COL_COUNT]; /* the content of each column */
	size_t ncolumns;
	struct span last_provider, last_model; /* of the row before */
};

struct row {
	struct span provider, model, source;
	struct period period;
};

/* ---- numbers ---- */

static bool digit_take(struct span *s, unsigned *ret)
{
	if (!s->len || s->ptr[0] < '0' || s->ptr[0] > '9')
		return false;
	*ret = s->ptr[0] - '0';
	*s = span_from(*s, 1);
	return true;
}

static bool char_take(struct span *s, char c)
{
	if (!s->len || s->ptr[0] != (uint8_t)c)
		return false;
	*s = span_from(*s, 1);
	return true;
}

/* An exponent at the front, 0 if there is none; beyond three digits it stops growing. */
static int exponent_take(struct span *s)
{
	struct span rest = *s;
	unsigned digit;
	bool minus;
	int e = 0;

	if (!char_take(&rest, 'e') && !char_take(&rest, 'E'))
		return 0;
	minus = char_take(&rest, '-');
	if (!minus)
		char_take(&rest, '+');
	if (!digit_take(&rest, &digit))
		return 0;
	do {
		if (e < 100)
			e = e * 10 + (int)digit;
	} while (digit_take(&rest, &digit));
	*s = rest;
	return minus ? -e : e;
}

/* n * 10^scale */
struct decimal {
	uint64_t n;
	unsigned digits;
	int scale;
};

/* False if there is no digit. Digits after DIGITS_MAX count only as places. */
static bool digits_take(struct span *s, bool fraction, struct decimal *d)
{
	bool any = false;
	unsigned digit;

	while (digit_take(s, &digit)) {
		any = true;
		if (d->digits < DIGITS_MAX) {
			d->n = d->n * 10 + digit;
			d->digits += d->n != 0;
			d->scale -= fraction;
		} else {
			d->scale += !fraction;
		}
	}
	return any;
}

static double decimal_value(const struct decimal *d)
{
	double x = (double)d->n;
	int scale = d->scale;

	if (d->n == 0 || scale < -300)
		return 0;
	if (scale > 300)
		return INFINITY;
	for (; scale < -EXACT_MAX; scale += EXACT_MAX)
		x /= powers[EXACT_MAX];
	for (; scale > EXACT_MAX; scale -= EXACT_MAX)
		x *= powers[EXACT_MAX];
	return scale < 0 ? x / powers[-scale] : x * powers[scale];
}

bool decimal_take(struct span *s, double *ret)
{
	struct decimal d = { .n = 0 };
	struct span rest = *s;

	if (!digits_take(&rest, false, &d))
		return false;
	if (char_take(&rest, '.') && !digits_take(&rest, true, &d))
		return false;
	d.scale += exponent_take(&rest);
	*ret = decimal_value(&d);
	*s = rest;
	return true;
}

/* ---- cells ---- */

static int refuse(struct reader *r, const char *column, struct span cell, const char *why)
{
	return error_set(r->err, -EINVAL, "line %u, %s \"%.*s\": %s", r->line, column,
			 (int)(cell.len < 100 ? cell.len : 100), (const char *)cell.ptr, why);
}

static bool is_absent(struct span cell)
{
	return cell.len == 0 || span_eq(cell, SPAN_LIT("-"));
}

static void tier_add(struct sheet *s, struct period *p, struct tier t)
{
	s->tiers = xgrow(s->tiers, s->ntiers, sizeof(*s->tiers));
	s->tiers[s->ntiers++] = t;
	p->ntiers++;
}

static bool price_take(struct span *s, double *ret)
{
	return decimal_take(s, ret) && *ret <= RATE_MAX;
}

/* "1.25", or with other prices above a number of input tokens: "1.25 >200000:2.5". */
static int read_rate(struct reader *r, struct span cell, enum rate rate, struct period *p)
{
	struct tier t = { .rate = rate, .above = -1 };
	struct span s = cell;
	size_t before = p->ntiers;

	if (!price_take(&s, &p->usd[rate]))
		return refuse(r, rate_infos[rate].column, cell, "is not a price");
	while (s.len) {
		double last = t.above;

		if (!char_take(&s, ' ') || !char_take(&s, '>') || !decimal_take(&s, &t.above) ||
		    !(t.above > last) || !char_take(&s, ':') || !price_take(&s, &t.usd) ||
		    p->ntiers - before == TIERS_MAX)
			return refuse(r, rate_infos[rate].column, cell,
				      "is not a price with tiers, such as 1.25 >200000:2.5");
		tier_add(r->sheet, p, t);
	}
	return 0;
}

/* `count` digits, and then `end` unless that is NUL. */
static bool number_take(struct span *s, unsigned count, char end, int *ret)
{
	unsigned digit;

	for (*ret = 0; count; count--) {
		if (!digit_take(s, &digit))
			return false;
		*ret = *ret * 10 + (int)digit;
	}
	return !end || char_take(s, end);
}

/* Days from 1970-01-01 to a date of the Gregorian calendar, counted in years that begin in
 * March. */
static int64_t days_of(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t m = month > 2 ? month - 3 : month + 9;

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

static bool date_read(struct span s, int64_t *ret)
{
	int year, month, day;

	if (!number_take(&s, 4, '-', &year) || !number_take(&s, 2, '-', &month) ||
	    !number_take(&s, 2, '\0', &day) || s.len || month < 1 || month > 12 || day < 1 ||
	    day > 31)
		return false;
	*ret = days_of(year, month, day) * DAY;
	return true;
}

static bool clock_take(struct span *s, char end, int32_t *ret)
{
	int hour, minute;

	if (!number_take(s, 2, ':', &hour) || !number_take(s, 2, end, &minute))
		return false;
	*ret = hour * 3600 + minute * 60;
	return minute < 60 && *ret <= DAY;
}

/* "2026-07-30", or hours of each day "00:30-16:30". */
static int read_from(struct reader *r, struct span cell, struct period *p)
{
	struct span s = cell;

	if (date_read(cell, &p->from))
		return 0;
	if (clock_take(&s, '-', &p->day_from) && clock_take(&s, '\0', &p->day_to) && !s.len)
		return 0;
	return refuse(r, "from", cell, "is neither a date (2026-07-30) nor hours (00:30-16:30)");
}

static int read_window(struct reader *r, struct span cell, struct period *p)
{
	struct span s = cell;
	double tokens;

	if (!decimal_take(&s, &tokens) || s.len || !(tokens >= 1 && tokens <= WINDOW_MAX))
		return refuse(r, "window", cell, "is not a number of tokens");
	p->window = (int64_t)tokens;
	return 0;
}

/* ---- lines ---- */

static struct span cell_take(struct span *line)
{
	size_t len = span_find(*line, '\t');
	struct span out = span_first(*line, len);

	*line = span_from(*line, len + 1);
	return out;
}

static int column_of(struct span name)
{
	static const char *const others[] = { "provider", "model", "from", "window", "source" };

	for (int i = 0; i < RATE_COUNT; i++)
		if (span_eq(name, span_str(rate_infos[i].column)))
			return i;
	for (int i = 0; i < COL_COUNT - RATE_COUNT; i++)
		if (span_eq(name, span_str(others[i])))
			return RATE_COUNT + i;
	return -1;
}

static int read_header(struct reader *r, struct span line)
{
	bool seen[COL_COUNT] = { false };

	while (line.len) {
		struct span name = cell_take(&line);
		int column = column_of(name);

		if (column < 0)
			return refuse(r, "column", name, "is unknown; see doc/PRICES.md");
		if (seen[column])
			return refuse(r, "column", name, "appears twice");
		seen[column] = true;
		r->columns[r->ncolumns++] = column;
	}
	if (!seen[COL_PROVIDER] || !seen[COL_MODEL])
		return error_set(r->err, -EINVAL,
				 "line %u: the first line must name the columns, separated by "
				 "tabs, with provider and model among them",
				 r->line);
	return 0;
}

static int read_cell(struct reader *r, int column, struct span cell, struct row *row)
{
	if (is_absent(cell))
		return 0;
	switch (column) {
	case COL_PROVIDER:
		row->provider = cell;
		return cell.len <= PROVIDERS_MAX ? 0 : refuse(r, "provider", cell, "is too long");
	case COL_MODEL:
		row->model = cell;
		return 0;
	case COL_FROM:
		return read_from(r, cell, &row->period);
	case COL_WINDOW:
		return read_window(r, cell, &row->period);
	case COL_SOURCE:
		row->source = cell;
		return 0;
	default:
		return read_rate(r, cell, (enum rate)column, &row->period);
	}
}

static int read_row(struct reader *r, struct span line, struct row *row)
{
	struct period *p = &row->period;
	bool priced = false;
	int err = 0;

	*row = (struct row){ .period = { .from = INT64_MIN,
					 .day_from = -1,
					 .day_to = -1,
					 .tier = r->sheet->ntiers } };
	for (size_t i = 0; i < RATE_COUNT; i++)
		p->usd[i] = NAN;
	for (size_t i = 0; line.len && !err; i++) {
		struct span cell = cell_take(&line);

		if (i == r->ncolumns)
			return refuse(r, "cell", cell, "belongs to no column");
		err = read_cell(r, r->columns[i], cell, row);
	}
	for (size_t i = 0; i < RATE_COUNT; i++)
		priced |= !isnan(p->usd[i]);
	if (!err && (!row->provider.len || !row->model.len || !priced))
		return error_set(r->err, -EINVAL,
				 "line %u: a row needs provider, model and a price", r->line);
	return err;
}

/* ---- the sheet ---- */

static struct vendor *vendor_get(struct sheet *s, struct span name)
{
	for (size_t i = s->nvendors; i > 0; i--)
		if (span_eq(s->vendors[i - 1].name, name))
			return &s->vendors[i - 1];
	s->vendors = xgrow(s->vendors, s->nvendors, sizeof(*s->vendors));
	s->vendors[s->nvendors].name = name;
	return &s->vendors[s->nvendors++];
}

/* "openai gpt-4o (genai-prices 2026-08-21)". Returns the offset of its beginning. */
static size_t label_add(struct sheet *s, struct span provider, const struct row *row)
{
	struct span model = row->model;
	size_t at = s->labels.len;

	buf_add(&s->labels, provider);
	buf_addc(&s->labels, ' ');
	buf_add(&s->labels, alternative_take(&model));
	if (row->source.len) {
		buf_adds(&s->labels, " (");
		buf_add(&s->labels, row->source);
		buf_addc(&s->labels, ')');
	}
	buf_addc(&s->labels, '\0');
	return at;
}

/* A row for the same models as the row before has their prices at another time. */
static void row_add(struct reader *r, const struct row *row)
{
	struct sheet *s = r->sheet;
	struct span names = row->provider;
	bool again = span_eq(row->provider, r->last_provider) && span_eq(row->model, r->last_model);

	s->periods = xgrow(s->periods, s->nperiods, sizeof(*s->periods));
	s->periods[s->nperiods++] = row->period;
	while (names.len) {
		struct span name = alternative_take(&names);
		struct vendor *v = vendor_get(s, name);

		if (again) {
			struct entry *e = &v->entries[v->nentries - 1];

			e->nperiods = s->nperiods - e->period;
			continue;
		}
		v->entries = xgrow(v->entries, v->nentries, sizeof(*v->entries));
		v->entries[v->nentries++] = (struct entry){ .model = row->model,
							    .label = label_add(s, name, row),
							    .period = s->nperiods - 1,
							    .nperiods = 1 };
	}
	r->last_provider = row->provider;
	r->last_model = row->model;
}

static bool has_control(struct span line)
{
	for (size_t i = 0; i < line.len; i++)
		if ((line.ptr[i] < ' ' && line.ptr[i] != '\t') || line.ptr[i] == 0x7f)
			return true;
	return false;
}

static int read_line(struct reader *r, struct span line)
{
	struct row row;
	int err;

	if (!line.len || line.ptr[0] == '#')
		return 0;
	if (has_control(line))
		return error_set(r->err, -EINVAL, "line %u: contains a control character", r->line);
	if (!r->ncolumns)
		return read_header(r, line);
	if (r->sheet->nperiods == PRICES_ROWS_MAX)
		return error_set(r->err, -ENOBUFS, "more than %d rows", PRICES_ROWS_MAX);
	err = read_row(r, line, &row);
	if (!err)
		row_add(r, &row);
	return err;
}

int sheet_read(struct sheet *s, struct span text, struct error *reterr)
{
	struct reader r = { .sheet = s, .err = reterr };
	int err = 0;

	while (text.len && !err) {
		size_t len = span_find(text, '\n');
		struct span line = span_first(text, len);

		r.line++;
		text = span_from(text, len + 1);
		if (line.len && line.ptr[line.len - 1] == '\r')
			line.len--;
		err = read_line(&r, line);
	}
	if (!err && s->labels.full)
		return error_set(reterr, -ENOBUFS, "the names are too long");
	if (!err && !s->nperiods)
		return error_set(reterr, -EINVAL, "it contains no price");
	return err;
}
