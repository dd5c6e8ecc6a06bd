//! A resource with lists and strings.

use super::books::{assert_books, assert_closed};
use crate::bindings::test::chains::texts::Text;

const WHAT: &str = "text";

fn lines(of: &[&str]) -> Vec<String> {
    of.iter().map(|line| (*line).to_owned()).collect()
}

/// Short, empty, beyond ASCII, and longer than anything that is passed flat.
fn samples() -> Vec<Vec<String>> {
    let long = (0..2_000).map(|index| format!("line {index}")).collect();
    let large = vec!["x".repeat(100_000)];
    vec![
        lines(&[]),
        lines(&["", "a", ""]),
        lines(&["Grüße", "\u{1f980}", "\0"]),
        long,
        large,
    ]
}

pub fn lists_of_strings() {
    for sample in samples() {
        let text = Text::new(&sample);
        assert_eq!(text.append(&[]), sample);
        let mut more = sample.clone();
        more.extend(lines(&["more", ""]));
        assert_eq!(text.append(&lines(&["more", ""])), more);
        drop(text);
        assert_closed(WHAT);
    }
    assert_books(WHAT, 5, 0);
}

pub async fn lists_of_strings_later() {
    for sample in samples() {
        let text = Text::new(&sample);
        assert_eq!(text.append_later(Vec::new()).await, sample);
        let mut more = sample.clone();
        more.extend(lines(&["more", ""]));
        assert_eq!(text.append_later(lines(&["more", ""])).await, more);
        drop(text);
        assert_closed(WHAT);
    }
    assert_books(WHAT, 5, 0);
}

fn bytes(of: &[String]) -> Vec<Vec<u8>> {
    of.iter().map(|line| line.clone().into_bytes()).collect()
}

pub fn lists_of_bytes() {
    for sample in samples() {
        let text = Text::of_bytes(&bytes(&sample)).expect("it is UTF-8");
        assert_eq!(text.bytes(), sample.concat().into_bytes());
        assert_eq!(text.append(&[]), sample);
    }
    assert_books(WHAT, 5, 0);
}

pub async fn lists_of_bytes_later() {
    for sample in samples() {
        let text = Text::of_bytes_later(bytes(&sample)).await;
        let text = text.expect("it is UTF-8");
        assert_eq!(text.bytes_later().await, sample.concat().into_bytes());
        assert_eq!(text.append(&[]), sample);
    }
    assert_books(WHAT, 5, 0);
}

pub fn joined() {
    let (a, b) = (Text::new(&lines(&["a", "b"])), Text::new(&lines(&["c"])));
    let all = Text::join(&[&a, &b, &a], "-");
    assert_eq!(all.append(&[]), lines(&["a", "b", "-", "c", "-", "a", "b"]));
    let none = Text::join(&[], "-");
    assert_eq!(none.append(&[]), lines(&[]));
    assert_books(WHAT, 4, 4);
    drop((a, b, all, none));
    assert_books(WHAT, 4, 0);
}

pub async fn joined_later() {
    let (a, b) = (Text::new(&lines(&["a", "b"])), Text::new(&lines(&["c"])));
    let all = Text::join_later(vec![&a, &b, &a], "-".to_owned()).await;
    assert_eq!(all.append(&[]), lines(&["a", "b", "-", "c", "-", "a", "b"]));
    let none = Text::join_later(Vec::new(), "-".to_owned()).await;
    assert_eq!(none.append(&[]), lines(&[]));
    assert_books(WHAT, 4, 4);
    drop((a, b, all, none));
    assert_books(WHAT, 4, 0);
}

fn broken() -> Vec<Vec<u8>> {
    vec![b"a".to_vec(), vec![0xff], b"b".to_vec()]
}

pub fn errors() {
    assert_eq!(Text::of_bytes(&broken()).err(), Some(1));
    assert_books(WHAT, 0, 0);
    drop(Text::of_bytes(&broken()[..1]).expect("it is UTF-8"));
    assert_closed(WHAT);
    assert_books(WHAT, 1, 0);
}

pub async fn errors_later() {
    assert_eq!(Text::of_bytes_later(broken()).await.err(), Some(1));
    assert_books(WHAT, 0, 0);
    drop(
        Text::of_bytes_later(broken()[..1].to_vec())
            .await
            .expect("it is UTF-8"),
    );
    assert_closed(WHAT);
    assert_books(WHAT, 1, 0);
}
