/* SPDX-License-Identifier: MIT */
/* A library with the functions of s2n, of which each begins with an instruction that takes no
 * probe: cs prefixes and nops, as assemblers put them there. Its TLS is none, which is nobody's
 * concern here: what a program passes to it goes to a socket as it is. x86-64 only. */
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

/* The function does what real_NAME does, and begins with these bytes. */
#define BEGINS(name, bytes)                                                                        \
	__asm__(".globl " #name "\n.type " #name ",@function\n" #name ":\n\t.byte " bytes          \
		"\n\tpush %rbx\n\tcall real_" #name "\n\tpop %rbx\n\tret\n.size " #name            \
		", . - " #name "\n");

#ifndef __x86_64__
#undef BEGINS
#define BEGINS(name, bytes)
#endif

struct connection {
	int fd;
};

BEGINS(s2n_connection_new, "0x2e")
BEGINS(s2n_connection_free, "0x3e, 0x2e")
BEGINS(s2n_send, "0x2e, 0x2e, 0x2e, 0x2e")
/* cs nopw 0(%rax,%rax,1) */
BEGINS(s2n_recv, "0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0")

__attribute__((used)) static struct connection *real_s2n_connection_new(int mode)
{
	(void)mode;
	return calloc(1, sizeof(struct connection));
}

void s2n_connection_set_fd(struct connection *c, int fd);

void s2n_connection_set_fd(struct connection *c, int fd)
{
	c->fd = fd;
}

__attribute__((used)) static int real_s2n_connection_free(struct connection *c)
{
	free(c);
	return 0;
}

__attribute__((used)) static ssize_t real_s2n_send(struct connection *c, const void *buf,
						   ssize_t size, int *blocked)
{
	*blocked = 0;
	return send(c->fd, buf, (size_t)size, 0);
}

__attribute__((used)) static ssize_t real_s2n_recv(struct connection *c, void *buf, ssize_t size,
						   int *blocked)
{
	*blocked = 0;
	return recv(c->fd, buf, (size_t)size, 0);
}
