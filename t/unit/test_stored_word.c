#include "worker/agent/stored_word.h"

#include "t/unit/support.h"

static const char *const services[] = {"tune_up", "repair", "pickup", "fitting", NULL};
static const char *const visits[] = {"in_progress", "cancelled", "no_show", NULL};
static const char *const states[] = {"held", "confirmed", NULL};
static const char *const leads[] = {"new", "contacted", NULL};
static const char *const bikes[] = {"mountain_bike", "road_bike", "e_bike", "hybrid_bike",
                                    NULL};
static const char *const calls[] = {"in_progress", "no_answer", "canceled", NULL};

static void case_blanks_and_hyphens_do_not_count(void **state)
{
    (void)state;
    assert_str(wk_stored_word(services, VA_STR("tune_up")), "tune_up");
    assert_str(wk_stored_word(services, VA_STR("Tune Up")), "tune_up");
    assert_str(wk_stored_word(services, VA_STR(" TUNE - up ")), "tune_up");
    assert_str(wk_stored_word(visits, VA_STR("In-Progress")), "in_progress");
    assert_str(wk_stored_word(calls, VA_STR("no-answer")), "no_answer");
}

static void another_word_for_the_same_is_read(void **state)
{
    (void)state;
    assert_str(wk_stored_word(services, VA_STR("tuneup")), "tune_up");
    assert_str(wk_stored_word(services, VA_STR("pick_up")), "pickup");
    assert_str(wk_stored_word(services, VA_STR("Bike Fitting")), "fitting");
    assert_str(wk_stored_word(visits, VA_STR("Canceled")), "cancelled");
    assert_str(wk_stored_word(visits, VA_STR("no-show")), "no_show");
    assert_str(wk_stored_word(calls, VA_STR("cancelled")), "canceled");
    assert_str(wk_stored_word(calls, VA_STR("Active")), "in_progress");
    assert_str(wk_stored_word(states, VA_STR("scheduled")), "confirmed");
    assert_str(wk_stored_word(leads, VA_STR("New Inquiry")), "new");
    assert_str(wk_stored_word(leads, VA_STR("Active Lead")), "contacted");
    assert_str(wk_stored_word(bikes, VA_STR("road")), "road_bike");
    assert_str(wk_stored_word(bikes, VA_STR("Mountain")), "mountain_bike");
    assert_str(wk_stored_word(bikes, VA_STR("E-Bike")), "e_bike");
    assert_str(wk_stored_word(bikes, VA_STR("hybrid")), "hybrid_bike");
}

static void anything_else_is_none(void **state)
{
    (void)state;
    assert_absent(wk_stored_word(services, VA_STR("")));
    assert_absent(wk_stored_word(services, VA_STR("-")));
    assert_absent(wk_stored_word(visits, VA_STR("active")));
    assert_absent(wk_stored_word(services, VA_STR("repairs")));
    assert_absent(wk_stored_word(services, va_str("repair", 7)));
    assert_absent(wk_stored_word(services, VA_STR("no-show")));
    assert_absent(wk_stored_word(services, VA_STR("tune_up_of_all_the_bicycles_of_the_world")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(case_blanks_and_hyphens_do_not_count),
        TEST(another_word_for_the_same_is_read),
        TEST(anything_else_is_none),
    };

    return RUN("stored_word", tests);
}
