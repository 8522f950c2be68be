/* SPDX-License-Identifier: MIT */
#include "base/str.h"

#include <stdlib.h>

#include "base/xalloc.h"

void set_string(char **dst, struct span s)
{
	if (!s.len)
		return;
	free(*dst);
	*dst = xstrndup((const char *)s.ptr, s.len);
}
