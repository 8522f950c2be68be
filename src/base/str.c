/* SPDX-License-Identifier: MIT */
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

void set_string(char **dst, struct span s)
{
	if (!s.len)
		return;
	free(*dst);
	*dst = xstrndup((const char *)s.ptr, s.len);
}

bool string_eq(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

const char *path_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}
