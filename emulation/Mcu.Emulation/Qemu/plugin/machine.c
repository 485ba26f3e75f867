/*
 * QEMU TCG plugin: counts every instruction and holds the processor exactly before a given one.
 *
 * Argument: state=FILE, which exists and holds struct state. The program that started QEMU maps it too, reads the count while
 * the firmware runs, and sets where to stop. A held processor stands between two instructions: all that was executed is in
 * memory, nothing of the next one is.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "plugin.h"

struct state {
    volatile uint64_t executed; /* instructions that were begun */
    volatile uint64_t stop_at;  /* hold when as many were executed; all ones for never */
    volatile uint64_t held;     /* 1 while held */
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

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
    const size_t count = qemu_plugin_tb_n_insns(tb);
    (void)id;
    for (size_t i = 0; i < count; i++) {
        qemu_plugin_register_vcpu_insn_exec_cb(qemu_plugin_tb_get_insn(tb, i), execute_instruction,
                                               QEMU_PLUGIN_CB_NO_REGS, NULL);
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
