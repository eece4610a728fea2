/* calendar.sync and calendar.push: Downtown's appointments and what its owner does in Google.
 */
#include <stdio.h>
#include <unistd.h>

#include "t/handlers/lib/deaths.h"
#include "t/handlers/lib/runs.h"
#include "t/handlers/lib/slots.h"
#include "t/handlers/lib/texts.h"
#include "worker/agent/calendar_push.h"

#define EVENTS  "/calendar/v3/calendars/primary/events"
#define NOBODYS "d0000000-0000-4000-8000-0000000000ff" /* the id of no appointment */
#define GONE    "mechanic@group.calendar.google.com"   /* a calendar Google does not know */

static int setup(void **state)
{
    t_sqlf(
        "DELETE FROM appointments; DELETE FROM sync_tokens; DELETE FROM calendar_events;"
        "DELETE FROM effects; DELETE FROM tasks; UPDATE services SET calendar_id = 'primary'");
    int failed = t_texts_setup(state);
    t_google();
    return failed;
}

/* ---------------------------------------------------------------- the shop */

static t_answer_t book(const char *at)
{
    return t_ask(&(t_ask_t){
        .type = "appointments.handle",
        .method = "POST",
        .uri = "/api/appointments",
        .claims = t_claims("somebody", DOWNTOWN, "staff"),
        .org = DOWNTOWN,
        .body = wk_printf(t_ctx.arena,
                          "{\"appointment_datetime\":\"%s\",\"service_type\":\"tune_up\","
                          "\"customer_phone\":\"" JOHN_NUMBER "\"}",
                          at)
                    .data});
}

static t_answer_t job(const char *type, const char *body)
{
    return t_ask(&(t_ask_t){.type = type, .org = DOWNTOWN, .body = body});
}

static void synchronise(void)
{
    t_answer_t a = job("calendar.sync", "{}");
    assert_done(&a);
}

static void push(const char *id)
{
    t_answer_t a =
        job("calendar.push", wk_printf(t_ctx.arena, "{\"appointment\":\"%s\"}", id).data);
    assert_done(&a);
    assert_string_equal(t_sqlf("SELECT calendar_state FROM appointments WHERE id = '%s'", id),
                        "synced");
}

/* An appointment of John's that is an event, of which Google has told us. */
static const char *booked(const char *at)
{
    t_answer_t a = book(at);
    assert_status(&a, 201);
    const char *id = t_text(&a, "/appointment_id");
    push(id);
    synchronise();
    return id;
}

static const char *state_of(const char *id)
{
    return t_sqlf("SELECT concat_ws(' ', status, cancelled_by,"
                  "    to_char(starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'))"
                  " FROM appointments WHERE id = '%s'",
                  id);
}

static const char *stands_at(const char *at)
{
    return wk_printf(t_ctx.arena, "confirmed %s", at).data;
}

static const char *cancelled_at(const char *at)
{
    return wk_printf(t_ctx.arena, "cancelled calendar %s", at).data;
}

/* ---------------------------------------------------------------- its owner, in Google */

/* The members start and end of an event of an hour. */
static const char *times(const char *at)
{
    return wk_printf(
               t_ctx.arena, "\"start\":{\"dateTime\":\"%s\"},\"end\":{\"dateTime\":\"%s\"}", at,
               t_sqlf("SELECT to_char(timestamptz '%s' AT TIME ZONE 'UTC'"
                      "               + interval '1 hour', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
                      at))
        .data;
}

static void change(const char *id, const char *body)
{
    const char *event = t_sqlf("SELECT google_event_id FROM appointments WHERE id = '%s'", id);
    t_google_ask("PATCH", wk_printf(t_ctx.arena, EVENTS "/%s", event).data, body);
}

static void move(const char *id, const char *at)
{
    change(id, wk_printf(t_ctx.arena, "{%s}", times(at)).data);
}

static void take_away(const char *id)
{
    change(id, "{\"status\":\"cancelled\"}");
}

static void add_marked(const char *at, const char *appointment)
{
    t_google_ask("POST", EVENTS,
                 wk_printf(t_ctx.arena,
                           "{\"summary\":\"Fitting\",%s,\"extendedProperties\":"
                           "{\"private\":{\"voiceagent\":\"%s\"}}}",
                           times(at), appointment)
                     .data);
}

/* ---------------------------------------------------------------- moved, deleted */

static void the_time_an_owner_moved_it_from_can_be_booked_again(void **state)
{
    (void)state;
    const char *tuesday = t_free_instant(0), *wednesday = t_free_instant(5);
    const char *first = booked(tuesday);
    move(first, wednesday);
    synchronise();
    assert_string_equal(state_of(first), stands_at(wednesday));

    t_answer_t again = book(tuesday);
    assert_status(&again, 201);
    const char *second = t_text(&again, "/appointment_id");
    assert_string_not_equal(second, first);
    assert_string_equal(state_of(second), stands_at(tuesday));
    again = book(tuesday);
    assert_status(&again, 200);
    assert_string_equal(t_text(&again, "/appointment_id"), second);
}

static void what_is_deleted_in_google_is_cancelled(void **state)
{
    (void)state;
    const char *at = t_free_instant(0), *id = booked(at);
    take_away(id);
    synchronise();
    assert_string_equal(state_of(id), cancelled_at(at));
}

static void it_is_even_when_google_forgot_the_token(void **state)
{
    (void)state;
    const char *at = t_free_instant(0), *other = t_free_instant(5);
    const char *deleted = booked(at), *kept = booked(other);
    take_away(deleted);
    t_google_ask("POST", "/_sim/forget-sync", NULL);
    synchronise();
    assert_string_equal(state_of(deleted), cancelled_at(at));
    assert_string_equal(state_of(kept), stands_at(other));
    t_answer_t again = book(at);
    assert_status(&again, 201);
}

static void a_visit_that_is_over_stays_as_it_was(void **state)
{
    (void)state;
    const char *deleted = booked(t_free_instant(0)), *moved = booked(t_free_instant(5));
    const char *later = t_free_instant(10);
    t_sqlf("UPDATE appointments SET starts_at = now() - interval '2 hours' * n,"
           "    ends_at = now() - interval '2 hours' * n + interval '1 hour'"
           "  FROM (SELECT id, row_number() OVER () AS n FROM appointments) x"
           " WHERE x.id = appointments.id");
    const char *first = t_sqlf("SELECT '%s'", state_of(deleted));
    const char *second = t_sqlf("SELECT '%s'", state_of(moved));
    take_away(deleted);
    move(moved, later);
    synchronise();
    assert_string_equal(state_of(deleted), first);
    assert_string_equal(state_of(moved), second);
    t_answer_t a = book(later);
    assert_error(&a, 409, "time_conflict");
}

static void nobody_is_cancelled_who_came_already(void **state)
{
    (void)state;
    const char *id = booked(t_free_instant(0));
    t_sqlf("UPDATE appointments SET starts_at = now() - interval '10 minutes',"
           "    ends_at = now() + interval '50 minutes'");
    take_away(id);
    synchronise();
    assert_string_equal(t_sqlf("SELECT status FROM appointments"), "confirmed");
}

/* As a page of the list that was read before our push and is applied after it. */
static void what_was_read_before_our_change_changes_nothing(void **state)
{
    (void)state;
    const char *later = t_free_instant(5), *theirs = t_free_instant(10),
               *id = booked(t_free_instant(0));
    move(id, theirs);
    t_sqlf("UPDATE appointments SET starts_at = '%1$s',"
           "    ends_at = timestamptz '%1$s' + (ends_at - starts_at)",
           later);
    synchronise();
    assert_string_equal(state_of(id), stands_at(later));
}

/* It became another resource's, who was booked then, while that one's slots were waited for. */
static void where_another_is_booked_meanwhile_it_is_not_moved_to(void **state)
{
    (void)state;
    const char *at = t_free_instant(0), *then = t_free_instant(5), *id = booked(at);
    move(id, then);
    PGconn *change = t_lock_slots("default", "UPDATE appointments SET resource = 'fitter'");
    PGconn *booking = t_lock_slots("fitter", t_booking_of("fitter", then));
    t_run_t run = {.ask = {.type = "calendar.sync", .org = DOWNTOWN, .body = "{}"}};
    t_run(&run);
    t_runs_still(&run, 1);
    t_commit(change);
    t_runs_still(&run, 1);
    t_commit(booking);
    t_run_end(&run);
    assert_int_equal(run.answer.end.how, WK_END_ACK);
    assert_string_equal(state_of(id), stands_at(at));
    assert_int_equal(
        t_sqlf_int("SELECT count(*) FROM tasks WHERE key LIKE 'calendar:conflict:%%'"), 1);
}

/* ---------------------------------------------------------------- whose event it is */

static void another_shops_event_takes_its_time(void **state)
{
    (void)state;
    const char *at = t_free_instant(0);
    add_marked(at, NOBODYS);
    synchronise();
    t_answer_t a = book(at);
    assert_error(&a, 409, "time_conflict");
}

static void a_copy_of_our_event_takes_its_time(void **state)
{
    (void)state;
    const char *at = t_free_instant(0), *copied = t_free_instant(5), *id = booked(at);
    add_marked(copied, id);
    synchronise();
    assert_string_equal(state_of(id), stands_at(at));
    t_answer_t a = book(copied);
    assert_error(&a, 409, "time_conflict");
}

static void another_account_is_given_what_was_booked_before(void **state)
{
    (void)state;
    const char *at = t_free_instant(0), *id = booked(at);
    t_google_consent("owner@uptown.example");
    t_sqlf("DELETE FROM sync_tokens");
    assert_int_equal(t_google_events(), 0);
    synchronise();
    push(id);
    assert_int_equal(t_google_events(), 1);
    assert_string_equal(state_of(id), stands_at(at));
}

/* ---------------------------------------------------------------- not connected meanwhile */

#define OWNER "owner@downtown.example"

static t_answer_t ask_as_admin(const char *type, const char *method, const char *uri,
                               const char *body)
{
    return t_ask(&(t_ask_t){.type = type,
                            .method = method,
                            .uri = uri,
                            .claims = t_claims(DANA, DOWNTOWN, "admin"),
                            .org = DOWNTOWN,
                            .body = body});
}

/* The shop gives its connection back; its owner goes on with his calendar. */
static void disconnect(void)
{
    t_answer_t a = ask_as_admin("integrations.remove", "DELETE",
                                "/api/integrations/google_calendar", NULL);
    assert_status(&a, 200);
    a = job("integrations.release", "{}");
    assert_done(&a);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM integrations"
                                " WHERE organization_id = '" DOWNTOWN "'"
                                "   AND service = 'google_calendar'"),
                     0);
    t_google_owner(OWNER);
}

static void reconnect(const char *account, const char *id)
{
    t_google_connect(account);
    synchronise();
    push(id);
    synchronise();
}

static void change_here(const char *id, const char *method, const char *body)
{
    const char *uri = wk_printf(t_ctx.arena, "/api/appointments/%s", id).data;
    t_answer_t a = ask_as_admin("appointments.handle", method, uri, body);
    assert_status(&a, 200);
}

static void move_here(const char *id, const char *at)
{
    change_here(id, "PATCH",
                wk_printf(t_ctx.arena, "{\"appointment_datetime\":\"%s\"}", at).data);
}

/* Where the appointment's event stands, as the database reads Google's words. */
static const char *event_of(const char *id)
{
    const char *event = t_sqlf("SELECT google_event_id FROM appointments WHERE id = '%s'", id);
    const va_json_t *shown =
        t_google_ask("GET", wk_printf(t_ctx.arena, EVENTS "/%s", event).data, NULL);
    va_str_t start = va_json_get_string(va_json_get(shown, "start"), "dateTime");
    return t_sqlf("SELECT '%s ' || to_char(timestamptz '%s' AT TIME ZONE 'UTC',"
                  "    'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
                  va_json_get_string(shown, "status").data, start.data);
}

static int64_t overruled(void)
{
    return t_sqlf_int("SELECT count(*) FROM tasks WHERE title LIKE '%%was put back%%'");
}

static void what_was_deleted_while_disconnected_is_put_back(void **state)
{
    (void)state;
    const char *at = t_free_instant(0), *id = booked(at);
    disconnect();
    take_away(id);
    reconnect(OWNER, id);
    assert_string_equal(state_of(id), stands_at(at));
    assert_string_equal(event_of(id), stands_at(at));
    assert_int_equal(overruled(), 1);
}

/* A worker may die behind its commit; a connection that was made since then stays. */
static void a_removal_that_is_done_again_removes_nothing_later(void **state)
{
    (void)state;
    t_ask_t removing = {.type = "integrations.remove",
                        .id = "removing",
                        .method = "DELETE",
                        .uri = "/api/integrations/google_calendar",
                        .claims = t_claims(DANA, DOWNTOWN, "admin"),
                        .org = DOWNTOWN};
    t_answer_t a = t_ask(&removing);
    assert_status(&a, 200);
    a = t_ask(&removing);
    assert_status(&a, 200);
    a = job("integrations.release", "{}");
    assert_done(&a);
    t_google_owner(OWNER);
    t_google_connect(OWNER);
    a = t_ask(&removing);
    assert_status(&a, 200);
    assert_string_equal(
        t_sqlf("SELECT status FROM integrations WHERE organization_id = '" DOWNTOWN
               "' AND service = 'google_calendar'"),
        "connected");
}

static void and_what_was_deleted_after_the_consent_had_ended(void **state)
{
    (void)state;
    const char *at = t_free_instant(0), *id = booked(at);
    t_sqlf("UPDATE integrations SET status = 'error', error = 'invalid_grant'"
           " WHERE organization_id = '" DOWNTOWN "' AND service = 'google_calendar'");
    take_away(id);
    reconnect(OWNER, id);
    assert_string_equal(state_of(id), stands_at(at));
    assert_string_equal(event_of(id), stands_at(at));
}

static void a_new_consent_of_a_connected_shop_overrules_nothing(void **state)
{
    (void)state;
    const char *at = t_free_instant(0), *id = booked(at);
    take_away(id);
    t_google_connect(OWNER);
    synchronise();
    assert_string_equal(state_of(id), cancelled_at(at));
    assert_int_equal(overruled(), 0);
}

static void what_was_moved_here_while_disconnected_is_moved_in_google(void **state)
{
    (void)state;
    const char *later = t_free_instant(5), *id = booked(t_free_instant(0));
    disconnect();
    move_here(id, later);
    reconnect(OWNER, id);
    assert_string_equal(state_of(id), stands_at(later));
    assert_string_equal(event_of(id), stands_at(later));
    assert_int_equal(overruled(), 0);
}

static void where_both_were_moved_while_disconnected_ours_counts(void **state)
{
    (void)state;
    const char *later = t_free_instant(5), *theirs = t_free_instant(10),
               *id = booked(t_free_instant(0));
    disconnect();
    move_here(id, later);
    move(id, theirs);
    reconnect(OWNER, id);
    assert_string_equal(state_of(id), stands_at(later));
    assert_string_equal(event_of(id), stands_at(later));
    assert_int_equal(overruled(), 1);
}

static void what_was_cancelled_here_while_disconnected_leaves_google(void **state)
{
    (void)state;
    const char *id = booked(t_free_instant(0));
    disconnect();
    change_here(id, "DELETE", NULL);
    assert_int_equal(t_google_events(), 1);
    reconnect(OWNER, id);
    assert_int_equal(t_google_events(), 0);
    assert_int_equal(overruled(), 0);
}

/* Cancelled and told to Google before; an owner who brings the event back wants it for himself.
 */
static void what_was_cancelled_before_is_not_taken_away_again(void **state)
{
    (void)state;
    const char *id = booked(t_free_instant(0));
    change_here(id, "DELETE", NULL);
    push(id);
    disconnect();
    change(id, "{\"status\":\"confirmed\"}");
    reconnect(OWNER, id);
    assert_int_equal(t_google_events(), 1);
}

static void another_account_is_given_what_stands_alone(void **state)
{
    (void)state;
    const char *at = t_free_instant(0), *later = t_free_instant(5);
    const char *cancelled = booked(at), *moved = booked(t_free_instant(10));
    disconnect();
    change_here(cancelled, "DELETE", NULL);
    move_here(moved, later);
    reconnect("owner@uptown.example", moved);
    push(cancelled);
    assert_int_equal(t_google_events(), 1);
    assert_string_equal(event_of(moved), stands_at(later));
    assert_int_equal(overruled(), 0);
}

/* ---------------------------------------------------------------- guests */

static size_t guests(void)
{
    const char *event = t_sqlf("SELECT google_event_id FROM appointments");
    const va_json_t *shown =
        t_google_ask("GET", wk_printf(t_ctx.arena, EVENTS "/%s", event).data, NULL);
    const va_json_t *list = va_json_get(shown, "attendees");
    return list != NULL ? list->count : 0;
}

static void a_stranger_has_nobody_invited(void **state)
{
    (void)state;
    const char *uri = "/api/elevenlabs/tools/book_appointment";
    const char *booking =
        wk_printf(t_ctx.arena,
                  "{\"appointment_datetime\":\"%s\",\"customer_name\":\"Ann\","
                  "\"customer_phone\":\"" JOHN_NUMBER
                  "\",\"customer_email\":\"ann@example.com\"}",
                  t_free_instant(0))
            .data;
    t_answer_t a = t_ask(&(t_ask_t){
        .type = "tools.call",
        .uri = uri,
        .headers = {"x-va-agent", "agent_downtown", "x-va-conversation", "conv_stranger"},
        .body = booking});
    assert_string_equal(t_text(&a, "/success"), "true");
    push(t_text(&a, "/appointment_id"));
    assert_string_equal(t_text(&a, "/google_event_id"),
                        t_sqlf("SELECT google_event_id FROM appointments"));
    assert_int_equal(guests(), 0);

    t_sqlf("DELETE FROM appointments");
    a = t_ask(&(t_ask_t){.type = "tools.call",
                         .uri = uri,
                         .claims = t_claims(DANA, DOWNTOWN, "admin"),
                         .org = DOWNTOWN,
                         .body = booking});
    push(t_text(&a, "/appointment_id"));
    assert_int_equal(guests(), 1);
}

/* ---------------------------------------------------------------- a calendar that is gone */

static const char *member(const va_json_t *event, const char *name)
{
    return wk_strdup(t_ctx.arena, va_json_get_string(event, name));
}

/* A calendar of its own for fittings, which Google knows. */
static const char *fitters_calendar(void)
{
    const char *id = member(
        t_google_ask("POST", "/calendar/v3/calendars", "{\"summary\":\"Fittings\"}"), "id");
    assert_string_not_equal(id, "");
    t_sqlf("UPDATE services SET calendar_id = '%s' WHERE appointment_type = 'fitting'", id);
    return id;
}

static void a_dead_calendar_keeps_nothing_from_the_others(void **state)
{
    (void)state;
    const char *id = booked(t_free_instant(0));
    t_sqlf("UPDATE services SET calendar_id = '" GONE "' WHERE appointment_type = 'fitting';"
           "UPDATE appointments SET calendar_state = 'none'");
    synchronise();
    synchronise();
    push(id);
    assert_string_equal(t_sqlf("SELECT string_agg(title, ',') FROM tasks"),
                        "Google does not show us the calendar " GONE " any more");
}

static void a_calendar_of_no_service_is_forgotten(void **state)
{
    (void)state;
    t_sqlf("UPDATE services SET calendar_id = '" GONE "' WHERE appointment_type = 'fitting'");
    synchronise();
    t_sqlf("INSERT INTO calendar_events (organization_id, calendar_id, event_id, starts_at,"
           "    ends_at) VALUES ('" DOWNTOWN "', '" GONE "', 'e1', now(), now());"
           "UPDATE services SET calendar_id = 'primary'");
    synchronise();
    assert_string_equal(t_sqlf("SELECT string_agg(resource, ',') FROM sync_tokens"), "primary");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM calendar_events"), 0);
}

static t_answer_t book_fitting(const char *at)
{
    return ask_as_admin(
        "appointments.handle", "POST", "/api/appointments",
        wk_printf(t_ctx.arena,
                  "{\"appointment_datetime\":\"%s\",\"service_type\":\"fitting\","
                  "\"customer_phone\":\"" JOHN_NUMBER "\"}",
                  at)
            .data);
}

/* Open, and all of them. */
static const char *gone_tasks(void)
{
    return t_sqlf("SELECT concat_ws(' ', count(*) FILTER (WHERE status = 'open'), count(*))"
                  "  FROM tasks WHERE key LIKE 'calendar:gone:%%'");
}

/* Its services' appointments are taken by the shop's hours, and wait for a calendar. */
static void what_goes_to_a_calendar_that_is_gone_waits_for_another(void **state)
{
    (void)state;
    t_sqlf("UPDATE services SET calendar_id = '" GONE "' WHERE appointment_type = 'fitting'");
    synchronise();
    t_sqlf("DELETE FROM outbox; UPDATE sync_tokens SET synced_at = now() - interval '1 hour'");
    t_answer_t a = book_fitting(t_free_instant(0));
    assert_status(&a, 201);
    const char *id = t_text(&a, "/appointment_id");
    assert_string_equal(t_text(&a, "/calendar_stale"), "");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM outbox WHERE type = 'calendar.push'"), 0);
    synchronise();
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM outbox WHERE type = 'calendar.push'"), 0);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM tasks"), 1);
    assert_string_equal(gone_tasks(), "1 1");
    a = t_get_as(DANA, DOWNTOWN, "manager", "integrations.list", "/api/integrations", NULL);
    assert_error(&a, 403, "role");
    a = ask_as_admin("integrations.list", "GET", "/api/integrations", NULL);
    assert_string_equal(t_text(&a, "/integrations/0/calendars/0/gone"), "true");
    assert_string_equal(t_text(&a, "/integrations/0/calendars/1/gone"), "false");

    t_sqlf("UPDATE services SET calendar_id = 'primary'");
    synchronise();
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM outbox WHERE type = 'calendar.push'"), 1);
    push(id);
    assert_int_equal(t_google_events(), 1);
    assert_string_equal(gone_tasks(), "0 1");
}

static void another_consent_may_show_it(void **state)
{
    (void)state;
    t_sqlf("UPDATE services SET calendar_id = '" GONE "' WHERE appointment_type = 'fitting'");
    synchronise();
    t_google_connect(OWNER);
    assert_string_equal(gone_tasks(), "0 1");
    assert_int_equal(t_sqlf_int("SELECT count(gone_at) FROM sync_tokens"), 0);
    synchronise();
    assert_string_equal(gone_tasks(), "1 2");
}

static t_answer_t try_to_push(const char *id, int attempt)
{
    return t_ask(
        &(t_ask_t){.type = "calendar.push",
                   .org = DOWNTOWN,
                   .attempt = attempt,
                   .body = wk_printf(t_ctx.arena, "{\"appointment\":\"%s\"}", id).data});
}

/* One that is to be made in it has it looked for. */
static void an_event_for_a_calendar_that_is_gone_is_not_a_failure(void **state)
{
    (void)state;
    synchronise();
    t_sqlf("UPDATE services SET calendar_id = '" GONE "' WHERE appointment_type = 'fitting'");
    t_answer_t a = book_fitting(t_free_instant(0));
    const char *id = t_text(&a, "/appointment_id");
    t_sqlf("DELETE FROM outbox");
    a = try_to_push(id, 1);
    assert_again(&a);
    assert_string_equal(t_sqlf("SELECT data ->> 'calendar' FROM outbox"
                               " WHERE type = 'calendar.sync'"),
                        GONE);
    synchronise();
    a = try_to_push(id, 2);
    assert_done(&a);
    assert_string_equal(t_sqlf("SELECT calendar_state FROM appointments"), "pending");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM tasks"), 1);
    assert_string_equal(gone_tasks(), "1 1");
}

/* What the calendar holds still takes its time. */
static void an_event_that_is_not_taken_once_does_not_end_its_calendar(void **state)
{
    (void)state;
    const char *theirs = t_free_instant(5), *fittings = fitters_calendar();
    t_google_ask("POST",
                 wk_printf(t_ctx.arena, "/calendar/v3/calendars/%s/events", fittings).data,
                 wk_printf(t_ctx.arena, "{\"summary\":\"Lunch\",%s}", times(theirs)).data);
    synchronise();
    t_answer_t a = book_fitting(t_free_instant(0));
    const char *id = t_text(&a, "/appointment_id");
    t_google_script("[{\"status\":404,\"body\":\"\",\"method\":\"POST\","
                    "\"path\":\"group.calendar.google.com/events$\"}]");
    a = try_to_push(id, 1);
    assert_again(&a);
    assert_int_equal(t_sqlf_int("SELECT count(gone_at) FROM sync_tokens"), 0);
    a = book_fitting(theirs);
    assert_error(&a, 409, "time_conflict");
    synchronise();
    push(id);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM calendar_events"), 1);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM tasks"), 0);
}

/* It had read what changed, and the mirror that this changes was forgotten meanwhile. */
static void a_look_that_began_before_ends_nothing(void **state)
{
    (void)state;
    synchronise();
    t_sqlf("UPDATE sync_tokens SET gone_at = now()");
    synchronise();
    assert_int_equal(t_sqlf_int("SELECT count(gone_at) FROM sync_tokens"), 1);
    t_sqlf("UPDATE sync_tokens SET token = NULL");
    synchronise();
    assert_int_equal(t_sqlf_int("SELECT count(gone_at) FROM sync_tokens"), 0);
}

/* Of the calendar it was to be made in nothing was known any more when that was deleted. */
static void an_event_for_a_calendar_of_no_service_is_made_in_its_services(void **state)
{
    (void)state;
    t_sqlf("UPDATE services SET calendar_id = '" GONE "' WHERE appointment_type = 'fitting'");
    t_answer_t a = book_fitting(t_free_instant(0));
    const char *id = t_text(&a, "/appointment_id");
    t_sqlf("UPDATE services SET calendar_id = 'primary'; DELETE FROM sync_tokens;"
           "DELETE FROM outbox");
    a = try_to_push(id, 1);
    assert_again(&a);
    synchronise();
    push(id);
    assert_int_equal(t_google_events(), 1);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM tasks"), 0);
}

/* Its synchronisation says that it is there, and it takes none: people hear of it. */
static void an_event_that_its_calendar_never_takes_is_a_failure(void **state)
{
    (void)state;
    (void)fitters_calendar();
    synchronise();
    t_answer_t a = book_fitting(t_free_instant(0));
    const char *id = t_text(&a, "/appointment_id");
    t_google_script("[{\"status\":404,\"body\":\"\",\"method\":\"POST\","
                    "\"path\":\"group.calendar.google.com/events$\"}]");
    a = try_to_push(id, WK_CALENDAR_PUSH_ATTEMPTS);
    assert_int_equal(a.end.how, WK_END_BURY);
    assert_string_equal(t_sqlf("SELECT calendar_state FROM appointments"), "failed");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM tasks"), 1);
}

static void a_calendar_with_coming_appointments_is_looked_at_still(void **state)
{
    (void)state;
    booked(t_free_instant(0));
    t_sqlf("UPDATE appointments SET google_calendar_id = '" GONE "';"
           "INSERT INTO sync_tokens (organization_id, resource) VALUES ('" DOWNTOWN "', '" GONE
           "')");
    synchronise();
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM sync_tokens"), 2);
}

/* ---------------------------------------------------------------- another service */

static void make_it(const char *id, const char *service)
{
    change_here(id, "PATCH", wk_printf(t_ctx.arena, "{\"service_type\":\"%s\"}", service).data);
}

static const va_json_t *event_in(const char *calendar, const char *id)
{
    const char *event = t_sqlf("SELECT google_event_id FROM appointments WHERE id = '%s'", id);
    return t_google_ask(
        "GET",
        wk_printf(t_ctx.arena, "/calendar/v3/calendars/%s/events/%s", calendar, event).data,
        NULL);
}

static void its_event_becomes_that_service(void **state)
{
    (void)state;
    const char *at = t_free_instant(0), *id = booked(at);
    make_it(id, "repair");
    push(id);
    const va_json_t *event = event_in("primary", id);
    assert_int_equal(strncmp(member(event, "summary"), "repair - ", 9), 0);
    assert_string_equal(
        member(va_json_get(event, "end"), "dateTime"),
        t_sqlf("SELECT to_char(ends_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
               "  FROM appointments"));
    synchronise();
    assert_string_equal(state_of(id), stands_at(at));
}

static void its_event_goes_to_that_services_calendar(void **state)
{
    (void)state;
    const char *fittings = fitters_calendar(), *at = t_free_instant(0), *id = booked(at);
    make_it(id, "fitting");
    push(id);
    assert_string_equal(member(event_in("primary", id), "status"), "cancelled");
    assert_string_equal(member(event_in(fittings, id), "status"), "confirmed");
    synchronise();
    assert_string_equal(state_of(id), stands_at(at));
    make_it(id, "tune_up");
    push(id);
    assert_string_equal(member(event_in("primary", id), "status"), "confirmed");
    assert_string_equal(member(event_in(fittings, id), "status"), "cancelled");
    assert_string_equal(t_sqlf("SELECT coalesce(metadata ->> 'left_calendars', 'none')"
                               "  FROM appointments"),
                        "none");
    assert_int_equal(overruled(), 0); /* what was deleted in it was deleted by us */
    synchronise();
    assert_string_equal(state_of(id), stands_at(at));
}

static void so_it_does_when_it_was_just_being_made(void **state)
{
    (void)state;
    const char *fittings = fitters_calendar(), *at = t_free_instant(0);
    t_answer_t a = book(at);
    const char *id = t_text(&a, "/appointment_id");
    t_google_script("[{\"delay\":1500,\"effect\":true,\"method\":\"POST\","
                    "\"path\":\"/primary/events$\",\"times\":1}]");
    t_run_t run = {
        .ask = {.type = "calendar.push",
                .org = DOWNTOWN,
                .body = wk_printf(t_ctx.arena, "{\"appointment\":\"%s\"}", id).data}};
    t_run(&run);
    while (t_google_events() == 0) {
        usleep(20 * 1000);
    }
    make_it(id, "fitting");
    t_run_end(&run);
    push(id);
    assert_int_equal(t_google_events(), 0);
    assert_string_equal(member(event_in(fittings, id), "status"), "confirmed");
    assert_string_equal(state_of(id), stands_at(at));
}

/* Nobody noted that Google has it, and the next attempt is at another calendar. */
static void so_it_does_when_it_was_made_by_one_who_died(void **state)
{
    (void)state;
    const char *fittings = fitters_calendar(), *at = t_free_instant(0);
    t_answer_t a = book(at);
    const char *id = t_text(&a, "/appointment_id");
    const t_ask_t push_it = {.type = "calendar.push",
                             .org = DOWNTOWN,
                             .body =
                                 wk_printf(t_ctx.arena, "{\"appointment\":\"%s\"}", id).data};
    assert_true(t_dies_at("calendar.pushed", 1, &push_it));
    assert_int_equal(t_google_events(), 1);
    make_it(id, "fitting");
    push(id);
    assert_int_equal(t_google_events(), 0);
    assert_string_equal(member(event_in(fittings, id), "status"), "confirmed");
    assert_string_equal(state_of(id), stands_at(at));
}

/* As long as it is not shown: nothing in it takes a time. */
static void a_calendar_that_comes_back_is_as_it_was(void **state)
{
    (void)state;
    const char *at = t_free_instant(0), *theirs = t_free_instant(5),
               *fittings = fitters_calendar();
    t_answer_t a = book_fitting(at);
    const char *id = t_text(&a, "/appointment_id");
    push(id);
    t_google_ask("POST",
                 wk_printf(t_ctx.arena, "/calendar/v3/calendars/%s/events", fittings).data,
                 wk_printf(t_ctx.arena, "{\"summary\":\"Lunch\",%s}", times(theirs)).data);
    synchronise();
    a = book_fitting(theirs);
    assert_error(&a, 409, "time_conflict");
    for (int i = 1; i <= 2; i++) {
        t_google_script("[{\"status\":404,\"body\":\"\",\"method\":\"GET\","
                        "\"path\":\"group.calendar.google.com/events$\",\"times\":2}]");
        synchronise();
        synchronise();
        assert_int_equal(t_sqlf_int("SELECT count(*) FROM calendar_events"), 0);
        assert_string_equal(gone_tasks(), i == 1 ? "1 1" : "1 2");
        synchronise();
        assert_int_equal(t_sqlf_int("SELECT count(*) FROM calendar_events"), 1);
        assert_string_equal(gone_tasks(), i == 1 ? "0 1" : "0 2");
    }
    assert_string_equal(state_of(id), stands_at(at));
    assert_string_equal(member(event_in(fittings, id), "status"), "confirmed");
}

/* Google is asked for free/busy before it has heard of a change. */
static void free_busy_is_asked_now(void)
{
    t_sqlf("UPDATE sync_tokens SET synced_at = now() - interval '6 minutes'");
    t_answer_t a = t_get_as("somebody", DOWNTOWN, "staff", "tools.call",
                            "/api/calendar/availability", "days_ahead=30");
    assert_status(&a, 200);
}

static const char *taken_by_others(void)
{
    return t_sqlf(
        "SELECT coalesce(string_agg("
        "    to_char(starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),"
        "    ' '), 'nothing') FROM calendar_events WHERE event_id LIKE 'freebusy:%%'");
}

static void what_was_left_in_a_calendar_is_nobody_elses_there(void **state)
{
    (void)state;
    const char *at = t_free_instant(0), *others = t_free_instant(5), *then = t_free_instant(15),
               *id = booked(at);
    (void)fitters_calendar();
    t_sqlf("UPDATE services SET resource = 'fitter' WHERE appointment_type = 'fitting'");
    add_marked(others, NOBODYS);
    change_here(id, "PATCH",
                wk_printf(t_ctx.arena,
                          "{\"service_type\":\"fitting\",\"appointment_datetime\":\"%s\"}",
                          then)
                    .data);
    free_busy_is_asked_now();
    assert_string_equal(taken_by_others(), others);
    t_answer_t a = book(at);
    t_sqlf("UPDATE services SET resource = 'default' WHERE appointment_type = 'fitting'");
    assert_status(&a, 201);
    push(id);
    add_marked(at, NOBODYS);
    add_marked(then, NOBODYS);
    free_busy_is_asked_now();
    assert_non_null(strstr(taken_by_others(), then)); /* it is there no more */
}

static void what_was_moved_here_is_nobody_elses_where_google_has_it_yet(void **state)
{
    (void)state;
    const char *at = t_free_instant(0), *id = booked(at);
    move_here(id, t_free_instant(5));
    free_busy_is_asked_now();
    assert_string_equal(taken_by_others(), "nothing");
    push(id);
    add_marked(at, NOBODYS);
    free_busy_is_asked_now();
    assert_string_equal(taken_by_others(), at);
}

/* ---------------------------------------------------------------- Google is away */

#define UNASKED "key LIKE 'calendar:unasked:%%'"

static void google_goes(void)
{
    t_google_script("[{\"status\":503,\"body\":\"\",\"path\":\"/freeBusy$\",\"times\":99}]");
    t_sqlf("UPDATE sync_tokens SET synced_at = now() - interval '6 minutes'");
}

static t_answer_t ask_for_times(void)
{
    return t_get_as("somebody", DOWNTOWN, "staff", "tools.call", "/api/calendar/availability",
                    "service_type=tune_up&days_ahead=30");
}

static const char *in_words(const t_answer_t *a)
{
    const char *message = t_text(a, "/message");
    return strstr(message, "still has to be confirmed") != NULL ? "unsure" : "sure";
}

static void assert_stale(const t_answer_t *a, bool stale)
{
    assert_string_equal(t_text(a, "/calendar_stale"), stale ? "true" : "");
    assert_string_equal(in_words(a), stale ? "unsure" : "sure");
}

/* How many are open, of how many, and how many lines the first one has below its words. */
static const char *tasks(void)
{
    return t_sqlf(
        "SELECT concat_ws(' ', count(*) FILTER (WHERE status = 'open'), count(*),"
        "    max(regexp_count(body, E'\\n')), string_agg(priority, ',' ORDER BY created_at))"
        " FROM tasks WHERE " UNASKED);
}

static void what_google_was_not_asked_about_is_said_and_is_one_task(void **state)
{
    (void)state;
    synchronise();
    t_answer_t a = ask_for_times();
    assert_stale(&a, false);
    google_goes();
    a = ask_for_times();
    assert_status(&a, 200);
    assert_stale(&a, true);
    assert_string_equal(tasks(), "0 0");

    a = book(t_free_instant(0));
    assert_status(&a, 201);
    assert_stale(&a, true);
    assert_string_equal(t_sqlf("SELECT count(*) FROM messages WHERE content LIKE"
                               " '%%still has to be confirmed%%'"),
                        "1");
    a = book(t_free_instant(5));
    assert_stale(&a, true);
    assert_string_equal(tasks(), "1 1 2 normal");
    assert_string_equal(t_sqlf("SELECT body LIKE '%%tune-up, %%' FROM tasks WHERE " UNASKED),
                        "t");

    synchronise();
    assert_string_equal(tasks(), "0 1 2 normal");
    a = book(t_free_instant(10));
    assert_stale(&a, false);
}

static void what_is_taken_there_is_told_when_google_is_back(void **state)
{
    (void)state;
    synchronise();
    const char *mine = t_free_instant(0), *other = t_free_instant(5);
    google_goes();
    t_answer_t a = book(mine);
    const char *id = t_text(&a, "/appointment_id");
    (void)book(other);
    add_marked(mine, NOBODYS);
    synchronise();
    assert_string_equal(tasks(), "1 1 1 high");

    google_goes();
    (void)book(t_free_instant(10));
    assert_string_equal(t_sqlf("SELECT count(*) FROM tasks WHERE status = 'open' AND " UNASKED),
                        "2");
    synchronise();
    assert_string_equal(tasks(), "1 2 1 high,normal");

    move_here(id, t_free_instant(15));
    synchronise();
    assert_string_equal(t_sqlf("SELECT count(*) FROM tasks WHERE status = 'open' AND " UNASKED),
                        "0");
}

static void so_it_is_of_a_consent_that_has_ended(void **state)
{
    (void)state;
    synchronise();
    t_sqlf("UPDATE sync_tokens SET synced_at = now() - interval '6 minutes';"
           "UPDATE integrations SET status = 'error', error = 'invalid_grant'"
           " WHERE service = 'google_calendar'");
    t_answer_t a = ask_for_times();
    assert_stale(&a, true);
    a = book(t_free_instant(0));
    assert_stale(&a, true);
    assert_string_equal(tasks(), "1 1 1 normal");
    t_google_connect(OWNER);
    synchronise();
    assert_string_equal(tasks(), "0 1 1 normal");
    disconnect();
    a = ask_for_times();
    assert_stale(&a, false);
}

static void a_calendar_that_is_still_away_keeps_the_task(void **state)
{
    (void)state;
    synchronise();
    (void)fitters_calendar();
    synchronise();
    t_google_script("[{\"status\":503,\"body\":\"\",\"path\":\"/freeBusy$\",\"times\":99},"
                    "{\"status\":503,\"body\":\"\","
                    "\"path\":\"group.calendar.google.com/events$\",\"times\":99}]");
    t_sqlf("UPDATE sync_tokens SET synced_at = now() - interval '6 minutes'");
    (void)book(t_free_instant(0));
    (void)job("calendar.sync", "{}");
    assert_string_equal(tasks(), "1 1 1 normal");
    t_sqlf("UPDATE services SET calendar_id = 'primary'");
    synchronise();
    assert_string_equal(tasks(), "0 1 1 normal");
}

static void a_move_is_such_an_appointment_and_a_hold_is_none(void **state)
{
    (void)state;
    const char *id = booked(t_free_instant(0));
    google_goes();
    move_here(id, t_free_instant(5));
    assert_string_equal(tasks(), "1 1 1 normal");
    make_it(id, "repair");
    assert_string_equal(tasks(), "1 1 2 normal");
    t_answer_t a =
        t_ask(&(t_ask_t){.type = "appointments.handle",
                         .method = "POST",
                         .uri = "/api/appointments",
                         .claims = t_claims("somebody", DOWNTOWN, "staff"),
                         .org = DOWNTOWN,
                         .body = wk_printf(t_ctx.arena,
                                           "{\"appointment_datetime\":\"%s\",\"hold\":true,"
                                           "\"customer_phone\":\"" JOHN_NUMBER "\"}",
                                           t_free_instant(10))
                                     .data});
    assert_status(&a, 201);
    assert_string_equal(tasks(), "1 1 2 normal");
}

static void the_receptionist_says_it_too(void **state)
{
    (void)state;
    synchronise();
    google_goes();
    const char *answer = t_say(JOHN_NUMBER, "I'd like to book a tune-up tomorrow");
    assert_non_null(strstr(answer, "still has to be confirmed"));
    answer = t_say(JOHN_NUMBER, "1");
    assert_non_null(strstr(answer, "still has to be confirmed"));
    assert_string_equal(tasks(), "1 1 1 normal");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_time_an_owner_moved_it_from_can_be_booked_again),
        cmocka_unit_test(what_is_deleted_in_google_is_cancelled),
        cmocka_unit_test(it_is_even_when_google_forgot_the_token),
        cmocka_unit_test(a_visit_that_is_over_stays_as_it_was),
        cmocka_unit_test(nobody_is_cancelled_who_came_already),
        cmocka_unit_test(what_was_read_before_our_change_changes_nothing),
        cmocka_unit_test(where_another_is_booked_meanwhile_it_is_not_moved_to),
        cmocka_unit_test(another_shops_event_takes_its_time),
        cmocka_unit_test(a_copy_of_our_event_takes_its_time),
        cmocka_unit_test(another_account_is_given_what_was_booked_before),
        cmocka_unit_test(what_was_deleted_while_disconnected_is_put_back),
        cmocka_unit_test(a_removal_that_is_done_again_removes_nothing_later),
        cmocka_unit_test(and_what_was_deleted_after_the_consent_had_ended),
        cmocka_unit_test(a_new_consent_of_a_connected_shop_overrules_nothing),
        cmocka_unit_test(what_was_moved_here_while_disconnected_is_moved_in_google),
        cmocka_unit_test(where_both_were_moved_while_disconnected_ours_counts),
        cmocka_unit_test(what_was_cancelled_here_while_disconnected_leaves_google),
        cmocka_unit_test(what_was_cancelled_before_is_not_taken_away_again),
        cmocka_unit_test(another_account_is_given_what_stands_alone),
        cmocka_unit_test(a_stranger_has_nobody_invited),
        cmocka_unit_test(a_dead_calendar_keeps_nothing_from_the_others),
        cmocka_unit_test(a_calendar_of_no_service_is_forgotten),
        cmocka_unit_test(what_goes_to_a_calendar_that_is_gone_waits_for_another),
        cmocka_unit_test(another_consent_may_show_it),
        cmocka_unit_test(an_event_for_a_calendar_that_is_gone_is_not_a_failure),
        cmocka_unit_test(an_event_that_is_not_taken_once_does_not_end_its_calendar),
        cmocka_unit_test(a_look_that_began_before_ends_nothing),
        cmocka_unit_test(an_event_for_a_calendar_of_no_service_is_made_in_its_services),
        cmocka_unit_test(an_event_that_its_calendar_never_takes_is_a_failure),
        cmocka_unit_test(a_calendar_that_comes_back_is_as_it_was),
        cmocka_unit_test(a_calendar_with_coming_appointments_is_looked_at_still),
        cmocka_unit_test(its_event_becomes_that_service),
        cmocka_unit_test(its_event_goes_to_that_services_calendar),
        cmocka_unit_test(so_it_does_when_it_was_just_being_made),
        cmocka_unit_test(so_it_does_when_it_was_made_by_one_who_died),
        cmocka_unit_test(what_was_left_in_a_calendar_is_nobody_elses_there),
        cmocka_unit_test(what_was_moved_here_is_nobody_elses_where_google_has_it_yet),
        cmocka_unit_test(what_google_was_not_asked_about_is_said_and_is_one_task),
        cmocka_unit_test(what_is_taken_there_is_told_when_google_is_back),
        cmocka_unit_test(so_it_is_of_a_consent_that_has_ended),
        cmocka_unit_test(a_calendar_that_is_still_away_keeps_the_task),
        cmocka_unit_test(a_move_is_such_an_appointment_and_a_hold_is_none),
        cmocka_unit_test(the_receptionist_says_it_too),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
