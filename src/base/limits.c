/* SPDX-License-Identifier: MIT */
#include "base/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct limit_info limit_infos[LIMIT_COUNT] = {
#define LIMIT(name_, value_, unit_, help_)                                                         \
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

int size_parse(const char *text, size_t *ret)
{
	static const char suffixes[] = "kKmMgG";
	unsigned long long value;
	unsigned shift = 0;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (*end) {
		const char *suffix = strchr(suffixes, *end);

		if (!suffix || end[1])
			return -EINVAL;
		shift = 10 * (unsigned)((suffix - suffixes) / 2 + 1);
	}
	if (errno || value == 0 || value > SIZE_MAX >> shift)
		return -EINVAL;
	*ret = (size_t)value << shift;
	return 0;
}

int limits_set(struct limits *l, const char *assignment)
{
	size_t len = strcspn(assignment, "=");

	for (size_t i = 0; i < LIMIT_COUNT && assignment[len]; i++) {
		const char *name = limit_infos[i].name;

		if (strlen(name) == len && memcmp(name, assignment, len) == 0)
			return size_parse(assignment + len + 1, &l->max[i]);
	}
	return -EINVAL;
}
