// CUDA's half of libtorch, brought in when it is wanted. See cuda.rs.

#include <dlfcn.h>

#include <cstring>
#include <exception>
#include <string>

#include <ATen/Context.h>
#include <ATen/ops/empty.h>

// Loads libtorch_cuda.so from beside the libtorch_cpu.so that this process has. Returns what went wrong, to be freed, or null.
extern "C" char* ficta_cuda_load() {
  try {
    Dl_info cpu;
    if (dladdr(reinterpret_cast<void*>(&at::globalContext), &cpu) == 0 || cpu.dli_fname == nullptr) {
      return strdup("cannot tell where libtorch was loaded from");
    }
    const std::string beside = cpu.dli_fname;
    const std::string path = beside.substr(0, beside.rfind('/') + 1) + "libtorch_cuda.so";
    if (dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL) == nullptr) {
      return strdup(dlerror());
    }
    auto& context = at::globalContext();
    // The same numbers on each run: no algorithm that adds in the order in which threads come by, none chosen by a stopwatch.
    context.setBenchmarkCuDNN(false);
    context.setDeterministicCuDNN(true);
    context.setDeterministicAlgorithms(true, /*warn_only=*/true);
    context.setDeterministicFillUninitializedMemory(false);
    // Their gradients add in any order unless libtorch is to refuse whatever does; the plain products that take their place do not.
    context.setSDPUseMemEfficient(false);
    context.setSDPUseFlash(false);
    context.setSDPUseCuDNN(false);
    // f32 is f32. Who wants speed computes in bf16.
    context.setAllowTF32CuDNN(false);
    context.setAllowTF32CuBLAS(false);
    return nullptr;
  } catch (const std::exception& error) {
    return strdup(error.what());
  }
}

// A new f32 tensor in page-locked host memory, which a GPU reads and writes at full speed, not filled. Null where there is none to be had.
extern "C" at::Tensor* ficta_cuda_page_locked(const int64_t* shape, size_t dimensions) {
  try {
    const auto options = at::TensorOptions().dtype(at::kFloat).pinned_memory(true);
    return new at::Tensor(at::empty(at::IntArrayRef(shape, dimensions), options));
  } catch (const std::exception&) {
    return nullptr;
  }
}
