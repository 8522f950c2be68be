/* SPDX-License-Identifier: MIT */
/* Which process listens on a TCP port of this network namespace. Source: proc_pid_net(5). */
#ifndef SPY_PROC_PORT_HOLDER_H
#define SPY_PROC_PORT_HOLDER_H

/* "python3[812]"; of a process that we may not look at "another user's process"; NULL: nobody does.
 * The caller frees it. */
char *port_holder(unsigned port);

#endif
