//! Products of matrices, and distances between their rows.
//!
//! In: matrices, or stacks of them. Out: matrices. Sums run in the precision of the elements, in order.

use crate::onnx::kernel::{Args, Budget, Built, Fault, Spec};
use crate::onnx::tensor::{Data, Source, Tensor, broadcast, walk};

/// Makes such an operator ready.
pub(super) fn build(spec: &Spec<'_>) -> Result<Option<Built>, Fault> {
    Ok(Some(match spec.node.op_type.as_str() {
        "Gemm" => gemm(spec),
        "MatMul" => Built::plain(stacks),
        "CDist" => distances(spec)?,
        _ => return Ok(None),
    }))
}

/// Sizes of a product: rows, inner, columns.
#[derive(Clone, Copy)]
struct Sizes(usize, usize, usize);

/// `out[i][j] = Σ left[i][k] * right[k][j]`; the inner loop runs along rows of both.
fn product<T: Copy + Default + std::ops::Mul<Output = T> + std::ops::AddAssign>(
    left: &[T],
    right: &[T],
    Sizes(n_rows, n_inner, n_columns): Sizes,
) -> Vec<T> {
    /// Inner rows that stay in the cache while all rows pass.
    const BLOCK: usize = 64;
    let mut out = vec![T::default(); n_rows * n_columns];
    if n_columns == 0 {
        return out;
    }
    for start in (0..n_inner).step_by(BLOCK) {
        let end = (start + BLOCK).min(n_inner);
        for (row, sums) in out.chunks_exact_mut(n_columns).enumerate() {
            for inner in start..end {
                let factor = left[row * n_inner + inner];
                let values = &right[inner * n_columns..(inner + 1) * n_columns];
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum += factor * *value;
                }
            }
        }
    }
    out
}

fn multiplied(
    left: &Data,
    right: &Data,
    sizes: Sizes,
    budget: &mut Budget,
) -> Result<Data, String> {
    let Sizes(n_rows, n_inner, n_columns) = sizes;
    budget.shape(&[n_rows, n_columns])?;
    budget.spend(n_rows.saturating_mul(n_inner).saturating_mul(n_columns))?;
    Ok(match (left, right) {
        (Data::Single(left), Data::Single(right)) => Data::Single(product(left, right, sizes)),
        (Data::Double(left), Data::Double(right)) => Data::Double(product(left, right, sizes)),
        (left, right) => {
            return Err(format!(
                "it multiplies float with float or double with double, not {} with {}",
                left.kind().name(),
                right.kind().name()
            ));
        }
    })
}

fn turned(input: &Tensor, is_turned: bool) -> Result<(Data, usize, usize), String> {
    let [n_rows, n_columns] = input.shape[..] else {
        return Err(format!(
            "it takes matrices and is given the shape {:?}",
            input.shape
        ));
    };
    if !is_turned {
        return Ok((input.data.clone(), n_rows, n_columns));
    }
    let at = walk(&[n_columns, n_rows], &[1, n_columns], 0);
    Ok((input.data.pick(&at), n_columns, n_rows))
}

fn gemm(spec: &Spec<'_>) -> Built {
    let alpha = f64::from(spec.float("alpha", 1.0));
    let beta = f64::from(spec.float("beta", 1.0));
    let (turns_left, turns_right) = (spec.int("transA", 0) != 0, spec.int("transB", 0) != 0);
    Built::plain(move |args, budget| {
        let (left, n_rows, n_inner) = turned(args.at(0)?, turns_left)?;
        let (right, other, n_columns) = turned(args.at(1)?, turns_right)?;
        if n_inner != other {
            return Err(format!(
                "the shapes {:?} and {:?} do not fit",
                args.at(0)?.shape,
                args.at(1)?.shape
            ));
        }
        let kind = left.kind();
        let product = multiplied(&left, &right, Sizes(n_rows, n_inner, n_columns), budget)?;
        let shape = vec![n_rows, n_columns];
        let mut values = product.doubles()?;
        if let Some(shift) = args.maybe(2) {
            if broadcast(&shift.shape, &shape)? != shape {
                return Err(format!(
                    "the shapes {:?} and {shape:?} do not fit",
                    shift.shape
                ));
            }
            let source = Source::new(&shift.shape, &shape);
            let shifts = shift.data.doubles()?;
            for (at, value) in values.iter_mut().enumerate() {
                *value = alpha * *value + beta * shifts[source.at(at)];
            }
        } else {
            for value in &mut values {
                *value *= alpha;
            }
        }
        Ok(vec![Tensor::new(shape, Data::from_doubles(values, kind))?])
    })
}

/// `MatMul`: as `numpy.matmul`.
fn stacks(args: &Args<'_>, budget: &mut Budget) -> Result<Vec<Tensor>, String> {
    let (left, right) = (args.at(0)?, args.at(1)?);
    let told = || {
        format!(
            "the shapes {:?} and {:?} do not fit",
            left.shape, right.shape
        )
    };
    let (mut a, mut b) = (left.shape.clone(), right.shape.clone());
    if a.is_empty() || b.is_empty() {
        return Err(told());
    }
    let (is_row, is_column) = (a.len() == 1, b.len() == 1);
    if is_row {
        a.insert(0, 1);
    }
    if is_column {
        b.push(1);
    }
    let (outer_a, outer_b) = (&a[..a.len() - 2], &b[..b.len() - 2]);
    let (n_rows, n_inner, n_columns) = (a[a.len() - 2], a[a.len() - 1], b[b.len() - 1]);
    if b[b.len() - 2] != n_inner {
        return Err(told());
    }
    let outer = broadcast(outer_a, outer_b)?;
    let (at_a, at_b) = (Source::new(outer_a, &outer), Source::new(outer_b, &outer));
    let sizes = Sizes(n_rows, n_inner, n_columns);
    let mut shape = outer.clone();
    shape.extend([n_rows, n_columns]);
    budget.shape(&shape)?;
    let n_products: usize = outer.iter().product();
    let mut data = Data::none(left.data.kind());
    for idx in 0..n_products {
        let one = |data: &Data, at: usize, length: usize| {
            let mut own = Data::none(data.kind());
            own.extend(data, at * length..(at + 1) * length)
                .map(|()| own)
        };
        let own = if n_products == 1 {
            multiplied(&left.data, &right.data, sizes, budget)?
        } else {
            let left = one(&left.data, at_a.at(idx), n_rows * n_inner)?;
            let right = one(&right.data, at_b.at(idx), n_inner * n_columns)?;
            multiplied(&left, &right, sizes, budget)?
        };
        data.extend(&own, 0..own.len())?;
    }
    if is_column {
        shape.pop();
    }
    if is_row {
        shape.remove(outer.len());
    }
    Ok(vec![Tensor::new(shape, data)?])
}

/// `CDist` of `com.microsoft`: distances between every two rows.
fn distances(spec: &Spec<'_>) -> Result<Built, Fault> {
    let is_squared = match spec.text("metric", "sqeuclidean").as_str() {
        "sqeuclidean" => true,
        "euclidean" => false,
        other => {
            return Err(Fault::Unsupported(
                format!("a CDist with the metric '{other}'"),
                "export it with the metric 'euclidean'".to_owned(),
            ));
        }
    };
    Ok(Built::plain(move |args, budget| {
        let (left, right) = (args.at(0)?, args.at(1)?);
        let ((n_left, width), (n_right, other)) = (left.matrix()?, right.matrix()?);
        if width != other {
            return Err(format!(
                "the shapes {:?} and {:?} do not fit",
                left.shape, right.shape
            ));
        }
        budget.shape(&[n_left, n_right])?;
        budget.spend(n_left.saturating_mul(n_right).saturating_mul(width))?;
        let (a, b) = (left.data.doubles()?, right.data.doubles()?);
        let mut values = Vec::with_capacity(n_left * n_right);
        for row in 0..n_left {
            for other in 0..n_right {
                let pairs = a[row * width..(row + 1) * width]
                    .iter()
                    .zip(&b[other * width..]);
                let sum: f64 = pairs.map(|(a, b)| (a - b) * (a - b)).sum();
                values.push(if is_squared { sum } else { sum.sqrt() });
            }
        }
        let data = Data::from_doubles(values, left.data.kind());
        Ok(vec![Tensor::new(vec![n_left, n_right], data)?])
    }))
}
