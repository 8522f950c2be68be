/* SPDX-License-Identifier: MIT */
/* Where configuration files are, and whose they may be. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/caller.h"
#include "base/file.h"
#include "base/xalloc.h"
#include "options/config.h"

#define FILE_MAX (64u << 10)

/* As the proxy's: under sudo, of who called it. */
static char *path_of_user(void)
{
	struct caller c;
	bool called = caller_find(&c);
	const char *own = called ? NULL : getenv("XDG_CONFIG_HOME");
	const char *home = called ? NULL : getenv("HOME");
	const struct passwd *pw = getpwuid(called ? c.uid : geteuid());

	if (own && own[0] == '/')
		return xasprintf("%s/llm-spy/config", own);
	if (!home || home[0] != '/')
		home = pw ? pw->pw_dir : NULL;
	return home ? xasprintf("%s/.config/llm-spy/config", home) : NULL;
}

/* What root reads, nobody else may have written: whoever can write the file would otherwise choose
 * what root does. Of a user's file, that user may, for it is the one who runs this. */
static int check_owner(const char *path, const struct stat *st, enum config_layer layer,
		       struct error *reterr)
{
	bool own = layer == CONFIG_HOST ? st->st_uid == 0 : file_is_ours(st->st_uid);

	if (!S_ISREG(st->st_mode))
		return error_set(reterr, -EINVAL, "%s is no file", path);
	if (st->st_size > FILE_MAX)
		return error_set(reterr, -EFBIG, "%s is larger than 64 KiB", path);
	if (geteuid() != 0)
		return 0;
	if (!own)
		return error_set(reterr, -EPERM,
				 "%s belongs to another user, who could tell root what to do",
				 path);
	if (st->st_mode & 022)
		return error_set(reterr, -EPERM,
				 "%s can be written by others, who could tell root what to do: "
				 "chmod go-w %s",
				 path, path);
	return 0;
}

static int open_as_reader(const char *path, enum config_layer layer)
{
	struct caller_rights rights = { 0 };
	int fd;

	if (layer != CONFIG_HOST)
		caller_rights_take(&rights);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	caller_rights_give_back(&rights);
	return fd;
}

static int read_open(struct config *c, int fd, enum config_layer layer, struct error *reterr)
{
	const char *path = c->files[layer].path;
	struct caller caller;
	struct stat st;
	struct buf text;
	int err;

	if (fstat(fd, &st) != 0)
		return error_set(reterr, -errno, "%s: %s", path, strerror(errno));
	err = check_owner(path, &st, layer, reterr);
	if (err)
		return err;
	buf_init(&text, FILE_MAX);
	err = file_read_all(fd, &text);
	if (err)
		error_set(reterr, err, "%s: %s", path, strerror(-err));
	else
		err = config_read(c, buf_span(&text), layer,
				  layer == CONFIG_USER && caller_find(&caller), reterr);
	buf_done(&text);
	return err;
}

/* `must`: it was asked for by name. Else it may be absent, and the host's may be its group's. */
static int read_file(struct config *c, enum config_layer layer, bool must, struct error *reterr)
{
	struct config_file *f = &c->files[layer];
	int fd = open_as_reader(f->path, layer), err;

	f->err = fd < 0 ? -errno : 0;
	if (!must && (f->err == -ENOENT || f->err == -ENOTDIR || f->err == -EACCES))
		return 0;
	if (fd < 0)
		return error_set(reterr, f->err, "%s: %s", f->path, strerror(-f->err));
	err = read_open(c, fd, layer, reterr);
	close(fd);
	return err;
}

int config_load(struct config *c, const char *only, bool host_alone, struct error *reterr)
{
	int err = 0;

	*c = (struct config){ .only = only };
	if (!only) {
		c->files[CONFIG_HOST].path = xstrdup(CONFIG_OF_HOST);
		err = read_file(c, CONFIG_HOST, false, reterr);
	}
	if (only || !host_alone)
		c->files[CONFIG_USER].path = only ? xstrdup(only) : path_of_user();
	if (!err && c->files[CONFIG_USER].path)
		err = read_file(c, CONFIG_USER, only != NULL, reterr);
	return err;
}
