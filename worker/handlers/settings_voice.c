#include "worker/handlers/settings_voice.h"

#include "worker/handlers/reply.h"
#include "worker/providers/speaker.h"
#include "worker/store/settings.h"

#define PREFIX_MAX_MS  5000
#define SILENCE_MIN_MS 100
#define SILENCE_MAX_MS 5000

static bool read_threshold(wk_arena_t *a, const va_json_t *member, va_str_t *text,
                           wk_error_t *e)
{
    double value;
    if (member == NULL) {
        return true;
    }
    if (!va_json_double(member, &value) || value < 0 || value > 1) {
        return wk_refuse(e, WK_R_BAD_REQUEST, "vad_threshold must be a number from 0 to 1.");
    }
    *text = wk_printf(a, "%.2f", value); /* as many digits as the column keeps */
    return true;
}

static bool read_ms(wk_arena_t *a, const va_json_t *member, int64_t min, int64_t max,
                    va_str_t *text, wk_error_t *e)
{
    int64_t ms;
    if (member == NULL) {
        return true;
    }
    if (!va_json_int(member, &ms) || ms < min || ms > max) {
        return wk_refuse(e, WK_R_BAD_REQUEST, "%.*s must be a whole number from %lld to %lld.",
                         (int)member->name.len, member->name.data, (long long)min,
                         (long long)max);
    }
    *text = wk_printf(a, "%lld", (long long)ms);
    return true;
}

static bool read_speech(const va_json_t *member, wk_voice_settings_t *v, wk_error_t *e)
{
    if (member == NULL) {
        return true;
    }
    v->changes_speech = true;
    if (va_json_is(member, VA_JSON_NULL)) {
        return true;
    }
    v->speech = va_json_string(member);
    return wk_speaker_find(v->speech) != NULL ||
           wk_refuse(e, WK_R_BAD_REQUEST, "speech is nobody who speaks.");
}

bool wk_settings_voice_read(wk_arena_t *a, const va_json_t *part, wk_voice_settings_t *v,
                            wk_error_t *e)
{
    const va_json_t *threshold = va_json_get(part, "vad_threshold");
    const va_json_t *prefix = va_json_get(part, "prefix_padding_ms");
    const va_json_t *silence = va_json_get(part, "silence_ms");
    const va_json_t *speech = va_json_get(part, "speech");
    size_t known =
        (threshold != NULL) + (prefix != NULL) + (silence != NULL) + (speech != NULL);
    *v = (wk_voice_settings_t){.changes_speech = false};
    if (known == 0 || known != part->count) {
        return wk_refuse(e, WK_R_BAD_REQUEST,
                         "voice is vad_threshold, prefix_padding_ms, silence_ms and speech.");
    }
    return read_threshold(a, threshold, &v->threshold, e) &&
           read_ms(a, prefix, 0, PREFIX_MAX_MS, &v->prefix_ms, e) &&
           read_ms(a, silence, SILENCE_MIN_MS, SILENCE_MAX_MS, &v->silence_ms, e) &&
           read_speech(speech, v, e);
}

bool wk_settings_voice_put(wk_tx_t *tx, const wk_voice_settings_t *v, wk_plan_gap_t *gap,
                           wk_error_t *e)
{
    va_str_t params[] = {v->threshold, v->prefix_ms, v->silence_ms,
                         v->changes_speech ? VA_STR("true") : VA_STR("false"), v->speech};
    return wk_plan_require(tx, WK_FEATURE_VOICE_SETTINGS, gap, e) &&
           wk_sql(tx, &wk_sql_settings_voice, params, NULL, e);
}
