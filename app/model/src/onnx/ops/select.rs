//! Operators that choose elements, put values together or take them apart.
//!
//! In: values and positions; negative positions count from the end. Out: chosen elements.

use crate::onnx::kernel::{Args, Budget, Built, Fault, Spec};
use crate::onnx::tensor::{Data, Tensor, axis, strides, walk};

/// Makes such an operator ready.
pub(super) fn build(spec: &Spec<'_>) -> Result<Option<Built>, Fault> {
    let along = spec.int("axis", 0);
    Ok(Some(match spec.node.op_type.as_str() {
        "Concat" => {
            let along = spec.int("axis", 1);
            Built::plain(move |args, budget| concat(args, along, budget))
        }
        "Split" => split(spec),
        "Slice" => slice(spec),
        "Gather" => Built::plain(move |args, budget| gather(args, along, budget)),
        "GatherElements" => Built::plain(move |args, budget| gather_elements(args, along, budget)),
        "GatherND" if spec.int("batch_dims", 0) == 0 => Built::plain(gather_nd),
        "TopK" => top_k(spec),
        "OneHot" => {
            let along = spec.int("axis", -1);
            Built::plain(move |args, budget| one_hot(args, along, budget))
        }
        _ => return Ok(None),
    }))
}

fn position(at: i64, size: usize) -> Result<usize, String> {
    let signed_size = i64::try_from(size).unwrap_or(i64::MAX);
    let from_start = if at < 0 {
        at.saturating_add(signed_size)
    } else {
        at
    };
    usize::try_from(from_start)
        .ok()
        .filter(|at| *at < size)
        .ok_or_else(|| format!("it takes position {at} of {size}"))
}

fn concat(args: &Args<'_>, along: i64, budget: &mut Budget) -> Result<Vec<Tensor>, String> {
    let first = args.at(0)?;
    let at = axis(along, first.shape.len())?;
    let mut shape = first.shape.clone();
    shape[at] = 0;
    let mut inputs = Vec::new();
    for idx in 0..args.0.len() {
        let input = args.at(idx)?;
        let sizes = input.shape.iter().zip(&first.shape).enumerate();
        let is_fit = input.shape.len() == first.shape.len();
        if !is_fit
            || sizes
                .into_iter()
                .any(|(idx, (own, other))| idx != at && own != other)
        {
            return Err(format!(
                "the shapes {:?} and {:?} do not fit",
                first.shape, input.shape
            ));
        }
        shape[at] += input.shape[at];
        inputs.push(input);
    }
    budget.shape(&shape)?;
    let before: usize = shape[..at].iter().product();
    let mut data = Data::none(first.data.kind());
    for outer in 0..before {
        for input in &inputs {
            let length: usize = input.shape[at..].iter().product();
            data.extend(&input.data, outer * length..(outer + 1) * length)?;
        }
    }
    Ok(vec![Tensor::new(shape, data)?])
}

/// Part of a value: along one dimension, these positions.
fn part(input: &Tensor, at: usize, positions: &[usize]) -> Result<Tensor, String> {
    let before: usize = input.shape[..at].iter().product();
    let after: usize = input.shape[at + 1..].iter().product();
    let size = input.shape[at];
    let mut places = Vec::with_capacity(before * positions.len() * after);
    for outer in 0..before {
        for position in positions {
            let first = (outer * size + position) * after;
            places.extend(first..first + after);
        }
    }
    let mut shape = input.shape.clone();
    shape[at] = positions.len();
    Tensor::new(shape, input.data.pick(&places))
}

fn split(spec: &Spec<'_>) -> Built {
    let (along, own) = (spec.int("axis", 0), spec.ints("split"));
    let n_outputs = spec.node.outputs.len();
    Built::plain(move |args, budget| {
        let input = args.at(0)?;
        budget.spend(input.data.len())?;
        let at = axis(along, input.shape.len())?;
        let size = input.shape[at];
        let given = match args.maybe(1) {
            Some(lengths) => Some(lengths.data.longs()?),
            None => own.clone(),
        };
        let lengths: Vec<usize> = match given {
            Some(lengths) => {
                let lengths = lengths.iter().map(|length| usize::try_from(*length).ok());
                lengths
                    .collect::<Option<_>>()
                    .ok_or("it splits off a negative length")?
            }
            None => {
                let length = size.div_ceil(n_outputs.max(1));
                (0..n_outputs)
                    .map(|idx| length.min(size.saturating_sub(idx * length)))
                    .collect()
            }
        };
        let total = lengths
            .iter()
            .fold(0_usize, |sum, length| sum.saturating_add(*length));
        if total != size || lengths.len() < n_outputs {
            return Err(format!("it splits {size} into {lengths:?}"));
        }
        let mut start = 0;
        let mut parts = Vec::new();
        for length in lengths {
            let positions: Vec<usize> = (start..start + length).collect();
            parts.push(part(input, at, &positions)?);
            start += length;
        }
        Ok(parts)
    })
}

fn slice(spec: &Spec<'_>) -> Built {
    let (starts, ends, axes) = (spec.ints("starts"), spec.ints("ends"), spec.ints("axes"));
    Built::plain(move |args, budget| {
        let mut input = args.at(0)?.clone();
        budget.spend(input.data.len())?;
        let list = |idx: usize, own: &Option<Vec<i64>>| match args.maybe(idx) {
            Some(list) => list.data.longs().map(Some),
            None => Ok(own.clone()),
        };
        let starts = list(1, &starts)?.ok_or("it has no starts")?;
        let ends = list(2, &ends)?.ok_or("it has no ends")?;
        let axes = list(3, &axes)?.unwrap_or_else(|| (0..).take(starts.len()).collect());
        let steps = list(4, &None)?.unwrap_or_else(|| vec![1; starts.len()]);
        if [ends.len(), axes.len(), steps.len()] != [starts.len(); 3] {
            return Err("its starts, ends, axes and steps differ in length".to_owned());
        }
        for (idx, step) in steps.iter().enumerate() {
            let at = axis(axes[idx], input.shape.len())?;
            let positions = positions(starts[idx], ends[idx], *step, input.shape[at])?;
            input = part(&input, at, &positions)?;
        }
        Ok(vec![input])
    })
}

fn positions(start: i64, end: i64, step: i64, size: usize) -> Result<Vec<usize>, String> {
    if step == 0 {
        return Err("it slices by steps of 0".to_owned());
    }
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    let from_start = |at: i64| if at < 0 { at.saturating_add(size) } else { at };
    let (least, most) = if step > 0 { (0, size) } else { (-1, size - 1) };
    let (mut at, end) = (
        from_start(start).clamp(least, most),
        from_start(end).clamp(least, most),
    );
    if step < 0 && at < 0 {
        return Ok(Vec::new());
    }
    let mut positions = Vec::new();
    while (step > 0 && at < end) || (step < 0 && at > end) {
        positions.push(usize::try_from(at).unwrap_or(0));
        at = at.saturating_add(step);
    }
    Ok(positions)
}

fn gather(args: &Args<'_>, along: i64, budget: &mut Budget) -> Result<Vec<Tensor>, String> {
    let (input, wanted) = (args.at(0)?, args.at(1)?);
    let at = axis(along, input.shape.len())?;
    let size = input.shape[at];
    let mut shape = input.shape[..at].to_vec();
    shape.extend(&wanted.shape);
    shape.extend(&input.shape[at + 1..]);
    budget.shape(&shape)?;
    let positions = wanted
        .data
        .longs()?
        .into_iter()
        .map(|at| position(at, size));
    let chosen = part(input, at, &positions.collect::<Result<Vec<_>, _>>()?)?;
    Ok(vec![Tensor::new(shape, chosen.data)?])
}

fn gather_elements(
    args: &Args<'_>,
    along: i64,
    budget: &mut Budget,
) -> Result<Vec<Tensor>, String> {
    let (input, wanted) = (args.at(0)?, args.at(1)?);
    let at = axis(along, input.shape.len())?;
    budget.spend(wanted.data.len())?;
    let is_fit = wanted.shape.len() == input.shape.len()
        && (0..wanted.shape.len()).all(|idx| idx == at || wanted.shape[idx] <= input.shape[idx]);
    if !is_fit {
        return Err(format!(
            "the shapes {:?} and {:?} do not fit",
            input.shape, wanted.shape
        ));
    }
    let mut steps = strides(&input.shape);
    let step = std::mem::replace(&mut steps[at], 0);
    let bases = walk(&wanted.shape, &steps, 0);
    let mut places = Vec::with_capacity(bases.len());
    for (base, one) in bases.iter().zip(wanted.data.longs()?) {
        // The position along the dimension replaces the element's own one.
        places.push(base + position(one, input.shape[at])? * step);
    }
    Ok(vec![Tensor::new(
        wanted.shape.clone(),
        input.data.pick(&places),
    )?])
}

fn gather_nd(args: &Args<'_>, budget: &mut Budget) -> Result<Vec<Tensor>, String> {
    let (input, wanted) = (args.at(0)?, args.at(1)?);
    let (depth, outer) = wanted
        .shape
        .split_last()
        .ok_or("its positions have no dimension")?;
    if *depth == 0 || *depth > input.shape.len() {
        return Err(format!(
            "the shapes {:?} and {:?} do not fit",
            input.shape, wanted.shape
        ));
    }
    let mut shape = outer.to_vec();
    shape.extend(&input.shape[*depth..]);
    budget.shape(&shape)?;
    let steps = strides(&input.shape);
    let length: usize = input.shape[*depth..].iter().product();
    let mut places = Vec::new();
    for tuple in wanted.data.longs()?.chunks_exact(*depth) {
        let mut first = 0;
        for (idx, at) in tuple.iter().enumerate() {
            first += position(*at, input.shape[idx])? * steps[idx];
        }
        places.extend(first..first + length);
    }
    Ok(vec![Tensor::new(shape, input.data.pick(&places))?])
}

fn top_k(spec: &Spec<'_>) -> Built {
    let (along, own) = (spec.int("axis", -1), spec.int("k", 0));
    let is_largest = spec.int("largest", 1) != 0;
    Built::plain(move |args, budget| {
        let input = args.at(0)?;
        let at = axis(along, input.shape.len())?;
        let k = match args.maybe(1) {
            Some(k) => k.data.longs()?.first().copied().unwrap_or(0),
            None => own,
        };
        let size = input.shape[at];
        let k = usize::try_from(k).ok().filter(|k| *k <= size);
        let k =
            k.ok_or_else(|| format!("it takes more of the greatest than the {size} there are"))?;
        budget.spend(input.data.len().saturating_mul(8))?;
        let before: usize = input.shape[..at].iter().product();
        let after: usize = input.shape[at + 1..].iter().product();
        // Zero and its negative are equal.
        let values = input.data.doubles()?.into_iter().map(|value| value + 0.0);
        let values: Vec<f64> = values.collect();
        let mut places = vec![0; before * k * after];
        let mut positions = vec![0_i64; before * k * after];
        for outer in 0..before {
            for inner in 0..after {
                let place = |idx: usize| (outer * size + idx) * after + inner;
                let mut order: Vec<usize> = (0..size).collect();
                // Among equal values the earlier position comes first.
                order.sort_by(|a, b| {
                    let (a, b) = (values[place(*a)], values[place(*b)]);
                    if is_largest {
                        b.total_cmp(&a)
                    } else {
                        a.total_cmp(&b)
                    }
                });
                for (rank, idx) in order.into_iter().take(k).enumerate() {
                    let slot = (outer * k + rank) * after + inner;
                    places[slot] = place(idx);
                    positions[slot] = i64::try_from(idx).unwrap_or(i64::MAX);
                }
            }
        }
        let mut shape = input.shape.clone();
        shape[at] = k;
        let chosen = Tensor::new(shape.clone(), input.data.pick(&places))?;
        Ok(vec![chosen, Tensor::new(shape, Data::Long(positions))?])
    })
}

fn one_hot(args: &Args<'_>, along: i64, budget: &mut Budget) -> Result<Vec<Tensor>, String> {
    let (input, values) = (args.at(0)?, args.at(2)?);
    let depth = args.at(1)?.data.longs()?.first().copied().unwrap_or(0);
    let depth = usize::try_from(depth).map_err(|_negative| format!("its depth is {depth}"))?;
    if values.data.len() != 2 {
        return Err("it needs two values, for off and on".to_owned());
    }
    let at = axis(along, input.shape.len() + 1)?;
    let mut shape = input.shape.clone();
    shape.insert(at, depth);
    let mut is_on = vec![0_usize; budget.shape(&shape)?];
    let after: usize = shape[at + 1..].iter().product();
    for (idx, wanted) in input.data.longs()?.into_iter().enumerate() {
        if let Ok(hot) = position(wanted, depth) {
            is_on[(idx / after.max(1) * depth + hot) * after + idx % after.max(1)] = 1;
        }
    }
    Ok(vec![Tensor::new(shape, values.data.pick(&is_on))?])
}
