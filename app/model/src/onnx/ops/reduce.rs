//! Operators that take dimensions together: sums, means, extremes, their positions, running sums,
//! softmax and normalization.
//!
//! In: one value. Out: one with fewer elements along some dimensions, or the same shape.

use crate::onnx::kernel::{Args, Budget, Built, Fault, Spec};
use crate::onnx::tensor::{Data, Kind, Tensor, axis, strides, walk};

/// Makes such an operator ready.
pub(super) fn build(spec: &Spec<'_>) -> Result<Option<Built>, Fault> {
    let reduction: Option<fn(&[f64]) -> f64> = match spec.node.op_type.as_str() {
        "ReduceSum" => Some(|list| list.iter().sum()),
        "ReduceMean" => Some(|list| list.iter().sum::<f64>() / list.len() as f64),
        "ReduceMax" => Some(|list| list.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
        "ReduceMin" => Some(|list| list.iter().copied().fold(f64::INFINITY, f64::min)),
        "ReduceProd" => Some(|list| list.iter().product()),
        "ReduceSumSquare" => Some(|list| list.iter().map(|value| value * value).sum()),
        "ReduceL1" => Some(|list| list.iter().map(|value| value.abs()).sum()),
        "ReduceL2" => Some(|list| list.iter().map(|value| value * value).sum::<f64>().sqrt()),
        "ReduceLogSum" => Some(|list| list.iter().sum::<f64>().ln()),
        "ReduceLogSumExp" => Some(log_sum_exp),
        _ => None,
    };
    if let Some(reduction) = reduction {
        return Ok(Some(reduce(spec, reduction)));
    }
    Ok(Some(match spec.node.op_type.as_str() {
        "ArgMax" => extreme(spec, |a, b| a > b),
        "ArgMin" => extreme(spec, |a, b| a < b),
        "CumSum" => running(spec),
        "Softmax" => softmax(spec, false),
        "LogSoftmax" => softmax(spec, true),
        "LayerNormalization" => layer_normalization(spec),
        "BatchNormalization" => batch_normalization(spec),
        "LpNormalization" => lp_normalization(spec),
        _ => return Ok(None),
    }))
}

fn log_sum_exp(list: &[f64]) -> f64 {
    let greatest = list.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if greatest.is_infinite() {
        return greatest;
    }
    greatest
        + list
            .iter()
            .map(|value| (value - greatest).exp())
            .sum::<f64>()
            .ln()
}

/// Sums run in double precision and are rounded once.
fn reduce(spec: &Spec<'_>, reduction: fn(&[f64]) -> f64) -> Built {
    let own = spec.ints("axes");
    let keeps = spec.int("keepdims", 1) != 0;
    let is_idle = spec.int("noop_with_empty_axes", 0) != 0;
    Built::plain(move |args, budget| {
        let input = args.at(0)?;
        let rank = input.shape.len();
        let given = match args.maybe(1) {
            Some(axes) => Some(axes.data.longs()?),
            None => own.clone(),
        };
        let mut is_reduced = vec![false; rank];
        match given.filter(|axes| !axes.is_empty()) {
            Some(axes) => {
                for one in axes {
                    is_reduced[axis(one, rank)?] = true;
                }
            }
            None if is_idle => return Ok(vec![input.clone()]),
            None => is_reduced.fill(true),
        }
        let steps = strides(&input.shape);
        let part = |wanted: bool| {
            let chosen = (0..rank).filter(|idx| is_reduced[*idx] == wanted);
            let (sizes, steps): (Vec<usize>, Vec<usize>) =
                chosen.map(|idx| (input.shape[idx], steps[idx])).unzip();
            walk(&sizes, &steps, 0)
        };
        let (outer, inner) = (part(false), part(true));
        budget.spend(input.data.len().saturating_add(outer.len()))?;
        let values = input.data.doubles()?;
        let mut list = vec![0.0; inner.len()];
        let one = |start: &usize| {
            for (slot, offset) in list.iter_mut().zip(&inner) {
                *slot = values[start + offset];
            }
            reduction(&list)
        };
        let reduced: Vec<f64> = outer.iter().map(one).collect();
        let sizes = input.shape.iter().zip(&is_reduced);
        let shape = sizes
            .filter(|(_, is_reduced)| keeps || !**is_reduced)
            .map(|(size, is_reduced)| if *is_reduced { 1 } else { *size })
            .collect();
        Ok(vec![Tensor::new(
            shape,
            Data::from_doubles(reduced, input.data.kind()),
        )?])
    })
}

/// The shape around a dimension: elements before it, its size, elements after it.
fn around(shape: &[usize], at: usize) -> (usize, usize, usize) {
    (
        shape[..at].iter().product(),
        shape[at],
        shape[at + 1..].iter().product(),
    )
}

fn extreme(spec: &Spec<'_>, is_better: fn(f64, f64) -> bool) -> Built {
    let (along, keeps) = (spec.int("axis", 0), spec.int("keepdims", 1) != 0);
    let takes_last = spec.int("select_last_index", 0) != 0;
    Built::plain(move |args, budget| {
        let input = args.at(0)?;
        let at = axis(along, input.shape.len())?;
        let (before, size, after) = around(&input.shape, at);
        budget.spend(input.data.len())?;
        if size == 0 {
            return Err("it seeks the greatest of no elements".to_owned());
        }
        let values = input.data.doubles()?;
        let mut best = Vec::with_capacity(before * after);
        for outer in 0..before {
            for inner in 0..after {
                let value = |idx: usize| values[(outer * size + idx) * after + inner];
                let mut found = 0;
                for idx in 1..size {
                    let is_tie =
                        takes_last && (value(idx) + 0.0).total_cmp(&(value(found) + 0.0)).is_eq();
                    if is_better(value(idx), value(found)) || is_tie {
                        found = idx;
                    }
                }
                best.push(i64::try_from(found).unwrap_or(i64::MAX));
            }
        }
        let mut shape = input.shape.clone();
        if keeps {
            shape[at] = 1;
        } else {
            shape.remove(at);
        }
        Ok(vec![Tensor::new(shape, Data::Long(best))?])
    })
}

fn running(spec: &Spec<'_>) -> Built {
    let (is_exclusive, is_reversed) = (spec.int("exclusive", 0) != 0, spec.int("reverse", 0) != 0);
    Built::plain(move |args, budget| {
        let input = args.at(0)?;
        let along = args.at(1)?.data.longs()?.first().copied().unwrap_or(0);
        let at = axis(along, input.shape.len())?;
        let (before, size, after) = around(&input.shape, at);
        budget.spend(input.data.len())?;
        let mut values = input.data.doubles()?;
        for outer in 0..before {
            for inner in 0..after {
                let mut sum = 0.0;
                for step in 0..size {
                    let idx = if is_reversed { size - 1 - step } else { step };
                    let slot = &mut values[(outer * size + idx) * after + inner];
                    let next = sum + *slot;
                    *slot = if is_exclusive { sum } else { next };
                    sum = next;
                }
            }
        }
        Ok(vec![Tensor::new(
            input.shape.clone(),
            Data::from_doubles(values, input.data.kind()),
        )?])
    })
}

fn float_only(input: &Tensor) -> Result<Kind, String> {
    match input.data.kind() {
        kind @ (Kind::Single | Kind::Double) => Ok(kind),
        other => Err(format!(
            "it takes float or double and is given {}",
            other.name()
        )),
    }
}

/// Up to version 12, all dimensions from the given one on are taken together.
fn softmax(spec: &Spec<'_>, is_log: bool) -> Built {
    let is_flat = spec.opset < 13;
    let along = spec.int("axis", if is_flat { 1 } else { -1 });
    Built::plain(move |args, budget| {
        let input = args.at(0)?;
        let kind = float_only(input)?;
        budget.spend(input.data.len())?;
        let (before, size, after) =
            if is_flat && along == i64::try_from(input.shape.len()).unwrap_or(0) {
                (input.data.len(), 1, 1)
            } else {
                let at = axis(along, input.shape.len())?;
                let (before, size, after) = around(&input.shape, at);
                if is_flat {
                    (before, size * after, 1)
                } else {
                    (before, size, after)
                }
            };
        let mut values = input.data.doubles()?;
        for outer in 0..before {
            for inner in 0..after {
                let place = |idx: usize| (outer * size + idx) * after + inner;
                let greatest = (0..size)
                    .map(|idx| values[place(idx)])
                    .fold(f64::NEG_INFINITY, f64::max);
                let sum: f64 = (0..size)
                    .map(|idx| (values[place(idx)] - greatest).exp())
                    .sum();
                for idx in 0..size {
                    let shifted = values[place(idx)] - greatest;
                    values[place(idx)] = if is_log {
                        shifted - sum.ln()
                    } else {
                        shifted.exp() / sum
                    };
                }
            }
        }
        Ok(vec![Tensor::new(
            input.shape.clone(),
            Data::from_doubles(values, kind),
        )?])
    })
}

fn layer_normalization(spec: &Spec<'_>) -> Built {
    let (along, epsilon) = (spec.int("axis", -1), f64::from(spec.float("epsilon", 1e-5)));
    Built::plain(move |args, budget| {
        let input = args.at(0)?;
        let kind = float_only(input)?;
        budget.spend(input.data.len())?;
        let at = axis(along, input.shape.len())?;
        let width: usize = input.shape[at..].iter().product();
        let scale = args.at(1)?.data.doubles()?;
        let shift = match args.maybe(2) {
            Some(shift) => shift.data.doubles()?,
            None => vec![0.0; width],
        };
        if scale.len() != width || shift.len() != width {
            return Err(format!(
                "{} scales and {} shifts for {width} elements",
                scale.len(),
                shift.len()
            ));
        }
        let mut values = input.data.doubles()?;
        for row in values.chunks_exact_mut(width.max(1)) {
            let mean = row.iter().sum::<f64>() / width as f64;
            let variance =
                row.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / width as f64;
            let deviation = (variance + epsilon).sqrt();
            for (idx, value) in row.iter_mut().enumerate() {
                *value = (*value - mean) / deviation * scale[idx] + shift[idx];
            }
        }
        Ok(vec![Tensor::new(
            input.shape.clone(),
            Data::from_doubles(values, kind),
        )?])
    })
}

fn lp_normalization(spec: &Spec<'_>) -> Built {
    let (along, p) = (spec.int("axis", -1), spec.int("p", 2));
    Built::plain(move |args, budget| {
        let input = args.at(0)?;
        let kind = float_only(input)?;
        budget.spend(input.data.len())?;
        let (before, size, after) = around(&input.shape, axis(along, input.shape.len())?);
        let mut values = input.data.doubles()?;
        for outer in 0..before {
            for inner in 0..after {
                let place = |idx: usize| (outer * size + idx) * after + inner;
                let powers = (0..size).map(|idx| values[place(idx)].abs());
                let norm: f64 = if p == 1 {
                    powers.sum()
                } else {
                    powers.map(|value| value * value).sum::<f64>().sqrt()
                };
                if norm != 0.0 {
                    (0..size).for_each(|idx| values[place(idx)] /= norm);
                }
            }
        }
        let data = Data::from_doubles(values, kind);
        Ok(vec![Tensor::new(input.shape.clone(), data)?])
    })
}

fn batch_normalization(spec: &Spec<'_>) -> Built {
    let epsilon = f64::from(spec.float("epsilon", 1e-5));
    Built::plain(move |args: &Args<'_>, budget: &mut Budget| {
        let input = args.at(0)?;
        let kind = float_only(input)?;
        budget.spend(input.data.len())?;
        let n_channels = input
            .shape
            .get(1)
            .copied()
            .ok_or("it takes at least two dimensions")?;
        let after: usize = input.shape[2..].iter().product();
        let mut lists = Vec::new();
        for idx in 1..5 {
            let list = args.at(idx)?.data.doubles()?;
            if list.len() != n_channels {
                return Err(format!(
                    "its input {idx} has {} elements for {n_channels} columns",
                    list.len()
                ));
            }
            lists.push(list);
        }
        let mut values = input.data.doubles()?;
        for (position, value) in values.iter_mut().enumerate() {
            let channel = position / after.max(1) % n_channels.max(1);
            let deviation = (lists[3][channel] + epsilon).sqrt();
            *value =
                (*value - lists[2][channel]) / deviation * lists[0][channel] + lists[1][channel];
        }
        Ok(vec![Tensor::new(
            input.shape.clone(),
            Data::from_doubles(values, kind),
        )?])
    })
}
