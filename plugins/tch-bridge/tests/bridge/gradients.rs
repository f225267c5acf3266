//! Parameters, their gradients, and averaging over processes.

use ficta_core::{Ctx, testing::RecordingHost};
use ficta_tch_bridge::{Parameters, average_over_processes, gradients};
use tch::{Kind, Tensor};

fn three() -> Parameters {
    let mut p = Parameters::new();
    for (name, value) in [("z", 1f32), ("a", 2.0), ("m", 3.0)] {
        p.add(name, Tensor::from_slice(&[value, -value]).reshape([2, 1]))
            .unwrap();
    }
    p
}

#[test]
fn order_is_that_of_creation_and_names_are_unique() {
    let mut p = three();
    p.add_buffer("statistics", Tensor::from_slice(&[0f32])).unwrap();
    assert_eq!(p.names(), ["z", "a", "m", "statistics"]);
    assert_eq!(p.trainable().map(|(name, _)| name).collect::<Vec<_>>(), ["z", "a", "m"]);
    assert_eq!(p.count(), 6);
    assert!(p.find("a").is_some_and(|id| p.get(id).double_value(&[0, 0]) == 2.0) && p.find("b").is_none());
    assert!(
        p.add("a", Tensor::from_slice(&[0f32]))
            .unwrap_err()
            .message()
            .contains("`a`")
    );
    assert_eq!(p.names().len(), 4);
}

#[test]
fn gradients_come_in_order_with_zeros_for_what_has_no_part() {
    let p = three();
    let loss = (&p.tensors()[0] * 5.0 + p.tensors()[2].square()).sum(Kind::Float);
    let g = p.gradients(&loss).unwrap();
    let rows: Vec<Vec<f32>> = g.iter().map(|t| Vec::try_from(t.flatten(0, -1)).unwrap()).collect();
    assert_eq!(rows, [[5.0, 5.0], [0.0, 0.0], [6.0, -6.0]]);
    let without_graph = p.gradients(&Tensor::from_slice(&[1f32])).unwrap_err();
    assert!(without_graph.message().contains("without a graph"), "{without_graph}");
    assert!(
        p.gradients(&(&p.tensors()[0] * 2.0))
            .unwrap_err()
            .message()
            .contains("[2, 1]")
    );
}

#[test]
fn leaves_are_filters_in_bf16_with_the_gradients_of_the_originals() {
    let mut p = three();
    p.add("filter", Tensor::from_slice(&[4f32, -1.0]).reshape([2, 1, 1, 1]))
        .unwrap();
    p.add_buffer("statistics", Tensor::from_slice(&[0f32])).unwrap();
    let leaves = p.as_leaves(Kind::BFloat16).unwrap();
    let seen: Vec<_> = leaves
        .iter()
        .map(|t| (t.kind() == Kind::BFloat16, t.requires_grad()))
        .collect();
    assert_eq!(
        seen,
        [
            (false, true),
            (false, true),
            (false, true),
            (true, true),
            (false, false)
        ]
    );
    let g = gradients(&leaves[3].square().sum(Kind::Float), &leaves[3..4]).unwrap();
    assert_eq!(g[0].double_value(&[0, 0, 0, 0]), 8.0);
    assert!(p.tensors()[3].kind() == Kind::Float && !p.tensors()[3].grad().defined());
}

#[test]
fn averages_are_those_of_the_processes() {
    let host = RecordingHost::new(0).with_processes(4);
    let mut g = vec![
        Tensor::from_slice(&[1f32, 2.0]),
        Tensor::from_slice(&[[3f32, 4.0], [5.0, 6.0]].concat())
            .reshape([2, 2])
            .tr(),
    ];
    let before: Vec<Tensor> = g.iter().map(Tensor::copy).collect();
    // All processes hold the same, so the mean is what each holds.
    assert_eq!(average_over_processes(0.5, &mut g, &Ctx::new(&host)).unwrap(), 0.5);
    assert!(g.iter().zip(&before).all(|(a, b)| a == b));
    assert!(
        average_over_processes(f64::NAN, &mut g, &Ctx::new(&host))
            .unwrap()
            .is_nan()
    );
}
