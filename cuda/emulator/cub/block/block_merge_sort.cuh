// What sort.cu uses of cub::BlockMergeSort: a stable sort of a block's keys and values, perThread of each in every thread.
#pragma once

#include <cuda_runtime.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace cub {

template <class Key, int threads, int perThread, class Value>
class BlockMergeSort {
 public:
  struct TempStorage {  // as much as the real one needs, more or less
    Key keys[threads * perThread];
    Value values[threads * perThread];
  };
  explicit BlockMergeSort(TempStorage& storage) : storage_(storage) {}

  /// The first `valid` of all keys are sorted; the others become `outside`.
  template <class Before>
  void StableSort(Key (&keys)[perThread], Value (&values)[perThread], Before before, int valid, Key outside) {
    const int first = int(threadIdx.x) * perThread;
    for (int i = 0; i < perThread; ++i) {
      storage_.keys[first + i] = first + i < valid ? keys[i] : outside;
      storage_.values[first + i] = values[i];
    }
    __syncthreads();
    if (threadIdx.x == 0) sort(before);
    __syncthreads();
    for (int i = 0; i < perThread; ++i) {
      keys[i] = storage_.keys[first + i];
      values[i] = storage_.values[first + i];
    }
  }

 private:
  template <class Before>
  void sort(Before before) {
    std::vector<int> order(threads * perThread);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return before(storage_.keys[a], storage_.keys[b]); });
    const TempStorage unsorted = storage_;
    for (int i = 0; i < threads * perThread; ++i) {
      storage_.keys[i] = unsorted.keys[order[std::size_t(i)]];
      storage_.values[i] = unsorted.values[order[std::size_t(i)]];
    }
  }

  TempStorage& storage_;
};

}  // namespace cub
