/* SPDX-License-Identifier: MIT */
#include "probe/bytecode_key.h"

#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "config.h"
#include "kernel/cpus.h"
#include "probe/embedded.h"
#include "probe/source.h"

/* Of a tree of kernel headers: what changes when it is configured, updated or replaced. */
static const char *const header_files[] = {
	"/.",
	"/include/linux/kconfig.h",
	"/include/linux/types.h",
	"/include/uapi/linux/bpf.h",
	"/include/generated/autoconf.h",
	"/include/generated/utsrelease.h",
	"/include/generated/uapi/linux/version.h",
	"/arch/x86/include/asm/ptrace.h",
	"/arch/arm64/include/asm/ptrace.h",
};

/* What decides which libraries are loaded, and how libbcc and clang compile. */
static bool matters(const char *variable)
{
	static const char *const prefixes[] = { "LD_",	  "BCC_",	"ARCH=",
						"CPATH=", "C_INCLUDE_", "CCC_" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (strncmp(variable, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

static void add_text(struct sha256_ctx *ctx, const char *s)
{
	sha256_update(ctx, strlen(s) + 1, (const uint8_t *)s);
}

static void add_number(struct sha256_ctx *ctx, uint64_t n)
{
	uint8_t bytes[8];

	put_le(bytes, n, sizeof(bytes));
	sha256_update(ctx, sizeof(bytes), bytes);
}

/* That there is no such file counts as well. */
static void add_file(struct sha256_ctx *ctx, const char *path)
{
	struct bytecode_file f = { 0 };

	add_text(ctx, path);
	bytecode_stat(path, &f);
	add_number(ctx, f.dev);
	add_number(ctx, f.ino);
	add_number(ctx, f.size);
	add_number(ctx, f.mtime_ns);
	add_number(ctx, f.ctime_ns);
}

/* As far as it has any: the kernel's build id. */
static void add_content(struct sha256_ctx *ctx, const char *path)
{
	FILE *f = fopen(path, "re");
	uint8_t bytes[4096];
	size_t n = f ? fread(bytes, 1, sizeof(bytes), f) : 0;

	add_number(ctx, n);
	sha256_update(ctx, n, bytes);
	if (f)
		fclose(f);
}

static int add_kernel(struct sha256_ctx *ctx, struct utsname *u)
{
	if (uname(u) != 0)
		return -errno;
	add_text(ctx, u->release);
	add_text(ctx, u->version);
	add_text(ctx, u->machine);
	add_content(ctx, "/sys/kernel/notes");
	add_number(ctx, cpus_possible()); /* sizes of maps */
	return 0;
}

static void add_tree(struct sha256_ctx *ctx, const char *dir)
{
	char path[PATH_MAX + 64];

	for (size_t i = 0; i < sizeof(header_files) / sizeof(*header_files); i++) {
		snprintf(path, sizeof(path), "%s%s", dir, header_files[i]);
		add_file(ctx, path);
	}
}

static void add_headers(struct sha256_ctx *ctx, const struct compiler_order *o,
			const struct utsname *u)
{
	static const char *const parts[] = { "build", "source" };
	char path[PATH_MAX];

	add_number(ctx, o->builtin);
#define X(symbol, path_)                                                                           \
	if (o->builtin) {                                                                          \
		add_text(ctx, path_);                                                              \
		add_text(ctx, symbol);                                                             \
	}
	BUILTIN_HEADERS(X)
#undef X
	if (o->builtin)
		return;
	if (o->dir[0]) {
		add_tree(ctx, o->dir);
		return;
	}
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/lib/modules/%s/%s", u->release, parts[i]);
		add_tree(ctx, path);
	}
}

static int add_source(struct sha256_ctx *ctx, const struct compiler_order *o)
{
	struct buf text;
	int err;

	buf_init(&text, SOURCE_MAX);
	source_add(&text, o);
	err = text.full ? -E2BIG : 0;
	add_number(ctx, text.len);
	sha256_update(ctx, text.len, (const uint8_t *)text.ptr);
	buf_done(&text);
	return err;
}

int bytecode_key(const struct compiler_order *o, uint8_t ret[BYTECODE_KEY])
{
	struct sha256_ctx ctx;
	struct utsname u;
	int err;

	sha256_init(&ctx);
	add_text(&ctx, PACKAGE_VERSION);
	add_text(&ctx, source_group_name(o->group));
	add_number(&ctx, o->multi);
	err = add_source(&ctx, o);
	if (!err)
		err = add_kernel(&ctx, &u);
	if (err)
		return err;
	add_headers(&ctx, o, &u);
	add_text(&ctx, compiler_libbcc);
	add_file(&ctx, "/etc/ld.so.cache");
	for (char **at = environ; *at; at++)
		if (matters(*at))
			add_text(&ctx, *at);
	sha256_digest(&ctx, BYTECODE_KEY, ret);
	return 0;
}

/* ---- libraries ---- */

static uint64_t ns(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * 1000000000 + (uint64_t)t->tv_nsec;
}

int bytecode_stat(const char *path, struct bytecode_file *ret)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return -errno;
	*ret = (struct bytecode_file){
		.path = (char *)path,
		.dev = st.st_dev,
		.ino = st.st_ino,
		.size = (uint64_t)st.st_size,
		.mtime_ns = ns(&st.st_mtim),
		.ctime_ns = ns(&st.st_ctim),
	};
	return 0;
}

/* This program itself has no name there. What it holds of the probe is in the key. */
static int add_library(struct dl_phdr_info *info, size_t size, void *arg)
{
	const char *path = info->dlpi_name;
	struct bytecode_file f;
	int err;

	if (!path || path[0] != '/')
		return 0;
	err = bytecode_stat(path, &f);
	return err ? err : bytecode_add_file(arg, &f);
}

int bytecode_add_libraries(struct bytecode *b)
{
	return dl_iterate_phdr(add_library, b);
}

bool bytecode_is_current(const struct bytecode *b, const char **ret_path)
{
	for (size_t i = 0; i < b->nfiles; i++) {
		const struct bytecode_file *was = &b->files[i];
		struct bytecode_file f;

		*ret_path = was->path;
		if (bytecode_stat(was->path, &f) != 0 || f.dev != was->dev || f.ino != was->ino ||
		    f.size != was->size || f.mtime_ns != was->mtime_ns ||
		    f.ctime_ns != was->ctime_ns)
			return false;
	}
	return true;
}
