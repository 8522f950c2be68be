/* SPDX-License-Identifier: MIT */
/* Source: RFC 9110 sections 5.6.7 and 10.2.3. The fields in milliseconds are those of OpenAI and of
 * Azure. */
#include "exchange/retry_after.h"

#include <time.h>

#include "exchange/headers.h"

#define WAIT_MAX UINT32_MAX

/* Digits alone, and not more than anybody would wait. */
static int64_t number_of(struct span s)
{
	int64_t n = 0;

	s = span_trim(s);
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9' || n >= WAIT_MAX / 10)
			return COUNT_UNKNOWN;
		n = n * 10 + s.ptr[i] - '0';
	}
	return s.len ? n : COUNT_UNKNOWN;
}

static int month_of(struct span name)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; i < 12; i++)
		if (span_eq(name, span_of(names + 3 * (size_t)i, 3)))
			return i;
	return -1;
}

static int digits(struct span s, size_t at, size_t count)
{
	int64_t n = number_of(span_first(span_from(s, at), count));

	return n == COUNT_UNKNOWN ? -1 : (int)n;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" as seconds since 1970; the obsolete forms are not read. */
static int64_t moment_of(struct span s)
{
	struct tm tm = {
		.tm_mday = digits(s, 5, 2),
		.tm_mon = month_of(span_first(span_from(s, 8), 3)),
		.tm_year = digits(s, 12, 4) - 1900,
		.tm_hour = digits(s, 17, 2),
		.tm_min = digits(s, 20, 2),
		.tm_sec = digits(s, 23, 2),
	};

	if (s.len != 29 || !span_ends(s, SPAN_LIT(" GMT")) || tm.tm_mday < 1 || tm.tm_mon < 0 ||
	    tm.tm_year < 70 || tm.tm_hour < 0 || tm.tm_min < 0 || tm.tm_sec < 0)
		return COUNT_UNKNOWN;
	return timegm(&tm);
}

static int64_t until(const struct exchange *x, int64_t moment)
{
	int64_t now = exchange_wall_ns(x, x->t.response_first) / 1000000;

	if (moment == COUNT_UNKNOWN || !now)
		return COUNT_UNKNOWN;
	return moment * 1000 > now ? moment * 1000 - now : 0;
}

int64_t exchange_retry_after_ms(const struct exchange *x)
{
	static const char *const in_ms[] = { "retry-after-ms", "x-ms-retry-after-ms" };
	struct span value = headers_find(&x->response_headers, "retry-after");

	for (size_t i = 0; i < sizeof(in_ms) / sizeof(*in_ms); i++) {
		int64_t n = number_of(headers_find(&x->response_headers, in_ms[i]));

		if (n != COUNT_UNKNOWN)
			return n;
	}
	if (number_of(value) != COUNT_UNKNOWN)
		return number_of(value) * 1000;
	return until(x, moment_of(span_trim(value)));
}
