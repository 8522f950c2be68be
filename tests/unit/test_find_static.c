/* SPDX-License-Identifier: MIT */
/* BoringSSL, OpenSSL and aws-lc without symbols: found in programs made for it, by all the shapes
 * that compilers give them, and not found where a sign is missing. */
#include <fcntl.h>
#include <unistd.h>

#include "find/finder.h"
#include "find/unwind.h"
#include "tests/unit/program.h"
#include "tests/unit/tap.h"

/* Function 1 calls all others, so that they are known to be functions. */
/* clang-format off */
#define CALLER { .calls = { 2, 3, 4, 5, 6, 7 } }
/* clang-format on */

/* Program, "r" at return, "@" number of the function; in order. */
static const char *describe(const struct finding *f)
{
	static const char *const names[PROG_COUNT] = {
		[PROG_CALL] = "call",
		[PROG_WRITE_RETURN] = "write",
		[PROG_READ_RETURN] = "read",
		[PROG_CALL_PEEK] = "peek",
		[PROG_NEW_RETURN] = "new",
		[PROG_HANDSHAKE_RETURN] = "handshake",
		[PROG_CALL_INTERNAL] = "internal",
		[PROG_SEAL] = "sealed",
		[PROG_SEAL_RETURN] = "sealed",
		[PROG_AEAD_SEAL] = "seal",
		[PROG_AEAD_OPEN] = "open",
		[PROG_FREE] = "free",
		[PROG_AEAD_OPEN_GATHER] = "gather",
		[PROG_AEAD_OPEN_RETURN] = "opened",
	};
	static char text[512];
	int n = 0;

	text[0] = '\0';
	if (!f->implementation)
		return text;
	for (size_t i = 0; i < f->nsites; i++) {
		const struct site *s = &f->sites[i];
		uint64_t at = s->addr - PROGRAM_BASE - PROGRAM_CODE;

		n += snprintf(text + n, sizeof(text) - (size_t)n, "%s%s%s@%d", i ? " " : "",
			      names[s->prog] ? names[s->prog] : "?", s->at_return ? "-r" : "",
			      at % PROGRAM_FUNCTION > 1 ? -1 : (int)(at / PROGRAM_FUNCTION) + 1);
	}
	return text;
}

static void check(const struct finder *finder, const struct program *p, const char *want,
		  const char *what)
{
	struct span file = program_make(p);
	struct finding f = { 0 };
	struct image im;

	is_int(image_open_bytes(&im, file), 0, "%s: is an image", what);
	finder->find(&im, &f);
	is_str(describe(&f), want, "%s", what);
	image_close(&im);
	free((void *)file.ptr);
}

static const struct {
	unsigned machine, type;
	const char *name;
} kinds[] = {
	{ EM_X86_64, ET_DYN, "x86-64" },
	{ EM_X86_64, ET_EXEC, "x86-64 at fixed addresses" },
	{ EM_AARCH64, ET_DYN, "arm64" },
};

static void check_kinds(const struct finder *finder, struct program p, const char *want,
			const char *what)
{
	char text[128];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		p.machine = kinds[i].machine;
		p.type = kinds[i].type;
		snprintf(text, sizeof(text), "%s: %s", kinds[i].name, what);
		check(finder, &p, want, text);
	}
}

/* ---- BoringSSL ---- */

#define FILE_NAME "../../third_party/boringssl/src/ssl/ssl_lib.cc"
/* clang-format off */
#define WRITE { .strings = { 1 }, .constants = { 66, 111, 226 }, .calls = { 3 } }
#define OLD_WRITE { .strings = { 1 }, .constants = { 66, 215, 226 }, .calls = { 3 } }
#define HANDSHAKE { .strings = { 1, 1 }, .constants = { 134 } }
#define READ_IMPL { .strings = { 1 }, .constants = { 215, 226 }, .calls = { 3 } }
#define READ { .strings = { 1 }, .constants = { 66 }, .calls = { 4 }, .updates = true }
#define PEEK { .strings = { 1 }, .constants = { 66 }, .calls = { 4 } }
#define NEW { .strings = { 1 }, .constants = { 185 } }
#define BORING { FILE_NAME }
#define ALL { CALLER, WRITE, HANDSHAKE, READ_IMPL, READ, PEEK, NEW }
/* clang-format on */
#define ALL_FOUND "call@2 write-r@2 call@5 read-r@5 call@3 handshake-r@3 new-r@7"

static void test_boringssl(void)
{
	const struct finder *b = &finder_boringssl;
	struct program p = { .strings = BORING, .functions = ALL };

	check_kinds(b, p, ALL_FOUND, "each function by itself");

	p.strings[0] = "ssl/ssl_lib.c";
	check_kinds(b, p, ALL_FOUND, "when it was C");

	p = (struct program){ .strings = BORING,
			      .functions = { CALLER, WRITE, HANDSHAKE, READ_IMPL, PEEK } };
	check_kinds(b, p, "call@2 write-r@2 peek@5 read-r@5 call@3 handshake-r@3",
		    "SSL_read and SSL_new inlined");

	p = (struct program){
		.strings = BORING,
		.functions = { CALLER,
			       WRITE,
			       HANDSHAKE,
			       { .strings = { 1 }, .constants = { 66, 215, 226 }, .updates = true },
			       { .strings = { 1 }, .constants = { 66, 215, 226 } } }
	};
	check_kinds(b, p, "call@2 write-r@2 call@4 read-r@4 call@3 handshake-r@3",
		    "ssl_read_impl inlined");

	p.functions[2] = (struct program_function){ 0 };
	check_kinds(b, p, "call@2 write-r@2 call@4 read-r@4", "no handshake is needed");

	p = (struct program){ .strings = BORING, .functions = ALL };
	p.functions[4].updates = false;
	p.functions[4].moves = true;
	check_kinds(b, p, ALL_FOUND, "SSL_read loads, subtracts and stores");
	p.functions[5] = (struct program_function){ 0 };
	check_kinds(b, p, "call@2 write-r@2 call@5 read-r@5 call@3 handshake-r@3 new-r@7",
		    "and SSL_peek is not called");

	p = (struct program){ .strings = BORING, .functions = ALL };
	p.functions[1] = (struct program_function)OLD_WRITE;
	check_kinds(b, p, ALL_FOUND, "SSL_write until 2022");
	p.functions[3] = (struct program_function){ 0 };
	check_kinds(b, p, "", "nothing tells it from SSL_read");

	p = (struct program){ .machine = EM_X86_64,
			      .type = ET_DYN,
			      .strings = BORING,
			      .functions = { CALLER,
					     WRITE,
					     HANDSHAKE,
					     { .strings = { 1, 1 },
					       .constants = { 66, 134, 215, 0x100000e2 } } } };
	check(b, &p, "call@2 write-r@2 peek@4 read-r@4 call@3 handshake-r@3",
	      "an error that was put together beforehand");

	p = (struct program){ .strings = BORING, .functions = ALL };
	for (size_t i = 1; i < 7; i++)
		p.functions[i].misleads = true;
	check_kinds(b, p, ALL_FOUND, "what is no call does not begin a function");
}

static void test_boringssl_not(void)
{
	const struct finder *b = &finder_boringssl;
	const struct program whole = { .strings = BORING, .functions = ALL };
	struct program p = whole;

	p.strings[0] = "src/ssl/ssl_lib.cpp";
	check_kinds(b, p, "", "another file's name");
	p = whole;
	p.functions[5] = (struct program_function)WRITE;
	check_kinds(b, p, "", "two that look like SSL_write");
	p = whole;
	p.functions[1] = (struct program_function){ 0 };
	check_kinds(b, p, "", "no SSL_write");
	p = whole;
	p.functions[4] = p.functions[5] = (struct program_function){ 0 };
	check_kinds(b, p, "", "neither SSL_read nor SSL_peek");
	p = whole;
	p.functions[5].updates = true;
	check_kinds(b, p, "", "two that look like SSL_read");
	p = whole;
	p.functions[0] = (struct program_function){ 0 };
	check_kinds(b, p, "", "nothing tells where functions begin");
	p = whole;
	p.machine = EM_RISCV;
	p.type = ET_DYN;
	check(b, &p, "", "a machine that is not known");
}

struct all_found {
	char text[200];
	size_t sites;
};

static void note_found(void *arg, const struct finder *finder, const struct finding *f)
{
	struct all_found *all = arg;
	size_t n = strlen(all->text);

	(void)finder;
	snprintf(all->text + n, sizeof(all->text) - n, "%s by %s;", f->implementation, f->method);
	all->sites += f->nsites;
}

static void check_all(const struct program *p, const char *want, const char *what)
{
	struct span file = program_make(p);
	struct all_found all = { 0 };
	struct image im;

	is_int(image_open_bytes(&im, file), 0, "%s: is an image", what);
	find_all(&im, note_found, &all);
	is_str(all.text, want, "%s", what);
	image_close(&im);
	free((void *)file.ptr);
}

/* A guess beside symbols of the same family could only be the same once more, or wrong. */
static void test_boringssl_symbols(void)
{
	struct program p = { .machine = EM_X86_64,
			     .type = ET_DYN,
			     .strings = BORING,
			     .functions = ALL,
			     .symbols = { { 2, "SSL_write" }, { 8, "SSL_read" } } };

	check_all(&p, "BoringSSL by strings and constants;", "too few symbols: a guess");
	p.symbols[2].function = 3;
	p.symbols[2].name = "SSL_do_handshake";
	check_all(&p, "OpenSSL by symbols;", "BoringSSL with its symbols is found by them alone");
	p.symbols[0].function = 9;
	check_all(&p, "OpenSSL by symbols;", "and if a guess would find other places");
}

/* ---- OpenSSL ---- */

static const struct program openssl = {
	.strings = { "ssl_write_internal", "ssl_read_internal", "SSL_new", "SSL_do_handshake",
		     "_SSL_new" },
	.functions = { CALLER,
		       { .strings = { 1, 1 }, .constants = { 207, 276 } },
		       { .strings = { 2, 2 }, .constants = { 207, 276 } },
		       { .strings = { 3 } },
		       { .strings = { 4 } },
		       { .strings = { 5 } } },
};

static void test_openssl(void)
{
	const struct finder *o = &finder_openssl_static;
	struct program p = openssl;

	check_kinds(o, p, "internal@2 write-r@2 internal@3 read-r@3 call@5 handshake-r@5 new-r@4",
		    "OpenSSL by the names of its functions");
	p.functions[3] = p.functions[4] = (struct program_function){ 0 };
	check_kinds(o, p, "internal@2 write-r@2 internal@3 read-r@3",
		    "the other two are not needed");
	p = openssl;
	p.functions[6] = p.functions[3];
	check_kinds(o, p, "internal@2 write-r@2 internal@3 read-r@3 call@5 handshake-r@5",
		    "SSL_new inlined");

	p = openssl;
	p.functions[6] = p.functions[1];
	check_kinds(o, p, "", "ssl_write_internal inlined into two");
	p = openssl;
	p.strings[1] = "ssl_peek_internal";
	check_kinds(o, p, "", "no ssl_read_internal");
	p = openssl;
	p.strings[1] = "my_ssl_read_internal";
	check_kinds(o, p, "", "a name that only ends so");
	p = openssl;
	p.functions[1].constants[1] = 0;
	check_kinds(o, p, "", "a function of that name that does not raise its error");
	p = openssl;
	p.functions[2] = (struct program_function){ 0 };
	p.functions[1].strings[1] = 2;
	check_kinds(o, p, "", "one function by both names");
}

/* ---- OpenSSL 1.1.1 ---- */

/* clang-format off */
static const struct program openssl1 = {
	.strings = { "ssl/ssl_lib.c" },
	.functions = { CALLER,
		       { .strings = { 1 }, .constants = { 524, 276, 207 } },
		       { .strings = { 1 }, .constants = { 523, 276, 207 } },
		       { .strings = { 1 }, .constants = { 186, 195 } },
		       { .strings = { 1 }, .constants = { 180, 144 } },
		       { .strings = { 1 }, .constants = { 522, 276 } } },
};
/* clang-format on */

static void test_openssl1(void)
{
	const struct finder *o = &finder_openssl1;
	struct program p = openssl1;

	check_kinds(o, p, "internal@2 write-r@2 internal@3 read-r@3 call@5 handshake-r@5 new-r@4",
		    "OpenSSL 1.1.1 by the numbers of its functions");
	p.functions[3] = p.functions[4] = (struct program_function){ 0 };
	check_kinds(o, p, "internal@2 write-r@2 internal@3 read-r@3",
		    "the other two are not needed there either");
	p = openssl1;
	p.strings[0] = "ssl/ssl_lib.cc";
	check_kinds(o, p, "", "BoringSSL's file");
	p = openssl1;
	p.functions[6] = p.functions[1];
	check_kinds(o, p, "", "ssl_write_internal inlined into two, 1.1.1");
	p = openssl1;
	p.functions[2].constants[1] = 0;
	check_kinds(o, p, "", "a function that does not raise its error, 1.1.1");
	p = openssl1;
	p.functions[2] = (struct program_function){ 0 };
	p.functions[1].constants[3] = 523;
	check_kinds(o, p, "", "one function with both numbers");
}

/* ---- BoringSSL's sealed write ---- */

#define PACKET "../boringssl/ssl/s3_pkt.cc"
/* clang-format off */
#define API { .jumps = { 9 } }
#define SEALED { .frame = true, .strings = { 2, 2 }, .constants = { 189, 68 } }
/* clang-format on */
#define WITH_SEALED ALL_FOUND " sealed@9 sealed-r@9"

static const struct program sealed = {
	.machine = EM_X86_64,
	.type = ET_DYN,
	.strings = { FILE_NAME, PACKET },
	.functions = { CALLER, WRITE, HANDSHAKE, READ_IMPL, READ, PEEK, NEW, API, SEALED },
};

static void test_sealed(void)
{
	const struct finder *b = &finder_boringssl;
	struct program p = sealed;

	check(b, &p, WITH_SEALED, "a sealed write");
	p.type = ET_EXEC;
	check(b, &p, WITH_SEALED, "a sealed write, at fixed addresses");
	p = sealed;
	p.strings[1] = "../boringssl/ssl/tls_record.cc";
	check(b, &p, ALL_FOUND, "of another file, where BoringSSL raises it too");
	p = sealed;
	p.functions[8].constants[1] = 0;
	check(b, &p, ALL_FOUND, "one reason alone");
	p = sealed;
	p.functions[7] = (struct program_function){ 0 };
	check(b, &p, ALL_FOUND, "nothing jumps there");
	p = sealed;
	p.functions[8].frame = false;
	check(b, &p, ALL_FOUND, "nothing shows that it begins there");
	p = sealed;
	p.functions[9] = p.functions[8];
	p.functions[7].jumps[1] = 10;
	check(b, &p, ALL_FOUND, "two of the kind");
}

/* ---- rustls by aws-lc ---- */

/* clang-format off */
#define SEAL { .strings = { 1 }, .constants = { 117, 103, 115 } }
#define SCATTER { .strings = { 1 }, .constants = { 112, 115 } }
#define OPEN { .strings = { 1, 1 }, .constants = { 115, 101, 103 }, .calls = { 5 } }
#define OPEN_WHOLE { .strings = { 1 }, .constants = { 115, 101, 103, 104 } }
#define GATHER { .strings = { 1 }, .constants = { 115, 104 } }
/* clang-format on */

static const struct program awslc = {
	.machine = EM_X86_64,
	.type = ET_DYN,
	.strings = { "aws-lc/crypto/fipsmodule/cipher/aead.c",
		     "self.next_pre_encrypt_action() != PreEncryptAction::Refuse" },
	.functions = { CALLER,
		       SEAL,
		       SCATTER,
		       OPEN,
		       GATHER,
		       { .strings = { 1 }, .constants = { 124, 120 } } },
};

static void test_awslc(void)
{
	const struct finder *a = &finder_awslc;
	struct program p = awslc;

	check(a, &p, "seal@2 seal@3 gather@5 opened-r@5", "aws-lc where open calls open_gather");
	p.functions[3] = (struct program_function)OPEN_WHOLE;
	check(a, &p, "seal@2 seal@3 open@4 opened-r@4 gather@5 opened-r@5",
	      "aws-lc where open has it inlined");
	p.functions[2] = p.functions[4] = (struct program_function){ 0 };
	check(a, &p, "seal@2 open@4 opened-r@4", "one of each kind is enough");
	p.functions[3] = (struct program_function){ 0 };
	check(a, &p, "", "but not one kind alone");

	p = awslc;
	for (size_t i = 1; i < 5; i++)
		p.functions[i].skewed = p.functions[i].frame = true;
	check(a, &p, "seal@2 seal@3 gather@5 opened-r@5", "functions that are not aligned");
	for (size_t i = 1; i < 5; i++)
		p.functions[i].frame = false;
	check(a, &p, "", "whose beginnings have no frame pointer either");
}

static void test_awslc_not(void)
{
	const struct finder *a = &finder_awslc;
	struct program p = awslc;

	p.strings[1] = "assertion failed: !self.encrypt_exhausted()";
	check(a, &p, "seal@2 seal@3 gather@5 opened-r@5", "rustls 0.22");
	p.strings[1] = "PreEncryptAction";
	check(a, &p, "", "aws-lc without rustls");
	p = awslc;
	p.strings[0] = "boringssl/crypto/fipsmodule/cipher/aead.c";
	check(a, &p, "", "BoringSSL beside rustls");
	p = awslc;
	p.functions[5] = (struct program_function)SEAL;
	p.functions[2] = (struct program_function){ 0 };
	check(a, &p, "", "two that look like seal, and nothing else that writes");
	p = awslc;
	p.machine = EM_AARCH64;
	check(a, &p, "", "aws-lc on another machine");
}

/* ---- Mbed TLS ---- */

static void test_mbedtls(void)
{
	const unsigned bad_input = 0xffff8f00;
	struct program p = { .machine = EM_X86_64,
			     .type = ET_DYN,
			     .strings = { "=> write", "=> read", "=> handshake", "=> free",
					  "=> read record" },
			     .functions = { CALLER,
					    { .strings = { 1 }, .constants = { bad_input } },
					    { .strings = { 2 }, .constants = { bad_input } },
					    { .strings = { 3 } },
					    { .strings = { 4 } },
					    { .strings = { 5 }, .constants = { bad_input } } } };

	check(&finder_mbedtls, &p, "call@2 write-r@2 call@3 read-r@3 call@4 handshake-r@4 free@5",
	      "Mbed TLS by what its functions say");
	p.functions[3] = p.functions[4] = (struct program_function){ 0 };
	check(&finder_mbedtls, &p, "call@2 write-r@2 call@3 read-r@3", "the least of it");
	p.functions[2].constants[0] = 0xffff8f01;
	check(&finder_mbedtls, &p, "", "another error");
	p.functions[2].constants[0] = bad_input;
	p.functions[6] = p.functions[1];
	check(&finder_mbedtls, &p, "", "two that say so");
	p.functions[6] = (struct program_function){ 0 };
	p.strings[1] = "=> reading";
	check(&finder_mbedtls, &p, "", "another word");
}

/* ---- unwind tables: those of this program ---- */

/* Private mappings show the breakpoints of tracers. */
static bool is_shared(const void *at)
{
	FILE *f = fopen("/proc/self/maps", "re");
	char line[512], kind[5] = "";
	unsigned long begin, end;
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%lx-%lx %4s", &begin, &end, kind) == 3 &&
			begin == (unsigned long)at;
	if (f)
		fclose(f);
	return found && strcmp(kind, "r--s") == 0;
}

static void test_unwind(void)
{
	struct symbol self = { .name = "main" };
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct unwind u;
	struct image im;

	if (fd < 0 || image_open(&im, fd) != 0) {
		ok(true, "unwind tables # SKIP: this program cannot be read");
		return;
	}
	close(fd);
	ok(is_shared(im.file.ptr), "a file is mapped as it is");
	image_symbols(&im, &self, 1);
	unwind_open(&u, &im);
	ok(self.addr && u.entries.len, "this program has a main, and unwind tables");
	is_int(unwind_place(&u, self.addr), UNWIND_START, "main is where a function begins");
	is_int(unwind_place(&u, self.addr + 4), UNWIND_INSIDE, "and goes on");
	ok(unwind_end(&u, self.addr) > self.addr + 4, "and has an end");
	is_int((long)unwind_end(&u, self.addr + 4), 0, "of which the middle knows nothing");
	ok(unwind_is_entered(&u, self.addr) && !unwind_is_entered(&u, self.addr + 4),
	   "calls enter it at its beginning");
	is_int(unwind_place(&u, 0), UNWIND_UNKNOWN, "before all code");
	is_int(unwind_place(&u, UINT64_MAX), UNWIND_UNKNOWN, "behind all code");
	image_close(&im);
}

int main(void)
{
	test_boringssl();
	test_boringssl_not();
	test_boringssl_symbols();
	test_openssl();
	test_openssl1();
	test_awslc();
	test_awslc_not();
	test_sealed();
	test_mbedtls();
	test_unwind();
	return tap_done();
}
