/* SPDX-License-Identifier: MIT */
/* Erlang's crypto.so: which places are hooked, in which order, for each form of stub; what is not
 * hooked; and files that lie or end early. */
#include <elf.h>
#include <stdlib.h>

#include "base/buf.h"
#include "find/finder.h"
#include "tests/unit/tap.h"

#define BASE	  0x400000u
#define STUBS	  0x1000u /* offset in the file */
#define SLOTS	  0x8000u /* address behind BASE */
#define STUB_LEN  16
#define NAMES_MAX 12

enum stub { PLAIN, SECURE, NONE };

struct sample {
	const char *what, *want;
	unsigned machine;
	enum stub stub;
	const char *defined[3], *imported[NAMES_MAX];
};

#define CRYPTO                                                                                     \
	{                                                                                          \
		"aead_cipher_nif", "nif_init"                                                      \
	}
#define WHOLE                                                                                      \
	"Erlang's ssl: 3>erl_init 1>erl_update 0>erl_encrypted 4>call 4<erl_decrypted "            \
	"2<erl_mac_return 2>erl_mac"
#define IMPORTED                                                                                   \
	{                                                                                          \
		"EVP_CipherFinal_ex", "EVP_CipherUpdate", "EVP_Q_mac", "EVP_CipherInit_ex",        \
			"EVP_DecryptFinal_ex"                                                      \
	}
#define UNFIT "Erlang's ssl: was not built for OpenSSL 3 as a library, or not for x86-64"

static const struct sample samples[] = {
	{ "crypto.so", WHOLE, EM_X86_64, PLAIN, CRYPTO, IMPORTED },
	{ "stubs that begin with endbr64", WHOLE, EM_X86_64, SECURE, CRYPTO, IMPORTED },
	{ "calls without stubs", UNFIT, EM_X86_64, NONE, CRYPTO, IMPORTED },
	{ "another machine", UNFIT, EM_AARCH64, PLAIN, CRYPTO, IMPORTED },
	{ "OpenSSL 1.1",
	  UNFIT,
	  EM_X86_64,
	  PLAIN,
	  CRYPTO,
	  { "EVP_CipherFinal_ex", "EVP_CipherUpdate", "EVP_DigestSign", "EVP_CipherInit_ex",
	    "EVP_DecryptFinal_ex" } },
	{ "two stubs for one function",
	  UNFIT,
	  EM_X86_64,
	  PLAIN,
	  CRYPTO,
	  { "EVP_CipherFinal_ex", "EVP_CipherUpdate", "EVP_Q_mac", "EVP_CipherInit_ex",
	    "EVP_DecryptFinal_ex", "EVP_CipherUpdate" } },
	{ "what only imports crypto.so's function",
	  "",
	  EM_X86_64,
	  PLAIN,
	  { "nif_init" },
	  { "EVP_CipherFinal_ex", "EVP_CipherUpdate", "EVP_Q_mac", "EVP_CipherInit_ex",
	    "EVP_DecryptFinal_ex", "aead_cipher_nif" } },
	{ "another user of libcrypto", "", EM_X86_64, PLAIN, { "nif_init" }, IMPORTED },
};

static const char *const programs[] = {
#define PROGRAM(id, function, group, kind) [id] = #function,
#include "probes/programs.def"
};

/* ---- the file ---- */

struct file {
	struct buf bytes, names, section_names;
	Elf64_Shdr sections[6];
	size_t count;
};

static void add_section(struct file *f, const char *name, uint32_t type, uint32_t link,
			uint64_t entsize, struct span content)
{
	while (f->bytes.len % 16)
		buf_add(&f->bytes, span_of("", 1));
	f->sections[f->count++] = (Elf64_Shdr){ .sh_name = (uint32_t)f->section_names.len,
						.sh_type = type,
						.sh_flags = SHF_ALLOC,
						.sh_addr = BASE + f->bytes.len,
						.sh_offset = f->bytes.len,
						.sh_size = content.len,
						.sh_link = link,
						.sh_entsize = entsize };
	buf_add(&f->section_names, span_of(name, strlen(name) + 1));
	buf_add(&f->bytes, content);
}

static void add_symbol(struct file *f, struct buf *table, const char *name, bool defined)
{
	Elf64_Sym sym = { .st_name = (uint32_t)f->names.len,
			  .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
			  .st_shndx = defined ? SHN_ABS : SHN_UNDEF,
			  .st_value = defined ? BASE + 0x800 : 0 };

	buf_add(table, span_of(&sym, sizeof(sym)));
	buf_add(&f->names, span_of(name, strlen(name) + 1));
}

static void add_stub(struct buf *stubs, enum stub kind, size_t i)
{
	static const char secure[] = "\xf3\x0f\x1e\xfa\xf2\xff\x25", plain[] = "\xff\x25";
	size_t begin = stubs->len, head = kind == SECURE ? sizeof(secure) - 1 : sizeof(plain) - 1;
	uint64_t next = BASE + STUBS + begin + head + 4;
	int32_t past = (int32_t)(BASE + SLOTS + 8 * i - next);

	buf_add(stubs, span_of(kind == SECURE ? secure : plain, head));
	buf_add(stubs, span_of(&past, sizeof(past)));
	while (stubs->len < begin + STUB_LEN)
		buf_add(stubs, span_of("\x90", 1));
}

static void add_tables(struct file *f, const struct sample *s)
{
	struct buf symbols, relocations, stubs;
	size_t first = 1;

	buf_init(&symbols, 1 << 16);
	buf_init(&relocations, 1 << 16);
	buf_init(&stubs, 1 << 16);
	add_symbol(f, &symbols, "", false);
	for (size_t i = 0; s->defined[i]; i++, first++)
		add_symbol(f, &symbols, s->defined[i], true);
	for (size_t i = 0; s->imported[i]; i++) {
		Elf64_Rela r = { .r_offset = BASE + SLOTS + 8 * i,
				 .r_info = ELF64_R_INFO(first + i, R_X86_64_JUMP_SLOT) };

		add_symbol(f, &symbols, s->imported[i], false);
		buf_add(&relocations, span_of(&r, sizeof(r)));
		if (s->stub != NONE)
			add_stub(&stubs, s->stub, i);
	}
	add_section(f, s->stub == SECURE ? ".plt.sec" : ".plt", SHT_PROGBITS, 0, STUB_LEN,
		    buf_span(&stubs));
	add_section(f, ".dynsym", SHT_DYNSYM, 3, sizeof(Elf64_Sym), buf_span(&symbols));
	add_section(f, ".dynstr", SHT_STRTAB, 0, 0, buf_span(&f->names));
	add_section(f, ".rela.plt", SHT_RELA, 2, sizeof(Elf64_Rela), buf_span(&relocations));
	buf_done(&symbols);
	buf_done(&relocations);
	buf_done(&stubs);
}

static void add_header(struct file *f, unsigned machine)
{
	Elf64_Ehdr eh = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				       EV_CURRENT },
			  .e_type = ET_DYN,
			  .e_machine = (Elf64_Half)machine,
			  .e_version = EV_CURRENT,
			  .e_phoff = sizeof(eh),
			  .e_shoff = f->bytes.len,
			  .e_ehsize = sizeof(eh),
			  .e_phentsize = sizeof(Elf64_Phdr),
			  .e_phnum = 1,
			  .e_shentsize = sizeof(Elf64_Shdr),
			  .e_shnum = (Elf64_Half)f->count,
			  .e_shstrndx = (Elf64_Half)(f->count - 1) };
	Elf64_Phdr ph = { .p_type = PT_LOAD,
			  .p_flags = PF_R | PF_X,
			  .p_vaddr = BASE,
			  .p_filesz = f->bytes.len,
			  .p_memsz = f->bytes.len };

	memcpy(f->bytes.ptr, &eh, sizeof(eh));
	memcpy(f->bytes.ptr + sizeof(eh), &ph, sizeof(ph));
	buf_add(&f->bytes, span_of(f->sections, f->count * sizeof(*f->sections)));
}

static void make(struct file *f, const struct sample *s)
{
	static const char zeroes[STUBS];

	*f = (struct file){ .count = 1 };
	buf_init(&f->bytes, 1 << 20);
	buf_init(&f->names, 1 << 16);
	buf_init(&f->section_names, 1 << 16);
	buf_add(&f->section_names, span_of("", 1));
	buf_add(&f->bytes, span_of(zeroes, sizeof(zeroes)));
	add_tables(f, s);
	buf_add(&f->section_names, span_of(".shstrtab", sizeof(".shstrtab")));
	add_section(f, "", SHT_STRTAB, 0, 0, buf_span(&f->section_names));
	add_header(f, s->machine);
}

static void unmake(struct file *f)
{
	buf_done(&f->bytes);
	buf_done(&f->names);
	buf_done(&f->section_names);
}

/* ---- what is found ---- */

static void on_found(void *arg, const struct finder *finder, const struct finding *f)
{
	struct buf *text = arg;

	buf_addf(text, "%s:%s%s", f->implementation, f->problem ? " " : "",
		 f->problem ? f->problem : "");
	for (size_t i = 0; i < f->nsites; i++)
		buf_addf(text, " %zu%s%s", (size_t)(f->sites[i].addr - BASE - STUBS) / STUB_LEN,
			 f->sites[i].at_return ? "<" : ">",
			 programs[f->sites[i].prog] + strlen("spy_"));
}

static struct buf find_in(struct span file)
{
	struct image im;
	struct buf text;

	buf_init(&text, 1 << 16);
	buf_adds(&text, "");
	if (image_open_bytes(&im, file) == 0)
		find_all(&im, on_found, &text);
	image_close(&im);
	return text;
}

static void test_samples(void)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct buf text;
		struct file f;

		make(&f, &samples[i]);
		text = find_in(buf_span(&f.bytes));
		is_str(text.len ? text.ptr : "", samples[i].want, "%s", samples[i].what);
		buf_done(&text);
		unmake(&f);
	}
}

/* Each in memory of its own, so that a sanitizer sees what is read behind its end. */
static bool is_harmless(const struct file *f, size_t len, size_t at, uint8_t value)
{
	uint8_t *copy = malloc(len + 1);
	struct buf text;

	memcpy(copy, f->bytes.ptr, len);
	if (at < len)
		copy[at] = value;
	text = find_in(span_of(copy, len));
	buf_done(&text);
	free(copy);
	return true;
}

static void test_broken(void)
{
	bool good = true;
	struct file f;

	make(&f, &samples[0]);
	for (size_t len = 0; len < f.bytes.len; len += 7)
		good &= is_harmless(&f, len, len, 0);
	ok(good, "files that end early");
	for (size_t at = STUBS; at < f.bytes.len; at++)
		good &= is_harmless(&f, f.bytes.len, at, 0xff);
	ok(good, "files with a byte that lies");
	unmake(&f);
}

int main(void)
{
	test_samples();
	test_broken();
	return tap_done();
}
