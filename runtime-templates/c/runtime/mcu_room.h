/* Room on the stack for what may change a layer; written for each network, 8 at most. */
#ifndef MCU_ROOM_H
#define MCU_ROOM_H

#define MCU_TERMS 8 /* delta images at once; low-rank terms, and streams of differences, of one layer */

#endif
