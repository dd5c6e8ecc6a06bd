//! Boxes as parameters and results.

use super::{collected, numbered, numbers};
use crate::bindings::test::boxes::{boxes, keeper};

pub async fn borrowed_by_another() {
    let it = boxes::number(7);
    assert_eq!(keeper::look(&it), Ok(7));
    assert_eq!(keeper::look_later(&it).await, Ok(7));
    assert_eq!(boxes::add(&it, 1), Ok(8), "it was only lent");
    collected(1, 1);
    drop(it);
    collected(1, 0);
}

pub async fn owned_by_another() {
    keeper::put(boxes::number(1));
    keeper::put(boxes::number(2));
    assert_eq!(keeper::count(), 2);
    collected(2, 2);
    let it = keeper::take().expect("two were put there");
    assert_eq!(numbers([&it]), [2]);
    keeper::put(it);
    let all = [keeper::take(), keeper::take()].map(|it| it.expect("they were put there"));
    assert_eq!(numbers(&all), [2, 1]);
    assert!(keeper::take().is_none());
    collected(2, 2);
    drop(all);
    collected(2, 0);
}

pub async fn passed_in_lists() {
    let there = numbered(&[1, 2, 3]);
    let back = keeper::reverse(there);
    assert_eq!(numbers(&back), [3, 2, 1]);
    assert!(keeper::reverse(Vec::new()).is_empty());
    collected(3, 3);
    drop(back);
    collected(3, 0);
}

pub async fn kept_by_the_host() {
    boxes::keep(boxes::number(1));
    boxes::keep(boxes::number(2));
    collected(2, 2);
    let second = boxes::give_back().expect("two were kept");
    let first = boxes::give_back().expect("one was kept");
    assert!(boxes::give_back().is_none());
    assert_eq!(numbers([&first, &second]), [1, 2]);
    drop((first, second));
    collected(2, 0);
}
