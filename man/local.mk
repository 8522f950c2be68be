# SPDX-License-Identifier: MIT
dist_man_MANS = man/llm-spy.8
