//! Tables and model: what was loaded, from where, and what is wrong with it.

use interlock_engine::model_card::ModelCard;
use interlock_engine::picture::InputState;
use interlock_engine::report::human;
use interlock_plugin_api::facts::ColumnKind;
use interlock_plugin_api::outcome::Rows;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{gone, pair, paragraph, section};
use crate::item::{Item, Spot};
use crate::page::Page;
use crate::scene::Scene;
use crate::text::{clip, pad, pad_left};

/// Columns of a column's name.
const NAME: usize = 20;

/// The page of all inputs.
pub(super) fn items(scene: &Scene, width: usize) -> Vec<Item> {
    let project = &scene.picture.project;
    let head = format!(
        "{} {} {:>12} {:>12} {:>6}",
        pad("input", 8),
        pad("from", width.saturating_sub(44).max(10)),
        "size",
        "fingerprint",
        "at"
    );
    let mut items = vec![Item::heading(head, scene.look.style("ui.text.dim"))];
    for input in &project.inputs {
        items.push(row(scene, input, width));
    }
    items.extend(section(scene, "Problems"));
    if project.problems.is_empty() {
        let dim = scene.look.style("ui.text.dim");
        items.extend(paragraph("none", dim, width));
    }
    for (index, problem) in project.problems.iter().enumerate() {
        let scope = if problem.is_error {
            "status.fail"
        } else {
            "ui.text"
        };
        let text = human::problem_line(problem);
        for (line_index, line) in crate::text::wrap(&text, width).into_iter().enumerate() {
            items.push(Item {
                key: format!("problem {index} {line_index}"),
                lines: vec![Line::from(Span::styled(line, scene.look.style(scope)))],
                spots: vec![Spot {
                    readout: problem.help.clone(),
                    ..Spot::whole(None)
                }],
            });
        }
        if !problem.help.is_empty() {
            let help = format!("  {}", problem.help);
            items.extend(paragraph(&help, scene.look.style("ui.text.dim"), width));
        }
    }
    items
}

fn row(scene: &Scene, input: &InputState, width: usize) -> Item {
    let size = input.shape.map_or(String::new(), |(rows, columns)| {
        format!("{rows} × {columns}")
    });
    let short: String = input.fingerprint.chars().take(10).collect();
    let at = input
        .loaded_at
        .map_or(String::new(), |at| scene.zone.short(at, scene.now));
    let style = if input.stale.is_some() {
        scene.look.style("status.stale")
    } else {
        Style::default()
    };
    let line = Line::from(Span::styled(
        format!(
            "{} {} {} {} {}",
            pad(&input.name, 8),
            pad(&input.source, width.saturating_sub(44).max(10)),
            pad_left(&size, 12),
            pad_left(&short, 12),
            pad_left(&at, 6)
        ),
        style,
    ));
    Item::row(
        input.name.clone(),
        line,
        Some(Page::Input {
            name: input.name.clone(),
        }),
    )
    .readout(input.stale.clone().unwrap_or_default())
}

/// The page of one table or the model.
pub(super) fn input(scene: &Scene, name: &str, width: usize) -> Vec<Item> {
    let Some(input) = scene.input(name) else {
        return gone(scene, &format!("an input '{name}'"), width);
    };
    let plain = Style::default();
    let mut items = vec![Item::heading(name.to_owned(), scene.look.style("ui.title"))];
    items.extend(pair(scene, "from", &input.source, plain, width));
    if let Some(stale) = &input.stale {
        let style = scene.look.style("status.stale");
        items.extend(pair(scene, "stale", stale, style, width));
    }
    items.extend(pair(scene, "fingerprint", &input.fingerprint, plain, width));
    if let Some(at) = input.loaded_at {
        items.extend(pair(scene, "loaded at", &scene.zone.time(at), plain, width));
    }
    if let Some(card) = &input.card {
        items.extend(card_items(scene, card, width));
    }
    let (Some(table), Some(role)) = (&input.table, input.role) else {
        return items;
    };
    let n_rows = usize::try_from(table.n_rows()).unwrap_or(usize::MAX);
    items.push(Item::row(
        "rows",
        Line::from(Span::raw(format!(
            "{:<12}{n_rows}, Enter shows them",
            "rows"
        ))),
        Some(Page::Rows {
            title: format!("{name} rows"),
            rows: Rows::new(role, 0..n_rows),
            columns: Vec::new(),
            is_whole: true,
        }),
    ));
    items.extend(section(scene, "Columns"));
    let head = format!(
        "{} {} {:>8} {:>9} {} spread",
        pad("name", NAME),
        pad("kind", 11),
        "missing",
        "distinct",
        pad("least · median · most, or top", 32)
    );
    let dim = scene.look.style("ui.text.dim");
    items.push(Item::heading(clip(&head, width), dim));
    for (index, column) in table.column_names().into_iter().enumerate() {
        let kind = match table.kind(index) {
            Some(ColumnKind::Numeric) => "numeric",
            Some(ColumnKind::Categorical) => "category",
            Some(ColumnKind::Boolean) => "boolean",
            Some(ColumnKind::Date) => "date",
            Some(ColumnKind::Text) => "text",
            _ => "",
        };
        let mut line = vec![Span::raw(format!(
            "{} {} ",
            pad(column, NAME),
            pad(kind, 11)
        ))];
        if let Some((figures, spark)) = super::column::summary(scene, role, column) {
            line.push(Span::raw(format!("{figures} ")));
            line.push(Span::styled(spark, scene.look.style("chart.bar")));
        } else {
            line.push(Span::styled("…", dim));
        }
        let target = Page::Column {
            name: column.to_owned(),
        };
        items.push(Item::row(
            format!("column {column}"),
            Line::from(line),
            Some(target),
        ));
    }
    items
}

/// What a model says of itself.
fn card_items(scene: &Scene, card: &ModelCard, width: usize) -> Vec<Item> {
    let plain = Style::default();
    let outputs = match (card.n_outputs, card.output) {
        (1, output) => format!("one {output} per row"),
        (n, output) => format!("{n} figures per row ({output})"),
    };
    let trees = card.trees.map_or_else(String::new, |trees| {
        format!(
            "{} with {} leaves, {} decisions at most",
            trees.n_trees, trees.n_leaves, trees.depth
        )
    });
    let pairs = [
        ("format", card.format.clone()),
        ("made by", card.producer.clone()),
        ("task", card.task.unwrap_or_default().to_owned()),
        ("gives", outputs),
        ("classes", card.classes.join(", ")),
        ("trees", trees),
        (
            "size",
            card.n_bytes.map_or_else(String::new, crate::text::bytes),
        ),
    ];
    let mut items = Vec::new();
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        items.extend(pair(scene, name, value, plain, width));
    }
    items.extend(section(scene, "Inputs of the model"));
    for feature in &card.features {
        let categories = feature.categories.join(", ");
        let line = format!(
            "{} {} {categories}",
            pad(&feature.name, 30),
            pad(feature.kind, 12)
        );
        let item = Item::row(
            format!("input {}", feature.name),
            Line::from(Span::raw(clip(&line, width))),
            None,
        );
        items.push(item.readout(categories));
    }
    items
}
