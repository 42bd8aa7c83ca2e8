//! The best single input, cut into bins, each of which predicts its own mean.
//!
//! In: a bin per training row for every input, the target as one or more numbers per row. Out: which
//! input predicts best, and what each bin predicts.

/// One input and what each of its bins predicts.
#[derive(Debug, Clone, PartialEq)]
pub struct OneRule {
    /// Position of the input.
    pub input: usize,
    /// `means[bin * n_outputs + output]`.
    pub means: Vec<f64>,
}

/// Learns the rule with the least squared error on the training rows.
///
/// `targets[row * n_outputs + output]`; a class is 1 in its output. A bin's mean is drawn towards the
/// mean of all rows by the weight of one row, so that bins of few rows do not promise certainty.
/// The first of equally good inputs wins; `None` without inputs or rows.
///
/// Source: Holte, "Very simple classification rules perform well on most commonly used datasets",
/// Machine Learning 11, 1993.
pub fn one_rule(
    inputs: &[(Vec<usize>, usize)],
    targets: &[f64],
    n_outputs: usize,
) -> Option<OneRule> {
    let n_rows = targets.len() / n_outputs;
    if n_rows == 0 {
        return None;
    }
    let overall: Vec<f64> = (0..n_outputs)
        .map(|output| {
            let own = targets.iter().skip(output).step_by(n_outputs);
            own.sum::<f64>() / n_rows as f64
        })
        .collect();
    let mut best: Option<(f64, OneRule)> = None;
    for (input, (bins, n_bins)) in inputs.iter().enumerate() {
        let mut means = vec![0.0; n_bins * n_outputs];
        let mut counts = vec![0.0; *n_bins];
        for (row, &bin) in bins.iter().enumerate() {
            counts[bin] += 1.0;
            for output in 0..n_outputs {
                means[bin * n_outputs + output] += targets[row * n_outputs + output];
            }
        }
        for (bin, count) in counts.iter().enumerate() {
            for output in 0..n_outputs {
                let sum = &mut means[bin * n_outputs + output];
                *sum = (*sum + overall[output]) / (count + 1.0);
            }
        }
        let loss: f64 = bins
            .iter()
            .enumerate()
            .flat_map(|(row, &bin)| {
                let means = &means;
                (0..n_outputs).map(move |output| {
                    (targets[row * n_outputs + output] - means[bin * n_outputs + output]).powi(2)
                })
            })
            .sum();
        if best.as_ref().is_none_or(|(least, _)| loss < *least) {
            best = Some((loss, OneRule { input, means }));
        }
    }
    best.map(|(_, rule)| rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_input_that_splits_the_target_is_chosen() {
        let useless = (vec![0, 1, 0, 1], 2);
        let useful = (vec![0, 0, 1, 1], 2);
        let rule = one_rule(&[useless, useful], &[0.0, 0.0, 1.0, 1.0], 1).unwrap();
        assert_eq!(rule.input, 1);
        // Two rows of 0 and half a row: 0.5 / 3; two rows of 1 and half a row: 2.5 / 3.
        assert!((rule.means[0] - 0.5 / 3.0).abs() < 1e-15);
        assert!((rule.means[1] - 2.5 / 3.0).abs() < 1e-15);
    }

    #[test]
    fn no_rows_no_rule() {
        assert_eq!(one_rule(&[(Vec::new(), 1)], &[], 1), None);
        assert_eq!(one_rule(&[], &[1.0], 1), None);
    }
}
