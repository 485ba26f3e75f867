/*
 * QEMU TCG plugin: counts every instruction and holds the processor exactly before a given one.
 *
 * Argument: state=FILE, which exists and holds struct state. The program that started QEMU maps it too, reads the count while
 * the firmware runs, and sets where to stop. A held processor stands between two instructions: all that was executed is in
 * memory, nothing of the next one is. It holds behind each write to a watched range, too, until the other program has seen it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "plugin.h"

enum { MOST_WATCHES = 16 };

struct state {
    volatile uint64_t executed; /* instructions that were begun */
    volatile uint64_t stop_at;  /* hold when as many were executed; all ones for never */
    volatile uint64_t held;     /* 1 while held */
    volatile uint64_t watches;  /* ranges in use */
    volatile uint64_t written;  /* 1 while held behind a write; the other program sets it to 0 */
    volatile uint64_t address, bytes; /* of that write */
    struct {
        volatile uint64_t first, end;
    } ranges[MOST_WATCHES];
};

static struct state *state;

static void execute_instruction(unsigned vcpu, void *user) {
    (void)vcpu;
    (void)user;
    while (state->executed >= state->stop_at) {
        state->held = 1;
        usleep(200);
    }
    state->held = 0;
    state->executed++;
}

static void execute_store(unsigned vcpu, qemu_plugin_meminfo_t info, uint64_t address, void *user) {
    const uint64_t bytes = UINT64_C(1) << qemu_plugin_mem_size_shift(info);
    (void)vcpu;
    (void)user;
    for (uint64_t i = 0; i < state->watches; i++) {
        if (address < state->ranges[i].end && address + bytes > state->ranges[i].first) {
            state->address = address;
            state->bytes = bytes;
            __atomic_store_n(&state->written, 1, __ATOMIC_RELEASE);
            while (__atomic_load_n(&state->written, __ATOMIC_ACQUIRE) != 0) {
                usleep(50);
            }
            return;
        }
    }
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
    const size_t count = qemu_plugin_tb_n_insns(tb);
    (void)id;
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *const insn = qemu_plugin_tb_get_insn(tb, i);
        qemu_plugin_register_vcpu_insn_exec_cb(insn, execute_instruction, QEMU_PLUGIN_CB_NO_REGS, NULL);
        qemu_plugin_register_vcpu_mem_cb(insn, execute_store, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_W, NULL);
    }
}

static bool map_state(const char *path) {
    const int file = open(path, O_RDWR);
    void *const at = file < 0 ? MAP_FAILED
                              : mmap(NULL, sizeof(struct state), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (file >= 0) {
        close(file);
    }
    if (at == MAP_FAILED) {
        return false;
    }
    state = at;
    return true;
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
    const struct rlimit no_core = {0, 0};
    const char *const path = argc == 1 ? value_of(argv[0], "state=") : NULL;
    if (info->version.min > MCU_PLUGIN_API || info->version.cur < MCU_PLUGIN_API) {
        fprintf(stderr, "machine: this QEMU does not have plugin interface version %d\n", MCU_PLUGIN_API);
        return 1;
    }
    if (path == NULL || !map_state(path)) {
        fprintf(stderr, "machine: needs state=FILE\n");
        return 1;
    }
    setrlimit(RLIMIT_CORE, &no_core);
    start_watch();
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    return 0;
}
