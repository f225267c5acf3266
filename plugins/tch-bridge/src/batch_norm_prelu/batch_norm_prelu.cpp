// Batch normalisation with PReLU as one node of libtorch's graph. The arithmetic is in groups.rs.

#include <cstring>
#include <exception>

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

extern "C" {

// As in mod.rs: [pixels][channels], and [channels] in f32.
struct FictaNormalise {
  const void* x;
  const float *scale, *shift, *slopes;
  double eps;
  void* y;
  float *mean, *variance;
  size_t pixels, channels, threads;
};

struct FictaNormaliseBack {
  const void *x, *by_y;
  const float *scale, *shift, *slopes, *mean, *variance;
  double eps;
  void* by_x;
  float *by_scale, *by_shift, *by_slopes;
  size_t pixels, channels, threads;
};

using FictaForward = void (*)(const FictaNormalise* work);
using FictaBackward = void (*)(const FictaNormaliseBack* work);
}

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor by_pixel(const at::Tensor& x) { return x.contiguous(at::MemoryFormat::ChannelsLast); }

class BatchNormPRelu : public torch::autograd::Function<BatchNormPRelu> {
 public:
  // Outputs, means and variances.
  static variable_list forward(AutogradContext* context, const at::Tensor& input, const at::Tensor& scale,
                               const at::Tensor& shift, const at::Tensor& slopes, double eps, int64_t forward,
                               int64_t backward) {
    const at::Tensor x = by_pixel(input);
    const at::Tensor scales = scale.contiguous(), shifts = shift.contiguous(), below = slopes.contiguous();
    const at::Tensor y = at::empty_like(x), mean = at::empty_like(scales), variance = at::empty_like(scales);
    const FictaNormalise work = {x.const_data_ptr(),
                                 scales.const_data_ptr<float>(),
                                 shifts.const_data_ptr<float>(),
                                 below.const_data_ptr<float>(),
                                 eps,
                                 y.mutable_data_ptr(),
                                 mean.mutable_data_ptr<float>(),
                                 variance.mutable_data_ptr<float>(),
                                 static_cast<size_t>(x.numel() / x.size(1)),
                                 static_cast<size_t>(x.size(1)),
                                 static_cast<size_t>(at::get_num_threads())};
    reinterpret_cast<FictaForward>(forward)(&work);
    context->save_for_backward({x, scales, shifts, below, mean, variance});
    context->saved_data["eps"] = eps;
    context->saved_data["backward"] = backward;
    context->mark_non_differentiable({mean, variance});
    return {y, mean, variance};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "batch normalisation with PReLU has no second derivative");
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &scale = saved[1];
    const at::Tensor by_y = by_pixel(gradients[0].to(x.scalar_type()));
    const at::Tensor by_x = at::empty_like(x), by_scale = at::empty_like(scale), by_shift = at::empty_like(scale),
                     by_slopes = at::empty_like(scale);
    const FictaNormaliseBack work = {x.const_data_ptr(),
                                     by_y.const_data_ptr(),
                                     scale.const_data_ptr<float>(),
                                     saved[2].const_data_ptr<float>(),
                                     saved[3].const_data_ptr<float>(),
                                     saved[4].const_data_ptr<float>(),
                                     saved[5].const_data_ptr<float>(),
                                     context->saved_data["eps"].toDouble(),
                                     by_x.mutable_data_ptr(),
                                     by_scale.mutable_data_ptr<float>(),
                                     by_shift.mutable_data_ptr<float>(),
                                     by_slopes.mutable_data_ptr<float>(),
                                     static_cast<size_t>(x.numel() / x.size(1)),
                                     static_cast<size_t>(x.size(1)),
                                     static_cast<size_t>(at::get_num_threads())};
    reinterpret_cast<FictaBackward>(context->saved_data["backward"].toInt())(&work);
    return {by_x, by_scale, by_shift, by_slopes, at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

// `parameters` are scale, shift and slopes. Writes new tensors to `out`: outputs, means, variances. Returns what went wrong, to be freed, or null.
extern "C" char* ficta_batch_norm_prelu(const at::Tensor* x, const at::Tensor* const* parameters, double eps,
                                        FictaForward forward, FictaBackward backward, at::Tensor** out) {
  try {
    TORCH_CHECK(x->dim() == 4 && x->numel() > 0, "batch normalisation of ", x->sizes(), ": expected [B,C,H,W], not empty");
    for (int i = 0; i < 3; ++i) {
      const at::Tensor& own = *parameters[i];
      TORCH_CHECK(own.dim() == 1 && own.size(0) == x->size(1) && own.scalar_type() == at::kFloat,
                  "batch normalisation of ", x->sizes(), " with ", own.sizes(), " of ", own.scalar_type(),
                  ": expected one f32 a channel");
      TORCH_CHECK(x->is_cpu() && own.is_cpu(), "batch normalisation on ", x->device(), " with ", own.device(), ": expected the CPU");
    }
    const auto all = BatchNormPRelu::apply(*x, *parameters[0], *parameters[1], *parameters[2], eps,
                                           reinterpret_cast<int64_t>(forward), reinterpret_cast<int64_t>(backward));
    for (int i = 0; i < 3; ++i) {
      out[i] = new at::Tensor(all[i]);
    }
    return nullptr;
  } catch (const std::exception& error) {
    return strdup(error.what());
  }
}
