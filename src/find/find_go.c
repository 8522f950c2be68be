/* SPDX-License-Identifier: MIT */
/* Go's crypto/tls: all users, HTTP/2 included, call the methods Write and Read of *Conn. A
 * uretprobe would put a foreign address on a stack that Go's runtime walks and moves, which crashes
 * the program, so each return instruction is hooked by itself. The table of frames reveals them: a
 * frame is closed right before RET and nowhere else, except before the call for a larger stack,
 * which its instruction distinguishes. */
#include "find/finder.h"
#include "find/pclntab.h"

/* Exits of one function; twelve would be many. */
#define RETURNS_MAX 64

/* Bytes of the stack for receiver and slice. If arguments are passed in registers, they have a
 * place there and results have none; before that, results had one. */
#define ARGS_REGISTERS 32
#define ARGS_STACK     56

enum { GO_WRITE, GO_READ, GO_CLIENT, GO_SERVER, GO_CLOSE, GO_COUNT };

static bool is_return(const struct image *im, uint64_t addr)
{
	struct span x86 = SPAN_LIT("\xc3"), arm = SPAN_LIT("\xc0\x03\x5f\xd6");
	struct span want = im->machine == EM_X86_64 ? x86 : arm;

	return span_eq(image_at(im, addr, want.len), want);
}

/* Entry first; false if no return is known. */
static bool add_call(const struct pclntab *t, const struct go_function *f,
		     enum probe_program at_return, struct finding *ret)
{
	uint64_t closed[RETURNS_MAX];
	size_t n = pclntab_closed(t, f, closed, RETURNS_MAX), returns = 0;

	finding_add(ret, f->addr, PROG_GO_CALL, false);
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

static bool look(void *arg, const struct pclntab *t)
{
	struct go_function f[GO_COUNT] = {
		[GO_WRITE] = { .name = "crypto/tls.(*Conn).Write" },
		[GO_READ] = { .name = "crypto/tls.(*Conn).Read" },
		[GO_CLIENT] = { .name = "crypto/tls.(*Conn).clientHandshake" },
		[GO_SERVER] = { .name = "crypto/tls.(*Conn).serverHandshake" },
		[GO_CLOSE] = { .name = "crypto/tls.(*Conn).Close" },
	};
	struct finding found = { .implementation = "Go crypto/tls", .method = "pclntab" };

	pclntab_functions(t, f, GO_COUNT);
	if (!f[GO_WRITE].addr || !f[GO_READ].addr || f[GO_WRITE].args != f[GO_READ].args)
		return false;
	if (f[GO_WRITE].args == ARGS_STACK)
		found.problem = "built with a Go version that passes arguments on the stack "
				"(before 1.17; on arm64 before 1.18)";
	else if (f[GO_WRITE].args != ARGS_REGISTERS)
		return false;
	else if (!add_call(t, &f[GO_WRITE], PROG_GO_WRITE_RETURN, &found) ||
		 !add_call(t, &f[GO_READ], PROG_GO_READ_RETURN, &found))
		return false;
	if (found.nsites) {
		add_optional(&f[GO_CLIENT], PROG_GO_BEGIN, &found);
		add_optional(&f[GO_SERVER], PROG_GO_BEGIN, &found);
		add_optional(&f[GO_CLOSE], PROG_GO_CLOSE, &found);
	}
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
	.signs = { "crypto/tls.(*Conn).Write" },
	.find = find_go,
};
