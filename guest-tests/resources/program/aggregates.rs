//! Own and borrow inside of records, lists, variants, options and results.

use super::{balance, numbers, tokens};
use crate::bindings::test::resources::vault::{self, Cargo, LentCargo, LentPair, Pair, Token};

fn pair(name: &str, first: u32) -> Pair {
    Pair {
        name: name.to_owned(),
        first: Token::new(first),
        second: Token::new(first + 1),
    }
}

/// The numbers of what a cargo has.
fn of_cargo(cargo: &Cargo) -> Vec<u32> {
    match cargo {
        Cargo::Nothing => vec![],
        Cargo::One(token) => vec![token.number()],
        Cargo::Labelled((label, token)) => {
            assert_eq!(label, "label");
            vec![token.number()]
        }
        Cargo::Many(tokens) => numbers(tokens),
    }
}

fn cargos() -> [Cargo; 4] {
    [
        Cargo::Nothing,
        Cargo::One(Token::new(1)),
        Cargo::Labelled(("label".to_owned(), Token::new(2))),
        Cargo::Many(tokens(3..6)),
    ]
}

pub async fn own_in_records() {
    for (wait, made) in [(false, 2), (true, 4)] {
        let passed = vault::pass_pair(wait, pair("name", 1)).await;
        balance(made, made - 2);
        assert_eq!(passed.name, "name");
        assert_eq!((passed.first.number(), passed.second.number()), (1, 2));
        drop(passed);
        balance(made, made);
    }
}

pub async fn own_in_lists() {
    for (wait, made) in [(false, 100), (true, 200)] {
        let mut passed = vault::pass_list(wait, tokens(0..100)).await;
        balance(made, made - 100);
        assert!(numbers(&passed).into_iter().eq(0..100));
        // Some of them are handed on.
        let rest = passed.split_off(50);
        assert_eq!(vault::pass_list(wait, rest).await.len(), 50);
        balance(made, made - 50);
        drop(passed);
        balance(made, made);
    }
    assert!(vault::pass_list(true, vec![]).await.is_empty());
}

pub async fn own_in_variants() {
    for (wait, made) in [(false, 5), (true, 10)] {
        let mut seen = Vec::new();
        for cargo in cargos() {
            seen.extend(of_cargo(&vault::pass_cargo(wait, cargo).await));
        }
        assert_eq!(seen, [1, 2, 3, 4, 5]);
        balance(made, made);
    }
}

pub async fn own_in_options() {
    for (wait, made) in [(false, 1), (true, 2)] {
        assert!(vault::pass_option(wait, None).await.is_none());
        let passed = vault::pass_option(wait, Some(Token::new(1))).await;
        balance(made, made - 1);
        assert_eq!(passed.expect("it was some").number(), 1);
        balance(made, made);
    }
}

pub async fn own_in_results() {
    for (wait, made) in [(false, 4), (true, 8)] {
        let passed = vault::pass_result(wait, Ok(Token::new(1))).await;
        let Ok(token) = passed else {
            panic!("expected a token, found an error");
        };
        assert_eq!(token.number(), 1);
        let passed = vault::pass_result(wait, Err(Cargo::Many(tokens(1..4)))).await;
        let Err(cargo) = passed else {
            panic!("expected an error, found a token");
        };
        assert_eq!(of_cargo(&cargo), [1, 2, 3]);
        balance(made, made - 4);
        drop((token, cargo));
        balance(made, made);
    }
}

pub async fn own_in_all_of_them() {
    for (wait, made) in [(false, 7), (true, 14)] {
        let mut all: Vec<_> = cargos().into_iter().map(|cargo| Some(Err(cargo))).collect();
        all.push(None);
        all.push(Some(Ok(pair("name", 6))));
        let passed = vault::pass_nested(wait, all).await;
        balance(made, made - 7);
        let mut seen = Vec::new();
        for item in passed.iter().flatten() {
            match item {
                Ok(pair) => seen.extend([pair.first.number(), pair.second.number()]),
                Err(cargo) => seen.extend(of_cargo(cargo)),
            }
        }
        assert_eq!((passed.len(), seen), (6, (1..8).collect()));
        drop(passed);
        balance(made, made);
    }
}

pub async fn borrow_in_all_of_them() {
    let tokens = tokens(1..4);
    let [first, second, third] = &*tokens else {
        unreachable!("three were made");
    };
    for wait in [false, true] {
        let pair = LentPair {
            name: "name".to_owned(),
            first,
            second,
        };
        assert_eq!(vault::look_pair(wait, pair).await, [1, 2]);
        assert_eq!(
            vault::look_list(wait, vec![third, first, first]).await,
            [3, 1, 1]
        );
        assert!(vault::look_list(wait, vec![]).await.is_empty());
        assert!(vault::look_cargo(wait, LentCargo::Nothing).await.is_empty());
        assert_eq!(vault::look_cargo(wait, LentCargo::One(second)).await, [2]);
        let many = LentCargo::Many(vec![second, third]);
        assert_eq!(vault::look_cargo(wait, many).await, [2, 3]);
        assert_eq!(vault::look_option(wait, Some(third)).await, Some(3));
        assert_eq!(vault::look_option(wait, None).await, None);
        assert_eq!(vault::look_result(wait, Ok(first)).await, Ok(1));
        let text = vault::look_result(wait, Err("text".to_owned())).await;
        assert_eq!(text, Err("text".to_owned()));
    }
    balance(3, 0);
    drop(tokens);
    balance(3, 3);
}
