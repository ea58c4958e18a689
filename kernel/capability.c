#include "capability.h"
#include "channel.h"

static uint64_t count;

uint64_t capability_count(void) { return count; }

static bool is_receiver(const struct capability *capability) {
  return (capability->rights & RIGHT_RECEIVE) != 0 &&
         (capability->type == OBJECT_ENDPOINT || capability->type == OBJECT_PORT);
}

static bool grow(struct capability_table *table) {
  if (table->places == MAX_HANDLES)
    return false;
  if (table->pages == NULL)
    table->pages = quota_allocate_page(table->quota);
  struct capability *page = table->pages == NULL ? NULL : quota_allocate_page(table->quota);
  if (page == NULL)
    return false;
  table->pages[table->places / CAPABILITIES_PER_PAGE] = page;
  for (unsigned i = CAPABILITIES_PER_PAGE; i-- > 0;) {
    page[i].handle = table->places + i;
    if (page[i].handle != 0) { // handle 0 means none
      page[i].next_sibling = table->free;
      table->free = &page[i];
    }
  }
  table->places += CAPABILITIES_PER_PAGE;
  return true;
}

static void adopt(struct capability *parent, struct capability *child) {
  child->parent = parent;
  child->previous_sibling = NULL;
  child->next_sibling = parent == NULL ? NULL : parent->first_child;
  if (child->next_sibling != NULL)
    child->next_sibling->previous_sibling = child;
  if (parent != NULL)
    parent->first_child = child;
}

static void leave_family(struct capability *capability) {
  struct capability *parent = capability->parent;
  if (capability->previous_sibling != NULL)
    capability->previous_sibling->next_sibling = capability->next_sibling;
  else if (parent != NULL)
    parent->first_child = capability->next_sibling;
  if (capability->next_sibling != NULL)
    capability->next_sibling->previous_sibling = capability->previous_sibling;
  while (capability->first_child != NULL) {
    struct capability *child = capability->first_child;
    capability->first_child = child->next_sibling;
    adopt(parent, child);
  }
}

struct capability *capability_add(struct capability_table *table, struct object *object, uint32_t rights,
                                  uint64_t badge, struct capability *parent) {
  if (table->free == NULL && !grow(table))
    return NULL;
  struct capability *capability = table->free;
  table->free = capability->next_sibling;
  *capability = (struct capability){
      .object = object,
      .badge = badge,
      .table = table,
      .rights = (uint16_t)rights,
      .type = (uint16_t)object->type,
      .handle = capability->handle,
  };
  adopt(parent, capability);
  object_retain(object);
  if (is_receiver(capability))
    ((struct channel *)object)->receive_rights++;
  table->count++;
  count++;
  return capability;
}

void capability_delete(struct capability *capability) {
  struct capability_table *table = capability->table;
  struct object *object = capability->object;
  bool was_receiver = is_receiver(capability);
  leave_family(capability);
  *capability = (struct capability){.handle = capability->handle, .next_sibling = table->free};
  table->free = capability;
  table->count--;
  count--;
  if (was_receiver && --((struct channel *)object)->receive_rights == 0)
    channel_close((struct channel *)object);
  object_release(object);
}

bool capability_revoke(struct capability *capability, unsigned most) {
  for (; most > 0 && capability->first_child != NULL; most--) {
    struct capability *leaf = capability->first_child;
    while (leaf->first_child != NULL)
      leaf = leaf->first_child;
    capability_delete(leaf);
  }
  return capability->first_child == NULL;
}

void capability_delete_all(struct capability_table *table) {
  for (uint32_t handle = 1; handle < table->places; handle++) {
    struct capability *capability = capability_at(table, handle);
    if (capability != NULL)
      capability_delete(capability);
  }
  for (uint32_t i = 0; i < table->places / CAPABILITIES_PER_PAGE; i++)
    quota_free_page(table->quota, table->pages[i]);
  if (table->pages != NULL)
    quota_free_page(table->quota, table->pages);
  *table = (struct capability_table){.quota = table->quota};
}
