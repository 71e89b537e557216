// Native objects as JavaScript handles: type-tagged externals around a shared pointer. Releasing a handle empties it; the
// object lives on while a run uses it.
#pragma once

#include <napi.h>

#include <credence/device.hpp>
#include <memory>
#include <string>

namespace credence::addon {

/// A value as an error message shows it.
inline std::string describe(const Napi::Value& value) {
  if (value.IsString()) return '"' + value.As<Napi::String>().Utf8Value() + '"';
  if (value.IsNumber() || value.IsUndefined() || value.IsNull() || value.IsBoolean()) return value.ToString().Utf8Value();
  return value.IsArray()        ? "an array"
         : value.IsTypedArray() ? "a typed array"
         : value.IsExternal()   ? "a handle of another kind"
         : value.IsFunction()   ? "a function"
                                : "an object";
}

template <class T>
struct HandleKind;
template <>
struct HandleKind<Buffer> {
  static constexpr napi_type_tag tag = {0x6372656464656e63, 0x6275666665720001};
  static constexpr const char* name = "a buffer";
};
template <>
struct HandleKind<Program> {
  static constexpr napi_type_tag tag = {0x6372656464656e63, 0x6578656375740002};
  static constexpr const char* name = "an executable";
};
template <>
struct HandleKind<Control> {
  static constexpr napi_type_tag tag = {0x6372656464656e63, 0x636f6e74726f0003};
  static constexpr const char* name = "a control";
};

/// Native bytes behind an object, which the garbage collector should know of.
inline int64_t bytesOf(const Buffer& buffer) { return buffer.bytes; }
inline int64_t bytesOf(const Program& program) { return program.plan().arenaBytes + program.plan().ownBytes; }
inline int64_t bytesOf(const Control&) { return 0; }

template <class T>
struct Holder {
  std::shared_ptr<T> object;

  void release(Napi::Env env) {
    if (!object) return;
    Napi::MemoryManagement::AdjustExternalMemory(env, -bytesOf(*object));
    object.reset();
  }
};

template <class T>
Napi::Value makeHandle(Napi::Env env, std::shared_ptr<T> object) {
  Napi::MemoryManagement::AdjustExternalMemory(env, bytesOf(*object));
  auto external = Napi::External<Holder<T>>::New(env, new Holder<T>{std::move(object)}, [](Napi::Env env, Holder<T>* holder) {
    holder->release(env);
    delete holder;
  });
  external.TypeTag(&HandleKind<T>::tag);
  return external;
}

/// @throws TypeError for anything else than a handle of this kind. `what` names the argument.
template <class T>
Holder<T>& holderOf(Napi::Value value, const std::string& what) {
  bool matches = false;
  if (value.IsExternal()) napi_check_object_type_tag(value.Env(), value, &HandleKind<T>::tag, &matches);
  if (!matches)
    throw Napi::TypeError::New(value.Env(), what + " must be " + HandleKind<T>::name + " handle, got " + describe(value));
  return *value.As<Napi::External<Holder<T>>>().Data();
}

/// @throws TypeError also for a handle that was released.
template <class T>
const std::shared_ptr<T>& objectOf(Napi::Value value, const std::string& what) {
  const Holder<T>& holder = holderOf<T>(value, what);
  if (!holder.object) throw Napi::TypeError::New(value.Env(), what + " has been released");
  return holder.object;
}

}  // namespace credence::addon
