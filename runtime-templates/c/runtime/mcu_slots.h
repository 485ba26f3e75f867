/*
 * Delta images in flash slots: install, test, confirm, revert. A power cut at any moment leaves the last good delta in
 * place, and the largest confirmed security counter never falls. See docs/DELTAS-DEVICE.md of the compiler.
 *
 * A journal of whole states, each with a CRC, lies in two or more blocks and is only ever appended to: the newest valid
 * state counts, and the block that holds it is never erased.
 */
#ifndef MCU_SLOTS_H
#define MCU_SLOTS_H

#include "mcu_delta.h"
#include "mcu_flash.h"

#define MCU_SLOTS_ERROR_SLOT 40      /* no such slot, or it holds no image */
#define MCU_SLOTS_ERROR_IN_USE 41    /* the slot is active or on trial */
#define MCU_SLOTS_ERROR_STATE 42     /* not now: no trial, or one that runs, or no install is open */
#define MCU_SLOTS_ERROR_SIZE 43      /* larger than the slot, or not the announced number of bytes */
#define MCU_SLOTS_ERROR_ROLLBACK 44  /* the security counter is below one that was confirmed, or that would run beside it */
#define MCU_SLOTS_ERROR_REJECTED 45  /* failed its trial; install it again */
#define MCU_SLOTS_ERROR_UNCONFIRMED 46 /* only confirmed images can be selected */
#define MCU_SLOTS_ERROR_FLASH 47     /* the flash does not take or keep what is written */

#define MCU_SLOTS_MOST 8

/* Layout; constant. Slots and journal are whole erase blocks. */
typedef struct {
    const mcu_flash *flash;
    const mcu_delta_abi *abi;
    uint32_t journal_address;
    uint32_t slot_address; /* of slot 0; the others follow */
    uint32_t slot_bytes;
    uint8_t journal_blocks; /* 2 or more */
    uint8_t slots;          /* 2 to MCU_SLOTS_MOST */
    /* Whether an image is trusted, MCU_OK or a status of your own; null trusts every valid one. mcu_cose.h has one. */
    int (*verify)(void *user, const void *image, size_t bytes);
    void *user;
} mcu_slots_config;

/* One entry of the journal. Masks have a bit for each slot. */
typedef struct {
    uint32_t sequence;
    uint32_t counter; /* the largest security counter that was confirmed */
    uint32_t bytes[MCU_SLOTS_MOST]; /* of the verified image in each slot; 0 for none */
    uint8_t confirmed;
    uint8_t rejected;
    uint8_t active;  /* confirmed images that run */
    uint8_t trial;   /* images that run once, from the next start on */
    uint8_t started; /* the trial has begun: without confirmation the next start reverts */
    uint8_t reserved[15];
    uint32_t crc32;
} mcu_slots_state;

typedef struct {
    const mcu_slots_config *config;
    mcu_slots_state state;
    uint32_t entry;   /* of the state in the journal */
    uint32_t written; /* of the image that is being installed */
    uint32_t expected;
    uint8_t slot;
} mcu_slots;

/* Finds the newest state; an empty journal means empty slots. Writes nothing. */
void mcu_slots_open(mcu_slots *slots, const mcu_slots_config *config);

/*
 * Once after every start: the images to attach, as a mask. Begins a trial that was asked for; reverts one that was begun
 * before and not confirmed.
 */
unsigned mcu_slots_start(mcu_slots *slots);

/* An installed image in place, and its bytes; null where there is none. */
const void *mcu_slots_image(const mcu_slots *slots, unsigned slot, size_t *bytes);

/* The slot of an installed image by its id, such as the arm of an experiment; -1 where there is none. */
int mcu_slots_find(const mcu_slots *slots, uint32_t id);

/* Forgets what is in a slot, then erases it. */
int mcu_slots_erase(mcu_slots *slots, unsigned slot);

/* Erases a slot for an image of so many bytes. */
int mcu_slots_begin(mcu_slots *slots, unsigned slot, size_t bytes);

/* The image's next bytes: whole program units but for the last call. Reads them back. */
int mcu_slots_write(mcu_slots *slots, const void *from, size_t bytes);

/* Verifies the image in flash, with its signature and counter; from now on it is installed. */
int mcu_slots_finish(mcu_slots *slots);

/* Runs installed images of one security counter together once, from the next start on; 0 takes that back. */
int mcu_slots_test(mcu_slots *slots, unsigned mask);

/* The trial that runs is good: it becomes what is active. */
int mcu_slots_confirm(mcu_slots *slots);

/* The trial is bad: what was active before stays active. The caller detaches. */
int mcu_slots_revert(mcu_slots *slots);

/* Makes confirmed images active, 0 for the base alone, without a trial. */
int mcu_slots_select(mcu_slots *slots, unsigned mask);

#endif
