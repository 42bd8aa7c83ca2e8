//! What is selected on a page, and which part of it is on screen.
//!
//! In: the items there are now and the size of their pane. Out: a [`Cursor`] that stays with its item
//! by the item's key, and a screen that shows it.

use ratatui::layout::Rect;

use crate::item::Item;

/// What is selected on a page, and which part of it is on screen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Key of the selected item.
    pub key: String,
    /// Its position when it was last seen.
    pub index: usize,
    /// Whether the reader chose it; until then the first item is selected, whatever comes before it.
    pub is_chosen: bool,
    /// The selected spot on it.
    pub spot: usize,
    /// First line on screen.
    pub top: usize,
    /// First column on screen.
    pub left: usize,
}

impl Cursor {
    /// Selects an item for the reader; from now on the selection stays with it.
    pub fn choose(&mut self, index: usize, key: &str) {
        self.index = index;
        key.clone_into(&mut self.key);
        self.is_chosen = true;
    }
}

/// Brings the selection in line with what is there now, and the screen with the selection.
pub fn settle(cursor: &mut Cursor, items: &[Item], body: Rect) {
    let is_selectable =
        |index: &usize| items.get(*index).is_some_and(|item| !item.spots.is_empty());
    let by_key = items
        .iter()
        .position(|item| cursor.is_chosen && !item.key.is_empty() && item.key == cursor.key);
    let wanted = if cursor.is_chosen { cursor.index } else { 0 };
    let at = wanted.min(items.len().saturating_sub(1));
    let found = by_key
        .filter(is_selectable)
        .or_else(|| (at..items.len()).find(is_selectable))
        .or_else(|| (0..at).rev().find(is_selectable));
    if let Some(index) = found {
        cursor.index = index;
        cursor.key.clone_from(&items[index].key);
        cursor.spot = cursor.spot.min(items[index].spots.len() - 1);
    }
    let height = usize::from(body.height);
    let lines_before = |index: usize| -> usize {
        items[..index.min(items.len())]
            .iter()
            .map(|item| item.lines.len())
            .sum()
    };
    let n_lines = lines_before(items.len());
    let (first, after) = match found {
        // What stands above the first selectable item is shown with it.
        Some(index) if !(0..index).any(|before| is_selectable(&before)) => {
            (0, lines_before(index + 1))
        }
        Some(index) => (lines_before(index), lines_before(index + 1)),
        None => (cursor.top, cursor.top),
    };
    if after > cursor.top + height {
        cursor.top = after - height;
    }
    // Pinned lines stand over what is scrolled away.
    let before = &items[..found.unwrap_or(0).min(items.len())];
    let pinned = before.iter().filter(|item| item.is_pinned);
    let n_pinned: usize = pinned.map(|item| item.lines.len()).sum();
    if first < cursor.top + n_pinned {
        cursor.top = first.saturating_sub(n_pinned);
    }
    cursor.top = cursor.top.min(n_lines.saturating_sub(height));
    sideways(cursor, found.map(|index| &items[index]), body);
}

/// Brings the selected spot on screen, if its item is scrolled sideways.
fn sideways(cursor: &mut Cursor, item: Option<&Item>, body: Rect) {
    let fixed = item.and_then(|item| item.fixed);
    let spot = item.and_then(|item| item.spots.get(cursor.spot));
    let (Some(fixed), Some(spot)) = (fixed, spot.filter(|spot| spot.to < u16::MAX)) else {
        cursor.left = 0;
        return;
    };
    let width = usize::from(body.width.saturating_sub(1)).saturating_sub(usize::from(fixed));
    let from = usize::from(spot.from.saturating_sub(fixed));
    let to = usize::from(spot.to.saturating_sub(fixed));
    if to > cursor.left + width {
        // No cell is cut at the left.
        let begins = item.into_iter().flat_map(|item| &item.spots);
        let begins = begins.map(|spot| usize::from(spot.from.saturating_sub(fixed)));
        let least = to - width;
        cursor.left = begins
            .filter(|at| *at >= least)
            .min()
            .unwrap_or(least)
            .min(from);
    }
    if from < cursor.left || to <= width {
        cursor.left = if to <= width { 0 } else { from };
    }
}

#[cfg(test)]
mod tests {
    use ratatui::text::Line;

    use super::*;
    use crate::item::Spot;

    fn rows(keys: &[&str]) -> Vec<Item> {
        keys.iter()
            .map(|key| Item::row(*key, Line::from((*key).to_owned()), None))
            .collect()
    }

    const BODY: Rect = Rect::new(0, 0, 20, 3);

    #[test]
    fn the_selection_follows_its_item_not_its_line() {
        let mut cursor = Cursor {
            key: "c".to_owned(),
            index: 2,
            is_chosen: true,
            ..Cursor::default()
        };
        settle(&mut cursor, &rows(&["x", "y", "a", "b", "c"]), BODY);
        assert_eq!((cursor.index, cursor.top), (4, 2));
    }

    #[test]
    fn the_first_item_is_selected_until_another_is_chosen() {
        let mut cursor = Cursor::default();
        settle(&mut cursor, &rows(&["c"]), BODY);
        settle(&mut cursor, &rows(&["a", "b", "c"]), BODY);
        assert_eq!(cursor.key, "a");
    }

    #[test]
    fn a_vanished_item_hands_the_selection_to_its_neighbor() {
        let mut cursor = Cursor {
            key: "gone".to_owned(),
            index: 1,
            is_chosen: true,
            ..Cursor::default()
        };
        settle(&mut cursor, &rows(&["a", "b", "c"]), BODY);
        assert_eq!(cursor.key, "b");
        settle(&mut cursor, &[], BODY);
        let mut items = rows(&["a"]);
        items.push(Item::gap());
        cursor.index = 1;
        settle(&mut cursor, &items, BODY);
        assert_eq!(cursor.key, "a");
    }

    #[test]
    fn a_spot_beyond_the_edge_is_scrolled_to() {
        let mut items = rows(&["a"]);
        items[0].fixed = Some(0);
        items[0].spots = vec![
            Spot {
                from: 0,
                to: 4,
                ..Spot::default()
            },
            Spot {
                from: 30,
                to: 36,
                ..Spot::default()
            },
        ];
        let mut cursor = Cursor {
            spot: 1,
            ..Cursor::default()
        };
        settle(&mut cursor, &items, BODY);
        assert_eq!(cursor.left, 30);
        cursor.spot = 0;
        settle(&mut cursor, &items, BODY);
        assert_eq!(cursor.left, 0);
    }
    #[test]
    fn fixed_columns_and_pinned_lines_hide_no_selection() {
        let mut items = rows(&["head", "a", "b", "c", "d"]);
        items[0] = Item::plain(items[0].lines.clone()).pinned();
        for item in &mut items[1..] {
            let spot = |from, to| Spot {
                from,
                to,
                ..Spot::default()
            };
            item.spots = vec![spot(8, 14), spot(16, 24), spot(26, 30)];
            item.fixed = Some(8);
        }
        let mut cursor = Cursor::default();
        cursor.choose(4, "d");
        cursor.spot = 2;
        settle(&mut cursor, &items, BODY);
        // Nineteen columns, eight of them fixed: the second cell would be cut.
        assert_eq!((cursor.top, cursor.left), (2, 26 - 8));
        cursor.spot = 1;
        settle(&mut cursor, &items, BODY);
        assert_eq!(cursor.left, 16 - 8);
        cursor.choose(2, "b");
        settle(&mut cursor, &items, BODY);
        // The heading covers the line above.
        assert_eq!(cursor.top, 1);
        cursor.choose(1, "a");
        settle(&mut cursor, &items, BODY);
        assert_eq!(cursor.top, 0);
    }
}
