/* SPDX-License-Identifier: MIT */
#include "proc/users.h"

#include <pwd.h>
#include <stdio.h>

#define ENTRY_SIZE 4096

static struct span copy(const char *from, char *to, size_t size)
{
	struct span s = span_str(from);

	if (s.len >= size)
		s.len = 0;
	memcpy(to, s.len ? from : "", s.len + 1);
	return span_of(to, s.len);
}

struct span user_name(uid_t uid, char text[USER_NAME_SIZE])
{
	char entry[ENTRY_SIZE];
	struct passwd pw, *found = NULL;

	getpwuid_r(uid, &pw, entry, sizeof(entry), &found);
	return copy(found ? found->pw_name : NULL, text, USER_NAME_SIZE);
}

struct span user_home(uid_t uid, char *text, size_t size)
{
	char entry[ENTRY_SIZE];
	struct passwd pw, *found = NULL;

	getpwuid_r(uid, &pw, entry, sizeof(entry), &found);
	return copy(found ? found->pw_dir : NULL, text, size);
}
