/* SPDX-License-Identifier: MIT */
#include "base/units.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#define MS 1000000ull

static struct unit_text __attribute__((format(printf, 1, 2))) text(const char *fmt, ...)
{
	struct unit_text ret;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(ret.text, sizeof(ret.text), fmt, ap);
	va_end(ap);
	return ret;
}

/* Limits are those of the rounded value: 99.96 ms is 0.10s, never 100ms. */
struct unit_text text_duration(uint64_t ns)
{
	uint64_t s = ns / (1000 * MS) + (ns % (1000 * MS) >= 500 * MS), m = s / 60, h = m / 60;

	if (ns < 10 * MS)
		return text("%.1fms", (double)ns / MS);
	if (ns < 99500000)
		return text("%.0fms", (double)ns / MS);
	if (ns < 9995 * MS)
		return text("%.2fs", (double)ns / (1000 * MS));
	if (ns < 59950 * MS)
		return text("%.1fs", (double)ns / (1000 * MS));
	if (h < 1)
		return text("%" PRIu64 "m%02" PRIu64 "s", m, s % 60);
	if (h < 48)
		return text("%" PRIu64 "h%02" PRIu64 "m", h, m % 60);
	return text("%" PRIu64 "d%02" PRIu64 "h", h / 24, h % 24);
}

/* `next`: what the rounded value may not reach. */
static struct unit_text scaled(uint64_t n, double step, double next, const char *const *units)
{
	double value = (double)n;
	size_t unit = 0;

	if (n < step)
		return text("%" PRIu64 "%s", n, units[0]);
	for (; value >= (unit ? next : step) && units[unit + 1]; unit++)
		value /= step;
	return text("%.1f%s", value, units[unit]);
}

struct unit_text text_tokens(uint64_t n)
{
	static const char *const units[] = { "", "k", "M", "G", NULL };

	return scaled(n, 1000, 999.95, units);
}

struct unit_text text_bytes(uint64_t bytes)
{
	static const char *const units[] = { " B", " KiB", " MiB", " GiB", " TiB", NULL };

	return scaled(bytes, 1024, 1023.95, units);
}

/* Amounts that were added up in another order differ in the last bit: with this they read alike. */
#define LAST_BITS (1 + 1e-12)

static struct unit_text usd_text(double usd, const char *sign)
{
	const char *minus = usd < 0 ? "-" : "";

	usd = (usd < 0 ? -usd : usd) * LAST_BITS;
	if (usd > 0 && usd < 0.00005)
		return text("<%s%s0.0001", minus, sign);
	if (!(usd > 0))
		return text("%s0", sign);
	if (usd < 0.99995)
		return text("%s%s%.4f", minus, sign, usd);
	return text("%s%s%.2f", minus, sign, usd);
}

struct unit_text text_usd(double usd)
{
	return usd_text(usd, "$");
}

struct unit_text text_usd_number(double usd)
{
	return usd_text(usd, "");
}

struct unit_text text_percent(uint64_t part, uint64_t of)
{
	double value = of ? 100.0 * (double)part / (double)of : 0;

	if (!of)
		return text("-");
	if (part && value < 1)
		return text("<1%%");
	if (part < of && value > 99)
		return text(">99%%");
	return text("%.0f%%", value);
}
