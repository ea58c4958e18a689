// The integer mix that CoreMark made customary: linked lists, matrices, a state machine, and a CRC-16
// over the results of all three.

#include "workload.h"

enum { NODES = 256, SIZE = 24, INPUT_BYTES = 512 };

struct node {
  struct node *next;
  uint16_t key;
  uint16_t value;
};

static struct node nodes[NODES];
static int16_t a[SIZE][SIZE], b[SIZE][SIZE];
static int32_t product[SIZE][SIZE];
static char input[INPUT_BYTES + 1];

static uint16_t crc16(uint16_t crc, uint32_t value) {
  for (int bit = 0; bit < 32; bit++) {
    bool carry = ((crc ^ value >> bit) & 1) != 0;
    crc = (uint16_t)(crc >> 1 ^ (carry ? 0xa001 : 0));
  }
  return crc;
}

// Lists

static struct node *build_list(uint64_t *random) {
  struct node *head = NULL;
  for (int i = 0; i < NODES; i++) {
    uint64_t bits = next_random(random);
    nodes[i] = (struct node){.next = head, .key = (uint16_t)bits, .value = (uint16_t)(bits >> 16)};
    head = &nodes[i];
  }
  return head;
}

static struct node *reverse(struct node *list) {
  struct node *reversed = NULL;
  while (list != NULL) {
    struct node *next = list->next;
    list->next = reversed;
    reversed = list;
    list = next;
  }
  return reversed;
}

static struct node *merge(struct node *left, struct node *right) {
  struct node *head = NULL;
  struct node **tail = &head;
  while (left != NULL && right != NULL) {
    struct node **lesser = left->key <= right->key ? &left : &right;
    *tail = *lesser;
    tail = &(*tail)->next;
    *lesser = *tail;
  }
  *tail = left != NULL ? left : right;
  return head;
}

static struct node *sort(struct node *list) {
  if (list == NULL || list->next == NULL)
    return list;
  struct node *slow = list;
  for (struct node *fast = list->next; fast != NULL && fast->next != NULL; fast = fast->next->next)
    slow = slow->next;
  struct node *right = slow->next;
  slow->next = NULL;
  return merge(sort(list), sort(right));
}

static const struct node *find(const struct node *list, uint16_t key) {
  while (list != NULL && list->key != key)
    list = list->next;
  return list;
}

static uint16_t exercise_lists(uint16_t crc, uint64_t *random) {
  struct node *list = build_list(random);
  for (int i = 0; i < NODES; i += 8) {
    const struct node *found = find(list, nodes[i].key);
    crc = crc16(crc, found->value);
  }
  list = reverse(sort(list));
  for (const struct node *node = list; node != NULL; node = node->next)
    crc = crc16(crc, (uint32_t)node->key << 16 | node->value);
  return crc;
}

// Matrices

static uint16_t exercise_matrices(uint16_t crc, uint64_t *random) {
  for (int row = 0; row < SIZE; row++)
    for (int column = 0; column < SIZE; column++) {
      uint64_t bits = next_random(random);
      a[row][column] = (int16_t)(bits & 0x3ff);
      b[row][column] = (int16_t)(bits >> 16 & 0x3ff);
    }
  for (int row = 0; row < SIZE; row++)
    for (int column = 0; column < SIZE; column++) {
      int32_t sum = 0;
      for (int i = 0; i < SIZE; i++)
        sum += a[row][i] * b[i][column];
      product[row][column] = sum;
    }
  int32_t trace = 0;
  for (int row = 0; row < SIZE; row++) {
    trace += product[row][row];
    for (int column = 0; column < SIZE; column++)
      trace ^= (product[row][column] >> 3 & 0xf) * (product[column][row] >> 7 & 0x7f);
  }
  return crc16(crc, (uint32_t)trace);
}

// A state machine that tells the kinds of numbers in a comma-separated text apart

enum state { BEGIN, SIGN, INTEGER, POINT, FRACTION, EXPONENT, EXPONENT_SIGN, SCIENTIFIC, INVALID, STATES };

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_sign(char c) { return c == '+' || c == '-'; }
static bool is_exponent(char c) { return c == 'e' || c == 'E'; }

static enum state step(enum state state, char c) {
  switch (state) {
  case BEGIN:
    return is_digit(c) ? INTEGER : is_sign(c) ? SIGN : c == '.' ? POINT : INVALID;
  case SIGN:
    return is_digit(c) ? INTEGER : c == '.' ? POINT : INVALID;
  case INTEGER:
    return is_digit(c) ? INTEGER : c == '.' ? FRACTION : is_exponent(c) ? EXPONENT : INVALID;
  case POINT:
    return is_digit(c) ? FRACTION : INVALID;
  case FRACTION:
    return is_digit(c) ? FRACTION : is_exponent(c) ? EXPONENT : INVALID;
  case EXPONENT:
    return is_digit(c) ? SCIENTIFIC : is_sign(c) ? EXPONENT_SIGN : INVALID;
  case EXPONENT_SIGN:
  case SCIENTIFIC:
    return is_digit(c) ? SCIENTIFIC : INVALID;
  default:
    return INVALID;
  }
}

static uint16_t exercise_state_machine(uint16_t crc, uint64_t *random) {
  static const char alphabet[] = "0123456789+-.eE,0123456789,.4,7,";
  for (int i = 0; i < INPUT_BYTES; i++)
    input[i] = alphabet[next_random(random) % (sizeof alphabet - 1)];
  input[INPUT_BYTES] = 0;

  uint32_t ended_in[STATES] = {0};
  enum state state = BEGIN;
  for (const char *c = input; *c != 0; c++) {
    if (*c == ',') {
      ended_in[state]++;
      state = BEGIN;
    } else {
      state = step(state, *c);
    }
  }
  for (int i = 0; i < STATES; i++)
    crc = crc16(crc, ended_in[i]);
  return crc;
}

static uint64_t run(void) {
  uint64_t random = 0xda3e39cb94b95bdb;
  uint16_t crc = 0xffff;
  for (int turn = 0; turn < 4; turn++) {
    crc = exercise_lists(crc, &random);
    crc = exercise_matrices(crc, &random);
    crc = exercise_state_machine(crc, &random);
  }
  return crc;
}

const struct workload workload = {.name = "mix", .checksum = 0x5f8f, .run = run};
