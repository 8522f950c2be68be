/* SPDX-License-Identifier: MIT */
/* rustls in programs whose vtables were not found, through aws-lc, which most of them link: each
 * TLS record passes one of aws-lc's AEAD functions. Their errors name their file and a reason by
 * number, as BoringSSL's do (find_boringssl.c). BoringSSL has these functions too, so the whole
 * name of the file is required; other programs link aws-lc too, so a string that only rustls has is
 * required. The BPF program rejects data that is not a TLS record (probes/aead.bpf.c). Only x86-64.
 * Measured on rustup 1.29 and, with hidden vtables, on Deno 2.9.6 (optimised for size: neither
 * unwind tables nor aligned functions) and Codex 0.169.0 (where open_gather is inlined into open,
 * and all are called through a table). Sources: aws-lc's crypto/fipsmodule/cipher/aead.c and
 * include/openssl/cipher.h; rustls' src/record_layer.rs. */
#include "find/code.h"
#include "find/finder.h"

#define AEAD "aws-lc/crypto/fipsmodule/cipher/aead.c"

/* Conditions of rustls' record layer, in the text of a panic. */
static const char *const conditions[] = {
	"next_pre_encrypt_action() != PreEncryptAction::Refuse", /* 0.23 */
	"!self.encrypt_exhausted()",				 /* 0.22 */
};

enum reason {
	R_BAD_DECRYPT = 1 << 0,	      /* CIPHER_R_BAD_DECRYPT */
	R_BUFFER_TOO_SMALL = 1 << 1,  /* CIPHER_R_BUFFER_TOO_SMALL */
	R_CTRL_NOT = 1 << 2,	      /* CIPHER_R_CTRL_NOT_IMPLEMENTED */
	R_INVALID_OPERATION = 1 << 3, /* CIPHER_R_INVALID_OPERATION */
	R_ALIASES = 1 << 4,	      /* CIPHER_R_OUTPUT_ALIASES_INPUT */
	R_TOO_LARGE = 1 << 5,	      /* CIPHER_R_TOO_LARGE */
};
static const uint32_t reasons[] = { 101, 103, 104, 112, 115, 117 };

/* One of the four functions, identified by the reasons that it has and does not have. */
enum function { SEAL, SEAL_SCATTER, OPEN, OPEN_GATHER, FUNCTIONS };
static const struct {
	unsigned all, none;
} signs[FUNCTIONS] = {
	[SEAL] = { R_BUFFER_TOO_SMALL | R_ALIASES | R_TOO_LARGE, R_BAD_DECRYPT },
	[SEAL_SCATTER] = { R_INVALID_OPERATION | R_ALIASES, R_BUFFER_TOO_SMALL | R_TOO_LARGE },
	[OPEN] = { R_BAD_DECRYPT | R_BUFFER_TOO_SMALL | R_ALIASES, R_TOO_LARGE },
	[OPEN_GATHER] = { R_CTRL_NOT | R_ALIASES, R_BAD_DECRYPT | R_BUFFER_TOO_SMALL },
};

struct search {
	struct code code;
	struct code_function fns[FUNCTIONS]; /* code empty: not found */
	bool several[FUNCTIONS];
};

static bool has(const struct image *im, const char *text)
{
	for (size_t i = 0; i < im->nsegments; i++) {
		const struct image_segment *s = &im->segments[i];

		if (!s->writable && memmem(im->file.ptr + s->offset, s->size, text, strlen(text)))
			return true;
	}
	return false;
}

static bool has_rustls(const struct image *im)
{
	for (size_t i = 0; i < sizeof(conditions) / sizeof(*conditions); i++)
		if (has(im, conditions[i]))
			return true;
	return false;
}

static void note(struct search *s, const struct code_function *f)
{
	unsigned have = code_constants(&s->code, f, reasons, sizeof(reasons) / sizeof(*reasons));

	for (size_t i = 0; i < FUNCTIONS; i++) {
		if ((have & signs[i].all) != signs[i].all || have & signs[i].none)
			continue;
		s->several[i] |= s->fns[i].code.len != 0;
		s->fns[i] = *f;
	}
}

static void identify(struct search *s)
{
	uint64_t last = 0;

	for (size_t i = 0; i < s->code.nrefs; i++) {
		struct code_function f = code_function(&s->code, s->code.refs[i].at);

		/* Refs are sorted, so those of one function are adjacent. */
		if (f.code.len && f.addr != last)
			note(s, &f);
		last = f.addr;
	}
	for (size_t i = 0; i < FUNCTIONS; i++)
		if (s->several[i])
			s->fns[i].code.len = 0;
}

static bool add(const struct search *s, enum function which, enum probe_program prog,
		struct finding *ret)
{
	bool found = s->fns[which].code.len;

	if (found)
		finding_add(ret, s->fns[which].addr, prog, false);
	if (found && prog != PROG_AEAD_SEAL)
		finding_add(ret, s->fns[which].addr, PROG_AEAD_OPEN_RETURN, true);
	return found;
}

static bool fill(struct search *s, struct finding *ret)
{
	bool writes, reads;

	/* A record must be captured only once: open either does everything itself or only calls
	 * open_gather. */
	if (s->fns[OPEN_GATHER].code.len &&
	    code_calls(&s->code, &s->fns[OPEN], s->fns[OPEN_GATHER].addr))
		s->fns[OPEN].code.len = 0;
	writes = add(s, SEAL, PROG_AEAD_SEAL, ret);
	writes |= add(s, SEAL_SCATTER, PROG_AEAD_SEAL, ret);
	reads = add(s, OPEN, PROG_AEAD_OPEN, ret);
	reads |= add(s, OPEN_GATHER, PROG_AEAD_OPEN_GATHER, ret);
	return writes && reads;
}

static void find(const struct image *im, struct finding *ret)
{
	uint64_t strings[CODE_STRINGS_MAX];
	struct search s = { 0 };
	size_t n;

	if (im->machine != EM_X86_64 || !has_rustls(im))
		return;
	n = code_strings_ending(im, AEAD, 0, strings);
	if (code_open(&s.code, im, strings, n)) {
		identify(&s);
		if (fill(&s, ret)) {
			ret->implementation = "rustls";
			ret->method = "aws-lc's functions";
		}
	}
	code_close(&s.code);
}

const struct finder finder_awslc = {
	.name = "rustls-awslc",
	.group = "rustls",
	.signs = { AEAD },
	.guess = true,
	.find = find,
};
