// Windows against their definition, and their transpose against them; linear recurrences against a loop.
#include <cmath>
#include <random>

#include "row_runner.hpp"

namespace credence::test {
namespace {

struct Geometry {
  int height, width, windowHeight, windowWidth, strideY, strideX, dilationY, dilationX, padTop, padLeft, outHeight, outWidth;

  std::vector<std::int32_t> integers() const {
    return {height, width, windowHeight, windowWidth, strideY, strideX, dilationY, dilationX, padTop, padLeft, outHeight, outWidth};
  }
  int image() const { return height * width; }
  int windows() const { return windowHeight * windowWidth * outHeight * outWidth; }
};

// Windows inside, over the edges, beyond them, apart and with gaps.
const Geometry geometries[] = {{1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1}, {5, 6, 3, 2, 1, 1, 1, 1, 0, 0, 3, 5}, {5, 6, 3, 3, 2, 1, 1, 2, 1, 2, 3, 6},
                               {7, 40, 2, 5, 3, 2, 2, 3, 4, 1, 4, 16}, {3, 3, 4, 4, 1, 2, 3, 5, 9, 8, 12, 3}, {1, 20, 1, 4, 1, 4, 1, 1, 0, 0, 1, 5}};

template <class T>
void expectWindows() {
  for (const Geometry& g : geometries) {
    const int rows = 3;
    std::mt19937 engine(7);
    std::uniform_int_distribution<int> small(-9, 9);  // sums of small integers are exact
    std::vector<T> x(rows * g.image()), y(rows * g.windows()), out(y.size(), T(99)), back(x.size(), T(99)), expected(x.size());
    for (T& v : x) v = T(small(engine));
    for (T& v : y) v = T(small(engine));
    ASSERT_EQ(RowRunner("windows").operand(x, g.image()).operand(out, g.windows()).integers(g.integers()).numbers({-5}).run(rows), "");
    ASSERT_EQ(RowRunner("windowsAdd").operand(y, g.windows()).operand(back, g.image()).integers(g.integers()).run(rows), "");
    std::size_t at = 0;
    for (int r = 0; r < rows; ++r)
      for (int i = 0; i < g.windowHeight; ++i)
        for (int j = 0; j < g.windowWidth; ++j)
          for (int p = 0; p < g.outHeight; ++p)
            for (int q = 0; q < g.outWidth; ++q, ++at) {
              const int v = p * g.strideY + i * g.dilationY - g.padTop, h = q * g.strideX + j * g.dilationX - g.padLeft;
              const bool inside = v >= 0 && v < g.height && h >= 0 && h < g.width;
              ASSERT_EQ(out[at], inside ? x[(r * g.height + v) * g.width + h] : T(-5));
              if (inside) expected[(r * g.height + v) * g.width + h] += y[at];
            }
    ASSERT_EQ(back, expected);
  }
}
TEST(Windows, AreTheirDefinitionAndTheSumIsTheirTranspose) {
  expectWindows<float>();
  expectWindows<double>();
}

TEST(Windows, RefusesSizesThatDoNotFit) {
  std::vector<float> x(30), out(90);
  const auto check = [&](Geometry g, int length) { return RowRunner("windows").operand(x, 30).operand(out, length).integers(g.integers()).numbers({0}).check(1); };
  EXPECT_EQ(check({5, 6, 3, 2, 1, 1, 1, 1, 0, 0, 3, 5}, 90), "");
  EXPECT_EQ(check({5, 6, 3, 2, 1, 1, 1, 1, 0, 0, 3, 5}, 80), "windows: windows must have rows of 90, got 80");
  EXPECT_EQ(check({5, 5, 3, 2, 1, 1, 1, 1, 0, 0, 3, 5}, 90), "windows: x must have rows of 25, got 30");
  EXPECT_EQ(check({5, 6, 3, 2, 0, 1, 1, 1, 0, 0, 3, 5}, 90), "windows: stride down must lie in [1, 2147483647], got 0");
  EXPECT_EQ(check({5, 6, 3, 2, 1, 1, 1, 1, 0, -1, 3, 5}, 90), "windows: padding on the left must lie in [0, 2147483647], got -1");
  EXPECT_EQ(check({5, 6, 1 << 20, 1 << 20, 1, 1, 1, 1, 0, 0, 3, 5}, 90), "windows: more elements than an i32 counts");
}

TEST(LinearRecurrence, RunsFromEitherEnd) {
  std::vector<double> a = {9, 2, 0, 3}, b = {1, 10, 20, 30}, h(4);
  EXPECT_EQ(RowRunner("linearRecurrence").operand(a, 4).operand(b, 4).operand(h, 4).integers({0}).run(1), "");
  EXPECT_EQ(h, (std::vector<double>{1, 12, 20, 90}));
  EXPECT_EQ(RowRunner("linearRecurrence").operand(a, 4).operand(b, 4).operand(h, 4).integers({1}).run(1), "");
  EXPECT_EQ(h, (std::vector<double>{451, 50, 20, 30}));
}

}  // namespace
}  // namespace credence::test
