# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034
# The distribution's packages, for quickstart and check: Debian 12 or 13, Ubuntu 22.04 or later.
BUILD_PACKAGES='gcc make autoconf automake pkg-config libbpfcc-dev libelf-dev libjansson-dev nettle-dev
	zlib1g-dev libbrotli-dev libzstd-dev libnghttp2-dev libsqlite3-dev libmicrohttpd-dev libcurl4-openssl-dev libncurses-dev libjs-chart.js
	libevent-dev libssl-dev ca-certificates'
RUN_PACKAGES='curl python3'
TEST_PACKAGES='mandoc xz-utils openssl python3-httpx python3-h2 python3-websockets nodejs
	wget gnutls-bin python3-pycurl git libnss3-tools libmbedtls-dev libwolfssl-dev
	erlang-base erlang-ssl erlang-inets
	bubblewrap python3-jsonschema python3-yaml python3-pyte sudo jq sqlite3 zsh fish'
LINT_PACKAGES='clang clang-format clang-tidy cppcheck shellcheck'
[ "$(uname -m)" = aarch64 ] || LINT_PACKAGES="$LINT_PACKAGES gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
# Emulates a machine with another kernel.
[ "$(uname -m)" != x86_64 ] || TEST_PACKAGES="$TEST_PACKAGES qemu-system-x86 busybox-static kmod"
# shellcheck source=/dev/null
distribution=$(. /etc/os-release 2>/dev/null && echo "$ID $VERSION_ID")
# Ubuntu's is a snap.
case $distribution in
debian*) TEST_PACKAGES="$TEST_PACKAGES chromium" ;;
esac
# Botan 2, which is to be replaced there.
case $distribution in
'debian 12' | ubuntu*) TEST_PACKAGES="$TEST_PACKAGES botan" ;;
esac
# The sanitizers' part of clang, which its package brings there.
case $distribution in
'ubuntu 22.'*) ;;
*) LINT_PACKAGES="$LINT_PACKAGES libclang-rt-dev" ;;
esac
# 100 MB for promtool and one scrape by the real server.
command -v prometheus >/dev/null || TEST_PACKAGES="$TEST_PACKAGES prometheus"
# Any other one will do, and is not to be replaced. Debian's npm brings hundreds of packages.
[ -x /usr/sbin/nginx ] || TEST_PACKAGES="$TEST_PACKAGES nginx-light"
command -v npm >/dev/null || TEST_PACKAGES="$TEST_PACKAGES npm"
command -v go >/dev/null || TEST_PACKAGES="$TEST_PACKAGES golang-go"

# Installs without starting services, now or with the host: a web server among them serves tests only.
apt_install() ( # PACKAGE...
	policy=/usr/sbin/policy-rc.d
	[ -e $policy ] || {
		trap 'rm -f $policy' EXIT
		printf '#!/bin/sh\nexit 101\n' >$policy
		chmod 755 $policy
	}
	apt-get install -qq -y --no-install-recommends "$@" >/dev/null || exit
	case " $* " in
	*' nginx-light '*) systemctl -q disable nginx 2>/dev/null || : ;;
	esac
	case " $* " in
	*' prometheus '*) systemctl -q disable prometheus 2>/dev/null || : ;;
	esac
)

install_packages() { # PACKAGE...
	missing=
	for p in "$@"; do
		dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null | grep -qx installed ||
			missing="$missing $p"
	done
	[ -z "$missing" ] && return 0
	command -v apt-get >/dev/null || {
		echo "$0: this is no Debian or Ubuntu: install what corresponds to$missing" >&2
		return 1
	}
	[ "$(id -u)" = 0 ] || {
		echo "$0: packages are to be installed: run with sudo, or first: apt-get install$missing" >&2
		return 1
	}
	echo "== installing$missing" >&2
	export DEBIAN_FRONTEND=noninteractive
	# Package lists may be missing or old: fetch them only if it fails without.
	# shellcheck disable=SC2086
	apt_install $missing 2>/dev/null || {
		# shellcheck disable=SC2086
		apt-get update -qq && apt_install $missing
	}
}

# Runs a step with its output kept in a file and shown only when it fails: step LOG WHAT COMMAND...
step() {
	log=$1
	echo "== $2" >&2
	shift 2
	"$@" >"$log" 2>&1 || {
		tail -n 60 "$log" >&2
		echo "$0: failed: $* (all of its output is in $log)" >&2
		return 1
	}
}
