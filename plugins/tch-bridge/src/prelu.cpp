// PReLU as one node of libtorch's graph. The arithmetic is in prelu.rs.

#include <cstring>
#include <exception>

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

namespace {

using Forward = void (*)(const void* x, const float* slopes, void* y, size_t numbers, size_t channels, size_t threads);
using Backward = void (*)(const void* x, const float* slopes, const void* by_y, void* by_x, float* by_slopes, size_t numbers,
                          size_t channels, size_t threads);

// With all channels of a pixel side by side in memory.
at::Tensor by_pixel(const at::Tensor& x) {
  return x.dim() == 4 ? x.contiguous(at::MemoryFormat::ChannelsLast) : x.contiguous();
}

class PRelu : public torch::autograd::Function<PRelu> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& input, const at::Tensor& slopes,
                            int64_t forward, int64_t backward) {
    const at::Tensor x = by_pixel(input);
    // Rounded as in the products of libtorch's own.
    const at::Tensor rounded = slopes.to(x.scalar_type()).to(at::kFloat).contiguous();
    const at::Tensor y = at::empty_like(x);
    // An empty tensor has no memory, and Rust no slice of none.
    if (x.numel() > 0) {
      reinterpret_cast<Forward>(forward)(x.const_data_ptr(), rounded.const_data_ptr<float>(), y.mutable_data_ptr(),
                                         x.numel(), x.size(1), at::get_num_threads());
    }
    context->save_for_backward({x, rounded});
    context->saved_data["backward"] = backward;
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &slopes = saved[1];
    const at::Tensor by_y = by_pixel(gradients[0].to(x.scalar_type()));
    const at::Tensor by_x = at::empty_like(x), by_slopes = at::zeros_like(slopes);
    if (x.numel() > 0) {
      reinterpret_cast<Backward>(context->saved_data["backward"].toInt())(
          x.const_data_ptr(), slopes.const_data_ptr<float>(), by_y.const_data_ptr(), by_x.mutable_data_ptr(),
          by_slopes.mutable_data_ptr<float>(), x.numel(), x.size(1), at::get_num_threads());
    }
    return {by_x, by_slopes, at::Tensor(), at::Tensor()};
  }
};

}  // namespace

// Writes a new tensor to `y`. Returns what went wrong, to be freed, or null.
extern "C" char* ficta_prelu(const at::Tensor* x, const at::Tensor* slopes, Forward forward, Backward backward, at::Tensor** y) {
  try {
    TORCH_CHECK(x->dim() >= 2 && slopes->dim() == 1 && x->size(1) == slopes->size(0), "PReLU of ", x->sizes(),
                " with slopes of ", slopes->sizes(), ": expected [B,C,..] and [C]");
    TORCH_CHECK(x->dim() == 2 || x->dim() == 4, "PReLU of ", x->sizes(), ": expected [B,C] or [B,C,H,W]");
    *y = new at::Tensor(PRelu::apply(*x, *slopes, reinterpret_cast<int64_t>(forward), reinterpret_cast<int64_t>(backward)));
    return nullptr;
  } catch (const std::exception& error) {
    return strdup(error.what());
  }
}
