/* SPDX-License-Identifier: MIT */
/* What went wrong, for a person: start-up code fills one and lets main print it. */
#ifndef SPY_BASE_ERROR_H
#define SPY_BASE_ERROR_H

struct error {
	int code;	/* negative errno */
	char text[320]; /* what is wrong and what to do about it, no newline at the end */
};

/* Fills `err` and returns `code`, so that `return error_set(...)` reads as one line. */
int error_set(struct error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
