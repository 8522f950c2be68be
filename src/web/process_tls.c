/* SPDX-License-Identifier: MIT */
#include "web/process_tls.h"

#ifdef HAVE_MICROHTTPD

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "proc/list.h"
#ifdef HAVE_BPF
#include "proc/maps.h"
#endif
#include "web/call_json.h"

#ifdef HAVE_BPF
struct looking {
	const struct tls_files *hooked;
	json_t *found;
};

static bool is_it(const struct tls_file *f, const struct stat *st)
{
	return f->ino == st->st_ino && (!f->dev || f->dev == st->st_dev);
}

static void on_mapped(void *arg, const char *path, const char *name)
{
	const struct looking *l = arg;
	struct stat st = { 0 };

	for (size_t i = 0; i < l->hooked->count; i++) {
		const struct tls_file *f = &l->hooked->items[i];
		json_t *o;

		if (strcmp(path_name(f->name), path_name(name)) != 0 ||
		    (!st.st_ino && stat(path, &st) != 0) || !is_it(f, &st))
			continue;
		o = json_object();
		set(o, "found", web_name(f->found));
		set(o, "file", web_name(f->name));
		json_array_append_new(l->found, o);
	}
}

json_t *process_tls(const struct tls_files *hooked, uint32_t pid)
{
	struct looking l = { hooked, json_array() };

	if (pid && hooked->count)
		maps_each((pid_t)pid, on_mapped, &l);
	return l.found;
}
#else
json_t *process_tls(const struct tls_files *hooked, uint32_t pid)
{
	return json_array();
}
#endif

/* Of this host's file: to ask a network who it is may take long. */
json_t *process_user(uint32_t pid)
{
	uid_t uid = pid ? proc_uid((pid_t)pid) : (uid_t)-1;
	FILE *f = uid == (uid_t)-1 ? NULL : fopen("/etc/passwd", "re");
	struct passwd pw, *found = NULL;
	char room[1024], number[16];

	while (f && fgetpwent_r(f, &pw, room, sizeof(room), &found) == 0 && found)
		if (found->pw_uid == uid)
			break;
	if (f)
		fclose(f);
	if (uid == (uid_t)-1)
		return json_null();
	snprintf(number, sizeof(number), "%u", uid);
	return web_name(found && found->pw_uid == uid ? found->pw_name : number);
}

#endif
