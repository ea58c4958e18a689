// Double precision: a star and four planets under gravity, by symplectic Euler steps.

#include "workload.h"

enum { BODIES = 5, STEPS = 500 };

struct body {
  double position[3];
  double velocity[3];
  double mass;
};

// Astronomical units and days. Masses are in units that make the gravitational constant 1.
static const double solar_mass = 2.959122082855911e-4; // the Gaussian gravitational constant, squared
static const double step_days = 1.0;

// Where a planet starts: at `radius` in the direction of a unit vector, on a circular orbit.
static const struct planet {
  double radius, x, y, mass;
} planets[BODIES - 1] = {
    {5.2, 3.0 / 5, 4.0 / 5, 9.547e-4},
    {9.6, -5.0 / 13, 12.0 / 13, 2.858e-4},
    {19.2, 15.0 / 17, -8.0 / 17, 4.366e-5},
    {30.1, -24.0 / 25, -7.0 / 25, 5.151e-5},
};

static struct body bodies[BODIES];

static void place_bodies(void) {
  bodies[0] = (struct body){.mass = solar_mass};
  for (int i = 1; i < BODIES; i++) {
    const struct planet *planet = &planets[i - 1];
    double speed = __builtin_sqrt(solar_mass / planet->radius);
    bodies[i] = (struct body){
        .position = {planet->radius * planet->x, planet->radius * planet->y, 0.01 * i},
        .velocity = {-speed * planet->y, speed * planet->x, 0},
        .mass = planet->mass * solar_mass,
    };
  }
}

static void advance(void) {
  for (int i = 0; i < BODIES; i++)
    for (int j = i + 1; j < BODIES; j++) {
      double distance[3], square = 0;
      for (int axis = 0; axis < 3; axis++) {
        distance[axis] = bodies[i].position[axis] - bodies[j].position[axis];
        square += distance[axis] * distance[axis];
      }
      double pull = step_days / (square * __builtin_sqrt(square));
      for (int axis = 0; axis < 3; axis++) {
        bodies[i].velocity[axis] -= distance[axis] * bodies[j].mass * pull;
        bodies[j].velocity[axis] += distance[axis] * bodies[i].mass * pull;
      }
    }
  for (int i = 0; i < BODIES; i++)
    for (int axis = 0; axis < 3; axis++)
      bodies[i].position[axis] += step_days * bodies[i].velocity[axis];
}

static double energy(void) {
  double sum = 0;
  for (int i = 0; i < BODIES; i++) {
    for (int axis = 0; axis < 3; axis++)
      sum += 0.5 * bodies[i].mass * bodies[i].velocity[axis] * bodies[i].velocity[axis];
    for (int j = i + 1; j < BODIES; j++) {
      double square = 0;
      for (int axis = 0; axis < 3; axis++) {
        double distance = bodies[i].position[axis] - bodies[j].position[axis];
        square += distance * distance;
      }
      sum -= bodies[i].mass * bodies[j].mass / __builtin_sqrt(square);
    }
  }
  return sum;
}

static uint64_t bits_of(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static uint64_t run(void) {
  place_bodies();
  double before = energy();
  for (int step = 0; step < STEPS; step++)
    advance();
  double drift = (energy() - before) / before;
  // Arithmetic that is a little wrong may still give some number: energy must be conserved as well.
  if (!(drift < 1e-3 && drift > -1e-3))
    return 0;
  uint64_t checksum = 0;
  for (int i = 0; i < BODIES; i++)
    for (int axis = 0; axis < 3; axis++)
      checksum = fold(checksum, bits_of(bodies[i].position[axis]));
  return checksum;
}

const struct workload workload = {
    .name = "nbody", .checksum = FUSED_OR_NOT(0xf28470cab0bfc567, 0x5389cdb4712e0cdf), .run = run};
