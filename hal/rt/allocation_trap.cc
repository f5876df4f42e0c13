// Replaces the heap's entry points for the whole binary: inside a RealtimeScope each of them aborts. Link it into tests
// with alwayslink. Not used with sanitizers, which bring their own heap.

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "hal/rt/realtime_scope.h"

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* old, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
void __libc_free(void* block);
}

namespace {

void Forbid(const char* what) {
  if (!abcds::RealtimeScope::Active()) return;
  static constexpr char kText[] = " called inside a RealtimeScope\n";
  [[maybe_unused]] ssize_t written = write(STDERR_FILENO, what, std::strlen(what));
  written = write(STDERR_FILENO, kText, sizeof(kText) - 1);
  std::abort();
}

}  // namespace

extern "C" {

void* malloc(size_t size) {
  Forbid("malloc");
  return __libc_malloc(size);
}

void* calloc(size_t count, size_t size) {
  Forbid("calloc");
  return __libc_calloc(count, size);
}

void* realloc(void* old, size_t size) {
  Forbid("realloc");
  return __libc_realloc(old, size);
}

void* aligned_alloc(size_t alignment, size_t size) {
  Forbid("aligned_alloc");
  return __libc_memalign(alignment, size);
}

int posix_memalign(void** block, size_t alignment, size_t size) {
  Forbid("posix_memalign");
  *block = __libc_memalign(alignment, size);
  return *block == nullptr ? ENOMEM : 0;
}

void free(void* block) {
  Forbid("free");
  __libc_free(block);
}

}  // extern "C"

#endif
