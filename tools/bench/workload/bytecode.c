// Indirect jumps: an interpreter for a small register machine, running the search for the start below
// LIMIT whose Collatz sequence is the longest.

#include "workload.h"

enum { LIMIT = 3000, LONGEST_START = 2919, LONGEST_STEPS = 216 };

enum opcode { LOAD_CONSTANT, MOVE, ADD, ADD_CONSTANT, HALVE, TRIPLE, JUMP, JUMP_IF_ODD, JUMP_IF_LESS, HALT };

struct instruction {
  uint8_t opcode;
  uint8_t target;
  uint8_t source;
  uint8_t destination;
  int32_t constant;
};

enum { START, N, STEPS, BEST_START, BEST_STEPS, ONE, END, REGISTERS };

// Jumps name the index of an instruction in `destination`.
static const struct instruction program[] = {
    /*  0 */ {LOAD_CONSTANT, START, 0, 0, 1},
    /*  1 */ {LOAD_CONSTANT, ONE, 0, 0, 1},
    /*  2 */ {LOAD_CONSTANT, END, 0, 0, LIMIT},
    /*  3 */ {MOVE, N, START, 0, 0},
    /*  4 */ {LOAD_CONSTANT, STEPS, 0, 0, 0},
    /*  5 */ {JUMP_IF_LESS, ONE, N, 7, 0},
    /*  6 */ {JUMP, 0, 0, 13, 0},
    /*  7 */ {ADD_CONSTANT, STEPS, 0, 0, 1},
    /*  8 */ {JUMP_IF_ODD, N, 0, 11, 0},
    /*  9 */ {HALVE, N, 0, 0, 0},
    /* 10 */ {JUMP, 0, 0, 5, 0},
    /* 11 */ {TRIPLE, N, 0, 0, 1},
    /* 12 */ {JUMP, 0, 0, 5, 0},
    /* 13 */ {JUMP_IF_LESS, BEST_STEPS, STEPS, 15, 0},
    /* 14 */ {JUMP, 0, 0, 17, 0},
    /* 15 */ {MOVE, BEST_STEPS, STEPS, 0, 0},
    /* 16 */ {MOVE, BEST_START, START, 0, 0},
    /* 17 */ {ADD, START, ONE, 0, 0},
    /* 18 */ {JUMP_IF_LESS, START, END, 3, 0},
    /* 19 */ {HALT, 0, 0, 0, 0},
};

static uint64_t run(void) {
  uint64_t registers[REGISTERS] = {0};
  const struct instruction *next = program;
  for (;;) {
    const struct instruction *now = next++;
    uint64_t *target = &registers[now->target];
    uint64_t source = registers[now->source];
    switch ((enum opcode)now->opcode) {
    case LOAD_CONSTANT:
      *target = (uint64_t)now->constant;
      break;
    case MOVE:
      *target = source;
      break;
    case ADD:
      *target += source;
      break;
    case ADD_CONSTANT:
      *target += (uint64_t)now->constant;
      break;
    case HALVE:
      *target >>= 1;
      break;
    case TRIPLE:
      *target = *target * 3 + (uint64_t)now->constant;
      break;
    case JUMP:
      next = program + now->destination;
      break;
    case JUMP_IF_ODD:
      if ((*target & 1) != 0)
        next = program + now->destination;
      break;
    case JUMP_IF_LESS:
      if (*target < source)
        next = program + now->destination;
      break;
    case HALT:
      return registers[BEST_START] << 32 | registers[BEST_STEPS];
    }
  }
}

const struct workload workload = {
    .name = "bytecode", .checksum = (uint64_t)LONGEST_START << 32 | LONGEST_STEPS, .run = run};
