/* SPDX-License-Identifier: MIT */
/* Paths of control groups, as the runtimes make them. */
#include "capture/cgroup_path.h"

#include "base/buf.h"
#include "tests/unit/tap.h"

#define ID  "4ecd1f0a2b8c9d3e5f60718293a4b5c6d7e8f90123456789abcdef0123456789"
#define ID2 "aaaa1f0a2b8c9d3e5f60718293a4b5c6d7e8f90123456789abcdef0123456789"
#define UID "3c6f4f8e-1b0a-4d7e-9f21-0a1b2c3d4e5f"
#define UI_ "3c6f4f8e_1b0a_4d7e_9f21_0a1b2c3d4e5f"
#define MD5 "0123456789abcdef0123456789abcdef"

static const struct {
	const char *path, *want; /* runtime id name pod unit */
} rows[] = {
	/* Docker */
	{ "/docker/" ID, "docker " ID " - - -" },
	{ "/system.slice/docker-" ID ".scope", "docker " ID " - - -" },
	{ "/system.slice/docker-" ID ".scope/init.scope", "docker " ID " - - init.scope" },
	{ "/docker/" ID "/docker/" ID2, "docker " ID2 " - - -" },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" ID ".scope",
	  "docker " ID " - - user@1000.service" },
	{ "/ecs/" MD5 "/" MD5 "-123456789", "docker " MD5 " - - -" },
	{ "/../../docker/" ID, "docker " ID " - - -" },
	/* containerd, nerdctl */
	{ "/system.slice/nerdctl-" ID ".scope", "containerd " ID " - - -" },
	{ "/default/" ID, "containerd " ID " - - -" },
	{ "/k8s.io/" ID, "containerd " ID " - - -" },
	/* Podman */
	{ "/machine.slice/libpod-" ID ".scope/container", "podman " ID " - - -" },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope/container",
	  "podman " ID " - - user@1000.service" },
	{ "/system.slice/web.service/libpod-payload-" ID, "podman " ID " - - web.service" },
	{ "/libpod_parent/libpod-" ID, "podman " ID " - - -" },
	/* Kubernetes */
	{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UI_
	  ".slice/cri-containerd-" ID ".scope",
	  "containerd " ID " - " UI_ " -" },
	{ "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" UI_ ".slice/crio-" ID
	  ".scope",
	  "crio " ID " - " UI_ " -" },
	{ "/kubepods/burstable/pod" UID "/" ID, "kubernetes " ID " - " UID " -" },
	{ "/kubepods/pod" UID "/" ID, "kubernetes " ID " - " UID " -" },
	{ "/kubepods.slice/kubepods-pod" MD5 ".slice/docker-" ID ".scope",
	  "docker " ID " - " MD5 " -" },
	{ "/kubepods-besteffort-pod" UI_ ".slice:cri-containerd:" ID, "containerd " ID " - - -" },
	{ "/docker/" ID2 "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod" UI_
	  ".slice/cri-containerd-" ID ".scope",
	  "containerd " ID " - " UI_ " -" },
	/* LXC, nspawn */
	{ "/lxc/101", "lxc - 101 - -" },
	{ "/lxc.payload.web/system.slice/nginx.service", "lxc - web - nginx.service" },
	{ "/machine.slice/systemd-nspawn@web.service/payload", "nspawn - web - -" },
	{ "/machine.slice/machine-web.scope", "nspawn - web - -" },
	/* systemd */
	{ "/system.slice/nginx.service", "- - - - nginx.service" },
	{ "/system.slice/system-getty.slice/getty@tty1.service", "- - - - getty@tty1.service" },
	{ "/user.slice/user-1000.slice/user@1000.service/app.slice/app-foo.scope",
	  "- - - - app-foo.scope" },
	{ "/user.slice/user-1000.slice/session-3.scope", "- - - - session-3.scope" },
	{ "/init.scope", "- - - - init.scope" },
	/* none of them */
	{ "/", "- - - - -" },
	{ "", "- - - - -" },
	{ "//", "- - - - -" },
	{ "/user.slice", "- - - - -" },
	{ "/docker/abc", "- - - - -" },
	{ "/docker/x" ID, "- - - - -" },
	{ "/" ID "0", "- - - - -" },
	{ "/pod", "- - - - -" },
	{ "/" ID, "container " ID " - - -" },
};

static void add(struct buf *out, struct span s)
{
	buf_adds(out, out->len ? " " : "");
	buf_add(out, s.len ? s : SPAN_LIT("-"));
}

static void test_places(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct cgroup_place p = cgroup_place(span_str(rows[i].path));
		struct buf out;

		buf_init(&out, 1024);
		add(&out, p.runtime);
		add(&out, p.id);
		add(&out, p.name);
		add(&out, p.pod);
		add(&out, p.unit);
		is_str(out.ptr, rows[i].want, "%s", rows[i].path);
		buf_done(&out);
	}
}

static void test_files(void)
{
	static const struct {
		const char *file, *want, *what;
	} files[] = {
		{ "0::/system.slice/a.service\n", "/system.slice/a.service", "version 2" },
		{ "12:pids:/docker/a\n1:name=systemd:/docker/b\n0::/\n", "/docker/b",
		  "version 1 with an empty version 2" },
		{ "12:pids:/docker/a\n1:name=systemd:/docker/b\n0::/c\n", "/c", "both" },
		{ "3:cpu,cpuacct:/a\n2:memory:/a/b\n", "/a/b", "version 1 without systemd" },
		{ "0::/a:b/c", "/a:b/c", "a colon in a name, no end of line" },
		{ "0::/\n", "/", "the root" },
		{ "", "", "nothing" },
		{ "0:", "", "a line that is cut" },
		{ "rubbish\n\n::\n", "", "rubbish" },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		ok(span_eq(cgroup_path(span_str(files[i].file)), span_str(files[i].want)), "%s",
		   files[i].what);
}

int main(void)
{
	test_places();
	test_files();
	return tap_done();
}
