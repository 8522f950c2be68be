/* SPDX-License-Identifier: MIT */
/* Go's crypto/tls and its forks, which have its methods under another path (uTLS, which many
 * programs that pass for a browser use; copies in vendor trees): all users, HTTP/2 included, call
 * the methods Write and Read of *Conn, or of uTLS's *UConn, which has a *Conn as its first word and
 * methods of its own beside. The package is one whose Conn has the method that writes records:
 * types that only wrap a connection have none, and would be counted twice.
 *
 * A uretprobe would put a foreign address on a stack that Go's runtime walks and moves, which
 * crashes the program, so each return instruction is hooked by itself. The table of frames reveals
 * them: a frame is closed right before RET and nowhere else, except before the call for a larger
 * stack, which its instruction distinguishes. */
#include <stdio.h>

#include "find/code.h"
#include "find/finder.h"
#include "find/pclntab.h"

/* Exits of one function; twelve would be many. */
#define RETURNS_MAX 64

/* Bytes of the stack for receiver and slice. If arguments are passed in registers, they have a
 * place there and results have none; before that, results had one. */
#define ARGS_REGISTERS 32
#define ARGS_STACK     56

#define RECORD_LAYER "(*Conn).writeRecordLocked"
#define PACKAGES_MAX 8
#define NAME_BYTES   512
/* Two reads, two writes, and what begins or ends connections. */
#define PACKAGE_SITES_MAX (4 * (RETURNS_MAX + 1) + 6)

enum { GO_WRITE, GO_READ, GO_CLIENT, GO_SERVER, GO_CLOSE, GO_CONN_METHODS };
#define GO_COUNT (2 * GO_CONN_METHODS)
/* Those of UConn follow those of Conn in the same order. */
static const char *const methods[GO_COUNT] = {
	"(*Conn).Write",
	"(*Conn).Read",
	"(*Conn).clientHandshake",
	"(*Conn).serverHandshake",
	"(*Conn).Close",
	"(*UConn).Write",
	"(*UConn).Read",
	"(*UConn).clientHandshake",
	"(*UConn).serverHandshake",
	"(*UConn).Close",
};

static bool is_return(const struct image *im, uint64_t addr)
{
	struct span x86 = SPAN_LIT("\xc3"), arm = SPAN_LIT("\xc0\x03\x5f\xd6");
	struct span want = im->machine == EM_X86_64 ? x86 : arm;

	return span_eq(image_at(im, addr, want.len), want);
}

/* Entry first; false if no return is known. */
static bool add_call(const struct pclntab *t, const struct go_function *f,
		     enum probe_program at_entry, enum probe_program at_return, struct finding *ret)
{
	uint64_t closed[RETURNS_MAX];
	size_t n = pclntab_closed(t, f, closed, RETURNS_MAX), returns = 0;

	finding_add(ret, f->addr, at_entry, false);
	for (size_t i = 0; i < n; i++)
		if (is_return(t->im, closed[i]))
			returns += finding_add(ret, closed[i], at_return, false);
	return returns > 0;
}

static void add_optional(const struct go_function *f, enum probe_program prog, struct finding *ret)
{
	if (f->addr)
		finding_add(ret, f->addr, prog, false);
}

static void name_methods(struct span package, char names[GO_COUNT][NAME_BYTES],
			 struct go_function f[GO_COUNT])
{
	for (size_t i = 0; i < GO_COUNT; i++) {
		snprintf(names[i], NAME_BYTES, "%.*s.%s", (int)package.len, package.ptr,
			 methods[i]);
		f[i] = (struct go_function){ .name = names[i] };
	}
}

/* A type that embeds a *Conn has all methods of it. Those that it does not define itself do no more
 * than go on to the Conn's, where the same bytes are seen. */
static void leave_out_promoted(const struct image *im, struct go_function f[GO_COUNT])
{
	for (size_t i = 0; i < GO_CONN_METHODS; i++) {
		struct go_function *outer = &f[GO_CONN_METHODS + i];

		if (outer->addr && f[i].addr &&
		    code_range_calls(im, outer->addr, outer->end - outer->addr, f[i].addr))
			outer->addr = 0;
	}
}

/* Returns false, and may leave some sites, if one of both exists and cannot be hooked. */
static bool add_calls(const struct pclntab *t, const struct go_function *f,
		      enum probe_program at_entry, struct finding *ret)
{
	return (!f[GO_WRITE].addr ||
		add_call(t, &f[GO_WRITE], at_entry, PROG_GO_WRITE_RETURN, ret)) &&
	       (!f[GO_READ].addr || add_call(t, &f[GO_READ], at_entry, PROG_GO_READ_RETURN, ret));
}

static bool add_package(const struct pclntab *t, const struct go_function *f, struct finding *ret)
{
	const struct go_function *outer = f + GO_CONN_METHODS;

	if (ret->nsites + PACKAGE_SITES_MAX > SITES_MAX || !add_calls(t, f, PROG_GO_CALL, ret) ||
	    !add_calls(t, outer, PROG_GO_CALL_OUTER, ret))
		return false;
	add_optional(&f[GO_CLIENT], PROG_GO_BEGIN, ret);
	add_optional(&f[GO_SERVER], PROG_GO_BEGIN, ret);
	add_optional(&f[GO_CLOSE], PROG_GO_CLOSE, ret);
	add_optional(&outer[GO_CLIENT], PROG_GO_BEGIN_OUTER, ret);
	add_optional(&outer[GO_SERVER], PROG_GO_BEGIN_OUTER, ret);
	add_optional(&outer[GO_CLOSE], PROG_GO_CLOSE_OUTER, ret);
	return true;
}

/* Whether bytes can pass both ways, and all functions that pass them have so many bytes of
 * arguments. */
static bool takes_arguments(const struct go_function *f, uint32_t bytes)
{
	const struct go_function *outer = f + GO_CONN_METHODS;
	const struct go_function *const all[] = { &f[GO_WRITE], &f[GO_READ], &outer[GO_WRITE],
						  &outer[GO_READ] };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (all[i]->addr && all[i]->args != bytes)
			return false;
	return (f[GO_WRITE].addr || outer[GO_WRITE].addr) &&
	       (f[GO_READ].addr || outer[GO_READ].addr);
}

enum outcome { NOT_ONE, STACK_CALLS, HOOKED };

static enum outcome look_at(const struct pclntab *t, struct span package, struct finding *ret)
{
	char names[GO_COUNT][NAME_BYTES];
	struct go_function f[GO_COUNT];
	size_t before = ret->nsites;

	name_methods(package, names, f);
	pclntab_functions(t, f, GO_COUNT);
	if (takes_arguments(f, ARGS_STACK))
		return STACK_CALLS;
	if (!takes_arguments(f, ARGS_REGISTERS))
		return NOT_ONE;
	leave_out_promoted(t->im, f);
	if (add_package(t, f, ret))
		return HOOKED;
	ret->nsites = before;
	return NOT_ONE;
}

static const char *describe(bool own, bool forks)
{
	if (!own && !forks)
		return NULL;
	return own && forks ? "Go crypto/tls and its fork"
	       : own	    ? "Go crypto/tls"
			    : "a fork of Go crypto/tls";
}

/* ---- names that garble made up ---- */

/* The only exported methods of crypto/tls's Conn that this needs: interfaces keep their names. */
#define HANDSHAKE ".HandshakeContext"
enum { OWN_WRITE, OWN_READ, OWN_STATE, OWN_CLOSE, OWN_COUNT };
static const char *const kept[OWN_COUNT] = { "Write", "Read", "ConnectionState", "Close" };

#define APPLICATION_DATA 23 /* the type of record that Write passes on */

/* Whether the type is a connection itself: others that have its methods only go on to them. */
static bool is_connection(const struct pclntab *t, const struct go_function *f)
{
	return f[OWN_WRITE].addr && f[OWN_READ].addr && f[OWN_STATE].addr &&
	       f[OWN_WRITE].args == ARGS_REGISTERS && f[OWN_READ].args == ARGS_REGISTERS &&
	       code_range_loads(t->im, f[OWN_WRITE].addr, f[OWN_WRITE].end - f[OWN_WRITE].addr,
				APPLICATION_DATA);
}

static bool add_connection(const struct pclntab *t, struct span type, struct finding *ret)
{
	struct go_function f[OWN_COUNT];
	char names[OWN_COUNT][NAME_BYTES];
	size_t before = ret->nsites;

	for (size_t i = 0; i < OWN_COUNT; i++) {
		snprintf(names[i], NAME_BYTES, "%.*s.%s", (int)type.len, type.ptr, kept[i]);
		f[i] = (struct go_function){ .name = names[i] };
	}
	pclntab_functions(t, f, OWN_COUNT);
	if (!is_connection(t, f) ||
	    !add_call(t, &f[OWN_WRITE], PROG_GO_CALL, PROG_GO_WRITE_RETURN, ret) ||
	    !add_call(t, &f[OWN_READ], PROG_GO_CALL, PROG_GO_READ_RETURN, ret)) {
		ret->nsites = before;
		return false;
	}
	add_optional(&f[OWN_CLOSE], PROG_GO_CLOSE, ret);
	return true;
}

/* Two such types may be a connection and uTLS's around it, which need other programs: neither is
 * taken, as nothing tells them apart. */
static void find_obfuscated(const struct pclntab *t, struct finding *ret)
{
	struct span types[PACKAGES_MAX];
	size_t n = pclntab_prefixes(t, HANDSHAKE, types, PACKAGES_MAX), found = 0;

	for (size_t i = 0; i < n && found < 2; i++)
		found += add_connection(t, types[i], ret);
	ret->implementation = n ? "Go crypto/tls" : NULL;
	ret->method = "its methods";
	if (found == 1)
		return;
	ret->nsites = 0;
	ret->problem = "has names that were obfuscated, and is not recognised";
}

static bool look(void *arg, const struct pclntab *t)
{
	struct finding found = { .method = "pclntab" };
	struct span packages[PACKAGES_MAX];
	size_t n = pclntab_prefixes(t, "." RECORD_LAYER, packages, PACKAGES_MAX);
	bool own = false, forks = false, stack = false;

	for (size_t i = 0; i < n; i++) {
		bool is_own = span_eq(packages[i], SPAN_LIT("crypto/tls"));
		enum outcome o = look_at(t, packages[i], &found);

		own |= is_own && o != NOT_ONE;
		forks |= !is_own && o != NOT_ONE;
		stack |= o == STACK_CALLS;
	}
	if (t->obfuscated && !own && !forks)
		find_obfuscated(t, &found);
	else
		found.implementation = describe(own, forks);
	if (!found.implementation)
		return false;
	if (stack)
		found.problem = "built with a Go version that passes arguments on the stack "
				"(before 1.17; on arm64 before 1.18)";
	*(struct finding *)arg = found;
	return true;
}

static void find_go(const struct image *im, struct finding *ret)
{
	if (im->machine == EM_X86_64 || im->machine == EM_AARCH64)
		pclntab_each(im, look, ret);
}

const struct finder finder_go = {
	.name = "go-pclntab",
	.group = "go",
	.signs = { "." RECORD_LAYER, ")" HANDSHAKE },
	.find = find_go,
};
