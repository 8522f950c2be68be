/* SPDX-License-Identifier: MIT */
/* An error for a person: start-up code fills it in and main prints it. */
#ifndef SPY_BASE_ERROR_H
#define SPY_BASE_ERROR_H

struct error {
	int code;	/* negative errno */
	char text[320]; /* what is wrong and what to do about it, without a newline */
};

/* Fills `err` and returns `code`, for `return error_set(...)`. */
int error_set(struct error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
