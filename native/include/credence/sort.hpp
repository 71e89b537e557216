// sort(x[n]) -> y[n] ascending, index i32[n]: stable, NaN last. In place on (y, index), so it needs no scratch on a GPU:
// ties are broken by index, which makes any comparison sort a stable one. Quicksort to runs of 16 with a heapsort for bad
// luck (Musser, "Introspective sorting and selection algorithms", 1997), then one insertion sort.
#pragma once

#include <credence/row_block.hpp>

namespace credence {
inline namespace CREDENCE_ISA {

struct Sort {
  template <class T>
  CREDENCE_HD_CALL static void row(const RowBlock& block, std::int64_t r, RowFailure&) {
    const T* x = block.at<T>(0, r);
    Pairs<T> p{block.at<T>(1, r), block.at<std::int32_t>(2, r)};
    const std::int64_t n = block.operands[0].rowLength;
    std::int64_t ordered = 0;  // numbers to the front, NaN behind them, both in their order
    for (std::int64_t i = 0; i < n; ++i)
      if (x[i] == x[i]) p.set(ordered++, x[i], std::int32_t(i));
    std::int64_t end = ordered;
    for (std::int64_t i = 0; i < n && end < n; ++i)
      if (x[i] != x[i]) p.set(end++, x[i], std::int32_t(i));
    quicksort(p, ordered);
    insertionSort(p, ordered);
  }

 private:
  static constexpr std::int64_t shortRun = 16;

  template <class T>
  struct Pairs {
    T* value;
    std::int32_t* index;
    CREDENCE_HD void set(std::int64_t i, T v, std::int32_t k) {
      value[i] = v;
      index[i] = k;
    }
    CREDENCE_HD bool less(std::int64_t i, T v, std::int32_t k) const { return value[i] < v || (value[i] == v && index[i] < k); }
    CREDENCE_HD bool greater(std::int64_t i, T v, std::int32_t k) const { return value[i] > v || (value[i] == v && index[i] > k); }
    CREDENCE_HD void swap(std::int64_t i, std::int64_t j) {
      const T v = value[i];
      const std::int32_t k = index[i];
      set(i, value[j], index[j]);
      set(j, v, k);
    }
  };

  template <class T>
  CREDENCE_HD_CALL static void quicksort(Pairs<T> p, std::int64_t n) {
    struct Range {
      std::int64_t begin, end;
      int depth;
    };
    Range stack[64];
    int top = 0, depth = 2;
    for (std::int64_t k = n; k > 1; k >>= 1) depth += 2;
    stack[top++] = {0, n, depth};
    while (top > 0) {
      Range range = stack[--top];
      while (range.end - range.begin > shortRun) {
        if (range.depth-- == 0) {
          heapsort(p, range.begin, range.end);
          break;
        }
        const std::int64_t middle = range.begin + (range.end - range.begin) / 2, last = range.end - 1;
        if (p.less(middle, p.value[range.begin], p.index[range.begin])) p.swap(middle, range.begin);
        if (p.less(last, p.value[middle], p.index[middle])) p.swap(last, middle);
        if (p.less(middle, p.value[range.begin], p.index[range.begin])) p.swap(middle, range.begin);
        const T pivot = p.value[middle];
        const std::int32_t tie = p.index[middle];
        std::int64_t i = range.begin, j = last;
        for (;;) {
          // The ends are sentinels, but a damaged plan may overwrite them while this runs.
          while (++i < last && p.less(i, pivot, tie)) {
          }
          while (--j > range.begin && p.greater(j, pivot, tie)) {
          }
          if (i >= j) break;
          p.swap(i, j);
        }
        // [begin, i) <= pivot <= [i, end); the larger part waits, so the stack stays below log2(n)
        if (i - range.begin < range.end - i) {
          stack[top++] = {i, range.end, range.depth};
          range.end = i;
        } else {
          stack[top++] = {range.begin, i, range.depth};
          range.begin = i;
        }
      }
    }
  }

  template <class T>
  CREDENCE_HD_CALL static void insertionSort(Pairs<T> p, std::int64_t n) {
    for (std::int64_t i = 1; i < n; ++i) {
      const T v = p.value[i];
      const std::int32_t k = p.index[i];
      std::int64_t j = i;
      for (; j > 0 && p.greater(j - 1, v, k); --j) p.set(j, p.value[j - 1], p.index[j - 1]);
      p.set(j, v, k);
    }
  }

  template <class T>
  CREDENCE_HD_CALL static void heapsort(Pairs<T> p, std::int64_t begin, std::int64_t end) {
    const std::int64_t n = end - begin;
    for (std::int64_t i = n / 2 - 1; i >= 0; --i) siftDown(p, begin, i, n);
    for (std::int64_t last = n - 1; last > 0; --last) {
      p.swap(begin, begin + last);
      siftDown(p, begin, 0, last);
    }
  }

  template <class T>
  CREDENCE_HD_CALL static void siftDown(Pairs<T> p, std::int64_t begin, std::int64_t root, std::int64_t n) {
    for (std::int64_t child; (child = 2 * root + 1) < n; root = child) {
      if (child + 1 < n && p.less(begin + child, p.value[begin + child + 1], p.index[begin + child + 1])) ++child;
      if (!p.less(begin + root, p.value[begin + child], p.index[begin + child])) return;
      p.swap(begin + root, begin + child);
    }
  }
};

}  // namespace CREDENCE_ISA
}  // namespace credence
