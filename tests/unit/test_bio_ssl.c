/* SPDX-License-Identifier: MIT */
/* Where OpenSSL's BIO calls the internal functions. This program is the file that is searched: it
 * has functions of those names that call each other as OpenSSL's do. */
#include <fcntl.h>
#include <unistd.h>

#include "find/bio_ssl.h"
#include "find/unwind.h"
#include "tests/unit/tap.h"

/* A function of its own, whatever the compiler and its sanitizers think of it. */
#ifdef __clang__
#define APART __attribute__((noinline, optnone, used, no_sanitize("address", "undefined")))
#else
#define APART __attribute__((noinline, noclone, used))
#endif
#define STAY __asm__ volatile("" ::: "memory")

struct method {
	int type;
	const char *name;
	int (*write)(void *), (*old_write)(void *), (*read)(void *), (*old_read)(void *);
};

static APART int write_internal(void *tls)
{
	STAY;
	return tls != NULL;
}

static APART int read_internal(void *tls)
{
	STAY;
	return tls == NULL;
}

static APART int raise_error(void)
{
	STAY;
	return -1;
}

static APART int clear_flags(void *bio)
{
	STAY;
	return bio ? 1 : 2;
}

/* The results are used, so that no call is the last thing that a function does. */
static APART int SSL_write(void *tls)
{
	int ret = tls ? write_internal(tls) + 1 : raise_error() + 1;

	STAY;
	return ret;
}

static APART int SSL_read(void *tls)
{
	int ret = tls ? read_internal(tls) + 1 : raise_error() + 1;

	STAY;
	return ret;
}

static APART int bio_write(void *bio)
{
	int ret = clear_flags(bio) + write_internal(bio);

	STAY;
	return ret + clear_flags(NULL);
}

static APART int bio_read(void *bio)
{
	int ret = clear_flags(bio) + read_internal(bio);

	STAY;
	return ret + clear_flags(NULL);
}

static const struct method methods = { 0x207, "ssl", bio_write, NULL, bio_read, NULL };

static APART const struct method *BIO_f_ssl(void)
{
	return &methods;
}

static bool lies_in(const struct unwind *u, const struct site *s, uint64_t function)
{
	return s->addr > function && s->addr < unwind_end(u, function);
}

/* Entry before the call, return right behind it, in the BIO's own function. */
static bool is_call(const struct finding *f, size_t i, const struct unwind *u, uint64_t function,
		    enum probe_program at_return)
{
	const struct site *entry = &f->sites[i], *back = &f->sites[i + 1];

	return entry->prog == PROG_CALL_SITE && back->prog == at_return && !entry->at_return &&
	       !back->at_return && lies_in(u, entry, function) && lies_in(u, back, function) &&
	       back->addr > entry->addr && back->addr <= entry->addr + 5;
}

static void test_itself(const struct image *im)
{
	struct symbol s[] = { { .name = "bio_write" }, { .name = "bio_read" } };
	struct finding f = { 0 };
	struct unwind u;

	image_symbols(im, s, 2);
	unwind_open(&u, im);
	bio_ssl_add(im, &f);
	is_int((long)f.nsites, 4, "one write, one read");
	ok(f.nsites == 4 && is_call(&f, 0, &u, s[0].addr, PROG_WRITE_RETURN),
	   "the BIO's call of the internal write");
	ok(f.nsites == 4 && is_call(&f, 2, &u, s[1].addr, PROG_READ_RETURN),
	   "and of the internal read");
}

int main(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct image im;

	is_int(BIO_f_ssl()->write(&im) + SSL_write(&im) + SSL_read(&im), 7, "the functions work");
	if (fd < 0 || image_open(&im, fd) != 0)
		ok(true, "the BIO's calls # SKIP: this program cannot be read");
	else
		test_itself(&im);
	image_close(&im);
	close(fd);
	return tap_done();
}
