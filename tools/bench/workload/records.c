// The statements that Dhrystone made customary: records assigned whole, strings copied and compared, small
// procedures with arguments by value and by reference. A warehouse fills orders for its parts.

#include "workload.h"

enum { PARTS = 64, BUCKETS = 32, ORDERS = 512, NAME_BYTES = 32, NOTE_BYTES = 32 };

enum kind { BAR, GEAR, SPRING, KINDS };

struct part {
  struct part *next_in_bucket;
  enum kind kind;
  int32_t stock;
  union {
    struct {
      int32_t millimetres;
      char alloy;
    } bar;
    struct {
      int32_t teeth;
      int32_t bore;
    } gear;
    struct {
      int64_t stiffness;
    } spring;
  };
  char name[NAME_BYTES];
};

struct order {
  struct part part;
  int32_t wanted, granted;
  char note[NOTE_BYTES];
};

static struct part parts[PARTS];
static struct part *buckets[BUCKETS];
static struct order last_order;
static int32_t granted_by_kind[KINDS];
static int32_t refused;

// Calls are what is measured, so nothing of this may be inlined.
#define PROCEDURE __attribute__((noinline)) static

PROCEDURE char *copy_string(char *to, const char *from) {
  while ((*to = *from) != 0)
    to++, from++;
  return to;
}

PROCEDURE int compare_strings(const char *a, const char *b) {
  while (*a != 0 && *a == *b)
    a++, b++;
  return (uint8_t)*a - (uint8_t)*b;
}

PROCEDURE void append_number(char *to, int32_t number) {
  to[0] = (char)('0' + number / 10);
  to[1] = (char)('0' + number % 10);
  to[2] = 0;
}

PROCEDURE enum kind kind_of(int32_t number) { return (enum kind)(number % KINDS); }

PROCEDURE void name_part(char *name, int32_t number) {
  static const char *const prefixes[KINDS] = {"warehouse 4, round bar no. ", "warehouse 4, spur gear no. ",
                                              "warehouse 4, leaf spring "};
  append_number(copy_string(name, prefixes[kind_of(number)]), number);
}

PROCEDURE uint32_t bucket_of(const char *name) {
  uint32_t hash = 5381;
  for (; *name != 0; name++)
    hash = hash * 33 + (uint8_t)*name;
  return hash / 7 % BUCKETS;
}

PROCEDURE void set_up_part(struct part *part, int32_t number) {
  struct part fresh = {.kind = kind_of(number), .stock = 20 + number % 13};
  switch (fresh.kind) {
  case BAR:
    fresh.bar.millimetres = 100 * number;
    fresh.bar.alloy = (char)('A' + number % 26);
    break;
  case GEAR:
    fresh.gear.teeth = 12 + number;
    fresh.gear.bore = number / 3;
    break;
  default:
    fresh.spring.stiffness = (int64_t)number << 33;
    break;
  }
  name_part(fresh.name, number);
  struct part **bucket = &buckets[bucket_of(fresh.name)];
  fresh.next_in_bucket = *bucket;
  *part = fresh;
  *bucket = part;
}

PROCEDURE bool find_part(const char *name, struct part **found) {
  struct part *part = buckets[bucket_of(name)];
  while (part != NULL && compare_strings(part->name, name) != 0)
    part = part->next_in_bucket;
  *found = part;
  return part != NULL;
}

PROCEDURE int32_t price_of(const struct part *part, int32_t count) {
  switch (part->kind) {
  case BAR:
    return count * part->bar.millimetres / (part->bar.alloy - 'A' + 1);
  case GEAR:
    return count * (part->gear.teeth + part->gear.bore) * 9;
  default:
    return count + (int32_t)(part->spring.stiffness >> 33);
  }
}

PROCEDURE int32_t lesser(int32_t a, int32_t b) { return a < b ? a : b; }

PROCEDURE void take(int32_t *stock, int32_t count) {
  *stock -= count;
  if (*stock == 0)
    *stock = 25;
}

PROCEDURE int32_t fill(struct order *order, struct part *part) {
  order->part = *part;
  order->granted = lesser(order->wanted, part->stock);
  take(&part->stock, order->granted);
  granted_by_kind[part->kind] += order->granted;
  int32_t price = price_of(&order->part, order->granted);
  append_number(copy_string(order->note, "granted, with invoice number "), price % 100);
  last_order = *order;
  return price;
}

static uint64_t run(void) {
  uint64_t random = 0x6a09e667f3bcc909;
  for (int i = 0; i < BUCKETS; i++)
    buckets[i] = NULL;
  for (int i = 0; i < KINDS; i++)
    granted_by_kind[i] = 0;
  for (int32_t number = 0; number < PARTS; number++)
    set_up_part(&parts[number], number);
  refused = 0;
  uint64_t checksum = 0;
  for (int i = 0; i < ORDERS; i++) {
    uint64_t bits = next_random(&random);
    struct order order = {.wanted = (int32_t)(bits >> 32 & 15)};
    char name[NAME_BYTES];
    // One in eight asks for what the warehouse does not have.
    name_part(name, (int32_t)(bits % (PARTS + PARTS / 7)));
    struct part *part;
    if (find_part(name, &part))
      checksum = fold(checksum, (uint64_t)fill(&order, part));
    else
      refused++;
    if (compare_strings(last_order.note, "granted, with invoice number 42") == 0)
      checksum++;
  }
  for (int i = 0; i < KINDS; i++)
    checksum = fold(checksum, (uint64_t)granted_by_kind[i]);
  return fold(checksum, (uint64_t)refused);
}

const struct workload workload = {.name = "records", .checksum = 0x10490e46ddb57e0a, .run = run};
