# SPDX-License-Identifier: MIT
"""A machine with another kernel, emulated by qemu: it runs one command as root, with the files of this host beneath
what it writes, which is lost when it ends. The kernel is a package of the distribution, from where apt gets packages."""
import glob
import os
import re
import shutil
import subprocess
import tempfile

from agents import CACHE

# To reach the host's files, and to write over them.
MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay")
# qemu before 8 emulates CMPXCHG16B wrongly, which kernels after 6.6 use.
CPU = "max,la57=off,-cx16"
INIT = """#!/bin/busybox sh
/bin/busybox --install -s /bin
mkdir -p /proc /sys /dev /host /over /root
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev
for m in /modules/*; do insmod $m; done
mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose host /host || poweroff -f
mount -t tmpfs -o size=90% over /over; mkdir /over/upper /over/work
mount -t overlay -o lowerdir=/host,upperdir=/over/upper,workdir=/over/work root /root || poweroff -f
for d in proc sys dev; do mount --bind /$d /root/$d; done
mkdir -p /root/dev/pts /root/dev/shm; mount -t devpts devpts /root/dev/pts
mount -t tmpfs run /root/run; mount -t tmpfs shm /root/dev/shm
mount -t cgroup2 cgroup2 /root/sys/fs/cgroup
cp /command /root/run/command
ip link set lo up
exec >/dev/ttyS1 2>&1
stty raw -echo </dev/ttyS1
chroot /root /bin/sh /run/command </dev/null
echo "status $?"
sync
poweroff -f
"""


def unpacked(to):
    if not os.path.exists(glob.glob(to + "/lib/modules/*")[0] + "/modules.dep"):
        subprocess.run(["depmod", "-b", to, os.listdir(to + "/lib/modules")[0]], check=True)
    return to, os.listdir(to + "/lib/modules")[0]


def package(name):
    """The unpacked package of a kernel and its version; None: it cannot be had."""
    depends = subprocess.run(["apt-cache", "depends", "--important", name], capture_output=True, text=True).stdout
    found = re.search(r"Depends: (linux-image-\S+)", depends)
    if not found:
        return None
    to = os.path.join(CACHE, "kernels", found[1])
    if not os.path.isdir(to):
        with tempfile.TemporaryDirectory() as d:
            if subprocess.run(["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", found[1]], cwd=d).returncode:
                return None
            os.makedirs(os.path.dirname(to), exist_ok=True)
            subprocess.run(["dpkg-deb", "-x", *glob.glob(d + "/*.deb"), d + "/x"], check=True)
            shutil.move(d + "/x", to)
    return unpacked(to)


def modules(root, version):
    """Their files, each after those that it needs."""
    at, files = f"{root}/lib/modules/{version}/", []
    needs = dict(line.rstrip("\n").split(":", 1) for line in open(at + "modules.dep"))
    for name in MODULES:
        for path in needs:
            if os.path.basename(path).split(".")[0] == name:
                files += [at + p for p in [*reversed(needs[path].split()), path] if at + p not in files]
    return files


def archive(files):
    """As the kernel unpacks it (cpio, newc): of (name, mode, bytes)."""
    def pad(data):
        return data + bytes(-len(data) % 4)
    out = b""
    for i, (name, mode, data) in enumerate([*files, ("TRAILER!!!", 0, b"")]):
        name = name.encode() + b"\0"
        fields = (i, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
        out += pad(b"070701" + b"".join(b"%08x" % f for f in fields) + name) + pad(data)
    return out


def content(path):
    with open(path, "rb") as f:
        return f.read()


def run(root, version, command, seconds):
    """What `command` of /bin/sh prints, and its status; None: there is none."""
    with tempfile.TemporaryDirectory() as d:
        files = [("bin", 0o40755, b""), ("modules", 0o40755, b""), ("init", 0o100755, INIT.encode()),
                 ("command", 0o100644, command.encode()), ("bin/busybox", 0o100755, content(shutil.which("busybox")))]
        for i, path in enumerate(modules(root, version)):
            files.append((f"modules/{i:02}-{os.path.basename(path)}", 0o100644, content(path)))
        with open(d + "/initrd", "wb") as f:
            f.write(archive(files))
        argv = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-machine", "q35", "-cpu", CPU, "-smp", "2", "-m", "1536",
                "-display", "none", "-nodefaults", "-no-reboot", "-net", "none", "-device", "virtio-rng-pci",
                "-fsdev", "local,id=host,path=/,security_model=none,readonly=on,multidevs=remap",
                "-device", "virtio-9p-pci,fsdev=host,mount_tag=host",
                "-serial", f"file:{d}/console", "-serial", f"file:{d}/said",
                "-kernel", f"{root}/boot/vmlinuz-{version}", "-initrd", d + "/initrd",
                "-append", "console=ttyS0 panic=-1 quiet mitigations=off tsc=reliable"]
        try:
            subprocess.run(argv, timeout=seconds, stdout=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            pass
        said = content(d + "/said").decode("utf-8", "replace").replace("\r", "")
        status = re.search(r"^status (\d+)\n\Z", said, re.M)
        if not status:
            said += "\n" + content(d + "/console").decode("utf-8", "replace")[-2000:]
            return None, said
        return int(status[1]), said[:status.start()]
