//! Keys and the mouse on a made-up picture.

use crossterm::event::{KeyModifiers, MouseButton, MouseEventKind};

use super::*;
use crate::action::ENTRIES;
use crate::fixture::state;
use crate::theme::ColorDepth;

fn fresh() -> State {
    state((100, 40), "dark", ColorDepth::True)
}

fn press(state: &mut State, code: KeyCode) -> Vec<Effect> {
    update(state, Input::Key(Key::pressed(code, KeyModifiers::NONE)))
}

fn letters(state: &mut State, text: &str) -> Vec<Effect> {
    text.chars()
        .flat_map(|c| press(state, KeyCode::Char(c)))
        .collect()
}

#[test]
fn enter_drills_down_and_esc_comes_back_without_ever_quitting() {
    let mut state = fresh();
    press(&mut state, KeyCode::Enter);
    assert!(matches!(state.place().page, Page::Check { .. }));
    press(&mut state, KeyCode::Enter);
    assert!(
        matches!(state.place().page, Page::Finding { .. }),
        "{:?}",
        state.place()
    );
    press(&mut state, KeyCode::Enter);
    assert!(
        matches!(state.place().page, Page::Rows { .. }),
        "{:?}",
        state.place()
    );
    for _ in 0..9 {
        assert_eq!(press(&mut state, KeyCode::Esc), []);
    }
    assert_eq!(state.place().page, Page::Checks);
}

#[test]
fn q_quits_from_the_overview_only_and_control_c_from_anywhere() {
    let mut state = fresh();
    press(&mut state, KeyCode::Enter);
    assert_eq!(letters(&mut state, "q"), []);
    assert_eq!(letters(&mut state, "q"), [Effect::Quit]);
    state.palette = Some(Palette::default());
    let control_c = Key::pressed(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(update(&mut state, Input::Key(control_c)), [Effect::Quit]);
}

#[test]
fn a_selected_check_is_run_again_and_a_settled_one_cannot_be_cancelled() {
    let mut state = fresh();
    let id = state.place().cursor.key.clone();
    assert_eq!(
        letters(&mut state, "r"),
        [Effect::Ask(Request::Rerun { check: id })]
    );
    assert_eq!(letters(&mut state, "c"), []);
    assert_eq!(
        state.toast.as_ref().map(|toast| toast.text.as_str()),
        Some("it does not run")
    );
}

#[test]
fn a_quarantined_plugin_is_opened_anew() {
    let mut state = fresh();
    letters(&mut state, "2");
    assert_eq!(
        letters(&mut state, "o"),
        [Effect::Ask(Request::ReopenPlugin {
            plugin: "test".to_owned()
        })]
    );
}

#[test]
fn a_filter_narrows_the_list_and_esc_widens_it() {
    let mut state = fresh();
    letters(&mut state, "/check 7");
    let n_selectable = |state: &State| {
        let items = state.items();
        items.iter().filter(|item| !item.spots.is_empty()).count()
    };
    assert_eq!(n_selectable(&state), 1);
    press(&mut state, KeyCode::Enter);
    assert_eq!(state.place().cursor.key, "test.check-7");
    press(&mut state, KeyCode::Esc);
    assert_eq!(n_selectable(&state), 8);
    letters(&mut state, "f");
    assert_eq!(n_selectable(&state), 5);
}

#[test]
fn the_palette_does_what_it_finds() {
    let mut state = fresh();
    letters(&mut state, "?zoom");
    press(&mut state, KeyCode::Enter);
    assert!(state.is_zoomed && state.palette.is_none());
}

#[test]
fn a_new_picture_moves_no_selection() {
    let mut state = fresh();
    letters(&mut state, "jjj");
    let key = state.place().cursor.key.clone();
    let mut picture = crate::fixture::picture();
    picture.checks.remove(0);
    update(&mut state, Input::Picture(Arc::new(picture)));
    assert_eq!(state.place().cursor.key, key);
}

#[test]
fn clicks_select_then_open_and_stages_lead_to_their_checks() {
    let mut state = fresh();
    let click = |column, row| {
        Input::Mouse(MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column,
            row,
            modifiers: KeyModifiers::NONE,
        })
    };
    let body = state.body();
    // Heading, stage, check, check, stage, check.
    update(&mut state, click(body.x + 5, body.y + 3));
    let second = state.place().cursor.key.clone();
    assert_eq!(second, "test.check-0");
    update(&mut state, click(body.x + 5, body.y + 3));
    assert_eq!(state.place().page, Page::Check { id: second });
    let segments = crate::pipeline::segments(&state.scene.picture, 100);
    let column = u16::try_from(segments[2].from).unwrap();
    update(&mut state, click(column, 1));
    assert_eq!(state.place().cursor.key, "test.check-7");
}

#[test]
fn any_keys_in_any_order_leave_a_valid_selection() {
    let keys: Vec<Key> = ENTRIES
        .iter()
        .flat_map(|entry| entry.keys.iter().copied())
        .filter(|key| !key.has_control)
        .collect();
    let mut seed = 7_u64;
    for size in [(100, 40), (60, 15), (30, 5), (200, 60)] {
        let mut state = state(size, "dark", ColorDepth::True);
        for _ in 0..600 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let at = usize::try_from(seed >> 33).unwrap() % keys.len();
            update(&mut state, Input::Key(keys[at]));
            let items = state.items();
            let cursor = &state.place().cursor;
            let is_empty = items.iter().all(|item| item.spots.is_empty());
            assert!(is_empty || state.selected(&items).is_some(), "{cursor:?}");
        }
    }
}

/// A screen on the rows of a table of four columns; the finding is about `age`.
fn on_rows() -> (State, tempfile::TempDir) {
    use interlock_engine::load::{LoadSpec, load};
    use interlock_engine::picture::InputState;
    use interlock_plugin_api::outcome::{Role, Rows};

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("train.csv");
    std::fs::write(
        &path,
        "job,age,rate\nnone,30,0.5\ncar,,1.5\nnone,25,2.5\nboat,41,\n",
    )
    .unwrap();
    let spec = LoadSpec {
        files: vec![path],
        ..LoadSpec::default()
    };
    let table = load(&spec, folder.path(), folder.path()).table.unwrap();
    let mut state = fresh();
    let mut picture = crate::fixture::picture();
    picture.project.inputs = vec![InputState {
        name: "train".to_owned(),
        role: Some(Role::Train),
        source: "train.csv".to_owned(),
        shape: Some((4, 3)),
        card: None,
        fingerprint: table.content.to_string(),
        table: Some(Arc::clone(&table.view)),
        stale: None,
        loaded_at: None,
    }];
    state.stack.push(Place::new(Page::Rows {
        title: "rows".to_owned(),
        rows: Rows::new(Role::Train, 0..4),
        columns: vec!["age".to_owned()],
        is_whole: true,
    }));
    update(&mut state, Input::Picture(Arc::new(picture)));
    (state, folder)
}

fn keys_of_rows(state: &State) -> Vec<String> {
    let items = state.items().into_iter();
    items
        .filter(|item| !item.spots.is_empty())
        .map(|item| item.key)
        .collect()
}

#[test]
fn rows_are_sorted_up_down_and_as_before() {
    let (mut state, _folder) = on_rows();
    assert_eq!(keys_of_rows(&state), ["0", "1", "2", "3"]);
    letters(&mut state, "s");
    assert_eq!(keys_of_rows(&state), ["2", "0", "3", "1"]);
    letters(&mut state, "s");
    assert_eq!(keys_of_rows(&state), ["3", "0", "2", "1"]);
    letters(&mut state, "s");
    assert_eq!(keys_of_rows(&state), ["0", "1", "2", "3"]);
}

#[test]
fn rows_are_filtered_by_conditions_and_by_text() {
    let (mut state, _folder) = on_rows();
    letters(&mut state, "/job=none & age<30");
    assert_eq!(keys_of_rows(&state), ["2"]);
    press(&mut state, KeyCode::Enter);
    press(&mut state, KeyCode::Esc);
    letters(&mut state, "/age missing");
    assert_eq!(keys_of_rows(&state), ["1"]);
    press(&mut state, KeyCode::Esc);
    letters(&mut state, "/BOAT");
    assert_eq!(keys_of_rows(&state), ["3"]);
    assert!(state.items()[0].text().contains("any cell holds 'BOAT'"));
}

#[test]
fn cells_of_the_finding_are_marked_by_a_sign() {
    let (state, _folder) = on_rows();
    let items = state.items();
    let first = items.iter().find(|item| item.key == "0").unwrap().text();
    let flag = state.scene.look.glyphs.flag;
    assert_eq!(first.matches(flag).count(), 1, "{first}");
    assert!(first.find("30").unwrap() < first.find(flag).unwrap());
    assert!(first.find(flag).unwrap() < first.find("none").unwrap());
}

#[test]
fn a_cell_a_row_and_all_shown_rows_are_copied() {
    let (mut state, _folder) = on_rows();
    assert_eq!(letters(&mut state, "y"), [Effect::Copy("30".to_owned())]);
    assert_eq!(
        letters(&mut state, "Y"),
        [Effect::Copy("30\tnone\t0.5".to_owned())]
    );
    letters(&mut state, "s/none");
    press(&mut state, KeyCode::Enter);
    let all = Key::pressed(KeyCode::Char('y'), KeyModifiers::CONTROL);
    assert_eq!(
        update(&mut state, Input::Key(all)),
        [Effect::Copy(
            "age\tjob\trate\n25\tnone\t2.5\n30\tnone\t0.5\n".to_owned()
        )]
    );
}

#[test]
fn an_export_replaces_a_file_only_after_a_second_enter() {
    let (mut state, _folder) = on_rows();
    letters(&mut state, "x");
    let may_replace = |effects: &[Effect]| match effects {
        [
            Effect::Export {
                may_replace, path, ..
            },
        ] => (*may_replace, path.clone()),
        other => panic!("{other:?}"),
    };
    let first = press(&mut state, KeyCode::Enter);
    assert_eq!(may_replace(&first), (false, "rows.csv".to_owned()));
    let stands = |path: &str| Input::Exported {
        text: String::new(),
        exists: Some(path.to_owned()),
    };
    update(&mut state, stands("rows.csv"));
    // Another name is another file, which may exist too.
    press(&mut state, KeyCode::Char('2'));
    let other = press(&mut state, KeyCode::Enter);
    assert_eq!(may_replace(&other), (false, "rows.csv2".to_owned()));
    update(&mut state, stands("rows.csv"));
    let second = press(&mut state, KeyCode::Enter);
    assert_eq!(may_replace(&second), (true, "rows.csv".to_owned()));
}

#[test]
fn a_page_asks_for_what_it_shows_once() {
    let (mut state, _folder) = on_rows();
    state.stack.push(Place::new(Page::Column {
        name: "age".to_owned(),
    }));
    let asked = Effect::Ask(Request::ProfileColumn {
        column: "age".to_owned(),
    });
    assert_eq!(update(&mut state, Input::Tick), [asked]);
    assert_eq!(update(&mut state, Input::Tick), []);
}
