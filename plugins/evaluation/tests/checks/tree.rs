//! The segment tree of `evaluation.weak-segments`: its lines, their figures and their rows.

use interlock_plugin_api::{Cell, Chart, Outcome, TableRow};

use crate::kit::with_binary;
use crate::weak;

fn lines(outcome: &Outcome) -> Vec<TableRow> {
    let view = outcome.views.iter().find(|view| view.id == "tree").unwrap();
    let Chart::Table { columns, rows } = &view.chart else {
        unreachable!("the tree is a table");
    };
    assert!(rows.iter().all(|row| row.cells.len() == columns.len()));
    rows.clone()
}

fn text(line: &TableRow) -> &str {
    let Cell::Text(text) = &line.cells[0] else {
        unreachable!("a condition is text");
    };
    text
}

fn number(line: &TableRow, column: usize) -> f64 {
    let Cell::Number(number) = line.cells[column] else {
        unreachable!("a figure");
    };
    number
}

fn depth(line: &TableRow) -> usize {
    text(line).matches(". ").count()
}

#[test]
fn the_tree_leads_to_the_planted_segment_and_every_part_adds_up() {
    let (csv, planted) = weak(4000, true);
    let outcome = with_binary(&csv, &csv)
        .check("evaluation.weak-segments")
        .unwrap();
    let lines = lines(&outcome);
    assert_eq!(
        (text(&lines[0]), number(&lines[0], 1)),
        ("all rows", 4000.0)
    );
    // Children of a node have its rows, all of them, and no others.
    for (at, line) in lines.iter().enumerate() {
        let below = lines[at + 1..].iter();
        let below = below.take_while(|other| depth(other) > depth(line));
        let children: Vec<f64> = below
            .filter(|other| depth(other) == depth(line) + 1)
            .map(|other| number(other, 1))
            .collect();
        let is_whole = (children.iter().sum::<f64>() - number(line, 1)).abs() < 0.5;
        assert!(children.is_empty() || (children.len() == 2 && is_whole));
        let (low, value, high) = (number(line, 3), number(line, 2), number(line, 4));
        assert!(low <= value && value <= high, "{line:?}");
        let n_rows = line.rows.as_ref().unwrap().total as f64;
        assert!((n_rows - number(line, 1)).abs() < 0.5);
    }
    // The way down the worse side ends in the planted rows.
    let last = (1..lines.len())
        .take_while(|&at| depth(&lines[at]) == at)
        .last()
        .unwrap();
    let way: Vec<&str> = lines[1..=last].iter().map(text).collect();
    assert!(
        way.iter().any(|part| part.contains("housing = rent")),
        "{way:?}"
    );
    assert!(way.iter().any(|part| part.contains("age <= ")), "{way:?}");
    let found = &lines[last].rows.as_ref().unwrap().rows;
    let n_shared = found.iter().filter(|row| planted.contains(row)).count();
    assert!(
        n_shared * 10 > found.len() * 8,
        "{n_shared} of {}",
        found.len()
    );
    assert!(number(&lines[last], 5) < 0.8, "{:?}", lines[last]);
}

#[test]
fn rows_without_segments_stay_together() {
    let (csv, _) = weak(4000, false);
    let outcome = with_binary(&csv, &csv)
        .check("evaluation.weak-segments")
        .unwrap();
    assert_eq!(lines(&outcome).len(), 1);
}
