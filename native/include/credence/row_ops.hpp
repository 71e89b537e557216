// The row operations: one table row each, in the order of their codes, which start at 1.
//
// CREDENCE_ROW_OPS(X) calls X(name, Functor, form, inputs, outputs, typing):
//   form    how the body runs (row_block.hpp): row, lanes, wide, range
//   typing  what T is: real (f32 or f64) or bytes (any type, by width), both as the first output; word (u32); none
#pragma once

#include <credence/birth_death.hpp>
#include <credence/eigen.hpp>
#include <credence/fft.hpp>
#include <credence/gather.hpp>
#include <credence/gravity.hpp>
#include <credence/linalg.hpp>
#include <credence/lu.hpp>
#include <credence/nuts.hpp>
#include <credence/random.hpp>
#include <credence/recurrence.hpp>
#include <credence/sort.hpp>
#include <credence/spline.hpp>
#include <credence/windows.hpp>

namespace credence {

#define CREDENCE_ROW_OPS(X)                                                  \
  X(randomBits, RandomBits, lanes, 1, 1, word)                               \
  X(randomUniform, RandomUniform, lanes, 1, 1, real)                         \
  X(randomNormal, RandomNormal, lanes, 1, 1, real)                           \
  X(randomGamma, RandomGamma, row, 2, 1, real)                               \
  X(randomPoisson, RandomPoisson, row, 2, 1, real)                           \
  X(randomBinomial, RandomBinomial, row, 3, 1, real)                         \
  X(randomFold, RandomFold, row, 2, 1, none)                                 \
  X(permutation, Permutation, row, 1, 1, none)                               \
  X(rationalQuadratic, RationalQuadratic, lanes, 2, 2, real)                 \
  X(rationalQuadraticReverse, RationalQuadraticReverse, lanes, 4, 2, real)   \
  X(cholesky, Cholesky, row, 1, 1, real)                                     \
  X(triangularSolve, TriangularSolve, row, 2, 1, real)                       \
  X(lu, Lu, row, 1, 2, real)                                                 \
  X(luSolve, LuSolve, row, 4, 1, real)                                       \
  X(luLogDeterminant, LuLogDeterminant, row, 3, 2, real)                     \
  X(eigenSymmetric, EigenSymmetric, row, 1, 3, real)                         \
  X(fft, Fft, row, 3, 3, real)                                               \
  X(rfft, Rfft, row, 2, 3, real)                                             \
  X(irfft, Irfft, row, 3, 2, real)                                           \
  X(windows, Windows, row, 1, 1, real)                                       \
  X(windowsAdd, WindowsAdd, row, 1, 1, real)                                 \
  X(sort, Sort, row, 1, 2, real)                                             \
  X(cumsum, Cumsum, row, 1, 1, real)                                         \
  X(linearRecurrence, LinearRecurrence, row, 2, 1, real)                     \
  X(gather, Gather, row, 2, 1, bytes)                                        \
  X(scatterAdd, ScatterAdd, row, 2, 1, real)                                 \
  X(birthDeathStep, BirthDeathStep, row, 6, 1, real)                         \
  X(birthDeathEvents, BirthDeathEvents, range, 4, 2, real)                   \
  X(birthDeathLogTransition, BirthDeathLogTransition, wide, 6, 1, real)      \
  X(prismField, PrismField, range, 2, 1, real)                               \
  X(meshField, MeshField, range, 4, 1, real)                                 \
  X(nutsLeaf, NutsLeaf, range, 7, 1, real)

enum class RowForm : std::uint8_t { row, lanes, wide, range };
enum class RowTyping : std::uint8_t { real, bytes, word, none };

enum class RowOpCode : std::uint32_t {
  unknown = 0,
#define CREDENCE_ENUMERATOR(name, Functor, form, inputs, outputs, typing) Functor,
  CREDENCE_ROW_OPS(CREDENCE_ENUMERATOR)
#undef CREDENCE_ENUMERATOR
  end
};
constexpr int rowOpCount = int(RowOpCode::end) - 1;

}  // namespace credence
