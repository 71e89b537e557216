#include "bounded_run.hpp"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>

namespace credence::test {
namespace {

constexpr double workMax = 1e6, whileTrips = 10;
constexpr int64_t bytesMax = 4 << 20;
constexpr std::size_t buffersMax = 100;

double product(const std::vector<uint32_t>& dims) {
  double result = 1;
  for (const uint32_t dim : dims) result *= dim;
  return result;
}

/// Elements touched, roughly.
double workOf(const Block& block) {
  double work = 0;
  for (const Instruction& instruction : block) {
    const auto& body = instruction.body;
    work += 1;
    if (const auto* cluster = std::get_if<Cluster>(&body)) work += product(cluster->dims) * static_cast<double>(cluster->steps.size() + 1);
    if (const auto* reduce = std::get_if<Reduce>(&body)) work += product(reduce->dimsKept) * (1 + product(reduce->dimsReduced));
    if (const auto* matmul = std::get_if<Matmul>(&body)) work += product({matmul->batch, matmul->m, matmul->n}) * (1.0 + matmul->k) + matmul->parts;
    if (const auto* rows = std::get_if<Rows>(&body)) {
      for (const RowsOperand& operand : rows->operands) work += 20.0 * rows->rows * (1 + operand.rowLength);
      for (const double number : rows->numbers)  // one may be how often something happens; none of those is infinite
        if (std::isfinite(number)) work += rows->rows * std::abs(number);
    }
    if (const auto* loop = std::get_if<Loop>(&body)) {
      const double trips = loop->isWhile() && loop->trips == unlimitedTrips ? whileTrips : loop->trips;
      work += trips * (1 + workOf(loop->predicate) + workOf(loop->body));
    }
    if (const auto* cond = std::get_if<Cond>(&body)) work += workOf(cond->then) + workOf(cond->otherwise);
  }
  return work;
}

}  // namespace

bool isBounded(const Plan& plan) {
  int64_t bytes = plan.arenaBytes + plan.ownBytes;
  for (const int64_t input : plan.inputBytes) bytes += input;
  for (const int64_t output : plan.outputBytes) bytes += output;
  return bytes <= bytesMax && plan.inputBytes.size() + plan.outputBytes.size() <= buffersMax && workOf(plan.code) <= workMax;
}

ExactBytes::ExactBytes(int64_t count) : data_(nullptr), count_(count) {
  void* data = nullptr;
  if (posix_memalign(&data, 64, static_cast<std::size_t>(count)) != 0) throw std::bad_alloc();
  data_ = static_cast<uint8_t*>(data);
  if (count > 0) std::memset(data_, 0, static_cast<std::size_t>(count));
}

ExactBytes::~ExactBytes() { std::free(data_); }

}  // namespace credence::test
