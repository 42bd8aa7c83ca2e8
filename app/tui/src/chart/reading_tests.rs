//! What can be read of charts: names, axes, lines without colors, every value by keyboard.

use interlock_plugin_api::chart::{Cell, Series, TableRow};

use super::tests::{look, rows};
use super::*;

/// Correlations of so many columns whose names differ at their ends.
fn correlations(n: usize) -> View {
    let names: Vec<String> = (0..n)
        .map(|at| format!("sensor_reading_{at:02}_mean"))
        .collect();
    let value = |cell: usize| match (cell / n, cell % n) {
        (row, column) if row == column => Some(1.0),
        (0, 1) => Some(-0.314),
        (1, 0) => None,
        (row, column) => Some((row + column) as f64 / 100.0),
    };
    View::new(
        "matrix",
        "How columns go together",
        Chart::Heatmap {
            row_axis: "column".to_owned(),
            column_axis: "column".to_owned(),
            value_axis: "ρ".to_owned(),
            row_labels: names.clone(),
            column_labels: names,
            values: (0..n * n).map(value).collect(),
            rows: (0..n * n).map(|cell| rows(cell % 3)).collect(),
        },
    )
}

#[test]
fn a_heatmap_of_any_width_is_readable_and_says_each_cell() {
    for n in [2, 15, 40] {
        for width in [24, 76, 196] {
            let items = items(&correlations(n), Room::new(width, 12), &look(false));
            let head = items.iter().find(|item| item.is_pinned).unwrap();
            assert!(
                head.lines.len() <= 4,
                "{n} columns in {width}: {} lines",
                head.lines.len()
            );
            let body: Vec<&Item> = items.iter().filter(|item| !item.spots.is_empty()).collect();
            assert_eq!((body.len(), body[0].spots.len()), (n, n));
            for item in &body {
                let fixed = usize::from(item.fixed.unwrap());
                let cells: String = item.text().chars().skip(fixed).collect();
                assert!(!cells.contains('…'), "{cells}");
            }
            // Cells stand beside each other, and each heading above its cells.
            let fixed = usize::from(body[0].fixed.unwrap());
            for (at, pair) in body[0].spots.windows(2).enumerate() {
                assert!(pair[0].to < pair[1].from, "{at} of {n} in {width}");
            }
            let letters: Vec<char> = body[0].text().chars().collect();
            let cell = |at: usize| -> String {
                let spot = &body[0].spots[at];
                let cell = &letters[usize::from(spot.from)..usize::from(spot.to)];
                cell.iter().collect::<String>().trim().to_owned()
            };
            assert_eq!(usize::from(body[0].spots[0].from), fixed);
            assert_eq!((cell(0).as_str(), cell(1).as_str()), ("1", "-.31"));
            let said = &body[0].spots[1].readout;
            let names = "column sensor_reading_00_mean, column sensor_reading_01_mean";
            assert_eq!(*said, format!("{names}: -0.314 (ρ), 1 rows"));
            assert!(body[0].spots[1].target.is_some() && body[0].spots[0].target.is_none());
            assert!(body[1].spots[0].readout.contains("nothing"));
        }
    }
}

#[test]
fn names_of_columns_keep_their_ends() {
    let items = items(&correlations(40), Room::new(76, 12), &look(false));
    let head = items.iter().find(|item| item.is_pinned).unwrap();
    let spot = &items.last().unwrap().spots[7];
    let name: String = head
        .lines
        .iter()
        .map(|line| {
            let letters: Vec<char> = crate::item::line_text(line).chars().collect();
            letters[usize::from(spot.from)..usize::from(spot.to)]
                .iter()
                .collect::<String>()
        })
        .collect();
    assert!(
        name.starts_with("sensor_r") && name.trim().ends_with("_07_mean"),
        "{name}"
    );
}

#[test]
fn lines_are_told_apart_without_colors_and_every_point_is_reached() {
    let series = |name: &str, points: Vec<(f64, f64)>| Series {
        name: name.to_owned(),
        points,
        band: Vec::new(),
    };
    let many = (0..=500).map(|at| (f64::from(at) / 500.0, (f64::from(at) / 500.0).sqrt()));
    let chart = Chart::Lines {
        x_axis: "false positive rate".to_owned(),
        y_axis: "true positive rate".to_owned(),
        series: vec![
            series("model", many.collect()),
            series("guessing", vec![(0.0, 0.0), (1.0, 1.0)]),
        ],
        threshold: None,
    };
    let view = View::new("roc", "ROC", chart);
    let text = plain(&view, 76, &look(true));
    assert!(
        text.contains("*** model") && text.contains("ooo guessing"),
        "{text}"
    );
    assert!(
        text.matches('*').count() > 20 && text.matches('o').count() > 20,
        "{text}"
    );
    // Round values along both axes, at their places.
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[1].starts_with("        1|"), "{text}");
    assert!(
        lines.last().unwrap().trim_start().starts_with("0  "),
        "{text}"
    );
    assert!(
        lines.last().unwrap().contains("0.2 ") && text.contains("0.8"),
        "{text}"
    );
    let items = items(&view, Room::new(76, 12), &look(true));
    let curve = items.iter().find(|item| !item.spots.is_empty()).unwrap();
    assert_eq!(curve.spots.len(), 501);
    let said = &curve.spots[125].readout;
    assert_eq!(
        said,
        "false positive rate 0.250, model 0.500, guessing ~0.250"
    );
}

#[test]
fn a_legend_too_long_for_a_line_goes_on_in_the_next() {
    let names = (0..6).map(|at| format!("a model of the {at}th kind"));
    let series = names.map(|name| Series {
        name,
        points: vec![(0.0, 0.0), (1.0, 1.0)],
        band: Vec::new(),
    });
    let chart = Chart::Lines {
        x_axis: "x".to_owned(),
        y_axis: "y".to_owned(),
        series: series.collect(),
        threshold: Some(0.5),
    };
    let items = items(&View::new("v", "V", chart), Room::new(60, 8), &look(false));
    let legend = items[0].text();
    assert!(
        legend.contains("5th kind") && legend.contains("limit 0.500"),
        "{legend}"
    );
    assert!(
        legend
            .lines()
            .all(|line| crate::text::width(line.trim_end()) <= 60),
        "{legend}"
    );
}

#[test]
fn a_table_too_wide_is_scrolled_cell_by_cell() {
    let columns: Vec<String> = (0..30).map(|at| format!("figure number {at}")).collect();
    let row = |name: &str| {
        let mut cells = vec![Cell::from(name)];
        cells.extend((1..30).map(|at| Cell::from(f64::from(at) * 1000.5)));
        TableRow::new(cells)
    };
    let chart = Chart::Table {
        columns,
        rows: vec![row("first"), row("second")],
    };
    let items = items(&View::new("v", "V", chart), Room::new(76, 8), &look(false));
    assert!(items[0].is_pinned && items[0].fixed == items[1].fixed);
    assert_eq!(items[1].spots.len(), 30);
    assert!(!items[1].text().contains('…'), "{}", items[1].text());
    assert_eq!(items[2].spots[7].readout, "second: figure number 7 7003.5");
}
