/*
 * Recordings: what the carrier has of a call is stored once, encrypted, and deleted there,
 * whatever fails and whoever dies in between; what is not wanted is never fetched; and what
 * cannot be had does not stay there without people knowing.
 */
#include <libpq-fe.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "t/handlers/lib/deaths.h"
#include "t/handlers/lib/texts.h"
#include "worker/commands/commands.h"
#include "worker/sound.h"

#define CALL      "a0000000-0000-4000-8000-000000000002"
#define SID       "CA0000000000000000000000000000000a"
#define RECORDING "b0000000-0000-4000-8000-000000000003"
#define SIZE      200000 /* three pieces and a bit */
#define BLOCK     64     /* of the simulated sound, which repeats it */
#define K1        "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
#define K2        "k2:ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="

static int setup(void **state)
{
    int failed = t_texts_setup(state);
    t_sqlf("DELETE FROM calls; DELETE FROM tasks; DELETE FROM audit_log; DELETE FROM consents;"
           "DELETE FROM consent_states; DELETE FROM erasures;"
           "UPDATE privacy_settings SET audio_retention_days = 30, disable_audio = false,"
           "    zero_retention = false;"
           "INSERT INTO calls (organization_id, id, twilio_call_sid, direction, caller_number,"
           "    customer_id, status, started_at, ended_at)"
           " VALUES ('" DOWNTOWN "', '" CALL "', '" SID "', 'inbound', '" JOHN_NUMBER
           "', '" JOHN "', 'completed', now(), now());"
           "INSERT INTO recordings (organization_id, id, call_id, twilio_call_sid,"
           "    notice_language) VALUES ('" DOWNTOWN "', '" RECORDING "', '" CALL "', '" SID
           "', 'en')");
    char form[64];
    snprintf(form, sizeof(form), "{\"bytes\":%d,\"ms\":0}", SIZE);
    t_twilio_ask("POST", "/_sim/recording", form);
    t_log_forget();
    return failed;
}

/* ---------------------------------------------------------------- at the carrier */

static size_t at_carrier(const char *status)
{
    size_t n = 0;
    const va_json_t *r = t_twilio_ask("GET", "/_sim/recordings", NULL)->first;
    for (; r != NULL; r = r->next) {
        n += status == NULL || t_eq(va_json_get_string(r, "status"), status);
    }
    return n;
}

/* The call has a recording, which is ready. Its RecordingSid; lasts a test. */
static const char *ready(void)
{
    size_t before = at_carrier("completed");
    const va_json_t *made =
        t_twilio_ask("POST", "/_sim/recording/begin",
                     "{\"call\":\"" SID "\",\"url\":\"http://127.0.0.1:1/nowhere\"}");
    const char *sid = wk_strdup(t_ctx.arena, va_json_get_string(made, "sid"));
    while (at_carrier("completed") == before) {
        usleep(1000);
    }
    return sid;
}

static int requests(const char *method, const char *end)
{
    int n = 0;
    const va_json_t *r = t_twilio_ask("GET", "/_sim/requests", NULL)->first;
    for (; r != NULL; r = r->next) {
        n += t_eq(va_json_get_string(r, "method"), method) &&
             strstr(wk_strdup(t_ctx.arena, va_json_get_string(r, "path")), end) != NULL;
    }
    return n;
}

/* ---------------------------------------------------------------- jobs */

static const t_ask_t told = {.type = "recording.status",
                             .scheme = "twilio",
                             .content_type = "application/x-www-form-urlencoded",
                             .args = "o=" DOWNTOWN,
                             .body = "CallSid=" SID "&RecordingSid=RE1"
                                     "&RecordingStatus=completed"};

static void tell(void)
{
    t_answer_t a = t_ask(&told);
    assert_done(&a);
}

static void settle(void)
{
    t_sqlf("UPDATE recordings SET settle_at = now() WHERE settle_at <> 'infinity'");
    t_answer_t a =
        t_ask(&(t_ask_t){.type = "recordings.settle", .org = DOWNTOWN, .scheme = "internal"});
    assert_done(&a);
}

static const char *state(void)
{
    return t_sqlf("SELECT concat_ws(' ', state, removed) FROM recordings");
}

/* As the scheduler has it done once a day. */
static void sweep(void)
{
    t_sqlf("UPDATE privacy_settings SET swept_at = '-infinity'");
    t_answer_t a =
        t_ask(&(t_ask_t){.type = "privacy.sweep", .org = DOWNTOWN, .scheme = "internal"});
    assert_done(&a);
}

static int64_t pieces(void)
{
    return t_sqlf_int("SELECT count(*) FROM recording_chunks");
}

static t_answer_t play(const char *range)
{
    return t_ask(&(t_ask_t){.type = "recordings.get",
                            .uri = "/api/calls/" CALL "/recording",
                            .claims = t_claims(DANA, DOWNTOWN, "admin"),
                            .org = DOWNTOWN,
                            .headers = {range != NULL ? "range" : NULL, range}});
}

/* The whole of it is what the carrier had under that name. */
static void assert_sounds_like(const char *sid)
{
    uint8_t block[BLOCK];
    unsigned n = 0;
    assert_int_equal(EVP_Digest(sid, strlen(sid), block, &n, EVP_sha512(), NULL), 1);
    t_answer_t a = play(NULL);
    assert_status(&a, 200);
    assert_int_equal(a.body.len, SIZE);
    for (size_t at = 0; at < a.body.len; at += BLOCK) {
        assert_memory_equal(a.body.data + at, block,
                            a.body.len - at < BLOCK ? a.body.len - at : BLOCK);
    }
}

/* ---------------------------------------------------------------- stored once */

static void what_is_ready_is_stored_once_and_deleted_there(void **unused)
{
    (void)unused;
    const char *sid = ready();
    tell();
    assert_string_equal(state(), "stored t");
    assert_int_equal(at_carrier(NULL), 0);
    assert_int_equal(pieces(), 4);
    assert_sounds_like(sid);
    assert_string_equal(
        t_sqlf("SELECT concat_ws(' ', recording_url, recording_sid) FROM calls"),
        wk_printf(t_ctx.arena, "recordings/" RECORDING " %s", sid).data);
    tell();
    assert_int_equal(requests("GET", ".mp3"), 1);
}

/* A piece is of its place: neither the next one of the same call nor another's opens there. */
static void pieces_cannot_change_places(void **unused)
{
    (void)unused;
    ready();
    tell();
    t_sqlf("UPDATE recording_chunks SET sealed = (SELECT sealed FROM recording_chunks"
           "    WHERE n = 1) WHERE n = 0");
    t_answer_t a = play("bytes=0-9");
    assert_status(&a, 500);
    a = play("bytes=65536-65545");
    assert_status(&a, 206);
}

static void the_first_of_several_is_kept(void **unused)
{
    (void)unused;
    const char *sid = ready();
    sleep(1); /* the carrier tells seconds */
    ready();
    tell();
    assert_string_equal(state(), "stored t");
    assert_int_equal(at_carrier(NULL), 0);
    assert_sounds_like(sid);
}

/* ---------------------------------------------------------------- not yet, not at all */

static void what_is_not_told_is_asked_for(void **unused)
{
    (void)unused;
    ready();
    settle();
    assert_string_equal(state(), "stored t");
}

static void what_is_not_there_yet_is_waited_for(void **unused)
{
    (void)unused;
    settle();
    assert_string_equal(state(), "begun f");
    t_sqlf("UPDATE calls SET ended_at = NULL; UPDATE recordings SET begun_at = now() - interval"
           " '4 hours'");
    settle();
    assert_string_equal(state(), "begun f");
    t_sqlf("UPDATE calls SET ended_at = now() - interval '6 minutes'");
    settle();
    assert_string_equal(state(), "none t");
    t_answer_t a = play(NULL);
    assert_error(&a, 404, "not_found");
}

static void what_the_shop_does_not_keep_is_deleted_unheard(void **unused)
{
    static const char *const settings[] = {"disable_audio = true", "zero_retention = true",
                                           "audio_retention_days = 0"};
    (void)unused;
    for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
        setup(NULL);
        t_sqlf("UPDATE privacy_settings SET %s", settings[i]);
        ready();
        tell();
        assert_string_equal(state(), "expired t");
        assert_int_equal(at_carrier(NULL) + (size_t)pieces(), 0);
        assert_int_equal(requests("GET", ".mp3"), 0);
    }
}

static void what_comes_behind_its_person_is_deleted_unheard(void **unused)
{
    (void)unused;
    t_sqlf("DELETE FROM calls");
    ready();
    tell();
    assert_int_equal(at_carrier(NULL), 0);
    assert_int_equal(requests("GET", ".mp3"), 0);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM recordings"), 0);
}

/* Its call was deleted there by then, so that it is found by its own name alone. */
static void what_comes_behind_its_deleted_call_is_deleted(void **unused)
{
    (void)unused;
    t_sqlf("DELETE FROM calls");
    const char *sid = ready();
    t_twilio_script("{\"path\":\"/Recordings.json$\",\"status\":404,\"body\":{}}");
    t_ask_t named = told;
    named.body = wk_printf(t_ctx.arena,
                           "CallSid=" SID "&RecordingSid=%s"
                           "&RecordingStatus=completed",
                           sid)
                     .data;
    t_answer_t a = t_ask(&named);
    assert_done(&a);
    assert_int_equal(at_carrier(NULL), 0);
    assert_in_range(wk_handler_find(VA_STR("recording.status"))->max_attempts, 288, 1000);
}

/* As a segment of the carrier's path it would name all recordings of the account. */
static void a_call_that_is_no_name_is_asked_for_nowhere(void **unused)
{
    static const char *const bodies[] = {"CallSid=..&RecordingSid=RE1", "CallSid=.",
                                         "CallSid=%2E%2E"};
    (void)unused;
    ready();
    for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
        t_ask_t nameless = told;
        nameless.body = bodies[i];
        t_answer_t a = t_ask(&nameless);
        assert_int_equal(a.end.how, WK_END_BURY);
    }
    assert_int_equal(requests("GET", "Recordings") + requests("DELETE", ""), 0);
    assert_int_equal(at_carrier(NULL), 1);
}

/* The thread is for all shops. */
static void a_slow_carrier_holds_no_thread(void **unused)
{
    (void)unused;
    t_sqlf("INSERT INTO calls (organization_id, id, twilio_call_sid, direction, status,"
           "    started_at) VALUES ('" DOWNTOWN "', gen_random_uuid(), 'CAnext', 'inbound',"
           "    'completed', now());"
           "INSERT INTO recordings (organization_id, call_id, twilio_call_sid, notice_language)"
           " SELECT organization_id, id, twilio_call_sid, 'en' FROM calls"
           "  WHERE twilio_call_sid = 'CAnext'");
    t_twilio_script("{\"path\":\"/Recordings.json$\",\"delay\":5100,\"status\":500,\"body\":{},"
                    "\"times\":2}");
    settle();
    assert_int_equal(requests("GET", "/Recordings.json"), 1);
}

/* Nobody looks at it again by himself, for there is no row. */
static void what_comes_behind_its_person_is_tried_until_it_is_gone(void **unused)
{
    (void)unused;
    t_sqlf("DELETE FROM calls");
    ready();
    t_twilio_script("{\"method\":\"DELETE\",\"status\":500,\"body\":{}}");
    t_answer_t a = t_ask(&told);
    assert_again(&a);
    tell();
    assert_int_equal(at_carrier(NULL), 0);
}

/* Somebody does not want it any more while it comes. */
static void what_is_declined_while_it_comes_is_not_kept(void **unused)
{
    (void)unused;
    ready();
    t_sqlf("CREATE FUNCTION decline() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
           "  UPDATE voiceagent.recordings SET state = 'declined'; RETURN NULL; END $$;"
           "CREATE TRIGGER decline AFTER INSERT ON recording_chunks FOR EACH ROW"
           "  WHEN (new.n = 1) EXECUTE FUNCTION decline()");
    t_answer_t a = t_ask(&told);
    t_sqlf("DROP TRIGGER decline ON recording_chunks; DROP FUNCTION decline()");
    assert_done(&a);
    assert_string_equal(state(), "declined f");
    settle();
    assert_string_equal(state(), "declined t");
    assert_int_equal(at_carrier(NULL), 0);
    t_answer_t played = play(NULL);
    assert_error(&played, 404, "not_found");
    sweep();
    assert_int_equal(pieces(), 0);
}

/* ---------------------------------------------------------------- who objects */

static const char *objects(const char *words)
{
    t_answer_t a =
        t_ask(&(t_ask_t){.type = "media.turn",
                         .org = DOWNTOWN,
                         .scheme = "internal",
                         .id = wk_printf(t_ctx.arena, "turn-%s", words).data,
                         .body = wk_printf(t_ctx.arena,
                                           "{\"call\":\"" SID "\",\"speaker\":\"customer\","
                                           "\"text\":\"%s\",\"epoch\":1,\"turn\":1}",
                                           words)
                                     .data});
    assert_done(&a);
    return state();
}

/* A piece is being stored: committed once somebody waits for it. */
static void *store_piece(void *at)
{
    PGconn *c = at;
    bool waited = false;
    for (int i = 0; i < 6000 && !waited; i++) {
        PGresult *r = PQexec(c, "SELECT FROM pg_locks WHERE NOT granted");
        waited = PQntuples(r) > 0;
        PQclear(r);
        usleep(10000);
    }
    PQclear(PQexec(c, "COMMIT"));
    return waited ? at : NULL;
}

static void a_piece_that_is_stored_beside_an_objection_goes_too(void **unused)
{
    pthread_t thread;
    void *waited;
    (void)unused;
    t_sqlf("DELETE FROM messages");
    PGconn *c = PQconnectdb(t_postgres.super_url);
    PGresult *r = PQexec(
        c, "BEGIN; INSERT INTO voiceagent.recording_chunks (organization_id, recording_id, n,"
           "    key_id, length, sealed)"
           " SELECT r.organization_id, r.id, 0, 'k1', 1, 'x' FROM voiceagent.recordings r"
           "  WHERE r.id = '" RECORDING "' FOR SHARE");
    assert_int_equal(PQresultStatus(r), PGRES_COMMAND_OK);
    PQclear(r);
    assert_int_equal(pthread_create(&thread, NULL, store_piece, c), 0);
    assert_string_equal(objects("do not record me"), "declined f");
    pthread_join(thread, &waited);
    PQfinish(c);
    assert_non_null(waited);
    assert_int_equal(pieces(), 0);
}

/* What a platform alone has heard is told by its report. */
static void an_objection_in_a_report_is_heeded(void **unused)
{
    (void)unused;
    ready();
    tell();
    assert_string_equal(state(), "stored t");
    t_answer_t a = t_ask(&(t_ask_t){
        .type = "post_call.store",
        .body = "{\"type\":\"post_call_transcription\",\"data\":{\"agent_id\":"
                "\"agent_downtown\",\"conversation_id\":\"conv_objects\",\"status\":\"done\","
                "\"transcript\":[{\"role\":\"agent\",\"message\":\"I do not record you.\"},"
                "{\"role\":\"user\",\"message\":\"Please do not record me.\"},"
                "{\"role\":\"user\",\"message\":\"When do you open?\"}],"
                "\"metadata\":{\"call_duration_secs\":47,\"phone_call\":{\"direction\":"
                "\"inbound\",\"call_sid\":\"" SID "\",\"agent_number\":\"+14165550001\","
                "\"external_number\":\"" JOHN_NUMBER "\"}}}}"});
    assert_done(&a);
    assert_string_equal(state(), "declined t");
    assert_int_equal(pieces(), 0);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM consent_states WHERE NOT granted"
                                "    AND channel = 'recording' AND address = '" JOHN_NUMBER
                                "'"),
                     1);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM calls WHERE recording_deleted_at"
                                "    IS NOT NULL"),
                     1);
}

static void an_objection_is_heard_in_whatever_words(void **unused)
{
    static const char *const no[] = {"Don't record me",
                                     "I do not want this call recorded.",
                                     "please stop the recording",
                                     "N'enregistrez pas !",
                                     "je ne veux pas être enregistrée",
                                     "No me grabes",
                                     "no quiero que se grabe"};
    static const char *const yes[] = {"I broke the record player", "my record is clean",
                                      "j'ai un enregistreur", "quiero grabar mi nombre"};
    (void)unused;
    for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++) {
        setup(NULL);
        t_sqlf("DELETE FROM messages");
        if (strcmp(objects(no[i]), "declined f") != 0) {
            fail_msg("%s", no[i]);
        }
        assert_int_equal(
            t_sqlf_int("SELECT count(*) FROM outbox WHERE type = 'recording.stop'"), 1);
        assert_int_equal(
            t_sqlf_int("SELECT count(*) FROM outbox WHERE type = 'recording_declined'"), 1);
        t_sqlf("DELETE FROM outbox");
        assert_string_equal(t_sqlf("SELECT string_agg(granted::text, ',') FROM consents"
                                   " WHERE channel = 'recording' AND address = '" JOHN_NUMBER
                                   "'"),
                            "false");
    }
    for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++) {
        setup(NULL);
        t_sqlf("DELETE FROM messages");
        if (strcmp(objects(yes[i]), "begun f") != 0) {
            fail_msg("%s", yes[i]);
        }
    }
}

/* What is asked in vain now is asked again, while the call goes on and behind it. */
static void an_objection_is_carried_out_whatever_fails(void **unused)
{
    static const char *const faults[] = {"\"status\":500,\"body\":{}", "\"drop\":\"reset\""};
    (void)unused;
    for (size_t f = 0; f < sizeof(faults) / sizeof(*faults); f++) {
        setup(NULL);
        t_sqlf("DELETE FROM messages");
        t_twilio_ask("POST", "/_sim/recording/begin",
                     "{\"call\":\"" SID "\",\"goes_on\":true}");
        objects("do not record me");
        t_sqlf("DELETE FROM outbox");
        t_twilio_script(wk_printf(t_ctx.arena,
                                  "{\"method\":\"POST\",\"path\":\"/Recordings/"
                                  "Twilio.CURRENT.json$\",%s}",
                                  faults[f])
                            .data);
        t_answer_t a = t_ask(&(t_ask_t){.type = "recording.stop",
                                        .org = DOWNTOWN,
                                        .scheme = "internal",
                                        .body = "{\"call\":\"" SID "\"}"});
        assert_done(&a);
        assert_int_equal(at_carrier("in-progress"), 1);
        settle();
        assert_int_equal(at_carrier("in-progress"), 0);
        while (at_carrier("completed") == 0) {
            usleep(1000);
        }
        settle();
        assert_string_equal(state(), "declined t");
        assert_int_equal(at_carrier(NULL), 0);
        assert_int_equal(requests("GET", ".mp3"), 0);
    }
}

/* ---------------------------------------------------------------- whose account */

static const char *ring(const char *account)
{
    t_answer_t a =
        t_ask(&(t_ask_t){.type = "phone.incoming",
                         .scheme = "twilio",
                         .content_type = "application/x-www-form-urlencoded",
                         .body = wk_printf(t_ctx.arena,
                                           "CallSid=CAring%s&AccountSid=%s&From=%%2B16475550123"
                                           "&To=%%2B14165550001&Direction=inbound",
                                           account, account)
                                     .data});
    assert_int_equal(a.status, 200);
    return wk_strdup(t_ctx.arena, a.body);
}

/* What another account has could be neither fetched nor deleted with our login. */
static void calls_of_another_account_are_not_recorded(void **unused)
{
    (void)unused;
    t_config.internal_secret = "an internal secret of the tests alone";
    t_sqlf("UPDATE agent_configs SET recording_enabled = true");
    assert_has(ring(TWILIO_ACCOUNT), "This call is recorded");
    assert_has_not(ring("AC00000000000000000000000000000009"), "<Recording");
    t_sqlf("UPDATE agent_configs SET recording_enabled = false");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM recordings"), 2);
    assert_true(t_logged("a call cannot be recorded") > 0);
}

/*
 * Everybody understands the notice; and nobody is told that he may object by saying so where
 * what he says comes to us only afterwards.
 */
static void the_notice_promises_what_is_kept(void **unused)
{
    (void)unused;
    t_config.internal_secret = "an internal secret of the tests alone";
    t_sqlf("UPDATE agent_configs SET recording_enabled = true");
    const char *heard = ring(TWILIO_ACCOUNT);
    assert_has(heard, "just say: do not record me");
    assert_has(heard, "dites simplement");
    t_sqlf("DELETE FROM calls; DELETE FROM messages");
    t_redis(t_ctx.redis, t_ctx.arena, "FLUSHALL");
    t_elevenlabs();
    t_sqlf("UPDATE organizations SET plan = 'PRO', engines = '{elevenlabs,receptionist}',"
           "    use_elevenlabs_inbound = true WHERE id = '" DOWNTOWN "'");
    const char *handed = ring(TWILIO_ACCOUNT);
    t_sqlf("UPDATE organizations SET use_elevenlabs_inbound = false;"
           "UPDATE agent_configs SET recording_enabled = false");
    assert_has(handed, "This call is recorded. If you do not want that, please hang up.");
    assert_has(handed, "veuillez raccrocher");
    assert_has_not(handed, "do not record me");
}

/* He says no in one call while another of his begins. */
static void a_no_of_meanwhile_is_not_written_over(void **unused)
{
    (void)unused;
    t_config.internal_secret = "an internal secret of the tests alone";
    t_sqlf("UPDATE agent_configs SET recording_enabled = true;"
           "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
           "  INSERT INTO voiceagent.consents (organization_id, channel, address, granted,"
           "      source, evidence, occurred_at) VALUES (new.organization_id, 'recording',"
           "      '" STRANGER "', false, 'call', 'CAother', clock_timestamp()); RETURN NULL;"
           "  END $$;"
           "CREATE TRIGGER refuse AFTER INSERT ON recordings FOR EACH ROW"
           "  EXECUTE FUNCTION refuse()");
    (void)ring(TWILIO_ACCOUNT);
    t_sqlf("DROP TRIGGER refuse ON recordings; DROP FUNCTION refuse();"
           "UPDATE agent_configs SET recording_enabled = false");
    assert_string_equal(t_sqlf("SELECT string_agg(granted::text, ',') FROM consent_states"
                               " WHERE channel = 'recording' AND address = '" STRANGER "'"),
                        "false");
}

/* A call that the carrier does not know is no call without a recording. */
static void what_the_carrier_does_not_know_is_not_settled(void **unused)
{
    (void)unused;
    t_sqlf("UPDATE calls SET ended_at = now() - interval '1 hour'");
    t_twilio_script("{\"path\":\"/Recordings.json$\",\"status\":404,\"body\":{}}");
    settle();
    assert_string_equal(state(), "begun f");
}

/* ---------------------------------------------------------------- an erased person */

static const char *ask_to_erase(const char *number)
{
    t_answer_t a = t_ask(
        &(t_ask_t){.type = "privacy.deletion",
                   .uri = "/api/privacy/deletion",
                   .body = wk_printf(t_ctx.arena, "{\"phoneNumber\":\"%s\"}", number).data,
                   .claims = t_claims(DANA, DOWNTOWN, "admin"),
                   .org = DOWNTOWN});
    assert_status(&a, 202);
    return t_text(&a, "/erasure/id");
}

static t_answer_t erase(const char *id)
{
    return t_ask(&(t_ask_t){.type = "privacy.erase",
                            .scheme = "internal",
                            .org = DOWNTOWN,
                            .body = wk_printf(t_ctx.arena, "{\"erasure\":\"%s\"}", id).data});
}

static void what_is_still_made_of_an_erased_person_is_waited_for(void **unused)
{
    (void)unused;
    t_sqlf("UPDATE calls SET customer_id = NULL, caller_number = '" STRANGER "'");
    t_twilio_ask("POST", "/_sim/recording", "{\"ms\":600000}");
    t_twilio_ask("POST", "/_sim/recording/begin", "{\"call\":\"" SID "\"}");
    const char *id = ask_to_erase(STRANGER);
    t_answer_t a = erase(id);
    assert_again(&a);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM recordings"), 0);
    assert_int_equal(at_carrier(NULL), 1);
    t_twilio_ask("POST", "/_sim/recording/ready", NULL);
    a = erase(id);
    assert_done(&a);
    assert_int_equal(at_carrier(NULL), 0);
    assert_string_equal(t_sqlf("SELECT state FROM erasures"), "done");
}

static void a_no_outlives_its_person(void **unused)
{
    (void)unused;
    t_config.internal_secret = "an internal secret of the tests alone";
    t_sqlf("UPDATE agent_configs SET recording_enabled = true;"
           "INSERT INTO consents (organization_id, channel, address, granted, source)"
           " VALUES ('" DOWNTOWN "', 'recording', '" STRANGER "', false, 'call')");
    assert_has_not(ring(TWILIO_ACCOUNT), "<Recording");
    t_sqlf("UPDATE calls SET status = 'completed', ended_at = now()");
    t_answer_t a = erase(ask_to_erase(STRANGER));
    assert_done(&a);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM consent_states"
                                " WHERE address = '" STRANGER "'"),
                     0);
    t_redis(t_ctx.redis, t_ctx.arena, "FLUSHALL");
    assert_has_not(ring(TWILIO_ACCOUNT), "<Recording");
    t_sqlf("DELETE FROM kept_refusals; DELETE FROM calls; DELETE FROM messages");
    t_redis(t_ctx.redis, t_ctx.arena, "FLUSHALL");
    assert_has(ring(TWILIO_ACCOUNT), "<Recording");
    t_sqlf("UPDATE agent_configs SET recording_enabled = false");
}

/* ---------------------------------------------------------------- faults */

static void every_fault_of_every_request_ends_with_one(void **unused)
{
    static const char *const requests_[] = {
        "\"method\":\"GET\",\"path\":\"/Recordings.json$\"",
        "\"method\":\"GET\",\"path\":\".mp3$\"",
        "\"method\":\"DELETE\",\"path\":\"/Recordings/\"",
    };
    static const char *const faults[] = {
        "\"status\":429,\"headers\":{\"Retry-After\":\"20\"},\"body\":{}",
        "\"status\":500,\"body\":\"<html>\"",
        "\"status\":401,\"body\":{}",
        "\"drop\":\"reset\",\"times\":2",
        "\"drop\":\"reset\",\"effect\":true,\"times\":2",
        "\"cut\":\"connection\"",
        "\"status\":200,\"body\":\"\"",
    };
    (void)unused;
    for (size_t r = 0; r < sizeof(requests_) / sizeof(*requests_); r++) {
        for (size_t f = 0; f < sizeof(faults) / sizeof(*faults); f++) {
            setup(NULL);
            const char *sid = ready();
            bool empty = r == 1 && f == 6; /* a sound of no bytes is none */
            t_twilio_script(wk_printf(t_ctx.arena, "{%s,%s}", requests_[r], faults[f]).data);
            tell();
            t_sqlf("UPDATE calls SET ended_at = now() - interval '6 minutes'");
            settle();
            settle();
            if (strcmp(state(), empty ? "none t" : "stored t") != 0 || at_carrier(NULL) != 0) {
                fail_msg("%s, %s: %s", requests_[r], faults[f], state());
            }
            if (!empty) {
                assert_sounds_like(sid);
            }
        }
    }
}

static void what_cannot_be_had_is_told_and_given_up(void **unused)
{
    (void)unused;
    ready();
    t_twilio_script("{\"path\":\".mp3$\",\"status\":500,\"body\":{},\"times\":100}");
    tell();
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM tasks"), 0);
    t_sqlf("UPDATE recordings SET begun_at = now() - interval '25 hours'");
    settle();
    settle();
    assert_string_equal(state(), "begun f");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM tasks WHERE kind = 'alarm'"
                                "    AND key = 'recording:" SID "' AND body LIKE '%%" SID
                                "%%'"),
                     1);
    t_sqlf("UPDATE recordings SET begun_at = now() - interval '8 days'");
    t_sqlf("INSERT INTO recording_chunks (organization_id, recording_id, n, key_id, length,"
           "    sealed) VALUES ('" DOWNTOWN "', '" RECORDING "', 0, 'k1', 1, 'x')"
           " ON CONFLICT DO NOTHING");
    settle();
    assert_string_equal(state(), "lost f");
    assert_int_equal(pieces(), 0);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM recordings WHERE settle_at = 'infinity'"),
                     1);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM tasks"), 1);
    assert_true(t_logged("a recording is still at the carrier") > 0);
    t_sqlf("UPDATE recordings SET begun_at = now() - interval '31 days'");
    sweep();
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM recordings"), 0);
}

/* ---------------------------------------------------------------- deaths */

static const char *had;

static void begin_told(void)
{
    setup(NULL);
    had = ready();
    t_push_ask(&told);
}

static void judge_told(void)
{
    /* Where nothing is left there, it is waited for what may still come of a call that has
     * ended. */
    t_sqlf("UPDATE calls SET ended_at = now() - interval '6 minutes'");
    settle();
    assert_string_equal(state(), "stored t");
    assert_int_equal(pieces(), 4);
    assert_int_equal(at_carrier(NULL), 0);
    assert_sounds_like(had);
}

static void whoever_dies_one_is_stored(void **unused)
{
    (void)unused;
    assert_in_range(t_die_everywhere(&(t_death_t){.name = "recording.status",
                                                  .begin = begin_told,
                                                  .pass = t_texts_pass,
                                                  .judge = judge_told}),
                    10, 400);
}

static t_ask_t ringing(void)
{
    return (t_ask_t){.type = "phone.incoming",
                     .scheme = "twilio",
                     .content_type = "application/x-www-form-urlencoded",
                     .body = "CallSid=CAring&AccountSid=" TWILIO_ACCOUNT
                             "&From=%2B16475550123&To=%2B14165550001&Direction=inbound"};
}

static void begin_ringing(void)
{
    setup(NULL);
    t_config.internal_secret = "an internal secret of the tests alone";
    t_sqlf("DELETE FROM calls; DELETE FROM messages;"
           "UPDATE agent_configs SET recording_enabled = true");
    t_ask_t ask = ringing();
    t_push_ask(&ask);
}

/* The carrier asks again, and is told the same: what it may record of it is known. */
static void judge_ringing(void)
{
    t_ask_t ask = ringing();
    t_answer_t a = t_ask(&ask);
    assert_int_equal(a.status, 200);
    assert_has(wk_strdup(t_ctx.arena, a.body), "This call is recorded");
    assert_string_equal(
        t_sqlf("SELECT string_agg(concat_ws(' ', c.twilio_call_sid, r.state), ',')"
               "  FROM recordings r JOIN calls c ON c.id = r.call_id"),
        "CAring begun");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM consents WHERE granted"
                                "    AND channel = 'recording' AND evidence = 'CAring'"),
                     1);
}

static void whoever_dies_what_is_begun_is_known(void **unused)
{
    (void)unused;
    assert_in_range(t_die_everywhere(&(t_death_t){.name = "phone.incoming",
                                                  .begin = begin_ringing,
                                                  .pass = t_texts_pass,
                                                  .judge = judge_ringing}),
                    10, 400);
    t_sqlf("UPDATE agent_configs SET recording_enabled = false");
}

/* ---------------------------------------------------------------- memory */

static long most_memory_kb(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

/* Of a talk of hours some pieces are held, and no more. */
static void a_long_one_takes_little_memory(void **unused)
{
    (void)unused;
    ready();
    tell();
    t_answer_t a = play("bytes=0-1");
    assert_status(&a, 206);
    long before = most_memory_kb();
    setup(NULL);
    t_twilio_ask("POST", "/_sim/recording", "{\"bytes\":40000000,\"ms\":0}");
    ready();
    tell();
    assert_string_equal(state(), "stored t");
    assert_int_equal(pieces(), (40000000 + WK_SOUND_PIECE - 1) / WK_SOUND_PIECE);
    assert_in_range(most_memory_kb() - before, 0, 8000);
    a = play("bytes=39999990-");
    assert_status(&a, 206);
    assert_int_equal(a.body.len, 10);
}

/* ---------------------------------------------------------------- playing */

static void ranges_are_answered_and_noted(void **unused)
{
    (void)unused;
    ready();
    tell();
    t_sqlf("DELETE FROM audit_log");
    t_answer_t a = play("bytes=65000-66000");
    assert_status(&a, 206);
    assert_int_equal(a.body.len, 1001);
    a = play("bytes=200000-");
    assert_status(&a, 416);
    assert_int_equal(a.body.len, 0);
    a = t_get_as("d0000000-0000-4000-8000-0000000000ee", DOWNTOWN, "staff", "recordings.get",
                 "/api/calls/" CALL "/recording", NULL);
    assert_error(&a, 403, "role");
    a = t_get_as(UMA, UPTOWN, "admin", "recordings.get", "/api/calls/" CALL "/recording", NULL);
    assert_error(&a, 404, "not_found");
    assert_string_equal(t_sqlf("SELECT string_agg(concat_ws(' ', action, entity_id,"
                               "    data ->> 'first', data ->> 'last'), ',') FROM audit_log"),
                        "recording_played " CALL " 65000 66000");
    t_sqlf("UPDATE privacy_settings SET audio_retention_days = 10;"
           "UPDATE recordings SET begun_at = now() - interval '11 days'");
    a = play("bytes=0-1");
    assert_error(&a, 404, "not_found");
}

/* ---------------------------------------------------------------- another key */

static void another_key_encrypts_all_of_it(void **unused)
{
    char *argv[] = {"rotate-keys", "--force", NULL};
    const char *keys = t_config.encryption_keys;
    wk_cli_t cli = {.config = &t_config};
    (void)unused;
    const char *sid = ready();
    tell();
    t_config.encryption_keys = wk_strdup(t_ctx.arena, VA_STR(K2 "," K1));
    assert_int_equal(wk_command_rotate_keys(&cli, 2, argv), 0);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM recording_chunks WHERE key_id = 'k2'"),
                     4);
    t_config.encryption_keys = wk_strdup(t_ctx.arena, VA_STR(K2));
    assert_sounds_like(sid);
    t_config.encryption_keys = wk_strdup(t_ctx.arena, VA_STR(K1 "," K2));
    assert_int_equal(wk_command_rotate_keys(&cli, 2, argv), 0);
    t_config.encryption_keys = keys;
    assert_sounds_like(sid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_ready_is_stored_once_and_deleted_there),
        cmocka_unit_test(pieces_cannot_change_places),
        cmocka_unit_test(the_first_of_several_is_kept),
        cmocka_unit_test(what_is_not_told_is_asked_for),
        cmocka_unit_test(what_is_not_there_yet_is_waited_for),
        cmocka_unit_test(what_the_shop_does_not_keep_is_deleted_unheard),
        cmocka_unit_test(what_comes_behind_its_person_is_deleted_unheard),
        cmocka_unit_test(what_comes_behind_its_person_is_tried_until_it_is_gone),
        cmocka_unit_test(what_comes_behind_its_deleted_call_is_deleted),
        cmocka_unit_test(a_call_that_is_no_name_is_asked_for_nowhere),
        cmocka_unit_test(a_slow_carrier_holds_no_thread),
        cmocka_unit_test(what_is_declined_while_it_comes_is_not_kept),
        cmocka_unit_test(an_objection_is_heard_in_whatever_words),
        cmocka_unit_test(an_objection_in_a_report_is_heeded),
        cmocka_unit_test(a_piece_that_is_stored_beside_an_objection_goes_too),
        cmocka_unit_test(the_notice_promises_what_is_kept),
        cmocka_unit_test(a_no_of_meanwhile_is_not_written_over),
        cmocka_unit_test(an_objection_is_carried_out_whatever_fails),
        cmocka_unit_test(calls_of_another_account_are_not_recorded),
        cmocka_unit_test(what_the_carrier_does_not_know_is_not_settled),
        cmocka_unit_test(what_is_still_made_of_an_erased_person_is_waited_for),
        cmocka_unit_test(a_no_outlives_its_person),
        cmocka_unit_test(every_fault_of_every_request_ends_with_one),
        cmocka_unit_test(what_cannot_be_had_is_told_and_given_up),
        cmocka_unit_test(whoever_dies_one_is_stored),
        cmocka_unit_test(whoever_dies_what_is_begun_is_known),
        cmocka_unit_test(a_long_one_takes_little_memory),
        cmocka_unit_test(ranges_are_answered_and_noted),
        cmocka_unit_test(another_key_encrypts_all_of_it),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
