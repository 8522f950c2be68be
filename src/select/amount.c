/* SPDX-License-Identifier: MIT */
#include "select/amount.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Nobody means more, and sums of them stay far from the largest number. */
#define DAYS_MAX   36500
#define DIGITS_MAX 15

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int amount_number(const char *text, uint64_t max, uint64_t *ret)
{
	uint64_t n = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		uint64_t digit = (uint64_t)(*text - '0');

		if (!is_digit(*text) || n > (max - digit) / 10 || digit > max)
			return -EINVAL;
		n = n * 10 + digit;
	}
	*ret = n;
	return 0;
}

/* Digits with a point; *at moves behind them. Without strtod(), which also takes "inf" and "0x". */
static int decimal(const char **at, double *ret)
{
	size_t digits = 0;
	double n = 0, scale = 1;

	for (; is_digit(**at) && digits <= DIGITS_MAX; ++*at, digits++)
		n = n * 10 + (**at - '0');
	if (**at == '.')
		for (++*at; is_digit(**at) && digits <= DIGITS_MAX; ++*at, digits++) {
			scale *= 10;
			n = n * 10 + (**at - '0');
		}
	*ret = n / scale;
	return digits && digits <= DIGITS_MAX ? 0 : -EINVAL;
}

/* The unit at the front; 0: none. *at moves behind it. */
static double unit_ns(const char **at)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {
		{ "ms", 1e6 }, { "s", 1e9 }, { "m", 60e9 }, { "h", 3600e9 }, { "d", 86400e9 },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strncmp(*at, units[i].name, strlen(units[i].name)) == 0) {
			*at += strlen(units[i].name);
			return units[i].ns;
		}
	return 0;
}

int amount_time(const char *text, uint64_t *ret_ns)
{
	double sum = 0;
	const char *at = text;

	do {
		double n, unit;

		if (decimal(&at, &n) != 0)
			return -EINVAL;
		unit = unit_ns(&at);
		if (!unit && (*at || sum))
			return -EINVAL;
		sum += n * (unit ? unit : 1e9);
	} while (*at);
	if (sum > DAYS_MAX * 86400e9)
		return -EINVAL;
	*ret_ns = (uint64_t)(sum + 0.5);
	return 0;
}

int amount_count(const char *text, double *ret)
{
	static const char units[] = "kMG";
	const char *at = text, *unit;

	if (decimal(&at, ret) != 0)
		return -EINVAL;
	unit = *at ? strchr(units, *at) : NULL;
	for (const char *u = units; unit && u <= unit; u++)
		*ret *= 1000;
	return at[unit != NULL] ? -EINVAL : 0;
}

int amount_dollars(const char *text, double *ret)
{
	const char *at = text + (*text == '$');

	return decimal(&at, ret) || *at ? -EINVAL : 0;
}
