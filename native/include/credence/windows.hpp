// Windows of an image, what convolution and pooling are made of, and the reverse. One image a row; a window of kh x kw elements
// `dilation` apart is taken at every `stride` elements of an image that zeros frame.
#pragma once

#include <credence/row_block.hpp>

namespace credence {
inline namespace CREDENCE_ISA {

// The integers of both operations, in their order.
struct WindowShape {
  std::int64_t height, width, windowHeight, windowWidth, strideY, strideX, dilationY, dilationX, padTop, padLeft, outHeight, outWidth;

  CREDENCE_HD explicit WindowShape(const std::int32_t* i)
      : height(i[0]), width(i[1]), windowHeight(i[2]), windowWidth(i[3]), strideY(i[4]), strideX(i[5]), dilationY(i[6]), dilationX(i[7]),
        padTop(i[8]), padLeft(i[9]), outHeight(i[10]), outWidth(i[11]) {}
  static constexpr int count = 12;
};

// The outputs p in [begin, end) whose element offset + p * stride lies in [0, extent).
struct Inside {
  std::int64_t begin, end;

  CREDENCE_HD Inside(std::int64_t offset, std::int64_t stride, std::int64_t extent, std::int64_t outputs) {
    begin = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
    end = offset >= extent ? 0 : (extent - offset + stride - 1) / stride;
    if (end > outputs) end = outputs;
    if (begin > end) begin = end;
  }
};

// windows(x[height, width]) -> out[kh, kw, outHeight, outWidth]: out[i, j, p, q] = x[p strideY + i dilationY - padTop,
// q strideX + j dilationX - padLeft], or numbers[0] outside the image.
struct Windows {
  template <class T>
  CREDENCE_HD_CALL static void row(const RowBlock& block, std::int64_t r, RowFailure&) {
    const WindowShape s(block.integers);
    const T* x = block.at<T>(0, r);
    T* out = block.at<T>(1, r);
    const T frame = T(block.numbers[0]);
    for (std::int64_t i = 0; i < s.windowHeight; ++i) {
      const std::int64_t top = i * s.dilationY - s.padTop;
      const Inside ys(top, s.strideY, s.height, s.outHeight);
      for (std::int64_t j = 0; j < s.windowWidth; ++j, out += s.outHeight * s.outWidth) {
        const std::int64_t left = j * s.dilationX - s.padLeft;
        const Inside xs(left, s.strideX, s.width, s.outWidth);
        for (std::int64_t p = 0; p < s.outHeight; ++p) {
          T* to = out + p * s.outWidth;
          if (p < ys.begin || p >= ys.end) {
            fill(to, 0, s.outWidth, frame);
            continue;
          }
          const T* from = x + (top + p * s.strideY) * s.width + left;
          fill(to, 0, xs.begin, frame);
          if (s.strideX == 1)
            for (std::int64_t q = xs.begin; q < xs.end; ++q) to[q] = from[q];
          else
            for (std::int64_t q = xs.begin; q < xs.end; ++q) to[q] = from[q * s.strideX];
          fill(to, xs.end, s.outWidth, frame);
        }
      }
    }
  }

 private:
  template <class T>
  CREDENCE_HD static void fill(T* to, std::int64_t begin, std::int64_t end, T value) {
    for (std::int64_t q = begin; q < end; ++q) to[q] = value;
  }
};

// windowsAdd(y[kh, kw, outHeight, outWidth]) -> x[height, width]: the transpose of `windows`. Every element is the sum of what
// was made of it, in the order of y.
struct WindowsAdd {
  template <class T>
  CREDENCE_HD_CALL static void row(const RowBlock& block, std::int64_t r, RowFailure&) {
    const WindowShape s(block.integers);
    const T* y = block.at<T>(0, r);
    T* x = block.at<T>(1, r);
    for (std::int64_t k = 0; k < s.height * s.width; ++k) x[k] = T(0);
    for (std::int64_t i = 0; i < s.windowHeight; ++i) {
      const std::int64_t top = i * s.dilationY - s.padTop;
      const Inside ys(top, s.strideY, s.height, s.outHeight);
      for (std::int64_t j = 0; j < s.windowWidth; ++j, y += s.outHeight * s.outWidth) {
        const std::int64_t left = j * s.dilationX - s.padLeft;
        const Inside xs(left, s.strideX, s.width, s.outWidth);
        for (std::int64_t p = ys.begin; p < ys.end; ++p) {
          const T* from = y + p * s.outWidth;
          T* to = x + (top + p * s.strideY) * s.width + left;
          if (s.strideX == 1)
            for (std::int64_t q = xs.begin; q < xs.end; ++q) to[q] += from[q];
          else
            for (std::int64_t q = xs.begin; q < xs.end; ++q) to[q * s.strideX] += from[q];
        }
      }
    }
  }
};

}  // namespace CREDENCE_ISA
}  // namespace credence
