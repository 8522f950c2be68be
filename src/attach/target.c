/* SPDX-License-Identifier: MIT */
#include "attach/target.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/span.h"
#include "base/xalloc.h"

/* File names of the libraries, without what follows. Firefox has NSPR and NSS in one libnss3. */
static const char *const library_names[] = {
	"libgnutls.so",  "libmbedtls.so", "libnspr4.so", "libnss3.so", "libs2n.so",
	"libssl.so",	"libssl3.so",	 "libwolfssl.so",
};

void target_list_done(struct target_list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		free(l->items[i].name);
		free(l->items[i].path);
		free(l->items[i].found);
		free(l->items[i].problem);
	}
	free(l->items);
	*l = (struct target_list){ 0 };
}

int target_add(struct target_list *l, const char *path, const char *name, bool named)
{
	struct target *t;
	struct stat st;

	if (stat(path, &st) != 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	for (size_t i = 0; i < l->count; i++)
		if (l->items[i].dev == st.st_dev && l->items[i].ino == st.st_ino) {
			l->items[i].named |= named;
			return 0;
		}
	l->items = xgrow(l->items, l->count, sizeof(*l->items));
	t = &l->items[l->count++];
	t->name = xstrdup(name);
	t->path = xstrdup(path);
	t->dev = st.st_dev;
	t->ino = st.st_ino;
	t->named = named;
	log_debug("attach", "target %s (as %s)", name, path);
	return 0;
}

/* "libssl.so" also matches "libssl.so.3". */
static bool is_tls_library(struct span file)
{
	for (size_t i = 0; i < sizeof(library_names) / sizeof(*library_names); i++) {
		struct span want = span_str(library_names[i]);

		if (span_starts(file, want) && (file.len == want.len || file.ptr[want.len] == '.'))
			return true;
	}
	return false;
}

static void scan_directory(struct target_list *l, const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		if (is_tls_library(span_str(e->d_name))) {
			AUTO_FREE char *path = xasprintf("%s/%s", dir, e->d_name);

			target_add(l, path, path, false);
		}
	}
	if (d)
		closedir(d);
}

/* One line of ld.so.conf: a directory, or "include PATTERN". `depth` stops include loops. */
static void scan_linker_conf(struct target_list *l, const char *path, unsigned depth)
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
					scan_linker_conf(l, g.gl_pathv[i], depth - 1);
			globfree(&g);
		} else if (word[0] == '/') {
			scan_directory(l, word);
		}
	}
	if (f)
		fclose(f);
}

void target_scan_linker(struct target_list *l)
{
	static const char *const usual[] = { "/lib", "/usr/lib", "/lib64", "/usr/lib64",
					     "/usr/local/lib" };

	scan_linker_conf(l, "/etc/ld.so.conf", 4);
	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		scan_directory(l, usual[i]);
}

/* The file of one executable mapping. Its path holds in the process's own mount namespace only,
 * and not at all once the file was replaced: map_files leads to the mapped file itself, so it is
 * taken whenever the path no longer does. */
static void add_mapping(struct target_list *l, pid_t pid, const char *range, unsigned long ino,
			char *path)
{
	static const char gone[] = " (deleted)";
	AUTO_FREE char *through_root = NULL, *mapped = NULL, *name = NULL;
	size_t len = strlen(path);
	struct stat st;

	if (len > sizeof(gone) - 1 && strcmp(path + len - (sizeof(gone) - 1), gone) == 0)
		path[len - (sizeof(gone) - 1)] = '\0';
	through_root = xasprintf("/proc/%d/root%s", (int)pid, path);
	mapped = xasprintf("/proc/%d/map_files/%s", (int)pid, range);
	name = xstrdup(path);
	if (stat(path, &st) == 0 && st.st_ino == ino)
		target_add(l, path, name, false);
	else if (stat(through_root, &st) == 0 && st.st_ino == ino)
		target_add(l, through_root, name, false);
	else if (target_add(l, mapped, name, false) != 0)
		log_debug("attach", "%s, mapped by process %d, cannot be opened", path, (int)pid);
}

static void scan_maps(struct target_list *l, pid_t pid)
{
	AUTO_FREE char *file = xasprintf("/proc/%d/maps", (int)pid);
	FILE *f = fopen(file, "re");
	char line[PATH_MAX + 128];

	while (f && fgets(line, sizeof(line), f)) {
		char range[64], perms[8];
		unsigned long ino;
		int at = 0;
		char *base;

		/* start-end perms offset dev inode path */
		if (sscanf(line, "%63s %7s %*s %*s %lu %n", range, perms, &ino, &at) != 3 || !at ||
		    line[at] != '/' || !strchr(perms, 'x'))
			continue;
		line[strcspn(line, "\n")] = '\0';
		base = strrchr(line + at, '/') + 1;
		if (is_tls_library(span_of(base, strcspn(base, " "))))
			add_mapping(l, pid, range, ino, line + at);
	}
	if (f)
		fclose(f);
}

void target_scan_processes(struct target_list *l, const pid_t *pids, size_t npids)
{
	struct dirent *e;
	DIR *d;

	for (size_t i = 0; i < npids; i++)
		scan_maps(l, pids[i]);
	if (npids)
		return;
	d = opendir("/proc");
	while (d && (e = readdir(d)))
		if (isdigit((unsigned char)e->d_name[0]))
			scan_maps(l, (pid_t)strtol(e->d_name, NULL, 10));
	if (d)
		closedir(d);
}
