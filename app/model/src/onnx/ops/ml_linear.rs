//! `LinearClassifier`, `LinearRegressor`, `SVMClassifier` and `SVMRegressor` of `ai.onnx.ml`.
//!
//! In: a matrix of numbers, taken in single precision as `onnxruntime` takes it. Out: labels and
//! scores. Products are summed in double precision and rounded once.

use std::sync::Arc;

use crate::onnx::kernel::{Built, Fault, Spec};
use crate::onnx::post::{Post, Second, logistic};
use crate::onnx::tensor::{Data, Tensor};

/// Makes a linear or support vector operator ready.
pub(super) fn build(spec: &Spec<'_>) -> Result<Option<Built>, Fault> {
    Ok(Some(match spec.node.op_type.as_str() {
        "LinearRegressor" => linear_regressor(spec)?,
        "LinearClassifier" => linear_classifier(spec)?,
        "SVMRegressor" => svm_regressor(spec)?,
        "SVMClassifier" => svm_classifier(spec)?,
        _ => return Ok(None),
    }))
}

/// Rows times weights, plus an intercept per output.
#[derive(Debug)]
struct Linear {
    n_columns: usize,
    weights: Vec<f32>,
    intercepts: Vec<f32>,
}

impl Linear {
    fn new(spec: &Spec<'_>, n_outputs: usize, intercepts: Vec<f32>) -> Result<Self, Fault> {
        let weights = spec.floats("coefficients").unwrap_or_default();
        if n_outputs == 0 || weights.is_empty() || !weights.len().is_multiple_of(n_outputs) {
            return Err(format!("{} coefficients for {n_outputs} outputs", weights.len()).into());
        }
        Ok(Self {
            n_columns: weights.len() / n_outputs,
            weights,
            intercepts,
        })
    }

    fn scores(&self, input: &Tensor) -> Result<(usize, Vec<f32>), String> {
        let (n_rows, values) = rows(input, self.n_columns)?;
        let mut scores = Vec::with_capacity(n_rows * self.weights.len() / self.n_columns);
        for row in values.chunks_exact(self.n_columns) {
            for (idx, weights) in self.weights.chunks_exact(self.n_columns).enumerate() {
                let intercept = self.intercepts.get(idx).copied().unwrap_or(0.0);
                scores.push(rounded(dot(row, weights) + f64::from(intercept)));
            }
        }
        Ok((n_rows, scores))
    }
}

/// A matrix of single-precision numbers with this many columns.
fn rows(input: &Tensor, n_columns: usize) -> Result<(usize, Vec<f32>), String> {
    let (n_rows, own) = input.matrix()?;
    if own != n_columns {
        return Err(format!("it takes {n_columns} columns, its input has {own}"));
    }
    Ok((n_rows, input.data.singles()?))
}

fn dot(left: &[f32], right: &[f32]) -> f64 {
    let pairs = left.iter().zip(right);
    pairs
        .map(|(left, right)| f64::from(*left) * f64::from(*right))
        .sum()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding to single precision is the point"
)]
fn rounded(value: f64) -> f32 {
    value as f32
}

/// Labels by position; of one label alone it is that one.
fn named(labels: &Data, tops: &[usize]) -> Data {
    let last = labels.len().saturating_sub(1);
    labels.pick(&tops.iter().map(|top| *top.min(&last)).collect::<Vec<_>>())
}

fn matrix(n_rows: usize, values: Vec<f32>) -> Result<Tensor, String> {
    let shape = vec![n_rows, values.len() / n_rows.max(1)];
    Tensor::new(shape, Data::Single(values))
}

fn linear_regressor(spec: &Spec<'_>) -> Result<Built, Fault> {
    let n_outputs = usize::try_from(spec.int("targets", 1)).unwrap_or(0);
    let intercepts = spec.floats("intercepts").unwrap_or_default();
    let linear = Linear::new(spec, n_outputs, intercepts)?;
    let post = Post::named(&spec.text("post_transform", "NONE"))?;
    let width = linear.n_columns;
    Ok(Built::plain(move |args, budget| {
        let (n_rows, mut scores) = linear.scores(args.at(0)?)?;
        budget.spend(n_rows.saturating_mul(linear.weights.len()))?;
        // One score alone is transformed by PROBIT only.
        if n_outputs > 1 || post == Post::Probit {
            scores
                .chunks_exact_mut(n_outputs)
                .for_each(|row| post.apply(row));
        }
        Ok(vec![matrix(n_rows, scores)?])
    })
    .with_width(width))
}

fn linear_classifier(spec: &Spec<'_>) -> Result<Built, Fault> {
    let labels = spec
        .labels()
        .filter(|labels| labels.len() > 0)
        .ok_or("it has no class labels".to_owned())?;
    let intercepts = spec.floats("intercepts").unwrap_or_default();
    let n_outputs = if intercepts.is_empty() {
        labels.len()
    } else {
        intercepts.len()
    };
    let is_one = n_outputs == 1 && labels.len() == 2;
    if !is_one && n_outputs != labels.len() {
        return Err(format!("{n_outputs} intercepts for {} classes", labels.len()).into());
    }
    let linear = Arc::new(Linear::new(spec, n_outputs, intercepts)?);
    let post = Post::named(&spec.text("post_transform", "NONE"))?;
    let (width, scoring) = (linear.n_columns, Arc::clone(&linear));
    let mut built = Built::plain(move |args, budget| {
        let (n_rows, mut scores) = linear.scores(args.at(0)?)?;
        budget.spend(n_rows.saturating_mul(linear.weights.len()))?;
        let tops: Vec<usize> = scores.chunks_exact(n_outputs).map(top).collect();
        if is_one {
            scores = scores
                .iter()
                .flat_map(|score| post.two(*score, Second::Complement))
                .collect();
        } else {
            scores
                .chunks_exact_mut(n_outputs)
                .for_each(|row| post.apply(row));
        }
        let labels = Tensor::new(vec![n_rows], named(&labels, &tops))?;
        Ok(vec![labels, matrix(n_rows, scores)?])
    })
    .with_width(width);
    if post != Post::None {
        built.scores = Some(Box::new(move |args, _budget| {
            let (n_rows, scores) = scoring.scores(args.at(0)?)?;
            Ok(vec![matrix(n_rows, scores)?])
        }));
    }
    Ok(built)
}

/// The position of the greatest score; of one score alone, whether it is above zero.
fn top(scores: &[f32]) -> usize {
    if let [score] = scores {
        return usize::from(*score > 0.0);
    }
    let mut best = 0;
    for (idx, score) in scores.iter().enumerate() {
        if *score > scores[best] {
            best = idx;
        }
    }
    best
}

/// How two rows are alike.
#[derive(Debug, Clone, Copy)]
enum Likeness {
    Linear,
    Polynomial,
    Radial,
    Sigmoid,
}

/// Support vectors and their kernel.
#[derive(Debug)]
struct Machine {
    likeness: Likeness,
    gamma: f32,
    shift: f32,
    degree: f32,
    n_columns: usize,
    vectors: Vec<f32>,
}

impl Machine {
    fn new(spec: &Spec<'_>, n_vectors: usize, vectors: Vec<f32>) -> Result<Self, Fault> {
        let parameters = spec.floats("kernel_params").unwrap_or_default();
        let parameter = |idx: usize| parameters.get(idx).copied().unwrap_or(0.0);
        let likeness = match spec.text("kernel_type", "LINEAR").as_str() {
            "LINEAR" => Likeness::Linear,
            "POLY" => Likeness::Polynomial,
            "RBF" => Likeness::Radial,
            "SIGMOID" => Likeness::Sigmoid,
            other => return Err(format!("its kernel_type '{other}' is unknown").into()),
        };
        if n_vectors == 0 || vectors.is_empty() || !vectors.len().is_multiple_of(n_vectors) {
            return Err(
                format!("{} figures for {n_vectors} support vectors", vectors.len()).into(),
            );
        }
        Ok(Self {
            likeness,
            gamma: parameter(0),
            shift: parameter(1),
            degree: parameter(2),
            n_columns: vectors.len() / n_vectors,
            vectors,
        })
    }

    /// How alike a row is to each support vector.
    fn kernels(&self, row: &[f32]) -> Vec<f32> {
        let affine = |product: f64| f64::from(self.gamma) * product + f64::from(self.shift);
        let kernel = |vector: &[f32]| match self.likeness {
            Likeness::Linear => dot(row, vector),
            Likeness::Polynomial => affine(dot(row, vector)).powf(f64::from(self.degree)),
            Likeness::Sigmoid => affine(dot(row, vector)).tanh(),
            Likeness::Radial => {
                let pairs = row.iter().zip(vector);
                let distance: f64 = pairs.map(|(x, v)| f64::from(x - v).powi(2)).sum();
                (-f64::from(self.gamma) * distance).exp()
            }
        };
        let vectors = self.vectors.chunks_exact(self.n_columns);
        vectors.map(|vector| rounded(kernel(vector))).collect()
    }
}

fn svm_regressor(spec: &Spec<'_>) -> Result<Built, Fault> {
    let n_vectors = usize::try_from(spec.int("n_supports", 0)).unwrap_or(0);
    let rho = spec.floats("rho").unwrap_or_default();
    let shift = f64::from(rho.first().copied().unwrap_or(0.0));
    let is_one_class = spec.int("one_class", 0) != 0;
    let coefficients = spec.floats("coefficients").unwrap_or_default();
    let machine = if n_vectors == 0 {
        None
    } else {
        if coefficients.len() != n_vectors {
            return Err(format!(
                "{} coefficients for {n_vectors} support vectors",
                coefficients.len()
            )
            .into());
        }
        Some(Machine::new(
            spec,
            n_vectors,
            spec.floats("support_vectors").unwrap_or_default(),
        )?)
    };
    let n_columns = machine
        .as_ref()
        .map_or(coefficients.len(), |machine| machine.n_columns);
    if n_columns == 0 {
        return Err("it has no coefficients".to_owned().into());
    }
    Ok(Built::plain(move |args, budget| {
        let (n_rows, values) = rows(args.at(0)?, n_columns)?;
        let cost = machine
            .as_ref()
            .map_or(n_columns, |machine| machine.vectors.len());
        budget.spend(n_rows.saturating_mul(cost))?;
        let score = |row: &[f32]| {
            let sum = match &machine {
                Some(machine) => dot(&machine.kernels(row), &coefficients),
                None => dot(row, &coefficients),
            };
            let score = rounded(sum + shift);
            match is_one_class {
                true if score > 0.0 => 1.0,
                true => -1.0,
                false => score,
            }
        };
        let scores: Vec<f32> = values.chunks_exact(n_columns).map(score).collect();
        Ok(vec![Tensor::new(vec![n_rows, 1], Data::Single(scores))?])
    })
    .with_width(n_columns))
}

/// A support vector classifier: one decision per pair of classes.
#[derive(Debug)]
struct Pairs {
    machine: Machine,
    n_classes: usize,
    /// First support vector of each class, and the end.
    starts: Vec<usize>,
    coefficients: Vec<f32>,
    rho: Vec<f32>,
    prob_a: Vec<f32>,
    prob_b: Vec<f32>,
}

fn svm_classifier(spec: &Spec<'_>) -> Result<Built, Fault> {
    let labels = spec
        .labels()
        .filter(|labels| labels.len() > 0)
        .ok_or("it has no class labels".to_owned())?;
    let n_classes = labels.len();
    let per_class = spec.ints("vectors_per_class").unwrap_or_default();
    let floats = |name: &str| spec.floats(name).unwrap_or_default();
    let (rho, coefficients) = (floats("rho"), floats("coefficients"));
    let mut starts = vec![0_usize];
    for count in &per_class {
        let end = usize::try_from(*count)
            .ok()
            .and_then(|count| starts[starts.len() - 1].checked_add(count));
        starts.push(end.ok_or_else(|| format!("a class has {count} support vectors"))?);
    }
    let n_vectors = starts[starts.len() - 1];
    if n_vectors == 0 {
        return linear_machine(spec, labels, rho.first().copied().unwrap_or(0.0));
    }
    let vectors = floats("support_vectors");
    if n_vectors > vectors.len() || n_classes < 2 || n_classes > spec.limits.n_outputs {
        return Err(format!("{n_vectors} support vectors for {n_classes} classes").into());
    }
    let n_pairs = n_classes * (n_classes - 1) / 2;
    let (prob_a, prob_b) = (floats("prob_a"), floats("prob_b"));
    let is_whole = per_class.len() == n_classes
        && coefficients.len() >= (n_classes - 1).saturating_mul(n_vectors)
        && rho.len() >= n_pairs
        && (prob_a.is_empty() || (prob_a.len() >= n_pairs && prob_b.len() >= n_pairs));
    if !is_whole {
        return Err(
            "its coefficients, rho or prob_a are fewer than its classes and support vectors need"
                .to_owned()
                .into(),
        );
    }
    let post = Post::named(&spec.text("post_transform", "NONE"))?;
    let pairs = Pairs {
        machine: Machine::new(spec, n_vectors, vectors)?,
        n_classes,
        starts,
        coefficients,
        rho,
        prob_a,
        prob_b,
    };
    let width = pairs.machine.n_columns;
    Ok(Built::plain(move |args, budget| {
        let (n_rows, values) = rows(args.at(0)?, pairs.machine.n_columns)?;
        let cost =
            pairs.machine.vectors.len() + pairs.coefficients.len() + 100 * n_classes * n_classes;
        budget.spend(n_rows.saturating_mul(cost))?;
        let (mut tops, mut given) = (Vec::new(), Vec::new());
        for row in values.chunks_exact(pairs.machine.n_columns) {
            let (top, row) = pairs.row(row, post);
            tops.push(top);
            given.extend(row);
        }
        let labels = Tensor::new(vec![n_rows], named(&labels, &tops))?;
        Ok(vec![labels, matrix(n_rows, given)?])
    })
    .with_width(width))
}

/// A classifier without support vectors: coefficients per class.
fn linear_machine(spec: &Spec<'_>, labels: Data, shift: f32) -> Result<Built, Fault> {
    let n_classes = labels.len();
    let linear = Linear::new(spec, n_classes, vec![shift; n_classes])?;
    let post = Post::named(&spec.text("post_transform", "NONE"))?;
    let width = linear.n_columns;
    Ok(Built::plain(move |args, budget| {
        let (n_rows, mut scores) = linear.scores(args.at(0)?)?;
        budget.spend(n_rows.saturating_mul(linear.weights.len()))?;
        let tops: Vec<usize> = scores.chunks_exact(n_classes).map(top).collect();
        scores
            .chunks_exact_mut(n_classes)
            .for_each(|row| post.apply(row));
        let labels = Tensor::new(vec![n_rows], named(&labels, &tops))?;
        Ok(vec![labels, matrix(n_rows, scores)?])
    })
    .with_width(width))
}

impl Pairs {
    /// The class with most votes, and what is given for a row.
    fn row(&self, row: &[f32], post: Post) -> (usize, Vec<f32>) {
        let kernels = self.machine.kernels(row);
        let n_vectors = kernels.len();
        let (mut scores, mut votes) = (Vec::new(), vec![0_usize; self.n_classes]);
        for first in 0..self.n_classes {
            for second in first + 1..self.n_classes {
                let part = |class: usize, coefficients: usize| {
                    let range = self.starts[class]..self.starts[class + 1];
                    let own = &self.coefficients[coefficients * n_vectors..][range.clone()];
                    dot(own, &kernels[range])
                };
                let sum = part(first, second - 1) + part(second, first);
                let sum = sum + f64::from(self.rho[scores.len()]);
                votes[if sum > 0.0 { first } else { second }] += 1;
                scores.push(rounded(sum));
            }
        }
        let most = votes.iter().max().copied().unwrap_or(0);
        let top = votes.iter().position(|count| *count == most).unwrap_or(0);
        if !self.prob_a.is_empty() {
            let mut given = self.probabilities(&scores);
            post.apply(&mut given);
            return (top, given);
        }
        if self.n_classes == 2 {
            let second = if post == Post::None {
                Second::Negation
            } else {
                Second::Complement
            };
            return (top, post.two(scores[0], second).to_vec());
        }
        post.apply(&mut scores);
        (top, scores)
    }

    /// Probabilities of the classes from the decisions of the pairs.
    ///
    /// Source: T.-F. Wu, C.-J. Lin and R. C. Weng, Probability Estimates for Multi-class
    /// Classification by Pairwise Coupling, JMLR 5 (2004), second method, algorithm 2.
    fn probabilities(&self, scores: &[f32]) -> Vec<f32> {
        let n = self.n_classes;
        let mut pairwise = vec![0.0_f32; n * n];
        let mut idx = 0;
        for first in 0..n {
            for second in first + 1..n {
                let share = 1.0 - logistic(scores[idx] * self.prob_a[idx] + self.prob_b[idx]);
                let share = share.clamp(1e-7, 1.0 - 1e-7);
                pairwise[first * n + second] = share;
                pairwise[second * n + first] = 1.0 - share;
                idx += 1;
            }
        }
        let mut q = vec![0.0_f32; n * n];
        for i in 0..n {
            for j in (0..n).filter(|j| *j != i) {
                q[i * n + i] += pairwise[j * n + i] * pairwise[j * n + i];
                q[i * n + j] = -pairwise[j * n + i] * pairwise[i * n + j];
            }
        }
        coupled(&q, n)
    }
}

/// Minimizes `pᵀQp` over probabilities, one of them at a time.
fn coupled(q: &[f32], n: usize) -> Vec<f32> {
    const MAX_ROUNDS: usize = 100;
    let precision = 0.005 / n as f64;
    let mut p = vec![1.0 / n as f32; n];
    for _ in 0..MAX_ROUNDS {
        let product = |i: usize| (0..n).map(|j| q[i * n + j] * p[j]).sum::<f32>();
        let mut qp: Vec<f32> = (0..n).map(product).collect();
        let mut pqp: f32 = p.iter().zip(&qp).map(|(p, qp)| p * qp).sum();
        let errors = qp.iter().map(|qp| (qp - pqp).abs());
        if f64::from(errors.fold(0.0, f32::max)) < precision {
            break;
        }
        for i in 0..n {
            let step = (pqp - qp[i]) / q[i * n + i];
            p[i] += step;
            pqp = (pqp + step * (step * q[i * n + i] + 2.0 * qp[i])) / (1.0 + step) / (1.0 + step);
            for j in 0..n {
                qp[j] = (qp[j] + step * q[i * n + j]) / (1.0 + step);
                p[j] /= 1.0 + step;
            }
        }
    }
    p
}
