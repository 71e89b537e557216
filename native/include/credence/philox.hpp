// Philox4x32-10: a keyed bijection of 128-bit counters (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011). The same key and counter give the same four words on every device, in any order.
#pragma once

#include <credence/portable.hpp>

#if defined(__x86_64__) && !defined(__CUDACC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"  // "undefined" operands of the intrinsics, a known false alarm
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#endif

namespace credence {
inline namespace CREDENCE_ISA {

// Four words for one element, or for a vector of elements: U is std::uint32_t or a vector of it.
template <class U>
struct PhiloxBlock {
  U words[4];
};

template <class U>
struct WideProduct {
  U high, low;
};

#if defined(__x86_64__) && !defined(__CUDACC__)
// The 64-bit products of the even lanes. Compilers do not find this instruction behind a vector of 64-bit products.
CREDENCE_HD Vec<long long, 2> multiplyEvenLanes(Vec<std::uint32_t, 4> a, Vec<std::uint32_t, 4> b) {
  return _mm_mul_epu32(__m128i(a), __m128i(b));
}
#if defined(__AVX2__)
CREDENCE_HD Vec<long long, 4> multiplyEvenLanes(Vec<std::uint32_t, 8> a, Vec<std::uint32_t, 8> b) {
  return _mm256_mul_epu32(__m256i(a), __m256i(b));
}
#endif
#if defined(__AVX512F__)
CREDENCE_HD Vec<long long, 8> multiplyEvenLanes(Vec<std::uint32_t, 16> a, Vec<std::uint32_t, 16> b) {
  // With a mask of all lanes: the form without one makes g++ 12 warn of a variable of its own header.
  return _mm512_maskz_mul_epu32(__mmask8(-1), __m512i(a), __m512i(b));
}
#endif
template <class U>
constexpr bool hasEvenProducts = lanesOf<U> >= 4 && int(sizeof(U)) <= vectorBytes;
#else
template <class U>
constexpr bool hasEvenProducts = false;
#endif

template <class U>
CREDENCE_HD WideProduct<U> multiplyWide(U a, std::uint32_t b) {
  if constexpr (hasEvenProducts<U>) {
    using Wide = Vec<std::uint64_t, lanesOf<U> / 2>;
    const U factor = broadcast<U>(b);
    const Wide even = Wide(multiplyEvenLanes(a, factor)), odd = Wide(multiplyEvenLanes(U(Wide(a) >> 32), factor));
    const Wide lowWord = Wide{} + 0xffffffffull;
    return {U((even >> 32) | (odd & ~lowWord)), U((even & lowWord) | (odd << 32))};
  } else if constexpr (isVector<U>) {
    WideProduct<U> product{};
    for (int i = 0; i < lanesOf<U>; ++i) {
      const std::uint64_t wide = std::uint64_t(a[i]) * b;
      product.high[i] = std::uint32_t(wide >> 32);
      product.low[i] = std::uint32_t(wide);
    }
    return product;
  } else {
    const std::uint64_t wide = std::uint64_t(a) * b;
    return {std::uint32_t(wide >> 32), std::uint32_t(wide)};
  }
}

template <class U>
CREDENCE_HD PhiloxBlock<U> philox(U counter0, U counter1, U counter2, U counter3, U key0, U key1) {
  U c0 = counter0, c1 = counter1, c2 = counter2, c3 = counter3;
  for (int round = 0; round < 10; ++round) {
    const WideProduct<U> p = multiplyWide<U>(c0, 0xD2511F53u), q = multiplyWide<U>(c2, 0xCD9E8D57u);
    c0 = q.high ^ c1 ^ key0;
    c1 = q.low;
    c2 = p.high ^ c3 ^ key1;
    c3 = p.low;
    key0 = key0 + 0x9E3779B9u;
    key1 = key1 + 0xBB67AE85u;
  }
  return {{c0, c1, c2, c3}};
}

#if !defined(__CUDACC__)
// Two lanes (beside two doubles of a narrow vector) ride in four.
CREDENCE_HD PhiloxBlock<Vec<std::uint32_t, 2>> philox(Vec<std::uint32_t, 2> counter0, Vec<std::uint32_t, 2> counter1,
                                                      Vec<std::uint32_t, 2> counter2, Vec<std::uint32_t, 2> counter3,
                                                      Vec<std::uint32_t, 2> key0, Vec<std::uint32_t, 2> key1) {
  using Two = Vec<std::uint32_t, 2>;
  using Four = Vec<std::uint32_t, 4>;
  const auto widen = [](Two x) { return Four{x[0], x[1], 0, 0}; };
  const auto block = philox<Four>(widen(counter0), widen(counter1), widen(counter2), widen(counter3), widen(key0), widen(key1));
  PhiloxBlock<Two> narrow{};
  for (int i = 0; i < 4; ++i) narrow.words[i] = Two{block.words[i][0], block.words[i][1]};
  return narrow;
}
#endif

}  // namespace CREDENCE_ISA
}  // namespace credence
