/* SPDX-License-Identifier: MIT */
#include "base/xalloc.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *p)
{
	if (!p) {
		fputs("llm-spy: out of memory\n", stderr);
		exit(1);
	}
	return p;
}

void *xmalloc(size_t size)
{
	return checked(malloc(size ? size : 1));
}

void *xcalloc(size_t n, size_t size)
{
	return checked(calloc(n ? n : 1, size ? size : 1));
}

void *xrealloc(void *p, size_t size)
{
	return checked(realloc(p, size ? size : 1));
}

char *xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

char *xstrndup(const char *s, size_t len)
{
	char *out = xmalloc(len + 1);

	if (len)
		memcpy(out, s, len);
	out[len] = '\0';
	return out;
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *out = NULL;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&out, fmt, ap);
	va_end(ap);
	return checked(n < 0 ? NULL : out);
}

void *xgrow(void *array, size_t count, size_t size)
{
	/* Capacity doubles at each power of two, so it follows from the count alone. */
	if ((count & (count - 1)) == 0) {
		size_t room = count ? count * 2 : 1;

		if (room > SIZE_MAX / size)
			checked(NULL);
		array = xrealloc(array, room * size);
	}
	memset((char *)array + count * size, 0, size);
	return array;
}

void xfree_str(char **p)
{
	free(*p);
}
