/*
 * Random sequences of calls, restarts and power cuts on slots and model. Usage: slots_random SEQUENCES STEPS SEED
 */
#include "slots_model.h"
#include "restart.h"

typedef struct {
    uint32_t magic;
    world w;
    uint32_t seed, sequence, step, sequences, steps;
    uint32_t random;
    uint32_t block, unit, journal_blocks, slots;
    uint32_t is_cut;
    uint32_t total_cuts, total_checks, most_wear, least_wear;
    uint32_t wear[MOST_FLASH / 256];
    uint8_t spoiled[MOST_FLASH];
    uint8_t memory[MOST_FLASH];
} device;

static device PERSISTENT d __attribute__((aligned(8)));
static mcu_flash_sim sim;
static mcu_delta_abi abi;
static mcu_slots_config config;
static mcu_slots slots;

static uint32_t random_below(uint32_t limit)
{
    d.random = d.random * 1664525u + 1013904223u;
    return (d.random >> 12) % limit;
}

static void cut_power(void *user)
{
    (void)user;
    d.is_cut = 1;
    d.w.power_cuts++;
    restart_program();
}

static void open_flash(void)
{
    mcu_flash_sim_init(&sim, d.memory, d.spoiled, d.wear, MOST_FLASH, d.block, d.unit);
    sim.cut = cut_power;
    sim.random = d.random;
    abi = tiny_abi(d.w.generation);
    memset(&config, 0, sizeof config);
    config.flash = &sim.flash;
    config.abi = &abi;
    config.journal_blocks = (uint8_t)d.journal_blocks;
    config.slot_address = d.journal_blocks * d.block;
    config.slot_bytes = (TINY_MOST_BYTES + d.block - 1u) / d.block * d.block;
    config.slots = (uint8_t)d.slots;
    config.verify = verify_image;
    config.user = &config;
}

static void begin_sequence(void)
{
    d.total_cuts += d.w.power_cuts;
    d.total_checks += d.w.checks;
    memset(&d.w, 0, sizeof d.w);
    d.step = 0;
    d.random = d.seed + d.sequence * 7919u;
    (void)random_below(2);
    d.unit = 1u << random_below(7);
    d.block = 256u << random_below(4);
    d.journal_blocks = 2u + random_below(2);
    d.slots = 2u + random_below(3);
    open_flash();
    mcu_flash_sim_blank(&sim);
    restart(&d.w, &slots, &config);
}

static void one_step(void)
{
    const uint32_t chunks[] = {64, 128, 192, 1024};
    const unsigned mask = random_below(1u << (d.slots + (random_below(8) == 0)));
    sim.cut_at = random_below(3) == 0 ? sim.operations + 1u + random_below(random_below(2) == 0 ? 12 : 200) : 0;
    sim.tear = random_below(MCU_TEARS);
    switch (random_below(12)) {
    case 0:
    case 1:
    case 2:
        /* Counters mostly grow. */
        (void)try_install(&d.w, &slots, random_below(d.slots + 1u), d.step / 4u * 8u / 3u + 1u + random_below(20), chunks[random_below(4)]);
        break;
    case 3:
    case 4:
        (void)try_test(&d.w, &slots, mask);
        break;
    case 5:
        (void)try_confirm(&d.w, &slots);
        break;
    case 6:
        (void)try_test(&d.w, &slots, mask);
        restart(&d.w, &slots, &config);
        (void)try_confirm(&d.w, &slots);
        break;
    case 7:
        (void)try_select(&d.w, &slots, mask);
        break;
    case 8:
        (void)try_revert(&d.w, &slots);
        break;
    case 9:
        (void)try_erase(&d.w, &slots, random_below(d.slots + 1u));
        break;
    case 10:
        run_images(&d.w, &slots, slots.state.active); /* several at once: composed */
        break;
    default:
        if (random_below(10) == 0) {
            d.w.generation++; /* the base is upgraded */
            abi = tiny_abi(d.w.generation);
        }
        restart(&d.w, &slots, &config);
        break;
    }
    sim.cut_at = 0;
    CHECK(&d.w, sim.refused == 0);
}

static void note_wear(void)
{
    for (uint32_t i = 0; i < d.journal_blocks; i++) {
        d.most_wear = d.wear[i] > d.most_wear ? d.wear[i] : d.most_wear;
        CHECK(&d.w, d.wear[i] + d.w.power_cuts + 1u >= d.wear[0]); /* blocks take turns */
    }
}

int program_main(uint32_t sequences, uint32_t steps, uint32_t seed)
{
    if (d.magic != 0x7A4D07u) {
        memset(&d, 0, sizeof d);
        d.magic = 0x7A4D07u;
        d.sequences = sequences;
        d.steps = steps;
        d.seed = seed;
        begin_sequence();
    } else if (d.is_cut) {
        d.is_cut = 0;
        open_flash();
        restart(&d.w, &slots, &config);
        d.step++;
    }
    for (; d.sequence < d.sequences; d.sequence++, begin_sequence()) {
        for (; d.step < d.steps && d.w.failures == 0; d.step++) {
            one_step();
        }
        note_wear();
        if (d.w.failures != 0) {
            break;
        }
    }
    report("sequences %u cuts %u checks %u failures %u line %u step %u\n", d.sequence, d.total_cuts + d.w.power_cuts,
           d.total_checks + d.w.checks, d.w.failures, d.w.first_failure, d.step);
    return d.w.failures != 0;
}
