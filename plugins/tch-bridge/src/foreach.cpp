// libtorch's operations on whole lists of tensors: one kernel for hundreds of weights. tch does not have them. See foreach.rs.

#include <algorithm>
#include <cstring>
#include <exception>
#include <limits>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/empty_strided.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>

namespace {

using List = std::vector<at::Tensor>;
using Pointers = at::Tensor* const*;

List list(Pointers tensors, size_t count) {
  List all;
  all.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    all.push_back(*tensors[i]);
  }
  return all;
}

// The same, each in the memory order of its model, which the kernels walk side by side.
List laid_out_like(const List& models, Pointers tensors) {
  List all;
  all.reserve(models.size());
  for (size_t i = 0; i < models.size(); ++i) {
    const auto& model = models[i];
    if (tensors[i]->strides() == model.strides() && tensors[i]->dtype() == model.dtype()) {
      all.push_back(*tensors[i]);
    } else {
      all.push_back(at::empty_strided(model.sizes(), model.strides(), model.options()).copy_(*tensors[i]));
    }
  }
  return all;
}

// Null, or what went wrong, to be freed.
template <class Work>
char* caught(Work work) {
  try {
    work();
    return nullptr;
  } catch (const std::exception& error) {
    return strdup(error.what());
  }
}

}  // namespace

extern "C" char* ficta_foreach_sgd(Pointers weights, Pointers gradients, Pointers velocities, size_t count,
                                   double learning_rate, double momentum, double weight_decay) {
  return caught([&] {
    const List all = list(weights, count);
    // With velocities the kernel refuses a momentum of 0; the least above it gives the same numbers.
    const double positive = std::max(momentum, std::numeric_limits<double>::min());
    at::_fused_sgd_(all, laid_out_like(all, gradients), list(velocities, count), weight_decay, positive, learning_rate,
                    /*dampening=*/0.0, /*nesterov=*/false, /*maximize=*/false, /*is_first_step=*/false);
  });
}

extern "C" char* ficta_foreach_adamw(Pointers weights, Pointers gradients, Pointers means, Pointers squares, size_t count,
                                     const at::Tensor* step, double learning_rate, double beta1, double beta2,
                                     double weight_decay, double eps) {
  return caught([&] {
    const List all = list(weights, count);
    at::_fused_adamw_(all, laid_out_like(all, gradients), list(means, count), list(squares, count), List{},
                      List(count, *step), learning_rate, beta1, beta2, weight_decay, eps, /*amsgrad=*/false,
                      /*maximize=*/false);
  });
}

extern "C" char* ficta_foreach_lerp(Pointers means, Pointers targets, size_t count, double share) {
  return caught([&] {
    const List all = list(means, count);
    at::_foreach_lerp_(all, laid_out_like(all, targets), share);
  });
}

extern "C" char* ficta_foreach_scale(Pointers tensors, size_t count, double factor) {
  return caught([&] { at::_foreach_mul_(list(tensors, count), factor); });
}

extern "C" char* ficta_foreach_norm(Pointers tensors, size_t count, double* norm) {
  return caught([&] {
    const auto norms = at::_foreach_norm(list(tensors, count));
    *norm = at::linalg_vector_norm(at::stack(norms)).item<double>();
  });
}
