/* appointments.handle: the schedule for the shop's people, and what they may do with it. */
#include <stdio.h>

#include "t/handlers/lib/runs.h"
#include "t/handlers/lib/slots.h"
#include "t/handlers/lib/texts.h"

#define URI "/api/appointments"
#define A1  "d0000000-0000-4000-8000-0000000000a1"

static int setup(void **state)
{
    t_sqlf("DELETE FROM appointments;"
           "UPDATE services SET resource = 'default', calendar_id = 'primary'");
    return t_texts_setup(state);
}

static t_answer_t ask_as(const char *role, const char *method, const char *uri,
                         const char *args, const char *body)
{
    return t_ask(&(t_ask_t){.type = "appointments.handle",
                            .method = method,
                            .uri = uri,
                            .args = args,
                            .claims = t_claims("somebody", DOWNTOWN, role),
                            .org = DOWNTOWN,
                            .body = body});
}

static t_answer_t ask(const char *method, const char *uri, const char *body)
{
    return ask_as("staff", method, uri, NULL, body);
}

static const char *book(const char *at)
{
    t_answer_t a =
        ask("POST", URI,
            wk_printf(t_ctx.arena,
                      "{\"appointment_datetime\":\"%s\",\"service_type\":\"tune_up\","
                      "\"customer_phone\":\"" JOHN_NUMBER "\"}",
                      at)
                .data);
    assert_status(&a, 201);
    return t_text(&a, "/appointment_id");
}

static const char *of(const char *id)
{
    return wk_printf(t_ctx.arena, URI "/%s", id).data;
}

/* ---------------------------------------------------------------- read */

static void seed(void)
{
    t_sqlf("INSERT INTO appointments (id, organization_id, customer_id, customer_name,"
           "    customer_phone, starts_at, ends_at, status) VALUES"
           " ('" A1 "', '" DOWNTOWN "', '" JOHN "', 'John Tremblay', '" JOHN_NUMBER "',"
           "  '2026-07-01 10:00-04', '2026-07-01 11:00-04', 'confirmed'),"
           " (gen_random_uuid(), '" DOWNTOWN "', NULL, 'Ann', NULL,"
           "  '2026-07-02 10:00-04', '2026-07-02 11:00-04', 'completed'),"
           " (gen_random_uuid(), '" DOWNTOWN "', NULL, 'Bob', NULL,"
           "  '2026-08-02 10:00-04', '2026-08-02 11:00-04', 'confirmed'),"
           " (gen_random_uuid(), '" UPTOWN "', NULL, 'Cy', NULL,"
           "  '2026-07-01 10:00-04', '2026-07-01 11:00-04', 'confirmed')");
}

static void the_schedule_of_a_time_is_listed(void **state)
{
    (void)state;
    seed();
    t_answer_t a = ask_as("service_tech", "GET", URI, "from=2026-07-01&to=2026-07-02", NULL);
    assert_status(&a, 200);
    assert_int_equal(t_count(&a, "/appointments"), 2);
    assert_string_equal(t_text(&a, "/appointments/0/customer_name"), "Ann");
    assert_string_equal(t_text(&a, "/appointments/1/id"), A1);
    assert_string_equal(t_text(&a, "/appointments/1/lead_id"), JOHN);
    assert_string_equal(t_text(&a, "/appointments/1/starts_at"), "2026-07-01T14:00:00.000Z");
    assert_string_equal(t_text(&a, "/appointments/1/duration_minutes"), "60");
    a = ask_as("staff", "GET", URI, "status=confirmed&limit=1", NULL);
    assert_string_equal(t_text(&a, "/appointments/0/customer_name"), "Bob");
    assert_string_not_equal(t_text(&a, "/next_cursor"), "null");
    a = ask_as("staff", "GET", URI, "q=tremb", NULL);
    assert_int_equal(t_count(&a, "/appointments"), 1);
    a = ask_as("staff", "GET", URI, "status=done", NULL);
    assert_error(&a, 400, "bad_request");
}

static void one_is_told_to_its_shop_alone(void **state)
{
    (void)state;
    seed();
    t_answer_t a = ask("GET", URI "/" A1, NULL);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/appointment/customer_name"), "John Tremblay");
    a = t_ask(&(t_ask_t){.type = "appointments.handle",
                         .method = "GET",
                         .uri = URI "/" A1,
                         .claims = t_claims(UMA, UPTOWN, "admin"),
                         .org = UPTOWN});
    assert_error(&a, 404, "not_found");
}

/* ---------------------------------------------------------------- change */

static void one_is_booked_once_and_confirmed(void **state)
{
    (void)state;
    const char *at = t_free_slot(0);
    const char *id = book(at);
    assert_string_equal(t_sqlf("SELECT source || ' ' || status FROM appointments"),
                        "staff confirmed");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM outbox WHERE type = 'sms.send'"), 1);
    t_answer_t again =
        ask("POST", URI,
            wk_printf(t_ctx.arena,
                      "{\"appointment_datetime\":\"%s\",\"service_type\":\"tune_up\","
                      "\"customer_phone\":\"" JOHN_NUMBER "\"}",
                      at)
                .data);
    assert_status(&again, 200);
    assert_string_equal(t_text(&again, "/appointment_id"), id);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM appointments"), 1);
}

static t_answer_t book_with(const char *members)
{
    return ask(
        "POST", URI,
        wk_printf(t_ctx.arena, "{\"customer_phone\":\"" JOHN_NUMBER "\",%s}", members).data);
}

static void a_booking_with_what_it_cannot_have_is_refused(void **state)
{
    static const char *const more[] = {"\"status\":\"completed\"", "\"lead_id\":null",
                                       "\"appointmentDatetime\":\"2026-07-09T10:00\"",
                                       "\"\":1"};
    (void)state;
    const char *at = t_free_slot(0);
    for (size_t i = 0; i < sizeof(more) / sizeof(*more); i++) {
        t_answer_t a = book_with(
            wk_printf(t_ctx.arena, "\"appointment_datetime\":\"%s\",%s", at, more[i]).data);
        assert_error(&a, 400, "bad_request");
        assert_has(t_text(&a, "/error/message"), "cannot be set here");
    }
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM appointments"), 0);
}

/* Of the agents' requests, by any of the names that are told of. */
static void a_booking_with_all_that_it_may_have_is_taken(void **state)
{
    (void)state;
    const char *at = t_free_slot(0);
    t_answer_t a = book_with(
        wk_printf(
            t_ctx.arena,
            "\"client_id\":\"7\",\"organization\":\"bici-downtown\",\"customer_name\":\"Ann\","
            "\"customer_email\":\"ann@x.example\",\"appointment_date\":\"%.10s\","
            "\"appointment_time\":\"%s\",\"purpose\":\"tune-up\",\"duration\":60,"
            "\"notes\":\"x\",\"hold\":false",
            at, at + 11)
            .data);
    assert_status(&a, 201);
    a = book_with(wk_printf(t_ctx.arena,
                            "\"appointment_datetime\":\"%s\",\"service_type\":\"repair\","
                            "\"preferred_date\":\"%.10s\",\"date\":\"%.10s\","
                            "\"days_ahead\":7",
                            t_free_slot_of("2 hours", 9), at, at)
                      .data);
    assert_status(&a, 201);
}

static void a_taken_slot_is_a_conflict_with_others(void **state)
{
    (void)state;
    const char *at = t_free_slot(0);
    book(at);
    t_answer_t a =
        ask("POST", URI,
            wk_printf(t_ctx.arena,
                      "{\"appointment_datetime\":\"%s\",\"service_type\":\"tune_up\","
                      "\"customer_name\":\"Somebody Else\"}",
                      at)
                .data);
    assert_error(&a, 409, "time_conflict");
    assert_int_equal(t_count(&a, "/alternatives"), 3);
}

static void a_technician_moves_one(void **state)
{
    (void)state;
    const char *id = book(t_free_slot(0)), *later = t_free_slot(5);
    t_answer_t a =
        ask_as("service_tech", "PATCH", of(id), NULL,
               wk_printf(t_ctx.arena, "{\"appointment_datetime\":\"%s\"}", later).data);
    assert_status(&a, 200);
    assert_string_equal(t_sqlf("SELECT to_char(starts_at AT TIME ZONE 'America/Toronto',"
                               "               'YYYY-MM-DD\"T\"HH24:MI') FROM appointments"),
                        later);
}

/* ---------------------------------------------------------------- another service */

static t_answer_t make_it(const char *id, const char *service)
{
    return ask("PATCH", of(id),
               wk_printf(t_ctx.arena, "{\"service_type\":\"%s\"}", service).data);
}

/* type, minutes, price, resource, calendar, and whether it still begins then. */
static const char *is_now(const char *id, const char *at)
{
    return t_sqlf("SELECT concat_ws(' ', appointment_type,"
                  "    extract(epoch FROM ends_at - starts_at)::int / 60, price, resource,"
                  "    google_calendar_id, CASE WHEN starts_at = timestamp '%s' AT TIME ZONE"
                  "    'America/Toronto' THEN 'then' ELSE 'moved' END)"
                  "  FROM appointments WHERE id = '%s'",
                  at, id);
}

/* What is only held is no booking: nobody is told that it is one. */
static void a_hold_that_is_changed_is_still_a_hold(void **state)
{
    (void)state;
    t_answer_t a =
        ask("POST", URI,
            wk_printf(t_ctx.arena,
                      "{\"appointment_datetime\":\"%s\",\"hold\":true,"
                      "\"service_type\":\"tune_up\",\"customer_phone\":\"" JOHN_NUMBER "\"}",
                      t_free_slot(0))
                .data);
    assert_status(&a, 201);
    const char *id = t_text(&a, "/appointment_id");
    a = make_it(id, "repair");
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/confirmation_sent"), "false");
    a = ask("PATCH", of(id),
            wk_printf(t_ctx.arena, "{\"appointment_datetime\":\"%s\"}", t_free_slot(4)).data);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/confirmation_sent"), "false");
    assert_string_equal(t_sqlf("SELECT status FROM appointments"), "held");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM messages WHERE channel = 'sms'"), 0);
}

static void one_becomes_another_service(void **state)
{
    (void)state;
    const char *at = t_free_slot(0), *id = book(at);
    t_sqlf("UPDATE appointments SET reminded_48h_at = now()");
    t_answer_t a = make_it(id, "fitting");
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/service_type"), "fitting");
    assert_string_equal(t_text(&a, "/duration_minutes"), "90");
    assert_string_equal(t_text(&a, "/confirmation_sent"), "true");
    assert_string_equal(is_now(id, at), "fitting 90 150.00 default primary then");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM messages WHERE content LIKE"
                                " '%%your bike fitting is booked%%'"),
                     1);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM outbox"
                                " WHERE data ->> 'appointmentType' = 'fitting'"),
                     1);
    assert_int_equal(t_sqlf_int("SELECT count(reminded_48h_at) FROM appointments"), 1);

    a = make_it(id, "fitting");
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/confirmation_sent"), "false");
    a = make_it(id, "a massage");
    assert_error(&a, 400, "bad_request");
    a = ask("PATCH", of(id), "{\"service_type\":\"repair\",\"notes\":\"x\"}");
    assert_error(&a, 400, "bad_request");
    assert_string_equal(is_now(id, at), "fitting 90 150.00 default primary then");
}

static void at_another_time_too(void **state)
{
    (void)state;
    const char *id = book(t_free_slot(0)), *later = t_free_slot(5);
    t_answer_t a = ask("PATCH", of(id),
                       wk_printf(t_ctx.arena,
                                 "{\"service_type\":\"warranty\","
                                 "\"appointment_datetime\":\"%s\"}",
                                 later)
                           .data);
    assert_status(&a, 200);
    assert_string_equal(is_now(id, later), "warranty 30 0.00 default primary then");
}

/* A repair takes 90 minutes, and behind 60 somebody else comes. */
static void what_does_not_fit_changes_nothing(void **state)
{
    (void)state;
    const char *at = t_free_slot(0), *id = book(at);
    t_sqlf("INSERT INTO appointments (organization_id, customer_name, starts_at, ends_at)"
           " SELECT organization_id, 'Ann', ends_at, ends_at + interval '1 hour'"
           "   FROM appointments");
    const char *before = t_sqlf("SELECT md5(a::text) FROM appointments a WHERE id = '%s'", id);
    int64_t said = t_sqlf_int("SELECT count(*) FROM outbox");
    t_answer_t a = make_it(id, "repair");
    assert_error(&a, 409, "time_conflict");
    assert_int_equal(t_count(&a, "/alternatives"), 3);
    assert_string_equal(t_sqlf("SELECT md5(a::text) FROM appointments a WHERE id = '%s'", id),
                        before);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM outbox"), said);
    a = make_it(id, "warranty");
    assert_status(&a, 200);
}

/* Who does it is another: his time is taken, and the first one's is free. */
static void it_takes_the_time_of_who_does_it(void **state)
{
    (void)state;
    const char *at = t_free_slot(0), *id = book(at);
    t_sqlf("UPDATE services SET resource = 'fitter' WHERE appointment_type = 'fitting'");
    t_answer_t a = make_it(id, "fitting");
    assert_status(&a, 200);
    assert_string_equal(is_now(id, at), "fitting 90 150.00 fitter primary then");
    a = ask("POST", URI,
            wk_printf(t_ctx.arena,
                      "{\"appointment_datetime\":\"%s\",\"service_type\":\"fitting\","
                      "\"customer_name\":\"Ann\"}",
                      at)
                .data);
    assert_error(&a, 409, "time_conflict");
    a = ask("POST", URI,
            wk_printf(t_ctx.arena,
                      "{\"appointment_datetime\":\"%s\",\"service_type\":\"tune_up\","
                      "\"customer_name\":\"Ann\"}",
                      at)
                .data);
    assert_status(&a, 201);
    t_sqlf("UPDATE services SET resource = 'default'");
    a = make_it(id, "tune_up");
    assert_error(&a, 409, "time_conflict");
}

/* What was done in it is put right; the time it took, and whose, stays as it was. */
static void one_that_is_over_may_have_been_another_service(void **state)
{
    static const char *const over[] = {"confirmed", "in_progress", "completed"};
    static const char *const never[] = {"cancelled", "no_show"};
    (void)state;
    const char *id = book(t_free_slot(0));
    t_sqlf("UPDATE appointments SET starts_at = starts_at - interval '40 days',"
           "    ends_at = ends_at - interval '40 days';"
           "INSERT INTO appointments (organization_id, starts_at, ends_at)"
           " SELECT organization_id, ends_at, ends_at + interval '1 hour' FROM appointments;"
           "UPDATE services SET resource = 'fitter', calendar_id = 'fittings'"
           " WHERE appointment_type = 'fitting'");
    const char *at = t_sqlf("SELECT starts_at AT TIME ZONE 'America/Toronto' FROM appointments"
                            " WHERE id = '%s'",
                            id);
    int64_t texts = t_sqlf_int("SELECT count(*) FROM messages");
    for (size_t i = 0; i < 3; i++) {
        t_sqlf("UPDATE appointments SET status = '%s', appointment_type = 'tune_up',"
               "    price = 1 WHERE id = '%s'",
               over[i], id);
        t_answer_t a = make_it(id, "fitting");
        assert_status(&a, 200);
        assert_string_equal(t_text(&a, "/service_type"), "fitting");
        assert_string_equal(t_text(&a, "/duration_minutes"), "60");
        assert_string_equal(t_text(&a, "/confirmation_sent"), "false");
        assert_string_equal(is_now(id, at), "fitting 60 150.00 default primary then");
        a = make_it(id, "fitting");
        assert_status(&a, 200);
    }
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM messages"), texts);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM outbox"
                                " WHERE data ->> 'appointmentType' = 'fitting'"),
                     3);
    for (size_t i = 0; i < 2; i++) {
        t_sqlf("UPDATE appointments SET status = '%s' WHERE id = '%s'", never[i], id);
        t_answer_t a = make_it(id, "repair");
        assert_error(&a, 409, "appointment_over");
    }
    t_answer_t a = ask("PATCH", of(id),
                       wk_printf(t_ctx.arena,
                                 "{\"service_type\":\"repair\","
                                 "\"appointment_datetime\":\"%s\"}",
                                 t_free_slot(9))
                           .data);
    assert_error(&a, 409, "appointment_over");
    assert_string_equal(is_now(id, at), "fitting 60 150.00 default primary then");
}

/* The ledger does not take it for the booking that became another and was given back. */
static void what_it_was_can_be_booked_again(void **state)
{
    (void)state;
    const char *at = t_free_slot(0), *first = book(at);
    t_answer_t a = make_it(first, "repair");
    assert_status(&a, 200);
    a = ask("DELETE", of(first), NULL);
    assert_status(&a, 200);
    assert_string_not_equal(book(at), first);
}

static void one_is_marked(void **state)
{
    (void)state;
    seed();
    t_answer_t a =
        ask("PATCH", URI "/" A1,
            "{\"status\":\"completed\",\"notes\":\"new chain\",\"pickup_ready\":true}");
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/appointment/status"), "completed");
    assert_string_equal(t_text(&a, "/appointment/notes"), "new chain");
    assert_string_not_equal(t_text(&a, "/appointment/pickup_ready_at"), "null");
    a = ask("PATCH", URI "/" A1, "{\"status\":\"completed\"}");
    assert_string_equal(t_text(&a, "/appointment/notes"), "new chain");
    a = ask("PATCH", URI "/" A1, "{\"notes\":\"\"}");
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/appointment/notes"), "null");
    ask("PATCH", URI "/" A1, "{\"notes\":\"new chain\"}");
    a = ask("PATCH", URI "/" A1, "{\"notes\":null}");
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/appointment/notes"), "null");
    t_sqlf("DELETE FROM outbox WHERE id <> (SELECT min(id) FROM outbox);"
           "DELETE FROM audit_log WHERE id <> (SELECT min(id) FROM audit_log)");
    assert_int_equal(
        t_sqlf_int("SELECT count(*) FROM outbox WHERE data ->> 'change' = 'updated'"), 1);
    assert_int_equal(
        t_sqlf_int("SELECT count(*) FROM audit_log WHERE action = 'appointment_marked'"), 1);
}

/* A worker may die behind its commit; what somebody else has marked since then stays. */
static void a_mark_that_is_done_again_undoes_no_later_one(void **state)
{
    (void)state;
    seed();
    t_ask_t marking = {.type = "appointments.handle",
                       .id = "marking",
                       .method = "PATCH",
                       .uri = URI "/" A1,
                       .claims = t_claims("somebody", DOWNTOWN, "staff"),
                       .org = DOWNTOWN,
                       .body = "{\"status\":\"in_progress\",\"notes\":\"waits\"}"};
    t_answer_t a = t_ask(&marking);
    assert_status(&a, 200);
    a = ask("PATCH", URI "/" A1, "{\"status\":\"completed\",\"notes\":\"new chain\"}");
    assert_status(&a, 200);
    int64_t marks = t_sqlf_int("SELECT count(*) FROM audit_log");
    a = t_ask(&marking);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/appointment/status"), "completed");
    assert_string_equal(t_sqlf("SELECT status || ' ' || notes FROM appointments"
                               " WHERE id = '" A1 "'"),
                        "completed new chain");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM audit_log"), marks);
}

static void what_cannot_be_marked_changes_nothing(void **state)
{
    static const char *const bodies[] = {
        "{}",
        "{\"status\":\"cancelled\"}",
        "{\"status\":7}",
        "{\"pickup_ready\":\"yes\"}",
        "{\"status\":\"active\"}",
        "{\"status\":null,\"notes\":\"x\"}",
        "{\"status\":\"\",\"notes\":\"x\"}",
        "{\"pickup_ready\":null,\"notes\":\"x\"}",
        "{\"status\":\"completed\",\"appointment_datetime\":\"2026-07-09T10:00\"}",
        "{\"status\":\"completed\",\"colour\":\"red\"}",
        "{\"notes\":\"x\",\"duration\":30}",
        "{\"appointment_datetime\":\"2026-07-09T10:00\",\"colour\":\"red\"}",
        "{\"appointment_time\":\"10:00\",\"status\":\"confirmed\"}"};
    (void)state;
    seed();
    for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
        t_answer_t a = ask("PATCH", URI "/" A1, bodies[i]);
        assert_error(&a, 400, "bad_request");
    }
    t_answer_t a = ask("DELETE", URI "/" A1, "{\"colour\":\"red\"}");
    assert_error(&a, 400, "bad_request");
    assert_string_equal(t_sqlf("SELECT status || coalesce(notes, '') || (starts_at ="
                               "     '2026-07-01 10:00-04') FROM appointments"
                               " WHERE id = '" A1 "'"),
                        "confirmedtrue");
    a = ask("PATCH", URI "/" JOHN, "{\"status\":\"completed\"}");
    assert_error(&a, 404, "not_found");
}

static void what_has_not_begun_is_not_over(void **state)
{
    static const char *const over[] = {"{\"status\":\"no_show\"}",
                                       "{\"status\":\"completed\",\"notes\":\"x\"}"};
    (void)state;
    const char *id = book(t_free_slot(9));
    const char *before = t_sqlf("SELECT md5(a::text) FROM appointments a");
    int64_t told = t_sqlf_int("SELECT count(*) FROM outbox");
    for (size_t i = 0; i < sizeof(over) / sizeof(*over); i++) {
        t_answer_t a = ask("PATCH", of(id), over[i]);
        assert_error(&a, 409, "conflict");
        assert_has(t_text(&a, "/error/message"), "has not begun");
    }
    assert_string_equal(t_sqlf("SELECT md5(a::text) FROM appointments a"), before);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM outbox"), told);
    t_answer_t a = ask("PATCH", of(id), "{\"status\":\"confirmed\"}");
    assert_status(&a, 200);
}

static void who_comes_early_may_be_done_early(void **state)
{
    (void)state;
    const char *id = book(t_free_slot(0));
    t_answer_t a = ask("PATCH", of(id), "{\"status\":\"in_progress\"}");
    assert_status(&a, 200);
    a = ask("PATCH", of(id), "{\"status\":\"no_show\"}");
    assert_error(&a, 409, "conflict");
    for (int i = 0; i < 2; i++) {
        a = ask("PATCH", of(id), "{\"status\":\"completed\"}");
        assert_status(&a, 200);
        assert_string_equal(t_text(&a, "/appointment/status"), "completed");
    }
}

/* Who asks is told what became of it, and not that there is none. */
static void one_that_cannot_be_moved_is_said_to_be_what_it_is(void **state)
{
    static const struct {
        const char *status, *says;
    } cases[] = {{"cancelled", "That appointment was cancelled."},
                 {"completed", "That appointment is over."},
                 {"no_show", "That appointment is over."},
                 {"in_progress", "That appointment has begun or is over already."},
                 {"held", "which have passed"}};
    (void)state;
    const char *id = book(t_free_slot(0));
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        t_sqlf("UPDATE appointments SET status = '%s', hold_expires_at = CASE WHEN '%s' ="
               "    'held' THEN now() - interval '1 minute' END",
               cases[i].status, cases[i].status);
        t_answer_t a = ask(
            "PATCH", of(id),
            wk_printf(t_ctx.arena, "{\"appointment_datetime\":\"%s\"}", t_free_slot(5)).data);
        assert_error(&a, 409, "appointment_over");
        assert_has(t_text(&a, "/error/message"), cases[i].says);
    }
}

static void one_is_cancelled_and_stays_so(void **state)
{
    (void)state;
    const char *id = book(t_free_slot(0));
    t_answer_t a = ask("DELETE", of(id), NULL);
    assert_status(&a, 200);
    assert_string_equal(t_sqlf("SELECT status || ' ' || cancelled_by FROM appointments"),
                        "cancelled staff");
    a = ask("PATCH", of(id), "{\"status\":\"completed\"}");
    assert_error(&a, 409, "conflict");
    a = ask("DELETE", URI "/" JOHN, NULL);
    assert_error(&a, 404, "not_found");
}

/* ---------------------------------------------------------------- what is asked for */

/* The calendar shows the booking, and not what was kept for it before. */
static void a_hold_that_was_booked_is_one_row(void **state)
{
    static const char *const kinds[] = {"true", "false"};
    (void)state;
    const char *at = t_free_slot(0);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        t_answer_t a = ask("POST", URI,
                           wk_printf(t_ctx.arena,
                                     "{\"appointment_datetime\":\"%s\",\"hold\":%s,"
                                     "\"customer_phone\":\"" JOHN_NUMBER "\"}",
                                     at, kinds[i])
                               .data);
        assert_status(&a, 201);
    }
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM appointments"), 2);
    t_answer_t a = ask("GET", URI, NULL);
    assert_int_equal(t_count(&a, "/appointments"), 1);
    assert_string_equal(t_text(&a, "/appointments/0/status"), "confirmed");
}

/* What a booking with those members has become: the service and its minutes. */
static const char *booked_as(const char *members)
{
    t_answer_t a = ask("POST", URI,
                       wk_printf(t_ctx.arena,
                                 "{\"appointment_datetime\":\"%s\",%s,"
                                 "\"customer_phone\":\"" STRANGER "\"}",
                                 t_free_slot_of("2 hours", 0), members)
                           .data);
    assert_status(&a, 201);
    return wk_printf(t_ctx.arena, "%s %s", t_text(&a, "/service_type"),
                     t_text(&a, "/duration_minutes"))
        .data;
}

static void the_purpose_chooses_the_service(void **state)
{
    (void)state;
    assert_string_equal(booked_as("\"purpose\":\"repair\""), "repair 90");
    assert_string_equal(booked_as("\"purpose\":\"The brakes need a repair\""), "repair 90");
    assert_string_equal(booked_as("\"purpose\":\"tune-up\""), "tune_up 60");
    assert_string_equal(booked_as("\"purpose\":\"repair\",\"service_type\":\"Tune Up\""),
                        "tune_up 60");
    assert_string_equal(booked_as("\"purpose\":\"to talk\""), "general 30");
    assert_string_equal(booked_as("\"service_type\":\"mise au point\""), "tune_up 60");
    assert_string_equal(booked_as("\"service_type\":\"Réparation\""), "repair 90");
    assert_string_equal(booked_as("\"service_type\":\"ramassage\""), "pickup 15");
    assert_string_equal(booked_as("\"service_type\":\"rendez-vous\""), "general 30");
    assert_string_equal(booked_as("\"service_type\":\"puesta a punto\""), "tune_up 60");
    t_answer_t a = t_ask(&(t_ask_t){.type = "tools.call",
                                    .uri = "/api/calendar/availability",
                                    .args = "purpose=repair",
                                    .claims = t_claims(DANA, DOWNTOWN, "admin"),
                                    .org = DOWNTOWN});
    assert_string_equal(t_text(&a, "/service_type"), "repair");
    assert_int_equal(t_number(&a, "/duration_minutes"), 90);
}

/* "service_type" is one of a list; sentences are for "purpose". */
static void a_service_is_called_by_its_name_alone(void **state)
{
    static const char *const none[] = {"vivre", "no repair please", "the brakes need a repair",
                                       "repairs", "tune up and repair"};
    (void)state;
    for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
        t_answer_t a = ask("POST", URI,
                           wk_printf(t_ctx.arena,
                                     "{\"appointment_datetime\":\"%s\","
                                     "\"service_type\":\"%s\","
                                     "\"customer_phone\":\"" STRANGER "\"}",
                                     t_free_slot(0), none[i])
                               .data);
        assert_error(&a, 400, "bad_request");
        assert_has(t_text(&a, "/error/message"), "service_type must be one of: tune_up");
    }
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM appointments"), 0);
    assert_string_equal(booked_as("\"service_type\":\" MISE AU POINT \""), "tune_up 60");
}

static const char *lead_of(const char *number)
{
    return t_sqlf("SELECT concat_ws(' ', name, email, source) FROM customers"
                  " WHERE phone_number = '%s'",
                  number);
}

static void a_lead_without_a_name_gets_that_of_the_booking(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM customers WHERE phone_number = '" STRANGER "'");
    booked_as("\"customer_name\":\"Nam Ed\",\"customer_email\":\"NP@x.example\"");
    assert_string_equal(lead_of(STRANGER), "Nam Ed np@x.example staff");
    booked_as("\"customer_name\":\"Else\",\"customer_email\":\"else@x.example\"");
    assert_string_equal(lead_of(STRANGER), "Nam Ed np@x.example staff");
}

/* Who says the number of somebody known gets no letters of his. */
static void a_stranger_gives_nobody_an_address(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM customers WHERE phone_number = '" STRANGER "'");
    booked_as("\"customer_name\":\"Nam Ed\"");
    t_answer_t a = t_ask(&(t_ask_t){.type = "tools.call",
                                    .uri = "/api/calendar/book",
                                    .body = wk_printf(t_ctx.arena,
                                                      "{\"appointment_datetime\":\"%s\","
                                                      "\"organization\":\"bici-downtown\","
                                                      "\"customer_phone\":\"" STRANGER "\","
                                                      "\"customer_email\":\"other@x.example\"}",
                                                      t_free_slot(0))
                                                .data});
    assert_status(&a, 200);
    assert_string_equal(lead_of(STRANGER), "Nam Ed staff");
}

static void words_are_read_as_people_write_them(void **state)
{
    (void)state;
    const char *id = book(t_free_slot(0));
    t_answer_t a = ask_as("staff", "GET", URI, "status=CONFIRMED", NULL);
    assert_int_equal(t_count(&a, "/appointments"), 1);
    a = ask_as("staff", "GET", URI, "status=canceled", NULL);
    assert_int_equal(t_count(&a, "/appointments"), 0);
    t_sqlf("UPDATE appointments SET starts_at = starts_at - interval '40 days',"
           "    ends_at = ends_at - interval '40 days'");
    a = ask("PATCH", of(id), "{\"status\":\"No-show\"}");
    assert_status(&a, 200);
    assert_string_equal(t_sqlf("SELECT status FROM appointments"), "no_show");
    a = t_get("leads.list", "/api/leads", "status=HOT");
    assert_status(&a, 200);
    a = t_get("calls.list", "/api/calls", "status=in-progress");
    assert_status(&a, 200);
}

/* ---------------------------------------------------------------- what the customer is told */

/* The text that waits to be sent; "": none. */
static const char *queued(const char *template)
{
    return t_sqlf("SELECT content FROM messages WHERE template = '%s'"
                  " ORDER BY occurred_at DESC LIMIT 1",
                  template);
}

static void staff_writes_to_a_customer_in_his_language(void **state)
{
    (void)state;
    t_sqlf("UPDATE customers SET preferred_language = 'fr' WHERE id = '" JOHN "'");
    const char *id = book(t_free_slot(0));
    assert_has(queued("confirmation"), "rendez-vous confirm");
    assert_string_equal(t_sqlf("SELECT language FROM appointments"), "fr");
    t_answer_t a =
        ask("PATCH", of(id),
            wk_printf(t_ctx.arena, "{\"appointment_datetime\":\"%s\"}", t_free_slot(5)).data);
    assert_status(&a, 200);
    assert_has(t_text(&a, "/message"), "Moved: tune-up");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM messages WHERE template = 'confirmation'"
                                "   AND content LIKE '%%rendez-vous confirm%%'"),
                     2);
    t_sqlf("UPDATE customers SET preferred_language = NULL WHERE id = '" JOHN "'");
}

static void who_is_cancelled_by_the_shop_is_told_once(void **state)
{
    (void)state;
    t_sqlf("UPDATE customers SET preferred_language = 'es' WHERE id = '" JOHN "'");
    const char *id = book(t_free_slot(0));
    t_sqlf("UPDATE customers SET preferred_language = NULL WHERE id = '" JOHN "'");
    for (int i = 0; i < 2; i++) {
        t_answer_t a = ask("DELETE", of(id), NULL);
        assert_status(&a, 200);
    }
    assert_has(queued("cancellation"), "hemos tenido que cancelar su cita");
    assert_int_equal(
        t_sqlf_int("SELECT count(*) FROM messages WHERE template = 'cancellation'"), 1);
}

static void nobody_is_told_who_wants_no_texts_or_came_already(void **state)
{
    (void)state;
    const char *past = book(t_free_slot(0)), *refused = book(t_free_slot(5));
    t_sqlf("UPDATE appointments SET starts_at = now() - interval '1 hour',"
           "    ends_at = now() + interval '1 hour' WHERE id = '%s';"
           "INSERT INTO consents (organization_id, channel, address, granted, source)"
           " VALUES ('" DOWNTOWN "', 'sms', '" JOHN_NUMBER "', false, 'call')",
           past);
    t_answer_t a = ask("DELETE", of(past), NULL);
    assert_status(&a, 200);
    a = ask("DELETE", of(refused), NULL);
    assert_status(&a, 200);
    assert_string_equal(queued("cancellation"), "");
}

/* ---------------------------------------------------------------- at the same time */

static t_run_t moving(const char *id, const char *at)
{
    return (t_run_t){
        .ask = {.type = "appointments.handle",
                .method = "PATCH",
                .uri = of(id),
                .claims = t_claims("somebody", DOWNTOWN, "staff"),
                .org = DOWNTOWN,
                .body = wk_printf(t_ctx.arena, "{\"appointment_datetime\":\"%s\"}", at).data}};
}

/* It became another's meanwhile, who is booked then meanwhile. */
static void a_move_that_meets_another_resource_is_told_what_is_free_there(void **state)
{
    (void)state;
    const char *at = t_free_slot(0), *then = t_free_slot(5), *id = book(at);
    const char *becomes =
        t_sqlf("SELECT $$UPDATE appointments SET resource = 'fitter' WHERE id = '%s'$$", id);
    PGconn *change = t_lock_slots("default", becomes);
    PGconn *booking = t_lock_slots("fitter", t_booking_of("fitter", then));
    t_run_t run = moving(id, then);
    t_run(&run);
    t_runs_still(&run, 1);
    t_commit(change);
    t_runs_still(&run, 1);
    assert_false(run.done);
    /* Who has those slots may change that appointment too. */
    PGresult *row = PQexec(booking, t_sqlf("SELECT $$SELECT FROM appointments WHERE id = '%s'"
                                           " FOR UPDATE NOWAIT$$",
                                           id));
    assert_int_equal(PQresultStatus(row), PGRES_TUPLES_OK);
    PQclear(row);
    t_commit(booking);
    t_run_end(&run);
    assert_int_equal(run.answer.end.how, WK_END_ACK);
    assert_has(run.body, "\"time_conflict\"");
    assert_has(run.body, "\"alternatives\":[{");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_schedule_of_a_time_is_listed),
        cmocka_unit_test(one_is_told_to_its_shop_alone),
        cmocka_unit_test(one_is_booked_once_and_confirmed),
        cmocka_unit_test(a_taken_slot_is_a_conflict_with_others),
        cmocka_unit_test(a_booking_with_what_it_cannot_have_is_refused),
        cmocka_unit_test(a_booking_with_all_that_it_may_have_is_taken),
        cmocka_unit_test(a_technician_moves_one),
        cmocka_unit_test(one_becomes_another_service),
        cmocka_unit_test(a_move_that_meets_another_resource_is_told_what_is_free_there),
        cmocka_unit_test(a_hold_that_is_changed_is_still_a_hold),
        cmocka_unit_test(at_another_time_too),
        cmocka_unit_test(one_that_is_over_may_have_been_another_service),
        cmocka_unit_test(what_does_not_fit_changes_nothing),
        cmocka_unit_test(it_takes_the_time_of_who_does_it),
        cmocka_unit_test(what_it_was_can_be_booked_again),
        cmocka_unit_test(one_is_marked),
        cmocka_unit_test(a_mark_that_is_done_again_undoes_no_later_one),
        cmocka_unit_test(what_cannot_be_marked_changes_nothing),
        cmocka_unit_test(what_has_not_begun_is_not_over),
        cmocka_unit_test(who_comes_early_may_be_done_early),
        cmocka_unit_test(one_that_cannot_be_moved_is_said_to_be_what_it_is),
        cmocka_unit_test(one_is_cancelled_and_stays_so),
        cmocka_unit_test(the_purpose_chooses_the_service),
        cmocka_unit_test(a_service_is_called_by_its_name_alone),
        cmocka_unit_test(a_hold_that_was_booked_is_one_row),
        cmocka_unit_test(a_lead_without_a_name_gets_that_of_the_booking),
        cmocka_unit_test(a_stranger_gives_nobody_an_address),
        cmocka_unit_test(words_are_read_as_people_write_them),
        cmocka_unit_test(staff_writes_to_a_customer_in_his_language),
        cmocka_unit_test(who_is_cancelled_by_the_shop_is_told_once),
        cmocka_unit_test(nobody_is_told_who_wants_no_texts_or_came_already),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
