#include "async_run.hpp"

#include "runner.hpp"

namespace credence::addon {

void Run::execute() noexcept {
  const auto addresses = [](const std::vector<std::shared_ptr<Buffer>>& buffers) {
    std::vector<Buffer*> result;
    result.reserve(buffers.size());
    for (const auto& buffer : buffers) result.push_back(buffer.get());
    return result;
  };
  try {
    program->run(addresses(inputs), addresses(outputs), threads, control.get(), status);
  } catch (const std::exception& error) {
    status.fail("the run could not be started: %s", error.what());
  }
}

Napi::Error errorOf(Napi::Env env, const Status& status) {
  const bool cancelled = status.code == Status::cancelled;
  Napi::Error error = Napi::Error::New(env, cancelled ? "the run was cancelled" : status.message);
  error.Set("code", Napi::String::New(env, cancelled ? "ERR_CANCELLED" : "ERR_RUN"));
  return error;
}

struct AsyncRuns::Pending {
  std::unique_ptr<Run> run;
  Napi::Promise::Deferred deferred;
};

AsyncRuns::AsyncRuns(Napi::Env env) {
  const napi_value name = Napi::String::New(env, "credence run");
  const napi_status made =
      napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this, settle, &settle_);
  if (made != napi_ok) throw Napi::Error::New(env);
  napi_unref_threadsafe_function(env, settle_);
  // Hooks run last in, first out: this one comes before the thread-safe function is torn down.
  env.AddCleanupHook([this] { shutDown(); });
}

Napi::Promise AsyncRuns::start(Napi::Env env, std::unique_ptr<Run> run) {
  auto pending = std::make_unique<Pending>(Pending{std::move(run), Napi::Promise::Deferred::New(env)});
  Pending* raw = pending.get();
  const Napi::Promise promise = pending->deferred.Promise();
  {
    const std::lock_guard lock(mutex_);
    executing_.insert(raw);
  }
  try {
    Runner::instance().submit([this, raw] {
      raw->run->execute();
      // Under the lock, since settle deletes it: whoever finds it in the set finds it alive.
      const std::lock_guard lock(mutex_);
      napi_call_threadsafe_function(settle_, raw, napi_tsfn_nonblocking);
      executing_.erase(raw);
      idle_.notify_all();
    });
  } catch (...) {
    const std::lock_guard lock(mutex_);
    executing_.erase(raw);
    throw;
  }
  pending.release();  // settle owns it
  if (unsettled_++ == 0) napi_ref_threadsafe_function(env, settle_);
  return promise;
}

void AsyncRuns::settle(napi_env rawEnv, napi_value, void* context, void* data) {
  const std::unique_ptr<Pending> pending(static_cast<Pending*>(data));
  if (!rawEnv) return;  // the environment is going away
  const Napi::Env env(rawEnv);
  const Napi::HandleScope scope(env);
  AsyncRuns& runs = *static_cast<AsyncRuns*>(context);
  if (--runs.unsettled_ == 0) napi_unref_threadsafe_function(env, runs.settle_);
  if (pending->run->status.ok()) pending->deferred.Resolve(env.Undefined());
  else pending->deferred.Reject(errorOf(env, pending->run->status).Value());
}

void AsyncRuns::shutDown() {
  std::unique_lock lock(mutex_);
  for (Pending* pending : executing_) pending->run->control->cancelled = true;
  idle_.wait(lock, [this] { return executing_.empty(); });
}

}  // namespace credence::addon
