/* SPDX-License-Identifier: MIT */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/caller.h"
#include "base/str.h"
#include "base/xalloc.h"

/* As many as the kernel follows. */
#define LINKS_MAX 40

/* ---- whose ---- */

/* Who called sudo sees on the terminal what we would write to the file. */
bool file_is_ours(uid_t uid)
{
	struct caller c;

	return uid == geteuid() || (caller_find(&c) && uid == c.uid);
}

static bool is_trusted(uid_t uid)
{
	return uid == 0 || file_is_ours(uid);
}

/* ---- the directory ---- */

struct walk {
	int dir;	/* where we are; the walk owns it */
	unsigned links; /* followed so far */
	uid_t stranger; /* whose link was not followed, when refused */
	bool refused;
};

static int walk(struct walk *w, char *path);

static int follow(struct walk *w, int link, uid_t owner)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(link, "", target, sizeof(target) - 1);

	close(link);
	if (n < 0)
		return -errno;
	if (++w->links > LINKS_MAX)
		return -ELOOP;
	if (!is_trusted(owner)) {
		w->refused = true;
		w->stranger = owner;
		return -EPERM;
	}
	target[n] = '\0';
	return walk(w, target);
}

static void move_to(struct walk *w, int dir)
{
	if (w->dir >= 0)
		close(w->dir);
	w->dir = dir;
}

static int step(struct walk *w, const char *name)
{
	int fd = openat(w->dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) != 0) {
		close(fd);
		return -EIO;
	}
	if (S_ISLNK(st.st_mode))
		return follow(w, fd, st.st_uid);
	move_to(w, fd);
	return 0;
}

/* `path` is used up. What is no directory fails at the next step. */
static int walk(struct walk *w, char *path)
{
	char *rest = NULL, *name;
	int err = 0;

	if (*path == '/')
		move_to(w, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
	for (name = strtok_r(path, "/", &rest); name && !err; name = strtok_r(NULL, "/", &rest))
		err = step(w, name);
	return err;
}

/* The directory that is to hold `path`. The kernel refuses other users' links in sticky
 * directories only, and only where fs.protected_symlinks is set. */
static int open_parent(const char *path, const char *name, struct error *reterr)
{
	AUTO_FREE char *parent = xstrndup(path, (size_t)(name - path));
	struct walk w = { .dir = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC) };
	int err = w.dir < 0 && *path != '/' ? -errno : walk(&w, parent);

	if (!err)
		return w.dir;
	if (w.dir >= 0)
		close(w.dir);
	if (w.refused)
		return error_set(reterr, err,
				 "%.150s: user %u made a symbolic link on the way and can change "
				 "where it leads: name the directory behind it",
				 path, (unsigned)w.stranger);
	return error_set(reterr, err, "cannot write %.200s: %s", path, strerror(-err));
}

/* ---- a private file ---- */

static int refuse(struct error *reterr, int err, const char *path)
{
	switch (err) {
	case -ELOOP:
		return error_set(reterr, err,
				 "%.150s is a symbolic link, which is not followed: name the file "
				 "behind it, or - for standard output",
				 path);
	case -ENXIO:
		return error_set(reterr, err,
				 "nobody reads from %.150s: start the FIFO's reader first", path);
	case -EEXIST:
		return error_set(reterr, err,
				 "%.150s exists: use --force to overwrite it, or name another file",
				 path);
	case -EMLINK:
		return error_set(reterr, err,
				 "%.150s has a second name (a hard link), whose contents would be "
				 "lost too: remove it or name another file",
				 path);
	case -ENOTSUP:
		return error_set(reterr, err,
				 "%.150s is a disk or a socket: name a file, a FIFO, or - for "
				 "standard output",
				 path);
	default:
		return error_set(reterr, err, "cannot write %.200s: %s", path, strerror(-err));
	}
}

/* What was there already may be written to. A terminal and /dev/null are root's or the user's; an
 * empty file has nothing to lose. */
static int check_existing(const char *path, const struct stat *st, bool force, struct error *reterr)
{
	bool regular = S_ISREG(st->st_mode);

	if (!regular && !S_ISFIFO(st->st_mode) && !S_ISCHR(st->st_mode))
		return refuse(reterr, -ENOTSUP, path);
	if (regular ? !file_is_ours(st->st_uid) : !is_trusted(st->st_uid))
		return error_set(reterr, -EPERM,
				 "%.150s belongs to user %u, who could read what is written: "
				 "remove it or name another file",
				 path, (unsigned)st->st_uid);
	if (regular && st->st_nlink > 1)
		return refuse(reterr, -EMLINK, path);
	if (regular && st->st_size > 0 && !force)
		return refuse(reterr, -EEXIST, path);
	return 0;
}

/* Emptied only when it is known to be ours; writes wait again, as a pipe's reader expects. */
static int take_over(int fd, const char *path, bool force, struct error *reterr)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	if (fstat(fd, &st) != 0 || flags < 0)
		return refuse(reterr, -errno, path);
	if (check_existing(path, &st, force, reterr) != 0)
		return reterr->code;
	if (S_ISREG(st.st_mode) && (fchmod(fd, 0600) != 0 || ftruncate(fd, 0) != 0))
		return refuse(reterr, -errno, path);
	if (fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != 0)
		return refuse(reterr, -errno, path);
	return 0;
}

static int open_existing(int dir, const char *name, const char *path, bool force,
			 struct error *reterr)
{
	int fd = openat(dir, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return refuse(reterr, -errno, path);
	if (take_over(fd, path, force, reterr) != 0) {
		close(fd);
		return reterr->code;
	}
	return fd;
}

static int create_new(int dir, const char *name)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

int file_create_as_caller(int dir, const char *name)
{
	struct caller_rights rights;
	int fd;

	caller_rights_take(&rights);
	fd = create_new(dir, name);
	caller_rights_give_back(&rights);
	return fd;
}

/* Where the caller may make no file, root alone gets one: what only root may write to must not
 * become somebody else's. */
int file_create_new(int dir, const char *name)
{
	int fd = file_create_as_caller(dir, name);

	return fd == -EACCES || fd == -EPERM ? create_new(dir, name) : fd;
}

int file_create_private(const char *path, bool force, struct error *reterr)
{
	const char *name = path_name(path);
	int dir, fd;

	if (!*name)
		return refuse(reterr, -EISDIR, path);
	dir = open_parent(path, name, reterr);
	if (dir < 0)
		return dir;
	fd = file_create_new(dir, name);
	if (fd == -EEXIST)
		fd = open_existing(dir, name, path, force, reterr);
	else if (fd < 0)
		refuse(reterr, fd, path);
	close(dir);
	return fd;
}

int file_open_own_dir(const char *path, bool make, mode_t forbidden)
{
	struct stat st;
	int fd;

	if (make && mkdir(path, 0700) != 0 && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) != 0 || st.st_uid != geteuid() || st.st_mode & forbidden) {
		close(fd);
		return -EPERM;
	}
	return fd;
}

int file_replace(int dir, const char *name, struct span bytes)
{
	AUTO_FREE char *temp = xasprintf("%s.%d", name, (int)getpid());
	int fd, err;

	unlinkat(dir, temp, 0);
	fd = create_new(dir, temp);
	if (fd < 0)
		return fd;
	err = file_write_all(fd, bytes);
	if (close(fd) != 0 && !err)
		err = -errno;
	if (!err && renameat(dir, temp, dir, name) != 0)
		err = -errno;
	if (err)
		unlinkat(dir, temp, 0);
	return err;
}

/* ---- bytes ---- */

int file_write_all(int fd, struct span bytes)
{
	while (bytes.len) {
		ssize_t n = write(fd, bytes.ptr, bytes.len);

		if (n < 0 && errno != EINTR)
			return -errno;
		bytes = span_from(bytes, n > 0 ? (size_t)n : 0);
	}
	return 0;
}

int file_read_all(int fd, struct buf *out)
{
	char bytes[16384];
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) != 0) {
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0 && buf_add(out, span_of(bytes, (size_t)n)) != 0)
			return -EFBIG;
	}
	return 0;
}
