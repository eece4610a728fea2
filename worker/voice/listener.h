/* Where nginx reaches a voice process: a unix socket of its own, or a port of a private
 * address. */
#ifndef WK_VOICE_LISTENER_H
#define WK_VOICE_LISTENER_H

#include "worker/voice/voice.h"

typedef struct wk_listener wk_listener_t;

/* By config->voice_listen. NULL and *e: it cannot be. */
wk_listener_t *wk_listener_open(wk_voice_t *voice, wk_error_t *e);

/* "unix:/path" or "address:port", as proxy_pass takes it. Lives as long as the listener. */
const char *wk_listener_address(const wk_listener_t *l);

void wk_listener_close(wk_listener_t *l);

#endif
