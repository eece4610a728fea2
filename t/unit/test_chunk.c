/* Cutting a document's text: how long, where, how far they lap, and what is never lost. */
#include "worker/agent/chunk.h"

#include "core/utf8.h"
#include "t/unit/support.h"

static wk_arena_t *arena;

static int setup(void **state)
{
    (void)state;
    arena = wk_arena_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    wk_arena_free(arena);
    test_free_all();
    return 0;
}

static size_t characters(va_str_t s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        n += ((unsigned char)s.data[i] & 0xc0) != 0x80;
    }
    return n;
}

static va_str_t repeated(const char *text, size_t n)
{
    va_buf_t buf;
    va_buf_init(&buf, wk_mem(arena), 0);
    for (size_t i = 0; i < n; i++) {
        va_buf_add_c(&buf, text);
    }
    return va_buf_str(&buf);
}

/* Every byte but the blanks is in a piece, in order, and no piece is too long. */
static void assert_covered(va_str_t text, const wk_chunks_t *chunks)
{
    const char *covered = text.data;
    for (size_t i = 0; i < chunks->count; i++) {
        va_str_t piece = chunks->at[i].text;
        assert_true(va_utf8_valid(piece));
        assert_in_range(characters(piece), 1, WK_CHUNK_CHARACTERS);
        for (; covered < piece.data; covered++) {
            assert_true(*covered == ' ' || *covered == '\n');
        }
        assert_true(piece.data + piece.len > covered);
        assert_in_range(characters(va_str(piece.data, (size_t)(covered - piece.data))), 0,
                        WK_CHUNK_OVERLAP);
        covered = piece.data + piece.len;
    }
    for (; covered < text.data + text.len; covered++) {
        assert_true(*covered == ' ' || *covered == '\n');
    }
}

static void a_short_text_is_one_piece(void **state)
{
    (void)state;
    wk_chunks_t chunks = wk_chunks(arena, VA_STR("\n We are open on Sundays. \n"));
    assert_int_equal(chunks.count, 1);
    assert_str(chunks.at[0].text, "We are open on Sundays.");
    assert_absent(chunks.at[0].heading);
    assert_int_equal(wk_chunks(arena, VA_STR("")).count, 0);
    assert_int_equal(wk_chunks(arena, VA_STR(" \n\n ")).count, 0);
}

static void a_heading_begins_a_piece(void **state)
{
    (void)state;
    wk_chunks_t chunks = wk_chunks(
        arena,
        VA_STR("Before.\n\n\x1eReturns\nThirty days.\n\n\x1eWarranty\n\n\x1eRepairs\nQuick."));
    assert_int_equal(chunks.count, 3);
    assert_absent(chunks.at[0].heading);
    assert_str(chunks.at[1].heading, "Returns");
    assert_str(chunks.at[1].text, "Thirty days.");
    assert_str(chunks.at[2].heading, "Repairs");
}

static void sentences_stay_whole(void **state)
{
    (void)state;
    const char *sentence = "Each bicycle is checked by two mechanics before it leaves. ";
    va_str_t text = repeated(sentence, 60);
    wk_chunks_t chunks = wk_chunks(arena, text);
    assert_true(chunks.count >= 4);
    assert_covered(text, &chunks);
    for (size_t i = 0; i < chunks.count; i++) {
        va_str_t piece = chunks.at[i].text;
        assert_int_equal(piece.data[piece.len - 1], '.');
        assert_int_equal(piece.data[0], 'E');
        /* what went before is repeated, but for the first */
        assert_true(i == 0 ||
                    piece.data < chunks.at[i - 1].text.data + chunks.at[i - 1].text.len);
    }
}

static void a_paragraph_is_preferred_to_a_sentence(void **state)
{
    (void)state;
    va_str_t first = repeated("One short sentence here. ", 28);
    va_str_t text = wk_printf(arena, "%.*s\n\n%.*s", (int)first.len, first.data, (int)first.len,
                              first.data);
    wk_chunks_t chunks = wk_chunks(arena, text);
    assert_covered(text, &chunks);
    assert_int_equal(characters(chunks.at[0].text), characters(first) - 1);
}

static void words_stay_whole_where_there_is_no_sentence(void **state)
{
    (void)state;
    va_str_t text = repeated("derailleur ", 400);
    wk_chunks_t chunks = wk_chunks(arena, text);
    assert_covered(text, &chunks);
    for (size_t i = 0; i < chunks.count; i++) {
        va_str_t piece = chunks.at[i].text;
        assert_int_equal((piece.len + 1) % strlen("derailleur "), 0);
        assert_memory_equal(piece.data, "derailleur", 10);
    }
}

static void characters_stay_whole_where_there_is_no_word(void **state)
{
    (void)state;
    static const char *const glyphs[] = {"x", "é", "漢", "🚲"};
    for (size_t i = 0; i < sizeof(glyphs) / sizeof(*glyphs); i++) {
        va_str_t text = repeated(glyphs[i], 3500);
        wk_chunks_t chunks = wk_chunks(arena, text);
        assert_covered(text, &chunks);
        assert_int_equal(characters(chunks.at[0].text), WK_CHUNK_CHARACTERS);
    }
}

static void any_text_comes_to_an_end_and_is_covered(void **state)
{
    (void)state;
    static const char *const bits[] = {"a", "é", " ", "\n", "\n\n", ". ", "word", "漢", "! "};
    srandom(7);
    for (int run = 0; run < 200; run++) {
        va_buf_t buf;
        va_buf_init(&buf, wk_mem(arena), 0);
        for (int i = 0; i < 3000; i++) {
            va_buf_add_c(&buf, bits[(size_t)random() % (sizeof(bits) / sizeof(*bits))]);
        }
        wk_chunks_t chunks = wk_chunks(arena, va_buf_str(&buf));
        assert_covered(va_buf_str(&buf), &chunks);
    }
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_short_text_is_one_piece),
        CASE(a_heading_begins_a_piece),
        CASE(sentences_stay_whole),
        CASE(a_paragraph_is_preferred_to_a_sentence),
        CASE(words_stay_whole_where_there_is_no_sentence),
        CASE(characters_stay_whole_where_there_is_no_word),
        CASE(any_text_comes_to_an_end_and_is_covered),
    };
    return RUN("chunk", tests);
}
