/*
 * Feeds samples to one network and records what comes out.
 *
 * Reads "in.bin": samples back to back. Writes "out.bin": their outputs; "stat.bin": pairs of 32-bit words, first
 * {status of init, status of adapter_select, or of attaching or of a self-test plus 256 times the image's index}, then
 * {status of run, bytes of stack} for each sample. Both files grow sample by sample, so that what was done before a fault
 * is known. Built with probes, it also writes "probes.bin": each layer's output after the layer. Ends with 0 when all was
 * done, else with 1.
 */
#include "harness.h"

#include <string.h>

#define GUARD_BYTES 64
#define FILL 0xA5
#define STATUS_ARENA_OVERRUN (-1000)

/* The arena is filled with rubbish: a network must not count on zeros. The guards show writes just outside. */
static struct {
    unsigned char before[GUARD_BYTES];
    unsigned char arena[MODEL_ARENA_BYTES] __attribute__((aligned(MODEL_ARENA_ALIGNMENT)));
    unsigned char after[GUARD_BYTES];
} memory;

static MODEL_T network;
static unsigned char sample[MODEL_INPUT_BYTES];

static int guards_hold(void) {
    for (int i = 0; i < GUARD_BYTES; i++) {
        if (memory.before[i] != FILL || memory.after[i] != FILL) {
            return 0;
        }
    }
    return 1;
}

static int record(int file, int32_t first, int32_t second) {
    const int32_t pair[2] = {first, second};
    return mcu_platform_write(file, pair, sizeof pair);
}

#ifdef MODEL_DELTA_ATTACH
#define MOST_DELTAS 8
#define MOST_DELTA_BYTES 0x50000u /* of a body and a trailer */

static uint32_t delta_pool[MOST_DELTAS * MOST_DELTA_BYTES / 4];

#ifdef MODEL_DELTA_CACHE
static void *cache[MODEL_DELTA_CACHE_BYTES / sizeof(void *)];
#endif

/* Attaches one more image to those of a mask, and runs its self-tests without the others. */
static int attach_delta(unsigned mask, const void *image, size_t bytes) {
    int status = MODEL_DELTA_ATTACH(&network, image, bytes);
    if (status == 0) {
        status = MODEL_DELTA_SELECT(&network, mask + 1u);
    }
    if (status == 0) {
        status = MODEL_DELTA_SELF_TEST(&network);
    }
    return status == 0 ? MODEL_DELTA_SELECT(&network, 2u * mask + 1u) : status;
}

/* Attaches "delta0.bin", "delta1.bin" and so on, as far as they are there. */
static int attach_deltas(void) {
#ifdef MODEL_DELTA_CACHE
    if (MODEL_DELTA_CACHE(&network, cache, sizeof cache) != 0) {
        return -1;
    }
#endif
    char name[] = "delta0.bin";
    unsigned char *at = (unsigned char *)delta_pool;
    for (int i = 0; i < MOST_DELTAS; i++, at += MOST_DELTA_BYTES) {
        name[5] = (char)('0' + i);
        const int file = mcu_platform_open(name, 0);
        if (file < 0) {
            break;
        }
        const int status = attach_delta((1u << i) - 1u, at, mcu_platform_read(file, at, MOST_DELTA_BYTES));
        if (status != 0) {
            return status + 256 * i;
        }
    }
    return 0;
}
#else
static int attach_deltas(void) {
    return 0;
}
#endif

#ifdef MODEL_PROBES
static const struct {
    uint32_t offset, bytes;
} probes[] = {MODEL_PROBES};

static int probe_file;

/* Writes the output of a layer that has ended. */
static void probe(void *user, int layer, int phase) {
    (void)user;
    if (phase == 1) {
        (void)mcu_platform_write(probe_file, memory.arena + probes[layer].offset, probes[layer].bytes);
    }
}

static void set_probes(int adapter) {
    if (!(MODEL_HAS_OWN_LAYERS(adapter))) {
        probe_file = mcu_platform_open("probes.bin", 1);
        MODEL_SET_HOOK(&network, probe, 0);
    }
}
#else
static void set_probes(int adapter) {
    (void)adapter;
}
#endif

static int prepare(int adapter, int stat) {
    memset(&memory, FILL, sizeof memory);
    const int init = MODEL_INIT(&network, memory.arena, sizeof memory.arena);
    int select = init == 0 ? MODEL_ADAPTER_SELECT(&network, adapter) : 0;
    if (init == 0 && select == 0) {
        select = attach_deltas();
    }
    return record(stat, init, select) | init | select;
}

static int run_sample(int out, int stat) {
    memcpy(MODEL_INPUT(&network), sample, sizeof sample);
    int status = mcu_harness_call(MODEL_RUN, &network);
    if (status == 0 && !guards_hold()) {
        status = STATUS_ARENA_OVERRUN;
    }
    if (status == 0 && mcu_platform_write(out, MODEL_OUTPUT(&network), MODEL_OUTPUT_BYTES) != 0) {
        return 1;
    }
    return record(stat, status, (int32_t)mcu_harness_stack_bytes) | status;
}

int mcu_harness_main(int adapter) {
    const int in = mcu_platform_open("in.bin", 0);
    const int out = mcu_platform_open("out.bin", 1);
    const int stat = mcu_platform_open("stat.bin", 1);
    if (in < 0 || out < 0 || stat < 0 || prepare(adapter, stat) != 0) {
        return 1;
    }
    set_probes(adapter);
    while (mcu_platform_read(in, sample, sizeof sample) == sizeof sample) {
        if (run_sample(out, stat) != 0) {
            return 1;
        }
    }
    return 0;
}
