/* SPDX-License-Identifier: MIT */
/* Runs a fuzz target over its corpus, tests/fuzz/corpus/NAME/ for fuzz_NAME: each file whole, cut
 * short, and with single bytes changed. What is shown is that nothing crashes, hangs or trips a
 * sanitizer; the target's own assertions hold too. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/unit/tap.h"

static uint8_t *slurp(const char *path, size_t *ret_len)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc(16 << 20);

	*ret_len = f && data ? fread(data, 1, 16 << 20, f) : 0;
	if (f)
		fclose(f);
	return data;
}

/* An exact-size copy, so that a sanitizer sees a read of one byte too many. */
static void run(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (len)
		memcpy(copy, data, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

static void run_variants(uint8_t *data, size_t len)
{
	size_t step = len / 200 + 1;

	run(data, len);
	for (size_t cut = 0; cut < len; cut += step)
		run(data, cut);
	for (size_t at = 0; at < len; at += step) {
		static const uint8_t masks[] = { 0x01, 0x80, 0xff };

		for (size_t m = 0; m < sizeof(masks); m++) {
			data[at] ^= masks[m];
			run(data, len);
			data[at] ^= masks[m];
		}
	}
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');
	const char *srcdir = getenv("srcdir");
	char dir[4096], path[8192];
	struct dirent *e;
	DIR *d;

	name = name ? name + 1 : argv[0];
	name = strncmp(name, "fuzz_", 5) == 0 ? name + 5 : name;
	snprintf(dir, sizeof(dir), "%s/tests/fuzz/corpus/%s", srcdir ? srcdir : ".", name);
	if (argc > 1)
		snprintf(dir, sizeof(dir), "%s", argv[1]);
	d = opendir(dir);
	while (d && (e = readdir(d))) {
		size_t len;
		uint8_t *data;

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		data = slurp(path, &len);
		run_variants(data, len);
		free(data);
		ok(true, "%s and its variants", e->d_name);
	}
	if (d)
		closedir(d);
	ok(tap_count > 0, "the corpus %s is not empty", dir);
	return tap_done();
}
