// What JavaScript may call, all of it: see `initialize` at the end. Arguments are checked here and nowhere below.
#include <napi.h>

#include <credence/device.hpp>
#include <credence/elementwise.hpp>
#include <credence/rows.hpp>
#include <new>

#if defined(CREDENCE_CUDA)
#include <device.hpp>  // cuda/
#endif

#include "async_run.hpp"
#include "handles.hpp"

namespace credence::addon {
namespace {

using Napi::CallbackInfo;

constexpr int threadsMax = 1024;

const std::vector<const Device*>& allDevices() {
  static const std::vector<const Device*> devices = [] {
    std::vector<const Device*> found{&cpuDevice()};
#if defined(CREDENCE_CUDA)
    found.insert(found.end(), cuda::devices().begin(), cuda::devices().end());
#endif
    return found;
  }();
  return devices;
}

std::string whyNoGpu() {
#if defined(CREDENCE_CUDA)
  if (!cuda::whyNoDevices().empty()) return "; CUDA: " + cuda::whyNoDevices();
#endif
  return "";
}

/// What a device says of a failed allocation, where it says more than that it failed.
std::string detailOf(const std::bad_alloc& error) {
  const std::string what = error.what();
  return what == std::bad_alloc().what() ? "" : ": " + what;
}

const Device& deviceOf(const CallbackInfo& info) {
  if (!info[0].IsString()) throw Napi::TypeError::New(info.Env(), "device must be a string, got " + describe(info[0]));
  const std::string name = info[0].As<Napi::String>();
  std::string known;
  for (const Device* device : allDevices()) {
    if (device->description().name == name) return *device;
    known += (known.empty() ? "" : ", ") + device->description().name;
  }
  throw Napi::RangeError::New(info.Env(), "device \"" + name + "\" is not on this machine or not in this build; devices: " + known + whyNoGpu());
}

/// An integer argument in [low, high].
int64_t integerOf(const CallbackInfo& info, std::size_t index, const char* name, int64_t low, int64_t high) {
  if (!info[index].IsNumber()) throw Napi::TypeError::New(info.Env(), std::string(name) + " must be a number, got " + describe(info[index]));
  const double value = info[index].As<Napi::Number>().DoubleValue();
  if (!(value >= static_cast<double>(low) && value <= static_cast<double>(high)) || value != static_cast<double>(static_cast<int64_t>(value)))
    throw Napi::RangeError::New(info.Env(), std::string(name) + " must be an integer from " + std::to_string(low) + " to " +
                                                std::to_string(high) + ", got " + describe(info[index]));
  return static_cast<int64_t>(value);
}

struct Bytes {
  void* data;
  int64_t count;
};

Bytes typedArrayOf(const CallbackInfo& info, std::size_t index, const char* name) {
  if (!info[index].IsTypedArray()) throw Napi::TypeError::New(info.Env(), std::string(name) + " must be a typed array, got " + describe(info[index]));
  const auto array = info[index].As<Napi::TypedArray>();
  void* data = nullptr;
  napi_get_typedarray_info(info.Env(), array, nullptr, nullptr, &data, nullptr, nullptr);
  return {data, static_cast<int64_t>(array.ByteLength())};
}

/// The buffer, offset and typed array of read and write, known to fit.
template <class Move>
void moveBytes(const CallbackInfo& info, Move move) {
  const std::shared_ptr<Buffer> buffer = objectOf<Buffer>(info[0], "the buffer");
  const int64_t offset = integerOf(info, 1, "byteOffset", 0, buffer->bytes);
  const Bytes bytes = typedArrayOf(info, 2, "the array");
  if (bytes.count > buffer->bytes - offset)
    throw Napi::RangeError::New(info.Env(), "bytes " + std::to_string(offset) + " to " + std::to_string(offset + bytes.count) +
                                                " lie outside the buffer of " + std::to_string(buffer->bytes) + " bytes");
  move(*buffer, offset, bytes);
}

std::vector<std::shared_ptr<Buffer>> buffersOf(const CallbackInfo& info, std::size_t index, const char* kind, const Program& program,
                                               const std::vector<int64_t>& required) {
  if (!info[index].IsArray()) throw Napi::TypeError::New(info.Env(), std::string(kind) + "s must be an array of buffer handles, got " + describe(info[index]));
  const auto array = info[index].As<Napi::Array>();
  if (array.Length() != required.size())
    throw Napi::RangeError::New(info.Env(), "the executable takes " + std::to_string(required.size()) + " " + kind + "s, got " +
                                                std::to_string(array.Length()));
  std::vector<std::shared_ptr<Buffer>> buffers;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const auto name = [&] { return std::string(kind) + " " + std::to_string(i); };
    const Napi::Value element = array[i];
    const std::shared_ptr<Buffer>& buffer = objectOf<Buffer>(element, kind);
    if (&buffer->device != &program.device)
      throw Napi::RangeError::New(info.Env(), name() + " is on " + buffer->device.description().name + ", the executable on " +
                                                  program.device.description().name);
    if (buffer->bytes < required[i])
      throw Napi::RangeError::New(info.Env(), name() + " must hold at least " + std::to_string(required[i]) + " bytes, got " +
                                                  std::to_string(buffer->bytes));
    buffers.push_back(buffer);
  }
  return buffers;
}

void refuseSharedOutputs(Napi::Env env, const Run& run) {
  for (std::size_t i = 0; i < run.outputs.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j)
      if (run.outputs[i] == run.outputs[j])
        throw Napi::RangeError::New(env, "outputs " + std::to_string(j) + " and " + std::to_string(i) + " are the same buffer");
    for (std::size_t j = 0; j < run.inputs.size(); ++j)
      if (run.outputs[i] == run.inputs[j])
        throw Napi::RangeError::New(env, "input " + std::to_string(j) + " and output " + std::to_string(i) + " are the same buffer");
  }
}

std::unique_ptr<Run> runOf(const CallbackInfo& info) {
  auto run = std::make_unique<Run>();
  run->program = objectOf<Program>(info[0], "the executable");
  run->inputs = buffersOf(info, 1, "input", *run->program, run->program->plan().inputBytes);
  run->outputs = buffersOf(info, 2, "output", *run->program, run->program->plan().outputBytes);
  run->threads = static_cast<int>(integerOf(info, 3, "threads", 1, threadsMax));
  refuseSharedOutputs(info.Env(), *run);
  return run;
}

// ---- the functions --------------------------------------------------------------------------------------------------

Napi::Value planVersionOf(const CallbackInfo& info) { return Napi::Number::New(info.Env(), planVersion); }

Napi::Value opcodes(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto steps = Napi::Object::New(env), monoids = Napi::Object::New(env), rows = Napi::Object::New(env), instructions = Napi::Object::New(env);
  for (int i = 0; i < stepOpCount; ++i) steps.Set(stepOps[i].name, Napi::Number::New(env, i + 1));
#define CREDENCE_MONOID(enumerator, code, name) monoids.Set(name, Napi::Number::New(env, code));
  CREDENCE_MONOIDS(CREDENCE_MONOID)
#undef CREDENCE_MONOID
#define CREDENCE_KIND(name, code) instructions.Set(#name, Napi::Number::New(env, code));
  CREDENCE_KINDS(CREDENCE_KIND)
#undef CREDENCE_KIND
  int count = 0;
  const RowOp* const* ops = rowOps(&count);
  for (int i = 0; i < count; ++i) rows.Set(ops[i]->name, Napi::Number::New(env, i + 1));
  auto all = Napi::Object::New(env);
  all.Set("steps", steps);
  all.Set("monoids", monoids);
  all.Set("rows", rows);
  all.Set("instructions", instructions);
  return all;
}

Napi::Value devices(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto list = Napi::Array::New(env);
  for (const Device* device : allDevices()) {
    const DeviceDescription& description = device->description();
    auto entry = Napi::Object::New(env);
    entry.Set("name", description.name);
    entry.Set("kind", description.kind);
    entry.Set("description", description.description);
    entry.Set("instructionSet", description.instructionSet);
    entry.Set("cores", description.cores);
    entry.Set("memoryBytes", static_cast<double>(description.memoryBytes));
    list.Set(list.Length(), entry);
  }
  return list;
}

// allocate(device, bytes)
Napi::Value allocate(const CallbackInfo& info) {
  const Device& device = deviceOf(info);
  const int64_t bytes = integerOf(info, 1, "bytes", 0, int64_t{1} << 46);
  try {
    return makeHandle<Buffer>(info.Env(), device.allocate(bytes));
  } catch (const std::bad_alloc& error) {
    throw Napi::RangeError::New(info.Env(), "device \"" + device.description().name + "\" has no room for " + std::to_string(bytes) +
                                                " bytes" + detailOf(error));
  }
}

template <class T>
Napi::Value release(const CallbackInfo& info) {
  holderOf<T>(info[0], "the handle").release(info.Env());
  return info.Env().Undefined();
}

Napi::Value byteLength(const CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(objectOf<Buffer>(info[0], "the buffer")->bytes));
}

// write(buffer, byteOffset, typedArray)
Napi::Value write(const CallbackInfo& info) {
  moveBytes(info, [](Buffer& buffer, int64_t offset, Bytes bytes) { buffer.write(offset, bytes.data, bytes.count); });
  return info.Env().Undefined();
}

// read(buffer, byteOffset, typedArray)
Napi::Value read(const CallbackInfo& info) {
  moveBytes(info, [](Buffer& buffer, int64_t offset, Bytes bytes) { buffer.read(offset, bytes.data, bytes.count); });
  return info.Env().Undefined();
}

// compile(device, plan)
Napi::Value compile(const CallbackInfo& info) {
  const Device& device = deviceOf(info);
  if (!info[1].IsTypedArray() || info[1].As<Napi::TypedArray>().TypedArrayType() != napi_uint32_array)
    throw Napi::TypeError::New(info.Env(), "plan must be a Uint32Array, got " + describe(info[1]));
  const Bytes words = typedArrayOf(info, 1, "plan");
  try {
    Plan plan = decodePlan(static_cast<const uint32_t*>(words.data), static_cast<std::size_t>(words.count / 4));
    const int64_t arena = plan.arenaBytes + plan.ownBytes;
    try {
      return makeHandle<Program>(info.Env(), device.compile(std::move(plan)));
    } catch (const std::bad_alloc& error) {
      throw Napi::RangeError::New(info.Env(), "device \"" + device.description().name + "\" has no room for an arena of " +
                                                  std::to_string(arena) + " bytes" + detailOf(error));
    }
  } catch (const PlanError& error) {
    throw Napi::RangeError::New(info.Env(), error.what());
  }
}

Napi::Value createControl(const CallbackInfo& info) { return makeHandle<Control>(info.Env(), std::make_shared<Control>()); }

Napi::Value cancel(const CallbackInfo& info) {
  objectOf<Control>(info[0], "the control")->cancelled = true;
  return info.Env().Undefined();
}

Napi::Value progress(const CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(objectOf<Control>(info[0], "the control")->progress.load()));
}

// run(executable, inputs, outputs, threads)
Napi::Value run(const CallbackInfo& info) {
  const std::unique_ptr<Run> run = runOf(info);
  run->execute();
  if (!run->status.ok()) throw errorOf(info.Env(), run->status);
  return info.Env().Undefined();
}

// runAsync(executable, inputs, outputs, threads, control?)
Napi::Value runAsync(const CallbackInfo& info) {
  std::unique_ptr<Run> run = runOf(info);
  run->control = info[4].IsUndefined() ? std::make_shared<Control>() : objectOf<Control>(info[4], "the control");
  return info.Env().GetInstanceData<AsyncRuns>()->start(info.Env(), std::move(run));
}

/// No C++ exception but Napi::Error may reach JavaScript.
template <Napi::Value (*function)(const CallbackInfo&)>
Napi::Value guarded(const CallbackInfo& info) {
  try {
    return function(info);
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Napi::Error::New(info.Env(), error.what());
  }
}

template <Napi::Value (*function)(const CallbackInfo&)>
void add(Napi::Object& exports, const char* name) {
  exports.Set(name, Napi::Function::New<guarded<function>>(exports.Env(), name));
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new AsyncRuns(env));
  add<planVersionOf>(exports, "planVersion");
  add<opcodes>(exports, "opcodes");
  add<devices>(exports, "devices");
  add<allocate>(exports, "allocate");
  add<release<Buffer>>(exports, "release");
  add<byteLength>(exports, "byteLength");
  add<write>(exports, "write");
  add<read>(exports, "read");
  add<compile>(exports, "compile");
  add<release<Program>>(exports, "releaseExecutable");
  add<createControl>(exports, "createControl");
  add<cancel>(exports, "cancel");
  add<progress>(exports, "progress");
  add<run>(exports, "run");
  add<runAsync>(exports, "runAsync");
  return exports;
}

NODE_API_MODULE(credence, initialize)

}  // namespace
}  // namespace credence::addon
