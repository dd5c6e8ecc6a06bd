//! The forms of input that the generator's macro takes, seen just closely enough
//! to add one option to each.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::quote_spanned;

/// What to do with the input of `generate!`.
pub enum Input {
    /// Hand it on unchanged: it names a runtime itself, or is none of the forms.
    AsIs,
    /// Add the path of the runtime.
    Extend(Insertion),
}

/// A form of input that has no path of the runtime yet.
pub struct Insertion {
    options: TokenStream,
    /// Where errors about the end of the options belong.
    end: Span,
    /// Whatever follows the options; the generator refuses it.
    rest: TokenStream,
}

/// Finds out which form the input has.
pub fn classify(input: &TokenStream) -> Input {
    let tokens: Vec<TokenTree> = input.clone().into_iter().map(unwrap).collect();
    let short = |options| {
        Input::Extend(Insertion {
            options,
            end: Span::call_site(),
            rest: TokenStream::new(),
        })
    };
    match tokens.as_slice() {
        [] => short(TokenStream::new()),
        [world] if is_string(world) => short(quote_spanned!(world.span()=> world: #world)),
        [keyword, path] if is_in(keyword) && is_string(path) => {
            short(quote_spanned!(path.span()=> path: #path))
        }
        [world, keyword, path] if is_string(world) && is_in(keyword) && is_string(path) => {
            let world = quote_spanned!(world.span()=> world: #world);
            short(quote_spanned!(path.span()=> #world, path: #path))
        }
        [TokenTree::Group(options), rest @ ..] if options.delimiter() == Delimiter::Brace => {
            if names_runtime(options.stream()) {
                return Input::AsIs;
            }
            Input::Extend(Insertion {
                options: options.stream(),
                end: options.span_close(),
                rest: rest.iter().cloned().collect(),
            })
        }
        _ => Input::AsIs,
    }
}

impl Insertion {
    /// The input with the option added, in the form of an options block.
    pub fn with(self, runtime_path: &str) -> TokenStream {
        // First, not last: what the generator says about an incomplete last
        // option stays what it would have said without us.
        let own = quote_spanned!(Span::call_site()=> runtime_path: #runtime_path,);
        let mut block = Group::new(
            Delimiter::Brace,
            own.into_iter().chain(self.options).collect(),
        );
        block.set_span(self.end);
        [TokenTree::Group(block)]
            .into_iter()
            .chain(self.rest)
            .collect()
    }
}

/// Whether one of the options is `runtime_path`. Options are separated by commas;
/// the values of none has a comma outside of brackets or braces.
fn names_runtime(options: TokenStream) -> bool {
    let mut starts_option = true;
    for token in options {
        match &token {
            TokenTree::Ident(name) if starts_option && name == "runtime_path" => return true,
            TokenTree::Punct(comma) if comma.as_char() == ',' => starts_option = true,
            _ => starts_option = false,
        }
    }
    false
}

/// A token that came through a fragment of a `macro_rules!` macro sits in a group
/// without delimiters.
fn unwrap(token: TokenTree) -> TokenTree {
    if let TokenTree::Group(group) = &token
        && group.delimiter() == Delimiter::None
    {
        let mut inner = group.stream().into_iter();
        if let (Some(only), None) = (inner.next(), inner.next()) {
            return unwrap(only);
        }
    }
    token
}

fn is_in(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Ident(keyword) if *keyword == Ident::new("in", keyword.span()))
}

/// A string literal, raw or not, without a suffix.
fn is_string(token: &TokenTree) -> bool {
    let TokenTree::Literal(literal) = token else {
        return false;
    };
    let text = literal.to_string();
    let raw = text.strip_prefix('r').map(|raw| raw.trim_matches('#'));
    let quoted = raw.unwrap_or(&text);
    quoted.len() >= 2 && quoted.starts_with('"') && quoted.ends_with('"')
}
