/* SPDX-License-Identifier: MIT */
#include "probe/redirect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "kernel/bpf.h"
#include "kernel/features.h"

/* Connections whose addresses are remembered; the oldest are forgotten. */
#define NOTES_MAX 65536
#define LINKS_MAX 128
#define LOG_BYTES 65536
/* Linux 5.14; not in the headers of older distributions. */
#define NETNS_COOKIE 71
/* The inode of the host's own process namespace: linux/proc_ns.h, PROC_PID_INIT_INO. */
#define HOST_PIDS 0xeffffffcu

struct redirect {
	int notes, slots;
	uint64_t netns;
	int links[LINKS_MAX];
	size_t count;
};

/* Processes are told apart by the numbers that the kernel itself knows them by. */
static bool has_host_pids(void)
{
	struct stat s;

	return stat("/proc/self/ns/pid", &s) != 0 || s.st_ino == HOST_PIDS;
}

static int find_netns(uint64_t *ret)
{
	socklen_t len = sizeof(*ret);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int err = fd < 0 || getsockopt(fd, SOL_SOCKET, NETNS_COOKIE, ret, &len) != 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return err;
}

static int open_maps(struct redirect *r)
{
	static const struct bpf_map_layout notes = { BPF_MAP_TYPE_LRU_HASH, sizeof(uint64_t),
						     sizeof(struct redirect_slot), NOTES_MAX, 0 };
	static const struct bpf_map_layout slots = { BPF_MAP_TYPE_ARRAY, sizeof(uint32_t),
						     sizeof(struct redirect_slot), REDIRECT_SLOTS,
						     BPF_F_MMAPABLE };

	r->notes = bpf_map_create(&notes, "spy_notes");
	r->slots = r->notes < 0 ? r->notes : bpf_map_create(&slots, "spy_slots");
	return r->slots < 0 ? r->slots : 0;
}

struct redirect *redirect_open(struct error *reterr)
{
	struct redirect *r = xcalloc(1, sizeof(*r));
	int err = 0;

	r->notes = r->slots = -1;
	if (!kernel_may_load_bpf())
		err = error_set(reterr, -EPERM,
				"--proxy=transparent needs root, and a kernel that lets root load "
				"BPF programs; --proxy alone needs neither");
	else if (!has_host_pids())
		err = error_set(reterr, -ENOTSUP,
				"--proxy=transparent does not work in a container that has "
				"process numbers of its own (docker run --pid=host)");
	else if (find_netns(&r->netns) != 0)
		err = error_set(reterr, -ENOTSUP, "--proxy=transparent needs Linux 5.14 or later");
	else if ((err = open_maps(r)) != 0)
		error_set(reterr, err, "--proxy=transparent: the kernel refused a map: %s",
			  strerror(-err));
	if (!err)
		return r;
	redirect_free(r);
	return NULL;
}

int redirect_slots(const struct redirect *r)
{
	return r->slots;
}

static int explain(enum bpf_prog_kind kind, const struct redirect_code *c, int err,
		   struct error *reterr)
{
	char *log = xcalloc(1, LOG_BYTES), *end;

	bpf_prog_load_kind(kind, "spy_redirect", c->insns, c->count * sizeof(*c->insns), log,
			   LOG_BYTES - 1);
	end = strstr(log, "\nprocessed ");
	if (end)
		*end = '\0';
	end = strrchr(log, '\n');
	error_set(reterr, err, "the kernel refused the program that redirects: %s%s%.100s",
		  strerror(-err), log[0] ? ": " : "", end ? end + 1 : log);
	free(log);
	return err;
}

static int attach(struct redirect *r, int cgroup, enum bpf_prog_kind kind,
		  const struct redirect_code *c, struct error *reterr)
{
	int prog = bpf_prog_load_kind(kind, "spy_redirect", c->insns, c->count * sizeof(*c->insns),
				      NULL, 0);
	int link;

	if (prog < 0)
		return explain(kind, c, prog, reterr);
	link = r->count < LINKS_MAX ? bpf_cgroup_link(prog, cgroup, kind) : -E2BIG;
	close(prog);
	if (link < 0)
		return error_set(reterr, link, "connections cannot be redirected: %s",
				 strerror(-link));
	r->links[r->count++] = link;
	return 0;
}

/* What notes is attached before what leads away: so no connection is led away without a note. */
int redirect_attach(struct redirect *r, int cgroup, const struct redirect_rule *rule,
		    struct error *reterr)
{
	struct redirect_rule here = *rule;
	struct redirect_code c;
	int err;

	here.netns = r->netns;
	redirect_before_syn(&c, r->notes, r->slots);
	err = attach(r, cgroup, BPF_KIND_SOCK_OPS, &c, reterr);
	redirect_peer_name4(&c, r->notes);
	err = err ? err : attach(r, cgroup, BPF_KIND_PEER_NAME4, &c, reterr);
	redirect_peer_name6(&c, r->notes);
	err = err ? err : attach(r, cgroup, BPF_KIND_PEER_NAME6, &c, reterr);
	redirect_connect4(&c, &here, r->notes);
	err = err ? err : attach(r, cgroup, BPF_KIND_CONNECT4, &c, reterr);
	redirect_connect6(&c, &here, r->notes);
	return err ? err : attach(r, cgroup, BPF_KIND_CONNECT6, &c, reterr);
}

/* The other way round. */
void redirect_free(struct redirect *r)
{
	if (!r)
		return;
	while (r->count)
		close(r->links[--r->count]);
	if (r->slots >= 0)
		close(r->slots);
	if (r->notes >= 0)
		close(r->notes);
	free(r);
}
