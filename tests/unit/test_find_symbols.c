/* SPDX-License-Identifier: MIT */
/* Libraries that have symbols: what is hooked in each, in which order, and what is no such library.
 * With file names as arguments: prints what is found in each of them, and how long it took. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "find/finder.h"
#include "tests/unit/elf_image.h"
#include "tests/unit/tap.h"

#define NAMES_MAX 16

/* What is found, as text: "GnuTLS: name+program ..." with '<' for a return. */
struct found {
	const struct elf_image *e;
	struct buf text;
};

static const char *const programs[] = {
#define PROGRAM(id, function, group, kind) [id] = #function,
#include "probes/programs.def"
};

static void on_found(void *arg, const struct finder *finder, const struct finding *f)
{
	struct found *all = arg;

	buf_addf(&all->text, "%s%s:", all->text.len ? "; " : "", f->implementation);
	for (size_t i = 0; i < f->nsites; i++) {
		size_t n = (f->sites[i].addr - elf_image_function(0)) / 16;

		buf_addf(&all->text, " %s%s%s", all->e->names[n], f->sites[i].at_return ? "<" : ">",
			 programs[f->sites[i].prog] + strlen("spy_"));
	}
}

static struct buf find_in(const struct elf_image *e)
{
	struct found all = { .e = e };
	struct image im;
	struct buf file;

	buf_init(&all.text, 1 << 16);
	buf_adds(&all.text, "");
	elf_image_make(e, &file);
	if (image_open_bytes(&im, buf_span(&file)) == 0)
		find_all(&im, on_found, &all);
	image_close(&im);
	buf_done(&file);
	return all.text;
}

static void is_found(const struct elf_image *e, const char *want, const char *what)
{
	struct buf text = find_in(e);

	is_str(text.len ? text.ptr : "", want, "%s", what);
	buf_done(&text);
}

static const struct {
	const char *what, *want, *names[NAMES_MAX];
} cases[] = {
	{ "OpenSSL",
	  "OpenSSL: SSL_write>call SSL_write<write_return SSL_read>call SSL_read<read_return",
	  { "SSL_read", "SSL_write", "SSL_do_handshake" } },
	{ "OpenSSL's names on top of GnuTLS",
	  "",
	  { "SSL_read", "SSL_write", "SSL_new", "SSL_free" } },
	{ "GnuTLS: send jumps to send2, which alone is hooked",
	  "GnuTLS: gnutls_record_send2>call gnutls_record_send2<write_return "
	  "gnutls_record_recv>call "
	  "gnutls_record_recv<read_return gnutls_init>call gnutls_init<init_return "
	  "gnutls_deinit>free",
	  { "gnutls_record_send", "gnutls_record_send2", "gnutls_record_recv", "gnutls_init",
	    "gnutls_deinit" } },
	{ "GnuTLS before 3.6.3",
	  "GnuTLS: gnutls_record_send>call gnutls_record_send<write_return gnutls_record_recv>call "
	  "gnutls_record_recv<read_return",
	  { "gnutls_record_send", "gnutls_record_recv" } },
	{ "GnuTLS: uncork's return is hooked before its entry",
	  "GnuTLS: gnutls_record_send>call gnutls_record_send<write_return gnutls_record_recv>call "
	  "gnutls_record_recv<read_return gnutls_record_uncork<uncork_return "
	  "gnutls_record_uncork>uncork",
	  { "gnutls_record_send", "gnutls_record_recv", "gnutls_record_uncork" } },
	{ "GnuTLS: send2 alone is not all of it",
	  "",
	  { "gnutls_record_send2", "gnutls_record_recv" } },
	{ "NSPR",
	  "NSPR: PR_Write>nspr_call PR_Write<write_return PR_Read>nspr_call PR_Read<read_return "
	  "PR_Send>nspr_call_flags PR_Send<write_return PR_Recv>nspr_call_flags "
	  "PR_Recv<read_return PR_Close>free",
	  { "PR_Write", "PR_Read", "PR_Send", "PR_Recv", "PR_Close" } },
	{ "NSPR: not without PR_Close", "", { "PR_Write", "PR_Read", "PR_Send", "PR_Recv" } },
	{ "NSS",
	  "NSS: SSL_ImportFD<import_return SSL_SetURL>host_text",
	  { "SSL_ImportFD", "SSL_SetURL" } },
	{ "NSPR and NSS in one file",
	  "NSPR: PR_Write>nspr_call PR_Write<write_return PR_Read>nspr_call PR_Read<read_return "
	  "PR_Send>nspr_call_flags PR_Send<write_return PR_Recv>nspr_call_flags "
	  "PR_Recv<read_return "
	  "PR_Writev>nspr_call PR_Writev<write_gap PR_Close>free; "
	  "NSS: SSL_ImportFD<import_return SSL_SetURL>host_text",
	  { "SSL_ImportFD", "SSL_SetURL", "PR_Write", "PR_Read", "PR_Send", "PR_Recv", "PR_Close",
	    "PR_Writev" } },
	{ "wolfSSL",
	  "wolfSSL: wolfSSL_write>call wolfSSL_write<write_return wolfSSL_read>call "
	  "wolfSSL_read<read_return "
	  "wolfSSL_new<new_return wolfSSL_free>free wolfSSL_UseSNI>host_sized",
	  { "wolfSSL_read", "wolfSSL_write", "wolfSSL_new", "wolfSSL_free", "wolfSSL_UseSNI" } },
	{ "Mbed TLS",
	  "Mbed TLS: mbedtls_ssl_write>call mbedtls_ssl_write<write_return mbedtls_ssl_read>call "
	  "mbedtls_ssl_read<read_return mbedtls_ssl_init>clear mbedtls_ssl_free>free "
	  "mbedtls_ssl_set_hostname>host_text",
	  { "mbedtls_ssl_read", "mbedtls_ssl_write", "mbedtls_ssl_init", "mbedtls_ssl_free",
	    "mbedtls_ssl_set_hostname" } },
	{ "s2n",
	  "s2n: s2n_send>call s2n_send<write_return s2n_recv>call s2n_recv<read_return "
	  "s2n_connection_new<new_return "
	  "s2n_connection_wipe>clear s2n_connection_free>free s2n_set_server_name>host_text",
	  { "s2n_send", "s2n_recv", "s2n_connection_new", "s2n_connection_free",
	    "s2n_connection_wipe", "s2n_set_server_name" } },
#define CHANNEL	 "_ZN5Botan3TLS7Channel"
#define RECEIVED CHANNEL "24process_application_dataEmRKSt6vectorIhNS_16secure_allocatorIhEEE"
	{ "Botan",
	  "Botan: " CHANNEL "4sendEPKhm>botan_send " CHANNEL
	  "4sendEPKhm<botan_send_return " RECEIVED ">botan_received " CHANNEL "D2Ev>free",
	  { CHANNEL "4sendEPKhm", RECEIVED, CHANNEL "D2Ev" } },
	{ "half of each",
	  "",
	  { "SSL_read", "gnutls_record_recv", "PR_Read", "SSL_SetURL", "wolfSSL_read",
	    "s2n_recv" } },
	{ "names that only begin alike",
	  "",
	  { "SSL_write2", "SSL_read2", "s2n_sendv", "s2n_recv_" } },
};

static void test_cases(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct elf_image e = {
			EM_X86_64, SHT_DYNSYM, STT_FUNC, false, cases[i].names, false
		};

		is_found(&e, cases[i].want, cases[i].what);
		e.symtab = SHT_SYMTAB;
		e.machine = EM_AARCH64;
		is_found(&e, cases[i].want, "the same by .symtab, on arm64");
		e.stripped = true;
		is_found(&e, cases[i].want, "the same by a .symtab that is not loaded");
	}
}

static void test_not_functions(void)
{
	static const char *const names[] = { "SSL_read", "SSL_write", "SSL_do_handshake", NULL };
	struct elf_image e = { EM_X86_64, SHT_DYNSYM, STT_FUNC, true, names, false };

	is_found(&e, "", "functions that a program imports");
	e = (struct elf_image){ EM_X86_64, SHT_DYNSYM, STT_OBJECT, false, names, false };
	is_found(&e, "", "data of these names");
}

/* Names of rustls as compilers mangle them; `h`: a hash. */
#define OLD(type, trait, rest) "_ZN9_$LT$" type "$u20$as$u20$rustls.." trait "$GT$" rest
#define H		       "17h0123456789abcdefE"
#define V0(rest)	       "_RNvXs_NtNtCs1_6rustls5tls13NtB4_5ThingNtNtB6_6cipher" rest

static const struct {
	const char *what, *want, *names[4];
} rustls_cases[] = {
	{ "rustls 0.20 and 0.21",
	  "rustls: 0>rustls_write 0>rustls_name 1>rustls_read 1<rustls_read_return",
	  { OLD("rustls..tls13..Tls13MessageEncrypter", "cipher..MessageEncrypter", "7encrypt" H),
	    OLD("rustls..tls13..Tls13MessageDecrypter", "cipher..MessageDecrypter",
		"7decrypt" H) } },
	{ "rustls 0.23, with a provider of another crate",
	  "rustls: 0>rustls_read 0<rustls_read_return 1>rustls_write 1>rustls_name",
	  { OLD("graviola..Opener", "crypto..cipher..MessageDecrypter", "7decrypt" H),
	    OLD("graviola..Sealer", "crypto..cipher..MessageEncrypter", "7encrypt" H),
	    OLD("graviola..Sealer", "crypto..cipher..MessageEncrypter",
		"21encrypted_payload_len" H) } },
	{ "rustls, in v0, with a suffix of LLVM's",
	  "rustls: 0>rustls_read 0<rustls_read_return 1>rustls_write 1>rustls_name",
	  { V0("16MessageDecrypter7decrypt"), V0("16MessageEncrypter7encrypt.llvm.123"),
	    V0("16MessageEncrypter21encrypted_payload_len") } },
	{ "an encrypter alone",
	  "",
	  { OLD("rustls..Sealer", "crypto..cipher..MessageEncrypter", "7encrypt" H),
	    V0("16MessageEncrypter7encrypt") } },
	{ "closures in them, and what drops them",
	  "",
	  { OLD("rustls..Sealer", "cipher..MessageEncrypter",
		"7encrypt28_$u7b$$u7b$closure$u7d$$u7d$" H),
	    OLD("rustls..Opener", "cipher..MessageDecrypter",
		"7decrypt28_$u7b$$u7b$closure$u7d$$u7d$" H),
	    "_ZN4core3ptr86drop_in_place$LT$dyn$u20$rustls..cipher..MessageDecrypter$GT$" H } },
	{ "such traits of another crate",
	  "",
	  { "_ZN9_$LT$a..B$u20$as$u20$mail..MessageEncrypter$GT$7encrypt" H,
	    "_ZN9_$LT$a..B$u20$as$u20$mail..MessageDecrypter$GT$7decrypt" H,
	    "_RNvXs_NtCs1_4mail16MessageDecrypter7decrypt" } },
};

/* The names are too long to be read: their numbers stand for them. */
static void on_found_by_number(void *arg, const struct finder *finder, const struct finding *f)
{
	struct buf *text = arg;

	buf_addf(text, "%s%s:", text->len ? "; " : "", f->implementation);
	for (size_t i = 0; i < f->nsites; i++)
		buf_addf(text, " %d%s%s", (int)(f->sites[i].addr - elf_image_function(0)) / 16,
			 f->sites[i].at_return ? "<" : ">",
			 programs[f->sites[i].prog] + strlen("spy_"));
}

static void rustls_is(const struct elf_image *e, const char *want, const char *what)
{
	struct buf text, file;
	struct image im;

	buf_init(&text, 1 << 12);
	buf_adds(&text, "");
	elf_image_make(e, &file);
	if (image_open_bytes(&im, buf_span(&file)) == 0)
		find_all(&im, on_found_by_number, &text);
	is_str(text.len ? text.ptr : "", want, "%s", what);
	image_close(&im);
	buf_done(&file);
	buf_done(&text);
}

static void test_rustls(void)
{
	for (size_t i = 0; i < sizeof(rustls_cases) / sizeof(*rustls_cases); i++) {
		struct elf_image e = {
			EM_X86_64, SHT_SYMTAB, STT_FUNC, false, rustls_cases[i].names, true
		};

		rustls_is(&e, rustls_cases[i].want, rustls_cases[i].what);
		e.machine = EM_AARCH64;
		rustls_is(&e, "", "not on arm64");
	}
}

static void count_nothing(void *arg, const struct finder *finder, const struct finding *f)
{
	(void)arg;
	(void)finder;
	(void)f;
}

#define HOLE	 (1ull << 30)
#define READ_MAX (16u << 20)

/* Anybody can make a file of any size that takes no room: what is not loaded is not read. */
static void test_large(void)
{
#ifdef __aarch64__
	const unsigned machine = EM_AARCH64;
#else
	const unsigned machine = EM_X86_64;
#endif
	static const char *const names[] = { "SSL_read", "SSL_write", "SSL_do_handshake",
					     "SSL_free", NULL };
	struct elf_image e = { machine, SHT_DYNSYM, STT_FUNC, false, names, false };
	struct buf file;
	struct image im;
	struct stat st;
	int fd = memfd_create("large", MFD_CLOEXEC);

	elf_image_make(&e, &file);
	is_int(write(fd, file.ptr, file.len), (int64_t)file.len, "a file");
	is_int(ftruncate(fd, HOLE), 0, "is made large");
	if (image_open(&im, fd) == 0)
		is_int((int64_t)find_all(&im, count_nothing, NULL), 1, "what is in it is found");
	image_close(&im);
	/* Pages of a memfd come into being when they are read. */
	is_int(fstat(fd, &st) == 0 && st.st_blocks * 512 < READ_MAX, 1,
	       "without reading all of it");
	close(fd);
	buf_done(&file);
}

/* Files given by name. */

static void on_found_in_file(void *arg, const struct finder *finder, const struct finding *f)
{
	printf("%s: %s by %s, %zu places\n", (const char *)arg, f->implementation, f->method,
	       f->nsites);
}

static int print_files(char **paths)
{
	for (; *paths; paths++) {
		struct timespec a, b;
		struct image im;
		double ms;
		int fd = open(*paths, O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			continue;
		clock_gettime(CLOCK_MONOTONIC, &a);
		if (image_open(&im, fd) == 0)
			find_all(&im, on_found_in_file, *paths);
		image_close(&im);
		close(fd);
		clock_gettime(CLOCK_MONOTONIC, &b);
		ms = (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6;
		if (ms > 100)
			printf("%s: %.0f ms\n", *paths, ms);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return print_files(argv + 1);
	test_cases();
	test_not_functions();
	test_rustls();
	test_large();
	return tap_done();
}
