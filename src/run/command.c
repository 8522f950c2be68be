/* SPDX-License-Identifier: MIT */
#include "run/command.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/caller.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "proc/sudo.h"
#include "run/environment.h"

#define PATH_WITHOUT "/bin:/usr/bin" /* as execvp(3) has it */

static char **copy_of_ours(void)
{
	const struct environment_sources nothing = { 0 };

	return environment_merge(&nothing, environ);
}

/* What sudo made root's. */
static void set_home(char ***environment, uid_t uid)
{
	const struct passwd *pw = getpwuid(uid);

	if (!pw)
		return;
	environment_set(environment, "HOME", pw->pw_dir);
	environment_set(environment, "USER", pw->pw_name);
	environment_set(environment, "LOGNAME", pw->pw_name);
	environment_set(environment, "SHELL", pw->pw_shell);
}

/* *ret_from_sudo: it is what sudo left of the caller's. */
static char **gather(bool *ret_from_sudo)
{
	struct sudo_facts facts = { 0 };
	struct caller caller;
	char **result;
	int err;

	if (!caller_find(&caller))
		return copy_of_ours();
	err = sudo_facts_read(&facts, caller.uid);
	if (err && err != -ENOENT)
		log_warn("command",
			 "the variables that sudo removed cannot be read (%s); to keep some: sudo "
			 "--preserve-env=PATH,OPENAI_API_KEY llm-spy ...",
			 strerror(-err));
	*ret_from_sudo = err != 0;
	if (err) {
		result = copy_of_ours();
		set_home(&result, caller.uid);
	} else {
		result = environment_merge(
			&(struct environment_sources){ .caller = buf_span(&facts.caller),
						       .given = buf_span(&facts.given),
						       .args = buf_span(&facts.args) },
			environ);
	}
	sudo_facts_done(&facts);
	return result;
}

char **command_caller_environment(void)
{
	bool from_sudo = false;

	return gather(&from_sudo);
}

/* ---- the program ---- */

static const char *path_of(char *const *environment)
{
	for (; *environment; environment++)
		if (strncmp(*environment, "PATH=", 5) == 0)
			return *environment + 5;
	return PATH_WITHOUT;
}

static int check(const char *file)
{
	struct stat st;

	if (stat(file, &st) != 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	return faccessat(AT_FDCWD, file, X_OK, AT_EACCESS) == 0 ? 0 : -errno;
}

/* As a shell looks for it: what may not be run is passed over, and told if nothing else is there;
 * a directory that may not be searched has nothing in it. */
static int look_up(const char *name, const char *path)
{
	int err, found = -ENOENT;
	struct stat st;

	if (strchr(name, '/'))
		return check(name);
	for (;; path++) {
		int len = (int)strcspn(path, ":");
		AUTO_FREE char *file = xasprintf("%.*s%s%s", len, path, len ? "/" : "./", name);

		err = check(file);
		if (!err)
			return 0;
		if (stat(file, &st) == 0)
			found = err;
		path += len;
		if (!*path)
			return found;
	}
}

static int check_program(const char *name, char *const *environment)
{
	struct caller_rights rights;
	int err;

	caller_rights_take(&rights);
	err = look_up(name, path_of(environment));
	caller_rights_give_back(&rights);
	return err;
}

char **command_environment(char *const *argv, struct error *reterr)
{
	bool from_sudo = false;
	char **environment = gather(&from_sudo);
	int err = check_program(argv[0], environment);

	if (!err)
		return environment;
	environment_free(environment);
	if (err == -ENOENT && !strchr(argv[0], '/'))
		error_set(reterr, err, "%.100s: command not found%s", argv[0],
			  from_sudo ? "; sudo changed PATH: name the program with its directory, "
				      "or keep yours: sudo --preserve-env=PATH llm-spy ..."
				    : "");
	else
		error_set(reterr, err, "%.200s: %s", argv[0], strerror(-err));
	return NULL;
}
