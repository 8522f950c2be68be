/* SPDX-License-Identifier: MIT */
/* What records have for the words of a filter, for completion. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "select/terms_int.h"

static const struct word *find(const char *word)
{
	for (const struct word *w = term_words; w->name; w++)
		if (strcmp(w->name, word) == 0)
			return w;
	return NULL;
}

bool terms_has_word(const char *word)
{
	return find(word) || strcmp(word, "has") == 0;
}

bool terms_is_amount(const char *word)
{
	const struct word *w = find(word);

	return w && (w->unit == COUNT || w->unit == DOLLARS || w->unit == TIME);
}

static const char *sign_of(const struct exchange *x, size_t i)
{
	for (const struct sign *s = term_signs; s->name; s++)
		if (s->has(x) && i-- == 0)
			return s->name;
	return NULL;
}

/* 1, 2 or 5, and zeros. */
static double round_down(double n)
{
	double zeros = pow(10, floor(log10(n)));

	return zeros * (n >= 5 * zeros ? 5 : n >= 2 * zeros ? 2 : 1);
}

static void write_count(char room[TERMS_VALUE_SIZE], double n)
{
	static const struct {
		double size;
		const char *unit;
	} rows[] = { { 1e9, "G" }, { 1e6, "M" }, { 1e3, "k" }, { 1, "" } };
	size_t i = 0;

	while (n < rows[i].size && rows[i].size > 1)
		i++;
	snprintf(room, TERMS_VALUE_SIZE, ">=%g%s", n / rows[i].size, rows[i].unit);
}

static const char *amount_of(const struct word *w, double n, char room[TERMS_VALUE_SIZE],
			     double *ret_number)
{
	if (w->unit == TIME)
		n /= 1e6;
	if (!isfinite(n) || n < 1e-6 || n >= 1e15)
		return NULL;
	*ret_number = n = round_down(n);
	if (w->unit == COUNT)
		write_count(room, n);
	else if (w->unit == DOLLARS)
		snprintf(room, TERMS_VALUE_SIZE, ">=%.*f", n < 1 ? 6 : 0, n);
	else if (n < 1)
		snprintf(room, TERMS_VALUE_SIZE, ">=0ms");
	else if (n < 1000)
		snprintf(room, TERMS_VALUE_SIZE, ">=%.0fms", n);
	else
		snprintf(room, TERMS_VALUE_SIZE, ">=%.0fs", n / 1000);
	/* 0.050000: dollars without zeros at their end. */
	if (w->unit == DOLLARS && n < 1)
		for (size_t len = strlen(room); room[len - 1] == '0'; len--)
			room[len - 1] = '\0';
	return room;
}

/* "until:" a day ends before it begins. */
static const char *day_of(double ns, bool next, char room[TERMS_VALUE_SIZE])
{
	time_t seconds;
	struct tm tm;

	if (isnan(ns))
		return NULL;
	seconds = (time_t)(ns / 1e9) + (next ? 86400 : 0);
	if (!localtime_r(&seconds, &tm))
		return NULL;
	strftime(room, TERMS_VALUE_SIZE, "%Y-%m-%d", &tm);
	return room;
}

static const char *number_of(const struct word *w, const struct exchange *x,
			     char room[TERMS_VALUE_SIZE], double *ret_number)
{
	double n = w->number(x);

	switch (w->unit) {
	case WHICH:
		if (isnan(n))
			return NULL;
		snprintf(room, TERMS_VALUE_SIZE, "%.0f", n);
		return room;
	case COUNT:
	case DOLLARS:
	case TIME:
		return amount_of(w, n, room, ret_number);
	case SINCE:
	case UNTIL:
		return day_of(n, w->unit == UNTIL, room);
	case NO_UNIT:
		break;
	}
	return NULL;
}

const char *terms_value(const char *word, const struct exchange *x, size_t i,
			char room[TERMS_VALUE_SIZE], double *ret_number)
{
	const struct word *w = find(word);

	*ret_number = 0;
	if (!w)
		return sign_of(x, i);
	if (w->names)
		return w->names(x, i, room);
	return i ? NULL : number_of(w, x, room, ret_number);
}
