#include "sgemm.hpp"

#include <dnnl.h>
#include <omp.h>

namespace credence::cpu {
namespace {

struct Layout {
  char transposed;  // 'N', 'T', or 0 where BLAS cannot say it
  int64_t leading;
};

Layout layoutOf(int64_t rows, int64_t cols, int64_t rowStride, int64_t colStride) {
  if (colStride == 1 || cols == 1) {
    if (rows == 1) return {'N', cols};
    if (rowStride >= cols) return {'N', rowStride};
  }
  if (rowStride == 1 || rows == 1) {
    if (cols == 1) return {'T', rows};
    if (colStride >= rows) return {'T', colStride};
  }
  return {0, 0};
}

}  // namespace

bool isBlasProduct(const Product& p) {
  return p.k > 0 && layoutOf(p.m, p.k, p.aRow, p.aCol).transposed && layoutOf(p.k, p.n, p.bRow, p.bCol).transposed &&
         (p.m == 1 || p.cRow >= p.n);
}

void sgemm(const Product& p) {
  // oneDNN here runs on OpenMP, whose thread count is a setting of the calling thread.
  thread_local const bool alone = (omp_set_num_threads(1), true);
  static_cast<void>(alone);
  const Layout a = layoutOf(p.m, p.k, p.aRow, p.aCol);
  const Layout b = layoutOf(p.k, p.n, p.bRow, p.bCol);
  dnnl_sgemm(a.transposed, b.transposed, p.m, p.n, p.k, 1.0f, static_cast<const float*>(p.a), a.leading,
             static_cast<const float*>(p.b), b.leading, p.accumulate ? 1.0f : 0.0f, static_cast<float*>(p.c),
             p.m == 1 ? p.n : p.cRow);
}

}  // namespace credence::cpu
