// Runs off the event loop: each on a native thread of its own, settled on the JavaScript thread it was started from.
#pragma once

#include <napi.h>

#include <condition_variable>
#include <credence/device.hpp>
#include <memory>
#include <mutex>
#include <unordered_set>
#include <vector>

namespace credence::addon {

/// Everything a run needs, kept alive while it is in flight.
struct Run {
  std::shared_ptr<Program> program;
  std::vector<std::shared_ptr<Buffer>> inputs, outputs;
  int threads = 1;
  std::shared_ptr<Control> control;  // may be null for a synchronous run
  Status status;

  /// Runs to the end on the calling thread; whatever happens is in `status`.
  void execute() noexcept;
};

/// An Error with code ERR_CANCELLED or ERR_RUN.
Napi::Error errorOf(Napi::Env env, const Status& status);

/// The runs in flight of one JavaScript environment. Its end cancels them and waits.
class AsyncRuns {
 public:
  explicit AsyncRuns(Napi::Env env);

  /// A promise that is resolved, or rejected with errorOf.
  Napi::Promise start(Napi::Env env, std::unique_ptr<Run> run);

 private:
  struct Pending;

  static void settle(napi_env env, napi_value, void* context, void* data);
  void shutDown();

  napi_threadsafe_function settle_ = nullptr;
  std::mutex mutex_;
  std::condition_variable idle_;
  std::unordered_set<Pending*> executing_;  // guarded by mutex_
  std::size_t unsettled_ = 0;               // JavaScript thread only
};

}  // namespace credence::addon
