#pragma once
// Redirections, and undoing them.

#include "syntax.h"

#define SAVED_DESCRIPTORS 16

// What the descriptors were before.
struct saved_descriptors {
  int count;
  int descriptor[SAVED_DESCRIPTORS], copy[SAVED_DESCRIPTORS]; // a copy of -1: it was not open
};

// False, after a message, when one cannot be done. `saved` may be NULL when nothing will be undone.
bool redirect(struct redirection *redirections, struct saved_descriptors *saved);
void redirect_back(struct saved_descriptors *saved);
