/* SPDX-License-Identifier: MIT */
#include "cost/price_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"

static int load(struct prices *p, const char *path, struct error *reterr)
{
	FILE *f = fopen(path, "re");
	AUTO_FREE char *text = NULL;
	struct error why;
	size_t len;

	if (!f)
		return error_set(reterr, -errno, "--prices %s: %s", path, strerror(errno));
	text = xmalloc(PRICES_FILE_MAX + 1);
	len = fread(text, 1, PRICES_FILE_MAX + 1, f);
	if (ferror(f)) {
		fclose(f);
		return error_set(reterr, -EIO, "--prices %s: cannot be read", path);
	}
	fclose(f);
	if (len > PRICES_FILE_MAX)
		return error_set(reterr, -ENOBUFS, "--prices %s: larger than %d MiB", path,
				 PRICES_FILE_MAX >> 20);
	if (prices_load(p, span_of(text, len), &why) != 0)
		return error_set(reterr, why.code, "--prices %s: %s", path, why.text);
	if (prices_skipped(p))
		fprintf(stderr,
			"llm-spy: --prices %s: %zu entries have no price that can be used; see "
			"doc/PRICES.md\n",
			path, prices_skipped(p));
	return 0;
}

struct prices *price_file_open(const char *path, struct error *reterr)
{
	struct prices *p = prices_builtin();

	if (path && load(p, path, reterr) != 0) {
		prices_free(p);
		return NULL;
	}
	return p;
}
