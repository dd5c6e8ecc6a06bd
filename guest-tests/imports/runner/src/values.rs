//! Parameters and results of every shape, each in a call that returns at once
//! and in one that waits.

use crate::bindings::test::imports::peer::{self, Entry, Failure, Thing};

pub async fn four_parameters() {
    for wait in [false, true] {
        assert_eq!(
            peer::four(wait, 65_535, 0.5, 1 << 40).await,
            65_535.5 + (1_u64 << 40) as f64
        );
    }
}

pub async fn five_parameters() {
    for wait in [false, true] {
        assert_eq!(
            peer::five(wait, 255, -32_768, 0.25, 1 << 40).await,
            1_099_511_595_263.25
        );
    }
}

pub async fn seventeen_parameters() {
    for wait in [false, true] {
        let text = peer::seventeen(
            wait,
            u8::MAX,
            i8::MIN,
            u16::MAX,
            i16::MIN,
            u32::MAX,
            i32::MIN,
            u64::MAX,
            i64::MIN,
            0.5,
            -0.25,
            true,
            'ß',
            1,
            2,
            3,
            4,
        )
        .await;
        assert_eq!(
            text,
            "255 -128 65535 -32768 4294967295 -2147483648 18446744073709551615 \
             -9223372036854775808 0.5 -0.25 true ß 1 2 3 4"
        );
    }
}

pub async fn strings() {
    for wait in [false, true] {
        assert_eq!(peer::reverse(wait, String::new()).await, "");
        assert_eq!(peer::reverse(wait, "abc".into()).await, "cba");
        assert_eq!(peer::reverse(wait, "aßc→🦀".into()).await, "🦀→cßa");
        let long: String = ('a'..='z').cycle().take(100_000).collect();
        let expected: String = long.chars().rev().collect();
        assert_eq!(peer::reverse(wait, long).await, expected);
    }
}

pub async fn byte_lists() {
    for wait in [false, true] {
        assert_eq!(peer::bump(wait, vec![]).await, []);
        assert_eq!(peer::bump(wait, vec![0, 1, 255]).await, [1, 2, 0]);
        let bytes: Vec<u8> = (0..1 << 20).map(|n: u32| n as u8).collect();
        let bumped = peer::bump(wait, bytes.clone()).await;
        assert!(
            bumped
                .iter()
                .zip(&bytes)
                .all(|(new, old)| *new == old.wrapping_add(1))
        );
        assert_eq!(bumped.len(), bytes.len());
    }
}

pub async fn nested_lists() {
    let lists = || {
        vec![
            vec![],
            vec!["a".to_owned(), String::new()],
            vec!["bc".to_owned()],
        ]
    };
    for wait in [false, true] {
        let doubled = peer::double(wait, lists()).await;
        assert_eq!(
            doubled,
            [
                vec![],
                vec!["aa".to_owned(), String::new()],
                vec!["bcbc".to_owned()]
            ]
        );
        assert_eq!(peer::double(wait, vec![]).await, Vec::<Vec<String>>::new());
    }
}

pub async fn records() {
    for (wait, parent) in [(false, None), (true, Some("root".to_owned()))] {
        let entry = Entry {
            name: "leaf".into(),
            values: vec![3, 1, 2],
            parent: parent.clone(),
            weight: (0.5, -0.5),
        };
        let sorted = peer::sort(wait, entry).await;
        assert_eq!(sorted.name, "leaf!");
        assert_eq!(sorted.values, [1, 2, 3]);
        assert_eq!(sorted.parent, parent);
        assert_eq!(sorted.weight, (0.5, -0.5));
    }
}

pub async fn results_and_variants() {
    for wait in [false, true] {
        let label = peer::judge(wait, Thing::new("fine")).await;
        assert!(matches!(label, Ok(label) if label == "fine"));
        let refused = peer::judge(wait, Thing::new("no")).await;
        assert!(matches!(refused, Err(Failure::Refused(label)) if label == "no"));
        let unknown = peer::judge(wait, Thing::new("")).await;
        assert!(matches!(unknown, Err(Failure::Unknown)));
        match peer::judge(wait, Thing::new("back")).await {
            Err(Failure::GaveBack(thing)) => assert_eq!(thing.label(), "back"),
            other => panic!("expected the thing back, found {other:?}"),
        }
        assert_eq!(peer::stats().things, 0);
    }
}
