/* SPDX-License-Identifier: MIT */
/* Content types of what is served. */
#ifndef SPY_WEB_TYPES_H
#define SPY_WEB_TYPES_H

#define TYPE_JSON     "application/json; charset=utf-8"
#define TYPE_HTML     "text/html; charset=utf-8"
#define TYPE_STYLE    "text/css; charset=utf-8"
#define TYPE_SCRIPT   "text/javascript; charset=utf-8"
#define TYPE_TEXT     "text/plain; charset=utf-8"
#define TYPE_MARKDOWN "text/markdown; charset=utf-8"
#define TYPE_PICTURE  "image/svg+xml"
#define TYPE_BYTES    "application/octet-stream"

#endif
