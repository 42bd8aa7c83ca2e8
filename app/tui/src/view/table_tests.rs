//! Rows of tables on the screen: found, gone to, put side by side; what comes late.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use interlock_plugin_api::outcome::{Role, Rows};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::draw;
use crate::action::Key;
use crate::choice::Task;
use crate::fixture::{lines, state, with_tables};
use crate::page::Page;
use crate::place::Place;
use crate::state::State;
use crate::theme::ColorDepth;
use crate::update::{Effect, Input, update};

fn press(state: &mut State, code: KeyCode) -> Vec<Effect> {
    update(state, Input::Key(Key::pressed(code, KeyModifiers::NONE)))
}

fn letters(state: &mut State, text: &str) {
    for c in text.chars() {
        press(state, KeyCode::Char(c));
    }
}

/// What is asked for with Control and this letter.
fn control(state: &mut State, c: char) {
    let key = Key::pressed(KeyCode::Char(c), KeyModifiers::CONTROL);
    update(state, Input::Key(key));
}

fn find(state: &mut State, text: &str) {
    control(state, 'f');
    letters(state, text);
    press(state, KeyCode::Enter);
}

fn screen(state: &State) -> Vec<String> {
    let (width, height) = state.size;
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    draw(state, &mut buffer);
    lines(&buffer)
}

fn readout(state: &State) -> String {
    let lines = screen(state);
    lines[lines.len() - 2].trim().to_owned()
}

/// A screen on all rows of the training table.
fn on(tables: &[(Role, &str)], columns: &[&str]) -> (State, tempfile::TempDir) {
    let (picture, folder) = with_tables(tables);
    let mut state = state((80, 24), "dark", ColorDepth::True);
    let n = picture.project.inputs[0].shape.unwrap().0;
    state.scene.picture = Arc::new(picture);
    state.stack.push(Place::new(Page::Rows {
        title: "rows".to_owned(),
        rows: Rows::new(Role::Train, 0..usize::try_from(n).unwrap()),
        columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        is_whole: true,
    }));
    update(&mut state, Input::Tick);
    (state, folder)
}

const SMALL: &str = "job,age,rate\nnone,30,0.5\ncar,,1.5\nnone,25,2.5\nboat,41,\n";

/// Twelve columns, three thousand rows; `needle` in two of them.
fn long() -> String {
    let names: Vec<String> = (0..12).map(|at| format!("measure_{at:02}")).collect();
    let mut text = format!("{}\n", names.join(","));
    for row in 0..3000 {
        let cells: Vec<String> = (0..12)
            .map(|at| match (row, at) {
                (1500, 9) | (2999, 0) => "a needle".to_owned(),
                _ => format!("r{row}c{at}"),
            })
            .collect();
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    text
}

#[test]
fn hits_are_gone_through_with_their_number_and_around_the_end() {
    let (mut state, _folder) = on(&[(Role::Train, SMALL)], &["age"]);
    letters(&mut state, "n");
    assert!(state.is_searching(), "the first n asks what to look for");
    letters(&mut state, "NONE");
    assert!(
        readout(&state).starts_with("find: NONE"),
        "{}",
        readout(&state)
    );
    press(&mut state, KeyCode::Enter);
    let at = |state: &State| (state.place().cursor.key.clone(), state.place().cursor.spot);
    assert_eq!(at(&state), ("0".to_owned(), 1));
    assert!(
        readout(&state).starts_with("'NONE' 1 of 2  "),
        "{}",
        readout(&state)
    );
    letters(&mut state, "n");
    assert_eq!(at(&state), ("2".to_owned(), 1));
    letters(&mut state, "n");
    assert_eq!(at(&state), ("0".to_owned(), 1));
    let said = "'NONE' 1 of 2, from the top again  ";
    assert!(readout(&state).starts_with(said), "{}", readout(&state));
    letters(&mut state, "N");
    let said = "'NONE' 2 of 2, from the bottom again  ";
    assert!(readout(&state).starts_with(said), "{}", readout(&state));
    // Elsewhere it is said how many there are, and Esc forgets the text.
    letters(&mut state, "j");
    assert!(
        readout(&state).starts_with("'NONE' in 2 cells  "),
        "{}",
        readout(&state)
    );
    press(&mut state, KeyCode::Esc);
    assert_eq!(state.place().needle, "");
    assert!(matches!(state.place().page, Page::Rows { .. }));
}

#[test]
fn what_no_cell_holds_is_said_and_hits_follow_filter_and_order() {
    let (mut state, _folder) = on(&[(Role::Train, SMALL)], &["age"]);
    find(&mut state, "train");
    assert!(
        readout(&state).contains("no cell holds 'train'"),
        "{}",
        readout(&state)
    );
    find(&mut state, "none");
    letters(&mut state, "/age<30");
    press(&mut state, KeyCode::Enter);
    state.toast = None;
    letters(&mut state, "n");
    assert!(
        readout(&state).contains("'none' 1 of 1"),
        "{}",
        readout(&state)
    );
    assert_eq!(state.place().cursor.key, "2");
}

#[test]
fn a_long_table_is_gone_through_to_its_end() {
    let text = long();
    let (mut state, _folder) = on(&[(Role::Train, &text)], &[]);
    find(&mut state, "needle");
    // Too many cells for a frame: the loop looks, first for what had been typed when it began.
    let mut n_looks = 0;
    while let Some(task) = state.place().asked.clone() {
        let tables = [state
            .scene
            .table(Role::Train)
            .unwrap()
            .table
            .clone()
            .unwrap()];
        update(&mut state, Input::Answered(task.answer(&tables)));
        n_looks += 1;
    }
    assert_eq!(n_looks, 2, "n, then needle");
    assert_eq!(
        (state.place().cursor.key.as_str(), state.place().cursor.spot),
        ("1500", 9)
    );
    let shown = screen(&state).join("\n");
    assert!(shown.contains("a needle"), "{shown}");
    // The heading and the number of the row stay.
    assert!(
        shown.contains("measure_09") && shown.contains("  1502  "),
        "{shown}"
    );
    assert!(!shown.contains("measure_00"), "{shown}");
    letters(&mut state, "n");
    assert_eq!(state.place().cursor.key, "2999");
    letters(&mut state, "kkk");
    assert_eq!(state.place().cursor.key, "2996");
    letters(&mut state, "g");
    assert_eq!(
        (state.place().cursor.key.as_str(), state.place().first),
        ("0", 0)
    );
    letters(&mut state, "G");
    assert_eq!(state.place().cursor.key, "2999");
    assert!(screen(&state).join("\n").contains("r2998c0"));
    // Upwards every row comes by, whatever the window.
    let mut seen = vec![2999_u32];
    for _ in 0..220 {
        letters(&mut state, "k");
        seen.push(state.place().cursor.key.parse().unwrap());
        let items = state.items();
        assert!(state.selected(&items).is_some());
    }
    seen.dedup();
    assert_eq!(seen, (2779..3000).rev().collect::<Vec<u32>>());
}

#[test]
fn the_screen_stands_still_while_the_window_moves() {
    let text = long();
    let (mut state, _folder) = on(&[(Role::Train, &text)], &[]);
    let first = |state: &State| -> u32 {
        let lines = screen(state);
        let line = lines.iter().find(|line| line.contains("measure_")).unwrap();
        let at = lines.iter().position(|known| known == line).unwrap();
        let number: String = lines[at + 1].chars().skip(2).take(8).collect();
        number.trim().parse().unwrap()
    };
    let mut before = first(&state);
    for _ in 0..220 {
        letters(&mut state, "j");
        let now = first(&state);
        assert!(now == before || now == before + 1, "{before} {now}");
        before = now;
    }
    assert!(before > 190, "{before}");
}

#[test]
fn a_column_is_found_by_name_and_brought_on_screen() {
    let text = long();
    let (mut state, _folder) = on(&[(Role::Train, &text)], &["measure_11"]);
    assert!(
        screen(&state).join("\n").contains("measure_11"),
        "named columns come first"
    );
    letters(&mut state, "jjjc");
    letters(&mut state, "m10");
    let shown = screen(&state).join("\n");
    assert!(
        shown.contains("which column") && shown.contains("measure_10"),
        "{shown}"
    );
    press(&mut state, KeyCode::Enter);
    assert_eq!(state.place().cursor.spot, 11);
    assert_eq!(state.place().cursor.key, "3", "the row stays");
    let shown = screen(&state).join("\n");
    assert!(
        shown.contains("r3c10") && shown.contains("     5  "),
        "{shown}"
    );
    letters(&mut state, "czzz");
    assert!(screen(&state).join("\n").contains("nothing of that name"));
    press(&mut state, KeyCode::Enter);
    assert_eq!(state.place().cursor.spot, 11);
}

#[test]
fn a_click_below_the_heading_selects_the_cell_that_is_seen() {
    let text = long();
    let (mut state, _folder) = on(&[(Role::Train, &text)], &[]);
    letters(&mut state, &"j".repeat(300));
    letters(&mut state, &"l".repeat(9));
    let lines = screen(&state);
    let body = state.body();
    let row = body.y + 4;
    let line: Vec<char> = lines[usize::from(row)].chars().collect();
    // The second cell beside the number of the row.
    let begins = |at: &usize| line[*at] == 'r' && line[at - 1] == ' ';
    let column = (12..line.len()).filter(begins).nth(1).unwrap();
    let shown: String = line[column..].iter().take_while(|c| **c != ' ').collect();
    let click = MouseEvent {
        kind: MouseEventKind::Down(MouseButton::Left),
        column: u16::try_from(column).unwrap(),
        row,
        modifiers: KeyModifiers::NONE,
    };
    update(&mut state, Input::Mouse(click));
    assert_eq!(press(&mut state, KeyCode::Char('y')), [Effect::Copy(shown)]);
}

/// A choice as it would be asked for with this filter.
fn choose(state: &State, filter: &str) -> Task {
    let mut place = state.place().clone();
    place.filter = filter.to_owned();
    place.choice = None;
    state.task(&place).unwrap()
}

#[test]
fn a_late_answer_never_replaces_a_newer_one() {
    let (mut state, _folder) = on(&[(Role::Train, SMALL)], &["age"]);
    let tables = [state
        .scene
        .table(Role::Train)
        .unwrap()
        .table
        .clone()
        .unwrap()];
    let old = choose(&state, "job=none");
    let new = choose(&state, "job=car");
    state.place_mut().asked = Some(old.clone());
    state.place_mut().filter = "job=car".to_owned();
    update(&mut state, Input::Answered(old.clone().answer(&tables)));
    let shown = |state: &State| {
        let choice = state.place().choice.as_ref().unwrap();
        (choice.question.filter.clone(), choice.rows.to_vec())
    };
    assert_eq!(shown(&state), ("job=car".to_owned(), vec![1]));
    // The old one once more, when nobody asks.
    update(&mut state, Input::Answered(old.clone().answer(&tables)));
    assert_eq!(shown(&state), ("job=car".to_owned(), vec![1]));
    // Asked on a page that is gone: the page now in front asks for itself.
    let page = state.place().page.clone();
    state.place_mut().asked = Some(old.clone());
    press(&mut state, KeyCode::Esc);
    press(&mut state, KeyCode::Esc);
    state.stack.clear();
    state.stack.push(Place::new(page));
    state.place_mut().asked = Some(choose(&state, ""));
    update(&mut state, Input::Answered(old.answer(&tables)));
    assert_eq!(state.place().choice, None);
    update(&mut state, Input::Answered(new.answer(&tables)));
    assert_eq!(state.place().choice, None);
    let own = choose(&state, "").answer(&tables);
    update(&mut state, Input::Answered(own));
    assert_eq!(shown(&state), (String::new(), vec![0, 1, 2, 3]));
}

/// A table so long that rows are chosen by the loop, which answers late.
#[test]
fn an_answer_to_what_is_no_longer_asked_is_dropped_and_the_newest_is_asked_next() {
    let rows: Vec<String> = (0..20_500).map(|at| at.to_string()).collect();
    let text = format!("v\n{}\n", rows.join("\n"));
    let (mut state, _folder) = on(&[(Role::Train, &text)], &[]);
    let tables = [state
        .scene
        .table(Role::Train)
        .unwrap()
        .table
        .clone()
        .unwrap()];
    let shown = |state: &State| {
        let choice = state.place().choice.as_ref();
        choice.map(|choice| (choice.question.filter.clone(), choice.rows.len()))
    };
    let first = state.place().asked.clone().unwrap();
    update(&mut state, Input::Answered(first.answer(&tables)));
    assert_eq!(shown(&state), Some((String::new(), 20_500)));
    letters(&mut state, "/v<3");
    let old = state.place().asked.clone().unwrap();
    let effects = update(&mut state, Input::Answered(old.clone().answer(&tables)));
    assert_eq!(
        shown(&state),
        Some((String::new(), 20_500)),
        "{old:?} is no longer asked"
    );
    let [Effect::Look(new)] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_ne!(*new, old);
    // The old answer comes once more, from a page opened before: nothing changes.
    update(&mut state, Input::Answered(old.answer(&tables)));
    assert_eq!(shown(&state), Some((String::new(), 20_500)));
    update(&mut state, Input::Answered(new.clone().answer(&tables)));
    assert_eq!(shown(&state), Some(("v<3".to_owned(), 3)));
}

const TRAIN: &str = "id,name,town,rate,risk\n\
    1,Ann,Ulm,0.5,good\n\
    2,Bob,Bonn,,bad\n\
    3,Ann,Ulm,0.5,bad\n\
    4,Cid,Rome,7.5,good\n\
    5,Bob,Bonn,,good\n\
    6,Dee,Oslo,2,bad\n";

fn beside(role: Role, rows: &[usize]) -> Page {
    Page::Beside {
        title: "side by side".to_owned(),
        rows: Rows::new(role, rows.iter().copied()),
        columns: Vec::new(),
        of: None,
    }
}

#[test]
fn rows_of_a_group_stand_side_by_side_with_what_differs_first() {
    let (mut state, _folder) = on(&[(Role::Train, TRAIN)], &[]);
    state
        .stack
        .push(Place::new(beside(Role::Train, &[0, 1, 2, 4])));
    update(&mut state, Input::Tick);
    let items = state.items();
    assert!(
        items[0]
            .text()
            .contains("group 1 of 2 in train: 2 rows; 2 of 5 columns differ")
    );
    let keys: Vec<&str> = items.iter().map(|item| item.key.as_str()).collect();
    let fields: Vec<&&str> = keys.iter().filter(|key| !key.is_empty()).collect();
    assert_eq!(
        fields,
        [
            &"field id",
            &"field risk",
            &"field name",
            &"field town",
            &"field rate"
        ]
    );
    let risk = items.iter().find(|item| item.key == "field risk").unwrap();
    let flag = state.scene.look.glyphs.flag;
    assert!(risk.text().starts_with(flag), "{}", risk.text());
    assert_eq!(
        risk.text().matches(flag).count(),
        2,
        "the name and the cell that differs"
    );
    assert_eq!(risk.spots[1].readout, "line 4: risk = bad");
    let town = items.iter().find(|item| item.key == "field town").unwrap();
    assert_eq!(town.text().matches(flag).count(), 0);
    letters(&mut state, "n");
    assert!(state.items()[0].text().contains("group 2 of 2"));
    let rate = state
        .items()
        .into_iter()
        .find(|item| item.key == "field rate")
        .unwrap();
    assert_eq!(rate.spots[0].readout, "line 3: rate = missing");
    letters(&mut state, "n");
    assert!(state.items()[0].text().contains("group 1 of 2"));
    assert!(readout(&state).contains("the first group again"));
    letters(&mut state, "N");
    assert!(state.items()[0].text().contains("group 2 of 2"));
    // A cell opens the rows of the group.
    press(&mut state, KeyCode::Enter);
    let Page::Rows { rows, .. } = &state.place().page else {
        panic!("{:?}", state.place().page)
    };
    assert_eq!(rows.rows, [1, 4]);
}

#[test]
fn a_test_row_stands_beside_its_twin_in_the_training_table() {
    let test = "name,town,rate,risk\nEve,York,9,bad\nCid,Rome,7.5,good\nDee,Oslo,2,bad\n";
    let (mut state, _folder) = on(&[(Role::Train, TRAIN), (Role::Test, test)], &[]);
    state.stack.push(Place::new(beside(Role::Test, &[1, 2])));
    update(&mut state, Input::Tick);
    let head = |state: &State| {
        let items = state.items();
        items.iter().find(|item| item.is_pinned).unwrap().text()
    };
    let text = head(&state);
    assert!(
        text.contains("test line 3") && text.contains("train line 5"),
        "{text}"
    );
    letters(&mut state, "n");
    let text = head(&state);
    assert!(
        text.contains("test line 4") && text.contains("train line 7"),
        "{text}"
    );
    let rate = state
        .items()
        .into_iter()
        .find(|item| item.key == "field rate")
        .unwrap();
    let flag = state.scene.look.glyphs.flag;
    assert!(!rate.text().contains(flag), "2 is 2.0: {}", rate.text());
}

#[test]
fn the_selected_row_stands_beside_those_most_like_it() {
    let (mut state, _folder) = on(&[(Role::Train, TRAIN)], &[]);
    letters(&mut state, "jjb");
    let items = state.items();
    let head = items.iter().find(|item| item.is_pinned).unwrap().text();
    let at = |text: &str| head.find(text).unwrap_or(usize::MAX);
    assert!(at("line 4") < at("line 2"), "{head}");
    assert!(at("line 2") < at("line 3"), "{head}");
    assert!(
        items[0]
            .text()
            .starts_with("the row and the 5 most like it"),
        "{}",
        items[0].text()
    );
    press(&mut state, KeyCode::Esc);
    assert_eq!(state.place().cursor.key, "2");
}
