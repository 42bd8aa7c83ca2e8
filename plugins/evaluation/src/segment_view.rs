//! The segment tree as a table, indented by depth.
//!
//! In: the nodes, what they were grown on. Out: a view; each line opens its rows.

use interlock_plugin_api::{Cell, Chart, TableRow, View};
use interlock_stats::proportion::Bounds;

use crate::inputs::Searched;
use crate::segment_tree::Node;
use crate::segment_wording::{named, opposite, standing};
use crate::segments::Binned;
use crate::subject::Subject;

/// The tree, every node under its parent.
pub(crate) fn tree_view(
    subject: &Subject,
    searched: &[Searched],
    inputs: &[Binned],
    nodes: &[Node],
    (overall, is_error): (f64, bool),
) -> View {
    let rows = nodes
        .iter()
        .map(|node| {
            let mut cells = vec![
                format!("{}{}", indent(node.depth), label(searched, inputs, node)).into(),
                (node.rows.len() as f64).into(),
            ];
            if node.judged.is_empty() {
                cells.resize(cells.len() + 4, Cell::Nothing);
            } else {
                let (relative, value, bounds) = standing(&node.judged, overall, is_error);
                let end = |of: fn(Bounds) -> f64| bounds.map_or(Cell::Nothing, |b| of(b).into());
                cells.extend([
                    value.into(),
                    end(|bounds| bounds.low),
                    end(|bounds| bounds.high),
                    relative.into(),
                ]);
            }
            TableRow {
                cells,
                rows: Some(subject.table_rows(node.rows.iter().copied())),
            }
        })
        .collect();
    let figure = if is_error {
        "accuracy"
    } else {
        "mean absolute error"
    };
    let columns = ["where", "rows", figure, "low", "high", "relative"];
    let caption = if nodes.len() > 1 {
        "Each line parts the one above it that stands further left, the worse part first; open it for its rows. Conditions are chosen on one half of the rows, figures are of the other half, with 95 % intervals."
    } else {
        "No condition parts the rows by their errors further than noise would."
    };
    View::new(
        "tree",
        "Segment tree",
        Chart::Table {
            columns: columns.map(str::to_owned).to_vec(),
            rows,
        },
    )
    .caption(caption)
}

/// Dots, because spaces at the start of a cell are easily lost.
fn indent(depth: usize) -> String {
    ". ".repeat(depth)
}

fn label(searched: &[Searched], inputs: &[Binned], node: &Node) -> String {
    match node.condition {
        None => "all rows".to_owned(),
        Some((condition, true)) => named(searched, condition),
        Some((condition, false)) => {
            let input = &inputs[condition.input()];
            let has_missing = node
                .rows
                .iter()
                .any(|&row| input.bins[row] == input.missing);
            opposite(searched, condition, has_missing)
        }
    }
}
