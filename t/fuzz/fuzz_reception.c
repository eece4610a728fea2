#include <sanitizer/allocator_interface.h>
#include <time.h>

#include "core/utf8.h"
#include "t/fuzz/worker.h"
#include "worker/agent/date.h"
#include "worker/agent/receptionist.h"

#define MAX_MESSAGES 4
#define MAX_TEXT     4000              /* bytes of a chat's message */
#define MAX_MEMORY   ((size_t)8 << 20) /* bytes for one message, with what ASan adds */
#define MAX_MS       4000              /* of the processor for one, with both sanitizers */
#define MAX_DISTANCE 12                /* characters of "+2 months" */
#define MAX_STATE    4000              /* bytes */
#define NOW_MS       1795690800000
#define HOURS_MS     (3LL * 60 * 60 * 1000) /* what was asked so long ago is old */

static const va_json_t *parse_json(va_str_t text)
{
    const va_json_t *root = NULL;

    CHECK(va_json_parse(&fuzz_mem, text, &VA_JSON_LIMITS_DEFAULT, &root) == VA_OK);
    return root;
}

#include "t/unit/reception_facts.h"

/* What the head of the input chooses. */
typedef struct {
    wk_reception_facts_t facts;
    wk_dialog_t dialog;
    const wk_language_t *language; /* of the talk; NULL: not known yet */
    bool settled;
    va_str_t call;  /* absent: it is written */
    int64_t age_ms; /* of each question when it is answered */
    bool repeats;   /* each message is said over and over */
    unsigned tool;  /* how tools answer */
} talk_t;

/* A character a choice, '0' for the first, so that an input can be written by hand. */
static unsigned choose(va_str_t *head, unsigned n)
{
    if (head->len == 0)
        return 0;

    unsigned char c = (unsigned char)*head->data++;

    head->len--;
    return (unsigned char)(c - '0') % n;
}

/* ---------------------------------------------------------------- facts */

/* As facts() has it, and closed each day. */
static const va_json_t *closed_week(void)
{
    wk_date_t date = {.year = 2026, .month = 11, .day = 24};
    va_buf_t rows;

    va_buf_init(&rows, &fuzz_mem, 0);
    for (int i = 0; i <= WK_DAYS_AHEAD; i++) {
        char row[48];

        snprintf(row, sizeof(row), "%c[\"%04d-%02d-%02d\",%d,null,null]", i == 0 ? '[' : ',',
                 date.year, date.month, date.day, wk_date_weekday(&date));
        va_buf_add_c(&rows, row);
        wk_date_step(&date);
    }
    va_buf_add_char(&rows, ']');

    return parse_json(va_buf_str(&rows));
}

/* A shop that is never open, and of which nothing else is known. */
static void know_nothing(wk_reception_facts_t *f)
{
    f->phone = f->closing = VA_STR_NULL;
    f->open = f->language_detection = false;
    f->languages = parse_json(VA_STR("[\"en\"]"));
    f->week = closed_week();
    f->services = f->prices = f->durations = NULL;
    f->order_id = f->order_number = f->order_status = VA_STR_NULL;
    f->order_count = 0;
}

static void know_much(wk_reception_facts_t *f)
{
    f->knows = f->ready = true;
    f->directions = VA_STR("Behind the church.");
    f->address = parse_json(VA_STR("{\"street\":\"1 King St\",\"city\":\"Toronto\"}"));
    f->policies = parse_json(VA_STR("{\"returns\":\"Thirty days.\",\"walk_in\":\"Come by.\"}"));
    f->promotions = parse_json(VA_STR("[\"Helmets 20 % off\",\"Free tube\"]"));
    f->exceptions = parse_json(VA_STR("[[\"2026-12-24\",\"08:00\",\"12:00\"],"
                                      "[\"2026-12-25\",null,null]]"));
    f->texted = parse_json(VA_STR(MONDAY));
    f->order_count = 2;
}

static wk_reception_facts_t choose_facts(va_str_t *head)
{
    static void (*const shops[])(wk_reception_facts_t *) = {NULL, know_much, know_nothing};
    static const char *const appointments[] = {
        "[]", "[" MONDAY "]",
        "[" MONDAY ",[\"a-fri\",\"repair\",\"2026-12-04\",\"15:00\",true]]",
        "[[\"a-wed\",\"tune_up\",\"2026-11-25\",\"09:00\",false]," MONDAY
        ",[\"a-too\",\"tune_up\",\"2026-11-30\",\"16:30\",true]]"};
    wk_reception_facts_t f = facts();
    unsigned shop = choose(head, 3);

    if (shops[shop] != NULL)
        shops[shop](&f);
    f.appointments = parse_json(va_str_c(appointments[choose(head, 4)]));
    f.unreachable = choose(head, 2) == 1;
    f.nameless = choose(head, 2) == 1;

    return f;
}

/* As the calendar answers for a day that a message names. */
static const va_json_t *row_of(va_str_t day)
{
    wk_date_t date;
    char row[64], text[16];
    bool leap_day = va_str_eq(day, VA_STR("02-29"));

    if (day.len == 5)
        snprintf(text, sizeof(text), "2027-%s",
                 leap_day ? "03-01" : wk_strdup(fuzz_arena(), day));
    else
        snprintf(text, sizeof(text), "2026-12-%s",
                 day.len == 2 ? wk_strdup(fuzz_arena(), day) : "10");
    CHECK(wk_date_parse(va_str_c(text), &date));
    snprintf(row, sizeof(row), "[\"%s\",%d,\"08:00\",\"18:00\"]", text, wk_date_weekday(&date));

    return parse_json(va_str_c(row));
}

/* ---------------------------------------------------------------- dialog */

static wk_offer_t choose_offer(va_str_t *head)
{
    wk_offer_t offer = three_times().offer;

    offer.count = choose(head, WK_OFFERED + 1);
    if (choose(head, 2) == 1)
        offer.slots[offer.count > 0 ? offer.count - 1 : 0] =
            VA_STR("2026-11-30T15:30:00-05:00");
    offer.appointment = choose(head, 2) == 1 ? VA_STR("a-mon") : VA_STR_NULL;
    offer.becomes = choose(head, 2) == 1;

    return offer;
}

static wk_dialog_t choose_dialog(va_str_t *head)
{
    static const char *const moves[] = {NULL, "2026-11-27", "10:00", "2026-11-27T10:00"};
    static const char *const cancels[] = {"a-mon", "a-mon a-fri", "a-gone"};
    wk_dialog_t d = {.expected = (wk_expected_t)choose(head, WK_EXPECT_MOVE + 1)};
    const char *move = moves[choose(head, 4)];

    d.offer = choose_offer(head);
    d.moves_to = move != NULL ? va_str_c(move) : VA_STR_NULL;
    d.cancels = va_str_c(cancels[choose(head, 3)]);
    d.order = VA_STR("1042");
    d.urgent = (int)choose(head, WK_URGENT_ANSWERS + 1);
    d.misses = (int)choose(head, 3);
    d.service = choose(head, 2) == 1 ? VA_STR("tune_up") : VA_STR_NULL;
    d.booked = choose(head, 2) == 1 ? VA_STR("a-mon") : VA_STR_NULL;

    return d;
}

static talk_t choose_talk(va_str_t head)
{
    static const char *const languages[] = {"en", "fr", "es"};
    talk_t t = {.language = NULL};
    unsigned language = choose(&head, 4);
    bool settled = choose(&head, 2) == 0;

    if (language < 3)
        t.language = wk_catalogue_find(fuzz_catalogue(), va_str_c(languages[language]));
    t.settled = settled && t.language != NULL;
    t.call = choose(&head, 2) == 1 ? VA_STR("c-1") : VA_STR_NULL;
    t.age_ms = choose(&head, 2) == 1 ? HOURS_MS : 0;
    t.repeats = choose(&head, 2) == 1;
    t.tool = choose(&head, 8);
    t.facts = choose_facts(&head);
    t.dialog = choose_dialog(&head);

    return t;
}

/* What is kept of a dialog is the same when it was read and is kept again. */
static va_str_t keep(wk_arena_t *a, const wk_dialog_t *d, va_str_t call)
{
    va_str_t state = wk_dialog_write(a, d, call, NOW_MS);
    wk_dialog_t read = wk_dialog_read(parse_json(state), call, NOW_MS);

    CHECK(state.len > 2 && state.len < MAX_STATE);
    CHECK(read.expected == d->expected && read.urgent == d->urgent);
    CHECK(va_str_eq(wk_dialog_write(a, &read, call, NOW_MS), state));

    return fuzz_exact(state);
}

/* ---------------------------------------------------------------- a message */

static va_str_t take_message(const talk_t *t, va_str_t *input)
{
    va_str_t said = fuzz_take(input);
    size_t len = said.len < MAX_TEXT ? said.len : MAX_TEXT;

    if (!t->repeats || len == 0)
        return va_str(said.data, len);

    char *text = fuzz_alloc(NULL, MAX_TEXT);

    for (size_t i = 0; i < MAX_TEXT; i++)
        text[i] = said.data[i % len];

    return va_str(text, MAX_TEXT - MAX_TEXT % len);
}

/* What SQL takes: MM-DD, DD, or an interval that is no longer than calendars. */
static void is_day(va_str_t day)
{
    if (day.data == NULL)
        return;
    CHECK(day.len == 2 || day.len == 5 || (day.data[0] == '+' && day.len <= MAX_DISTANCE));
    for (size_t i = 0; i < day.len && day.data[0] != '+'; i++)
        CHECK(i == 2 ? day.data[i] == '-' : day.data[i] >= '0' && day.data[i] <= '9');
}

static wk_tool_answer_t tool_answer(unsigned how)
{
#define SLOT(start) "{\"start\":\"" start "-05:00\"}"
#define FOUND                                                                                     \
    "\"appointment_id\":\"a-new\",\"confident\":true,\"sources\":[1],\"total_slots\":5,"          \
    "\"available_slots\":[" SLOT("2026-11-27T09:00:00") "," SLOT("2026-11-27T11:00:00") "," SLOT( \
        "2026-11-27T15:00:00") "," SLOT("2026-11-27T16:00:00") "," SLOT("2026-11-28T09:00:00") "]"
    static const struct {
        int status;
        const char *body;
    } answers[] = {
        {200, "{" FOUND "}"},
        {200, "{" FOUND ",\"calendar_stale\":true}"},
        {200, "{\"available_slots\":[],\"total_slots\":0}"},
        {409, "{\"alternatives\":[" SLOT("2026-11-27T15:00:00") "]}"},
        {422, "{\"error\":{\"code\":\"appointment_over\"}}"},
        {404, "{}"},
        {429, "{}"},
        {503, ""},
    };

    return (wk_tool_answer_t){answers[how].status, va_str_c(answers[how].body),
                              VA_STR("As you wish."), false, false};
}

/* Each run of it is answered, one by one, as the conversation does. */
static void use_tool(wk_arena_t *a, unsigned how, wk_reception_t *r)
{
    wk_tool_answer_t answer = tool_answer(how);

    CHECK(va_json_is(parse_json(r->tool_args), VA_JSON_OBJECT));
    wk_receive_done(a, &answer, r);
    for (size_t i = 0; i < r->n_more; i++) {
        CHECK(va_json_is(parse_json(r->more_args[i]), VA_JSON_OBJECT));
        r->before = r->text;
        wk_receive_done(a, &answer, r);
    }
}

static wk_reception_t answer(wk_arena_t *a, const talk_t *t, va_str_t text)
{
    const wk_catalogue_t *c = fuzz_catalogue();
    wk_reading_t reading = wk_read_message(a, c, t->language, text);
    const wk_language_t *l = t->language != NULL ? t->language : wk_catalogue_at(c, 0);
    wk_reception_facts_t f = t->facts;

    is_day(reading.day);
    f.day_asked = reading.day;
    f.day = reading.day.data != NULL ? row_of(reading.day) : NULL;

    wk_reception_t r = wk_receive(a, c, &reading, &f, &t->dialog, l, t->settled,
                                  f.nameless ? VA_STR_NULL : VA_STR("Jo"));

    r.spoken = t->call.data != NULL;
    if (r.tool != NULL)
        use_tool(a, t->tool, &r);

    return r;
}

static int64_t cpu_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Answers one message, and leaves the dialog for the next. */
static void talk(talk_t *t, va_str_t text)
{
    wk_arena_t *a = fuzz_arena();
    size_t held = __sanitizer_get_current_allocated_bytes();
    int64_t began = cpu_ms();
    wk_reception_t r = answer(a, t, text);

    CHECK(__sanitizer_get_current_allocated_bytes() - held < MAX_MEMORY);
    CHECK(cpu_ms() - began < MAX_MS);
    CHECK(r.language != NULL && r.intent != NULL);
    CHECK(r.text.len > 0 && va_utf8_valid(r.text));

    va_str_t state = keep(a, &r.dialog, t->call);

    t->dialog = wk_dialog_read(parse_json(state), t->call, NOW_MS + t->age_ms);
    t->language = r.language;
    wk_arena_reset(a);
}

/* No other text comes to the receptionist. */
static bool can_be_said(va_str_t text)
{
    return va_utf8_valid(text) && (text.len == 0 || memchr(text.data, '\0', text.len) == NULL);
}

/* A head of choices, and messages, one after another. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    va_str_t input = va_str((const char *)data, size);
    talk_t t = choose_talk(fuzz_take(&input));
    va_str_t state = keep(fuzz_arena(), &t.dialog, t.call);

    CHECK(fuzz_catalogue() != NULL); /* loaded: its memory is none of a message's */
    t.dialog = wk_dialog_read(parse_json(state), t.call, NOW_MS + t.age_ms);
    for (size_t i = 0; i < MAX_MESSAGES && (i == 0 || input.len > 0); i++) {
        va_str_t text = take_message(&t, &input);

        if (can_be_said(text))
            talk(&t, text);
    }
    wk_arena_reset(fuzz_arena());
    fuzz_free_all();

    return 0;
}
