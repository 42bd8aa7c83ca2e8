//! Operators that compute element by element.
//!
//! In: values that broadcast as in NumPy. Out: one value of the shape they have together.

use crate::onnx::kernel::{Args, Budget, Built, Fault, Spec};
use crate::onnx::tensor::{Data, Kind, Source, Tensor, broadcast};

/// Makes an elementwise operator ready.
pub(super) fn build(spec: &Spec<'_>) -> Result<Option<Built>, Fault> {
    let arithmetic = arithmetic(spec);
    let built = arithmetic
        .or_else(|| function(spec))
        .or_else(|| comparison(spec));
    Ok(Some(match built {
        Some(built) => built,
        None => match spec.node.op_type.as_str() {
            "Clip" => clip(spec),
            "Not" => unary_truth(|data| match data {
                Data::Truth(list) => Ok(list.iter().map(|value| !value).collect()),
                other => Err(format!(
                    "it takes truth values and is given {}",
                    other.kind().name()
                )),
            }),
            "IsNaN" => {
                unary_truth(|data| Ok(data.doubles()?.into_iter().map(f64::is_nan).collect()))
            }
            "IsInf" => {
                let below = spec.int("detect_negative", 1) != 0;
                let above = spec.int("detect_positive", 1) != 0;
                unary_truth(move |data| {
                    let is_sought =
                        |value: f64| value.is_infinite() && if value > 0.0 { above } else { below };
                    Ok(data.doubles()?.into_iter().map(is_sought).collect())
                })
            }
            "Where" => Built::plain(choose),
            "Sum" => Built::plain(|args, budget| fold(args, budget, |a, b| a + b)),
            "Mean" => Built::plain(|args, budget| {
                let sum = fold(args, budget, |a, b| a + b)?.remove(0);
                let n = args.0.len() as f64;
                let means = sum.data.doubles()?.into_iter().map(|value| value / n);
                let data = Data::from_doubles(means.collect(), sum.data.kind());
                Ok(vec![Tensor::new(sum.shape, data)?])
            }),
            "Max" => Built::plain(|args, budget| fold(args, budget, greater)),
            "Min" => Built::plain(|args, budget| fold(args, budget, |a, b| -greater(-a, -b))),
            _ => return Ok(None),
        },
    }))
}

/// The greater one; no number wins.
fn greater(left: f64, right: f64) -> f64 {
    if left.is_nan() || right.is_nan() {
        f64::NAN
    } else {
        left.max(right)
    }
}

/// Computes in double precision and rounds once: for the four arithmetic operations and square roots
/// that is single-precision arithmetic to the bit.
fn fold(
    args: &Args<'_>,
    budget: &mut Budget,
    f: impl Fn(f64, f64) -> f64,
) -> Result<Vec<Tensor>, String> {
    let mut sum = args.at(0)?.clone();
    for idx in 1..args.0.len() {
        sum = both(&sum, args.at(idx)?, budget, &f, |a, b| {
            whole(f(a as f64, b as f64))
        })?;
    }
    Ok(vec![sum])
}

#[expect(clippy::cast_possible_truncation, reason = "it is a whole number")]
fn whole(value: f64) -> i64 {
    value as i64
}

/// Two values of one type of numbers.
#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding to the type of the elements is the point"
)]
fn both(
    left: &Tensor,
    right: &Tensor,
    budget: &mut Budget,
    f: impl Fn(f64, f64) -> f64,
    long: impl Fn(i64, i64) -> i64,
) -> Result<Tensor, String> {
    let shape = broadcast(&left.shape, &right.shape)?;
    let n = budget.shape(&shape)?;
    let (a, b) = (
        Source::new(&left.shape, &shape),
        Source::new(&right.shape, &shape),
    );
    let data = match (&left.data, &right.data) {
        (Data::Single(x), Data::Single(y)) => {
            let value = |at| f(f64::from(x[a.at(at)]), f64::from(y[b.at(at)])) as f32;
            Data::Single((0..n).map(value).collect())
        }
        (Data::Double(x), Data::Double(y)) => {
            Data::Double((0..n).map(|at| f(x[a.at(at)], y[b.at(at)])).collect())
        }
        (Data::Long(x), Data::Long(y)) => {
            Data::Long((0..n).map(|at| long(x[a.at(at)], y[b.at(at)])).collect())
        }
        (Data::Int(x), Data::Int(y)) => {
            let value = |at| long(i64::from(x[a.at(at)]), i64::from(y[b.at(at)])) as i32;
            Data::Int((0..n).map(value).collect())
        }
        (x, y) => {
            return Err(format!(
                "it takes two values of one type of numbers, not {} and {}",
                x.kind().name(),
                y.kind().name()
            ));
        }
    };
    Tensor::new(shape, data)
}

fn binary(f: fn(f64, f64) -> f64, long: fn(i64, i64) -> i64) -> Built {
    Built::plain(move |args, budget| Ok(vec![both(args.at(0)?, args.at(1)?, budget, f, long)?]))
}

fn arithmetic(spec: &Spec<'_>) -> Option<Built> {
    Some(match spec.node.op_type.as_str() {
        "Add" => binary(|a, b| a + b, i64::wrapping_add),
        "Sub" => binary(|a, b| a - b, i64::wrapping_sub),
        "Mul" => binary(|a, b| a * b, i64::wrapping_mul),
        "Div" => binary(|a, b| a / b, |a, b| a.checked_div(b).unwrap_or(0)),
        "Mod" if spec.int("fmod", 0) != 0 => {
            binary(|a, b| a % b, |a, b| a.checked_rem(b).unwrap_or(0))
        }
        "Mod" => binary(
            |a, b| a - b * (a / b).floor(),
            |a, b| {
                let rest = a.checked_rem(b).unwrap_or(0);
                if rest != 0 && (rest < 0) != (b < 0) {
                    rest + b
                } else {
                    rest
                }
            },
        ),
        "PRelu" => binary(
            |a, b| if a < 0.0 { a * b } else { a },
            |a, b| if a < 0 { a.wrapping_mul(b) } else { a },
        ),
        "Pow" => Built::plain(|args, budget| {
            let (base, exponent) = (args.at(0)?, args.at(1)?);
            // The exponent may be of another type; the base decides.
            let kind = base.data.kind();
            let exponent = Data::from_doubles(exponent.data.doubles()?, Kind::Double);
            let exponent = Tensor::new(args.at(1)?.shape.clone(), exponent)?;
            let own = Tensor::new(base.shape.clone(), Data::Double(base.data.doubles()?))?;
            let power = both(&own, &exponent, budget, power, |a, _| a)?;
            Ok(vec![Tensor::new(
                power.shape,
                Data::from_doubles(power.data.doubles()?, kind),
            )?])
        }),
        _ => return None,
    })
}

fn power(base: f64, exponent: f64) -> f64 {
    if exponent.to_bits() == 2.0_f64.to_bits() {
        base * base
    } else {
        base.powf(exponent)
    }
}

/// A function of one number, in the precision of its elements.
fn unary(
    single: impl Fn(f32) -> f32 + Send + Sync + 'static,
    double: impl Fn(f64) -> f64 + Send + Sync + 'static,
) -> Built {
    Built::plain(move |args, budget| {
        let input = args.at(0)?;
        budget.spend(input.data.len())?;
        let data = match &input.data {
            Data::Single(list) => Data::Single(list.iter().map(|value| single(*value)).collect()),
            Data::Double(list) => Data::Double(list.iter().map(|value| double(*value)).collect()),
            other => {
                let values = other.doubles()?.into_iter().map(&double);
                Data::from_doubles(values.collect(), other.kind())
            }
        };
        Ok(vec![Tensor::new(input.shape.clone(), data)?])
    })
}

fn unary_truth(f: impl Fn(&Data) -> Result<Vec<bool>, String> + Send + Sync + 'static) -> Built {
    Built::plain(move |args, budget| {
        let input = args.at(0)?;
        budget.spend(input.data.len())?;
        Ok(vec![Tensor::new(
            input.shape.clone(),
            Data::Truth(f(&input.data)?),
        )?])
    })
}

fn function(spec: &Spec<'_>) -> Option<Built> {
    let attribute = |name: &str, otherwise: f32| {
        let value = spec.float(name, otherwise);
        (value, f64::from(value))
    };
    Some(match spec.node.op_type.as_str() {
        "Sqrt" => unary(f32::sqrt, f64::sqrt),
        "Exp" => unary(f32::exp, f64::exp),
        "Log" => unary(f32::ln, f64::ln),
        "Neg" => unary(|x| -x, |x| -x),
        "Abs" => unary(f32::abs, f64::abs),
        "Floor" => unary(f32::floor, f64::floor),
        "Ceil" => unary(f32::ceil, f64::ceil),
        "Round" => unary(f32::round_ties_even, f64::round_ties_even),
        "Reciprocal" => unary(|x| 1.0 / x, |x| 1.0 / x),
        "Sin" => unary(f32::sin, f64::sin),
        "Cos" => unary(f32::cos, f64::cos),
        "Sign" => unary(
            |x| {
                if x == 0.0 || x.is_nan() {
                    x
                } else {
                    x.signum()
                }
            },
            |x| {
                if x == 0.0 || x.is_nan() {
                    x
                } else {
                    x.signum()
                }
            },
        ),
        "Erf" => unary(|x| single(erf(f64::from(x))), erf),
        "Tanh" => unary(|x| single(f64::from(x).tanh()), f64::tanh),
        "Relu" => unary(|x| x.max(0.0), |x| x.max(0.0)),
        "Softsign" => unary(|x| x / (1.0 + x.abs()), |x| x / (1.0 + x.abs())),
        "Sigmoid" => unary(|x| single(sigmoid(f64::from(x))), sigmoid),
        "Softplus" => unary(|x| single(softplus(f64::from(x))), softplus),
        "LeakyRelu" => {
            let (a, b) = attribute("alpha", 0.01);
            unary(
                move |x| if x < 0.0 { a * x } else { x },
                move |x| if x < 0.0 { b * x } else { x },
            )
        }
        "Elu" => {
            let (_, a) = attribute("alpha", 1.0);
            let elu = move |x: f64| if x < 0.0 { a * x.exp_m1() } else { x };
            unary(move |x| single(elu(f64::from(x))), elu)
        }
        "Selu" => {
            let (_, a) = attribute("alpha", 1.673_263_2);
            let (_, g) = attribute("gamma", 1.050_701);
            let selu = move |x: f64| g * if x <= 0.0 { a * x.exp_m1() } else { x };
            unary(move |x| single(selu(f64::from(x))), selu)
        }
        "Gelu" => {
            let is_tanh = spec.text("approximate", "none") == "tanh";
            let gelu = move |x: f64| gelu(x, is_tanh);
            unary(move |x| single(gelu(f64::from(x))), gelu)
        }
        "HardSigmoid" => {
            let ((_, a), (_, b)) = (attribute("alpha", 0.2), attribute("beta", 0.5));
            let hard = move |x: f64| (a * x + b).clamp(0.0, 1.0);
            unary(move |x| single(hard(f64::from(x))), hard)
        }
        "HardSwish" => {
            let swish = |x: f64| x * (x / 6.0 + 0.5).clamp(0.0, 1.0);
            unary(move |x| single(swish(f64::from(x))), swish)
        }
        _ => return None,
    })
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding to single precision is the point"
)]
fn single(value: f64) -> f32 {
    value as f32
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn gelu(x: f64, is_tanh: bool) -> f64 {
    if is_tanh {
        let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
        0.5 * x * (1.0 + inner.tanh())
    } else {
        0.5 * x * (1.0 + erf(x / std::f64::consts::SQRT_2))
    }
}

/// The error function, to 1e-15: its power series near zero, else the continued fraction of its
/// complement.
///
/// Source: NIST Digital Library of Mathematical Functions, 7.6.2 and 7.9.1.
fn erf(x: f64) -> f64 {
    const NEAR: f64 = 2.5;
    let z = x.abs();
    let value = if z.is_nan() {
        return z;
    } else if z < NEAR {
        let (mut term, mut sum) = (z, z);
        for n in 1..80 {
            term *= 2.0 * z * z / f64::from(2 * n + 1);
            sum += term;
        }
        2.0 / std::f64::consts::PI.sqrt() * (-z * z).exp() * sum
    } else {
        let fraction = (1..60)
            .rev()
            .fold(z, |below, n| z + f64::from(n) / 2.0 / below);
        1.0 - (-z * z).exp() / fraction / std::f64::consts::PI.sqrt()
    };
    value.copysign(x)
}

fn clip(spec: &Spec<'_>) -> Built {
    let bounds = (
        spec.has("min").then(|| spec.float("min", f32::MIN)),
        spec.has("max").then(|| spec.float("max", f32::MAX)),
    );
    Built::plain(move |args, budget| {
        let input = args.at(0)?;
        budget.spend(input.data.len())?;
        let bound = |idx: usize, own: Option<f32>| -> Result<Option<f64>, String> {
            match args.maybe(idx) {
                Some(bound) => Ok(bound.data.doubles()?.first().copied()),
                None => Ok(own.map(f64::from)),
            }
        };
        let (least, most) = (bound(1, bounds.0)?, bound(2, bounds.1)?);
        let clipped = |value: f64| {
            let value = if least.is_some_and(|least| value < least) {
                least.unwrap_or(value)
            } else {
                value
            };
            if most.is_some_and(|most| value > most) {
                most.unwrap_or(value)
            } else {
                value
            }
        };
        let values = input.data.doubles()?.into_iter().map(clipped).collect();
        Ok(vec![Tensor::new(
            input.shape.clone(),
            Data::from_doubles(values, input.data.kind()),
        )?])
    })
}

fn comparison(spec: &Spec<'_>) -> Option<Built> {
    #[expect(clippy::float_cmp, reason = "the operator compares exactly")]
    let equal = |a: f64, b: f64| a == b;
    let compare: fn(f64, f64) -> bool = match spec.node.op_type.as_str() {
        "Equal" => equal,
        "Less" => |a, b| a < b,
        "LessOrEqual" => |a, b| a <= b,
        "Greater" => |a, b| a > b,
        "GreaterOrEqual" => |a, b| a >= b,
        "And" => |a, b| a != 0.0 && b != 0.0,
        "Or" => |a, b| a != 0.0 || b != 0.0,
        "Xor" => |a, b| (a != 0.0) != (b != 0.0),
        _ => return None,
    };
    Some(Built::plain(move |args, budget| {
        let (left, right) = (args.at(0)?, args.at(1)?);
        let shape = broadcast(&left.shape, &right.shape)?;
        let n = budget.shape(&shape)?;
        let (a, b) = (
            Source::new(&left.shape, &shape),
            Source::new(&right.shape, &shape),
        );
        let truths: Vec<bool> = match (&left.data, &right.data) {
            (Data::Text(x), Data::Text(y)) => (0..n).map(|at| x[a.at(at)] == y[b.at(at)]).collect(),
            (x, y) => {
                let (x, y) = (x.doubles()?, y.doubles()?);
                (0..n).map(|at| compare(x[a.at(at)], y[b.at(at)])).collect()
            }
        };
        Ok(vec![Tensor::new(shape, Data::Truth(truths))?])
    }))
}

/// Elements of the second input where the first is true, else of the third.
fn choose(args: &Args<'_>, budget: &mut Budget) -> Result<Vec<Tensor>, String> {
    let (truth, yes, no) = (args.at(0)?, args.at(1)?, args.at(2)?);
    let shape = broadcast(&broadcast(&truth.shape, &yes.shape)?, &no.shape)?;
    let n = budget.shape(&shape)?;
    let Data::Truth(truths) = &truth.data else {
        return Err("its first input must be truth values".to_owned());
    };
    let sources = [&truth.shape, &yes.shape, &no.shape].map(|own| Source::new(own, &shape));
    let mut all = yes.data.clone();
    all.extend(&no.data, 0..no.data.len())?;
    let n_yes = yes.data.len();
    let at = (0..n).map(|at| {
        if truths[sources[0].at(at)] {
            sources[1].at(at)
        } else {
            n_yes + sources[2].at(at)
        }
    });
    let data = all.pick(&at.collect::<Vec<_>>());
    Ok(vec![Tensor::new(shape, data)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected: `scipy.special.erf`.
    #[test]
    fn the_error_function_is_right() {
        for (x, expected) in [
            (0.0, 0.0),
            (0.5, 0.520_499_877_813_046_5),
            (-1.0, -0.842_700_792_949_714_9),
            (2.4, 0.999_311_486_103_354_9),
            (3.0, 0.999_977_909_503_001_4),
        ] {
            assert!((erf(x) - expected).abs() < 1e-14, "{x}: {}", erf(x));
        }
    }
}
