/* The process that carries live calls (docs/voice.md). worker/voice/process.c has it. */
#ifndef WK_VOICE_PROCESS_H
#define WK_VOICE_PROCESS_H

#include "worker/config.h"

/*
 * Runs until SIGTERM; then no new calls, and those that are on go to their end, or after
 * voice.drain_ms elsewhere. Returns the exit status.
 */
int wk_voice_process(const wk_config_t *config);

#endif
