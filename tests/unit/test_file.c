/* SPDX-License-Identifier: MIT */
/* Private files, in a directory of our own; as root also with what another user left there. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "tests/unit/tap.h"

#define STRANGER 65534

static bool force;
static int root; /* the directory of the tests, which is the working directory too */

static void put(const char *name, const char *text, mode_t mode)
{
	int fd = openat(root, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ok(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) &&
		   fchmod(fd, mode) == 0 && close(fd) == 0,
	   "%s is made", name);
}

static const char *contents(const char *name)
{
	static char text[64];
	int fd = openat(root, name, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n < 0 ? NULL : text;
}

/* Creates the file, writes to it, and looks at whose it is. */
static void accepts(const char *path, const char *what)
{
	struct error e = { 0 };
	struct stat st = { 0 };
	int fd = file_create_private(path, force, &e);

	if (!ok(fd >= 0, "%s", what)) {
		printf("# %s\n", e.text);
		return;
	}
	is_int(file_write_all(fd, SPAN_LIT("new")), 0, "%s, and written to", what);
	fstat(fd, &st);
	ok(!S_ISREG(st.st_mode) || (st.st_mode & 07777) == 0600, "%s, for nobody else", what);
	close(fd);
}

static void refuses(const char *path, int code, const char *words, const char *what)
{
	struct error e = { 0 };
	int fd = file_create_private(path, force, &e);

	if (fd >= 0)
		close(fd);
	is_int(fd, code, "%s is refused", what);
	is_int(e.code, code, "%s: the error has the same code", what);
	ok(strstr(e.text, words) != NULL, "%s: \"%s\"", what, e.text);
}

static void test_regular(void)
{
	mode_t before = umask(0);

	accepts("new", "a new file is made");
	is_str(contents("new"), "new", "with what was written");
	umask(077);
	put("old", "something longer", 0644);
	refuses("old", -EEXIST, "use --force", "a file with something in it");
	is_str(contents("old"), "something longer", "which stays");
	force = true;
	accepts("old", "a file of ours is taken by force");
	force = false;
	put("empty", "", 0644);
	accepts("empty", "an empty one is taken without");
	is_str(contents("old"), "new", "emptied before");
	ok(mkdir("sub", 0700) == 0 && symlink("sub", "way") == 0, "a link to a directory is made");
	accepts("way/x", "a link of ours is followed on the way");
	accepts("sub/../way/w", "with .. in it");
	is_str(contents("sub/w"), "new", "to where it leads");
	refuses("none/x", -ENOENT, "No such file", "a file in no directory");
	refuses("new/x", -ENOTDIR, "Not a directory", "a file in a file");
	umask(before);
}

static void test_refused(void)
{
	put("kept", "kept", 0600);
	ok(symlink("kept", "link") == 0 && symlink("loop", "loop") == 0 &&
		   symlink("missing", "dangling") == 0 && link("kept", "second") == 0,
	   "links are made");
	refuses("link", -ELOOP, "name the file behind it", "a link at the end");
	refuses("dangling", -ELOOP, "name the file behind it", "a link to nothing");
	refuses("loop/x", -ELOOP, "symbolic links", "a link to itself");
	refuses("second", -EMLINK, "hard link", "a file with two names");
	refuses("sub", -EISDIR, "directory", "a directory");
	refuses("sub/", -EISDIR, "directory", "a directory with a slash");
	is_str(contents("kept"), "kept", "nothing was emptied");
}

static void test_special(void)
{
	struct error e = { 0 };
	int reader, fd;

	accepts("/dev/null", "/dev/null is taken");
	ok(mkfifo("fifo", 0600) == 0, "a FIFO is made");
	refuses("fifo", -ENXIO, "start the FIFO's reader first", "a FIFO that nobody reads");
	reader = open("fifo", O_RDONLY | O_NONBLOCK);
	fd = file_create_private("fifo", false, &e);
	ok(fd >= 0, "one with a reader is taken");
	is_int(fcntl(fd, F_GETFL) & O_NONBLOCK, 0, "and writes to it wait");
	close(fd);
	close(reader);
}

static void test_strangers(void)
{
	if (geteuid() != 0) {
		ok(true, "files of other users # SKIP needs root");
		return;
	}
	put("theirs", "theirs", 0666);
	ok(chown("theirs", STRANGER, STRANGER) == 0 && mkfifo("pipe", 0666) == 0 &&
		   chown("pipe", STRANGER, STRANGER) == 0 && symlink("sub", "planted") == 0 &&
		   lchown("planted", STRANGER, STRANGER) == 0 && mkdir("open", 0700) == 0 &&
		   chown("open", STRANGER, STRANGER) == 0 && chmod("open", 01777) == 0,
	   "another user leaves things behind");
	refuses("theirs", -EPERM, "belongs to user 65534", "another user's file");
	is_str(contents("theirs"), "theirs", "which is not emptied");
	int reader = open("pipe", O_RDONLY | O_NONBLOCK);
	refuses("pipe", -EPERM, "belongs to user 65534", "another user's FIFO");
	close(reader);
	refuses("planted/y", -EPERM, "user 65534 made a symbolic link", "another user's link");
	ok(!contents("sub/y"), "where nothing is made");
	accepts("open/z", "a file in another user's directory is made");
	setenv("SUDO_UID", "65534", 1);
	setenv("SUDO_GID", "65534", 1);
	force = true;
	accepts("theirs", "the file of who called sudo is taken");
	force = false;
	accepts("planted/y", "and that user's link is followed");
	setenv("SUDO_UID", "1234", 1);
	refuses("planted/y", -EPERM, "user 65534 made a symbolic link",
		"another user's link under sudo");
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
}

static void is_of(const char *path, uid_t uid, const char *what)
{
	struct stat st = { .st_uid = 1 };

	stat(path, &st);
	is_int(st.st_uid, uid, "%s", what);
}

static void test_caller(void)
{
	if (geteuid() != 0)
		return;
	ok(mkdir("home", 0700) == 0 && chown("home", STRANGER, STRANGER) == 0 &&
		   chmod(".", 0711) == 0 && mkdir("ours", 0755) == 0 && mkdir("all", 0) == 0 &&
		   chmod("all", 01777) == 0,
	   "directories of the caller, of root and of all");
	setenv("SUDO_UID", "65534", 1);
	setenv("SUDO_GID", "65534", 1);
	accepts("home/a", "a file in the caller's directory is made");
	is_of("home/a", STRANGER, "and is the caller's");
	accepts("all/a", "one in a directory of all is made");
	is_of("all/a", STRANGER, "and is the caller's");
	accepts("ours/a", "one where only root may make files is made");
	is_of("ours/a", 0, "and is root's");
	is_int(file_create_as_caller(root, "ours/b"), -EACCES, "the caller makes none there");
	is_int(file_create_as_caller(root, "home/a"), -EEXIST, "nor where there is one");
	unsetenv("SUDO_GID");
	accepts("home/b", "without the caller's group nobody called");
	is_of("home/b", 0, "and files are root's");
	unsetenv("SUDO_UID");
	accepts("home/c", "we have our own rights again");
	is_of("home/c", 0, "and our own user");
}

static void test_own_dir(void)
{
	int fd = file_open_own_dir("own", true, 077);

	ok(fd >= 0, "a directory is made");
	close(fd);
	is_int(file_open_own_dir("nowhere", false, 077), -ENOENT, "unless it must be there");
	chmod("own", 0710);
	is_int(file_open_own_dir("own", true, 077), -EPERM, "one that others may enter is refused");
	fd = file_open_own_dir("own", true, 022);
	ok(fd >= 0, "where that matters");
	close(fd);
	is_int(file_open_own_dir("way", false, 077), -ENOTDIR, "a link to one is refused");
}

static void test_replace(void)
{
	struct stat a, b;

	is_int(file_replace(root, "state", SPAN_LIT("one")), 0, "a file is put into place");
	ok(stat("state", &a) == 0 && (a.st_mode & 07777) == 0600, "for nobody else");
	is_int(file_replace(root, "state", SPAN_LIT("three")), 0, "and another in its place");
	is_str(contents("state"), "three", "whole");
	ok(stat("state", &b) == 0 && a.st_ino != b.st_ino, "as a file of its own");
	is_int(file_replace(root, "sub", SPAN_LIT("x")), -EISDIR, "not in place of a directory");
	ok(system("test -z \"$(find . -name 'state.*' -o -name 'sub.*')\"") == 0,
	   "nothing unfinished is left");
}

static void test_bytes(void)
{
	int fd = open("state", O_RDONLY);
	struct buf b;

	buf_init(&b, 5);
	is_int(file_read_all(fd, &b), 0, "what just fits is read");
	is_str(b.ptr, "three", "all of it");
	buf_done(&b);
	buf_init(&b, 4);
	lseek(fd, 0, SEEK_SET);
	is_int(file_read_all(fd, &b), -EFBIG, "what is longer is refused");
	buf_done(&b);
	close(fd);
	buf_init(&b, 5);
	fd = open("sub", O_RDONLY);
	is_int(file_read_all(fd, &b), -EISDIR, "an error is passed on");
	is_int(file_write_all(fd, SPAN_LIT("x")), -EBADF, "and one in writing");
	close(fd);
	buf_done(&b);
}

int main(void)
{
	char dir[] = "/tmp/llm-spy-test-XXXXXX";

	unsetenv("SUDO_UID");
	if (!mkdtemp(dir) || chdir(dir) != 0)
		return 1;
	root = open(".", O_RDONLY | O_DIRECTORY);
	test_regular();
	test_refused();
	test_special();
	test_strangers();
	test_caller();
	test_own_dir();
	test_replace();
	test_bytes();
	AUTO_FREE char *remove = xasprintf("rm -r %s", dir);
	ok(system(remove) == 0, "all is removed");
	return tap_done();
}
