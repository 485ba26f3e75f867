/* POSIX host: plain files; the network runs on a thread whose stack is known, painted and guarded. */
#define _GNU_SOURCE
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define STACK_BYTES (1u << 20)
#define GUARD_BYTES (16u << 20) /* larger than any frame that could jump over it */
#define PAINT 0xC5A33A5Cu
#define EXIT_STACK_OVERFLOW 71
#define RED_ZONE_BYTES 256 /* holds the own frame of mcu_harness_call; less is not told apart */

uint32_t mcu_harness_stack_bytes;

static unsigned char *guard; /* GUARD_BYTES without access, then the stack */
static int adapter_index;
static int exit_code;

int mcu_platform_open(const char *name, int for_writing) {
    return for_writing ? open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600) : open(name, O_RDONLY);
}

size_t mcu_platform_read(int file, void *to, size_t bytes) {
    size_t done = 0;
    while (done < bytes) {
        const ssize_t got = read(file, (char *)to + done, bytes - done);
        if (got == 0 || (got < 0 && errno != EINTR)) {
            break;
        }
        done += got > 0 ? (size_t)got : 0;
    }
    return done;
}

int mcu_platform_write(int file, const void *from, size_t bytes) {
    size_t done = 0;
    while (done < bytes) {
        const ssize_t got = write(file, (const char *)from + done, bytes - done);
        if (got < 0 && errno != EINTR) {
            return 1;
        }
        done += got > 0 ? (size_t)got : 0;
    }
    return 0;
}

void mcu_platform_exit(int code) {
    _exit(code);
}

/* Painting and reading below the own frame is what this is for; the address sanitizer has no say here. */
#if defined(__has_feature)
#define MCU_HAS_ASAN __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define MCU_HAS_ASAN 1
#else
#define MCU_HAS_ASAN 0
#endif

int mcu_harness_call(int (*run)(MODEL_T *net), MODEL_T *net) {
#if MCU_HAS_ASAN
    return run(net);
#else
    volatile uint32_t *const bottom = (volatile uint32_t *)(guard + GUARD_BYTES);
    unsigned char *const frame = (unsigned char *)__builtin_frame_address(0);
    volatile uint32_t *const top = (volatile uint32_t *)(frame - RED_ZONE_BYTES);
    volatile uint32_t *at;
    for (at = bottom; at < top; at++) {
        *at = PAINT;
    }
    const int status = run(net);
    for (at = bottom; at < top && *at == PAINT; at++) {
    }
    mcu_harness_stack_bytes = (uint32_t)(frame - (unsigned char *)at);
    return status;
#endif
}

static void on_fault(int number, siginfo_t *info, void *context) {
    unsigned char *const address = (unsigned char *)info->si_addr;
    (void)context;
    if (address >= guard && address < guard + GUARD_BYTES) {
        _exit(EXIT_STACK_OVERFLOW);
    }
    signal(number, SIG_DFL); /* returns to the faulting instruction, which now ends the process by the signal */
}

/* The handler needs a stack of its own when the thread's is used up. */
static void *run_thread(void *unused) {
    static unsigned char handler_stack[1 << 16];
    const stack_t alternate = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack};
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    stack_t before;
    (void)unused;
    sigaltstack(&alternate, &before);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    exit_code = mcu_harness_main(adapter_index);
    sigaltstack(&before, NULL); /* a sanitizer unmaps its own */
    return NULL;
}

/* An endless loop in the network must not outlive the program that started this one. */
static void *watch_parent(void *unused) {
    const pid_t parent = getppid();
    (void)unused;
    while (getppid() == parent) {
        sleep(2);
    }
    _exit(1);
}

int main(int argc, char **argv) {
    const struct rlimit no_core = {0, 0};
    pthread_t thread, watch;
    pthread_attr_t attributes;
    if (argc != 2) {
        return 2;
    }
    adapter_index = atoi(argv[1]);
    setrlimit(RLIMIT_CORE, &no_core);
    guard = mmap(NULL, GUARD_BYTES + STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (guard == MAP_FAILED || mprotect(guard, GUARD_BYTES, PROT_NONE) != 0) {
        return 2;
    }
    pthread_attr_init(&attributes);
    if (pthread_create(&watch, NULL, watch_parent, NULL) != 0 || pthread_attr_setstack(&attributes, guard + GUARD_BYTES, STACK_BYTES) != 0 ||
        pthread_create(&thread, &attributes, run_thread, NULL) != 0) {
        return 2;
    }
    pthread_join(thread, NULL);
    return exit_code;
}
