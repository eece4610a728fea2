#include "worker/voice/control.h"

#include <stdio.h>
#include <stdlib.h>

#include "worker/log.h"
#include "worker/voice/session.h"

#include "scripts.h"

struct wk_control {
    wk_voice_t *voice;
    wk_aredis_t *channel;
    char name[360];
};

void wk_control_yielded(wk_voice_t *voice, va_str_t call, int64_t epoch, const char *how)
{
    char key[160];
    int len = snprintf(key, sizeof(key), "va:call:yielded:{%.*s}:%lld", (int)call.len,
                       call.data, (long long)epoch);
    va_str_t keys[] = {va_str(key, (size_t)len)}, args[] = {va_str_c(how)};
    wk_aredis_script(voice->redis, &wk_script_call_yielded, keys, 1, args, 1, NULL, NULL);
}

static void yield(wk_voice_t *voice, va_str_t call, int64_t epoch)
{
    wk_session_t *s = wk_session_of(voice, call, 0);
    if (s != NULL) {
        wk_session_yield(s, epoch);
    } else {
        wk_control_yielded(voice, call, epoch, "closed");
    }
}

static void on_ready(void *ctx)
{
    (void)ctx; /* what was missed is the heartbeat's */
}

static void on_message(void *ctx, va_str_t text)
{
    const wk_control_t *control = ctx;
    char line[160], call[64];
    long long epoch;
    int end = 0;
    snprintf(line, sizeof(line), "%.*s", (int)text.len, text.data);
    if (sscanf(line, "yield %63s %lld%n", call, &epoch, &end) == 2 && line[end] == '\0') {
        yield(control->voice, va_str_c(call), epoch);
    } else {
        wk_log(WK_WARN, "a voice process was told what it does not know");
    }
}

wk_control_t *wk_control_start(wk_voice_t *voice)
{
    static const wk_aredis_listener_t listener = {on_ready, on_message};
    wk_control_t *control = calloc(1, sizeof(*control));
    if (control == NULL) {
        abort();
    }
    control->voice = voice;
    snprintf(control->name, sizeof(control->name), "va:voice:control:%s", voice->name);
    control->channel = wk_aredis_new(voice->loop, wk_config_voice_redis(voice->config));
    wk_aredis_listen(control->channel, control->name, &listener, control);
    return control;
}

void wk_control_stop(wk_control_t *control)
{
    wk_aredis_close(control->channel);
    free(control);
}
