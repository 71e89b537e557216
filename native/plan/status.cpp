#include <credence/status.hpp>

#include <cstdarg>
#include <cstdio>

namespace credence {

void Status::fail(const char* format, ...) noexcept {
  int expected = running;
  if (!code.compare_exchange_strong(expected, failed)) return;
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
}

void Status::cancel() noexcept {
  int expected = running;
  code.compare_exchange_strong(expected, cancelled);
}

}  // namespace credence
