// The field of prisms and of the cells of a mesh, as gravity.hpp defines it. A row is one place and as long as there are bodies, so
// that a thread to a row would leave the device idle: a thread takes a prism, or a node of the mesh.
#include <credence/gravity.hpp>

#include "kernels.hpp"
#include "launch.hpp"

namespace credence::cuda {
namespace {

__device__ RowBlock resolved(const RowsProgram& p, uint8_t* const* slots) {
  RowBlock block = p.block;
  for (uint32_t i = 0; i < p.operandCount; ++i) block.operands[i].data = addressOf(p.places[i], slots);
  return block;
}

template <class T, class Antiderivative>
__global__ void prismFieldKernel(RowsProgram p, uint8_t* const* slots) {
  const RowBlock block = resolved(p, slots);
  for (int64_t at = threadNumber(); at < p.rows * block.operands[2].rowLength; at += threadCount())
    PrismField::elements<double, T>(block, at, 1, Antiderivative{});
}

// A block has a tile of nodes, one to a thread, and goes up through the planes: what cells between four threads' nodes need of a
// plane passes through shared memory, and is kept for the next one by the thread in their south-western corner.
constexpr int tileX = 32, tileY = 8;
template <class T, class Antiderivative>
__global__ void __launch_bounds__(tileX* tileY) meshFieldKernel(RowsProgram p, uint8_t* const* slots) {
  const RowBlock block = resolved(p, slots);
  const int64_t nx = block.integers[1], ny = block.integers[2], nz = block.integers[3];
  const int64_t across = (nx + tileX - 2) / (tileX - 1), along = (ny + tileY - 2) / (tileY - 1);
  double(*nodes)[tileX] = sharedArray<double[tileX]>();
  const int i = int(threadIdx.x) % tileX, j = int(threadIdx.x) / tileX;
  for (int64_t at = blockIdx.x; at < p.rows * across * along; at += gridDim.x) {
    const int64_t row = at / (across * along), x = at % across * (tileX - 1) + i, y = at / across % along * (tileY - 1) + j;
    const double *place = block.at<double>(0, row), *z = block.at<double>(3, row);
    const double fromX = x <= nx ? block.at<double>(1, row)[x] - place[0] : 1, fromY = y <= ny ? block.at<double>(2, row)[y] - place[1] : 1;
    const bool hasCell = i < tileX - 1 && j < tileY - 1 && x < nx && y < ny;
    T* to = block.at<T>(4, row) + y * nx + x;
    double below = 0;
    for (int64_t k = 0; k <= nz; ++k) {
      nodes[j][i] = Antiderivative{}(fromX, fromY, z[k] - place[2]);
      __syncthreads();
      if (hasCell) {
        const double face = (nodes[j + 1][i + 1] - nodes[j + 1][i]) - (nodes[j][i + 1] - nodes[j][i]);
        if (k > 0) to[(k - 1) * ny * nx] = T(block.numbers[0] * (face - below));
        below = face;
      }
      __syncthreads();
    }
  }
}

// f(T{}, antiderivative): a kernel for each, so that a thread decides nothing.
template <class F>
void dispatch(const RowsProgram& p, F f) {
  switch (FieldDerivative(p.block.integers[0])) {
#define CREDENCE_CASE(name)                                                                                             \
  case FieldDerivative::name:                                                                                           \
    if (p.type == Type::f32) return f(float{}, FieldAntiderivative<FieldDerivative::name, double>{});                   \
    return f(double{}, FieldAntiderivative<FieldDerivative::name, double>{});
    CREDENCE_FIELD_DERIVATIVES(CREDENCE_CASE)
#undef CREDENCE_CASE
  }
}

}  // namespace

void launchPrismField(const RowsProgram& program, const RunMemory& memory, Recorder& recorder) {
  const int64_t elements = program.rows * program.block.operands[2].rowLength;
  if (elements == 0) return;
  dispatch(program, [&](auto zero, auto antiderivative) {
    launch(recorder, "field of prisms", prismFieldKernel<decltype(zero), decltype(antiderivative)>, blocksFor(elements), blockThreads, 0, program,
           memory.slots);
  });
}

void launchMeshField(const RowsProgram& program, const RunMemory& memory, Recorder& recorder) {
  const int64_t nx = program.block.integers[1], ny = program.block.integers[2];
  const int64_t tiles = program.rows * ((nx + tileX - 2) / (tileX - 1)) * ((ny + tileY - 2) / (tileY - 1));
  dispatch(program, [&](auto zero, auto antiderivative) {
    launch(recorder, "field of a mesh", meshFieldKernel<decltype(zero), decltype(antiderivative)>, blocksFor(tiles, 1), tileX * tileY,
           sizeof(double) * tileX * tileY, program, memory.slots);
  });
}

}  // namespace credence::cuda
