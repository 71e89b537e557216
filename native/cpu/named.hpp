// One name per instruction set for the entry points of the loops: cluster_v3, reduce_v3, ...
#pragma once

#include "kernels.hpp"

#define CREDENCE_JOIN(a, b) a##_##b
#define CREDENCE_JOINED(a, b) CREDENCE_JOIN(a, b)
#define CREDENCE_NAMED(name) CREDENCE_JOINED(name, CREDENCE_ISA)
