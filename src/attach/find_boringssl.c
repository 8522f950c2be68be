/* SPDX-License-Identifier: MIT */
/* BoringSSL that is linked into a program without its symbols (Bun and what is made with it,
 * Chromium, gRPC). Its errors name their file and a reason by its number, so a function of
 * ssl_lib.cc is known by the reasons that it gives. Compilers move these functions about and merge
 * them, but keep that. Line numbers, distance and order are no signs. Source: BoringSSL's
 * ssl/ssl_lib.cc, include/openssl/ssl.h. */
#include "attach/code.h"
#include "attach/finder.h"

enum reason {
	R_NOT_CALLED = 1 << 0,	     /* ERR_R_SHOULD_NOT_HAVE_BEEN_CALLED: not for QUIC */
	R_BAD_LENGTH = 1 << 1,	     /* SSL_R_BAD_LENGTH */
	R_TYPE_NOT_SET = 1 << 2,     /* SSL_R_CONNECTION_TYPE_NOT_SET */
	R_NULL_CTX = 1 << 3,	     /* SSL_R_NULL_SSL_CTX */
	R_HANDSHAKE_FAILED = 1 << 4, /* SSL_R_SSL_HANDSHAKE_FAILURE */
	R_UNINITIALIZED = 1 << 5,    /* SSL_R_UNINITIALIZED */
};
static const uint32_t reasons[] = { 66, 111, 134, 185, 215, 226 };

#define FUNCTIONS_MAX 512

struct function {
	struct code_function f;
	unsigned reasons;
};

struct boring {
	struct code code;
	struct function fns[FUNCTIONS_MAX]; /* that refer to the file's name */
	size_t nfns;
	const struct function *write, *handshake, *read_impl, *read, *peek, *new;
};

static bool has(const struct function *f, unsigned all)
{
	return (f->reasons & all) == all;
}

static bool calls(const struct boring *b, const struct function *f, const struct function *to)
{
	return to && code_calls(&b->code, &f->f, to->f.addr);
}

static void collect(struct boring *b)
{
	for (size_t i = 0; i < b->code.nrefs && b->nfns < FUNCTIONS_MAX; i++) {
		struct function *f = &b->fns[b->nfns];

		f->f = code_function(&b->code, b->code.refs[i].at);
		/* Refs are in order, so those of one function follow each other. */
		if (!f->f.code.len || (b->nfns && f[-1].f.addr == f->f.addr))
			continue;
		f->reasons = code_constants(&b->code, &f->f, reasons,
					    sizeof(reasons) / sizeof(*reasons));
		b->nfns++;
	}
}

/* The only function that gives all these reasons; NULL when there are more. */
static const struct function *only(const struct boring *b, unsigned all)
{
	const struct function *found = NULL;

	for (size_t i = 0; i < b->nfns; i++) {
		if (!has(&b->fns[i], all))
			continue;
		if (found)
			return NULL;
		found = &b->fns[i];
	}
	return found;
}

/* SSL_do_handshake: best, the one that SSL_write calls. */
static const struct function *find_handshake(const struct boring *b)
{
	const struct function *found = NULL;

	for (size_t i = 0; i < b->nfns; i++) {
		const struct function *f = &b->fns[i];

		if (has(f, R_TYPE_NOT_SET) && !has(f, R_NOT_CALLED | R_UNINITIALIZED) &&
		    (!found || calls(b, b->write, f)))
			found = f;
	}
	return found;
}

/* What SSL_read and SSL_peek share. */
static const struct function *find_read_impl(const struct boring *b)
{
	const struct function *found = NULL;

	for (size_t i = 0; i < b->nfns; i++) {
		const struct function *f = &b->fns[i];

		if (f != b->write && has(f, R_UNINITIALIZED) && calls(b, f, b->handshake) &&
		    (!found || has(f, R_HANDSHAKE_FAILED)))
			found = f;
	}
	return found;
}

/* SSL_read takes what it gave out off the pending data, SSL_peek leaves it. Two that look alike are
 * neither. */
static void find_read(struct boring *b)
{
	size_t reads = 0, peeks = 0;

	for (size_t i = 0; i < b->nfns; i++) {
		const struct function *f = &b->fns[i];

		if (f == b->write || f == b->handshake || !has(f, R_NOT_CALLED))
			continue;
		if (!calls(b, f, b->read_impl) && !has(f, R_HANDSHAKE_FAILED | R_UNINITIALIZED))
			continue;
		if (code_updates(&b->code, &f->f)) {
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

/* Where BoringSSL has its symbols, another finder hooks the same functions. */
static bool has_symbols(const struct image *im, uint64_t write)
{
	struct symbol s = { .name = "SSL_write" };

	image_symbols(im, &s, 1);
	return s.addr == write;
}

static void fill(const struct boring *b, struct finding *ret)
{
	const struct function *read = b->read ? b->read : b->peek;

	ret->implementation = "BoringSSL";
	ret->method = "strings and constants";
	finding_add(ret, b->write->f.addr, PROG_CALL, false);
	finding_add(ret, b->write->f.addr, PROG_WRITE_RETURN, true);
	finding_add(ret, read->f.addr, b->read ? PROG_CALL : PROG_CALL_PEEK, false);
	finding_add(ret, read->f.addr, PROG_READ_RETURN, true);
	/* Both tell where a connection begins; none is needed. */
	if (b->handshake) {
		finding_add(ret, b->handshake->f.addr, PROG_CALL, false);
		finding_add(ret, b->handshake->f.addr, PROG_HANDSHAKE_RETURN, true);
	}
	if (b->new)
		finding_add(ret, b->new->f.addr, PROG_NEW_RETURN, true);
}

static void identify(struct boring *b)
{
	b->write = only(b, R_BAD_LENGTH | R_UNINITIALIZED);
	if (!b->write)
		return;
	b->handshake = find_handshake(b);
	b->read_impl = find_read_impl(b);
	b->new = only(b, R_NULL_CTX);
	find_read(b);
}

static void find(const struct image *im, struct finding *ret)
{
	uint64_t strings[CODE_STRINGS_MAX];
	struct boring b = { 0 };
	size_t n = code_strings_ending(im, "ssl/ssl_lib.c", 'c', strings);

	if (code_open(&b.code, im, strings, n)) {
		collect(&b);
		identify(&b);
		if (b.write && (b.read || b.peek) && !has_symbols(im, b.write->f.addr))
			fill(&b, ret);
	}
	code_close(&b.code);
}

const struct finder finder_boringssl = {
	.name = "boringssl",
	.group = "boringssl",
	.signs = { "ssl/ssl_lib.c" },
	.find = find,
};
