/*
 * A shop and a customer, and what was asked of him, as the tests of the receptionist have them
 * and the fuzzer that talks to it. Whoever includes this has a parse_json() of his memory.
 */
#ifndef TEST_RECEPTION_FACTS_H
#define TEST_RECEPTION_FACTS_H

#include "worker/agent/receptionist.h"

#define MONDAY "[\"a-mon\",\"tune_up\",\"2026-11-30\",\"10:00\",true]"

/* Tuesday noon; open Monday to Saturday; John has an appointment on Monday. */
static inline wk_reception_facts_t facts(void)
{
    return (wk_reception_facts_t){
        .shop = VA_STR("Bici"),
        .phone = VA_STR("+14165550001"),
        .language = VA_STR("en"),
        .agent_name = VA_STR("Bia"),
        .business_type = VA_STR("bike_shop"),
        .services = parse_json(VA_STR("{\"fitting\":{\"en\":\"bike fitting\"}}")),
        .languages = parse_json(VA_STR("[\"en\",\"fr\",\"es\"]")),
        .language_detection = true,
        .language_confidence = 0.6,
        .today = VA_STR("2026-11-24"),
        .closing = VA_STR("18:00"),
        .open = true,
        .week = parse_json(VA_STR("[[\"2026-11-24\",2,\"08:00\",\"18:00\"],"
                                  "[\"2026-11-25\",3,\"08:00\",\"18:00\"],"
                                  "[\"2026-11-26\",4,\"08:00\",\"18:00\"],"
                                  "[\"2026-11-27\",5,\"08:00\",\"18:00\"],"
                                  "[\"2026-11-28\",6,\"09:00\",\"17:00\"],"
                                  "[\"2026-11-29\",7,null,null],"
                                  "[\"2026-11-30\",1,\"08:00\",\"18:00\"],"
                                  "[\"2026-12-01\",2,\"08:00\",\"18:00\"],"
                                  "[\"2026-12-02\",3,\"08:00\",\"18:00\"],"
                                  "[\"2026-12-03\",4,\"08:00\",\"18:00\"],"
                                  "[\"2026-12-04\",5,\"08:00\",\"18:00\"],"
                                  "[\"2026-12-05\",6,\"09:00\",\"17:00\"],"
                                  "[\"2026-12-06\",7,null,null],"
                                  "[\"2026-12-07\",1,\"08:00\",\"18:00\"],"
                                  "[\"2026-12-08\",2,\"08:00\",\"18:00\"]]")),
        .order_id = VA_STR("o"),
        .order_number = VA_STR("1042"),
        .order_status = VA_STR("shipped"),
        .order_count = 1,
        .appointments = parse_json(VA_STR("[" MONDAY "]")),
        .prices = parse_json(VA_STR("{\"tune_up\":89.00,\"warranty\":0.00}")),
        .durations = parse_json(VA_STR("{\"tune_up\":60}")),
        .currency = VA_STR("CAD"),
    };
}

/* Friday at nine, ten and two o'clock. */
static inline wk_dialog_t three_times(void)
{
    return (wk_dialog_t){.expected = WK_EXPECT_SLOT,
                         .offer = {.service = VA_STR("tune_up"),
                                   .slots = {VA_STR("2026-11-27T09:00:00-05:00"),
                                             VA_STR("2026-11-27T10:00:00-05:00"),
                                             VA_STR("2026-11-27T14:00:00-05:00")},
                                   .count = 3}};
}

/* "Shall I take Friday at ten? YES or NO" */
static inline wk_dialog_t one_time(void)
{
    return (wk_dialog_t){.expected = WK_EXPECT_SLOT,
                         .offer = {.service = VA_STR("tune_up"),
                                   .slots = {VA_STR("2026-11-27T10:00:00-05:00")},
                                   .count = 1}};
}

/* "Shall I cancel your tune-up on Monday? YES or NO" */
static inline wk_dialog_t cancelling(void)
{
    return (wk_dialog_t){.expected = WK_EXPECT_CANCEL, .cancels = VA_STR("a-mon")};
}

/* "At which phone number can the team reach you?", asked of whoever chose Friday at ten. */
static inline wk_dialog_t number_asked(void)
{
    wk_dialog_t dialog = one_time();
    dialog.expected = WK_EXPECT_NUMBER;
    return dialog;
}

/* A chat of which neither name nor number is known. */
static inline wk_reception_facts_t of_a_chat(void)
{
    wk_reception_facts_t f = facts();
    f.appointments = NULL;
    f.unreachable = f.nameless = true;
    return f;
}

#endif
