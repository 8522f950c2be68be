/* SPDX-License-Identifier: MIT */
/* Files as Docker, Podman and the kubelet leave them, under a directory of our own. */
#include "proc/containers.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "tests/unit/tap.h"

#define ID  "4ecd1f0a2b8c9d3e5f60718293a4b5c6d7e8f90123456789abcdef0123456789"
#define ID2 "aaaa1f0a2b8c9d3e5f60718293a4b5c6d7e8f90123456789abcdef0123456789"
#define UID "3c6f4f8e_1b0a_4d7e_9f21_0a1b2c3d4e5f"

static char root[] = "/tmp/llm-spy-containers-XXXXXX";

/* With the directories above it. */
static char *place(const char *path)
{
	char *all = xasprintf("%s%s", root, path);

	for (char *at = all + 1; *at; at++)
		if (*at == '/') {
			*at = '\0';
			mkdir(all, 0700);
			*at = '/';
		}
	return all;
}

static void write_file(const char *path, const char *text)
{
	AUTO_FREE char *all = place(path);
	FILE *f = fopen(all, "w");

	ok(f && fputs(text, f) >= 0 && fclose(f) == 0, "%s is written", path);
}

static void make_fifo(const char *path)
{
	AUTO_FREE char *all = place(path);

	ok(mkfifo(all, 0600) == 0, "%s is a FIFO", path);
}

static void check(const char *path, const char *name, const char *pod, const char *what)
{
	struct cgroup_place p = cgroup_place(span_str(path));
	struct container_names got;

	container_names_find(root, &p, 0, &got);
	is_str(got.name, name, "%s: its name", what);
	is_str(got.pod, pod, "%s: its pod", what);
}

static void test_docker(void)
{
	check("/docker/" ID, "", "", "Docker without files");
	write_file("/var/lib/docker/containers/" ID "/config.v2.json",
		   "{\"ID\":\"" ID "\",\"Name\":\"/web-1\"}");
	check("/docker/" ID, "web-1", "", "Docker");
	check("/docker/" ID2, "", "", "another one");
	write_file("/var/lib/docker/containers/" ID2 "/config.v2.json",
		   "{\"Name\":\"a\\u001b[2J\"}");
	check("/docker/" ID2, "", "", "a name with an escape sequence");
	write_file("/etc/docker/daemon.json", "{\"data-root\":\"/data\"}");
	write_file("/data/containers/" ID "/config.v2.json", "{\"Name\":\"/moved\"}");
	check("/docker/" ID, "moved", "", "Docker with a root of its own");
	make_fifo("/data/containers/" ID2 "/config.v2.json");
	check("/docker/" ID2, "", "", "a FIFO that nobody writes");
}

static void test_podman(void)
{
	write_file("/var/lib/containers/storage/overlay-containers/containers.json",
		   "[{\"id\":\"x\",\"names\":[\"no\"]},{\"id\":\"" ID "\",\"names\":[\"db\"]}]");
	check("/machine.slice/libpod-" ID ".scope/container", "db", "", "Podman");
	/* Without root: user 0 is the one whose home is known on every host. */
	write_file("/root/.local/share/containers/storage/overlay-containers/containers.json",
		   "[{\"id\":\"" ID2 "\",\"names\":[\"own\"]}]");
	check("/user.slice/user-0.slice/user@0.service/user.slice/libpod-" ID2 ".scope", "own", "",
	      "Podman of a user");
	write_file("/var/lib/containers/storage/overlay-containers/containers.json", "[1,{\"id\":");
	check("/machine.slice/libpod-" ID ".scope", "", "", "a file that is being written");
}

static void test_pods(void)
{
#define POD "/kubepods.slice/kubepods-pod" UID ".slice/cri-containerd-"
	check(POD ID ".scope", "", "3c6f4f8e-1b0a-4d7e-9f21-0a1b2c3d4e5f", "a pod without files");
	write_file("/var/log/containers/web-7d_shop_nginx-" ID ".log", "");
	write_file("/var/log/containers/" ID ".log", "");
	check(POD ID ".scope", "nginx", "shop/web-7d", "a pod");
	check("/lxc/101", "101", "", "LXC");
	check("/system.slice/a.service", "", "", "no container");
}

int main(void)
{
	AUTO_FREE char *clean = NULL;

	ok(mkdtemp(root), "a directory is made");
	test_docker();
	test_podman();
	test_pods();
	clean = xasprintf("rm -rf %s", root);
	ok(system(clean) == 0, "and removed");
	return tap_done();
}
