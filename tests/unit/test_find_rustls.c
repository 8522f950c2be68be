/* SPDX-License-Identifier: MIT */
/* The finder of rustls on made files; with names of files as arguments, it says what is found in
 * those. */
#include "find/finder.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/rustls_elf.h"
#include "tests/unit/tap.h"

static bool has(const struct finding *f, uint64_t addr, enum probe_program prog, bool at_return)
{
	for (size_t i = 0; i < f->nsites; i++)
		if (f->sites[i].addr == addr && f->sites[i].prog == prog)
			return f->sites[i].at_return == at_return;
	return false;
}

static bool has_pair(const struct finding *f)
{
	return has(f, ENCRYPT_ADDR, PROG_RUSTLS_WRITE, false) &&
	       has(f, ENCRYPT_ADDR, PROG_RUSTLS_NAME, false) &&
	       has(f, DECRYPT_ADDR, PROG_RUSTLS_READ, false) &&
	       has(f, DECRYPT_ADDR, PROG_RUSTLS_READ_RETURN, true);
}

static bool has_alike(const struct finding *f)
{
	return has(f, ENCRYPT_ADDR, PROG_RUSTLS_EITHER, false) &&
	       has(f, ENCRYPT_ADDR, PROG_RUSTLS_READ_RETURN, true) &&
	       has(f, DECRYPT_ADDR, PROG_RUSTLS_EITHER, false) &&
	       has(f, DECRYPT_ADDR, PROG_RUSTLS_READ_RETURN, true);
}

static void test_case(const struct elf_case *c)
{
	uint8_t *file = malloc(ELF_BYTES);
	struct finding f = { 0 };
	struct image im;

	elf_make(file, c);
	is_int(image_open_bytes(&im, span_of(file, ELF_BYTES)), 0, "%s: opens", c->name);
	finder_rustls.find(&im, &f);
	is_int(f.implementation ? f.nsites : 0, c->sites, "%s: places", c->name);
	if (c->sites) {
		is_str(f.implementation, "rustls", "%s: name", c->name);
		is_str(f.method, "vtables", "%s: method", c->name);
		ok(c->ring == 1 ? has_alike(&f) : has_pair(&f), "%s: what is hooked", c->name);
		ok(f.sites[0].prog != PROG_RUSTLS_READ_RETURN &&
			   f.sites[1].prog == PROG_RUSTLS_READ_RETURN,
		   "%s: entry before return", c->name);
		ok(f.partial == (c->ring != 0), "%s: whether others look, too", c->name);
	}
	image_close(&im);
	free(file);
}

static int show(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;
	struct finding f = { 0 };
	struct image im;

	if (fd < 0)
		return 1;
	err = image_open(&im, fd);
	close(fd);
	if (!err)
		finder_rustls.find(&im, &f);
	if (f.implementation)
		printf("%s: %s by %s, %zu places\n", path, f.implementation, f.method, f.nsites);
	image_close(&im);
	return 0;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		show(argv[i]);
	if (argc > 1)
		return 0;
	for (size_t i = 0; i < ELF_CASES; i++)
		test_case(&elf_cases[i]);
	return tap_done();
}
