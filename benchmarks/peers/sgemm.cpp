// oneDNN's product of f32 matrices alone, without bias and activation. Arguments: N or T (A as it is, or transposed), m, n, k, seconds.
#include <dnnl.hpp>

#include <cstdlib>
#include <string>

#include "timing.hpp"

int main(int count, char** arguments) {
  if (count != 6) return 2;
  const char transpose = arguments[1][0];
  const long m = std::atol(arguments[2]), n = std::atol(arguments[3]), k = std::atol(arguments[4]);
  const auto filled = [](long size) {
    std::vector<float> values(static_cast<std::size_t>(size));
    for (long i = 0; i < size; ++i) values[static_cast<std::size_t>(i)] = static_cast<float>(i % 17) / 17 - 0.5f;
    return values;
  };
  const std::vector<float> a = filled(m * k), b = filled(k * n);
  std::vector<float> c(static_cast<std::size_t>(m * n));
  const auto product = [&] {
    dnnl_sgemm(transpose, 'N', m, n, k, 1, a.data(), transpose == 'T' ? m : k, b.data(), n, 0, c.data(), n);
  };
  const dnnl_version_t* version = dnnl_version();
  const std::string name = "oneDNN " + std::to_string(version->major) + "." + std::to_string(version->minor) + " sgemm";
  peer::report(peer::timesOf(product, std::atof(arguments[5])), name.c_str());
}
