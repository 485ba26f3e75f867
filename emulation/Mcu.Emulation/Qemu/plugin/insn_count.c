/*
 * QEMU TCG plugin: counts the instructions executed by each call of one function, exactly.
 *
 * Arguments: start=ADDRESS of the function's first instruction, end=ADDRESS that the calls that count return to, out=FILE for the
 * counts (one decimal number per call and line), optionally blocks=FILE for a histogram, and exit=ADDRESS of an instruction that
 * ends QEMU, for cores whose programs cannot.
 *
 * MCU_PLUGIN_API is the version of the plugin interface: 1 up to QEMU 8.2, 2 from 9.0 on, which replaced the inline
 * operations; there, and with MCU_PLUGIN_CALLBACKS, plain callbacks count.
 *
 * A translation block is left early only by a fault, so one addition per entered block is exact between two labels; a block
 * that holds a label is counted instruction by instruction, so that the labels may stand anywhere in it.
 * An instruction that is skipped by its condition counts: it is fetched and issued.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin.h"

/* One per translated block and, where a block holds a label, per instruction. Blocks may be translated again. */
struct block {
    struct block *next;
    uint64_t first, last;
    size_t instructions;
    uint64_t executions; /* counted in generated code, always */
    uint64_t at_start;   /* executions when the running call began */
    uint64_t in_calls;   /* executions within finished calls */
};

static uint64_t start_address, end_address, exit_address = UINT64_MAX;
static const char *blocks_path;
static int counts_file = -1;
static uint64_t total;         /* instructions so far; adds to in generated code */
static uint64_t total_at_start;
static bool in_call;
static struct block *blocks;

static struct block *new_block(uint64_t first, uint64_t last, size_t instructions) {
    struct block *block = calloc(1, sizeof *block);
    if (block == NULL) {
        abort();
    }
    block->first = first;
    block->last = last;
    block->instructions = instructions;
    block->next = blocks;
    blocks = block;
    return block;
}

static void begin_call(void) {
    in_call = true;
    total_at_start = total;
    for (struct block *block = blocks; block != NULL; block = block->next) {
        block->at_start = block->executions;
    }
}

static void end_call(void) {
    char line[32];
    const int length = snprintf(line, sizeof line, "%" PRIu64 "\n", total - total_at_start);
    in_call = false;
    if (write(counts_file, line, (size_t)length) != length) {
        abort();
    }
    for (struct block *block = blocks; block != NULL; block = block->next) {
        block->in_calls += block->executions - block->at_start;
    }
}

/* Instructions of a block with a label are counted here only, so the order of callbacks does not matter. */
static void execute_instruction(unsigned vcpu, void *user) {
    struct block *const instruction = user;
    (void)vcpu;
    if (instruction->first == start_address) {
        begin_call(); /* the function is not recursive: a call before has returned elsewhere, and does not count */
    } else if (instruction->first == end_address && in_call) {
        end_call();
    } else if (instruction->first == exit_address) {
        kill(getpid(), SIGTERM);
    }
    total++;
    instruction->executions++;
}

static bool holds_label(const struct qemu_plugin_tb *tb, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const uint64_t address = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, i));
        if (address == start_address || address == end_address || address == exit_address) {
            return true;
        }
    }
    return false;
}

static struct block *block_of(const struct qemu_plugin_tb *tb, size_t count) {
    return new_block(qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0)),
                     qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, count - 1)), count);
}

#ifdef MCU_PLUGIN_CALLBACKS

static void execute_block(unsigned vcpu, void *user) {
    struct block *const block = user;
    (void)vcpu;
    total += block->instructions;
    block->executions++;
}

static void count_block(struct qemu_plugin_tb *tb, size_t count) {
    qemu_plugin_register_vcpu_tb_exec_cb(tb, execute_block, QEMU_PLUGIN_CB_NO_REGS, block_of(tb, count));
}

#else

enum { QEMU_PLUGIN_INLINE_ADD_U64 = 0 };

static void count_block(struct qemu_plugin_tb *tb, size_t count) {
    qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &total, count);
    if (blocks_path != NULL) {
        qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &block_of(tb, count)->executions, 1);
    }
}

#endif

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
    const size_t count = qemu_plugin_tb_n_insns(tb);
    (void)id;
    if (!holds_label(tb, count)) {
        count_block(tb, count);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *const insn = qemu_plugin_tb_get_insn(tb, i);
        const uint64_t address = qemu_plugin_insn_vaddr(insn);
        qemu_plugin_register_vcpu_insn_exec_cb(insn, execute_instruction, QEMU_PLUGIN_CB_NO_REGS,
                                               new_block(address, address, 1));
    }
}

/* Lines of: first address, last address, instructions, executions within calls. */
static void write_blocks(qemu_plugin_id_t id, void *user) {
    FILE *const file = fopen(blocks_path, "w");
    (void)id;
    (void)user;
    if (file == NULL) {
        return;
    }
    for (const struct block *block = blocks; block != NULL; block = block->next) {
        if (block->in_calls != 0) {
            fprintf(file, "%" PRIx64 " %" PRIx64 " %zu %" PRIu64 "\n", block->first, block->last, block->instructions,
                    block->in_calls);
        }
    }
    fclose(file);
}

static bool take_argument(const char *argument) {
    const char *value;
    if ((value = value_of(argument, "start=")) != NULL) {
        start_address = strtoull(value, NULL, 16);
    } else if ((value = value_of(argument, "end=")) != NULL) {
        end_address = strtoull(value, NULL, 16);
    } else if ((value = value_of(argument, "exit=")) != NULL) {
        exit_address = strtoull(value, NULL, 16);
    } else if ((value = value_of(argument, "out=")) != NULL) {
        counts_file = open(value, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    } else if ((value = value_of(argument, "blocks=")) != NULL) {
        blocks_path = value;
    } else {
        return false;
    }
    return true;
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
    const struct rlimit no_core = {0, 0};
    if (info->version.min > MCU_PLUGIN_API || info->version.cur < MCU_PLUGIN_API) {
        fprintf(stderr, "insn_count: this QEMU does not have plugin interface version %d\n", MCU_PLUGIN_API);
        return 1;
    }
    for (int i = 0; i < argc; i++) {
        if (!take_argument(argv[i])) {
            fprintf(stderr, "insn_count: unknown argument '%s'\n", argv[i]);
            return 1;
        }
    }
    if (end_address == 0 || counts_file < 0) {
        fprintf(stderr, "insn_count: needs start=, end= and a writable out=\n");
        return 1;
    }
    setrlimit(RLIMIT_CORE, &no_core);
    start_watch();
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    if (blocks_path != NULL) {
        qemu_plugin_register_atexit_cb(id, write_blocks, NULL);
    }
    return 0;
}
