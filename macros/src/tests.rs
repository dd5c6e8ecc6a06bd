//! What reaches the generator, for every form of input.

use super::expand;
use proc_macro2::{TokenStream, TokenTree};

/// The tokens that reach the generator for this input of the user.
fn forwarded(input: &str) -> String {
    let forwarded: Vec<TokenTree> = call(input).into_iter().collect();
    let [path @ .., TokenTree::Punct(bang), TokenTree::Group(input)] = forwarded.as_slice() else {
        panic!("no call of a macro: {forwarded:?}");
    };
    assert_eq!(
        path.iter().cloned().collect::<TokenStream>().to_string(),
        "a :: generator"
    );
    assert_eq!(bang.as_char(), '!');
    input.stream().to_string()
}

fn call(input: &str) -> TokenStream {
    let input = format!("[a::generator] \"wit-async\" {input}");
    expand(input.parse().unwrap(), |package| {
        assert_eq!(package, "wit-async");
        Ok("::name::rt".to_owned())
    })
}

/// How a stream with this text prints.
fn text(tokens: &str) -> String {
    tokens.parse::<TokenStream>().unwrap().to_string()
}

#[test]
fn every_form_becomes_an_options_block() {
    for (input, expected) in [
        ("", r#"{ runtime_path: "::name::rt", }"#),
        (r#""w""#, r#"{ runtime_path: "::name::rt", world: "w" }"#),
        (
            r##"r#"w"#"##,
            r##"{ runtime_path: "::name::rt", world: r#"w"# }"##,
        ),
        (r#"in "p""#, r#"{ runtime_path: "::name::rt", path: "p" }"#),
        (
            r#""w" in "p""#,
            r#"{ runtime_path: "::name::rt", world: "w", path: "p" }"#,
        ),
        ("{}", r#"{ runtime_path: "::name::rt", }"#),
        (
            r#"{ world: "w", generate_all, with: { "a:b/c": generate }, }"#,
            r#"{ runtime_path: "::name::rt", world: "w", generate_all, with: { "a:b/c": generate }, }"#,
        ),
    ] {
        assert_eq!(forwarded(input), text(expected), "{input}");
    }
}

#[test]
fn the_users_own_runtime_path_stays() {
    for input in [
        r#"{ runtime_path: "mine::rt" }"#,
        r#"{ world: "w", runtime_path: "mine::rt", generate_all }"#,
    ] {
        let nobody_asks = |_: &str| panic!("the name of the crate is not needed");
        let call = format!("[a::generator] \"wit-async\" {input}")
            .parse()
            .unwrap();
        assert!(
            expand(call, nobody_asks).to_string().contains("mine::rt"),
            "{input}"
        );
        assert_eq!(forwarded(input), text(input), "{input}");
    }
}

#[test]
fn the_word_runtime_path_elsewhere_is_no_option() {
    for input in [
        r#"{ world: "runtime_path" }"#,
        r#"{ with: { "a:b/c": runtime_path } }"#,
        r#"{ path: runtime_path!("a") }"#,
    ] {
        assert!(forwarded(input).contains("\"::name::rt\""), "{input}");
    }
}

#[test]
fn what_the_generator_would_refuse_reaches_it_unchanged() {
    for input in [
        "world",
        r#""w" in"#,
        "in",
        r#""w" "p""#,
        r#"b"w""#,
        r#""w"suffix"#,
        "'w'",
        r#""w" in "p" more"#,
        "[ a ]",
    ] {
        assert_eq!(forwarded(input), text(input), "{input}");
    }
}

#[test]
fn what_follows_the_options_still_follows_them() {
    assert_eq!(
        forwarded(r#"{ world: "w" }, more"#),
        text(r#"{ runtime_path: "::name::rt", world: "w" }, more"#)
    );
}

#[test]
fn a_literal_from_a_macro_fragment_is_a_literal() {
    use proc_macro2::{Delimiter, Group};
    let fragment =
        |tokens: &str| TokenTree::Group(Group::new(Delimiter::None, tokens.parse().unwrap()));
    let mut input: TokenStream = "[a::generator] \"wit-async\"".parse().unwrap();
    input.extend([
        fragment("\"w\""),
        TokenTree::Ident(proc_macro2::Ident::new(
            "in",
            proc_macro2::Span::call_site(),
        )),
        fragment("\"p\""),
    ]);
    let output = expand(input, |_| Ok("::name::rt".to_owned())).to_string();
    assert!(
        output.contains(&text(r#"world: "w", path: "p""#)),
        "{output}"
    );
}

#[test]
fn a_name_that_cannot_be_found_is_a_compile_error() {
    let input = r#"[a::generator] "wit-async" "w""#.parse().unwrap();
    let output = expand(input, |_| Err("no such dependency".to_owned())).to_string();
    assert!(output.contains("compile_error"), "{output}");
    assert!(output.contains("no such dependency"), "{output}");
}
