// libtorch's allocator of large blocks that keeps what is freed. See freed_memory.rs.
//
// In C++ because that is what libtorch's allocators are: a class with virtual functions.

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <unordered_map>

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>

namespace {

// Smaller blocks are libc's, which is good at them.
constexpr std::size_t LARGE = std::size_t{1} << 20;
// Asked of the system from this size on. Blocks are whole ones from eight of them on, and whole pages below.
constexpr std::size_t HUGE_PAGE = std::size_t{2} << 20;
constexpr std::size_t PAGE = std::size_t{1} << 12;
// Of what was in use at once at the most, so much may be held in all, idle blocks included: 5/4.
constexpr std::size_t HELD_NUMERATOR = 5, HELD_DENOMINATOR = 4;
// An idle block may be larger than what is asked for by an eighth.
constexpr std::size_t WASTE = 8;

std::size_t rounded(std::size_t bytes) {
  const std::size_t unit = bytes >= 8 * HUGE_PAGE ? HUGE_PAGE : PAGE;
  return (bytes + unit - 1) / unit * unit;
}

// Idle and used blocks. All functions are called with the lock held.
class Blocks {
 public:
  void* take(std::size_t bytes) {
    const std::size_t size = rounded(bytes);
    const auto idle = by_size_.lower_bound({size, 0});
    if (idle != by_size_.end() && idle->first.first <= size + size / WASTE) {
      const std::size_t found = idle->first.first;
      void* block = idle->second;
      by_age_.erase(idle->first.second);
      by_size_.erase(idle);
      idle_ -= found;
      use(block, found);
      return block;
    }
    while (idle_ > 0 && used_ + idle_ + size > peak_ / HELD_DENOMINATOR * HELD_NUMERATOR) {
      give_back_oldest();
    }
    void* block = map(size);
    if (block == nullptr && idle_ > 0) {
      give_back_all();
      block = map(size);
    }
    if (block != nullptr) {
      use(block, size);
    }
    return block;
  }

  // Whether the block was one of these.
  bool put(void* block, bool keep) {
    const auto used = sizes_.find(block);
    if (used == sizes_.end()) {
      return false;
    }
    const std::size_t size = used->second;
    sizes_.erase(used);
    used_ -= size;
    if (keep) {
      const std::uint64_t age = next_age_++;
      by_size_.emplace(Key{size, age}, block);
      by_age_.emplace(age, size);
      idle_ += size;
    } else {
      munmap(block, size);
    }
    return true;
  }

  void give_back_all() {
    while (idle_ > 0) {
      give_back_oldest();
    }
  }

  void forget_peak() { peak_ = used_; }

 private:
  using Key = std::pair<std::size_t, std::uint64_t>;

  static void* map(std::size_t size) {
    void* block = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED) {
      return nullptr;
    }
#ifdef MADV_HUGEPAGE
    if (size >= HUGE_PAGE) {
      madvise(block, size, MADV_HUGEPAGE);
    }
#endif
    return block;
  }

  void use(void* block, std::size_t size) {
    sizes_.emplace(block, size);
    used_ += size;
    peak_ = used_ > peak_ ? used_ : peak_;
  }

  void give_back_oldest() {
    const auto [age, size] = *by_age_.begin();
    const auto block = by_size_.find({size, age});
    munmap(block->second, size);
    by_size_.erase(block);
    by_age_.erase(by_age_.begin());
    idle_ -= size;
  }

  std::unordered_map<void*, std::size_t> sizes_;
  std::map<Key, void*> by_size_;
  std::map<std::uint64_t, std::size_t> by_age_;
  std::uint64_t next_age_ = 0;
  std::size_t used_ = 0, idle_ = 0, peak_ = 0;
};

class BlockCache final : public c10::Allocator {
 public:
  c10::DataPtr allocate(std::size_t bytes) override {
    void* block = nullptr;
    if (bytes >= LARGE) {
      const std::lock_guard<std::mutex> lock(mutex_);
      block = keepers_ > 0 ? blocks_.take(bytes) : nullptr;
    }
    // Also where the system has no memory left: libtorch's own has the message.
    block = block == nullptr ? c10::alloc_cpu(bytes) : block;
    return {block, block, &free, c10::Device(c10::DeviceType::CPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &free; }

  void copy_data(void* to, const void* from, std::size_t bytes) const override { default_copy_data(to, from, bytes); }

  void keep() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++keepers_;
  }

  void release() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (--keepers_ == 0) {
      blocks_.give_back_all();
      blocks_.forget_peak();
    }
  }

 private:
  static void free(void* block);

  std::mutex mutex_;
  std::size_t keepers_ = 0;
  Blocks blocks_;
};

// Never destroyed: tensors of statics may be freed at the very end.
BlockCache& cache() {
  static BlockCache* const it = new BlockCache;
  return *it;
}

void BlockCache::free(void* block) {
  BlockCache& own = cache();
  // Whole pages begin at one, libc's blocks after their headers.
  if (reinterpret_cast<std::uintptr_t>(block) % PAGE == 0) {
    const std::lock_guard<std::mutex> lock(own.mutex_);
    if (own.blocks_.put(block, own.keepers_ > 0)) {
      return;
    }
  }
  c10::free_cpu(block);
}

}  // namespace

extern "C" {

void ficta_block_cache_keep() noexcept { cache().keep(); }

void ficta_block_cache_release() noexcept { cache().release(); }

void ficta_block_cache_use() noexcept {
  if (c10::GetCPUAllocator() != &cache()) {
    // Priority 1 goes before libtorch's own; libraries with a cache each take turns.
    c10::SetCPUAllocator(&cache(), 1);
  }
}
}
