/* SPDX-License-Identifier: MIT */
#include "probe/redirect_code.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>

/* What the stack of a program has, below its end. */
#define AT_COOKIE (-8)
#define AT_NOTE	  (AT_COOKIE - (int)sizeof(struct redirect_slot))
#define AT_INDEX  (AT_NOTE - 8)

#define NOTE(member) (AT_NOTE + (int)offsetof(struct redirect_slot, member))
#define ADDR(member) ((int)offsetof(struct bpf_sock_addr, member))

/* ---- instructions ---- */

/* Their other parts are 0: BPF_LD and BPF_IMM, BPF_ADD and BPF_K. */
#define LOAD_WIDE BPF_DW
#define ADD_VALUE BPF_ALU64

static struct bpf_insn *add(struct redirect_code *c, uint8_t code, uint8_t dst, uint8_t src,
			    int off, int32_t imm)
{
	struct bpf_insn *i = &c->insns[c->count];

	*i = (struct bpf_insn){
		.code = code, .dst_reg = dst, .src_reg = src, .off = (int16_t)off, .imm = imm
	};
	c->count += c->count + 1 < REDIRECT_CODE_MAX;
	return i;
}

static void move(struct redirect_code *c, uint8_t dst, uint8_t src)
{
	add(c, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

static void set(struct redirect_code *c, uint8_t dst, uint32_t value)
{
	add(c, BPF_ALU | BPF_MOV | BPF_K, dst, 0, 0, (int32_t)value);
}

static void set_wide(struct redirect_code *c, uint8_t dst, uint8_t kind, uint64_t value)
{
	add(c, LOAD_WIDE, dst, kind, 0, (int32_t)value);
	add(c, 0, 0, 0, 0, (int32_t)(value >> 32));
}

/* The address of a place in the stack. */
static void point(struct redirect_code *c, uint8_t dst, int at)
{
	move(c, dst, BPF_REG_10);
	add(c, ADD_VALUE, dst, 0, 0, at);
}

static void load(struct redirect_code *c, uint8_t size, uint8_t dst, uint8_t base, int off)
{
	add(c, BPF_LDX | BPF_MEM | size, dst, base, off, 0);
}

static void store(struct redirect_code *c, uint8_t size, uint8_t base, int off, uint8_t src)
{
	add(c, BPF_STX | BPF_MEM | size, base, src, off, 0);
}

static void store_value(struct redirect_code *c, uint8_t size, int at, int32_t value)
{
	add(c, BPF_ST | BPF_MEM | size, BPF_REG_10, 0, at, value);
}

static void call(struct redirect_code *c, int32_t helper)
{
	add(c, BPF_JMP | BPF_CALL, 0, 0, 0, helper);
}

/* A jump to what land() is called for; `op` compares the lower half of a register. */
static size_t jump(struct redirect_code *c, uint8_t op, uint8_t reg, uint32_t value)
{
	add(c, (op == BPF_JA ? BPF_JMP : BPF_JMP32) | op | BPF_K, reg, 0, 0, (int32_t)value);
	return c->count - 1;
}

static void land(struct redirect_code *c, size_t from)
{
	c->insns[from].off = (int16_t)(c->count - from - 1);
}

#define EXITS_MAX 12 /* no program has more */

/* Jumps to one end of a program. */
struct exits {
	size_t from[EXITS_MAX];
	size_t count;
};

static void leave(struct redirect_code *c, struct exits *e, uint8_t op, uint8_t reg, uint32_t value)
{
	e->from[e->count++] = jump(c, op, reg, value);
}

/* Whatever was done, the system call goes on. */
static void end(struct redirect_code *c, const struct exits *e)
{
	for (size_t i = 0; i < e->count; i++)
		land(c, e->from[i]);
	set(c, BPF_REG_0, 1);
	add(c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* ---- who ---- */

/* The context is in r6 all along, the port in r7. */
static void check_port(struct redirect_code *c, const struct redirect_rule *r, struct exits *e)
{
	size_t found[PORTS_MAX];

	load(c, BPF_W, BPF_REG_7, BPF_REG_6, ADDR(user_port));
	add(c, BPF_ALU | BPF_END | BPF_TO_BE, BPF_REG_7, 0, 0, 16);
	for (size_t i = 0; i < r->nports; i++) {
		size_t next = jump(c, BPF_JLT, BPF_REG_7, r->ports[i].low);

		found[i] = jump(c, BPF_JLE, BPF_REG_7, r->ports[i].high);
		land(c, next);
	}
	leave(c, e, BPF_JA, 0, 0);
	for (size_t i = 0; i < r->nports; i++)
		land(c, found[i]);
}

/* Elsewhere 127.0.0.1 is another host's, so to speak. */
static void check_namespace(struct redirect_code *c, const struct redirect_rule *r, struct exits *e)
{
	size_t same;

	move(c, BPF_REG_1, BPF_REG_6);
	call(c, BPF_FUNC_get_netns_cookie);
	set_wide(c, BPF_REG_1, 0, r->netns);
	add(c, BPF_JMP | BPF_JEQ | BPF_X, BPF_REG_0, BPF_REG_1, 0, 0);
	same = c->count - 1;
	leave(c, e, BPF_JA, 0, 0);
	land(c, same);
}

static void check_process(struct redirect_code *c, const struct redirect_rule *r, struct exits *e)
{
	call(c, BPF_FUNC_get_current_pid_tgid);
	add(c, BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_0, 0, 0, 32);
	for (size_t i = 0; i < 2; i++)
		leave(c, e, BPF_JEQ, BPF_REG_0, r->except[i]);
	store(c, BPF_W, BPF_REG_10, NOTE(pid), BPF_REG_0);
}

static void check_user(struct redirect_code *c, const struct redirect_rule *r, struct exits *e)
{
	size_t found[REDIRECT_USERS];

	if (!r->nusers)
		return;
	call(c, BPF_FUNC_get_current_uid_gid);
	for (size_t i = 0; i < r->nusers; i++)
		found[i] = jump(c, BPF_JEQ, BPF_REG_0, r->users[i]);
	leave(c, e, BPF_JA, 0, 0);
	for (size_t i = 0; i < r->nusers; i++)
		land(c, found[i]);
}

static void begin(struct redirect_code *c, const struct redirect_rule *r, struct exits *e)
{
	c->count = 0;
	move(c, BPF_REG_6, BPF_REG_1);
	load(c, BPF_W, BPF_REG_2, BPF_REG_6, ADDR(protocol));
	leave(c, e, BPF_JNE, BPF_REG_2, IPPROTO_TCP);
	check_port(c, r, e);
	check_namespace(c, r, e);
	check_process(c, r, e);
	check_user(c, r, e);
}

/* ---- connect ---- */

/* Under the socket's cookie. What cannot be noted must not be led away. */
static size_t note(struct redirect_code *c, int notes, uint8_t family, uint8_t via)
{
	store(c, BPF_H, BPF_REG_10, NOTE(port), BPF_REG_7);
	store_value(c, BPF_B, NOTE(family), family);
	store_value(c, BPF_B, NOTE(via), via);
	move(c, BPF_REG_1, BPF_REG_6);
	call(c, BPF_FUNC_get_socket_cookie);
	store(c, BPF_DW, BPF_REG_10, AT_COOKIE, BPF_REG_0);
	set_wide(c, BPF_REG_1, BPF_PSEUDO_MAP_FD, (uint32_t)notes);
	point(c, BPF_REG_2, AT_COOKIE);
	point(c, BPF_REG_3, AT_NOTE);
	set(c, BPF_REG_4, BPF_ANY);
	call(c, BPF_FUNC_map_update_elem);
	return jump(c, BPF_JNE, BPF_REG_0, 0);
}

static void write_word(struct redirect_code *c, int off, uint32_t value)
{
	set(c, BPF_REG_1, value);
	store(c, BPF_W, BPF_REG_6, off, BPF_REG_1);
}

void redirect_connect4(struct redirect_code *c, const struct redirect_rule *r, int notes)
{
	struct exits e = { .count = 0 };

	begin(c, r, &e);
	load(c, BPF_W, BPF_REG_8, BPF_REG_6, ADDR(user_ip4));
	store(c, BPF_W, BPF_REG_10, NOTE(address), BPF_REG_8);
	for (int i = 4; i < 16; i += 4)
		store_value(c, BPF_W, NOTE(address) + i, 0);
	e.from[e.count++] = note(c, notes, 4, 4);
	write_word(c, ADDR(user_ip4), htonl(INADDR_LOOPBACK));
	write_word(c, ADDR(user_port), htons(r->to_port));
	end(c, &e);
}

/* r8 and r9 have the address' first and third word. An address of one link means nothing without
 * the number of its interface, which is not noted. */
static void read_address6(struct redirect_code *c, struct exits *e)
{
	for (int i = 0; i < 16; i += 4) {
		load(c, BPF_W, BPF_REG_1, BPF_REG_6, ADDR(user_ip6) + i);
		store(c, BPF_W, BPF_REG_10, NOTE(address) + i, BPF_REG_1);
		if (i == 0)
			move(c, BPF_REG_8, BPF_REG_1);
		if (i == 8)
			move(c, BPF_REG_9, BPF_REG_1);
	}
	move(c, BPF_REG_1, BPF_REG_8);
	add(c, BPF_ALU | BPF_AND | BPF_K, BPF_REG_1, 0, 0, (int32_t)htonl(0xffc00000));
	leave(c, e, BPF_JEQ, BPF_REG_1, htonl(0xfe800000));
}

/* Jumps from where the address is no mapped one of IPv4. */
static void find_mapped(struct redirect_code *c, size_t ret_not[3])
{
	ret_not[0] = jump(c, BPF_JNE, BPF_REG_8, 0);
	load(c, BPF_W, BPF_REG_1, BPF_REG_10, NOTE(address) + 4);
	ret_not[1] = jump(c, BPF_JNE, BPF_REG_1, 0);
	ret_not[2] = jump(c, BPF_JNE, BPF_REG_9, htonl(0xffff));
}

void redirect_connect6(struct redirect_code *c, const struct redirect_rule *r, int notes)
{
	struct exits e = { .count = 0 };
	size_t not [3];

	begin(c, r, &e);
	read_address6(c, &e);
	find_mapped(c, not );
	e.from[e.count++] = note(c, notes, 6, 4);
	write_word(c, ADDR(user_ip6) + 12, htonl(INADDR_LOOPBACK));
	write_word(c, ADDR(user_port), htons(r->to_port));
	set(c, BPF_REG_0, 1);
	add(c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	for (size_t i = 0; i < 3; i++)
		land(c, not [i]);
	if (r->to_v6) {
		e.from[e.count++] = note(c, notes, 6, 6);
		for (int i = 0; i < 12; i += 4)
			write_word(c, ADDR(user_ip6) + i, 0);
		write_word(c, ADDR(user_ip6) + 12, htonl(1));
		write_word(c, ADDR(user_port), htons(r->to_port));
	}
	end(c, &e);
}

/* ---- what was noted ---- */

/* r0 points to what the map has for the key on the stack; leaves where it has nothing. */
static void find(struct redirect_code *c, int map, int at, struct exits *e)
{
	set_wide(c, BPF_REG_1, BPF_PSEUDO_MAP_FD, (uint32_t)map);
	point(c, BPF_REG_2, at);
	call(c, BPF_FUNC_map_lookup_elem);
	/* Of all 64 bits. */
	add(c, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 0, 0);
	e->from[e->count++] = c->count - 1;
}

/* r7 points to it; leaves where there is none. */
static void find_note(struct redirect_code *c, int notes, struct exits *e)
{
	move(c, BPF_REG_1, BPF_REG_6);
	call(c, BPF_FUNC_get_socket_cookie);
	store(c, BPF_DW, BPF_REG_10, AT_COOKIE, BPF_REG_0);
	find(c, notes, AT_COOKIE, e);
	move(c, BPF_REG_7, BPF_REG_0);
}

void redirect_before_syn(struct redirect_code *c, int notes, int slots)
{
	struct exits e = { .count = 0 };
	size_t v4;

	c->count = 0;
	move(c, BPF_REG_6, BPF_REG_1);
	load(c, BPF_W, BPF_REG_2, BPF_REG_6, (int)offsetof(struct bpf_sock_ops, op));
	leave(c, &e, BPF_JNE, BPF_REG_2, BPF_SOCK_OPS_TCP_CONNECT_CB);
	find_note(c, notes, &e);
	load(c, BPF_W, BPF_REG_8, BPF_REG_6, (int)offsetof(struct bpf_sock_ops, local_port));
	load(c, BPF_B, BPF_REG_1, BPF_REG_7, (int)offsetof(struct redirect_slot, via));
	v4 = jump(c, BPF_JNE, BPF_REG_1, 6);
	add(c, ADD_VALUE, BPF_REG_8, 0, 0, (int32_t)REDIRECT_PORTS);
	land(c, v4);
	store(c, BPF_W, BPF_REG_10, AT_INDEX, BPF_REG_8);
	find(c, slots, AT_INDEX, &e);
	for (int i = 0; i < (int)sizeof(struct redirect_slot); i += 8) {
		load(c, BPF_DW, BPF_REG_1, BPF_REG_7, i);
		store(c, BPF_DW, BPF_REG_0, i, BPF_REG_1);
	}
	end(c, &e);
}

static void begin_peer_name(struct redirect_code *c, int notes, struct exits *e)
{
	c->count = 0;
	move(c, BPF_REG_6, BPF_REG_1);
	find_note(c, notes, e);
}

static void end_peer_name(struct redirect_code *c, const struct exits *e)
{
	load(c, BPF_H, BPF_REG_1, BPF_REG_7, (int)offsetof(struct redirect_slot, port));
	add(c, BPF_ALU | BPF_END | BPF_TO_BE, BPF_REG_1, 0, 0, 16);
	store(c, BPF_W, BPF_REG_6, ADDR(user_port), BPF_REG_1);
	end(c, e);
}

void redirect_peer_name4(struct redirect_code *c, int notes)
{
	struct exits e = { .count = 0 };

	begin_peer_name(c, notes, &e);
	load(c, BPF_W, BPF_REG_1, BPF_REG_7, 0);
	store(c, BPF_W, BPF_REG_6, ADDR(user_ip4), BPF_REG_1);
	end_peer_name(c, &e);
}

void redirect_peer_name6(struct redirect_code *c, int notes)
{
	struct exits e = { .count = 0 };

	begin_peer_name(c, notes, &e);
	for (int i = 0; i < 16; i += 4) {
		load(c, BPF_W, BPF_REG_1, BPF_REG_7, i);
		store(c, BPF_W, BPF_REG_6, ADDR(user_ip6) + i, BPF_REG_1);
	}
	end_peer_name(c, &e);
}
