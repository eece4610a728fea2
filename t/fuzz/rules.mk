# The fuzz targets: libFuzzer with both sanitizers, over instrumented copies of
# core/ and of what the worker reads texts with. Each runs with its corpus, and keeps what it
# finds in a copy of it.

FUZZ_SRC     := $(wildcard t/fuzz/fuzz_*.c)
FUZZ_BIN     := $(FUZZ_SRC:%.c=$(BUILD)/%)
# All of the receptionist but what reads the database.
FUZZ_RECEPTION := $(filter-out worker/agent/reception_facts.c,$(wildcard worker/agent/reception*.c))
FUZZ_WORKER  := $(addprefix worker/,arena.c error.c file.c json.c log.c \
                $(addprefix agent/,words.c catalogue.c redact.c redact_digits.c redact_live.c \
                call_report.c classify.c robots.c promise.c message_reading.c day_reading.c \
                day_number.c number_words.c day_distance.c date.c clock_time.c language.c wording.c \
                booking.c) \
                voice/twilio_stream.c \
                $(addprefix providers/,elevenlabs_convai.c deepgram.c openai_realtime.c)) \
                $(FUZZ_RECEPTION)
FUZZ_OBJ     := $(patsubst %.c,$(BUILD)/t/fuzz/%.o,$(CORE_SRC) $(FUZZ_WORKER))
# of which each target takes what it calls
FUZZ_LIB     := $(BUILD)/t/fuzz/libvafuzz.a
FUZZ_FLAGS   := -std=gnu11 -g -O1 -I. -fno-omit-frame-pointer -fno-sanitize-recover=all
FUZZ_SECONDS ?= 60

.PHONY: fuzzers fuzz fuzz-smoke
fuzzers: $(FUZZ_BIN)

## make fuzz               fuzzes the parsers for FUZZ_SECONDS (60) each
fuzz: $(FUZZ_BIN)
	sh t/fuzz/run.sh $(FUZZ_SECONDS) $(FUZZ_BIN)

## make fuzz-smoke         the same for 10 seconds each
fuzz-smoke: $(FUZZ_BIN)
	sh t/fuzz/run.sh 10 $(FUZZ_BIN)

$(FUZZ_OBJ): $(BUILD)/t/fuzz/%.o: %.c
	@mkdir -p $(@D)
	$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link,address,undefined $(FUZZ_SPARED) -MMD -MP -c -o $@ $<

# The C library's obstacks align by adding to a null pointer.
$(BUILD)/t/fuzz/worker/arena.o: FUZZ_SPARED := -fno-sanitize=pointer-overflow
# Thousands of phrases are compared for each word: to follow each takes most of the time.
$(BUILD)/t/fuzz/worker/agent/words.o: FUZZ_SPARED := -fno-sanitize-coverage=trace-cmp

$(FUZZ_LIB): $(FUZZ_OBJ)
	rm -f $@
	$(AR) rcs $@ $^

$(FUZZ_BIN): $(BUILD)/%: %.c $(FUZZ_LIB) t/fuzz/fuzz.h
	@mkdir -p $(@D)
	$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer,address,undefined -MMD -MP -MF $@.d $(FAST_LINK) -o $@ $< $(FUZZ_LIB) $(CORE_LIBS)

-include $(FUZZ_OBJ:.o=.d) $(FUZZ_BIN:=.d)
