// The f32 matrix product of oneDNN, on the calling thread alone.
#pragma once

#include "kernels.hpp"

namespace credence::cpu {

/// Whether the strides are ones that BLAS can express: one of them 1, the other at least the extent it steps over.
bool isBlasProduct(const Product& product);

/// C (+)= A B in one call of dnnl_sgemm; needs isBlasProduct.
void sgemm(const Product& product);

}  // namespace credence::cpu
