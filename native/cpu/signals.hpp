// Signals held back from a thread. The AVX-512 kernels of oneDNN 2.6 keep data below the stack pointer, past the red zone: a signal
// handler that runs on top of them (a profiler's, say) overwrites it, and the process dies of a damaged heap. See test/signals_test.cpp.
#pragma once

#include <csignal>
#include <pthread.h>

namespace credence::cpu {

/// While it lives, signals other than those of a fault wait until the thread that made it destroys it.
class SignalsHeld {
 public:
  SignalsHeld() {
    sigset_t all;
    sigfillset(&all);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP}) sigdelset(&all, fault);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsHeld() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;

 private:
  sigset_t before_;
};

}  // namespace credence::cpu
