/* SPDX-License-Identifier: MIT */
#include "select/redact_setting.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/caller.h"
#include "base/file.h"
#include "redact/pattern_list.h"

/* With the rights of who called sudo: no other file than theirs is read. */
static int read_file(const char *path, struct buf *out)
{
	struct caller_rights rights;
	int fd, err;

	caller_rights_take(&rights);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	err = fd < 0 ? -errno : file_read_all(fd, out);
	if (fd >= 0)
		close(fd);
	caller_rights_give_back(&rights);
	return err;
}

int pattern_file_read(struct patterns *p, const char *path, unsigned **ret_lines,
		      struct error *reterr)
{
	struct error why = { 0 };
	struct buf text;
	int err;

	buf_init(&text, PATTERN_LIST_BYTES);
	err = read_file(path, &text);
	if (err)
		error_set(reterr, err, "%.150s: %s", path, strerror(-err));
	else if ((err = pattern_list_read(p, buf_span(&text), ret_lines, &why)) != 0)
		error_set(reterr, err, "%.150s: %s", path, why.text);
	buf_done(&text);
	return err;
}

/* What is no word of ours and not between slashes. */
static bool is_file(const char *setting)
{
	size_t len = strlen(setting);

	return len && strcmp(setting, "content") != 0 && strcmp(setting, "credentials") != 0 &&
	       (setting[0] != '/' || setting[len - 1] != '/');
}

int redact_setting_add(struct redact_policy *p, const char *setting, struct error *reterr)
{
	struct error why = { 0 };
	int err;

	if (!is_file(setting))
		return redact_policy_add(p, setting, reterr);
	if (!p->patterns)
		p->patterns = patterns_new();
	err = pattern_file_read(p->patterns, setting, NULL, &why);
	if (err == -ENOENT)
		return error_set(reterr, err,
				 "%.100s is not credentials, content, /a regular expression/ or a "
				 "file of patterns",
				 setting);
	return err ? error_set(reterr, err, "%s", why.text) : 0;
}
