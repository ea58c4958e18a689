#include "deadline.h"

static struct deadline *root;

// Of two heaps (neither has a sibling), the later becomes the first child of the earlier.
static struct deadline *meld(struct deadline *a, struct deadline *b) {
  if (a == NULL || b == NULL)
    return a == NULL ? b : a;
  if (b->time < a->time) {
    struct deadline *swap = a;
    a = b;
    b = swap;
  }
  b->sibling = a->child;
  if (b->sibling != NULL)
    b->sibling->place = &b->sibling;
  a->child = b;
  b->place = &a->child;
  return a;
}

static void set_root(struct deadline *deadline) {
  root = deadline;
  if (root != NULL)
    root->place = &root;
}

// Melds siblings by pairs from the left, then the pairs from the right: what makes the heap's costs
// logarithmic.
static struct deadline *meld_siblings(struct deadline *first) {
  struct deadline *pairs = NULL; // the last pair first, linked by `sibling`
  while (first != NULL) {
    struct deadline *a = first, *b = a->sibling;
    first = b == NULL ? NULL : b->sibling;
    a->sibling = NULL;
    if (b != NULL)
      b->sibling = NULL;
    struct deadline *pair = meld(a, b);
    pair->sibling = pairs;
    pairs = pair;
  }
  struct deadline *heap = NULL;
  while (pairs != NULL) {
    struct deadline *pair = pairs;
    pairs = pair->sibling;
    pair->sibling = NULL;
    heap = meld(heap, pair);
  }
  return heap;
}

void deadline_set(struct deadline *deadline, uint64_t time, void (*expired)(struct deadline *deadline)) {
  *deadline = (struct deadline){.time = time, .expired = expired};
  set_root(meld(root, deadline));
}

void deadline_clear(struct deadline *deadline) {
  if (deadline->place == NULL)
    return;
  bool was_root = deadline->place == &root;
  *deadline->place = deadline->sibling;
  if (deadline->sibling != NULL)
    deadline->sibling->place = deadline->place;
  struct deadline *orphans = meld_siblings(deadline->child);
  deadline->place = NULL;
  deadline->child = deadline->sibling = NULL;
  set_root(was_root ? orphans : meld(root, orphans));
}

uint64_t deadline_first(void) { return root == NULL ? UINT64_MAX : root->time; }

void deadline_expire(uint64_t now, unsigned most) {
  for (; most > 0 && root != NULL && root->time <= now; most--) {
    struct deadline *deadline = root;
    deadline_clear(deadline);
    deadline->expired(deadline);
  }
}
