//! Every kind of chart, drawn: what is seen, what can be selected, and what nonsense does.

use interlock_plugin_api::chart::{Bar, Cell, Point, Series, Strip, TableRow};
use interlock_plugin_api::outcome::Role;

use super::*;
use crate::theme::library::Library;
use crate::theme::{ColorDepth, Glyphs};

pub(super) fn look(is_ascii: bool) -> Look {
    Look {
        theme: Library::default()
            .load("dark", ColorDepth::True)
            .unwrap()
            .theme,
        glyphs: Glyphs::of(is_ascii),
    }
}

fn drawn(chart: Chart) -> String {
    plain(&View::new("v", "V", chart), 50, &look(false))
}

pub(super) fn rows(n: usize) -> Rows {
    Rows::new(Role::Train, 0..n)
}

#[test]
fn bars_are_as_long_as_their_values() {
    let mut flagged = Bar::new("b", 1.0);
    flagged.is_flagged = true;
    flagged.rows = Some(rows(3));
    let view = View::new(
        "v",
        "V",
        Chart::Bars {
            value_axis: "rate".to_owned(),
            bars: vec![Bar::new("a", 0.5), flagged],
            threshold: None,
        },
    );
    let items = items(&view, Room::new(50, 10), &look(false));
    let full = |item: &Item| item.text().matches('█').count();
    let (half, whole) = (full(&items[1]), full(&items[2]));
    assert!(
        whole > 30 && whole.abs_diff(2 * half) <= 1,
        "{half} {whole}"
    );
    assert!(items[2].text().contains('▲'));
    assert_eq!(items[2].spots[0].readout, "b: 1, 3 rows");
    assert!(matches!(items[2].spots[0].target, Some(Page::Rows { .. })));
    assert!(items[1].spots[0].target.is_none());
}

#[test]
fn negative_bars_grow_to_the_left_of_zero() {
    let text = drawn(Chart::Bars {
        value_axis: "x".to_owned(),
        bars: vec![Bar::new("up", 1.0), Bar::new("down", -1.0)],
        threshold: None,
    });
    let lines: Vec<&str> = text.lines().collect();
    let column = |line: &str| line.chars().position(|c| c == '█').unwrap();
    assert!(column(lines[2]) < column(lines[1]), "{text}");
}

#[test]
fn intervals_and_limits_lie_over_bars() {
    let mut bar = Bar::new("a", 0.5);
    bar.interval = Some((0.4, 0.6));
    let text = drawn(Chart::Bars {
        value_axis: "rate".to_owned(),
        bars: vec![bar],
        threshold: Some(0.9),
    });
    assert!(
        text.contains('├') && text.contains('┤') && text.contains('┊'),
        "{text}"
    );
    assert!(text.contains("0.500 [0.400, 0.600]"), "{text}");
    assert!(text.contains("limit 0.900"), "{text}");
}

#[test]
fn bins_show_both_distributions_and_open_current_rows() {
    let view = View::new(
        "v",
        "V",
        Chart::HistogramPair {
            value_axis: "age".to_owned(),
            bins: vec!["18–24".to_owned(), "25–60".to_owned()],
            reference: vec![0.25, 0.75],
            current: vec![0.5, 0.5],
            rows: vec![rows(4), rows(4)],
        },
    );
    let items = items(&view, Room::new(60, 10), &look(false));
    assert!(items[1].text().contains("25.0 % → 50.0 %"));
    assert_eq!(items[1].lines.len(), 2);
    assert!(items[1].spots[0].target.is_some());
    assert!(items[2].text().contains('░'));
}

#[test]
fn a_point_of_a_line_says_its_figures() {
    let view = View::new(
        "v",
        "V",
        Chart::Lines {
            x_axis: "noise".to_owned(),
            y_axis: "accuracy".to_owned(),
            series: vec![Series {
                name: "model".to_owned(),
                points: vec![(0.0, 0.9), (0.5, 0.7), (1.0, 0.6)],
                band: vec![(0.88, 0.92), (0.65, 0.75), (0.5, 0.7)],
            }],
            threshold: Some(0.8),
        },
    );
    let items = items(&view, Room::new(60, 10), &look(false));
    let spots = &items[1].spots;
    assert_eq!(spots.len(), 3);
    assert_eq!(spots[1].readout, "noise 0.500, model 0.700 [0.650, 0.750]");
    assert!(items[1].text().contains('┄'));
    // The line begins high at the left and ends low at the right.
    let first_dots = |line: &Line<'_>| {
        let text = crate::item::line_text(line);
        text.chars()
            .position(|c| ('\u{2801}'..='\u{28ff}').contains(&c))
    };
    let columns: Vec<usize> = items[1].lines.iter().filter_map(first_dots).collect();
    assert!(columns.is_sorted(), "{columns:?}");
}

#[test]
fn points_are_counted_where_they_lie() {
    let point = |x: f64, y: f64, row: u64| Point {
        x,
        y,
        color: Some(x),
        row: Some(row),
    };
    let view = View::new(
        "v",
        "V",
        Chart::Scatter {
            x_axis: "x".to_owned(),
            y_axis: "y".to_owned(),
            color_axis: "x".to_owned(),
            points: vec![point(0.0, 0.0, 7), point(0.0, 0.0, 3), point(1.0, 1.0, 1)],
            role: Some(Role::Test),
        },
    );
    let items = items(&view, Room::new(40, 6), &look(false));
    let spots: Vec<&crate::item::Spot> = items.iter().flat_map(|item| &item.spots).collect();
    assert_eq!(spots.len(), 2);
    assert!(
        spots[1].readout.contains("2 points"),
        "{}",
        spots[1].readout
    );
    let Some(Page::Rows { rows, .. }) = &spots[1].target else {
        panic!("no rows")
    };
    assert_eq!((rows.role, &rows.rows[..]), (Role::Test, &[3, 7][..]));
}

#[test]
fn strips_cells_steps_and_tables_are_drawn() {
    let point = |x: f64| Point {
        x,
        y: 0.0,
        color: None,
        row: None,
    };
    let swarm = drawn(Chart::Beeswarm {
        value_axis: "SHAP".to_owned(),
        strips: vec![Strip {
            name: "age".to_owned(),
            points: vec![point(-1.0), point(1.0), point(1.0)],
        }],
        role: None,
    });
    assert!(swarm.contains('▄') && swarm.contains('█'), "{swarm}");
    let heat = drawn(Chart::Heatmap {
        row_axis: "true".to_owned(),
        column_axis: "predicted".to_owned(),
        value_axis: "rows".to_owned(),
        row_labels: vec!["no".to_owned(), "yes".to_owned()],
        column_labels: vec!["no".to_owned(), "yes".to_owned()],
        values: vec![Some(10.0), None, Some(3.0), Some(7.0)],
        rows: Vec::new(),
    });
    assert!(
        heat.contains("true by predicted, rows from 3 to 10"),
        "{heat}"
    );
    let fall = drawn(Chart::Waterfall {
        base: 0.5,
        base_label: "base".to_owned(),
        steps: vec![Bar::new("a", 0.3), Bar::new("b", -0.2)],
        total: 0.6,
        value_axis: "probability".to_owned(),
    });
    assert!(fall.contains("+0.300") && fall.contains("-0.200"), "{fall}");
    let table = drawn(Chart::Table {
        columns: vec!["name".to_owned(), "n".to_owned()],
        rows: vec![TableRow::new(vec![Cell::from("x"), Cell::from(3.0)])],
    });
    assert_eq!(table, "name  n\nx     3");
}

/// Charts of numbers that no check should give.
fn nonsense() -> Vec<Chart> {
    let bad = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        -f64::MAX,
        0.0,
    ];
    let bars: Vec<Bar> = bad
        .iter()
        .map(|value| {
            let mut bar = Bar::new("\u{1b}[2J", *value);
            bar.interval = Some((*value, f64::NAN));
            bar
        })
        .collect();
    let points: Vec<Point> = bad
        .iter()
        .map(|value| Point {
            x: *value,
            y: *value,
            color: Some(*value),
            row: Some(u64::MAX),
        })
        .collect();
    let pairs: Vec<(f64, f64)> = bad.iter().map(|value| (*value, *value)).collect();
    let mut charts = nonsense_in_cells();
    charts.extend([
        Chart::Bars {
            value_axis: String::new(),
            bars: bars.clone(),
            threshold: Some(f64::NAN),
        },
        Chart::HistogramPair {
            value_axis: String::new(),
            bins: vec!["a".to_owned(); 3],
            reference: bad.to_vec(),
            current: vec![f64::NAN],
            rows: Vec::new(),
        },
        Chart::Lines {
            x_axis: String::new(),
            y_axis: String::new(),
            series: vec![Series {
                name: String::new(),
                points: pairs.clone(),
                band: pairs,
            }],
            threshold: Some(f64::INFINITY),
        },
        Chart::Scatter {
            x_axis: String::new(),
            y_axis: String::new(),
            color_axis: String::new(),
            points: points.clone(),
            role: Some(Role::Train),
        },
        Chart::Beeswarm {
            value_axis: String::new(),
            strips: vec![Strip {
                name: String::new(),
                points,
            }],
            role: None,
        },
        Chart::Waterfall {
            base: f64::NAN,
            base_label: String::new(),
            steps: bars,
            total: f64::INFINITY,
            value_axis: String::new(),
        },
    ]);
    charts
}

fn nonsense_in_cells() -> Vec<Chart> {
    vec![
        Chart::Heatmap {
            row_axis: String::new(),
            column_axis: String::new(),
            value_axis: String::new(),
            row_labels: vec![String::new(); 9],
            column_labels: vec![String::new(); 40],
            values: vec![Some(f64::NAN)],
            rows: Vec::new(),
        },
        Chart::Table {
            columns: vec!["a".to_owned(); 60],
            rows: vec![TableRow::new(Vec::new())],
        },
        Chart::Text {
            text: "\u{1b}]0;x\u{7}".to_owned(),
        },
        Chart::Unknown,
    ]
}

#[test]
fn nonsense_is_drawn_without_a_panic_in_any_room() {
    for chart in nonsense() {
        let view = View::new("v", "V", chart);
        for (width, height) in [(0, 0), (1, 1), (24, 4), (300, 90)] {
            for is_ascii in [false, true] {
                let _items = items(&view, Room::new(width, height), &look(is_ascii));
            }
        }
    }
}
