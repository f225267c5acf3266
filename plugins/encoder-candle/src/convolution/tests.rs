//! Against a plain convolution in f64.

use candle_core::Device;
use ficta_core::random::Stream;

use super::*;

struct Case {
    window: Window,
    extent: [usize; 2],
    maps: usize,
    channels: [usize; 2],
    own: bool,
}

fn draw(purpose: &str, n: usize) -> Vec<f32> {
    let mut stream = Stream::new(5, purpose, 0, 0);
    (0..n).map(|_| stream.uniform() as f32 * 2.0 - 1.0).collect()
}

/// `act(scale * (filters * (in_scale * x + in_shift) + bias) + shift + residual)`, with zeros around the shifted input.
fn check(case: &Case, activation: Activation, with_residual: bool) {
    let Case {
        window,
        extent: [high, wide],
        maps,
        channels: [inputs, outputs],
        own,
    } = *case;
    let taps = window.taps();
    let of_output = if own { 1 } else { inputs };
    let x = draw("x", maps * high * wide * inputs);
    let oihw = draw("filters", outputs * of_output * taps);
    let [bias, scale, shift] = ["bias", "scale", "shift"].map(|name| draw(name, outputs));
    let [in_scale, in_shift] = ["in-scale", "in-shift"].map(|name| draw(name, inputs));
    let mut filters = match own {
        true => Filters::depthwise(window, inputs, &oihw, &bias),
        false => Filters::from_oihw(window, [inputs, outputs], &oihw, &bias),
    };
    filters.scale_input(&in_scale, &in_shift);
    filters.scale_output(&scale, &shift);
    let convolution = filters.into_convolution(activation.clone(), &Scratch::default());
    let [rows, columns] = window.count([high, wide]);
    let residual = draw("residual", maps * rows * columns * outputs);
    let tensor = Tensor::from_slice(&x, (maps, high, wide, inputs), &Device::Cpu).unwrap();
    let other = Tensor::from_slice(&residual, (maps, rows, columns, outputs), &Device::Cpu).unwrap();
    let got = match with_residual {
        true => convolution.forward_add(&tensor, &other),
        false => convolution.forward(&tensor),
    }
    .unwrap();
    assert_eq!(got.dims(), [maps, rows, columns, outputs]);
    let got: Vec<f32> = got.flatten_all().unwrap().to_vec1().unwrap();
    for (at, got) in got.into_iter().enumerate() {
        let (o, pixel) = (at % outputs, at / outputs);
        let (n, oy, ox) = (pixel / columns / rows, pixel / columns % rows, pixel % columns);
        let mut sum = f64::from(bias[o]);
        for tap in 0..taps {
            let (ky, kx) = (tap / window.size[1], tap % window.size[1]);
            let y = (oy * window.stride[0] + ky * window.dilation[0]).checked_sub(window.before[0]);
            let x_at = (ox * window.stride[1] + kx * window.dilation[1]).checked_sub(window.before[1]);
            let (Some(y), Some(x_at)) = (y.filter(|y| *y < high), x_at.filter(|x| *x < wide)) else {
                continue;
            };
            for i in 0..of_output {
                let c = if own { o } else { i };
                let value = f64::from(x[((n * high + y) * wide + x_at) * inputs + c]);
                let value = value * f64::from(in_scale[c]) + f64::from(in_shift[c]);
                sum += value * f64::from(oihw[(o * of_output + i) * taps + tap]);
            }
        }
        sum = sum * f64::from(scale[o]) + f64::from(shift[o]);
        if with_residual {
            sum += f64::from(residual[at]);
        }
        let expected = match &activation {
            Activation::Identity => sum,
            Activation::Relu => sum.max(0.0),
            Activation::Prelu(slopes) => sum.max(0.0) + f64::from(slopes[o]) * sum.min(0.0),
            Activation::Clip { low, high } => sum.clamp((*low).into(), (*high).into()),
        };
        assert!(
            (f64::from(got) - expected).abs() < 2e-5,
            "{window:?} {:?} map {n} row {oy} column {ox} channel {o}: {got} instead of {expected}",
            case.channels
        );
    }
}

fn check_all(window: Window, extent: [usize; 2], channels: [usize; 2], own: bool) {
    let case = Case {
        window,
        extent,
        maps: 2,
        channels,
        own,
    };
    check(&case, Activation::Identity, false);
    check(&case, Activation::Relu, true);
    check(&case, Activation::Prelu(draw("slopes", channels[1])), true);
    check(&case, Activation::Clip { low: -0.5, high: 0.7 }, false);
}

#[test]
fn winograd() {
    let window = Window::square(3, 1, 1);
    assert!(winograd::fits(&window, 32) && !winograd::fits(&window, 8));
    for extent in [[4, 4], [7, 7], [14, 10], [1, 3], [9, 2]] {
        for channels in [[16, 16], [32, 40], [16, 5]] {
            check_all(window, extent, channels, false);
        }
    }
}

#[test]
fn gathered() {
    for (window, extent) in [
        (Window::square(3, 2, 1), [7, 8]),
        (Window::square(3, 1, 1), [5, 5]),
        (Window::square(1, 1, 0), [6, 5]),
        (Window::square(1, 2, 0), [6, 5]),
        (Window::square(7, 2, 0), [19, 17]),
        (Window::square(5, 3, 4), [6, 9]),
        (
            Window {
                size: [3, 2],
                stride: [1, 2],
                dilation: [2, 3],
                before: [1, 0],
                after: [3, 2],
            },
            [8, 9],
        ),
    ] {
        for channels in [[3, 8], [8, 33], [20, 7]] {
            check_all(window, extent, channels, false);
        }
    }
    check_all(Window::square(3, 2, 1), [7, 7], [256, 64], false);
}

#[test]
fn depthwise() {
    for window in [
        Window::square(3, 1, 1),
        Window::square(3, 2, 1),
        Window::square(7, 1, 0),
    ] {
        for channels in [1, 16, 24, 65] {
            check_all(window, [9, 8], [channels; 2], true);
        }
    }
}

#[test]
fn nothing_depends_on_the_maps_beside_or_the_threads() {
    for (window, inputs) in [
        (Window::square(3, 1, 1), 32),
        (Window::square(3, 2, 1), 32),
        (Window::square(3, 1, 1), 3),
    ] {
        let filters = draw("filters", 9 * inputs * 48);
        let filters = Filters::from_oihw(window, [inputs, 48], &filters, &[0.5; 48]);
        let convolution = filters.into_convolution(Activation::Relu, &Scratch::default());
        let x = Tensor::from_vec(draw("x", 5 * 13 * 13 * inputs), (5, 13, 13, inputs), &Device::Cpu).unwrap();
        let run = |x: &Tensor, threads: usize| -> Vec<f32> {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let out = pool.install(|| convolution.forward(x)).unwrap();
            out.flatten_all().unwrap().to_vec1().unwrap()
        };
        let all = run(&x, 1);
        assert_eq!(all, run(&x, 3));
        let alone = run(&x.narrow(0, 3, 1).unwrap(), 2);
        assert_eq!(all[3 * alone.len()..][..alone.len()], alone);
    }
}

#[test]
fn wrong_channels_and_residuals_are_errors() {
    let filters = Filters::from_oihw(Window::square(1, 1, 0), [2, 3], &[1.0; 6], &[0.0; 3]);
    let convolution = filters.into_convolution(Activation::Identity, &Scratch::default());
    let maps =
        |shape: (usize, usize, usize, usize)| Tensor::zeros(shape, candle_core::DType::F32, &Device::Cpu).unwrap();
    let error = convolution.forward(&maps((1, 2, 2, 3))).unwrap_err().to_string();
    assert!(error.contains("2 channels"), "{error}");
    let error = convolution
        .forward_add(&maps((1, 2, 2, 2)), &maps((1, 2, 1, 3)))
        .unwrap_err()
        .to_string();
    assert!(error.contains("added"), "{error}");
    assert_eq!(convolution.forward(&maps((0, 2, 2, 2))).unwrap().dims(), [0, 2, 2, 3]);
}
