/* SPDX-License-Identifier: MIT */
/* The smallest Test Anything Protocol: ok(cond, "what is shown"), then return tap_done(). */
#ifndef SPY_TESTS_TAP_H
#define SPY_TESTS_TAP_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failed;

__attribute__((format(printf, 4, 5))) static inline bool tap_ok(bool good, const char *file,
								int line, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", good ? "" : "not ", ++tap_count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	if (!good) {
		tap_failed++;
		printf("# at %s:%d\n", file, line);
	}
	fflush(stdout);
	return good;
}

#define ok(cond, ...) tap_ok((cond), __FILE__, __LINE__, __VA_ARGS__)

/* Compares integers and strings, showing both sides when they differ. */
#define is_int(got, want, ...)                                                                     \
	do {                                                                                       \
		long long got_ = (long long)(got), want_ = (long long)(want);                      \
		if (!tap_ok(got_ == want_, __FILE__, __LINE__, __VA_ARGS__))                       \
			printf("#   got %lld, want %lld\n", got_, want_);                          \
	} while (0)

#define is_str(got, want, ...)                                                                     \
	do {                                                                                       \
		const char *got_ = (got), *want_ = (want);                                         \
		if (!tap_ok(got_ && want_ ? strcmp(got_, want_) == 0 : got_ == want_, __FILE__,    \
			    __LINE__, __VA_ARGS__))                                                \
			printf("#   got  \"%s\"\n#   want \"%s\"\n", got_ ? got_ : "(null)",       \
			       want_ ? want_ : "(null)");                                          \
	} while (0)

static inline int tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed != 0;
}

#endif
