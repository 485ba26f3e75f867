/*
 * Two operands of an element-wise kernel seen in the output's shape: runs of inner elements, in each of which an operand
 * advances by a step of 1, or of 0 where it repeats.
 */
#ifndef MCU_BROADCAST_H
#define MCU_BROADCAST_H

#include "mcu_runtime.h"

typedef struct {
    uint32_t inner;
    uint16_t outer[3];
    uint32_t a_stride[3], b_stride[3]; /* 0 where the operand repeats */
    uint8_t a_step, b_step;
} mcu_broadcast;

static inline uint32_t mcu_broadcast_runs(const mcu_broadcast *shape)
{
    return (uint32_t)shape->outer[0] * shape->outer[1] * shape->outer[2];
}

/* Offset of an operand at the start of a run. */
static inline size_t mcu_broadcast_offset(const mcu_broadcast *shape, const uint32_t *stride, uint32_t run)
{
    const uint32_t last = run % shape->outer[2];
    const uint32_t rest = run / shape->outer[2];
    return (size_t)(rest / shape->outer[1]) * (size_t)stride[0] + (size_t)(rest % shape->outer[1]) * (size_t)stride[1] +
           (size_t)last * (size_t)stride[2];
}

#endif
