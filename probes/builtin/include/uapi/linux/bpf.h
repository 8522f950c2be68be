/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* libbcc includes this file; the probe needs nothing of it. */
