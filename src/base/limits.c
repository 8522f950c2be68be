/* SPDX-License-Identifier: MIT */
#include "base/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct limit_info limit_infos[LIMIT_COUNT] = {
#define LIMIT(name_, value_, unit_, help_) \
	[LIMIT_##name_] = { .name = #name_, .unit = unit_, .help = help_, .value = value_ },
#include "base/limits.def"
#undef LIMIT
};

void limits_init(struct limits *l)
{
	*l = (struct limits){ 0 };
	for (size_t i = 0; i < LIMIT_COUNT; i++)
		l->max[i] = limit_infos[i].value;
}

int limits_set(struct limits *l, const char *assignment)
{
	const char *eq = strchr(assignment, '=');
	unsigned long long value;
	unsigned shift = 0;
	char *end;

	if (!eq || eq[1] < '0' || eq[1] > '9')
		return -EINVAL;
	errno = 0;
	value = strtoull(eq + 1, &end, 10);
	if (*end) {
		const char *suffix = strchr("kKmMgG", *end);

		if (!suffix || end[1])
			return -EINVAL;
		shift = 10 * (unsigned)((suffix - "kKmMgG") / 2 + 1);
	}
	if (errno || value == 0 || value > SIZE_MAX >> shift)
		return -EINVAL;
	for (size_t i = 0; i < LIMIT_COUNT; i++) {
		const char *name = limit_infos[i].name;

		if (strlen(name) == (size_t)(eq - assignment) &&
		    memcmp(name, assignment, strlen(name)) == 0) {
			l->max[i] = (size_t)value << shift;
			return 0;
		}
	}
	return -EINVAL;
}
