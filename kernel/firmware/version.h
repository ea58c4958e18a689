#pragma once
// The firmware's own version.

#define VERSION_MAJOR 0
#define VERSION_MINOR 1
