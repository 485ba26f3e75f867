/*
 * A story of installs, trials, confirmations, reverts, swaps and a base upgrade, told once for every operation of the
 * flash and every way in which power can be cut in it. Usage: host: slots_cuts BLOCK UNIT STRIDE
 */
#include "slots_model.h"
#include "restart.h"

typedef struct {
    uint32_t magic;
    world w;
    uint32_t block, unit, stride;
    uint32_t cut_at, tear;
    uint32_t operations; /* of the story when nothing is cut */
    uint32_t is_cut;
    uint32_t wear[MOST_FLASH / 256];
    uint8_t spoiled[MOST_FLASH];
    uint8_t memory[MOST_FLASH];
} device;

static device PERSISTENT d __attribute__((aligned(8)));
static mcu_flash_sim sim;
static mcu_delta_abi abi;
static mcu_slots_config config;
static mcu_slots slots;

static void cut_power(void *user)
{
    (void)user;
    d.is_cut = 1;
    d.w.power_cuts++;
    restart_program();
}

static void open_flash(void)
{
    const uint32_t slot_bytes = (TINY_MOST_BYTES + d.block - 1u) / d.block * d.block;
    mcu_flash_sim_init(&sim, d.memory, d.spoiled, d.wear, MOST_FLASH, d.block, d.unit);
    sim.cut = cut_power;
    sim.tear = d.tear;
    sim.random = d.cut_at * 977u + d.tear;
    abi = tiny_abi(d.w.generation);
    memset(&config, 0, sizeof config);
    config.flash = &sim.flash;
    config.abi = &abi;
    config.journal_blocks = 2;
    config.slot_address = 2u * d.block;
    config.slot_bytes = slot_bytes;
    config.slots = 3;
    config.verify = verify_image;
    config.user = &config;
}

static void boot(void)
{
    restart(&d.w, &slots, &config);
}

static void upgrade_base(void)
{
    d.w.generation++;
    abi = tiny_abi(d.w.generation);
    boot();
}

/* Ids 8..15 have counter 1, 16..23 counter 2, and so on. */
static void tell_story(void)
{
    try_install(&d.w, &slots, 1, 9, 64);
    try_test(&d.w, &slots, 2);
    boot();
    try_confirm(&d.w, &slots); /* slots 0 and 1 confirmed, 1 active */
    try_select(&d.w, &slots, 1); /* swap back */
    try_install(&d.w, &slots, 2, 15, 64); /* not trusted */
    try_install(&d.w, &slots, 2, 18, 128);
    try_test(&d.w, &slots, 4);
    boot();
    boot(); /* not confirmed: reverts */
    try_test(&d.w, &slots, 4); /* rejected */
    try_select(&d.w, &slots, 3); /* composes 8 and 9 */
    boot();
    try_install(&d.w, &slots, 2, 16, 64);
    try_test(&d.w, &slots, 5); /* counters 1 and 2 together */
    try_test(&d.w, &slots, 4);
    boot();
    try_confirm(&d.w, &slots); /* counter 2: slot 0 and 1 can never run again */
    try_select(&d.w, &slots, 1);
    try_install(&d.w, &slots, 1, 13, 64); /* replay of an old counter */
    try_erase(&d.w, &slots, 1);
    upgrade_base(); /* what is active does not fit and is kept beside */
    try_install(&d.w, &slots, 1, 17, 64);
    try_test(&d.w, &slots, 2);
    boot();
    try_revert(&d.w, &slots);
    try_select(&d.w, &slots, 0);
    try_erase(&d.w, &slots, 2);
}

static void prepare(void)
{
    memset(&d.w, 0, sizeof d.w);
    open_flash();
    mcu_flash_sim_blank(&sim);
    boot();
    try_install(&d.w, &slots, 0, 8, 64);
    try_test(&d.w, &slots, 1);
    boot();
    try_confirm(&d.w, &slots);
    sim.operations = 0;
}

/* After a cut the device goes on as if nothing had been. */
static void go_on(void)
{
    open_flash();
    boot();
    if (slots.state.started) {
        try_revert(&d.w, &slots);
    }
    const unsigned used = (unsigned)(slots.state.active | slots.state.trial);
    const unsigned slot = (used & 4u) == 0 ? 2 : (used & 2u) == 0 ? 1 : 0;
    if (slots.state.trial != 0) {
        try_revert(&d.w, &slots);
    }
    try_install(&d.w, &slots, slot, 26, 64);
    try_test(&d.w, &slots, 1u << slot);
    boot();
    try_confirm(&d.w, &slots);
    boot();
    CHECK(&d.w, slots.state.active == 1u << slot && slots.state.counter == 3);
    CHECK(&d.w, sim.refused == 0);
}

/* The next point: every operation with every tear, or a sample. */
static int next_point(void)
{
    if (++d.tear == MCU_TEARS) {
        d.tear = 0;
        d.cut_at += d.stride;
    }
    return d.cut_at <= d.operations;
}

int program_main(uint32_t block, uint32_t unit, uint32_t stride)
{
    if (d.magic != 0x51075107u) {
        memset(&d, 0, sizeof d);
        d.magic = 0x51075107u;
        d.block = block;
        d.unit = unit;
        d.stride = stride;
        prepare();
        tell_story();
        CHECK(&d.w, sim.refused == 0);
        d.operations = sim.operations;
        d.cut_at = 1;
        d.tear = 0;
    } else if (d.is_cut) {
        d.is_cut = 0;
        go_on();
        if (d.w.failures != 0 || !next_point()) {
            goto done;
        }
    }
    if (d.w.failures == 0) {
        const uint32_t cuts = d.w.power_cuts;
        prepare();
        d.w.power_cuts = cuts;
        sim.cut_at = d.cut_at;
        tell_story();
        fail(&d.w, __LINE__); /* the cut did not come */
    }
done:
    report("operations %u cuts %u failures %u line %u at %u tear %u\n", d.operations, d.w.power_cuts, d.w.failures,
           d.w.first_failure, d.cut_at, d.tear);
    return d.w.failures != 0;
}
