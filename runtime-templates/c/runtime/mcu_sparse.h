/*
 * Changed weights of a layer as a stream of pairs: u8 gap, i8 difference, in the order of output * depth + column. A
 * cursor walks a stream as a kernel walks the outputs.
 */
#ifndef MCU_SPARSE_H
#define MCU_SPARSE_H

#include "mcu_linear.h"
#include "mcu_room.h"

typedef struct {
    const MCU_FLASH uint8_t *at;
    const MCU_FLASH uint8_t *end;
    int32_t column; /* of the entry before, seen from the row at hand */
} mcu_sparse_cursor;

typedef struct {
    mcu_sparse_cursor cursors[MCU_TERMS];
    unsigned count;
} mcu_sparse_walk;

/* Starts at the first output. */
static inline void mcu_sparse_open(mcu_sparse_walk *walk, const mcu_sparse *sparse)
{
    walk->count = 0;
    for (; sparse != NULL && walk->count < MCU_TERMS; sparse = sparse->next) {
        mcu_sparse_cursor *cursor = &walk->cursors[walk->count++];
        cursor->at = sparse->stream;
        cursor->end = sparse->stream + sparse->bytes;
        cursor->column = 0;
    }
}

/* Whether the row at hand has a further entry. */
static inline int mcu_sparse_is_here(const mcu_sparse_cursor *cursor, int32_t depth)
{
    return cursor->at != cursor->end && cursor->column + cursor->at[0] < depth;
}

/* Column of the row's next entry; -1 where there is none, and the cursor stands at the next row then. */
static inline int32_t mcu_sparse_next(mcu_sparse_cursor *cursor, int32_t depth, int32_t *difference)
{
    if (!mcu_sparse_is_here(cursor, depth)) {
        cursor->column -= depth;
        return -1;
    }
    cursor->column += cursor->at[0];
    *difference = (int8_t)cursor->at[1];
    cursor->at += 2;
    return cursor->column;
}

#endif
