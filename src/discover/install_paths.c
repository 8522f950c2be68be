/* SPDX-License-Identifier: MIT */
#include "discover/install_paths.h"

#include <ctype.h>
#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/span.h"
#include "base/xalloc.h"
#include "discover/npm_package.h"

/* How the names of files begin that programs share: of libraries, and of dynamic linkers. */
static const char *const library_names[] = {
#define LIBRARY(id, family, implementation, sign, ...) __VA_ARGS__,
#include "find/hooks.def"
	"ld-linux-x86-64.so",
	"ld-linux-aarch64.so",
	"ld-musl-",
};
/* Of a command: a script's interpreter may be a script. */
#define INTERPRETERS_MAX 5
/* Taken of all places together. */
#define PATHS_MAX 4096

static bool is_wanted(const char *file)
{
	for (size_t i = 0; i < sizeof(library_names) / sizeof(*library_names); i++)
		if (strncmp(file, library_names[i], strlen(library_names[i])) == 0)
			return true;
	return false;
}

static void scan_directory(const char *dir, mapping_fn fn, void *arg)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		if (is_wanted(e->d_name)) {
			AUTO_FREE char *path = xasprintf("%s/%s", dir, e->d_name);

			fn(arg, path, path);
		}
	}
	if (d)
		closedir(d);
}

/* One line of ld.so.conf: a directory, or "include PATTERN". `depth` stops include loops. */
static void scan_linker_conf(const char *path, unsigned depth, mapping_fn fn, void *arg)
{
	FILE *f = fopen(path, "re");
	char line[PATH_MAX];

	while (f && fgets(line, sizeof(line), f)) {
		char *word = line + strspn(line, " \t");

		word[strcspn(word, " \t#\n") ? strcspn(word, "#\n") : 0] = '\0';
		if (strncmp(word, "include", 7) == 0 && isspace((unsigned char)word[7])) {
			glob_t g = { 0 };

			word += 7 + strspn(word + 7, " \t");
			if (depth && glob(word, 0, NULL, &g) == 0)
				for (size_t i = 0; i < g.gl_pathc; i++)
					scan_linker_conf(g.gl_pathv[i], depth - 1, fn, arg);
			globfree(&g);
		} else if (word[0] == '/') {
			scan_directory(word, fn, arg);
		}
	}
	if (f)
		fclose(f);
}

void install_paths_linker(const char *extra, mapping_fn fn, void *arg)
{
	static const char *const usual[] = { "/lib", "/usr/lib", "/lib64", "/usr/lib64",
					     "/usr/local/lib" };

	while (extra && *extra) {
		size_t len = strcspn(extra, ":");
		AUTO_FREE char *dir = xstrndup(extra, len);

		if (len)
			scan_directory(dir, fn, arg);
		extra += len + (extra[len] == ':');
	}
	scan_linker_conf("/etc/ld.so.conf", 4, fn, arg);
	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		scan_directory(usual[i], fn, arg);
}

/* ---- a command ---- */

/* As execvp(3) finds it; NULL where it does not. The caller frees it. */
static char *find_program(const char *name)
{
	const char *path = getenv("PATH");

	if (strchr(name, '/'))
		return xstrdup(name);
	if (!path)
		path = "/bin:/usr/bin";
	while (*path) {
		size_t len = strcspn(path, ":");
		char *full = xasprintf("%.*s%s%s", (int)len, path, len ? "/" : "", name);

		if (access(full, X_OK) == 0)
			return full;
		free(full);
		path += len + (path[len] == ':');
	}
	return NULL;
}

/* The program behind "#!", or behind env(1), which looks in PATH. Takes `line` apart. */
static char *script_interpreter(char *line)
{
	char *rest = line, *word = strtok_r(rest, " \t", &rest);
	const char *base = word ? strrchr(word, '/') : NULL;

	if (!base || strcmp(base, "/env") != 0)
		return word ? xstrdup(word) : NULL;
	while ((word = strtok_r(NULL, " \t", &rest)))
		if (word[0] != '-' && !strchr(word, '='))
			return find_program(word);
	return NULL;
}

/* The dynamic linker that an ELF program names. */
static char *elf_interpreter(int fd, const Elf64_Ehdr *eh)
{
	for (unsigned i = 0; i < eh->e_phnum && i < 64; i++) {
		Elf64_Phdr ph;
		char path[PATH_MAX];

		if (pread(fd, &ph, sizeof(ph), (off_t)(eh->e_phoff + i * sizeof(ph))) != sizeof(ph))
			return NULL;
		if (ph.p_type != PT_INTERP || ph.p_filesz == 0 || ph.p_filesz >= sizeof(path))
			continue;
		if (pread(fd, path, ph.p_filesz, (off_t)ph.p_offset) != (ssize_t)ph.p_filesz)
			return NULL;
		path[ph.p_filesz] = '\0';
		return xstrdup(path);
	}
	return NULL;
}

static char *interpreter_of(const char *path, bool *ret_script)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char head[257] = "", *found = NULL;
	Elf64_Ehdr eh;
	ssize_t n = fd < 0 ? 0 : pread(fd, head, sizeof(head) - 1, 0);

	if (n >= (ssize_t)sizeof(eh) && memcmp(head, ELFMAG, SELFMAG) == 0 &&
	    head[EI_CLASS] == ELFCLASS64) {
		memcpy(&eh, head, sizeof(eh));
		found = elf_interpreter(fd, &eh);
	} else if (n > 2 && head[0] == '#' && head[1] == '!') {
		head[strcspn(head, "\n")] = '\0';
		found = script_interpreter(head + 2);
		*ret_script = true;
	}
	if (fd >= 0)
		close(fd);
	return found;
}

void install_paths_command(char **argv, mapping_fn fn, void *arg)
{
	char *path = find_program(argv[0]);

	for (int i = 0; path && i < INTERPRETERS_MAX; i++) {
		bool script = false;
		char *next = interpreter_of(path, &script);

		fn(arg, path, path);
		if (script)
			npm_package_programs(path, argv[0], fn, arg);
		free(path);
		path = next;
	}
	free(path);
}

/* ---- usual places ---- */

static void add_matches(struct install_paths *ret, const char *pattern)
{
	glob_t g = { 0 };

	if (glob(pattern, GLOB_NOSORT, NULL, &g) == 0)
		for (size_t i = 0; i < g.gl_pathc && ret->count < PATHS_MAX; i++) {
			struct stat st;

			if (stat(g.gl_pathv[i], &st) != 0 || !S_ISREG(st.st_mode) ||
			    !(st.st_mode & 0111))
				continue;
			ret->items = xgrow(ret->items, ret->count, sizeof(*ret->items));
			ret->items[ret->count++] = xstrdup(g.gl_pathv[i]);
		}
	globfree(&g);
}

void install_paths_usual(struct install_paths *ret)
{
	static const char *const places[] = {
#define INSTALL_PATH(pattern) pattern,
#include "discover/install_paths.def"
#undef INSTALL_PATH
	};
	static const char *const homes[] = { "/root", "/home/*" };

	*ret = (struct install_paths){ 0 };
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		if (places[i][0] != '~') {
			add_matches(ret, places[i]);
			continue;
		}
		for (size_t h = 0; h < sizeof(homes) / sizeof(*homes); h++) {
			AUTO_FREE char *pattern = xasprintf("%s%s", homes[h], places[i] + 1);

			add_matches(ret, pattern);
		}
	}
}

void install_paths_done(struct install_paths *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->items[i]);
	free(p->items);
	*p = (struct install_paths){ 0 };
}
