/*
 * Keyword spotting with adapters that come over the serial port. One line is one command, one line the answer: README.md has
 * the list. The base is in the firmware; delta images lie in the slots of a flash chip and survive power cuts.
 */
#include "kws.h"
#include "mcu_slots.h"
#include "nor.h"
#include "text.h"
#include "uart.h"
#include <string.h>

#define ERROR_COMMAND 100  /* no such command */
#define ERROR_ARGUMENT 101 /* a number or bytes are missing, malformed or too many */

#define JOURNAL_BLOCKS 2u
#define SLOTS 3u
#define SLOT_BYTES (2u * NOR_BLOCK_BYTES)
#define MOST_DATA 64u

KWS_DEFINE_ARENA(arena);
static kws_t net;
static mcu_slots slots;
static unsigned running; /* slots whose images are attached */

/* Every image that fits is trusted: set .verify to mcu_cose_verify, with your keys, in a product. */
static const mcu_slots_config config = {
    .flash = &nor_flash,
    .abi = &kws_delta_abi,
    .journal_address = 0,
    .journal_blocks = JOURNAL_BLOCKS,
    .slot_address = JOURNAL_BLOCKS * NOR_BLOCK_BYTES,
    .slot_bytes = SLOT_BYTES,
    .slots = SLOTS,
};
MCU_STATIC_ASSERT(JOURNAL_BLOCKS * NOR_BLOCK_BYTES + SLOTS * SLOT_BYTES <= NOR_BLOCKS * NOR_BLOCK_BYTES, slots_fit_the_chip);

/* Attaches the images of a mask and runs their self-tests; the base runs alone where that fails. */
static int use(unsigned mask)
{
    int status = kws_init(&net, arena, sizeof arena);
    running = 0;
    for (unsigned slot = 0; status == MCU_OK && slot < SLOTS; slot++) {
        if ((mask >> slot & 1u) != 0) {
            size_t bytes = 0;
            const void *image = mcu_slots_image(&slots, slot, &bytes);
            status = kws_delta_attach(&net, image, bytes);
        }
    }
    if (status == MCU_OK) {
        status = kws_delta_self_test(&net);
    }
    if (status == MCU_OK) {
        running = mask;
    } else {
        (void)kws_init(&net, arena, sizeof arena);
    }
    return status;
}

static void start(void)
{
    mcu_slots_open(&slots, &config);
    if (use(mcu_slots_start(&slots)) != MCU_OK && slots.state.started) {
        (void)mcu_slots_revert(&slots);
        (void)use(slots.state.active);
    }
}

static char *put_field(char *to, const char *name, uint32_t value)
{
    return text_put_number(text_put(to, name), value);
}

static void put_state(char *answer)
{
    uint32_t installed = 0;
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        installed |= slots.state.bytes[slot] != 0 ? 1u << slot : 0;
    }
    char *at = put_field(answer, " installed ", installed);
    at = put_field(at, " confirmed ", slots.state.confirmed);
    at = put_field(at, " rejected ", slots.state.rejected);
    at = put_field(at, " active ", slots.state.active);
    at = put_field(at, " trial ", slots.state.trial);
    at = put_field(at, " running ", running);
    (void)put_field(at, " counter ", slots.state.counter);
}

static int run(const char *hex, char *answer)
{
    if (text_bytes(hex, kws_input(&net), KWS_INPUT_BYTES) != KWS_INPUT_BYTES) {
        return ERROR_ARGUMENT;
    }
    const int status = kws_run(&net);
    char *at = put_field(answer, " class ", (uint32_t)kws_argmax(&net));
    (void)text_put_bytes(text_put(at, " output "), kws_output(&net), KWS_OUTPUT_BYTES);
    return status;
}

static int write_data(const char *hex)
{
    uint8_t data[MOST_DATA];
    const int count = text_bytes(hex, data, sizeof data);
    return count <= 0 ? ERROR_ARGUMENT : mcu_slots_write(&slots, data, (size_t)count);
}

/* Other images, at once; where they do not run together, those that ran before. */
static int select_images(unsigned mask)
{
    const unsigned before = slots.state.active;
    int status = mcu_slots_select(&slots, mask);
    if (status == MCU_OK && (status = use(mask)) != MCU_OK) {
        (void)mcu_slots_select(&slots, before);
        (void)use(before);
    }
    return status;
}

static int revert(void)
{
    const int status = mcu_slots_revert(&slots);
    if (status == MCU_OK) {
        (void)use(slots.state.active);
    }
    return status;
}

/* The answer's text, behind "ok", is empty at first; a status other than MCU_OK discards it. */
static int answer_command(const char *line, char *answer)
{
    const char *rest;
    uint32_t first = 0;
    uint32_t second = 0;
    if (text_word(line, "run", &rest)) {
        return run(rest, answer);
    }
    if (text_word(line, "data", &rest)) {
        return write_data(rest);
    }
    if (text_word(line, "status", &rest)) {
        put_state(answer);
        return MCU_OK;
    }
    if (text_word(line, "finish", &rest)) {
        return mcu_slots_finish(&slots);
    }
    if (text_word(line, "confirm", &rest)) {
        return mcu_slots_confirm(&slots);
    }
    if (text_word(line, "revert", &rest)) {
        return revert();
    }
    if (text_word(line, "install", &rest)) {
        return text_number(&rest, &first) && text_number(&rest, &second) ? mcu_slots_begin(&slots, first, second) : ERROR_ARGUMENT;
    }
    if (text_word(line, "test", &rest)) {
        return text_number(&rest, &first) && first >> SLOTS == 0 ? mcu_slots_test(&slots, first) : ERROR_ARGUMENT;
    }
    if (text_word(line, "select", &rest)) {
        return text_number(&rest, &first) && first >> SLOTS == 0 ? select_images(first) : ERROR_ARGUMENT;
    }
    if (text_word(line, "erase", &rest)) {
        return text_number(&rest, &first) ? mcu_slots_erase(&slots, first) : ERROR_ARGUMENT;
    }
    return ERROR_COMMAND;
}

static void reset(void)
{
    *(volatile uint32_t *)0xE000ED0Cu = 0x05FA0004u; /* AIRCR: SYSRESETREQ */
    for (;;) {
    }
}

/* A line that does not fit is dropped. Tests stop here, where all before is answered. */
__attribute__((noinline, noclone)) static const char *wait_for_command(char *line, size_t most)
{
    size_t length = 0;
    for (;;) {
        const char c = uart_get();
        if (c == '\n') {
            line[length < most ? length : 0] = '\0';
            return line;
        }
        if (c != '\r') {
            if (length < most) {
                line[length] = c;
            }
            length += length < most;
        }
    }
}

/* Tests cut the power from here on, where nothing depends on when bytes arrive. */
__attribute__((noinline, noclone)) static void execute_command(const char *line)
{
    char answer[160] = "";
    const int is_reset = strcmp(line, "reset") == 0;
    const int status = is_reset ? MCU_OK : answer_command(line, answer);
    if (status != MCU_OK) {
        (void)text_put_number(text_put(answer, " "), (uint32_t)status);
    }
    uart_put(status == MCU_OK ? "ok" : "error");
    uart_put(answer);
    uart_put("\n");
    if (is_reset) {
        reset();
    }
}

int main(void)
{
    static char line[4 + 2 * KWS_INPUT_BYTES + 2]; /* "run ", the digits, one more, a zero */
    char state[160];
    nor_open();
    uart_open();
    start();
    put_state(state);
    uart_put("ready");
    uart_put(state);
    uart_put("\n");
    for (;;) {
        execute_command(wait_for_command(line, sizeof line - 1));
    }
}
