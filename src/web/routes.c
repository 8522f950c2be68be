/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/xalloc.h"
#include "web/embedded.h"
#include "web/types.h"
#include "web/web_int.h"

static const struct route routes[] = {
#define ROUTE(path, fn, type) { path, fn, type },
#include "web/routes.def"
#undef ROUTE
};

static const struct asset assets[] = {
#define ASSET(path, name, type) { path, type, name },
#include "web/assets.def"
#undef ASSET
};

const struct asset *asset_find(const char *path)
{
	for (size_t i = 0; i < sizeof(assets) / sizeof(*assets); i++)
		if (strcmp(assets[i].path, path) == 0 && *assets[i].text)
			return &assets[i];
	return NULL;
}

/* *ret: what stands for "*". */
static bool fits(const char *pattern, const char *path, struct span *ret)
{
	for (; *pattern; pattern++, path++) {
		if (*pattern == '*') {
			*ret = span_of(path, strcspn(path, "/"));
			path += ret->len;
			pattern++;
		}
		if (*pattern != *path || !*pattern)
			break;
	}
	return !*pattern && !*path;
}

const struct route *route_find(const char *path, char **ret_segment)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++) {
		struct span segment = span_of(NULL, 0);

		if (!fits(routes[i].path, path, &segment))
			continue;
		if (segment.ptr)
			*ret_segment = xstrndup((const char *)segment.ptr, segment.len);
		return &routes[i];
	}
	return NULL;
}
