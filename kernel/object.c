#include "object.h"
#include "channel.h"
#include "interrupt.h"
#include "memory.h"
#include "notification.h"
#include "pool.h"
#include "process.h"

typedef void destroyer(void *object);

// Destructors undo what an object does; its own memory is given back here.
static struct kind {
  struct pool pool;
  destroyer *destroy;
} kinds[] = {
    [OBJECT_PROCESS] = {POOL(sizeof(struct process)), (destroyer *)process_destroy},
    [OBJECT_THREAD] = {POOL(sizeof(struct thread)), (destroyer *)thread_destroy},
    [OBJECT_ENDPOINT] = {POOL(sizeof(struct channel)), (destroyer *)channel_destroy},
    [OBJECT_NOTIFICATION] = {POOL(sizeof(struct notification)), (destroyer *)notification_destroy},
    [OBJECT_PORT] = {POOL(sizeof(struct channel)), (destroyer *)channel_destroy},
    [OBJECT_MEMORY] = {POOL(sizeof(struct memory)), (destroyer *)memory_destroy},
    [OBJECT_INTERRUPT] = {POOL(sizeof(struct interrupt)), (destroyer *)interrupt_destroy},
    [OBJECT_TIMER] = {POOL(sizeof(struct timer)), (destroyer *)timer_destroy},
    [OBJECT_REPLY] = {POOL(sizeof(struct reply)), (destroyer *)reply_destroy},
    [OBJECT_MACHINE] = {POOL(sizeof(struct object)), NULL},
};

void *object_create(enum object_type type, struct quota *quota) {
  struct kind *kind = &kinds[type];
  struct object *object = quota_allocate(quota, &kind->pool);
  if (object == NULL)
    return NULL;
  *object = (struct object){.type = type, .references = 1, .quota = quota};
  quota_retain(quota);
  return object;
}

void object_release(struct object *object) {
  if (--object->references > 0)
    return;
  struct kind *kind = &kinds[object->type];
  struct quota *quota = object->quota;
  if (kind->destroy != NULL)
    kind->destroy(object);
  quota_free(quota, &kind->pool, object);
  quota_release(quota);
}

uint64_t object_count(enum object_type type) { return kinds[type].pool.in_use; }
