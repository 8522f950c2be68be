/* SPDX-License-Identifier: MIT */
/* base/nearest: what a mistyped word was meant to be. */
#include "base/nearest.h"

#include "tests/unit/tap.h"

static const char *const words[] = { "targets", "doctor", "limit", "pid",  "prices",
				     "format",	"full",	  "raw",   "help", "help-all" };

static const struct {
	const char *typed, *meant; /* NULL: none of them */
} cases[] = {
	{ "target", "targets" },
	{ "tagrets", "targets" },
	{ "docter", "doctor" },
	{ "doc", "doctor" },
	{ "lmit", "limit" },
	{ "pids", "pid" },
	{ "fomrat", "format" },
	{ "ful", "full" },
	{ "help", "help" },
	{ "helpall", "help-all" },
	{ "python3", NULL },
	{ "x", NULL },
	{ "", NULL },
	{ "zzz", NULL },
	{ "pi", "pid" },
	{ "curl", NULL },
};

static const char *meant(const char *typed)
{
	struct nearest n;

	nearest_init(&n, typed);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		nearest_try(&n, words[i]);
	return n.best;
}

int main(void)
{
	char longest[100];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *got = meant(cases[i].typed);

		is_str(got, cases[i].meant, "\"%s\" was meant to be %s", cases[i].typed,
		       cases[i].meant ? cases[i].meant : "none of them");
	}
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ok(!meant(longest), "a long word is near to nothing");
	return tap_done();
}
