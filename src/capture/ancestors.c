/* SPDX-License-Identifier: MIT */
#include "capture/ancestors.h"

#define INIT 1

bool ancestors_add(struct ancestors *a, uint64_t pid)
{
	if (!pid || pid > INT32_MAX || a->count == ANCESTORS_TOLD)
		return false;
	a->pids[a->count++] = (uint32_t)pid;
	return true;
}

void ancestors_read(struct span text, struct ancestors *ret)
{
	uint64_t pid = 0;

	*ret = (struct ancestors){ .count = 0 };
	for (size_t i = 0; i <= text.len; i++) {
		uint8_t c = i < text.len ? text.ptr[i] : ' ';

		if (c >= '0' && c <= '9' && pid <= INT32_MAX)
			pid = pid * 10 + (c - '0');
		else if (c != ' ' || !ancestors_add(ret, pid))
			return;
		else
			pid = 0;
	}
}

void ancestors_write(const struct ancestors *a, struct buf *out)
{
	for (unsigned i = 0; i < a->count; i++)
		buf_addf(out, "%s%u", i ? " " : "", a->pids[i]);
}

unsigned ancestors_distance(const struct ancestors *a, uint32_t pid)
{
	for (unsigned i = 0; i < a->count; i++)
		if (a->pids[i] == pid)
			return i + 1;
	return 0;
}

/* It goes up to init: none is missing. */
static bool is_whole(const struct ancestors *a)
{
	return a->count && a->pids[a->count - 1] == INIT;
}

bool ancestors_are_apart(const struct ancestors *a, const struct ancestors *b)
{
	for (unsigned i = 0; i < a->count; i++)
		if (a->pids[i] != INIT && ancestors_distance(b, a->pids[i]))
			return false;
	return is_whole(a) && is_whole(b);
}
