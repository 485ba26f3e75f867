/*
 * The slots as a plain model without flash, and calls that are made on both and compared. Power may be cut in any call:
 * afterwards the slots must be in the state before it or in the state after it.
 */
#ifndef SLOTS_MODEL_H
#define SLOTS_MODEL_H

#include "mcu_flash_sim.h"
#include "mcu_slots.h"
#include "tiny.h"

#define MOST_SLOTS 4
#define MOST_FLASH 32768

typedef struct {
    uint32_t counter;
    uint32_t id[MCU_SLOTS_MOST]; /* 0 for none */
    uint8_t generation[MCU_SLOTS_MOST];
    uint8_t confirmed, rejected, active, trial, started;
} model;

/* Everything that outlives a restart but is no part of the device. */
typedef struct {
    model acknowledged; /* after the last call that returned */
    model pending;      /* after the call that runs */
    uint32_t failures;
    uint32_t first_failure; /* line */
    uint32_t power_cuts;
    uint32_t checks;
    uint8_t generation;
} world;

static void fail(world *w, int line)
{
    if (w->failures++ == 0) {
        w->first_failure = (uint32_t)line;
    }
}

#define CHECK(w, condition) ((void)((w)->checks++, (condition) ? 0 : (fail((w), __LINE__), 0)))

/* The security counter of an image follows from its id too. */
static uint32_t counter_of(uint32_t id)
{
    return id / 8u;
}

/* So does whether an image is trusted; the status is the application's own. */
enum { NOT_TRUSTED = 200 };

static int is_trusted(uint32_t id)
{
    return id % 5u != 0;
}

/* For mcu_slots_config: the user's pointer is the configuration itself. */
static int verify_image(void *user, const void *image, size_t bytes)
{
    const mcu_slots_config *config = user;
    const mcu_delta_header *header = image;
    return config->verify == verify_image && bytes >= sizeof *header && is_trusted(header->id) ? MCU_OK : NOT_TRUSTED;
}

static void forget(model *m, unsigned slot)
{
    m->id[slot] = 0;
    m->confirmed &= (uint8_t)~(1u << slot);
    m->rejected &= (uint8_t)~(1u << slot);
}

static int mask_status(const model *m, unsigned slots, unsigned mask)
{
    for (unsigned slot = 0; slot < 8; slot++) {
        if (mask >> slot & 1u) {
            if (slot >= slots || m->id[slot] == 0) {
                return MCU_SLOTS_ERROR_SLOT;
            }
        }
    }
    for (unsigned slot = 0; slot < slots; slot++) {
        for (unsigned other = 0; other < slots; other++) {
            const int both = (mask >> slot & mask >> other & 1u) != 0;
            if (both && (counter_of(m->id[slot]) < m->counter || counter_of(m->id[slot]) < counter_of(m->id[other]))) {
                return MCU_SLOTS_ERROR_ROLLBACK;
            }
        }
    }
    return MCU_OK;
}

/* The first slot that holds an id, or -1. */
static int slot_of(const model *m, uint32_t id)
{
    for (int slot = 0; slot < MCU_SLOTS_MOST; slot++) {
        if (id != 0 && m->id[slot] == id) {
            return slot;
        }
    }
    return -1;
}

static int is_same(const model *m, const mcu_slots *slots)
{
    const mcu_slots_state *s = &slots->state;
    int same = m->counter == s->counter && m->confirmed == s->confirmed && m->rejected == s->rejected &&
               m->active == s->active && m->trial == s->trial && m->started == s->started;
    for (unsigned slot = 0; slot < slots->config->slots; slot++) {
        uint8_t image[TINY_MOST_BYTES];
        size_t bytes = 0;
        const void *stored = mcu_slots_image(slots, slot, &bytes);
        same &= (stored != NULL) == (m->id[slot] != 0);
        same &= mcu_slots_find(slots, m->id[slot]) == slot_of(m, m->id[slot]);
        if (stored != NULL && m->id[slot] != 0) {
            same &= tiny_image(image, m->id[slot], counter_of(m->id[slot]), m->generation[slot]) == bytes &&
                    memcmp(image, stored, bytes) == 0;
        }
    }
    return same;
}

/* Ends a call: what came must be what the model says. */
static int settle(world *w, const mcu_slots *slots, int expected, int actual)
{
    CHECK(w, expected == actual);
    if (actual == MCU_OK) {
        w->acknowledged = w->pending;
    }
    w->pending = w->acknowledged;
    CHECK(w, is_same(&w->acknowledged, slots));
    return actual;
}

static int try_install(world *w, mcu_slots *slots, unsigned slot, uint32_t id, uint32_t chunk)
{
    uint8_t image[TINY_MOST_BYTES];
    model *m = &w->pending;
    const uint32_t bytes = tiny_image(image, id, counter_of(id), w->generation);
    int expected = slot >= slots->config->slots                   ? MCU_SLOTS_ERROR_SLOT
                   : ((m->active | m->trial) >> slot & 1u) != 0 ? MCU_SLOTS_ERROR_IN_USE
                                                                  : MCU_OK;
    if (expected == MCU_OK) {
        forget(m, slot);
    }
    if (settle(w, slots, expected, mcu_slots_begin(slots, slot, bytes)) != MCU_OK) {
        return expected;
    }
    for (uint32_t at = 0; at < bytes; at += chunk) {
        settle(w, slots, MCU_OK, mcu_slots_write(slots, image + at, bytes - at < chunk ? bytes - at : chunk));
    }
    expected = counter_of(id) < m->counter ? MCU_SLOTS_ERROR_ROLLBACK : !is_trusted(id) ? NOT_TRUSTED : MCU_OK;
    if (expected == MCU_OK) {
        m->id[slot] = id;
        m->generation[slot] = w->generation;
    }
    expected = settle(w, slots, expected, mcu_slots_finish(slots));
    settle(w, slots, MCU_SLOTS_ERROR_STATE, mcu_slots_write(slots, image, chunk)); /* no install is open */
    return expected;
}

static int try_erase(world *w, mcu_slots *slots, unsigned slot)
{
    model *m = &w->pending;
    const int in_use = slot < slots->config->slots && ((m->active | m->trial) >> slot & 1u) != 0;
    const int expected = slot >= slots->config->slots ? MCU_SLOTS_ERROR_SLOT : in_use ? MCU_SLOTS_ERROR_IN_USE : MCU_OK;
    if (expected == MCU_OK) {
        forget(m, slot);
    }
    return settle(w, slots, expected, mcu_slots_erase(slots, slot));
}

static int try_test(world *w, mcu_slots *slots, unsigned mask)
{
    model *m = &w->pending;
    int expected = m->started ? MCU_SLOTS_ERROR_STATE : mask_status(m, slots->config->slots, mask);
    expected = expected == MCU_OK && (m->rejected & mask) != 0 ? MCU_SLOTS_ERROR_REJECTED : expected;
    m->trial = expected == MCU_OK ? (uint8_t)mask : m->trial;
    return settle(w, slots, expected, mcu_slots_test(slots, mask));
}

static int try_confirm(world *w, mcu_slots *slots)
{
    model *m = &w->pending;
    const int expected = m->started ? MCU_OK : MCU_SLOTS_ERROR_STATE;
    if (expected == MCU_OK) {
        for (unsigned slot = 0; slot < slots->config->slots; slot++) {
            const uint32_t counter = m->trial >> slot & 1u ? counter_of(m->id[slot]) : 0;
            m->counter = counter > m->counter ? counter : m->counter;
        }
        m->active = m->trial;
        m->confirmed |= m->trial;
        m->trial = m->started = 0;
    }
    return settle(w, slots, expected, mcu_slots_confirm(slots));
}

static void end_trial(model *m)
{
    m->rejected |= m->started ? (uint8_t)(m->trial & ~m->confirmed) : 0;
    m->trial = m->started = 0;
}

static int try_revert(world *w, mcu_slots *slots)
{
    const int expected = w->pending.trial != 0 ? MCU_OK : MCU_SLOTS_ERROR_STATE;
    end_trial(&w->pending);
    return settle(w, slots, expected, mcu_slots_revert(slots));
}

static int try_select(world *w, mcu_slots *slots, unsigned mask)
{
    model *m = &w->pending;
    int expected = m->started ? MCU_SLOTS_ERROR_STATE : mask_status(m, slots->config->slots, mask);
    expected = expected == MCU_OK && (mask & ~(unsigned)m->confirmed) != 0 ? MCU_SLOTS_ERROR_UNCONFIRMED : expected;
    m->active = expected == MCU_OK ? (uint8_t)mask : m->active;
    return settle(w, slots, expected, mcu_slots_select(slots, mask));
}

/* Attaches what shall run, as firmware does after a start, and compares what the layer computes. */
static void run_images(world *w, const mcu_slots *slots, unsigned mask)
{
    const mcu_delta_abi abi = tiny_abi(w->generation);
    const void *images[MCU_TERMS];
    mcu_delta_set set = {0, 0};
    uint32_t ids[MCU_SLOTS_MOST];
    unsigned count = 0;
    for (unsigned slot = 0; mask >> slot != 0; slot++) {
        if (mask >> slot & 1u) {
            size_t bytes = 0;
            const void *image = mcu_slots_image(slots, slot, &bytes);
            ids[count] = w->acknowledged.id[slot];
            const int fits = w->acknowledged.generation[slot] == w->generation;
            const int expected = fits ? tiny_status(ids, count + 1u) : MCU_DELTA_ERROR_BASE;
            CHECK(w, mcu_delta_attach(&abi, images, &set, image, bytes) == expected);
            count += expected == MCU_OK;
        }
    }
    int8_t x[TINY_DEPTH], out[TINY_OUTPUTS], wanted[TINY_OUTPUTS];
    int16_t projected[MCU_TERMS];
    mcu_delta_view view;
    for (unsigned k = 0; k < TINY_DEPTH; k++) {
        x[k] = (int8_t)tiny_value(w->checks, k);
    }
    mcu_linear_row__c(&tiny_shape, mcu_delta_view_of(&abi, images, set.active, 0, &view), x, out, projected);
    tiny_expected(ids, count, x, wanted);
    CHECK(w, memcmp(out, wanted, sizeof out) == 0);
}

/* A start of the firmware: the newest state is the one before or after the call that was cut. */
static void restart(world *w, mcu_slots *slots, const mcu_slots_config *config)
{
    const uint32_t counter = w->acknowledged.counter;
    mcu_slots_open(slots, config);
    if (!is_same(&w->acknowledged, slots)) {
        CHECK(w, is_same(&w->pending, slots));
        w->acknowledged = w->pending;
    }
    CHECK(w, slots->state.counter >= counter);
    w->pending = w->acknowledged;
    model *m = &w->pending;
    if (m->started) {
        end_trial(m);
    } else if (m->trial != 0) {
        m->started = 1;
    }
    const unsigned expected = m->started ? m->trial : m->active;
    const unsigned mask = mcu_slots_start(slots);
    CHECK(w, mask == expected);
    for (unsigned slot = 0; mask >> slot != 0; slot++) {
        const uint32_t id = m->id[slot];
        CHECK(w, (mask >> slot & 1u) == 0 || (counter_of(id) >= slots->state.counter && is_trusted(id)));
    }
    settle(w, slots, MCU_OK, MCU_OK);
    run_images(w, slots, mask);
}

#endif
