/*
 * Appointments on the days on which clocks change, in four zones: in spring a part of the night
 * is left out, in autumn one comes twice. The shop is open from midnight to six.
 */
#include <stdio.h>

#include "t/handlers/lib/texts.h"

#define OPEN "{\"open\":\"00:00\",\"close\":\"06:00\"}"
#define SLOT 30 /* minutes of a "general" appointment */

/* What the law of each place says; not asked of what is tested. */
typedef struct {
    const char *name, *winter, *summer; /* offsets */
    int minutes;                        /* that the clocks are moved by */
    const char *skipped,
        *after_skip; /* the first time that does not exist; the next that does */
    const char *within_skip, *before_skip;
    const char *twice; /* a time that comes twice */
} zone_t;

static const zone_t zones[] = {
    {"America/Toronto", "-05:00", "-04:00", 60, "02:00", "03:00", "02:15", "01:30", "01:00"},
    {"Europe/Paris", "+01:00", "+02:00", 60, "02:00", "03:00", "02:45", "01:30", "02:00"},
    {"America/St_Johns", "-03:30", "-02:30", 60, "02:00", "03:00", "02:15", "01:30", "01:00"},
    {"Australia/Lord_Howe", "+10:30", "+11:00", 30, "02:00", "02:30", "02:15", "01:30",
     "01:30"},
};

static void move_shop_to(const zone_t *z)
{
    t_texts_setup(NULL);
    t_sqlf("DELETE FROM appointments;"
           "UPDATE organizations SET timezone = '%s', hours = '{\"monday\":" OPEN
           ",\"tuesday\":" OPEN ",\"wednesday\":" OPEN ",\"thursday\":" OPEN ",\"friday\":" OPEN
           ",\"saturday\":" OPEN ",\"sunday\":" OPEN "}' WHERE id = '" DOWNTOWN "'",
           z->name);
}

/* The next day to come that lasts so many minutes; "" when it lies beyond what can be booked.
 */
static const char *day_of(const zone_t *z, int minutes)
{
    return t_sqlf("SELECT d::date FROM (SELECT d, d::timestamp AT TIME ZONE '%s' AS begins,"
                  "    (d + interval '1 day')::timestamp AT TIME ZONE '%s' AS ends"
                  "  FROM generate_series(current_date, current_date + 369, '1 day') d) x"
                  " WHERE begins > now() AND ends - begins = interval '%d minutes'"
                  " ORDER BY d LIMIT 1",
                  z->name, z->name, minutes);
}

/* ---------------------------------------------------------------- asking */

static t_answer_t call(const char *tool, const char *body)
{
    return t_ask(
        &(t_ask_t){.type = "tools.call",
                   .uri = wk_printf(t_ctx.arena, "/api/elevenlabs/tools/%s", tool).data,
                   .headers = {"x-va-agent", "agent_downtown"},
                   .body = body});
}

/* offset: "" for the shop's own clock. Each is another person's. */
static t_answer_t book(const char *day, const char *time, const char *offset)
{
    static int person;
    return call(
        "book_appointment",
        wk_printf(t_ctx.arena,
                  "{\"appointment_datetime\":\"%sT%s:00%s\",\"service_type\":\"general\","
                  "\"customer_name\":\"Person %d\"}",
                  day, time, offset, ++person)
            .data);
}

static void assert_booked_at(const t_answer_t *a, const char *day, const char *time,
                             const char *offset)
{
    if (strcmp(t_text(a, "/success"), "true") != 0) {
        fail_msg("%s %s%s: %.*s", day, time, offset, (int)a->body.len, a->body.data);
    }
    assert_string_equal(t_text(a, "/appointment_datetime"),
                        wk_printf(t_ctx.arena, "%sT%s:00%s", day, time, offset).data);
}

static void assert_refused(const t_answer_t *a, const char *reason)
{
    assert_string_equal(t_text(a, "/success"), "false");
    assert_string_equal(t_text(a, "/reason"), reason);
}

static t_answer_t free_times(const char *day)
{
    return call("check_availability",
                wk_printf(t_ctx.arena,
                          "{\"service_type\":\"general\",\"preferred_date\":\"%s\","
                          "\"days_ahead\":1}",
                          day)
                    .data);
}

/* How many of the free times are that time by the shop's clock. */
static int count_of(const t_answer_t *a, const char *time)
{
    int n = 0;
    const va_json_t *slot = va_json_pointer(a->json, VA_STR("/available_slots"))->first;
    for (; slot != NULL; slot = slot->next) {
        n += va_str_eq(va_json_get_string(slot, "time"), va_str_c(time));
    }
    return n;
}

/* ---------------------------------------------------------------- spring */

static void in_spring(const zone_t *z, const char *day)
{
    t_answer_t a = free_times(day);
    assert_int_equal(t_number(&a, "/total_slots"), (6 * 60 - z->minutes) / SLOT);
    assert_int_equal(count_of(&a, z->skipped), 0);
    assert_int_equal(count_of(&a, z->before_skip), 1);
    assert_int_equal(count_of(&a, z->after_skip), 1);

    a = book(day, z->within_skip, ""); /* the moment of the change, and so it is told */
    assert_booked_at(&a, day, z->after_skip, z->summer);
    a = book(day, z->before_skip, ""); /* ends when that one begins */
    assert_booked_at(&a, day, z->before_skip, z->winter);
    a = book(day, z->after_skip, "");
    assert_refused(&a, "time_conflict");
    assert_int_equal(t_count(&a, "/alternatives"), 3);
    a = book(day, z->before_skip, z->winter);
    assert_refused(&a, "time_conflict");
    a = free_times(day);
    assert_int_equal(t_number(&a, "/total_slots"), (6 * 60 - z->minutes) / SLOT - 2);
}

/* ---------------------------------------------------------------- autumn */

static void in_autumn(const zone_t *z, const char *day)
{
    t_answer_t a = free_times(day);
    assert_int_equal(t_number(&a, "/total_slots"), (6 * 60 + z->minutes) / SLOT);
    assert_int_equal(count_of(&a, z->twice), 2);

    a = book(day, z->twice, ""); /* the first of both */
    assert_booked_at(&a, day, z->twice, z->summer);
    a = free_times(day);
    assert_int_equal(count_of(&a, z->twice), 1);
    a = book(day, z->twice, z->summer);
    assert_refused(&a, "time_conflict");
    a = book(day, z->twice, z->winter);
    assert_booked_at(&a, day, z->twice, z->winter);
    a = book(day, z->twice, z->winter);
    assert_refused(&a, "time_conflict");
    a = free_times(day);
    assert_int_equal(count_of(&a, z->twice), 0);
}

/* ---------------------------------------------------------------- closing */

/* The last appointment ends when the shop closes; none goes on after that, or begins then. */
static void at_closing_time(const char *day, const char *offset)
{
    t_answer_t a = book(day, "05:45", "");
    assert_refused(&a, "closed");
    a = book(day, "06:00", "");
    assert_refused(&a, "closed");
    a = book(day, "05:30", "");
    assert_booked_at(&a, day, "05:30", offset);
    a = book(day, "05:00", ""); /* and the one before it ends when that one begins */
    assert_booked_at(&a, day, "05:00", offset);
    a = book(day, "05:15", "");
    assert_refused(&a, "time_conflict");
}

static void in_each_zone(int sign)
{
    for (size_t i = 0; i < sizeof(zones) / sizeof(*zones); i++) {
        const zone_t *z = &zones[i];
        move_shop_to(z);
        const char *day = day_of(z, 24 * 60 + sign * z->minutes);
        if (*day == '\0') {
            printf("# %s: the next change lies beyond a year\n", z->name);
            continue;
        }
        (sign < 0 ? in_spring : in_autumn)(z, day);
        at_closing_time(day, sign < 0 ? z->summer : z->winter);
    }
}

static void when_clocks_go_forward(void **state)
{
    (void)state;
    in_each_zone(-1);
}

static void when_clocks_go_back(void **state)
{
    (void)state;
    in_each_zone(1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(when_clocks_go_forward),
        cmocka_unit_test(when_clocks_go_back),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), NULL);
}
