/*
 * Attaches "delta0.bin" ... one after the other, runs each one's self-tests, and then switches among them sample by sample as
 * "plan.bin" says: one mask per run. Writes the outputs to "out.bin", statuses to "stat.bin".
 */
#include "harness.h"
#include <string.h>

#define MOST_IMAGES 8
#define MOST_BYTES 0x10000u

static uint32_t arena[NET_ARENA_BYTES / 4];
static uint32_t images[MOST_IMAGES][MOST_BYTES / 4];
static uint8_t plan[256];
static uint8_t sample[NET_INPUT_BYTES];
static net_t network;
#ifdef NET_DELTA_CACHE_BYTES
NET_DEFINE_DELTA_CACHE(cache);
#endif

static int record(int file, int32_t status)
{
    return mcu_platform_write(file, &status, sizeof status);
}

int mcu_harness_main(int adapter)
{
    char name[] = "delta0.bin";
    const int in = mcu_platform_open("in.bin", 0);
    const int out = mcu_platform_open("out.bin", 1);
    const int stat = mcu_platform_open("stat.bin", 1);
    const size_t steps = mcu_platform_read(mcu_platform_open("plan.bin", 0), plan, sizeof plan);
    (void)adapter;
    memset(arena, 0xA5, sizeof arena);
    record(stat, net_init(&network, arena, sizeof arena));
#ifdef NET_DELTA_CACHE_BYTES
    record(stat, net_delta_cache(&network, cache, sizeof cache));
#endif
    for (int i = 0; i < MOST_IMAGES; i++) {
        name[5] = (char)('0' + i);
        const int file = mcu_platform_open(name, 0);
        if (file < 0) {
            break;
        }
        const size_t bytes = mcu_platform_read(file, images[i], MOST_BYTES);
        record(stat, net_delta_select(&network, 0));
        record(stat, net_delta_attach(&network, images[i], bytes));
        record(stat, net_delta_self_test(&network));
    }
    while (mcu_platform_read(in, sample, sizeof sample) == sizeof sample) {
        for (size_t step = 0; step < steps; step++) {
            const int status = net_delta_select(&network, plan[step]);
            record(stat, status);
            memcpy(net_input(&network), sample, sizeof sample);
            if (status == MCU_OK && net_run(&network) == MCU_OK) {
                mcu_platform_write(out, net_output(&network), NET_OUTPUT_BYTES);
            }
        }
    }
    return 0;
}
