/* SPDX-License-Identifier: MIT */
/* BoringSSL linked into a program without symbols (Bun and programs made with it, Chromium, gRPC).
 * Its errors name their file and a reason by number, so the reasons identify a function of
 * ssl_lib.cc. Compilers move and merge these functions but keep the reasons. Line numbers, distance
 * and order are no signs. Source: BoringSSL's ssl/ssl_lib.cc, include/openssl/ssl.h. */
#include "find/boringssl_sealed.h"
#include "find/error_sites.h"
#include "find/finder.h"

enum reason {
	R_NOT_CALLED = 1 << 0,	     /* ERR_R_SHOULD_NOT_HAVE_BEEN_CALLED: not for QUIC */
	R_BAD_LENGTH = 1 << 1,	     /* SSL_R_BAD_LENGTH */
	R_TYPE_NOT_SET = 1 << 2,     /* SSL_R_CONNECTION_TYPE_NOT_SET */
	R_NULL_CTX = 1 << 3,	     /* SSL_R_NULL_SSL_CTX */
	R_HANDSHAKE_FAILED = 1 << 4, /* SSL_R_SSL_HANDSHAKE_FAILURE */
	R_UNINITIALIZED = 1 << 5,    /* SSL_R_UNINITIALIZED */
};
static const uint32_t reasons[] = { 66, 111, 134, 185, 215, 226 };

/* As in an error that is built at compile time: the number of the library, 16, in the bits above
 * the reason. */
#define PACKED(reason) (16u << 24 | (reason))
static const uint32_t packed[] = { PACKED(66),	PACKED(111), PACKED(134),
				   PACKED(185), PACKED(215), PACKED(226) };

struct boring {
	struct error_sites r;
	const struct error_site *write, *handshake, *read_impl, *read, *peek, *new;
};

static bool calls(const struct boring *b, const struct error_site *f, const struct error_site *to)
{
	return to && code_calls(&b->r.code, &f->f, to->f.addr);
}

/* SSL_do_handshake; the one that SSL_write calls is preferred. */
static const struct error_site *find_handshake(const struct boring *b)
{
	const struct error_site *found = NULL;

	for (size_t i = 0; i < b->r.nfns; i++) {
		const struct error_site *f = &b->r.fns[i];

		if (error_site_has(f, R_TYPE_NOT_SET) &&
		    !error_site_has(f, R_NOT_CALLED | R_UNINITIALIZED) &&
		    (!found || calls(b, b->write, f)))
			found = f;
	}
	return found;
}

/* The function that SSL_read and SSL_peek share. */
static const struct error_site *find_read_impl(const struct boring *b)
{
	const struct error_site *found = NULL;

	for (size_t i = 0; i < b->r.nfns; i++) {
		const struct error_site *f = &b->r.fns[i];

		if (f != b->write && error_site_has(f, R_UNINITIALIZED) &&
		    calls(b, f, b->handshake) && (!found || error_site_has(f, R_HANDSHAKE_FAILED)))
			found = f;
	}
	return found;
}

/* SSL_read removes what it returned from the pending data, SSL_peek does not. If two functions look
 * alike, neither is taken. */
static void find_read(struct boring *b)
{
	size_t reads = 0, peeks = 0;

	for (size_t i = 0; i < b->r.nfns; i++) {
		const struct error_site *f = &b->r.fns[i];

		if (f == b->write || f == b->handshake || !error_site_has(f, R_NOT_CALLED))
			continue;
		if (!calls(b, f, b->read_impl) &&
		    !error_site_has(f, R_HANDSHAKE_FAILED | R_UNINITIALIZED))
			continue;
		if (code_updates(&b->r.code, &f->f)) {
			b->read = f;
			reads++;
		} else {
			b->peek = f;
			peeks++;
		}
	}
	b->read = reads == 1 ? b->read : NULL;
	b->peek = peeks == 1 ? b->peek : NULL;
}

static void fill(const struct boring *b, struct finding *ret)
{
	const struct error_site *read = b->read ? b->read : b->peek;

	ret->implementation = "BoringSSL";
	ret->method = "strings and constants";
	finding_add(ret, b->write->f.addr, PROG_CALL, false);
	finding_add(ret, b->write->f.addr, PROG_WRITE_RETURN, true);
	finding_add(ret, read->f.addr, b->read ? PROG_CALL : PROG_CALL_PEEK, false);
	finding_add(ret, read->f.addr, PROG_READ_RETURN, true);
	/* Both mark the beginning of a connection; neither is required. */
	if (b->handshake) {
		finding_add(ret, b->handshake->f.addr, PROG_CALL, false);
		finding_add(ret, b->handshake->f.addr, PROG_HANDSHAKE_RETURN, true);
	}
	if (b->new)
		finding_add(ret, b->new->f.addr, PROG_NEW_RETURN, true);
}

/* Whether the code that SSL_read and SSL_peek share is a separate function, which f does not
 * call. */
static bool is_no_reader(const struct boring *b, const struct error_site *f)
{
	for (size_t i = 0; i < b->r.nfns; i++) {
		const struct error_site *impl = &b->r.fns[i];

		if (error_site_has(impl, R_UNINITIALIZED | R_HANDSHAKE_FAILED) &&
		    !error_site_has(impl, R_NOT_CALLED) && !calls(b, f, impl))
			return true;
	}
	return false;
}

/* Until 2022, SSL_write did not check the length itself. */
static const struct error_site *find_write(const struct boring *b)
{
	const struct error_site *f = error_sites_only(&b->r, R_BAD_LENGTH | R_UNINITIALIZED);

	if (f)
		return f;
	f = error_sites_only(&b->r, R_NOT_CALLED | R_UNINITIALIZED | R_HANDSHAKE_FAILED);
	return f && is_no_reader(b, f) ? f : NULL;
}

static void identify(struct boring *b)
{
	b->write = find_write(b);
	if (!b->write)
		return;
	b->handshake = find_handshake(b);
	b->read_impl = find_read_impl(b);
	b->new = error_sites_only(&b->r, R_NULL_CTX);
	find_read(b);
}

/* If the function that stores an error is inlined, both numbers are combined into one. */
static void add_packed(struct error_sites *r)
{
	for (size_t i = 0; i < r->nfns; i++)
		r->fns[i].numbers |= code_constants(&r->code, &r->fns[i].f, packed,
						    sizeof(packed) / sizeof(*packed));
}

static void find(const struct image *im, struct finding *ret)
{
	struct boring b = { 0 };

	if (error_sites_open(&b.r, im, "ssl/ssl_lib.c", 'c', reasons,
			     sizeof(reasons) / sizeof(*reasons))) {
		add_packed(&b.r);
		identify(&b);
		if (b.write && (b.read || b.peek)) {
			fill(&b, ret);
			boringssl_sealed_add(im, ret);
		}
	}
	error_sites_close(&b.r);
}

const struct finder finder_boringssl = {
	.name = "boringssl",
	.group = "boringssl",
	.family = "openssl",
	.signs = { "ssl/ssl_lib.c" },
	.guess = true,
	.find = find,
};
