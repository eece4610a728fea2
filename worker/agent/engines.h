/*
 * Who talks in a call: an organization's engines, first to last. What cannot be had (no
 * configuration for it, the plan, no voice process with room) gives way to the next; the last
 * is always the talk by TwiML, which needs nothing but the workers.
 */
#ifndef WK_AGENT_ENGINES_H
#define WK_AGENT_ENGINES_H

#include "core/json.h"
#include "worker/config.h"

typedef enum {
    WK_ENGINE_TALK,  /* turn by turn by TwiML: the receptionist, or a model */
    WK_ENGINE_MEDIA, /* a voice process carries the audio */
    WK_ENGINE_AGENT, /* an agent at a platform: a voice process carries the audio to it; where
                        the shop wants it so, or none has room, the platform has the call by
                        its TwiML */
    WK_ENGINE_ROOM,  /* a room at a platform, which the call's sound goes to by itself */
} wk_engines_kind_t;

typedef struct {
    const char *name; /* of the domain `engine` */
    wk_engines_kind_t kind;
    bool pro; /* of the plan PRO */
    /* Whether it is configured; agent: elevenlabs_agent_id of the shop, or absent. NULL: it
     * needs nothing. */
    bool (*configured)(const wk_config_t *config, va_str_t agent);
} wk_engines_entry_t;

/* By its name; NULL: there is none. */
const wk_engines_entry_t *wk_engines_find(va_str_t name);

/* Whether it is configured, here and for the shop. agent: elevenlabs_agent_id or absent. */
bool wk_engines_usable(const wk_engines_entry_t *engine, const wk_config_t *config,
                       va_str_t plan, va_str_t agent);

/*
 * The engine of the chain behind `after` (absent: the first) that is usable, and the talk by
 * TwiML behind the last.
 */
const wk_engines_entry_t *wk_engines_next(const va_json_t *chain, va_str_t after,
                                          const wk_config_t *config, va_str_t plan,
                                          va_str_t agent);

#endif
