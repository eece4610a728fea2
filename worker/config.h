/*
 * The settings of a worker: conf/worker.conf (INI), each overridable by an
 * environment variable; docs/settings.md lists both names. Read once, before
 * the supervisor forks, and never changed: every thread may read it.
 *
 * A text without a setting is NULL; for a provider's address that means the real
 * service, which its file in providers/ knows.
 */
#ifndef WK_CONFIG_H
#define WK_CONFIG_H

#include "core/base.h"
#include "worker/error.h"
#include "worker/log.h"

typedef struct {
    const char *redis_url;        /* REDIS_URL */
    const char *redis_voice_url;  /* REDIS_VOICE_URL; NULL: the same */
    const char *database_url;     /* DATABASE_URL: owner, only migrate uses it */
    const char *app_database_url; /* APP_DATABASE_URL: what jobs use */
    bool prepare; /* named prepared statements; off behind a transaction pooler */

    int processes; /* VA_WORKERS; 0 in the file: one a core, which this holds */
    int threads;   /* a process */
    int lane_cap;  /* jobs of one lane at once, in the fleet; 0: no cap */
    int lease_ms;  /* how long a job may go unrenewed */
    int drain_ms;  /* how long SIGTERM waits for running jobs */
    int max_attempts;
    int max_stalls; /* leases a job may let run out before it is buried */

    wk_level_t log_level; /* LOG_LEVEL */
    const char *log_file; /* NULL: standard error */

    const char *public_url;   /* VA_PUBLIC_URL, no trailing slash */
    const char *messages_dir; /* conf/messages: a catalogue a language */
    const char *sql_dir;      /* the migrations */
    const char
        *extract_program; /* VA_EXTRACT: reads documents; NULL: beside the worker's own */

    const char *jwt_secret;             /* JWT_SECRET: signs access tokens */
    const char *internal_secret;        /* VA_INTERNAL_SECRET: signs tickets and call tokens */
    const char *internal_secret_before; /* verifies what was signed before a rotation */
    const char *encryption_keys;        /* ENCRYPTION_KEY: "id:base64,…", the first encrypts */
    const char *jwks_url;               /* JWKS_URL: the identity provider's key set */
    const char *jwks_file;              /* JWKS_FILE: where nginx reads it */
    int access_token_s;
    int refresh_token_s;
    int password_cost;                     /* yescrypt/bcrypt cost parameter for new hashes */
    int chat_session_s;                    /* a chat that was silent for so long is over */
    int chat_day_address, chat_day_number; /* what chats may cause (agent/chat_limit.h) */

    const char *twilio_base_url, *twilio_account_sid, *twilio_auth_token;
    const char *elevenlabs_base_url, *elevenlabs_api_key;
    const char *tools_secret; /* TOOLS_SECRET: what nginx lets agents' tools in by */
    const char *elevenlabs_voice, *elevenlabs_speech_model;
    const char *openai_base_url, *openai_api_key, *openai_model;
    const char *openai_embedding_model; /* NULL: the knowledge is searched by words alone */
    const char *site_addresses; /* VA_SITE_ADDRESSES: not public, and sites are read there all
                                   the same (public_address.h); NULL: none */
    int openai_timeout_ms;      /* of one answer, to its last word */
    int openai_turn_ms;         /* of all it takes to answer one message */
    const char *openai_realtime_url, *openai_realtime_model, *openai_transcription_model;
    const char *openai_speech_model, *openai_speech_voice;
    int openai_session_s; /* how old a realtime session grows before another takes over */
    const char *deepgram_base_url, *deepgram_api_key;
    const char *deepgram_model, *deepgram_language;
    const char *deepgram_voice; /* NULL: one of the text's language */
    const char *shopify_base_url, *shopify_access_token;
    const char *hubspot_base_url,
        *hubspot_access_token;       /* of shops without a token of their own */
    const char *hubspot_api_version; /* HUBSPOT_API_VERSION: dated */
    const char *livekit_url, *livekit_api_key, *livekit_api_secret;
    const char *livekit_agent; /* LIVEKIT_AGENT: whom a room gets, by its registered name */
    const char
        *livekit_sip; /* LIVEKIT_SIP: where it takes calls by SIP; NULL: by its connector */
    const char *livekit_sip_username,
        *livekit_sip_password; /* of its inbound trunk; both or none */
    const char *google_base_url, *google_client_id, *google_client_secret;
    const char *google_channel_token; /* GOOGLE_CHANNEL_TOKEN: what nginx compares */
    const char *smtp_url;             /* SMTP_URL; NULL: no e-mail is sent */
    const char *smtp_from; /* SMTP_FROM: whom all e-mails are from; NULL: each shop's address */

    const char *signup_plan;      /* of who names none: FREE, BASIC or PRO */
    int signup_trial_days;        /* of a plan that is not FREE; 0: it has no end */
    int signup_credits;           /* granted once */
    int signup_numbers_a_day;     /* bought for shops that sign up, of all together */
    const char *signup_country;   /* of a number, where the shop's time zone tells none */
    const char *signup_terms;     /* the version of the terms that is accepted */
    const char *signup_templates; /* a folder: what agents are made of, by kind of shop */
    const char *signup_assistant; /* the agents' name */
    const char *signup_product;   /* ours, where a provider lists what we have made there */
    const char *signup_backup;    /* a number that takes calls where the owner does not; NULL */
    bool skip_twilio, skip_elevenlabs; /* SKIP_…_PROVISIONING */

    int voice_processes;      /* 0: none on this host */
    const char *voice_listen; /* a folder for unix sockets, or a private numeric address */
    const char *voice_ca;     /* VA_CA_FILE: authorities beside the system's; NULL: none */
    int voice_max_calls;      /* a process */
    const char *voice_speech; /* who speaks in the engine pipeline (providers/speaker.h) */
    int voice_drain_ms;       /* how long SIGTERM waits for calls */

    /* Decimals, USD; NULL: not known. A minute, but where another measure is named. */
    const char *price_telephony_in, *price_telephony_out;
    const char *price_receptionist, *price_gather, *price_realtime, *price_pipeline,
        *price_elevenlabs, *price_livekit;
    const char *price_elevenlabs_credit;            /* a credit of the platform's plan */
    const char *price_sms_segment;                  /* a segment */
    const char *price_tokens_in, *price_tokens_out; /* a million of tokens */
} wk_config_t;

/*
 * path NULL: defaults and environment only. An empty environment variable counts
 * as none. On failure e names the file, line and setting. The result is freed by
 * wk_config_free().
 */
wk_config_t *wk_config_load(const char *path, wk_error_t *e);
void wk_config_free(wk_config_t *c);

/* Where voice processes find Redis. */
static inline const char *wk_config_voice_redis(const wk_config_t *c)
{
    return c->redis_voice_url != NULL ? c->redis_voice_url : c->redis_url;
}

/*
 * Complains about what would not work (fatal) or is not safe or complete; one call
 * of report a finding. False when one was fatal. calls: live ones are carried with it, else
 * what only they need is not looked at.
 */
typedef void (*wk_report_fn)(void *ctx, bool fatal, const char *text);

bool wk_config_check(const wk_config_t *c, bool calls, wk_report_fn report, void *ctx);

#endif
