/*
 * Each fault a provider can have, met by each request of its client: the job runs again when
 * it should, or whoever waits is answered without the provider; in the end what was meant has
 * been done once, or not at all and a person knows.
 */
#include <stdio.h>
#include <unistd.h>

#include "t/handlers/lib/texts.h"

#define WAIT_MS  20000 /* what a busy provider asks for: longer than any client waits itself */
#define PATIENCE 1000  /* ms, with one that drips; enough for an answer that is whole */
#define MAX_RUNS 12

/* What a job comes to when it meets the fault. */
typedef enum {
    AGAIN,    /* it runs again, by the queue's own clock or the handler's */
    AT_TIME,  /* it runs again, after what Retry-After says */
    ANSWERED, /* it is done: whoever waited has an answer that tells */
    GIVEN_UP, /* it is buried, with an alert */
} verdict_t;

typedef enum { BUSY, FAILURE, DRIP, RESET, CUT, EXPIRED, N_FAULTS } fault_t;

/*
 * A script's members (t/sim/lib/server.mjs). Done all the same, where nobody can tell. Twice
 * where the HTTP client repeats a question by itself.
 */
static const struct {
    fault_t fault;
    const char *name, *script;
} faults[] = {
    {BUSY, "429 with Retry-After",
     "\"status\":429,\"headers\":{\"Retry-After\":\"20\"},\"body\":{}"},
    {FAILURE, "500", "\"status\":500,\"body\":\"<html>\""},
    {FAILURE, "500, and done", "\"status\":500,\"body\":\"<html>\",\"effect\":true"},
    {DRIP, "a slow drip", "\"drip\":300"},
    {RESET, "a reset", "\"drop\":\"reset\",\"times\":2"},
    {RESET, "a reset, and done", "\"drop\":\"reset\",\"effect\":true,\"times\":2"},
    {CUT, "an answer cut short", "\"cut\":true"},
    {EXPIRED, "an expired token", "\"status\":401,\"body\":{}"},
};

typedef struct {
    const char *name;
    void (*begin)(void); /* the world before it, from any other */
    void (*script)(const char *script);
    const char *request; /* a script's members: which of its requests meets the fault */
    t_answer_t (*run)(int attempt);
    void (*judge)(const t_answer_t *last);
    verdict_t of[N_FAULTS];
} client_t;

static int64_t count(const char *from_where)
{
    return t_sqlf_int("SELECT count(*) FROM %s", from_where);
}

static void begin_day(void)
{
    t_texts_setup(NULL);
    t_sqlf("DELETE FROM appointments; DELETE FROM calls; DELETE FROM knowledge_documents;"
           "DELETE FROM integrations WHERE service <> 'shopify'; DELETE FROM sync_tokens;"
           "DELETE FROM campaign_runs; DELETE FROM webhook_events;"
           "UPDATE customers SET hubspot_contact_id = NULL, contact_preferences = '{}';"
           "UPDATE agent_configs SET quiet_from = '00:00', quiet_until = '00:00';"
           "UPDATE organizations SET plan = 'PRO', engines = '{receptionist}',"
           "    hours = (SELECT jsonb_object_agg(d, '{\"open\":\"00:00\",\"close\":\"24:00\"}'"
           "                 ::jsonb) FROM unnest('{monday,tuesday,wednesday,thursday,friday,"
           "saturday,sunday}'::text[]) d)");
    t_config.openai_api_key = t_config.openai_embedding_model = NULL;
    t_config.elevenlabs_api_key = NULL;
    t_config.internal_secret = "an internal secret of the tests alone";
}

static t_answer_t job_of(const char *type, const char *body, int attempt)
{
    return t_ask(&(t_ask_t){
        .type = type, .org = DOWNTOWN, .scheme = "internal", .attempt = attempt, .body = body});
}

/* Somebody who waits was told so: the shop's tool, in a call that is vouched for. */
static t_answer_t ask_tool(const char *tool, const char *arguments, int attempt)
{
    return t_ask(
        &(t_ask_t){.type = "tools.call",
                   .method = "POST",
                   .uri = wk_printf(t_ctx.arena, "/api/elevenlabs/tools/%s", tool).data,
                   .headers = {"x-va-agent", "agent_downtown", "x-va-called", DOWNTOWN_NUMBER},
                   .attempt = attempt,
                   .body = arguments});
}

/* An alarm for people, where nobody can tell or a login is refused. */
static int64_t alarms(void)
{
    return count("tasks WHERE kind = 'alarm' AND status = 'open'");
}

/* ---------------------------------------------------------------- Twilio */

#define QUESTION "What are your hours?"

static const char *text_sid;

static void begin_text(void)
{
    begin_day();
    text_sid = t_text_sid();
}

/* What became of an earlier attempt is not known. */
static void begin_uncertain_text(void)
{
    begin_text();
    t_twilio_script(
        "{\"path\":\"Messages\",\"method\":\"POST\",\"drop\":true,\"effect\":true}");
    t_answer_t a = t_deliver(&(t_text_t){.sid = text_sid, .from = STRANGER, .body = QUESTION});
    assert_again(&a);
    t_texts_wait(11000);
}

static t_answer_t text(int attempt)
{
    return t_deliver(
        &(t_text_t){.sid = text_sid, .from = STRANGER, .body = QUESTION, .attempt = attempt});
}

static t_answer_t text_again(int attempt)
{
    return text(attempt + 1);
}

static void judge_text(const t_answer_t *last)
{
    assert_done(last);
    assert_int_equal(t_twilio_sent(STRANGER), 1);
    assert_string_equal(t_sqlf("SELECT string_agg(state, ' ') FROM effects"), "done");
    assert_int_equal(count("messages WHERE direction = 'outbound' AND provider_message_id"
                           " IS NOT NULL"),
                     1);
    assert_int_equal(count("outbox WHERE type = 'sms_sent'"), 1);
    assert_in_range(alarms(), 0, 1); /* a login that was refused */
}

/* ---------------------------------------------------------------- ElevenLabs */

static void begin_call(void)
{
    begin_day();
    t_elevenlabs();
}

static t_answer_t call(int attempt)
{
    return t_ask(&(t_ask_t){.type = "outbound.call",
                            .id = "faults-call",
                            .uri = "/api/elevenlabs/outbound-call",
                            .claims = t_claims(DANA, DOWNTOWN, "admin"),
                            .org = DOWNTOWN,
                            .attempt = attempt,
                            .body = "{\"leadId\":\"" JOHN "\",\"callReason\":\"follow_up\"}"});
}

static t_answer_t settle(int attempt)
{
    const char *key = t_sqlf("SELECT key FROM effects WHERE kind = 'call'");
    return job_of("outbound.settle", wk_printf(t_ctx.arena, "{\"key\":\"%s\"}", key).data,
                  attempt);
}

static size_t dialled(void)
{
    const va_json_t *list =
        va_json_get(t_elevenlabs_ask("GET", "/v1/convai/conversations", NULL), "conversations");
    return list != NULL ? list->count : 0;
}

static void pass_a_minute(void)
{
    t_sqlf("UPDATE effects SET claimed_at = claimed_at - interval '1 minute'");
}

/* Called once; or surely not, and who asked was told; or nobody can tell, and a person looks.
 */
static void judge_call(const t_answer_t *last)
{
    bool refused = last->status == 422;
    for (int attempt = 1; attempt <= 3; attempt++) {
        pass_a_minute();
        t_answer_t a = settle(attempt);
        assert_true(a.end.how == WK_END_ACK || a.end.how == WK_END_RETRY);
    }
    assert_int_equal(count("effects WHERE state = 'pending'"), 0);
    assert_int_equal(count("calls"), 1);
    assert_int_equal(count("effects WHERE state = 'done'"), dialled());
    assert_int_equal(dialled() + (size_t)alarms() + refused, 1);
}

#define RUN "d0000000-0000-4000-8000-0000000000f5"

static void begin_campaign(void)
{
    begin_call();
    t_sqlf("INSERT INTO campaign_runs (id, organization_id, campaign_id, customer_id, key,"
           "    due_at, state) SELECT '" RUN "', '" DOWNTOWN "', id, '" JOHN "', 'faults',"
           "    now(), 'running' FROM campaigns"
           " WHERE organization_id = '" DOWNTOWN "' AND name = 'service_reminder'");
}

static t_answer_t campaign_call(int attempt)
{
    return job_of("campaigns.call", "{\"run\":\"" RUN "\"}", attempt);
}

/* As any other call; a login that is refused is told by the run. */
static void judge_campaign(const t_answer_t *last)
{
    assert_done(last);
    if (count("campaign_runs WHERE state = 'failed'") > 0) {
        assert_int_equal(dialled(), 0);
        assert_string_equal(t_sqlf("SELECT state FROM effects"), "failed");
        return;
    }
    assert_string_equal(t_sqlf("SELECT state FROM campaign_runs"), "done");
    judge_call(last);
}

static void begin_uncertain_call(void)
{
    begin_call();
    t_elevenlabs_script("{\"path\":\"outbound-call\",\"drop\":true,\"effect\":true}");
    t_answer_t a = call(1);
    assert_status(&a, 202);
    pass_a_minute();
}

static void judge_settled(const t_answer_t *last)
{
    assert_done(last);
    assert_int_equal(dialled(), 1);
    assert_string_equal(t_sqlf("SELECT string_agg(state, ' ') FROM effects"), "done");
    assert_int_equal(count("calls WHERE twilio_call_sid IS NOT NULL"), 1);
    assert_int_equal(alarms(), 0);
}

/* ---------------------------------------------------------------- ElevenLabs takes a call */

static void begin_ringing(void)
{
    begin_call();
    t_sqlf("UPDATE organizations SET engines = '{elevenlabs,receptionist}'");
}

static t_answer_t ring(int attempt)
{
    return t_ask(&(t_ask_t){
        .type = "phone.incoming",
        .scheme = "twilio",
        .content_type = "application/x-www-form-urlencoded",
        .attempt = attempt,
        .body = "CallSid=CA00000000000000000000000000000fa1&From=%2B16475550123"
                "&To=%2B14165550001&Direction=inbound&StirVerstat=TN-Validation-Passed-A"});
}

/* The caller hears the receptionist, who listens. */
static void judge_answered_call(const t_answer_t *last)
{
    const char *twiml = wk_strdup(t_ctx.arena, last->body);
    assert_status(last, 200);
    assert_has(twiml, "<Gather");
    assert_has(twiml, "</Response>");
    assert_int_equal(count("calls"), 1);
}

/* ---------------------------------------------------------------- OpenAI */

#define REVIEWED "d0000000-0000-4000-8000-0000000000f1"

static void begin_model(void)
{
    begin_day();
    t_openai();
    t_config.openai_api_key = OPENAI_KEY;
}

static void begin_review(void)
{
    begin_model();
    t_sqlf("INSERT INTO calls (id, organization_id, customer_id, caller_number, called_number,"
           "    status, analyzed_at, transcript, call_type, outcome, resolution, lead_score,"
           "    started_at, ended_at)"
           " VALUES ('" REVIEWED "', '" DOWNTOWN "', '" JOHN "', '" JOHN_NUMBER "',"
           "    '" DOWNTOWN_NUMBER "', 'completed', now(),"
           "    '[{\"speaker\":\"customer\",\"text\":\"Goodbye\"}]',"
           "    'general_support', 'other', 'resolved', 0, now(), now());"
           "UPDATE organizations SET engines = '{elevenlabs}'");
}

static t_answer_t review(int attempt)
{
    return job_of("calls.conclude", "{\"call\":\"" REVIEWED "\"}", attempt);
}

static void judge_review(const t_answer_t *last)
{
    assert_done(last);
    assert_int_equal(count("calls WHERE concluded_at IS NOT NULL"), 1);
}

static void begin_talk(void)
{
    begin_model();
    t_sqlf("UPDATE organizations SET engines = '{gather}'");
    text_sid = t_text_sid();
}

static void judge_talk(const t_answer_t *last)
{
    judge_text(last);
    assert_has(t_answer_to(text_sid), "open 24 hours today");
}

/* ---------------------------------------------------------------- embeddings */

static const char *document;

static void begin_embedding(void)
{
    begin_model();
    t_config.openai_embedding_model = "text-embedding-3-small";
    t_config.extract_program = "build/voiceagent-extract";
    t_answer_t a = t_ask(&(t_ask_t){
        .type = "knowledge.handle",
        .method = "POST",
        .uri = "/api/knowledge",
        .body = "{\"title\":\"Rental\",\"content\":\"Helmets are rented for five dollars.\"}",
        .claims = t_claims(DANA, DOWNTOWN, "admin"),
        .org = DOWNTOWN});
    assert_status(&a, 201);
    document = t_text(&a, "/document/id");
    a = job_of("knowledge.index",
               wk_printf(t_ctx.arena, "{\"document\":\"%s\",\"revision\":1}", document).data,
               1);
    assert_done(&a);
}

static t_answer_t embed(int attempt)
{
    return job_of("knowledge.embed",
                  wk_printf(t_ctx.arena, "{\"document\":\"%s\",\"revision\":1}", document).data,
                  attempt);
}

static void judge_embedding(const t_answer_t *last)
{
    bool buried = last->end.how == WK_END_BURY;
    assert_int_equal(count("knowledge_chunks WHERE embedding IS NOT NULL"), buried ? 0 : 1);
    assert_int_equal(t_logged("job given up") > 0, buried);
}

static t_answer_t search(int attempt)
{
    return ask_tool("search_knowledge", "{\"query\":\"rented helmets\"}", attempt);
}

static void judge_search(const t_answer_t *last)
{
    assert_status(last, 200);
    assert_has(t_text(last, "/message"), "five dollars");
}

/* ---------------------------------------------------------------- Google */

#define APPOINTMENT "d0000000-0000-4000-8000-0000000000f2"

static void begin_calendar(void)
{
    begin_day();
    t_google();
    t_sqlf("INSERT INTO appointments (id, organization_id, customer_id, customer_phone,"
           "    starts_at, ends_at, status, calendar_state) SELECT '" APPOINTMENT "',"
           "    '" DOWNTOWN "', '" JOHN "', '" JOHN_NUMBER "', at, at + interval '1 hour',"
           "    'confirmed', 'pending'"
           "  FROM (SELECT date_trunc('hour', now()) + interval '3 days' AS at) x");
}

static t_answer_t push(int attempt)
{
    return job_of("calendar.push", "{\"appointment\":\"" APPOINTMENT "\"}", attempt);
}

static void judge_calendar(const t_answer_t *last)
{
    assert_done(last);
    assert_int_equal(t_google_events(), 1);
    assert_string_equal(t_sqlf("SELECT calendar_state FROM appointments"), "synced");
    assert_int_equal(count("tasks"), 0);
}

static void begin_old_token(void)
{
    begin_calendar();
    t_sqlf("UPDATE integrations SET expires_at = now() WHERE service = 'google_calendar'");
}

static void begin_moved(void)
{
    begin_calendar();
    t_answer_t a = push(1);
    assert_done(&a);
    t_sqlf("UPDATE appointments SET starts_at = starts_at + interval '2 hours',"
           "    ends_at = ends_at + interval '2 hours', calendar_state = 'pending'");
}

static void begin_cancelled(void)
{
    begin_calendar();
    t_answer_t a = push(1);
    assert_done(&a);
    t_sqlf("UPDATE appointments SET status = 'cancelled', calendar_state = 'pending'");
}

static void judge_cancelled(const t_answer_t *last)
{
    assert_done(last);
    assert_int_equal(t_google_events(), 0);
    assert_int_equal(count("tasks"), 0);
}

static t_answer_t sync_calendar(int attempt)
{
    return job_of("calendar.sync", "{\"calendar\":\"primary\"}", attempt);
}

static void judge_sync(const t_answer_t *last)
{
    assert_done(last);
    assert_int_equal(count("sync_tokens WHERE synced_at IS NOT NULL"), 1);
}

static void begin_availability(void)
{
    begin_calendar();
    t_answer_t a = sync_calendar(1);
    assert_done(&a);
    t_sqlf("UPDATE sync_tokens SET synced_at = now() - interval '10 minutes'");
}

static t_answer_t availability(int attempt)
{
    return ask_tool("check_availability", "{}", attempt);
}

static void judge_availability(const t_answer_t *last)
{
    assert_status(last, 200);
    assert_string_equal(t_text(last, "/success"), "true");
    assert_true(t_count(last, "/available_slots") > 0);
}

/* ---------------------------------------------------------------- HubSpot */

#define ANN "d0000000-0000-4000-8000-0000000000f3" /* a customer, and her call */
#define BOB "d0000000-0000-4000-8000-0000000000f4"

static void begin_call_of(const char *who, const char *number)
{
    t_sqlf("INSERT INTO customers (id, organization_id, phone_number)"
           " VALUES ('%s', '" DOWNTOWN "', '%s');"
           "INSERT INTO calls (id, organization_id, customer_id, caller_number, called_number,"
           "    status, started_at, duration_seconds, summary, analyzed_at)"
           " VALUES ('%s', '" DOWNTOWN "', '%s', '%s', '" DOWNTOWN_NUMBER "', 'completed',"
           "    now(), 61, 'Asked for gravel', now())",
           who, number, who, who, number);
}

static t_answer_t log_call_of(const char *who, int attempt)
{
    return job_of("hubspot.log", wk_printf(t_ctx.arena, "{\"call\":\"%s\"}", who).data,
                  attempt);
}

/* An account that does not know our property yet, nor her. */
static void begin_account(void)
{
    begin_day();
    t_hubspot();
    t_sqlf("INSERT INTO integrations (organization_id, service, account_id)"
           " VALUES ('" DOWNTOWN "', 'hubspot', '62515')");
    begin_call_of(ANN, STRANGER);
}

/* One that knows it, from his call. */
static void begin_crm(void)
{
    begin_account();
    begin_call_of(BOB, "+16475550177");
    t_answer_t a = log_call_of(BOB, 1);
    assert_done(&a);
}

static t_answer_t log_call(int attempt)
{
    return log_call_of(ANN, attempt);
}

static size_t objects(const char *kind)
{
    const char *path = wk_printf(t_ctx.arena, "/crm/objects/2026-09/%s?limit=100", kind).data;
    return va_json_get(t_hubspot_ask("GET", path, NULL), "results")->count;
}

/* In there once; or the token was refused: the connection is broken, and a person knows. */
static void judge_crm(const t_answer_t *last)
{
    assert_done(last);
    if (count("integrations WHERE service = 'hubspot' AND status = 'error'") > 0) {
        assert_int_equal(alarms(), 1);
        return;
    }
    size_t calls = (size_t)count("calls");
    assert_int_equal(objects("contacts"), calls + 1); /* the simulator's own beside them */
    assert_int_equal(objects("calls"), calls);
    assert_int_equal(objects("notes"), calls);
    assert_int_equal(count("effects WHERE kind = 'crm' AND state = 'done'"), 2 * calls);
    assert_int_equal(count("tasks"), 0);
}

static void begin_connection(void)
{
    begin_day();
    t_hubspot();
}

static t_answer_t connect_portal(int attempt)
{
    return t_ask(&(t_ask_t){.type = "settings.handle",
                            .id = "connection",
                            .method = "PUT",
                            .uri = "/api/settings",
                            .claims = t_claims(DANA, DOWNTOWN, "admin"),
                            .org = DOWNTOWN,
                            .attempt = attempt,
                            .body = "{\"hubspot\":{\"token\":\"" HUBSPOT_TOKEN
                                    "\",\"portal\":\"62515\"}}"});
}

/* Connected; or the token was refused, and nothing is. */
static void judge_connection(const t_answer_t *last)
{
    if (last->status != 422) {
        assert_status(last, 200);
    }
    assert_int_equal(count("integrations WHERE service = 'hubspot'"), last->status == 200);
    assert_int_equal(count("audit_log WHERE action = 'settings_changed'"), last->status == 200);
    t_sqlf("DELETE FROM audit_log");
}

/* ---------------------------------------------------------------- Shopify */

static void begin_shop(void)
{
    begin_day();
    t_shopify();
    t_sqlf("UPDATE orders SET synced_at = now() - interval '1 day', tracking_company = 'old'"
           " WHERE order_number = '1042';"
           "UPDATE products SET synced_at = now() - interval '1 day'");
}

static t_answer_t refresh_order(int attempt)
{
    return job_of("shopify.order", "{\"order\":\"gid://shopify/Order/1042\"}", attempt);
}

static void judge_order(const t_answer_t *last)
{
    bool buried = last->end.how == WK_END_BURY;
    assert_int_equal(count("orders WHERE order_number = '1042' AND tracking_company = 'old'"),
                     buried ? 1 : 0);
    assert_int_equal(t_logged("job given up") > 0, buried);
    assert_int_equal(count("orders WHERE order_number = '1042'"), 1);
}

static t_answer_t stock(int attempt)
{
    return ask_tool("check_inventory", "{\"product_id\":\"RB-T29-M\"}", attempt);
}

/* What the cache has, and how old it is. */
static void judge_stock(const t_answer_t *last)
{
    assert_status(last, 200);
    assert_string_equal(t_text(last, "/success"), "true");
    assert_string_equal(t_text(last, "/stale"), "true");
    assert_has(t_text(last, "/message"), "does not answer at the moment");
    assert_int_equal(count("products WHERE sku = 'RB-T29-M'"), 1);
}

/* ---------------------------------------------------------------- a shop signs up */

#define SIGN_UP                                                                                \
    "{\"email\":\"ann@smith.example\",\"password\":\"a-long-password\","                       \
    "\"firstName\":\"Ann\",\"lastName\":\"Smith\",\"businessName\":\"Smith Plumbing\","        \
    "\"businessPhone\":\"+14165550199\",\"ownerPhone\":\"+14165550198\","                      \
    "\"timezone\":\"America/Toronto\",\"businessHoursOpen\":\"09:00\","                        \
    "\"businessHoursClose\":\"17:00\",\"businessDays\":[\"monday\"],\"termsAccepted\":true}"
#define NEW_SHOP "(SELECT id FROM organizations WHERE name = 'Smith Plumbing')"

static void begin_sign_up(void)
{
    begin_day();
    t_sqlf("DELETE FROM organizations WHERE id NOT IN ('" DOWNTOWN "', '" UPTOWN "')");
    t_twilio();
    t_elevenlabs();
}

static t_answer_t sign_up(int attempt)
{
    return t_ask(&(t_ask_t){.type = "auth.register", .body = SIGN_UP, .attempt = attempt});
}

static t_answer_t resume_setting_up(void)
{
    return t_ask(&(t_ask_t){
        .type = "provisioning.resume",
        .method = "POST",
        .claims = t_claims(t_sqlf("SELECT id FROM users WHERE email = 'ann@smith.example'"),
                           t_sqlf("SELECT " NEW_SHOP), "admin"),
        .org = t_sqlf("SELECT " NEW_SHOP)});
}

static t_answer_t undo_sign_up(int attempt)
{
    return t_ask(&(t_ask_t){.type = "registrations.undo",
                            .org = t_sqlf("SELECT " NEW_SHOP),
                            .scheme = "internal",
                            .attempt = attempt,
                            .body = "{}"});
}

/* The two of the demo are not among them. */
static size_t numbers_bought(void)
{
    const char *path = "/2010-04-01/Accounts/" TWILIO_ACCOUNT "/IncomingPhoneNumbers.json";
    return va_json_get(t_twilio_ask("GET", path, NULL), "incoming_phone_numbers")->count - 2;
}

static size_t agents_made(void)
{
    const char *path = "/v1/convai/agents?search=Smith";
    return va_json_get(t_elevenlabs_ask("GET", path, NULL), "agents")->count;
}

static void pass_the_lease(void)
{
    t_sqlf("UPDATE organizations SET provisioning_until = now() - interval '1 second'"
           " WHERE provisioning_until IS NOT NULL");
}

/* Whoever got none asks again, whoever got no agent has it gone on with: one of each. */
static void judge_sign_up(const t_answer_t *last)
{
    t_answer_t a = *last;
    for (int again = 0; a.status == 503 && again < 3; again++) {
        pass_the_lease();
        a = sign_up(1);
    }
    assert_status(&a, 201);
    for (int again = 0; strcmp(t_text(&a, "/provisioning/complete"), "true") != 0 && again < 3;
         again++) {
        a = resume_setting_up();
        assert_status(&a, 200);
    }
    assert_string_equal(t_text(&a, "/provisioning/complete"), "true");
    assert_int_equal(count("organizations"), 3);
    assert_int_equal(numbers_bought(), 1);
    assert_int_equal(agents_made(), 1);
    assert_int_equal(t_elevenlabs_ask("GET", "/v1/convai/phone-numbers", NULL)->count, 3);
    t_sqlf("DELETE FROM organizations WHERE name = 'Smith Plumbing'");
}

/* A number was bought, and nobody could tell. */
static void begin_left_sign_up(void)
{
    begin_sign_up();
    t_twilio_script("[{\"path\":\"IncomingPhoneNumbers\",\"method\":\"POST\",\"drop\":true,"
                    "\"effect\":true},{\"path\":\"IncomingPhoneNumbers\",\"method\":\"GET\","
                    "\"status\":500,\"body\":{}}]");
    t_answer_t a = sign_up(1);
    assert_status(&a, 503);
    pass_the_lease();
}

/* It comes again by itself, until nothing is left. */
static void judge_undone(const t_answer_t *last)
{
    assert_done(last);
    if (count("organizations") == 3) {
        pass_the_lease();
        t_answer_t a = undo_sign_up(1);
        assert_done(&a);
    }
    assert_int_equal(count("organizations"), 2);
    assert_int_equal(numbers_bought(), 0);
}

/* ---------------------------------------------------------------- recordings */

#define RECORDED "CA0000000000000000000000000000000a"

static size_t recordings_at(const char *status)
{
    size_t n = 0;
    const va_json_t *r = t_twilio_ask("GET", "/_sim/recordings", NULL)->first;
    for (; r != NULL; r = r->next) {
        n += status == NULL || t_eq(va_json_get_string(r, "status"), status);
    }
    return n;
}

static void await_recording(void)
{
    while (recordings_at("completed") == 0) {
        usleep(1000);
    }
}

static void begin_recorded_call(const char *state)
{
    begin_day();
    t_sqlf("INSERT INTO calls (organization_id, id, twilio_call_sid, direction, ended_at)"
           " VALUES ('" DOWNTOWN "', 'a0000000-0000-4000-8000-00000000000c', '" RECORDED
           "', 'inbound', now() - interval '1 hour');"
           "INSERT INTO recordings (organization_id, call_id, twilio_call_sid, notice_language,"
           "    state) VALUES ('" DOWNTOWN "', 'a0000000-0000-4000-8000-00000000000c',"
           "    '" RECORDED "', 'en', '%s')",
           state);
    t_twilio_ask("POST", "/_sim/recording", "{\"bytes\":70000,\"ms\":0}");
}

static void begin_recording(void)
{
    begin_recorded_call("begun");
    t_twilio_ask("POST", "/_sim/recording/begin", "{\"call\":\"" RECORDED "\"}");
    await_recording();
}

static void begin_objection(void)
{
    begin_recorded_call("declined");
    t_twilio_ask("POST", "/_sim/recording/begin",
                 "{\"call\":\"" RECORDED "\",\"goes_on\":true}");
}

static t_answer_t look_at_recording(int attempt)
{
    return job_of("recording.stop", "{\"call\":\"" RECORDED "\"}", attempt);
}

static void look_again(void)
{
    t_sqlf("UPDATE recordings SET settle_at = now()");
    t_answer_t a = job_of("recordings.settle", "{}", 1);
    assert_done(&a);
}

/* What failed is looked at again, whatever the job came to. */
static void judge_recording(const t_answer_t *last)
{
    assert_done(last);
    look_again();
    assert_string_equal(t_sqlf("SELECT concat_ws(' ', state, removed, bytes) FROM recordings"),
                        "stored t 70000");
    assert_int_equal(recordings_at(NULL), 0);
}

static void judge_objection(const t_answer_t *last)
{
    assert_done(last);
    for (int i = 0; i < 1000 && recordings_at(NULL) > 0; i++) {
        look_again();
        usleep(10000); /* the carrier makes it ready */
    }
    assert_string_equal(t_sqlf("SELECT concat_ws(' ', state, removed, bytes) FROM recordings"),
                        "declined t");
    assert_int_equal(recordings_at(NULL), 0);
}

/* ---------------------------------------------------------------- a call's end */

/* Of a call that the carrier has placed, and of which no callback has come. */
static void begin_untold(void)
{
    begin_day();
    t_sqlf("UPDATE organizations SET plan = 'BASIC' WHERE id = '" DOWNTOWN "'");
    t_answer_t a = call(1);
    t_sqlf("UPDATE organizations SET plan = 'PRO' WHERE id = '" DOWNTOWN "'");
    assert_status(&a, 200);
    t_sqlf("UPDATE calls SET look_at = now()");
}

static t_answer_t look_at_call(int attempt)
{
    return job_of("calls.settle", "{}", attempt);
}

static bool has_ended(void)
{
    return t_sqlf_int("SELECT count(*) FROM calls WHERE call_status_rank(status) > 2") == 1;
}

/* The carrier finds out by itself that nobody tells it what the call is to hear. */
static void judge_call_end(const t_answer_t *last)
{
    assert_done(last);
    for (int i = 0; i < 1000 && !has_ended(); i++) {
        usleep(50000);
        t_sqlf("UPDATE calls SET look_at = now()");
        t_answer_t a = look_at_call(1);
        assert_done(&a);
    }
    assert_true(has_ended());
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM outbox WHERE type = 'call_ended'"), 1);
}

/* ---------------------------------------------------------------- the table */

#define RETRIED {AT_TIME, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN}
#define LOGGED  {AT_TIME, AGAIN, AGAIN, AGAIN, AGAIN, ANSWERED}
#define TRIED   {AT_TIME, AGAIN, AGAIN, AGAIN, AGAIN, GIVEN_UP}
/* What is answered without a body can neither drip nor be cut. */
#define NO_BODY {AT_TIME, AGAIN, ANSWERED, AGAIN, ANSWERED, AGAIN}
#define TOLD    {ANSWERED, ANSWERED, ANSWERED, ANSWERED, ANSWERED, ANSWERED}

/* of: BUSY, FAILURE, DRIP, RESET, CUT, EXPIRED */
static client_t clients[] = {
    {"Twilio: a text", begin_text, t_twilio_script,
     "\"method\":\"POST\",\"path\":\"/Messages.json$\"", text, judge_text, RETRIED},
    {"Twilio: what became of a text", begin_uncertain_text, t_twilio_script,
     "\"method\":\"GET\",\"path\":\"/Messages.json$\"", text_again, judge_text, RETRIED},
    {"Twilio: numbers for sale", begin_sign_up, t_twilio_script,
     "\"path\":\"/AvailablePhoneNumbers/\"", sign_up, judge_sign_up, TOLD},
    {"Twilio: a number is bought", begin_sign_up, t_twilio_script,
     "\"method\":\"POST\",\"path\":\"/IncomingPhoneNumbers.json$\"", sign_up, judge_sign_up,
     TOLD},
    {"Twilio: where a number's calls go", begin_sign_up, t_twilio_script,
     "\"method\":\"POST\",\"path\":\"/IncomingPhoneNumbers/\"", sign_up, judge_sign_up, TOLD},
    {"Twilio: a number of that name", begin_left_sign_up, t_twilio_script,
     "\"method\":\"GET\",\"path\":\"/IncomingPhoneNumbers.json$\"", undo_sign_up, judge_undone,
     TOLD},
    {"Twilio: a number is given back", begin_left_sign_up, t_twilio_script,
     "\"method\":\"DELETE\"", undo_sign_up, judge_undone, TOLD},
    {"ElevenLabs: a secret", begin_sign_up, t_elevenlabs_script, "\"path\":\"/secrets$\"",
     sign_up, judge_sign_up, TOLD},
    {"ElevenLabs: which tools there are", begin_sign_up, t_elevenlabs_script,
     "\"method\":\"GET\",\"path\":\"/tools$\"", sign_up, judge_sign_up, TOLD},
    {"ElevenLabs: a tool", begin_sign_up, t_elevenlabs_script,
     "\"method\":\"POST\",\"path\":\"/tools$\"", sign_up, judge_sign_up, TOLD},
    {"ElevenLabs: which agents there are", begin_sign_up, t_elevenlabs_script,
     "\"method\":\"GET\",\"path\":\"/agents$\"", sign_up, judge_sign_up, TOLD},
    {"ElevenLabs: an agent", begin_sign_up, t_elevenlabs_script, "\"path\":\"/agents/create$\"",
     sign_up, judge_sign_up, TOLD},
    {"ElevenLabs: a number", begin_sign_up, t_elevenlabs_script,
     "\"method\":\"POST\",\"path\":\"/phone-numbers$\"", sign_up, judge_sign_up, TOLD},
    {"ElevenLabs: a number's agent", begin_sign_up, t_elevenlabs_script,
     "\"method\":\"PATCH\",\"path\":\"/phone-numbers/\"", sign_up, judge_sign_up, TOLD},
    {"Twilio: what there is of a call", begin_recording, t_twilio_script,
     "\"method\":\"GET\",\"path\":\"/Recordings.json$\"", look_at_recording, judge_recording,
     TOLD},
    {"Twilio: a recording is deleted", begin_recording, t_twilio_script,
     "\"method\":\"DELETE\",\"path\":\"/Recordings/\"", look_at_recording, judge_recording,
     TOLD},
    {"Twilio: a recording is stopped", begin_objection, t_twilio_script,
     "\"method\":\"POST\",\"path\":\"/Twilio.CURRENT.json$\"", look_at_recording,
     judge_objection, TOLD},
    {"Twilio: how a call fares", begin_untold, t_twilio_script,
     "\"method\":\"GET\",\"path\":\"/Calls/\"", look_at_call, judge_call_end, TOLD},
    {"ElevenLabs: a call", begin_call, t_elevenlabs_script, "\"path\":\"/outbound-call$\"",
     call, judge_call, TOLD},
    {"ElevenLabs: a campaign's call",
     begin_campaign,
     t_elevenlabs_script,
     "\"path\":\"/outbound-call$\"",
     campaign_call,
     judge_campaign,
     {AT_TIME, ANSWERED, ANSWERED, ANSWERED, ANSWERED, ANSWERED}},
    {"ElevenLabs: what became of a call", begin_uncertain_call, t_elevenlabs_script,
     "\"path\":\"/conversations$\"", settle, judge_settled, RETRIED},
    {"ElevenLabs: somebody rings", begin_ringing, t_elevenlabs_script,
     "\"path\":\"/register-call$\"", ring, judge_answered_call, TOLD},
    {"OpenAI: a call is judged", begin_review, t_openai_script, "\"path\":\"/completions$\"",
     review, judge_review, LOGGED},
    {"OpenAI: a text is answered", begin_talk, t_openai_script, "\"path\":\"/completions$\"",
     text, judge_talk, TOLD},
    {"embeddings: of a document", begin_embedding, t_openai_script, "\"path\":\"/embeddings$\"",
     embed, judge_embedding, TRIED},
    {"embeddings: of a question", begin_embedding, t_openai_script, "\"path\":\"/embeddings$\"",
     search, judge_search, TOLD},
    {"Google: an event is made", begin_calendar, t_google_script,
     "\"method\":\"POST\",\"path\":\"/events$\"", push, judge_calendar, RETRIED},
    {"Google: an event is moved", begin_moved, t_google_script, "\"method\":\"PATCH\"", push,
     judge_calendar, RETRIED},
    {"Google: an event is taken away", begin_cancelled, t_google_script,
     "\"method\":\"DELETE\"", push, judge_cancelled, NO_BODY},
    {"Google: a token is refreshed", begin_old_token, t_google_script, "\"path\":\"^/token$\"",
     push, judge_calendar, RETRIED},
    {"Google: changes are read", begin_calendar, t_google_script,
     "\"method\":\"GET\",\"path\":\"/events$\"", sync_calendar, judge_sync, RETRIED},
    {"Google: free or busy", begin_availability, t_google_script, "\"path\":\"/freeBusy$\"",
     availability, judge_availability, TOLD},
    {"HubSpot: a contact is looked for", begin_crm, t_hubspot_script,
     "\"path\":\"/contacts/search$\"", log_call, judge_crm, LOGGED},
    {"HubSpot: the first object of an account", begin_account, t_hubspot_script,
     "\"method\":\"POST\",\"path\":\"/contacts$\"", log_call, judge_crm, LOGGED},
    {"HubSpot: our property", begin_account, t_hubspot_script,
     "\"method\":\"POST\",\"path\":\"/properties/\"", log_call, judge_crm, LOGGED},
    {"HubSpot: a contact", begin_crm, t_hubspot_script,
     "\"method\":\"POST\",\"path\":\"/contacts$\"", log_call, judge_crm, LOGGED},
    {"HubSpot: a call", begin_crm, t_hubspot_script,
     "\"method\":\"POST\",\"path\":\"/objects/.*/calls$\"", log_call, judge_crm, LOGGED},
    {"HubSpot: a note", begin_crm, t_hubspot_script,
     "\"method\":\"POST\",\"path\":\"/objects/.*/notes$\"", log_call, judge_crm, LOGGED},
    {"HubSpot: whose a token is", begin_connection, t_hubspot_script,
     "\"path\":\"^/account-info/\"", connect_portal, judge_connection, LOGGED},
    {"Shopify: an order", begin_shop, t_shopify_script, "\"path\":\"/graphql.json$\"",
     refresh_order, judge_order, TRIED},
    {"Shopify: the stock", begin_shop, t_shopify_script, "\"path\":\"/graphql.json$\"", stock,
     judge_stock, TOLD},
};

/* ---------------------------------------------------------------- each with each */

static void check(const t_answer_t *a, verdict_t verdict)
{
    wk_end_t expected = {.how = verdict == ANSWERED   ? WK_END_ACK
                                : verdict == GIVEN_UP ? WK_END_BURY
                                                      : WK_END_RETRY};
    if (a->end.how != expected.how) {
        fail_msg("the job ended as %d, not %d: %.*s", (int)a->end.how, (int)expected.how,
                 (int)a->end.reason.len, a->end.reason.data);
    }
    if (verdict == AT_TIME) {
        assert_int_equal(a->end.delay_ms, WAIT_MS);
    }
}

static void meet(const client_t *c, size_t i)
{
    printf("# %s: %s\n", c->name, faults[i].name);
    c->begin();
    c->script(wk_printf(t_ctx.arena, "{%s,%s}", c->request, faults[i].script).data);
    t_patience(faults[i].fault == DRIP ? PATIENCE : 0);
    t_answer_t a = c->run(1);
    t_patience(0);
    check(&a, c->of[faults[i].fault]);
    for (int attempt = 2; a.end.how == WK_END_RETRY; attempt++) {
        assert_in_range(attempt, 2, MAX_RUNS);
        t_texts_wait(11000);
        a = c->run(attempt);
    }
    c->judge(&a);
}

static void it_comes_through_every_fault(void **state)
{
    const client_t *c = *state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
        meet(c, i);
    }
}

int main(int argc, char **argv)
{
    struct CMUnitTest tests[sizeof(clients) / sizeof(*clients)];
    for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
        tests[i] = (struct CMUnitTest){.name = clients[i].name,
                                       .test_func = it_comes_through_every_fault,
                                       .initial_state = &clients[i]};
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), NULL);
}
