/* SPDX-License-Identifier: MIT */
#include "select/when.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "select/amount.h"

#define SECOND 1000000000ll

/* `digits` digits at the front, at most `max`; -1: there are none such. *at moves behind them. */
static int take(const char **at, int digits, int max)
{
	int n = 0;

	for (int i = 0; i < digits; i++, ++*at) {
		if (**at < '0' || **at > '9')
			return -1;
		n = n * 10 + (**at - '0');
	}
	return n <= max ? n : -1;
}

static bool take_char(const char **at, char c)
{
	if (**at != c)
		return false;
	++*at;
	return true;
}

/* YYYY-MM-DD, years from 1970 on. */
static bool take_date(const char **at, struct tm *tm)
{
	int year = take(at, 4, 9999), month, day;

	if (year < 1970 || !take_char(at, '-'))
		return false;
	month = take(at, 2, 12);
	if (month < 1 || !take_char(at, '-'))
		return false;
	day = take(at, 2, 31);
	if (day < 1)
		return false;
	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	tm->tm_mday = day;
	return true;
}

/* A fraction of a second, to the nanosecond. */
static bool take_fraction(const char **at, int64_t *ret_ns)
{
	int64_t unit = SECOND / 10;
	const char *begin = *at;

	for (; **at >= '0' && **at <= '9'; ++*at, unit /= 10)
		*ret_ns += (**at - '0') * unit;
	return *at > begin;
}

/* HH:MM, with seconds and their fraction if they are there. */
static bool take_time(const char **at, struct tm *tm, int64_t *ret_ns)
{
	tm->tm_hour = take(at, 2, 23);
	if (tm->tm_hour < 0 || !take_char(at, ':'))
		return false;
	tm->tm_min = take(at, 2, 59);
	if (tm->tm_min < 0)
		return false;
	if (!take_char(at, ':'))
		return true;
	tm->tm_sec = take(at, 2, 59);
	return tm->tm_sec >= 0 && (!take_char(at, '.') || take_fraction(at, ret_ns));
}

/* "Z" or "+01:00": how far local time is ahead. */
static bool take_zone(const char **at, int64_t *ret_s)
{
	int sign = **at == '-' ? -1 : 1, hours, minutes;

	*ret_s = 0;
	if (take_char(at, 'Z'))
		return true;
	if (!take_char(at, '+') && !take_char(at, '-'))
		return false;
	hours = take(at, 2, 14);
	if (hours < 0 || !take_char(at, ':'))
		return false;
	minutes = take(at, 2, 59);
	*ret_s = sign * (hours * 3600ll + minutes * 60ll);
	return minutes >= 0;
}

/* mktime() takes the 31st of April for the 1st of May. */
static int finish(const struct tm *tm, bool zone, int64_t ahead_s, int64_t ns, int64_t *ret_ns)
{
	struct tm made = *tm;
	time_t t;

	made.tm_isdst = -1;
	t = zone ? timegm(&made) : mktime(&made);
	if (t == (time_t)-1 || made.tm_mday != tm->tm_mday || made.tm_mon != tm->tm_mon)
		return -EINVAL;
	/* Years may have many digits. */
	if (__builtin_mul_overflow((int64_t)t - ahead_s, (int64_t)SECOND, ret_ns) ||
	    __builtin_add_overflow(*ret_ns, ns, ret_ns))
		return -EINVAL;
	return 0;
}

static int read_calendar(const char *text, const struct tm *today, int64_t *ret_ns)
{
	struct tm tm = *today;
	const char *at = text;
	int64_t ahead_s = 0, ns = 0;
	bool dated = strlen(text) > 4 && text[4] == '-', zone = false;

	if (dated && !take_date(&at, &tm))
		return -EINVAL;
	if (dated && *at && !take_char(&at, ' ') && !take_char(&at, 'T'))
		return -EINVAL;
	if (!dated || at[-1] == ' ' || at[-1] == 'T') {
		if (!take_time(&at, &tm, &ns))
			return -EINVAL;
		zone = *at;
		if (zone && !take_zone(&at, &ahead_s))
			return -EINVAL;
	}
	return *at ? -EINVAL : finish(&tm, zone, ahead_s, ns, ret_ns);
}

int when_read(const char *text, int64_t now_s, int64_t *ret_ns)
{
	time_t now = (time_t)now_s;
	struct tm today;
	uint64_t ago;

	if (!localtime_r(&now, &today))
		return -EINVAL;
	today.tm_hour = today.tm_min = today.tm_sec = 0;
	if (strcmp(text, "now") == 0) {
		*ret_ns = now_s * SECOND;
		return 0;
	}
	if (strcmp(text, "today") == 0)
		return finish(&today, false, 0, 0, ret_ns);
	if (strcmp(text, "yesterday") == 0) {
		struct tm day = today;

		day.tm_mday--;
		mktime(&day); /* the 0th is the last of the month before */
		day.tm_hour = day.tm_min = day.tm_sec = 0;
		return finish(&day, false, 0, 0, ret_ns);
	}
	/* A bare number could be an hour or a year. */
	if (text[strspn(text, "0123456789.")] && amount_time(text, &ago) == 0) {
		*ret_ns = now_s * SECOND - (int64_t)ago;
		return 0;
	}
	return read_calendar(text, &today, ret_ns);
}
