//! Operators that change how elements are arranged or what type they are, or make new values.
//!
//! In: values, and sizes or dimensions as attributes (old versions) or inputs (new ones). Out: the same
//! elements in another shape.

use std::sync::Arc;

use crate::onnx::kernel::{Args, Budget, Built, Fault, Spec, tensor};
use crate::onnx::proto::Attribute;
use crate::onnx::tensor::{Data, Kind, Source, Tensor, axis, broadcast, n_elements, strides, walk};

/// Makes such an operator ready.
pub(super) fn build(spec: &Spec<'_>) -> Result<Option<Built>, Fault> {
    let axes = spec.ints("axes");
    Ok(Some(match spec.node.op_type.as_str() {
        "Identity" | "Dropout" => Built::plain(|args, _budget| Ok(vec![args.at(0)?.clone()])),
        "Constant" => constant(spec)?,
        "ConstantOfShape" => filled(spec)?,
        "Cast" => cast(spec)?,
        "Shape" => shape_of(spec),
        "Size" => Built::plain(|args, _budget| {
            let n = i64::try_from(args.at(0)?.data.len()).unwrap_or(i64::MAX);
            Ok(vec![Tensor::new(Vec::new(), Data::Long(vec![n]))?])
        }),
        "Reshape" => reshape(spec),
        "Flatten" => {
            let along = spec.int("axis", 1);
            Built::plain(move |args, _budget| {
                let input = args.at(0)?;
                let rank = input.shape.len();
                let at = if along == i64::try_from(rank).unwrap_or(0) {
                    rank
                } else {
                    axis(along, rank)?
                };
                let shape = vec![
                    input.shape[..at].iter().product(),
                    input.shape[at..].iter().product(),
                ];
                Ok(vec![Tensor::new(shape, input.data.clone())?])
            })
        }
        "Squeeze" => Built::plain(move |args, _budget| squeeze(args, axes.as_deref())),
        "Unsqueeze" => Built::plain(move |args, _budget| unsqueeze(args, axes.as_deref())),
        "Transpose" => transpose(spec),
        "Expand" => Built::plain(|args, budget| {
            let input = args.at(0)?;
            let wanted = sizes(&args.at(1)?.data.longs()?)?;
            let shape = broadcast(&input.shape, &wanted)?;
            let n = budget.shape(&shape)?;
            let source = Source::new(&input.shape, &shape);
            let at: Vec<usize> = (0..n).map(|at| source.at(at)).collect();
            Ok(vec![Tensor::new(shape, input.data.pick(&at))?])
        }),
        "Tile" => Built::plain(tile),
        "Range" => Built::plain(range),
        _ => return Ok(None),
    }))
}

fn sizes(values: &[i64]) -> Result<Vec<usize>, String> {
    let sizes = values.iter().map(|size| usize::try_from(*size).ok());
    sizes
        .collect::<Option<_>>()
        .ok_or_else(|| format!("the shape {values:?} has a negative size"))
}

fn constant(spec: &Spec<'_>) -> Result<Built, Fault> {
    let mut value = None;
    for (name, attribute) in &spec.node.attributes {
        value = match (name.as_str(), attribute) {
            ("value", Attribute::Tensor(proto)) => Some(tensor(proto, spec.external)?),
            (_, Attribute::Float(value)) => {
                Some(Tensor::new(Vec::new(), Data::Single(vec![*value]))?)
            }
            (_, Attribute::Int(value)) => Some(Tensor::new(Vec::new(), Data::Long(vec![*value]))?),
            (_, Attribute::Text(text)) => Some(Tensor::new(
                Vec::new(),
                Data::Text(vec![Arc::from(text.as_str())]),
            )?),
            (_, Attribute::Floats(list)) => {
                Some(Tensor::new(vec![list.len()], Data::Single(list.clone()))?)
            }
            (_, Attribute::Ints(list)) => Some(Tensor::from_longs(list.clone())),
            (_, Attribute::Texts(list)) => {
                let texts = list.iter().map(|text| Arc::from(text.as_str()));
                Some(Tensor::new(vec![list.len()], Data::Text(texts.collect()))?)
            }
            _ => value,
        };
    }
    let value = value.ok_or("it has no value".to_owned())?;
    Ok(Built::plain(move |_args, _budget| Ok(vec![value.clone()])))
}

fn filled(spec: &Spec<'_>) -> Result<Built, Fault> {
    let value = match spec.tensor("value")? {
        Some(tensor) if tensor.data.len() == 1 => tensor.data,
        Some(_) => return Err("its value has not one element".to_owned().into()),
        None => Data::Single(vec![0.0]),
    };
    Ok(Built::plain(move |args, budget| {
        let shape = sizes(&args.at(0)?.data.longs()?)?;
        let n = budget.shape(&shape)?;
        Ok(vec![Tensor::new(shape, value.pick(&vec![0; n]))?])
    }))
}

fn cast(spec: &Spec<'_>) -> Result<Built, Fault> {
    let element = spec.int("to", 0);
    let kind = Kind::of(element).ok_or_else(|| {
        Fault::Unsupported(
            format!("a Cast to element type {element}"),
            "export it with float, double, integer, truth or text values".to_owned(),
        )
    })?;
    Ok(Built::plain(move |args, budget| {
        let input = args.at(0)?;
        budget.spend(input.data.len())?;
        let data = match (&input.data, kind) {
            (Data::Text(_), Kind::Text) => input.data.clone(),
            (Data::Text(texts), _) => {
                let numbers = texts
                    .iter()
                    .map(|text| number(text))
                    .collect::<Result<_, _>>()?;
                Data::from_doubles(numbers, kind)
            }
            (data, Kind::Text) => Data::Text(texts(data)),
            (data, Kind::Long) => Data::Long(data.longs()?),
            (data, Kind::Single) => Data::Single(data.singles()?),
            (data, _) => Data::from_doubles(data.doubles()?, kind),
        };
        Ok(vec![Tensor::new(input.shape.clone(), data)?])
    }))
}

fn number(text: &str) -> Result<f64, String> {
    let text = text.trim();
    text.parse()
        .map_err(|_no_number| format!("it casts the text '{text}' to a number"))
}

/// Numbers as `onnxruntime` writes them: at most 8 significant digits for single precision, 17 for
/// double, in the shorter of the two forms of C's `%g`.
fn texts(data: &Data) -> Vec<Arc<str>> {
    match data {
        Data::Long(list) => list
            .iter()
            .map(|value| Arc::from(value.to_string()))
            .collect(),
        Data::Int(list) => list
            .iter()
            .map(|value| Arc::from(value.to_string()))
            .collect(),
        Data::Truth(list) => list
            .iter()
            .map(|value| Arc::from(if *value { "1" } else { "0" }))
            .collect(),
        Data::Single(list) => list
            .iter()
            .map(|value| Arc::from(general(f64::from(*value), 8)))
            .collect(),
        Data::Double(list) => list
            .iter()
            .map(|value| Arc::from(general(*value, 17)))
            .collect(),
        Data::Text(list) => list.clone(),
    }
}

fn general(value: f64, digits: usize) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "INF" } else { "-INF" }.to_owned();
    }
    let scientific = format!("{value:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trimmed = |text: &str| {
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text.to_owned()
        }
    };
    let n_digits = i32::try_from(digits).unwrap_or(i32::MAX);
    if exponent < -4 || exponent >= n_digits {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", trimmed(mantissa), exponent.abs());
    }
    let decimals = usize::try_from(n_digits - 1 - exponent).unwrap_or(0);
    trimmed(&format!("{value:.decimals$}"))
}

fn shape_of(spec: &Spec<'_>) -> Built {
    let (start, end) = (spec.int("start", 0), spec.int("end", i64::MAX));
    Built::plain(move |args, _budget| {
        let shape = &args.at(0)?.shape;
        let rank = i64::try_from(shape.len()).unwrap_or(0);
        let place = |at: i64| {
            let from_start = if at < 0 { at.saturating_add(rank) } else { at };
            usize::try_from(from_start.clamp(0, rank)).unwrap_or(0)
        };
        let (start, end) = (place(start), place(end));
        let part = shape.get(start..end).unwrap_or_default();
        let sizes = part
            .iter()
            .map(|size| i64::try_from(*size).unwrap_or(i64::MAX));
        Ok(vec![Tensor::from_longs(sizes.collect())])
    })
}

fn reshape(spec: &Spec<'_>) -> Built {
    let own = spec.ints("shape");
    let keeps_zero = spec.int("allowzero", 0) != 0;
    Built::plain(move |args, _budget| {
        let input = args.at(0)?;
        let wanted = match args.maybe(1) {
            Some(shape) => shape.data.longs()?,
            None => own.clone().ok_or("it has no shape")?,
        };
        let mut shape = Vec::with_capacity(wanted.len());
        let mut open = None;
        for (idx, size) in wanted.iter().enumerate() {
            shape.push(match *size {
                -1 if open.is_none() => {
                    open = Some(idx);
                    1
                }
                0 if !keeps_zero => *input
                    .shape
                    .get(idx)
                    .ok_or("it keeps a dimension that is not there")?,
                size => usize::try_from(size)
                    .map_err(|_negative| format!("it reshapes to {wanted:?}"))?,
            });
        }
        if let Some(idx) = open {
            let rest = n_elements(&shape)?;
            let n = input.data.len();
            if rest == 0 || n % rest != 0 {
                return Err(format!(
                    "the shapes {:?} and {wanted:?} do not fit",
                    input.shape
                ));
            }
            shape[idx] = n / rest;
        }
        let told = |_counts| format!("the shapes {:?} and {wanted:?} do not fit", input.shape);
        Ok(vec![Tensor::new(shape, input.data.clone()).map_err(told)?])
    })
}

fn dimensions(args: &Args<'_>, own: Option<&[i64]>) -> Result<Option<Vec<i64>>, String> {
    match args.maybe(1) {
        Some(axes) => axes.data.longs().map(Some),
        None => Ok(own.map(<[i64]>::to_vec)),
    }
}

fn squeeze(args: &Args<'_>, own: Option<&[i64]>) -> Result<Vec<Tensor>, String> {
    let input = args.at(0)?;
    let rank = input.shape.len();
    let mut goes: Vec<bool> = input.shape.iter().map(|size| *size == 1).collect();
    if let Some(axes) = dimensions(args, own)? {
        let axes = axes
            .iter()
            .map(|one| axis(*one, rank))
            .collect::<Result<Vec<_>, _>>()?;
        if axes.iter().any(|at| input.shape[*at] != 1) {
            return Err(format!(
                "it drops dimensions {axes:?} of the shape {:?}",
                input.shape
            ));
        }
        goes = (0..rank).map(|idx| axes.contains(&idx)).collect();
    }
    let kept = input.shape.iter().zip(&goes).filter(|(_, goes)| !**goes);
    let shape = kept.map(|(size, _)| *size).collect();
    Ok(vec![Tensor::new(shape, input.data.clone())?])
}

fn unsqueeze(args: &Args<'_>, own: Option<&[i64]>) -> Result<Vec<Tensor>, String> {
    let input = args.at(0)?;
    let axes = dimensions(args, own)?.ok_or("it has no axes")?;
    let rank = input.shape.len() + axes.len();
    let axes = axes
        .iter()
        .map(|one| axis(*one, rank))
        .collect::<Result<Vec<_>, _>>()?;
    let mut rest = input.shape.iter();
    let shape: Vec<usize> = (0..rank)
        .filter_map(|idx| {
            if axes.contains(&idx) {
                Some(1)
            } else {
                rest.next().copied()
            }
        })
        .collect();
    Ok(vec![Tensor::new(shape, input.data.clone())?])
}

fn transpose(spec: &Spec<'_>) -> Built {
    let own = spec.ints("perm");
    Built::plain(move |args, budget| {
        let input = args.at(0)?;
        budget.spend(input.data.len())?;
        let rank = input.shape.len();
        let order = match &own {
            Some(order) => order
                .iter()
                .map(|one| axis(*one, rank))
                .collect::<Result<Vec<_>, _>>()?,
            None => (0..rank).rev().collect(),
        };
        let mut sorted = order.clone();
        sorted.sort_unstable();
        if !sorted.into_iter().eq(0..rank) {
            return Err(format!("it orders {rank} dimensions as {order:?}"));
        }
        let steps = strides(&input.shape);
        let shape: Vec<usize> = order.iter().map(|idx| input.shape[*idx]).collect();
        let steps: Vec<usize> = order.iter().map(|idx| steps[*idx]).collect();
        let at = walk(&shape, &steps, 0);
        Ok(vec![Tensor::new(shape, input.data.pick(&at))?])
    })
}

fn tile(args: &Args<'_>, budget: &mut Budget) -> Result<Vec<Tensor>, String> {
    let input = args.at(0)?;
    let repeats = sizes(&args.at(1)?.data.longs()?)?;
    if repeats.len() != input.shape.len() {
        return Err(format!(
            "it repeats {} dimensions of the shape {:?}",
            repeats.len(),
            input.shape
        ));
    }
    let pairs = input.shape.iter().zip(&repeats);
    let shape: Vec<usize> = pairs
        .map(|(size, times)| size.saturating_mul(*times))
        .collect();
    let n = budget.shape(&shape)?;
    let (own, steps) = (strides(&input.shape), strides(&shape));
    let place = |at: usize| -> usize {
        let parts =
            (0..shape.len()).map(|idx| at / steps[idx] % shape[idx] % input.shape[idx] * own[idx]);
        parts.sum()
    };
    let at: Vec<usize> = (0..n).map(place).collect();
    Ok(vec![Tensor::new(shape, input.data.pick(&at))?])
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what is too long is refused before"
)]
fn range(args: &Args<'_>, budget: &mut Budget) -> Result<Vec<Tensor>, String> {
    let number = |idx: usize| -> Result<f64, String> {
        let list = args.at(idx)?.data.doubles()?;
        Ok(*list.first().ok_or("it has an empty input")?)
    };
    let (start, limit, step) = (number(0)?, number(1)?, number(2)?);
    let n = ((limit - start) / step).ceil().max(0.0);
    if !n.is_finite() || n > 1e9 {
        return Err(format!("it counts from {start} to {limit} by {step}"));
    }
    let n = budget.shape(&[n as usize])?;
    let values = (0..n).map(|idx| start + idx as f64 * step).collect();
    let data = Data::from_doubles(values, args.at(0)?.data.kind());
    Ok(vec![Tensor::new(vec![n], data)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected: C's `printf("%.8g")`.
    #[test]
    fn numbers_are_written_as_c_writes_them() {
        for (value, expected) in [
            (1.0, "1"),
            (0.1_f32.into(), "0.1"),
            (123_456_790.0, "1.2345679e+08"),
            (1e-5, "1e-05"),
            (-2.5, "-2.5"),
            (100.0, "100"),
        ] {
            assert_eq!(general(value, 8), expected);
        }
    }
}
