//! Operators of `ai.onnx.ml` that encode: `Scaler`, `Imputer`, `OneHotEncoder`, `LabelEncoder`,
//! `CategoryMapper`, `Normalizer`, `Binarizer`, `FeatureVectorizer`, `ArrayFeatureExtractor`.
//!
//! In: columns of numbers or texts. Out: numbers or texts as a model takes them.

use std::collections::HashMap;
use std::sync::Arc;

use crate::onnx::kernel::{Args, Built, Fault, Spec};
use crate::onnx::steps::Step;
use crate::onnx::tensor::{Data, Kind, Tensor};

/// Makes an encoder ready.
pub(super) fn build(spec: &Spec<'_>) -> Result<Option<Built>, Fault> {
    Ok(Some(match spec.node.op_type.as_str() {
        "Scaler" => scaler(spec),
        "Imputer" => imputer(spec)?,
        "OneHotEncoder" => one_hot(spec)?,
        "LabelEncoder" => label_encoder(spec)?,
        "CategoryMapper" => category_mapper(spec)?,
        "Normalizer" => normalizer(spec)?,
        "Binarizer" => {
            let threshold = spec.float("threshold", 0.0);
            Built::plain(move |args, _budget| {
                let input = args.at(0)?;
                let values = input.data.singles()?;
                let above = values
                    .iter()
                    .map(|value| f32::from(u8::from(*value > threshold)));
                let data = Data::Single(above.collect());
                Ok(vec![Tensor::new(input.shape.clone(), data)?])
            })
        }
        "FeatureVectorizer" => Built::plain(|args, _budget| side_by_side(args)),
        "ArrayFeatureExtractor" => Built::plain(|args, budget| {
            let (input, at) = (args.at(0)?, args.at(1)?.data.longs()?);
            let (width, rows) = input
                .shape
                .split_last()
                .ok_or("its input has no dimension")?;
            let columns = at
                .iter()
                .map(|at| usize::try_from(*at).ok().filter(|at| at < width));
            let columns: Vec<usize> = columns
                .collect::<Option<_>>()
                .ok_or_else(|| format!("it takes a column beyond the {width} of its input"))?;
            let n_rows: usize = rows.iter().product();
            budget.shape(&[n_rows, columns.len()])?;
            let places = (0..n_rows).flat_map(|row| columns.iter().map(move |at| row * width + at));
            let data = input.data.pick(&places.collect::<Vec<_>>());
            let mut shape = if rows.is_empty() {
                vec![1]
            } else {
                rows.to_vec()
            };
            shape.push(columns.len());
            Ok(vec![Tensor::new(shape, data)?])
        }),
        _ => return Ok(None),
    }))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the operator gives single precision"
)]
fn scaler(spec: &Spec<'_>) -> Built {
    let offset = spec.floats("offset").unwrap_or_default();
    let scale = spec.floats("scale").unwrap_or_default();
    let width = offset.len().max(scale.len());
    let steps = (0..width).map(|idx| {
        let at = |list: &[f32], otherwise: f32| match list {
            [] => Some(otherwise),
            [one] => Some(*one),
            _ => list.get(idx).copied(),
        };
        Some(Step::Scale {
            offset: at(&offset, 0.0)?,
            scale: at(&scale, 1.0)?,
        })
    });
    let steps: Option<Vec<Step>> = steps.collect();
    let built = Built::plain(move |args, _budget| {
        let input = args.at(0)?;
        let n_columns = input.shape.last().copied().unwrap_or(1);
        for list in [&offset, &scale] {
            if list.len() > 1 && list.len() != n_columns {
                return Err(format!(
                    "it scales {} columns, its input has {n_columns}",
                    list.len()
                ));
            }
        }
        let at = |list: &[f32], idx: usize, otherwise: f32| match list {
            [] => otherwise,
            [one] => *one,
            _ => list[idx % n_columns],
        };
        let data = match &input.data {
            Data::Double(values) => {
                let scaled = values.iter().enumerate().map(|(idx, value)| {
                    let shifted = value - f64::from(at(&offset, idx, 0.0));
                    (shifted * f64::from(at(&scale, idx, 1.0))) as f32
                });
                scaled.collect()
            }
            other => {
                let singles = other.singles()?;
                let scaled = singles.iter().enumerate();
                scaled
                    .map(|(idx, value)| (value - at(&offset, idx, 0.0)) * at(&scale, idx, 1.0))
                    .collect()
            }
        };
        Ok(vec![Tensor::new(input.shape.clone(), Data::Single(data))?])
    });
    let built = built.with_steps(steps.unwrap_or_default());
    if width > 1 {
        built.with_width(width)
    } else {
        built
    }
}

fn imputer(spec: &Spec<'_>) -> Result<Built, Fault> {
    let (fills, missing) = match (
        spec.floats("imputed_value_floats"),
        spec.ints("imputed_value_int64s"),
    ) {
        (Some(floats), _) if !floats.is_empty() => {
            let missing = f64::from(spec.float("replaced_value_float", 0.0));
            (
                floats.into_iter().map(f64::from).collect::<Vec<_>>(),
                missing,
            )
        }
        (_, Some(ints)) if !ints.is_empty() => {
            let missing = spec.int("replaced_value_int64", 0);
            (Data::Long(ints).doubles()?, missing as f64)
        }
        _ => return Err("it has no values to fill in".to_owned().into()),
    };
    let width = fills.len();
    let steps = if missing.is_nan() {
        fills.iter().copied().map(Step::Fill).collect()
    } else {
        Vec::new()
    };
    let built = Built::plain(move |args, _budget| {
        let input = args.at(0)?;
        let n_columns = input.shape.last().copied().unwrap_or(1);
        if fills.len() > 1 && fills.len() != n_columns {
            return Err(format!(
                "it fills {} columns, its input has {n_columns}",
                fills.len()
            ));
        }
        let mut values = input.data.doubles()?;
        for (idx, value) in values.iter_mut().enumerate() {
            #[expect(clippy::float_cmp, reason = "one exact value stands for missing")]
            let is_missing = *value == missing || (missing.is_nan() && value.is_nan());
            if is_missing {
                *value = fills[idx % n_columns % fills.len()];
            }
        }
        let data = Data::from_doubles(values, input.data.kind());
        Ok(vec![Tensor::new(input.shape.clone(), data)?])
    });
    let built = built.with_steps(steps);
    Ok(if width > 1 {
        built.with_width(width)
    } else {
        built
    })
}

/// A value to look up; numbers by their bits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Text(Arc<str>),
    Long(i64),
    Double(u64),
}

fn keys(data: &Data) -> Result<Vec<Key>, String> {
    let double = |value: f64| {
        let value = if value == 0.0 { 0.0 } else { value };
        Key::Double(if value.is_nan() {
            f64::NAN.to_bits()
        } else {
            value.to_bits()
        })
    };
    Ok(match data {
        Data::Text(list) => list.iter().cloned().map(Key::Text).collect(),
        Data::Long(list) => list.iter().copied().map(Key::Long).collect(),
        Data::Int(_) | Data::Truth(_) => data.longs()?.into_iter().map(Key::Long).collect(),
        Data::Single(_) | Data::Double(_) => data.doubles()?.into_iter().map(double).collect(),
    })
}

fn one_hot(spec: &Spec<'_>) -> Result<Built, Fault> {
    let categories = match (spec.texts("cats_strings"), spec.ints("cats_int64s")) {
        (Some(texts), _) if !texts.is_empty() => Data::Text(texts),
        (_, Some(ints)) if !ints.is_empty() => Data::Long(ints),
        _ => return Err("it has no categories".to_owned().into()),
    };
    let has_zeros = spec.int("zeros", 1) != 0;
    let places: HashMap<Key, usize> = keys(&categories)?.into_iter().zip(0..).collect();
    let width = categories.len();
    Ok(Built::plain(move |args, budget| {
        let input = args.at(0)?;
        let is_text = input.data.kind() == Kind::Text;
        if is_text != (categories.kind() == Kind::Text) {
            return Err(format!(
                "its categories are {} and its input is {}",
                categories.kind().name(),
                input.data.kind().name()
            ));
        }
        let found = if is_text {
            keys(&input.data)?
        } else {
            keys(&Data::Long(input.data.longs()?))?
        };
        let mut shape = input.shape.clone();
        shape.push(width);
        let mut hot = vec![0.0_f32; budget.shape(&shape)?];
        for (row, key) in found.iter().enumerate() {
            match places.get(key) {
                Some(place) => hot[row * width + place] = 1.0,
                None if has_zeros || budget.is_probe => {}
                None => {
                    return Err(format!(
                        "it has not seen the category {} in training",
                        told(key)
                    ));
                }
            }
        }
        Ok(vec![Tensor::new(shape, Data::Single(hot))?])
    }))
}

fn told(key: &Key) -> String {
    match key {
        Key::Text(text) => format!("'{text}'"),
        Key::Long(value) => format!("'{value}'"),
        Key::Double(bits) => format!("'{}'", f64::from_bits(*bits)),
    }
}

/// A table from keys to values, whose last value stands for every other key.
fn mapped(keys_of: &Data, mut values: Data, otherwise: &Data) -> Result<Built, Fault> {
    // Of equal keys the first counts.
    let known = keys(keys_of)?.into_iter().enumerate().rev();
    let places: HashMap<Key, usize> = known.map(|(place, key)| (key, place)).collect();
    if keys_of.len() != values.len() {
        return Err(format!("{} keys for {} values", keys_of.len(), values.len()).into());
    }
    values.extend(otherwise, 0..1)?;
    let last = values.len() - 1;
    let kind = keys_of.kind();
    Ok(Built::plain(move |args, _budget| {
        let input = args.at(0)?;
        let own = input.data.kind();
        if (own == Kind::Text) != (kind == Kind::Text) {
            return Err(format!(
                "its keys are {} and its input is {}",
                kind.name(),
                own.name()
            ));
        }
        let found = match kind {
            Kind::Single | Kind::Double => keys(&Data::Double(input.data.doubles()?))?,
            Kind::Int | Kind::Long | Kind::Truth => keys(&Data::Long(input.data.longs()?))?,
            Kind::Text => keys(&input.data)?,
        };
        let at = found
            .iter()
            .map(|key| places.get(key).copied().unwrap_or(last));
        let data = values.pick(&at.collect::<Vec<_>>());
        Ok(vec![Tensor::new(input.shape.clone(), data)?])
    }))
}

fn label_encoder(spec: &Spec<'_>) -> Result<Built, Fault> {
    if let Some(classes) = spec.texts("classes_strings") {
        return index_and_back(spec, classes);
    }
    let side = |name: &str| -> Result<Data, Fault> {
        if let Some(tensor) = spec.tensor(&format!("{name}_tensor"))? {
            return Ok(tensor.data);
        }
        let texts = spec.texts(&format!("{name}_strings")).map(Data::Text);
        let ints = || spec.ints(&format!("{name}_int64s")).map(Data::Long);
        let floats = || spec.floats(&format!("{name}_floats")).map(Data::Single);
        Ok(texts
            .or_else(ints)
            .or_else(floats)
            .ok_or(format!("it has no {name}"))?)
    };
    let (keys, values) = (side("keys")?, side("values")?);
    let otherwise = match spec.tensor("default_tensor")? {
        Some(tensor) if tensor.data.len() > 0 => tensor.data,
        _ => match values.kind() {
            Kind::Text => Data::Text(vec![Arc::from(
                spec.text("default_string", "_Unused").as_str(),
            )]),
            Kind::Single => Data::Single(vec![spec.float("default_float", -0.0)]),
            Kind::Double => Data::Double(vec![-0.0]),
            Kind::Long => Data::Long(vec![spec.int("default_int64", -1)]),
            Kind::Int => Data::Int(vec![-1]),
            Kind::Truth => Data::Truth(vec![false]),
        },
    };
    mapped(&keys, values, &otherwise)
}

/// Version 1: texts to their positions, and positions to texts.
fn index_and_back(spec: &Spec<'_>, classes: Vec<Arc<str>>) -> Result<Built, Fault> {
    let positions = Data::Long((0..).take(classes.len()).collect());
    let texts = Data::Text(classes);
    let to = Data::Long(vec![spec.int("default_int64", -1)]);
    let back = Data::Text(vec![Arc::from(
        spec.text("default_string", "_Unused").as_str(),
    )]);
    let forth = mapped(&texts, positions.clone(), &to)?;
    let back = mapped(&positions, texts, &back)?;
    Ok(Built::plain(move |args, budget| {
        let is_text = args.at(0)?.data.kind() == Kind::Text;
        (if is_text { &forth } else { &back }.run)(args, budget)
    }))
}

fn category_mapper(spec: &Spec<'_>) -> Result<Built, Fault> {
    let texts = spec.texts("cats_strings").map(Data::Text);
    let ints = spec.ints("cats_int64s").map(Data::Long);
    let (Some(texts), Some(ints)) = (texts, ints) else {
        return Err("it has no categories".to_owned().into());
    };
    let to = Data::Long(vec![spec.int("default_int64", -1)]);
    let back = Data::Text(vec![Arc::from(
        spec.text("default_string", "_Unused").as_str(),
    )]);
    let forth = mapped(&texts, ints.clone(), &to)?;
    let back = mapped(&ints, texts, &back)?;
    Ok(Built::plain(move |args, budget| {
        let is_text = args.at(0)?.data.kind() == Kind::Text;
        (if is_text { &forth } else { &back }.run)(args, budget)
    }))
}

fn normalizer(spec: &Spec<'_>) -> Result<Built, Fault> {
    let norm: fn(&mut [f32]) = match spec.text("norm", "MAX").as_str() {
        "MAX" => |row| divide(row, row.iter().copied().fold(f32::MIN, f32::max)),
        "L1" => |row| divide(row, row.iter().map(|value| value.abs()).sum()),
        "L2" => |row| {
            let total: f32 = row.iter().map(|value| value * value).sum();
            if total != 0.0 {
                for value in row {
                    *value = (*value * *value / total).sqrt().copysign(*value);
                }
            }
        },
        other => return Err(format!("its norm '{other}' is unknown").into()),
    };
    Ok(Built::plain(move |args, _budget| {
        let input = args.at(0)?;
        let width = input.shape.last().copied().unwrap_or(1);
        let mut values = input.data.singles()?;
        values.chunks_exact_mut(width.max(1)).for_each(norm);
        Ok(vec![Tensor::new(
            input.shape.clone(),
            Data::Single(values),
        )?])
    }))
}

fn divide(row: &mut [f32], norm: f32) {
    if norm != 0.0 {
        for value in row {
            *value /= norm;
        }
    }
}

/// The columns of all inputs side by side, in single precision.
fn side_by_side(args: &Args<'_>) -> Result<Vec<Tensor>, String> {
    let ([n_rows] | [n_rows, _]) = args.at(0)?.shape[..] else {
        return Err("it takes columns and matrices".to_owned());
    };
    let mut parts = Vec::new();
    for idx in 0..args.0.len() {
        let input = args.at(idx)?;
        let is_fit = input.shape.first() == Some(&n_rows) && input.shape.len() <= 2;
        if !is_fit {
            return Err(format!(
                "its input {idx} has the shape {:?} for {n_rows} rows",
                input.shape
            ));
        }
        parts.push((
            input.shape.get(1).copied().unwrap_or(1),
            input.data.singles()?,
        ));
    }
    let mut values = Vec::new();
    for row in 0..n_rows {
        for (width, part) in &parts {
            values.extend(&part[row * width..(row + 1) * width]);
        }
    }
    let width = parts.iter().map(|(width, _)| width).sum();
    Ok(vec![Tensor::new(
        vec![n_rows, width],
        Data::Single(values),
    )?])
}
