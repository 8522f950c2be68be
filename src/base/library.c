/* SPDX-License-Identifier: MIT */
#include "base/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

int library_load(const char *soname, const struct library_function *functions, size_t count,
		 struct error *reterr)
{
	void *library = dlopen(soname, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return error_set(reterr, -ENOENT, "%.200s", dlerror());
	for (size_t i = 0; i < count; i++) {
		void *function = dlsym(library, functions[i].name);

		if (!function)
			return error_set(reterr, -ENOENT, "%.40s has no %.60s: it is too old",
					 soname, functions[i].name);
		memcpy(functions[i].address, &function, sizeof(function));
	}
	return 0;
}
