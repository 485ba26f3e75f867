/* Delta images in flash slots: see mcu_slots.h. */
#include "mcu_slots.h"
#include "mcu_crc32.h"
#include <string.h>

#define ENTRY_BYTES 64u

MCU_STATIC_ASSERT(sizeof(mcu_slots_state) == ENTRY_BYTES, slots_state_is_an_entry);

static const void *read_flash(const mcu_slots *slots, uint32_t address, uint32_t bytes)
{
    const mcu_flash *flash = slots->config->flash;
    return flash->read(flash->user, address, bytes);
}

/* Programs whole units and reads them back. */
static int program(const mcu_slots *slots, uint32_t address, const void *from, uint32_t bytes)
{
    const mcu_flash *flash = slots->config->flash;
    return flash->program(flash->user, address, from, bytes) == 0 && memcmp(read_flash(slots, address, bytes), from, bytes) == 0
               ? MCU_OK
               : MCU_SLOTS_ERROR_FLASH;
}

static int erase(const mcu_slots *slots, uint32_t address, uint32_t bytes)
{
    const mcu_flash *flash = slots->config->flash;
    for (uint32_t end = address + bytes; address < end; address += flash->block_bytes) {
        if (flash->erase(flash->user, address) != 0) {
            return MCU_SLOTS_ERROR_FLASH;
        }
    }
    return MCU_OK;
}

static uint32_t entries_per_block(const mcu_slots *slots)
{
    return slots->config->flash->block_bytes / ENTRY_BYTES;
}

static uint32_t entry_address(const mcu_slots *slots, uint32_t entry)
{
    return slots->config->journal_address + entry * ENTRY_BYTES;
}

static uint32_t crc_of(const mcu_slots_state *state)
{
    return mcu_crc32(0, state, ENTRY_BYTES - sizeof state->crc32);
}

static int is_blank(const uint8_t *entry)
{
    uint32_t bits = 0xFF;
    for (unsigned i = 0; i < ENTRY_BYTES; i++) {
        bits &= entry[i];
    }
    return bits == 0xFF;
}

void mcu_slots_open(mcu_slots *slots, const mcu_slots_config *config)
{
    memset(slots, 0, sizeof *slots);
    slots->config = config;
    const uint32_t entries = config->journal_blocks * entries_per_block(slots);
    slots->entry = entries - 1u; /* the first commit begins with the first block */
    for (uint32_t i = 0; i < entries; i++) {
        const mcu_slots_state *state = read_flash(slots, entry_address(slots, i), ENTRY_BYTES);
        if (state->sequence > slots->state.sequence && state->crc32 == crc_of(state)) {
            slots->state = *state;
            slots->entry = i;
        }
    }
}

/*
 * Appends the changed state; where the flash does not take it, the newest that it holds counts again. A block is erased
 * when it is entered, whatever it holds: an erase before may have been cut. Entries that a cut has left half-written, or
 * that the flash does not take, are passed over. The block of the newest state stays.
 */
static int commit(mcu_slots *slots)
{
    mcu_slots_state *next = &slots->state;
    const uint32_t per_block = entries_per_block(slots);
    const uint32_t entries = slots->config->journal_blocks * per_block;
    const uint32_t home = slots->entry / per_block;
    uint32_t entry = slots->entry;
    next->sequence++;
    next->crc32 = crc_of(next);
    for (;;) {
        entry = entry + 1u == entries ? 0 : entry + 1u;
        const uint32_t address = entry_address(slots, entry);
        if (entry % per_block == 0) {
            if (entry / per_block == home) {
                mcu_slots_open(slots, slots->config);
                return MCU_SLOTS_ERROR_FLASH;
            }
            (void)erase(slots, address, slots->config->flash->block_bytes);
        }
        if (is_blank(read_flash(slots, address, ENTRY_BYTES)) && program(slots, address, next, ENTRY_BYTES) == MCU_OK) {
            slots->entry = entry;
            return MCU_OK;
        }
    }
}

static uint32_t slot_address(const mcu_slots *slots, unsigned slot)
{
    return slots->config->slot_address + slot * slots->config->slot_bytes;
}

const void *mcu_slots_image(const mcu_slots *slots, unsigned slot, size_t *bytes)
{
    if (slot >= slots->config->slots || slots->state.bytes[slot] == 0) {
        return NULL;
    }
    *bytes = slots->state.bytes[slot];
    return read_flash(slots, slot_address(slots, slot), slots->state.bytes[slot]);
}

int mcu_slots_find(const mcu_slots *slots, uint32_t id)
{
    for (unsigned slot = 0; slot < slots->config->slots; slot++) {
        size_t bytes;
        const mcu_delta_header *header = mcu_slots_image(slots, slot, &bytes);
        if (header != NULL && header->id == id) {
            return (int)slot;
        }
    }
    return -1;
}

/*
 * Whether no trial runs, and every slot of a mask holds an image that may run. An image below another of the mask may not:
 * once the trial is confirmed, its counter is below a confirmed one.
 */
static int check_mask(const mcu_slots *slots, unsigned mask)
{
    uint32_t smallest = UINT32_MAX;
    uint32_t largest = slots->state.counter;
    if (slots->state.started) {
        return MCU_SLOTS_ERROR_STATE;
    }
    for (unsigned slot = 0; mask >> slot != 0; slot++) {
        if ((mask >> slot & 1u) != 0) {
            size_t bytes;
            const mcu_delta_header *header = mcu_slots_image(slots, slot, &bytes);
            if (header == NULL) {
                return MCU_SLOTS_ERROR_SLOT;
            }
            const uint32_t counter = header->security_counter;
            smallest = counter < smallest ? counter : smallest;
            largest = counter > largest ? counter : largest;
        }
    }
    return smallest < largest ? MCU_SLOTS_ERROR_ROLLBACK : MCU_OK;
}

unsigned mcu_slots_start(mcu_slots *slots)
{
    if (slots->state.started) {
        (void)mcu_slots_revert(slots);
    } else if (slots->state.trial != 0) {
        slots->state.started = 1;
        if (commit(slots) == MCU_OK) {
            return slots->state.trial;
        }
    }
    return slots->state.active;
}

int mcu_slots_erase(mcu_slots *slots, unsigned slot)
{
    mcu_slots_state *state = &slots->state;
    const unsigned bit = 1u << slot;
    if (slot >= slots->config->slots) {
        return MCU_SLOTS_ERROR_SLOT;
    }
    if (((state->active | state->trial) & bit) != 0) {
        return MCU_SLOTS_ERROR_IN_USE;
    }
    slots->expected = 0;
    if (state->bytes[slot] != 0) {
        state->bytes[slot] = 0;
        state->confirmed &= (uint8_t)~bit;
        state->rejected &= (uint8_t)~bit;
        if (commit(slots) != MCU_OK) {
            return MCU_SLOTS_ERROR_FLASH;
        }
    }
    return erase(slots, slot_address(slots, slot), slots->config->slot_bytes);
}

int mcu_slots_begin(mcu_slots *slots, unsigned slot, size_t bytes)
{
    if (bytes == 0 || bytes > slots->config->slot_bytes) {
        return MCU_SLOTS_ERROR_SIZE;
    }
    const int status = mcu_slots_erase(slots, slot);
    if (status == MCU_OK) {
        slots->slot = (uint8_t)slot;
        slots->written = 0;
        slots->expected = (uint32_t)bytes;
    }
    return status;
}

int mcu_slots_write(mcu_slots *slots, const void *from, size_t bytes)
{
    const uint32_t unit = slots->config->flash->program_unit;
    const uint32_t whole = (uint32_t)bytes & ~(unit - 1u);
    const uint32_t address = slot_address(slots, slots->slot) + slots->written;
    if (slots->expected == 0) {
        return MCU_SLOTS_ERROR_STATE;
    }
    if (bytes > slots->expected - slots->written || slots->written % unit != 0) {
        return MCU_SLOTS_ERROR_SIZE;
    }
    int status = whole == 0 ? MCU_OK : program(slots, address, from, whole);
    if (status == MCU_OK && whole != bytes) {
        uint8_t last[ENTRY_BYTES];
        memset(last, 0xFF, sizeof last);
        memcpy(last, (const uint8_t *)from + whole, bytes - whole);
        status = program(slots, address + whole, last, unit);
    }
    slots->written += (uint32_t)bytes;
    if (status != MCU_OK) {
        slots->expected = 0;
    }
    return status;
}

int mcu_slots_finish(mcu_slots *slots)
{
    const mcu_slots_config *config = slots->config;
    const uint32_t bytes = slots->expected;
    slots->expected = 0;
    if (bytes == 0) {
        return MCU_SLOTS_ERROR_STATE;
    }
    if (slots->written != bytes) {
        return MCU_SLOTS_ERROR_SIZE;
    }
    const mcu_delta_header *image = read_flash(slots, slot_address(slots, slots->slot), bytes);
    int status = mcu_delta_validate(config->abi, image, bytes);
    if (status == MCU_OK && image->security_counter < slots->state.counter) {
        status = MCU_SLOTS_ERROR_ROLLBACK;
    }
    if (status == MCU_OK && config->verify != NULL) {
        status = config->verify(config->user, image, bytes);
    }
    if (status == MCU_OK) {
        slots->state.bytes[slots->slot] = bytes;
        status = commit(slots);
    }
    return status;
}

/* The images of a mask are to run; none of them may be among the refused. */
static int commit_mask(mcu_slots *slots, uint8_t *field, unsigned mask, unsigned refused, int why)
{
    int status = check_mask(slots, mask);
    if (status == MCU_OK && (mask & refused) != 0) {
        status = why;
    }
    if (status == MCU_OK) {
        *field = (uint8_t)mask;
        status = commit(slots);
    }
    return status;
}

int mcu_slots_test(mcu_slots *slots, unsigned mask)
{
    return commit_mask(slots, &slots->state.trial, mask, slots->state.rejected, MCU_SLOTS_ERROR_REJECTED);
}

int mcu_slots_select(mcu_slots *slots, unsigned mask)
{
    return commit_mask(slots, &slots->state.active, mask, ~(unsigned)slots->state.confirmed, MCU_SLOTS_ERROR_UNCONFIRMED);
}

static int end_trial(mcu_slots *slots)
{
    slots->state.trial = 0;
    slots->state.started = 0;
    return commit(slots);
}

int mcu_slots_confirm(mcu_slots *slots)
{
    mcu_slots_state *state = &slots->state;
    if (!state->started) {
        return MCU_SLOTS_ERROR_STATE;
    }
    for (unsigned slot = 0; state->trial >> slot != 0; slot++) {
        size_t bytes;
        const mcu_delta_header *header = mcu_slots_image(slots, slot, &bytes);
        if ((state->trial >> slot & 1u) != 0 && header->security_counter > state->counter) {
            state->counter = header->security_counter;
        }
    }
    state->confirmed |= state->trial;
    state->active = state->trial;
    return end_trial(slots);
}

int mcu_slots_revert(mcu_slots *slots)
{
    mcu_slots_state *state = &slots->state;
    if (state->trial == 0) {
        return MCU_SLOTS_ERROR_STATE;
    }
    if (state->started) {
        state->rejected |= (uint8_t)(state->trial & ~state->confirmed);
    }
    return end_trial(slots);
}
