#pragma once

#include <cstddef>
#include <new>

namespace meterrig {

// Room for the one handler of its kind that is under way, so that an exchange allocates none.
class HandlerMemory {
 public:
  void* allocate(std::size_t size) {
    if (taken_ || size > sizeof room_) return ::operator new(size);
    taken_ = true;
    return room_;
  }
  void deallocate(void* memory) noexcept {
    if (memory == room_) {
      taken_ = false;
    } else {
      ::operator delete(memory);
    }
  }

 private:
  alignas(std::max_align_t) std::byte room_[256];
  bool taken_ = false;
};

// The standard's view of it, for Asio's associated allocator.
template <typename T>
struct HandlerAllocator {
  using value_type = T;
  explicit HandlerAllocator(HandlerMemory& m) noexcept : memory(&m) {}
  template <typename U>
  HandlerAllocator(const HandlerAllocator<U>& other) noexcept : memory(other.memory) {}
  T* allocate(std::size_t count) { return static_cast<T*>(memory->allocate(count * sizeof(T))); }
  void deallocate(T* at, std::size_t) noexcept { memory->deallocate(at); }
  template <typename U>
  bool operator==(const HandlerAllocator<U>& other) const noexcept {
    return memory == other.memory;
  }
  HandlerMemory* memory;
};

}  // namespace meterrig
