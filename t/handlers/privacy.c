/*
 * privacy.sweep and privacy.settings: what was kept for as long as it may be goes, and nothing
 * else, whoever dies in between; who chooses for how long.
 */

#include <libpq-fe.h>

#include "t/handlers/lib/deaths.h"
#include "t/handlers/lib/texts.h"

static int setup(void **state)
{
    int failed = t_texts_setup(state);
    t_sqlf("DELETE FROM widget_keys WHERE expires_at IS NOT NULL; DELETE FROM proofs;"
           "DELETE FROM chat_effects; DELETE FROM calls; DELETE FROM chat_sessions;"
           "DELETE FROM system_logs; DELETE FROM audit_log;"
           "UPDATE privacy_settings SET swept_at = '-infinity', zero_retention = false,"
           "    disable_audio = false, anonymize_transcripts = false,"
           "    transcript_retention_days = 90, audio_retention_days = 30");
    return failed;
}

static void sweep(const char *organization)
{
    t_answer_t a =
        t_ask(&(t_ask_t){.type = "privacy.sweep", .scheme = "internal", .org = organization});
    assert_done(&a);
}

/* ---------------------------------------------------------------- what never ended */

/* The carrier tells an end some times, and then nobody. */
static void calls_whose_end_was_not_told_end(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM outbox");
    t_sqlf(
        "INSERT INTO calls (organization_id, twilio_call_sid, status, started_at, end_reason)"
        " SELECT '" DOWNTOWN "', 'CA' || sid, status, now() - age::interval, reason"
        "   FROM (VALUES ('talked', 'in_progress', '6 hours', 'goodbye'),"
        "                ('rang', 'connecting', '6 hours', NULL),"
        "                ('talks', 'in_progress', '4 hours', NULL),"
        "                ('told', 'busy', '6 hours', NULL)) c (sid, status, age, reason)");
    t_sqlf(
        "INSERT INTO messages (organization_id, call_id, channel, direction, speaker, content,"
        "    occurred_at) SELECT organization_id, id, 'voice', 'inbound', 'customer', 'bye',"
        "    started_at + interval '3 minutes' FROM calls WHERE twilio_call_sid = 'CAtalked'");
    for (int i = 0; i < 2; i++) {
        sweep(DOWNTOWN);
        assert_string_equal(
            t_sqlf("SELECT string_agg(concat_ws(' ', twilio_call_sid, status, end_reason,"
                   "    extract(epoch FROM ended_at - started_at)::int), ', '"
                   "    ORDER BY twilio_call_sid) FROM calls"),
            "CArang failed unknown 0, CAtalked completed goodbye 180, CAtalks in_progress,"
            " CAtold busy");
        assert_int_equal(
            t_sqlf_int(
                "SELECT count(*) FROM outbox o JOIN calls c ON c.id = (o.data ->> 'call')"
                "::uuid WHERE o.type = 'calls.conclude' AND c.end_reason IS NOT NULL"),
            2);
    }
}

/* ---------------------------------------------------------------- what served its time */

static void keys_and_counts_that_are_over_are_deleted(void **state)
{
    (void)state;
    t_sqlf(
        "INSERT INTO widget_keys (organization_id, key_sha256, expires_at)"
        " SELECT o.id, encode(sha256(convert_to(o.id || at, 'UTF8')), 'hex'), at::timestamptz"
        "   FROM organizations o, unnest(ARRAY['2026-01-01', '2099-01-01']) at;"
        "INSERT INTO proofs (organization_id, scope, phone, succeeded, created_at)"
        " SELECT o.id, n::text, '', false, now() - n * interval '20 hours'"
        "   FROM organizations o, generate_series(0, 2) n;"
        "INSERT INTO chat_effects (organization_id, kind, source, created_at)"
        " SELECT o.id, 'booking', n::text, now() - n * interval '20 hours'"
        "   FROM organizations o, generate_series(0, 1200) n");
    sweep(DOWNTOWN);
    assert_string_equal(
        t_sqlf("SELECT string_agg(n::text, ' ') FROM ("
               " SELECT count(*) n FROM widget_keys WHERE expires_at IS NOT NULL"
               "    AND organization_id = '" DOWNTOWN "'"
               " UNION ALL SELECT count(*) FROM proofs WHERE organization_id = '" DOWNTOWN "'"
               " UNION ALL SELECT count(*) FROM chat_effects"
               "   WHERE organization_id = '" DOWNTOWN "') x"),
        "1 2 2");
    assert_string_equal(
        t_sqlf("SELECT string_agg(n::text, ' ') FROM ("
               " SELECT count(*) n FROM widget_keys WHERE expires_at IS NOT NULL"
               "    AND organization_id = '" UPTOWN "'"
               " UNION ALL SELECT count(*) FROM proofs WHERE organization_id = '" UPTOWN "'"
               " UNION ALL SELECT count(*) FROM chat_effects"
               "   WHERE organization_id = '" UPTOWN "') x"),
        "2 3 1201");
}

static void a_shop_is_swept_once_a_day(void **state)
{
    (void)state;
    const char *due = "SELECT string_agg(d::text, ' ' ORDER BY d) FROM due_retention(10) d";
    assert_string_equal(t_sqlf("%s", due), DOWNTOWN " " UPTOWN);
    sweep(DOWNTOWN);
    assert_string_equal(t_sqlf("%s", due), UPTOWN);
    t_sqlf("UPDATE privacy_settings SET swept_at = now() - interval '25 hours'");
    assert_string_equal(t_sqlf("%s", due), DOWNTOWN " " UPTOWN);
}

/* ---------------------------------------------------------------- what was said */

/* What a talk of that age leaves, in a shop, with a customer of its own who had no number. */
static void leave_talk(const char *shop, int days)
{
    t_sqlf(
        "WITH who AS (INSERT INTO customers (organization_id, source, created_at,"
        "        conversation_summary) VALUES ('%s', 'call', now() - %d * interval '1 day',"
        "        'Likes blue') RETURNING organization_id, id, created_at AS at),"
        " talk AS (INSERT INTO calls (organization_id, customer_id, status, started_at,"
        "        ended_at, caller_number, called_number, summary, transcript, analysis,"
        "        twilio_call_sid)"
        "     SELECT organization_id, id, 'completed', at, at, '+16475550199',"
        "        '" DOWNTOWN_NUMBER "', 'About bells', '[{\"text\":\"bells\"}]',"
        "        '{\"x\":1}', 'CA' || gen_random_uuid() FROM who"
        "     RETURNING organization_id, id, customer_id, started_at AS at),"
        " chat AS (INSERT INTO chat_sessions (organization_id, customer_id, token_sha256,"
        "        last_seen_at) SELECT organization_id, id,"
        "        encode(sha256(id::text::bytea), 'hex'), at FROM who RETURNING id),"
        " said AS (INSERT INTO messages (organization_id, customer_id, call_id, channel,"
        "        direction, speaker, content, occurred_at)"
        "     SELECT organization_id, customer_id, id, 'voice', 'inbound', 'customer',"
        "        'bells', at FROM talk RETURNING id),"
        " data AS (INSERT INTO call_data (organization_id, call_id, data_type, field_name,"
        "        field_value, extracted_at) SELECT organization_id, id, 'interest', 'what',"
        "        'bells', at FROM talk RETURNING id),"
        " judged AS (INSERT INTO evaluations (organization_id, call_id, criterion, result,"
        "        rationale, evaluated_at) SELECT organization_id, id, 'next_steps_clear',"
        "        'success', 'He said bells', at FROM talk RETURNING id),"
        " done AS (INSERT INTO tasks (organization_id, kind, title, status, done_at)"
        "     SELECT organization_id, 'message', 'Bells', 'done', at FROM who RETURNING id),"
        " ledger AS (INSERT INTO effects (organization_id, kind, key, state, request, result,"
        "        finished_at) SELECT organization_id, 'sms', 'sms:' || id, 'done',"
        "        '{\"to\":\"+16475550199\"}', '{\"message\":\"bells\"}', at FROM who RETURNING "
        "id)"
        " INSERT INTO system_logs (organization_id, event_type, created_at)"
        " SELECT organization_id, 'said', at FROM who",
        shop, days);
}

/* How many there are of each, and of how many the words are still there. */
static const char *kept(const char *shop)
{
    return t_sqlf(
        "SELECT concat_ws(' ', (SELECT count(*) FROM messages WHERE organization_id = o.id),"
        " (SELECT count(*) || '/' || count(coalesce(summary, transcript::text, caller_number))"
        "    FROM calls WHERE organization_id = o.id),"
        " (SELECT count(*) FROM call_data WHERE organization_id = o.id),"
        " (SELECT count(*) || '/' || count(rationale) FROM evaluations"
        "   WHERE organization_id = o.id),"
        " (SELECT count(*) FROM chat_sessions WHERE organization_id = o.id),"
        " (SELECT count(*) FROM tasks WHERE organization_id = o.id),"
        " (SELECT count(*) || '/' || count(coalesce(request, result)) FROM effects"
        "   WHERE organization_id = o.id),"
        " (SELECT count(*) FROM system_logs WHERE organization_id = o.id),"
        " (SELECT count(*) FROM customers WHERE organization_id = o.id"
        "     AND phone_number IS NULL)) FROM organizations o WHERE id = '%s'",
        shop);
}

#define TALKS(n, of) n " " of "/" n " " n " " of "/" n " " n " " n " " of "/" n " " n " " n

static void words_go_when_their_time_is_over(void **state)
{
    (void)state;
    leave_talk(DOWNTOWN, 89);
    leave_talk(DOWNTOWN, 91);
    leave_talk(UPTOWN, 91);
    t_sqlf("INSERT INTO tasks (organization_id, kind, title, created_at)"
           " VALUES ('" DOWNTOWN "', 'message', 'Open', now() - interval '1 year')");
    sweep(DOWNTOWN);
    assert_string_equal(kept(DOWNTOWN), "1 2/1 1 2/1 1 2 2/1 1 1");
    assert_string_equal(kept(UPTOWN), TALKS("1", "1"));
    assert_string_equal(t_sqlf("SELECT string_agg(called_number || duration, ' ') FROM ("
                               "  SELECT called_number, ended_at - started_at AS duration"
                               "    FROM calls WHERE organization_id = '" DOWNTOWN "'"
                               "     AND caller_number IS NULL) x"),
                        DOWNTOWN_NUMBER "00:00:00");
    t_sqlf("UPDATE privacy_settings SET transcript_retention_days = 30");
    sweep(DOWNTOWN);
    assert_string_equal(kept(DOWNTOWN), "0 2/0 0 2/0 0 1 2/0 0 0");
}

/* What could be told again for ever, since no time is signed with it, is known for ever. */
static void webhooks_that_nobody_can_tell_again_are_forgotten(void **state)
{
    (void)state;
    t_sqlf(
        "DELETE FROM webhook_events;"
        "INSERT INTO webhook_events (organization_id, provider, type, key, received_at)"
        " SELECT o::uuid, p, t, d::text, now() - make_interval(days => d)"
        "  FROM unnest(ARRAY['" DOWNTOWN "', '" UPTOWN "']) o,"
        "       unnest(ARRAY[29, 31]) d, (VALUES ('elevenlabs', 'agent_response'),"
        "           ('hubspot', 'contact.creation'), ('shopify', 'inventory_levels/update'),"
        "           ('shopify', 'products/update'), ('shopify', 'orders/updated'),"
        "           ('shopify', 'product deleted'), ('shopify', 'app/uninstalled')) x (p, t)");
    sweep(DOWNTOWN);
    assert_string_equal(t_sqlf("SELECT string_agg(type, ' ' ORDER BY type) FROM webhook_events"
                               " WHERE key = '31' AND organization_id = '" DOWNTOWN "'"),
                        "app/uninstalled orders/updated product deleted");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM webhook_events"), 7 + 3 + 14);
    t_sqlf("DELETE FROM webhook_events");
}

/* Ages in days: of the ledger 400 are the end, and none of what may still be asked about. */
static void an_effect_is_forgotten_when_nobody_can_ask_for_it_again(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM effects;"
           "UPDATE privacy_settings SET transcript_retention_days = 3650;"
           "INSERT INTO effects (organization_id, kind, key, state, claimed_at, finished_at)"
           " SELECT o::uuid, k, concat_ws(' ', k, s, d), s, now() - make_interval(days => d),"
           "        CASE WHEN s <> 'pending' THEN now() - make_interval(days => d) END"
           "   FROM unnest(ARRAY['" DOWNTOWN "', '" UPTOWN "']) o,"
           "        unnest(ARRAY['sms', 'number']) k, unnest(ARRAY['pending', 'done',"
           "            'failed', 'unknown']) s, unnest(ARRAY[399, 401]) d;"
           "INSERT INTO effects (organization_id, kind, key, state, claimed_at, finished_at)"
           " VALUES ('" DOWNTOWN
           "', 'sms', 'written', 'done', now() - interval '2 years', now());"
           "INSERT INTO messages (organization_id, customer_id, channel, direction, speaker,"
           "        content, occurred_at, effect_id)"
           " SELECT organization_id, '" JOHN "', 'sms', 'outbound', 'agent', 'Hello',"
           "        claimed_at, id FROM effects WHERE key = 'written'");
    sweep(DOWNTOWN);
    assert_string_equal(t_sqlf("SELECT string_agg(key, ', ' ORDER BY key) FROM effects"
                               " WHERE organization_id = '" DOWNTOWN "' AND key !~ ' 399'"),
                        "number done 401, number failed 401, number pending 401,"
                        " number unknown 401, sms pending 401, written");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM effects"), 8 + 6 + 16);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM messages WHERE effect_id IS NOT NULL"),
                     1);
    t_sqlf("UPDATE privacy_settings SET transcript_retention_days = 90");
    sweep(DOWNTOWN);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM effects WHERE key = 'written'"), 0);
}

/* What waits or is at work is never over. */
static void a_run_is_forgotten_when_nothing_makes_it_again(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM campaign_runs;"
           "INSERT INTO campaign_runs (organization_id, campaign_id, customer_id, key, state,"
           "        created_at)"
           " SELECT c.organization_id, c.id, u.id, concat_ws(' ', s, d), s,"
           "        now() - make_interval(months => d)"
           "   FROM campaigns c CROSS JOIN LATERAL (SELECT id FROM customers"
           "            WHERE organization_id = c.organization_id ORDER BY id LIMIT 1) u,"
           "        unnest(ARRAY['scheduled', 'running', 'done', 'skipped', 'failed',"
           "            'cancelled']) s, unnest(ARRAY[24, 26]) d"
           "  WHERE c.name = 'service_reminder'");
    sweep(DOWNTOWN);
    assert_string_equal(t_sqlf("SELECT string_agg(key, ', ' ORDER BY key) FROM campaign_runs"
                               " WHERE organization_id = '" DOWNTOWN "' AND key ~ '26'"),
                        "running 26, scheduled 26");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM campaign_runs"), 6 + 2 + 12);
    t_sqlf("DELETE FROM campaign_runs");
}

static void a_takeover_goes_with_what_was_said(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM takeovers;"
           "INSERT INTO takeovers (organization_id, customer_id, channel, state, began_at,"
           "        ended_at) SELECT organization_id, id, 'text', s,"
           "        now() - make_interval(days => d), now() - make_interval(days => d)"
           "   FROM customers, (VALUES ('over', 89), ('over', 91), ('leaving', 92)) t (s, d)"
           "  WHERE id IN ('" JOHN "', '" SARAH "')");
    sweep(DOWNTOWN);
    assert_string_equal(
        t_sqlf("SELECT string_agg(n || '', ' ' ORDER BY o = '" DOWNTOWN "') FROM"
               " (SELECT organization_id o, count(*) n FROM takeovers GROUP BY 1) x"),
        "3 2");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM takeovers WHERE state = 'over' AND"
                                " ended_at < now() - interval '90 days'"),
                     1);
    t_sqlf("DELETE FROM takeovers");
}

/* He holds one row, and would wait for those that a sweep that waited for him has already. */
static void a_sweep_waits_for_nobody_who_changes_a_row(void **state)
{
    (void)state;
    leave_talk(DOWNTOWN, 91);
    leave_talk(DOWNTOWN, 92);
    t_sqlf("UPDATE customers SET conversation_summary = 'Bells', last_contact_at ="
           "    now() - interval '91 days' WHERE id = '" JOHN "'");
    PGconn *other = PQconnectdb(t_postgres.super_url);
    PGresult *held =
        PQexec(other, "SET idle_in_transaction_session_timeout = '45s'; BEGIN;"
                      "UPDATE voiceagent.customers SET last_contact_at = now(),"
                      "    conversation_summary = 'Bells again' WHERE id = '" JOHN "';"
                      "UPDATE voiceagent.tasks SET status = 'open', done_at = NULL"
                      " WHERE done_at < now() - interval '91.5 days'");
    assert_string_equal(PQcmdTuples(held), "1");
    PQclear(held);
    sweep(DOWNTOWN);
    PQclear(PQexec(other, "COMMIT"));
    PQfinish(other);
    assert_string_equal(t_sqlf("SELECT conversation_summary || (SELECT count(*) FROM tasks"
                               "    WHERE organization_id = '" DOWNTOWN "') FROM customers"
                               " WHERE id = '" JOHN "'"),
                        "Bells again1");
}

static void a_call_without_words_loses_its_number(void **state)
{
    (void)state;
    t_sqlf("INSERT INTO calls (organization_id, direction, status, started_at, ended_at,"
           "    caller_number, called_number) SELECT '" DOWNTOWN "', direction, 'no_answer',"
           "    at, at, '+16475550199', '+16475550198'"
           "    FROM unnest(ARRAY['inbound', 'outbound']) direction,"
           "        (SELECT now() - interval '91 days') x (at)");
    sweep(DOWNTOWN);
    assert_string_equal(t_sqlf("SELECT string_agg(concat(direction, caller_number,"
                               "    called_number), ' ' ORDER BY direction) FROM calls"),
                        "inbound+16475550198 outbound+16475550199");
}

/* Whenever they are changed, be it from what they were at the first sweep. */
static void settings_changed_during_a_sweep_are_enforced_by_another(void **state)
{
    (void)state;
    t_sqlf("CREATE FUNCTION public.t_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
           "  UPDATE voiceagent.privacy_settings SET transcript_retention_days = 1,"
           "      swept_at = '-infinity'; RETURN NULL; END $$;"
           "CREATE TRIGGER t_change AFTER DELETE ON voiceagent.proofs"
           "  FOR EACH STATEMENT EXECUTE FUNCTION public.t_change()");
    sweep(DOWNTOWN);
    t_sqlf("DROP TRIGGER t_change ON voiceagent.proofs; DROP FUNCTION public.t_change()");
    const char *due = "SELECT count(*) FROM due_retention(10) d WHERE d = '" DOWNTOWN "'";
    assert_int_equal(t_sqlf_int("%s", due), 1);
    sweep(DOWNTOWN);
    assert_int_equal(t_sqlf_int("%s", due), 0);
}

/* Of a thousand rows the sweep is more than one transaction. */
static void whoever_dies_in_a_sweep_another_ends_it(void **state)
{
    (void)state;
    leave_talk(DOWNTOWN, 91);
    t_sqlf("INSERT INTO messages (organization_id, channel, direction, speaker, content,"
           "    occurred_at) SELECT '" DOWNTOWN "', 'sms', 'inbound', 'customer', 'x',"
           "    now() - interval '91 days' FROM generate_series(1, 1100)");
    assert_true(
        t_dies_at("db.after", 6,
                  &(t_ask_t){.type = "privacy.sweep", .scheme = "internal", .org = DOWNTOWN}));
    assert_in_range(t_sqlf_int("SELECT count(*) FROM messages"), 1, 1000);
    assert_string_equal(t_sqlf("SELECT string_agg(d::text, ' ' ORDER BY d)"
                               "  FROM due_retention(10) d"),
                        DOWNTOWN " " UPTOWN);
    sweep(DOWNTOWN);
    assert_string_equal(kept(DOWNTOWN), "0 1/0 0 1/0 0 0 1/0 0 0");
}

static void a_shop_that_keeps_nothing_keeps_what_goes_on(void **state)
{
    (void)state;
    t_sqlf("UPDATE privacy_settings SET zero_retention = true");
    leave_talk(DOWNTOWN, 2);
    t_sqlf("WITH live AS (INSERT INTO calls (organization_id, status, started_at, summary)"
           "     VALUES ('" DOWNTOWN "', 'in_progress', now() - interval '2 hours', 'Live')"
           "     RETURNING organization_id, id)"
           " INSERT INTO messages (organization_id, call_id, channel, direction, speaker,"
           "     content, occurred_at) SELECT organization_id, id, 'voice', 'inbound',"
           "     'customer', 'hello', now() - interval '2 hours' FROM live;"
           "INSERT INTO messages (organization_id, channel, direction, speaker, content,"
           "     status, occurred_at) VALUES"
           " ('" DOWNTOWN "', 'sms', 'inbound', 'customer', 'just now', 'received', now()),"
           " ('" DOWNTOWN "', 'sms', 'outbound', 'agent', 'not sent', 'queued',"
           "     now() - interval '2 days'),"
           " ('" DOWNTOWN "', 'chat', 'outbound', 'human_agent', 'not fetched', 'queued',"
           "     now() - interval '2 days')");
    sweep(DOWNTOWN);
    assert_string_equal(
        t_sqlf("SELECT string_agg(content, ', ' ORDER BY content) FROM messages"),
        "hello, just now, not sent");
    assert_string_equal(t_sqlf("SELECT string_agg(summary, ' ') FROM calls"), "Live");
    t_sqlf("UPDATE privacy_settings SET swept_at = now() - interval '11 minutes'");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM due_retention(10)"), 2);
}

/* ---------------------------------------------------------------- anonymized transcripts */

static void names_and_numbers_leave_transcripts_that_stay(void **state)
{
    (void)state;
    t_sqlf(
        "UPDATE privacy_settings SET anonymize_transcripts = true"
        " WHERE organization_id = '" DOWNTOWN "';"
        "INSERT INTO messages (organization_id, customer_id, channel, direction, speaker,"
        "    content, occurred_at) SELECT '" DOWNTOWN "', '" JOHN "', 'sms', 'inbound',"
        "    'customer', 'I am john TREMBLAY, (416) 555-9876 or j.t@mail.example, order 1042',"
        "    now() - n * interval '1 day' FROM generate_series(0, 2, 2) n");
    sweep(DOWNTOWN);
    sweep(DOWNTOWN);
    assert_string_equal(
        t_sqlf("SELECT string_agg(content, '|' ORDER BY occurred_at) FROM messages"),
        "I am [name] [name], ([number] or [address], order 1042|"
        "I am john TREMBLAY, (416) 555-9876 or j.t@mail.example, order 1042");
}

/* The sender reads what is to be sent from the row. */
static void what_waits_to_be_sent_is_sent_as_it_is(void **state)
{
    (void)state;
    t_sqlf(
        "UPDATE privacy_settings SET anonymize_transcripts = true;"
        "INSERT INTO messages (organization_id, channel, direction, speaker, content, status,"
        "    to_number, occurred_at) SELECT '" DOWNTOWN "', 'sms', 'outbound', 'agent',"
        "    'Call 416-555-9876', status, '+16475550199', now() - interval '2 days'"
        "    FROM unnest(ARRAY['queued', 'sending', 'sent']) status");
    sweep(DOWNTOWN);
    const char *said =
        "SELECT string_agg(concat_ws(' ', content, to_number), '|' ORDER BY status)"
        "  FROM messages";
    assert_string_equal(t_sqlf("%s", said), "Call 416-555-9876 +16475550199|"
                                            "Call 416-555-9876 +16475550199|Call [number]");
    t_sqlf("UPDATE messages SET status = 'delivered'");
    sweep(DOWNTOWN);
    assert_string_equal(t_sqlf("%s", said), "Call [number]|Call [number]|Call [number]");
}

/* Of a talk two days old, whatever of the person stands beside the words. */
static void nobody_is_named_beside_the_words(void **state)
{
    (void)state;
    t_sqlf(
        "UPDATE privacy_settings SET anonymize_transcripts = true;"
        "WITH talk AS (INSERT INTO calls (organization_id, status, started_at, ended_at,"
        "        caller_number, called_number, forwarded_from, transfer_reason, lead_reasons,"
        "        unanswered_questions) SELECT '" DOWNTOWN "', 'completed', at, at,"
        "        '+16475550199', '" DOWNTOWN_NUMBER "', '+16475550199', 'of 6475550199',"
        "        '[\"6475550199\"]', '[\"6475550199\"]' FROM (SELECT now() - interval '2 days')"
        "        x (at) RETURNING organization_id, id, started_at AS at),"
        " said AS (INSERT INTO messages (organization_id, call_id, channel, direction, speaker,"
        "        content, from_number, to_number, tools_used, metadata, occurred_at)"
        "     SELECT organization_id, id, 'sms', 'inbound', 'customer', 'bells', "
        "'+16475550199',"
        "        '" DOWNTOWN_NUMBER "', '[{\"arguments\":\"6475550199\"}]',"
        "        '{\"lead\":\"6475550199\",\"twiml\":\"6475550199\",\"subject\":"
        "        \"6475550199\",\"kept\":1}', at FROM talk)"
        " INSERT INTO call_data (organization_id, call_id, data_type, field_name, field_value,"
        "     extracted_at) SELECT organization_id, id, type, 'what', '6475550199', at"
        "     FROM talk, unnest(ARRAY['contact_info', 'interest']) type");
    sweep(DOWNTOWN);
    assert_int_equal(t_sqlf_int("SELECT (SELECT count(*) FROM messages m"
                                "         WHERE m::text LIKE '%%6475550199%%')"
                                "     + (SELECT count(*) FROM calls c"
                                "         WHERE c::text LIKE '%%6475550199%%')"),
                     0);
    assert_string_equal(t_sqlf("SELECT concat_ws(' ', content, to_number, metadata)"
                               "  FROM messages"),
                        "bells " DOWNTOWN_NUMBER " {\"kept\": 1, \"anonymized\": true}");
    assert_string_equal(t_sqlf("SELECT called_number FROM calls"), DOWNTOWN_NUMBER);
    assert_string_equal(t_sqlf("SELECT string_agg(data_type, ' ') FROM call_data"), "interest");
}

/* ---------------------------------------------------------------- settings */

static t_answer_t settings_as(const char *role, const char *body)
{
    return t_ask(
        &(t_ask_t){.type = "privacy.settings",
                   .method = body != NULL ? "PUT" : "GET",
                   .uri = "/api/privacy/settings",
                   .body = body,
                   .claims = t_claims(strcmp(role, "admin") == 0 ? DANA : JOHN, DOWNTOWN, role),
                   .org = DOWNTOWN});
}

static void an_admin_chooses_and_a_manager_sees(void **state)
{
    (void)state;
    t_answer_t a = settings_as("admin", "{\"transcript_retention_days\":30,"
                                        "\"anonymize_transcripts\":true}");
    assert_status(&a, 200);
    t_answer_t b = settings_as("manager", NULL);
    assert_status(&b, 200);
    assert_int_equal(t_number(&b, "/settings/transcript_retention_days"), 30);
    assert_int_equal(t_number(&b, "/settings/audio_retention_days"), 30);
    assert_string_equal(t_text(&b, "/settings/anonymize_transcripts"), "true");
    assert_string_equal(t_text(&b, "/settings/encrypt_at_rest"), "true");
    assert_string_equal(t_sqlf("SELECT string_agg(transcript_retention_days::text, ' ')"
                               "  FROM privacy_settings WHERE organization_id <> '" DOWNTOWN
                               "'"),
                        "90");
    assert_string_equal(t_sqlf("SELECT string_agg(action || ' ' || data, ', ') FROM audit_log"),
                        "privacy_settings_changed {\"anonymize_transcripts\": true, "
                        "\"transcript_retention_days\": 30}");
}

/* A worker may die behind its commit; what another admin has chosen since then stays. */
static void a_choice_that_is_made_again_undoes_no_later_one(void **state)
{
    (void)state;
    t_ask_t choosing = {.type = "privacy.settings",
                        .id = "choosing",
                        .method = "PUT",
                        .uri = "/api/privacy/settings",
                        .body = "{\"transcript_retention_days\":365}",
                        .claims = t_claims(DANA, DOWNTOWN, "admin"),
                        .org = DOWNTOWN};
    t_answer_t a = t_ask(&choosing);
    assert_status(&a, 200);
    a = settings_as("admin", "{\"transcript_retention_days\":7}");
    assert_status(&a, 200);
    a = t_ask(&choosing);
    assert_status(&a, 200);
    assert_int_equal(t_number(&a, "/settings/transcript_retention_days"), 7);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM audit_log"), 2);
}

static void what_is_wrong_or_not_allowed_changes_nothing(void **state)
{
    static const char *const wrong[] = {
        "{}",
        "{\"transcript_retention_days\":-1}",
        "{\"transcript_retention_days\":3651}",
        "{\"transcript_retention_days\":1.5}",
        "{\"transcript_retention_days\":null}",
        "{\"zero_retention\":\"yes\"}",
        "{\"encrypt_at_rest\":false}",
        "{\"disable_audio\":true,\"odd\":1}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        t_answer_t a = settings_as("admin", wrong[i]);
        assert_error(&a, 400, "bad_request");
    }
    t_answer_t manager = settings_as("manager", "{\"zero_retention\":true}");
    assert_error(&manager, 403, "role");
    t_answer_t staff = settings_as("staff", NULL);
    assert_error(&staff, 403, "role");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM privacy_settings"
                                " WHERE zero_retention OR disable_audio"
                                "    OR transcript_retention_days <> 90"),
                     0);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM audit_log"), 0);
}

/* ---------------------------------------------------------------- live events */

static void tell(const char *type, const char *members)
{
    t_answer_t a =
        t_ask(&(t_ask_t){.type = "conversation_events.store",
                         .body = wk_printf(t_ctx.arena,
                                           "{\"type\":\"%s\",\"agent_id\":\"agent_downtown\","
                                           "\"conversation_id\":\"conv_zero\",%s}",
                                           type, members)
                                     .data});
    assert_done(&a);
}

static int64_t events_with(const char *words)
{
    return t_sqlf_int("SELECT count(*) FROM outbox WHERE kind = 'event'"
                      " AND data::text LIKE '%%%s%%'",
                      words);
}

static void events_of_a_shop_that_retains_nothing_have_no_words(void **state)
{
    (void)state;
    for (int zero = 0; zero < 2; zero++) {
        setup(NULL);
        t_sqlf("UPDATE privacy_settings SET zero_retention = %s"
               " WHERE organization_id = '" DOWNTOWN "'; DELETE FROM outbox;"
               "DELETE FROM webhook_events",
               zero ? "true" : "false");
        tell("user_transcript", "\"transcript\":\"Heard bells\",\"event_id\":1");
        tell("agent_response", "\"response\":\"Sold bells\",\"event_id\":2");
        tell("client_tool_call", "\"tool_name\":\"search\",\"parameters\":{\"q\":\"bells\"},"
                                 "\"event_id\":3");
        assert_int_equal(events_with("bells"), zero ? 0 : 3);
        assert_true(events_with("conv_zero") >= 3);
        assert_int_equal(t_sqlf_int("SELECT count(*) FROM messages"
                                    " WHERE content IN ('Heard bells', 'Sold bells')"),
                         2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_whose_end_was_not_told_end),
        cmocka_unit_test(keys_and_counts_that_are_over_are_deleted),
        cmocka_unit_test(a_shop_is_swept_once_a_day),
        cmocka_unit_test(words_go_when_their_time_is_over),
        cmocka_unit_test(webhooks_that_nobody_can_tell_again_are_forgotten),
        cmocka_unit_test(an_effect_is_forgotten_when_nobody_can_ask_for_it_again),
        cmocka_unit_test(a_run_is_forgotten_when_nothing_makes_it_again),
        cmocka_unit_test(a_takeover_goes_with_what_was_said),
        cmocka_unit_test(a_sweep_waits_for_nobody_who_changes_a_row),
        cmocka_unit_test(a_call_without_words_loses_its_number),
        cmocka_unit_test(settings_changed_during_a_sweep_are_enforced_by_another),
        cmocka_unit_test(whoever_dies_in_a_sweep_another_ends_it),
        cmocka_unit_test(a_shop_that_keeps_nothing_keeps_what_goes_on),
        cmocka_unit_test(names_and_numbers_leave_transcripts_that_stay),
        cmocka_unit_test(what_waits_to_be_sent_is_sent_as_it_is),
        cmocka_unit_test(nobody_is_named_beside_the_words),
        cmocka_unit_test(an_admin_chooses_and_a_manager_sees),
        cmocka_unit_test(a_choice_that_is_made_again_undoes_no_later_one),
        cmocka_unit_test(what_is_wrong_or_not_allowed_changes_nothing),
        cmocka_unit_test(events_of_a_shop_that_retains_nothing_have_no_words),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
