// credence_cuda_bench [--quick] [DUMP:STEPS:NAME:SIZE ...]: measures kernels and exported training plans on the first CUDA device;
// a line of JSON each. Of a plan of few steps (5 or less) the results are compared with the CPU's instead. Without a device: a
// message and exit code 2. --quick: small sizes and few samples, to see that it runs.
#include <cuda_runtime.h>

#include <cmath>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <sstream>

#include "device.hpp"
#include "dump.hpp"
#include "kernels.hpp"
#include "measure.hpp"
#include "runtime.hpp"

namespace credence::bench {
namespace {

/// A program with its buffers, ready to run again and again.
class Bound {
 public:
  Bound(const Device& device, const std::vector<uint32_t>& words, const std::vector<std::vector<char>>& inputs)
      : program_(device.compile(decodePlan(words.data(), words.size()))) {
    const auto allocate = [&](int64_t bytes, std::vector<Buffer*>& list) {
      owned_.push_back(device.allocate(bytes));
      list.push_back(owned_.back().get());
    };
    for (const int64_t bytes : program_->plan().inputBytes) allocate(bytes, in_);
    for (const int64_t bytes : program_->plan().outputBytes) allocate(bytes, out_);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (int64_t(inputs[i].size()) != in_.at(i)->bytes) throw std::runtime_error("input " + std::to_string(i) + " does not have the size that the plan asks for");
      in_[i]->write(0, inputs[i].data(), in_[i]->bytes);
    }
  }
  void operator()() {
    Status status;
    program_->run(in_, out_, 1, nullptr, status);
    if (!status.ok()) throw std::runtime_error(status.message);
  }
  const Buffer& output(std::size_t i) const { return *out_.at(i); }

 private:
  std::unique_ptr<Program> program_;
  std::vector<std::unique_ptr<Buffer>> owned_;
  std::vector<Buffer*> in_, out_;
};

// What the memory gives at most: a copy on the device.
void measureCopy(const Effort& effort, int64_t bytes) {
  cuda::Memory from(bytes), to(bytes);
  const cuda::Stream stream;
  from.fill(0, stream);
  const Seconds seconds = time(effort, [&] {
    cuda::check(cudaMemcpyAsync(to.data(), from.data(), std::size_t(bytes), cudaMemcpyDeviceToDevice, stream), "copying");
    stream.synchronize();
  });
  report("copy", std::to_string(bytes) + " bytes", seconds, 1, {{"bytes", 2.0 * double(bytes)}});
}

void measureEvents(const Effort& effort, const Device& device, uint32_t paths) {
  const Kernel kernel = eventSimulation(paths);
  Bound bound(device, kernel.words, kernel.inputs);
  bound();
  std::vector<float> events(paths);
  bound.output(1).read(0, events.data(), bound.output(1).bytes);
  double total = 0;
  for (const float count : events) total += double(count);
  report(kernel.name, kernel.size, time(effort, bound), 1, {{"events", total}});
}

std::vector<float> firstOutput(const Bound& bound) {
  std::vector<float> values(std::size_t(bound.output(0).bytes) / sizeof(float));
  bound.output(0).read(0, values.data(), bound.output(0).bytes);
  return values;
}

// The largest difference of the two devices' weights, relative to 1 + |weight|.
double differenceFromCpu(const Device& device, const Dump& dump) {
  Bound ours(device, dump.words, dump.inputs), theirs(cpuDevice(), dump.words, dump.inputs);
  ours();
  theirs();
  const std::vector<float> got = firstOutput(ours), expected = firstOutput(theirs);
  double largest = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double difference = std::fabs(double(got[i]) - double(expected[i])) / (1 + std::fabs(double(expected[i])));
    largest = std::max(largest, std::isnan(difference) ? INFINITY : difference);
  }
  return largest;
}

// FILE:STEPS:NAME:SIZE
void measureTraining(const Effort& effort, const Device& device, const std::string& argument) {
  constexpr int fewSteps = 5;
  std::vector<std::string> parts;
  std::istringstream stream(argument);
  for (std::string part; std::getline(stream, part, ':');) parts.push_back(part);
  const int steps = parts.size() == 4 ? std::atoi(parts[1].c_str()) : 0;
  if (steps < 1) throw std::runtime_error(argument + ": FILE:STEPS:NAME:SIZE is expected");
  const Dump dump = readDump(parts[0]);
  if (steps <= fewSteps) {
    std::printf("{\"name\": \"%s\", \"size\": \"%s\", \"difference\": %.3g}\n", parts[2].c_str(), parts[3].c_str(), differenceFromCpu(device, dump));
    return;
  }
  Bound bound(device, dump.words, dump.inputs);
  report(parts[2], parts[3], time(effort, bound), steps);
}

int run(const std::vector<std::string>& arguments) {
  if (cuda::devices().empty()) {
    std::cerr << "no CUDA device: " << cuda::whyNoDevices() << '\n';
    return 2;
  }
  const Device& device = *cuda::devices().front();
  const bool quick = std::find(arguments.begin(), arguments.end(), "--quick") != arguments.end();
  const Effort effort = quick ? Effort{2, 0} : Effort{15, 0.02};
  std::printf("{\"device\": \"%s\", \"instructionSet\": \"%s\", \"multiprocessors\": %d, \"memoryBytes\": %lld}\n", device.description().description.c_str(),
              device.description().instructionSet.c_str(), device.description().cores, static_cast<long long>(device.description().memoryBytes));
  measureCopy(effort, quick ? 1 << 16 : 1 << 29);
  for (const Kernel& kernel : kernels(quick ? 1 << 13 : 1)) {
    Bound bound(device, kernel.words, kernel.inputs);
    report(kernel.name, kernel.size, time(effort, bound), kernel.trips, kernel.figures);
  }
  measureEvents(effort, device, quick ? 8 : 1 << 20);
  for (const std::string& argument : arguments)
    if (argument != "--quick") measureTraining(effort, device, argument);
  return 0;
}

}  // namespace
}  // namespace credence::bench

int main(int count, char** arguments) {
  try {
    return credence::bench::run({arguments + 1, arguments + count});
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
