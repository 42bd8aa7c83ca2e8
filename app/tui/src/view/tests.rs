//! Frames of a made-up picture: what is seen at every size, in color and without.

use ratatui::style::{Color, Modifier};

use super::*;
use crate::fixture::{STANDINGS, lines, state};
use crate::theme::{ColorDepth, Glyphs};

fn drawn(state: &State) -> Buffer {
    let (width, height) = state.size;
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    draw(state, &mut buffer);
    buffer
}

#[test]
fn every_verdict_is_a_word_and_its_value_stands_against_the_limit() {
    for size in [(80, 32), (120, 34), (200, 60)] {
        let text = lines(&drawn(&state(size, "dark", ColorDepth::True))).join("\n");
        for standing in STANDINGS {
            assert!(
                text.contains(standing.word()),
                "{standing:?} at {size:?}:\n{text}"
            );
        }
        assert!(text.contains("0.310 (≤ 0.200)"), "{text}");
        for stage in [
            "Data quality",
            "Interpretability",
            "Bias",
            "Robustness",
            "Sign-off",
            "Monitoring",
        ] {
            assert!(text.contains(stage), "{stage} at {size:?}:\n{text}");
        }
    }
}

#[test]
fn any_size_can_be_drawn() {
    for width in (0..60).chain([79, 80, 119, 120, 200]) {
        for height in (0..26).chain([29, 30, 60]) {
            let mut state = state((width, height), "dark", ColorDepth::True);
            let _frame = drawn(&state);
            state.palette = Some(crate::state::Palette::default());
            let _frame = drawn(&state);
        }
    }
}

#[test]
fn without_colors_the_selected_line_is_still_seen() {
    let buffer = drawn(&state((80, 24), "mono", ColorDepth::Mono));
    let reversed: Vec<u16> = (0..24)
        .filter(|y| {
            let cells = (20..40).filter_map(|x| buffer.cell((x, *y)));
            cells.clone().count() > 0
                && cells
                    .into_iter()
                    .all(|cell| cell.modifier.contains(Modifier::REVERSED))
        })
        .collect();
    assert_eq!(reversed.len(), 1, "one line is selected");
    for cell in buffer.content() {
        assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset));
    }
}

#[test]
fn ascii_is_ascii() {
    let mut state = state((120, 40), "mono", ColorDepth::Mono);
    state.scene.look.glyphs = Glyphs::of(true);
    let text = lines(&drawn(&state)).join("\n");
    let odd: String = text
        .chars()
        .filter(|c| !c.is_ascii())
        // Texts of checks are shown as they are.
        .filter(|c| !matches!(c, '→' | '≤' | '…'))
        .collect();
    assert_eq!(odd, "");
}

#[test]
fn help_is_always_the_last_thing_in_the_footer() {
    for width in [40, 60, 80, 120] {
        let buffer = drawn(&state((width, 24), "dark", ColorDepth::True));
        let footer = lines(&buffer).pop().unwrap();
        assert!(footer.trim_end().ends_with("? help"), "{footer:?}");
        assert!(footer.contains("Enter open"), "{footer:?}");
    }
}

#[test]
fn a_tiny_screen_says_the_verdict() {
    let text = lines(&drawn(&state((20, 4), "dark", ColorDepth::True)));
    assert!(text[0].starts_with("✗ FAIL toy"), "{text:?}");
    assert!(text[1].contains("Check 7"), "{text:?}");
}

#[test]
fn what_is_stale_is_said_on_every_page() {
    let mut state = state((100, 30), "dark", ColorDepth::True);
    let mut picture = crate::fixture::picture();
    picture.project.stale_config = Some("interlock.toml:3: the last good settings stay".to_owned());
    state.scene.picture = std::sync::Arc::new(picture);
    state.stack.push(crate::place::Place::new(Page::Docs {
        check: "test.check-1".to_owned(),
    }));
    state.settle();
    let text = lines(&drawn(&state)).join("\n");
    assert!(text.contains("the last good settings stay"), "{text}");
}

#[test]
fn escape_sequences_in_data_are_drawn_harmless() {
    let mut state = state((100, 30), "dark", ColorDepth::True);
    let mut picture = crate::fixture::picture();
    picture.project.name = "\u{1b}[31mred\u{202e}".to_owned();
    state.scene.picture = std::sync::Arc::new(picture);
    for cell in drawn(&state).content() {
        assert!(
            !cell
                .symbol()
                .contains(|c: char| c.is_control() || c == '\u{202e}')
        );
    }
}

#[test]
fn a_column_of_three_tables_is_whole_on_a_small_screen() {
    use interlock_engine::profile::{Profiles, profile};
    use interlock_plugin_api::outcome::Role;

    let text = |from: i32| {
        let rows = (from..from + 120).map(|at| format!("{},x", at * 1000));
        let rows = rows.collect::<Vec<String>>().join("\n");
        format!("amount,b\n{rows}\n")
    };
    let texts = [text(1), text(50), text(900)];
    let tables: Vec<(Role, &str)> = Role::ALL
        .into_iter()
        .zip(texts.iter().map(String::as_str))
        .collect();
    let (mut picture, _folder) = crate::fixture::with_tables(&tables);
    let mut profiles = Profiles::default();
    for input in &picture.project.inputs {
        let found = profile(input.table.as_ref().unwrap(), 0).unwrap();
        let key = (input.role.unwrap(), "amount".to_owned());
        profiles.columns.insert(key, std::sync::Arc::new(found));
    }
    picture.profiles = std::sync::Arc::new(profiles);
    let mut state = state((80, 24), "dark", ColorDepth::True);
    state.scene.picture = std::sync::Arc::new(picture);
    state.stack.push(crate::place::Place::new(Page::Column {
        name: "amount".to_owned(),
    }));
    state.settle();
    let shown = lines(&drawn(&state));
    let text = shown.join("\n");
    for part in [
        "train", "test", "current", "missing", "distinct", "median", "95 %", "maximum",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    let mut spreads = shown.iter().filter(|line| line.contains("spread"));
    let spread = spreads.next().unwrap();
    assert_eq!(spreads.next(), None);
    assert!(
        spread.matches(|c| "▁▂▃▄▅▆▇█".contains(c)).count() >= 3 * 8,
        "{spread}"
    );
    let maximum = shown.iter().find(|line| line.contains("maximum")).unwrap();
    for figure in ["120000", "169000", "1.02e6"] {
        assert!(maximum.contains(figure), "{maximum}");
    }
    assert!(!text.contains('…'), "nothing is cut:\n{text}");
}
