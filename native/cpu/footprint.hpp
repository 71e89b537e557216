// What instructions touch.
#pragma once

#include <credence/plan.hpp>
#include <vector>

namespace credence::cpu {

/// An estimate of the bytes that an instruction reads and writes of the arrays that its parts divide; broadcast dimensions count once.
double bytesOf(const Cluster& cluster);
double bytesOf(const Reduce& reduce);
double bytesOf(const Matmul& matmul);
double bytesOf(const Rows& rows);

/// The same of what every part reads, whichever it is.
double wholeBytesOf(const Cluster& cluster);
double wholeBytesOf(const Matmul& matmul);

/// The slots that move with a loop.
std::vector<uint32_t> slicesOf(const Loop& loop, const std::vector<Slot>& slots);

}  // namespace credence::cpu
