/* SPDX-License-Identifier: MIT */
/* Docker has a file for each container, Podman one for all; the kubelet has a link to each
 * container's log whose name tells it. Files in a user's home are whatever the user makes them. */
#include "proc/containers.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/xalloc.h"
#include "json/read.h"
#include "proc/users.h"

/* Of a file. */
#define SIZE_MAX_READ (4u << 20)
#define HOME_SIZE     512
#define UID_LEN	      36

/* ---- texts ---- */

/* What runtimes allow in names: no user can have a terminal or a spreadsheet take one for more. */
static bool is_plain(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-",
			    s.ptr[i]))
			return false;
	return s.len > 0;
}

static void put(struct span s, char *ret, size_t size)
{
	if (s.len >= size || !is_plain(s))
		return;
	memcpy(ret, s.ptr, s.len);
	ret[s.len] = '\0';
}

/* ---- JSON ---- */

/* The caller owns it; NULL: there is none that can be read. */
static json_t *read_json(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	json_t *ret = NULL;
	struct buf text;
	struct stat st;
	bool partial;

	if (fd < 0)
		return NULL;
	buf_init(&text, SIZE_MAX_READ);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && file_read_all(fd, &text) == 0 && text.len)
		ret = json_read(NULL, buf_span(&text), &partial);
	buf_done(&text);
	close(fd);
	return ret;
}

static struct span text_of(const json_t *v)
{
	return span_of(json_string_value(v), json_string_length(v));
}

/* Docker may keep its files elsewhere. */
static char *docker_root(const char *root)
{
	AUTO_FREE char *path = xasprintf("%s/etc/docker/daemon.json", root);
	json_t *v = read_json(path);
	const char *dir = json_string_value(json_object_get(v, "data-root"));
	char *ret = xasprintf("%s%s", root, dir ? dir : "/var/lib/docker");

	json_decref(v);
	return ret;
}

static void name_of_docker(const char *root, struct span id, struct container_names *ret)
{
	AUTO_FREE char *dir = docker_root(root);
	AUTO_FREE char *path =
		xasprintf("%s/containers/%.*s/config.v2.json", dir, (int)id.len, id.ptr);
	json_t *v = read_json(path);
	struct span name = text_of(json_object_get(v, "Name"));

	put(span_from(name, name.len && name.ptr[0] == '/'), ret->name, sizeof(ret->name));
	json_decref(v);
}

/* A list of containers, with their names each. */
static void name_in_storage(const char *storage, struct span id, struct container_names *ret)
{
	AUTO_FREE char *path = xasprintf("%s/overlay-containers/containers.json", storage);
	json_t *v = read_json(path), *item;
	size_t i;

	json_array_foreach(v, i, item)
		if (span_eq(text_of(json_object_get(item, "id")), id))
			put(text_of(json_array_get(json_object_get(item, "names"), 0)), ret->name,
			    sizeof(ret->name));
	json_decref(v);
}

/* The user of "user@1000.service"; a process in the container may have another. */
static uid_t owner_of(const struct cgroup_place *place, uid_t uid)
{
	char text[32];
	unsigned owner;

	snprintf(text, sizeof(text), "%.*s", (int)place->unit.len, place->unit.ptr);
	return sscanf(text, "user@%u.service", &owner) == 1 ? owner : uid;
}

static void name_of_podman(const char *root, const struct cgroup_place *place, uid_t uid,
			   struct container_names *ret)
{
	AUTO_FREE char *storage = xasprintf("%s/var/lib/containers/storage", root);
	AUTO_FREE char *own = NULL;
	char home[HOME_SIZE];

	name_in_storage(storage, place->id, ret);
	if (ret->name[0] || !user_home(owner_of(place, uid), home, sizeof(home)).len)
		return;
	own = xasprintf("%s%s/.local/share/containers/storage", root, home);
	name_in_storage(own, place->id, ret);
}

/* ---- Kubernetes ---- */

/* "POD_NAMESPACE_CONTAINER-ID.log". No name has "_" in it. */
static bool read_log_name(struct span file, struct span id, struct container_names *ret)
{
	static const struct span end = SPAN_LIT(".log");
	struct span pod = span_first(file, span_find(file, '_')), space, name;

	if (!span_ends(file, end) || file.len < id.len + end.len + 1)
		return false;
	file.len -= end.len;
	if (!span_ends(file, id))
		return false;
	file.len -= id.len + 1;
	name = span_from(file, pod.len + 1);
	space = span_first(name, span_find(name, '_'));
	name = span_from(name, space.len + 1);
	if (!is_plain(pod) || !is_plain(space) || !is_plain(name))
		return false;
	put(name, ret->name, sizeof(ret->name));
	snprintf(ret->pod, sizeof(ret->pod), "%.*s/%.*s", (int)space.len, space.ptr, (int)pod.len,
		 pod.ptr);
	return true;
}

static void names_of_pod(const char *root, const struct cgroup_place *place,
			 struct container_names *ret)
{
	AUTO_FREE char *path = xasprintf("%s/var/log/containers", root);
	DIR *d = opendir(path);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (read_log_name(span_str(e->d_name), place->id, ret))
			break;
	if (d)
		closedir(d);
}

static void put_uid(struct span uid, struct container_names *ret)
{
	put(uid, ret->pod, sizeof(ret->pod));
	/* systemd's names have no "-" but between slices. */
	for (char *at = ret->pod; uid.len == UID_LEN && *at; at++)
		if (*at == '_')
			*at = '-';
}

void container_names_find(const char *root, const struct cgroup_place *place, uid_t uid,
			  struct container_names *ret)
{
	*ret = (struct container_names){ "" };
	put(place->name, ret->name, sizeof(ret->name));
	put_uid(place->pod, ret);
	if (!place->id.len)
		return;
	if (place->pod.len)
		names_of_pod(root, place, ret);
	else if (span_eq(place->runtime, SPAN_LIT("docker")))
		name_of_docker(root, place->id, ret);
	else if (span_eq(place->runtime, SPAN_LIT("podman")))
		name_of_podman(root, place, uid, ret);
}
