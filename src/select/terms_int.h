/* SPDX-License-Identifier: MIT */
/* What reading a filter and evaluating it share. */
#ifndef SPY_SELECT_TERMS_INT_H
#define SPY_SELECT_TERMS_INT_H

#include "select/terms.h"

enum unit { NO_UNIT, WHICH, COUNT, DOLLARS, TIME, SINCE, UNTIL };

struct word {
	const char *name;
	/* A name: the i-th that the record has; NULL: no more. */
	const char *(*names)(const struct exchange *x, size_t i, char room[24]);
	bool by_beginning;
	enum unit unit;
	double (*number)(const struct exchange *x); /* NAN: not known */
};

struct sign {
	const char *name;
	bool (*has)(const struct exchange *x);
};

extern const struct word term_words[];
extern const struct sign term_signs[];

enum comparison { IS, IS_ABOVE, IS_AT_LEAST, IS_BELOW, IS_AT_MOST };

/* One alternative. */
struct value {
	char *text;
	struct needle *needle; /* of /REGEX/ */
	enum comparison is;
	double number;
	const struct sign *sign;
};

struct term {
	bool negated;
	const struct word *word; /* NULL: `has:`, or a text */
	struct value *values;
	size_t nvalues;
	/* Of a text: */
	char *text;
	struct needle *needle;
};

struct terms {
	struct term items[TERMS_MAX];
	size_t count;
};

#endif
