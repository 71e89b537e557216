#include "memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <new>

namespace credence::emulator {
namespace {

constexpr unsigned char marginFill = 0xc5, freshFill = 0xff;
constexpr std::size_t alignment = 16;  // of the widest load a kernel makes
const std::size_t page = std::size_t(sysconf(_SC_PAGESIZE));

}  // namespace

GuardedMemory::GuardedMemory(std::size_t bytes) : bytes_(bytes) {
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  innerBytes_ = (rounded + page - 1) / page * page;
  mappedBytes_ = innerBytes_ + 2 * page;
  void* mapping = mmap(nullptr, mappedBytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) throw std::bad_alloc();
  mapping_ = static_cast<unsigned char*>(mapping);
  data_ = mapping_ + page + innerBytes_ - rounded;
  setAccessible(true);
  fillMargins();
  std::memset(data_, freshFill, bytes_);
}

void GuardedMemory::fillMargins() const {
  const unsigned char* end = mapping_ + page + innerBytes_;
  std::memset(mapping_ + page, marginFill, std::size_t(data_ - (mapping_ + page)));
  std::memset(data_ + bytes_, marginFill, std::size_t(end - (data_ + bytes_)));
}

GuardedMemory::~GuardedMemory() { munmap(mapping_, mappedBytes_); }

bool GuardedMemory::contains(const void* address, std::size_t bytes) const {
  const auto* at = static_cast<const unsigned char*>(address);
  return at >= data_ && at <= data_ + bytes_ && bytes <= std::size_t(data_ + bytes_ - at);
}

bool GuardedMemory::inGuard(const void* address) const {
  const auto* at = static_cast<const unsigned char*>(address);
  return at >= mapping_ && at < mapping_ + mappedBytes_ && !(at >= data_ && at < data_ + bytes_);
}

bool GuardedMemory::intact() const {
  const unsigned char* end = mapping_ + page + innerBytes_;
  for (const unsigned char* at = mapping_ + page; at < data_; ++at)
    if (*at != marginFill) return false;
  for (const unsigned char* at = data_ + bytes_; at < end; ++at)
    if (*at != marginFill) return false;
  return true;
}

void GuardedMemory::setAccessible(bool accessible) const {
  if (innerBytes_ > 0) mprotect(mapping_ + page, innerBytes_, accessible ? PROT_READ | PROT_WRITE : PROT_NONE);
}

}  // namespace credence::emulator
