// A convolution whose gradient on the filters is ours, as one node of libtorch's graph. The arithmetic is in filter_gradient/.

#include <cstring>
#include <exception>
#include <optional>

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

extern "C" {

// As in filter_gradient/mod.rs.
struct FictaShape {
  int64_t images, inputs, outputs, high, wide, out_high, out_wide, kernel, stride, padding;
};

// `x` and `by_y` are of one type, which it knows.
using FictaFilterGradient = void (*)(const FictaShape* shape, const void* x, const void* by_y, float* by_filters,
                                     size_t threads);
}

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;

class Convolution : public torch::autograd::Function<Convolution> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input, const at::Tensor& filters,
                            const std::optional<at::Tensor>& bias, int64_t stride, int64_t padding, int64_t gradient) {
    const at::Tensor x = input.contiguous(kChannelsLast);
    const at::Tensor cast = filters.to(x.scalar_type());
    context->save_for_backward({x, cast});
    context->saved_data["bias"] = bias.has_value();
    context->saved_data["stride"] = stride;
    context->saved_data["padding"] = padding;
    context->saved_data["gradient"] = gradient;
    return at::conv2d(x, cast, bias, stride, padding);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "this convolution has no second derivative");
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &filters = saved[1];
    const at::Tensor by_y = gradients[0].to(x.scalar_type()).contiguous(kChannelsLast);
    const auto number = [&](const char* name) { return context->saved_data[name].toInt(); };
    const int64_t stride = number("stride"), padding = number("padding");
    variable_list all(6);
    if (context->needs_input_grad(0)) {
      const int64_t strides[] = {stride, stride}, paddings[] = {padding, padding}, ones[] = {1, 1}, zeros[] = {0, 0};
      all[0] = std::get<0>(at::convolution_backward(by_y, x, filters, at::OptionalIntArrayRef(), strides, paddings, ones,
                                                    /*transposed=*/false, zeros, /*groups=*/1, {true, false, false}));
    }
    if (context->needs_input_grad(1)) {
      all[1] = by_filters(x, filters, by_y, stride, padding, reinterpret_cast<FictaFilterGradient>(number("gradient")));
    }
    if (context->saved_data["bias"].toBool() && context->needs_input_grad(2)) {
      all[2] = by_y.sum({0, 2, 3}, /*keepdim=*/false, at::kFloat);
    }
    return all;
  }

 private:
  static at::Tensor by_filters(const at::Tensor& x, const at::Tensor& filters, const at::Tensor& by_y, int64_t stride,
                               int64_t padding, FictaFilterGradient gradient) {
    const FictaShape shape = {x.size(0),    x.size(1),    filters.size(0), x.size(2), x.size(3),
                              by_y.size(2), by_y.size(3), filters.size(2), stride,    padding};
    // An empty tensor has no memory, and Rust no slice of none.
    if (x.numel() == 0 || by_y.numel() == 0 || filters.numel() == 0) {
      return at::zeros_like(filters, at::kFloat);
    }
    const at::Tensor out = at::empty(filters.sizes(), at::TensorOptions(at::kFloat).memory_format(kChannelsLast));
    gradient(&shape, x.const_data_ptr(), by_y.const_data_ptr(), out.mutable_data_ptr<float>(), at::get_num_threads());
    return out;
  }
};

}  // namespace

// The filters may be of a wider type than `x`; so is their gradient. Writes a new tensor to `y`. Returns what went wrong, to be freed, or null.
extern "C" char* ficta_convolution(const at::Tensor* x, const at::Tensor* filters, const at::Tensor* bias, int64_t stride,
                                   int64_t padding, FictaFilterGradient gradient, at::Tensor** y) {
  try {
    TORCH_CHECK(filters->dim() == 4 && filters->size(2) == filters->size(3), "convolution with filters of ",
                filters->sizes(), ": expected [out,in,k,k]");
    TORCH_CHECK(x->is_cpu() && filters->is_cpu(), "convolution on ", x->device(), " with filters on ", filters->device(),
                ": expected the CPU");
    const auto offsets = bias == nullptr ? std::nullopt : std::optional<at::Tensor>(*bias);
    const bool learns = at::GradMode::is_enabled() && filters->requires_grad();
    *y = new at::Tensor(learns ? Convolution::apply(*x, *filters, offsets, stride, padding,
                                                    reinterpret_cast<int64_t>(gradient))
                               : at::conv2d(*x, filters->to(x->scalar_type()), offsets, stride, padding));
    return nullptr;
  } catch (const std::exception& error) {
    return strdup(error.what());
  }
}
