#include "processor.h"

static _Thread_local struct processor *self;

struct processor *processor_self(void) { return self; }

void processor_set_self(struct processor *processor) { self = processor; }
