/*
 * What was said in a call, as a language model is told of it: the caller's words, the agent's
 * as far as they were heard, and each tool with what it answered. Pure; the oldest are told as
 * one text (chat_earlier.h).
 */
#ifndef WK_VOICE_CHAT_MEMORY_H
#define WK_VOICE_CHAT_MEMORY_H

#include "worker/arena.h"
#include "worker/voice/playout.h"

#define WK_CHAT_MEMORY_MAX 48 /* utterances */

typedef struct wk_chat_memory wk_chat_memory_t;

wk_chat_memory_t *wk_chat_memory_new(void);
void wk_chat_memory_free(wk_chat_memory_t *m);

void wk_chat_user(wk_chat_memory_t *m, va_str_t text);
void wk_chat_system(wk_chat_memory_t *m, va_str_t text);

/* More of what the agent says; item names the utterance, a new name begins another. */
void wk_chat_agent(wk_chat_memory_t *m, va_str_t item, va_str_t text);

/* All of it, as it is remembered. Valid until the next change. */
va_str_t wk_chat_said(const wk_chat_memory_t *m, va_str_t item);

/* Only so much of an utterance was heard. */
void wk_chat_cut(wk_chat_memory_t *m, const wk_cut_t *cut);

/* A tool that the agent called in an utterance, or beside it; what it answered. */
void wk_chat_call(wk_chat_memory_t *m, va_str_t item, va_str_t id, va_str_t name,
                  va_str_t arguments);
void wk_chat_result(wk_chat_memory_t *m, va_str_t id, va_str_t output);

/* What a tool answered last, if nobody has said anything since; absent: somebody has. */
va_str_t wk_chat_last_result(const wk_chat_memory_t *m);

/* What the caller said last; absent: nothing yet. */
va_str_t wk_chat_last_user(const wk_chat_memory_t *m);

/*
 * A JSON array as chat completions take it, `system` at its head, what was said earlier behind
 * it, and `now` (may be absent) at its end. A tool's answer stands right behind its call, and
 * one that has not answered says so: anything else the service refuses.
 */
va_str_t wk_chat_messages(wk_arena_t *a, const wk_chat_memory_t *m, va_str_t system,
                          va_str_t now);

#endif
