/* SPDX-License-Identifier: MIT */
/* A package carries programs for several machines in its own folder, or depends on one package for
 * each machine, whose name ends like "-linux-x64" and which lies in its node_modules, or beside it:
 *
 *   node_modules/@openai/codex/bin/codex.js
 *   node_modules/@openai/codex/node_modules/@openai/codex-linux-x64/vendor/ARCH/bin/codex
 *   node_modules/opencode-ai/bin/opencode
 *   node_modules/opencode-linux-x64/bin/opencode
 *
 * Links are not followed, and no more is read than a package has. */
#include "discover/npm_package.h"

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xalloc.h"

#define DEPTH	 6
#define ENTRIES	 10000
#define PROGRAMS 16
#define MODULES	 "node_modules"

struct search {
	mapping_fn fn;
	void *arg;
	const char *package, *command; /* names that packages for a machine may begin with */
	bool beside;		       /* only these */
	unsigned entries, programs;
};

static void look_into_modules(struct search *s, const char *dir, unsigned depth);

static bool is_elf(const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	char head[SELFMAG];
	bool is = fd >= 0 && pread(fd, head, SELFMAG, 0) == SELFMAG &&
		  memcmp(head, ELFMAG, SELFMAG) == 0;

	if (fd >= 0)
		close(fd);
	return is;
}

static void look_at_file(struct search *s, const char *path, const struct stat *st)
{
	if (!(st->st_mode & 0111) || !is_elf(path) || s->programs == PROGRAMS)
		return;
	s->programs++;
	s->fn(s->arg, path, path);
}

/* Each entry of a directory: `fn` has its path, which ends in its name, and what it is. */
static void each_entry(struct search *s, const char *dir, unsigned depth,
		       void (*fn)(struct search *s, const char *path, const char *name,
				  const struct stat *st, unsigned depth))
{
	DIR *d = depth ? opendir(dir) : NULL;
	const struct dirent *e;
	struct stat st;

	while (d && (e = readdir(d)) && s->entries < ENTRIES) {
		AUTO_FREE char *path = xasprintf("%s/%s", dir, e->d_name);

		s->entries++;
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    lstat(path, &st) == 0)
			fn(s, path, path + strlen(dir) + 1, &st, depth - 1);
	}
	if (d)
		closedir(d);
}

static void in_package(struct search *s, const char *path, const char *name, const struct stat *st,
		       unsigned depth)
{
	if (S_ISREG(st->st_mode))
		look_at_file(s, path, st);
	else if (S_ISDIR(st->st_mode) && strcmp(name, MODULES) == 0)
		look_into_modules(s, path, depth);
	else if (S_ISDIR(st->st_mode))
		each_entry(s, path, depth, in_package);
}

static bool begins(const char *name, const char *with)
{
	return with[0] && strncmp(name, with, strlen(with)) == 0;
}

static void in_modules(struct search *s, const char *path, const char *name, const struct stat *st,
		       unsigned depth)
{
	if (!S_ISDIR(st->st_mode))
		return;
	if (name[0] == '@')
		each_entry(s, path, depth, in_modules);
	else if (strstr(name, "-linux-") &&
		 (!s->beside || begins(name, s->package) || begins(name, s->command)))
		each_entry(s, path, DEPTH, in_package);
}

static void look_into_modules(struct search *s, const char *dir, unsigned depth)
{
	each_entry(s, dir, depth, in_modules);
}

/* Cuts the path of a file in a package down to the package. The name of the package in it, or NULL;
 * *ret_modules is the end of its node_modules. */
static const char *cut_to_package(char *path, size_t *ret_modules)
{
	char *at = NULL, *name, *end;

	for (char *next = path; (next = strstr(next, "/" MODULES "/")); next++)
		at = next;
	if (!at)
		return NULL;
	name = at + strlen("/" MODULES "/");
	*ret_modules = (size_t)(name - path) - 1;
	if (*name == '@') {
		name = strchr(name, '/');
		if (!name)
			return NULL;
		name++;
	}
	end = strchr(name, '/');
	if (!end)
		return NULL;
	*end = '\0';
	return name;
}

void npm_package_programs(const char *path, const char *command, mapping_fn fn, void *arg)
{
	AUTO_FREE char *real = realpath(path, NULL);
	AUTO_FREE char *modules = NULL;
	struct search s = { .fn = fn, .arg = arg, .command = path_name(command) };
	size_t end = 0;

	s.package = real ? cut_to_package(real, &end) : NULL;
	if (!s.package)
		return;
	each_entry(&s, real, DEPTH, in_package);
	s.beside = true;
	modules = xstrndup(real, end);
	look_into_modules(&s, modules, DEPTH);
}
