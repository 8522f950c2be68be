/* SPDX-License-Identifier: MIT */
/* rustls in programs with symbols, as cargo leaves them by default: the methods `encrypt` and
 * `decrypt` of each type that implements rustls' traits, whatever the cipher's provider, rustls'
 * version and the optimisation. Only x86-64, as probes/rustls.bpf.c is measured on that alone.
 * Sources: rustls, src/crypto/cipher.rs (before 0.22 src/cipher.rs); The rustc book, symbol
 * mangling. */
#include "find/finder.h"

struct methods {
	struct finding *ret;
	bool encrypt, decrypt;
};

/* Legacy mangling: "_ZN...as rustls..crypto..cipher..MessageEncrypter>7encrypt17h<hash>E", where
 * "$u20$" is a blank and "$GT$" a ">". v0: "_R...6rustls...16MessageEncrypter7encrypt". */
struct method {
	const char *crate, *legacy, *v0;
};

static const struct method encrypt = { "$u20$as$u20$rustls..", "..MessageEncrypter$GT$7encrypt17h",
				       "16MessageEncrypter7encrypt" };
static const struct method decrypt = { "$u20$as$u20$rustls..", "..MessageDecrypter$GT$7decrypt17h",
				       "16MessageDecrypter7decrypt" };

/* The trait in the name of a method is preceded by "as", its crate, and modules alone. */
static bool is_legacy(const char *name, const struct method *m)
{
	const char *crate = strstr(name, m->crate);

	return crate && strstr(crate, m->legacy);
}

/* Of v0, names of crates may be references to earlier ones. Nothing but a suffix of LLVM's may
 * follow. */
static bool is_v0(const char *name, const struct method *m)
{
	const char *at = strstr(name, m->v0);

	if (strncmp(name, "_R", 2) != 0 || !strstr(name, "6rustls") || !at)
		return false;
	at += strlen(m->v0);
	return !*at || *at == '.';
}

static bool is_method(const char *name, const struct method *m)
{
	return is_legacy(name, m) || is_v0(name, m);
}

static bool is_known(const struct finding *f, uint64_t addr)
{
	for (size_t i = 0; i < f->nsites; i++)
		if (f->sites[i].addr == addr)
			return true;
	return false;
}

static void on_function(void *arg, const char *name, uint64_t addr)
{
	struct methods *m = arg;

	/* Programs have many symbols: most are rejected by one search. */
	if (!addr || !strstr(name, "crypter") || is_known(m->ret, addr))
		return;
	if (is_method(name, &decrypt)) {
		finding_add(m->ret, addr, PROG_RUSTLS_READ, false);
		finding_add(m->ret, addr, PROG_RUSTLS_READ_RETURN, true);
		m->decrypt = true;
	} else if (is_method(name, &encrypt)) {
		finding_add(m->ret, addr, PROG_RUSTLS_WRITE, false);
		finding_add(m->ret, addr, PROG_RUSTLS_NAME, false);
		m->encrypt = true;
	}
}

static void find(const struct image *im, struct finding *ret)
{
	struct methods m = { .ret = ret };

	if (im->machine != EM_X86_64)
		return;
	image_functions(im, on_function, &m);
	if (!m.encrypt || !m.decrypt)
		return;
	ret->implementation = "rustls";
	ret->method = "symbols";
}

const struct finder finder_rustls_symbols = {
	.name = "rustls-symbols",
	.group = "rustls",
	.signs = { "MessageEncrypter" },
	.find = find,
};
