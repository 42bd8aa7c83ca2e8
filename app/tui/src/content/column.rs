//! One column: how its values are spread in every table that has it, side by side, and its figures.

use interlock_engine::profile::{ColumnProfile, Comparison, NumberProfile, QUANTILES, Shape, Unit};
use interlock_engine::report::printable;
use interlock_plugin_api::outcome::Role;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{paragraph, section};
use crate::item::Item;
use crate::scene::Scene;
use crate::text::{number, pad, pad_left, percent, width as width_of};

/// Columns of a name, and of a figure of one table.
const NAME: usize = 20;
const FIGURE: usize = 20;

/// The page of a column.
pub(super) fn items(scene: &Scene, name: &str, width: usize) -> Vec<Item> {
    let profiles = &scene.picture.profiles;
    let known: Vec<(Role, &ColumnProfile)> = Role::ALL
        .into_iter()
        .filter_map(|role| {
            let found = profiles.columns.get(&(role, name.to_owned()))?;
            Some((role, found.as_ref()))
        })
        .collect();
    let look = &scene.look;
    let mut items = vec![Item::heading(printable(name), look.style("ui.title"))];
    if known.is_empty() {
        items.extend(paragraph(
            "The column is being looked at…",
            look.style("ui.text.dim"),
            width,
        ));
        return items;
    }
    let head: Vec<String> = known
        .iter()
        .map(|(role, _)| pad_left(role.name(), FIGURE))
        .collect();
    let head = format!("{}{}", pad("", NAME), head.concat());
    items.push(Item::heading(head, look.style("ui.text.dim")));
    for (title, of) in FIGURES {
        let cells: Vec<Option<String>> = known.iter().map(|(_, profile)| of(profile)).collect();
        if cells.iter().all(Option::is_none) {
            continue;
        }
        let text: String = cells
            .into_iter()
            .map(|cell| pad_left(&cell.unwrap_or_default(), FIGURE))
            .collect();
        let line = Line::from(vec![
            Span::styled(pad(title, NAME), look.style("ui.text.dim")),
            Span::raw(text),
        ]);
        items.push(Item::row(format!("figure {title}"), line, None));
    }
    if let Some(comparison) = profiles.comparisons.get(name) {
        items.extend(spread(scene, comparison, width));
    }
    for (role, profile) in &known {
        if let Shape::Values(values) = &profile.shape {
            for (what, texts) in [("Shortest", &values.shortest), ("Longest", &values.longest)] {
                items.extend(section(scene, &format!("{what} in {}", role.name())));
                for text in texts {
                    items.extend(paragraph(&format!("'{text}'"), Style::default(), width));
                }
            }
        }
    }
    items
}

type Figure = fn(&ColumnProfile) -> Option<String>;

/// Figures in the order of the page; one that no table has is left out.
const FIGURES: [(&str, Figure); 19] = [
    ("rows", |known| Some(known.n.to_string())),
    ("missing", |known| {
        let share = percent(known.missing_share());
        Some(format!("{} ({share})", known.n_missing))
    }),
    ("distinct", |known| Some(known.n_distinct.to_string())),
    ("occur once", |known| match &known.shape {
        Shape::Values(values) => Some(values.n_unique.to_string()),
        Shape::Numbers(..) => None,
    }),
    ("empty texts", |known| match &known.shape {
        Shape::Values(values) => Some(values.n_empty.to_string()),
        Shape::Numbers(..) => None,
    }),
    ("length", |known| match &known.shape {
        Shape::Values(values) => values
            .lengths
            .map(|(min, mean, max)| format!("{min} to {max}, mean {mean:.1}")),
        Shape::Numbers(..) => None,
    }),
    ("mean", |known| at(known, |numbers| numbers.mean)),
    ("standard deviation", |known| {
        let numbers = plain(known)?;
        Some(number(numbers.std))
    }),
    ("minimum", |known| at(known, |numbers| numbers.min)),
    ("1 %", |known| at(known, |numbers| numbers.quantiles[0])),
    ("5 %", |known| at(known, |numbers| numbers.quantiles[1])),
    ("25 %", |known| at(known, |numbers| numbers.quantiles[2])),
    ("median", |known| at(known, |numbers| numbers.quantiles[3])),
    ("75 %", |known| at(known, |numbers| numbers.quantiles[4])),
    ("95 %", |known| at(known, |numbers| numbers.quantiles[5])),
    ("99 %", |known| {
        at(known, |numbers| numbers.quantiles[QUANTILES.len() - 1])
    }),
    ("maximum", |known| at(known, |numbers| numbers.max)),
    ("skewness, kurtosis", |known| {
        let numbers = plain(known)?;
        let (skewness, kurtosis) = (numbers.skewness, numbers.kurtosis);
        Some(format!("{}, {}", number(skewness), number(kurtosis)))
    }),
    ("zero, under, infinite", |known| {
        let n = plain(known)?;
        Some(format!("{}, {}, {}", n.n_zero, n.n_negative, n.n_infinite))
    }),
];

fn plain(known: &ColumnProfile) -> Option<&NumberProfile> {
    match &known.shape {
        Shape::Numbers(Unit::Plain, numbers) => Some(numbers),
        Shape::Numbers(..) | Shape::Values(_) => None,
    }
}

fn at(known: &ColumnProfile, of: fn(&NumberProfile) -> f64) -> Option<String> {
    match &known.shape {
        Shape::Numbers(unit, numbers) => Some(shown(*unit, of(numbers))),
        Shape::Values(_) => None,
    }
}

/// A number or a point in time; nothing where there is none.
fn shown(unit: Unit, value: f64) -> String {
    if value.is_nan() {
        return "-".to_owned();
    }
    unit.text(value).unwrap_or_else(|| number(value))
}

/// A line per bin, a bar per table: the share of its rows.
fn spread(scene: &Scene, comparison: &Comparison, width: usize) -> Vec<Item> {
    let look = &scene.look;
    let labels: Vec<String> = if comparison.edges.is_empty() {
        comparison
            .values
            .iter()
            .map(|text| printable(text))
            .collect()
    } else {
        let edge = |at: usize| shown(comparison.unit, comparison.edges[at]);
        let bin = |at| format!("{} – {}", edge(at), edge(at + 1));
        (0..comparison.edges.len() - 1).map(bin).collect()
    };
    let mut items = section(scene, "Spread, in shares of each table's rows");
    let n_tables = comparison.counts.len().max(1);
    let widest = labels.iter().map(|label| width_of(label)).max();
    let label = widest.unwrap_or(0).clamp(5, (width / 3).max(8));
    let slot = width.saturating_sub(label) / n_tables;
    let bar = slot.saturating_sub(10).clamp(3, 40);
    let share = |counts: &[u64], rest: u64, count: u64| {
        let n = counts.iter().sum::<u64>() + rest;
        count as f64 / (n.max(1)) as f64
    };
    let most = comparison
        .counts
        .iter()
        .flat_map(|(_, counts, rest)| counts.iter().map(move |n| share(counts, *rest, *n)))
        .fold(f64::MIN_POSITIVE, f64::max);
    let mut head = vec![Span::raw(pad("", label))];
    for (role, _, _) in &comparison.counts {
        let text = format!(" {}", pad(role.name(), bar + 9));
        head.push(Span::styled(text, look.style("ui.text.dim")));
    }
    items.push(Item::plain(vec![Line::from(head)]));
    let row = |name: &str, of: &dyn Fn(&[u64], u64) -> u64| {
        let mut spans = vec![Span::raw(pad(name, label))];
        let mut said = Vec::new();
        for (role, counts, rest) in &comparison.counts {
            let n = of(counts, *rest);
            let part = share(counts, *rest, n);
            spans.push(Span::raw(" "));
            let filled = pad(&filled(part / most, bar, look.glyphs.bar), bar);
            spans.push(Span::styled(filled, look.style("chart.bar")));
            spans.push(Span::raw(format!(" {} ", pad_left(&percent(part), 7))));
            said.push(format!("{} {n}", role.name()));
        }
        Item::row(format!("bin {name}"), Line::from(spans), None)
            .readout(format!("{name}: {} rows", said.join(", ")))
    };
    for (index, name) in labels.iter().enumerate() {
        items.push(row(name, &|counts, _| {
            counts.get(index).copied().unwrap_or(0)
        }));
    }
    if comparison.counts.iter().any(|(_, _, rest)| *rest > 0) {
        items.push(row("other, missing", &|_, rest| rest));
    }
    items
}

/// A bar of eighths.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and eight times the columns"
)]
fn filled(share: f64, columns: usize, glyphs: [&'static str; 8]) -> String {
    let eighths = (share.clamp(0.0, 1.0) * columns as f64 * 8.0).round() as usize;
    // What there is at all is seen.
    let eighths = eighths.max(usize::from(share > 0.0));
    let mut text = glyphs[7].repeat(eighths / 8);
    if !eighths.is_multiple_of(8) {
        text.push_str(glyphs[eighths % 8 - 1]);
    }
    text
}

/// A column in one line: missing, distinct, range or most frequent value, and how it is spread.
pub(super) fn summary(scene: &Scene, role: Role, name: &str) -> Option<(String, String)> {
    let key = (role, name.to_owned());
    let known = scene.picture.profiles.columns.get(&key)?;
    let heights = scene.look.glyphs.heights;
    let (middle, counts) = match &known.shape {
        Shape::Numbers(unit, numbers) => {
            let show = |value| shown(*unit, value);
            let median = numbers.quantiles[3];
            let text = format!(
                "{} · {} · {}",
                show(numbers.min),
                show(median),
                show(numbers.max)
            );
            (text, numbers.histogram.counts.clone())
        }
        Shape::Values(values) => {
            let top = values.top.first();
            let share = |n: u64| percent(n as f64 / known.n.max(1) as f64);
            let text = top.map_or_else(
                || "-".to_owned(),
                |(text, n)| format!("{} {}", crate::text::clip(text, 16), share(*n)),
            );
            let counts = values.top.iter().map(|(_, n)| *n).collect();
            (text, counts)
        }
    };
    let most = counts.iter().max().copied().unwrap_or(0).max(1);
    let spark: String = counts
        .iter()
        .map(|n| match n {
            0 => " ",
            n => heights[usize::try_from(n * 7 / most).unwrap_or(7).min(7)],
        })
        .collect();
    let text = format!(
        "{} {} {}",
        pad_left(&percent(known.missing_share()), 8),
        pad_left(&known.n_distinct.to_string(), 9),
        pad(&middle, 32),
    );
    Some((text, spark))
}
