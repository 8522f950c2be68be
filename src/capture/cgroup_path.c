/* SPDX-License-Identifier: MIT */
#include "capture/cgroup_path.h"

#include <ctype.h>

#define COUNT(a)   (sizeof(a) / sizeof(*(a)))
#define ID_LEN	   64
#define UID_LEN	   36 /* of a pod; of one that the kubelet made by itself: 32 digits */
#define UID_DIGITS 32
#define TASK_LEN   32 /* of Amazon's ECS, with a number behind */

/* What stands before a container's id. The longest first. */
static const struct {
	const char *prefix, *runtime;
} prefixes[] = {
	{ "cri-containerd", "containerd" },
	{ "libpod-payload", "podman" },
	{ "libpod-conmon", "podman" },
	{ "crio-conmon", "crio" },
	{ "containerd", "containerd" },
	{ "nerdctl", "containerd" },
	{ "libpod", "podman" },
	{ "docker", "docker" },
	{ "cri-o", "crio" },
	{ "crio", "crio" },
};

/* What the group above a container's is called, where the id stands alone. */
static const struct {
	const char *parent, *runtime;
} parents[] = {
	{ "docker", "docker" },	    { "libpod_parent", "podman" }, { "default", "containerd" },
	{ "k8s.io", "containerd" }, { "ecs", "docker" },	   { "buildkit", "docker" },
};

static bool is_hex(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!isdigit(s.ptr[i]) && (s.ptr[i] < 'a' || s.ptr[i] > 'f'))
			return false;
	return s.len > 0;
}

static struct span without_end(struct span s, struct span end)
{
	return span_ends(s, end) ? span_first(s, s.len - end.len) : s;
}

/* ---- the file ---- */

struct span cgroup_path_v2(struct span file)
{
	while (file.len) {
		struct span line = span_first(file, span_find(file, '\n'));

		if (span_starts(line, SPAN_LIT("0::/")))
			return span_from(line, 3);
		file = span_from(file, line.len + 1);
	}
	return file;
}

struct span cgroup_path(struct span file)
{
	struct span best = { NULL, 0 };
	int best_rank = -1;

	while (file.len) {
		struct span line = span_first(file, span_find(file, '\n')), rest, names, path;
		int rank;

		file = span_from(file, line.len + 1);
		rest = span_from(line, span_find(line, ':') + 1);
		names = span_first(rest, span_find(rest, ':'));
		path = span_from(rest, names.len + 1);
		rank = span_eq(names, SPAN_LIT("name=systemd")) ? 1 : names.len ? 0 : 2;
		if (!path.len || path.ptr[0] != '/')
			continue;
		/* Where both versions are mounted, version 2 may have the root alone. */
		if (path.len == 1)
			rank = -1;
		if (rank > best_rank || (rank == best_rank && path.len > best.len)) {
			best = path;
			best_rank = rank;
		}
	}
	return best;
}

/* ---- its parts ---- */

static void set_runtime(struct cgroup_place *p, const char *runtime)
{
	p->runtime = span_str(runtime);
}

/* Within Kubernetes the path may not tell which runtime it is. */
static const char *by_parent(struct span parent, const struct cgroup_place *p)
{
	for (size_t i = 0; i < COUNT(parents); i++)
		if (span_eq(parent, span_str(parents[i].parent)))
			return parents[i].runtime;
	return p->pod.len ? "kubernetes" : "container";
}

/* docker-ID.scope, kubepods-x.slice:cri-containerd:ID, ID, ECS's ID-NUMBER. */
static bool read_container(struct span part, struct span parent, struct cgroup_place *p)
{
	struct span s = without_end(part, SPAN_LIT(".scope")), id, before;

	if (s.len > TASK_LEN && s.ptr[TASK_LEN] == '-' && is_hex(span_first(s, TASK_LEN)) &&
	    is_hex(span_from(s, TASK_LEN + 1))) {
		p->id = span_first(s, TASK_LEN);
		set_runtime(p, "docker");
		return true;
	}
	id = span_from(s, s.len > ID_LEN ? s.len - ID_LEN : 0);
	if (id.len != ID_LEN || !is_hex(id))
		return false;
	before = span_first(s, s.len - ID_LEN);
	if (before.len && before.ptr[before.len - 1] != '-' && before.ptr[before.len - 1] != ':')
		return false;
	p->id = id;
	p->name = span_of(NULL, 0);
	set_runtime(p, by_parent(parent, p));
	before = span_first(before, before.len ? before.len - 1 : 0);
	for (size_t i = 0; i < COUNT(prefixes); i++)
		if (span_ends(before, span_str(prefixes[i].prefix))) {
			set_runtime(p, prefixes[i].runtime);
			break;
		}
	return true;
}

/* What stands between two texts; false: the part is not so. */
static bool between(struct span part, struct span first, struct span last, struct span *ret)
{
	if (part.len <= first.len + last.len || !span_starts(part, first) || !span_ends(part, last))
		return false;
	*ret = span_first(span_from(part, first.len), part.len - first.len - last.len);
	return true;
}

/* Containers that their groups name. */
static bool read_named(struct span part, struct span parent, struct cgroup_place *p)
{
	static const struct {
		struct span first, last;
		const char *runtime;
	} shapes[] = {
		{ SPAN_LIT("systemd-nspawn@"), SPAN_LIT(".service"), "nspawn" },
		{ SPAN_LIT("machine-"), SPAN_LIT(".scope"), "nspawn" },
		{ SPAN_LIT("lxc.payload."), SPAN_LIT(""), "lxc" },
	};
	struct span name;

	for (size_t i = 0; i < COUNT(shapes); i++) {
		if (!between(part, shapes[i].first, shapes[i].last, &name))
			continue;
		*p = (struct cgroup_place){ .name = name };
		set_runtime(p, shapes[i].runtime);
		return true;
	}
	if (!span_eq(parent, SPAN_LIT("lxc")) && !span_eq(parent, SPAN_LIT("lxc.payload")))
		return false;
	*p = (struct cgroup_place){ .name = part };
	set_runtime(p, "lxc");
	return true;
}

/* kubepods-burstable-podUID.slice, podUID. */
static bool read_pod(struct span part, struct cgroup_place *p)
{
	static const size_t lengths[] = { UID_LEN, UID_DIGITS };
	struct span s = without_end(part, SPAN_LIT(".slice")), uid, before;

	for (size_t i = 0; i < COUNT(lengths); i++) {
		uid = span_from(s, s.len > lengths[i] ? s.len - lengths[i] : s.len);
		before = span_first(s, s.len - uid.len);
		if (!uid.len || !span_ends(before, SPAN_LIT("pod")) || !isxdigit(uid.ptr[0]))
			continue;
		for (size_t k = 0; k < uid.len; k++)
			if (!isxdigit(uid.ptr[k]) && uid.ptr[k] != '-' && uid.ptr[k] != '_')
				return false;
		*p = (struct cgroup_place){ .pod = uid };
		return true;
	}
	return false;
}

static bool is_unit(struct span part)
{
	return span_ends(part, SPAN_LIT(".service")) || span_ends(part, SPAN_LIT(".scope"));
}

struct cgroup_place cgroup_place(struct span path)
{
	struct span part, parent = { NULL, 0 };
	struct cgroup_place p = { .id = { NULL, 0 } };

	while (path.len) {
		part = span_first(path, span_find(path, '/'));
		path = span_from(path, part.len + 1);
		if (!part.len)
			continue;
		if (!read_pod(part, &p) && !read_container(part, parent, &p) &&
		    !read_named(part, parent, &p) && is_unit(part))
			p.unit = part;
		parent = part;
	}
	return p;
}
